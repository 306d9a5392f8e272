//! Finding licences and holders. Each function is one statement.

use base::{
    Fault, Page, PageOf, Secret,
    id::{LicenceId, OrganisationId},
    number::{CreditCode, IdentityNumber, LicenceIdentifier},
};
use identity::{
    organisation::{self, OrganisationView, State},
    person::{self, PersonView},
};
use records::Tx;

use crate::{
    error::Error,
    library::Library,
    queries,
    register::{
        holder::{Holder, HolderFacts},
        licence::{Licence, Status},
        number::Code,
    },
};

/// A licence by our identifier.
pub async fn by_id(tx: &mut Tx, id: &LicenceId) -> Result<Option<Licence>, Fault> {
    queries::by_id(tx, id).await
}

/// A licence by its 证照标识.
pub async fn by_identifier(tx: &mut Tx, identifier: &LicenceIdentifier) -> Result<Option<Licence>, Fault> {
    queries::by_identifier(tx, identifier.as_str()).await
}

/// A licence by the code of its QR.
pub async fn by_code(tx: &mut Tx, code: &Code) -> Result<Option<Licence>, Fault> {
    queries::by_code(tx, code.as_str()).await
}

/// A licence by the SHA-256 of its document, hexadecimal.
pub async fn by_file_digest(tx: &mut Tx, sha256: &str) -> Result<Option<Licence>, Fault> {
    queries::by_file_digest(tx, sha256).await
}

/// Licences of one holder, newest first.
pub async fn held_by(
    tx: &mut Tx,
    holder: &Holder,
    page: &Page<LicenceId>,
) -> Result<PageOf<Licence, LicenceId>, Fault> {
    let rows = queries::held_by(tx, holder, page).await?;
    Ok(PageOf::from_rows(rows, page.limit, |licence| licence.id.clone()))
}

/// Licences of these departments, newest first; all, or of one recorded status. One statement for each department.
pub async fn issued_by(
    tx: &mut Tx,
    issuers: &[OrganisationId],
    status: Option<Status>,
    page: &Page<LicenceId>,
) -> Result<PageOf<Licence, LicenceId>, Fault> {
    let mut rows = Vec::new();
    for issuer in issuers {
        rows.extend(queries::issued_by(tx, issuer, status, page).await?);
    }
    rows.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(PageOf::from_rows(rows, page.limit, |licence| licence.id.clone()))
}

/// The newer version that took the place of a licence.
pub async fn renewed_by(tx: &mut Tx, licence: &Licence) -> Result<Option<LicenceId>, Fault> {
    queries::renewed_by(tx, &licence.id, &licence.holder).await
}

/// The person with an identity number, as a holder.
///
/// # Errors
///
/// [`Error::HolderUnknown`].
pub async fn person_by_number(tx: &mut Tx, library: &Library, number: &IdentityNumber) -> Result<HolderFacts, Error> {
    let found = person::find_by_identity_number(tx, library.vault(), number).await?.ok_or(Error::HolderUnknown)?;
    Ok(of_person(found, number))
}

/// The organisation with a credit code, as a holder.
///
/// # Errors
///
/// [`Error::HolderUnknown`].
pub async fn organisation_by_code(tx: &mut Tx, code: &CreditCode) -> Result<HolderFacts, Error> {
    Ok(of_organisation(organisation::find_by_code(tx, code).await?.ok_or(Error::HolderUnknown)?))
}

/// What the register says of a holder now.
///
/// # Errors
///
/// [`Error::HolderUnknown`].
pub async fn holder(tx: &mut Tx, library: &Library, holder: &Holder) -> Result<HolderFacts, Error> {
    match holder {
        Holder::Person(id) => {
            let found = person::find(tx, id).await?.ok_or(Error::HolderUnknown)?;
            let number = found.identity_number(library.vault())?;
            Ok(of_person(found, &number))
        }
        Holder::Organisation(id) => Ok(of_organisation(organisation::find(tx, id).await?.ok_or(Error::HolderUnknown)?)),
    }
}

fn of_person(found: PersonView, number: &IdentityNumber) -> HolderFacts {
    HolderFacts {
        holder: Holder::Person(found.person_id),
        name: found.name,
        number: Secret::new(number.as_str().to_owned()),
        has_ended: found.died_on.is_some(),
    }
}

fn of_organisation(found: OrganisationView) -> HolderFacts {
    HolderFacts {
        holder: Holder::Organisation(found.organisation_id),
        name: found.name,
        number: Secret::new(found.credit_code.as_str().to_owned()),
        has_ended: found.state == State::Ceased,
    }
}
