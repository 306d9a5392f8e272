//! Takes a backup beside a running product, and removes the oldest ones.

use std::{
    fmt::Write,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use base::Instant;
use records::{
    Database,
    copy::{Snapshot, Table},
    events::{BackupBegun, BackupEnded, BackupFailed, BackupRemoved},
    log,
};

use super::{
    folder::{PartWriter, UNFINISHED, Unfinished, sync, write_part},
    manifest::{
        self, Backup, FORMAT, KEYS, Keys, Log, MANIFEST, Manifest, PREFIX, Part, TABLES, TAG, TableNote, is_key_file,
    },
    rows,
    teller::{Teller, short},
};
use crate::{
    archive,
    foundation::{self, ENVELOPE_KEY},
    limits::KEY_FILE_BYTES_MAX,
    settings::Settings,
    wiring::World,
};

/// What is wanted of a backup.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The folder of all backups.
    pub to: PathBuf,
    /// How many whole ones stay; all, unless somebody says so.
    pub keep: Option<usize>,
    /// Whether the keys are to be in it.
    pub with_keys: bool,
}

/// Takes a backup and says what became of it.
///
/// # Errors
///
/// A database that cannot be read, a key file that cannot be read, a disk that is full: then nothing is left of it, and
/// no other one was removed. Before anything is done, when somebody is named who is no operator or does not prove it.
pub(crate) async fn take(settings: &Settings, world: &World, wanted: &Wanted) -> anyhow::Result<String> {
    foundation::make_private_folder(&wanted.to)?;
    let taken = format!("another backup is being made in {}", wanted.to.display());
    let _turn = foundation::hold(&wanted.to.join("backup.lock"), &taken)?;
    let database = foundation::find_database_of_any_version(settings).await?;
    let mut teller = Teller::find(settings, world, &database).await?;
    let begun_at = moment(world, &wanted.to);
    let backup = manifest::name(begun_at);
    let folder = short(&wanted.to.display().to_string());
    teller.tell(BackupBegun { backup: backup.clone(), folder, with_keys: wanted.with_keys }).await;
    let made = make(settings, &database, &teller, wanted, begun_at).await;
    database.close().await;
    let told = match made {
        Ok((made, key)) => {
            let seconds = world.clock.now().seconds_since(begun_at).max(0);
            let (bytes, rows, events) = (made.bytes(), made.rows(), made.log.events());
            teller.tell(BackupEnded { backup: backup.clone(), bytes, events, rows, seconds }).await;
            let mut told = tell(&made, &wanted.to.join(&backup));
            let archive = archive::folder(settings);
            if archive.exists() {
                let at = archive.display();
                let _ = writeln!(told, "without the archive's files, whose digests the log has: copy {at} too");
            }
            if let Err(error) = &key {
                let _ = writeln!(told, "without a tag, for the keys could not be opened: {error:#}");
            }
            clear(&mut teller, wanted, (&made, key.ok().as_ref()), &mut told).await;
            Ok(told)
        }
        Err(error) => {
            teller.tell(BackupFailed { backup, error: short(&format!("{error:#}")) }).await;
            Err(error)
        }
    };
    let unwritten = teller.finish().await;
    let mut told = told?;
    if let Some(error) = unwritten {
        let _ = writeln!(told, "not in the event log, which could not be written: {error}");
    }
    Ok(told)
}

/// Makes the backup of this name: all of it or nothing. With it the key of its tag, or why it has none.
async fn make(
    settings: &Settings,
    database: &Database,
    teller: &Teller,
    wanted: &Wanted,
    begun_at: Instant,
) -> anyhow::Result<(Manifest, anyhow::Result<[u8; 32]>)> {
    let key = tag_key(teller).await;
    let name = manifest::name(begun_at);
    let unfinished = Unfinished::make(wanted.to.join(format!("{name}{UNFINISHED}")))?;
    let (migrations, log, tables) = write_tables(database, unfinished.path()).await?;
    let keys = Keys {
        are_included: wanted.with_keys,
        folder: foundation::keys_folder(settings).display().to_string(),
        envelope: foundation::envelope_file(settings).display().to_string(),
        // After the rows: whatever key they name has its file.
        parts: if wanted.with_keys { write_keys(settings, unfinished.path())? } else { Vec::new() },
    };
    let (product, made_at) = (env!("CARGO_PKG_VERSION").to_owned(), begun_at.as_micros());
    let database = database.dialect().name().to_owned();
    let made = Manifest { format: FORMAT, product, made_at, database, migrations, log, tables, keys };
    let text = serde_json::to_vec_pretty(&made)?;
    if let Ok(key) = &key {
        write_part(unfinished.path(), TAG, manifest::tag(key, &text).as_bytes())?;
    }
    write_part(unfinished.path(), MANIFEST, &text)?;
    sync(unfinished.path()).with_context(|| format!("writing {}", unfinished.path().display()))?;
    unfinished.finish(&wanted.to.join(&name))?;
    Ok((made, key))
}

/// Removes the oldest, and says which. The new one is made whatever becomes of the others: what cannot be removed is said.
async fn clear(teller: &mut Teller, wanted: &Wanted, of: (&Manifest, Option<&[u8; 32]>), told: &mut String) {
    let Cleared { left, removed, warnings } = remove_oldest(wanted, of);
    for name in left.iter().chain(&removed) {
        let _ = writeln!(told, "removed {}", name.escape_debug());
    }
    for warning in warnings {
        let _ = writeln!(told, "{warning}");
    }
    for backup in removed {
        teller.tell(BackupRemoved { backup }).await;
    }
}

/// An instant after whose name no other backup is called.
fn moment(world: &World, folder: &Path) -> Instant {
    let mut at = world.clock.now();
    while fs::symlink_metadata(folder.join(manifest::name(at))).is_ok() {
        at = at.plus_seconds(1);
    }
    at
}

fn tell(made: &Manifest, path: &Path) -> String {
    let (rows, bytes) = (made.rows(), made.bytes());
    let keys = if made.keys.are_included {
        "the keys are in it: who has this backup has everything".to_owned()
    } else {
        format!(
            "without the keys: keep {} and {} elsewhere, for one without the other is worth nothing",
            made.keys.folder, made.keys.envelope
        )
    };
    let (path, events, tables) = (path.display(), made.log.events(), made.tables.len());
    format!("{path}\n{events} events, {rows} rows of {tables} tables, {bytes} bytes\n{keys}\n")
}

/// The key of the installation with which a manifest is tagged.
async fn tag_key(teller: &Teller) -> anyhow::Result<[u8; 32]> {
    let product = teller.product().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    // So that the copy ends with a number, as far as there is a moment in which nobody writes.
    while log::sequence_events(&product.database).await? >= log::TURN_MAX {}
    super::drill::tag_key(product).await
}

/// Writes every table as it is at one moment.
async fn write_tables(database: &Database, folder: &Path) -> anyhow::Result<(Vec<String>, Log, Vec<TableNote>)> {
    foundation::make_private_folder(&folder.join(TABLES))?;
    let mut snapshot = Snapshot::of(database).await.context("reading the database")?;
    let (migrations, log) = (snapshot.migrations.clone(), Log::of(&snapshot.head));
    let mut notes = Vec::new();
    for table in snapshot.tables.clone() {
        notes.push(write_table(&mut snapshot, &table, folder).await?);
    }
    sync(&folder.join(TABLES))?;
    Ok((migrations, log, notes))
}

async fn write_table(snapshot: &mut Snapshot, table: &Table, folder: &Path) -> anyhow::Result<TableNote> {
    let path = manifest::rows_path(&table.name);
    let writing = || format!("writing {}", folder.join(&path).display());
    let mut part = PartWriter::create(folder, &path).with_context(writing)?;
    let reading = || format!("reading the table {}", table.name);
    let mut reader = snapshot.rows(table).await.with_context(reading)?;
    let mut count = 0;
    loop {
        let portion = reader.next().await.with_context(reading)?;
        if portion.is_empty() {
            break;
        }
        for row in &portion {
            rows::write(&mut part, row).with_context(writing)?;
        }
        count += portion.len() as u64;
    }
    Ok(TableNote {
        name: table.name.clone(),
        columns: table.columns.iter().map(|column| (column.name.clone(), column.kind.name().to_owned())).collect(),
        rows: count,
        part: part.finish(&path).with_context(writing)?,
    })
}

/// Copies the key files as they lie, sealed, and the envelope key that opens them.
fn write_keys(settings: &Settings, folder: &Path) -> anyhow::Result<Vec<Part>> {
    foundation::make_private_folder(&folder.join(KEYS))?;
    let from = foundation::keys_folder(settings);
    let reading = || format!("reading {}", from.display());
    let mut files = vec![(ENVELOPE_KEY.to_owned(), foundation::envelope_file(settings))];
    for entry in fs::read_dir(&from).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_file = entry.file_type().with_context(reading)?.is_file();
        // The envelope key that counts may lie elsewhere, and what is half written is not yet there.
        if is_file && name != ENVELOPE_KEY && is_key_file(&name) && !name.contains(".half") {
            files.push((name, entry.path()));
        }
    }
    let mut parts = Vec::with_capacity(files.len());
    for (name, path) in files {
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(KEY_FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
            .with_context(|| format!("reading {}", path.display()))?;
        ensure!(bytes.len() as u64 <= KEY_FILE_BYTES_MAX, "{} is longer than any key", path.display());
        parts.push(write_part(folder, &format!("{KEYS}/{name}"), &bytes)?);
    }
    sync(&folder.join(KEYS))?;
    Ok(parts)
}

/// What became of what else lies in the folder.
#[derive(Debug, Default)]
struct Cleared {
    /// What others left unfinished and was removed.
    left: Vec<String>,
    /// Whole ones that were removed.
    removed: Vec<String>,
    /// What stays although somebody may expect otherwise, and why.
    warnings: Vec<String>,
}

/// Removes what others left unfinished, and of those that count the oldest, never the one that was just made.
fn remove_oldest(wanted: &Wanted, (made, key): (&Manifest, Option<&[u8; 32]>)) -> Cleared {
    let (folder, mut cleared, mut counted) = (wanted.to.as_path(), Cleared::default(), Vec::new());
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name.starts_with(PREFIX) && *name != made.name());
    names.sort();
    for name in names {
        if let Some(begun) = name.strip_suffix(UNFINISHED) {
            match remove(folder, &name) {
                Ok(()) => cleared.left.push(begun.to_owned()),
                Err(error) => cleared.warnings.push(format!("{} is not removed: {error:#}", name.escape_debug())),
            }
        } else if wanted.keep.is_some() {
            match count(folder, &name, (made, key)) {
                Ok(made_at) => counted.push((made_at, name)),
                Err(why) => cleared.warnings.push(format!("{} stays and is not counted: {why:#}", name.escape_debug())),
            }
        }
    }
    counted.sort();
    let others = wanted.keep.map_or(counted.len(), |keep| keep.saturating_sub(1));
    counted.truncate(counted.len().saturating_sub(others));
    for (_, name) in counted {
        // From now on it is not taken for a whole one, however far its removal comes.
        let unfinished = format!("{name}{UNFINISHED}");
        let renamed = fs::rename(folder.join(&name), folder.join(&unfinished));
        if let Err(error) = renamed {
            cleared.warnings.push(format!("{name} is not removed: {error}"));
            continue;
        }
        if let Err(error) = remove(folder, &unfinished) {
            cleared.warnings.push(format!("{unfinished} is not removed: {error:#}"));
        }
        cleared.removed.push(name);
    }
    cleared
}

/// Whether a backup is one of those of which the newest stay, and when it was made. Anything else may lie in the folder
/// under the name of one, and must not push out one that somebody needs.
fn count(folder: &Path, name: &str, (made, key): (&Manifest, Option<&[u8; 32]>)) -> anyhow::Result<i64> {
    let path = folder.join(name);
    ensure!(is_folder(&path), "it is no folder");
    let backup = Backup::open(&path)?;
    let key = key.context("without the keys nobody can tell whether this installation made it")?;
    ensure!(backup.is_tagged_by(key) == Some(true), "it has no tag of this installation");
    ensure!(backup.manifest.name() == name, "it is {} under another name", backup.manifest.name());
    backup.check_sizes()?;
    let made_at = backup.manifest.made_at();
    ensure!(made_at < made.made_at(), "it says that it was made on {}, which is to come", made_at.rfc3339());
    Ok(made_at.as_micros())
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

fn remove(folder: &Path, name: &str) -> anyhow::Result<()> {
    let path = folder.join(name);
    ensure!(is_folder(&path), "it is no folder");
    Ok(fs::remove_dir_all(path)?)
}
