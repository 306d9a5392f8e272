//! The statements about receipts.

use base::Fault;
use records::{FromRow, Tx, args};

#[derive(FromRow)]
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
    tx.first(
        "select receipt_id, at, asked_by, method, licence_id, outcome, reason
           from verification
          where receipt_id = $1",
        args![receipt],
    )
    .await
}
