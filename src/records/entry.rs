//! An event as it stands in the log.

use base::Instant;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, any::AnyRow};

use crate::{
    log_key::{LogKey, is_code},
    strange::{number, text},
};

/// One event as it stands in the log, and as a line of the archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its identifier.
    pub(crate) event_id: String,
    /// When it happened, in microseconds.
    pub at: i64,
    /// The kind of its [`Actor`](crate::Actor), as [`Actor::kind`](crate::Actor::kind) says it.
    pub actor_kind: String,
    /// The identifier of that actor; empty for a kind that has none.
    pub actor: String,
    /// For which organisation.
    pub on_behalf: Option<String>,
    /// The request that it was part of; none for a command or a job.
    pub request_id: Option<String>,
    /// What happened.
    pub kind: String,
    /// The identifier of that to which it happened.
    pub object: String,
    /// Details, JSON.
    pub data: String,
    /// The rows that the act left, JSON: for each its table, its key, its version and its mark.
    pub(crate) marks: Option<String>,
    /// The code that whoever wrote it made with the key of the log.
    pub(crate) mac: Option<String>,
    /// Its number, from 1; none until the sequencer has seen it.
    pub sequence: Option<i64>,
    /// The chained hash, hexadecimal; none until the sequencer has seen it.
    pub hash: Option<String>,
}

impl FromRow<'_, AnyRow> for Entry {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let needed = |place| text(row, place).map(Option::unwrap_or_default);
        Ok(Self {
            event_id: needed(0)?,
            at: number(row, 1)?.unwrap_or_default(),
            actor_kind: needed(2)?,
            actor: needed(3)?,
            on_behalf: text(row, 4)?,
            request_id: text(row, 5)?,
            kind: needed(6)?,
            object: needed(7)?,
            data: needed(8)?,
            marks: text(row, 9)?,
            mac: text(row, 10)?,
            sequence: number(row, 11)?,
            hash: text(row, 12)?,
        })
    }
}

impl Entry {
    /// When it happened.
    pub fn at(&self) -> Instant {
        Instant::from_micros(self.at)
    }

    /// Everything but the code and what the sequencer adds.
    fn fields<'a>(&'a self, at: &'a [u8; 8]) -> [Option<&'a [u8]>; 10] {
        [
            Some(self.event_id.as_bytes()),
            Some(at),
            Some(self.actor_kind.as_bytes()),
            Some(self.actor.as_bytes()),
            self.on_behalf.as_deref().map(str::as_bytes),
            self.request_id.as_deref().map(str::as_bytes),
            Some(self.kind.as_bytes()),
            Some(self.object.as_bytes()),
            Some(self.data.as_bytes()),
            self.marks.as_deref().map(str::as_bytes),
        ]
    }

    /// The code that whoever writes it makes.
    pub(crate) fn code(&self, key: &LogKey) -> String {
        key.code("event", &self.fields(&self.at.to_be_bytes()))
    }

    /// Whether somebody wrote it who has the key, and nobody changed it since.
    pub(crate) fn is_ours(&self, key: &LogKey) -> bool {
        is_code(self.mac.as_deref(), &self.code(key))
    }

    /// The hash of this entry after `previous`. From the number on at which the log got a key it is made with it, over the
    /// entry's code, which stands for every field as long as it is the entry's own; before that it is SHA-256 over every
    /// field, each with its length.
    pub(crate) fn chained(&self, key: Option<&LogKey>, previous: &str, sequence: i64) -> String {
        let at = self.at.to_be_bytes();
        let sequence = sequence.to_be_bytes();
        let fields = self.fields(&at);
        let front = [Some(previous.as_bytes()), Some(&sequence[..])];
        if let Some(key) = key {
            let [previous, number] = front;
            return match self.mac.as_deref() {
                Some(code) => key.code("chain", &[previous, number, Some(code.as_bytes())]),
                None => key.code("chain without a code", &[&front[..], &fields].concat()),
            };
        }
        let mut hash = crypto::digest::Sha256::new();
        let [fields @ .., _marks] = fields;
        for field in front.into_iter().chain(fields).map(Option::unwrap_or_default) {
            hash.update(&(field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        hash.finish_hex()
    }
}
