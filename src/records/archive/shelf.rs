//! Files of the archive: written once under a name that says what is in them, and never changed.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use base::Fault;
use crypto::digest::Sha256;

use crate::limits::ARCHIVE_LINE_BYTES;

/// What the name of a file ends with, and that of one which is being written.
const WHOLE: &str = ".jsonl";
const UNFINISHED: &str = ".half";

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
        self.write_new(&name.to_string(), lines).map_err(|error| self.fault("writing", &error))?;
        Ok(digest)
    }

    fn write_new(&self, name: &str, lines: &[String]) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let half = self.folder.join(format!("{name}{UNFINISHED}"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half)?;
        for line in lines {
            file.write_all(format!("{line}\n").as_bytes())?;
        }
        file.sync_all()?;
        fs::rename(&half, self.folder.join(name))?;
        File::open(&self.folder)?.sync_all()
    }

    /// Removes what somebody began to write who was cut off.
    pub(crate) fn remove_unfinished(&self) -> Result<(), Fault> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let unfinished = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(UNFINISHED));
        for entry in unfinished {
            fs::remove_file(entry.path()).map_err(|error| self.fault("removing what was cut off", &error))?;
        }
        Ok(())
    }

    /// The digest of a file; none when it is not there.
    pub(crate) fn digest(&self, name: &str) -> Result<Option<String>, Fault> {
        let Some(mut reader) = self.open(name)? else { return Ok(None) };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = reader.input.read(&mut buffer).map_err(|error| self.fault("reading", &error))?;
            if read == 0 {
                return Ok(Some(reader.digest.finish_hex()));
            }
            reader.digest.update(buffer.get(..read).unwrap_or_default());
        }
    }

    /// Whether a file has these lines and nothing else.
    pub(crate) fn has(&self, name: &Name, lines: &[String]) -> Result<bool, Fault> {
        Ok(self.digest(&name.to_string())? == Some(digest_of(lines)))
    }

    /// Begins to read a file; none when it is not there.
    pub(crate) fn open(&self, name: &str) -> Result<Option<Reader>, Fault> {
        match File::open(self.folder.join(name)) {
            Ok(file) => Ok(Some(Reader { input: BufReader::new(file), digest: Sha256::new() })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.fault("reading", &error)),
        }
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
