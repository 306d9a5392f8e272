//! Reading a back-channel logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKey, JsonWebKeyId,
    core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde::Deserialize;
use serde_json::Value;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The longest token read; the provider's are about 700 bytes.
const TOKEN_LENGTH_MAX: usize = 8 * 1024;
/// How far the clocks of two machines may disagree, in seconds.
const SKEW: i64 = 60;
/// The oldest token accepted, in seconds, whatever its expiry says.
const AGE_MAX: i64 = 10 * 60;

/// Whose sessions end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LogoutToken {
    pub id: String,
    pub session: Option<String>,
    pub subject: Option<String>,
}

/// Why a token was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Malformed,
    /// No key of ours has this id: perhaps the provider has a new one.
    UnknownKey,
    Signature,
    Claim(&'static str),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// Reads and checks `token`; `now` is in seconds since 1970.
pub(crate) fn read(
    token: &str,
    keys: &CoreJsonWebKeySet,
    issuer: &str,
    client_id: &str,
    now: i64,
) -> Result<LogoutToken, Refused> {
    if token.len() > TOKEN_LENGTH_MAX {
        return Err(Refused::Malformed);
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return Err(Refused::Malformed) };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed);
    let header_json: Header = serde_json::from_slice(&decode(header)?).map_err(|_| Refused::Malformed)?;
    if header_json.crit.is_some() {
        return Err(Refused::Claim("crit"));
    }
    // An ID token must never be taken for a logout token.
    if !header_json.typ.is_some_and(|typ| typ.eq_ignore_ascii_case("logout+jwt")) {
        return Err(Refused::Claim("typ"));
    }
    let algorithm = match header_json.alg.as_str() {
        "RS256" => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        "ES256" => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        _ => return Err(Refused::Claim("alg")),
    };
    let key = key(keys, header_json.kid.as_deref()).ok_or(Refused::UnknownKey)?;
    key.verify_signature(&algorithm, format!("{header}.{payload}").as_bytes(), &decode(signature)?)
        .map_err(|_| Refused::Signature)?;
    let claims: Value = serde_json::from_slice(&decode(payload)?).map_err(|_| Refused::Malformed)?;
    check_claims(&claims, issuer, client_id, now)
}

fn key<'a>(keys: &'a CoreJsonWebKeySet, kid: Option<&str>) -> Option<&'a CoreJsonWebKey> {
    let kid = JsonWebKeyId::new(kid?.to_owned());
    keys.keys().iter().find(|key| key.key_id() == Some(&kid))
}

fn check_claims(claims: &Value, issuer: &str, client_id: &str, now: i64) -> Result<LogoutToken, Refused> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    if text("iss").as_deref() != Some(issuer) {
        return Err(Refused::Claim("iss"));
    }
    let for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == client_id,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(client_id)),
        _ => false,
    };
    if !for_us {
        return Err(Refused::Claim("aud"));
    }
    let issued = claims.get("iat").and_then(Value::as_i64).ok_or(Refused::Claim("iat"))?;
    if issued > now + SKEW || issued < now - AGE_MAX {
        return Err(Refused::Claim("iat"));
    }
    let expires = claims.get("exp").and_then(Value::as_i64).ok_or(Refused::Claim("exp"))?;
    if expires < now - SKEW {
        return Err(Refused::Claim("exp"));
    }
    if !claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
        return Err(Refused::Claim("events"));
    }
    // A nonce would make it an ID token.
    if claims.get("nonce").is_some() {
        return Err(Refused::Claim("nonce"));
    }
    let id = text("jti").ok_or(Refused::Claim("jti"))?;
    let (session, subject) = (text("sid"), text("sub"));
    if session.is_none() && subject.is_none() {
        return Err(Refused::Claim("sid"));
    }
    Ok(LogoutToken { id, session, subject })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn claims() -> Value {
        json!({"iss": "http://op", "aud": "app", "iat": NOW, "exp": NOW + 120, "jti": "j1", "sid": "s1",
               "events": {EVENT: {}}})
    }

    #[test]
    fn each_claim_is_checked() {
        let check = |change: &dyn Fn(&mut Value), expected: Option<&'static str>| {
            let mut claims = claims();
            change(&mut claims);
            let got = check_claims(&claims, "http://op", "app", NOW);
            match expected {
                None => assert!(got.is_ok(), "{claims}"),
                Some(name) => assert_eq!(got, Err(Refused::Claim(name)), "{claims}"),
            }
        };
        check(&|_| (), None);
        check(&|c| c["aud"] = json!(["other", "app"]), None);
        check(&|c| c["aud"] = json!("other"), Some("aud"));
        check(&|c| c["iss"] = json!("http://evil"), Some("iss"));
        check(&|c| c["iat"] = json!(NOW + SKEW), None);
        check(&|c| c["iat"] = json!(NOW + SKEW + 1), Some("iat"));
        check(&|c| c["iat"] = json!(NOW - AGE_MAX), None);
        check(&|c| c["iat"] = json!(NOW - AGE_MAX - 1), Some("iat"));
        check(&|c| c["exp"] = json!(NOW - SKEW), None);
        check(&|c| c["exp"] = json!(NOW - SKEW - 1), Some("exp"));
        check(&|c| c["events"] = json!({"other": {}}), Some("events"));
        check(&|c| c["events"] = json!({EVENT: "yes"}), Some("events"));
        check(&|c| c["nonce"] = json!("n"), Some("nonce"));
        check(&|c| c["jti"] = Value::Null, Some("jti"));
        check(&|c| c["sid"] = Value::Null, Some("sid"));
        check(
            &|c| {
                c["sid"] = Value::Null;
                c["sub"] = json!("a");
            },
            None,
        );
    }

    #[test]
    fn what_is_not_a_signed_logout_token_is_refused() {
        let keys = CoreJsonWebKeySet::new(vec![]);
        let token = |header: Value| {
            format!(
                "{}.{}.{}",
                URL_SAFE_NO_PAD.encode(header.to_string()),
                URL_SAFE_NO_PAD.encode(claims().to_string()),
                URL_SAFE_NO_PAD.encode("x")
            )
        };
        let check =
            |text: &str, expected| assert_eq!(read(text, &keys, "http://op", "app", NOW), Err(expected), "{text}");
        check("", Refused::Malformed);
        check("a.b", Refused::Malformed);
        check(&"a".repeat(TOKEN_LENGTH_MAX + 1), Refused::Malformed);
        check(&token(json!({"alg": "none", "typ": "logout+jwt"})), Refused::Claim("alg"));
        check(&token(json!({"alg": "HS256", "typ": "logout+jwt", "kid": "k"})), Refused::Claim("alg"));
        check(&token(json!({"alg": "ES256", "typ": "JWT", "kid": "k"})), Refused::Claim("typ"));
        check(&token(json!({"alg": "ES256", "kid": "k"})), Refused::Claim("typ"));
        check(&token(json!({"alg": "ES256", "typ": "logout+jwt", "kid": "k", "crit": ["x"]})), Refused::Claim("crit"));
        check(&token(json!({"alg": "ES256", "typ": "logout+jwt", "kid": "k"})), Refused::UnknownKey);
    }
}
