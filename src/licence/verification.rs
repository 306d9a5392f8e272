//! Verifying: what is asked about is looked up in the records, judged by `verify`, and written down under a receipt.
//!
//! The receipt and the event hold no name and no number of a person: who asked, what was answered and why.

use std::sync::Arc;

use base::{
    Fault, Instant,
    id::{LicenceId, ReceiptId},
    number::{LicenceIdentifier, NumberError},
};
use crypto::x509::{Certificate, Crl};
use records::{Tx, Work};
use serde_json::json;
use verify::{
    Evidence, Reason, Subject, Verdict, decide,
    licence::LicenceFacts,
    pdf::{Examined, Trust},
    qr,
};

use crate::{
    events,
    library::Library,
    queries::{self, VerificationRow},
    register::{
        licence::Licence,
        number::{Code, NotACode},
    },
};

/// How somebody asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The digits of a QR code.
    Code,
    /// A file.
    File,
    /// The licence identifier 证照标识.
    Identifier,
}

impl Method {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::File => "file",
            Self::Identifier => "identifier",
        }
    }
}

/// What a text that somebody scanned or typed turned out to be.
#[derive(Clone, Debug)]
enum Number {
    Code(Code),
    Identifier(LicenceIdentifier),
    Mistyped(Method),
    Other,
}

impl Number {
    /// Reads a text that may be a code, the whole text of a QR, or an identifier, also as an input method writes them.
    fn read(text: &str) -> Self {
        if let Some(identifier) = identifier_in(text) {
            return Self::identifier(&identifier);
        }
        match qr::code_digits(text).map(|digits| Code::parse(&digits)) {
            Some(Ok(code)) => Self::Code(code),
            Some(Err(NotACode::CheckDigit)) => Self::Mistyped(Method::Code),
            Some(Err(NotACode::Form)) | None => Self::Other,
        }
    }

    fn identifier(text: &str) -> Self {
        match LicenceIdentifier::parse(&qr::half_width(text).to_ascii_uppercase()) {
            Ok(identifier) => Self::Identifier(identifier),
            Err(NumberError::CheckDigit) => Self::Mistyped(Method::Identifier),
            Err(_) => Self::Other,
        }
    }

    fn method(&self) -> Method {
        match self {
            Self::Identifier(_) | Self::Mistyped(Method::Identifier) => Method::Identifier,
            _ => Method::Code,
        }
    }

    fn subject(&self) -> Subject<'static> {
        match self {
            Self::Code(_) | Self::Identifier(_) => Subject::Number,
            Self::Mistyped(_) => Subject::MistypedNumber,
            Self::Other => Subject::OtherText,
        }
    }

    async fn find(&self, tx: &mut Tx) -> Result<Option<Licence>, Fault> {
        match self {
            Self::Code(code) => queries::by_code(tx, code.as_str()).await,
            Self::Identifier(identifier) => queries::by_identifier(tx, identifier.as_str()).await,
            Self::Mistyped(_) | Self::Other => Ok(None),
        }
    }
}

/// What stands in a text in the place of a licence identifier, well formed or not.
pub fn identifier_in(text: &str) -> Option<String> {
    let plain = qr::half_width(text);
    let rest = plain.get(plain.find("1.2.156.3005.2.")?..)?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// Verifies what was scanned or typed: a QR's text, its digits, or an identifier. Three statements.
///
/// # Errors
///
/// [`Fault`]. A number that is unknown or wrong is a verdict, not an error.
pub async fn by_code(work: &mut Work, library: &Library, text: &str) -> Result<Verdict, Fault> {
    by_number(work, library, &Number::read(text)).await
}

/// Verifies a licence identifier. Three statements.
///
/// # Errors
///
/// [`Fault`].
pub async fn by_identifier(work: &mut Work, library: &Library, text: &str) -> Result<Verdict, Fault> {
    by_number(work, library, &Number::identifier(text.trim())).await
}

async fn by_number(work: &mut Work, library: &Library, number: &Number) -> Result<Verdict, Fault> {
    let licence = number.find(&mut work.tx).await?.filter(was_issued);
    let facts = licence.as_ref().map(|licence| facts(library, licence)).transpose()?;
    let verdict = decide(Evidence { subject: number.subject(), licence: facts, at: work.at() });
    record(work, verdict, number.method(), licence.as_ref()).await
}

/// Verifies a file that was examined. Up to six statements.
///
/// The file's own digest finds the licence that it is; failing that, the identifiers that it names are looked up, so
/// that a changed copy is told from a stranger's file.
///
/// # Errors
///
/// [`Fault`].
pub async fn by_file(work: &mut Work, library: &Library, trust: &Trust, examined: &Examined) -> Result<Verdict, Fault> {
    let mut licence = queries::by_file_digest(&mut work.tx, &examined.sha256).await?.filter(was_issued);
    let mut digest = licence.is_some().then(|| examined.sha256.clone());
    for named in &examined.named {
        if licence.is_some() {
            break;
        }
        licence = queries::by_identifier(&mut work.tx, named.as_str()).await?.filter(was_issued);
        if let Some(licence) = &licence {
            digest = queries::file_digest(&mut work.tx, &licence.id).await?;
        }
    }
    let mut facts = licence.as_ref().map(|licence| facts(library, licence)).transpose()?;
    if let Some(facts) = &mut facts {
        facts.file_sha256 = digest;
    }
    let subject = Subject::File { examined, trust };
    let verdict = decide(Evidence { subject, licence: facts, at: work.at() });
    record(work, verdict, Method::File, licence.as_ref()).await
}

/// The answer to a code without a receipt: the public page, where nobody says who he is. One statement.
///
/// # Errors
///
/// [`Fault`].
pub async fn look(tx: &mut Tx, library: &Library, digits: &str, at: Instant) -> Result<Verdict, Fault> {
    let number = Number::read(digits);
    let licence = number.find(tx).await?.filter(was_issued);
    let facts = licence.as_ref().map(|licence| facts(library, licence)).transpose()?;
    Ok(decide(Evidence { subject: number.subject(), licence: facts, at }))
}

/// Whom we trust, as it was read last: certificates and lists are taken apart once, not for every file.
#[derive(Default)]
pub(crate) struct KnownTrust {
    roots: Vec<Vec<u8>>,
    lists: Vec<Arc<pki::Crl>>,
    trust: Arc<Trust>,
}

/// Whom we trust now: our roots, and the newest revocation lists. From memory.
///
/// # Errors
///
/// [`Fault`] when a certificate or list of our own cannot be read.
pub fn trust(library: &Library) -> Result<Arc<Trust>, Fault> {
    let custody = library.cabinet().custody();
    let roots = custody.roots();
    let lists: Vec<_> = [1, 2].into_iter().filter_map(|authority| custody.crl(authority)).collect();
    let mut known = library.known_trust();
    let is_same = |(a, b): (&Arc<_>, &Arc<_>)| Arc::ptr_eq(a, b);
    if known.roots != roots || known.lists.len() != lists.len() || !known.lists.iter().zip(&lists).all(is_same) {
        let certificates = roots.iter().map(|der| Certificate::parse(der)).collect::<Result<_, _>>();
        let parsed = lists.iter().map(|list| Crl::parse(&list.der)).collect::<Result<_, _>>();
        let trust = Trust { roots: certificates.map_err(Fault::broken)?, lists: parsed.map_err(Fault::broken)? };
        *known = KnownTrust { roots, lists, trust: Arc::new(trust) };
    }
    Ok(Arc::clone(&known.trust))
}

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
    /// The outcome.
    pub outcome: String,
    /// The reason.
    pub reason: Option<String>,
}

/// A receipt by its number. One statement.
///
/// # Errors
///
/// [`Fault`].
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

/// Writes down that somebody opened a receipt again. No statement; the event is written at the commit.
pub fn opened(work: &mut Work, receipt: &Receipt) {
    let object = receipt.licence.as_ref().map_or_else(|| receipt.id.as_str(), LicenceId::as_str).to_owned();
    work.record_with(events::RECEIPT_OPENED, &object, json!({ "receipt": receipt.id.as_str() }));
}

async fn record(
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
    let object = licence.map_or_else(|| receipt.as_str(), |licence| licence.id.as_str()).to_owned();
    let data = json!({ "receipt": receipt.as_str(), "method": method.as_str(), "outcome": outcome, "reason": reason });
    work.record_with(events::VERIFIED, &object, data.clone());
    // Sealed by us and not in our records: a key of ours may be in other hands.
    if verdict.checks.iter().any(|check| check.reason == Some(Reason::NotRecorded)) {
        work.record_with(events::VERIFICATION_ALARM, &object, data);
    }
    verdict.receipt = Some(receipt);
    Ok(verdict)
}

/// What was numbered but never issued does not exist for anybody outside.
fn was_issued(licence: &Licence) -> bool {
    licence.status.issued().is_some()
}

fn facts(library: &Library, licence: &Licence) -> Result<LicenceFacts, Fault> {
    Ok(LicenceFacts {
        identifier: licence.identifier.clone(),
        type_name: library.type_of(licence)?.definition.name.text(),
        status: licence.status.issued().ok_or_else(|| Fault::broken("a verdict on what was never issued"))?,
        status_reason: licence.reason_text(),
        changed_at: licence.changed_at,
        holder_shown: licence.holder_shown.clone(),
        issuer_name: licence.issuer_name.clone(),
        issued_at: licence.issued_at,
        valid_from: licence.valid_from,
        valid_until: licence.valid_until,
        file_sha256: None,
    })
}

#[cfg(test)]
mod tests {
    use base::SeededEntropy;

    use super::*;

    #[test]
    fn a_text_is_read_as_what_it_is() {
        let check = |text: &str, expected: &str| {
            let read = match Number::read(text) {
                Number::Code(_) => "code",
                Number::Identifier(_) => "identifier",
                Number::Mistyped(Method::Identifier) => "mistyped identifier",
                Number::Mistyped(_) => "mistyped code",
                Number::Other => "other",
            };
            assert_eq!(read, expected, "{text}");
        };
        let code = Code::draw(&SeededEntropy::new(3));
        check(code.as_str(), "code");
        check(&code.grouped(), "code");
        check(&format!("HTTPS://V.EXAMPLE.GOV.CN/V/{}\r", code.as_str()), "code");
        let identifier = LicenceIdentifier::compose("11100000000013338W032", "11220000013544541J", "20261", 1).unwrap();
        check(identifier.as_str(), "identifier");
        check(&format!("证照标识：{identifier} "), "identifier");
        check(&identifier.as_str().replace('.', "。"), "identifier");
        let last = if identifier.as_str().ends_with('0') { '1' } else { '0' };
        let mut wrong = identifier.as_str().to_owned();
        wrong.pop();
        wrong.push(last);
        check(&wrong, "mistyped identifier");
        let mut digits = code.as_str().to_owned();
        let check_digit = digits.pop().unwrap();
        digits.push(if check_digit == '0' { '1' } else { '0' });
        check(&digits, "mistyped code");
        check("https://weixin.qq.com/r/abc", "other");
        check("9121060012345678", "other");
        check("", "other");
    }
}
