//! Heads of the event log, kept outside of the database: in a folder, a file for each month. What is in the folder a
//! witness hears of too, if there is one.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{BufRead, BufReader, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use base::Fault;
use crypto::jose::sign_compact;
use pki::Purpose;
use records::{
    Actor, Database,
    events::LogPutBack,
    heads::{self, KeptHead},
    log,
};

use crate::{
    foundation,
    limits::KEPT_HEADS_MAX,
    settings::{self, Settings},
    wiring::{Product, World},
    witness::Witness,
};

/// What the header of a signed head says that it is.
const HEAD_TYPE: &str = "guosuo-log-head+jwt";

/// Where heads are kept.
#[derive(Clone)]
pub struct Keeper {
    folder: PathBuf,
    witness: Option<Witness>,
    /// What this process kept last.
    last: Arc<Mutex<Option<KeptHead>>>,
}

/// What was kept.
#[derive(Debug, Default)]
pub struct Kept {
    /// By their numbers.
    pub heads: Vec<KeptHead>,
    /// Lines that are none of ours, or were changed.
    pub damaged: usize,
}

/// The folder in which heads are kept.
pub fn folder(settings: &Settings) -> PathBuf {
    let configured = settings.text(&settings::HEADS_FOLDER);
    if configured.is_empty() { foundation::data_folder(settings).join("heads") } else { configured.into() }
}

/// Reads what was kept, the newest first as far as there is room for it.
///
/// # Errors
///
/// A file that cannot be read.
pub fn read(database: &Database, folder: &Path) -> anyhow::Result<Kept> {
    let mut kept = Kept::default();
    for file in files(folder)?.into_iter().rev() {
        if kept.heads.len() >= KEPT_HEADS_MAX {
            break;
        }
        let reading = || format!("reading {}", file.display());
        let lines = BufReader::new(fs::File::open(&file).with_context(reading)?);
        for line in lines.lines() {
            match KeptHead::read(database, &line.with_context(reading)?) {
                Some(head) => kept.heads.push(head),
                None => kept.damaged += 1,
            }
        }
    }
    kept.heads.sort_by_key(|head| head.sequence);
    Ok(kept)
}

/// The files, the oldest first. Nothing in them is ever changed, and what is new stands at the end.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(vec![]);
    }
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    Ok(files)
}

impl Keeper {
    /// Keeps heads where the settings say.
    ///
    /// # Errors
    ///
    /// When TLS for the witness cannot be set up.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self { folder: folder(settings), witness: Witness::new(settings)?, last: Arc::default() })
    }

    /// Says when the log does not have any more what was kept last: an older copy is in its place, or it was written anew.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, and when the database is out of reach.
    pub async fn look_back(&self, product: &Product) -> anyhow::Result<()> {
        let Some(last) = read(&product.database, &self.folder)?.heads.pop() else { return Ok(()) };
        let Some(found) = heads::is_put_back(&product.database, &last).await? else { return Ok(()) };
        tracing::error!(
            kept = last.sequence,
            found,
            "the event log ends earlier than a head that was kept, or is another one: `guosuo audit` says more"
        );
        let mut work = product.database.begin(product.world.context(Actor::Job("heads"))).await?;
        work.record(LogPutBack { log: "log".to_owned(), kept: last.sequence, found });
        Ok(work.commit().await?)
    }

    /// Keeps the head of now, if there is anything new in it.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach, when its head was changed past the product, when nothing signs, and
    /// when a file cannot be written.
    pub async fn keep(&self, product: &Kit) -> Result<(), Fault> {
        let at = product.world.clock.now();
        // What was written so far is part of it, whether or not the sequencer has turned since.
        while log::sequence_events(&product.database).await? >= log::TURN_MAX {}
        let Some(head) = heads::now(&product.database, at).await? else { return Ok(()) };
        let is_known = |last: &KeptHead| last.sequence == head.sequence;
        if self.last.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(is_known) {
            return Ok(());
        }
        let signer = product.custody.current(Purpose::LogHead, at).map_err(Fault::broken)?;
        let kid = signer.key_id.to_string();
        let signature = sign_compact(&signer.key, &kid, HEAD_TYPE, &head.statement()).await?;
        let Some(line) = head.line(&product.database, &signature) else { return Ok(()) };
        let file = self.folder.join(format!("{}.jsonl", at.date().to_string().get(..7).unwrap_or_default()));
        append(&self.folder, &file, &line)
            .map_err(|error| Fault::unavailable(format!("keeping a head of the log in {}: {error}", file.display())))?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
        Ok(())
    }

    /// Who hears of heads, if there is somebody.
    pub fn witness(&self) -> Option<&Witness> {
        self.witness.as_ref()
    }
}

/// What keeping needs of the product.
#[derive(Clone)]
pub struct Kit {
    pub database: Database,
    pub custody: pki::Custody,
    pub world: World,
}

fn append(folder: &Path, file: &Path, line: &str) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}
