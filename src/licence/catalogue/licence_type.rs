//! A licence type. It has versions that go draft → published → retired; a licence keeps the
//! version it was issued under.

use std::collections::HashSet;

use base::{
    Fault,
    id::{LicenceTypeId, OrganisationId},
    number::CreditCode,
};
use documents::Layout;
use records::{Tx, Work, args, revision};
use serde::{Deserialize, Serialize};

use super::{
    field::{FieldKind, FieldRule, Label},
    limit::NamedPerson,
    queries,
};
use crate::{
    error::Error,
    events::{TypeDrafted, TypeIssuerAdded, TypePublished, TypeRetired, TypeRevocationSet},
    limits,
    register::{holder::HolderKind, licence::Licence},
};

/// The name of the revision that grows when the catalogue changes.
pub const REVISION: &str = "licence_types";

/// How long licences of a type are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// For good.
    Unlimited,
    /// Until a day that is entered.
    UntilDate,
    /// For so many years.
    Years(i32),
}

/// What a version of a type says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    pub name: Label,
    /// Whom its licences are about.
    pub holder: HolderKind,
    /// Whether one holder may have several in force.
    pub several: bool,
    /// Whether its licences end when their holder dies or ceases to exist. What certifies a fact, as a birth does not end.
    pub(crate) ends_with_holder: bool,
    /// How long its licences are valid.
    pub validity: Validity,
    /// What its licences say, in the order of the form.
    pub fields: Vec<FieldRule>,
    /// How its document looks.
    pub(crate) layout: Layout,
}

impl Definition {
    /// Its layout, with room for every name that a register takes.
    pub(crate) fn layout_for_names(&self) -> Layout {
        let is_name = |field: &&FieldRule| field.kind == FieldKind::Name;
        let names = self.fields.iter().filter(is_name).map(|field| field.key.as_str());
        let names: Vec<&str> = names.chain([super::field::ISSUER]).collect();
        self.layout.clone().with_room_for_names(&names)
    }
}

/// How many people it takes to revoke a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokedBy {
    /// One clerk alone, at once.
    One,
    /// A clerk and a reviewer, as a rule.
    Two,
}

/// As stored of [`RevokedBy::One`]; for two, nothing is.
const ONE: &str = "one";

/// Where a version of a type stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeState {
    /// Being written; nothing can be issued.
    Draft,
    /// In use.
    Published,
    /// No longer in use; licences of it stay what they are.
    Retired,
}

impl TypeState {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Retired => "retired",
        }
    }

    pub(super) fn stored(text: &str) -> Result<Self, Fault> {
        [Self::Draft, Self::Published, Self::Retired]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Fault::broken("a licence type has no known state"))
    }
}

/// One version of a licence type.
#[derive(Clone, Debug)]
pub struct LicenceType {
    /// Its identifier.
    pub id: LicenceTypeId,
    /// The national code: the credit code of the authority that defined it and three digits.
    pub code: String,
    /// Which version, from 1.
    pub version: u16,
    /// Where it stands.
    pub state: TypeState,
    /// What it says.
    pub definition: Definition,
}

impl LicenceType {
    /// The rule of one field.
    pub fn field(&self, key: &str) -> Option<&FieldRule> {
        self.definition.fields.iter().find(|rule| rule.key == key)
    }
}

/// Writes a draft of the next version of a type.
///
/// # Errors
///
/// [`Error::TypeUnknown`] when the code or the definition is not well formed.
#[cfg(test)]
pub(crate) async fn draft(work: &mut Work, code: &str, definition: &Definition) -> Result<LicenceTypeId, Error> {
    let version = queries::newest_type_version(&mut work.tx, code).await? + 1;
    draft_as(work, code, version, definition).await
}

/// Writes a draft of a version of a type that is newer than all that there are.
///
/// # Errors
///
/// [`Error::TypeUnknown`] when the code or the definition is not well formed.
pub(super) async fn draft_as(
    work: &mut Work,
    code: &str,
    version: i64,
    definition: &Definition,
) -> Result<LicenceTypeId, Error> {
    check_code(code)?;
    check_definition(definition)?;
    let id: LicenceTypeId = work.new_id();
    let json = serde_json::to_string(definition).map_err(Fault::broken)?;
    let at = work.at();
    if queries::insert_type(&mut work.tx, &id, code, version, &json, at).await? == 0 {
        return Err(Fault::conflict("another draft of this licence type was written at the same time").into());
    }
    work.record(TypeDrafted { licence_type: id.clone(), code: code.to_owned(), version });
    Ok(id)
}

/// Puts a draft into use; the version before it is retired.
///
/// # Errors
///
/// [`Error::TypeUnknown`] when there is no such draft.
pub(crate) async fn publish(work: &mut Work, id: &LicenceTypeId) -> Result<(), Error> {
    if queries::set_type_state(&mut work.tx, id, TypeState::Draft, TypeState::Published).await? == 0 {
        return Err(Error::TypeUnknown);
    }
    work.record(TypePublished { licence_type: id.clone() });
    for older in queries::retire_older(&mut work.tx, id).await? {
        work.record(TypeRetired { licence_type: LicenceTypeId::stored(older) });
    }
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(())
}

/// Takes a version out of use: nothing more is issued under it.
///
/// # Errors
///
/// [`Error::TypeUnknown`] when it is not in use.
pub async fn retire(work: &mut Work, id: &LicenceTypeId) -> Result<(), Error> {
    if queries::set_type_state(&mut work.tx, id, TypeState::Published, TypeState::Retired).await? == 0 {
        return Err(Error::TypeUnknown);
    }
    revision::bump(&mut work.tx, REVISION).await?;
    work.record(TypeRetired { licence_type: id.clone() });
    Ok(())
}

/// Lets a department issue licences of a type.
///
/// # Errors
///
/// [`Error::TypeUnknown`] when the code is not well formed.
pub async fn authorise(work: &mut Work, code: &str, issuer: &OrganisationId) -> Result<(), Error> {
    check_code(code)?;
    if queries::insert_type_issuer(&mut work.tx, code, issuer).await? == 1 {
        revision::bump(&mut work.tx, REVISION).await?;
        work.record(TypeIssuerAdded { organisation: issuer.clone(), code: code.to_owned() });
    }
    Ok(())
}

/// Says whether one person of a department is enough to revoke its licences of a type.
///
/// # Errors
///
/// [`Error::TypeUnknown`] when the department may not issue licences of that type.
pub async fn revoke_by(work: &mut Work, code: &str, issuer: &OrganisationId, by: RevokedBy) -> Result<(), Error> {
    let stored = (by == RevokedBy::One).then_some(ONE);
    if queries::set_revoked_by(&mut work.tx, code, issuer, stored).await? == 0 {
        return Err(Error::TypeUnknown);
    }
    let people = if by == RevokedBy::One { 1 } else { 2 };
    work.record(TypeRevocationSet { organisation: issuer.clone(), code: code.to_owned(), people });
    Ok(())
}

/// Whether the issuer of a licence lets one person revoke those of its type.
///
/// # Errors
///
/// [`Fault`] when it was said past the product, or the database is out of reach.
pub(crate) async fn is_revoked_by_one(tx: &mut Tx, licence: &Licence) -> Result<bool, Fault> {
    let Some(row) = queries::revoked_by(tx, &licence.licence_type, &licence.issuer).await? else { return Ok(false) };
    let fields = args![&row.organisation_id, &row.type_code, &row.type_code, row.revoked_by.as_deref()];
    if !tx.is_as_left("licence_type_issuer", fields, (row.marked, row.mark.as_deref())) {
        return Err(Fault::broken("what was said about revoking licences of a type is not as it was written"));
    }
    Ok(row.revoked_by.as_deref() == Some(ONE))
}

fn check_code(code: &str) -> Result<(), Error> {
    let authority = code.get(..18).and_then(|authority| CreditCode::parse(authority).ok());
    let sequence = code.get(18..).unwrap_or_default();
    if code.len() == 21 && authority.is_some() && sequence.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err(Error::TypeUnknown)
    }
}

fn check_definition(definition: &Definition) -> Result<(), Error> {
    let mut keys = HashSet::new();
    let well_formed = definition.fields.iter().all(|rule| {
        let key_ok = !rule.key.is_empty()
            && rule.key.len() <= 40
            && rule.key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        key_ok && keys.insert(rule.key.as_str()) && rule.length_max > 0
    });
    let has = |key: &str| definition.fields.iter().any(|rule| rule.key == key);
    let named_fields_are_there = definition.fields.iter().all(|rule| {
        let limits = rule.limits.iter().all(|limit| limit.field().is_none_or(has));
        let of_person = |person: &NamedPerson| person.fields().all(has);
        limits && rule.person.as_ref().is_none_or(of_person)
    });
    let is_right = well_formed && named_fields_are_there && definition.fields.len() <= limits::FIELDS_MAX;
    if is_right { Ok(()) } else { Err(Error::TypeUnknown) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::built_in::BuiltIn;

    #[test]
    fn the_built_in_types_are_well_formed() {
        let all = crate::catalogue::built_in::all();
        assert_eq!(all.len(), 3);
        for BuiltIn { code, definition, .. } in all {
            check_code(code).unwrap();
            check_definition(&definition).unwrap();
            let json = serde_json::to_string(&definition).unwrap();
            let again: Definition = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), json);
        }
    }

    #[test]
    fn a_code_is_a_credit_code_and_three_digits() {
        for code in ["", "11100000000013338W", "11100000000013338X032", "11100000000013338W03a", "1.2.3"] {
            assert!(check_code(code).is_err(), "{code}");
        }
        assert!(check_code("11100000000013338W032").is_ok());
    }
}
