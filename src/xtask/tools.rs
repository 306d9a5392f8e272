//! Commands for the day's work.

use std::{fs, process::Command};

use anyhow::{Context, Result, bail};

use crate::step::{Report, cargo, root, say};

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

/// Writes the generated pages: each is what a command of the product prints.
pub fn reference(report: &mut Report) -> Result<()> {
    report.must("build", &mut cargo(&["build", "--package", "server", "--quiet"]))?;
    let output = cargo(&["run", "--quiet", "--package", "server", "--bin", "guosuo", "--", "settings"]).output()?;
    if !output.status.success() {
        bail!("`guosuo settings` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let folder = root().join("deploy/settings");
    fs::create_dir_all(&folder)?;
    let path = folder.join("reference.toml");
    fs::write(&path, output.stdout).with_context(|| format!("cannot write {}", path.display()))?;
    say(&format!("wrote {}", path.display()));
    Ok(())
}

/// Measures, in the release profile.
pub fn bench(rest: &[&str]) -> Result<()> {
    if !root().join("tests/bench").exists() {
        bail!("nothing is measured yet");
    }
    let mut words = vec!["bench", "--package", "tests", "--"];
    words.extend(rest);
    let status = cargo(&words).status()?;
    if !status.success() {
        bail!("the measurement failed");
    }
    Ok(())
}
