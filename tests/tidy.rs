//! Rules about the text of the repository, a topic to a file. Each test is one rule; it lists everything that breaks
//! it, with the file.

mod attacks;
mod circles;
mod comments;
mod consequences;
mod custody;
mod dead;
mod demonstration;
mod dependencies;
mod documents;
mod events;
mod kept;
mod migrations;
mod retry;
mod sizes;
mod sql;
mod templates;
mod tests;
mod text;
mod translations;
mod visibility;
mod words;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use ::tests::source::root;

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

/// Every file that git keeps, or would keep.
fn tracked() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success());
    let names = String::from_utf8(output.stdout).unwrap();
    names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(|name| root().join(name))
        .filter(|path| path.is_file())
        .collect()
}
