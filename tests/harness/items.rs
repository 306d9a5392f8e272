//! Reading our own source text: what a file declares, and what the declarations say.

use std::collections::BTreeSet;

use crate::paths;

/// What the files of a crate declare.
#[derive(Default)]
pub struct Items {
    pub items: Vec<Item>,
    pub handed_on: Vec<HandedOn>,
    /// What stands in macros: whatever they make needs it.
    pub made: BTreeSet<String>,
}

/// Something that a crate declares.
pub struct Item {
    pub file: String,
    /// The module that it stands in.
    pub module: Vec<String>,
    pub kind: Kind,
    /// Empty for what nobody names: the associated type of a trait.
    pub name: String,
    /// Whose field or method it is.
    pub owner: Option<String>,
    /// `pub` for everybody, or seen with its owner.
    pub is_public: bool,
    /// The words of its declaration, without what it does.
    pub says: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Function,
    Module,
    Other,
}

/// A `pub use`.
pub struct HandedOn {
    pub module: Vec<String>,
    pub path: Vec<String>,
    pub name: String,
}

impl Items {
    /// Adds what a file declares, as the module that it is.
    pub fn read(&mut self, file: &str, module: Vec<String>, code: &str) {
        let tokens = tokens(code);
        Reader { tokens: &tokens, place: 0, file: file.to_owned(), module, into: self }.items(None, false);
    }
}

/// The words and signs of code; a path's `::` and an arrow are one sign each.
pub fn tokens(code: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut follows = false;
    for c in code.chars() {
        let is_in_a_word = c.is_alphanumeric() || c == '_';
        match found.last_mut() {
            Some(last) if follows && is_in_a_word && last.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                last.push(c);
            }
            Some(last) if follows && [(":", ':'), ("-", '>'), ("=", '>')].contains(&(last, c)) => last.push(c),
            _ if !c.is_whitespace() => found.push(c.to_string()),
            _ => {}
        }
        follows = !c.is_whitespace();
    }
    found
}

/// Reads the items of a file.
struct Reader<'a> {
    tokens: &'a [String],
    place: usize,
    file: String,
    module: Vec<String>,
    into: &'a mut Items,
}

impl Reader<'_> {
    fn now(&self) -> &str {
        self.tokens.get(self.place).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        self.place += 1;
        self.tokens.get(self.place - 1).cloned().unwrap_or_default()
    }

    /// The tokens up to one of these outside any brackets, or to the end of what surrounds them.
    fn up_to(&mut self, ends: &[&str]) -> Vec<String> {
        let (start, mut depth) = (self.place, 0_usize);
        while self.place < self.tokens.len() {
            match self.now() {
                end if depth == 0 && ends.contains(&end) => break,
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" if depth == 0 => break,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            self.place += 1;
        }
        self.tokens[start..self.place].to_vec()
    }

    /// What stands in the brackets that open here.
    fn inside(&mut self) -> Vec<String> {
        self.place += 1;
        let inside = self.up_to(&[]);
        self.place += 1;
        inside
    }

    /// Whether it is `pub` for everybody.
    fn is_public(&mut self) -> bool {
        if self.now() != "pub" {
            return false;
        }
        self.place += 1;
        let restricted =
            self.now() == "(" && ["crate", "super", "in", "self"].contains(&self.tokens[self.place + 1].as_str());
        if restricted {
            self.inside();
        }
        !restricted
    }

    fn attributes(&mut self) -> String {
        let mut all = String::new();
        while self.now() == "#" {
            self.place += 1;
            if self.now() == "!" {
                self.place += 1;
            }
            all.push_str(&self.inside().concat());
        }
        all
    }

    fn items(&mut self, owner: Option<&str>, of_trait: bool) {
        while self.place < self.tokens.len() && self.now() != "}" {
            let attributes = self.attributes();
            let is_public = self.is_public();
            while ["async", "unsafe", "extern", "default"].contains(&self.now())
                || (self.now() == "const" && ["fn", "async", "unsafe"].contains(&self.tokens[self.place + 1].as_str()))
            {
                self.place += 1;
            }
            match self.next().as_str() {
                "fn" => {
                    let name = self.next();
                    let says = self.up_to(&["{", ";"]);
                    self.body();
                    self.found(Kind::Function, name, owner, is_public, says);
                }
                "struct" => self.structure(is_public),
                kind @ ("enum" | "trait") => {
                    let name = self.next();
                    let mut says = self.up_to(&["{"]);
                    let inside = self.inside();
                    says.extend(if kind == "enum" { in_brackets(&inside) } else { inside });
                    self.found(Kind::Other, name, None, is_public, says);
                }
                "type" if of_trait => {
                    let says = self.up_to(&[";"]);
                    self.place += 1;
                    self.found(Kind::Other, String::new(), owner, true, says);
                }
                "type" => {
                    let name = self.next();
                    let says = self.up_to(&[";"]);
                    self.place += 1;
                    self.found(Kind::Other, name, owner, is_public, says);
                }
                "const" | "static" => {
                    let name = self.next();
                    let says = self.up_to(&["=", ";"]);
                    self.up_to(&[";"]);
                    self.place += 1;
                    self.found(Kind::Other, name, owner, is_public, says);
                }
                "mod" => {
                    let name = self.next();
                    self.found(Kind::Module, name.clone(), None, is_public, Vec::new());
                    if self.next() == "{" {
                        self.module.push(name);
                        self.items(None, false);
                        self.module.pop();
                        self.place += 1;
                    }
                }
                "use" => {
                    let tree = self.up_to(&[";"]).join(" ").replace(" :: ", "::");
                    self.place += 1;
                    for (path, name) in paths::expanded(&tree).into_iter().filter(|_| is_public) {
                        self.into.handed_on.push(HandedOn { module: self.module.clone(), path, name });
                    }
                }
                "impl" => {
                    let header = self.up_to(&["{"]);
                    let (owner, is_of_trait) = implemented(&header);
                    self.place += 1;
                    self.items(Some(&owner), is_of_trait);
                    self.place += 1;
                }
                "macro_rules" => {
                    self.place += 2;
                    let inside = self.inside();
                    if attributes.contains("macro_export") {
                        self.into.made.extend(inside);
                    }
                }
                // A macro makes items.
                _ if self.now() == "!" => {
                    self.place += 1;
                    let inside = self.inside();
                    self.into.made.extend(inside);
                }
                _ => {}
            }
        }
    }

    fn body(&mut self) {
        if self.now() == "{" {
            self.inside();
        } else {
            self.place += 1;
        }
    }

    fn structure(&mut self, is_public: bool) {
        let name = self.next();
        let mut says = self.up_to(&["{", "(", ";"]);
        let is_tuple = self.now() == "(";
        if self.now() == ";" {
            self.place += 1;
        } else {
            self.place += 1;
            while self.place < self.tokens.len() && ![")", "}"].contains(&self.now()) {
                self.attributes();
                let is_public = self.is_public();
                let field = if is_tuple { String::new() } else { self.next() };
                let kind = self.kind_of_field();
                match is_tuple {
                    // Nobody names it: it has a number.
                    true if is_public => says.extend(kind),
                    true => {}
                    false => self.found(Kind::Other, field, Some(&name), is_public, kind),
                }
            }
            self.place += 1;
        }
        if is_tuple {
            self.up_to(&[";"]);
            self.place += 1;
        }
        self.found(Kind::Other, name, None, is_public, says);
    }

    /// The type of a field, with the comma behind it.
    fn kind_of_field(&mut self) -> Vec<String> {
        let mut kind = Vec::new();
        loop {
            kind.extend(self.up_to(&[","]));
            let depth = |sign: &str| kind.iter().filter(|token| *token == sign).count();
            // A comma between the parameters of a type is inside it.
            let is_inside = self.now() == "," && depth("<") > depth(">");
            if self.now() == "," {
                self.place += 1;
            }
            if !is_inside {
                return kind;
            }
        }
    }

    fn found(&mut self, kind: Kind, name: String, owner: Option<&str>, is_public: bool, says: Vec<String>) {
        let (file, module, owner) = (self.file.clone(), self.module.clone(), owner.map(str::to_owned));
        self.into.items.push(Item { file, module, kind, name, owner, is_public, says });
    }
}

/// The type of an `impl`, and whether it is for a trait.
fn implemented(header: &[String]) -> (String, bool) {
    let (mut depth, mut name, mut of_trait) = (0_i32, String::new(), false);
    for token in header {
        match token.as_str() {
            "<" => depth += 1,
            ">" => depth -= 1,
            "where" => break,
            "for" if depth == 0 => of_trait = true,
            word if depth == 0 && word.starts_with(char::is_alphabetic) => word.clone_into(&mut name),
            _ => {}
        }
    }
    (name, of_trait)
}

/// What stands in brackets: of the variants of an enum what they hold, without their names.
fn in_brackets(tokens: &[String]) -> Vec<String> {
    let (mut found, mut depth) = (Vec::new(), 0_usize);
    for token in tokens {
        match token.as_str() {
            "(" | "{" => depth += 1,
            ")" | "}" => depth -= 1,
            _ if depth > 0 => found.push(token.clone()),
            _ => {}
        }
    }
    found
}
