//! Files of the archive: written once under a name that says what is in them, and never changed.

use std::{
    fmt,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use base::Fault;
use crypto::digest::Sha256;

use crate::{
    disk::{self, UNFINISHED},
    limits::{ARCHIVE_FILE_BYTES_MAX, ARCHIVE_LINE_BYTES},
};

/// What the name of a file ends with.
const WHOLE: &str = ".jsonl";

/// What the names of files of events begin with.
pub(crate) const EVENTS: &str = "events";

/// The folder of the archive.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

/// The name of a file: of what, from which row, to which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub what: String,
    pub first: String,
    pub last: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}{WHOLE}", self.what, self.first, self.last)
    }
}

impl Name {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.strip_suffix(WHOLE)?.split('-').map(str::to_owned);
        let name = Self { what: parts.next()?, first: parts.next()?, last: parts.next()? };
        parts.next().is_none().then_some(name)
    }

    /// The name of a file of events.
    pub(crate) fn of_events(first: i64, last: i64) -> Self {
        // Names sort as numbers do.
        let number = |number: i64| format!("{number:012}");
        Self { what: EVENTS.to_owned(), first: number(first), last: number(last) }
    }

    /// The numbers of the first and the last event; none when no file of events has this name. Other texts are read as the
    /// same numbers, and what has such a name could stand in for a file that the log names.
    pub(crate) fn numbers(&self) -> Option<(i64, i64)> {
        let (first, last) = (self.first.parse().ok()?, self.last.parse().ok()?);
        (*self == Self::of_events(first, last)).then_some((first, last))
    }
}

/// Files, each with its first and its last number, and the names of strays.
pub(crate) type FilesOfEvents = (Vec<(i64, i64, Name)>, Vec<String>);

/// A file that is there and cannot be read: it is none, or longer than any of ours, or the disk does not give it.
#[derive(Debug)]
pub(crate) struct Unread {
    path: PathBuf,
    why: io::Error,
}

impl From<Unread> for Fault {
    fn from(unread: Unread) -> Self {
        Self::unavailable(format!("{} of the archive cannot be read: {}", unread.path.display(), unread.why))
    }
}

impl Shelf {
    /// The files in this folder, which need not be there yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn fault(&self, doing: &str, error: &io::Error) -> Fault {
        Fault::unavailable(format!("{doing} in the archive {}: {error}", self.folder.display()))
    }

    /// The names of the files of one kind.
    pub(crate) fn names(&self, what: &str) -> Result<Vec<Name>, Fault> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(self.fault("looking", &error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| self.fault("looking", &error))?;
            names.extend(entry.file_name().to_str().and_then(Name::read).filter(|name| name.what == what));
        }
        Ok(names)
    }

    /// The files of events, each with the numbers of its first and last one; and names of files among them that the product
    /// writes nowhere.
    pub(crate) fn files_of_events(&self) -> Result<FilesOfEvents, Fault> {
        let (mut files, mut strays) = (Vec::new(), Vec::new());
        for name in self.names(EVENTS)? {
            match name.numbers() {
                Some((first, last)) => files.push((first, last, name)),
                None => strays.push(name.to_string()),
            }
        }
        files.sort_by_key(|(first, last, _)| (*first, *last));
        strays.sort();
        Ok((files, strays))
    }

    /// Writes a file, all of it or nothing, and gives its digest when it is on the disk. One that is there already with the
    /// same contents is what somebody wrote who was cut off then.
    pub(crate) fn write(&self, name: &Name, lines: &[String]) -> Result<String, Fault> {
        let digest = digest_of(lines);
        match self.digest(&name.to_string())? {
            Some(there) if there == digest => return Ok(digest),
            Some(_) => {
                let folder = self.folder.display();
                return Err(Fault::broken(format!(
                    "{name} is in {folder} already and says something else: move it away"
                )));
            }
            None => {}
        }
        let pieces = lines.iter().flat_map(|line| [line.as_bytes(), b"\n"]);
        disk::write(&self.folder.join(name.to_string()), pieces).map_err(|error| self.fault("writing", &error))?;
        Ok(digest)
    }

    /// Removes what somebody began to write who was cut off. What cannot be removed is in nobody's way.
    pub(crate) fn remove_unfinished(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let unfinished = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(UNFINISHED));
        for entry in unfinished.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())) {
            if let Err(error) = fs::remove_file(entry.path()) {
                tracing::warn!(file = %entry.path().display(), %error, "what was cut off in the archive is not removed");
            }
        }
    }

    /// The digest of a file; none when it is not there.
    pub(crate) fn digest(&self, name: &str) -> Result<Option<String>, Unread> {
        let Some(mut reader) = self.open(name)? else { return Ok(None) };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = reader.input.read(&mut buffer).map_err(|why| self.unread(name, why))?;
            if read == 0 {
                return Ok(Some(reader.digest.finish_hex()));
            }
            reader.digest.update(buffer.get(..read).unwrap_or_default());
        }
    }

    /// Whether there is a file that has these lines and nothing else.
    pub(crate) fn has(&self, name: &Name, lines: &[String]) -> bool {
        self.digest(&name.to_string()).is_ok_and(|digest| digest == Some(digest_of(lines)))
    }

    /// Begins to read a file; none when it is not there.
    pub(crate) fn open(&self, name: &str) -> Result<Option<Reader>, Unread> {
        let opened = disk::open(&self.folder.join(name)).and_then(|file| Ok((file.metadata()?.len(), file)));
        match opened {
            Ok((length, _)) if length > ARCHIVE_FILE_BYTES_MAX => {
                Err(self.unread(name, io::ErrorKind::FileTooLarge.into()))
            }
            Ok((_, file)) => Ok(Some(Reader { input: BufReader::new(file), digest: Sha256::new() })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(self.unread(name, why)),
        }
    }

    fn unread(&self, name: &str, why: io::Error) -> Unread {
        Unread { path: self.folder.join(name), why }
    }
}

fn digest_of(lines: &[String]) -> String {
    let mut digest = Sha256::new();
    for line in lines {
        digest.update(line.as_bytes());
        digest.update(b"\n");
    }
    digest.finish_hex()
}

/// Reads a file line by line, and keeps account of what was read.
pub(crate) struct Reader {
    input: BufReader<File>,
    digest: Sha256,
}

impl Reader {
    /// The next line; none at the end.
    ///
    /// # Errors
    ///
    /// A disk that does not read, and a line that was cut off, is longer than any row, or is no text.
    pub fn next(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        self.input.by_ref().take(ARCHIVE_LINE_BYTES).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        self.digest.update(&line);
        if line.pop() != Some(b'\n') {
            return Err(io::ErrorKind::InvalidData.into());
        }
        String::from_utf8(line).map(Some).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    /// The digest of what was read, hexadecimal.
    pub fn sha256(self) -> String {
        self.digest.finish_hex()
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::symlink, process::Command};

    use super::*;

    fn shelf(name: &str) -> Shelf {
        let folder = std::env::temp_dir().join(format!("guosuo-shelf-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Shelf::new(folder)
    }

    fn name(first: &str) -> Name {
        Name { what: EVENTS.to_owned(), first: first.to_owned(), last: "9".to_owned() }
    }

    #[test]
    fn what_is_no_file_of_the_archive_is_named_and_neither_read_nor_written_over() {
        let shelf = shelf("named");
        let lines = ["one".to_owned(), "two".to_owned()];
        let digest = shelf.write(&name("1"), &lines).unwrap();
        let whole = shelf.folder.join(name("1").to_string());
        symlink(&whole, shelf.folder.join(name("2").to_string())).unwrap();
        symlink(name("3").to_string(), shelf.folder.join(name("3").to_string())).unwrap();
        fs::create_dir(shelf.folder.join(name("4").to_string())).unwrap();
        assert!(Command::new("mkfifo").arg(shelf.folder.join(name("5").to_string())).status().unwrap().success());
        for first in ["2", "3", "4", "5"] {
            let unread = [shelf.open(&name(first).to_string()).err(), shelf.digest(&name(first).to_string()).err()];
            for unread in unread {
                let said = Fault::from(unread.unwrap()).to_string();
                assert!(said.contains(&format!("events-{first}-9.jsonl of the archive")), "{said}");
                assert!(said.ends_with("it is no plain file"), "{said}");
            }
            assert!(shelf.write(&name(first), &lines).is_err(), "{first}");
        }
        let long = File::create(shelf.folder.join(name("6").to_string())).unwrap();
        long.set_len(ARCHIVE_FILE_BYTES_MAX).unwrap();
        assert!(shelf.open(&name("6").to_string()).is_ok());
        long.set_len(ARCHIVE_FILE_BYTES_MAX + 1).unwrap();
        assert!(shelf.open(&name("6").to_string()).is_err());
        assert!(shelf.digest("absent").is_ok_and(|digest| digest.is_none()));
        assert_eq!(shelf.digest(&name("1").to_string()).unwrap(), Some(digest));
        fs::remove_dir_all(&shelf.folder).unwrap();
    }

    #[test]
    fn what_was_cut_off_is_removed_and_what_only_has_such_a_name_is_in_nobodys_way() {
        let shelf = shelf("unfinished");
        shelf.remove_unfinished();
        fs::create_dir_all(shelf.folder.join("x.half")).unwrap();
        let victim = shelf.folder.join("victim");
        fs::write(&victim, "as it was").unwrap();
        symlink(&victim, shelf.folder.join(format!("{}.half", name("1")))).unwrap();
        fs::write(shelf.folder.join("events-1-9.jsonl.7-0.half"), "cut off").unwrap();
        shelf.remove_unfinished();
        shelf.write(&name("1"), &["one".to_owned()]).unwrap();
        let mut left: Vec<_> = fs::read_dir(&shelf.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["events-1-9.jsonl", "events-1-9.jsonl.half", "victim", "x.half"]);
        assert_eq!(fs::read_to_string(victim).unwrap(), "as it was");
        fs::remove_dir_all(&shelf.folder).unwrap();
    }
}
