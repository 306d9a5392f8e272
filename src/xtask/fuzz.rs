//! Fuzzing for hours: each target in a process of its own, in a build that counts which branches of our readers are taken.

use std::{
    env, fs,
    path::Path,
    process::{Command, ExitCode},
    thread,
};

use anyhow::{Context, Result, bail};

use crate::step::{Report, cargo, root, say, target};

/// Tells this program that cargo calls it in the place of the compiler.
const COUNTING: &str = "GUOSUO_COUNT_BRANCHES";

/// The crates that read what strangers send. The others are built without counters, so that these are soon looked through.
const COUNTED: [&str; 5] = ["base", "crypto", "documents", "verify", "web"];

/// The readers that are worth the time it takes to make them quick.
const QUICK: [&str; 5] = ["base", "crypto", "documents", "verify", "tests"];

/// How long each target runs when nobody says it.
const MINUTES: u64 = 60;

/// Stands in for the compiler when cargo builds for [`run`]: adds the counters where they are wanted.
pub fn compile() -> Option<ExitCode> {
    env::var_os(COUNTING)?;
    let mut arguments = env::args_os().skip(1);
    let mut command = Command::new(arguments.next()?);
    let arguments: Vec<_> = arguments.collect();
    let name = arguments.iter().position(|word| word == "--crate-name").and_then(|place| arguments.get(place + 1));
    if name.is_some_and(|name| COUNTED.iter().any(|counted| name == counted)) {
        command.args(["-Cinstrument-coverage", "-Cllvm-args=-runtime-counter-relocation"]);
    }
    // What writes the counters down is linked only for who asks: the targets count no branches of their own.
    if name.is_some_and(|name| name == "fuzz") {
        command.arg("-Clink-arg=-Wl,-u,__llvm_profile_runtime");
    }
    let code = command.args(arguments).status().ok().and_then(|status| status.code());
    Some(if code == Some(0) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the named targets, or all of them, as many at once as there are cores.
pub fn run(report: &mut Report, words: &[&str]) -> Result<()> {
    let corpus = root().join("tests/fuzz/corpus");
    let mut all: Vec<String> = fs::read_dir(&corpus)
        .with_context(|| format!("cannot read {}", corpus.display()))?
        .map(|folder| Ok(folder?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    all.sort();
    let (names, minutes) = asked(words, &all)?;
    let mut build = command();
    report.must("build with counters", build.arg("--no-run").arg("--quiet"))?;
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    say(&format!("{} for {minutes} minutes each, {at_once} at once", names.join(", ")));
    let mut failed = Vec::new();
    for names in names.chunks(at_once) {
        let running: Vec<_> =
            names.iter().map(|name| Ok((name, start(name, minutes)?.spawn()?))).collect::<Result<_>>()?;
        for (name, mut child) in running {
            if !child.wait()?.success() {
                failed.push(name.clone());
            }
        }
    }
    for name in &failed {
        let folder = target().join("fuzz").join(name);
        let path = if folder.join("current").is_file() { folder.join("current") } else { folder.join("crashers") };
        say(&format!("{name} failed: see above, and {}", path.display()));
        say(&format!("  read it again: FUZZ_INPUT=FILE cargo test -p tests --test fuzz {name}::"));
    }
    if !failed.is_empty() {
        bail!("{} failed", failed.join(", "));
    }
    Ok(())
}

/// The targets and the minutes that the words ask for.
fn asked(words: &[&str], all: &[String]) -> Result<(Vec<String>, u64)> {
    let (mut names, mut minutes) = (Vec::new(), MINUTES);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--minutes" | "--hours" => {
                let number: u64 = words.next().context("how many?")?.parse().context("how many?")?;
                minutes = if *word == "--hours" { number * 60 } else { number };
            }
            name if all.iter().any(|known| known == name) => names.push(name.to_owned()),
            name => bail!("there is no target {name}; there are {}", all.join(", ")),
        }
    }
    Ok((if names.is_empty() { all.to_vec() } else { names }, minutes))
}

/// One target, with the file of its counters.
fn start(name: &str, minutes: u64) -> Result<Command> {
    let folder = target().join("fuzz").join(name);
    fs::create_dir_all(&folder)?;
    let counters = |end: &str| folder.join(format!("counters{end}.profraw"));
    let _ = fs::remove_file(counters(""));
    let seed = fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    let seed = u64::from_str_radix(seed.get(..8).unwrap_or_default(), 16).unwrap_or(1);
    let mut command = command();
    command
        // Mapped, so that the target can look at its own counters.
        .env("LLVM_PROFILE_FILE", counters("%c"))
        .env("FUZZ_COUNTERS", counters(""))
        .env("FUZZ_SECONDS", (minutes * 60).to_string())
        .env("FUZZ_SEED", seed.to_string())
        .args(["--quiet", "--", "--nocapture", "--test-threads=1"])
        .arg(format!("targets::{name}::"));
    Ok(command)
}

/// `cargo test` of the targets, with counters.
fn command() -> Command {
    let mut command = cargo(&["test", "--locked", "--package", "tests", "--test", "fuzz"]);
    command.env("RUSTC_WORKSPACE_WRAPPER", env::current_exe().unwrap_or_else(|_| Path::new("xtask").to_owned()));
    command.env(COUNTING, "1");
    for name in QUICK {
        command.arg("--config").arg(format!("profile.dev.package.{name}.opt-level=2"));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_and_minutes_are_read_from_the_words() {
        let all = ["cms".to_owned(), "pdf".to_owned()];
        let check = |words: &[&str], names: &[&str], minutes: u64| {
            let (found, time) = asked(words, &all).unwrap();
            assert_eq!((found.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), time), (names, minutes));
        };
        check(&[], &["cms", "pdf"], 60);
        check(&["pdf", "--minutes", "5"], &["pdf"], 5);
        check(&["--hours", "8", "cms"], &["cms"], 480);
        assert!(asked(&["png"], &all).is_err());
        assert!(asked(&["--hours"], &all).is_err());
    }
}
