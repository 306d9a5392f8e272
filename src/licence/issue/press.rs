//! What pages are made with: fonts, typeset templates, and a key that means nothing.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use base::Fault;
use crypto::sign::{Algorithm, SigningKey};
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
    throw_away: SigningKey,
}

/// A version of a type and a seal.
type TemplateKey = (String, String);

impl std::fmt::Debug for Press {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Press(..)")
    }
}

impl Press {
    /// A press with these fonts, whose QR codes lead to `public_url`.
    ///
    /// # Errors
    ///
    /// [`Fault`] when no throw-away key can be made.
    pub fn new(fonts: Fonts, public_url: String) -> Result<Self, Fault> {
        let pkcs8 = crypto::sign::generate_es256_pkcs8()?;
        let throw_away = SigningKey::from_pkcs8(Algorithm::Es256, pkcs8.expose())
            .map_err(|_| Fault::broken("a fresh key cannot be read"))?;
        Ok(Self(Arc::new(Inner { fonts, public_url, templates: RwLock::default(), throw_away })))
    }

    pub(crate) fn fonts(&self) -> &Fonts {
        &self.0.fonts
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.0.public_url
    }

    pub(crate) fn throw_away(&self) -> &SigningKey {
        &self.0.throw_away
    }

    /// The page of a type under a seal, typeset once.
    pub(crate) fn template(&self, licence_type: &LicenceType, seal: &ActiveSeal) -> Result<Arc<Template>, Error> {
        let key = (licence_type.id.as_str().to_owned(), seal.seal_id.as_str().to_owned());
        if let Some(template) = self.0.templates.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(template));
        }
        let template = Template::new(&self.0.fonts, &licence_type.definition.layout, &seal.picture)
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
