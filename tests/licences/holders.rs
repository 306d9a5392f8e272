//! What the register learns about a holder or an issuer, as an operator writes it down beside a running server.

use records::Database;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{
    browser::{Browser, client},
    city::{Account, City},
    process::{self, Ran},
};

/// A command on the city's database.
fn run(city: &City, words: &[&str], input: &str) -> Ran {
    let database = city.database();
    let settings = [
        format!("data_folder={}", city.folder.display()),
        format!("public_url={}", city.issuer),
        "oidc.loopback_clients_allowed=true".to_owned(),
        format!("database.url={}", database.url.expose()),
    ];
    let mut all = words.to_vec();
    for setting in &settings {
        all.extend(["--set", setting]);
    }
    process::run(&all, input)
}

fn must(city: &City, words: &[&str], input: &str) -> String {
    let ran = run(city, words, input);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    ran.out
}

async fn count(city: &City, kind: &str) -> i64 {
    let database = Database::open(&city.database()).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let sql = "select cast(count(*) as bigint) from event where kind = $1";
    let (count,): (i64,) = tx.one(sql, records::args![kind]).await.unwrap();
    drop(tx);
    database.close().await;
    count
}

/// A citizen with a driving licence in force: the username and the code of the licence.
async fn driver(city: &City) -> (String, String) {
    let database = Database::open(&city.database()).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let found: (String, String) = tx
        .one(
            "select a.username, l.code
               from licence l
               join licence_type t on t.licence_type_id = l.licence_type_id
               join account a on a.person_id = l.holder_id
              where l.status = 'valid'
                and t.type_code = '113399000024810107001'
                and not exists (select 1 from staff s where s.person_id = a.person_id)
              order by l.licence_id desc
              limit 1",
            vec![],
        )
        .await
        .unwrap();
    drop(tx);
    database.close().await;
    found
}

async fn verify(city: &City, token: &str, body: &Value) -> Value {
    let request = client().post(city.url("/api/v1/verifications")).bearer_auth(token).json(body);
    request.send().await.unwrap().json().await.unwrap()
}

async fn issue(city: &City, token: &str, key: &str) -> (StatusCode, Value) {
    let request = client().post(city.url("/api/v1/licences")).bearer_auth(token);
    let answer = request.header("idempotency-key", key).json(&city.facts["issue_example"]).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_death_signs_a_person_out_for_good_and_ends_the_licence() {
    let city = City::start().await;
    let token = city.api_token().await;
    let (username, code) = driver(&city).await;
    let facts = city.facts["accounts"].as_array().unwrap().iter().find(|one| one["username"] == *username).unwrap();
    let text = |name: &str| facts[name].as_str().unwrap().to_owned();
    let number = text("identity_number");
    let account = Account { username, password: text("password"), name: text("name") };
    let browser = city.signed_in(&account).await;
    assert_eq!(verify(&city, &token, &json!({ "code": code })).await["outcome"], "valid");

    let words = ["person", "deceased", "--identity-number-file", "-", "--on"];
    let early = run(&city, &[&words[..], &["2999-01-01"]].concat(), &number);
    assert_eq!((early.code, early.out.as_str()), (Some(1), ""), "{early:?}");
    let unknown = run(&city, &[&words[..], &["2026-01-01"]].concat(), "110105194912310021");
    assert_eq!(unknown.code, Some(1), "a wrong check digit: {unknown:?}");
    assert_eq!(count(&city, "person.died").await, 0);
    assert!(browser.get(&city.url("/me")).await.url.ends_with("/me"), "nothing has happened yet");

    let done = must(&city, &[&words[..], &["2026-01-01"]].concat(), &number);
    assert!(done.ends_with("1 sessions closed, 1 licences ended\n"), "{done}");
    assert!(!done.contains(&number) && !early.err.contains(&number));
    let page = browser.get(&city.url("/me")).await;
    assert!(page.url.contains("/sign-in"), "{}", page.url);
    let page = Browser::new().get(&city.url("/sign-in?to=%2Fme")).await;
    let again = city.sign_in_at(&Browser::new(), page, &account).await;
    assert!(!again.url.ends_with("/me"), "{}", again.url);
    let verdict = verify(&city, &token, &json!({ "code": code })).await;
    assert_eq!((&verdict["outcome"], &verdict["licence"]["status"]), (&json!("invalid"), &json!("revoked")));
    assert!(verdict.to_string().contains("持证主体终止或死亡"), "{verdict}");
    let public = client().get(city.url(&format!("/V/{code}"))).send().await.unwrap().text().await.unwrap();
    assert!(tests::html::plain(&public).contains("无效"), "{public}");

    let twice = must(&city, &[&words[..], &["2026-01-02"]].concat(), &number);
    assert!(twice.ends_with("0 sessions closed, 0 licences ended\n"), "{twice}");
    assert_eq!(count(&city, "person.died").await, 1);
    assert_eq!(count(&city, "account.closed").await, 1);
    assert!(!city.log_text().contains(&number));
}

#[tokio::test]
async fn a_suspended_department_issues_nothing_and_a_company_that_ceased_gets_nothing() {
    let city = City::start().await;
    let token = city.api_token().await;
    let identifier = city.licence("valid")["identifier"].as_str().unwrap().to_owned();
    let department = identifier.rsplit('.').nth(3).unwrap();
    let company = city.facts["issue_example"]["holder"]["credit_code"].as_str().unwrap();
    let organisation = |act: &str, code: &str| run(&city, &["organisation", act, "--organisation-code", code], "");

    assert_eq!(organisation("suspend", department).code, Some(0));
    let (status, problem) = issue(&city, &token, "holders-1").await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("issuer_suspended")), "{problem}");
    let verdict = verify(&city, &token, &json!({ "identifier": identifier })).await;
    assert_eq!(verdict["outcome"], "valid", "what it issued before still counts");
    let twice = organisation("suspend", department);
    assert_eq!(twice.code, Some(1));
    assert!(twice.err.contains("is suspended"), "{}", twice.err);
    assert_eq!(organisation("resume", department).code, Some(0));
    let (status, licence) = issue(&city, &token, "holders-1").await;
    assert_eq!(status, StatusCode::CREATED, "{licence}");

    let ceased = organisation("cease", company);
    assert_eq!(ceased.code, Some(0), "{ceased:?}");
    let (status, problem) = issue(&city, &token, "holders-2").await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("holder_ceased")), "{problem}");
    let verdict = verify(&city, &token, &json!({ "code": licence["code"] })).await;
    assert_eq!((&verdict["outcome"], &verdict["licence"]["status"]), (&json!("invalid"), &json!("revoked")));
    assert_eq!(organisation("resume", company).code, Some(1), "that is for good");
    assert_eq!(organisation("cease", "91330100M000100Y44").code, Some(1), "a wrong check digit");
    for (kind, times) in [("organisation.suspended", 1), ("organisation.resumed", 1), ("organisation.ceased", 1)] {
        assert_eq!(count(&city, kind).await, times, "{kind}");
    }
}
