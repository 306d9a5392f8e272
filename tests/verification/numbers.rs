//! Codes and identifiers.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{browser::client, city::City};

async fn verify(city: &City, token: &str, body: &Value) -> (StatusCode, Value) {
    let request = client().post(city.url("/api/v1/verifications")).bearer_auth(token).json(body);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn each_state_has_its_outcome_by_code_and_by_identifier() {
    let city = City::shared().await;
    let token = city.api_token().await;
    for (state, outcome) in [
        ("valid", "valid"),
        ("suspended", "invalid"),
        ("revoked", "invalid"),
        ("expired", "invalid"),
        ("superseded", "invalid"),
    ] {
        let licence = city.licence(state);
        let code = licence["code"].as_str().unwrap();
        for body in [
            json!({"code": code}),
            json!({"code": city.url(&format!("/V/{code}")).to_uppercase()}),
            json!({"code": code, "identifier": licence["identifier"]}),
            json!({"identifier": licence["identifier"]}),
        ] {
            let (status, verdict) = verify(city, &token, &body).await;
            assert_eq!(status, StatusCode::OK, "{verdict}");
            assert_eq!(verdict["outcome"], outcome, "{state} {verdict}");
            assert_eq!(verdict["licence"]["status"], state, "{verdict}");
            assert_eq!(verdict["licence"]["identifier"], licence["identifier"]);
            assert!(verdict["receipt"].is_string() && verdict["holds_at"].is_string(), "{verdict}");
            let holder = verdict["licence"]["holder"].as_str().unwrap();
            let is_company = licence["type"] == "11100000MB0143028R001";
            assert_eq!(
                holder.contains('*'),
                !is_company,
                "a person is masked, and what a company is called is public: {holder}"
            );
            let failed = verdict["checks"].as_array().unwrap().iter().any(|check| check["result"] == "failed");
            assert_eq!(failed, outcome == "invalid", "{verdict}");
            for check in verdict["checks"].as_array().unwrap() {
                assert!(check["text"]["zh"].is_string() && check["text"]["en"].is_string(), "{check}");
            }
        }
    }
}

#[tokio::test]
async fn each_verification_has_a_receipt_of_its_own() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let body = json!({"code": city.licence("valid")["code"]});
    let (_, first) = verify(city, &token, &body).await;
    let (_, second) = verify(city, &token, &body).await;
    assert_ne!(first["receipt"], second["receipt"]);
}

#[tokio::test]
async fn what_we_never_issued_is_invalid_and_says_so() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let code = city.licence("valid")["code"].as_str().unwrap().to_owned();
    let last = code.chars().last().unwrap().to_digit(10).unwrap();
    let changed = format!("{}{}", &code[..code.len() - 1], (last + 1) % 10);
    let identifier = city.licence("valid")["identifier"].as_str().unwrap().to_owned();
    let wrong = if identifier.ends_with('A') { "B" } else { "A" };
    let wrong = format!("{}{wrong}", &identifier[..identifier.len() - 1]);
    let nobody = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F";
    for (name, body, outcome, reason) in [
        ("a mistyped code", json!({"code": changed}), "unverifiable", "mistyped"),
        ("a code of nobody", json!({"code": with_check_digit("31415926535897932384")}), "invalid", "unknown_number"),
        ("a code with digits missing", json!({"code": "123456789012345678"}), "unverifiable", "mistyped"),
        (
            "a QR of another system",
            json!({"code": "https://elsewhere.example/q?id=42"}),
            "unverifiable",
            "not_our_code",
        ),
        ("a mistyped identifier", json!({"identifier": wrong}), "unverifiable", "mistyped"),
        ("an identifier of nobody", json!({"identifier": nobody}), "invalid", "unknown_number"),
    ] {
        let (status, verdict) = verify(city, &token, &body).await;
        assert_eq!(status, StatusCode::OK, "{name}: {verdict}");
        assert_eq!(verdict["outcome"], outcome, "{name}: {verdict}");
        assert!(verdict["licence"].is_null(), "{name}: {verdict}");
        assert!(verdict["checks"].as_array().unwrap().iter().any(|check| check["result"] != "passed"), "{verdict}");
        let written = super::files::written(city, verdict["receipt"].as_str().unwrap()).await;
        let expected = (outcome.to_owned(), Some(reason.to_owned()), vec!["licence.verified".to_owned()]);
        assert_eq!(written, expected, "{name}");
    }
}

#[tokio::test]
async fn a_request_that_asks_nothing_or_two_things_is_a_problem() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let of_two = json!({"code": city.licence("valid")["code"], "identifier": city.licence("revoked")["identifier"]});
    let of_none = json!({"code": city.licence("valid")["code"], "identifier": "2"});
    for body in [of_two, of_none] {
        let (status, problem) = verify(city, &token, &body).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("numbers_disagree")), "{body}");
    }
    for body in [json!({}), json!({"code": ""}), json!({"code": 7}), json!({"code": "1", "identifier": 2}), json!([])] {
        let (status, problem) = verify(city, &token, &body).await;
        assert!(status.is_client_error(), "{body}: {status} {problem}");
    }
    let answer = client().post(city.url("/api/v1/verifications")).json(&json!({"code": "1"})).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_public_page_shows_the_state_and_a_masked_holder() {
    let city = City::shared().await;
    for (state, word) in [("valid", "有效"), ("revoked", "无效"), ("suspended", "无效")] {
        let code = city.licence(state)["code"].as_str().unwrap();
        for path in ["/V/", "/v/"] {
            let answer = client().get(city.url(&format!("{path}{code}"))).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            let page = tests::html::plain(&answer.text().await.unwrap());
            assert!(page.contains(word), "{state}: {page}");
        }
    }
    let answer = client().get(city.url("/V/000000000000")).send().await.unwrap();
    assert!(!answer.status().is_server_error());
}

/// Twenty digits with the one that ISO 7064 MOD 11,10 puts behind them.
fn with_check_digit(digits: &str) -> String {
    let rest = digits.chars().fold(10, |rest, digit| {
        let sum = (rest + digit.to_digit(10).unwrap()) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    format!("{digits}{}", (11 - rest) % 10)
}
