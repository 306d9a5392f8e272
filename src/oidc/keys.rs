//! The keys that tokens are signed with and verified by.

use base::Fault;
use crypto::{
    KeyHandle, Suite,
    jose::{JwkSet, Jws, sign_compact},
};
use serde::Serialize;
use serde_json::Value;

/// What a key is for: no key signs two kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Access tokens (`at+jwt`), ES256.
    AccessToken,
    /// ID tokens, signed userinfo and logout tokens, which clients verify.
    IdToken,
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Signs and verifies.
    Active,
    /// Published before it signs; nothing signed by it counts yet.
    Published,
    /// No longer signs; what it signed still counts.
    Retired,
}

/// A key of the ring. The caller, who knows custody, leaves out keys that no longer count.
#[derive(Clone, Debug)]
pub struct TokenKey {
    /// Its name on the wire.
    pub kid: String,
    pub purpose: KeyUse,
    /// Where it stands.
    pub state: KeyState,
    /// The key, which stays in custody; its suite is part of it.
    pub key: KeyHandle,
}

/// All keys of the moment.
#[derive(Debug, Default)]
pub(crate) struct KeyRing(Vec<TokenKey>);

impl KeyRing {
    /// A ring of these keys.
    pub fn new(keys: Vec<TokenKey>) -> Self {
        Self(keys)
    }

    /// Signs claims with the active key of a use and suite.
    pub(crate) async fn sign(
        &self,
        purpose: KeyUse,
        suite: Suite,
        typ: &str,
        claims: &(impl Serialize + Sync),
    ) -> Result<String, Fault> {
        let key = self
            .0
            .iter()
            .find(|key| key.purpose == purpose && key.state == KeyState::Active && key.key.suite() == suite)
            .ok_or_else(|| Fault::unavailable(format!("no active key for {purpose:?} with {suite:?}")))?;
        sign_compact(&key.key, &key.kid, typ, claims).await
    }

    /// The claims of a token if a key of this use signed it and its header says it is of this kind.
    pub(crate) fn verify(&self, purpose: KeyUse, typ: &str, token: &str) -> Option<Value> {
        if token.len() > crate::limits::JWT_LENGTH_MAX {
            return None;
        }
        let jws = Jws::parse(token).ok()?;
        if jws.typ().is_none_or(|given| !given.eq_ignore_ascii_case(typ)) {
            return None;
        }
        let kid = jws.kid()?;
        let key =
            self.0.iter().find(|key| key.kid == kid && key.purpose == purpose && key.state != KeyState::Published)?;
        jws.verify(key.key.suite(), key.key.public_key()).cloned()
    }

    /// The public halves, with those that will sign soon.
    pub(crate) fn published(&self) -> JwkSet {
        let jwk = |key: &TokenKey| key.key.public_key().jwk(key.key.suite()).named(&key.kid);
        JwkSet { keys: self.0.iter().map(jwk).collect() }
    }
}
