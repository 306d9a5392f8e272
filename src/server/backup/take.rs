//! Takes a backup beside a running product, and removes the oldest ones.

use std::{
    fmt::Write,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use records::{
    Database,
    copy::{Snapshot, Table},
    log,
};

use super::{
    folder::{PartWriter, UNFINISHED, Unfinished, sync, write_part},
    manifest::{self, Backup, FORMAT, KEYS, Keys, Log, MANIFEST, Manifest, Part, TABLES, TAG, TableNote, is_key_file},
    rows,
};
use crate::{
    archive,
    foundation::{self, ENVELOPE_KEY},
    limits::KEY_FILE_BYTES_MAX,
    settings::Settings,
    wiring::{self, World},
};

/// What the name of a backup begins with; when it was made follows.
const PREFIX: &str = "guosuo-";

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
/// no other one was removed.
pub(crate) async fn take(settings: &Settings, world: &World, wanted: &Wanted) -> anyhow::Result<String> {
    foundation::make_private_folder(&wanted.to)?;
    let taken = format!("another backup is being made in {}", wanted.to.display());
    let _turn = foundation::hold(&wanted.to.join("backup.lock"), &taken)?;
    let database = foundation::find_database_of_any_version(settings).await?;
    let key = tag_key(settings, world, &database).await;
    let (name, made_at) = name(world, &wanted.to);
    let unfinished = Unfinished::make(wanted.to.join(format!("{name}{UNFINISHED}")))?;
    let (migrations, log, tables) = write_tables(&database, unfinished.path()).await?;
    let database_name = database.dialect().name().to_owned();
    database.close().await;
    let keys = Keys {
        are_included: wanted.with_keys,
        folder: foundation::keys_folder(settings).display().to_string(),
        envelope: foundation::envelope_file(settings).display().to_string(),
        // After the rows: whatever key they name has its file.
        parts: if wanted.with_keys { write_keys(settings, unfinished.path())? } else { Vec::new() },
    };
    let product = env!("CARGO_PKG_VERSION").to_owned();
    let made = Manifest { format: FORMAT, product, made_at, database: database_name, migrations, log, tables, keys };
    let text = serde_json::to_vec_pretty(&made)?;
    if let Ok(key) = &key {
        write_part(unfinished.path(), TAG, manifest::tag(key, &text).as_bytes())?;
    }
    write_part(unfinished.path(), MANIFEST, &text)?;
    sync(unfinished.path()).with_context(|| format!("writing {}", unfinished.path().display()))?;
    let path = wanted.to.join(&name);
    unfinished.finish(&path)?;
    let mut told = tell(&made, &path);
    let archive = archive::folder(settings);
    if archive.exists() {
        let _ =
            writeln!(told, "without the archive's files, whose digests the log has: copy {} too", archive.display());
    }
    if let Err(error) = key {
        let _ = writeln!(told, "without a tag, for the keys could not be opened: {error:#}");
    }
    for removed in remove_oldest(&wanted.to, wanted.keep)? {
        let _ = writeln!(told, "removed {removed}");
    }
    Ok(told)
}

/// A name that no other one has, and the instant in it.
fn name(world: &World, folder: &Path) -> (String, i64) {
    let mut at = world.clock.now();
    loop {
        let name = format!("{PREFIX}{}", at.rfc3339().replace(['-', ':'], ""));
        if !folder.join(&name).exists() {
            return (name, at.as_micros());
        }
        at = at.plus_seconds(1);
    }
}

fn tell(made: &Manifest, path: &Path) -> String {
    let rows: u64 = made.tables.iter().map(|table| table.rows).sum();
    let bytes: u64 = made.parts().map(|part| part.bytes).sum();
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
async fn tag_key(settings: &Settings, world: &World, database: &Database) -> anyhow::Result<[u8; 32]> {
    ensure!(foundation::has_keys(database).await?, "there are none yet");
    let product = wiring::find(settings, world.clone()).await?;
    // So that the copy ends with a number, as far as there is a moment in which nobody writes.
    while log::sequence_events(&product.database).await? >= log::TURN_MAX {}
    let key = super::drill::tag_key(&product).await;
    product.database.close().await;
    key
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

/// Removes what others left unfinished, and of the whole ones the oldest.
fn remove_oldest(folder: &Path, keep: Option<usize>) -> anyhow::Result<Vec<String>> {
    let reading = || format!("reading {}", folder.display());
    let (mut whole, mut removed) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).with_context(reading)? {
        let name = entry.with_context(reading)?.file_name().to_string_lossy().into_owned();
        if name.starts_with(PREFIX) && name.ends_with(UNFINISHED) {
            removed.push(name);
        } else if name.starts_with(PREFIX) && Backup::open(&folder.join(&name)).is_ok() {
            whole.push(name);
        }
    }
    whole.sort();
    let over = keep.map_or(0, |keep| whole.len().saturating_sub(keep));
    for name in whole.into_iter().take(over) {
        // From now on it is not taken for a whole one, however far its removal comes.
        let unfinished = format!("{name}{UNFINISHED}");
        fs::rename(folder.join(&name), folder.join(&unfinished)).with_context(|| format!("removing {name}"))?;
        removed.push(unfinished);
    }
    for name in &removed {
        fs::remove_dir_all(folder.join(name)).with_context(|| format!("removing {name}"))?;
    }
    Ok(removed.into_iter().map(|name| name.trim_end_matches(UNFINISHED).to_owned()).collect())
}
