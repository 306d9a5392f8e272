//! What an issue is refused for: each reason with its own code, nothing written, and the same request accepted once
//! its one mistake is gone.

use axum::body::Body;
use base::{Date, Period, number::IdentityNumber};
use http::{Method, Request, StatusCode, header};
use identity::{Role, death, mandate, organisation, staff};
use licence::built_in;
use serde_json::{Value, json};

use super::{Answer, Office, office};

const PATH: &str = "/api/v1/licences";

impl Office {
    /// A driving licence for a person.
    pub fn driving(&self, number: &IdentityNumber) -> Value {
        json!({
            "type": built_in::DRIVING,
            "holder": { "identity_number": number.as_str() },
            "fields": {
                "nationality": "中国",
                "address": "滨江市江南区解放路 1 号",
                "first_issue_date": "2026-11-18",
                "vehicle_class": "C1",
                "file_number": "330100123456"
            },
            "clerk": self.clerk.staff.as_str(),
            "reviewer": self.reviewer.staff.as_str()
        })
    }

    async fn post(&self, key: &str, body: &Value) -> Answer {
        self.call(Method::POST, PATH, Some(key), &body.to_string()).await
    }

    /// Rows of issuing, and events.
    async fn traces(&self) -> [i64; 4] {
        [
            self.count("select count(*) from licence").await,
            self.count("select count(*) from licence_file").await,
            self.count("select count(*) from idempotency").await,
            self.count("select count(*) from event where kind like 'licence.%'").await,
        ]
    }

    /// Posts a body that is refused like this and leaves nothing.
    async fn refused(&self, key: &str, body: &Value, status: u16, code: &str) {
        let before = self.traces().await;
        let answer = self.post(key, body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{}", answer.text);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.traces().await, before, "{code}");
    }

    async fn accepted(&self, key: &str, body: &Value) -> Value {
        let answer = self.post(key, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()
    }
}

#[tokio::test]
async fn a_department_issues_only_what_it_may() {
    let office = office().await;
    let mut body = office.driving(&office.person);
    body["type"] = built_in::BIRTH.into();
    office.refused("k", &body, 403, "issue_not_authorised").await;
    office.accepted("k", &office.driving(&office.person)).await;
}

#[tokio::test]
async fn of_many_requests_for_one_holder_at_once_one_is_accepted() {
    let office = office().await;
    let body = office.driving(&office.person);
    let one = async |key: &str| office.post(key, &body).await;
    let (a, b, c, d) = tokio::join!(one("a"), one("b"), one("c"), one("d"));
    let mut answers = [a, b, c, d].map(|answer| (answer.status.as_u16(), answer.code()));
    answers.sort();
    let held = (409, "already_held".to_owned());
    assert_eq!(answers[1..], [held.clone(), held.clone(), held]);
    assert_eq!(answers[0].0, 201);
    assert_eq!(office.traces().await, [1, 1, 1, 2]);
}

#[tokio::test]
async fn nothing_is_issued_to_a_person_who_has_died() {
    let office = office().await;
    let driving = office.driving(&office.person);
    let issued = office.accepted("k1", &driving).await;
    let mut work = office.work(1).await;
    death::record(&mut work, &office.person_id, Date::parse("2026-01-01").unwrap()).await.unwrap();
    work.commit().await.unwrap();
    office.refused("k2", &driving, 422, "holder_deceased").await;
    let mut renewal = driving.clone();
    renewal["renews"] = issued["id"].clone();
    office.refused("k3", &renewal, 422, "holder_deceased").await;
    // The licence tells the same to whoever asks.
    let id = issued["id"].as_str().unwrap();
    let shown = office.call(Method::GET, &format!("{PATH}/{id}"), None, "").await.json();
    assert_eq!((&shown["status"], &shown["reason"]["code"]), (&json!("revoked"), &json!("holder_ceased")));
    let asked = json!({ "code": issued["code"] }).to_string();
    let verdict = office.call(Method::POST, "/api/v1/verifications", None, &asked).await.json();
    assert_eq!((&verdict["outcome"], &verdict["licence"]["status"]), (&json!("invalid"), &json!("revoked")));
    assert!(verdict.to_string().contains("持证主体终止或死亡"), "{verdict}");
    let reinstate = office.call(Method::POST, &format!("{PATH}/{id}/reinstate"), Some("k4"), "{}").await;
    assert_eq!((reinstate.status, reinstate.code().as_str()), (StatusCode::CONFLICT, "already_revoked"));
}

#[tokio::test]
async fn a_suspended_issuer_and_a_holder_that_ceased_are_refused_by_name() {
    let office = office().await;
    let mut work = office.work(1).await;
    organisation::suspend(&mut work, &office.department).await.unwrap();
    work.commit().await.unwrap();
    office.refused("k", &office.example(), 422, "issuer_suspended").await;
    let mut work = office.work(2).await;
    organisation::resume(&mut work, &office.department).await.unwrap();
    work.commit().await.unwrap();
    office.accepted("k", &office.example()).await;
    let mut work = office.work(3).await;
    organisation::cease(&mut work, &office.company_id).await.unwrap();
    work.commit().await.unwrap();
    office.refused("k2", &office.example(), 422, "holder_ceased").await;
}

#[tokio::test]
async fn nothing_is_issued_that_its_reviewer_holds_or_acts_for_the_holder_of() {
    let office = office().await;
    let mut work = office.work(1).await;
    let acting = staff::find(&mut work.tx, &office.reviewer.staff).await.unwrap().unwrap().person_id;
    let from = Period { start: crate::testing::NOW, end: None };
    mandate::give(&mut work, &office.company_id, &acting, from).await.unwrap();
    let holder = staff::appoint(&mut work, &office.person_id, &office.department, &[Role::Reviewer]).await.unwrap();
    work.commit().await.unwrap();
    let mut own = office.driving(&office.person);
    own["reviewer"] = holder.as_str().into();
    for mut body in [office.example(), own] {
        office.refused("k", &body, 403, "own_affair").await;
        body["reviewer"] = office.third.staff.as_str().into();
        office.accepted(body["type"].as_str().unwrap(), &body).await;
    }
}

#[tokio::test]
async fn a_change_is_never_dated_back() {
    let office = office().await;
    let issued = office.accepted("k", &office.example()).await;
    let path = format!("{PATH}/{}/revoke", issued["id"].as_str().unwrap());
    let before = office.traces().await;
    for member in ["at", "changed_at", "revoked_at"] {
        let body = json!({ "reason": "penalty", member: "2020-01-01T00:00:00Z" }).to_string();
        let refused = office.call(Method::POST, &path, Some("r"), &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert_eq!(refused.json()["errors"][0]["code"], "unknown_member");
    }
    assert_eq!(office.traces().await, before);
    assert_eq!(office.count("select count(*) from licence where status = 'valid'").await, 1);
    let revoked = office.call(Method::POST, &path, Some("r"), r#"{"reason":"penalty"}"#).await;
    assert_eq!(revoked.json()["status"], "revoked");
}

#[tokio::test]
async fn every_problem_code_has_its_place_on_the_page_that_its_type_names() {
    let office = office().await;
    let page = office.send(Request::get("/api").body(Body::empty()).unwrap()).await.text;
    let anchors: Vec<&str> = page.match_indices("<tr id=\"").map(|(at, tag)| word(&page[at + tag.len()..])).collect();
    let mut told: Vec<&str> = Vec::new();
    let after = |text: &'static str, mark: &'static str| {
        text.match_indices(mark).map(move |(at, _)| word(&text[at + mark.len()..])).collect::<Vec<_>>()
    };
    let rules = include_str!("../../../../licence/error.rs").split("impl PeriodProblem").next().unwrap();
    told.extend(after(rules, "=> \""));
    told.extend(after(include_str!("../idempotency.rs"), "code: \""));
    told.extend(["json_broken", "json_depth", "json_duplicate", "json_empty", "json_encoding", "json_mark"]);
    told.extend(["json_object", "json_charset", "content_encoding"]);
    told.extend(["invalid_fields", "not_found", "token_missing", "insufficient_scope", "unavailable", "too_large"]);
    // These two are told in other words: as the fields themselves, and as `broken` or `unavailable`.
    told.retain(|code| !["fields_refused", "fault"].contains(code));
    assert!(told.len() > 30, "{told:?}");
    for code in &told {
        assert_eq!(anchors.iter().filter(|anchor| anchor == &code).count(), 1, "{code} in {anchors:?}");
    }
    let refused = office.call(Method::GET, "/api/v1/licences/x", None, "").await.json();
    let (_, anchor) = refused["type"].as_str().unwrap().split_once("/api#").unwrap();
    assert!(anchors.contains(&anchor), "{anchor}");
}

fn word(text: &str) -> &str {
    text.split('"').next().unwrap()
}
