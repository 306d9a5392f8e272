//! Up to which event the log is in files: one row, which goes forward only.

use base::Fault;
use sqlx::{FromRow, any::AnyRow};

use crate::{
    args,
    log_key::{LogKey, is_code},
    strange::{self, needed_number, needed_text},
    tally::Tally,
    tx::Tx,
};

/// The last event that is in a file, and what an audit has to know to go on behind it.
#[derive(Clone, Debug, Default)]
pub struct Point {
    /// Its number; 0 while none is.
    pub sequence: i64,
    /// Its hash, from which the chain goes on.
    pub hash: String,
    tally: String,
    mac: Option<String>,
}

impl FromRow<'_, AnyRow> for Point {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            sequence: needed_number(row, 0)?,
            hash: needed_text(row, 1)?,
            tally: needed_text(row, 2)?,
            mac: strange::text(row, 3)?,
        })
    }
}

impl Point {
    pub(super) fn new(key: &LogKey, sequence: i64, hash: String, tally: &Tally) -> Self {
        let point = Self { sequence, hash, tally: tally.text(), mac: None };
        Self { mac: Some(point.code(key)), ..point }
    }

    fn code(&self, key: &LogKey) -> String {
        let sequence = self.sequence.to_be_bytes();
        key.code("archived", &[Some(&sequence), Some(self.hash.as_bytes()), Some(self.tally.as_bytes())])
    }

    /// Whether somebody wrote it who has the key. That nothing is archived, an audit believes anybody: it misses the rest.
    pub(crate) fn is_ours(&self, key: &LogKey) -> bool {
        let is_beginning = self.sequence == 0 && self.hash.is_empty() && self.tally == "{}";
        is_beginning || is_code(self.mac.as_deref(), &self.code(key))
    }

    /// The rows that the events up to it left.
    pub(crate) fn tally(&self) -> Tally {
        Tally::read(&self.tally).unwrap_or_default()
    }
}

pub(crate) async fn find(tx: &mut Tx) -> Result<Option<Point>, Fault> {
    let sql = "select sequence, hash, tally, mac from event_archived where one = 1";
    Ok(tx.all_whatever(sql, vec![]).await?.into_iter().next())
}

/// Puts it forward; whether nobody else did meanwhile.
pub(super) async fn advance(tx: &mut Tx, from: i64, to: &Point) -> Result<bool, Fault> {
    let moved = tx
        .run(
            "update event_archived
                set sequence = $1, hash = $2, tally = $3, mac = $4
              where one = 1 and sequence = $5",
            args![to.sequence, &to.hash, &to.tally, to.mac.as_deref(), from],
        )
        .await?;
    Ok(moved > 0)
}
