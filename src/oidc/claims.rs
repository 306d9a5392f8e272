//! What a client learns about a person, by scope.

use base::{Fault, Instant, id::PersonId};
use identity::{
    Vault,
    person::{Address, Profile},
};
use records::{FromRow, Tx, args};
use serde_json::{Map, Value, json};

use crate::{
    Error,
    scope::{Scope, ScopeSet},
};

/// A claim that a scope brings. Whoever adds one is led by the compiler to its name, its value and what the consent page
/// shows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `address`
    Address,
    /// `birthdate`
    Birthdate,
    /// `email`
    Email,
    /// `email_verified`
    EmailVerified,
    /// `family_name`
    FamilyName,
    /// `gender`
    Gender,
    /// `given_name`
    GivenName,
    /// `identity_number`
    IdentityNumber,
    /// `identity_number_type`: of which document the number is, as GB/T 36903 codes it
    IdentityNumberType,
    /// `locale`
    Locale,
    /// `middle_name`
    MiddleName,
    /// `name`
    Name,
    /// `nickname`
    Nickname,
    /// `org`
    Org,
    /// `phone_number`
    PhoneNumber,
    /// `phone_number_verified`
    PhoneNumberVerified,
    /// `picture`
    Picture,
    /// `preferred_username`
    PreferredUsername,
    /// `profile`
    Profile,
    /// `sub`
    Sub,
    /// `updated_at`
    UpdatedAt,
    /// `website`
    Website,
    /// `zoneinfo`
    Zoneinfo,
}

impl Claim {
    /// Its name on the wire (OpenID Connect Core 1.0 §5.1, or our own).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Birthdate => "birthdate",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::FamilyName => "family_name",
            Self::Gender => "gender",
            Self::GivenName => "given_name",
            Self::IdentityNumber => "identity_number",
            Self::IdentityNumberType => "identity_number_type",
            Self::Locale => "locale",
            Self::MiddleName => "middle_name",
            Self::Name => "name",
            Self::Nickname => "nickname",
            Self::Org => "org",
            Self::PhoneNumber => "phone_number",
            Self::PhoneNumberVerified => "phone_number_verified",
            Self::Picture => "picture",
            Self::PreferredUsername => "preferred_username",
            Self::Profile => "profile",
            Self::Sub => "sub",
            Self::UpdatedAt => "updated_at",
            Self::Website => "website",
            Self::Zoneinfo => "zoneinfo",
        }
    }
}

/// What we know of a person that claims are made from.
#[derive(Clone, Debug)]
pub struct PersonFacts {
    /// Who it is.
    pub person: PersonId,
    name: String,
    profile: Profile,
    identity_sealed: Vec<u8>,
    updated_at: Instant,
    organisations: Vec<Organisation>,
}

#[derive(Clone, Debug)]
struct Organisation {
    name: String,
    credit_code: String,
}

#[derive(FromRow)]
pub(crate) struct PersonFactsRow {
    person_id: String,
    name: String,
    profile: String,
    identity_sealed: Vec<u8>,
    updated_at: i64,
    identity_lookup: String,
    died_on: Option<String>,
    marked: i64,
    mark: Option<String>,
}

impl PersonFactsRow {
    fn facts(self, tx: &Tx) -> Result<PersonFacts, Error> {
        let fields = args![
            &self.person_id,
            &self.name,
            &self.identity_lookup,
            &self.identity_sealed,
            self.died_on.as_deref(),
            &self.profile,
        ];
        if !tx.is_as_left("person", fields, (self.marked, self.mark.as_deref())) {
            return Err(Fault::broken("a person was changed past the product: nobody rests on it").into());
        }
        Ok(PersonFacts {
            person: PersonId::stored(self.person_id),
            name: self.name,
            profile: serde_json::from_str(&self.profile).map_err(Fault::broken)?,
            identity_sealed: self.identity_sealed,
            updated_at: Instant::from_micros(self.updated_at),
            organisations: Vec::new(),
        })
    }
}

/// The facts behind a live family of tokens; none when it no longer lives.
pub(crate) async fn of_family(tx: &mut Tx, family: &str) -> Result<Option<PersonFacts>, Error> {
    let row: Option<PersonFactsRow> = tx
        .first(
            "select p.person_id, p.name, p.profile, p.identity_sealed, p.updated_at, p.identity_lookup, p.died_on,
                    p.marked, p.mark
               from token_family f
               join account_liveness a on a.account_id = f.account_id
               join person_facts p on p.person_id = f.person_id
              where f.family_id = $1
                and f.revoked_at is null
                and a.state = 'open'
                and not exists (select 1
                                  from session_liveness s
                                 where s.session_id = f.session_id and s.closed_at is not null)",
            args![family],
        )
        .await?;
    row.map(|row| row.facts(tx)).transpose()
}

/// The facts of a person, for showing them what a client would learn.
///
/// # Errors
///
/// [`Error::Fault`] when the database is out of reach.
pub async fn of_person(tx: &mut Tx, person: &PersonId) -> Result<Option<PersonFacts>, Error> {
    let row: Option<PersonFactsRow> = tx
        .first(
            "select person_id, name, profile, identity_sealed, updated_at, identity_lookup, died_on, marked, mark
               from person_facts
              where person_id = $1",
            args![person],
        )
        .await?;
    row.map(|row| row.facts(tx)).transpose()
}

impl PersonFacts {
    /// Adds the organisations that the person may act for.
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] when the database is out of reach.
    pub async fn add_organisations(&mut self, tx: &mut Tx, at: Instant) -> Result<(), Error> {
        let found = identity::organisation::of_person(tx, &self.person, at).await?;
        self.organisations = found
            .into_iter()
            .map(|found| Organisation { name: found.name, credit_code: found.credit_code.as_str().to_owned() })
            .collect();
        Ok(())
    }

    /// The claims of these scopes, without `sub`.
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] when the identity number cannot be decrypted.
    pub fn claims(&self, scopes: &ScopeSet, vault: &Vault) -> Result<Map<String, Value>, Error> {
        let mut claims = Map::new();
        for claim in scopes.iter().flat_map(|scope| scope.claims.iter().copied()) {
            if let Some(value) = self.claim(claim, vault)? {
                claims.insert(claim.name().to_owned(), value);
            }
        }
        Ok(claims)
    }

    fn claim(&self, claim: Claim, vault: &Vault) -> Result<Option<Value>, Error> {
        let profile = &self.profile;
        let text = |text: &Option<String>| text.as_ref().map(|text| Value::from(text.as_str()));
        Ok(match claim {
            // Each client knows a person under a name of its own: `subject` makes it.
            Claim::Sub => None,
            Claim::Name => Some(Value::from(self.name.as_str())),
            Claim::GivenName => text(&profile.given_name),
            Claim::FamilyName => text(&profile.family_name),
            Claim::MiddleName => text(&profile.middle_name),
            Claim::Nickname => text(&profile.nickname),
            Claim::PreferredUsername => text(&profile.preferred_username),
            Claim::Profile => text(&profile.profile),
            Claim::Picture => text(&profile.picture),
            Claim::Website => text(&profile.website),
            Claim::Gender => text(&profile.gender),
            Claim::Birthdate => text(&profile.birthdate),
            Claim::Zoneinfo => text(&profile.zoneinfo),
            Claim::Locale => text(&profile.locale),
            Claim::UpdatedAt => Some(Value::from(self.updated_at.as_seconds())),
            Claim::Email => text(&profile.email),
            Claim::EmailVerified => profile.email.as_ref().map(|_| Value::from(profile.email_verified)),
            // As it is compared (OpenID Connect Core §5.1), where it is a number of the world's network.
            Claim::PhoneNumber => {
                let as_compared = |number: &String| identity::phone::e164(number).unwrap_or_else(|| number.clone());
                profile.phone_number.as_ref().map(|number| Value::from(as_compared(number)))
            }
            Claim::PhoneNumberVerified => {
                profile.phone_number.as_ref().map(|_| Value::from(profile.phone_number_verified))
            }
            Claim::Address => self.address(),
            Claim::Org => Some(
                self.organisations
                    .iter()
                    .map(|one| json!({ "name": one.name, "credit_code": one.credit_code }))
                    .collect(),
            ),
            Claim::IdentityNumber => {
                let number = vault.open(&self.person, &self.identity_sealed)?;
                Some(Value::from(number.as_str()))
            }
            Claim::IdentityNumberType => {
                Some(Value::from(vault.open(&self.person, &self.identity_sealed)?.kind().code()))
            }
        })
    }

    fn address(&self) -> Option<Value> {
        let address = self.profile.address.as_ref()?;
        let parts: Map<String, Value> = [
            ("formatted", &address.formatted),
            ("street_address", &address.street_address),
            ("locality", &address.locality),
            ("region", &address.region),
            ("postal_code", &address.postal_code),
            ("country", &address.country),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Value::from(value.as_deref()?))))
        .collect();
        (!parts.is_empty()).then_some(Value::Object(parts))
    }

    /// What a scope would tell about the person, claim by claim and masked, as the consent page shows it. Claims
    /// without a value, and those that say the same once more, are left out.
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] when the identity number cannot be decrypted.
    pub fn masked(&self, scope: &Scope, vault: &Vault) -> Result<Vec<(ShownClaim, Vec<String>)>, Error> {
        let mut shown = Vec::new();
        for claim in scope.claims.iter().copied() {
            shown.extend(self.masked_claim(claim, vault)?);
        }
        Ok(shown)
    }

    fn masked_claim(&self, claim: Claim, vault: &Vault) -> Result<Option<(ShownClaim, Vec<String>)>, Error> {
        let profile = &self.profile;
        let (shown, value) = match claim {
            Claim::Org if self.organisations.is_empty() => return Ok(None),
            Claim::Org => {
                let names = self.organisations.iter().map(|one| one.name.clone()).collect();
                return Ok(Some((ShownClaim::Org, names)));
            }
            Claim::Name => (ShownClaim::Name, Some(base::mask::person_name(&self.name))),
            Claim::Nickname => (ShownClaim::Nickname, profile.nickname.as_deref().map(base::mask::person_name)),
            Claim::PreferredUsername => {
                (ShownClaim::PreferredUsername, profile.preferred_username.as_deref().map(masked_name))
            }
            Claim::Gender => (ShownClaim::Gender, profile.gender.clone()),
            Claim::Birthdate => {
                let year = |date: &str| date.chars().take(4).collect::<String>();
                (ShownClaim::Birthdate, profile.birthdate.as_deref().map(|date| format!("{}-**-**", year(date))))
            }
            Claim::Profile => (ShownClaim::Profile, profile.profile.as_deref().map(masked_address)),
            Claim::Picture => (ShownClaim::Picture, profile.picture.as_deref().map(masked_address)),
            Claim::Website => (ShownClaim::Website, profile.website.as_deref().map(masked_address)),
            Claim::Email => (ShownClaim::Email, profile.email.as_deref().map(masked_email)),
            Claim::PhoneNumber => (ShownClaim::PhoneNumber, profile.phone_number.as_deref().map(masked_phone)),
            Claim::Address => {
                let lines = |address: &Address| address.formatted.clone().or_else(|| address.street_address.clone());
                (ShownClaim::Address, profile.address.as_ref().and_then(lines).map(|line| masked_tail(&line)))
            }
            Claim::IdentityNumber => {
                (ShownClaim::IdentityNumber, Some(vault.open(&self.person, &self.identity_sealed)?.masked()))
            }
            // They say once more what another claim shows, or nothing about the person.
            Claim::EmailVerified
            | Claim::FamilyName
            | Claim::GivenName
            | Claim::IdentityNumberType
            | Claim::Locale
            | Claim::MiddleName
            | Claim::PhoneNumberVerified
            | Claim::Sub
            | Claim::UpdatedAt
            | Claim::Zoneinfo => return Ok(None),
        };
        Ok(value.map(|value| (shown, vec![value])))
    }
}

/// The claims that a consent page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownClaim {
    /// `address`
    Address,
    /// `birthdate`
    Birthdate,
    /// `email`
    Email,
    /// `gender`
    Gender,
    /// `identity_number`
    IdentityNumber,
    /// `name`
    Name,
    /// `nickname`
    Nickname,
    /// `org`
    Org,
    /// `phone_number`
    PhoneNumber,
    /// `picture`
    Picture,
    /// `preferred_username`
    PreferredUsername,
    /// `profile`
    Profile,
    /// `website`
    Website,
}

fn masked_name(name: &str) -> String {
    let first: String = name.chars().take(1).collect();
    format!("{first}***")
}

/// The host of a web address.
fn masked_address(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    format!("{}/***", rest.split('/').next().unwrap_or_default())
}

/// The country's prefix is no secret.
fn masked_phone(number: &str) -> String {
    match number.split_once(' ').filter(|(prefix, _)| prefix.starts_with('+')) {
        Some((prefix, rest)) => format!("{prefix} {}", base::mask::phone(rest)),
        None => base::mask::phone(number),
    }
}

fn masked_email(email: &str) -> String {
    let (name, host) = email.split_once('@').unwrap_or((email, ""));
    format!("{}@{host}", masked_name(name))
}

fn masked_tail(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(6).collect();
    format!("{shown}***")
}
