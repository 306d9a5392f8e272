//! Systems that revoke: one that may attest its reviews, and one that may not.

use http::{Method, StatusCode, header};
use licence::{
    built_in,
    licence_type::{self, RevokedBy},
    revocation,
};
use serde_json::json;

use super::{Answer, Office, office};

const DECISION: &str = "滨市监吊销〔2026〕12号";

struct Asking {
    office: Office,
    /// Of a system that may not say itself that two people decided.
    token: String,
    licence: String,
}

impl Asking {
    async fn new() -> Self {
        let office = office().await;
        let token = office.plain_system().await;
        let licence = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
        Self { office, token, licence }
    }

    async fn revoke(&self, key: &str, body: &serde_json::Value) -> Answer {
        let path = format!("/api/v1/licences/{}/revoke", self.licence);
        self.office.call_as(&self.token, Method::POST, &path, (Some(key), &body.to_string())).await
    }

    async fn read(&self, token: &str, path: &str) -> Answer {
        self.office.call_as(token, Method::GET, path, (None, "")).await
    }

    async fn status(&self) -> serde_json::Value {
        self.read(&self.token, &format!("/api/v1/licences/{}", self.licence)).await.json()["status"].clone()
    }

    /// What a member of staff does about what waits.
    async fn acts(&self, member: &super::Member, seconds: i64) -> records::Work {
        let mut work = self.office.work(seconds).await;
        let found = identity::staff::find(&mut work.tx, &member.staff).await.unwrap().unwrap();
        drop(work);
        let actor = records::Actor::Staff { staff: found.staff_id, person: found.person_id };
        let at = crate::testing::NOW.plus_seconds(seconds);
        let context = records::Context { actor, ..records::testing::context(at, seconds.unsigned_abs() + 90) };
        self.office.app.database.begin(context).await.unwrap()
    }
}

#[tokio::test]
async fn what_a_system_without_the_right_to_attest_wants_revoked_waits_for_two_people() {
    let asking = Asking::new().await;
    let office = &asking.office;
    let body = json!({ "reason": "penalty", "decision": DECISION });
    let accepted = asking.revoke("r", &body).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.text);
    let told = accepted.json();
    assert_eq!((&told["state"], &told["decision"]), (&json!("proposed"), &json!(DECISION)));
    let path = accepted.headers[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(path, format!("/api/v1/revocations/{}", told["id"].as_str().unwrap()));
    assert_eq!(asking.status().await, "valid");
    let again = asking.revoke("r", &body).await;
    assert_eq!((again.status, &again.text), (StatusCode::ACCEPTED, &accepted.text));
    assert_eq!(asking.revoke("r2", &body).await.code(), "revocation_open");
    assert_eq!(asking.read(&asking.token, &path).await.json(), told);
    // Nothing takes the licence's place meanwhile.
    let mut renewal = office.example();
    renewal["renews"] = asking.licence.clone().into();
    let barred = office.call(Method::POST, "/api/v1/licences", Some("renewal"), &renewal.to_string()).await;
    assert_eq!((barred.status, barred.code()), (StatusCode::CONFLICT, "renewal_barred".to_owned()), "{}", barred.text);
    // It is of the system that asked, and of no other one.
    for other in [&office.token, &office.foreign_token] {
        assert_eq!(asking.read(other, &path).await.status, StatusCode::NOT_FOUND);
    }
    let id = base::id::RevocationId::parse(told["id"].as_str().unwrap()).unwrap();
    let number = licence::DecisionNumber::parse(DECISION).unwrap();
    let mut work = asking.acts(&office.clerk, 10).await;
    revocation::adopt(&mut work, &id, &number).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(asking.read(&asking.token, &path).await.json()["state"], "open");
    let mut work = asking.acts(&office.reviewer, 11).await;
    revocation::approve(&mut work, &id).await.unwrap();
    work.commit().await.unwrap();
    let done = asking.read(&asking.token, &path).await.json();
    assert_eq!(done["state"], "approved");
    assert!(done["decided_at"].is_string());
    assert_eq!(asking.status().await, "revoked");
    let twice = asking.revoke("r3", &body).await;
    assert_eq!((twice.status, &twice.json()["decision"]), (StatusCode::OK, &json!(DECISION)));
}

#[tokio::test]
async fn a_system_that_attests_revokes_at_once_with_a_decision_or_without() {
    let office = office().await;
    for (key, body, decision) in [
        ("a", json!({ "reason": "fraud", "decision": DECISION }), json!(DECISION)),
        ("b", json!({ "reason": "fraud" }), json!(null)),
        ("c", json!({ "reason": "fraud", "decision": null }), json!(null)),
    ] {
        let id = office.issue(key).await.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/licences/{id}/revoke");
        let done = office.call(Method::POST, &path, Some(&format!("r{key}")), &body.to_string()).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        assert_eq!((&done.json()["status"], &done.json()["decision"]), (&json!("revoked"), &decision));
    }
    let told =
        "select count(*) from event where kind = 'licence.revoked' and data like '%\"attested_by\":\"food-system\"%'";
    assert_eq!(office.count(told).await, 3);
    let id = office.issue("d").await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/licences/{id}/revoke");
    for wrong in ["", "  ", "a\u{202e}b", &"x".repeat(61)] {
        let body = json!({ "reason": "fraud", "decision": wrong }).to_string();
        let refused = office.call(Method::POST, &path, Some("rd"), &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
        let error = &refused.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/decision"), &json!("decision_number_refused")));
    }
    assert_eq!(office.call(Method::GET, &format!("/api/v1/licences/{id}"), None, "").await.json()["status"], "valid");
}

#[tokio::test]
async fn where_one_person_is_enough_a_system_revokes_at_once() {
    let asking = Asking::new().await;
    let mut work = asking.office.work(2).await;
    licence_type::revoke_by(&mut work, built_in::FOOD, &asking.office.department, RevokedBy::One).await.unwrap();
    work.commit().await.unwrap();
    let done = asking.revoke("r", &json!({ "reason": "penalty" })).await;
    assert_eq!((done.status, asking.status().await), (StatusCode::OK, json!("revoked")), "{}", done.text);
}
