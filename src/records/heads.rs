//! Heads of the log that are kept outside of the database, one in a line.
//!
//! Who has the database alone can put an older copy in its place, or cut the log off and its head with it: what is left is
//! sound. A head that was kept outside says otherwise.

use base::{Fault, Instant, ListPage, id::EventId};
use serde_json::{Value, json};

use crate::{
    archive::point,
    database::Database,
    event::Event,
    events::{BackupRestored, LogHeadsBegun},
    log::{self, Entry, Filter, Head},
    log_key::{LogKey, is_code},
    tx::Tx,
};

/// Of so many events that tell of it one has to be ours.
const LOOKED_AT: i64 = 50;

/// A head as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptHead {
    /// The number of the last event.
    pub sequence: i64,
    /// Its hash.
    pub(crate) hash: String,
    /// When it was kept, in microseconds.
    pub at: i64,
}

impl KeptHead {
    fn code(&self, key: &LogKey) -> String {
        let (sequence, at) = (self.sequence.to_be_bytes(), self.at.to_be_bytes());
        key.code("kept head", &[Some(&sequence), Some(self.hash.as_bytes()), Some(&at)])
    }

    /// What is signed for others, who have no key of the log.
    pub fn statement(&self) -> Value {
        json!({ "sequence": self.sequence, "hash": self.hash, "at": self.at })
    }

    /// The line that is kept, with the signature that others can check.
    pub fn line(&self, database: &Database, signature: &str) -> Option<String> {
        let key = database.log_key()?;
        let Self { sequence, hash, at } = self;
        let mac = self.code(key);
        Some(json!({ "sequence": sequence, "hash": hash, "at": at, "mac": mac, "jws": signature }).to_string())
    }

    /// Reads a line that was kept. None when it is no line of ours, or was changed.
    pub fn read(database: &Database, line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let text = |name: &str| line.get(name)?.as_str();
        let number = |name: &str| line.get(name)?.as_i64();
        let head = Self { sequence: number("sequence")?, hash: text("hash")?.to_owned(), at: number("at")? };
        is_code(text("mac"), &head.code(database.log_key()?)).then_some(head)
    }
}

/// The head of now; none while there is nothing to keep, or no key.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach, and when the head is not as it was written: then it is not kept.
pub async fn now(database: &Database, at: Instant) -> Result<Option<KeptHead>, Fault> {
    let head = log::head(&mut database.read().await?).await?;
    let (Some(Head { sequence, hash, .. }), Some(key)) = (head.clone(), database.log_key()) else { return Ok(None) };
    if !head.is_some_and(|head| head.is_ours(key)) {
        return Err(Fault::broken("the head of the event log was changed past the product"));
    }
    Ok((sequence > 0).then_some(KeptHead { sequence, hash, at: at.as_micros() }))
}

/// Whether the log tells that heads of it were kept, since it was put back from a backup if it ever was: then others are
/// kept from its next start on.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn are_begun(database: &Database) -> Result<bool, Fault> {
    let mut tx = database.read().await?;
    let (begun, restored) = (last::<LogHeadsBegun>(&mut tx).await?, last::<BackupRestored>(&mut tx).await?);
    Ok(begun.is_some() && begun > restored)
}

/// When the last event of a type happened.
async fn last<E: Event>(tx: &mut Tx) -> Result<Option<Instant>, Fault> {
    let filter = Filter { kind: Some(E::KIND.name.to_owned()), ..Filter::default() };
    let told = log::list(tx, &filter, &ListPage::<EventId>::first(LOOKED_AT)).await?;
    Ok(told.items.first().map(Entry::at))
}

/// Whether the log still has what was kept: none when it has, else the number at which it ends.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn is_put_back(database: &Database, kept: &KeptHead) -> Result<Option<i64>, Fault> {
    is_missed(&mut database.read().await?, kept).await
}

pub(crate) async fn is_missed(tx: &mut Tx, kept: &KeptHead) -> Result<Option<i64>, Fault> {
    let point = point::find(tx).await?;
    let is_there = if let Some(point) = point.filter(|point| kept.sequence <= point.sequence) {
        // What is archived no event of the table can contradict, but for the last of it.
        kept.sequence < point.sequence || kept.hash == point.hash
    } else {
        let there = log::from(tx, kept.sequence - 1, kept.sequence).await?;
        there.first().is_some_and(|entry| entry.hash.as_ref() == Some(&kept.hash))
    };
    if is_there {
        return Ok(None);
    }
    Ok(Some(log::head(tx).await?.map_or(0, |head| head.sequence)))
}
