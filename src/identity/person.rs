//! Natural persons and what they let others know about them.

pub mod change;
mod queries;

use base::{Date, Fault, Instant, id::PersonId, name, number::IdentityNumber};
use records::{Seen, Tx, Value, Work};
use serde::{Deserialize, Serialize};

use crate::{Error, Vault, events::PersonRegistered, limits};

/// What a person wants others to know: everything the standard OpenID Connect claims can carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub middle_name: Option<String>,
    pub nickname: Option<String>,
    pub preferred_username: Option<String>,
    /// The address of a page about the person.
    pub profile: Option<String>,
    pub picture: Option<String>,
    pub website: Option<String>,
    pub gender: Option<String>,
    /// `2000-02-29`; taken from the identity number when it is not given.
    pub birthdate: Option<String>,
    pub zoneinfo: Option<String>,
    pub locale: Option<String>,
    pub email: Option<String>,
    pub email_verified: bool,
    /// In the form `+86 138…`.
    pub phone_number: Option<String>,
    pub phone_number_verified: bool,
    pub address: Option<Address>,
}

/// The values of [`Profile::gender`] that the register knows itself (OpenID Connect Core 1.0 §5.1).
pub const FEMALE: &str = "female";
pub const MALE: &str = "male";

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    pub formatted: Option<String>,
    pub street_address: Option<String>,
    pub locality: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

/// A person to be registered.
#[derive(Clone, Debug)]
pub struct NewPerson {
    pub name: String,
    pub identity_number: IdentityNumber,
    pub profile: Profile,
}

/// A person as we know them. The identity number stays sealed until someone who may asks for it.
#[derive(Clone, Debug)]
pub struct PersonView {
    pub person_id: PersonId,
    pub name: String,
    pub profile: Profile,
    pub updated_at: Instant,
    /// The day of death, once it is written down.
    pub died_on: Option<Date>,
    sealed: Vec<u8>,
    /// Its text, which the mark is over: read and written anew it may differ.
    profile_stored: String,
}

impl PersonView {
    /// Refuses to rest on this when it was changed past the product.
    ///
    /// # Errors
    ///
    /// [`Fault`] then, and when the database is out of reach.
    pub async fn rely_on(&self, tx: &mut Tx) -> Result<(), Fault> {
        let columns = vec![
            ("name", Value::from(self.name.as_str())),
            ("identity_sealed", Value::from(&self.sealed)),
            ("died_on", Value::from(self.died_on)),
            ("profile", Value::from(self.profile_stored.as_str())),
        ];
        tx.rely_on("person", Seen { key: &[self.person_id.as_str()], columns }).await
    }

    /// The day of birth, as it is registered.
    pub fn born(&self) -> Option<Date> {
        self.profile.birthdate.as_deref().and_then(|text| Date::parse(text).ok())
    }

    /// Whether the person is registered as male; none when neither sex is.
    pub fn is_male(&self) -> Option<bool> {
        match self.profile.gender.as_deref() {
            Some(MALE) => Some(true),
            Some(FEMALE) => Some(false),
            _ => None,
        }
    }

    /// The identity number in clear.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the vault has another key.
    pub fn identity_number(&self, vault: &Vault) -> Result<IdentityNumber, Fault> {
        vault.open(&self.person_id, &self.sealed)
    }
}

/// Registers a person. Of whom the number says neither birth nor sex, both are given.
///
/// # Errors
///
/// [`Error::Name`] and [`Error::Field`] for what is not well formed, [`Error::FieldMissing`] for what the number does not say; [`Error::BornOn`] for a day of birth that cannot be one,
/// [`Error::Contradiction`] when what is given is not what the number says; [`Error::IdentityNumberTaken`] when somebody has
/// the number.
pub async fn register(work: &mut Work, vault: &Vault, new: NewPerson) -> Result<PersonId, Error> {
    let name = name::person(&new.name)?;
    let profile = completed(new.profile, &new.identity_number);
    check_profile(&profile)?;
    check_number(&profile, &new.identity_number)?;
    check_complete(&profile, &new.identity_number)?;
    check_born(&profile, work.at().date())?;
    let person: PersonId = work.new_id();
    let sealed = vault.seal(work.entropy(), &person, &new.identity_number);
    let row = queries::New { person: &person, name: &name, lookup: vault.lookup(&new.identity_number), sealed };
    let at = work.at();
    if !queries::insert(&mut work.tx, row, &profile, at).await? {
        return Err(Error::IdentityNumberTaken);
    }
    work.record(PersonRegistered { person: person.clone() });
    Ok(person)
}

/// A person who can act.
pub(crate) async fn living(tx: &mut Tx, person: &PersonId) -> Result<PersonView, Error> {
    match find(tx, person).await? {
        None => Err(Error::PersonUnknown),
        Some(found) if found.died_on.is_some() => Err(Error::PersonDeceased),
        Some(found) => {
            found.rely_on(tx).await?;
            Ok(found)
        }
    }
}

/// One person.
pub async fn find(tx: &mut Tx, person: &PersonId) -> Result<Option<PersonView>, Fault> {
    queries::by_id(tx, person).await
}

/// One person as the last act left them: what others rest on.
///
/// # Errors
///
/// [`Fault`] when the row was changed past the product, and when the database is out of reach.
pub async fn find_unchanged(tx: &mut Tx, person: &PersonId) -> Result<Option<PersonView>, Fault> {
    let found = find(tx, person).await?;
    if let Some(found) = &found {
        found.rely_on(tx).await?;
    }
    Ok(found)
}

/// The person with this number; with one of 15 digits, the first of those whose number it may have become.
pub async fn find_by_identity_number(
    tx: &mut Tx,
    vault: &Vault,
    number: &IdentityNumber,
) -> Result<Option<PersonView>, Fault> {
    for meant in number.meant() {
        if let Some(found) = queries::by_lookup(tx, vault.lookup(&meant)).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Persons of this name, however it is typed, the longest registered first, and behind them those who had it before; of each as many as anybody
/// looks through.
pub async fn find_by_name(tx: &mut Tx, name: &str) -> Result<Vec<PersonView>, Fault> {
    let key = name::key(name);
    let mut found = queries::by_name(tx, &key, limits::LIST_PAGE).await?;
    for former in queries::by_former_name(tx, &key, limits::LIST_PAGE).await? {
        if found.iter().all(|known| known.person_id != former.person_id) {
            found.push(former);
        }
    }
    Ok(found)
}

/// Gives some rows of an older version, which had none, the keys by which persons are found by their names; how many.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn key_some(tx: &mut Tx) -> Result<usize, Fault> {
    queries::key_some(tx).await
}

fn completed(mut profile: Profile, number: &IdentityNumber) -> Profile {
    if profile.birthdate.is_none() {
        profile.birthdate = number.birth_date().map(|date| date.to_string());
    }
    if profile.gender.is_none() {
        profile.gender = number.is_male().map(|is_male| if is_male { MALE } else { FEMALE }.to_owned());
    }
    profile
}

/// The first day on which somebody in the register can have been born.
pub(crate) fn earliest_birth() -> Date {
    let (year, month, day) = limits::BORN_FROM;
    // A constant that a test reads.
    Date::new(year, month, day).unwrap_or_else(|_| Instant::from_seconds(0).date())
}

fn check_born(profile: &Profile, latest: Date) -> Result<(), Error> {
    let born = profile.birthdate.as_deref().and_then(|text| Date::parse(text).ok());
    let earliest = earliest_birth();
    match born {
        Some(born) if born < earliest || born > latest => Err(Error::BornOn { born, earliest, latest }),
        _ => Ok(()),
    }
}

/// What licences and counters ask of everybody stands in the register when the number does not say it.
fn check_complete(profile: &Profile, number: &IdentityNumber) -> Result<(), Error> {
    if number.kind().says_birth() && number.has_check() {
        return Ok(());
    }
    if profile.birthdate.is_none() {
        return Err(Error::FieldMissing { field: "birthdate" });
    }
    let is_known = matches!(profile.gender.as_deref(), Some(MALE | FEMALE));
    if is_known { Ok(()) } else { Err(Error::FieldMissing { field: "gender" }) }
}

/// What is given of birth and sex is what the number says of them.
fn check_number(profile: &Profile, number: &IdentityNumber) -> Result<(), Error> {
    let known = completed(Profile::default(), number);
    let pairs = [("birthdate", &profile.birthdate, known.birthdate), ("gender", &profile.gender, known.gender)];
    for (field, given, number) in pairs {
        if let (Some(given), Some(number)) = (given, number)
            && *given != number
        {
            return Err(Error::Contradiction { field, given: given.clone(), number });
        }
    }
    Ok(())
}

fn check_profile(profile: &Profile) -> Result<(), Error> {
    let address = profile.address.clone().unwrap_or_default();
    let fields = [
        ("given_name", &profile.given_name),
        ("family_name", &profile.family_name),
        ("middle_name", &profile.middle_name),
        ("nickname", &profile.nickname),
        ("preferred_username", &profile.preferred_username),
        ("profile", &profile.profile),
        ("picture", &profile.picture),
        ("website", &profile.website),
        ("gender", &profile.gender),
        ("birthdate", &profile.birthdate),
        ("zoneinfo", &profile.zoneinfo),
        ("locale", &profile.locale),
        ("email", &profile.email),
        ("phone_number", &profile.phone_number),
        ("address.formatted", &address.formatted),
        ("address.street_address", &address.street_address),
        ("address.locality", &address.locality),
        ("address.region", &address.region),
        ("address.postal_code", &address.postal_code),
        ("address.country", &address.country),
    ];
    for (field, value) in fields {
        let Some(value) = value else { continue };
        let forbidden =
            |c: char| (name::is_unseen(c) || name::is_private(c)) && !(c == '\n' && field == "address.formatted");
        if value.chars().count() > limits::PROFILE_FIELD_CHARACTERS_MAX || value.chars().any(forbidden) {
            return Err(Error::Field { field });
        }
    }
    let is_email = |email: &str| {
        let sides = email.split_once('@');
        let is_whole = sides.is_some_and(|(one, other)| !one.is_empty() && !other.is_empty() && !other.contains('@'));
        is_whole && !email.contains(char::is_whitespace)
    };
    if profile.email.as_deref().is_some_and(|email| !is_email(email)) {
        return Err(Error::Field { field: "email" });
    }
    // Three for a short number, fifteen for the longest one (ITU-T E.164).
    let is_phone = |number: &str| {
        number.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c))
            && (3..=15).contains(&number.chars().filter(char::is_ascii_digit).count())
    };
    if profile.phone_number.as_deref().is_some_and(|number| !is_phone(number)) {
        return Err(Error::Field { field: "phone_number" });
    }
    if profile.birthdate.as_deref().is_some_and(|date| Date::parse(date).is_err()) {
        return Err(Error::Field { field: "birthdate" });
    }
    Ok(())
}
