//! Commands for the day's work.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    install,
    part::Part,
    postgres::{Durability, Postgres},
    step::{Report, cargo, root, say, target},
    test::POSTGRES,
};

/// The demonstration city, kept in `target/dev` so that a restart finds it again.
pub fn dev(rest: &[&str]) -> Result<()> {
    say(
        "The city is kept in target/dev; remove that folder to begin anew. After an edit: ctrl-c and `cargo xtask dev` again.",
    );
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--package", "server", "--bin", "guosuo", "--", "demo", "--data", "target/dev"]);
    let status = command.args(rest).current_dir(root()).status()?;
    // Stopped by ctrl-c it has no code, which is how it should end.
    match status.code() {
        None | Some(0 | 130) => Ok(()),
        Some(code) => bail!("the demonstration ended with {code}"),
    }
}

/// The generated pages, each with the words after `guosuo` that print it.
const PAGES: [(&str, &[&str]); 4] = [
    ("deploy/settings/reference.toml", &["settings"]),
    ("src/web/access.md", &["access"]),
    ("deploy/events.md", &["events"]),
    ("deploy/events.zh.md", &["events", "--language", "zh"]),
];

/// The generated lists that a test makes while it looks at what they say: the crate and the name of the test.
const LISTS: [(&str, &str); 2] = [
    ("documents", "the_list_by_which_names_are_judged_is_what_these_fonts_print"),
    ("web", "every_name_that_the_register_takes_is_issued_printed_read_back_and_found"),
];

/// Writes the generated pages: each is what a command of the product prints, or what a test finds.
pub fn reference(report: &mut Report) -> Result<()> {
    // The whole workspace, as the tests build it: built alone, the server would be built with other features.
    report.must("build", &mut cargo(&["build", "--workspace", "--quiet"]))?;
    for (page, words) in PAGES {
        let output = Command::new(target().join("debug/guosuo")).args(words).output()?;
        if !output.status.success() {
            bail!("`guosuo {}` failed: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        let path = root().join(page);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(&path, output.stdout).with_context(|| format!("cannot write {}", path.display()))?;
        say(&format!("wrote {}", path.display()));
    }
    for (package, test) in LISTS {
        let mut command = cargo(&["test", "--quiet", "--package", package, "--lib", test]);
        report.must(test, command.env("GUOSUO_WRITE_REFERENCE", "1"))?;
    }
    Ok(())
}

/// Measures in the release profile, on a PostgreSQL server that loses nothing in a power cut.
pub fn bench(report: &mut Report, rest: &[&str]) -> Result<()> {
    install::all(report, &[Part::Postgres])?;
    let (server, mut command) = build_bench(report, "release")?;
    let postgres = Postgres::start(Durability::On)?;
    command.arg("--server").arg(server);
    command.arg("--postgres").arg(format!("{}/postgres", postgres.url));
    command.arg("--postgres-pid").arg(postgres.pid.to_string());
    measure(command.args(rest))
}

/// Counts instructions per operation in the release profile, on SQLite; `--against SERVER` compares with another build.
pub fn instructions(report: &mut Report, rest: &[&str]) -> Result<()> {
    let (server, mut command) = build_bench(report, "release")?;
    measure(command.arg("--instructions").arg("--server").arg(server).args(rest))
}

/// Measures how long honest operations take beside four senders of bombs, in the release profile, or with `--debug` in
/// the one that the tests use.
pub fn bombs(report: &mut Report, rest: &[&str]) -> Result<()> {
    let is_debug = rest.contains(&"--debug");
    let rest: Vec<&str> = rest.iter().copied().filter(|word| *word != "--debug").collect();
    let (server, mut bench) = build_bench(report, if is_debug { "dev" } else { "release" })?;
    measure(bench.arg("--bombs").arg("--server").arg(server).args(rest))
}

/// Measures what a page of each list costs beside few rows and beside many, on SQLite and on a PostgreSQL server of its
/// own, in the release profile, or with `--debug` in the one that the tests use.
pub fn lists(report: &mut Report, rest: &[&str]) -> Result<()> {
    install::all(report, &[Part::Postgres])?;
    let is_debug = rest.contains(&"--debug");
    let rest: Vec<&str> = rest.iter().copied().filter(|word| *word != "--debug").collect();
    let profile = if is_debug { "dev" } else { "release" };
    let build = ["build", "--profile", profile, "--package", "tests", "--bin", "lists", "--quiet"];
    report.must("build the measuring program", &mut cargo(&build))?;
    let program = target().join(if is_debug { "debug" } else { profile }).join("lists");
    let sqlite = measure(Command::new(&program).args(&rest).env_remove(POSTGRES));
    let postgres = Postgres::start(Durability::Off)?;
    measure(Command::new(&program).args(&rest).env(POSTGRES, &postgres.url)).and(sqlite)
}

/// Builds the server and the measuring program; tells where the one is and how the other is started.
fn build_bench(report: &mut Report, profile: &str) -> Result<(PathBuf, Command)> {
    let server = ["build", "--profile", profile, "--package", "server", "--bin", "guosuo", "--quiet"];
    report.must("build the server", &mut cargo(&server))?;
    let bench =
        ["build", "--profile", profile, "--package", "tests", "--features", "bench", "--bin", "bench", "--quiet"];
    report.must("build the measuring program", &mut cargo(&bench))?;
    let folder = target().join(if profile == "dev" { "debug" } else { profile });
    Ok((folder.join("guosuo"), Command::new(folder.join("bench"))))
}

fn measure(command: &mut Command) -> Result<()> {
    if !command.current_dir(root()).status()?.success() {
        bail!("the measurement failed");
    }
    Ok(())
}
