//! Signing in and out as a browser sees it.

use std::{collections::BTreeMap, sync::Mutex};

use axum::{body::Body, response::Response};
use base::{ListPage, id::PersonId, number::IdentityNumber};
use http::{HeaderMap, Request, StatusCode, header};
use identity::{Role, account, organisation, password, person, session as sessions, staff};
use records::{Event, log};
use tower::ServiceExt;

use crate::{
    App,
    kit::{
        access::{AssuranceLevel, Surface},
        admission::Roles,
        links, session,
        table::Table,
    },
    testing,
};

const URL: &str = "http://127.0.0.1:8080";
const PASSWORD: &str = "一个很长的密码 & more and more";

struct Site {
    router: axum::Router,
    app: App,
    person: PersonId,
    _fresh: records::testing::Fresh,
}

async fn site_at(url: &str) -> Site {
    let fresh = records::testing::fresh_following(consequences::TABLE).await.unwrap();
    let app = testing::app(&fresh, url).await.unwrap();
    let context = records::testing::context(testing::NOW.plus_seconds(-1000), 77);
    let hashed = password::hash(&app.gate, &context.entropy, "zhangwei", PASSWORD).await.unwrap();
    let mut work = app.database.begin(context).await.unwrap();
    let new = person::NewPerson {
        name: "张伟".to_owned(),
        identity_number: IdentityNumber::complete("11010519900101001").unwrap(),
        profile: person::Profile::default(),
    };
    let person = person::register(&mut work, &app.vault, new).await.unwrap();
    account::open(&mut work, &person, "zhangwei", Some(&hashed)).await.unwrap();
    work.commit().await.unwrap();
    Site { router: testing::router(app.clone()), app, person, _fresh: fresh }
}

async fn site() -> Site {
    site_at(URL).await
}

impl Site {
    async fn events<E: Event>(&self) -> Vec<E> {
        records::testing::told(&self.app.database).await.unwrap()
    }

    async fn failures(&self) -> Vec<(String, i64)> {
        let mut tx = self.app.database.read().await.unwrap();
        tx.all("select throttle_key, failures from sign_in_throttle where failures > 0", vec![]).await.unwrap()
    }

    async fn sessions(&self) -> usize {
        let mut tx = self.app.database.read().await.unwrap();
        sessions::list(&mut tx, &self.person, testing::NOW, &ListPage::first(99)).await.unwrap().items.len()
    }
}

/// A browser: it keeps cookies and sends them back.
struct Browser<'s> {
    site: &'s Site,
    cookies: Mutex<BTreeMap<String, String>>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    /// Where an act led, and what the page there says, without the mark of the moment.
    fn led_to(&self) -> &str {
        self.location().split('=').next().unwrap_or_default()
    }

    fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of the first hidden field with this name.
    fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.text.split_once(&start).unwrap_or_else(|| panic!("no {name} in {}", self.text)).1;
        rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
    }

    /// The page without what differs from answer to answer.
    fn bare(&self, typed: &str) -> String {
        let id = self.headers["x-request-id"].to_str().unwrap();
        self.text.replace(id, "ID").replace(&format!("value=\"{typed}\""), "value=\"TYPED\"")
    }
}

impl<'s> Browser<'s> {
    fn new(site: &'s Site) -> Self {
        Self { site, cookies: Mutex::new(BTreeMap::new()) }
    }

    async fn send(&self, mut request: http::request::Builder, body: String) -> Answer {
        let cookies: Vec<String> = self.cookies.lock().unwrap().iter().map(|(k, v)| format!("{k}={v}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let response: Response =
            self.site.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, rest) = set.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if set.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> = fields.iter().map(|(k, v)| format!("{k}={}", links::percent_encode(v))).collect();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, pairs.join("&")).await
    }

    async fn sign_in(&self, username: &str, password: &str, to: &str) -> Answer {
        let page = self.get(&format!("/sign-in?to={}", links::percent_encode(to))).await;
        assert_eq!(page.status, StatusCode::OK);
        let fields = [
            ("csrf", page.hidden("csrf")),
            ("to", page.hidden("to")),
            ("username", username.to_owned()),
            ("password", password.to_owned()),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        self.post("/sign-in", &fields).await
    }

    fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }
}

#[tokio::test]
async fn a_page_that_needs_a_session_leads_through_sign_in_and_back() {
    let site = site().await;
    let browser = Browser::new(&site);
    let away = browser.get("/me/sessions?x=1").await;
    assert_eq!((away.status, away.location()), (StatusCode::SEE_OTHER, "/sign-in?to=%2Fme%2Fsessions%3Fx%3D1"));
    let page = browser.get(away.location()).await;
    for id in ["id=\"username\"", "id=\"password\"", "id=\"sign-in\""] {
        assert!(page.text.contains(id), "{id}");
    }
    let done = browser.sign_in("ZhangWei", PASSWORD, "/me/sessions?x=1").await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/me/sessions?x=1"));
    let set = done.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("guosuo=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    let back = browser.get("/me/sessions?x=1").await;
    assert_eq!(back.status, StatusCode::OK);
    assert!(back.text.contains("张伟") && back.text.contains("id=\"this-device\""));
}

#[tokio::test]
async fn over_https_cookies_are_bound_to_the_host() {
    let site = site_at("https://sso.example.gov.cn").await;
    let browser = Browser::new(&site);
    let done = browser.sign_in("zhangwei", PASSWORD, "/me").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let set = done.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("__Host-guosuo=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
    assert!(!set.contains("Domain"));
    assert!(browser.cookie("__Host-guosuo-b").is_some());
    // A neighbouring host can set the plain name only, and that means nothing here.
    let other = Browser::new(&site);
    other.set_cookie("guosuo", &browser.cookie("__Host-guosuo").unwrap());
    assert_eq!(other.get("/me").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_cookie_from_before_the_sign_in_is_worth_nothing_after_it() {
    let site = site().await;
    let browser = Browser::new(&site);
    // One that an attacker made up and planted.
    let planted = "A".repeat(43);
    browser.set_cookie("guosuo", &planted);
    browser.sign_in("zhangwei", PASSWORD, "/me").await;
    let first = browser.cookie("guosuo").unwrap();
    assert_ne!(first, planted);
    let attacker = Browser::new(&site);
    attacker.set_cookie("guosuo", &planted);
    assert_eq!(attacker.get("/me").await.status, StatusCode::SEE_OTHER);
    // One of an earlier sign-in.
    browser.sign_in("zhangwei", PASSWORD, "/me").await;
    let second = browser.cookie("guosuo").unwrap();
    assert_ne!(first, second);
    attacker.set_cookie("guosuo", &first);
    assert_eq!(attacker.get("/me").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/me").await.status, StatusCode::OK);
    assert_eq!(site.sessions().await, 1);
    assert_eq!(site.events::<identity::events::SignInSucceeded>().await.len(), 2);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_the_same() {
    let site = site().await;
    let browser = Browser::new(&site);
    let known = browser.sign_in("zhangwei", "not the password", "/me").await;
    let unknown = browser.sign_in("nobody", "not the password", "/me").await;
    assert_eq!(known.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(known.status, unknown.status);
    assert_eq!(known.bare("zhangwei"), unknown.bare("nobody"));
    assert!(known.text.contains("id=\"error\"") && known.text.contains("账号或密码不正确"));
    assert!(!known.text.contains("not the password"));
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&known), names(&unknown));
    assert_eq!((site.sessions().await, site.failures().await.len()), (0, 3));
    assert_eq!(site.events::<identity::events::SignInFailed>().await.len(), 2);
    assert!(browser.cookie("guosuo").is_none());
}

#[tokio::test]
async fn after_too_many_failures_the_page_says_when_to_try_again() {
    let site = site().await;
    let browser = Browser::new(&site);
    for _ in 0..5 {
        assert_eq!(browser.sign_in("zhangwei", "wrong", "/me").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let waiting = browser.sign_in("zhangwei", PASSWORD, "/me").await;
    assert_eq!(waiting.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(waiting.headers[header::RETRY_AFTER], "2");
    assert!(waiting.text.contains("15:00:02") && waiting.text.contains("2 秒"), "{}", waiting.text);
    assert_eq!((site.sessions().await, site.events::<identity::events::SignInFailed>().await.len()), (0, 5));
    // The name that was typed is still there; the password is not.
    assert!(waiting.text.contains("value=\"zhangwei\"") && !waiting.text.contains(PASSWORD));
}

#[tokio::test]
async fn when_too_many_sign_in_at_once_the_page_says_so_and_nothing_is_counted() {
    let site = site().await;
    let _held = (site.app.gate.enter().await.unwrap(), site.app.gate.enter().await.unwrap());
    let browser = Browser::new(&site);
    let busy = browser.sign_in("zhangwei", PASSWORD, "/me").await;
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(busy.headers.contains_key(header::RETRY_AFTER) && busy.text.contains("id=\"error\""));
    assert_eq!((site.sessions().await, site.failures().await.len()), (0, 0));
    // Other pages are not kept waiting.
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_signs_in_while_the_database_is_away_has_the_form_again_and_the_name_in_it() {
    let site = site().await;
    let browser = Browser::new(&site);
    let csrf = browser.get("/sign-in").await.hidden("csrf");
    site.app.database.close().await;
    let fields = [("csrf", csrf.as_str()), ("to", "/me"), ("username", "zhangwei"), ("password", PASSWORD)];
    let away = browser.post("/sign-in", &fields).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(away.text.contains("value=\"zhangwei\"") && away.text.contains("id=\"error\""), "{}", away.text);
    assert!(away.text.contains("请稍后再试") && !away.text.contains(PASSWORD), "{}", away.text);
}

#[tokio::test]
async fn the_page_that_waits_signs_in_by_itself_and_nobody_else_can_use_what_it_brings() {
    let site = site().await;
    let (browser, other) = (Browser::new(&site), Browser::new(&site));
    let held = (site.app.gate.enter().await.unwrap(), site.app.gate.enter().await.unwrap());
    let waiting = browser.sign_in("zhangwei", PASSWORD, "/me/sessions").await;
    assert_eq!(waiting.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(waiting.text.contains("id=\"waiting\"") && waiting.text.contains("sign_in/waiting.js"), "{}", waiting.text);
    let shown = PASSWORD.split(' ').next().unwrap();
    assert!(!waiting.text.contains(shown), "{}", waiting.text);
    let send = async |browser: &Browser<'_>, csrf: &str, username: &str, typed: &str| {
        let fields = [("csrf", csrf), ("to", "/me/sessions"), ("username", username), ("typed", typed)];
        browser.post("/sign-in", &fields).await
    };
    let (csrf, typed) = (waiting.hidden("csrf"), waiting.hidden("typed"));
    let still = send(&browser, &csrf, "zhangwei", &typed).await;
    assert_eq!(still.status, StatusCode::SERVICE_UNAVAILABLE, "it waits on");
    drop(held);
    let others = other.get("/sign-in").await.hidden("csrf");
    let cut = &typed[..typed.len() - 4];
    for (browser, csrf, username, typed) in [
        (&other, &others, "zhangwei", typed.as_str()),
        (&browser, &csrf, "lisi", &typed),
        (&browser, &csrf, "zhangwei", cut),
    ] {
        let refused = send(browser, csrf, username, typed).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("请填写账号和密码"), "{}", refused.text);
    }
    assert_eq!((site.sessions().await, site.failures().await.len()), (0, 0));
    let done = send(&browser, &csrf, "zhangwei", &still.hidden("typed")).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/me/sessions"));
    assert_eq!(site.sessions().await, 1);
}

#[tokio::test]
async fn a_sign_in_waits_for_two_minutes_and_then_has_to_be_typed_again() {
    use crate::kit::{limits::SIGN_IN_WAITS_SECONDS_MAX, visit::Visit};
    let site = site().await;
    let browser = Browser::new(&site);
    let csrf = browser.get("/sign-in").await.hidden("csrf");
    let mut request = axum::extract::Request::new(Body::empty());
    let cookie = format!("guosuo-b={}", browser.cookie("guosuo-b").unwrap());
    request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
    let visit = Visit::of(&site.app, &request);
    let _held = (site.app.gate.enter().await.unwrap(), site.app.gate.enter().await.unwrap());
    for (seconds, waits) in [(SIGN_IN_WAITS_SECONDS_MAX - 1, true), (SIGN_IN_WAITS_SECONDS_MAX, false)] {
        let (password, since) = (base::Secret::new(PASSWORD.to_owned()), testing::NOW.plus_seconds(-seconds));
        let typed = super::waiting::Typed { password, since }.sealed(&site.app, &visit, "zhangwei");
        let fields = [("csrf", csrf.as_str()), ("username", "zhangwei"), ("typed", &typed)];
        let answer = browser.post("/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{seconds}");
        assert_eq!(answer.text.contains("name=\"typed\""), waits, "{seconds}");
        assert_eq!(answer.text.contains("现在登录的人较多，请过几秒再按"), !waits, "{seconds}");
    }
}

#[tokio::test]
async fn whoever_has_its_share_of_the_gate_waits_on_the_page_and_its_other_requests_are_answered() {
    use crate::kit::limits::SIGN_INS_EACH_MAX;
    let site = site().await;
    let browser = Browser::new(&site);
    // Requests of the test come from nowhere.
    let client = Some(std::net::IpAddr::from([0, 0, 0, 0]));
    let held = site.app.shared.sign_ins.take(client, SIGN_INS_EACH_MAX).unwrap();
    let waits = browser.sign_in("zhangwei", PASSWORD, "/me").await;
    assert_eq!(waits.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(waits.text.contains("name=\"typed\""));
    assert_eq!(browser.get("/sign-in").await.status, StatusCode::OK);
    drop(held);
    assert_eq!(browser.sign_in("zhangwei", PASSWORD, "/me").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_password_of_1025_bytes_is_not_looked_at() {
    let site = site().await;
    let browser = Browser::new(&site);
    let longest = browser.sign_in("zhangwei", &"p".repeat(1024), "/me").await;
    assert!(longest.text.contains("账号或密码不正确"));
    let longer = browser.sign_in("zhangwei", &"p".repeat(1025), "/me").await;
    assert_eq!(longer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(longer.text.contains("1024"));
    assert_eq!(site.events::<identity::events::SignInFailed>().await.len(), 1);
}

#[tokio::test]
async fn a_form_with_another_browsers_token_signs_nobody_in() {
    let site = site().await;
    let (victim, attacker) = (Browser::new(&site), Browser::new(&site));
    victim.get("/sign-in").await;
    let token = attacker.get("/sign-in").await.hidden("csrf");
    let fields = [("csrf", token.as_str()), ("username", "zhangwei"), ("password", PASSWORD), ("to", "/me")];
    let refused = victim.post("/sign-in", &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(victim.post("/sign-in", &fields[1..]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(Browser::new(&site).post("/sign-in", &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!((site.sessions().await, site.failures().await.len()), (0, 0));
    // The twin: its own browser may.
    assert_eq!(attacker.post("/sign-in", &fields).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_out_is_asked_for_and_ends_the_session_for_everyone_who_has_its_cookie() {
    let site = site().await;
    let browser = Browser::new(&site);
    browser.sign_in("zhangwei", PASSWORD, "/me").await;
    let thief = Browser::new(&site);
    thief.set_cookie("guosuo", &browser.cookie("guosuo").unwrap());
    // An image on another site can make a browser send a GET: that ends nothing.
    let question = browser.get("/sign-out").await;
    assert!(question.text.contains("id=\"logout\""));
    assert_eq!(browser.get("/me").await.status, StatusCode::OK);
    let out = browser.post("/sign-out", &[("csrf", &question.hidden("csrf"))]).await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/signed-out"));
    assert!(out.headers.contains_key("clear-site-data"));
    assert!(browser.cookie("guosuo").is_none());
    assert!(browser.get("/signed-out").await.text.contains("id=\"logged-out\""));
    assert_eq!(thief.get("/me").await.status, StatusCode::SEE_OTHER);
    let closed = site.events::<identity::events::SessionClosed>().await;
    assert_eq!((closed.len(), closed[0].reason.as_str()), (1, "signed_out"));
    let last = records::testing::last_numbered(&site.app.database, 1).await.unwrap();
    assert_eq!(last[0].actor, site.person.as_str());
    // Once more, from a page that was still open.
    let again = browser.post("/sign-out", &[("csrf", &question.hidden("csrf"))]).await;
    assert_eq!(again.location(), "/signed-out");
    assert_eq!(site.events::<identity::events::SessionClosed>().await.len(), 1);
}

#[tokio::test]
async fn a_person_ends_their_other_sessions_and_nobody_elses() {
    let site = site().await;
    let (here, there) = (Browser::new(&site), Browser::new(&site));
    here.sign_in("zhangwei", PASSWORD, "/me").await;
    there.sign_in("zhangwei", PASSWORD, "/me").await;
    let page = here.get("/me/sessions").await;
    assert_eq!(page.text.matches("class=\"is-danger\"").count(), 1);
    let csrf = page.hidden("csrf");
    let strange =
        here.post("/me/sessions/close", &[("csrf", &csrf), ("session", "ses_00000000000000000000000000")]).await;
    assert_eq!(strange.status, StatusCode::SEE_OTHER);
    assert_eq!(there.get("/me").await.status, StatusCode::OK);
    let nonsense = here.post("/me/sessions/close", &[("csrf", &csrf), ("session", "x")]).await;
    assert_eq!(nonsense.status, StatusCode::NOT_FOUND);
    let forged = here.post("/me/sessions/close", &[("others", "1")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(site.events::<identity::events::SessionClosed>().await.len(), 0);
    let closed = here.post("/me/sessions/close", &[("csrf", &csrf), ("others", "1")]).await;
    assert_eq!(closed.led_to(), "/me/sessions?closed");
    assert_eq!(there.get("/me").await.status, StatusCode::SEE_OTHER);
    assert_eq!(here.get("/me").await.status, StatusCode::OK);
    assert_eq!(site.events::<identity::events::SessionClosed>().await.len(), 1);
    // What a session that has ended sends is not done, and is not repeated after a sign-in, which leads to its form.
    let late = there.get("/sign-in").await.hidden("csrf");
    let refused = there.post("/me/sessions/close", &[("csrf", &late), ("others", "1")]).await;
    assert_eq!(refused.location(), "/sign-in?to=%2Fme%2Fsessions");
    assert_eq!(here.get("/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_who_has_the_role_gets_in_and_only_as_long_as_they_have_it() {
    let mut site = site().await;
    let only = |role| Roles(role, AssuranceLevel::Password);
    let table = Table::new(Surface::SignIn)
        .get("/review", only(&[Role::Reviewer]), async |reviewer: session::Staff| {
            reviewer.appointment.organisation_name
        })
        .get("/audit", only(&[Role::Auditor]), async |_: session::Staff| "ok");
    let table = super::routes(table);
    site.router = crate::kit::edge::wrap(table.into_router(), site.app.clone());
    let browser = Browser::new(&site);
    assert_eq!(browser.get("/review").await.location(), "/sign-in?to=%2Freview");
    browser.sign_in("zhangwei", PASSWORD, "/review").await;
    assert_eq!(browser.get("/review").await.status, StatusCode::FORBIDDEN);
    let mut work = site.app.database.begin(records::testing::context(testing::NOW, 78)).await.unwrap();
    let bureau = organisation::NewOrganisation {
        name: "滨江市市场监督管理局".to_owned(),
        credit_code: base::number::CreditCode::complete("11330100000000001").unwrap(),
        kind: organisation::OrganisationKind::Department,
        legal_representative: None,
    };
    let bureau = organisation::register(&mut work, bureau).await.unwrap();
    let reviewer = staff::appoint(&mut work, &site.person, &bureau, &[Role::Reviewer]).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(browser.get("/review").await.text, "滨江市市场监督管理局");
    assert_eq!(browser.get("/audit").await.status, StatusCode::FORBIDDEN);
    let mut work = site.app.database.begin(records::testing::context(testing::NOW, 79)).await.unwrap();
    staff::end(&mut work, &reviewer).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(browser.get("/review").await.status, StatusCode::FORBIDDEN);
}

/// What people try to be redirected to. A browser reads each of these as another site, as a script, or as nothing.
const HOSTILE: &[&str] = &[
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/\\\\evil.example",
    "http://evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http:\\\\evil.example",
    "ftp://evil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://evil.example/x",
    "about:blank",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\r\nSet-Cookie: guosuo=x",
    "/me\r\nSet-Cookie: guosuo=x",
    "/me\0",
    "\0//evil.example",
    "evil.example",
    "evil.example/me",
    "@evil.example",
    "127.0.0.1:8080@evil.example",
    "http://127.0.0.1:8080@evil.example/",
    "http://127.0.0.1:8080.evil.example/",
    "http://127.0.0.1:8080/me",
    "?to=//evil.example",
    "#//evil.example",
    ".",
    "..",
    "./me",
    "../me",
    "/\u{ff0f}evil.example",
    "\u{ff0f}\u{ff0f}evil.example",
    "/\u{2215}evil.example",
    "/\u{200b}/evil.example",
    "/\u{85}/evil.example",
    "/me\\..\\..\\evil",
    "／／evil.example",
    "%2f%2fevil.example",
    "%5cevil.example",
    "*",
    "",
];

#[tokio::test]
async fn a_sign_in_leads_to_this_site_and_nowhere_else() {
    assert!(HOSTILE.len() >= 40);
    let site = site().await;
    let browser = Browser::new(&site);
    for hostile in HOSTILE {
        assert_eq!(links::same_origin_path(hostile.trim()), None, "{hostile:?}");
        let page = browser.get(&format!("/sign-in?to={}", links::percent_encode(hostile))).await;
        if hostile.contains('\0') {
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "not read at all: {hostile:?}");
            continue;
        }
        assert_eq!((page.status, page.hidden("to").as_str()), (StatusCode::OK, "/me"), "{hostile:?}");
    }
    // The form itself may have been made elsewhere.
    let csrf = browser.get("/sign-in").await.hidden("csrf");
    for hostile in ["//evil.example", "/\\evil.example", "https:evil.example", "/\t/evil.example"] {
        let fields = [("csrf", csrf.as_str()), ("username", "zhangwei"), ("password", PASSWORD), ("to", hostile)];
        assert_eq!(browser.post("/sign-in", &fields).await.location(), "/me", "{hostile:?}");
    }
    // Encoded slashes stay what they are: a path of ours that nobody serves.
    assert_eq!(links::same_origin_path("/%2fevil.example"), Some("/%2fevil.example"));
}

#[tokio::test]
async fn an_empty_field_is_said_and_not_counted() {
    let site = site().await;
    let browser = Browser::new(&site);
    for (username, password) in [("", PASSWORD), ("zhangwei", ""), ("", "")] {
        let answer = browser.sign_in(username, password, "/me").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("请填写账号和密码"));
    }
    assert_eq!((site.failures().await.len(), site.events::<identity::events::SignInFailed>().await.len()), (0, 0));
}

#[tokio::test]
async fn what_was_typed_is_shown_as_text() {
    let site = site().await;
    let answer = Browser::new(&site).sign_in("\"><script>alert(1)</script>", "x", "/me").await;
    assert!(!answer.text.contains("<script>alert"), "{}", answer.text);
}

const HANDED_OUT: &str = "handed out at the counter";

async fn hand_out(site: &Site) {
    let context = records::testing::context(testing::NOW.plus_seconds(-100), 79);
    let hashed = password::hash(&site.app.gate, &context.entropy, "zhangwei", HANDED_OUT).await.unwrap();
    let mut work = site.app.database.begin(context).await.unwrap();
    let account = account::find_by_username(&mut work.tx, "zhangwei").await.unwrap().unwrap();
    password::hand_out(&mut work, &account.account_id, &hashed).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn whoever_signs_in_with_a_password_that_was_handed_out_chooses_another_one_first() {
    let site = site().await;
    hand_out(&site).await;
    let browser = Browser::new(&site);
    let page = browser.sign_in("zhangwei", HANDED_OUT, "/me/licences").await;
    assert_eq!((page.status, site.sessions().await), (StatusCode::OK, 0));
    assert!(!page.text.contains(HANDED_OUT));
    let choose = async |browser: &Browser<'_>, page: &Answer, new: &str| {
        let fields = ["csrf", "to", "username", "typed"].map(|name| (name, page.hidden(name)));
        let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(("new", new));
        browser.post("/sign-in/choose", &fields).await
    };
    for (new, words) in [("short", "至少 15"), ("passwordpassword", "太容易被猜到"), (HANDED_OUT, "与现在的密码相同")]
    {
        let refused = choose(&browser, &page, new).await;
        assert_eq!((refused.status, site.sessions().await), (StatusCode::UNPROCESSABLE_ENTITY, 0), "{new}");
        assert!(refused.text.contains(words) && !refused.text.contains(HANDED_OUT), "{new}: {}", refused.text);
    }
    // What the page brings back is worth nothing in another browser.
    let other = Browser::new(&site);
    let strange = other.get("/sign-in").await;
    let fields = [
        ("csrf", strange.hidden("csrf")),
        ("username", "zhangwei".to_owned()),
        ("typed", page.hidden("typed")),
        ("new", "lanterns along the river".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(other.post("/sign-in/choose", &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.sessions().await, 0);
    let chosen = choose(&browser, &page, "lanterns along the river").await;
    assert_eq!((chosen.status, chosen.location(), site.sessions().await), (StatusCode::SEE_OTHER, "/me/licences", 1));
    let again = browser.sign_in("zhangwei", HANDED_OUT, "/me").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_person_changes_the_password_and_is_signed_out_everywhere_else() {
    let site = site().await;
    let (here, elsewhere) = (Browser::new(&site), Browser::new(&site));
    for browser in [&here, &elsewhere] {
        assert_eq!(browser.sign_in("zhangwei", PASSWORD, "/me").await.status, StatusCode::SEE_OTHER);
    }
    assert!(here.get("/me").await.text.contains("/me/password"));
    let change = async |current: &str, new: &str| {
        let page = here.get("/me/password").await;
        here.post("/me/password", &[("csrf", &page.hidden("csrf")), ("current", current), ("new", new)]).await
    };
    for (current, new, words) in [
        ("wrong", "lanterns along the river", "现在的密码不正确"),
        (PASSWORD, PASSWORD, "与现在的密码相同"),
        (PASSWORD, "zhangwei-zhangwei", "太容易被猜到"),
        (PASSWORD, "", "至少 15"),
    ] {
        let refused = change(current, new).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{new}");
        assert!(refused.text.contains(words), "{new}: {}", refused.text);
    }
    assert_eq!((site.sessions().await, site.events::<identity::events::PasswordSet>().await.len()), (2, 1));
    let changed = change(PASSWORD, "lanterns along the river").await;
    assert_eq!((changed.status, changed.led_to()), (StatusCode::SEE_OTHER, "/me/password?changed"));
    assert!(here.get(changed.location()).await.text.contains("密码已修改"));
    assert_eq!((elsewhere.get("/me").await.status, site.sessions().await), (StatusCode::SEE_OTHER, 1));
    let old = elsewhere.sign_in("zhangwei", PASSWORD, "/me").await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(elsewhere.sign_in("zhangwei", "lanterns along the river", "/me").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guessing_the_password_on_the_page_that_changes_it_is_counted_as_at_the_door() {
    let site = site().await;
    let browser = Browser::new(&site);
    browser.sign_in("zhangwei", PASSWORD, "/me").await;
    let mut last = StatusCode::OK;
    for guess in 0..60 {
        let page = browser.get("/me/password").await;
        let current = format!("guess {guess}");
        let fields =
            [("csrf", page.hidden("csrf")), ("current", current), ("new", "lanterns along the river".to_owned())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        last = browser.post("/me/password", &fields).await.status;
        if last == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert!(!site.failures().await.is_empty());
}

#[tokio::test]
async fn a_wrong_password_on_the_page_that_changes_it_is_told_of_the_person_whose_session_it_is() {
    let site = site().await;
    let browser = Browser::new(&site);
    browser.sign_in("zhangwei", PASSWORD, "/me").await;
    let csrf = browser.get("/me/password").await.hidden("csrf");
    let fields = [("csrf", csrf.as_str()), ("current", "not the one there is"), ("new", "lanterns along the river")];
    assert_eq!(browser.post("/me/password", &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let filter = log::Filter { kind: Some("sign_in.failed".to_owned()), ..log::Filter::default() };
    let mut tx = site.app.database.read().await.unwrap();
    let told = log::list(&mut tx, &filter, &ListPage::first(1)).await.unwrap().items.remove(0);
    let person = identity::person::find_by_name(&mut tx, "张伟").await.unwrap().remove(0).person_id;
    assert_eq!((told.actor_kind.as_str(), told.actor.as_str()), ("person", person.as_str()));
}

/// What a form has in hidden fields, with something more.
fn sent<'v>(hidden: &'v [(&'static str, String)], more: &[(&'static str, &'v str)]) -> Vec<(&'static str, &'v str)> {
    hidden.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied()).collect()
}

#[tokio::test]
async fn whoever_switches_where_a_password_is_chosen_reads_the_same_and_has_chosen_nothing() {
    let site = site().await;
    hand_out(&site).await;
    let browser = Browser::new(&site);
    let page = browser.sign_in("zhangwei", HANDED_OUT, "/me").await;
    assert!(page.text.contains("form=\"choosing\" name=\"switch\" value=\"en\""), "{}", page.text);
    let fields = |page: &Answer| ["csrf", "to", "username", "typed"].map(|name| (name, page.hidden(name)));
    let (hidden, new) = (fields(&page), "lanterns along the river");
    let english = browser.post("/sign-in/choose", &sent(&hidden, &[("new", new), ("switch", "en")])).await;
    assert_eq!((english.status, site.sessions().await), (StatusCode::OK, 0));
    assert!(english.text.contains("<html lang=\"en\"") && english.text.contains("S-05"), "{}", english.text);
    assert!(!english.text.contains(new) && !english.text.contains(HANDED_OUT));
    assert_eq!(browser.cookie("guosuo-lang").as_deref(), Some("en"));
    // What is wrong is said again, in large type too.
    let refused = browser.post("/sign-in/choose", &sent(&fields(&english), &[("new", "short")])).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut hidden = fields(&refused).to_vec();
    hidden.push(("wrong", refused.hidden("wrong")));
    let large = browser.post("/sign-in/choose", &sent(&hidden, &[("new", ""), ("switch", "elder")])).await;
    assert!(large.text.contains("data-ui=\"elder\"") && large.text.contains("at least 15"), "{}", large.text);
    let chinese = browser.post("/sign-in/choose", &sent(&hidden, &[("switch", "zh")])).await;
    assert!(chinese.text.contains("密码至少 15"), "{}", chinese.text);
    let done = browser.post("/sign-in/choose", &sent(&fields(&chinese), &[("new", new)])).await;
    assert_eq!((done.status, done.location(), site.sessions().await), (StatusCode::SEE_OTHER, "/me", 1));
}

#[tokio::test]
async fn what_is_wrong_with_a_password_is_read_in_another_language_and_no_address_has_what_was_typed() {
    let site = site().await;
    let browser = Browser::new(&site);
    let refused = browser.sign_in("zhangwei", "not the one", "/me").await;
    assert!(!refused.text.contains("back="), "an address has nothing of a sign-in: {}", refused.text);
    let hidden = ["csrf", "to", "wrong"].map(|name| (name, refused.hidden(name)));
    let english =
        browser.post("/sign-in", &sent(&hidden, &[("username", "zhangwei"), ("password", ""), ("switch", "en")])).await;
    assert!(english.text.contains("value=\"zhangwei\"") && english.text.contains("is not correct"), "{}", english.text);
    assert_eq!((english.status, site.sessions().await), (StatusCode::OK, 0));
    assert_eq!(site.events::<identity::events::SignInFailed>().await.len(), 1, "nothing was tried");
    browser.sign_in("zhangwei", PASSWORD, "/me").await;
    let csrf = browser.get("/me/password").await.hidden("csrf");
    let typed = [("csrf", csrf.as_str()), ("current", PASSWORD), ("new", "short of it")];
    let refused = browser.post("/me/password", &typed).await;
    assert!(refused.text.contains("id=\"again\"") && refused.text.contains("Type both passwords again"));
    let hidden = ["csrf", "wrong"].map(|name| (name, refused.hidden(name)));
    let chinese = browser.post("/me/password", &sent(&hidden, &[("current", PASSWORD), ("switch", "zh")])).await;
    assert!(chinese.text.contains("密码至少 15") && chinese.text.contains("两个密码都要重新填写"), "{}", chinese.text);
    for page in [&refused.text, &chinese.text] {
        assert!(!page.contains("short of it") && !page.contains(PASSWORD) && !page.contains("back="), "{page}");
    }
}
