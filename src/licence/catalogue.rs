//! The types that licences are of: what each asks for, and who may issue it.

pub mod built_in;
pub mod field;
pub mod licence_type;
mod limit;
mod problem;
mod queries;
pub(crate) mod sense;
mod vehicle;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use base::{
    Fault,
    id::{LicenceTypeId, OrganisationId},
};
use records::{Kept, Tx};

use crate::{error::Error, register::licence::Licence};
use licence_type::{Definition, LicenceType, TypeState};

/// All versions of all types, and who may issue them: kept in memory until the revision grows.
#[derive(Debug, Default)]
pub struct Catalogue {
    types: HashMap<String, Arc<LicenceType>>,
    published: HashMap<String, Arc<LicenceType>>,
    issuers: HashSet<(String, String)>,
}

impl Catalogue {
    /// A catalogue that is empty until a database keeps it.
    pub fn kept() -> Kept<Self> {
        Kept::new(&[licence_type::REVISION], Self::default(), |database| {
            Box::pin(async move { Self::load(&mut database.read().await?).await })
        })
    }

    /// Reads the catalogue.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach, or a stored type cannot be read.
    pub async fn load(tx: &mut Tx) -> Result<Self, Fault> {
        let mut catalogue = Self::default();
        // Licences of them are read on; none is issued.
        let mut changed = HashSet::new();
        for row in queries::types(tx).await? {
            if !row.is_unchanged(tx).await? {
                changed.insert(row.type_code.clone());
            }
            let mut definition: Definition = serde_json::from_str(&row.definition)
                .map_err(|error| Fault::broken(format!("licence type {} {}: {error}", row.type_code, row.version)))?;
            if !definition.fields.iter().any(|rule| rule.at_counter) {
                let shown = built_in::at_counter(&row.type_code);
                definition.fields.iter_mut().for_each(|rule| rule.at_counter = shown.contains(&rule.key));
            }
            let licence_type = Arc::new(LicenceType {
                id: LicenceTypeId::stored(row.licence_type_id.clone()),
                code: row.type_code.clone(),
                version: u16::try_from(row.version).map_err(Fault::broken)?,
                state: TypeState::stored(&row.state)?,
                definition,
            });
            if licence_type.state == TypeState::Published {
                // Rows come with the newest version last.
                catalogue.published.insert(row.type_code, Arc::clone(&licence_type));
            }
            catalogue.types.insert(row.licence_type_id, licence_type);
        }
        let issuers = queries::type_issuers(tx).await?;
        catalogue.issuers = issuers.into_iter().filter(|(code, _)| !changed.contains(code)).collect();
        Ok(catalogue)
    }

    /// The codes of all types that there are or ever were.
    pub fn codes(&self) -> Vec<&str> {
        let mut codes: Vec<&str> = self.types.values().map(|one| one.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// A version by its identifier.
    pub fn find(&self, id: &str) -> Option<Arc<LicenceType>> {
        self.types.get(id).cloned()
    }

    /// The type of a licence.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the catalogue does not have it.
    pub fn of(&self, licence: &Licence) -> Result<Arc<LicenceType>, Fault> {
        let found = self.find(licence.licence_type.as_str());
        found.ok_or_else(|| Fault::broken("the type of a licence is not in the catalogue"))
    }

    /// The version in use of a code.
    pub fn published(&self, code: &str) -> Option<Arc<LicenceType>> {
        self.published.get(code).cloned()
    }

    /// The version in use of a code, for a department that may issue it.
    ///
    /// # Errors
    ///
    /// [`Error::TypeUnknown`] when there is no such type in force, [`Error::NotAuthorised`] when it is not theirs to issue.
    pub fn for_issuer(&self, code: &str, issuer: &OrganisationId) -> Result<Arc<LicenceType>, Error> {
        let found = self.published(code).ok_or(Error::TypeUnknown)?;
        if self.may_issue(code, issuer) { Ok(found) } else { Err(Error::NotAuthorised) }
    }

    /// Whether a department may issue licences of a code.
    pub(crate) fn may_issue(&self, code: &str, issuer: &OrganisationId) -> bool {
        self.issuers.contains(&(code.to_owned(), issuer.as_str().to_owned()))
    }

    /// The versions in use that a department may issue, in the order of their codes.
    pub fn issued_by(&self, issuer: &OrganisationId) -> Vec<Arc<LicenceType>> {
        let mut types: Vec<_> =
            self.published.values().filter(|one| self.may_issue(&one.code, issuer)).cloned().collect();
        types.sort_by(|a, b| a.code.cmp(&b.code));
        types
    }

    /// All versions in use, in the order of their codes.
    pub fn all_published(&self) -> Vec<Arc<LicenceType>> {
        let mut types: Vec<_> = self.published.values().cloned().collect();
        types.sort_by(|a, b| a.code.cmp(&b.code));
        types
    }
}
