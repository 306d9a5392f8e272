//! What a table is made of, so that what a migration says of it and what a database says are the same: its columns, and
//! what has to hold of their values.

use super::{Found, Key};

/// What of a table has a name of its own here.
pub const PARTS: [&str; 5] = ["check", "column", "primary key", "reference", "unique"];

/// What of it has to hold of every row.
pub const BINDING: [&str; 4] = ["check", "primary key", "reference", "unique"];

/// The parts of a table by its text, which `create table` begins.
pub fn of_text(table: &str, text: &str) -> Vec<(Key, String)> {
    let text: String =
        text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    let Some((_, body)) = text.split_once('(') else { return vec![] };
    let body = body.rsplit_once(')').map_or(body, |(body, _)| body);
    divided(body).into_iter().flat_map(|part| of_part(table, part)).collect()
}

/// The parts that a column or a condition of a table is, by its text.
pub fn of_part(table: &str, text: &str) -> Vec<(Key, String)> {
    let lower = text.replace('(', " (").split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if ["primary key ", "foreign key ", "check ", "unique ", "constraint "].iter().any(|word| lower.starts_with(word)) {
        return constraint(table, &lower).into_iter().collect();
    }
    let (name, mut rest) = named(&lower);
    let mut parts = Vec::new();
    while let Some((before, inside, behind)) = within(&rest, " check (") {
        parts.push(key("check", table, &words(&inside)));
        rest = format!("{before} {behind}");
    }
    if let Some((before, inside, behind)) = within(&rest, " references ") {
        let to = rest.split_once(" references ").map_or("", |(_, to)| to).split(['(', ' ']).next().unwrap_or_default();
        parts.push(key("reference", table, &format!("{name} {to} {}", words(&inside))));
        rest = format!("{before} {behind}");
    }
    if rest.contains("primary key") {
        parts.push(key("primary key", table, name));
        rest = rest.replace("primary key", "");
    }
    parts.push((("column".to_owned(), format!("{table}.{}", name.trim_matches('"'))), column(&rest)));
    parts
}

/// The name that a part begins with, also one in quotation marks, and the rest.
fn named(text: &str) -> (&str, String) {
    if let Some(quoted) = text.strip_prefix('"')
        && let Some((name, rest)) = quoted.split_once('"')
    {
        return (name, rest.to_owned());
    }
    text.split_once(' ').map_or((text, String::new()), |(name, rest)| (name, format!(" {rest}")))
}

/// What PostgreSQL says of a part of a table, as a migration says it.
pub fn of_found(found: Found) -> Option<Found> {
    match found.kind.as_str() {
        "column" => Some(Found { text: column(&found.text), ..found }),
        "constraint" => {
            let ((kind, name), text) = constraint(&found.place, &found.text)?;
            Some(Found { kind, name, text, ..found })
        }
        _ => Some(found),
    }
}

/// A type, whether there is always a value, and which one without being told.
fn column(text: &str) -> String {
    let (kind, value) = text.split_once(" default ").map_or((text, None), |(kind, value)| (kind, Some(value)));
    let kind = kind.split_whitespace().collect::<Vec<_>>().join(" ");
    value.map_or_else(|| kind.clone(), |value| format!("{kind} default {}", words(value)))
}

/// A condition of a table, as both databases word it.
fn constraint(table: &str, text: &str) -> Option<(Key, String)> {
    let text = text.to_lowercase();
    // One that somebody gave a name.
    let text = match text.strip_prefix("constraint ") {
        Some(named) => named.split_once(' ').map_or(String::new(), |(_, rest)| rest.to_owned()),
        None => text,
    };
    let kinds =
        [("primary key", "primary key"), ("foreign key", "reference"), ("check", "check"), ("unique", "unique")];
    let (said, kind) = kinds.into_iter().find(|(said, _)| text.starts_with(said))?;
    let rest = text.get(said.len()..).unwrap_or_default().replace(" references ", " ");
    Some(key(kind, table, &words(&rest)))
}

fn key(kind: &str, table: &str, what: &str) -> (Key, String) {
    ((kind.to_owned(), format!("{table}: {what}")), String::new())
}

/// The names, the values and the signs in an expression: which brackets, casts and lists are around them depends on who
/// words it.
fn words(text: &str) -> String {
    let casts = ["::text", "::bigint", "[]"].iter().fold(text.to_lowercase(), |text, cast| text.replace(cast, " "));
    let signs = [("<=", " at_most "), (">=", " at_least "), ("<>", " differs ")];
    let casts = signs.iter().fold(casts, |text, (sign, word)| text.replace(sign, word));
    let plain = casts.replace(['(', ')', '[', ']', ',', '\'', '='], " ");
    plain.split_whitespace().filter(|word| !["in", "any", "array"].contains(word)).collect::<Vec<_>>().join(" ")
}

/// What stands before a word, in the brackets behind it, and behind these.
fn within(text: &str, word: &str) -> Option<(String, String, String)> {
    let (before, rest) = text.split_once(word)?;
    let rest = if word.ends_with('(') { rest } else { rest.split_once('(')?.1 };
    let mut depth = 1_usize;
    let end = rest.char_indices().find(|(_, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let (inside, behind) = rest.split_at_checked(end?.0)?;
    Some((before.to_owned(), inside.to_owned(), behind.get(1..).unwrap_or_default().to_owned()))
}

/// Divided by commas, but for those in brackets.
fn divided(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_its_columns_and_what_holds_of_them() {
        let text = "create table a (
    a_id text primary key not null references b (b_id),
    -- Which, one of them.
    checker text not null check(kind in ('one', 'two')),
    n bigint not null default 0, by bytea,
    primary key (a_id, kind)
)";
        let told: Vec<String> =
            of_text("a", text).iter().map(|((kind, name), text)| format!("{kind} {name} {text}")).collect();
        let expected = [
            "reference a: a_id b b_id ",
            "primary key a: a_id ",
            "column a.a_id text not null",
            "check a: kind one two ",
            "column a.checker text not null",
            "column a.n bigint not null default 0",
            "column a.by bytea",
            "primary key a: a_id kind ",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_postgresql_makes_of_a_condition_is_what_the_migration_said() {
        let same = |said: &str, text: &str| {
            let key = constraint("a", text).map(|(key, _)| key);
            assert_eq!(key, of_part("a", said).into_iter().map(|(key, _)| key).next(), "{text}");
        };
        same("check (kind in ('one', 'two'))", "CHECK ((kind = ANY (ARRAY['one'::text, 'two'::text])))");
        same("one bigint check (one = 1)", "CHECK ((one = 1))");
        same("primary key (a, b)", "PRIMARY KEY (a, b)");
        same("a text references b (c)", "FOREIGN KEY (a) REFERENCES b(c)");
        same("n bigint check (n >= 0)", "CHECK ((n >= 0))");
        let more = constraint("a", "CHECK ((n > 0))");
        assert_ne!(more, of_part("a", "check (n >= 0)").into_iter().next());
        let odd = of_part("a", "\"kind check (kind in ('one'))\" text");
        assert_eq!(odd[0].0.0, "column", "a name is no condition");
        assert_eq!(of_part("a", "unique (kind) on conflict ignore")[0].0.0, "unique");
        let other = constraint("a", "CHECK ((kind <> ALL (ARRAY['one'::text, 'two'::text])))");
        assert_ne!(other, of_part("a", "check (kind in ('one', 'two'))").into_iter().next());
    }
}
