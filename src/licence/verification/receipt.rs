//! Receipts: what was answered to whom and why. They hold no name and no number of a person.

use base::{
    Fault, Instant,
    id::{LicenceId, ReceiptId},
};
use records::{
    Tx, Work,
    archive::{OverRow, Shelved},
};
use verify::{Reason, Verdict};

use super::{
    number::Method,
    queries::{self, VerificationRow},
};
use crate::{
    events::{LicenceVerified, ReceiptOpened, VerificationAlarm},
    register::licence::Licence,
};

/// What was answered under a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its number.
    pub id: ReceiptId,
    /// When.
    pub at: Instant,
    /// Who asked, as the log has it.
    pub asked_by: String,
    /// How: `code`, `identifier` or `file`.
    pub method: String,
    /// About which licence, if it was known.
    pub licence: Option<LicenceId>,
    pub outcome: String,
    pub reason: Option<String>,
}

/// A receipt by its number.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn find(tx: &mut Tx, receipt: &ReceiptId) -> Result<Option<Receipt>, Fault> {
    let row = queries::verification(tx, receipt.as_str()).await?;
    Ok(row.map(|row| Receipt {
        id: ReceiptId::stored(row.receipt_id),
        at: Instant::from_micros(row.at),
        asked_by: row.asked_by,
        method: row.method,
        licence: row.licence_id.map(LicenceId::stored),
        outcome: row.outcome,
        reason: row.reason,
    }))
}

/// Receipts that are over when they are old enough. What was answered stands in the log as well.
#[derive(Clone, Copy, Debug)]
pub struct OldReceipts;

impl Shelved for OldReceipts {
    fn what(&self) -> String {
        "receipts".to_owned()
    }

    async fn over(&self, tx: &mut Tx, after: &str, before: Instant, limit: i64) -> Result<Vec<OverRow>, Fault> {
        let rows = queries::after(tx, after, limit).await?;
        let over = rows.into_iter().take_while(|row| row.at < before.as_micros());
        over.map(|row| {
            let line = serde_json::to_string(&row).map_err(Fault::broken)?;
            Ok(OverRow { key: row.receipt_id, line })
        })
        .collect()
    }

    async fn remove(&self, tx: &mut Tx, to: &str) -> Result<u64, Fault> {
        queries::remove(tx, to).await
    }
}

/// Writes down that somebody opened a receipt again.
pub fn opened(work: &mut Work, receipt: &Receipt) {
    let about = receipt.licence.as_ref().map_or_else(|| receipt.id.to_string(), LicenceId::to_string);
    work.record(ReceiptOpened { about, receipt: receipt.id.clone() });
}

pub(super) async fn record(
    work: &mut Work,
    mut verdict: Verdict,
    method: Method,
    licence: Option<&Licence>,
) -> Result<Verdict, Fault> {
    let receipt: ReceiptId = work.new_id();
    let (outcome, reason) = (verdict.outcome.as_str(), verdict.reason().map(Reason::code));
    let row = VerificationRow {
        receipt_id: receipt.as_str().to_owned(),
        at: work.at().as_micros(),
        asked_by: format!("{}:{}", work.actor().kind(), work.actor().id()),
        method: method.as_str().to_owned(),
        licence_id: licence.map(|licence| licence.id.as_str().to_owned()),
        outcome: outcome.to_owned(),
        reason: reason.map(str::to_owned),
    };
    queries::insert_verification(&mut work.tx, &row).await?;
    let verified = LicenceVerified {
        about: licence.map_or_else(|| receipt.to_string(), |licence| licence.id.to_string()),
        receipt: receipt.clone(),
        method: row.method,
        outcome: row.outcome,
        reason: row.reason,
    };
    work.record(verified.clone());
    // Sealed by us and not in our records: a key of ours may be in other hands.
    if verdict.checks.iter().any(|check| check.reason == Some(Reason::NotRecorded)) {
        let LicenceVerified { about, receipt, method, outcome, reason } = verified;
        work.record(VerificationAlarm { about, receipt, method, outcome, reason });
    }
    verdict.receipt = Some(receipt);
    Ok(verdict)
}
