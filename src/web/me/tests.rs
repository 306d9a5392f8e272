//! What a holder, an agent and a stranger see of a licence.

use axum::body::Body;
use base::{Period, id::PersonId};
use http::{Method, Request, StatusCode, header};
use identity::{account, mandate, organisation, person, session, sign_in};
use licence::{built_in, licence_type};
use serde_json::json;

use crate::{
    public::api::tests::{Answer, Office, member, office, register},
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
async fn the_certificate_of_a_birth_is_seen_by_both_parents() {
    let office = office().await;
    let mut work =
        office.app.database.begin(records::testing::context(testing::NOW.plus_seconds(-90), 76)).await.unwrap();
    licence_type::authorise(&mut work, built_in::BIRTH, &office.department).await.unwrap();
    let (_, mother) = register(&mut work, &office.app, "王芳", "33010119920101124").await;
    work.commit().await.unwrap();
    let body = json!({
        "type": built_in::BIRTH,
        "holder": { "identity_number": mother.as_str() },
        "fields": {
            "newborn_name": "欧阳小芳",
            "sex": "女",
            "birth_time": "2026-11-20 08:15",
            "birth_place": "滨江市",
            "facility": "滨江市妇幼保健院",
            "mother_name": "王芳",
            "mother_code": mother.as_str(),
            "father_name": "欧阳龘",
            "father_code": office.person.as_str()
        },
        "clerk": office.clerk.staff.as_str(),
        "reviewer": office.reviewer.staff.as_str()
    });
    let issued = office.call(Method::POST, "/api/v1/licences", Some("birth"), &body.to_string()).await;
    assert_eq!(issued.status, StatusCode::CREATED, "{}", issued.text);
    let path = format!("/me/licences/{}", issued.json()["id"].as_str().unwrap());
    // The father, who is not its holder.
    let (_, cookie) = citizen(&office).await;
    assert!(get(&office, &cookie, "/me/licences").await.text.contains(&path));
    let page = get(&office, &cookie, &path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("欧阳小芳") && !page.text.contains(mother.as_str()), "{}", page.text);
    assert!(get(&office, &cookie, &format!("{path}/file.pdf")).await.text.starts_with("%PDF-"));
    let id = issued.json()["id"].as_str().unwrap().to_owned();
    let suspend = format!("/api/v1/licences/{id}/suspend");
    let suspended = office.call(Method::POST, &suspend, Some("k2"), r#"{"reason": "investigation"}"#).await;
    assert_eq!(suspended.status, StatusCode::OK, "{}", suspended.text);
    assert!(get(&office, &cookie, "/me").await.text.contains(&path), "he is told as well");
    // Somebody of the staff is neither of them.
    assert_eq!(get(&office, &office.third.cookie, &path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_licences_of_a_company_go_on_on_the_next_page() {
    let office = office().await;
    let id = office.issue("k1").await.json()["id"].as_str().unwrap().to_owned();
    office.copied(&id, None).await;
    let (person, cookie) = citizen(&office).await;
    may_act(&office, &person, true).await;
    let first = get(&office, &cookie, "/me/licences").await.text;
    assert!(!first.contains(&id) && first.matches("/me/licences/lic_").count() == 30, "{first}");
    let (_, next) = first.split_once("/me/licences?after=").unwrap();
    let second = get(&office, &cookie, &format!("/me/licences?after={}", &next[..30])).await.text;
    assert!(second.contains(&id) && !second.contains("/me/licences?after="), "{second}");
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

/// Says on a page that one has seen the notice there.
async fn see(office: &Office, cookie: &str, page: &str, id: &str) -> Answer {
    see_on(office, cookie, (page, get(office, cookie, page).await), id).await
}

/// The same on a page that was opened before.
async fn see_on(office: &Office, cookie: &str, (page, answer): (&str, Answer), id: &str) -> Answer {
    let mut cookies = cookie.to_owned();
    for set in answer.headers.get_all(header::SET_COOKIE) {
        cookies = format!("{cookies}; {}", set.to_str().unwrap().split(';').next().unwrap());
    }
    let token = answer.text.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap();
    let from = if page == "/me" { "home" } else { "licence" };
    let hidden = |name: &str| {
        let field = answer.text.split_once(&format!("name=\"{name}\" value=\""));
        field.map_or("", |(_, rest)| rest.split('"').next().unwrap())
    };
    let (status, since) = (hidden("status"), hidden("since"));
    let request = Request::post(format!("/me/licences/{id}/seen"))
        .header(header::COOKIE, cookies)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = format!("csrf={}&from={from}&status={status}&since={since}", crate::kit::links::percent_encode(token));
    office.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn the_holder_is_told_what_happened_to_a_licence_and_where_to_object_until_that_was_seen() {
    const DECISION: &str = "滨市监吊销〔2026〕12号";
    let office = office().await;
    let id = office.issue("k1").await.json()["id"].as_str().unwrap().to_owned();
    let act = async |what: &str, body: &str| {
        let path = format!("/api/v1/licences/{id}/{what}");
        let done = office.call(Method::POST, &path, Some(&format!("{what}-{id}")), body).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    };
    let (person, cookie) = citizen(&office).await;
    let (notice, path) = (format!("id=\"notice-{id}\""), format!("/me/licences/{id}"));
    act("suspend", r#"{"reason":"investigation"}"#).await;
    assert!(!get(&office, &cookie, "/me").await.text.contains(&notice), "nobody else is told");
    may_act(&office, &person, true).await;
    let told = get(&office, &cookie, "/me").await.text;
    for words in [&notice, "食品经营许可证：已暂扣", "滨江市市场监督管理局", "60 日内", "6 个月内", "涉嫌违法"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(get(&office, &cookie, &path).await.text.contains(&notice));
    // The first page that there is leads to it.
    let waits = async || get(&office, &cookie, "/").await.text.contains("id=\"notice-waits\" href=\"/me\"");
    assert!(waits().await && !get(&office, "", "/").await.text.contains("notice-waits"));
    let done = see(&office, &cookie, "/me", &id).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/me"), "{}", done.text);
    assert!(!waits().await);
    for page in ["/me", &path] {
        assert!(!get(&office, &cookie, page).await.text.contains(&notice), "{page}");
    }
    // What happens after that is told anew, and the decision stays on the licence's page.
    act("revoke", &format!(r#"{{"reason":"penalty","decision":"{DECISION}"}}"#)).await;
    let told = get(&office, &cookie, "/me").await.text;
    for words in [&notice, "已吊销或注销", DECISION, "永久失效"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let done = see(&office, &cookie, &path, &id).await;
    assert_eq!(done.location(), path);
    let page = get(&office, &cookie, &path).await.text;
    assert!(!page.contains(&notice) && page.contains(DECISION), "{page}");
    let seen = "select count(*) from event where kind = 'licence.notice_seen' and actor_kind = 'person'";
    assert_eq!(office.count(seen).await, 2);
    // Who acts for the company no more sees nothing and says nothing.
    may_act(&office, &person, false).await;
    let other = office.issue("k2").await.json()["id"].as_str().unwrap().to_owned();
    let foreign = see(&office, &cookie, "/me/password", &other).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(see(&office, &cookie, "/me/password", &id).await.status, StatusCode::NOT_FOUND);
    assert_eq!(office.count(seen).await, 2);
}

#[tokio::test]
async fn whoever_does_not_know_a_device_is_told_what_helps_now_and_what_when_signing_in_is_over() {
    let office = office().await;
    let (_, cookie) = citizen(&office).await;
    let page = get(&office, &cookie, "/me/sessions").await.text;
    for words in ["退出其他全部设备", "href=\"/me/password\"", "政务服务大厅的窗口"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("重设密码"), "no telephone resets one: {page}");
}

#[tokio::test]
async fn a_notice_that_was_seen_on_an_old_page_does_not_count_for_what_happened_since() {
    let office = office().await;
    let id = office.issue("k1").await.json()["id"].as_str().unwrap().to_owned();
    let act = async |what: &str, body: &str| {
        let path = format!("/api/v1/licences/{id}/{what}");
        let key = office.count("select count(*) from event").await;
        let done = office.call(Method::POST, &path, Some(&format!("k{key}")), body).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    };
    let (person, cookie) = citizen(&office).await;
    may_act(&office, &person, true).await;
    let (notice, path) = (format!("id=\"notice-{id}\""), format!("/me/licences/{id}"));
    let seen = "select count(*) from event where kind = 'licence.notice_seen'";
    act("suspend", r#"{"reason":"investigation"}"#).await;
    let (home, own) = (get(&office, &cookie, "/me").await, get(&office, &cookie, &path).await);
    act("revoke", r#"{"reason":"penalty"}"#).await;
    for (page, old) in [("/me", home), (path.as_str(), own)] {
        let done = see_on(&office, &cookie, (page, old), &id).await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, page), "{}", done.text);
        let told = get(&office, &cookie, page).await.text;
        assert!(told.contains(&notice) && told.contains("永久失效"), "{page}: {told}");
    }
    // Nor does a form that says nothing of what was seen.
    see(&office, &cookie, "/me/password", &id).await;
    assert_eq!(office.count(seen).await, 0);
    assert_eq!(office.count("select count(*) from licence_notice").await, 0);
    see(&office, &cookie, "/me", &id).await;
    assert!(!get(&office, &cookie, "/me").await.text.contains(&notice));
    assert_eq!(office.count(seen).await, 1);
    let told = "select count(*) from event where kind = 'licence.notice_seen' and data like '%since%'";
    assert_eq!(office.count(told).await, 1, "the log says which one was seen");
}

#[tokio::test]
async fn a_citizen_sees_every_sign_in_and_what_offices_did_to_the_account_in_both_languages() {
    let office = office().await;
    let (person, cookie) = citizen(&office).await;
    let account = {
        let mut tx = office.app.database.read().await.unwrap();
        account::of_person(&mut tx, &person).await.unwrap().remove(0)
    };
    assert!(!get(&office, &cookie, "/me").await.text.contains("id=\"told\""));
    // Somebody else tries, and an operator of a department gives the account another name.
    let wrong = sign_in::Attempt {
        username: "citizen",
        password: "nothing that anybody chose",
        address: "203.0.113.7".parse().unwrap(),
        device: "Firefox",
        browser: None,
        limits: session::Limits::default(),
    };
    let actor = records::Actor::Anonymous;
    let context = records::Context { actor, ..records::testing::context(testing::NOW.plus_seconds(-30), 41) };
    let (app, vault) = (&office.app, &office.app.vault);
    let refused = sign_in::with_password(&app.database, vault, &app.gate, &context, &wrong).await;
    assert!(matches!(refused, Err(identity::Error::Refused)), "{refused:?}");
    let mut work = app.database.begin(records::testing::context(testing::NOW.plus_seconds(-25), 42)).await.unwrap();
    let who = ("运维己", "33010119800101011");
    let operator = member(&mut work, app, &office.department, who, &[identity::Role::Operator]).await.staff;
    let found = identity::staff::find(&mut work.tx, &operator).await.unwrap().unwrap();
    work.commit().await.unwrap();
    let actor = records::Actor::Staff { staff: operator, person: found.person_id };
    let context = records::Context { actor, ..records::testing::context(testing::NOW.plus_seconds(-20), 43) };
    let mut work = office.app.database.begin(context).await.unwrap();
    let reason = identity::Reason::parse("本人来函").unwrap();
    identity::operator::rename(&mut work, &account.account_id, "citizen2", &reason).await.unwrap();
    work.commit().await.unwrap();
    let page = get(&office, &cookie, "/me/history").await.text;
    let row =
        |what: &str| page.split("<tr>").find(|row| row.contains(what)).unwrap_or_else(|| panic!("{what}: {page}"));
    assert!(row("登录失败").contains("203.0.113.7；密码不正确") && row("登录失败").contains("未登录者"), "{page}");
    assert!(row("登录成功").contains("127.0.0.1；test") && row("登录成功").contains("本人"), "{page}");
    let renamed = row("账号改名");
    assert!(renamed.contains("滨江市市场监督管理局") && renamed.contains("citizen → citizen2"), "{renamed}");
    assert!(!page.contains("运维己") && !page.contains("本人来函"), "the office answers for it: {page}");
    let english = get(&office, &format!("{cookie}; guosuo-lang=en"), "/me/history").await.text;
    assert!(english.contains("Sign-in failed") && english.contains("a wrong password"), "{english}");
    // Whoever signs in is told where they begin, for a month.
    let home = get(&office, &cookie, "/me").await.text;
    let told = home.split_once("id=\"told\"").unwrap().1.split("</div>").next().unwrap();
    assert!(told.contains("滨江市市场监督管理局") && told.contains("账号改名"), "{told}");
    assert!(get(&office, &cookie, "/me/sessions").await.text.contains("href=\"/me/history\""));
    // Nobody else's: the log of another account has another page.
    assert!(!get(&office, &office.clerk.cookie, "/me/history").await.text.contains("203.0.113.7"));
}

#[tokio::test]
async fn what_is_not_in_force_asks_nobody_to_scan_it_and_claims_no_effect() {
    let office = office().await;
    let id = office.issue("k1").await.json()["id"].as_str().unwrap().to_owned();
    let (person, cookie) = citizen(&office).await;
    may_act(&office, &person, true).await;
    let path = format!("/me/licences/{id}");
    let check = async |in_force: bool| {
        let page = get(&office, &cookie, &path).await.text;
        for sign in ["请工作人员扫码核验", "class=\"qr\"", "id=\"law\""] {
            assert_eq!(page.contains(sign), in_force, "{sign}: {page}");
        }
        for sign in ["id=\"not-in-force\"", "现在不具有效力"] {
            assert_eq!(page.contains(sign), !in_force, "{sign}: {page}");
        }
        let digits = page.split_once("id=\"licence-code\">").unwrap().1.split('<').next().unwrap();
        assert_eq!(digits.split(' ').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4, 5], "what can be typed");
    };
    check(true).await;
    let suspend = format!("/api/v1/licences/{id}/suspend");
    let done = office.call(Method::POST, &suspend, Some("k2"), r#"{"reason": "investigation"}"#).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    check(false).await;
    let list = get(&office, &cookie, "/me/licences").await.text;
    assert!(list.contains("licence-card is-over") && list.contains("tag is-warning"), "{list}");
}

#[tokio::test]
async fn whoever_is_signed_in_nowhere_else_is_offered_no_end_of_it() {
    let office = office().await;
    let (person, cookie) = citizen(&office).await;
    assert!(!get(&office, &cookie, "/me/sessions").await.text.contains("id=\"close-others\""));
    let mut work = office.work(-20).await;
    let account = account::of_person(&mut work.tx, &person).await.unwrap().remove(0).account_id;
    let opening = session::Opening {
        account: &account,
        method: session::Method::Password,
        address: "127.0.0.1",
        device: "another",
        limits: session::Limits::default(),
    };
    session::open(&mut work, opening).await.unwrap();
    work.commit().await.unwrap();
    assert!(get(&office, &cookie, "/me/sessions").await.text.contains("id=\"close-others\""));
}
