//! Programs of other people against ours: a browser, openid-client, Authlib, pyoidc, oauth2-proxy, mod_auth_openidc,
//! pyHanko, pdfsig.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{
    city::City,
    install,
    part::Part,
    programs,
    step::{Counted, Report, root, target},
};

/// Browser tests and the npm client, by node's own test runner.
pub fn browser(report: &mut Report, city: &City) -> Result<()> {
    install::node_packages(report)?;
    let mut command = Command::new("node");
    command
        // All are in one city, each with people of its own; two cores are not more.
        .args(["--test", "--test-reporter=tap", "--test-concurrency=2", "tests/browser/*.test.mjs"])
        .current_dir(root())
        .env("PATH", programs::path(&[Part::Browser])?)
        .env("GUOSUO", target().join("debug/guosuo"))
        .env("CITY", &city.folder)
        .env("CHROMIUM", install::chromium().context("there is no chromium")?)
        .env("SCREENSHOTS", target().join("screenshots"));
    report.tests("browser", &mut command, Counted::node)
}

/// Python's clients and PDF readers, by Python's own test runner.
pub fn python(report: &mut Report, city: &City) -> Result<()> {
    let python = install::python_packages(report)?;
    let proxy = install::oauth2_proxy(report)?;
    let mut command = Command::new(python);
    command
        .args(["-B", "-m", "unittest", "discover", "--verbose", "--start-directory", "tests/python"])
        .current_dir(root())
        .env("GUOSUO", target().join("debug/guosuo"))
        .env("OAUTH2_PROXY", proxy)
        .env("CITY", &city.folder);
    report.tests("python", &mut command, Counted::python)
}
