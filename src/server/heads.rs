//! Heads of the event log, kept outside of the database: in a folder, a file for each month. What is in the folder a
//! witness hears of too, if there is one.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use base::{Fault, Instant};
use crypto::jose::sign_compact;
use pki::Purpose;
use records::{
    Actor, Database, disk,
    events::{LogHeadsBegun, LogPutBack},
    heads::{self, KeptHead},
    log,
};

use crate::{
    kept_heads::{folder, name_of, newest},
    settings::Settings,
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
    /// A folder that cannot be read, and when the database is out of reach.
    pub async fn look_back(&self, product: &Product) -> anyhow::Result<()> {
        let Some(last) = newest(&product.database, &self.folder, product.world.clock.now())? else { return Ok(()) };
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
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if last.as_ref().is_some_and(is_known) {
            return Ok(());
        }
        // The first one of this process: there may be none of others before it.
        let is_first = last.is_none();
        let is_there = !is_first || self.has_one(product, at)?;
        let signer = product.custody.current(Purpose::LogHead, at).map_err(Fault::broken)?;
        let kid = signer.key_id.to_string();
        let signature = sign_compact(&signer.key, &kid, HEAD_TYPE, &head.statement()).await?;
        let Some(line) = head.line(&product.database, &signature) else { return Ok(()) };
        let file = self.folder.join(name_of(at));
        disk::append(&file, &line)
            .map_err(|error| Fault::unavailable(format!("keeping a head of the log in {}: {error}", file.display())))?;
        if is_first {
            self.tell_begun(product, head.sequence, is_there).await?;
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
        Ok(())
    }

    fn has_one(&self, product: &Kit, at: Instant) -> Result<bool, Fault> {
        let newest = newest(&product.database, &self.folder, at);
        Ok(newest.map_err(|error| Fault::unavailable(format!("{error:#}")))?.is_some())
    }

    /// Writes down that heads are kept, so that they are missed when they are gone.
    async fn tell_begun(&self, product: &Kit, kept: i64, is_there: bool) -> Result<(), Fault> {
        let is_begun = heads::are_begun(&product.database).await?;
        if is_there && is_begun {
            return Ok(());
        }
        if is_begun {
            tracing::error!(
                folder = %self.folder.display(),
                "heads of the event log were kept before, and none was here: an older copy from that time is not known"
            );
        }
        let mut work = product.database.begin(product.world.context(Actor::Job("heads"))).await?;
        work.record(LogHeadsBegun { log: "log".to_owned(), kept });
        work.commit().await
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
