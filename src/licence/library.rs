//! What issuing keeps in memory: the catalogue, typeset pages, keys for what is sealed at rest.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use base::{Entropy, Fault, Secret, id::LicenceId};
use crypto::{
    mac::hmac_sha256,
    seal_box::SealBox,
    sign::{Algorithm, SigningKey},
};
use documents::{Fonts, Template};
use identity::Vault;
use records::{Database, Tx};
use seal::{ActiveSeal, Cabinet};

use crate::{
    catalogue::licence_type::{Catalogue, LicenceType, REVISION},
    error::Error,
    limits, queries,
    register::{content::Content, licence::Licence},
    verification::KnownTrust,
};

/// Everything issuing needs beside the database. Cloning it is cheap.
#[derive(Clone)]
pub struct Library(Arc<Inner>);

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

struct Inner {
    parts: Parts,
    contents: SealBox,
    files: SealBox,
    catalogue: RwLock<Arc<Catalogue>>,
    seen: AtomicI64,
    templates: RwLock<HashMap<TemplateKey, Arc<Template>>>,
    throw_away: SigningKey,
    trust: Mutex<KnownTrust>,
}

type TemplateKey = (String, String);

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Library(..)")
    }
}

impl Library {
    /// A library with an empty catalogue: [`Library::refresh`] reads it.
    ///
    /// # Errors
    ///
    /// [`Fault`] when no throw-away key can be made.
    pub fn new(parts: Parts) -> Result<Self, Fault> {
        let derive = |purpose: &str| hmac_sha256(parts.key.expose(), &[purpose.as_bytes()]);
        let contents = SealBox::new(&derive("licence contents at rest"));
        let files = SealBox::new(&derive("licence documents at rest"));
        let pkcs8 = crypto::sign::generate_es256_pkcs8()?;
        let throw_away = SigningKey::from_pkcs8(Algorithm::Es256, pkcs8.expose())
            .map_err(|_| Fault::broken("a fresh key cannot be read"))?;
        let (catalogue, templates, seen) = (RwLock::default(), RwLock::default(), AtomicI64::new(-1));
        Ok(Self(Arc::new(Inner {
            parts,
            contents,
            files,
            catalogue,
            seen,
            templates,
            throw_away,
            trust: Mutex::default(),
        })))
    }

    /// Reads the catalogue: at the start, and when the revision [`crate::catalogue::licence_type::REVISION`] has grown.
    ///
    /// # Errors
    ///
    /// [`Fault`].
    pub async fn refresh(&self, database: &Database) -> Result<(), Fault> {
        let catalogue = Catalogue::load(&mut database.read().await?).await?;
        *self.0.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
        Ok(())
    }

    /// Told all revisions twice a second; reads again what changed on any node.
    ///
    /// # Errors
    ///
    /// [`Fault`]; then the next call tries again.
    pub async fn see(&self, database: &Database, revisions: &[(String, i64)]) -> Result<(), Fault> {
        self.cabinet().see(revisions);
        let now = revisions.iter().find(|(name, _)| name == REVISION).map_or(0, |(_, value)| *value);
        if self.0.seen.load(Ordering::Acquire) != now {
            self.refresh(database).await?;
            self.0.seen.store(now, Ordering::Release);
        }
        Ok(())
    }

    pub(crate) fn known_trust(&self) -> MutexGuard<'_, KnownTrust> {
        self.0.trust.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The catalogue as of the last refresh.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.0.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The type of a licence.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the catalogue does not have it.
    pub fn type_of(&self, licence: &Licence) -> Result<Arc<LicenceType>, Fault> {
        self.catalogue()
            .find(licence.licence_type.as_str())
            .ok_or_else(|| Fault::broken("the type of a licence is not in the catalogue"))
    }

    /// The fields of a licence. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Fault`] when the stored content was changed or sealed under another key.
    pub async fn content(&self, tx: &mut Tx, id: &LicenceId) -> Result<Content, Error> {
        let row = queries::content(tx, id).await?.ok_or(Error::NotFound)?;
        Ok(self.open_content(id.as_str(), &row.content, &row.content_digest)?)
    }

    /// The signed document of a licence, with its SHA-256. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotIssued`]; [`Fault`] when the stored bytes were changed or sealed under another key.
    pub async fn document(&self, tx: &mut Tx, id: &LicenceId) -> Result<(String, Vec<u8>), Error> {
        let (sha256, sealed) = queries::file(tx, id).await?.ok_or(Error::NotIssued)?;
        let context = file_context(id);
        let bytes = self
            .0
            .files
            .open(&context, &sealed)
            .ok_or_else(|| Fault::broken("a stored document cannot be opened with this key"))?;
        Ok((sha256, bytes))
    }

    /// What documents are printed with.
    pub fn fonts(&self) -> &Fonts {
        &self.0.parts.fonts
    }

    /// Where identity numbers are kept.
    pub fn vault(&self) -> &Vault {
        &self.0.parts.vault
    }

    /// Where seals are kept.
    pub fn cabinet(&self) -> &Cabinet {
        &self.0.parts.cabinet
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.0.parts.public_url
    }

    pub(crate) fn throw_away(&self) -> &SigningKey {
        &self.0.throw_away
    }

    pub(crate) fn seal_content(&self, entropy: &dyn Entropy, of: &str, canonical: &str) -> Vec<u8> {
        self.0.contents.seal(entropy, of.as_bytes(), canonical.as_bytes())
    }

    pub(crate) fn open_content(&self, of: &str, sealed: &[u8], digest: &str) -> Result<Content, Fault> {
        let canonical = self
            .0
            .contents
            .open(of.as_bytes(), sealed)
            .ok_or_else(|| Fault::broken("a stored licence content cannot be opened with this key"))?;
        // The digest is what was approved; whoever changed the row after that is noticed here, before anything is signed.
        if crypto::digest::hex(&crypto::digest::sha256(&canonical)) != digest {
            return Err(Fault::broken("a stored licence content is not the one that was approved"));
        }
        Content::read(&canonical)
    }

    pub(crate) fn seal_file(&self, entropy: &dyn Entropy, id: &LicenceId, bytes: &[u8]) -> Vec<u8> {
        self.0.files.seal(entropy, &file_context(id), bytes)
    }

    /// The page of a type under a seal, typeset once.
    pub(crate) fn template(&self, licence_type: &LicenceType, seal: &ActiveSeal) -> Result<Arc<Template>, Error> {
        let key = (licence_type.id.as_str().to_owned(), seal.seal_id.as_str().to_owned());
        if let Some(template) = self.0.templates.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(template));
        }
        let template = Template::new(self.fonts(), &licence_type.definition.layout, &seal.picture)
            .map_err(|error| Error::Lint(error.to_string()))?;
        let template = Arc::new(template);
        let mut templates = self.0.templates.write().unwrap_or_else(PoisonError::into_inner);
        if templates.len() >= limits::TEMPLATES_MAX {
            templates.clear();
        }
        templates.insert(key, Arc::clone(&template));
        Ok(template)
    }
}

fn file_context(id: &LicenceId) -> Vec<u8> {
    format!("document {id}").into_bytes()
}
