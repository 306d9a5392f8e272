//! An authorization request that waits while the person signs in or decides.
//!
//! It is sealed into the address, so that nothing is stored and several tabs do not disturb each other; it is bound
//! to the browser, so that a copied address is worth nothing elsewhere.

use base::{Entropy, Instant};
use crypto::encoding::{base64url, base64url_decode};
use serde::{Deserialize, Serialize};

use crate::{Error, Parameters, Provider, limits};

const CONTEXT: &[u8] = b"parked request 1\0";

/// A parked request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// The parameters of the request: [`Parameters::kept`].
    #[serde(rename = "q")]
    kept: String,
    /// When it was parked, in microseconds.
    #[serde(rename = "t")]
    at: i64,
    /// The person must have proved who they are at this instant or later, in microseconds.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    not_before: Option<i64>,
}

impl Parked {
    /// Parks the parameters of a request.
    pub(crate) fn new(kept: String, at: Instant, not_before: Option<Instant>) -> Self {
        Self { kept, at: at.as_micros(), not_before: not_before.map(Instant::as_micros) }
    }

    /// The parameters of the request.
    ///
    /// # Errors
    ///
    /// [`Error::ParametersUnreadable`] when another version kept what this one does not read.
    pub fn parameters(&self) -> Result<Parameters, Error> {
        Parameters::kept(&self.kept)
    }

    /// From when a sign-in counts.
    pub fn not_before(&self) -> Option<Instant> {
        self.not_before.map(Instant::from_micros)
    }

    /// Seals it for one browser.
    pub fn sealed(&self, provider: &Provider, entropy: &dyn Entropy, browser: &str) -> String {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        base64url(&provider.interactions().seal(entropy, &context(browser), &plain))
    }

    /// Reads one that this browser was given.
    ///
    /// # Errors
    ///
    /// [`Error::InteractionForeign`] when it was another browser's or is no sealed request at all;
    /// [`Error::InteractionExpired`] when it waited too long ([`Self::open_expired`] still reads it, for the way back).
    pub fn open(provider: &Provider, sealed: &str, browser: &str, at: Instant) -> Result<Self, Error> {
        let parked = Self::open_expired(provider, sealed, browser)?;
        let age = at.seconds_since(Instant::from_micros(parked.at));
        if age >= limits::INTERACTION_SECONDS { Err(Error::InteractionExpired) } else { Ok(parked) }
    }

    /// Reads one that this browser was given, however long ago.
    ///
    /// # Errors
    ///
    /// [`Error::InteractionForeign`] when it was sealed for another browser, by another server, or not at all.
    pub fn open_expired(provider: &Provider, sealed: &str, browser: &str) -> Result<Self, Error> {
        (sealed.len() <= 2 * limits::PARAMETERS_LENGTH_MAX)
            .then(|| base64url_decode(sealed))
            .flatten()
            .and_then(|sealed| provider.interactions().open(&context(browser), &sealed))
            .and_then(|plain| serde_json::from_slice(&plain).ok())
            .ok_or(Error::InteractionForeign)
    }
}

fn context(browser: &str) -> Vec<u8> {
    [CONTEXT, browser.as_bytes()].concat()
}
