//! Backups as the log tells of them: who made which, whether it is whole, and whether somebody looked at it since.
//!
//! The log is the only place that knows: it is in every backup, and what was put back from one goes on with it.

use base::{Fault, Instant, ListPage, PageOf, id::EventId};

use crate::{
    entry::Entry,
    event::Event,
    events::{Any, BackupBegun, BackupEnded},
    installation,
    log::{self, Filter},
    tx::Tx,
};

/// How the kinds of events begin that tell of backups.
const KINDS: &str = "backup.";

/// What the log has of one backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSeen {
    /// The name of its folder.
    pub name: String,
    /// The oldest that the log has of it: who made it, and when it was begun.
    pub first: Entry,
    /// The folder that it was put into, and whether the keys are in it.
    pub begun: Option<BackupBegun>,
    /// What it has in it, once it is whole, and when that was.
    pub ended: Option<(Instant, BackupEnded)>,
    /// Why there is none.
    pub failed: Option<String>,
    /// What the last drill found, and when.
    pub drilled: Option<Drilled>,
    /// When it was removed, because enough newer ones were there.
    pub removed_at: Option<Instant>,
    /// When this was put back from it.
    pub restored_at: Option<Instant>,
}

/// What a drill found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drilled {
    /// When it was written down.
    pub at: Instant,
    /// How much is wrong.
    pub findings: usize,
    /// What is wrong first.
    pub why: Option<String>,
}

/// How this stands with backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The last one that is whole.
    pub last: Option<BackupSeen>,
    /// From when on what happened is in none: the end of the last one, or the first event when there is none.
    pub since: Option<Instant>,
    /// Whether this is a demonstration, whose events are told as if of years and whose backups nobody misses.
    pub is_demonstration: bool,
}

impl Standing {
    /// Whether the last one was made more than so many days ago, or none within so many from the first event; never of a
    /// demonstration.
    pub fn is_late(&self, now: Instant, days: i64) -> bool {
        !self.is_demonstration && self.since.is_some_and(|since| now.seconds_since(since) > days * 86_400)
    }
}

/// Whether an event of this kind tells of a backup: whoever compares a backup with what it was made of misses none.
pub fn tells_of_backups(kind: &str) -> bool {
    kind.starts_with(KINDS)
}

/// How this stands with backups.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn standing(tx: &mut Tx) -> Result<Standing, Fault> {
    let is_demonstration = installation::is_demonstration(tx).await?;
    let filter = Filter { kind: Some(BackupEnded::KIND.name.to_owned()), ..Filter::default() };
    let Some(ended) = log::list(tx, &filter, &ListPage::<EventId>::first(1)).await?.items.pop() else {
        return Ok(Standing { last: None, since: log::first_at(tx).await?, is_demonstration });
    };
    Ok(Standing { since: Some(ended.at()), last: find(tx, &ended.object).await?, is_demonstration })
}

/// Backups, the last to be begun first.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn list(tx: &mut Tx, page: &ListPage<EventId>) -> Result<PageOf<BackupSeen, EventId>, Fault> {
    let filter = Filter { kind: Some(BackupBegun::KIND.name.to_owned()), ..Filter::default() };
    let begun = log::list(tx, &filter, page).await?;
    let mut items = Vec::with_capacity(begun.items.len());
    for entry in begun.items {
        items.extend(find(tx, &entry.object).await?);
    }
    Ok(PageOf { items, next: begun.next })
}

/// The backup of this name; none when the log has nothing of it.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn find(tx: &mut Tx, name: &str) -> Result<Option<BackupSeen>, Fault> {
    let filter = Filter { object: Some(name.to_owned()), ..Filter::default() };
    let mut told = log::list(tx, &filter, &ListPage::<EventId>::first(ListPage::<EventId>::LIMIT_MAX)).await?.items;
    told.retain(|entry| tells_of_backups(&entry.kind));
    let Some(first) = told.last().cloned() else { return Ok(None) };
    let mut seen = BackupSeen {
        name: name.to_owned(),
        first,
        begun: None,
        ended: None,
        failed: None,
        drilled: None,
        removed_at: None,
        restored_at: None,
    };
    // The oldest first: what happened again stands as it was the last time.
    for entry in told.iter().rev() {
        let at = entry.at();
        match Any::read(entry) {
            Some(Any::BackupBegun(begun)) => seen.begun = Some(begun),
            Some(Any::BackupDrilled(drilled)) => {
                seen.drilled = Some(Drilled { at, findings: drilled.findings, why: drilled.why });
            }
            Some(Any::BackupEnded(ended)) => seen.ended = Some((at, ended)),
            Some(Any::BackupFailed(failed)) => seen.failed = Some(failed.error),
            Some(Any::BackupRemoved(_)) => seen.removed_at = Some(at),
            Some(Any::BackupRestored(_)) => seen.restored_at = Some(at),
            _ => {}
        }
    }
    Ok(Some(seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        events::{BackupDrilled, BackupFailed, BackupRemoved, JobDead},
        testing::{self, context},
    };

    const NOW: Instant = Instant::from_seconds(1_790_000_000);

    fn begun(name: &str) -> BackupBegun {
        BackupBegun { backup: name.to_owned(), folder: "/backup".to_owned(), with_keys: false }
    }

    fn ended(name: &str) -> BackupEnded {
        BackupEnded { backup: name.to_owned(), bytes: 9, events: 8, rows: 7, seconds: 6 }
    }

    #[tokio::test]
    async fn backups_are_told_with_what_became_of_them_the_newest_first() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        let (database, at) = (&fresh.database, |seconds| context(NOW.plus_seconds(seconds), seconds.unsigned_abs()));
        let none = |since| Standing { last: None, since, is_demonstration: false };
        assert_eq!(standing(&mut database.read().await?).await?, none(None));
        database.tell(&at(0), begun("a")).await?;
        assert_eq!(standing(&mut database.read().await?).await?, none(Some(NOW)));
        database.tell(&at(60), ended("a")).await?;
        let wrong = BackupDrilled { backup: "a".to_owned(), findings: 2, why: Some("rows".to_owned()) };
        database.tell(&at(70), wrong).await?;
        database.tell(&at(80), BackupDrilled { backup: "a".to_owned(), findings: 0, why: None }).await?;
        database.tell(&at(90), begun("b")).await?;
        database.tell(&at(95), BackupFailed { backup: "b".to_owned(), error: "full".to_owned() }).await?;
        database.tell(&at(100), begun("c")).await?;
        database.tell(&at(110), BackupRemoved { backup: "a".to_owned() }).await?;
        let mut tx = database.read().await?;
        let found = standing(&mut tx).await?;
        assert_eq!(found.since, Some(NOW.plus_seconds(60)));
        for (days, seconds, late) in [(2, 172_860, false), (2, 172_861, true), (1, 86_461, true)] {
            assert_eq!(found.is_late(NOW.plus_seconds(seconds), days), late, "{days} {seconds}");
        }
        let first = found.last.unwrap();
        assert_eq!((first.name.as_str(), first.first.at()), ("a", NOW));
        assert_eq!(first.ended, Some((NOW.plus_seconds(60), ended("a"))));
        assert_eq!(first.drilled, Some(Drilled { at: NOW.plus_seconds(80), findings: 0, why: None }));
        assert_eq!((first.removed_at, first.restored_at), (Some(NOW.plus_seconds(110)), None));
        let page = list(&mut tx, &ListPage::first(2)).await?;
        let names: Vec<_> = page.items.iter().map(|one| (one.name.as_str(), one.failed.as_deref())).collect();
        assert_eq!(names, [("c", None), ("b", Some("full"))]);
        let rest = list(&mut tx, &ListPage::after(page.next.unwrap(), 2)).await?;
        assert_eq!((rest.items.len(), rest.next), (1, None));
        assert_eq!(find(&mut tx, "d").await?, None);
        Ok(())
    }

    #[tokio::test]
    async fn none_is_missed_in_the_first_days_nor_ever_in_a_demonstration() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        fresh.database.tell(&context(NOW, 1), begun("a")).await?;
        let is_late = async |seconds| -> Result<bool, Fault> {
            Ok(standing(&mut fresh.database.read().await?).await?.is_late(NOW.plus_seconds(seconds), 2))
        };
        assert_eq!((is_late(172_800).await?, is_late(172_801).await?), (false, true));
        let mut work = fresh.database.begin(context(NOW, 2)).await?;
        installation::found_demonstration(&mut work, "滨江市").await?;
        work.commit().await?;
        assert!(!is_late(172_801).await?);
        Ok(())
    }

    #[tokio::test]
    async fn what_happened_beyond_an_event_is_told_also_while_it_waits_for_its_number() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        fresh.database.tell(&context(NOW, 1), begun("a")).await?;
        log::sequence_events(&fresh.database).await?;
        fresh.database.tell(&context(NOW.plus_seconds(1), 2), ended("a")).await?;
        let beyond = log::beyond(&mut fresh.database.read().await?, 1).await?;
        assert_eq!(beyond.kinds, [("backup.ended".to_owned(), 1)]);
        assert_eq!(beyond.first_at, Some(NOW.plus_seconds(1)));
        assert!(tells_of_backups(BackupEnded::KIND.name) && !tells_of_backups(JobDead::KIND.name));
        Ok(())
    }
}
