//! What lives as long as the program: the issuer, its secrets, its keys and the clients it has met.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use base::{Fault, Secret};
use crypto::{
    mac::{HmacKey, hmac_sha256},
    seal_box::SealBox,
};
use records::{Context, Database, Kept};

use crate::{
    challenges::Challenges,
    client::{self, Client, ClientId, uri::UriPolicy},
    discovery::{self, Document},
    keys::{KeyRing, TokenKey},
    limits,
    tally::{self, Tally},
};

/// What a provider is made from.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// `https://sso.example.gov.cn` without a slash at the end.
    pub issuer_url: String,
    /// The key from which all secrets of the provider are derived. All nodes share it.
    pub server_key: Secret<[u8; 32]>,
    /// Which addresses clients may be registered with.
    pub uri_policy: UriPolicy,
}

/// The OpenID provider. Cloning it is cheap.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    issuer_url: String,
    policy: UriPolicy,
    codes: SealBox,
    interactions: SealBox,
    refresh_key: HmacKey,
    subject_key: HmacKey,
    session_key: HmacKey,
    keys: RwLock<Published>,
    clients: Kept<RwLock<HashMap<String, Arc<Client>>>>,
    tally: Tally,
    challenges: Challenges,
    discovery: Document,
}

/// The key ring and its document, changed together.
struct Published {
    ring: Arc<KeyRing>,
    jwks: Document,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer_url", &self.0.issuer_url).finish_non_exhaustive()
    }
}

impl Provider {
    /// A provider without keys: [`Self::set_keys`] gives it some.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the issuer is not a URL of the form needed.
    pub fn new(settings: &ProviderSettings) -> Result<Self, Fault> {
        let issuer_url = settings.issuer_url.clone();
        let web = issuer_url.starts_with("https://") || issuer_url.starts_with("http://");
        if !web || issuer_url.ends_with('/') || issuer_url.contains(['?', '#', ' ']) {
            return Err(Fault::broken("the issuer must be a URL without a slash at its end"));
        }
        let derive = |purpose: &str| hmac_sha256(settings.server_key.expose(), &[b"oidc\0", purpose.as_bytes()]);
        Ok(Self(Arc::new(Inner {
            policy: settings.uri_policy.clone(),
            codes: SealBox::new(&derive("codes")),
            interactions: SealBox::new(&derive("interactions")),
            refresh_key: HmacKey::new(&derive("refresh tokens")),
            subject_key: HmacKey::new(&derive("subjects")),
            session_key: HmacKey::new(&derive("session identifiers")),
            keys: RwLock::new(Published {
                ring: Arc::new(KeyRing::default()),
                jwks: Document::of(&serde_json::json!({ "keys": [] }))?,
            }),
            clients: Kept::cache(&[crate::REVISION]),
            tally: Tally::default(),
            challenges: Challenges::default(),
            discovery: Document::of(&discovery::metadata(&issuer_url))?,
            issuer_url,
        })))
    }

    /// The issuer, as in every token and answer.
    pub(crate) fn issuer_url(&self) -> &str {
        &self.0.issuer_url
    }

    /// Which addresses clients may be registered with.
    pub fn uri_policy(&self) -> &UriPolicy {
        &self.0.policy
    }

    /// The discovery document.
    pub fn discovery(&self) -> Document {
        self.0.discovery.clone()
    }

    /// The public keys.
    pub fn jwks(&self) -> Document {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).jwks.clone()
    }

    /// Takes the keys of the moment; called at start and whenever custody changes.
    ///
    /// # Errors
    ///
    /// [`Fault`] when a key cannot be published.
    pub fn set_keys(&self, keys: Vec<TokenKey>) -> Result<(), Fault> {
        let ring = Arc::new(KeyRing::new(keys));
        let jwks = Document::of(&ring.published())?;
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = Published { ring, jwks };
        Ok(())
    }

    pub(crate) fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&self.0.keys.read().unwrap_or_else(PoisonError::into_inner).ring)
    }

    /// A client that may be served, from memory when it was met before; none when it is unknown or disabled.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach.
    pub async fn client(&self, database: &Database, client: &str) -> Result<Option<Arc<Client>>, Fault> {
        Ok(self.known_client(database, client).await?.filter(|client| client.enabled))
    }

    async fn known_client(&self, database: &Database, client: &str) -> Result<Option<Arc<Client>>, Fault> {
        // Before anything is read: what changes meanwhile puts another cache in the place of this one.
        let clients = self.0.clients.now();
        let known = clients.read().unwrap_or_else(PoisonError::into_inner).get(client).cloned();
        if known.is_some() || ClientId::parse(client).is_err() {
            return Ok(known);
        }
        let found = client::queries::by_id(&mut database.read().await?, client).await?.map(Arc::new);
        if let Some(found) = &found {
            let mut clients = clients.write().unwrap_or_else(PoisonError::into_inner);
            if clients.len() >= limits::CLIENTS_IN_MEMORY_MAX {
                clients.clear();
            }
            clients.insert(client.to_owned(), Arc::clone(found));
        }
        Ok(found)
    }

    /// Lets a database tell when a client changed.
    pub fn keep(&self, database: &Database) {
        database.keep(&self.0.clients);
    }

    pub(crate) fn codes(&self) -> &SealBox {
        &self.0.codes
    }

    pub(crate) fn interactions(&self) -> &SealBox {
        &self.0.interactions
    }

    pub(crate) fn challenges(&self) -> &Challenges {
        &self.0.challenges
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.0.tally
    }

    /// Writes down what strangers did wrong and what was only counted so far: what is over, or everything when the
    /// process ends.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach: then what was counted is lost.
    pub async fn tell_counted(&self, database: &Database, context: &Context, is_end: bool) -> Result<(), Fault> {
        tally::tell(&self.0.tally, database, context, is_end).await
    }

    /// A keyed digest for refresh tokens.
    pub(crate) fn refresh_mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.0.refresh_key.code(parts)
    }

    /// A keyed digest for subjects.
    pub(crate) fn subject_mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.0.subject_key.code(parts)
    }

    /// A keyed digest for the `sid` of each client.
    pub(crate) fn session_mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.0.session_key.code(parts)
    }
}
