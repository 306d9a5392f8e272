//! Verifying: what is asked about is looked up in the records, judged by `verify`, and written down under a receipt.

pub mod counter;
mod facets;
mod number;
mod queries;
pub mod receipt;
pub mod trust;

use base::{Fault, Instant, Text, fault::FaultKind};
use records::{Tx, Work};
use verify::{
    Evidence, Subject, Verdict, decide,
    licence::{LicenceFacts, Likeness},
    pdf::Examined,
};

pub use facets::KeptFacet;
pub use number::{Method, Number};

use crate::{
    Library,
    catalogue::Catalogue,
    error::Error,
    register::{self, licence::Licence, reason::StatusReason},
};

/// A verdict that nobody has written down yet.
#[derive(Debug)]
pub struct Unwritten {
    verdict: Verdict,
    method: Method,
    licence: Option<Licence>,
}

impl Unwritten {
    /// The verdict, without a receipt.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Writes it down under a receipt.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach.
    pub async fn write(self, work: &mut Work) -> Result<Verdict, Fault> {
        receipt::record(work, self.verdict, self.method, self.licence.as_ref()).await
    }
}

/// Verifies what was scanned or typed: a QR's text, its digits, or an identifier.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach. A number that is unknown or wrong is a verdict, not an error.
pub async fn by_number(work: &mut Work, catalogue: &Catalogue, number: &Number) -> Result<Verdict, Fault> {
    let at = work.at();
    of_number(&mut work.tx, catalogue, number, at).await?.write(work).await
}

/// Verifies a file that was examined.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn by_file(work: &mut Work, library: &Library, examined: &Examined) -> Result<Verdict, Fault> {
    let at = work.at();
    of_file(&mut work.tx, library, examined, at).await?.write(work).await
}

/// What a number is worth.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn of_number(tx: &mut Tx, catalogue: &Catalogue, number: &Number, at: Instant) -> Result<Unwritten, Fault> {
    let licence = number.find(tx).await?.filter(was_issued);
    let facts = licence.as_ref().map(|licence| facts(catalogue, licence)).transpose()?;
    let verdict = decide(Evidence { subject: number.subject(), licence: facts, at });
    Ok(Unwritten { verdict, method: number.method(), licence })
}

/// What a file is worth.
///
/// The file's own digest finds the licence that it is; failing that, the licences that it says it is are looked up, so
/// that a changed copy is told from a stranger's file.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn of_file(tx: &mut Tx, library: &Library, examined: &Examined, at: Instant) -> Result<Unwritten, Fault> {
    let (catalogue, trust) = (library.catalogue.now(), library.trust.now()?);
    let mut found: Vec<Licence> = Vec::new();
    let same = register::queries::by_file_digest(tx, &examined.sha256).await?.filter(was_issued);
    let is_same = same.is_some();
    found.extend(same);
    for claimed in examined.claimed.iter().filter(|_| !is_same) {
        found.extend(register::by_identifier(tx, claimed).await?.filter(was_issued));
    }
    let known = found.len();
    let licence = found.into_iter().next();
    let mut facts = licence.as_ref().map(|licence| facts(&catalogue, licence)).transpose()?;
    if let (Some(facts), Some(licence)) = (&mut facts, &licence) {
        let compared = if is_same { Some(Likeness::Same) } else { compare(tx, library, examined, licence).await? };
        facts.is_intact &= compared.is_some();
        facts.file = compared.or(Some(Likeness::Other));
    }
    let subject = Subject::File { examined, trust: &trust, known };
    let verdict = decide(Evidence { subject, licence: facts, at });
    Ok(Unwritten { verdict, method: Method::File, licence: licence.filter(|_| known == 1) })
}

/// How a file compares with the document of the licence that it says it is; nothing when that was changed past the
/// product or is gone. The document is taken out only where it tells more than its digest: when the file may be its
/// beginning.
async fn compare(
    tx: &mut Tx,
    library: &Library,
    examined: &Examined,
    licence: &Licence,
) -> Result<Option<Likeness>, Fault> {
    if register::queries::file_digest(tx, &licence.id).await?.is_none() {
        return Ok(None);
    }
    if !examined.may_be_cut_off() {
        return Ok(Some(Likeness::Other));
    }
    match library.safe.document(tx, &licence.id).await {
        Ok((_, document)) => Ok(Some(examined.likeness(&document))),
        Err(Error::Fault(fault)) if fault.kind() != FaultKind::Broken => Err(fault),
        Err(_) => Ok(None),
    }
}

/// The answer to a code without a receipt: the public page, where nobody says who he is. Anyone can ask for it, so it
/// takes one statement (`a_look_at_a_code_takes_one_statement_and_a_verification_with_receipt_three`).
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn look(tx: &mut Tx, catalogue: &Catalogue, number: &Number, at: Instant) -> Result<Verdict, Fault> {
    Ok(of_number(tx, catalogue, number, at).await?.verdict)
}

/// What was numbered but never issued does not exist for anybody outside. Of a damaged row nobody can say that.
fn was_issued(licence: &Licence) -> bool {
    licence.status.issued().is_some() || !licence.is_intact
}

fn facts(catalogue: &Catalogue, licence: &Licence) -> Result<LicenceFacts, Fault> {
    let type_name = match catalogue.of(licence) {
        Ok(licence_type) => licence_type.definition.name.text(),
        Err(_) if !licence.is_intact => Text::fixed("", ""),
        Err(fault) => return Err(fault),
    };
    Ok(LicenceFacts {
        identifier: licence.identifier.clone(),
        type_name,
        status: match licence.status.issued() {
            Some(status) => status,
            None if !licence.is_intact => verify::licence::Status::Suspended,
            None => return Err(Fault::broken("a verdict on what was never issued")),
        },
        status_reason: licence.status_reason().map(StatusReason::code),
        changed_at: licence.changed_at,
        holder_shown: licence.holder_shown.clone(),
        issuer_name: licence.issuer_name.clone(),
        issued_at: licence.issued_at,
        valid_from: licence.valid_from,
        valid_until: licence.valid_until,
        file: None,
        is_intact: licence.is_intact,
    })
}
