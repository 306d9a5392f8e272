//! The console as clerks and reviewers see it.

mod applying;
mod conflicts;
mod ended;
mod finding;
mod looks;
mod numbers;
mod own_affairs;
mod proposed;
mod revocations;
mod seals;
mod sense;
mod session_ends;

use axum::body::Body;
use http::{Method, Request, StatusCode, header};

use crate::{
    kit::links::percent_encode,
    public::api::tests::{Answer, Member, Office, office},
};
use identity::{mandate, staff};
use licence::built_in;

/// One member of staff at a browser.
struct Desk<'o> {
    office: &'o Office,
    cookie: String,
}

impl<'o> Desk<'o> {
    async fn new(office: &'o Office, member: &Member) -> Self {
        let mut desk = Self { office, cookie: member.cookie.clone() };
        let first = desk.get("/console").await;
        for set in first.headers.get_all(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            desk.cookie = format!("{}; {pair}", desk.cookie);
        }
        desk
    }

    async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        self.office.send(request.body(Body::empty()).unwrap()).await
    }

    async fn csrf(&self) -> String {
        hidden(&self.get("/console/licences").await.text, "csrf")
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![format!("csrf={}", percent_encode(&self.csrf().await))];
        pairs.extend(fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))));
        self.post_raw(path, pairs.join("&")).await
    }

    async fn post_raw(&self, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.office.send(request.body(body.into()).unwrap()).await;
        self.office.led(answer, &self.cookie).await
    }
}

fn hidden(text: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = text.split_once(&start).unwrap_or_else(|| panic!("no {name} in {text}")).1;
    rest.split('"').next().unwrap().to_owned()
}

fn form() -> String {
    format!("/console/apply/{}", built_in::FOOD)
}

/// A revocation that was confirmed.
const REVOKE: [(&str, &str); 3] = [("reason", "penalty"), ("decision", "滨市监吊销〔2026〕12号"), ("confirmed", "yes")];

/// What a clerk enters, after the answers were seen.
const FIELDS: [(&str, &str); 6] = [
    ("confirmed", "yes"),
    ("f_legal_representative", "王小明"),
    ("f_residence", "滨江市江南区解放路 1 号"),
    ("f_premises", "滨江市江南区解放路 1 号一层"),
    ("f_business_category", "餐饮服务经营者"),
    ("f_business_items", "热食类食品制售"),
];

/// Looks the company up and hands an application in; returns its path.
async fn apply(clerk: &Desk<'_>) -> String {
    let found = clerk.post(&form(), &[("number", clerk.office.company.as_str())]).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text);
    assert!(found.text.contains("滨江市龙福餐饮有限公司"));
    let holder = hidden(&found.text, "holder");
    let mut fields = vec![("holder", holder.as_str())];
    fields.extend(FIELDS);
    let done = clerk.post(&form(), &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    page_of(&done)
}

/// Where an answer leads, without what its page says of it.
fn page_of(answer: &Answer) -> String {
    crate::kit::said::without(answer.location()).to_owned()
}

#[tokio::test]
async fn apply_review_issue_suspend_reinstate_revoke() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    assert!(clerk.get("/console/apply").await.text.contains(built_in::FOOD));
    let application = apply(&clerk).await;
    assert!(!clerk.get(&application).await.text.contains("id=\"approve\""), "the maker cannot approve");
    assert!(reviewer.get("/console").await.text.contains(&application));
    let page = reviewer.get(&application).await;
    assert!(page.text.contains("id=\"approve\"") && page.text.contains("热食类食品制售"));
    let digest = hidden(&page.text, "digest");
    let own = clerk.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN);
    let stale = reviewer.post(&format!("{application}/approve"), &[("digest", "00")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    let approved = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text);
    let licence = approved.location().to_owned();
    let page = clerk.get(&licence).await;
    assert!(page.text.contains("id=\"revoke\""), "{}", page.text);
    assert!(page.text.contains("经办人 经办甲，审核人 审核乙"), "{}", page.text);
    let identifier = page.text.split_once("id=\"identifier\">").unwrap().1.split('<').next().unwrap();
    let public = clerk.get(&format!("/find?code={}", percent_encode(identifier))).await;
    let public = clerk.get(public.location()).await;
    assert!(public.status == StatusCode::OK && public.text.contains("证照状态有效"), "{}", public.text);
    assert!(!public.text.contains("全部检查通过"), "nobody looked at the content");
    assert!(clerk.get(&format!("{licence}/file.pdf")).await.text.starts_with("%PDF-"));
    for (act, reason, status) in [("suspend", "investigation", "suspended"), ("reinstate", "", "valid")] {
        let done = clerk.post(&format!("{licence}/{act}"), &[("reason", reason)]).await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, licence.as_str()), "{act}");
        let list = clerk.get(&format!("/console/licences?status={status}")).await;
        assert!(list.text.contains(&licence), "{status}");
    }
    let filed = clerk.post(&format!("{licence}/revoke"), &REVOKE).await;
    assert_eq!(filed.status, StatusCode::SEE_OTHER, "{}", filed.text);
    let done = reviewer.post(&format!("{}/approve", filed.location()), &[("confirmed", "yes")]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, licence.as_str()), "{}", done.text);
    assert!(clerk.get("/console/licences?status=revoked").await.text.contains(&licence));
    let late = clerk.post(&format!("{licence}/reinstate"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let page = clerk.get(&licence).await;
    assert!(page.text.contains("吊销（行政处罚）") && !page.text.contains("id=\"revoke\""));
    assert!(!page.text.contains("吊销：吊销"), "{}", page.text);
    assert!(reviewer.get(&application).await.text.contains(&licence));
}

#[tokio::test]
async fn a_form_is_offered_only_for_what_the_department_issues() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let path = format!("/console/apply/{}", built_in::BIRTH);
    assert!(!clerk.get("/console/apply").await.text.contains(&path));
    assert_eq!(clerk.get(&path).await.status, StatusCode::FORBIDDEN);
    let posted = clerk.post(&path, &[("number", clerk.office.company.as_str())]).await;
    assert_eq!(posted.status, StatusCode::FORBIDDEN);
    assert_eq!(office.count("select count(*) from application").await, 0);
    assert_eq!(clerk.get("/console/apply/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn of_two_reviewers_at_once_one_wins_and_the_other_is_told() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let (one, two) = (Desk::new(&office, &office.reviewer).await, Desk::new(&office, &office.third).await);
    let application = apply(&clerk).await;
    let digest = hidden(&one.get(&application).await.text, "digest");
    let path = format!("{application}/approve");
    let fields = [("digest", digest.as_str())];
    let (a, b) = tokio::join!(one.post(&path, &fields), two.post(&path, &fields));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    let lost = if a.status == StatusCode::CONFLICT { a } else { b };
    assert!(lost.text.contains("这份申请已经处理过"));
    assert_eq!(office.count("select count(*) from licence").await, 1);
}

#[tokio::test]
async fn what_was_entered_stays_after_a_mistake() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let wrong = clerk.post(&form(), &[("number", "91350100M000100Y44")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("91350100M000100Y44") && wrong.text.contains("校验码不正确"));
    let unknown = clerk.post(&form(), &[("number", "91350100M000100Y43")]).await;
    assert!(unknown.text.contains("登记信息中没有这个号码"));
    let found = clerk.post(&form(), &[("number", office.company.as_str())]).await;
    let holder = hidden(&found.text, "holder");
    let long = "长".repeat(200);
    let fields =
        [("holder", holder.as_str()), ("f_residence", "解放路"), ("f_premises", long.as_str()), ("valid_from", "soon")];
    let answer = clerk.post(&form(), &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text.contains("href=\"#valid_from\"") && answer.text.contains("解放路") && answer.text.contains(&long)
    );
    let fields = [("holder", holder.as_str()), ("f_residence", "解放路"), ("f_premises", long.as_str())];
    let answer = clerk.post(&form(), &fields).await;
    for id in ["f_premises", "f_business_items", "f_legal_representative"] {
        assert!(answer.text.contains(&format!("id=\"{id}-error\"")), "{id}");
    }
    assert!(!answer.text.contains("id=\"f_residence-error\""));
    assert_eq!(office.count("select count(*) from application").await, 0);
}

#[tokio::test]
async fn what_is_wrong_with_an_application_is_read_in_another_language_with_what_was_typed_and_nothing_is_done() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let found = clerk.post(&form(), &[("number", office.company.as_str())]).await;
    let holder = hidden(&found.text, "holder");
    let refused = clerk.post(&form(), &[("holder", &holder), ("f_residence", "解放路"), ("valid_from", "soon")]).await;
    let back = refused.text.split_once("back=").unwrap().1.split('"').next().unwrap();
    let back = percent_encoding::percent_decode_str(back).decode_utf8().unwrap().into_owned();
    assert!(!back.contains("soon"), "what was typed cannot be read in {back}");
    let english = Desk { office: &office, cookie: format!("{}; guosuo-lang=en", clerk.cookie) };
    let again = english.get(&back).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.text);
    for part in ["<html lang=\"en\"", "解放路", "href=\"#valid_from\"", &holder] {
        assert!(again.text.contains(part), "{part}: {}", again.text);
    }
    // Opened when nothing is wrong with it, it is only shown: who hands it in sends it.
    let mut fields = crate::kit::form::Fields::default();
    fields.add("holder".to_owned(), holder.clone()).unwrap();
    for (name, value) in FIELDS {
        fields.add(name.to_owned(), value.to_owned()).unwrap();
    }
    let request = Request::get("/").header(header::COOKIE, &clerk.cookie).body(Body::empty()).unwrap();
    let visit = crate::kit::visit::Visit::of(&office.app, &request);
    let path = format!("{}/holder", form());
    let right = crate::kit::asked::address(&office.app, &visit, &path, &fields).unwrap();
    let shown = clerk.get(&right).await;
    assert!(shown.status == StatusCode::OK && shown.text.contains("热食类食品制售"), "{}", shown.text);
    assert_eq!(office.count("select count(*) from application").await, 0);
}

#[tokio::test]
async fn a_form_in_gbk_is_refused_and_nothing_is_kept() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let token = percent_encode(&clerk.csrf().await).to_string();
    let answer = clerk.post_raw(&form(), format!("csrf={token}&number=%D5%C5%C8%FD")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains("UTF-8"));
    let mut raw = format!("csrf={token}&number=").into_bytes();
    raw.extend(b"\xd5\xc5\xc8\xfd");
    assert_eq!(clerk.post_raw(&form(), raw).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn licences_are_found_by_number_code_and_holder_and_only_ones_own() {
    let office = office().await;
    let licence = office.issue("k").await.json();
    let id = licence["id"].as_str().unwrap();
    let clerk = Desk::new(&office, &office.clerk).await;
    let stranger = Desk::new(&office, &office.stranger).await;
    let code = licence["code"].as_str().unwrap();
    let qr = format!("HTTP://127.0.0.1:8080/V/{code}");
    for wanted in [licence["identifier"].as_str().unwrap(), code, &qr, office.company.as_str(), id] {
        let found = clerk.post("/console/licences/find", &[("q", wanted)]).await;
        assert_eq!(found.location(), format!("/console/licences/{id}"), "{wanted}");
        let hidden = stranger.post("/console/licences/find", &[("q", wanted)]).await;
        assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{wanted}");
        assert!(hidden.text.contains("id=\"error\""));
    }
    for wanted in ["", "x", office.person.as_str(), "110105194912310021"] {
        let found = clerk.post("/console/licences/find", &[("q", wanted)]).await;
        assert_eq!(found.status, StatusCode::NOT_FOUND, "{wanted}");
    }
    let path = format!("/console/licences/{id}");
    assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
    let revoked = stranger.post(&format!("{path}/revoke"), &REVOKE).await;
    assert_eq!(revoked.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_department_finds_its_own_licence_behind_many_that_others_issued_to_the_same_holder() {
    let office = office().await;
    let id = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    office.copied(&id, Some("org_00000000000000000000000001")).await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let found = clerk.post("/console/licences/find", &[("q", office.company.as_str())]).await;
    assert_eq!(found.location(), format!("/console/licences/{id}"));
}

#[tokio::test]
async fn a_renewal_begins_with_what_the_older_one_says() {
    let office = office().await;
    let older = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let page = clerk.get(&format!("{}?renews={older}", form())).await;
    assert!(page.text.contains("value=\"王小明\""), "{}", page.text);
    let holder = hidden(&page.text, "holder");
    let renews = hidden(&page.text, "renews");
    assert_eq!(renews, older);
    let mut fields = vec![("holder", holder.as_str()), ("renews", renews.as_str())];
    fields.extend(FIELDS);
    let application = page_of(&clerk.post(&form(), &fields).await);
    let digest = hidden(&reviewer.get(&application).await.text, "digest");
    let newer = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    assert_eq!(newer.status, StatusCode::SEE_OTHER, "{}", newer.text);
    let page = clerk.get(&format!("/console/licences/{older}")).await;
    assert!(page.text.contains(newer.location()) && page.text.contains("已被新版本取代"));
}

#[tokio::test]
async fn a_returned_application_says_why() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let application = apply(&clerk).await;
    let fields = [("reason", "mismatch"), ("note", "住所与登记不一致 <b>")];
    let done = reviewer.post(&format!("{application}/return"), &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let page = clerk.get(&application).await;
    assert!(page.text.contains("与登记信息不一致") && page.text.contains("&#60;b&#62;"), "{}", page.text);
    assert!(clerk.get("/console").await.text.contains(&application));
    let all = clerk.get("/console/applications?state=returned").await;
    assert!(all.text.contains(&application));
}

#[tokio::test]
async fn every_page_is_for_the_right_people() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    for path in ["/console", "/console/apply", "/console/applications", "/console/licences", "/console/seals"] {
        assert_eq!(clerk.get(path).await.status, StatusCode::OK, "{path}");
        let away = office.send(Request::builder().method(Method::GET).uri(path).body(Body::empty()).unwrap()).await;
        assert_eq!(away.status, StatusCode::SEE_OTHER, "{path}");
    }
    let seals = clerk.get("/console/seals").await;
    assert!(seals.text.contains("<svg") && seals.text.contains("滨江市市场监督管理局电子证照专用章"));
    let stranger = Desk::new(&office, &office.stranger).await;
    assert!(!stranger.get("/console/apply").await.text.contains(built_in::FOOD));
}

#[tokio::test]
async fn a_form_that_is_sent_twice_acts_once_and_leads_to_what_the_first_made() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let found = clerk.post(&form(), &[("number", office.company.as_str())]).await;
    let (holder, once) = (hidden(&found.text, "holder"), hidden(&found.text, "once"));
    let mut fields = vec![("holder", holder.as_str()), ("once", once.as_str())];
    fields.extend(FIELDS);
    let applications = async || office.count("select count(*) from application").await;
    // What was refused is no first time.
    let mut wrong = fields.clone();
    wrong.push(("valid_from", "soon"));
    for _ in 0..2 {
        assert_eq!(clerk.post(&form(), &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let apply = form();
    let (first, second) = futures_util::future::join(clerk.post(&apply, &fields), clerk.post(&apply, &fields)).await;
    let made = page_of(&first);
    assert_eq!(
        (first.status, second.status, page_of(&second)),
        (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER, made.clone())
    );
    let back = clerk.post(&form(), &fields).await;
    assert_eq!((back.status, page_of(&back), applications().await), (StatusCode::SEE_OTHER, made.clone(), 1));
    // Another one's form is another one's, and one that was changed meanwhile is another form.
    let mut changed = fields.clone();
    changed.retain(|(name, _)| *name != "f_residence");
    changed.push(("f_residence", "滨江市江南区解放路 2 号"));
    assert_ne!(page_of(&clerk.post(&form(), &changed).await), made);
    assert_eq!(applications().await, 2);
    // What one did oneself is no mistake of who goes back and presses the button again.
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let page = reviewer.get(&made).await.text;
    let sent = [("digest", hidden(&page, "digest")), ("once", hidden(&page, "once"))];
    let sent = sent.each_ref().map(|(name, value)| (*name, value.as_str()));
    let approved = reviewer.post(&format!("{made}/approve"), &sent).await;
    let again = reviewer.post(&format!("{made}/approve"), &sent).await;
    assert_eq!((approved.status, again.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER), "{}", again.text);
    assert_eq!((again.location(), office.count("select count(*) from licence").await), (approved.location(), 1));
}

#[tokio::test]
async fn a_page_opened_from_an_address_has_the_same_form_each_time_and_another_one_has_another() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let look_up = async || {
        let csrf = percent_encode(&clerk.csrf().await).to_string();
        let request = Request::post(form())
            .header(header::COOKIE, &clerk.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = format!("csrf={csrf}&number={}", office.company.as_str());
        office.send(request.body(Body::from(body)).unwrap()).await.location().to_owned()
    };
    let (address, another) = (look_up().await, look_up().await);
    let once = async |address: &str| hidden(&clerk.get(address).await.text, "once");
    let first = once(&address).await;
    assert_eq!(first, once(&address).await, "who goes back has the same form");
    assert_ne!(first, once(&another).await, "who looks a holder up again applies again");
}

#[tokio::test]
async fn a_reviewer_sees_the_registered_address_beside_the_one_that_was_typed() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let mut tx = office.app.database.housekeeping().await.unwrap();
    let sql = "update organisation set address = $2 where organisation_id = $1";
    tx.run(sql, records::args![&office.company_id, "滨江市江南区旧街 9 号"]).await.unwrap();
    tx.commit().await.unwrap();
    let page = reviewer.get(&apply(&clerk).await).await.text;
    assert!(page.contains("滨江市江南区旧街 9 号"), "{page}");
}
