//! What was kept of the event log outside of the database: heads, and where the last sound audit ended.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{BufRead, BufReader, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context;
use records::{Database, audit::CheckedPoint, heads::KeptHead};

use crate::{
    foundation,
    limits::KEPT_HEADS_MAX,
    settings::{self, Settings},
};

/// The file, beside the heads, that says where the last sound audit ended.
const CHECKED: &str = "checked.json";

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

/// What was kept last.
///
/// # Errors
///
/// A file that cannot be read.
pub fn newest(database: &Database, folder: &Path) -> anyhow::Result<Option<KeptHead>> {
    for file in files(folder)?.into_iter().rev() {
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        if let Some(head) = text.lines().rev().find_map(|line| KeptHead::read(database, line)) {
            return Ok(Some(head));
        }
    }
    Ok(None)
}

/// Where the last sound audit ended; none when there was none that this installation wrote down.
///
/// # Errors
///
/// A file that cannot be read.
pub fn checked(database: &Database, folder: &Path) -> anyhow::Result<Option<CheckedPoint>> {
    let file = folder.join(CHECKED);
    if !file.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    Ok(CheckedPoint::read(database, text.trim_end()))
}

/// Keeps where a sound audit ended, in the place of the one before.
///
/// # Errors
///
/// A file that cannot be written.
pub fn keep_checked(database: &Database, folder: &Path, point: &CheckedPoint) -> anyhow::Result<()> {
    let Some(line) = point.line(database) else { return Ok(()) };
    let half = folder.join(format!("{CHECKED}.half"));
    let written = DirBuilder::new().recursive(true).mode(0o700).create(folder).and_then(|()| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&half, folder.join(CHECKED))?;
        fs::File::open(folder)?.sync_all()
    });
    written.with_context(|| format!("keeping what was checked in {}", folder.display()))
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
