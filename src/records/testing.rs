//! A fresh, migrated database for one test: SQLite in a temporary folder, or PostgreSQL when the test command says so.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use base::{Fault, Instant, SeededEntropy};

use crate::{
    actor::Actor,
    database::{Database, DatabaseSettings},
    migrate,
    work::Context,
};

/// Where the test command says that a PostgreSQL server is, as a URL without a database name.
const SERVER_VARIABLE: &str = "GUOSUO_TEST_POSTGRES";

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A database that nobody else uses. SQLite's folder is removed with it.
#[derive(Debug)]
pub struct Fresh {
    /// The database.
    pub database: Database,
    /// How to open it once more, from another process perhaps.
    pub settings: DatabaseSettings,
    folder: Option<PathBuf>,
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// A fresh database with the whole schema.
///
/// # Errors
///
/// [`Fault`].
pub async fn fresh() -> Result<Fresh, Fault> {
    let (settings, folder) = fresh_settings().await?;
    let database = Database::open(&settings).await?;
    migrate::migrate(&database).await?;
    Ok(Fresh { database, settings, folder })
}

/// Settings of a database that exists and is empty.
///
/// # Errors
///
/// [`Fault`].
pub async fn fresh_settings() -> Result<(DatabaseSettings, Option<PathBuf>), Fault> {
    let name = format!("guosuo_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    #[allow(clippy::disallowed_methods, reason = "the one place where tests learn which database they run on")]
    let server = std::env::var(SERVER_VARIABLE).ok();
    if let Some(server) = server {
        let server = server.trim_end_matches('/').to_owned();
        let admin = Database::open(&DatabaseSettings::new(format!("{server}/postgres"))).await?;
        let mut tx = admin.read().await?;
        tx.script(&format!("create database {name}")).await?;
        drop(tx);
        admin.close().await;
        let mut settings = DatabaseSettings::new(format!("{server}/{name}"));
        // Many tests run at once against one server with 100 connections.
        settings.connections_max = 4;
        return Ok((settings, None));
    }
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).map_err(Fault::broken)?;
    let mut settings = DatabaseSettings::new(format!("sqlite://{}", folder.join("test.sqlite").display()));
    settings.connections_max = 4;
    Ok((settings, Some(folder)))
}

/// A context of the operator at `at` with repeatable randomness.
pub fn context(at: Instant, seed: u64) -> Context {
    Context { actor: Actor::Operator, at, request: None, entropy: Arc::new(SeededEntropy::new(seed)) }
}
