//! The statements about receipts.

use base::Fault;
use records::{FromRow, Tx, args};
use serde::Serialize;

/// A statement that reads receipts as [`VerificationRow`] takes them: the columns, and then what is asked for.
macro_rules! receipts {
    ($rest:literal) => {
        concat!(
            "select receipt_id, at, asked_by, method, licence_id, outcome, reason
               from verification ",
            $rest
        )
    };
}

/// A receipt as it is stored, and as a line of the archive.
#[derive(FromRow, Serialize)]
pub(crate) struct VerificationRow {
    pub receipt_id: String,
    pub at: i64,
    pub asked_by: String,
    pub method: String,
    pub licence_id: Option<String>,
    pub outcome: String,
    pub reason: Option<String>,
}

pub(crate) async fn insert_verification(tx: &mut Tx, row: &VerificationRow) -> Result<(), Fault> {
    tx.run(
        "insert into verification (receipt_id, at, asked_by, method, licence_id, outcome, reason)
         values ($1, $2, $3, $4, $5, $6, $7)",
        args![
            &row.receipt_id,
            row.at,
            &row.asked_by,
            &row.method,
            row.licence_id.as_deref(),
            &row.outcome,
            row.reason.as_deref(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn verification(tx: &mut Tx, receipt: &str) -> Result<Option<VerificationRow>, Fault> {
    tx.first(receipts!("where receipt_id = $1"), args![receipt]).await
}

/// Receipts behind one, the oldest first.
pub(crate) async fn after(tx: &mut Tx, receipt: &str, limit: i64) -> Result<Vec<VerificationRow>, Fault> {
    tx.all(
        receipts!(
            "where receipt_id > $1
              order by receipt_id
              limit $2"
        ),
        args![receipt, limit],
    )
    .await
}

pub(crate) async fn remove(tx: &mut Tx, to: &str) -> Result<u64, Fault> {
    tx.run(
        "delete from verification
          where receipt_id in (select over.receipt_id
                                 from verification over
                                where over.receipt_id <= $1
                                order by over.receipt_id
                                limit 500)",
        args![to],
    )
    .await
}
