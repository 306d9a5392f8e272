//! A witness elsewhere hears of every head of the event log: whoever has this machine cannot change what it has taken.
//!
//! A head is kept in a file before the witness hears of it. What it did not take is sent again, the oldest first, after a
//! restart too: a file beside the heads says how far it has come. It may hear of a head twice, and misses none.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use base::{Clock, Fault, Instant};
use oidc::logout::Fetch;
use serde::{Deserialize, Serialize};

use crate::{
    fetch::Outside,
    kept_heads,
    limits::{WITNESS_BYTES_MAX, WITNESS_TURN_ENDS_AFTER, WITNESS_WAIT_MAX},
    settings::{self, Settings},
};

/// The file that says how far the witness has come.
const STATE: &str = "witness.json";

/// How long a witness that took no head is left alone the first time; then twice as long each time.
const WAIT_FIRST: Duration = Duration::from_secs(1);

/// Who hears of heads.
#[derive(Clone)]
pub struct Witness {
    url: String,
    outside: Outside,
    folder: PathBuf,
    known: Arc<Mutex<Known>>,
}

/// How far it has come, as the file says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// Whose state it is: another witness begins anew.
    url: String,
    /// The file of heads, and the place in it, up to which it has taken all. Not their numbers: those of a log that was
    /// put back begin again.
    file: String,
    offset: u64,
    /// The number of the last head that it took, and when that was, in microseconds.
    taken: Option<(i64, i64)>,
    /// Since when it takes none, in microseconds, and why.
    failing: Option<(i64, String)>,
}

#[derive(Debug)]
struct Known {
    state: State,
    /// When it is asked again that failed, and how long it was left alone for that.
    again: Option<(tokio::time::Instant, Duration)>,
}

/// A head that waits.
#[derive(Debug, PartialEq, Eq)]
struct Waiting {
    sequence: i64,
    jws: String,
    /// The place behind it.
    file: String,
    offset: u64,
}

impl Witness {
    /// The witness of the settings, if they name one.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up, or the files of heads cannot be read.
    pub fn new(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let url = settings.text(&settings::HEADS_WITNESS_URL).to_owned();
        if url.is_empty() {
            return Ok(None);
        }
        let folder = kept_heads::folder(settings);
        let state = if let Some(state) = read(&folder).filter(|state| state.url == url) {
            state
        } else {
            // Whoever becomes a witness now vouches for what comes from now on, in which all before it is chained.
            let (file, offset) = end(&folder)?;
            State { url: url.clone(), file, offset, ..State::default() }
        };
        // Whoever runs the product says where its witness is, which may be inside.
        let outside = Outside::new(true).context("log.witness_url")?;
        let known = Arc::new(Mutex::new(Known { state, again: None }));
        Ok(Some(Self { url, outside, folder, known }))
    }

    /// Sends what waits, the oldest first, until all is taken, the witness fails, or the turn has taken long enough. Does
    /// nothing while nothing waits, and while a witness that failed is left alone.
    ///
    /// # Errors
    ///
    /// Files of heads that cannot be read or written. A witness that fails is told once, and asked again.
    pub async fn turn(&self, clock: &dyn Clock) -> Result<(), Fault> {
        let begun = tokio::time::Instant::now();
        if self.known().again.is_some_and(|(at, _)| begun < at) {
            return Ok(());
        }
        while begun.elapsed() < WITNESS_TURN_ENDS_AFTER {
            let state = self.known().state.clone();
            let waits = next(&self.folder, &state.file, state.offset);
            let Some(head) = waits.map_err(|error| Fault::unavailable(format!("{error:#}")))? else { break };
            let failed = match self.outside.post_form(&self.url, format!("head={}", head.jws)).await {
                Ok(200..300) => None,
                Ok(status) => Some(format!("it answered {status}")),
                Err(error) => Some(error),
            };
            let is_failed = failed.is_some();
            self.heard(head, failed, clock.now());
            if is_failed {
                break;
            }
        }
        let state = self.known().state.clone();
        self.write(&state).map_err(|error| Fault::unavailable(format!("{}: {error}", self.folder.display())))
    }

    /// What became of one that was sent.
    fn heard(&self, head: Waiting, failed: Option<String>, now: Instant) {
        let mut known = self.known();
        let since = known.state.failing.take().map(|(since, _)| since);
        let Some(why) = failed else {
            if since.is_some() {
                tracing::info!("the witness takes heads of the event log again");
            }
            let Waiting { sequence, file, offset, .. } = head;
            let taken = Some((sequence, now.as_micros()));
            known.state = State { url: self.url.clone(), file, offset, taken, failing: None };
            known.again = None;
            return;
        };
        if since.is_none() {
            tracing::warn!(why, "the witness took no head of the event log; it is sent again");
        }
        let wait = known.again.map_or(WAIT_FIRST, |(_, wait)| (wait * 2).min(WITNESS_WAIT_MAX));
        known.again = Some((tokio::time::Instant::now() + wait, wait));
        known.state.failing = Some((since.unwrap_or_else(|| now.as_micros()), why));
    }

    /// Writes how far it has come, all of it or nothing.
    fn write(&self, state: &State) -> std::io::Result<()> {
        if !self.folder.exists() || read(&self.folder).as_ref() == Some(state) {
            return Ok(());
        }
        let half = self.folder.join(format!("{STATE}.half-{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half)?;
        file.write_all(&serde_json::to_vec(state)?)?;
        fs::rename(half, self.folder.join(STATE))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How it stands with the witness, for `doctor`; nothing when the settings name none.
pub fn look(settings: &Settings) -> Option<anyhow::Result<String>> {
    let url = settings.text(&settings::HEADS_WITNESS_URL);
    if url.is_empty() {
        return None;
    }
    let state = read(&kept_heads::folder(settings)).filter(|state| state.url == url);
    Some(state.map_or_else(|| Ok("it has not been asked yet, which `serve` does".to_owned()), |state| said(&state)))
}

fn said(state: &State) -> anyhow::Result<String> {
    let at = |micros| Instant::from_micros(micros).rfc3339();
    let last = match state.taken {
        Some((sequence, taken_at)) => format!("it took the head of event {sequence} last ({})", at(taken_at)),
        None => "it has taken no head yet".to_owned(),
    };
    match &state.failing {
        None => Ok(last),
        Some((since, why)) => bail!("it takes none since {}: {why}; {last}, and what waits is sent again", at(*since)),
    }
}

fn read(folder: &Path) -> Option<State> {
    serde_json::from_slice(&fs::read(folder.join(STATE)).ok()?).ok()
}

/// What of a line of the files is sent.
#[derive(Deserialize)]
struct Line {
    sequence: i64,
    jws: String,
}

/// The first head behind this place; none when there is none yet.
fn next(folder: &Path, file: &str, offset: u64) -> anyhow::Result<Option<Waiting>> {
    for path in kept_heads::files(folder)? {
        let name = name(&path);
        if name.as_str() < file {
            continue;
        }
        let begin = if name == file { offset } else { 0 };
        let found = next_in(&path, begin).with_context(|| format!("reading {}", path.display()))?;
        if let Some((Line { sequence, jws }, offset)) = found {
            return Ok(Some(Waiting { sequence, jws, file: name, offset }));
        }
    }
    Ok(None)
}

/// The first head of a file behind a place, and the place behind it.
fn next_in(path: &Path, mut offset: u64) -> std::io::Result<Option<(Line, u64)>> {
    let mut file = BufReader::new(File::open(path)?);
    file.seek(SeekFrom::Start(offset))?;
    loop {
        let mut line = Vec::new();
        let length = file.by_ref().take(WITNESS_BYTES_MAX).read_until(b'\n', &mut line)? as u64;
        // The last line may be half written yet.
        if length == 0 || (length < WITNESS_BYTES_MAX && line.last() != Some(&b'\n')) {
            return Ok(None);
        }
        offset += length;
        // What is none of ours is named by the audit.
        if let Ok(line) = serde_json::from_slice(&line) {
            return Ok(Some((line, offset)));
        }
    }
}

/// Where the files end now.
fn end(folder: &Path) -> anyhow::Result<(String, u64)> {
    let Some(path) = kept_heads::files(folder)?.pop() else { return Ok((String::new(), 0)) };
    let length = fs::metadata(&path).with_context(|| format!("reading {}", path.display()))?.len();
    Ok((name(&path), length))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_one_after_the_other_across_files_and_what_is_none_is_passed_over() {
        let folder = std::env::temp_dir().join(format!("guosuo-witness-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        assert_eq!(next(&folder, "", 0).unwrap(), None, "nothing was kept yet");
        assert_eq!(end(&folder).unwrap(), (String::new(), 0));
        fs::create_dir(&folder).unwrap();
        let line = |sequence: i64| format!("{{\"sequence\":{sequence},\"jws\":\"a.b.{sequence}\"}}\n");
        let long = format!("{}\n", "x".repeat(usize::try_from(WITNESS_BYTES_MAX).unwrap() + 9));
        fs::write(folder.join("2026-10.jsonl"), [line(1), "nothing\n".to_owned(), long, line(5)].concat()).unwrap();
        // A log that was put back counts from a smaller number again, and its heads are sent too.
        fs::write(folder.join("2026-11.jsonl"), [line(3), "{\"sequence\":4,".to_owned()].concat()).unwrap();
        let (mut file, mut offset, mut found) = (String::new(), 0, Vec::new());
        while let Some(head) = next(&folder, &file, offset).unwrap() {
            assert_eq!(head.jws, format!("a.b.{}", head.sequence));
            found.push(head.sequence);
            (file, offset) = (head.file, head.offset);
        }
        assert_eq!(found, [1, 5, 3]);
        fs::write(folder.join("2026-11.jsonl"), [line(3), line(4)].concat()).unwrap();
        let head = next(&folder, &file, offset).unwrap().unwrap();
        assert_eq!((head.sequence, (head.file, head.offset)), (4, end(&folder).unwrap()));
        fs::remove_dir_all(folder).unwrap();
    }
}
