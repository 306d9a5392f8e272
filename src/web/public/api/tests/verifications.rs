//! `POST /api/v1/verifications`: repeated, mistaken, and of every kind.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::{Answer, Office, office};

const PATH: &str = "/api/v1/verifications";

async fn verify(office: &Office, key: Option<&str>, body: &Value) -> Answer {
    office.call(Method::POST, PATH, key, &body.to_string()).await
}

/// A form with these parts, each a name and its bytes.
async fn send(office: &Office, key: Option<&str>, boundary: &str, parts: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        let head =
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.pdf\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let mut request = Request::post(PATH)
        .header(header::AUTHORIZATION, format!("Bearer {}", office.token))
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"));
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    office.send(request.body(Body::from(body)).unwrap()).await
}

/// The document of a licence.
async fn document(office: &Office, id: &str) -> Vec<u8> {
    let id = base::id::LicenceId::parse(id).unwrap();
    office.app.library.safe.document(&mut office.app.database.read().await.unwrap(), &id).await.unwrap().1
}

/// Receipts, events of verification and kept answers of verifications.
async fn traces(office: &Office) -> [i64; 3] {
    [
        office.count("select count(*) from verification").await,
        office.count("select count(*) from event where kind = 'licence.verified'").await,
        office.count("select count(*) from idempotency where body like '%receipt%'").await,
    ]
}

#[tokio::test]
async fn a_repeated_verification_gets_the_first_answer_under_one_receipt_for_as_long_as_it_is_true() {
    let office = office().await;
    let licence = office.issue("k").await.json();
    let by_code = json!({ "code": licence["code"] });
    let first = verify(&office, Some("v"), &by_code).await;
    assert_eq!((first.status, &first.json()["outcome"]), (StatusCode::OK, &json!("valid")), "{}", first.text);
    for _ in 0..3 {
        let again = verify(&office, Some("v"), &by_code).await;
        assert_eq!((again.status, &again.text), (StatusCode::OK, &first.text));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(again.headers[header::CONTENT_TYPE], "application/json");
    }
    assert_eq!(traces(&office).await, [1, 1, 1]);
    // What is true no more is not said again: the same request has another answer, which is then the one that is kept.
    let path = format!("/api/v1/licences/{}/revoke", licence["id"].as_str().unwrap());
    office.call(Method::POST, &path, Some("r"), r#"{"reason":"penalty"}"#).await;
    let anew = verify(&office, Some("v"), &by_code).await;
    let said = anew.json();
    assert_eq!((&said["outcome"], &said["reason"]), (&json!("invalid"), &json!("revoked")), "{}", anew.text);
    assert_ne!(said["receipt"], first.json()["receipt"]);
    assert!(!anew.headers.contains_key("idempotency-replayed"));
    let again = verify(&office, Some("v"), &by_code).await;
    assert_eq!((&again.text, &again.headers["idempotency-replayed"]), (&anew.text, &"true".parse().unwrap()));
    assert_eq!(traces(&office).await, [2, 2, 1]);
}

#[tokio::test]
async fn the_key_of_one_verification_is_refused_for_another() {
    let office = office().await;
    let licence = office.issue("k").await.json();
    verify(&office, Some("v"), &json!({ "code": licence["code"] })).await;
    let pdf = document(&office, licence["id"].as_str().unwrap()).await;
    let other = verify(&office, Some("v"), &json!({ "identifier": licence["identifier"] })).await;
    let file = send(&office, Some("v"), "b", &[("file", &pdf)]).await;
    // The key of an issue is no key for a verification either.
    let foreign = verify(&office, Some("k"), &json!({ "code": licence["code"] })).await;
    for refused in [other, file, foreign] {
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.code(), "idempotency_key_reused");
        assert_eq!(refused.headers[header::CONTENT_TYPE], "application/problem+json");
    }
    assert_eq!(traces(&office).await, [1, 1, 1]);
    for wrong in ["", " ", "k k", &"k".repeat(256)] {
        let refused = verify(&office, Some(wrong), &json!({ "code": licence["code"] })).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::BAD_REQUEST, "idempotency_key"), "{wrong}");
    }
    assert_eq!(traces(&office).await, [1, 1, 1]);
    let longest = "k".repeat(255);
    assert_eq!(verify(&office, Some(&longest), &json!({ "code": licence["code"] })).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_file_sent_again_in_another_form_is_the_same_request() {
    let office = office().await;
    let licence = office.issue("k").await.json();
    let pdf = document(&office, licence["id"].as_str().unwrap()).await;
    let first = send(&office, Some("f"), "one", &[("file", &pdf)]).await;
    assert_eq!((first.status, &first.json()["outcome"]), (StatusCode::OK, &json!("valid")), "{}", first.text);
    // Every program draws a new boundary for each try.
    let again = send(&office, Some("f"), "another", &[("file", &pdf)]).await;
    assert_eq!((&again.text, &again.headers["idempotency-replayed"]), (&first.text, &"true".parse().unwrap()));
    let mut altered = pdf.clone();
    let last = altered.len() - 100;
    altered[last] ^= 1;
    let other = send(&office, Some("f"), "one", &[("file", &altered)]).await;
    assert_eq!((other.status, other.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"));
    assert_eq!(traces(&office).await, [1, 1, 1]);
}

#[tokio::test]
async fn without_a_key_each_verification_is_a_new_one_and_no_answer_is_kept() {
    let office = office().await;
    let licence = office.issue("k").await.json();
    let first = verify(&office, None, &json!({ "code": licence["code"] })).await.json();
    let second = verify(&office, None, &json!({ "code": licence["code"] })).await.json();
    assert_ne!(first["receipt"], second["receipt"]);
    assert_eq!(traces(&office).await, [2, 2, 0]);
}

#[tokio::test]
async fn one_verification_sent_many_times_at_once_has_one_receipt() {
    let office = office().await;
    let licence = office.issue("k").await.json();
    let body = json!({ "code": licence["code"] });
    let one = async || verify(&office, Some("v"), &body).await;
    let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
    for answer in [&a, &b, &c, &d] {
        assert_eq!((answer.status, &answer.text), (StatusCode::OK, &a.text));
    }
    assert_eq!(traces(&office).await, [1, 1, 1]);
}

#[tokio::test]
async fn a_verification_that_is_refused_claims_nothing() {
    let office = office().await;
    let refused = verify(&office, Some("v"), &json!({ "code": "" })).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields"));
    let nothing = send(&office, Some("v"), "b", &[("file", b"")]).await;
    assert_eq!(nothing.json()["errors"][0]["pointer"], "/file", "{}", nothing.text);
    let more = send(&office, Some("v"), "b", &[("code", b"1"), ("file", b"%PDF-")]).await;
    assert_eq!(
        (more.status, &more.json()["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/code"))
    );
    assert_eq!(traces(&office).await, [0, 0, 0]);
    assert_eq!(office.count("select count(*) from idempotency").await, 0);
    let unknown = verify(&office, Some("v"), &json!({ "code": "no number" })).await;
    assert_eq!((unknown.status, &unknown.json()["outcome"]), (StatusCode::OK, &json!("unverifiable")));
    assert_eq!(traces(&office).await, [1, 1, 1]);
}

#[tokio::test]
async fn a_number_is_read_up_to_its_limit_and_a_form_of_so_many_parts() {
    let office = office().await;
    let asked = |length: usize| json!({ "code": "文".repeat(length) });
    let longest = verify(&office, None, &asked(crate::kit::limits::NUMBER_CHARACTERS_MAX)).await;
    assert_eq!((longest.status, &longest.json()["outcome"]), (StatusCode::OK, &json!("unverifiable")));
    let longer = verify(&office, None, &asked(crate::kit::limits::NUMBER_CHARACTERS_MAX + 1)).await;
    assert_eq!(longer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let error = &longer.json()["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/code"), &json!("too_long")));
    let names: Vec<String> = (0..=crate::kit::limits::FIELDS_MAX).map(|n| format!("p{n}")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let many = send(&office, None, "b", &parts).await;
    assert_eq!((many.status, many.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    let fewer = send(&office, None, "b", &parts[1..]).await;
    assert_eq!((fewer.status, fewer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields"));
    let twice = send(&office, None, "b", &[("file", b"%PDF-1"), ("file", b"%PDF-2")]).await;
    assert_eq!((twice.status, twice.code().as_str()), (StatusCode::BAD_REQUEST, "duplicate_field"));
    // Only the number that could be read was answered.
    assert_eq!(traces(&office).await, [1, 1, 0]);
}

#[tokio::test]
async fn a_file_under_another_name_is_read_past_and_the_missing_one_named() {
    let office = office().await;
    for length in [1, crate::kit::limits::FORM_BYTES_MAX + 1] {
        let answer = send(&office, None, "b", &[("datei", &vec![b'x'; length])]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        let errors = answer.json()["errors"].clone();
        let told: Vec<_> = errors.as_array().unwrap().iter().map(|e| (&e["pointer"], &e["code"])).collect();
        let expected = [(&json!("/file"), &json!("missing")), (&json!("/datei"), &json!("unknown_member"))];
        assert_eq!(told, expected);
    }
    assert_eq!(traces(&office).await, [0, 0, 0]);
}

/// What somebody is told who opens an address is what a system is told that asks about it.
#[tokio::test]
async fn the_page_and_the_api_give_one_answer_to_one_address() {
    let office = office().await;
    let (valid, revoked) = (office.issue("a").await.json(), office.issue("b").await.json());
    let path = format!("/api/v1/licences/{}/revoke", revoked["id"].as_str().unwrap());
    office.call(Method::POST, &path, Some("r"), r#"{"reason":"penalty"}"#).await;
    let [valid, revoked] = [&valid, &revoked].map(|licence| licence["code"].as_str().unwrap());
    let identifier = office.issue("c").await.json()["identifier"].as_str().unwrap().to_owned();
    for (rest, outcome, reason) in [
        (valid.to_owned(), "valid", None),
        (identifier, "valid", None),
        (format!("{valid}?from=timeline"), "valid", None),
        (revoked.to_owned(), "invalid", Some("revoked")),
        (format!("{revoked}?x={valid}"), "unverifiable", Some("not_our_code")),
        (format!("{valid}/{revoked}"), "unverifiable", Some("not_our_code")),
        (format!("{valid}/1"), "unverifiable", Some("not_our_code")),
        (valid[1..].to_owned(), "unverifiable", Some("mistyped")),
    ] {
        let address = format!("{}/V/{rest}", office.app.settings.public_url);
        let told = verify(&office, None, &json!({ "code": address })).await.json();
        assert_eq!((&told["outcome"], &told["reason"]), (&json!(outcome), &json!(reason)), "{rest}");
        for letter in ["V", "v"] {
            let page = office.send(Request::get(format!("/{letter}/{rest}")).body(Body::empty()).unwrap()).await;
            assert!(page.text.contains(&format!("data-outcome=\"{outcome}\"")), "{rest}: {}", page.text);
            assert_eq!(page.status == StatusCode::OK, outcome != "unverifiable", "{rest}");
        }
    }
    // Behind any other address it is not ours, although the number is.
    let elsewhere = verify(&office, None, &json!({ "code": format!("HTTPS://EVIL.EXAMPLE/V/{valid}") })).await.json();
    assert_eq!((&elsewhere["outcome"], &elsewhere["licence"]), (&json!("unverifiable"), &json!(null)));
}

#[tokio::test]
async fn a_code_and_an_identifier_in_one_request_are_of_one_licence_or_it_is_refused() {
    let office = office().await;
    let (one, other) = (office.issue("a").await.json(), office.issue("b").await.json());
    let ask = async |code: &Value, identifier: &Value| {
        verify(&office, None, &json!({ "code": code, "identifier": identifier })).await
    };
    let agreed = ask(&one["code"], &one["identifier"]).await;
    assert_eq!((agreed.status, &agreed.json()["outcome"]), (StatusCode::OK, &json!("valid")));
    for (code, identifier) in [(&one["code"], &other["identifier"]), (&one["code"], &json!("1.2.156.3005.2.X"))] {
        let refused = ask(code, identifier).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "numbers_disagree"));
    }
    assert_eq!(traces(&office).await, [1, 1, 0], "what is refused is not written down");
}
