//! The pages of operators.

mod again;
mod backups;
mod clients;
mod organisations;
mod people;
mod proposals;
mod requests;

use axum::body::Body;
use base::{Language, ListPage};
use http::{Request, StatusCode, header};
use identity::{Role, account, command_key, organisation, staff};
use pki::{Purpose, calendar::Ends, rotation};

use crate::{
    public::api::tests::{Answer, Office, member, office},
    testing::{METRICS_TOKEN, NOW},
};

/// An operator at a browser.
struct Operator {
    office: Office,
    cookie: String,
}

impl Operator {
    async fn new() -> Self {
        let office = office().await;
        let mut work = office.app.database.begin(records::testing::context(NOW, 9)).await.unwrap();
        let who = ("运维己", "33010119800101011");
        let operator = member(&mut work, &office.app, &office.department, who, &[Role::Operator]).await;
        work.commit().await.unwrap();
        let mut operator = Self { office, cookie: operator.cookie };
        let first = operator.get("/operator/keys").await;
        for set in first.headers.get_all(header::SET_COOKIE) {
            operator.cookie = format!("{}; {}", operator.cookie, set.to_str().unwrap().split(';').next().unwrap());
        }
        operator
    }

    async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        self.office.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, fields: &str) -> Answer {
        let page = self.get("/operator/keys").await.text;
        let csrf = page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.office.send(request.body(Body::from(format!("csrf={csrf}&{fields}"))).unwrap()).await;
        self.office.led(answer, &self.cookie).await
    }
}

#[tokio::test]
async fn an_operator_sees_what_ends_and_what_takes_its_place() {
    let operator = Operator::new().await;
    let home = operator.get("/console").await.text;
    assert!(home.contains("/operator/calendar") && home.contains("/operator/keys"));
    let calendar = operator.get("/operator/calendar").await;
    assert_eq!(calendar.status, StatusCode::OK);
    for purpose in Purpose::SINGLE {
        let current = operator.office.app.custody.current(purpose, NOW).unwrap();
        assert!(calendar.text.matches("自动更换").count() >= 5, "{}", calendar.text);
        assert!(operator.get("/operator/keys").await.text.contains(current.key_id.as_str()));
    }
    assert!(!calendar.text.contains("urgent"), "nothing has to be seen to");
}

#[tokio::test]
async fn the_calendar_and_the_metrics_name_every_kind_that_ends_and_a_seal_by_its_name_and_department() {
    let operator = Operator::new().await;
    let office = &operator.office;
    let mut work = office.app.database.begin(records::testing::context(NOW, 200)).await.unwrap();
    let staff = staff::list(&mut work.tx, &office.department, &ListPage::first(50)).await.unwrap().items;
    let person = staff.into_iter().find(|one| one.name == "运维己").unwrap().person_id;
    let account = account::of_person(&mut work.tx, &person).await.unwrap().remove(0).account_id;
    command_key::make(&mut work, &account).await.unwrap();
    work.commit().await.unwrap();
    let calendar = operator.get("/operator/calendar").await.text;
    let lines: Vec<&str> = calendar.split("<tr>").skip(1).collect();
    let of = |what: &str| lines.iter().filter(|line| line.contains(what)).collect::<Vec<_>>();
    let seals = of(&format!(">{}<", words::operator::SEAL.in_language(Language::Chinese)));
    let mut tx = office.app.database.read().await.unwrap();
    let ours = seal::list(&mut tx, &office.department, &ListPage::first(10)).await.unwrap().items;
    let department = organisation::find(&mut tx, &office.department).await.unwrap().unwrap().name;
    drop(tx);
    assert!(!ours.is_empty());
    for seal in ours {
        let named = format!("<small>{} · {department}</small>", seal.name);
        assert_eq!(seals.iter().filter(|line| line.contains(&named)).count(), 1, "{named}: {seals:?}");
    }
    assert_eq!(of("吊销列表").len(), 2, "of the root and of the issuing authority: {calendar}");
    assert_eq!(of("运维人员的命令行密钥").len(), 1, "{calendar}");
    assert!(!calendar.contains("CN="), "{calendar}");
    let metrics = Request::get("/metrics").header(header::AUTHORIZATION, format!("Bearer {METRICS_TOKEN}"));
    let metrics = office.send(metrics.body(Body::empty()).unwrap()).await.text;
    for kind in Ends::KINDS {
        assert!(metrics.contains(&format!("guosuo_ends_seconds{{what=\"{kind}\"")), "{kind}: {metrics}");
    }
    assert!(metrics.contains("guosuo_ends_urgent 0"), "a list that is renewed by itself is nobody's to see to");
}

#[tokio::test]
async fn an_operator_replaces_a_key_before_its_time_and_not_at_once() {
    let operator = Operator::new().await;
    let custody = &operator.office.app.custody;
    let first = custody.current(Purpose::AccessToken, NOW).unwrap().key_id.clone();
    let waiting = || {
        let keys = custody.service_keys();
        keys.into_iter()
            .filter(|key| key.state == pki::KeyState::PrePublished)
            .map(|key| key.key_id)
            .collect::<Vec<_>>()
    };
    let unknown = operator.post("/operator/keys/publish", "purpose=seals").await;
    assert_eq!((unknown.status, waiting().len()), (StatusCode::NOT_FOUND, 0));
    // What documents are judged by is not one operator's to replace on a page.
    let context = records::testing::context(NOW.plus_seconds(-700), 12);
    let root = rotation::pre_publish(custody, context, Purpose::Root).await.unwrap();
    for act in ["activate", "retire"] {
        let refused = operator.post(&format!("/operator/keys/{root}/{act}"), "").await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{act}");
    }
    for purpose in ["seal", "root", "issuing_authority"] {
        let refused = operator.post("/operator/keys/publish", &format!("purpose={purpose}")).await;
        assert_eq!((refused.status, waiting()), (StatusCode::NOT_FOUND, vec![root.clone()]), "{purpose}");
    }
    let published = operator.post("/operator/keys/publish", "purpose=access_token").await;
    assert_eq!((published.status, published.led_to()), (StatusCode::SEE_OTHER, "/operator/keys?published"));
    assert!(operator.get(published.location()).await.text.contains("下一把密钥已公布"));
    let early = waiting().into_iter().find(|key| *key != root).unwrap();
    let page = operator.get("/operator/keys").await.text;
    let row = page.split("<tr>").find(|row| row.contains(early.as_str())).unwrap();
    assert!(row.contains("data-label=\"生成日\" class=\"nowrap\">2026-11-23<"), "{row}");
    // What would be refused, or would make verifiers know one more for nothing, is not offered.
    let page = operator.get("/operator/keys").await.text;
    let activate = |key: &base::id::KeyId| format!("/operator/keys/{key}/activate");
    assert!(!page.contains(&activate(&early)) && page.contains("2026-11-23 15:10:00 起可以启用"), "{page}");
    assert!(
        !page.contains("<option value=\"access_token\"") && page.contains("<option value=\"id_token_es256\""),
        "{page}"
    );
    let twice = operator.post("/operator/keys/publish", "purpose=access_token").await;
    assert_eq!((twice.status, waiting().len()), (StatusCode::CONFLICT, 2), "{}", twice.text);
    let refused = operator.post(&format!("/operator/keys/{early}/activate"), "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("十分钟"), "{}", refused.text);
    let given_up = operator.post(&format!("/operator/keys/{early}/retire"), "").await;
    assert_eq!(given_up.led_to(), "/operator/keys?given_up");
    assert!(operator.get(given_up.location()).await.text.contains("密钥已放弃"));
    assert_eq!(waiting(), [root]);
    let context = records::testing::context(NOW.plus_seconds(-700), 11);
    let known = rotation::pre_publish(custody, context, Purpose::AccessToken).await.unwrap();
    assert!(operator.get("/operator/keys").await.text.contains(&activate(&known)));
    let activated = operator.post(&format!("/operator/keys/{known}/activate"), "").await;
    assert_eq!(activated.led_to(), "/operator/keys?activated");
    assert!(operator.get(activated.location()).await.text.contains("密钥已启用"));
    assert_eq!(custody.current(Purpose::AccessToken, NOW).unwrap().key_id, known);
    let again = operator.post(&format!("/operator/keys/{first}/retire"), "").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "it is retired already");
    let events =
        operator.office.count("select count(*) from event where kind like 'pki.key.%' and actor_kind = 'staff'");
    assert_eq!(events.await, 4, "created, retired, activated with the one before it retired");
}

#[tokio::test]
async fn metrics_are_for_whoever_has_the_token_and_do_not_exist_for_others() {
    let office = office().await;
    let ask = async |token: &str| {
        let mut request = Request::get("/metrics");
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        office.send(request.body(Body::empty()).unwrap()).await
    };
    for token in ["", "x", &METRICS_TOKEN[1..]] {
        assert_eq!(ask(token).await.status, StatusCode::NOT_FOUND, "{token:?}");
    }
    let metrics = ask(METRICS_TOKEN).await;
    assert_eq!(metrics.status, StatusCode::OK);
    let lines: Vec<&str> = metrics.text.lines().collect();
    assert!(lines.contains(&"guosuo_check_passed{check=\"database\"} 1"));
    assert!(lines.contains(&"guosuo_ends_urgent 0"));
    for purpose in Purpose::SINGLE {
        let signer = office.app.custody.current(purpose, NOW).unwrap();
        let begins = format!("guosuo_ends_seconds{{what=\"key\",purpose=\"{purpose}\",key=\"{}\"}} ", signer.key_id);
        let value = lines.iter().find_map(|line| line.strip_prefix(&begins)).unwrap();
        assert!(value.parse::<i64>().unwrap() > 86_400, "{value}");
    }
}

#[tokio::test]
async fn the_calendar_of_an_english_page_says_keys_and_lists_in_english() {
    let operator = Operator::new().await;
    let request =
        Request::get("/operator/calendar").header(header::COOKIE, format!("{}; guosuo-lang=en", operator.cookie));
    let calendar = operator.office.send(request.body(Body::empty()).unwrap()).await.text;
    assert!(calendar.contains("<html lang=\"en\""), "{calendar}");
    for purpose in ["签名", "令牌", "根证书", "机构证书", "签发机构"] {
        assert!(!calendar.contains(purpose), "{purpose}: {calendar}");
    }
    let lists: Vec<_> = calendar.split("<tr>").filter(|line| line.contains("Revocation list")).collect();
    let root = crate::kit::wording::purpose_words(Purpose::Root).in_language(Language::English);
    assert_eq!((lists.len(), lists.iter().filter(|line| line.contains(root)).count()), (2, 1), "{lists:?}");
}
