//! What a holder, an agent and a stranger see of a licence.

use axum::body::Body;
use base::{Period, id::PersonId};
use http::{Method, Request, StatusCode, header};
use identity::{account, mandate, organisation, person, session};

use crate::{
    public::api::tests::{Answer, Office, office},
    testing,
};

/// Somebody without an office, signed in, and who that is.
async fn citizen(office: &Office) -> (PersonId, String) {
    let app = &office.app;
    let mut work = app.database.begin(records::testing::context(testing::NOW.plus_seconds(-60), 77)).await.unwrap();
    let found = person::find_by_identity_number(&mut work.tx, &app.vault, &office.person).await.unwrap().unwrap();
    let account = account::open(&mut work, &found.person_id, "citizen", None).await.unwrap();
    let opening = session::Opening {
        account: &account,
        method: session::Method::Password,
        address: "127.0.0.1",
        device: "test",
        limits: session::Limits::default(),
    };
    let (token, _) = session::open(&mut work, opening).await.unwrap();
    work.commit().await.unwrap();
    (found.person_id, format!("guosuo={}", token.expose()))
}

async fn may_act(office: &Office, person: &PersonId, may: bool) {
    let context =
        records::testing::context(testing::NOW.plus_seconds(if may { -50 } else { -40 }), 78 + u64::from(may));
    let mut work = office.app.database.begin(context).await.unwrap();
    let company = organisation::find_by_code(&mut work.tx, &office.company).await.unwrap().unwrap().organisation_id;
    if may {
        let period = Period { start: work.at(), end: None };
        mandate::give(&mut work, &company, person, period).await.unwrap();
    } else {
        assert!(mandate::end(&mut work, &company, person).await.unwrap());
    }
    work.commit().await.unwrap();
}

async fn get(office: &Office, cookie: &str, path: &str) -> Answer {
    office.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_company_s_licence_is_seen_by_its_agent_and_by_nobody_else() {
    let office = office().await;
    let issued = office.issue("k1").await;
    assert_eq!(issued.status, StatusCode::CREATED, "{}", issued.text);
    let id = issued.json()["id"].as_str().unwrap().to_owned();
    let (path, file) = (format!("/me/licences/{id}"), format!("/me/licences/{id}/file.pdf"));
    let (person, cookie) = citizen(&office).await;

    assert!(!get(&office, &cookie, "/me/licences").await.text.contains(&id));
    for hidden in [&path, &file] {
        assert_eq!(get(&office, &cookie, hidden).await.status, StatusCode::NOT_FOUND, "{hidden}");
    }

    may_act(&office, &person, true).await;
    assert!(get(&office, &cookie, "/me/licences").await.text.contains(&path));
    let page = get(&office, &cookie, &path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("请工作人员扫码核验")
            && page.text.contains("<svg")
            && page.text.contains("id=\"licence-code\"")
    );
    let document = get(&office, &cookie, &file).await;
    assert!(document.text.starts_with("%PDF-"));
    assert_eq!(document.headers[header::CONTENT_TYPE], "application/pdf");
    assert_eq!(document.headers[header::CACHE_CONTROL], "no-store");

    may_act(&office, &person, false).await;
    assert_eq!(get(&office, &cookie, &path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&office, &cookie, &file).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_holders_pages_never_look_like_the_answer_of_a_check() {
    let office = office().await;
    let id = office.issue("k1").await.json()["id"].as_str().unwrap().to_owned();
    let (person, cookie) = citizen(&office).await;
    may_act(&office, &person, true).await;
    for path in ["/me/licences".to_owned(), format!("/me/licences/{id}")] {
        let page = get(&office, &cookie, &path).await.text;
        for sign in ["is-good", "is-valid", ">有效<"] {
            assert!(!page.contains(sign), "{sign} on {path}");
        }
    }
}

#[tokio::test]
async fn what_is_not_in_force_comes_first_with_its_reason() {
    let office = office().await;
    let first = office.issue("k1").await.json()["id"].as_str().unwrap().to_owned();
    let body = r#"{"reason": "investigation"}"#;
    let path = format!("/api/v1/licences/{first}/suspend");
    let suspended = office.call(Method::POST, &path, Some("k2"), body).await;
    assert_eq!(suspended.status, StatusCode::OK, "{}", suspended.text);
    let (person, cookie) = citizen(&office).await;
    may_act(&office, &person, true).await;
    let second = office.issue("k3").await;
    let list = get(&office, &cookie, "/me/licences").await.text;
    let place = |id: &str| list.find(id).unwrap();
    assert!(list.contains("已暂扣") && list.contains("class=\"reason\""), "{list}");
    if second.status == StatusCode::CREATED {
        assert!(place(&first) < place(second.json()["id"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn an_identifier_that_is_none_is_not_found() {
    let office = office().await;
    let (_, cookie) = citizen(&office).await;
    for path in ["/me/licences/x", "/me/licences/lic_00000000000000000000000000", "/me/licences?after=x"] {
        assert_eq!(get(&office, &cookie, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
