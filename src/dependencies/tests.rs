//! A made-up world outside, and the real one as far as a machine without a network knows it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    advisories::{self, Findings},
    allowed, database, metadata,
    policy::Policy,
    root, yanked,
};

const LOCKFILE: &str = r#"
version = 4

[[package]]
name = "mended"
version = "1.2.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0000000000000000000000000000000000000000000000000000000000000000"

[[package]]
name = "old"
version = "0.3.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0000000000000000000000000000000000000000000000000000000000000000"

[[package]]
name = "weak"
version = "1.2.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0000000000000000000000000000000000000000000000000000000000000000"
"#;

/// A folder of this test's own, with a lockfile and a database; it goes with the value.
struct Outside(PathBuf);

impl Outside {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("guosuo-dependencies-{}-{name}", std::process::id()));
        let outside = Self(folder);
        outside.write("Cargo.lock", LOCKFILE);
        outside.advisory("RUSTSEC-2026-9001", "weak", "", "[\">= 1.2.1\"]");
        outside.advisory("RUSTSEC-2026-9004", "mended", "", "[\">= 1.2.1\"]");
        outside.advisory("RUSTSEC-2026-9002", "old", "informational = \"unmaintained\"", "[]");
        outside
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn advisory(&self, id: &str, package: &str, more: &str, patched: &str) {
        let text = format!(
            "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2026-11-01\"\n{more}\n\n\
             [versions]\npatched = {patched}\n```\n\n# It falls over\n\nWhen pushed.\n"
        );
        self.write(&format!("crates/{package}/{id}.md"), &text);
    }

    fn look(&self, ignored: &[(&str, &str)]) -> Findings {
        let ignored = ignored.iter().map(|(id, reason)| ((*id).to_owned(), (*reason).to_owned())).collect();
        let policy = Policy { licences: Vec::new(), banned: Vec::new(), ignored };
        advisories::look(&database::read(&self.0).unwrap(), &self.lockfile(), &policy).unwrap()
    }

    fn lockfile(&self) -> PathBuf {
        self.0.join("Cargo.lock")
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_version_with_a_flaw_is_refused_and_one_without_an_author_is_said() {
    let outside = Outside::new("flaw");
    let found = outside.look(&[]);
    assert_eq!(found.refused, ["weak 1.2.0: RUSTSEC-2026-9001, a flaw: It falls over"]);
    let old = "old 0.3.0: RUSTSEC-2026-9002, unmaintained: It falls over";
    assert_eq!(found.said, [old, "3 packages held against 3 advisories"]);
}

#[test]
fn an_ignored_advisory_is_said_with_its_reason_and_refused_when_it_concerns_nothing() {
    let outside = Outside::new("ignored");
    let found = outside.look(&[("RUSTSEC-2026-9001", "never pushed"), ("RUSTSEC-2020-0001", "long ago")]);
    assert_eq!(found.refused, ["RUSTSEC-2020-0001 is ignored and concerns nothing that comes in"]);
    assert_eq!(found.said[0], "ignored: weak 1.2.0: RUSTSEC-2026-9001, a flaw: It falls over (never pushed)");
}

#[test]
fn a_way_to_break_memory_is_refused_as_a_flaw_is() {
    let outside = Outside::new("unsound");
    outside.advisory("RUSTSEC-2026-9003", "old", "informational = \"unsound\"", "[]");
    let found = outside.look(&[("RUSTSEC-2026-9001", "never pushed")]);
    assert_eq!(found.refused, ["old 0.3.0: RUSTSEC-2026-9003, unsound: It falls over"]);
}

#[test]
fn a_version_that_was_taken_back_is_said_and_so_is_one_that_the_index_does_not_know() {
    let outside = Outside::new("yanked");
    let line = |version: &str, yanked: bool| format!("{version}\0{{\"vers\":\"{version}\",\"yanked\":{yanked}}}\0");
    let kept = |name: &str| format!("registry/index/some/.cache/{}", yanked::place(name));
    let error = yanked::look(&outside.lockfile(), &outside.0).unwrap_err();
    assert!(error.to_string().contains("run cargo fetch"), "{error}");
    outside.write(&kept("weak"), &format!("\u{3}\0{}{}", line("1.1.0", true), line("1.2.0", false)));
    outside.write(&kept("mended"), &line("1.2.1", true));
    assert_eq!(
        yanked::look(&outside.lockfile(), &outside.0).unwrap(),
        [
            "mended 1.2.1 was taken back by its authors",
            "of 1 versions cargo's index does not say whether they were taken back",
        ]
    );
}

#[test]
fn without_a_database_the_check_fails_and_says_why() {
    let outside = Outside::new("nothing");
    let error = database::read(Path::new("/nowhere")).unwrap_err();
    assert!(error.to_string().contains("/nowhere"), "{error}");
    fs::create_dir_all(outside.0.join("empty/crates")).unwrap();
    let error = database::read(&outside.0.join("empty")).unwrap_err();
    assert!(error.to_string().ends_with("holds no advisory"), "{error}");
    let error = database::fetch("/nowhere/advisory-db", &outside.0.join("fetched")).unwrap_err();
    assert!(error.to_string().starts_with("no advisory was checked"), "{error}");
    let error = database::unpack(&outside.lockfile(), &outside.0).unwrap_err();
    assert!(error.to_string().contains("cannot be unpacked"), "{error}");
}

#[test]
fn dependencies_keep_to_the_licences_and_sources_we_allow() {
    let policy = Policy::read(&root()).unwrap();
    let metadata = metadata(&root()).unwrap();
    assert_eq!(allowed::faults(&metadata, &policy).unwrap(), Vec::<String>::new());
}

#[test]
fn a_licence_a_ban_and_a_source_are_refused() {
    let policy = Policy::parse(
        "licenses.allow = [\"MIT\", \"ISC\"]\nbans.deny = [{ crate = \"openssl\" }]\nadvisories.ignore = []",
    );
    let package = |name: &str, license: &str, source: Option<&str>| serde_json::json!({"name": name, "id": name, "license": license, "source": source});
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let packages = [
        package("ours", "MIT", None),
        package("either", "GPL-3.0 OR MIT", Some(registry)),
        package("both", "(MIT OR GPL-3.0) AND ISC", Some(registry)),
        package("old-style", "MIT/GPL-3.0", Some(registry)),
        package("openssl", "MIT", Some(registry)),
        package("strict", "MIT AND GPL-3.0", Some(registry)),
        package("silent", "", Some(registry)),
        package("elsewhere", "MIT", Some("git+https://example.org")),
    ];
    let nodes: Vec<_> = packages.iter().map(|one| serde_json::json!({"id": one["id"]})).collect();
    let unused = package("unused", "GPL-3.0", None);
    let all: Vec<_> = packages.iter().chain([&unused]).collect();
    let metadata = serde_json::json!({"packages": all, "resolve": {"nodes": nodes}});
    assert_eq!(
        allowed::faults(&metadata, &policy.unwrap()).unwrap(),
        [
            "openssl is banned",
            "strict: the licence \"MIT AND GPL-3.0\" is not allowed",
            "silent: the licence \"\" is not allowed",
            "elsewhere comes from git+https://example.org",
        ]
    );
}
