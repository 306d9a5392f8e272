//! Names in the code.

use std::fs;

use tests::source;

use super::{none, shown};

/// Words that the glossary replaces (design S5), as parts of names that we declare.
const NEVER: &[(&str, &str)] = &[
    ("user", "Person, Account or Holder"),
    ("tenant", "RelyingParty or Client"),
    ("util", "the name of what it does"),
    ("utils", "the name of what it does"),
    ("helper", "the name of what it does"),
    ("helpers", "the name of what it does"),
    ("manager", "the name of what it does"),
    ("cert", "Certificate"),
    ("license", "Licence"),
];

/// Names that a specification or a dependency chose.
const NEVER_BUT: &[&str] = &["userinfo", "user_info", "UserInfo", "user_agent", "UserAgent", "x_user"];

#[test]
fn names_keep_to_the_glossary() {
    let mut wrong = Vec::new();
    for file in source::rust_files("src") {
        for name in source::declared_names(&fs::read_to_string(&file).unwrap()) {
            if NEVER_BUT.iter().any(|but| name.contains(but)) {
                continue;
            }
            for word in source::words(&name) {
                if let Some((_, instead)) = NEVER.iter().find(|(never, _)| *never == word) {
                    wrong.push(format!("{}: {name}; rather {instead}", shown(&file)));
                }
            }
        }
        let stem = file.file_stem().unwrap().to_str().unwrap();
        if ["types", "util", "utils", "impl", "helpers", "common", "misc"].contains(&stem) {
            wrong.push(format!("{}: a file is named by what it is about", shown(&file)));
        }
    }
    none(&wrong);
}
