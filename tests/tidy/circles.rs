//! Files that use each other in a circle can only be read together; two of them can, more cannot.
//!
//! An arrow leads from a file to the file of its crate that declares a name it says: in a `use`, or in a path in the
//! code. A name is followed through `pub use` to where it is declared, so that taking something from a folder's own file
//! means the file inside that declares it. No arrows: `mod` lines and `pub use` lines, which only arrange, methods, which
//! say no file's name, comments, and whatever is compiled for tests alone.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::{Path, PathBuf},
};

use super::none;
use tests::{
    paths,
    source::{self, root},
};

#[test]
fn no_circle_has_more_than_two_files() {
    let (mut wrong, mut arrows) = (Vec::new(), 0);
    for folder in crates() {
        let files = Files::read(&folder);
        arrows += files.arrows().len();
        for circle in files.circles() {
            wrong.push(format!("{}: {}", super::shown(&folder), files.told(&circle)));
        }
    }
    assert!(arrows > 500, "{arrows} arrows are too few to be all");
    none(&wrong);
}

#[test]
fn names_are_followed_to_where_they_are_declared() {
    let texts = [
        ("", "mod a;\nmod b;\npub use a::deep::Thing;\n"),
        ("a", "pub mod deep;\nuse crate::b;\nfn f() { b::g(std::x()) }\n#[cfg(test)]\nmod tests { use crate::c; }"),
        ("a::deep", "//! Says `crate::b::Other`.\npub struct Thing;\nfn f() { \"crate::b\"; super::h(); }"),
        ("b", "use crate::{Thing, a::{self, deep as low}};\nfn g() { low::x(); a::deep::y() }"),
    ];
    let files = Files(texts.map(|(path, text)| File::read(paths::segments(path), text)).to_vec());
    let told: Vec<String> = files.arrows().iter().map(|(from, to)| format!("{from}→{to}")).collect();
    // The root, `a`, `a::deep` and `b` are 0 to 3.
    assert_eq!(told, ["1→3", "2→1", "3→2"]);
    assert_eq!(files.circles(), BTreeSet::from([vec![3, 2, 1]]));
}

/// The folders of our crates.
fn crates() -> Vec<PathBuf> {
    let inside = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = inside.filter(|path| path.join("Cargo.toml").is_file()).collect();
    found.push(root().join("tests/harness"));
    found.sort();
    found
}

/// The files of one crate.
struct Files(Vec<File>);

/// What one file says of others.
#[derive(Clone)]
struct File {
    /// Its module path; empty for the crate's root.
    module: Vec<String>,
    /// Names that stand for a path: what is imported.
    imported: BTreeMap<String, Vec<String>>,
    /// Names that others find here although they are declared elsewhere.
    handed_on: BTreeMap<String, Vec<String>>,
    /// Paths in the code, and those of imports.
    said: BTreeSet<Vec<String>>,
}

impl Files {
    fn read(folder: &Path) -> Self {
        let mut files = Vec::new();
        for file in source::rust_files(folder.strip_prefix(root()).unwrap().to_str().unwrap()) {
            let inside = file.strip_prefix(folder).unwrap().with_extension("");
            let mut module: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            let is_for_tests =
                module.iter().any(|part| part == "testing" || part == "examples" || part.ends_with("_tests"));
            // The program beside a library is a crate of its own.
            let is_beside = module == ["main"] && folder.join("lib.rs").is_file();
            if source::is_test_file(file.strip_prefix(folder).unwrap()) || is_for_tests || is_beside {
                continue;
            }
            if module == ["lib"] || module == ["main"] {
                module.clear();
            }
            files.push(File::read(module, &fs::read_to_string(&file).unwrap()));
        }
        Self(files)
    }

    fn place(&self, module: &[String]) -> Option<usize> {
        self.0.iter().position(|file| file.module == module)
    }

    /// Which file declares what a path means, if it is one of ours and no mere module.
    fn declares(&self, path: &[String], depth: usize) -> Option<usize> {
        let length = (0..=path.len()).rev().find(|length| self.place(&path[..*length]).is_some())?;
        let place = self.place(&path[..length])?;
        let name = path.get(length)?;
        match self.0[place].handed_on.get(name) {
            Some(elsewhere) if depth < 8 => {
                let whole: Vec<String> = elsewhere.iter().chain(&path[length + 1..]).cloned().collect();
                self.declares(&whole, depth + 1)
            }
            _ => Some(place),
        }
    }

    fn arrows(&self) -> BTreeSet<(usize, usize)> {
        let mut arrows = BTreeSet::new();
        for (from, file) in self.0.iter().enumerate() {
            for path in &file.said {
                arrows.extend(self.declares(path, 0).filter(|to| *to != from).map(|to| (from, to)));
            }
        }
        arrows
    }

    /// The circles of more than two files, the shortest through each arrow, each once.
    fn circles(&self) -> BTreeSet<Vec<usize>> {
        let arrows = self.arrows();
        let mut found = BTreeMap::new();
        for (from, to) in &arrows {
            // Without the arrow straight back, whatever leads back makes a circle of three or more.
            let others = |arrow: &&(usize, usize)| **arrow != (*to, *from);
            if let Some(circle) = way(&arrows.iter().filter(others), *to, *from) {
                found.entry(circle.iter().copied().collect::<BTreeSet<_>>()).or_insert(circle);
            }
        }
        found.into_values().collect()
    }

    fn told(&self, circle: &[usize]) -> String {
        let names: Vec<String> = circle.iter().map(|place| self.0[*place].module.join("::")).collect();
        format!("{} → {}", names.join(" → "), names[0])
    }
}

/// The shortest way along arrows.
fn way<'a>(arrows: &(impl Iterator<Item = &'a (usize, usize)> + Clone), from: usize, to: usize) -> Option<Vec<usize>> {
    let (mut ways, mut seen) = (VecDeque::from([vec![from]]), BTreeSet::from([from]));
    while let Some(way) = ways.pop_front() {
        let last = way.last().copied()?;
        if last == to {
            return Some(way);
        }
        for (_, next) in arrows.clone().filter(|(start, _)| *start == last) {
            if seen.insert(*next) {
                ways.push_back(way.iter().copied().chain([*next]).collect());
            }
        }
    }
    None
}

impl File {
    fn read(module: Vec<String>, text: &str) -> Self {
        let code = paths::without_tests(&paths::code(text));
        let mut file = Self { module, imported: BTreeMap::new(), handed_on: BTreeMap::new(), said: BTreeSet::new() };
        let (uses, body) = paths::imports(&code);
        for child in paths::words_after(&body, "mod") {
            let path = file.module.iter().cloned().chain([child.clone()]).collect();
            file.imported.insert(child, path);
        }
        for (is_public, tree) in uses {
            for (path, name) in paths::expanded(&tree) {
                let Some(path) = file.absolute(&path) else { continue };
                if is_public {
                    file.handed_on.insert(name.clone(), path.clone());
                } else {
                    file.said.insert(path.clone());
                }
                file.imported.insert(name, path);
            }
        }
        let said: Vec<_> = paths::paths(&body).iter().filter_map(|path| file.absolute(path)).collect();
        file.said.extend(said);
        file
    }

    /// A path from the root of the crate, if it leads into it.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let mut start: Vec<String> = Vec::new();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => rest = &path[1..],
            Some("self") => (start, rest) = (self.module.clone(), &path[1..]),
            Some("super") => {
                start.clone_from(&self.module);
                while rest.first().is_some_and(|part| part == "super") {
                    start.pop();
                    rest = &rest[1..];
                }
            }
            Some(first) => match self.imported.get(first) {
                Some(meant) => (start, rest) = (meant.clone(), &path[1..]),
                // Somebody else's crate, or a type's own name.
                None => return None,
            },
            None => {}
        }
        Some(start.into_iter().chain(rest.iter().cloned()).collect())
    }
}
