//! A fresh, migrated database for one test: SQLite in a temporary folder, or PostgreSQL when the test command says so.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use base::{
    Fault, Instant, ListPage, SeededEntropy,
    id::{Ids, PersonId, StaffId},
};
use tokio::sync::OnceCell;

use crate::{
    actor::Actor,
    args,
    consequence::Consequence,
    database::Database,
    event::Event,
    log::{self, Entry, Filter},
    log_key::LogKey,
    mark::Marked,
    migrate,
    protect::protect,
    settings::DatabaseSettings,
    work::Context,
};

/// Where the test command says that a PostgreSQL server is, as a URL without a database name.
const SERVER_VARIABLE: &str = "GUOSUO_TEST_POSTGRES";

/// The database's file in its folder.
const SQLITE_FILE: &str = "test.sqlite";

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A database that nobody else uses. The test's folder is removed with it.
#[derive(Debug)]
pub struct Fresh {
    /// Open, with the schema of now.
    pub database: Database,
    /// How to open it once more, from another process perhaps.
    pub settings: DatabaseSettings,
    folder: PathBuf,
}

impl Fresh {
    /// Where the test may keep files beside its database. It need not exist yet.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A fresh database with the whole schema.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn fresh() -> Result<Fresh, Fault> {
    fresh_following(&[]).await
}

/// A fresh database with the whole schema, on which these consequences follow.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn fresh_following(consequences: &'static [Consequence]) -> Result<Fresh, Fault> {
    let name = fresh_name();
    let folder = std::env::temp_dir().join(&name);
    let mut settings = migrated(&name).await?;
    settings.consequences = consequences;
    let database = Database::open(&settings).await?;
    Ok(Fresh { database, settings, folder })
}

/// A fresh database with the whole schema whose log has a key and in which these rows are marked.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn fresh_protected(marked: &'static [&'static [Marked]]) -> Result<Fresh, Fault> {
    let name = fresh_name();
    let folder = std::env::temp_dir().join(&name);
    let mut settings = migrated(&name).await?;
    settings.marked = marked;
    let database = Database::open(&settings).await?;
    protect(&database, log_key(), false).await?;
    Ok(Fresh { database, settings, folder })
}

/// The key of a log in tests.
pub(crate) fn log_key() -> LogKey {
    LogKey::new([7; 32])
}

/// Settings of a database that exists and is empty.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn fresh_settings() -> Result<(DatabaseSettings, Option<PathBuf>), Fault> {
    settings_of(&fresh_name()).await
}

fn fresh_name() -> String {
    format!("guosuo_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

async fn settings_of(name: &str) -> Result<(DatabaseSettings, Option<PathBuf>), Fault> {
    if let Some(server) = server() {
        return Ok((create(&server, name, "").await?, None));
    }
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).map_err(Fault::broken)?;
    Ok((with_few_connections(format!("sqlite://{}", folder.join(SQLITE_FILE).display())), Some(folder)))
}

/// Settings of a database with the whole schema and without a row, copied from one that was migrated once: migrating
/// costs more than most tests do.
async fn migrated(name: &str) -> Result<DatabaseSettings, Fault> {
    static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
    let template = TEMPLATE.get_or_try_init(Template::new).await?;
    match template {
        Template::Postgres { server, name: template } => create(server, name, &format!("template {template}")).await,
        Template::Sqlite(bytes) => {
            let (settings, folder) = settings_of(name).await?;
            let file = folder.ok_or_else(|| Fault::broken("the tests change databases"))?.join(SQLITE_FILE);
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(file).map_err(Fault::broken)?;
            file.write_all(bytes).map_err(Fault::broken)?;
            Ok(settings)
        }
    }
}

/// What databases with the whole schema are copied from.
enum Template {
    Postgres { server: String, name: String },
    Sqlite(Vec<u8>),
}

impl Template {
    async fn new() -> Result<Self, Fault> {
        let name = fresh_name();
        let (settings, folder) = settings_of(&name).await?;
        let database = Database::open(&settings).await?;
        migrate::migrate(&database).await?;
        database.close().await;
        let Some(folder) = folder else {
            return Ok(Self::Postgres { server: server().unwrap_or_default(), name });
        };
        let bytes = std::fs::read(folder.join(SQLITE_FILE)).map_err(Fault::broken)?;
        std::fs::remove_dir_all(folder).map_err(Fault::broken)?;
        Ok(Self::Sqlite(bytes))
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place where tests learn which database they run on")]
fn server() -> Option<String> {
    std::env::var(SERVER_VARIABLE).ok().map(|server| server.trim_end_matches('/').to_owned())
}

async fn create(server: &str, name: &str, from: &str) -> Result<DatabaseSettings, Fault> {
    let admin = Database::open(&DatabaseSettings::new(format!("{server}/postgres"))).await?;
    let mut tx = admin.read().await?;
    tx.script(&format!("create database {name} {from}")).await?;
    drop(tx);
    admin.close().await;
    Ok(with_few_connections(format!("{server}/{name}")))
}

/// Many tests run at once against one server with 100 connections.
fn with_few_connections(url: String) -> DatabaseSettings {
    let mut settings = DatabaseSettings::new(url);
    settings.connections_max = 4;
    settings
}

/// A context of the operator at `at` with repeatable randomness.
pub fn context(at: Instant, seed: u64) -> Context {
    let entropy = Arc::new(SeededEntropy::new(seed));
    Context { actor: operator(), at, request: None, entropy, ids: Ids::default() }
}

/// An operator of whom nothing else is known.
pub fn operator() -> Actor {
    let one = "01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
    Actor::Operator { staff: StaffId::stored(format!("stf_{one}")), person: PersonId::stored(format!("per_{one}")) }
}

crate::events! {
    /// Something changed, in a test that is about something else.
    Changed = "test.changed" of what: String {}
}

/// An entry as it may stand in a log.
pub fn entry(kind: &str, object: &str, data: &str) -> Entry {
    Entry {
        actor_kind: "operator".to_owned(),
        kind: kind.to_owned(),
        object: object.to_owned(),
        data: data.to_owned(),
        ..Entry::default()
    }
}

/// The events of one kind, newest first, each read back as its type.
///
/// # Errors
///
/// [`Fault`], also for an entry that its own type cannot read.
pub async fn told<E: Event>(database: &Database) -> Result<Vec<E>, Fault> {
    let filter = Filter { kind: Some(E::KIND.name.to_owned()), ..Filter::default() };
    let page = log::list(&mut database.read().await?, &filter, &ListPage::first(200)).await?;
    let read = |entry: &Entry| entry.read().ok_or_else(|| Fault::broken(format!("an event cannot be read: {entry:?}")));
    page.items.iter().map(read).collect()
}

/// Changes the head of the log past the product: what is set, as SQL.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn change_head(database: &Database, set: &str) -> Result<(), Fault> {
    let mut tx = database.housekeeping().await?;
    tx.run_composed(&format!("update event_head set {set}"), vec![]).await?;
    tx.commit().await
}

/// Lets the head of the log be as a version left it that marked less.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn left_by_an_older_version(database: &Database) -> Result<(), Fault> {
    let mut tx = database.housekeeping().await?;
    if let Some(mut head) = log::head(&mut tx).await? {
        head.marks = None;
        let code = head.code(&log_key());
        tx.run_composed("update event_head set marks = null, mac = $1", args![code]).await?;
    }
    tx.commit().await
}

/// The last events of the log as an auditor reads them, numbered: how a test sees in which order an act is kept.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn last_numbered(database: &Database, count: usize) -> Result<Vec<Entry>, Fault> {
    // Where the log has a key that this process has not, whoever has it numbers them.
    while log::sequence_events(database).await.is_ok_and(|numbered| numbered > 0) {}
    let sql = "select event_id, at, actor_kind, actor, on_behalf, request_id, kind, object, data, marks, mac,
                      sequence, hash
                 from event
                where sequence is not null
                order by sequence desc
                limit $1";
    let mut entries: Vec<Entry> = database.read().await?.all_whatever(sql, args![count as i64]).await?;
    entries.reverse();
    Ok(entries)
}

/// The kinds of the last events, in the order of their numbers.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn last_kinds(database: &Database, count: usize) -> Result<Vec<String>, Fault> {
    Ok(last_numbered(database, count).await?.into_iter().map(|entry| entry.kind).collect())
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn the_folder_of_a_test_is_removed_with_its_database() {
        let fresh = super::fresh().await.unwrap();
        let folder = fresh.folder().to_owned();
        std::fs::create_dir_all(folder.join("keys")).unwrap();
        drop(fresh);
        assert!(!folder.exists());
    }
}
