//! G7 81–92: every place where a JWT enters, with every wrong kind of it.

use super::*;
use crate::{access_token, id_token};
use futures_util::FutureExt;
use serde_json::{Value, json};

struct Kinds {
    access: KeyHandle,
    id: KeyHandle,
    provider: Provider,
}

impl Kinds {
    fn new() -> Self {
        let (access, id) = (key(), key());
        Self { provider: provider(&access, &id), access, id }
    }

    fn accepts_access(&self, token: &str) -> bool {
        access_token::verify(&self.provider, token, NOW).is_ok()
    }

    fn accepts_hint(&self, token: &str) -> bool {
        id_token::hint(&self.provider, token).is_some()
    }
}

fn access_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": ISSUER, "sub": "tax", "client_id": "tax", "jti": "1", "scope": "licence:verify",
        "iat": NOW.as_seconds(), "exp": NOW.as_seconds() + 600,
    })
}

fn id_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "tax", "sub": "s", "sid": "x", "acr": "a",
        "iat": NOW.as_seconds(), "exp": NOW.as_seconds() - 600, "auth_time": NOW.as_seconds(),
    })
}

fn sign(key: &KeyHandle, kid: &str, typ: &str, claims: &Value) -> String {
    crypto::jose::sign_compact(key, kid, typ, claims).now_or_never().unwrap().unwrap()
}

fn raw(header: &str, claims: &Value) -> String {
    format!("{}.{}.", base64url(header.as_bytes()), base64url(claims.to_string().as_bytes()))
}

#[test]
fn a_token_counts_only_where_its_kind_belongs() {
    let kinds = Kinds::new();
    assert!(kinds.accepts_access(&sign(&kinds.access, "access", "at+jwt", &access_claims())));
    assert!(kinds.accepts_hint(&sign(&kinds.id, "id", "JWT", &id_claims())));
    for typ in ["JWT", "logout+jwt", "licence+jwt", ""] {
        assert!(!kinds.accepts_access(&sign(&kinds.access, "access", typ, &access_claims())), "{typ}");
    }
    for typ in ["at+jwt", "logout+jwt", "licence+jwt", ""] {
        assert!(!kinds.accepts_hint(&sign(&kinds.id, "id", typ, &id_claims())), "{typ}");
    }
    // The right words under the other purpose's key.
    assert!(!kinds.accepts_access(&sign(&kinds.id, "id", "at+jwt", &access_claims())));
    assert!(!kinds.accepts_access(&sign(&kinds.id, "access", "at+jwt", &access_claims())));
    assert!(!kinds.accepts_hint(&sign(&kinds.access, "access", "JWT", &id_claims())));
    assert!(!kinds.accepts_hint(&sign(&kinds.access, "id", "JWT", &id_claims())));
}

#[test]
fn headers_that_choose_their_own_rules_are_refused_everywhere() {
    let kinds = Kinds::new();
    for header in [
        r#"{"alg":"none","typ":"at+jwt","kid":"access"}"#,
        r#"{"alg":"None","typ":"JWT","kid":"id"}"#,
        r#"{"alg":"nOnE","typ":"JWT","kid":"id"}"#,
        r#"{"alg":"","typ":"JWT","kid":"id"}"#,
        r#"{"typ":"JWT","kid":"id"}"#,
        r#"{"alg":"HS256","typ":"JWT","kid":"id"}"#,
        r#"{"alg":"ES384","typ":"JWT","kid":"id"}"#,
        r#"{"alg":"PS256","typ":"at+jwt","kid":"access"}"#,
        r#"{"alg":"EdDSA","typ":"JWT","kid":"id"}"#,
        r#"{"alg":"ES256","typ":"JWT","kid":"id","crit":["x"]}"#,
        r#"{"alg":"ES256","typ":"JWT","kid":"id","jwk":{}}"#,
        r#"{"alg":"ES256","typ":"JWT","kid":"id","jku":"https://evil.com"}"#,
        r#"{"alg":"ES256","typ":"JWT","kid":"../../dev/null"}"#,
        r#"{"alg":"ES256","typ":"JWT","kid":"' or 1=1"}"#,
        r#"{"alg":"ES256","typ":"JWT"}"#,
    ] {
        for claims in [access_claims(), id_claims()] {
            let token = raw(header, &claims);
            for token in [token.clone(), format!("{token}AAAA"), format!("{token}{}", base64url(&[0; 64]))] {
                assert!(!kinds.accepts_access(&token) && !kinds.accepts_hint(&token), "{header}");
            }
        }
    }
}

#[test]
fn claims_of_another_form_are_refused() {
    let kinds = Kinds::new();
    let check = |name: &str, value: Value| {
        let mut claims = access_claims();
        claims[name] = value.clone();
        assert!(!kinds.accepts_access(&sign(&kinds.access, "access", "at+jwt", &claims)), "{name} {value}");
    };
    for value in [json!("9999999999"), json!(-1), json!(1.9e18), json!(null), json!(NOW.as_seconds())] {
        check("exp", value);
    }
    check("iat", json!(NOW.as_seconds() + 3600));
    check("iat", json!("1"));
    check("iss", json!("https://test.example.gov.cn"));
    check("aud", json!("https://other.example.gov.cn"));
    check("aud", json!([ISSUER]));
    check("client_id", json!("../x"));
    check("sub", json!(7));
    let mut foreign = id_claims();
    foreign["iss"] = json!("https://evil.com");
    assert!(!kinds.accepts_hint(&sign(&kinds.id, "id", "JWT", &foreign)));
}

#[test]
fn a_key_counts_by_its_state() {
    let (access, id) = (key(), key());
    let provider = provider(&access, &id);
    let token = sign(&access, "access", "at+jwt", &access_claims());
    let set = |state| {
        let of = TokenKey { kid: "access".to_owned(), purpose: KeyUse::AccessToken, state, key: access.clone() };
        provider.set_keys(vec![of]).unwrap();
        access_token::verify(&provider, &token, NOW).is_ok()
    };
    assert!(set(KeyState::Active));
    assert!(set(KeyState::Retired));
    assert!(!set(KeyState::Published));
    provider.set_keys(vec![]).unwrap();
    assert!(access_token::verify(&provider, &token, NOW).is_err());
}

#[test]
fn only_public_parts_are_published() {
    let kinds = Kinds::new();
    let jwks: Value = serde_json::from_slice(&kinds.provider.jwks().body).unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let names: Vec<&String> = key.as_object().unwrap().keys().collect();
        assert!(
            names.iter().all(|name| ["kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"].contains(&name.as_str()))
        );
        assert_eq!((key["use"].as_str(), key["alg"].as_str()), (Some("sig"), Some("ES256")));
    }
}
