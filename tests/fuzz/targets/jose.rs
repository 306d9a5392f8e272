//! Tokens and keys as JSON.

use std::sync::LazyLock;

use crypto::{
    KeyHandle, Suite,
    encoding::{base64url, base64url_decode},
    jose::{Jwk, Jws, json, sign_compact},
    sign::SigningKey,
};
use futures_util::FutureExt;
use serde_json::Value;

use crate::{
    chance::Chance,
    change::change,
    engine::{Target, run},
};

struct Jose;

static KEYS: LazyLock<Vec<KeyHandle>> = LazyLock::new(|| {
    let rsa = include_bytes!("../../../src/crypto/vectors/rfc-7515-a-2.pkcs8");
    let rsa = |suite| KeyHandle::from(SigningKey::from_pkcs8(suite, rsa).unwrap());
    let new = |suite| KeyHandle::throw_away(suite).unwrap();
    vec![new(Suite::Es256), new(Suite::Es384), new(Suite::EdDsa), rsa(Suite::Ps256), rsa(Suite::Rs256)]
});

/// A token of each key.
static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let claims = serde_json::json!({ "iss": "https://sso.example", "sub": "a", "aud": ["b"], "exp": 1_795_417_200 });
    KEYS.iter().map(|key| signed(key, &claims)).collect()
});

fn signed(key: &KeyHandle, claims: &Value) -> String {
    sign_compact(key, "k1", "at+jwt", claims).now_or_never().unwrap().unwrap()
}

impl Target for Jose {
    const NAME: &'static str = "jose";
    const WORDS: &'static [&'static str] = &[
        "\"alg\":",
        "\"none\"",
        "\"ES256\"",
        "\"HS256\"",
        "\"RS256\"",
        "\"PS256\"",
        "\"EdDSA\"",
        "\"kid\":",
        "\"typ\":",
        "\"jwk\":{}",
        "\"crit\":[]",
        "\"b64\":false",
        "\"zip\":",
        ".",
        "..",
        "=",
        "-_",
        "\\u0000",
        "\\ud800",
        "1e400",
        "[",
        "{",
        "null",
        "\"kty\":",
        "\"EC\"",
        "\"RSA\"",
        "\"OKP\"",
        "\"crv\":",
        "\"P-256\"",
        "\"x\":",
        "\"n\":",
        "\"e\":",
    ];

    fn seeds(&self) -> Vec<Vec<u8>> {
        let keys = KEYS.iter().map(|key| serde_json::to_vec(&key.public_key().jwk(key.suite())).unwrap());
        TOKENS.iter().map(|token| token.clone().into_bytes()).chain(keys).collect()
    }

    /// Changes what stands behind the encoding of one of the three parts, or takes a part of another token.
    fn change(&self, input: &[u8], chance: &Chance) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(input).ok()?;
        let mut parts: Vec<String> = text.split('.').map(str::to_owned).collect();
        let place = chance.below(parts.len());
        let other = &TOKENS[chance.below(TOKENS.len())];
        if chance.one_in(4) {
            other.split('.').nth(place)?.clone_into(&mut parts[place]);
        } else {
            let inside = base64url_decode(&parts[place])?;
            parts[place] = base64url(&change(&inside, other.as_bytes(), Self::WORDS, chance));
        }
        Some(parts.join(".").into_bytes())
    }

    fn read(&self, input: &[u8]) -> String {
        let parsed = json::parse(input);
        if let Some(value) = &parsed {
            written(input, value);
        }
        let key = serde_json::from_slice::<Jwk>(input).ok().and_then(|key| key.public_key());
        if let Some(key) = &key {
            for again in KEYS.iter().filter_map(|of| key.jwk(of.suite()).public_key()) {
                assert_eq!(again, *key, "a key that is another one when it is written");
            }
        }
        let token = std::str::from_utf8(input).map(Jws::parse);
        if let Ok(Ok(token)) = &token
            && KEYS.iter().any(|key| token.verify(key.suite(), key.public_key()).is_some())
        {
            assert!(TOKENS.iter().any(|known| known.as_bytes() == input), "a token that nobody signed");
        }
        let token = token.ok().map(|token| token.map(|token| (token.suite(), token.kid().is_some())));
        format!("{} {} {token:?}", parsed.is_some(), key.is_some())
    }
}

/// What we read of JSON is what everybody reads, and what we sign is what is verified.
fn written(input: &[u8], value: &Value) {
    let plain: Value = serde_json::from_slice(input).unwrap();
    assert_eq!(plain, *value);
    // Fractions are not among our claims, and lose their last digit when they are written.
    let is_whole = !value.to_string().contains(['.', 'e', 'E']);
    if value.is_object() && is_whole && input.len() < 4_096 {
        let token = Jws::parse(&signed(&KEYS[0], value)).unwrap();
        assert_eq!(token.verify(KEYS[0].suite(), KEYS[0].public_key()), Some(value));
    }
}

#[test]
fn no_token_counts_that_nobody_signed() {
    run(&Jose);
}
