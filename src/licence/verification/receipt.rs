//! Receipts: what was answered to whom and why. They hold no name and no number of a person.

use base::{
    Fault, Instant, ListPage, PageOf,
    id::{LicenceId, ReceiptId, StaffId},
};
use records::{
    Tx, Work,
    archive::{OverRow, Shelved},
};
use verify::{Reason, Verdict};

use super::{
    facets::{self, KeptFacet},
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
    /// How each of the four things stood that people ask; none of a receipt from before they were kept.
    pub facets: Vec<KeptFacet>,
    /// What whoever asked said of the person who showed the licence.
    pub holder: Option<HolderSaid>,
}

/// Whether the person who showed a licence is its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HolderSaid {
    pub is_holder: bool,
    pub at: Instant,
}

impl Receipt {
    fn read(row: VerificationRow) -> Self {
        let said = row.holder_is.zip(row.holder_at);
        Self {
            facets: facets::read(row.facets.as_deref()),
            holder: said.map(|(is, at)| HolderSaid { is_holder: is == 1, at: Instant::from_micros(at) }),
            id: ReceiptId::stored(row.receipt_id),
            at: Instant::from_micros(row.at),
            asked_by: row.asked_by,
            method: row.method,
            licence: row.licence_id.map(LicenceId::stored),
            outcome: row.outcome,
            reason: row.reason,
        }
    }
}

/// Who acts, as a receipt has who asked.
pub(super) fn asked_by(work: &Work) -> String {
    format!("{}:{}", work.actor().kind(), work.actor().id())
}

/// A receipt by its number.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn find(tx: &mut Tx, receipt: &ReceiptId) -> Result<Option<Receipt>, Fault> {
    let row = queries::verification(tx, receipt.as_str()).await?;
    Ok(row.map(Receipt::read))
}

/// What a member of staff asked on the day of `at`, the newest first.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn of_today(
    tx: &mut Tx,
    staff: &StaffId,
    at: Instant,
    page: &ListPage<ReceiptId>,
) -> Result<PageOf<Receipt, ReceiptId>, Fault> {
    let since = ReceiptId::first_at(at.date().start());
    let rows = queries::asked_by(tx, &format!("staff:{staff}"), &since, page).await?;
    let receipts = rows.into_iter().map(Receipt::read).collect();
    Ok(PageOf::from_rows(receipts, page.limit, |receipt: &Receipt| receipt.id.clone()))
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

/// That somebody opened a receipt again.
pub fn opened(receipt: &Receipt) -> ReceiptOpened {
    let about = receipt.licence.as_ref().map_or_else(|| receipt.id.to_string(), LicenceId::to_string);
    ReceiptOpened { about, receipt: receipt.id.clone() }
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
        asked_by: asked_by(work),
        method: method.as_str().to_owned(),
        licence_id: licence.map(|licence| licence.id.as_str().to_owned()),
        outcome: outcome.to_owned(),
        reason: reason.map(str::to_owned),
        facets: Some(facets::stored(&verdict)?),
        holder_is: None,
        holder_at: None,
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
