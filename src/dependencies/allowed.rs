//! Licences, bans and sources.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::policy::Policy;

/// The only registry that anything may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What is linked in and may not be, a line for each.
pub fn faults(metadata: &Value, policy: &Policy) -> Result<Vec<String>> {
    let list = |value: &Value, name: &str| value.as_array().cloned().with_context(|| format!("no {name}"));
    let nodes = list(metadata.pointer("/resolve/nodes").unwrap_or(&Value::Null), "resolved packages")?;
    let used: BTreeSet<&str> = nodes.iter().filter_map(|node| node.get("id")?.as_str()).collect();
    let mut faults = Vec::new();
    for package in list(metadata.get("packages").unwrap_or(&Value::Null), "packages")? {
        let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        if !used.contains(text("id")) {
            continue;
        }
        if policy.banned.iter().any(|banned| banned == name) {
            faults.push(format!("{name} is banned"));
        }
        if !licence_allowed(text("license"), &policy.licences) {
            faults.push(format!("{name}: the licence {:?} is not allowed", text("license")));
        }
        // Our own packages come from nowhere.
        if !["", REGISTRY].contains(&text("source")) {
            faults.push(format!("{name} comes from {}", text("source")));
        }
    }
    Ok(faults)
}

/// Whether a licence expression can be met with the licences allowed.
fn licence_allowed(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    let expression = expression.trim();
    if expression.is_empty() {
        return false;
    }
    let parts = |word: &str| split_outside_parentheses(expression, word);
    if parts(" AND ").len() > 1 {
        return parts(" AND ").iter().all(|part| licence_allowed(part, allowed));
    }
    if parts(" OR ").len() > 1 {
        return parts(" OR ").iter().any(|part| licence_allowed(part, allowed));
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => licence_allowed(inner, allowed),
        None => allowed.iter().any(|one| one == expression),
    }
}

fn split_outside_parentheses<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0);
    for (place, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth == 0 && place >= start && text.get(place..).is_some_and(|rest| rest.starts_with(word)) => {
                parts.extend(text.get(start..place));
                start = place + word.len();
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}
