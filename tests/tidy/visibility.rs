//! What a crate shows to others, others use: whatever else is `pub` can be `pub(crate)` or private, and then the compiler
//! tells when nobody needs it any more.
//!
//! A name counts as used where a crate that depends on this one says it, also in its tests, and where something stands in
//! the declaration of what is used: a caller holds the answer of a function without naming its type. What a macro makes is
//! passed over, as is what lies in a module that the crate keeps to itself, for there the compiler sees it already.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use tests::{
    items::{self, HandedOn, Item, Items, Kind},
    paths,
    source::{self, root},
};

use super::{none, tracked};

/// What stays open although nobody names it, each with its reason.
const OPEN: &[(&str, &str)] = &[];

#[test]
fn what_a_crate_shows_another_crate_uses() {
    let crates = Crate::all();
    let (mut wrong, mut shown) = (Vec::new(), 0);
    for own in &crates {
        let others = crates.iter().filter(|other| other.depends_on(&own.name, &crates));
        let words: BTreeSet<&str> = others.flat_map(|other| other.words.iter().map(String::as_str)).collect();
        let (open, idle) = own.open_and_idle(&words);
        shown += open;
        wrong.extend(idle);
    }
    let known: BTreeSet<&str> = OPEN.iter().map(|(item, _)| *item).collect();
    let needless = known.iter().filter(|item| !wrong.iter().any(|idle| idle == *item));
    let needless: Vec<String> = needless.map(|item| format!("{item}: needs no exception any more")).collect();
    wrong.retain(|item| !known.contains(item.as_str()));
    wrong.extend(needless);
    assert!(shown > 500, "{shown} names are too few to be all");
    none(&wrong);
}

#[test]
fn a_name_is_used_where_it_is_said_or_stands_in_what_is_used() {
    let text = "
        pub mod inside;
        mod kept { pub fn asked_for() {} pub fn handed_on() {} pub fn unseen() {} }
        pub use kept::{asked_for, handed_on};
        pub fn called(it: &Argument) -> Answer { idle() }
        pub fn idle() -> Alone { }
        pub struct Argument { pub read: Inner, pub unread: u8, own: u8 }
        pub struct Answer(pub Inner);
        pub struct Inner;
        pub struct Alone;
        impl Answer { pub fn says(self) {} pub const fn keeps(self) {} }
        impl Iterator for Answer { type Item = Each; fn next(&mut self) {} }
        pub enum Each { One }
        #[cfg(test)]
        mod tests { pub fn of_a_test() {} }
    ";
    let mut own = Crate::new("own");
    own.is_library = true;
    own.take("lib.rs", text);
    own.take("inside.rs", "pub const FAR: u8 = 0;\npub(crate) const NEAR: u8 = 0;");
    let words = BTreeSet::from(["own::called", ".says", "read", "own::asked_for", "own::inside"]);
    let (_, idle) = own.open_and_idle(&words);
    let expected = [
        "own/inside.rs: FAR",
        "own/lib.rs: Alone",
        "own/lib.rs: Answer::keeps",
        "own/lib.rs: Argument::unread",
        "own/lib.rs: handed_on",
        "own/lib.rs: idle",
        "own/lib.rs: pub use handed_on",
    ];
    assert_eq!(idle, expected);
}

/// A crate of ours, or what is compiled beside one: its program, its examples, its build script.
struct Crate {
    name: String,
    /// The crates that it lists.
    uses: BTreeSet<String>,
    /// Its library; what is compiled beside one is used by nobody.
    is_library: bool,
    declares: Items,
    /// Every word of its code, with a dot before it where the word is called or stands in a path, and the first two words
    /// of every path.
    words: BTreeSet<String>,
}

impl Crate {
    fn all() -> Vec<Self> {
        let mut folders = vec![root().join("tests"), root().join("clients/departments")];
        let inside = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
        folders.extend(inside.filter(|path| path.join("Cargo.toml").is_file()));
        folders.iter().flat_map(|folder| Self::read(folder)).collect()
    }

    /// The crate of a folder, and what is compiled beside it.
    fn read(folder: &Path) -> [Self; 2] {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let (mut library, mut beside) = (Self::new(name), Self::new(&format!("{name}, beside")));
        library.is_library = folder.join("lib.rs").is_file();
        let manifest: toml::Table = fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
        for list in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let listed = manifest.get(list).and_then(|list| list.as_table()).into_iter().flat_map(|list| list.keys());
            library.uses.extend(listed.cloned());
        }
        beside.uses = library.uses.iter().cloned().chain([name.to_owned()]).collect();
        for file in source::rust_files(folder.strip_prefix(root()).unwrap().to_str().unwrap()) {
            let inside = file.strip_prefix(folder).unwrap().to_str().unwrap();
            let text = fs::read_to_string(&file).unwrap();
            let is_beside = ["main.rs", "build.rs"].contains(&inside) || inside.starts_with("examples/");
            if library.is_library && is_beside {
                // What a build script writes is code as well.
                beside.hear(&paths::code(&text));
                beside.hear(&source::literals(&text).join(" "));
            } else {
                library.take(inside, &text);
            }
        }
        for file in tracked()
            .iter()
            .filter(|file| file.starts_with(folder) && file.extension().is_some_and(|kind| kind == "html"))
        {
            library.hear(&fs::read_to_string(file).unwrap());
        }
        [library, beside]
    }

    fn new(name: &str) -> Self {
        let name = name.to_owned();
        Self { name, uses: BTreeSet::new(), is_library: false, declares: Items::default(), words: BTreeSet::new() }
    }

    /// Takes in a file: what it says, and what it declares.
    fn take(&mut self, file: &str, text: &str) {
        let code = paths::code(text);
        self.hear(&code);
        if source::is_test_file(Path::new(file)) {
            return;
        }
        let code = paths::without_tests(&code);
        let inside = Path::new(file).with_extension("");
        let mut module: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        module.retain(|part| part != "lib");
        self.declares.read(file, module, &code);
    }

    /// Takes in what code says.
    fn hear(&mut self, code: &str) {
        let (uses, body) = paths::imports(code);
        let imported = uses.iter().flat_map(|(_, tree)| paths::expanded(tree)).map(|(path, _)| path);
        for path in imported.chain(paths::paths(&body)) {
            self.words.extend(path.get(..2).map(|start| start.join("::")));
            self.words.extend(path.into_iter().map(|word| format!(".{word}")));
        }
        let tokens = items::tokens(code);
        let called = tokens.windows(2).filter(|pair| [".", "::"].contains(&pair[0].as_str()));
        self.words.extend(called.map(|pair| format!(".{}", pair[1])));
        self.words.extend(tokens);
    }

    /// Whether this crate takes something from that one, itself or through others.
    fn depends_on(&self, name: &str, all: &[Self]) -> bool {
        let (mut found, mut waiting) = (BTreeSet::new(), vec![self]);
        while let Some(next) = waiting.pop() {
            let fresh: Vec<&String> = next.uses.iter().filter(|used| found.insert((*used).clone())).collect();
            waiting.extend(all.iter().filter(|other| fresh.contains(&&other.name)));
        }
        self.name != name && found.contains(name)
    }

    /// How many items others can reach, and those of them that nobody uses who says these words.
    fn open_and_idle(&self, words: &BTreeSet<&str>) -> (usize, Vec<String>) {
        if !self.is_library {
            return (0, Vec::new());
        }
        let modules = self.open_modules();
        let handed_on = self.declares.handed_on.iter().filter(|on| modules.contains(&on.module));
        let handed_on: Vec<&HandedOn> = handed_on.collect();
        let is_said = |module: &[String], kind: Kind, name: &str| match kind {
            _ if module.is_empty() => words.contains(format!("{}::{name}", self.name).as_str()),
            Kind::Function | Kind::Module => words.contains(format!(".{name}").as_str()),
            Kind::Other => words.contains(name),
        };
        let is_wanted = |item: &Item| {
            let is_named = match item.owner {
                Some(_) => is_said(&[String::new()], item.kind, &item.name),
                None => names(item, &modules, &handed_on).iter().any(|(module, name)| is_said(module, item.kind, name)),
            };
            is_named || self.declares.made.contains(&item.name)
        };
        let open = self.spread(|item| !names(item, &modules, &handed_on).is_empty(), |_| true);
        let used = self.spread(is_wanted, is_wanted);
        let idle =
            open.difference(&used).map(|place| &self.declares.items[*place]).filter(|item| !item.name.is_empty());
        let again = handed_on.iter().filter(|on| on.module.is_empty() && !is_said(&[], Kind::Other, &on.name));
        let again = again.filter(|on| !self.declares.made.contains(&on.name));
        let mut told: Vec<String> = idle.map(|item| self.told(item)).collect();
        told.extend(again.map(|on| format!("{}/lib.rs: pub use {}", self.name, on.name)));
        told.sort();
        told.dedup();
        (open.len(), told)
    }

    fn told(&self, item: &Item) -> String {
        let owner = item.owner.as_ref().map_or(String::new(), |owner| format!("{owner}::"));
        format!("{}/{}: {owner}{}", self.name, item.file, item.name)
    }

    /// The modules that others can reach.
    fn open_modules(&self) -> BTreeSet<Vec<String>> {
        let mut open = BTreeSet::from([Vec::new()]);
        loop {
            let modules = self.declares.items.iter().filter(|item| item.kind == Kind::Module);
            let reached = modules.filter(|item| {
                let on = |on: &HandedOn| open.contains(&on.module) && on.path.last() == Some(&item.name);
                item.is_public && open.contains(&item.module) || self.declares.handed_on.iter().any(on)
            });
            let found: BTreeSet<Vec<String>> =
                reached.map(|item| item.module.iter().chain([&item.name]).cloned().collect()).collect();
            let before = open.len();
            open.extend(found);
            if open.len() == before {
                return open;
            }
        }
    }

    /// The items where this begins, and what they say: types in their declarations, and members of those types, if they
    /// are wanted.
    fn spread(&self, begins: impl Fn(&Item) -> bool, wanted: impl Fn(&Item) -> bool) -> BTreeSet<usize> {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, item) in self.declares.items.iter().enumerate() {
            match &item.owner {
                Some(owner) => members.entry(owner).or_default().push(place),
                None if item.kind == Kind::Other => by_name.entry(&item.name).or_default().push(place),
                None => {}
            }
        }
        let begins =
            |place: &usize| self.declares.items[*place].owner.is_none() && begins(&self.declares.items[*place]);
        let mut waiting: Vec<usize> = (0..self.declares.items.len()).filter(begins).collect();
        let mut found = BTreeSet::new();
        while let Some(place) = waiting.pop() {
            let item = &self.declares.items[place];
            if !item.is_public || !found.insert(place) {
                continue;
            }
            waiting.extend(item.says.iter().filter_map(|word| by_name.get(word.as_str())).flatten());
            if item.owner.is_none() {
                let own = members.get(item.name.as_str()).into_iter().flatten();
                waiting.extend(own.filter(|member| {
                    self.declares.items[**member].name.is_empty() || wanted(&self.declares.items[**member])
                }));
            }
        }
        found
    }
}

/// Where others find an item, and under which name.
fn names<'a>(item: &'a Item, open: &BTreeSet<Vec<String>>, handed_on: &[&'a HandedOn]) -> Vec<(&'a [String], &'a str)> {
    if item.owner.is_some() {
        return Vec::new();
    }
    let again = handed_on.iter().filter(|on| on.path.last() == Some(&item.name));
    let own = open.contains(&item.module).then_some((&item.module[..], &item.name[..]));
    again.map(|on| (&on.module[..], &on.name[..])).chain(own).collect()
}
