//! What the event log is told of backups, in the name of whoever the command acts for.
//!
//! A backup is worth more than a line about it: when a key is missing or a disk is full, it is made all the same, and what
//! could not be written down is said.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};
use records::{
    Actor, Database, Event, backups,
    events::{BackupDrilled, BackupRestored},
};
use serde::{Deserialize, Serialize};

use super::{
    drill,
    folder::write_part,
    manifest::{Backup, Manifest},
};
use crate::{
    commands::operator,
    foundation,
    limits::TOLD_CHARACTERS_MAX,
    report::Report,
    settings::Settings,
    wiring::{self, Product, World},
};

/// As what a command stands in the log that nobody is named for.
const JOB: &str = "backup";

/// The file in the data folder that says that this was put back, until the log says so.
const PUT_BACK: &str = "put-back.json";

/// What was put back, for the log.
#[derive(Serialize, Deserialize)]
struct PutBack {
    backup: String,
    events: i64,
}

/// Writes down what becomes of a backup.
pub(super) struct Teller {
    /// The product whose log it is, or why it cannot be put together.
    product: anyhow::Result<Product>,
    actor: Actor,
    /// Why something could not be written down.
    unwritten: Option<String>,
}

impl Teller {
    /// Whoever the command acts for, where that can be proven.
    ///
    /// # Errors
    ///
    /// When somebody is named who is no operator or does not prove it.
    pub async fn find(settings: &Settings, world: &World, database: &Database) -> anyhow::Result<Self> {
        let product = match foundation::has_keys(database).await {
            Ok(true) => wiring::find(settings, world.clone()).await,
            Ok(false) => Err(anyhow::anyhow!("there are none yet")),
            Err(error) => Err(error),
        };
        let actor = match &product {
            Ok(product) => operator::actor_or_job(settings, product, JOB).await?,
            Err(_) => Actor::Job(JOB),
        };
        Ok(Self { product, actor, unwritten: None })
    }

    /// The product whose log it is.
    ///
    /// # Errors
    ///
    /// Why it cannot be put together.
    pub fn product(&self) -> Result<&Product, &anyhow::Error> {
        self.product.as_ref()
    }

    /// Writes it down, as far as that can be done.
    pub async fn tell(&mut self, event: impl Event) {
        let written = match &self.product {
            Ok(product) => tell(product, &self.actor, event).await,
            Err(error) => Err(anyhow::anyhow!("{error:#}")),
        };
        if let Err(error) = written {
            self.unwritten.get_or_insert(format!("{error:#}"));
        }
    }

    /// Closes what was opened; says why something could not be written down.
    pub async fn finish(self) -> Option<String> {
        if let Ok(product) = self.product {
            product.database.close().await;
        }
        self.unwritten
    }
}

async fn tell(product: &Product, actor: &Actor, event: impl Event) -> anyhow::Result<()> {
    let context = product.world.context(actor.clone());
    Ok(product.database.tell(&context, event).await?)
}

/// Writes down what a drill found, in the log of the running database.
///
/// # Errors
///
/// When there is none, when it did not make this backup, and when whoever is named is no operator or does not prove it.
pub(super) async fn drilled(
    settings: &Settings,
    world: &World,
    backup: &Backup,
    report: &Report,
) -> anyhow::Result<String> {
    let database =
        foundation::find_database(settings).await.context("there is no running database to write it into")?;
    let teller = Teller::find(settings, world, &database).await;
    database.close().await;
    let Teller { product, actor, .. } = teller?;
    let product = product?;
    let written = write_drilled(&product, &actor, backup, report).await;
    product.database.close().await;
    written
}

async fn write_drilled(product: &Product, actor: &Actor, backup: &Backup, report: &Report) -> anyhow::Result<String> {
    let name = backup.manifest.name();
    let is_ours = backup.is_tagged_by(&drill::tag_key(product).await?) == Some(true);
    let is_known = backups::find(&mut product.database.read().await?, &name).await?.is_some();
    ensure!(is_ours || is_known, "the running database did not make {name}, and its log says nothing of it");
    let (findings, why) = (report.wrong.len(), report.wrong.first().map(|wrong| short(wrong)));
    tell(product, actor, BackupDrilled { backup: name, findings, why }).await?;
    Ok("written down in the event log, for the page of the operators".to_owned())
}

/// Says beside the keys that this was put back: the log can be told as soon as they are there.
///
/// # Errors
///
/// A folder that cannot be written.
pub(super) fn note_put_back(settings: &Settings, manifest: &Manifest) -> anyhow::Result<()> {
    let folder = foundation::data_folder(settings);
    foundation::make_private_folder(&folder)?;
    // What an earlier one left counts no more.
    let _ = fs::remove_file(note(settings));
    let note = PutBack { backup: manifest.name(), events: manifest.log.events() };
    write_part(&folder, PUT_BACK, &serde_json::to_vec(&note)?).map(|_| ())
}

/// Tells the log of what was put back that it was, if nobody did yet.
///
/// # Errors
///
/// When it cannot be written down: the next start tries again.
pub(crate) async fn tell_put_back(settings: &Settings, product: &Product) -> anyhow::Result<()> {
    let path = note(settings);
    let Ok(text) = fs::read(&path) else { return Ok(()) };
    if let Ok(PutBack { backup, events }) = serde_json::from_slice(&text) {
        let actor = operator::actor_or_job(settings, product, JOB).await?;
        tell(product, &actor, BackupRestored { backup: short(&backup), events }).await?;
    }
    fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))
}

fn note(settings: &Settings) -> PathBuf {
    foundation::data_folder(settings).join(PUT_BACK)
}

/// As much of a text as the log is told.
pub(super) fn short(text: &str) -> String {
    text.chars().take(TOLD_CHARACTERS_MAX).collect()
}
