//! What pages are made with: fonts, typeset templates, and keys that mean nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use base::Fault;
use crypto::{DigestAlgorithm, KeyHandle, Suite};
use documents::{Fonts, Template};
use seal::ActiveSeal;

use crate::{catalogue::licence_type::LicenceType, error::Error, limits};

/// Where pages are typeset. Cloning it is cheap.
#[derive(Clone)]
pub struct Press(Arc<Inner>);

struct Inner {
    fonts: Fonts,
    public_url: String,
    templates: RwLock<HashMap<TemplateKey, Arc<Template>>>,
    throw_away: Mutex<Vec<KeyHandle>>,
}

/// A version of a type, a seal, and the digest of the seal's suite.
type TemplateKey = (String, String, DigestAlgorithm);

impl std::fmt::Debug for Press {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Press(..)")
    }
}

impl Press {
    /// A press with these fonts, whose QR codes lead to `public_url`.
    pub fn new(fonts: Fonts, public_url: String) -> Self {
        let (templates, throw_away) = (RwLock::default(), Mutex::default());
        Self(Arc::new(Inner { fonts, public_url, templates, throw_away }))
    }

    pub(crate) fn fonts(&self) -> &Fonts {
        &self.0.fonts
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.0.public_url
    }

    /// A key that means nothing, of the suite of the key that is to sign after the rehearsal.
    pub(crate) fn throw_away(&self, suite: Suite) -> Result<KeyHandle, Fault> {
        let mut made = self.0.throw_away.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = made.iter().find(|key| key.suite() == suite) {
            return Ok(key.clone());
        }
        let key = KeyHandle::throw_away(suite)?;
        made.push(key.clone());
        Ok(key)
    }

    /// The page of a type under a seal, typeset once.
    pub(crate) fn template(&self, licence_type: &LicenceType, seal: &ActiveSeal) -> Result<Arc<Template>, Error> {
        let digest = seal.signer.key.suite().digest();
        let key = (licence_type.id.as_str().to_owned(), seal.seal_id.as_str().to_owned(), digest);
        if let Some(template) = self.0.templates.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(template));
        }
        let template = Template::new(&self.0.fonts, &licence_type.definition.layout, &seal.picture, digest)
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
