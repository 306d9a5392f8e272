//! The authorization code flow, its refusals, and what a stolen or repeated code is worth.

use reqwest::StatusCode;
use serde_json::Value;
use tests::{
    browser::{Browser, client},
    city::City,
    flow::{Flow, VERIFIER, claims, header},
};

#[tokio::test]
async fn a_code_gets_an_id_token_for_this_client_nonce_and_person() {
    let city = City::shared().await;
    let account = city.citizen(2);
    let flow = Flow::new(city);
    let page = flow.walk(&Browser::new(), &account).await;
    assert_eq!(page.parameter("state").as_deref(), Some("state-1"));
    assert_eq!(page.parameter("iss").as_deref(), Some(city.issuer.as_str()));
    let (status, tokens) = flow.redeem(&page.parameter("code").unwrap(), VERIFIER).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let id_token = tokens["id_token"].as_str().unwrap();
    assert_eq!(header(id_token)["alg"], "ES256", "this client is registered for it; the default is RS256");
    let claims = claims(id_token);
    assert_eq!(claims["iss"], city.issuer.as_str());
    assert_eq!(claims["aud"], flow.client_id.as_str());
    assert_eq!(claims["nonce"], "nonce-1");
    assert!(claims["sid"].is_string() && claims["auth_time"].is_i64(), "{claims}");
    let person: Value = city.userinfo(&tokens).await;
    assert_eq!(person["sub"], claims["sub"]);
    assert_eq!(person["name"], account.name.as_str());
    assert!(person.get("identity_number").is_none(), "only by a scope that was approved");
}

#[tokio::test]
async fn a_live_session_gets_a_second_code_without_a_prompt() {
    let city = City::shared().await;
    let account = city.citizen(3);
    let browser = Browser::new();
    let flow = Flow::new(city);
    assert!(flow.walk(&browser, &account).await.parameter("code").is_some());
    let page = browser.get(&flow.url()).await;
    assert!(page.parameter("code").is_some(), "{}\n{}", page.url, page.text());
    let page = browser.get(&flow.clone().with("prompt", "login").url()).await;
    assert!(page.has_id("password"), "prompt=login asks again");
    let page = Browser::new().get(&flow.with("prompt", "none").url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"));
    assert_eq!(page.parameter("state").as_deref(), Some("state-1"));
    assert_eq!(page.parameter("iss").as_deref(), Some(city.issuer.as_str()));
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_gets_a_page_and_no_redirect() {
    let city = City::shared().await;
    for uri in [
        "http://127.0.0.1:9/cb?x=1",
        "http://127.0.0.1:9/cb/",
        "http://127.0.0.1:9/CB",
        "http://127.0.0.1:9/cb/../cb",
        "http://127.0.0.1:9/cb#x",
        "http://127.0.0.1.evil.example:9/cb",
        "http://evil@127.0.0.1:9/cb",
        "http://localhost:9/cb",
        "https://127.0.0.1:9/cb",
        "javascript:alert(1)",
        "",
    ] {
        let answer = client().get(Flow::new(city).with("redirect_uri", uri).url()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{uri}");
        assert!(answer.headers().get("location").is_none(), "{uri}");
        assert!(answer.text().await.unwrap().contains("id=\"error\""), "{uri}");
    }
    let answer = client().get(Flow::new(city).with("client_id", "nobody").url()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let twice = format!("{}&state=other", Flow::new(city).url());
    let answer = client().get(twice).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(answer.headers().get("location").is_none());
}

#[tokio::test]
async fn a_request_without_pkce_or_with_a_weak_one_goes_back_with_an_error() {
    let city = City::shared().await;
    let check = async |flow: Flow<'_>, error: &str| {
        let page = Browser::new().get(&flow.url()).await;
        assert_eq!(page.parameter("error").as_deref(), Some(error), "{}", page.url);
        assert_eq!(page.parameter("state").as_deref(), Some("state-1"));
        assert!(page.parameter("code").is_none());
    };
    check(Flow::new(city).with("code_challenge", ""), "invalid_request").await;
    check(Flow::new(city).with("code_challenge_method", "plain"), "invalid_request").await;
    check(Flow::new(city).with("code_challenge_method", ""), "invalid_request").await;
    check(Flow::new(city).with("code_challenge", "short"), "invalid_request").await;
    check(Flow::new(city).with("response_type", "token"), "unsupported_response_type").await;
    check(Flow::new(city).with("scope", "openid licence:verify"), "invalid_scope").await;
    check(Flow::new(city).with("request", "e30.e30."), "request_not_supported").await;
}

#[tokio::test]
async fn a_code_is_worth_nothing_twice_and_takes_its_tokens_with_it() {
    let city = City::shared().await;
    let flow = Flow::new(city);
    let page = flow.walk(&Browser::new(), &city.citizen(4)).await;
    let code = page.parameter("code").unwrap();
    let (status, tokens) = flow.redeem(&code, VERIFIER).await;
    assert_eq!(status, StatusCode::OK);
    let (status, answer) = flow.redeem(&code, VERIFIER).await;
    assert_eq!((status, &answer["error"]), (StatusCode::BAD_REQUEST, &Value::from("invalid_grant")));
    let status = client()
        .get(city.url("/userinfo"))
        .bearer_auth(tokens["access_token"].as_str().unwrap())
        .send()
        .await
        .unwrap()
        .status();
    assert_eq!(status, StatusCode::UNAUTHORIZED, "the first use's tokens are revoked");
}

#[tokio::test]
async fn a_code_needs_its_verifier_its_redirect_uri_and_its_client() {
    let city = City::shared().await;
    let account = city.citizen(5);
    let browser = Browser::new();
    let flow = Flow::new(city);
    let refused = async |name: &str, answer: (StatusCode, Value), error: &str| {
        assert_eq!(answer.1["error"], error, "{name}: {}", answer.1);
    };
    let code = flow.walk(&browser, &account).await.parameter("code").unwrap();
    let wrong = "a".repeat(43);
    refused("another verifier", flow.redeem(&code, &wrong).await, "invalid_grant").await;
    let code = flow.walk(&browser, &account).await.parameter("code").unwrap();
    let answer = flow
        .token(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", "http://127.0.0.1:9/other"),
            ("code_verifier", VERIFIER),
        ])
        .await;
    refused("another redirect URI", answer, "invalid_grant").await;
    let code = flow.walk(&browser, &account).await.parameter("code").unwrap();
    let answer = flow
        .token(&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &flow.redirect_uri)])
        .await;
    let (status, body) = answer;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &Value::from("invalid_grant")), "no verifier");
    let mut other = flow.clone();
    other.client_secret = Some("wrong".to_owned());
    let code = flow.walk(&browser, &account).await.parameter("code").unwrap();
    let (status, body) = other.redeem(&code, VERIFIER).await;
    assert_eq!((status, &body["error"]), (StatusCode::UNAUTHORIZED, &Value::from("invalid_client")));
    let (status, _) = flow.redeem(&code, VERIFIER).await;
    assert_eq!(status, StatusCode::OK, "a thief without the secret cannot spoil the code");
}

#[tokio::test]
async fn a_consent_that_was_refused_lets_nobody_in() {
    let city = City::shared().await;
    let browser = Browser::new();
    // This application asks for the identity number, so its consent is asked for.
    let app = city.facts["apps"][0]["url"].as_str().unwrap();
    let page = browser.get(&format!("{app}/enter")).await;
    let page = city.sign_in_at(&browser, page, &city.citizen(6)).await;
    assert!(page.has_id("deny"), "{}\n{}", page.url, page.text());
    let page = browser.submit(&page, page.form("deny"), "deny").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.url.contains("error=access_denied") && page.has_id("error"), "{}", page.url);
    assert!(!browser.get(app).await.has_id("who"));
}

#[tokio::test]
async fn a_consent_is_remembered_until_it_is_withdrawn() {
    let city = City::shared().await;
    let browser = Browser::new();
    let app = city.facts["apps"][0]["url"].as_str().unwrap();
    let page = browser.get(&format!("{app}/enter")).await;
    let page = city.sign_in_at(&browser, page, &city.citizen(12)).await;
    assert!(page.has_id("allow"), "{}\n{}", page.url, page.text());
    let page = browser.submit(&page, page.form("allow"), "allow").await;
    assert!(page.has_id("who"), "{}\n{}", page.url, page.text());
    let page = browser.get(&format!("{app}/login")).await;
    assert!(page.has_id("who"), "not asked a second time: {}", page.url);
    let page = browser.get(&city.url("/me/apps")).await;
    let form = tests::html::forms(&page.body).into_iter().find(|form| form.action.ends_with("/withdraw")).unwrap();
    browser.submit(&page, form, "").await;
    let page = browser.get(&format!("{app}/login")).await;
    assert!(page.has_id("allow"), "asked again: {}", page.url);
}
