//! Brings the schema up to date: one file for both databases, or a pair where they differ.

use base::Fault;

use crate::{args, database::Database, dialect::Dialect, tx::Tx};

/// One migration, embedded when the program is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    /// Its number and name, such as `0001_records`.
    pub name: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

impl Migration {
    /// What it runs.
    pub(crate) fn text(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Postgres => self.postgres,
            Dialect::Sqlite => self.sqlite,
        }
    }
}

macro_rules! both {
    ($name:literal) => {
        Migration {
            name: $name,
            postgres: include_str!(concat!("../../migrations/", $name, ".sql")),
            sqlite: include_str!(concat!("../../migrations/", $name, ".sql")),
        }
    };
}

macro_rules! pair {
    ($name:literal) => {
        Migration {
            name: $name,
            postgres: include_str!(concat!("../../migrations/", $name, ".postgres.sql")),
            sqlite: include_str!(concat!("../../migrations/", $name, ".sqlite.sql")),
        }
    };
}

/// Every migration, in order. A test compares this list with the folder.
pub(crate) const MIGRATIONS: &[Migration] = &[
    both!("0001_records"),
    pair!("0002_event_guard"),
    both!("0003_pki"),
    both!("0004_identity"),
    both!("0005_oidc"),
    both!("0006_seal"),
    both!("0007_licence"),
    both!("0008_pki_list_number"),
    both!("0009_job_lane"),
    both!("0010_pki_calendar"),
    both!("0011_seal_key"),
    both!("0012_password_ends"),
    pair!("0013_records_code"),
    both!("0014_marks"),
    both!("0015_identity_command_key"),
    both!("0016_records_actor"),
    both!("0017_lists"),
    both!("0018_records"),
    both!("0019_identity_reset"),
    both!("0020_identity_proposal"),
    both!("0021_licence_proposed"),
    both!("0022_licence_piece"),
    both!("0023_licence_revocation"),
    pair!("0024_records_archive"),
    both!("0025_names"),
    both!("0026_identity_names"),
    both!("0027_person_facts"),
    both!("0028_marks"),
    both!("0029_console_lists"),
    both!("0030_licence_holders"),
    both!("0031_name_keys"),
    both!("0032_licence_receipt"),
];

/// Applies what is missing and returns the names of what was applied.
///
/// # Errors
///
/// [`Fault`] when a migration fails (it leaves nothing behind), or when the database has migrations that this
/// program does not know: a newer version has been here.
pub async fn migrate(database: &Database) -> Result<Vec<&'static str>, Fault> {
    apply(database, |_| true).await
}

/// Applies of these migrations what is missing, and no other: the schema becomes that of an older version.
///
/// # Errors
///
/// [`Fault`] as for [`migrate`], and when one of them is not known to this program.
pub(crate) async fn migrate_to(database: &Database, names: &[String]) -> Result<(), Fault> {
    if let Some(unknown) = names.iter().find(|name| !MIGRATIONS.iter().any(|migration| migration.name == **name)) {
        return Err(unknown_migration(unknown));
    }
    apply(database, |migration| names.iter().any(|name| name == migration.name)).await.map(|_| ())
}

async fn apply(database: &Database, wanted: impl Fn(&Migration) -> bool) -> Result<Vec<&'static str>, Fault> {
    let mut applied = Vec::new();
    let known = present(database).await?;
    let missing = |migration: &&Migration| !known.iter().any(|name| name == migration.name) && wanted(migration);
    for migration in MIGRATIONS.iter().filter(missing) {
        let mut tx = database.housekeeping().await?;
        let text = migration.text(database.dialect());
        let first = tx
            .run("insert into migration (name) values ($1) on conflict (name) do nothing", args![migration.name])
            .await?;
        // Another node was faster.
        if first == 0 {
            continue;
        }
        tx.take_time().await?;
        tx.script(&database.dialect().migration_text(text)).await?;
        tx.commit().await?;
        applied.push(migration.name);
    }
    Ok(applied)
}

/// The names of the migrations that the database already has; creates the list when it is new.
async fn present(database: &Database) -> Result<Vec<String>, Fault> {
    let mut tx = database.housekeeping().await?;
    tx.script("create table if not exists migration (name text primary key not null)").await?;
    tx.commit().await?;
    let mut tx = database.read().await?;
    let names = applied(&mut tx).await?;
    match names.iter().find(|name| !MIGRATIONS.iter().any(|migration| migration.name == *name)) {
        Some(unknown) => Err(unknown_migration(unknown)),
        None => Ok(names),
    }
}

fn unknown_migration(name: &str) -> Fault {
    Fault::broken(format!("the database has migration {name}, which this program does not know"))
}

/// The names of the migrations that have been applied.
pub(crate) async fn applied(tx: &mut Tx) -> Result<Vec<String>, Fault> {
    let names: Vec<(String,)> = tx.all("select name from migration order by name", vec![]).await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

/// The tables that migrations make, in the order in which they make them: a table refers to those before it alone.
pub(crate) fn tables_made() -> Vec<&'static str> {
    let made = MIGRATIONS.iter().flat_map(|migration| migration.sqlite.split("create table ").skip(1));
    let name = |rest: &'static str| rest.trim_start_matches("if not exists ").split([' ', '(', '\n']).next();
    made.filter_map(name).collect()
}

/// Whether the schema is up to date.
///
/// # Errors
///
/// [`Fault`] as for [`migrate`].
pub async fn is_current(database: &Database) -> Result<bool, Fault> {
    Ok(present(database).await?.len() == MIGRATIONS.len())
}
