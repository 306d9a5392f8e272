//! Everything that is true without running the product.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::step::{Report, cargo, root};

pub fn run(report: &mut Report) -> Result<()> {
    report.may("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    report.may(
        "lints",
        &mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--keep-going",
            "--quiet",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    // The licences, bans and sources in .deny.toml are checked by tidy as well, because building cargo-deny takes
    // its time on every fresh machine (decision 0009).
    if has("cargo-deny") {
        let mut deny = Command::new("cargo-deny");
        deny.args(["--offline", "--config", ".deny.toml", "check", "licenses", "bans", "sources"]).current_dir(root());
        report.may("dependencies", &mut deny)?;
    }
    let mut documents = cargo(&["doc", "--workspace", "--no-deps", "--keep-going", "--quiet", "--locked"]);
    report.may("documentation", documents.env("RUSTDOCFLAGS", "-D warnings"))?;
    // Tidy compares the reference page with what the program prints. The tests that follow need the same build.
    report.must("build", &mut cargo(&["build", "--workspace", "--all-targets", "--quiet", "--locked"]))?;
    report.may("tidy", &mut cargo(&["test", "--workspace", "--quiet", "--locked", "--test", "product", "tidy::"]))
}

/// Whether a program can be started.
pub fn has(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
