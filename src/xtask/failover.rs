//! Three nodes over a cluster of PostgreSQL whose primary is killed, frozen and cut off (`tests/failover`).

use std::process::Command;

use anyhow::{Result, bail};

use crate::{
    install,
    step::{Report, cargo, root, target},
};

/// Installs, builds and runs it; what is left on the command line goes to the program.
pub fn run(report: &mut Report, rest: &[&str]) -> Result<()> {
    let path = install::cluster(report)?;
    // The whole workspace, as the tests build it: built alone, each would be built with other features.
    report.must("build", &mut cargo(&["build", "--workspace", "--all-targets", "--quiet", "--locked"]))?;
    let mut command = Command::new(target().join("debug/failover"));
    if !command.args(rest).current_dir(root()).env("PATH", path).status()?.success() {
        bail!("the product did not stand it");
    }
    Ok(())
}
