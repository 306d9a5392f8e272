//! Whom a licence is about.

use base::{
    Date, Fault, Secret,
    id::{OrganisationId, PersonId},
    mask,
    number::{CreditCode, IdentityNumber, NumberKind},
};
use identity::{
    Vault,
    organisation::{self, OrganisationState, OrganisationView},
    person::{self, PersonView},
};
use records::Tx;
use serde::{Deserialize, Serialize};

use super::sex::Sex;
use crate::error::Error;

/// Which kind of holder a type has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderKind {
    /// A natural person.
    Person,
    /// A legal person.
    Organisation,
}

impl HolderKind {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Person, Self::Organisation];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
        }
    }
}

/// The person or organisation a licence is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A natural person.
    Person(PersonId),
    /// A legal person.
    Organisation(OrganisationId),
}

impl Holder {
    pub fn kind(&self) -> HolderKind {
        match self {
            Self::Person(_) => HolderKind::Person,
            Self::Organisation(_) => HolderKind::Organisation,
        }
    }

    /// Its identifier as text.
    pub fn id(&self) -> &str {
        match self {
            Self::Person(id) => id.as_str(),
            Self::Organisation(id) => id.as_str(),
        }
    }

    pub(crate) fn stored(kind: &str, id: String) -> Result<Self, Fault> {
        match kind {
            "person" => Ok(Self::Person(PersonId::stored(id))),
            "organisation" => Ok(Self::Organisation(OrganisationId::stored(id))),
            _ => Err(Fault::broken("a stored holder has no known kind")),
        }
    }
}

/// What the register says of a holder: where the locked fields of a licence come from.
#[derive(Clone, Debug)]
pub struct HolderFacts {
    /// Who.
    pub holder: Holder,
    /// The name in the register.
    pub name: String,
    /// The identity number or credit code.
    pub number: Secret<String>,
    /// Whether the person has died or the organisation has ceased: then nothing is issued to it.
    pub has_ended: bool,
    /// Which document a person's number is from; none for an organisation, which has a credit code.
    pub(crate) number_kind: Option<NumberKind>,
    /// The day of a person's birth.
    pub born: Option<Date>,
    pub sex: Option<Sex>,
    pub died_on: Option<Date>,
    /// Where the person lives or the organisation has its seat, if that is registered: what an address is compared with. No
    /// field of a licence is taken from it.
    pub address: Option<String>,
}

impl HolderFacts {
    /// The name as strangers see it: what an organisation is called is public.
    pub(crate) fn shown(&self) -> String {
        match self.holder {
            Holder::Person(_) => mask::person_name(&self.name),
            Holder::Organisation(_) => self.name.clone(),
        }
    }

    /// The number as staff see it by default.
    pub fn number_shown(&self) -> String {
        match self.holder {
            Holder::Person(_) => mask::identity_number(self.number.expose()),
            Holder::Organisation(_) => self.number.expose().clone(),
        }
    }

    pub(crate) fn check_not_ended(&self) -> Result<(), Error> {
        match self.holder {
            _ if !self.has_ended => Ok(()),
            Holder::Person(_) => Err(Error::HolderDeceased),
            Holder::Organisation(_) => Err(Error::HolderCeased),
        }
    }
}

/// The person with an identity number, as a holder.
///
/// # Errors
///
/// [`Error::HolderUnknown`] when the register has nobody under it.
pub async fn person_by_number(tx: &mut Tx, vault: &Vault, number: &IdentityNumber) -> Result<HolderFacts, Error> {
    let found = person::find_by_identity_number(tx, vault, number).await?.ok_or(Error::HolderUnknown)?;
    found.rely_on(tx).await?;
    // Of two that may be meant, the register says which it is.
    let number = found.identity_number(vault)?;
    Ok(of_person(found, &number))
}

/// The organisation with a credit code, as a holder.
///
/// # Errors
///
/// [`Error::HolderUnknown`] when the register has nobody under it.
pub async fn organisation_by_code(tx: &mut Tx, code: &CreditCode) -> Result<HolderFacts, Error> {
    let found = organisation::find_by_code(tx, code).await?.ok_or(Error::HolderUnknown)?;
    found.rely_on(tx).await?;
    Ok(of_organisation(found))
}

/// What the register says of a holder now.
///
/// # Errors
///
/// [`Error::HolderUnknown`] when the register has nobody under it.
pub async fn facts(tx: &mut Tx, vault: &Vault, holder: &Holder) -> Result<HolderFacts, Error> {
    match holder {
        Holder::Person(id) => {
            let found = person::find_unchanged(tx, id).await?.ok_or(Error::HolderUnknown)?;
            let number = found.identity_number(vault)?;
            Ok(of_person(found, &number))
        }
        Holder::Organisation(id) => {
            let found = organisation::find_unchanged(tx, id).await?;
            Ok(of_organisation(found.ok_or(Error::HolderUnknown)?))
        }
    }
}

/// The name that a row has of its holder. Rows of before have the middle of an organisation's name hidden: it is the name, of
/// now or of before, that looks so with its middle hidden.
pub(crate) async fn uncovered(tx: &mut Tx, holder: &Holder, shown: String) -> Result<String, Fault> {
    let Holder::Organisation(id) = holder else { return Ok(shown) };
    if !shown.contains(mask::HIDDEN) {
        return Ok(shown);
    }
    let now = organisation::find(tx, id).await?.map(|found| found.name);
    let before = organisation::change::former_names(tx, id).await?.into_iter().map(|former| former.name);
    let found = now.into_iter().chain(before).find(|name| mask::organisation_name(name) == shown);
    Ok(found.unwrap_or(shown))
}

fn of_person(found: PersonView, number: &IdentityNumber) -> HolderFacts {
    let born = number.birth_date().or_else(|| found.born());
    let is_male = number.is_male().or_else(|| found.is_male());
    let sex = is_male.map(|is_male| if is_male { Sex::Male } else { Sex::Female });
    let address = found.profile.address.map(|address| {
        let parts = || [&address.region, &address.locality, &address.street_address].into_iter().flatten();
        address.formatted.clone().unwrap_or_else(|| parts().map(String::as_str).collect())
    });
    HolderFacts {
        address: address.filter(|address| !address.is_empty()),
        holder: Holder::Person(found.person_id),
        name: found.name,
        number: Secret::new(number.as_str().to_owned()),
        has_ended: found.died_on.is_some(),
        born,
        sex,
        number_kind: Some(number.kind()),
        died_on: found.died_on,
    }
}

fn of_organisation(found: OrganisationView) -> HolderFacts {
    HolderFacts {
        holder: Holder::Organisation(found.organisation_id),
        name: found.name,
        number: Secret::new(found.credit_code.as_str().to_owned()),
        has_ended: found.state == OrganisationState::Ceased,
        born: None,
        sex: None,
        number_kind: None,
        died_on: None,
        address: found.address,
    }
}
