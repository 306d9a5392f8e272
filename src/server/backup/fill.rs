//! Puts the rows of a backup into an empty database.

use std::io::BufReader;

use anyhow::{Context, ensure};
use records::{Database, DatabaseSettings, copy::Filling, disk, migrate};

use super::{
    manifest::{Backup, Log, TableNote},
    rows::RowReader,
};
use crate::{
    foundation,
    limits::{ROWS_AT_ONCE, ROWS_AT_ONCE_BYTES},
};

/// Opens an empty database and puts everything into it, in one transaction; then brings its schema up to date.
///
/// # Errors
///
/// A database in which something happened already; a file that is not as the manifest says, or that the database does not
/// take: then nothing of it was kept.
pub(super) async fn fill(backup: &Backup, settings: &DatabaseSettings) -> anyhow::Result<Database> {
    let database = foundation::open(settings).await?;
    let filled = fill_open(backup, &database).await;
    if filled.is_err() {
        database.close().await;
    }
    filled.map(|()| database)
}

async fn fill_open(backup: &Backup, database: &Database) -> anyhow::Result<()> {
    let noted = &backup.manifest;
    let mut filling = Filling::begin(database, &noted.migrations).await?;
    for table in &filling.tables {
        let is_there = noted.tables.iter().any(|note| note.name == table.name);
        ensure!(is_there, "the manifest lies: it does not name the table {}", table.name);
    }
    // In the database's own order: a row refers to those of tables before it.
    for table in filling.tables.clone() {
        for note in noted.tables.iter().filter(|note| note.name == table.name) {
            put(backup, &mut filling, note).await?;
        }
    }
    for note in &noted.tables {
        let is_there = filling.tables.iter().any(|table| table.name == note.name);
        ensure!(is_there, "the manifest lies: its migrations make no table {}", note.name);
    }
    let head = filling.head().await.context("looking for the end of the event log")?;
    ensure!(
        Log::of(&head) == noted.log,
        "the manifest lies: it says that event {} was the last, and the log ends with {}",
        noted.log.last,
        head.sequence
    );
    filling.commit().await?;
    migrate::migrate(database).await.context("bringing the schema up to date")?;
    Ok(())
}

async fn put(backup: &Backup, filling: &mut Filling, note: &TableNote) -> anyhow::Result<()> {
    let table = note.table()?;
    let path = backup.folder.join(&note.part.path);
    let file = disk::open(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut reader = RowReader::new(BufReader::new(file), &table);
    let filling_table = || format!("filling the table {}", table.name);
    let (mut waiting, mut bytes) = (Vec::new(), 0);
    while let Some((row, length)) = reader.next()? {
        waiting.push(row);
        bytes += length;
        if waiting.len() >= ROWS_AT_ONCE || bytes >= ROWS_AT_ONCE_BYTES {
            filling.put(&table, std::mem::take(&mut waiting)).await.with_context(filling_table)?;
            bytes = 0;
        }
    }
    filling.put(&table, waiting).await.with_context(filling_table)?;
    let rows = reader.rows;
    ensure!(rows == note.rows, "the manifest lies: {} has {rows} rows, and it says {}", table.name, note.rows);
    // They may have been changed since all digests were looked at.
    ensure!(reader.sha256() == note.part.sha256, "{}: it is not as it was written", note.part.path);
    Ok(())
}
