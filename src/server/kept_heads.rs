//! What was kept of the event log outside of the database: heads, and where the last sound audit ended.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::Context;
use base::Instant;
use records::{Database, audit::CheckedPoint, disk, heads::KeptHead};

use crate::{
    foundation,
    limits::{BESIDE_HEADS_BYTES_MAX, HEAD_LINE_BYTES_MAX, HEAD_LINES_DAMAGED_MAX, HEAD_TAILS_BYTES, KEPT_HEADS_MAX},
    settings::{self, Settings},
};

/// The file, beside the heads, that says where the last sound audit ended.
const CHECKED: &str = "checked.json";

/// What was kept.
#[derive(Debug, Default)]
pub struct Kept {
    /// By their numbers.
    pub heads: Vec<KeptHead>,
    /// What is wrong with which file, as sentences.
    pub damaged: Vec<String>,
    /// Where the last sound audit ended.
    pub checked: Option<CheckedPoint>,
}

/// The folder in which heads are kept.
pub fn folder(settings: &Settings) -> PathBuf {
    let configured = settings.text(&settings::HEADS_FOLDER);
    if configured.is_empty() { foundation::data_folder(settings).join("heads") } else { configured.into() }
}

/// The name of the file for heads that are kept at this instant.
pub fn name_of(at: Instant) -> String {
    format!("{}.jsonl", at.date().to_string().get(..7).unwrap_or_default())
}

/// Reads what was kept, of which the newest stays as far as there is room for it. Files that are not as they were written
/// hide no others, whatever their names are: when a head was kept only the head says.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn read(database: &Database, folder: &Path) -> anyhow::Result<Kept> {
    let mut kept = Kept { checked: checked(database, folder), ..Kept::default() };
    for path in files(folder)? {
        let told = match read_file(database, &path, &mut kept.heads) {
            Ok(0) => continue,
            Ok(HEAD_LINES_DAMAGED_MAX) => {
                "it holds so much that was not kept there that it was not read to its end".into()
            }
            Ok(count) => format!("lines that were not kept there, or were changed since: {count}"),
            Err(error) => format!("it cannot be read: {error}"),
        };
        kept.damaged.push(format!("{}: {told}", path.display()));
    }
    keep_newest(&mut kept.heads, KEPT_HEADS_MAX);
    kept.heads.sort_by_key(|head| head.sequence);
    Ok(kept)
}

/// Reads one file; how many lines of it are none of ours.
fn read_file(database: &Database, path: &Path, heads: &mut Vec<KeptHead>) -> io::Result<usize> {
    let mut input = BufReader::new(disk::open(path)?);
    let (mut damaged, mut line) = (0, Vec::new());
    while damaged < HEAD_LINES_DAMAGED_MAX {
        line.clear();
        if input.by_ref().take(HEAD_LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        match read_line(database, &line) {
            Some(head) => heads.push(head),
            None => damaged += 1,
        }
        if heads.len() >= 2 * KEPT_HEADS_MAX {
            keep_newest(heads, KEPT_HEADS_MAX);
        }
    }
    Ok(damaged)
}

fn read_line(database: &Database, line: &[u8]) -> Option<KeptHead> {
    KeptHead::read(database, str::from_utf8(line).ok()?)
}

/// Forgets the oldest ones. A head that is there twice is one.
fn keep_newest(heads: &mut Vec<KeptHead>, count: usize) {
    heads.sort_by_key(|head| (head.at, head.sequence));
    heads.dedup();
    heads.drain(..heads.len().saturating_sub(count));
}

/// What was kept last. What is damaged keeps nobody from starting or archiving: the audit tells it.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn newest(database: &Database, folder: &Path, now: Instant) -> anyhow::Result<Option<KeptHead>> {
    let last = files(folder)?.into_iter().filter_map(|path| last_of(database, &path, now).ok().flatten());
    Ok(last.max_by_key(|head| order(head, now)))
}

/// What was kept last in one file.
fn last_of(database: &Database, path: &Path, now: Instant) -> io::Result<Option<KeptHead>> {
    let mut file = disk::open(path)?;
    let length = file.metadata()?.len();
    for tail in HEAD_TAILS_BYTES {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(length.saturating_sub(tail)))?;
        file.by_ref().take(tail).read_to_end(&mut bytes)?;
        let heads = bytes.split(|byte| *byte == b'\n').filter_map(|line| read_line(database, line));
        let last = heads.max_by_key(|head| order(head, now));
        if last.is_some() || tail >= length {
            return Ok(last);
        }
    }
    Ok(None)
}

/// Of heads that a clock wrote which was ahead, none is the last while there are others.
fn order(head: &KeptHead, now: Instant) -> (bool, i64, i64) {
    (head.at <= now.as_micros(), head.at, head.sequence)
}

/// Where the last sound audit ended; none when there was none that this installation wrote down.
pub fn checked(database: &Database, folder: &Path) -> Option<CheckedPoint> {
    let text = String::from_utf8(disk::read(&folder.join(CHECKED), BESIDE_HEADS_BYTES_MAX).ok()?).ok()?;
    CheckedPoint::read(database, text.trim_end())
}

/// Keeps where a sound audit ended, in the place of the one before that it held the log against. One that another audit
/// left meanwhile, and that ended later, stays.
///
/// # Errors
///
/// A file that cannot be written.
pub fn keep_checked(
    database: &Database,
    folder: &Path,
    (point, before): (&CheckedPoint, Option<&CheckedPoint>),
) -> anyhow::Result<()> {
    let there = checked(database, folder).filter(|there| before != Some(there));
    if there.is_some_and(|there| there.sequence > point.sequence) {
        return Ok(());
    }
    let Some(line) = point.line(database) else { return Ok(()) };
    let written = disk::write(&folder.join(CHECKED), [line.as_bytes(), b"\n"]);
    written.with_context(|| format!("keeping what was checked in {}", folder.display()))
}

/// The files by their names, those of earlier months first. Nothing in them is ever changed, and what is new stands at
/// the end.
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use base::Clock;
    use records::audit::Finding;

    use super::*;
    use crate::{
        commands::{
            audit::{self, Reach},
            doctor::{self, Depth},
        },
        heads::Keeper,
        testing::{City, make_pipe},
        wiring::Product,
    };

    /// Keeps a head of what happened until now, which a start did.
    async fn keep(city: &City) -> (Product, KeptHead) {
        city.seconds_later(60);
        let product = city.start().await;
        Keeper::new(&city.settings).unwrap().keep(&product.kit()).await.unwrap();
        let head = newest(&product.database, &folder(&city.settings), city.clock.now()).unwrap().unwrap();
        (product, head)
    }

    async fn happen(city: &City, product: &Product) {
        let mut work = product.database.begin(product.world.context(records::Actor::Job("test"))).await.unwrap();
        let event = records::events::LogAudited {
            log: "log".to_owned(),
            events: 0,
            rows: 0,
            findings: 0,
            checked: None,
            whole_at: None,
            named: None,
        };
        work.record(event);
        work.commit().await.unwrap();
        city.seconds_later(60);
    }

    #[tokio::test]
    async fn whatever_lies_among_the_heads_is_named_and_ends_no_start_no_archive_and_no_audit() {
        let city = City::found().await;
        let (product, first) = keep(&city).await;
        let folder = folder(&city.settings);
        let ours = folder.join(name_of(city.clock.now()));
        let sound = || async {
            let (found, kept) = audit::look(&city.settings, &product, Reach::Whole).await.unwrap();
            assert_eq!(found.findings, []);
            kept.damaged
        };
        assert_eq!(sound().await, Vec::<String>::new());
        fs::write(folder.join("2099-01.jsonl"), b"\xff\xfe").unwrap();
        fs::File::create(folder.join("2099-02.jsonl")).unwrap().set_len(6 << 30).unwrap();
        make_pipe(&folder.join("2099-03.jsonl"));
        symlink("2099-04.jsonl", folder.join("2099-04.jsonl")).unwrap();
        fs::create_dir(folder.join("2099-05.jsonl")).unwrap();
        make_pipe(&folder.join(CHECKED));
        // A head that was kept before is the newest of a file of a month to come.
        fs::copy(&ours, folder.join("2099-06.jsonl")).unwrap();
        happen(&city, &product).await;
        let (again, second) = keep(&city).await;
        assert!(second.sequence > first.sequence && second.at == city.clock.now().as_micros(), "{second:?}");
        crate::archive::Archive::new(&city.settings, &again).turn().await.unwrap();
        again.database.close().await;
        let damaged = sound().await;
        let check = |name: &str, part: &str| {
            let line = damaged.iter().find(|line| line.contains(name)).unwrap();
            assert!(line.contains(part), "{line}");
        };
        check("2099-01", "lines that were not kept there, or were changed since: 1");
        check("2099-02", "was not read to its end");
        for name in ["2099-03", "2099-04", "2099-05"] {
            check(name, "it is no plain file");
        }
        assert_eq!(damaged.len(), 5);
        assert_eq!(read(&product.database, &folder).unwrap().heads, [first, second]);
        assert_eq!(checked(&product.database, &folder), None);
        let told = doctor::look(&city.settings, &city.world, Depth::Whole).await.unwrap().text;
        assert_eq!(told.matches("WRONG event log: heads of the log are not as they were kept: ").count(), 5, "{told}");
        product.database.close().await;
    }

    #[tokio::test]
    async fn heads_that_are_gone_are_missed_until_others_are_kept_and_the_log_tells_both() {
        let city = City::found().await;
        let (product, _) = keep(&city).await;
        let folder = folder(&city.settings);
        let told = async || {
            let told = records::testing::told::<records::events::LogHeadsBegun>(&product.database).await.unwrap();
            let found = audit::look(&city.settings, &product, Reach::Whole).await.unwrap().0.findings;
            (told.len(), found)
        };
        let said = async || doctor::look(&city.settings, &city.world, Depth::Quick).await.unwrap().text;
        assert_eq!(told().await, (1, vec![]));
        assert!(said().await.contains("ok    heads: the last one that was kept is of event "));
        fs::rename(&folder, folder.with_extension("away")).unwrap();
        assert_eq!(told().await, (1, vec![Finding::HeadsGone]));
        assert!(said().await.contains("WRONG heads: heads of the log were kept, and none is in "));
        let (again, _) = keep(&city).await;
        assert_eq!(told().await, (2, vec![]));
        let (third, _) = keep(&city).await;
        assert_eq!(told().await, (2, vec![]), "once for each folder that was empty");
        for product in [&product, &again, &third] {
            product.database.close().await;
        }
    }

    #[tokio::test]
    async fn a_whole_audit_knows_where_the_last_one_ended_and_never_keeps_less() {
        let city = City::found().await;
        let (product, _) = keep(&city).await;
        let folder = folder(&city.settings);
        let look = async || audit::look(&city.settings, &product, Reach::Whole).await.unwrap();
        let first = look().await.0.next.unwrap();
        happen(&city, &product).await;
        let (found, kept) = look().await;
        let (second, before) = (found.next.unwrap(), kept.checked);
        assert!(second.sequence > first.sequence && before.is_none());
        // Two at the same time: the one that began earlier ends later.
        keep_checked(&product.database, &folder, (&second, None)).unwrap();
        keep_checked(&product.database, &folder, (&first, None)).unwrap();
        assert_eq!(checked(&product.database, &folder), Some(second.clone()));
        let (found, kept) = look().await;
        assert_eq!((found.findings, kept.checked.as_ref()), (vec![], Some(&second)));
        // Only who knew the higher one, and found that somebody answers for the loss, writes a lower one.
        keep_checked(&product.database, &folder, (&first, Some(&second))).unwrap();
        assert_eq!(checked(&product.database, &folder), Some(first));
        // A log that ends before it is an older copy, although no kept head tells.
        keep_checked(&product.database, &folder, (&second, None)).unwrap();
        for file in files(&folder).unwrap() {
            fs::remove_file(file).unwrap();
        }
        records::testing::change_head(&product.database, "sequence = sequence - 1").await.unwrap();
        let findings = look().await.0.findings;
        assert!(findings.contains(&Finding::PutBack(second.sequence, second.sequence - 1)), "{findings:?}");
        product.database.close().await;
    }

    #[tokio::test]
    async fn a_guard_that_was_taken_away_is_named_by_the_audit_and_by_doctor() {
        let city = City::found().await;
        let (product, _) = keep(&city).await;
        let mut tx = product.database.housekeeping().await.unwrap();
        tx.run_text("drop index event_sequence", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        let found = audit::look(&city.settings, &product, Reach::Whole).await.unwrap().0;
        assert_eq!(found.findings, [Finding::Guard("the index event_sequence is missing".to_owned())]);
        assert_eq!(found.next, None);
        let said = doctor::look(&city.settings, &city.world, Depth::Whole).await.unwrap();
        let of_log = |wrong: &&String| wrong.starts_with("guards") || wrong.starts_with("event log");
        assert_eq!(
            said.wrong.iter().filter(of_log).collect::<Vec<_>>(),
            ["guards: the index event_sequence is missing"]
        );
        product.database.close().await;
    }

    #[tokio::test]
    async fn a_head_that_a_clock_kept_which_was_ahead_is_not_the_last_one() {
        let city = City::found().await;
        city.seconds_later(40 * 86_400);
        let (product, ahead) = keep(&city).await;
        city.seconds_later(-40 * 86_400);
        assert_eq!(newest(&product.database, &folder(&city.settings), city.clock.now()).unwrap(), Some(ahead.clone()));
        happen(&city, &product).await;
        let (again, now) = keep(&city).await;
        assert!(now.sequence > ahead.sequence && now.at < ahead.at, "{now:?}");
        again.database.close().await;
        product.database.close().await;
    }

    #[tokio::test]
    async fn of_heads_without_an_end_the_newest_are_kept_and_each_once() {
        let city = City::found().await;
        let (product, first) = keep(&city).await;
        happen(&city, &product).await;
        let (again, second) = keep(&city).await;
        let mut heads = vec![second.clone(), first.clone(), second.clone(), first.clone()];
        keep_newest(&mut heads, 2);
        assert_eq!(heads, [first, second.clone()]);
        keep_newest(&mut heads, 1);
        assert_eq!(heads, [second]);
        again.database.close().await;
        product.database.close().await;
    }

    #[tokio::test]
    async fn nothing_is_written_through_a_link_and_a_line_that_was_cut_off_costs_no_other() {
        let city = City::found().await;
        let (product, _) = keep(&city).await;
        let folder = folder(&city.settings);
        let (ours, victim) = (folder.join(name_of(city.clock.now())), city.fresh.folder().join("victim"));
        fs::write(&victim, "as it was").unwrap();
        // Where an audit ended is written over whatever has its name, and over what a link there leads to not.
        let (found, _) = audit::look(&city.settings, &product, Reach::Whole).await.unwrap();
        for name in [CHECKED.to_owned(), format!("{CHECKED}.half")] {
            symlink(&victim, folder.join(name)).unwrap();
        }
        keep_checked(&product.database, &folder, (found.next.as_ref().unwrap(), None)).unwrap();
        assert_eq!(checked(&product.database, &folder), found.next);
        let begun = fs::read_to_string(&ours).unwrap() + "{\"sequence\":";
        fs::write(&ours, begun).unwrap();
        happen(&city, &product).await;
        let (again, second) = keep(&city).await;
        let kept = read(&product.database, &folder).unwrap();
        assert_eq!((kept.heads.len(), kept.heads.last(), kept.damaged.len()), (2, Some(&second), 1));
        fs::remove_file(&ours).unwrap();
        symlink(&victim, &ours).unwrap();
        happen(&city, &product).await;
        let kept = Keeper::new(&city.settings).unwrap().keep(&product.kit()).await;
        assert!(kept.unwrap_err().to_string().ends_with("it is no plain file"));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "as it was");
        again.database.close().await;
        product.database.close().await;
    }
}
