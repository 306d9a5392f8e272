//! What a backup says of itself, and whether that is so.

use std::{
    collections::BTreeSet,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use base::Instant;
use crypto::digest::Sha256;
use records::{
    copy::{Column, ColumnKind, Head, Table},
    disk,
};
use serde::{Deserialize, Serialize};

use super::folder::UNFINISHED;
use crate::limits::{KEY_FILE_BYTES_MAX, MANIFEST_BYTES_MAX, TAG_BYTES_MAX};

/// The version of the format that this program writes, and the only one so far.
pub(super) const FORMAT: u32 = 1;

/// The file that names all others. It is written last.
pub(super) const MANIFEST: &str = "manifest.json";

/// The file with the manifest's tag under a key of the installation: who has only the backup cannot make another one
/// that counts.
pub(super) const TAG: &str = "manifest.tag";

/// What the name of a backup begins with; when it was made follows.
pub(super) const PREFIX: &str = "guosuo-";

/// Where rows are, and where keys.
pub(super) const TABLES: &str = "tables";
pub(super) const KEYS: &str = "keys";

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub format: u32,
    /// The version of the program that wrote it.
    pub product: String,
    /// When, in microseconds.
    pub made_at: i64,
    /// From which kind of database.
    pub database: String,
    /// The migrations that had been applied.
    pub migrations: Vec<String>,
    pub log: Log,
    pub tables: Vec<TableNote>,
    pub keys: Keys,
}

/// Where the event log ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    /// The number of the last event that had one.
    pub last: i64,
    /// Its chained hash.
    pub hash: String,
    /// Events that had none yet.
    pub waiting: i64,
}

impl Log {
    pub fn of(head: &Head) -> Self {
        Self { last: head.sequence, hash: head.hash.clone(), waiting: head.waiting }
    }

    /// How many events there were.
    pub fn events(&self) -> i64 {
        self.last + self.waiting
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableNote {
    pub name: String,
    /// Each column with its type.
    pub columns: Vec<(String, String)>,
    pub rows: u64,
    pub part: Part,
}

impl TableNote {
    /// The table as the database has it.
    pub fn table(&self) -> anyhow::Result<Table> {
        let column = |(name, kind): &(String, String)| {
            let kind = ColumnKind::of(kind).with_context(|| format!("{}.{name} is of no known type", self.name))?;
            Ok(Column { name: name.clone(), kind })
        };
        Ok(Table { name: self.name.clone(), columns: self.columns.iter().map(column).collect::<anyhow::Result<_>>()? })
    }
}

/// The keys, or where they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    pub are_included: bool,
    /// Where the key files lay.
    pub folder: String,
    /// Where the envelope key lay.
    pub envelope: String,
    pub parts: Vec<Part>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// Below the folder of the backup.
    pub path: String,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// What is read of a manifest before anything else: that of another format may say other things.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// A backup whose manifest was read.
#[derive(Debug)]
pub(super) struct Backup {
    pub folder: PathBuf,
    pub manifest: Manifest,
    /// The manifest as it was written.
    text: Vec<u8>,
}

impl Backup {
    /// Reads the manifest.
    ///
    /// # Errors
    ///
    /// A folder that is no backup, one that was cut off, and a manifest of another format or that names what no backup
    /// has.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let shown = folder.display();
        ensure!(folder.is_dir(), "there is no folder {shown}");
        ensure!(!folder.to_string_lossy().trim_end_matches('/').ends_with(UNFINISHED), "{shown} was cut off");
        let path = folder.join(MANIFEST);
        ensure!(path.exists(), "{shown} is no backup, or one that was cut off: it has no {MANIFEST}");
        let reading = || format!("reading {}", path.display());
        let text = disk::read(&path, MANIFEST_BYTES_MAX).with_context(reading)?;
        let Version { format } = serde_json::from_slice(&text).with_context(reading)?;
        ensure!(format == FORMAT, "{shown} has format {format}, and this program reads format {FORMAT}");
        let manifest: Manifest = serde_json::from_slice(&text).with_context(reading)?;
        manifest.check().with_context(|| format!("{} lies", path.display()))?;
        Ok(Self { folder: folder.to_owned(), manifest, text })
    }

    /// Whether every file is there and as long as it was: a glance, which reads none of them.
    ///
    /// # Errors
    ///
    /// The first one that is not.
    pub fn check_sizes(&self) -> anyhow::Result<()> {
        self.manifest.parts().try_for_each(|part| part.check_size(&self.folder).with_context(|| part.path.clone()))
    }

    /// What is wrong with the files, each named; nothing when every one is as it was written.
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self
            .manifest
            .parts()
            .filter_map(|part| {
                let checked = part.check(&self.folder);
                checked.err().map(|error| format!("{}: {error:#}", part.path))
            })
            .collect();
        let known: BTreeSet<&str> =
            self.manifest.parts().map(|part| part.path.as_str()).chain([MANIFEST, TAG]).collect();
        for (within, prefix) in [("", String::new()), (TABLES, format!("{TABLES}/")), (KEYS, format!("{KEYS}/"))] {
            let names = fs::read_dir(self.folder.join(within)).into_iter().flatten().flatten();
            for name in names.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
                let path = format!("{prefix}{name}");
                if !known.contains(path.as_str()) && ![TABLES, KEYS].contains(&path.as_str()) {
                    faults.push(format!("{path}: the manifest does not name it"));
                }
            }
        }
        faults
    }

    /// Whether the manifest is the one that whoever has this key wrote; none when it has no tag.
    pub fn is_tagged_by(&self, key: &[u8; 32]) -> Option<bool> {
        let found = disk::read(&self.folder.join(TAG), TAG_BYTES_MAX).ok()?;
        Some(base::secret::equal(&found, tag(key, &self.text).as_bytes()))
    }
}

/// The name of a backup that was made at this instant.
pub(super) fn name(at: Instant) -> String {
    format!("{PREFIX}{}", at.rfc3339().replace(['-', ':'], ""))
}

/// The tag of a manifest.
pub(super) fn tag(key: &[u8; 32], manifest: &[u8]) -> String {
    crypto::digest::hex(&crypto::mac::hmac_sha256(key, &[b"guosuo backup 1", manifest]))
}

impl Manifest {
    pub fn made_at(&self) -> Instant {
        Instant::from_micros(self.made_at)
    }

    /// The name that the backup was given, whatever its folder is called now.
    pub fn name(&self) -> String {
        name(self.made_at())
    }

    /// How many rows it names.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// How large its files are together.
    pub fn bytes(&self) -> u64 {
        self.parts().map(|part| part.bytes).sum()
    }

    /// Every file that it names.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.tables.iter().map(|table| &table.part).chain(&self.keys.parts)
    }

    /// Whether it says what a backup can be: what it names is read and written under these names.
    fn check(&self) -> anyhow::Result<()> {
        let mut names = BTreeSet::new();
        for note in &self.tables {
            let is_name = |name: &str| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_0123456789".contains(&byte))
            };
            ensure!(is_name(&note.name), "it names a table {:?}", note.name);
            ensure!(names.insert(&note.name), "it names the table {} twice", note.name);
            ensure!(note.columns.iter().all(|(name, _)| is_name(name)), "the table {} has odd columns", note.name);
            ensure!(note.part.path == rows_path(&note.name), "the rows of {} are in {:?}", note.name, note.part.path);
            note.table()?;
        }
        ensure!(self.keys.are_included != self.keys.parts.is_empty(), "it has keys, or has none, and says otherwise");
        let mut names = BTreeSet::new();
        for part in &self.keys.parts {
            let name = part.path.strip_prefix(KEYS).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
            ensure!(is_key_file(name), "it names a key {:?}", part.path);
            ensure!(names.insert(name), "it names the key {name} twice");
            ensure!(part.bytes <= KEY_FILE_BYTES_MAX, "the key {name} is longer than any key");
        }
        ensure!(self.log.last >= 0 && self.log.waiting >= 0, "it has less than no events");
        Ok(())
    }
}

impl Part {
    fn check_size(&self, folder: &Path) -> anyhow::Result<()> {
        let Ok(found) = fs::symlink_metadata(folder.join(&self.path)) else { bail!("it is missing") };
        ensure!(found.is_file(), "it is no file");
        ensure!(found.len() == self.bytes, "it has {} bytes, and had {}", found.len(), self.bytes);
        Ok(())
    }

    fn check(&self, folder: &Path) -> anyhow::Result<()> {
        self.check_size(folder)?;
        let mut file = disk::open(&folder.join(&self.path))?;
        let (mut digest, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            digest.update(buffer.get(..read).unwrap_or_default());
        }
        ensure!(digest.finish_hex() == self.sha256, "it is not as it was written");
        Ok(())
    }
}

/// Where the rows of a table are.
pub(super) fn rows_path(table: &str) -> String {
    format!("{TABLES}/{table}.jsonl")
}

/// Whether a file of this name can lie among keys.
pub(super) fn is_key_file(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && !name.starts_with('.') && name.len() <= 255 && name.bytes().all(is_plain)
}
