//! The archive as an operator has it made, eleven years later.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use tests::{
    clocks::skewed,
    installation::Installation,
    process::{self, Process, Ran},
    wait::{any_moment, comes},
};

/// How often a command is killed.
const KILLS: u32 = 8;

/// An installation some days from now.
struct Later<'a> {
    installation: &'a Installation,
    by: PathBuf,
    days: u32,
}

impl<'a> Later<'a> {
    fn new(installation: &'a Installation) -> Self {
        let mut later = Self { installation, by: installation.folder.join("later"), days: 0 };
        // Longer than events stay in the database.
        later.pass(4000);
        later
    }

    fn pass(&mut self, days: u32) {
        self.days += days;
        fs::write(&self.by, format!("+{}d", self.days)).unwrap();
    }

    fn run_on(&self, installation: &Installation, words: &[&str]) -> Ran {
        let config = installation.config().display().to_string();
        process::run_with(&[&["--config", &config], words].concat(), &skewed(&self.by), "")
    }

    fn run(&self, words: &[&str]) -> Ran {
        self.run_on(self.installation, words)
    }

    fn must(&self, words: &[&str]) -> String {
        let ran = self.run(words);
        assert_eq!(ran.code, Some(0), "{words:?}: {ran:?}");
        ran.out
    }

    fn start(&self, word: &str) -> Process {
        let config = self.installation.config().display().to_string();
        let log = self.installation.folder.join(format!("{word}.log"));
        Process::start_with(&["--config", &config, word], &skewed(&self.by), &log)
    }

    /// How many events an audit finds sound.
    fn sound(&self) -> u64 {
        let told = self.must(&["audit"]);
        let line = told.lines().find(|line| line.starts_with("sound: ")).unwrap_or_else(|| panic!("{told}"));
        line.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

/// On SQLite, where the machine's clock counts: with PostgreSQL that of its server does, which nobody moves here.
fn bootstrapped() -> Installation {
    let installation = Installation::on(None);
    installation.bootstrap();
    installation
}

fn folder(installation: &Installation) -> PathBuf {
    installation.data().join("archive")
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_archive_that_is_killed_at_any_moment_loses_no_event_and_the_next_one_goes_on() {
    let installation = bootstrapped();
    let mut later = Later::new(&installation);
    let began = Instant::now();
    let told = later.must(&["archive"]);
    let whole = began.elapsed();
    assert!(told.contains("events-000000000001-") && told.contains("nothing more is old enough"), "{told}");
    let mut events = later.sound();
    assert!(events > 20, "{events}");
    let mut killed = 0;
    for round in 1..=KILLS {
        // What the last rounds left is old enough then, and the turn of whoever was killed is over.
        later.pass(4000);
        let before = files(&folder(&installation));
        let process = later.start("archive");
        if round % 2 == 0 {
            // Somewhere between its file and its end.
            comes(whole * 2, || !process.runs() || files(&folder(&installation)) != before);
        } else {
            any_moment(whole * round / (KILLS + 1)).await;
        }
        killed += u32::from(process.kill_unless_ended());
        let now = later.sound();
        assert!(now > events, "{now} after {events}");
        events = now;
    }
    assert!(killed >= KILLS / 2, "{killed} of {KILLS} had not ended by themselves");
    later.pass(4000);
    let told = later.must(&["archive"]);
    assert!(told.contains("nothing more is old enough"), "{told}");
    assert!(files(&folder(&installation)).iter().all(|file| !file.contains(".half")), "what was cut off is removed");
    assert!(later.sound() > events);
    assert!(
        installation.count("log.archived").await < 3,
        "what said where the files are is archived too, but the last"
    );
}

#[tokio::test]
async fn an_archived_log_is_backed_up_drilled_put_back_and_audited_with_its_files_and_without() {
    let installation = bootstrapped();
    let later = Later::new(&installation);
    assert!(later.must(&["archive"]).contains("events-000000000001-"));
    let events = later.sound();
    let to = installation.folder.join("backups").display().to_string();
    let told = later.must(&["backup", "--to", &to, "--with-keys"]);
    let backup = told.lines().next().unwrap();
    let told = later.must(&["restore", "--verify", backup]);
    assert!(told.contains("none removed, none changed, but for those up to "), "{told}");
    assert!(told.contains("are in files, each as it was written"), "{told}");

    // Where the files are at hand, they are audited too.
    let mut with = Installation::on(None);
    with.set("archive.folder", &folder(&installation).display().to_string());
    let ran = later.run_on(&with, &["restore", backup]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = later.run_on(&with, &["audit"]);
    assert!(ran.code == Some(0) && ran.out.contains("are in the archive"), "{ran:?}");
    assert!(!ran.out.contains("not at hand"), "{ran:?}");
    // Where they are not, that is said.
    let without = Installation::on(None);
    let ran = later.run_on(&without, &["restore", backup]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = later.run_on(&without, &["audit"]);
    assert!(ran.code == Some(0) && ran.out.contains("not at hand: events 1 to "), "{ran:?}");
    // What is put back goes on: its events are numbered behind those in the files, and can be archived.
    assert!(later.sound() > events);

    // A file that was changed is named wherever somebody looks.
    let file = files(&folder(&installation)).into_iter().find(|file| file.starts_with("events-")).unwrap();
    let path = folder(&installation).join(&file);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    for at in [&installation, &with] {
        let ran = later.run_on(at, &["audit"]);
        assert!(ran.code == Some(1) && ran.out.contains(&file), "{ran:?}");
    }
    let ran = later.run(&["restore", "--verify", backup]);
    assert!(ran.code == Some(1) && ran.out.contains("WRONG rows: event "), "{ran:?}");
}
