//! What the operations on licences work with, part by part. Each operation takes the parts that it needs.

use base::{Fault, Secret};
use documents::Fonts;
use identity::Vault;
use records::Database;
use seal::Cabinet;

use crate::{catalogue::Shelf, issue::press::Press, register::safe::Safe, verification::trust::KnownTrust};

/// Everything issuing needs beside the database. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Library {
    /// The types, and who may issue them.
    pub catalogue: Shelf,
    /// Where pages are typeset.
    pub press: Press,
    /// What is sealed at rest.
    pub safe: Safe,
    /// Whom we trust.
    pub trust: KnownTrust,
    /// Where identity numbers are kept.
    pub vault: Vault,
    /// Where seals are kept.
    pub cabinet: Cabinet,
}

/// What a [`Library`] is made from.
pub struct Parts {
    /// The key that contents and documents are sealed under at rest; all nodes share it.
    pub key: Secret<[u8; 32]>,
    /// Where identity numbers are kept.
    pub vault: Vault,
    /// Where seals are kept.
    pub cabinet: Cabinet,
    /// What documents are printed with.
    pub fonts: Fonts,
    /// What QR codes lead to.
    pub public_url: String,
}

impl Library {
    /// A library with an empty catalogue: [`Library::see`] reads it.
    pub fn new(parts: Parts) -> Self {
        Self {
            catalogue: Shelf::default(),
            press: Press::new(parts.fonts, parts.public_url),
            safe: Safe::new(&parts.key),
            trust: KnownTrust::new(parts.cabinet.custody().clone()),
            vault: parts.vault,
            cabinet: parts.cabinet,
        }
    }

    /// Told all revisions twice a second; reads again what changed on any node.
    ///
    /// # Errors
    ///
    /// As [`Shelf::see`].
    pub async fn see(&self, database: &Database, revisions: &[(String, i64)]) -> Result<(), Fault> {
        self.cabinet.see(revisions);
        self.catalogue.see(database, revisions).await
    }
}
