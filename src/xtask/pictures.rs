//! The pictures of the README, taken anew from the demonstration.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{
    install,
    part::Part,
    programs,
    step::{Report, cargo, root, say, target},
};

/// Starts the demonstration and photographs it; `tests/browser/pictures.mjs` says what.
pub fn run(report: &mut Report) -> Result<()> {
    // The page of a licence is drawn by `pdftoppm`, which comes with what Python's tests need.
    install::all(report, &[Part::Browser, Part::Python])?;
    install::node_packages(report)?;
    report.must("build", &mut cargo(&["build", "--workspace", "--quiet", "--locked"]))?;
    let mut command = Command::new("node");
    command
        .arg("tests/browser/pictures.mjs")
        .current_dir(root())
        .env("PATH", programs::path(&[Part::Browser])?)
        .env("GUOSUO", target().join("debug/guosuo"))
        .env("CHROMIUM", install::chromium().context("there is no chromium")?);
    report.must("pictures", &mut command)?;
    say("wrote .github/pictures; look at them before you keep them");
    Ok(())
}
