//! Where a sound audit ended: kept outside of the database, so that the next one can go on there.

use serde_json::{Value, json};

use base::Instant;

use crate::{
    database::Database,
    log_key::{LogKey, is_code},
    tally::Tally,
};

/// The last event of a sound audit, and what has to be known to go on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPoint {
    /// Its number.
    pub sequence: i64,
    pub(super) hash: String,
    /// Up to which number the log was archived then.
    pub(super) archived: i64,
    /// The number of the first event that the table had then; none where that was not written down.
    pub(super) first: Option<i64>,
    /// When the audit was that ended there.
    pub at: Instant,
    /// When the last audit was that began at the first event.
    pub whole_at: Instant,
    /// The rows that the events up to there left.
    pub(super) tally: Tally,
}

impl CheckedPoint {
    fn code(&self, key: &LogKey) -> String {
        let numbers = [self.sequence, self.archived, self.at.as_micros(), self.whole_at.as_micros()];
        let numbers = numbers.map(i64::to_be_bytes).concat();
        let (hash, tally, first) = (self.hash.as_bytes(), self.tally.text(), self.first.map(i64::to_be_bytes));
        let mut parts = vec![Some(&numbers[..]), Some(hash), Some(tally.as_bytes())];
        parts.extend(first.as_ref().map(|first| Some(&first[..])));
        key.code("checked", &parts)
    }

    /// The line that is kept; none without the key of the log.
    pub fn line(&self, database: &Database) -> Option<String> {
        let mac = self.code(database.log_key()?);
        let Self { sequence, hash, archived, first, at, whole_at, tally } = self;
        let (at, whole_at, tally) = (at.as_micros(), whole_at.as_micros(), tally.text());
        let line = json!({
            "sequence": sequence, "hash": hash, "archived": archived, "first": first, "at": at, "whole_at": whole_at,
            "tally": tally, "mac": mac
        });
        Some(line.to_string())
    }

    /// Reads a line that was kept. None when it is no line of ours, or was changed.
    pub fn read(database: &Database, line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let text = |name: &str| line.get(name)?.as_str();
        let number = |name: &str| line.get(name)?.as_i64();
        let instant = |name: &str| number(name).map(Instant::from_micros);
        let point = Self {
            sequence: number("sequence")?,
            hash: text("hash")?.to_owned(),
            archived: number("archived")?,
            first: number("first"),
            at: instant("at")?,
            whole_at: instant("whole_at")?,
            tally: Tally::read(text("tally")?)?,
        };
        is_code(text("mac"), &point.code(database.log_key()?)).then_some(point)
    }
}
