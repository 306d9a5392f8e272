//! Putting on this machine what the tests need and it lacks.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    check::has,
    step::{Report, root, target},
};

/// The Debian packages, each with what shows that it is here.
fn missing_packages() -> Vec<&'static str> {
    let mut missing = Vec::new();
    let mut need = |package, here: bool| {
        if !here {
            missing.push(package);
        }
    };
    need("postgresql", crate::postgres::folder().is_some());
    need("chromium", chromium().is_some());
    // Without a Chinese font every screenshot shows boxes, and widths are not those that people see.
    need("fonts-noto-cjk", has_chinese_font());
    need("fontconfig", on_path("fc-list"));
    need("poppler-utils", on_path("pdfsig") && on_path("pdftoppm"));
    need("libnss3-tools", on_path("certutil"));
    need("openssl", on_path("openssl"));
    need("nodejs", has("node"));
    need("npm", has("npm"));
    need("python3-venv", python_can_make_a_venv());
    missing
}

/// Installs Debian packages that are missing.
pub fn packages(report: &mut Report) -> Result<()> {
    let missing = missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    if !on_path("apt-get") {
        bail!("please install {} (this machine has no apt-get)", missing.join(", "));
    }
    let as_root = |words: &[&str]| {
        let mut command = Command::new(if is_root() { "env" } else { "sudo" });
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    report.must("apt-get update", &mut as_root(&["apt-get", "update"]))?;
    let mut words = vec!["apt-get", "install", "--yes", "--no-install-recommends"];
    words.extend(&missing);
    report.must("apt-get install", &mut as_root(&words))
}

/// The Node packages of `tests/browser`, from its lock file.
pub fn node_packages(report: &mut Report) -> Result<()> {
    let folder = root().join("tests/browser");
    if is_fresh(&folder.join("node_modules/.package-lock.json"), &folder.join("package-lock.json")) {
        return Ok(());
    }
    let mut command = Command::new("npm");
    report.must("npm ci", command.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

/// The Python packages of `tests/python`, in an environment of their own.
pub fn python_packages(report: &mut Report) -> Result<PathBuf> {
    let folder = target().join("python");
    let wanted = root().join("tests/python/requirements.txt");
    let python = folder.join("bin/python");
    let stamp = folder.join("installed");
    if is_fresh(&stamp, &wanted) {
        return Ok(python);
    }
    report.must("python environment", Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&wanted);
    report.must("pip install", &mut command)?;
    File::create(&stamp).context("cannot write the stamp")?;
    Ok(python)
}

/// Where the browser is.
pub fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find)
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// Whether a program of this name is on the path. (Not every program answers to `--version`.)
fn on_path(name: &str) -> bool {
    find(name).is_some()
}

fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Whether pages in Chinese can be shown. Without `fc-list` nobody can tell, so that is installed too.
fn has_chinese_font() -> bool {
    let list = Command::new("fc-list").args([":lang=zh", "family"]).output();
    list.is_ok_and(|output| output.status.success() && !output.stdout.trim_ascii().is_empty())
}

fn python_can_make_a_venv() -> bool {
    let import = Command::new("python3").args(["-c", "import venv, ensurepip"]).output();
    import.is_ok_and(|output| output.status.success())
}

/// Whether `made` is younger than what it is made from.
fn is_fresh(made: &Path, from: &Path) -> bool {
    let age = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    matches!((age(made), age(from)), (Ok(made), Ok(from)) if made >= from)
}
