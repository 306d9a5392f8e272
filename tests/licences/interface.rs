//! The interface that a department's own system issues through, and the requests it may get wrong.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tests::{browser::client, city::City};

async fn send(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    let body: Value = answer.json().await.unwrap_or(Value::Null);
    if status.is_client_error() || status.is_server_error() {
        assert!(kind.starts_with("application/problem+json"), "{status} {kind} {body}");
    }
    (status, body)
}

/// A refusal in short.
fn told(status: StatusCode, problem: &Value) -> (u16, &str) {
    (status.as_u16(), problem["code"].as_str().unwrap_or_default())
}

async fn issue(city: &City, token: &str, key: &str, body: &Value) -> (StatusCode, Value) {
    let request = client().post(city.url("/api/v1/licences")).bearer_auth(token);
    send(request.header("idempotency-key", key).json(body)).await
}

#[tokio::test]
async fn the_same_request_under_the_same_key_issues_one_licence() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let body = city.facts["issue_example"].clone();
    let (status, first) = issue(city, &token, "interface-1", &body).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    let (status, again) = issue(city, &token, "interface-1", &body).await;
    assert!(status.is_success(), "{status} {again}");
    assert_eq!(first["id"], again["id"]);
    let mut other = body.clone();
    other["valid_from"] = json!("2020-01-01");
    let (status, problem) = issue(city, &token, "interface-1", &other).await;
    assert_eq!(told(status, &problem), (422, "idempotency_key_reused"), "{problem}");
    let (status, second) = issue(city, &token, "interface-2", &body).await;
    assert_eq!(status, StatusCode::CREATED, "{second}");
    assert_ne!(first["identifier"], second["identifier"]);
}

#[tokio::test]
async fn the_same_key_at_the_same_time_issues_one_licence() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let body = city.facts["issue_example"].clone();
    let one = async || issue(city, &token, "interface-at-once", &body).await;
    let answers = tokio::join!(one(), one(), one(), one());
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let mut identifiers: Vec<&str> = Vec::new();
    for (status, answer) in &answers {
        match *status {
            StatusCode::CREATED | StatusCode::OK => identifiers.push(answer["identifier"].as_str().unwrap()),
            StatusCode::CONFLICT => {}
            other => panic!("{other} {answer}"),
        }
    }
    assert!(!identifiers.is_empty());
    identifiers.dedup();
    assert_eq!(identifiers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn without_a_key_a_token_or_the_scope_nothing_is_issued() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let body = city.facts["issue_example"].clone();
    let url = city.url("/api/v1/licences");
    let (status, problem) = send(client().post(&url).bearer_auth(&token).json(&body)).await;
    assert_eq!(told(status, &problem), (400, "idempotency_key"));
    let (status, problem) = send(client().post(&url).header("idempotency-key", "k").json(&body)).await;
    assert_eq!(told(status, &problem), (401, "token_missing"));
    let facts = city.client(|one| tests::city::contains(&one["scopes"], "licence:issue"));
    let narrow: Value = client()
        .post(city.url("/token"))
        .basic_auth(facts["client_id"].as_str().unwrap(), facts["client_secret"].as_str())
        .form(&[("grant_type", "client_credentials"), ("scope", "licence:verify")])
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let narrow = narrow["access_token"].as_str().unwrap();
    let (status, problem) = issue(city, narrow, "interface-narrow", &body).await;
    assert_eq!(told(status, &problem), (403, "insufficient_scope"));
}

#[tokio::test]
async fn one_person_cannot_be_clerk_and_reviewer() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let mut body = city.facts["issue_example"].clone();
    body["reviewer"] = body["clerk"].clone();
    let (status, problem) = issue(city, &token, "interface-one-person", &body).await;
    assert_eq!(told(status, &problem), (403, "four_eyes"), "{problem}");
}

#[tokio::test]
async fn a_body_that_is_not_what_it_should_be_is_refused_by_name() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let good = city.facts["issue_example"].clone();
    let mut place = 0;
    let mut check = async |body: Value, status: u16, code: &str, pointers: &[&str]| {
        place += 1;
        let (answered, problem) = issue(city, &token, &format!("interface-bad-{place}"), &body).await;
        assert_eq!(told(answered, &problem), (status, code), "{body}: {problem}");
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        for pointer in pointers {
            assert!(errors.iter().any(|error| error["pointer"] == *pointer), "{pointer} in {problem}");
        }
    };
    check(json!({}), 422, "invalid_fields", &["/type", "/holder", "/fields", "/clerk", "/reviewer"]).await;
    check(json!([]), 400, "json_object", &[]).await;
    let mut unknown = good.clone();
    unknown["no_such_member"] = json!(1);
    check(unknown, 422, "invalid_fields", &["/no_such_member"]).await;
    let mut kind = good.clone();
    kind["type"] = json!("no-such-type");
    check(kind, 422, "type_unknown", &[]).await;
    let mut typo = good.clone();
    typo["holder"] = json!({"identity_number": "110105194912310021"});
    check(typo, 422, "invalid_fields", &["/holder/identity_number"]).await;
    let mut long = good.clone();
    long["fields"]["legal_representative"] = json!("王".repeat(200));
    check(long, 422, "invalid_fields", &["/fields/legal_representative"]).await;
    let request = client().post(city.url("/api/v1/licences")).bearer_auth(&token).header("idempotency-key", "bad-json");
    let (status, problem) = send(request.header("content-type", "application/json").body("{\"type\": ")).await;
    assert_eq!(told(status, &problem), (400, "json_broken"));
    // 姓名 in GBK is not JSON text at all.
    let request = client().post(city.url("/api/v1/licences")).bearer_auth(&token).header("idempotency-key", "gbk");
    let (status, problem) =
        send(request.header("content-type", "application/json").body(b"{\"type\":\"\xd0\xd5\"}".to_vec())).await;
    assert_eq!(told(status, &problem), (400, "json_encoding"));
}

#[tokio::test]
async fn a_licence_is_suspended_reinstated_and_revoked_and_the_verdict_follows() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let (status, licence) = issue(city, &token, "interface-life", &city.facts["issue_example"]).await;
    assert_eq!(status, StatusCode::CREATED, "{licence}");
    let id = licence["id"].as_str().unwrap();
    let act = async |name: &str, body: Value| {
        let url = city.url(&format!("/api/v1/licences/{id}/{name}"));
        send(client().post(url).bearer_auth(&token).header("idempotency-key", format!("life-{name}")).json(&body)).await
    };
    let verdict = async || {
        let request = client().post(city.url("/api/v1/verifications")).bearer_auth(&token);
        let body = json!({"identifier": licence["identifier"]});
        let (status, verdict) = send(request.json(&body)).await;
        assert_eq!(status, StatusCode::OK, "{verdict}");
        (verdict["outcome"].as_str().unwrap().to_owned(), verdict["licence"]["status"].as_str().unwrap().to_owned())
    };
    let pair = |outcome: &str, status: &str| (outcome.to_owned(), status.to_owned());
    assert_eq!(verdict().await, pair("valid", "valid"));
    let (status, answer) = act("suspend", reason("suspend")).await;
    assert!(status.is_success(), "{status} {answer}");
    assert_eq!(verdict().await, pair("invalid", "suspended"));
    let (status, answer) = act("reinstate", json!({})).await;
    assert!(status.is_success(), "{status} {answer}");
    assert_eq!(verdict().await, pair("valid", "valid"));
    let (status, answer) = act("revoke", reason("revoke")).await;
    assert!(status.is_success(), "{status} {answer}");
    assert_eq!(verdict().await, pair("invalid", "revoked"));
    let (status, problem) = send(
        client()
            .post(city.url(&format!("/api/v1/licences/{id}/reinstate")))
            .bearer_auth(&token)
            .header("idempotency-key", "life-reinstate-2")
            .json(&json!({})),
    )
    .await;
    assert_eq!(told(status, &problem), (409, "already_revoked"), "revoking is final");
}

fn reason(act: &str) -> Value {
    let reason = if act == "revoke" { "issued_in_error" } else { "investigation" };
    json!({"reason": reason})
}
