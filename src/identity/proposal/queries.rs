use base::{
    Fault, Instant, ListPage,
    id::{PersonId, ProposalId, StaffId},
};
use records::{FromRow, Tx, Value, args};

use super::ProposalView;
use crate::Progress;

/// A statement that reads proposals as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! proposals {
    ($rest:literal) => {
        concat!(
            "select q.proposal_id, q.kind, q.object, q.change, q.reason, q.proposed_by, \
                    f.person_id as proposed_by_person, p.name as proposed_by_name, q.proposed_at, q.ends_at, q.state, \
                    dp.name as decided_by_name, q.marked, q.mark
               from proposal q
               join staff f on f.staff_id = q.proposed_by
               join person p on p.person_id = f.person_id
               left join staff d on d.staff_id = q.decided_by
               left join person dp on dp.person_id = d.person_id ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct Row {
    proposal_id: String,
    kind: String,
    object: String,
    change: String,
    reason: String,
    proposed_by: String,
    proposed_by_person: String,
    proposed_by_name: String,
    proposed_at: i64,
    ends_at: i64,
    state: String,
    decided_by_name: Option<String>,
    marked: i64,
    mark: Option<String>,
}

impl Row {
    fn view(self, tx: &Tx, at: Instant) -> ProposalView {
        let ends_at = Instant::from_micros(self.ends_at);
        let is_intact = tx.is_as_left("proposal", self.fields(), (self.marked, self.mark.as_deref()));
        ProposalView {
            proposal_id: ProposalId::stored(self.proposal_id),
            kind: self.kind,
            object: self.object,
            change: self.change,
            reason: self.reason,
            proposed_by: StaffId::stored(self.proposed_by),
            proposed_by_person: PersonId::stored(self.proposed_by_person),
            proposed_by_name: self.proposed_by_name,
            proposed_at: Instant::from_micros(self.proposed_at),
            ends_at,
            state: Progress::stored(&self.state, ends_at, at),
            decided_by_name: self.decided_by_name,
            is_intact,
        }
    }

    /// What is marked of it, in the order of its table among those that are marked.
    fn fields(&self) -> Vec<Value> {
        args![
            &self.proposal_id,
            &self.kind,
            &self.object,
            &self.change,
            &self.reason,
            &self.proposed_by,
            self.proposed_at,
            self.ends_at,
        ]
    }
}

pub struct New<'a> {
    pub proposal: &'a ProposalId,
    pub kind: &'a str,
    pub object: &'a str,
    pub change: String,
    pub reason: &'a str,
    pub proposed_by: &'a StaffId,
    pub ends_at: Instant,
}

/// False when the same waits for this object already.
pub async fn insert(tx: &mut Tx, new: New<'_>, at: Instant) -> Result<bool, Fault> {
    let inserted = tx
        .run(
            "insert into proposal (proposal_id, kind, object, change, reason, proposed_by, proposed_at, ends_at, state)
             values ($1, $2, $3, $4, $5, $6, $7, $8, 'open')
                 on conflict (kind, object) where state = 'open' do nothing",
            args![new.proposal, new.kind, new.object, new.change, new.reason, new.proposed_by, at, new.ends_at],
        )
        .await?;
    Ok(inserted == 1)
}

/// Ends what waits although its time is over.
pub async fn end(tx: &mut Tx, kind: &str, object: &str, at: Instant) -> Result<(), Fault> {
    tx.run(
        "update proposal
            set state = 'ended'
          where kind = $1
            and object = $2
            and state = 'open'
            and ends_at <= $3",
        args![kind, object, at],
    )
    .await?;
    Ok(())
}

/// False when it was decided before.
pub async fn decide(tx: &mut Tx, proposal: &ProposalId, state: &'static str, by: &StaffId) -> Result<bool, Fault> {
    let decided = tx
        .run(
            "update proposal set state = $2, decided_by = $3 where proposal_id = $1 and state = 'open'",
            args![proposal, state, by],
        )
        .await?;
    Ok(decided == 1)
}

/// How many of an operator wait for another one. The limit keeps it small.
pub async fn waiting_of(tx: &mut Tx, staff: &StaffId, at: Instant) -> Result<usize, Fault> {
    let rows: Vec<(String,)> = tx
        .all(
            "select proposal_id from proposal where proposed_by = $1 and state = 'open' and ends_at > $2",
            args![staff, at],
        )
        .await?;
    Ok(rows.len())
}

pub async fn by_id(tx: &mut Tx, proposal: &ProposalId, at: Instant) -> Result<Option<ProposalView>, Fault> {
    let row: Option<Row> = tx.first(proposals!("where q.proposal_id = $1"), args![proposal]).await?;
    Ok(row.map(|row| row.view(tx, at)))
}

pub async fn open_of(tx: &mut Tx, kind: &str, object: &str, at: Instant) -> Result<Option<ProposalView>, Fault> {
    let row: Option<Row> =
        tx.first(proposals!("where q.kind = $1 and q.object = $2 and q.state = 'open'"), args![kind, object]).await?;
    Ok(row.map(|row| row.view(tx, at)))
}

pub async fn list(tx: &mut Tx, page: &ListPage<ProposalId>, at: Instant) -> Result<Vec<ProposalView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            proposals!(
                "where q.proposal_id < $1
              order by q.proposal_id desc
              limit $2"
            ),
            args![page.below(), page.limit + 1],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.view(tx, at)).collect())
}

/// The last ones of an object, whatever they are, the newest first.
pub async fn of_object(tx: &mut Tx, object: &str, limit: i64, at: Instant) -> Result<Vec<ProposalView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            proposals!(
                "where q.object = $1
              order by q.proposal_id desc
              limit $2"
            ),
            args![object, limit],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.view(tx, at)).collect())
}

pub async fn expire(tx: &mut Tx, before: Instant) -> Result<u64, Fault> {
    tx.run(
        "delete from proposal
          where proposal_id in (select over.proposal_id
                                  from proposal over
                                 where over.proposed_at < $1
                                 order by over.proposed_at
                                 limit 500)",
        args![before],
    )
    .await
}
