//! The statements about receipts.

use base::{Fault, Instant, ListPage, id::ReceiptId};
use records::{FromRow, Tx, args};
use serde::Serialize;

/// A statement that reads receipts as [`VerificationRow`] takes them: the columns, and then what is asked for.
macro_rules! receipts {
    ($rest:literal) => {
        concat!(
            "select receipt_id, at, asked_by, method, licence_id, outcome, reason, facets, holder_is, holder_at
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
    pub facets: Option<String>,
    pub holder_is: Option<i64>,
    pub holder_at: Option<i64>,
}

pub(crate) async fn insert_verification(tx: &mut Tx, row: &VerificationRow) -> Result<(), Fault> {
    tx.run(
        "insert into verification (receipt_id, at, asked_by, method, licence_id, outcome, reason, facets)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            &row.receipt_id,
            row.at,
            &row.asked_by,
            &row.method,
            row.licence_id.as_deref(),
            &row.outcome,
            row.reason.as_deref(),
            row.facets.as_deref(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn verification(tx: &mut Tx, receipt: &str) -> Result<Option<VerificationRow>, Fault> {
    tx.first(receipts!("where receipt_id = $1"), args![receipt]).await
}

/// The receipts of whoever asked from one on, the newest first.
pub(crate) async fn asked_by(
    tx: &mut Tx,
    asked_by: &str,
    from: &ReceiptId,
    page: &ListPage<ReceiptId>,
) -> Result<Vec<VerificationRow>, Fault> {
    tx.all(
        receipts!(
            "where (asked_by, receipt_id) >= ($1, $2)
                and (asked_by, receipt_id) < ($1, $3)
              order by asked_by desc, receipt_id desc
              limit $4"
        ),
        args![asked_by, from, page.below(), page.limit + 1],
    )
    .await
}

/// 0 when it was said before.
pub(crate) async fn say_holder(tx: &mut Tx, receipt: &ReceiptId, is_holder: bool, at: Instant) -> Result<u64, Fault> {
    tx.run(
        "update verification
            set holder_is = $2, holder_at = $3
          where receipt_id = $1 and holder_is is null",
        args![receipt, i64::from(is_holder), at],
    )
    .await
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
