//! What a process keeps in memory of the database, and how it learns that it changed.
//!
//! Whatever changes it raises a revision in the same transaction ([`crate::revision`]). The process that committed the
//! change sees it before the commit returns; every other one within a second, because it reads all revisions twice a
//! second in one statement ([`Database::refresh_kept`]).

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    time::Instant,
};

use base::Fault;

use crate::{database::Database, limits::LOADED_AGAIN_AFTER, revision, work::Remember};

/// A value kept in memory under the revisions that say when it is out of date. Cloning it is cheap and shares the value.
///
/// A cache is kept like anything else: its loader makes an empty one. Who fills it takes it out before reading what goes
/// into it; when something changed in between, that goes into a cache which nobody looks at any more.
pub struct Kept<T>(Arc<Inner<T>>);

struct Inner<T> {
    revisions: &'static [&'static str],
    load: Loader<T>,
    /// The value, the revisions it was loaded under, and when.
    now: RwLock<(Arc<T>, Vec<i64>, Instant)>,
    /// Held while loading, so that an older value never takes the place of a newer one.
    loading: tokio::sync::Mutex<()>,
}

type Loader<T> = Box<dyn Fn(Database) -> Loading<T> + Send + Sync>;

/// A value on its way into memory.
pub type Loading<T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send>>;

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("revisions", &self.0.revisions).finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Kept<T> {
    /// A value that depends on these revisions. It is `first` until a database keeps it ([`Database::keep`]) and has
    /// refreshed it once.
    pub fn new(
        revisions: &'static [&'static str],
        first: T,
        load: impl Fn(Database) -> Loading<T> + Send + Sync + 'static,
    ) -> Self {
        let now = RwLock::new((Arc::new(first), vec![-1; revisions.len()], Instant::now()));
        Self(Arc::new(Inner { revisions, load: Box::new(load), now, loading: tokio::sync::Mutex::default() }))
    }

    /// An empty cache that depends on these revisions.
    pub fn cache(revisions: &'static [&'static str]) -> Self
    where
        T: Default,
    {
        Self::new(revisions, T::default(), |_| Box::pin(async { Ok(T::default()) }))
    }

    /// The value of now, from memory; nothing waits but for the moment in which it is replaced.
    pub fn now(&self) -> Arc<T> {
        Arc::clone(&self.0.now.read().unwrap_or_else(PoisonError::into_inner).0)
    }
}

/// Everything that is kept of one database.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Vec<Weak<dyn See>>>>);

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory(..)")
    }
}

trait See: Send + Sync {
    /// Told all revisions; loads again when one of its own is another one, when it is old, or because it must.
    fn see<'a>(&'a self, database: &'a Database, revisions: &'a [(String, i64)], must: &'a Must) -> Seeing<'a>;
}

/// What is loaded again whatever its revisions say.
enum Must {
    Nothing,
    All,
    /// What depends on one of these: this process raised them, to whatever they were set before.
    What(Vec<&'static str>),
}

impl Must {
    fn is_of(&self, revisions: &[&'static str]) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::What(raised) => revisions.iter().any(|name| raised.contains(name)),
        }
    }
}

type Seeing<'a> = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;

impl<T: Send + Sync> See for Inner<T> {
    fn see<'a>(&'a self, database: &'a Database, revisions: &'a [(String, i64)], must: &'a Must) -> Seeing<'a> {
        Box::pin(async move {
            let must = must.is_of(self.revisions);
            let value = |name: &str| revisions.iter().find(|(known, _)| known == name).map_or(0, |(_, value)| *value);
            let told: Vec<i64> = self.revisions.iter().map(|name| value(name)).collect();
            let is_news = || {
                // Another one, and not a greater one alone: whoever has the database can set it back.
                let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
                told != now.1 || now.2.elapsed() >= LOADED_AGAIN_AFTER
            };
            if !must && !is_news() {
                return Ok(());
            }
            let _turn = self.loading.lock().await;
            // Somebody else may have loaded it meanwhile.
            if !must && !is_news() {
                return Ok(());
            }
            // The revisions were read before the value: a change that comes in between is seen the next time.
            let loaded = Arc::new((self.load)(database.clone()).await?);
            *self.now.write().unwrap_or_else(PoisonError::into_inner) = (loaded, told, Instant::now());
            Ok(())
        })
    }
}

impl Database {
    /// Keeps a value up to date for as long as somebody uses it.
    pub fn keep<T: Send + Sync + 'static>(&self, kept: &Kept<T>) {
        let kept: Arc<dyn See> = Arc::<Inner<T>>::clone(&kept.0);
        self.memory().0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&kept));
    }

    /// Loads again what is out of date of everything that is kept, in the order in which it began to be kept.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the revisions or one of the values cannot be read: that one stays as it is and is tried again the
    /// next time; the others are not held up.
    pub async fn refresh_kept(&self) -> Result<(), Fault> {
        self.look_at_kept(&Must::Nothing).await
    }

    /// Loads everything again that is kept.
    ///
    /// # Errors
    ///
    /// As for [`Self::refresh_kept`].
    pub async fn reload_kept(&self) -> Result<(), Fault> {
        self.look_at_kept(&Must::All).await
    }

    async fn look_at_kept(&self, must: &Must) -> Result<(), Fault> {
        let kept: Vec<Arc<dyn See>> = {
            let mut memory = self.memory().0.lock().unwrap_or_else(PoisonError::into_inner);
            memory.retain(|kept| kept.strong_count() > 0);
            memory.iter().filter_map(Weak::upgrade).collect()
        };
        let revisions = revision::all(&mut self.read().await?).await?;
        let mut outcome = Ok(());
        for one in kept {
            outcome = outcome.and(one.see(self, &revisions, must).await);
        }
        outcome
    }
}

impl Remember for Database {
    fn raised(&self, names: Vec<&'static str>) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + '_>> {
        Box::pin(async move { self.look_at_kept(&Must::What(names)).await })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

    use base::Instant;

    use super::*;
    use crate::{
        args,
        testing::{self, context},
    };

    const AT: Instant = Instant::from_seconds(1_790_000_000);

    /// Keeps the greatest revision there is, and counts how often it was loaded; it cannot be loaded while `broken`.
    struct Counted {
        kept: Kept<i64>,
        loads: Arc<AtomicI64>,
        broken: Arc<AtomicI64>,
    }

    fn counted(database: &Database, revisions: &'static [&'static str]) -> Counted {
        let (loads, broken) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let (counter, trouble) = (Arc::clone(&loads), Arc::clone(&broken));
        let kept = Kept::new(revisions, -1, move |database| {
            let (counter, trouble) = (Arc::clone(&counter), Arc::clone(&trouble));
            Box::pin(async move {
                if trouble.load(SeqCst) > 0 {
                    return Err(Fault::unavailable("not now"));
                }
                counter.fetch_add(1, SeqCst);
                let sql = "select coalesce(max(value), 0) from revision";
                let (value,): (i64,) = database.read().await?.one(sql, vec![]).await?;
                Ok(value)
            })
        });
        database.keep(&kept);
        Counted { kept, loads, broken }
    }

    async fn change(database: &Database, name: &'static str, seed: u64) -> Result<(), Fault> {
        let mut work = database.begin(context(AT, seed)).await?;
        revision::bump(&mut work.tx, name).await?;
        work.record(testing::Changed { what: name.to_owned() });
        work.commit().await
    }

    #[tokio::test]
    async fn a_process_sees_its_own_change_before_the_commit_returns() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        let counted = counted(&fresh.database, &["types"]);
        assert_eq!(*counted.kept.now(), -1);
        fresh.database.refresh_kept().await?;
        assert_eq!((*counted.kept.now(), counted.loads.load(SeqCst)), (0, 1));
        change(&fresh.database, "types", 1).await?;
        assert_eq!((*counted.kept.now(), counted.loads.load(SeqCst)), (1, 2));
        change(&fresh.database, "seals", 2).await?;
        fresh.database.refresh_kept().await?;
        assert_eq!(counted.loads.load(SeqCst), 2, "what it does not depend on does not load it");
        let mut work = fresh.database.begin(context(AT, 3)).await?;
        revision::bump(&mut work.tx, "types").await?;
        drop(work);
        fresh.database.refresh_kept().await?;
        assert_eq!(counted.loads.load(SeqCst), 2, "nor does what was undone");
        Ok(())
    }

    #[tokio::test]
    async fn what_is_kept_follows_a_revision_that_somebody_set_back() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        let counted = counted(&fresh.database, &["types"]);
        for seed in 1..=3 {
            change(&fresh.database, "types", seed).await?;
        }
        assert_eq!(*counted.kept.now(), 3);
        let back = async |value: i64| -> Result<(), Fault> {
            let mut tx = fresh.database.housekeeping().await?;
            tx.run("update revision set value = $1", args![value]).await?;
            tx.commit().await
        };
        back(1).await?;
        fresh.database.refresh_kept().await?;
        assert_eq!(*counted.kept.now(), 1, "seen although it is not greater");
        back(2).await?;
        fresh.database.refresh_kept().await?;
        // Set back by one just before an act, so that the act makes it what it was.
        let loads = counted.loads.load(SeqCst);
        back(1).await?;
        change(&fresh.database, "types", 4).await?;
        assert_eq!((*counted.kept.now(), counted.loads.load(SeqCst)), (2, loads + 1));
        Ok(())
    }

    #[tokio::test]
    async fn another_process_sees_it_when_it_looks_and_a_failure_is_tried_again() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        let other = Database::open(&fresh.settings).await?;
        let (first, second) = (counted(&other, &["types", "seals"]), counted(&other, &["seals"]));
        other.refresh_kept().await?;
        change(&fresh.database, "seals", 1).await?;
        assert_eq!((*first.kept.now(), *second.kept.now()), (0, 0));
        first.broken.store(1, SeqCst);
        assert!(other.refresh_kept().await.is_err());
        assert_eq!((*first.kept.now(), *second.kept.now()), (0, 1), "one that fails holds nobody up");
        first.broken.store(0, SeqCst);
        other.refresh_kept().await?;
        assert_eq!((*first.kept.now(), *second.kept.now()), (1, 1));
        // The process that made the change commits it whatever becomes of its memory.
        first.broken.store(1, SeqCst);
        change(&other, "types", 2).await?;
        let mut tx = other.read().await?;
        let (types,): (i64,) = tx.one("select value from revision where name = $1", args!["types"]).await?;
        assert_eq!((types, *first.kept.now()), (1, 1));
        Ok(())
    }

    #[tokio::test]
    async fn what_is_no_longer_used_is_no_longer_kept() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        let Counted { kept, loads, .. } = counted(&fresh.database, &["types"]);
        drop(kept);
        fresh.database.refresh_kept().await?;
        assert_eq!(loads.load(SeqCst), 0);
        Ok(())
    }
}
