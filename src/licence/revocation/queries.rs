//! The statements about revocations that were filed.

use base::{
    Fault, Instant, ListPage,
    id::{LicenceId, OrganisationId, PersonId, RevocationId, StaffId},
};
use records::{FromRow, Tx, Value, args};

use super::filed::{Revocation, RevocationState};
use crate::register::reason::RevocationReason;

/// A statement that reads revocations as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! revocations {
    ($rest:literal) => {
        concat!(
            "select revocation_id, licence_id, issuer_id, reason, decision, client, filed_by, filed_person, filed_at, \
                    ends_at, state, decided_by, decided_at, refusal, marked, mark
               from licence_revocation ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct Row {
    revocation_id: String,
    licence_id: String,
    issuer_id: String,
    reason: String,
    decision: Option<String>,
    client: Option<String>,
    filed_by: Option<String>,
    filed_person: Option<String>,
    filed_at: i64,
    ends_at: i64,
    state: String,
    decided_by: Option<String>,
    decided_at: Option<i64>,
    refusal: Option<String>,
    marked: i64,
    mark: Option<String>,
}

impl Row {
    fn read(self, tx: &Tx, at: Instant) -> Revocation {
        let is_intact = tx.is_as_left("licence_revocation", self.fields(), (self.marked, self.mark.as_deref()));
        let ends_at = Instant::from_micros(self.ends_at);
        Revocation {
            id: RevocationId::stored(self.revocation_id),
            licence: LicenceId::stored(self.licence_id),
            issuer: OrganisationId::stored(self.issuer_id),
            reason: RevocationReason::parse(&self.reason),
            decision: self.decision,
            client: self.client,
            filed_by: self.filed_by.map(StaffId::stored),
            filed_person: self.filed_person.map(PersonId::stored),
            filed_at: Instant::from_micros(self.filed_at),
            ends_at,
            state: RevocationState::stored(&self.state, ends_at, at),
            decided_by: self.decided_by.map(StaffId::stored),
            decided_at: self.decided_at.map(Instant::from_micros),
            refusal: self.refusal,
            is_intact,
        }
    }

    /// What is marked of it, in the order of its table among those that are marked.
    fn fields(&self) -> Vec<Value> {
        args![
            &self.revocation_id,
            &self.licence_id,
            &self.issuer_id,
            &self.reason,
            self.decision.as_deref(),
            self.client.as_deref(),
            self.filed_by.as_deref(),
            self.filed_person.as_deref(),
            self.filed_at,
            self.ends_at,
        ]
    }
}

/// Who answers for a revocation.
#[derive(Clone, Copy)]
pub struct By<'a> {
    pub staff: &'a StaffId,
    pub person: &'a PersonId,
}

pub struct New<'a> {
    pub id: &'a RevocationId,
    pub licence: &'a LicenceId,
    pub issuer: &'a OrganisationId,
    pub reason: RevocationReason,
    pub decision: Option<&'a str>,
    pub client: Option<&'a str>,
    pub by: Option<By<'a>>,
    pub ends_at: Instant,
    pub state: RevocationState,
}

/// False when one waits for this licence already.
pub async fn insert(tx: &mut Tx, new: New<'_>, at: Instant) -> Result<bool, Fault> {
    let inserted = tx
        .run(
            "insert into licence_revocation (revocation_id, licence_id, issuer_id, reason, decision, client, filed_by,
                                             filed_person, filed_at, ends_at, state)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                 on conflict (licence_id) where state in ('proposed', 'open') do nothing",
            args![
                new.id,
                new.licence,
                new.issuer,
                new.reason.code(),
                new.decision,
                new.client,
                new.by.map(|by| by.staff.as_str()),
                new.by.map(|by| by.person.as_str()),
                at,
                new.ends_at,
                new.state.as_str(),
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Ends what waits for a licence although its time is over.
pub async fn end_over(tx: &mut Tx, licence: &LicenceId, at: Instant) -> Result<(), Fault> {
    tx.run(
        "update licence_revocation
            set state = 'ended'
          where licence_id = $1 and state in ('proposed', 'open') and ends_at <= $2",
        args![licence, at],
    )
    .await?;
    Ok(())
}

/// Ends what waits for a licence that was revoked in another way.
pub async fn end_all(tx: &mut Tx, licence: &LicenceId) -> Result<(), Fault> {
    tx.run(
        "update licence_revocation
            set state = 'ended'
          where licence_id = $1 and state in ('proposed', 'open')",
        args![licence],
    )
    .await?;
    Ok(())
}

/// False when somebody took it on before, or its time is over.
pub async fn adopt(
    tx: &mut Tx,
    id: &RevocationId,
    (by, decision): (By<'_>, &str),
    (at, ends_at): (Instant, Instant),
) -> Result<bool, Fault> {
    let adopted = tx
        .run(
            "update licence_revocation
                set state = 'open', filed_by = $2, filed_person = $3, decision = $4, filed_at = $5, ends_at = $6
              where revocation_id = $1 and state = 'proposed'",
            args![id, by.staff, by.person, decision, at, ends_at],
        )
        .await?;
    Ok(adopted == 1)
}

/// How a revocation is decided.
pub struct Decided<'a> {
    pub from: RevocationState,
    pub to: RevocationState,
    pub by: &'a StaffId,
    pub refusal: Option<&'a str>,
}

/// False when it was decided before.
pub async fn decide(tx: &mut Tx, id: &RevocationId, decided: Decided<'_>, at: Instant) -> Result<bool, Fault> {
    let changed = tx
        .run(
            "update licence_revocation
                set state = $3, decided_by = $4, decided_at = $5, refusal = $6
              where revocation_id = $1 and state = $2",
            args![id, decided.from.as_str(), decided.to.as_str(), decided.by, at, decided.refusal],
        )
        .await?;
    Ok(changed == 1)
}

pub async fn by_id(tx: &mut Tx, id: &RevocationId, at: Instant) -> Result<Option<Revocation>, Fault> {
    let row: Option<Row> = tx.first(revocations!("where revocation_id = $1"), args![id]).await?;
    Ok(row.map(|row| row.read(tx, at)))
}

/// What waits for a licence, whatever its time says.
pub async fn of_licence(tx: &mut Tx, licence: &LicenceId, at: Instant) -> Result<Option<Revocation>, Fault> {
    let row: Option<Row> =
        tx.first(revocations!("where licence_id = $1 and state in ('proposed', 'open')"), args![licence]).await?;
    Ok(row.map(|row| row.read(tx, at)))
}

/// Those of a department, newest first.
pub async fn list(
    tx: &mut Tx,
    issuer: &OrganisationId,
    page: &ListPage<RevocationId>,
    at: Instant,
) -> Result<Vec<Revocation>, Fault> {
    let statement = revocations!(
        "where issuer_id >= $1
            and (issuer_id, revocation_id) < ($1, $2)
          order by issuer_id desc, revocation_id desc
          limit $3"
    );
    page_of(tx, statement, issuer.as_str(), page, at).await
}

/// Those of a department that nobody decided, newest first.
pub async fn waiting(
    tx: &mut Tx,
    issuer: &OrganisationId,
    page: &ListPage<RevocationId>,
    at: Instant,
) -> Result<Vec<Revocation>, Fault> {
    let statement = revocations!(
        "where state in ('proposed', 'open')
            and issuer_id >= $1
            and (issuer_id, revocation_id) < ($1, $2)
          order by issuer_id desc, revocation_id desc
          limit $3"
    );
    page_of(tx, statement, issuer.as_str(), page, at).await
}

/// Those that one member of staff filed, newest first.
pub async fn filed_by(
    tx: &mut Tx,
    staff: &StaffId,
    page: &ListPage<RevocationId>,
    at: Instant,
) -> Result<Vec<Revocation>, Fault> {
    let statement = revocations!(
        "where filed_by is not null
            and filed_by >= $1
            and (filed_by, revocation_id) < ($1, $2)
          order by filed_by desc, revocation_id desc
          limit $3"
    );
    page_of(tx, statement, staff.as_str(), page, at).await
}

/// A page of what a statement finds for whom it asks.
async fn page_of(
    tx: &mut Tx,
    statement: &'static str,
    of: &str,
    page: &ListPage<RevocationId>,
    at: Instant,
) -> Result<Vec<Revocation>, Fault> {
    let rows: Vec<Row> = tx.all(statement, args![of, page.below(), page.limit + 1]).await?;
    Ok(rows.into_iter().map(|row| row.read(tx, at)).collect())
}

/// How many of a department wait for a reviewer, up to a limit. The newest come first: those whose time is over lie behind
/// them.
pub async fn how_many_wait(tx: &mut Tx, issuer: &OrganisationId, limit: i64, at: Instant) -> Result<usize, Fault> {
    let rows: Vec<(i64,)> = tx
        .all(
            "select ends_at
               from licence_revocation
              where issuer_id = $1 and state in ('proposed', 'open') and state = 'open'
              order by issuer_id desc, revocation_id desc
              limit $2",
            args![issuer, limit],
        )
        .await?;
    Ok(still_waiting(&rows, at))
}

/// How many that a system asked a department for wait for a clerk, up to a limit.
pub async fn how_many_proposed(
    tx: &mut Tx,
    (issuer, client): (&OrganisationId, &str),
    limit: i64,
    at: Instant,
) -> Result<usize, Fault> {
    let rows: Vec<(i64,)> = tx
        .all(
            "select ends_at
               from licence_revocation
              where issuer_id = $1 and state in ('proposed', 'open') and state = 'proposed' and client = $2
              order by issuer_id desc, revocation_id desc
              limit $3",
            args![issuer, client, limit],
        )
        .await?;
    Ok(still_waiting(&rows, at))
}

fn still_waiting(rows: &[(i64,)], at: Instant) -> usize {
    rows.iter().filter(|(ends_at,)| at.as_micros() < *ends_at).count()
}

pub async fn expire(tx: &mut Tx, before: Instant) -> Result<u64, Fault> {
    tx.run(
        "delete from licence_revocation
          where revocation_id in (select over.revocation_id
                                    from licence_revocation over
                                   where over.filed_at < $1
                                   order by over.filed_at
                                   limit 500)",
        args![before],
    )
    .await
}
