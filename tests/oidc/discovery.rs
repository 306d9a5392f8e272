//! What we say of ourselves, and that it is so.

use reqwest::StatusCode;
use serde_json::Value;
use tests::{browser::client, city::City};

#[tokio::test]
async fn discovery_names_endpoints_that_are_there() {
    let city = City::shared().await;
    let answer = client().get(city.url("/.well-known/openid-configuration")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let facts: Value = answer.json().await.unwrap();
    assert_eq!(facts["issuer"], city.issuer.as_str());
    assert_eq!(facts["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(facts["authorization_response_iss_parameter_supported"], true);
    assert_eq!(facts["backchannel_logout_supported"], true);
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"] {
        let url = facts[name].as_str().unwrap_or_else(|| panic!("{name} is missing"));
        assert!(url.starts_with(&city.issuer), "{url}");
        let status = client().get(url).send().await.unwrap().status();
        assert_ne!(status, StatusCode::NOT_FOUND, "{url}");
        assert!(!status.is_server_error(), "{url}: {status}");
    }
}

#[tokio::test]
async fn published_keys_are_public_halves_with_an_identifier_and_an_algorithm() {
    let city = City::shared().await;
    let keys: Value = client().get(city.url("/jwks")).send().await.unwrap().json().await.unwrap();
    let keys = keys["keys"].as_array().unwrap();
    let has = |alg: &str| keys.iter().any(|key| key["alg"] == alg);
    assert!(has("RS256") && has("ES256"), "{keys:?}");
    for key in keys {
        assert!(key["kid"].is_string() && key["use"] == "sig", "{key}");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "a private member: {private}");
        }
    }
}
