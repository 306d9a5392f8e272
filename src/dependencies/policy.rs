//! `.deny.toml`, the one place that says what may come in.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use toml::{Table, Value};

/// What may come in.
#[derive(Debug)]
pub struct Policy {
    /// Licences, as SPDX writes them.
    pub licences: Vec<String>,
    /// Crates that may not come in at all.
    pub banned: Vec<String>,
    /// Advisories that do not concern us, each with the reason.
    pub ignored: BTreeMap<String, String>,
}

impl Policy {
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join(".deny.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("reading {}", path.display()))
    }

    pub fn parse(text: &str) -> Result<Self> {
        let rules: Table = text.parse()?;
        let list = |section: &str, key: &str| -> Result<Vec<Value>> {
            let list = rules.get(section).and_then(|section| section.get(key)).and_then(Value::as_array);
            list.cloned().with_context(|| format!("[{section}] has no list {key}"))
        };
        let text = |value: &Value| value.as_str().map(str::to_owned).context("a text was expected");
        let of = |row: &Value, key: &str| row.get(key).with_context(|| format!("{row} has no {key}")).and_then(text);
        Ok(Self {
            licences: list("licenses", "allow")?.iter().map(text).collect::<Result<_>>()?,
            banned: list("bans", "deny")?.iter().map(|row| of(row, "crate")).collect::<Result<_>>()?,
            ignored: list("advisories", "ignore")?
                .iter()
                .map(|row| Ok((of(row, "id")?, of(row, "reason")?)))
                .collect::<Result<_>>()?,
        })
    }
}
