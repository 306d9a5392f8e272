//! Files that are small and ask for much (`tests::bombs`): each gets an answer within the time and the memory that one
//! file may cost, and hurts nobody else.

use std::{
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
};

use reqwest::StatusCode;
use serde_json::Value;
use tests::{
    bombs::{bombs, tagged},
    browser::client,
    city::City,
    process::program,
};

use super::files::verify;

/// What one file may cost.
const MEMORY_KIB_MAX: u64 = 64 * 1024;
const CPU_SECONDS_MAX: f64 = 2.0;
/// What a process keeps of it that reads the next file too.
const KEPT_KIB_MAX: u64 = 8 * 1024;

/// A process that reads files, started as the service starts it.
struct Reader(Child);

impl Reader {
    fn start() -> Self {
        let mut process = Command::new(program());
        process.arg("examine").env_clear().envs(examiner::worker::ENVIRONMENT);
        let mut process = process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut ready = [0; 6];
        process.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
        Self(process)
    }

    /// What it answers, which is what can be told before a file is read and what is told then.
    fn read(&mut self, name: &str, file: &[u8]) -> Value {
        let (questions, answers) = (self.0.stdin.as_mut().unwrap(), self.0.stdout.as_mut().unwrap());
        questions.write_all(&u32::try_from(file.len()).unwrap().to_be_bytes()).unwrap();
        questions.write_all(file).unwrap();
        let [_, message] = [(); 2].map(|()| {
            let mut head = [0; 4];
            assert!(answers.read_exact(&mut head).is_ok(), "{name}: the process ended");
            let mut message = vec![0; u32::from_be_bytes(head) as usize];
            answers.read_exact(&mut message).unwrap();
            message
        });
        serde_json::from_slice(&message).unwrap()
    }

    /// Kilobytes, by their name in `/proc/*/status`.
    fn kib(&self, name: &str) -> u64 {
        let status = self.about("status");
        let kib = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        kib.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Seconds of a processor so far.
    fn seconds(&self) -> f64 {
        let stat = self.about("stat");
        let words = stat.rsplit(')').next().unwrap().split_whitespace();
        words.skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
    }

    fn about(&self, what: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{what}", self.0.id())).unwrap()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// What a new process that reads files answers, and what that cost: kilobytes at most, and seconds of a processor.
fn read_alone(name: &str, file: &[u8]) -> (Value, u64, f64) {
    let mut reader = Reader::start();
    let examined = reader.read(name, file);
    (examined, reader.kib("VmHWM"), reader.seconds())
}

#[test]
fn a_process_that_has_read_a_bomb_gives_its_memory_back_and_reads_the_next_file() {
    let mut reader = Reader::start();
    let honest = tagged(1);
    let alone = reader.read("an honest file", &honest);
    for (name, file) in bombs(300) {
        reader.read(name, &file);
        assert_eq!(reader.read("an honest file", &honest), alone, "after {name}");
        let kept = reader.kib("RssAnon");
        assert!(kept <= KEPT_KIB_MAX, "{name}: {kept} KiB");
    }
}

#[test]
fn no_bomb_costs_more_than_a_file_may() {
    for (name, file) in bombs(800) {
        assert!(file.len() < 16 * 1024 * 1024, "{name} is {} bytes", file.len());
        let (examined, most, seconds) = read_alone(name, &file);
        assert!(most <= MEMORY_KIB_MAX, "{name}: {most} KiB, {examined}");
        assert!(seconds <= CPU_SECONDS_MAX, "{name}: {seconds} s, {examined}");
    }
}

/// What a city's departments hand in: a plan of 500 pages, each with forty marked paragraphs.
#[test]
fn a_long_document_whose_paragraphs_are_marked_is_read() {
    let file = tagged(500);
    let (examined, most, seconds) = read_alone("marked paragraphs", &file);
    assert_eq!(examined["problem"], Value::Null, "{most} KiB, {seconds} s, {} bytes", file.len());
    assert!(most <= MEMORY_KIB_MAX, "{most} KiB");
    assert!(seconds <= CPU_SECONDS_MAX, "{seconds} s");
}

#[tokio::test]
async fn a_bomb_gets_its_verdict_and_the_service_goes_on() {
    let city = City::shared().await;
    let token = city.api_token().await;
    for (name, file) in bombs(300) {
        let (status, verdict) = verify(city, &token, file).await;
        assert_eq!(status, StatusCode::OK, "{name}: {verdict}");
        assert_ne!(verdict["outcome"], "valid", "{name}: {verdict}");
        assert_eq!(verdict["licence"], Value::Null, "{name}: {verdict}");
    }
    let (_, verdict) = verify(city, &token, city.file(city.licence("valid"))).await;
    assert_eq!(verdict["outcome"], "valid", "{verdict}");
    assert!(client().get(city.url("/healthz")).send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn a_process_that_reads_files_has_its_pipes_and_nothing_else() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let mut seen = Vec::new();
    // One that was busy with a bomb of another test may end before it was looked at.
    while seen.is_empty() {
        verify(city, &token, city.file(city.licence("valid"))).await;
        for reader in city.readers() {
            let Ok(open) = std::fs::read_dir(format!("/proc/{reader}/fd")) else { continue };
            let mut open: Vec<_> =
                open.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            open.sort();
            let told = std::fs::read(format!("/proc/{reader}/environ")).unwrap_or_default();
            let told = String::from_utf8(told).unwrap();
            let limits = std::fs::read_to_string(format!("/proc/{reader}/limits")).unwrap_or_default();
            seen.extend((!open.is_empty() && !limits.is_empty()).then_some((open, told, limits)));
        }
    }
    for (open, told, limits) in seen {
        assert_eq!(open, ["0", "1", "2"]);
        // What it may have, now and at most, in bytes or in number.
        let memory = (MEMORY_KIB_MAX * 1024).to_string();
        for (what, most) in [
            ("Max data size", memory.as_str()),
            ("Max file size", "0"),
            ("Max core file size", "0"),
            ("Max open files", "3"),
            ("Max processes", "0"),
        ] {
            let line = limits.lines().find_map(|line| line.strip_prefix(what)).unwrap();
            assert_eq!(line.split_whitespace().take(2).collect::<Vec<_>>(), [most; 2], "{what}");
        }
        assert!(told.split_terminator('\0').all(|name| name.starts_with("MIMALLOC_")), "{told}");
    }
}

#[tokio::test]
async fn a_file_over_a_limit_is_told_which() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let (_, file) = bombs(300).into_iter().find(|(name, _)| *name == "empty lists in lists").unwrap();
    let (_, verdict) = verify(city, &token, file).await;
    let check = &verdict["checks"][0];
    assert_eq!(check["code"], "file_readable", "{verdict}");
    assert!(check.to_string().contains("读取所需内存过多"), "{verdict}");
}
