//! A witness elsewhere hears of every head of the event log: whoever has this machine cannot change what it has taken.
//!
//! A head is kept in a file before the witness hears of it. What it did not take is sent again, the oldest first, after a
//! restart too: a file beside the heads says how far it has come. It may hear of a head twice, and misses none.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use base::{Clock, Fault, Instant};
use oidc::logout::Fetch;
use records::disk;
use serde::{Deserialize, Serialize};

use crate::{
    fetch::{Outside, Reach},
    foundation, kept_heads,
    limits::{
        BESIDE_HEADS_BYTES_MAX, HEAD_LINE_BYTES_MAX, WITNESS_PASSED_AT_ONCE, WITNESS_TURN_ENDS_AFTER, WITNESS_WAIT_MAX,
    },
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

/// What stands next in the files.
#[derive(Debug, PartialEq, Eq)]
struct Next {
    /// The head that waits; none where there is nothing but what is no head.
    head: Option<Line>,
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
        let outside = Outside::new(Reach::Anywhere, foundation::extra_roots(settings)?).context("log.witness_url")?;
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
            let now = kept_heads::name_of(clock.now());
            // Behind a file of a month that is to come no head of this one would ever be found.
            let (file, offset) = if state.file > now { (now.as_str(), 0) } else { (state.file.as_str(), state.offset) };
            let next = next(&self.folder, (file, offset), &now);
            let next = next.map_err(|error| Fault::unavailable(format!("{error:#}")))?;
            let Some(Next { head, file, offset }) = next else { break };
            let Some(head) = head else {
                self.known().state = State { file, offset, ..state };
                tokio::task::yield_now().await;
                continue;
            };
            let failed = match self.outside.post_form(&self.url, format!("head={}", head.jws)).await {
                Ok(200..300) => None,
                Ok(status) => Some(format!("it answered {status}")),
                Err(error) => Some(error),
            };
            let is_failed = failed.is_some();
            self.heard((head.sequence, file, offset), failed, clock.now());
            if is_failed {
                break;
            }
        }
        let state = self.known().state.clone();
        self.write(&state).map_err(|error| Fault::unavailable(format!("{}: {error}", self.folder.display())))
    }

    /// What became of one that was sent.
    fn heard(&self, (sequence, file, offset): (i64, String, u64), failed: Option<String>, now: Instant) {
        let mut known = self.known();
        let since = known.state.failing.take().map(|(since, _)| since);
        let Some(why) = failed else {
            if since.is_some() {
                tracing::info!("the witness takes heads of the event log again");
            }
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
        disk::write(&self.folder.join(STATE), [serde_json::to_vec(state)?.as_slice()])
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
    serde_json::from_slice(&disk::read(&folder.join(STATE), BESIDE_HEADS_BYTES_MAX).ok()?).ok()
}

/// What of a line of the files is sent.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Line {
    sequence: i64,
    jws: String,
}

/// What stands behind this place, in files up to this one; none when there is nothing yet.
fn next(folder: &Path, (file, offset): (&str, u64), last: &str) -> anyhow::Result<Option<Next>> {
    for path in plain_files(folder)? {
        let name = name(&path);
        if name.as_str() < file || name.as_str() > last {
            continue;
        }
        let begin = if name == file { offset } else { 0 };
        let (head, offset) = next_in(&path, begin).with_context(|| format!("reading {}", path.display()))?;
        if head.is_some() || offset > begin + WITNESS_PASSED_AT_ONCE {
            return Ok(Some(Next { head, file: name, offset }));
        }
    }
    Ok(None)
}

/// The first head of a file behind a place, and the place behind it; none when so much stands there that is none, or
/// nothing more.
fn next_in(path: &Path, begin: u64) -> std::io::Result<(Option<Line>, u64)> {
    let mut file = BufReader::new(disk::open(path)?);
    file.seek(SeekFrom::Start(begin))?;
    let mut offset = begin;
    while offset <= begin + WITNESS_PASSED_AT_ONCE {
        let mut line = Vec::new();
        let length = file.by_ref().take(HEAD_LINE_BYTES_MAX).read_until(b'\n', &mut line)? as u64;
        // The last line may be half written yet.
        if length == 0 || (length < HEAD_LINE_BYTES_MAX && line.last() != Some(&b'\n')) {
            break;
        }
        offset += length;
        // What is none of ours is named by the audit.
        if let Ok(line) = serde_json::from_slice(&line) {
            return Ok((Some(line), offset));
        }
    }
    Ok((None, offset))
}

/// Where the files end now.
fn end(folder: &Path) -> anyhow::Result<(String, u64)> {
    let Some(path) = plain_files(folder)?.pop() else { return Ok((String::new(), 0)) };
    let length = fs::symlink_metadata(&path).with_context(|| format!("reading {}", path.display()))?.len();
    Ok((name(&path), length))
}

/// The files that can hold heads. What else lies there the audit names.
fn plain_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = kept_heads::files(folder)?;
    files.retain(|path| fs::symlink_metadata(path).is_ok_and(|found| found.is_file()));
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("guosuo-witness-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            Self(folder)
        }

        fn write(&self, name: &str, lines: &[String]) {
            fs::create_dir_all(&self.0).unwrap();
            fs::write(self.0.join(name), lines.concat()).unwrap();
        }

        /// The numbers of the heads from this place on, and the place behind the last one.
        fn all(&self, (mut file, mut offset): (String, u64), last: &str) -> (Vec<i64>, (String, u64)) {
            let mut found = Vec::new();
            while let Some(next) = next(&self.0, (&file, offset), last).unwrap() {
                if let Some(head) = next.head {
                    assert_eq!(head.jws, format!("a.b.{}", head.sequence));
                    found.push(head.sequence);
                }
                (file, offset) = (next.file, next.offset);
            }
            (found, (file, offset))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn line(sequence: i64) -> String {
        format!("{{\"sequence\":{sequence},\"jws\":\"a.b.{sequence}\"}}\n")
    }

    const NOW: &str = "2026-11.jsonl";

    #[test]
    fn heads_are_found_one_after_the_other_across_files_and_what_is_none_is_passed_over() {
        let folder = Folder::new("across");
        let begin = (String::new(), 0);
        assert_eq!(folder.all(begin.clone(), NOW), (vec![], begin.clone()), "nothing was kept yet");
        assert_eq!(end(&folder.0).unwrap(), begin);
        let long = format!("{}\n", "x".repeat(usize::try_from(HEAD_LINE_BYTES_MAX).unwrap() + 9));
        folder.write("2026-10.jsonl", &[line(1), "nothing\n".to_owned(), long, line(5)]);
        // A log that was put back counts from a smaller number again, and its heads are sent too.
        folder.write(NOW, &[line(3), "{\"sequence\":4,".to_owned()]);
        let (found, place) = folder.all(begin, NOW);
        assert_eq!(found, [1, 5, 3]);
        folder.write(NOW, &[line(3), line(4)]);
        assert_eq!(folder.all(place, NOW), (vec![4], end(&folder.0).unwrap()));
    }

    #[test]
    fn what_is_no_file_of_heads_of_this_time_keeps_no_head_from_the_witness() {
        let folder = Folder::new("hostile");
        folder.write("2099-01.jsonl", &[line(9)]);
        folder.write("2026-10.jsonl", &[line(1)]);
        std::os::unix::fs::symlink("2026-10.jsonl", folder.0.join("2026-09.jsonl")).unwrap();
        std::os::unix::fs::symlink("2026-08.jsonl", folder.0.join("2026-08.jsonl")).unwrap();
        fs::create_dir(folder.0.join("2026-07.jsonl")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(folder.0.join("2026-06.jsonl")).status().unwrap().success());
        // So much that is none is passed over in several steps.
        let nothing = fs::File::create(folder.0.join("2026-05.jsonl")).unwrap();
        nothing.set_len(3 * WITNESS_PASSED_AT_ONCE).unwrap();
        folder.write(NOW, &[line(2)]);
        assert_eq!(folder.all((String::new(), 0), NOW).0, [1, 2]);
        assert_eq!(next(&folder.0, ("2026-05.jsonl", 0), NOW).unwrap().unwrap().head, None);
    }

    #[tokio::test]
    async fn a_witness_that_came_to_a_month_to_come_hears_of_this_one_again() {
        let folder = Folder::new("ahead");
        folder.write(NOW, &[line(7)]);
        let state = State { file: "2099-01.jsonl".to_owned(), offset: 10, ..State::default() };
        let witness = Witness {
            // Nobody listens there.
            url: "http://127.0.0.1:1".to_owned(),
            outside: Outside::new(Reach::Anywhere, Vec::new()).unwrap(),
            folder: folder.0.clone(),
            known: Arc::new(Mutex::new(Known { state, again: None })),
        };
        witness.turn(&base::ManualClock::new(Instant::from_seconds(1_795_417_200))).await.unwrap();
        assert!(witness.known().state.failing.is_some(), "the head of this month was sent");
    }
}
