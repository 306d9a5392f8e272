//! Published flaws of what comes in.

use std::{collections::BTreeSet, path::Path};

use anyhow::Result;
use rustsec::{
    Database, Lockfile, WarningKind,
    advisory::{Informational, Metadata},
    package::Package,
    report::{Report, Settings},
};

use crate::policy::Policy;

/// What was found: lines that stop the check, and lines that somebody should read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub refused: Vec<String>,
    pub said: Vec<String>,
}

/// Holds every locked version against the database. A flaw, and a way to break memory, are refused; what is no longer
/// maintained, and what an author wants known, is said. An advisory that is ignored and concerns nothing is refused
/// too: its reason would hide the next one.
pub fn look(database: &Database, lockfile: &Path, policy: &Policy) -> Result<Findings> {
    let lockfile = Lockfile::load(lockfile)?;
    let informational_warnings = vec![Informational::Notice, Informational::Unmaintained, Informational::Unsound];
    let report = Report::generate(database, &lockfile, &Settings { informational_warnings, ..Settings::default() });
    let mut findings = Findings::default();
    let mut unused: BTreeSet<&str> = policy.ignored.keys().map(String::as_str).collect();
    let mut found = |package: &Package, advisory: &Metadata, what: &str, is_refused: bool| {
        let (name, version, id) = (package.name.as_str(), &package.version, advisory.id.as_str());
        unused.remove(id);
        let line = format!("{name} {version}: {id}, {what}: {}", advisory.title);
        match policy.ignored.get(id) {
            Some(reason) => findings.said.push(format!("ignored: {line} ({reason})")),
            None if is_refused => findings.refused.push(line),
            None => findings.said.push(line),
        }
    };
    for flaw in &report.vulnerabilities.list {
        found(&flaw.package, &flaw.advisory, "a flaw", true);
    }
    for (kind, warnings) in &report.warnings {
        for warning in warnings {
            if let Some(advisory) = &warning.advisory {
                found(&warning.package, advisory, kind.as_str(), *kind == WarningKind::Unsound);
            }
        }
    }
    findings.refused.extend(unused.iter().map(|id| format!("{id} is ignored and concerns nothing that comes in")));
    let (packages, advisories) = (lockfile.packages.len(), database.iter().count());
    findings.said.push(format!("{packages} packages held against {advisories} advisories"));
    Ok(findings)
}
