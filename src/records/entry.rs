//! An event as it stands in the log.

use base::Instant;
use sqlx::FromRow;

/// One event as it stands in the log.
#[derive(Clone, Debug, FromRow, PartialEq, Eq)]
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
    /// Its number, from 1; none until the sequencer has seen it.
    pub sequence: Option<i64>,
    /// The chained hash, hexadecimal; none until the sequencer has seen it.
    pub hash: Option<String>,
}

impl Entry {
    /// When it happened.
    pub fn at(&self) -> Instant {
        Instant::from_micros(self.at)
    }

    /// The hash of this entry after `previous`: SHA-256 over the previous hash and every field, each with its length.
    pub(crate) fn chained(&self, previous: &str, sequence: i64) -> String {
        let mut hash = crypto::digest::Sha256::new();
        let at = self.at.to_be_bytes();
        let sequence = sequence.to_be_bytes();
        let fields: [&[u8]; 11] = [
            previous.as_bytes(),
            &sequence,
            self.event_id.as_bytes(),
            &at,
            self.actor_kind.as_bytes(),
            self.actor.as_bytes(),
            self.on_behalf.as_deref().unwrap_or_default().as_bytes(),
            self.request_id.as_deref().unwrap_or_default().as_bytes(),
            self.kind.as_bytes(),
            self.object.as_bytes(),
            self.data.as_bytes(),
        ];
        for field in fields {
            hash.update(&(field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        hash.finish_hex()
    }
}
