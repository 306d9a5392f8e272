//! A folder that goes away again unless it is finished, and files that only their owner reads.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context;
use crypto::digest::Sha256;

use super::manifest::Part;
use crate::foundation::make_private_folder;

/// What the name of a folder ends with that is not finished.
pub(super) const UNFINISHED: &str = ".partial";

/// A folder that is removed with everything in it, unless it gets another name.
pub(super) struct Unfinished {
    path: PathBuf,
    is_finished: bool,
}

impl Unfinished {
    /// Makes it. What somebody left of this name is removed first.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn make(path: PathBuf) -> anyhow::Result<Self> {
        let removing = || format!("removing {}", path.display());
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&path).with_context(removing)?,
            Ok(_) => fs::remove_file(&path).with_context(removing)?,
            Err(_) => {}
        }
        make_private_folder(path.parent().unwrap_or(&path))?;
        // One that somebody else made meanwhile would be open to them.
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.with_context(|| format!("creating {}", path.display()))?;
        Ok(Self { path, is_finished: false })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name, when all that is in it is on the disk.
    ///
    /// # Errors
    ///
    /// When that cannot be done; then it is removed.
    pub fn finish(mut self, path: &Path) -> anyhow::Result<()> {
        let naming = || format!("naming {}", path.display());
        fs::rename(&self.path, path).with_context(naming)?;
        self.is_finished = true;
        sync(path.parent().unwrap_or(path)).with_context(naming)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Waits until the names in a folder are on the disk.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A part that is being written.
pub(super) struct PartWriter {
    file: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
}

impl PartWriter {
    pub fn create(folder: &Path, path: &str) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(folder.join(path))?;
        Ok(Self { file: BufWriter::new(file), digest: Sha256::new(), bytes: 0 })
    }

    /// What was written, when it is on the disk.
    pub fn finish(mut self, path: &str) -> io::Result<Part> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        Ok(Part { path: path.to_owned(), bytes: self.bytes, sha256: self.digest.finish_hex() })
    }
}

impl Write for PartWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a whole part.
pub(super) fn write_part(folder: &Path, path: &str, bytes: &[u8]) -> anyhow::Result<Part> {
    let written = PartWriter::create(folder, path).and_then(|mut part| {
        part.write_all(bytes)?;
        part.finish(path)
    });
    written.with_context(|| format!("writing {}", folder.join(path).display()))
}
