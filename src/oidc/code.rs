//! Authorization codes: everything the redemption needs, sealed. Nothing is stored until a code is redeemed.

use base::{
    Entropy, Instant,
    id::{PersonId, SessionId},
};
use crypto::encoding::{base64url, base64url_decode};

use crate::{Provider, limits, scope::ScopeSet};

const CONTEXT: &[u8] = b"authorization code 2";

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// The key of the family that its redemption begins.
    pub family: String,
    /// Who may redeem it.
    pub client: String,
    /// In which session it was issued.
    pub session: SessionId,
    /// Whose session that is.
    pub person: PersonId,
    /// What was granted.
    pub scopes: ScopeSet,
    /// What the ID token repeats.
    pub nonce: Option<String>,
    /// The PKCE challenge: a SHA-256 digest.
    pub challenge: Option<[u8; 32]>,
    /// The digest of the redirect URI.
    pub redirect: [u8; 32],
    /// When the person proved who they are.
    pub authenticated_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
}

/// A new name for a family: 128 random bits.
pub(crate) fn family_name(entropy: &dyn Entropy) -> String {
    base64url(&entropy.bytes::<16>())
}

impl Code {
    /// The code as the client gets it.
    pub(crate) fn sealed(&self, provider: &Provider, entropy: &dyn Entropy) -> String {
        let mut plain = Vec::with_capacity(320);
        for part in [
            self.family.as_bytes(),
            self.client.as_bytes(),
            self.session.as_str().as_bytes(),
            self.person.as_str().as_bytes(),
            self.scopes.text().as_bytes(),
            self.nonce.as_deref().unwrap_or_default().as_bytes(),
            self.challenge.as_ref().map_or(&[], <[u8; 32]>::as_slice),
        ] {
            plain.extend((part.len() as u16).to_be_bytes());
            plain.extend(part);
        }
        plain.extend(self.redirect);
        plain.extend(self.authenticated_at.as_micros().to_be_bytes());
        plain.extend(self.expires_at.as_micros().to_be_bytes());
        base64url(&provider.codes().seal(entropy, CONTEXT, &plain))
    }

    /// Reads a code of ours; whether it has expired is for the caller to see.
    pub(crate) fn open(provider: &Provider, text: &str) -> Option<Self> {
        if text.len() > limits::TOKEN_LENGTH_MAX {
            return None;
        }
        let plain = provider.codes().open(CONTEXT, &base64url_decode(text)?)?;
        let mut reader = Reader(&plain);
        let family = reader.text()?;
        let client = reader.text()?;
        let session = SessionId::stored(reader.text()?);
        let person = PersonId::stored(reader.text()?);
        let scopes = ScopeSet::stored(&reader.text()?);
        let nonce = reader.text().map(|nonce| (!nonce.is_empty()).then_some(nonce))?;
        let challenge = reader.part()?;
        let challenge = if challenge.is_empty() { None } else { Some(challenge.try_into().ok()?) };
        let redirect = reader.take::<32>()?;
        let authenticated_at = Instant::from_micros(i64::from_be_bytes(reader.take()?));
        let expires_at = Instant::from_micros(i64::from_be_bytes(reader.take()?));
        Some(Self { family, client, session, person, scopes, nonce, challenge, redirect, authenticated_at, expires_at })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn part(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(u16::from_be_bytes(self.take()?));
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.part()?.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use base::{Secret, SeededEntropy};

    use super::*;
    use crate::ProviderSettings;

    fn provider(key: u8) -> Provider {
        Provider::new(&ProviderSettings {
            issuer_url: "https://sso.example.gov.cn".to_owned(),
            server_key: Secret::new([key; 32]),
            uri_policy: crate::client::uri::UriPolicy::default(),
        })
        .unwrap()
    }

    fn code(nonce: Option<&str>) -> Code {
        let entropy = SeededEntropy::new(1);
        let at = Instant::from_seconds(1_800_000_000);
        Code {
            family: family_name(&entropy),
            client: "tax-portal".to_owned(),
            session: SessionId::new(at, &entropy),
            person: PersonId::new(at, &entropy),
            scopes: ScopeSet::parse("openid profile phone").unwrap(),
            nonce: nonce.map(str::to_owned),
            challenge: Some([7; 32]),
            redirect: [9; 32],
            authenticated_at: at,
            expires_at: at.plus_seconds(60),
        }
    }

    #[test]
    fn a_code_says_what_was_put_into_it_and_is_short() {
        let (provider, entropy) = (provider(1), SeededEntropy::new(2));
        for code in [code(Some("n-0S6_WzA2Mj")), code(None), Code { challenge: None, ..code(None) }] {
            let sealed = code.sealed(&provider, &entropy);
            assert!(sealed.len() <= 400, "{}", sealed.len());
            assert_eq!(Code::open(&provider, &sealed), Some(code));
        }
    }

    #[test]
    fn a_code_with_one_changed_character_is_no_code() {
        let provider = provider(1);
        let sealed = code(Some("n")).sealed(&provider, &SeededEntropy::new(2));
        for place in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(Code::open(&provider, &String::from_utf8(changed).unwrap()), None, "{place}");
        }
        assert_eq!(Code::open(&self::provider(2), &sealed), None);
        assert_eq!(Code::open(&provider, ""), None);
    }
}
