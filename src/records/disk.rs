//! Files in folders that others may write into: heads, the archive, backups, keys.
//!
//! Whoever can put something there decides what lies under a name: a link to a file elsewhere, a pipe that nobody writes
//! into, a device. Nothing here follows it, waits for it, or writes through it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{fs::OFlags, io::Errno};

use crate::limits::HALF_NAMES_MAX;

/// What the name of a file ends with that is being written.
pub(crate) const UNFINISHED: &str = ".half";

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Opens a plain file to read it.
///
/// # Errors
///
/// When it is not there, may not be read, or is anything else than a plain file.
pub fn open(path: &Path) -> io::Result<File> {
    open_plain(OpenOptions::new().read(true), path)
}

/// Opens a plain file to write behind what is in it, and makes it when it is not there.
///
/// # Errors
///
/// When it cannot be made, may not be written, or is anything else than a plain file.
pub fn open_to_append(path: &Path) -> io::Result<File> {
    open_plain(OpenOptions::new().read(true).append(true).create(true).mode(0o600), path)
}

fn open_plain(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let is_not = || io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file");
    // A pipe would be waited for, and a terminal would become the program's own.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match options.custom_flags(flags.bits().cast_signed()).open(path) {
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => return Err(is_not()),
        opened => opened?,
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(is_not()) }
}

/// Reads a plain file that has so many bytes at most.
///
/// # Errors
///
/// When it is not there, may not be read, is anything else than a plain file, or is longer.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Writes a line behind what is in a file, and waits until it is on the disk. The folder and the file are made when they
/// are not there.
///
/// # Errors
///
/// When the folder or the file cannot be made or written, and when it is anything else than a plain file.
pub fn append(path: &Path, line: &str) -> io::Result<()> {
    make_folder(folder_of(path))?;
    let mut file = open_to_append(path)?;
    let length = file.metadata()?.len();
    let mut last = *b"\n";
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    // Behind a line that was cut off this one would be lost with it.
    let begin = if last == *b"\n" { "" } else { "\n" };
    file.write_all(format!("{begin}{line}\n").as_bytes())?;
    file.sync_data()
}

/// Writes a file that only its owner may read, all of it or nothing, in the place of whatever had its name: what a link
/// there leads to stays as it is. The folder is made when it is not there.
///
/// # Errors
///
/// When the folder cannot be made, a disk that does not write, and a folder that has the name.
pub fn write<'a>(path: &Path, pieces: impl IntoIterator<Item = &'a [u8]>) -> io::Result<()> {
    let half = Half::write(path, pieces)?;
    fs::rename(&half.path, path)?;
    sync_folder(path)
}

/// The same, but never over what is there: of two that write at the same time, the first one's stays.
///
/// # Errors
///
/// When the folder cannot be made, and a disk that does not write.
pub fn write_once(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let half = Half::write(path, [bytes])?;
    match fs::hard_link(&half.path, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => {
            drop(half);
            sync_folder(path)
        }
    }
}

/// A file that has not its name yet, and goes away without it.
struct Half {
    path: PathBuf,
}

impl Half {
    fn write<'a>(path: &Path, pieces: impl IntoIterator<Item = &'a [u8]>) -> io::Result<Self> {
        make_folder(folder_of(path))?;
        let (half, file) = Self::make(path)?;
        let mut writer = BufWriter::new(file);
        for piece in pieces {
            writer.write_all(piece)?;
        }
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(half)
    }

    /// Makes it under a name that nobody has: one that is there, whatever it is, is left alone. Processes on several
    /// machines may have the same number.
    fn make(path: &Path) -> io::Result<(Self, File)> {
        let mut tries = 0;
        loop {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(format!(".{}-{}{UNFINISHED}", process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
            let half = folder_of(path).join(name);
            tries += 1;
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < HALF_NAMES_MAX => {}
                made => return Ok((Self { path: half }, made?)),
            }
        }
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("guosuo-disk-{name}-{}", process::id()));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).unwrap();
            Self(folder)
        }

        fn of(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_is_no_plain_file_is_neither_read_nor_written_nor_waited_for() {
        let folder = Folder::new("plain");
        fs::write(folder.of("victim"), "as it was").unwrap();
        symlink(folder.of("victim"), folder.of("link")).unwrap();
        symlink(folder.of("loop"), folder.of("loop")).unwrap();
        symlink("/dev/zero", folder.of("device")).unwrap();
        fs::create_dir(folder.of("folder")).unwrap();
        assert!(process::Command::new("mkfifo").arg(folder.of("pipe")).status().unwrap().success());
        for name in ["link", "loop", "device", "folder", "pipe"] {
            let path = folder.of(name);
            let read = [open(&path).map(|_| ()), read(&path, 10).map(|_| ())];
            for done in read {
                assert_eq!(done.unwrap_err().to_string(), "it is no plain file", "{name}");
            }
            assert!(append(&path, "line").is_err(), "{name}");
        }
        assert!(open(Path::new("/dev/zero")).is_err());
        assert_eq!(open(&folder.of("absent")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(fs::read_to_string(folder.of("victim")).unwrap(), "as it was");
        assert_eq!(read(&folder.of("victim"), 9).unwrap(), b"as it was");
        assert_eq!(read(&folder.of("victim"), 8).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_file_is_written_in_the_place_of_a_link_and_never_through_it() {
        let folder = Folder::new("through");
        fs::write(folder.of("victim"), "as it was").unwrap();
        let next = COUNTER.load(Ordering::Relaxed);
        symlink(folder.of("victim"), folder.of("new")).unwrap();
        // Every name that this process may try next, as far as tests beside this one leave them to it.
        let halves: Vec<String> = (next..next + 20).map(|n| format!("new.{}-{n}{UNFINISHED}", process::id())).collect();
        for half in &halves {
            symlink(folder.of("victim"), folder.of(half)).unwrap();
        }
        write(&folder.of("new"), [b"one ".as_slice(), b"two"]).unwrap();
        let found = fs::symlink_metadata(folder.of("new")).unwrap();
        assert!(found.is_file() && found.permissions().mode() & 0o777 == 0o600, "{found:?}");
        assert_eq!(fs::read_to_string(folder.of("new")).unwrap(), "one two");
        assert_eq!(fs::read_to_string(folder.of("victim")).unwrap(), "as it was");
        assert_eq!(folder.names().len(), halves.len() + 2, "nothing is left over");
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_and_what_is_written_once_is_not_written_over() {
        let folder = Folder::new("once");
        fs::create_dir(folder.of("taken")).unwrap();
        assert!(write(&folder.of("taken"), [b"new".as_slice()]).is_err());
        write_once(&folder.of("deep/key"), b"first").unwrap();
        write_once(&folder.of("deep/key"), b"second").unwrap();
        assert_eq!(fs::read_to_string(folder.of("deep/key")).unwrap(), "first");
        assert_eq!(folder.names(), ["deep", "taken"]);
        assert_eq!(fs::read_dir(folder.of("deep")).unwrap().count(), 1);
    }

    #[test]
    fn a_line_stands_behind_the_others_also_behind_one_that_was_cut_off() {
        let folder = Folder::new("append");
        let path = folder.of("deep/lines");
        append(&path, "one").unwrap();
        append(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        fs::write(&path, "one\ntw").unwrap();
        append(&path, "three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntw\nthree\n");
    }
}
