//! The statements of the product, and which of them are lists: what has an order or a limit.

use std::{fs, path::Path};

use base::Instant;
use records::{Value, args};

use crate::{
    crowd,
    source::{self, root},
};

/// A statement and the file that it stands in, as a path from the root.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The file.
    pub file: String,
    /// The text; a place that its crate fills in is empty.
    pub text: String,
}

impl Statement {
    /// Whether it lists, searches or sweeps: it says in which order, or how many.
    pub fn is_list(&self) -> bool {
        let text = self.shown();
        text.contains(" order by ") || text.contains(" limit ")
    }

    /// Whether it counts or adds up rows, all of which it then looks at.
    pub fn counts(&self) -> bool {
        ["count(", "sum(", "avg("].iter().any(|counts| self.text.contains(counts))
    }

    /// The text on one line, without the columns that it lists first.
    pub fn shown(&self) -> String {
        let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.split_once(" from ") {
            Some((columns, rest)) if columns.starts_with("select ") && !columns.contains('(') => format!("from {rest}"),
            _ => text,
        }
    }

    /// Whether its crate puts it together out of parts that stand elsewhere.
    pub fn is_composed(&self) -> bool {
        self.text.contains(['{', '}']) || self.text.contains("()")
    }

    /// Values with which it finds the few rows that [`crowd`] made first, or a page amid many.
    ///
    /// # Errors
    ///
    /// What is to be added here, when it compares a column that no value is known for.
    pub fn values(&self, whose: Whose) -> Result<Vec<Value>, String> {
        let spaced = self.text.replace('(', " ( ").replace(')', " ) ").replace(',', " , ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let count = (1..=20).take_while(|place| words.contains(&format!("${place}").as_str())).count();
        let value = |place: usize| {
            let name = format!("${}", place + 1);
            let at = words.iter().position(|word| *word == name).unwrap_or_default();
            let (column, operator) = compared(&words, at);
            value(&words, whose, column, operator).ok_or_else(|| {
                format!("{}: say in tests/harness/lists.rs what {column} {operator} {name} is to find", self.shown())
            })
        };
        (0..count).map(value).collect()
    }
}

/// What the values of a statement are to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// What belongs to whoever has four or fewer, from the first page on.
    Few,
    /// What belongs to whoever has an eighth of all, from a page amid them on.
    Many,
}

/// The row at which a page amid many begins, and nine times the one at which a page in the other order does.
const AMID: i64 = 900;

/// Every statement of the product.
pub fn statements() -> Vec<Statement> {
    let mut found = Vec::new();
    let is_product = |file: &Path| !source::is_test_file(file) && !file.ends_with("testing.rs");
    for file in source::rust_files("src").into_iter().filter(|file| is_product(file)) {
        let text = fs::read_to_string(&file).unwrap();
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for text in source::statements(product) {
            // What ends with a space is the head that a macro puts before others.
            if !text.ends_with(' ') {
                found.push(Statement { file: shown(&file), text: text.replace("{}", "") });
            }
        }
    }
    found
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

/// The column that the value at this place is compared with, and how.
fn compared<'a>(words: &[&'a str], at: usize) -> (&'a str, &'a str) {
    let before = |steps: usize| at.checked_sub(steps).and_then(|place| words.get(place)).copied().unwrap_or_default();
    match before(1) {
        "limit" | "offset" => (before(1), ""),
        // `issuer_id || '' = $3`: what no index may be taken for.
        operator if before(3) == "||" => (before(4), operator),
        operator @ ("=" | "<" | ">" | "<=" | ">=" | "<>" | "between") => (before(2), operator),
        _ => {
            // One of several in parentheses.
            let Some(open) = words[..at].iter().rposition(|word| *word == "(") else { return ("", "") };
            let place = words[open..at].iter().filter(|word| **word == ",").count();
            let operator = open.checked_sub(1).and_then(|place| words.get(place)).copied().unwrap_or_default();
            let Some(close) = open.checked_sub(2) else { return ("", operator) };
            if words[close] != ")" {
                return (words[close], operator);
            }
            let Some(first) = words[..close].iter().rposition(|word| *word == "(") else { return ("", operator) };
            let columns: Vec<&str> = words[first + 1..close].iter().filter(|word| **word != ",").copied().collect();
            (columns.get(place).copied().unwrap_or_default(), operator)
        }
    }
}

fn value(words: &[&str], whose: Whose, column: &str, operator: &str) -> Option<Value> {
    let either = |few: &'static str, many: &'static str| if whose == Whose::Few { few } else { many };
    let bare = column.rsplit('.').next().unwrap_or_default();
    let is_of = |table: &str| words.windows(2).any(|pair| ["from", "update"].contains(&pair[0]) && pair[1] == table);
    let text = |text: &str| args![text].remove(0);
    let id = |prefix: &str| text(&crowd::id(prefix, 1));
    let number = |number: i64| args![number].remove(0);
    let own = |prefix: &str| match (operator, whose) {
        // The bound of a page.
        ("<", Whose::Few) => text("zzz"),
        (">", Whose::Few) | ("<>", _) => text(""),
        ("<", Whose::Many) => text(&crowd::id(prefix, AMID)),
        (">", Whose::Many) => text(&crowd::id(prefix, AMID / 9)),
        _ => id(prefix),
    };
    let department = || text(&crowd::id("org", if whose == Whose::Few { 9 } else { 1 }));
    let is_instant = ["_at", "_until", "this_update", "not_after"].iter().any(|end| bare.ends_with(end));
    Some(match bare {
        "limit" => number(51),
        "offset" => number(0),
        "asked_by" | "issuer_id" => department(),
        "organisation_id" if !matches!(operator, "<" | ">" | "<>") => department(),
        "organisation_id" => own("org"),
        "licence_id" => own("lic"),
        "application_id" => own("app"),
        "event_id" => own("evt"),
        "session_id" => own("ses"),
        "staff_id" => own("stf"),
        "seal_id" => own("sel"),
        "key_id" | "issuer_key_id" => own("key"),
        "client_id" | "client" => own("client-1"),
        "holder_id" | "person_id" | "legal_representative" => id("per"),
        "account_id" => id("acc"),
        "object" | "renews" => id("lic"),
        "request_id" => id("req"),
        "status" => text(either("revoked", "valid")),
        "state" => text(either("submitted", "approved")),
        "kind" if is_of("event") => text(either("licence.revoked", "licence.issued")),
        "kind" => text(either("department", "enterprise")),
        "type_code" => text("type-1"),
        "valid_from" | "valid_until" => text("2026-01-01"),
        "actor" | "filed_by" => id("stf"),
        "identity_lookup" | "name" | "name_key" => text("nobody"),
        "proposal_id" => own("pro"),
        "receipt_id" => own("rcp"),
        "reset_id" => own("rst"),
        "revocation_id" => own("rev"),
        "number" => number(if operator == ">" { 0 } else { 500 }),
        "sequence" => number(if operator == ">" { 100 } else { 5000 }),
        "leased_until" | "run_at" => number(Instant::from_seconds(1_800_000_000).as_micros()),
        "lane" => text("lane0"),
        _ if is_instant => number(Instant::from_seconds(1_800_000_000).as_micros()),
        _ => return None,
    })
}
