use base::{
    Fault, Instant, ListPage,
    id::{AccountId, OrganisationId, PersonId, ResetId, StaffId},
};
use records::{FromRow, Tx, Value, args};

use super::{Document, Filing, ResetView};
use crate::Progress;

/// A statement that reads resets as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! resets {
    ($rest:literal) => {
        concat!(
            "select r.reset_id, r.account_id, r.person_id, a.username, p.name, r.organisation_id, r.document, \
                    r.filed_by, f.person_id as filed_by_person, fp.name as filed_by_name, r.filed_at, r.ends_at, \
                    r.state, dp.name as decided_by_name, r.marked, r.mark
               from password_reset r
               join account a on a.account_id = r.account_id
               join person p on p.person_id = r.person_id
               join staff f on f.staff_id = r.filed_by
               join person fp on fp.person_id = f.person_id
               left join staff d on d.staff_id = r.decided_by
               left join person dp on dp.person_id = d.person_id ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct Row {
    reset_id: String,
    account_id: String,
    person_id: String,
    username: String,
    name: String,
    organisation_id: String,
    document: String,
    filed_by: String,
    filed_by_person: String,
    filed_by_name: String,
    filed_at: i64,
    ends_at: i64,
    state: String,
    decided_by_name: Option<String>,
    marked: i64,
    mark: Option<String>,
}

impl Row {
    fn view(self, tx: &Tx, at: Instant) -> ResetView {
        let ends_at = Instant::from_micros(self.ends_at);
        let is_intact = tx.is_as_left("password_reset", self.fields(), (self.marked, self.mark.as_deref()));
        ResetView {
            reset_id: ResetId::stored(self.reset_id),
            account_id: AccountId::stored(self.account_id),
            person_id: PersonId::stored(self.person_id),
            username: self.username,
            name: self.name,
            organisation_id: OrganisationId::stored(self.organisation_id),
            document: Document::parse(&self.document),
            filed_by: StaffId::stored(self.filed_by),
            filed_by_person: PersonId::stored(self.filed_by_person),
            filed_by_name: self.filed_by_name,
            filed_at: Instant::from_micros(self.filed_at),
            ends_at,
            state: Progress::stored(&self.state, ends_at, at),
            decided_by_name: self.decided_by_name,
            is_intact,
        }
    }

    /// What is marked of it, in the order of its table among those that are marked.
    fn fields(&self) -> Vec<Value> {
        args![
            &self.reset_id,
            &self.account_id,
            &self.person_id,
            &self.organisation_id,
            &self.document,
            &self.filed_by,
            self.filed_at,
            self.ends_at,
        ]
    }
}

pub struct New<'a> {
    pub reset: &'a ResetId,
    pub account: &'a AccountId,
    pub person: &'a PersonId,
    pub organisation: &'a OrganisationId,
    pub filing: &'a Filing,
    pub filed_by: &'a StaffId,
    pub ends_at: Instant,
}

/// False when one waits for this account already, or was filed after the same search.
pub async fn insert(tx: &mut Tx, new: New<'_>, at: Instant) -> Result<bool, Fault> {
    let inserted = tx
        .run(
            "insert into password_reset (reset_id, account_id, person_id, organisation_id, document, filed_by, filed_at,
                                         ends_at, searched_at, state)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open')
                 on conflict do nothing",
            args![
                new.reset,
                new.account,
                new.person,
                new.organisation,
                new.filing.document.code(),
                new.filed_by,
                at,
                new.ends_at,
                new.filing.searched_at
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Ends what waits for an account although its time is over.
pub async fn end(tx: &mut Tx, account: &AccountId, at: Instant) -> Result<(), Fault> {
    tx.run(
        "update password_reset set state = 'ended' where account_id = $1 and state = 'open' and ends_at <= $2",
        args![account, at],
    )
    .await?;
    Ok(())
}

/// False when it was decided before.
pub async fn decide(tx: &mut Tx, reset: &ResetId, state: &'static str, by: &StaffId) -> Result<bool, Fault> {
    let decided = tx
        .run(
            "update password_reset set state = $2, decided_by = $3 where reset_id = $1 and state = 'open'",
            args![reset, state, by],
        )
        .await?;
    Ok(decided == 1)
}

/// How many were filed for a person since then. The limits keep it small.
pub async fn of_person_since(tx: &mut Tx, person: &PersonId, since: Instant) -> Result<usize, Fault> {
    let rows: Vec<(String,)> = tx
        .all("select reset_id from password_reset where person_id = $1 and filed_at > $2", args![person, since])
        .await?;
    Ok(rows.len())
}

/// How many of those that a member of staff filed since then wait for somebody.
pub async fn waiting_of(tx: &mut Tx, staff: &StaffId, since: Instant, at: Instant) -> Result<usize, Fault> {
    let rows: Vec<(String,)> = tx
        .all(
            "select reset_id
               from password_reset
              where filed_by = $1
                and filed_at > $2
                and state = 'open'
                and ends_at > $3",
            args![staff, since, at],
        )
        .await?;
    Ok(rows.len())
}

pub async fn by_id(tx: &mut Tx, reset: &ResetId, at: Instant) -> Result<Option<ResetView>, Fault> {
    let row: Option<Row> = tx.first(resets!("where r.reset_id = $1"), args![reset]).await?;
    Ok(row.map(|row| row.view(tx, at)))
}

pub async fn open_of(tx: &mut Tx, account: &AccountId, at: Instant) -> Result<Option<ResetView>, Fault> {
    let row: Option<Row> = tx.first(resets!("where r.account_id = $1 and r.state = 'open'"), args![account]).await?;
    Ok(row.map(|row| row.view(tx, at)))
}

pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    page: &ListPage<ResetId>,
    at: Instant,
) -> Result<Vec<ResetView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            resets!(
                "where r.organisation_id >= $1
                and (r.organisation_id, r.reset_id) < ($1, $2)
              order by r.organisation_id desc, r.reset_id desc
              limit $3"
            ),
            args![organisation, page.below(), page.limit + 1],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.view(tx, at)).collect())
}

pub async fn expire(tx: &mut Tx, before: Instant) -> Result<u64, Fault> {
    tx.run(
        "delete from password_reset
          where reset_id in (select over.reset_id
                               from password_reset over
                              where over.filed_at < $1
                              order by over.filed_at
                              limit 500)",
        args![before],
    )
    .await
}
