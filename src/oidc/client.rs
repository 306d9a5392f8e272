//! Registered applications.

pub mod edit;
pub mod extranet;
pub(crate) mod queries;
mod register;
pub mod uri;

use base::{Text, id::OrganisationId, secret};
use crypto::Suite;
use serde::{Deserialize, Serialize};

pub use self::register::{
    Registered, Registration, allowed_scopes, disable, enable, find, list, register, renew_secret,
};
use crate::{Error, limits, scope::ScopeSet};

/// The identifier of a client, as it is on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// Reads an identifier: letters, digits and `.-_`, beginning with a letter or a digit.
    ///
    /// # Errors
    ///
    /// [`Error::ClientUnknown`]: no client can have such an identifier.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins && text.len() <= limits::CLIENT_ID_LENGTH_MAX && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::ClientUnknown)
        }
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An identifier read back from our own records.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ClientId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Whether a client can keep a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// It runs on a server and has a secret.
    Confidential,
    /// It runs in a browser or on a phone.
    Public,
}

/// How a client gets tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A person signs in.
    AuthorizationCode,
    /// It acts for itself.
    ClientCredentials,
    /// It goes on acting for a person.
    RefreshToken,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// Whether persons are asked before a client learns something about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Each person once for each set of scopes.
    Ask,
    /// The law or the department's own rules already allow it.
    Implied,
}

/// What a client knows a person by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// A name that only the clients of one department share.
    Pairwise,
    /// The same name everywhere, after an approval.
    Public,
}

impl SubjectType {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Pairwise, Self::Public];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pairwise => "pairwise",
            Self::Public => "public",
        }
    }
}

/// What ID tokens and signed userinfo answers are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenAlgorithm {
    /// ECDSA on P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA, which every client library knows.
    #[serde(rename = "RS256")]
    Rs256,
}

impl TokenAlgorithm {
    /// Both of them, the default first.
    pub const ALL: [Self; 2] = [Self::Rs256, Self::Es256];

    /// Its name in JOSE.
    pub fn name(self) -> &'static str {
        self.suite().name()
    }

    /// What the key must sign with.
    pub(crate) fn suite(self) -> Suite {
        match self {
            Self::Es256 => Suite::Es256,
            Self::Rs256 => Suite::Rs256,
        }
    }
}

/// What a client may do and how, as it was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSettings {
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// Where browsers may be sent with an answer.
    pub redirect_uris: Vec<String>,
    /// Where browsers may be sent after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// How it gets tokens.
    pub grants: Vec<GrantType>,
    /// The scopes it may ask for, separated by spaces.
    pub scopes: String,
    /// What its ID tokens are signed with.
    pub id_token_algorithm: TokenAlgorithm,
    /// What userinfo is signed with; plain JSON when there is none.
    pub userinfo_algorithm: Option<TokenAlgorithm>,
    /// Who allowed it to do without PKCE.
    pub pkce_exempted_by: Option<String>,
    /// Whether persons are asked.
    pub consent: Consent,
    /// What it knows persons by.
    pub subject: SubjectType,
    /// Whether it may ask for identity numbers.
    pub identity_number_approved: bool,
    /// Whether it is a program on the person's own machine, which listens on whatever port is free.
    pub native: bool,
    /// The departments besides its own whose licences it handles: a city has one approval system for many.
    #[serde(default)]
    pub acts_for: Vec<String>,
    /// Whether it may say itself that two people decided on a licence: then what it asks for is issued, and else becomes
    /// an application.
    #[serde(default)]
    pub attests_review: bool,
}

impl Default for ClientSettings {
    /// A confidential web client that persons are asked about.
    fn default() -> Self {
        Self {
            kind: ClientKind::Confidential,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grants: vec![GrantType::AuthorizationCode],
            scopes: "openid profile".to_owned(),
            id_token_algorithm: TokenAlgorithm::Rs256,
            userinfo_algorithm: None,
            pkce_exempted_by: None,
            consent: Consent::Ask,
            subject: SubjectType::Pairwise,
            identity_number_approved: false,
            native: false,
            acts_for: Vec::new(),
            attests_review: false,
        }
    }
}

/// A registered application.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its identifier.
    pub client_id: ClientId,
    /// What it is called.
    pub name: Text,
    /// What it needs the data for, as the consent page says it.
    pub purpose: Text,
    /// The department it belongs to.
    pub organisation_id: OrganisationId,
    /// What it may do and how.
    pub settings: ClientSettings,
    /// The scopes it may ask for.
    pub scopes: ScopeSet,
    /// Where we tell it that a session ended.
    pub backchannel_logout_uri: Option<String>,
    /// Whether it gets anything at all.
    pub enabled: bool,
    pub(crate) secret_hash: Option<String>,
}

impl Client {
    /// Whether a redirect URI is registered.
    pub(crate) fn redirects_to(&self, uri: &str) -> bool {
        uri::is_registered(&self.settings.redirect_uris, self.settings.native, uri)
    }

    /// Whether the browser may be sent there after signing out.
    pub(crate) fn signs_out_to(&self, uri: &str) -> bool {
        self.settings.post_logout_redirect_uris.iter().any(|known| known == uri)
    }

    /// Whether it may use a grant type.
    pub(crate) fn may_use(&self, grant: GrantType) -> bool {
        self.settings.grants.contains(&grant)
    }

    /// Whether its requests must carry a PKCE challenge.
    pub(crate) fn needs_pkce(&self) -> bool {
        self.settings.kind == ClientKind::Public || self.settings.pkce_exempted_by.is_none()
    }

    /// Whether a secret is its own. Secrets are 256 random bits, so a plain digest is as good as a slow one.
    pub(crate) fn has_secret(&self, given: &str) -> bool {
        let hash = crypto::digest::hex(&crypto::digest::sha256(given.as_bytes()));
        self.secret_hash.as_ref().is_some_and(|known| secret::equal(known.as_bytes(), hash.as_bytes()))
    }

    /// Whether an address of it leads to the machine that follows it, and it is no program on a person's own.
    pub fn is_on_this_machine(&self) -> bool {
        let browser = self.settings.redirect_uris.iter().chain(&self.settings.post_logout_redirect_uris);
        !self.settings.native && browser.chain(&self.backchannel_logout_uri).any(|uri| uri::is_of_this_machine(uri))
    }

    /// Host of the first address browsers are sent to, for the pages that say who asks.
    pub fn host(&self) -> &str {
        let uri = self.settings.redirect_uris.first().map(String::as_str).unwrap_or_default();
        let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or_default()
    }
}
