//! What we say about ourselves: generated from the tables that the code works by.

use base::Fault;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    client::{GrantType, SubjectType, TokenAlgorithm},
    scope::SCOPES,
};

/// Paths below the issuer. The routes of the program are made from these.
pub mod path {
    /// Where browsers are sent to sign in.
    pub const AUTHORIZATION: &str = "/authorize";
    /// Where codes become tokens.
    pub const TOKEN: &str = "/token";
    /// Where claims are.
    pub const USERINFO: &str = "/userinfo";
    /// Where browsers are sent to sign out.
    pub const END_SESSION: &str = "/logout";
    /// Where the public keys are.
    pub const JWKS: &str = "/jwks";
    /// Where this document is.
    pub const DISCOVERY: &str = "/.well-known/openid-configuration";
}

/// The authentication context that a password gives.
pub(crate) const ACR_PASSWORD: &str = "urn:guosuo:acr:password";

const RESPONSE_MODES: [&str; 2] = ["query", "form_post"];

/// The values of `prompt`.
pub(crate) const PROMPTS: [&str; 4] = ["none", "login", "consent", "select_account"];

/// How clients authenticate at the token endpoint.
const CLIENT_AUTHENTICATION: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// A document that is made once and served many times.
#[derive(Clone, Debug)]
pub struct Document {
    /// The JSON text.
    pub body: bytes::Bytes,
    /// A strong entity tag, with its quotes.
    pub etag: String,
}

impl Document {
    /// Makes a document.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the value is not JSON.
    pub fn of(value: &impl Serialize) -> Result<Self, Fault> {
        let body = serde_json::to_vec(value).map_err(Fault::broken)?;
        let hash = crypto::digest::sha256(&body);
        let tag = crypto::encoding::base64url(hash.get(..12).unwrap_or(&hash));
        Ok(Self { body: body.into(), etag: format!("\"{tag}\"") })
    }
}

/// The metadata of OpenID Connect Discovery 1.0 and RFC 8414.
pub(crate) fn metadata(issuer_url: &str) -> Value {
    let at = |path: &str| format!("{issuer_url}{path}");
    let algorithms: Vec<_> = TokenAlgorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
    let claims: Vec<_> = ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"]
        .into_iter()
        .chain(SCOPES.iter().flat_map(|scope| scope.claims.iter().map(|claim| claim.name())))
        .collect();
    json!({
        "issuer": issuer_url,
        "authorization_endpoint": at(path::AUTHORIZATION),
        "token_endpoint": at(path::TOKEN),
        "userinfo_endpoint": at(path::USERINFO),
        "end_session_endpoint": at(path::END_SESSION),
        "jwks_uri": at(path::JWKS),
        "scopes_supported": SCOPES.iter().map(|scope| scope.name).collect::<Vec<_>>(),
        "claims_supported": claims,
        "claim_types_supported": ["normal"],
        "response_types_supported": ["code"],
        "response_modes_supported": RESPONSE_MODES,
        "grant_types_supported": GrantType::ALL.map(GrantType::name),
        "subject_types_supported": SubjectType::ALL.map(SubjectType::name),
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": CLIENT_AUTHENTICATION,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": PROMPTS,
        "acr_values_supported": [ACR_PASSWORD],
        "display_values_supported": ["page", "popup", "touch"],
        "ui_locales_supported": ["zh-CN", "en"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": false,
        "service_documentation": at("/api"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discovery_says_what_we_do_and_only_that() {
        let claims = [
            ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid", "sub"].as_slice(),
            &["name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile"],
            &["picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"],
            &["email", "email_verified", "address", "phone_number", "phone_number_verified", "org"],
            &["identity_number", "identity_number_type"],
        ];
        // Written out, so that whoever changes a table that this is made from sees what the world is told.
        assert_eq!(
            metadata("https://sso.example.gov.cn"),
            json!({
                "issuer": "https://sso.example.gov.cn",
                "authorization_endpoint": "https://sso.example.gov.cn/authorize",
                "token_endpoint": "https://sso.example.gov.cn/token",
                "userinfo_endpoint": "https://sso.example.gov.cn/userinfo",
                "end_session_endpoint": "https://sso.example.gov.cn/logout",
                "jwks_uri": "https://sso.example.gov.cn/jwks",
                "scopes_supported": [
                    "openid", "profile", "email", "address", "phone", "org", "identity_number", "offline_access",
                    "licence:verify", "licence:issue",
                ],
                "claims_supported": claims.concat(),
                "claim_types_supported": ["normal"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query", "form_post"],
                "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
                "subject_types_supported": ["pairwise", "public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
                "userinfo_signing_alg_values_supported": ["RS256", "ES256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
                "code_challenge_methods_supported": ["S256"],
                "prompt_values_supported": ["none", "login", "consent", "select_account"],
                "acr_values_supported": ["urn:guosuo:acr:password"],
                "display_values_supported": ["page", "popup", "touch"],
                "ui_locales_supported": ["zh-CN", "en"],
                "claims_parameter_supported": false,
                "request_parameter_supported": false,
                "request_uri_parameter_supported": false,
                "require_request_uri_registration": false,
                "authorization_response_iss_parameter_supported": true,
                "backchannel_logout_supported": true,
                "backchannel_logout_session_supported": true,
                "frontchannel_logout_supported": false,
                "service_documentation": "https://sso.example.gov.cn/api",
            })
        );
    }

    #[test]
    fn two_documents_with_the_same_words_have_the_same_tag() {
        let one = Document::of(&metadata("https://a.example")).unwrap();
        let two = Document::of(&metadata("https://a.example")).unwrap();
        let three = Document::of(&metadata("https://b.example")).unwrap();
        assert_eq!(one.etag, two.etag);
        assert_ne!(one.etag, three.etag);
    }
}
