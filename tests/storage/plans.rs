//! How the databases carry out each statement: by an index that begins with what is asked for, whatever the figures of
//! the tables are.
//!
//! `plans.toml` says it for every list: by which index it finds its rows on both databases, and what bounds it where it
//! looks at more rows than it gives. A list that is not there yet is printed as it would stand there.

use std::{collections::BTreeMap, fmt::Write, fs};

use records::{Tx, testing};
use tests::{
    crowd,
    lists::{self, Statement, Whose},
    source::root,
};

/// How many of everything there are: so few are quickly made, and with the figures of a million they are planned as such.
const FEW: i64 = 600;

/// Texts that a crate puts together out of others, each of which is looked at where it stands.
const COMPOSED: &[(&str, &str)] = &[
    ("src/records/copy.rs", "a table emptied and filled, for a copy of everything"),
    ("src/records/dialect.rs", "what one database alone understands, and an event beside a statement of another crate"),
    ("src/records/mark.rs", "rows found and set by their primary key, or walked in its order for an audit"),
    ("src/records/put_back.rs", "a row that is put back, by its primary key"),
    ("src/records/log.rs", "numbers that are written down, each found by the key of its event"),
];

#[derive(Default)]
struct Plans {
    /// Tables that a statement may read whole, each with what bounds it.
    small: BTreeMap<String, String>,
    /// By file and text: the indexes, and what bounds what is looked at and not given.
    lists: BTreeMap<(String, String), (Vec<String>, Option<String>)>,
}

#[tokio::test]
async fn every_list_is_read_by_its_index_whatever_the_figures_are() {
    let fresh = testing::fresh().await.unwrap();
    let mut plans = read_plans();
    let views = views();
    crowd::grow(&fresh.database, 0, FEW).await.unwrap();
    let mut tx = fresh.database.read().await.unwrap();
    let mut wrong = Vec::new();
    for table in tables().into_iter().filter(|table| !plans.small.contains_key(table)) {
        // Of an empty table a database believes that any plan is good.
        if tx.read_text(&format!("select 1 from {table} limit 1"), vec![]).await.unwrap() == 0 {
            wrong.push(format!(
                "{table}: say in tests/harness/crowd.rs what rows it has, or in plans.toml what bounds it"
            ));
        }
    }
    let mut seen = BTreeMap::new();
    for (figures, settings) in Figures::all(&tx) {
        for setting in settings {
            tx.run_text(&setting, vec![]).await.unwrap();
        }
        for statement in lists::statements().iter().filter(|statement| !statement.is_composed()) {
            let lines = tx.plan(&statement.text).await.unwrap();
            let plan = Plan::read(&lines, statement, &views);
            let key = (statement.file.clone(), statement.shown());
            let known = plans.lists.get(&key);
            let (by, bound) = known.cloned().unwrap_or_default();
            let faults = plan.faults(statement, &plans.small);
            let told = |what: &str| format!("{}\n{what}\n  {figures}:\n  {}", shown(statement), lines.join("\n  "));
            if let Some(fault) = faults.first().filter(|_| bound.is_none()) {
                wrong.push(told(&format!("{fault}: give it an index, or say in plans.toml what bounds it")));
            }
            if statement.is_list()
                && let Err(unknown) = statement.values(Whose::Few)
            {
                wrong.push(told(&unknown));
            }
            if statement.is_list() || bound.is_some() {
                let used = plan.used(&plans.small);
                if known.is_none() || used != by {
                    wrong.push(told(&format!("not as in plans.toml:\n{}", entry(statement, &used, bound.as_deref()))));
                }
                *seen.entry(key).or_insert(0) += faults.len();
            }
        }
    }
    // SQLite does not tell what it leaves out: what bounds a list is asked for by PostgreSQL alone.
    let tells = tx.dialect().name() == "postgres";
    for ((file, text), (_, bound)) in std::mem::take(&mut plans.lists) {
        match seen.get(&(file.clone(), text.clone())) {
            None => wrong.push(format!("plans.toml: {file} has no such statement any more: {text}")),
            Some(0) if tells && bound.is_some() => wrong.push(format!("plans.toml: needs no bound: {file}: {text}")),
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
    assert!(seen.len() > 25, "only {} lists were found", seen.len());
}

#[test]
fn what_is_put_together_is_known() {
    for statement in lists::statements().iter().filter(|statement| statement.is_composed()) {
        assert!(COMPOSED.iter().any(|(file, _)| *file == statement.file), "{}", shown(statement));
    }
    for (file, why) in COMPOSED {
        let found = lists::statements().iter().any(|statement| statement.file == *file && statement.is_composed());
        assert!(found, "{file}: {why}: is no more");
    }
}

/// What a database may believe of its tables.
struct Figures;

impl Figures {
    /// Figures in words, and what makes the database believe them. Each comes on top of the ones before.
    fn all(tx: &Tx) -> Vec<(&'static str, Vec<String>)> {
        if tx.dialect().name() == "sqlite" {
            // The product never lets it collect any.
            return vec![("without figures", vec![])];
        }
        let believe = |rows: &str| {
            format!(
                "update pg_class
                    set relpages = greatest(1, pg_relation_size(oid) / 8192), reltuples = {rows}
                  where relkind in ('r', 'i')
                    and relnamespace = (select oid from pg_namespace where nspname = current_schema())"
            )
        };
        let scaled = believe(&format!("greatest(1, reltuples) * {}", 1_000_000 / FEW));
        vec![
            ("a million rows of which nothing is known", vec![believe("1000000")]),
            ("a million rows", vec!["analyze".to_owned(), scaled]),
            ("a million rows that are far apart", vec!["set random_page_cost = 1000".to_owned()]),
            (
                "a million rows that are near each other",
                vec!["set random_page_cost = 0.01".to_owned(), "set cpu_index_tuple_cost = 0.1".to_owned()],
            ),
        ]
    }
}

/// How a table is read.
#[derive(Debug, Default)]
struct Scan {
    table: String,
    /// None when it is read whole.
    index: Option<String>,
    /// Whether the index is entered at a place, and not read from its beginning.
    is_found: bool,
    /// Whether rows are looked at that are not given.
    leaves_out: bool,
}

#[derive(Debug, Default)]
struct Plan {
    scans: Vec<Scan>,
    sorts: bool,
}

impl Plan {
    fn read(lines: &[String], statement: &Statement, views: &BTreeMap<String, String>) -> Self {
        if lines.iter().any(|line| line.starts_with("SCAN ") || line.starts_with("SEARCH ")) {
            Self::of_sqlite(lines, statement, views)
        } else {
            Self::of_postgres(lines)
        }
    }

    fn of_postgres(lines: &[String]) -> Self {
        let mut plan = Self::default();
        for line in lines.iter().map(|line| line.trim().trim_start_matches("->").trim_start()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let after = |word: &str| {
                words
                    .iter()
                    .position(|found| *found == word)
                    .and_then(|place| words.get(place + 1))
                    .map(|w| (*w).to_owned())
            };
            let last = plan.scans.last_mut();
            match (words.as_slice(), last) {
                (["Bitmap", "Index", ..], Some(scan)) => scan.index = after("on"),
                (["Seq", "Scan", ..] | ["Index", "Scan" | "Only", ..] | ["Bitmap", "Heap", ..], _) => {
                    let scan =
                        Scan { table: after("on").unwrap_or_default(), index: after("using"), ..Scan::default() };
                    plan.scans.push(scan);
                }
                (["Index", "Cond:", ..], Some(scan)) => scan.is_found = true,
                (["Filter:", ..] | ["Join", "Filter:", ..], Some(scan)) => scan.leaves_out = true,
                (["Sort" | "Incremental", ..], _) if words.get(1) != Some(&"Key:") => plan.sorts = true,
                _ => {}
            }
        }
        plan
    }

    fn of_sqlite(lines: &[String], statement: &Statement, views: &BTreeMap<String, String>) -> Self {
        let mut plan = Self::default();
        let mut aliases = aliases(&statement.text, views);
        // What a statement names for itself, `with recursive lanes(lane) as`, is no table.
        aliases.retain(|_, table| !statement.text.contains(&format!("recursive {table}(")));
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["SCAN", "CONSTANT", ..] => {}
                [how @ ("SCAN" | "SEARCH"), name, rest @ ..] => {
                    let index = rest.iter().position(|word| *word == "INDEX").and_then(|place| rest.get(place + 1));
                    let Some(table) = aliases.get(*name) else { continue };
                    plan.scans.push(Scan {
                        table: table.clone(),
                        index: index.map(|index| match index.strip_prefix("sqlite_autoindex_") {
                            Some(_) => format!("{table}_pkey"),
                            None => (*index).to_owned(),
                        }),
                        is_found: *how == "SEARCH" && !rest.contains(&"AUTOMATIC"),
                        leaves_out: false,
                    });
                }
                ["USE", "TEMP", "B-TREE", "FOR", what @ ..] => plan.sorts |= what.contains(&"ORDER"),
                _ => {}
            }
        }
        plan
    }

    /// What would cost more with more rows.
    fn faults(&self, statement: &Statement, small: &BTreeMap<String, String>) -> Vec<String> {
        let mut faults = Vec::new();
        for scan in self.scans.iter().filter(|scan| !small.contains_key(&scan.table)) {
            if scan.index.is_none() || !scan.is_found {
                // An index of the few rows that are wanted is read from its beginning.
                faults.push(format!("{} is read whole", scan.table));
            } else if statement.is_list() && scan.leaves_out {
                faults.push(format!("rows of {} are looked at and not given", scan.table));
            }
        }
        if statement.counts() {
            faults.push("rows are counted".to_owned());
        }
        if statement.is_list() && self.sorts && !faults.iter().any(|fault| fault.contains("whole")) {
            faults.push("rows are sorted".to_owned());
        }
        faults
    }

    /// `table by index` for each table that grows.
    fn used(&self, small: &BTreeMap<String, String>) -> Vec<String> {
        let grown = self.scans.iter().filter(|scan| !small.contains_key(&scan.table));
        let used = |scan: &Scan| format!("{} by {}", scan.table, scan.index.as_deref().unwrap_or("no index"));
        let mut used: Vec<String> = grown.map(used).collect();
        used.sort();
        used.dedup();
        used
    }
}

fn shown(statement: &Statement) -> String {
    format!("{}: {}", statement.file, statement.shown())
}

/// How a list stands in `plans.toml`.
fn entry(statement: &Statement, used: &[String], bound: Option<&str>) -> String {
    let mut text = format!("[[list]]\nfile = {:?}\nsql = {:?}\nby = {used:?}\n", statement.file, statement.shown());
    if let Some(bound) = bound {
        let _ = writeln!(text, "bound = {bound:?}");
    }
    text
}

/// The names that a statement gives to tables, and those that a view gives.
fn aliases(text: &str, views: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for body in
        views.iter().filter(|(view, _)| text.contains(view.as_str())).map(|(_, body)| body.as_str()).chain([text])
    {
        let spaced = body.replace(['(', ')', ',', ';'], " ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        for three in words.windows(2).filter(|pair| ["from", "join", "into", "update"].contains(&pair[0])) {
            let table = three[1];
            let place = words.iter().position(|word| std::ptr::eq(*word, table)).unwrap_or_default();
            let alias = words.get(place + 1).copied().unwrap_or_default();
            if views.contains_key(table) {
                continue;
            }
            found.insert(table.to_owned(), table.to_owned());
            if !["where", "set", "join", "left", "on", "order", "union", "limit", "group", "values"].contains(&alias) {
                found.insert(alias.to_owned(), table.to_owned());
            }
        }
    }
    found
}

fn tables() -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("migrations")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let tables = text.split("create table ").skip(1).filter_map(|table| table.split([' ', '(']).next());
        found.extend(tables.map(str::to_owned));
    }
    found.sort();
    found
}

/// View → its text.
fn views() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join("migrations")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for view in text.split("create view ").skip(1) {
            let (name, body) = view.split_once(" as").unwrap();
            found.insert(name.to_owned(), body.split(';').next().unwrap_or_default().to_owned());
        }
    }
    found
}

fn read_plans() -> Plans {
    let text = fs::read_to_string(root().join("tests/storage/plans.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let mut plans = Plans::default();
    for (name, why) in table["small"].as_table().unwrap() {
        plans.small.insert(name.clone(), why.as_str().unwrap().to_owned());
    }
    for list in table.get("list").and_then(|lists| lists.as_array()).into_iter().flatten() {
        let text = |key: &str| list[key].as_str().unwrap().to_owned();
        let by = list["by"].as_array().unwrap().iter().map(|by| by.as_str().unwrap().to_owned()).collect();
        let bound = list.get("bound").map(|bound| bound.as_str().unwrap().to_owned());
        plans.lists.insert((text("file"), text("sql")), (by, bound));
    }
    plans
}
