//! Everything that is true without running the product.

use std::process::Command;

use anyhow::Result;

use crate::{
    install,
    step::{Report, cargo, target},
};

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
    let mut documents = cargo(&["doc", "--workspace", "--no-deps", "--keep-going", "--quiet", "--locked"]);
    report.may("documentation", documents.env("RUSTDOCFLAGS", "-D warnings"))?;
    // A production build has no demonstration: what remains must stand without it.
    let mut production = cargo(&["check", "--package", "server", "--no-default-features", "--quiet", "--locked"]);
    report.may("production build", &mut production)?;
    // Tidy compares the reference page with what the program prints. The tests that follow need the same build.
    report.must("build", &mut cargo(&["build", "--workspace", "--all-targets", "--quiet", "--locked"]))?;
    // Licences, bans, sources and advisories (decision 0029), by the program that was just built.
    install::unpacker(report)?;
    report.heard("dependencies", &mut Command::new(target().join("debug/dependencies")))?;
    report.may("tidy", &mut cargo(&["test", "--workspace", "--quiet", "--locked", "--test", "product", "tidy::"]))
}
