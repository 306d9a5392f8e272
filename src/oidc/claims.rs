//! What a client learns about a person, by scope.

use base::{Instant, id::PersonId};
use identity::{Vault, person::Profile};
use records::{FromRow, Tx, args};
use serde_json::{Map, Value, json};

use crate::{
    Error,
    scope::{Scope, ScopeSet},
};

/// What we know of a person that claims are made from.
#[derive(Clone, Debug)]
pub struct Facts {
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
pub(crate) struct FactsRow {
    person_id: String,
    name: String,
    profile: String,
    identity_sealed: Vec<u8>,
    updated_at: i64,
}

impl FactsRow {
    pub(crate) fn facts(self) -> Result<Facts, Error> {
        Ok(Facts {
            person: PersonId::stored(self.person_id),
            name: self.name,
            profile: serde_json::from_str(&self.profile).map_err(base::Fault::broken)?,
            identity_sealed: self.identity_sealed,
            updated_at: Instant::from_micros(self.updated_at),
            organisations: Vec::new(),
        })
    }
}

/// The facts behind a live family of tokens; none when it no longer lives. One statement.
pub(crate) async fn of_family(tx: &mut Tx, family: &str) -> Result<Option<Facts>, Error> {
    let row: Option<FactsRow> = tx
        .first(
            "select p.person_id, p.name, p.profile, p.identity_sealed, p.updated_at
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
    row.map(FactsRow::facts).transpose()
}

/// The facts of a person, for showing them what a client would learn. One statement.
///
/// # Errors
///
/// [`Error::Fault`].
pub async fn of_person(tx: &mut Tx, person: &PersonId) -> Result<Option<Facts>, Error> {
    let row: Option<FactsRow> = tx
        .first(
            "select person_id, name, profile, identity_sealed, updated_at
               from person_facts
              where person_id = $1",
            args![person],
        )
        .await?;
    row.map(FactsRow::facts).transpose()
}

impl Facts {
    /// Adds the organisations that the person may act for. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::Fault`].
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
        for name in scopes.iter().flat_map(|scope| scope.claims.iter().copied()) {
            if let Some(value) = self.claim(name, vault)? {
                claims.insert(name.to_owned(), value);
            }
        }
        Ok(claims)
    }

    fn claim(&self, name: &str, vault: &Vault) -> Result<Option<Value>, Error> {
        let profile = &self.profile;
        let text = |text: &Option<String>| text.as_ref().map(|text| Value::from(text.as_str()));
        Ok(match name {
            "name" => Some(Value::from(self.name.as_str())),
            "given_name" => text(&profile.given_name),
            "family_name" => text(&profile.family_name),
            "middle_name" => text(&profile.middle_name),
            "nickname" => text(&profile.nickname),
            "preferred_username" => text(&profile.preferred_username),
            "profile" => text(&profile.profile),
            "picture" => text(&profile.picture),
            "website" => text(&profile.website),
            "gender" => text(&profile.gender),
            "birthdate" => text(&profile.birthdate),
            "zoneinfo" => text(&profile.zoneinfo),
            "locale" => text(&profile.locale),
            "updated_at" => Some(Value::from(self.updated_at.as_seconds())),
            "email" => text(&profile.email),
            "email_verified" => profile.email.as_ref().map(|_| Value::from(profile.email_verified)),
            "phone_number" => text(&profile.phone_number),
            "phone_number_verified" => {
                profile.phone_number.as_ref().map(|_| Value::from(profile.phone_number_verified))
            }
            "address" => self.address(),
            "org" => Some(
                self.organisations
                    .iter()
                    .map(|one| json!({ "name": one.name, "credit_code": one.credit_code }))
                    .collect(),
            ),
            "identity_number" => {
                let number = vault.open(&self.person, &self.identity_sealed)?;
                Some(Value::from(number.as_str()))
            }
            _ => None,
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
    pub fn masked(&self, scope: &Scope, vault: &Vault) -> Result<Vec<(Shown, Vec<String>)>, Error> {
        let mut shown = Vec::new();
        for claim in scope.claims.iter().copied() {
            if claim == "identity_number" {
                let number = vault.open(&self.person, &self.identity_sealed)?;
                shown.push((Shown::IdentityNumber, vec![number.masked()]));
            } else {
                shown.extend(self.masked_claim(claim));
            }
        }
        Ok(shown)
    }

    fn masked_claim(&self, claim: &str) -> Option<(Shown, Vec<String>)> {
        let profile = &self.profile;
        let (shown, value) = match claim {
            "org" if self.organisations.is_empty() => return None,
            "org" => return Some((Shown::Org, self.organisations.iter().map(|one| one.name.clone()).collect())),
            "name" => (Shown::Name, Some(base::mask::person_name(&self.name))),
            "nickname" => (Shown::Nickname, profile.nickname.as_deref().map(base::mask::person_name)),
            "preferred_username" => (Shown::PreferredUsername, profile.preferred_username.as_deref().map(masked_name)),
            "gender" => (Shown::Gender, profile.gender.clone()),
            "birthdate" => {
                let year = |date: &str| date.chars().take(4).collect::<String>();
                (Shown::Birthdate, profile.birthdate.as_deref().map(|date| format!("{}-**-**", year(date))))
            }
            "profile" => (Shown::Profile, profile.profile.as_deref().map(masked_address)),
            "picture" => (Shown::Picture, profile.picture.as_deref().map(masked_address)),
            "website" => (Shown::Website, profile.website.as_deref().map(masked_address)),
            "email" => (Shown::Email, profile.email.as_deref().map(masked_email)),
            "phone_number" => (Shown::PhoneNumber, profile.phone_number.as_deref().map(masked_phone)),
            "address" => {
                let address = profile.address.as_ref()?;
                let line = address.formatted.as_ref().or(address.street_address.as_ref());
                (Shown::Address, line.map(|line| masked_tail(line)))
            }
            _ => return None,
        };
        value.map(|value| (shown, vec![value]))
    }
}

/// The claims that a consent page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
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
