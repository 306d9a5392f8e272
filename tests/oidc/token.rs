//! The token endpoint beyond codes: machines, refresh tokens, and requests that are not what they should be.

use reqwest::StatusCode;
use serde_json::Value;
use tests::{
    browser::{Browser, client},
    city::City,
    flow::{Flow, VERIFIER},
};

async fn refreshable(city: &City, citizen: usize) -> (Flow<'_>, Value) {
    let flow = Flow::new(city).with("scope", "openid offline_access");
    let page = flow.walk(&Browser::new(), &city.citizen(citizen)).await;
    let code = page.parameter("code").unwrap_or_else(|| panic!("{}\n{}", page.url, page.text()));
    let (status, tokens) = flow.redeem(&code, VERIFIER).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    (flow, tokens)
}

#[tokio::test]
async fn a_refresh_token_is_replaced_at_each_use() {
    let city = City::shared().await;
    let (flow, tokens) = refreshable(city, 7).await;
    let first = tokens["refresh_token"].as_str().unwrap();
    let (status, second) = flow.token(&[("grant_type", "refresh_token"), ("refresh_token", first)]).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_ne!(second["refresh_token"], tokens["refresh_token"]);
    // A client that lost the answer asks again within seconds: that is not a theft.
    let (status, again) = flow.token(&[("grant_type", "refresh_token"), ("refresh_token", first)]).await;
    assert_eq!(status, StatusCode::OK, "{again}");
    let next = second["refresh_token"].as_str().unwrap();
    let (status, third) = flow.token(&[("grant_type", "refresh_token"), ("refresh_token", next)]).await;
    assert_eq!(status, StatusCode::OK, "{third}");
}

#[tokio::test]
async fn what_is_not_a_refresh_token_is_refused_without_saying_why() {
    let city = City::shared().await;
    let (flow, tokens) = refreshable(city, 8).await;
    let access = tokens["access_token"].as_str().unwrap();
    for (wrong, error) in [(access, "invalid_grant"), ("x", "invalid_grant"), (&"a".repeat(5000), "invalid_grant")] {
        let (status, answer) = flow.token(&[("grant_type", "refresh_token"), ("refresh_token", wrong)]).await;
        assert_eq!((status, &answer["error"]), (StatusCode::BAD_REQUEST, &Value::from(error)), "{wrong}");
    }
}

#[tokio::test]
async fn a_machine_gets_a_token_for_its_scopes_and_no_other() {
    let city = City::shared().await;
    let token = city.api_token().await;
    assert!(token.len() > 20);
    let flow = Flow::new(city);
    let (status, answer) = flow.token(&[("grant_type", "client_credentials"), ("scope", "licence:issue")]).await;
    assert!(status.is_client_error(), "a client of people is no machine: {answer}");
    let (status, answer) = flow.token(&[("grant_type", "password"), ("username", "a"), ("password", "b")]).await;
    assert_eq!((status, &answer["error"]), (StatusCode::BAD_REQUEST, &Value::from("unsupported_grant_type")));
}

#[tokio::test]
async fn a_token_answer_is_never_cached() {
    let city = City::shared().await;
    let facts = city.client(|one| tests::city::contains(&one["grants"], "client_credentials"));
    let answer = client()
        .post(city.url("/token"))
        .form(&[
            ("grant_type", "client_credentials"),
            ("client_id", facts["client_id"].as_str().unwrap()),
            ("client_secret", facts["client_secret"].as_str().unwrap()),
        ])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_the_callers_fault() {
    let city = City::shared().await;
    // 姓名 in GBK, not UTF-8.
    let gbk = b"grant_type=authorization_code&code=\xd0\xd5\xc3\xfb".to_vec();
    for (kind, body) in [
        ("application/json", b"{\"grant_type\":\"client_credentials\"}".to_vec()),
        ("application/x-www-form-urlencoded", gbk),
        ("application/x-www-form-urlencoded", b"grant_type=%ff%fe".to_vec()),
        ("application/x-www-form-urlencoded", b"grant_type=authorization_code&grant_type=refresh_token".to_vec()),
        ("application/x-www-form-urlencoded", vec![b'a'; 3 * 1024 * 1024]),
    ] {
        let length = body.len();
        let answer = client().post(city.url("/token")).header("content-type", kind).body(body).send().await;
        let Ok(answer) = answer else { continue };
        assert!(answer.status().is_client_error(), "{kind} {length}: {}", answer.status());
    }
}

#[tokio::test]
async fn userinfo_needs_a_token_that_is_ours() {
    let city = City::shared().await;
    let answer = client().get(city.url("/userinfo")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    let answer = client().get(city.url("/userinfo")).bearer_auth("e30.e30.e30").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let machine = city.api_token().await;
    let answer = client().get(city.url("/userinfo")).bearer_auth(machine).send().await.unwrap();
    assert!(answer.status().is_client_error(), "a machine is nobody");
}

/// Sends a token request with these fields and no header.
async fn bare(city: &City, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let answer = client().post(city.url("/token")).form(fields).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_client_without_a_secret_signs_in_and_refreshes() {
    let city = City::shared().await;
    let account = city.citizen(13);
    let mut flow = Flow::new(city)
        .with("client_id", "public-app")
        .with("redirect_uri", "http://127.0.0.1:9/app")
        .with("scope", "openid profile offline_access");
    (flow.client_id, flow.redirect_uri) = ("public-app".to_owned(), "http://127.0.0.1:9/app".to_owned());
    let unprotected = Browser::new().get(&flow.clone().with("code_challenge", "").url()).await;
    assert_eq!(unprotected.parameter("error").as_deref(), Some("invalid_request"), "nothing exempts it from PKCE");
    let code = flow.walk(&Browser::new(), &account).await.parameter("code").unwrap();
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "public-app"),
        ("redirect_uri", "http://127.0.0.1:9/app"),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
    ];
    form.push(("client_secret", "guess"));
    let (status, answer) = bare(city, &form).await;
    assert_eq!((status, &answer["error"]), (StatusCode::UNAUTHORIZED, &Value::from("invalid_client")));
    form.pop();
    let (status, tokens) = bare(city, &form).await;
    assert_eq!(status, StatusCode::OK, "a wrong guess spoils nothing: {tokens}");
    let old = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("client_id", "public-app"), ("refresh_token", old)];
    let (status, next) = bare(city, &again).await;
    assert_eq!(status, StatusCode::OK, "{next}");
    assert_ne!(next["refresh_token"], tokens["refresh_token"], "rotated");
    let person: Value = city.userinfo(&next).await;
    assert_eq!(person["name"], account.name.as_str());
}

#[tokio::test]
async fn a_secret_in_the_form_is_as_good_as_one_in_the_header() {
    let city = City::shared().await;
    let flow = Flow::new(city);
    let code = flow.walk(&Browser::new(), &city.citizen(14)).await.parameter("code").unwrap();
    let secret = flow.client_secret.clone().unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", flow.client_id.as_str()),
        ("client_secret", secret.as_str()),
        ("redirect_uri", flow.redirect_uri.as_str()),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let (status, answer) = flow.token(&form).await;
    assert_eq!((status, &answer["error"]), (StatusCode::BAD_REQUEST, &Value::from("invalid_request")), "both at once");
    let (status, tokens) = bare(city, &form).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
}
