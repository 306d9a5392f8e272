//! The archive as the settings say: what goes into it when, and why it stands still if it does.

use std::path::PathBuf;

use base::{Fault, Instant};
use licence::verification::receipt::OldReceipts;
use pki::{Custody, crl::OldLists};
use records::{
    Actor, Database,
    archive::{self, Archiver, Done, Shelf},
    heads::is_put_back,
};

use crate::{
    foundation, kept_heads,
    removal::Retention,
    settings::{self, Settings},
    wiring::{Product, World},
};

/// What is older than it may be by more than this was forgotten: a server that archives looks every few minutes.
const LATE_SECONDS: i64 = 2 * 86_400;

/// Archives what this installation has.
pub struct Archive {
    archiver: Archiver,
    database: Database,
    custody: Custody,
    world: World,
    kept: Retention,
    heads: PathBuf,
}

/// What one turn did.
#[derive(Debug, Default)]
pub struct Turned {
    /// Files that were written, each with how many rows are in it.
    pub files: Vec<(String, usize)>,
    /// Rows that were removed.
    pub removed: u64,
    /// Whether there may be more to do.
    pub is_more: bool,
    /// Whether another one archives now.
    pub is_busy: bool,
    /// The first thing that could not be archived; all others were tried.
    pub failed: Option<Fault>,
}

/// The folder of the archive.
pub fn folder(settings: &Settings) -> PathBuf {
    let configured = settings.text(&settings::ARCHIVE_FOLDER);
    if configured.is_empty() { foundation::data_folder(settings).join("archive") } else { configured.into() }
}

/// Where the archive's files are.
pub fn shelf(settings: &Settings) -> Shelf {
    Shelf::new(folder(settings))
}

impl Archive {
    /// Archives as the settings say.
    pub fn new(settings: &Settings, product: &Product) -> Self {
        Self {
            archiver: Archiver::new(&product.database, shelf(settings), &*product.world.entropy),
            database: product.database.clone(),
            custody: product.app.custody.clone(),
            world: product.world.clone(),
            kept: Retention::of(settings),
            heads: kept_heads::folder(settings),
        }
    }

    /// One file at most of each kind of rows. What cannot be archived of one kind holds up no other.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the folder of the heads cannot be read.
    pub async fn turn(&self) -> Result<Turned, Fault> {
        let context = self.world.context(Actor::Job("archive"));
        let before = |seconds: i64| context.at.plus_seconds(-seconds);
        let kept = kept_heads::newest(&self.database, &self.heads, context.at)
            .map_err(|error| Fault::unavailable(format!("{error:#}")))?;
        let (archiver, mut turned) = (&self.archiver, Turned::default());
        let mut outcomes = vec![archiver.events(&context, before(self.kept.events), kept.as_ref()).await];
        outcomes.push(archiver.rows(&context, before(self.kept.receipts), &OldReceipts).await);
        for lists in OldLists::all(&self.custody) {
            outcomes.push(archiver.rows(&context, before(self.kept.lists), &lists).await);
        }
        for outcome in outcomes {
            match outcome {
                Ok(done) => turned.add(done),
                Err(fault) => turned.failed = turned.failed.or(Some(fault)),
            }
        }
        Ok(turned)
    }
}

impl Turned {
    fn add(&mut self, done: Option<Done>) {
        let Some(done) = done else {
            self.is_busy = true;
            return;
        };
        self.is_more |= done.is_anything();
        self.removed += done.removed;
        self.files.extend(done.file.map(|file| (file, done.archived)));
    }
}

/// What is archived, and why it stands still if it does.
///
/// # Errors
///
/// When events are in the database for longer than the settings say, with the reason as far as it can be told; when the
/// database is out of reach.
pub async fn look(settings: &Settings, product: &Product) -> anyhow::Result<Result<String, String>> {
    let mut tx = product.database.read().await?;
    let (last, oldest) = (archive::last(&mut tx).await?, archive::oldest(&mut tx).await?);
    drop(tx);
    let now = product.world.clock.now();
    let before = now.plus_seconds(-Retention::of(settings).events);
    let is_late = |at: &Instant| *at < before.plus_seconds(-LATE_SECONDS);
    let Some(at) = oldest.filter(is_late) else {
        let folder = folder(settings);
        return Ok(Ok(match last {
            0 => "no event is old enough".to_owned(),
            last => format!("events up to {last} are in files, in {}", folder.display()),
        }));
    };
    let heads_folder = kept_heads::folder(settings);
    let why = match kept_heads::newest(&product.database, &heads_folder, now)? {
        None => format!("no head of the log is kept in {}", heads_folder.display()),
        Some(kept) if is_put_back(&product.database, &kept).await?.is_some() => {
            "the log has not the head that was kept last".to_owned()
        }
        Some(_) if settings.flag(&settings::ARCHIVE_BY_SERVER) => {
            "`guosuo archive` does it now, or says why not".to_owned()
        }
        Some(_) => "archive.by_server is off here, and nobody else does it: `guosuo archive`".to_owned(),
    };
    Ok(Err(format!("events since {} should be in the archive, and are not: {why}", at.date())))
}
