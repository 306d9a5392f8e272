//! Verifying: what is asked about is looked up in the records, judged by `verify`, and written down under a receipt.

pub mod counter;
mod facets;
mod number;
mod queries;
pub mod receipt;
pub mod trust;

use base::{Fault, Instant, Text};
use records::{Tx, Work};
use verify::{
    Evidence, Subject, Verdict, decide,
    licence::LicenceFacts,
    pdf::{Examined, Trust},
};

pub use facets::KeptFacet;
pub use number::{Method, Number};

use crate::{
    catalogue::Catalogue,
    register::{self, licence::Licence, reason::StatusReason},
};

/// Verifies what was scanned or typed: a QR's text, its digits, or an identifier.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach. A number that is unknown or wrong is a verdict, not an error.
pub async fn by_number(work: &mut Work, catalogue: &Catalogue, number: &Number) -> Result<Verdict, Fault> {
    let licence = number.find(&mut work.tx).await?.filter(was_issued);
    let facts = licence.as_ref().map(|licence| facts(catalogue, licence)).transpose()?;
    let verdict = decide(Evidence { subject: number.subject(), licence: facts, at: work.at() });
    receipt::record(work, verdict, number.method(), licence.as_ref()).await
}

/// Verifies a file that was examined.
///
/// The file's own digest finds the licence that it is; failing that, the identifiers that it names are looked up, so
/// that a changed copy is told from a stranger's file.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn by_file(
    work: &mut Work,
    catalogue: &Catalogue,
    trust: &Trust,
    examined: &Examined,
) -> Result<Verdict, Fault> {
    let mut licence = register::queries::by_file_digest(&mut work.tx, &examined.sha256).await?.filter(was_issued);
    let mut digest = licence.is_some().then(|| examined.sha256.clone());
    for named in &examined.named {
        if licence.is_some() {
            break;
        }
        licence = register::by_identifier(&mut work.tx, named).await?.filter(was_issued);
        if let Some(licence) = &licence {
            digest = register::queries::file_digest(&mut work.tx, &licence.id).await?;
        }
    }
    let mut facts = licence.as_ref().map(|licence| facts(catalogue, licence)).transpose()?;
    if let Some(facts) = &mut facts {
        facts.file_sha256 = digest;
    }
    let subject = Subject::File { examined, trust };
    let verdict = decide(Evidence { subject, licence: facts, at: work.at() });
    receipt::record(work, verdict, Method::File, licence.as_ref()).await
}

/// The answer to a code without a receipt: the public page, where nobody says who he is. Anyone can ask for it, so it
/// takes one statement (`a_look_at_a_code_takes_one_statement_and_a_verification_with_receipt_three`).
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn look(tx: &mut Tx, catalogue: &Catalogue, number: &Number, at: Instant) -> Result<Verdict, Fault> {
    let licence = number.find(tx).await?.filter(was_issued);
    let facts = licence.as_ref().map(|licence| facts(catalogue, licence)).transpose()?;
    Ok(decide(Evidence { subject: number.subject(), licence: facts, at }))
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
        file_sha256: None,
        is_intact: licence.is_intact,
    })
}
