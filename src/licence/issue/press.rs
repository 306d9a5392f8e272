//! What pages are made with: fonts, typeset templates, and keys that mean nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use base::{Fault, Instant};
use crypto::{DigestAlgorithm, KeyHandle, Suite};
use documents::{Field, Filling, Fonts, SealPicture, SealText, Template, packing::Piece};
use seal::ActiveSeal;

use crate::{catalogue::licence_type::LicenceType, error::Error, limits};

/// Where pages are typeset. Cloning it is cheap.
#[derive(Clone)]
pub struct Press(Arc<Inner>);

struct Inner {
    fonts: Fonts,
    public_url: String,
    templates: RwLock<HashMap<TemplateKey, Arc<Pressed>>>,
    throw_away: Mutex<Vec<KeyHandle>>,
}

/// A page that is typeset, and what it looks like when it is filled in: files are kept as what they differ in from that.
pub(crate) struct Pressed {
    pub(crate) template: Template,
    pub(crate) sample: Piece,
}

/// A version of a type, a seal (empty for none), and the digest of the seal's suite.
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

    /// The page of a type under no seal at all, typeset once.
    pub(crate) fn unsealed(&self, licence_type: &LicenceType) -> Result<Template, Error> {
        let digest = DigestAlgorithm::Sha256;
        let key = (licence_type.id.as_str().to_owned(), String::new(), digest);
        let made = self.kept(key, || {
            let nobody = SealText { ring: "尚未盖章".to_owned(), below: String::new(), number: String::new() };
            let seal = SealPicture::draw(&self.0.fonts, &nobody).map_err(|error| Error::Lint(error.to_string()))?;
            let template = self.typeset(licence_type, &seal, digest)?;
            Ok(Pressed { template, sample: Piece::new(Vec::new()) })
        })?;
        Ok(made.template.clone())
    }

    /// The page of a type under a seal, typeset once.
    pub(crate) fn template(&self, licence_type: &LicenceType, seal: &ActiveSeal) -> Result<Arc<Pressed>, Error> {
        let digest = seal.signer.key.suite().digest();
        let key = (licence_type.id.as_str().to_owned(), seal.seal_id.as_str().to_owned(), digest);
        self.kept(key, || {
            let template = self.typeset(licence_type, &seal.picture, digest)?;
            let sample = sample(&template, self.public_url(), licence_type, seal);
            Ok(Pressed { template, sample })
        })
    }

    fn typeset(
        &self,
        licence_type: &LicenceType,
        seal: &SealPicture,
        digest: DigestAlgorithm,
    ) -> Result<Template, Error> {
        let layout = licence_type.definition.layout_for_names();
        Template::new(&self.0.fonts, &layout, seal, digest).map_err(|error| Error::Lint(error.to_string()))
    }

    /// The page under this key; made, if there is none.
    fn kept(&self, key: TemplateKey, make: impl FnOnce() -> Result<Pressed, Error>) -> Result<Arc<Pressed>, Error> {
        if let Some(template) = self.0.templates.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(template));
        }
        let template = Arc::new(make()?);
        let mut templates = self.0.templates.write().unwrap_or_else(PoisonError::into_inner);
        if templates.len() >= limits::TEMPLATES_MAX {
            templates.clear();
        }
        templates.insert(key, Arc::clone(&template));
        Ok(template)
    }
}

/// What each field of a sample says: characters that no page carries in its constant part, of two faces.
const SAMPLE: &str = "\u{9f98}\u{20bb7}";

/// What follows the beginning of a file when nothing in it is anybody's, with the certificates in the place of the
/// signature: always the same bytes for the same page, so that each is kept once. Empty for a page that has no room.
fn sample(template: &Template, public_url: &str, licence_type: &LicenceType, seal: &ActiveSeal) -> Piece {
    let definition = &licence_type.definition;
    let field = |key: &str| Field::new(key, SAMPLE);
    let filling = Filling {
        title: definition.name.zh.clone(),
        identifier: "1.2.156.3005.2.0".to_owned(),
        fields: definition.layout.cells.iter().map(|cell| field(&cell.key)).collect(),
        qr_text: verify::qr::payload(public_url, "0000000000000000"),
        metadata: definition.fields.iter().map(|of| (of.key.clone(), SAMPLE.to_owned())).collect(),
        signer_name: seal.name.clone(),
        at: Instant::from_micros(0),
    };
    let prepared = template.typeset(&filling).ok();
    let filled = prepared.and_then(|prepared| {
        let start = prepared.pieces().next()?.bytes().len();
        Some(prepared.finish(&seal.signer.chain.concat()).ok()?.bytes().get(start..)?.to_vec())
    });
    Piece::new(filled.unwrap_or_default())
}
