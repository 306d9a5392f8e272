//! What the operations on licences work with, part by part. Each operation takes the parts that it needs.

use base::Secret;
use documents::Fonts;
use identity::Vault;
use records::{Database, Kept};
use seal::Cabinet;

use crate::{
    catalogue::Catalogue,
    issue::press::Press,
    register::safe::Safe,
    verification::{Number, trust::KnownTrust},
};

/// Everything issuing needs beside the database. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Library {
    /// The types, and who may issue them.
    pub catalogue: Kept<Catalogue>,
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
    /// A library with an empty catalogue, until a database keeps it ([`Library::keep`]).
    pub fn new(parts: Parts) -> Self {
        Self {
            catalogue: Catalogue::kept(),
            press: Press::new(parts.fonts, parts.public_url),
            safe: Safe::new(&parts.key),
            trust: KnownTrust::new(parts.cabinet.custody().clone()),
            vault: parts.vault,
            cabinet: parts.cabinet,
        }
    }

    /// What somebody scanned, typed or pasted: every surface reads numbers of licences here.
    pub fn number(&self, text: &str) -> Number {
        Number::read(text, self.press.public_url())
    }

    /// Lets a database tell when types, seals or keys changed.
    pub fn keep(&self, database: &Database) {
        database.keep(&self.catalogue);
        self.trust.keep(database);
        self.cabinet.keep(database);
    }
}
