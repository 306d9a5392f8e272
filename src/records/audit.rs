//! An audit: whether the log is whole, and everything else as the log says.

mod actors;
mod checked;
mod finding;
mod rows;
mod rules;
mod walk;

use std::collections::HashSet;

use base::{Fault, Instant, ListPage, id::EventId};

use self::walk::Walk;
pub use self::{
    checked::CheckedPoint,
    finding::{Audit, Finding, RowFault, Said},
};
use crate::{
    archive::{
        point::{self, Point},
        shelf::Shelf,
    },
    args,
    database::Database,
    event::Event,
    events::{LogArchived, LossAcknowledged},
    heads::{self, KeptHead},
    log::{self, Entry, Filter, Head},
    log_key::LogKey,
    tally::Tally,
    tx::Tx,
};

/// What an audit holds the log against, beside itself.
#[derive(Clone, Debug, Default)]
pub struct Against<'a> {
    /// Heads that were kept outside, by their numbers.
    pub kept: &'a [KeptHead],
    /// Whether somebody looked where heads are kept: a log of which heads were kept is not without them.
    pub are_heads_missed: bool,
    /// Where the archive's files are.
    pub shelf: Option<&'a Shelf>,
    /// Where an earlier audit ended: the log has what it had then.
    pub checked: Option<&'a CheckedPoint>,
    /// Whether to go on there, instead of at the first event.
    pub goes_on: bool,
    /// When it is, for the point at which the next one may go on.
    pub at: Option<Instant>,
}

/// Walks the whole log as far as the table has it; otherwise as [`against`].
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn audit(database: &Database, kept: &[KeptHead]) -> Result<Audit, Fault> {
    against(database, &Against { kept, ..Against::default() }).await
}

/// Walks the log, in the archive's files and then in the table, and checks numbers, codes and hashes; holds it against the
/// heads that were kept outside, and every marked row against the log. What happens meanwhile disturbs nothing.
///
/// # Errors
///
/// [`Fault`] when the database or a disk is out of reach.
pub async fn against(database: &Database, against: &Against<'_>) -> Result<Audit, Fault> {
    let kept = heads_of(against);
    let against = Against { kept: &kept, ..against.clone() };
    let mut audit = Audit::default();
    let Some(walk) = up_to_now(database, &against, &mut audit).await? else { return Ok(audit) };
    // From here on everything is of one moment: rows change while somebody walks.
    let mut tx = database.snapshot().await?;
    at_one_moment(database, &mut tx, (&against, walk), &mut audit).await?;
    // Ended before anybody goes on: SQLite puts what was written into its file when the last one has let go.
    tx.commit().await?;
    Ok(audit)
}

/// The heads that were kept. The end of an earlier audit is one.
pub(crate) fn heads_of(against: &Against<'_>) -> Vec<KeptHead> {
    let mut kept = against.kept.to_vec();
    kept.extend(against.checked.map(|checked| KeptHead {
        sequence: checked.sequence,
        hash: checked.hash.clone(),
        at: checked.at.as_micros(),
    }));
    kept.sort_by_key(|head| head.sequence);
    kept
}

/// Walks to where the log ends now; none when it has no head.
pub(crate) async fn up_to_now<'a>(
    database: &'a Database,
    against: &Against<'a>,
    audit: &mut Audit,
) -> Result<Option<Walk<'a>>, Fault> {
    let mut tx = database.read().await?;
    let Some(head) = log::head(&mut tx).await? else {
        audit.find(Finding::Head);
        return Ok(None);
    };
    if database.log_key().is_some_and(|key| !head.is_ours(key)) {
        audit.find(Finding::Head);
    }
    let point = archived(database, &mut tx, audit).await?;
    let mut walk = Walk::new(database, &head, against.kept);
    // What an event before this one told of a loss, or of files, counts still.
    walk.losses = told(database, &mut tx).await?;
    walk.named = told::<LogArchived>(database, &mut tx).await?.into_iter().map(|(_, told)| told.file).collect();
    walk.are_heads_kept = heads::are_begun(database).await?;
    begin(&mut walk, &mut tx, &head, &point, against, audit).await?;
    walk.table(&mut tx, head.sequence, audit).await?;
    Ok(Some(walk))
}

/// What came meanwhile, where the log ends, and the rows.
pub(crate) async fn at_one_moment(
    database: &Database,
    tx: &mut Tx,
    (against, mut walk): (&Against<'_>, Walk<'_>),
    audit: &mut Audit,
) -> Result<(), Fault> {
    let Some(head) = log::head(tx).await? else {
        audit.find(Finding::Head);
        return Ok(());
    };
    // Somebody may archive beside.
    let point = archived(database, tx, audit).await?;
    walk.table(tx, head.sequence, audit).await?;
    walk.end(&head, audit);
    walk.look_at_files(against.shelf, &point, &rows::archived(tx).await?, audit)?;
    walk.look_for_copies(against.shelf, audit)?;
    beside(database, tx, &head, audit).await?;
    let first = log::first_number(tx).await?;
    put_there(&walk, against.checked, first, audit);
    if against.are_heads_missed && against.kept.is_empty() && walk.are_heads_kept {
        audit.find(Finding::HeadsGone);
    }
    beyond(tx, &head, audit).await?;
    if let Some(key) = database.log_key() {
        walk.actors.check(tx, key, database.tables(), audit).await?;
    }
    walk.rules.tell(audit);
    let rows = match database.log_key() {
        Some(key) => Some(look_at_rows(database, tx, (key, &head), &walk, audit).await?),
        None => None,
    };
    put_back(&head, against.kept, &walk.losses, audit);
    let whole_at = audit.checked.as_ref().map(|checked| checked.whole_at);
    let next = |(tally, at): (Tally, Instant)| {
        let (sequence, hash, whole_at) = (head.sequence, head.hash, whole_at.unwrap_or(at));
        let first = Some(first.unwrap_or(audit.archived + 1));
        CheckedPoint { sequence, hash, archived: audit.archived, first, at, whole_at, tally }
    };
    audit.next = rows.zip(against.at).filter(|_| audit.is_sound()).map(next);
    Ok(())
}

/// Checks the last entries of the log, as many as this, and its head: what a page can afford.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn audit_end(database: &Database, count: i64) -> Result<Audit, Fault> {
    // Of one moment: somebody may archive meanwhile.
    let mut tx = database.snapshot().await?;
    let mut audit = Audit::default();
    let Some(head) = log::head(&mut tx).await? else {
        audit.find(Finding::Head);
        return Ok(audit);
    };
    if database.log_key().is_some_and(|key| !head.is_ours(key)) {
        audit.find(Finding::Head);
    }
    let point = archived(database, &mut tx, &mut audit).await?;
    let from = (head.sequence - count).max(point.sequence);
    let hash = if from == point.sequence { Some(point.hash) } else { hash_of(&mut tx, from).await? };
    let mut walk = Walk::new(database, &head, &[]);
    walk.go_on(from, hash, Tally::default());
    walk.table(&mut tx, head.sequence, &mut audit).await?;
    walk.end(&head, &mut audit);
    beside(database, &mut tx, &head, &mut audit).await?;
    tx.commit().await?;
    Ok(audit)
}

/// Up to where the log is archived.
async fn archived(database: &Database, tx: &mut Tx, audit: &mut Audit) -> Result<Point, Fault> {
    let Some(point) = point::find(tx).await? else {
        audit.find(Finding::Archived);
        return Ok(Point::default());
    };
    if database.log_key().is_some_and(|key| !point.is_ours(key)) {
        // What it says is no beginning that anybody could rest on.
        audit.find(Finding::Archived);
        return Ok(Point::default());
    }
    audit.archived = point.sequence;
    Ok(point)
}

/// Goes to where the walk through the table begins.
async fn begin(
    walk: &mut Walk<'_>,
    tx: &mut Tx,
    head: &Head,
    point: &Point,
    against: &Against<'_>,
    audit: &mut Audit,
) -> Result<(), Fault> {
    let known = against.checked.filter(|checked| !walk.is_lost(checked));
    // It goes forward only.
    if known.is_some_and(|checked| point.sequence < checked.archived) {
        audit.find(Finding::Archived);
    }
    // What the log has no more nobody can go on behind.
    let checked = known.filter(|checked| against.goes_on && checked.sequence <= head.sequence);
    let Some(checked) = checked else { return walk.files(against.shelf, tx, point, audit).await };
    audit.checked = Some(checked.clone());
    walk.since(checked.at);
    if checked.sequence < point.sequence {
        // What was archived since was whole then, or it would not have been.
        walk.at(point, audit);
        return Ok(());
    }
    let there = if checked.sequence == point.sequence {
        Some(point.hash.clone())
    } else {
        hash_of(tx, checked.sequence).await?
    };
    // A log that ends before is named by its end.
    if there.is_some_and(|hash| hash != checked.hash) {
        audit.find(Finding::Contradicted(checked.sequence));
    }
    walk.go_on(checked.sequence, Some(checked.hash.clone()), checked.tally.clone());
    walk.knows_older_rows = true;
    Ok(())
}

/// Names what was put into the table below everything that an earlier audit found there: from there on events go into files
/// and out of the table, and none comes back.
fn put_there(walk: &Walk<'_>, checked: Option<&CheckedPoint>, first: Option<i64>, audit: &mut Audit) {
    let before = checked.filter(|checked| !walk.is_lost(checked)).and_then(|checked| checked.first);
    if let (Some(first), Some(before)) = (first, before)
        && first < before
    {
        audit.find(Finding::Stray(first));
    }
}

async fn hash_of(tx: &mut Tx, number: i64) -> Result<Option<String>, Fault> {
    Ok(log::from(tx, number - 1, number).await?.pop().and_then(|entry| entry.hash))
}

/// The newest events of a type, each with its instant.
async fn told<E: Event>(database: &Database, tx: &mut Tx) -> Result<Vec<(i64, E)>, Fault> {
    let filter = Filter { kind: Some(E::KIND.name.to_owned()), ..Filter::default() };
    let told = log::list(tx, &filter, &ListPage::<EventId>::first(ListPage::<EventId>::LIMIT_MAX)).await?.items;
    let is_ours = |entry: &&Entry| database.log_key().is_none_or(|key| entry.is_ours(key));
    Ok(told.iter().filter(is_ours).filter_map(|entry| Some((entry.at, entry.read()?))).collect())
}

/// What stands in the table below the walk: nothing, or what a cut-off archiver has not removed yet, which is the end of
/// what is archived.
async fn beside(database: &Database, tx: &mut Tx, head: &Head, audit: &mut Audit) -> Result<(), Fault> {
    let is_ours = |point: &Point| database.log_key().is_none_or(|key| point.is_ours(key));
    let point = point::find(tx).await?.filter(is_ours).unwrap_or_default();
    let mut rest: Option<Walk<'_>> = None;
    for entry in log::below_all(tx).await? {
        audit.find(Finding::Stray(entry.sequence.unwrap_or(i64::MIN)));
    }
    if log::has_no_number(tx).await? {
        audit.find(Finding::Stray(i64::MIN));
    }
    let mut after = i64::MIN;
    loop {
        let entries = log::from(tx, after, point.sequence).await?;
        let Some(last) = entries.last().and_then(|entry| entry.sequence) else { break };
        after = last;
        for entry in &entries {
            let own = entry.sequence.unwrap_or_default();
            if own < 1 {
                audit.find(Finding::Stray(own));
                continue;
            }
            let walk = rest.get_or_insert_with(|| {
                let mut walk = Walk::new(database, head, &[]);
                walk.go_on(own - 1, None, Tally::default());
                walk
            });
            walk.take(entry, audit);
        }
    }
    if let Some(walk) = rest.filter(|walk| walk.number != point.sequence || walk.hash.as_ref() != Some(&point.hash)) {
        audit.find(Finding::Stray(walk.number));
    }
    Ok(())
}

/// What stands above the head.
async fn beyond(tx: &mut Tx, head: &Head, audit: &mut Audit) -> Result<(), Fault> {
    let last: Option<(i64,)> = tx
        .first(
            "select cast(sequence as bigint)
               from event
              where sequence > $1 and sequence = cast(sequence as bigint)
              order by sequence desc
              limit 1",
            args![head.sequence],
        )
        .await?;
    if let Some((last,)) = last {
        audit.find(Finding::Beyond(last));
    }
    Ok(())
}

/// Looks at every row, and whether they are those that the log left. The rows that the numbered events left, as they are.
async fn look_at_rows(
    database: &Database,
    tx: &mut Tx,
    (key, head): (&LogKey, &Head),
    walk: &Walk<'_>,
    audit: &mut Audit,
) -> Result<Tally, Fault> {
    let waiting = rows::waiting(tx, (key, head.keyed_from.is_some()), audit).await?;
    let mut there = rows::look(database, tx, key, audit).await?;
    // Taken out of the rows, what waits is as if it had not happened yet.
    for row in &waiting {
        there.unleft(key, row);
    }
    // Rows that are older than the key of the log were marked without an event: only who has seen them knows them.
    if head.keyed_from == Some(1) || walk.knows_older_rows {
        rows::compare(database, &walk.tally, &there, audit);
    }
    Ok(there)
}

/// Heads that were kept of what the log has no more.
fn put_back(head: &Head, kept: &[KeptHead], losses: &[(i64, LossAcknowledged)], audit: &mut Audit) {
    // Each time the log was put back is one finding: the highest head that was kept before.
    let above = kept.iter().filter(|kept| kept.sequence > head.sequence);
    let is_known = |kept: &KeptHead| losses.iter().any(|(at, loss)| kept.at <= *at && kept.sequence <= loss.kept);
    let (known, open): (Vec<&KeptHead>, Vec<&KeptHead>) = above.partition(|kept| is_known(kept));
    if let Some(highest) = open.iter().map(|kept| kept.sequence).max() {
        audit.find(Finding::PutBack(highest, head.sequence));
    }
    if let Some(highest) = known.iter().map(|kept| kept.sequence).max() {
        audit.acknowledged.push(Finding::PutBack(highest, head.sequence));
    }
    // What was contradicted because of a loss that somebody answers for is known too.
    let numbers: HashSet<i64> = kept.iter().filter(|kept| is_known(kept)).map(|kept| kept.sequence).collect();
    let (known, open) = std::mem::take(&mut audit.findings)
        .into_iter()
        .partition(|finding| matches!(finding, Finding::Contradicted(number) if numbers.contains(number)));
    audit.findings = open;
    audit.acknowledged.extend::<Vec<Finding>>(known);
}
