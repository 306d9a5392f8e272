//! Who acted: each event names somebody who was in office when it happened, also when the row that says so was lent for a
//! moment and taken away again.

use std::collections::BTreeMap;

use base::Fault;

use super::finding::{Audit, Finding};
use crate::{
    entry::Entry,
    log_key::LogKey,
    mark::{self, Table},
    tx::Tx,
};

/// How long after the end of an office, or before its beginning, an act may say that it was: it began while the other one
/// was on its way, on a node with another clock.
pub(super) const SLACK_MICROS: i64 = 120_000_000;

/// So many are remembered: more than have ever worked for a city.
const ACTORS_MAX: usize = 1_000_000;

/// Who acted, from when to when, and with which events first and last.
#[derive(Debug, Default)]
pub(super) struct Actors(BTreeMap<(usize, String), Acted>);

#[derive(Clone, Copy, Debug)]
struct Acted {
    first: (i64, i64),
    last: (i64, i64),
}

impl Actors {
    /// Hears of an event.
    pub fn hear(&mut self, tables: &[Table], entry: &Entry) {
        let acts =
            |table: &Table| table.marked.acts.is_some_and(|acts| acts.kinds.contains(&entry.actor_kind.as_str()));
        let Some(which) = tables.iter().position(acts) else { return };
        let now = (entry.at, entry.sequence.unwrap_or_default());
        let name = (which, entry.actor.clone());
        if let Some(acted) = self.0.get_mut(&name) {
            acted.first = acted.first.min(now);
            acted.last = acted.last.max(now);
        } else if self.0.len() < ACTORS_MAX {
            self.0.insert(name, Acted { first: now, last: now });
        }
    }

    /// Names whoever acted and was not in office then.
    pub async fn check(&self, tx: &mut Tx, key: &LogKey, tables: &[Table], audit: &mut Audit) -> Result<(), Fault> {
        for ((which, name), acted) in &self.0 {
            let Some(table) = tables.get(*which) else { continue };
            let Some(acts) = &table.marked.acts else { continue };
            let number = match mark::in_force(tx, key, (table, acts), name).await? {
                None => Some(acted.first.1),
                Some((from, _)) if acted.first.0 < from.saturating_sub(SLACK_MICROS) => Some(acted.first.1),
                Some((_, until)) if acted.last.0 > until.saturating_add(SLACK_MICROS) => Some(acted.last.1),
                Some(_) => None,
            };
            if let Some(number) = number {
                audit.find(Finding::Actor(number, table.marked.table, name.clone()));
            }
        }
        Ok(())
    }
}
