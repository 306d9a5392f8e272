//! What a system looks at stands in the log.

use http::{Method, StatusCode};
use serde_json::json;

use super::office;

#[tokio::test]
async fn every_look_of_a_system_leaves_its_entry() {
    let office = office().await;
    let token = office.plain_system().await;
    let licence = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    // What the system asks for waits, and is looked at by it.
    let waiting = async |path: &str, body: serde_json::Value| {
        let asked = office.call_as(&token, Method::POST, path, (Some(path), &body.to_string())).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text);
        asked.json()["id"].as_str().unwrap().to_owned()
    };
    let application = waiting("/api/v1/licences", office.driving(&office.person)).await;
    let revoked = json!({ "reason": "penalty", "decision": "滨市监吊销〔2026〕12号" });
    let revocation = waiting(&format!("/api/v1/licences/{licence}/revoke"), revoked).await;
    let (department, licence) = (office.department.as_str(), licence.as_str());
    let looks = [
        ("/api/v1/applications/{id}", application.as_str(), ("application.opened", application.as_str(), "")),
        ("/api/v1/licences", "", ("licence.listed", department, "\"count\":1")),
        ("/api/v1/licences/{id}", licence, ("licence.opened", licence, "\"record\"")),
        ("/api/v1/licences/{id}/file.pdf", licence, ("licence.opened", licence, "\"file\"")),
        ("/api/v1/revocations/{id}", &revocation, ("licence.revocation_opened", licence, &revocation)),
    ];
    let count = async |(kind, object, says): (&str, &str, &str)| {
        let mut tx = office.app.database.read().await.unwrap();
        let sql = "select count(*)
                     from event
                    where actor_kind = 'client' and kind = $1 and object = $2 and data like $3";
        let (count,): (i64,) = tx.one(sql, records::args![kind, object, format!("%{says}%")]).await.unwrap();
        count
    };
    let mut left = Vec::new();
    for (pattern, id, entry) in looks {
        let before = count(entry).await;
        let looked = office.call_as(&token, Method::GET, &pattern.replace("{id}", id), (None, "")).await;
        assert_eq!(looked.status, StatusCode::OK, "{pattern}: {}", looked.text);
        left.push((pattern, count(entry).await - before));
    }
    // Each address at which a system can look.
    let rows = crate::rows();
    let is_look = |row: &&crate::Row| row.method == Method::GET && row.path.starts_with("/api/v1/");
    let mut all: Vec<_> = rows.iter().filter(is_look).map(|row| (row.path, 1)).collect();
    all.sort_unstable();
    assert_eq!(left, all);
}
