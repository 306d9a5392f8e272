//! The description against what is really answered.

use std::net::IpAddr;

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Map, Value, json};

use super::{Answer, Office, office};
use crate::kit::limits::REQUESTS_EACH_MAX;

/// Why a value is not what a schema says; none when it is. As much of JSON Schema as the description uses.
fn misfit(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return misfit(root, root.pointer(&reference[1..]).unwrap(), value, at);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds: Vec<&Value> = match &schema["type"] {
        Value::Null => vec![],
        Value::Array(kinds) => kinds.iter().collect(),
        one => vec![one],
    };
    if !kinds.is_empty() && !kinds.iter().any(|one| *one == kind) {
        return Some(format!("{at}: {kind} instead of {kinds:?}"));
    }
    if schema["enum"].as_array().is_some_and(|choices| !choices.contains(value)) {
        return Some(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    match value {
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(n, item)| misfit(root, &schema["items"], item, &format!("{at}/{n}")))
        }
        Value::Object(members) => misfit_of_members(root, schema, members, at),
        _ => None,
    }
}

fn misfit_of_members(root: &Value, schema: &Value, members: &Map<String, Value>, at: &str) -> Option<String> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    if let Some(missing) = required.iter().find(|name| !members.contains_key(name.as_str().unwrap())) {
        return Some(format!("{at}: {missing} is missing"));
    }
    members.iter().find_map(|(name, value)| match schema["properties"].get(name) {
        None => Some(format!("{at}/{name} is not described")),
        Some(schema) => misfit(root, schema, value, &format!("{at}/{name}")),
    })
}

/// What the description says of one operation, and whether an answer is that.
struct Described(Value);

impl Described {
    fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let pointer = format!("/paths/{}/{}", path.replace('/', "~1"), method.as_str().to_lowercase());
        let operation = self.0.pointer(&pointer).unwrap_or_else(|| panic!("{pointer}"));
        let status = answer.status.as_str();
        let mut response = &operation["responses"][status];
        assert!(!response.is_null(), "{method} {path} answers {status}, which is not described: {}", answer.text);
        if let Some(reference) = response["$ref"].as_str() {
            response = self.0.pointer(&reference[1..]).unwrap();
        }
        let kind = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
        let content = &response["content"][kind];
        assert!(!content.is_null(), "{method} {path} {status}: {kind} is not described");
        if !content["schema"].is_null() {
            let misfit = misfit(&self.0, &content["schema"], &answer.json(), "");
            assert_eq!(misfit, None, "{method} {path} {status}: {}", answer.text);
        }
        for name in response["headers"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()) {
            // The others come with some of the answers only.
            if ["Location", "Retry-After"].contains(&name) || (name == "WWW-Authenticate" && status == "401") {
                assert!(answer.headers.contains_key(name), "{method} {path} {status}: no {name}");
            }
        }
        if answer.status.is_client_error() {
            let problem = answer.json();
            assert_eq!(problem["status"], answer.status.as_u16());
            assert!(!problem["detail"].as_str().unwrap().is_empty() && !problem["title"].as_str().unwrap().is_empty());
        }
    }
}

impl Office {
    /// Sends bytes and checks the answer against the description of this pattern.
    async fn probe(&self, described: &Described, route: (&Method, &str, &str), sent: &Sent<'_>) -> Answer {
        let (method, pattern, path) = route;
        let mut request = Request::builder().method(method).uri(path);
        if !sent.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", sent.token));
        }
        for (name, value) in sent.headers {
            request = request.header(*name, *value);
        }
        let answer = self.send(request.body(Body::from(sent.body.to_vec())).unwrap()).await;
        described.check(method, pattern, &answer);
        answer
    }

    /// Every operation, with a body that it accepts.
    fn routes(&self) -> [(Method, &'static str, String); 8] {
        [
            (Method::GET, "/api/v1/licences", String::new()),
            (Method::POST, "/api/v1/licences", self.example().to_string()),
            (Method::GET, "/api/v1/licences/{id}", String::new()),
            (Method::GET, "/api/v1/licences/{id}/file.pdf", String::new()),
            (Method::POST, "/api/v1/licences/{id}/suspend", json!({ "reason": "violation" }).to_string()),
            (Method::POST, "/api/v1/licences/{id}/reinstate", "{}".to_owned()),
            (Method::POST, "/api/v1/licences/{id}/revoke", json!({ "reason": "fraud" }).to_string()),
            (Method::POST, "/api/v1/verifications", json!({ "code": "123" }).to_string()),
        ]
    }
}

struct Sent<'a> {
    token: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn every_answer_is_as_described() {
    let office = office().await;
    let document = office.send(Request::get("/openapi.json").body(Body::empty()).unwrap()).await.json();
    let described = Described(document);
    let id = office.issue("described").await.json()["id"].as_str().unwrap().to_owned();
    let routes = office.routes();
    let token = office.token.as_str();
    for (place, (method, pattern, body)) in routes.iter().enumerate() {
        let path = pattern.replace("{id}", &id);
        let route = (method, *pattern, path.as_str());
        let good = format!("good-{place}");
        let key = ("idempotency-key", good.as_str());
        let probe = async |token: &str, headers: &[(&str, &str)], body: &[u8]| {
            let answer = office.probe(&described, route, &Sent { token, headers, body }).await;
            (answer.status.as_u16(), if answer.status.is_success() { String::new() } else { answer.code() })
        };
        let told = |status: u16, code: &str| (status, code.to_owned());
        assert_eq!(probe("", &[JSON, key], body.as_bytes()).await, told(401, "token_missing"), "{pattern}");
        assert_eq!(probe("x", &[JSON, key], body.as_bytes()).await, told(401, "invalid_token"), "{pattern}");
        if *pattern == "/api/v1/verifications" {
            let narrow = probe(&office.foreign_token, &[JSON, key], body.as_bytes()).await;
            assert_eq!(narrow, told(403, "insufficient_scope"));
        }
        if pattern.contains("{id}") {
            let missing = path.replace(&id, "lic_00000000000000000000000000");
            for missing in [missing, path.replace(&id, "x"), path.replace(&id, "%ff")] {
                let sent = Sent { token, headers: &[JSON, ("idempotency-key", "m")], body: body.as_bytes() };
                let answer = office.probe(&described, (method, pattern, &missing), &sent).await;
                assert_eq!((answer.status.as_u16(), answer.code()), told(404, "not_found"), "{missing}");
            }
        }
        if *method == Method::POST {
            for (bytes, code) in [
                (&b""[..], "json_empty"),
                (b"{", "json_broken"),
                (b"[]", "json_object"),
                (b"\xef\xbb\xbf{}", "json_mark"),
                (b"{\"a\":\"\xd5\xc5\"}", "json_encoding"),
                (b"{\"a\":1,\"a\":2}", "json_duplicate"),
            ] {
                assert_eq!(probe(token, &[JSON, key], bytes).await, told(400, code), "{pattern}");
            }
            let deep = "{\"a\":".repeat(40) + &"}".repeat(40);
            assert_eq!(probe(token, &[JSON, key], deep.as_bytes()).await, told(400, "json_depth"), "{pattern}");
            assert_eq!(probe(token, &[JSON, key], &vec![b' '; 70_000]).await, told(413, "too_large"), "{pattern}");
            let unknown = probe(token, &[JSON, key], b"{\"no/such~member\":1}").await;
            assert_eq!(unknown, told(422, "invalid_fields"), "{pattern}");
            let packed = probe(token, &[JSON, key, ("content-encoding", "gzip")], body.as_bytes()).await;
            assert_eq!(packed, told(415, "content_encoding"), "{pattern}");
            let charset = ("content-type", "application/json; charset=gbk");
            assert_eq!(probe(token, &[charset, key], body.as_bytes()).await, told(415, "json_charset"), "{pattern}");
            let plain = ("content-type", "text/plain");
            assert_eq!(probe(token, &[plain, key], body.as_bytes()).await, told(415, "media_type"), "{pattern}");
            let wrong = ("idempotency-key", "a b");
            assert_eq!(probe(token, &[JSON, wrong], body.as_bytes()).await, told(400, "idempotency_key"), "{pattern}");
            let two = [JSON, key, ("idempotency-key", "second")];
            assert_eq!(probe(token, &two, body.as_bytes()).await, told(400, "idempotency_key"), "{pattern}");
        }
        let expected = if *pattern == "/api/v1/licences" && *method == Method::POST { 201 } else { 200 };
        assert_eq!(probe(token, &[JSON, key], body.as_bytes()).await.0, expected, "{pattern}");
        if *method == Method::POST {
            assert_eq!(probe(token, &[JSON, key], body.as_bytes()).await.0, expected, "{pattern}: again");
            let other = probe(token, &[JSON, key], &[body.as_bytes(), b" "].concat()).await;
            assert_eq!(other, told(422, "idempotency_key_reused"), "{pattern}");
        }
    }
    let after = ["suspend", "reinstate"].map(|act| (act, format!("/api/v1/licences/{{id}}/{act}")));
    for (act, pattern) in &after {
        let body = if *act == "suspend" { &br#"{"reason":"violation"}"#[..] } else { b"{}" };
        let sent = Sent { token, headers: &[JSON, ("idempotency-key", "late")], body };
        let path = pattern.replace("{id}", &id);
        let answer = office.probe(&described, (&Method::POST, pattern, &path), &sent).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "already_revoked"));
    }
    office.app.database.close().await;
    for (method, pattern, body) in &routes {
        let path = pattern.replace("{id}", &id);
        let sent = Sent { token, headers: &[JSON, ("idempotency-key", "gone")], body: body.as_bytes() };
        let answer = office.probe(&described, (method, pattern, &path), &sent).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{pattern}");
    }
}

#[tokio::test]
async fn whoever_asks_too_much_at_once_is_answered_as_described() {
    let office = office().await;
    let document = office.send(Request::get("/openapi.json").body(Body::empty()).unwrap()).await.json();
    let (described, id) = (Described(document), "lic_00000000000000000000000000");
    // Requests of the test come from nowhere.
    let client = Some(IpAddr::from([0, 0, 0, 0]));
    let _all = office.app.shared.requests.take(client, REQUESTS_EACH_MAX).unwrap();
    for (method, pattern, body) in &office.routes() {
        let path = pattern.replace("{id}", id);
        let sent = Sent { token: &office.token, headers: &[JSON, ("idempotency-key", "many")], body: body.as_bytes() };
        let answer = office.probe(&described, (method, pattern, &path), &sent).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "too_many_requests"), "{pattern}");
    }
}

#[tokio::test]
async fn what_is_described_is_sent_and_nothing_more() {
    let office = office().await;
    let document = office.send(Request::get("/openapi.json").body(Body::empty()).unwrap()).await.json();
    let schemas = &document["components"]["schemas"];
    let licence = office.issue("k").await.json();
    assert_eq!(misfit(&document, &schemas["Licence"], &licence, ""), None);
    let mut wrong = licence.clone();
    wrong["status"] = "excellent".into();
    assert!(misfit(&document, &schemas["Licence"], &wrong, "").is_some(), "the check itself checks");
    wrong = licence.clone();
    wrong.as_object_mut().unwrap().remove("code");
    assert!(misfit(&document, &schemas["Licence"], &wrong, "").is_some());
    wrong = licence.clone();
    wrong["more"] = 1.into();
    assert!(misfit(&document, &schemas["Licence"], &wrong, "").is_some());
    let asked = [json!({ "code": licence["code"] }), json!({ "identifier": "1.2.3" })];
    for body in asked {
        let verdict = office.call(Method::POST, "/api/v1/verifications", None, &body.to_string()).await.json();
        assert_eq!(misfit(&document, &schemas["Verdict"], &verdict, ""), None, "{verdict}");
    }
    // The example is one that the schema of its type accepts.
    let example = schemas["NewLicence"]["examples"][0].clone();
    let mut closed = schemas["NewLicence"].clone();
    closed["properties"]["holder"] = closed["properties"]["holder"]["oneOf"][1].clone();
    closed["properties"]["fields"] = closed["anyOf"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["properties"]["type"]["const"] == example["type"])
        .unwrap()["properties"]["fields"]
        .clone();
    assert_eq!(misfit(&document, &closed, &example, ""), None);
}
