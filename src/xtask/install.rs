//! Putting on this machine what the tests need and it lacks.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    part::Part,
    programs,
    step::{Report, root, target},
};

/// A Debian package.
struct Package {
    name: &'static str,
    /// What needs it.
    parts: &'static [Part],
    /// Whether what we want of it is here, wherever it came from.
    is_here: fn() -> bool,
}

const PACKAGES: [Package; 12] = [
    needs("openssl", &[Part::Sqlite, Part::Postgres], || on_path("openssl")),
    needs("postgresql", &[Part::Postgres], || crate::postgres::folder().is_some()),
    needs("pgbouncer", &[Part::Postgres], || on_path("pgbouncer") || Path::new("/usr/sbin/pgbouncer").is_file()),
    // Nodes whose clocks differ, and years that pass, on one machine.
    needs("libfaketime", &[Part::Sqlite, Part::Postgres], has_other_clocks),
    // What no font in the repository has: the rarest ideographs.
    needs("fonts-hanazono", &[Part::Sqlite, Part::Postgres], || {
        Path::new("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf").is_file()
    }),
    // Chromium without a window, which shows pages in half of the time.
    needs(WINDOWLESS, &[Part::Browser], || on_path(WINDOWLESS) || (!on_path("apt-get") && chromium().is_some())),
    // Without a Chinese font every screenshot shows boxes, and widths are not those that people see.
    needs("fonts-noto-cjk", &[Part::Browser], has_chinese_font),
    needs("fontconfig", &[Part::Browser], || on_path("fc-list")),
    needs("poppler-utils", &[Part::Python], || on_path("pdfsig")),
    // Brings Apache without a service that would begin to listen.
    needs("libapache2-mod-auth-openidc", &[Part::Python], || {
        ["/usr/sbin/apache2", "/usr/lib/apache2/modules/mod_auth_openidc.so"]
            .iter()
            .all(|path| Path::new(path).is_file())
    }),
    needs("libnss3-tools", &[Part::Python], || on_path("certutil")),
    needs(PYTHON_VENV, &[Part::Python], python_can_make_a_venv),
];

const WINDOWLESS: &str = "chromium-headless-shell";

/// Brings the installer of Python packages.
const PYTHON_VENV: &str = "python3-venv";

const fn needs(name: &'static str, parts: &'static [Part], is_here: fn() -> bool) -> Package {
    Package { name, parts, is_here }
}

/// Puts here what these parts of the tests need, and nothing else.
pub fn all(report: &mut Report, parts: &[Part]) -> Result<()> {
    let fetched = programs::too_old_here(parts);
    let is_needed = |package: &Package| {
        package.parts.iter().any(|part| parts.contains(part)) || (package.name == PYTHON_VENV && !fetched.is_empty())
    };
    let missing: Vec<&str> =
        PACKAGES.iter().filter(|one| is_needed(one) && !(one.is_here)()).map(|one| one.name).collect();
    packages(report, &missing)?;
    fetched.into_iter().try_for_each(|program| program.fetch(report))
}

/// Puts here what unpacks the snapshot of the advisories.
pub fn unpacker(report: &mut Report) -> Result<()> {
    packages(report, if on_path("xz") { &[] } else { &["xz-utils"] })
}

/// Puts here what a cluster of PostgreSQL needs, and gives the PATH on which its programs are. Patroni is installed: its
/// service waits for a configuration. etcd's would begin to serve at once, so its package is only unpacked.
pub fn cluster(report: &mut Report) -> Result<OsString> {
    let mut missing = Vec::new();
    if crate::postgres::folder().is_none() {
        missing.push("postgresql");
    }
    if !on_path("patroni") {
        missing.push("patroni");
    }
    packages(report, &missing)?;
    let folder = target().join("programs/etcd");
    let programs = folder.join("usr/bin");
    if !on_path("etcd") && !programs.join("etcd").is_file() {
        fs::create_dir_all(&folder)?;
        report.must("apt-get update", &mut as_root(&["apt-get", "update"]))?;
        let mut fetch = Command::new("apt-get");
        report.must("apt-get download etcd", fetch.args(["download", "etcd-server"]).current_dir(&folder))?;
        let mut unpack = Command::new("sh");
        unpack.args(["-c", "dpkg-deb --extract etcd-server_*.deb . && rm etcd-server_*.deb"]).current_dir(&folder);
        report.must("unpack etcd", &mut unpack)?;
    }
    let own = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths([programs].into_iter().chain(env::split_paths(&own)))?)
}

fn packages(report: &mut Report, missing: &[&str]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    if !on_path("apt-get") {
        bail!("please install {} (this machine has no apt-get)", missing.join(", "));
    }
    report.must("apt-get update", &mut as_root(&["apt-get", "update"]))?;
    let mut words = vec!["apt-get", "install", "--yes", "--no-install-recommends"];
    words.extend(missing);
    report.must("apt-get install", &mut as_root(&words))
}

fn as_root(words: &[&str]) -> Command {
    let mut command = Command::new(if is_root() { "env" } else { "sudo" });
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The Node packages of `tests/browser`, from its lock file.
pub fn node_packages(report: &mut Report) -> Result<()> {
    let folder = root().join("tests/browser");
    if is_fresh(&folder.join("node_modules/.package-lock.json"), &folder.join("package-lock.json")) {
        return Ok(());
    }
    let mut command = Command::new("npm");
    command.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder).env("PATH", programs::path(&[Part::Browser])?);
    report.must("npm ci", &mut command)
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
    report.must("python environment", &mut venv(&folder))?;
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&wanted);
    report.must("pip install", &mut command)?;
    File::create(&stamp).context("cannot write the stamp")?;
    Ok(python)
}

/// The proxy of Go that signs people in, built once from the Go module of this version.
pub fn oauth2_proxy(report: &mut Report) -> Result<PathBuf> {
    const MODULE: &str = "github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6";
    let folder = target().join("programs/oauth2-proxy");
    let (program, stamp) = (folder.join("oauth2-proxy"), folder.join("module"));
    if program.is_file() && fs::read_to_string(&stamp).is_ok_and(|built| built == MODULE) {
        return Ok(program);
    }
    let mut command = Command::new("go");
    command.args(["install", MODULE]).env("PATH", programs::path(&[Part::Python])?);
    // No compiler of C, and no other Go than the one that is there.
    command.env("GOBIN", &folder).env("CGO_ENABLED", "0").env("GOTOOLCHAIN", "local");
    report.must("go install oauth2-proxy", &mut command)?;
    fs::write(&stamp, MODULE).context("cannot write the stamp")?;
    Ok(program)
}

/// Makes a Python environment, which has its own `pip`.
pub fn venv(folder: &Path) -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", "venv"]).arg(folder);
    command
}

/// Where the browser is.
pub fn chromium() -> Option<PathBuf> {
    [WINDOWLESS, "chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find)
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

fn on_path(name: &str) -> bool {
    find(name).is_some()
}

/// Where a program of this name is. (Not every program answers to `--version`.)
pub fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Whether pages in Chinese can be shown. Without `fc-list` nobody can tell, so that is installed too.
fn has_chinese_font() -> bool {
    let list = Command::new("fc-list").args([":lang=zh", "family"]).output();
    list.is_ok_and(|output| output.status.success() && !output.stdout.trim_ascii().is_empty())
}

fn has_other_clocks() -> bool {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1")).any(|library| library.is_file())
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
