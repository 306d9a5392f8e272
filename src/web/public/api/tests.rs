//! The API as a department's system sees it.

mod described;
mod looks;
mod names;
mod refusals;
mod revocations;
mod verifications;

use axum::body::Body;
use base::{
    Text,
    id::{LicenceId, OrganisationId, PersonId, StaffId},
    number::{CreditCode, IdentityNumber},
};
use crypto::{KeyHandle, Suite};
use http::{HeaderMap, Method, Request, StatusCode, header};
use identity::{Role, account, organisation, person, session, staff};
use licence::{built_in, licence_type};
use oidc::{
    client::{ClientId, ClientSettings, GrantType, Registration},
    keys::{KeyState, KeyUse, TokenKey},
};
use records::{Work, testing::Fresh};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{App, testing};

/// Where the site is.
pub(crate) const URL: &str = "http://127.0.0.1:8080";

/// A member of staff with an open session.
pub(crate) struct Member {
    pub staff: StaffId,
    pub cookie: String,
}

/// A city with two departments that issue, a company, and a system of the first department.
pub(crate) struct Office {
    pub app: App,
    pub router: axum::Router,
    pub fresh: Fresh,
    pub clerk: Member,
    pub reviewer: Member,
    pub third: Member,
    pub stranger: Member,
    pub keeper: Member,
    pub company: CreditCode,
    pub person: IdentityNumber,
    pub person_id: PersonId,
    pub company_id: OrganisationId,
    pub department: OrganisationId,
    pub seal: base::id::SealId,
    token: String,
    foreign_token: String,
}

/// An answer, read.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Where an act led, and what the page there says, without the mark of the moment.
    pub fn led_to(&self) -> &str {
        self.location().split('=').next().unwrap_or_default()
    }

    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn register(work: &mut Work, app: &App, name: &str, seventeen: &str) -> (PersonId, IdentityNumber) {
    let number = IdentityNumber::complete(seventeen).unwrap();
    let new = person::NewPerson {
        name: name.to_owned(),
        identity_number: number.clone(),
        profile: person::Profile::default(),
    };
    (person::register(work, &app.vault, new).await.unwrap(), number)
}

async fn organisation(
    work: &mut Work,
    name: &str,
    code: &CreditCode,
    kind: organisation::OrganisationKind,
) -> OrganisationId {
    let new = organisation::NewOrganisation {
        name: name.to_owned(),
        credit_code: code.clone(),
        kind,
        legal_representative: None,
    };
    organisation::register(work, new).await.unwrap()
}

/// Appoints somebody; also in roles that exclude each other, which appointments from before may hold.
pub(crate) async fn appoint(work: &mut Work, person: &PersonId, at: &OrganisationId, roles: &[Role]) -> StaffId {
    let staff = staff::appoint(work, person, at, roles.get(..1).unwrap()).await.unwrap();
    let all = staff::Roles::new(roles).to_string();
    work.tx.run("update staff set roles = $2 where staff_id = $1", records::args![&staff, all]).await.unwrap();
    staff
}

pub(crate) async fn member(
    work: &mut Work,
    app: &App,
    at: &OrganisationId,
    who: (&str, &str),
    roles: &[Role],
) -> Member {
    let (person, number) = register(work, app, who.0, who.1).await;
    let staff = appoint(work, &person, at, roles).await;
    let account = account::open(work, &person, &format!("u{}", number.as_str()), None).await.unwrap();
    let opening = session::Opening {
        account: &account,
        method: session::Method::Password,
        address: "127.0.0.1",
        device: "test",
        limits: session::Limits::default(),
    };
    let (token, _) = session::open(work, opening).await.unwrap();
    Member { staff, cookie: format!("guosuo={}", token.expose()) }
}

pub(crate) async fn client(work: &mut Work, app: &App, id: &str, of: &OrganisationId, scopes: &str) -> String {
    client_that(work, app, (id, of, scopes), true).await
}

/// The same, which may or may not say itself that two people decided.
pub async fn client_that(
    work: &mut Work,
    app: &App,
    (id, of, scopes): (&str, &OrganisationId, &str),
    attests_review: bool,
) -> String {
    let new = Registration {
        client_id: ClientId::parse(id).unwrap(),
        name: Text::fixed("业务系统", "Department system"),
        purpose: Text::fixed("签发证照", "Issuing licences"),
        organisation_id: of.clone(),
        backchannel_logout_uri: None,
        settings: ClientSettings {
            grants: vec![GrantType::ClientCredentials],
            scopes: scopes.to_owned(),
            attests_review,
            ..ClientSettings::default()
        },
    };
    let registered = oidc::client::register(work, app.provider.uri_policy(), new).await.unwrap();
    registered.secret.unwrap().expose().clone()
}

fn token_keys() -> Vec<TokenKey> {
    let key = || KeyHandle::throw_away(Suite::Es256).unwrap();
    let of = |kid: &str, purpose| TokenKey { kid: kid.to_owned(), purpose, state: KeyState::Active, key: key() };
    vec![of("access", KeyUse::AccessToken), of("id", KeyUse::IdToken)]
}

/// Sets the city up.
pub(crate) async fn office() -> Office {
    office_on(records::testing::fresh_following(consequences::TABLE).await.unwrap()).await
}

/// The same on a database with other consequences.
pub(crate) async fn office_on(fresh: records::testing::Fresh) -> Office {
    let app = testing::app(&fresh, URL).await.unwrap();
    let context = || records::testing::context(testing::NOW.plus_seconds(-600), 5);
    app.custody.ensure(context()).await.unwrap();
    app.provider.set_keys(token_keys()).unwrap();
    let mut work = app.database.begin(context()).await.unwrap();
    built_in::install(&mut work).await.unwrap();
    let complete = |code: &str| CreditCode::complete(code).unwrap();
    let department = organisation::OrganisationKind::Department;
    let food = organisation(&mut work, "滨江市市场监督管理局", &complete("11330100002489381"), department).await;
    let police = organisation(&mut work, "滨江市公安局", &complete("11330100002489402"), department).await;
    let both = [Role::Clerk, Role::Reviewer];
    let clerk = member(&mut work, &app, &food, ("经办甲", "33010119800101001"), &both).await;
    let reviewer = member(&mut work, &app, &food, ("审核乙", "33010119800101003"), &both).await;
    let third = member(&mut work, &app, &food, ("审核丙", "33010119800101005"), &both).await;
    let stranger = member(&mut work, &app, &police, ("外单位丁", "33010119800101007"), &both).await;
    let keeper = member(&mut work, &app, &food, ("保管戊", "33010119800101009"), &[Role::SealKeeper]).await;
    let new =
        seal::NewSeal { organisation_id: food.clone(), kind: seal::SealKind::Licence, keeper: keeper.staff.clone() };
    let seal = seal::create(&mut work, &app.library.cabinet, new).await.unwrap();
    licence_type::authorise(&mut work, built_in::FOOD, &food).await.unwrap();
    licence_type::authorise(&mut work, built_in::DRIVING, &food).await.unwrap();
    let company = complete("91330100MA2ABCDE1");
    let company_id =
        organisation(&mut work, "滨江市龙福餐饮有限公司", &company, organisation::OrganisationKind::Enterprise).await;
    let (person_id, person) = register(&mut work, &app, "欧阳龘", "33010119900307123").await;
    let secret = client(&mut work, &app, "food-system", &food, "licence:issue licence:verify").await;
    let foreign_secret = client(&mut work, &app, "police-system", &police, "licence:issue").await;
    work.commit().await.unwrap();
    let router = testing::router(app.clone());
    let mut office = Office {
        app,
        router,
        fresh,
        clerk,
        reviewer,
        third,
        stranger,
        keeper,
        company,
        person,
        person_id,
        company_id,
        department: food,
        seal,
        token: String::new(),
        foreign_token: String::new(),
    };
    office.token = office.access_token("food-system", &secret, "licence:issue+licence:verify").await;
    office.foreign_token = office.access_token("police-system", &foreign_secret, "licence:issue").await;
    office
}

impl Office {
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 22).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// The page that a form led to, as a browser has it: what it asked for is at an address of its own.
    pub async fn led(&self, answer: Answer, cookie: &str) -> Answer {
        if !answer.location().contains("?form=") {
            return answer;
        }
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let request = Request::get(answer.location()).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Writes forty newer rows like that of a licence, of its issuer or of another one.
    pub async fn copied(&self, licence: &str, issuer: Option<&str>) {
        let mut tx = self.app.database.housekeeping().await.unwrap();
        let copied = tx
            .run_text(
                "with recursive n(i) as (select 10 union all select i + 1 from n where i < 49)
                 insert into licence (licence_id, identifier, code, origin, licence_type_id, issuer_id, issuer_name,
                                      holder_kind, holder_id, holder_shown, status, changed_at, issued_at, valid_from)
                 select 'lic_7ZZZZZZZZZZZZZZZZZZZZZZZ' || i, 'identifier' || i, 'code' || i, 'origin' || i,
                        l.licence_type_id, case when $2 = '' then l.issuer_id else $2 end, l.issuer_name, l.holder_kind,
                        l.holder_id, l.holder_shown, l.status, l.changed_at, l.issued_at, l.valid_from
                   from licence l, n
                  where l.licence_id = $1",
                records::args![licence, issuer.unwrap_or_default()],
            )
            .await
            .unwrap();
        assert_eq!(copied, 40);
        tx.commit().await.unwrap();
    }

    /// The token of a system that may ask for licences, and not say itself that two people decided.
    pub async fn plain_system(&self) -> String {
        let mut work = self.work(1).await;
        let of = ("plain-system", &self.department, "licence:issue");
        let secret = client_that(&mut work, &self.app, of, false).await;
        work.commit().await.unwrap();
        self.access_token("plain-system", &secret, "licence:issue").await
    }

    pub async fn access_token(&self, client: &str, secret: &str, scope: &str) -> String {
        let form = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}&scope={scope}");
        let request = Request::post("/token").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.send(request.body(form.into()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn call(&self, method: Method, path: &str, key: Option<&str>, body: &str) -> Answer {
        self.call_as(&self.token, method, path, (key, body)).await
    }

    pub async fn call_as(&self, token: &str, method: Method, path: &str, (key, body): (Option<&str>, &str)) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub fn example(&self) -> Value {
        json!({
            "type": built_in::FOOD,
            "holder": { "credit_code": self.company.as_str() },
            "fields": {
                "legal_representative": "王小明",
                "residence": "滨江市江南区解放路 1 号",
                "premises": "滨江市江南区解放路 1 号一层",
                "business_category": "餐饮服务经营者",
                "business_items": "热食类食品制售"
            },
            "clerk": self.clerk.staff.as_str(),
            "reviewer": self.reviewer.staff.as_str()
        })
    }

    /// What somebody with all rights does.
    pub async fn work(&self, seconds: i64) -> Work {
        let context = records::testing::context(testing::NOW.plus_seconds(seconds), seconds.unsigned_abs() + 60);
        self.app.database.begin(context).await.unwrap()
    }

    pub async fn issue(&self, key: &str) -> Answer {
        self.call(Method::POST, "/api/v1/licences", Some(key), &self.example().to_string()).await
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        let (count,): (i64,) = self.fresh.database.read().await.unwrap().one(sql, vec![]).await.unwrap();
        count
    }
}

#[tokio::test]
async fn a_licence_is_issued_read_downloaded_and_listed() {
    let office = office().await;
    let answer = office.issue("key-1").await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let licence = answer.json();
    assert_eq!(licence["status"], "valid");
    assert_eq!(licence["holder"]["name"], "滨江市龙福餐饮有限公司");
    let id = licence["id"].as_str().unwrap();
    assert_eq!(answer.location(), format!("/api/v1/licences/{id}"));
    let read = office.call(Method::GET, answer.location(), None, "").await;
    assert_eq!(read.json(), licence);
    let file = office.call(Method::GET, &format!("/api/v1/licences/{id}/file.pdf"), None, "").await;
    assert!(file.text.starts_with("%PDF-") && file.headers[header::CONTENT_TYPE] == "application/pdf");
    let list = office.call(Method::GET, "/api/v1/licences?status=valid&limit=1", None, "").await.json();
    assert_eq!((&list["items"][0], &list["next_cursor"]), (&licence, &Value::Null));
    let other = office.issue("key-2").await.json();
    let first = office.call(Method::GET, "/api/v1/licences?limit=1", None, "").await.json();
    let next = format!("/api/v1/licences?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = office.call(Method::GET, &next, None, "").await.json();
    assert_eq!(second["next_cursor"], Value::Null);
    // The clock stands still: neither is the newer one, and each is on one of the pages.
    let sorted = |pages: [&Value; 2]| {
        let mut ids = pages.map(|page| page["id"].as_str().unwrap().to_owned());
        ids.sort();
        ids
    };
    assert_eq!(sorted([&first["items"][0], &second["items"][0]]), sorted([&licence, &other]));
    for query in ["limit=0", "limit=201", "limit=x", "cursor=x", "status=maybe"] {
        let wrong = office.call(Method::GET, &format!("/api/v1/licences?{query}"), None, "").await;
        assert_eq!(
            (wrong.status, wrong.code().as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_another_body_is_refused() {
    let office = office().await;
    let first = office.issue("key").await;
    for _ in 0..5 {
        let again = office.issue("key").await;
        assert_eq!((again.status, &again.text), (StatusCode::CREATED, &first.text));
        assert_eq!(again.headers["idempotency-replayed"], "true");
    }
    let mut other = office.example();
    other["fields"]["premises"] = "另一处".into();
    let refused = office.call(Method::POST, "/api/v1/licences", Some("key"), &other.to_string()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.code(), "idempotency_key_reused");
    assert_eq!(refused.headers[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(office.count("select count(*) from licence").await, 1);
    let missing = office.call(Method::POST, "/api/v1/licences", None, &office.example().to_string()).await;
    assert_eq!((missing.status, missing.code().as_str()), (StatusCode::BAD_REQUEST, "idempotency_key"));
    let long = "k".repeat(256);
    let long = office.call(Method::POST, "/api/v1/licences", Some(&long), "{}").await;
    assert_eq!(long.code(), "idempotency_key");
}

#[tokio::test]
async fn the_same_request_at_the_same_time_is_told_to_wait_and_issues_once() {
    let office = office().await;
    let (a, b) = tokio::join!(office.issue("key"), office.issue("key"));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    // The second comes while the first is at work, or after it.
    assert!(matches!(statuses, [201, 201 | 409]), "{statuses:?}");
    assert_eq!(office.count("select count(*) from licence").await, 1);
}

#[tokio::test]
async fn a_key_used_again_after_its_day_never_gets_the_old_answer() {
    let office = office().await;
    let a_day_later = async |sql: &'static str| {
        let mut tx = office.app.database.housekeeping().await.unwrap();
        tx.run(sql, records::args![24 * 3_600_000_000_i64]).await.unwrap();
        tx.commit().await.unwrap();
    };
    assert_eq!(office.issue("key").await.status, StatusCode::CREATED);
    a_day_later("update idempotency set claimed_at = claimed_at - $1").await;
    a_day_later("update licence set issued_at = issued_at - $1").await;
    let mut other = office.example();
    other["fields"]["premises"] = "另一处".into();
    for removed in [false, true] {
        for body in [other.to_string(), office.example().to_string()] {
            let refused = office.call(Method::POST, "/api/v1/licences", Some("key"), &body).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{removed} {}", refused.text);
            assert_eq!(refused.code(), "idempotency_key_reused");
        }
        a_day_later("delete from idempotency where claimed_at <> $1").await;
    }
    assert_eq!(office.count("select count(*) from licence").await, 1);
    let verify = async |code: &str| {
        let body = json!({ "code": code }).to_string();
        office.call(Method::POST, "/api/v1/verifications", Some("key"), &body).await
    };
    let first = verify("123456789012345678901234").await;
    assert_eq!(verify("223456789012345678901234").await.code(), "idempotency_key_reused");
    a_day_later("update idempotency set claimed_at = claimed_at - $1").await;
    let second = verify("223456789012345678901234").await;
    assert_eq!((second.status, second.headers.contains_key("idempotency-replayed")), (StatusCode::OK, false));
    assert_ne!(first.text, second.text);
    assert_eq!(office.count("select count(*) from idempotency").await, 1);
}

#[tokio::test]
async fn a_request_whose_process_died_goes_on_under_its_number() {
    let office = office().await;
    let first = office.issue("key").await.json();
    // As if the process had died between the two units of work, a moment ago.
    let mut tx = office.app.database.housekeeping().await.unwrap();
    tx.run("update licence set status = 'intent'", vec![]).await.unwrap();
    tx.run("delete from licence_file", vec![]).await.unwrap();
    tx.run("update idempotency set status = null, body = null", vec![]).await.unwrap();
    tx.commit().await.unwrap();
    let waiting = office.issue("key").await;
    assert_eq!((waiting.status, waiting.code().as_str()), (StatusCode::CONFLICT, "request_in_flight"));
    assert_eq!(office.count("select count(*) from licence_file").await, 0, "it may still be at work");
    let moment = records::idempotency::IN_FLIGHT_SECONDS * 1_000_000 + 1;
    let mut tx = office.app.database.housekeeping().await.unwrap();
    tx.run("update idempotency set claimed_at = claimed_at - $1", records::args![moment]).await.unwrap();
    tx.commit().await.unwrap();
    let again = office.issue("key").await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", again.text);
    assert_eq!(again.json()["identifier"], first["identifier"]);
    assert_eq!(office.count("select count(*) from licence_file").await, 1);
    assert_eq!(office.issue("key").await.headers["idempotency-replayed"], "true");
}

#[tokio::test]
async fn every_mistake_of_a_body_is_named_by_its_pointer() {
    let office = office().await;
    let post = async |body: &str| office.call(Method::POST, "/api/v1/licences", Some("key"), body).await;
    let check = async |change: &dyn Fn(&mut Value), status: u16, code: &str, pointer: &str, inner: &str| {
        let mut body = office.example();
        change(&mut body);
        let answer = post(&body.to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{}", answer.text);
        if !pointer.is_empty() {
            let errors = answer.json()["errors"].clone();
            let found = errors.as_array().unwrap().iter().any(|e| e["pointer"] == pointer && e["code"] == inner);
            assert!(found, "{pointer} {inner} in {errors}");
        }
    };
    let fields = "invalid_fields";
    check(&|b| b["colour"] = 1.into(), 422, fields, "/colour", "unknown_member").await;
    check(&|b| b["clerk"] = "x".into(), 422, fields, "/clerk", "not_an_id").await;
    check(&|b| b["holder"] = json!({}), 422, fields, "/holder", "one_of").await;
    let typo = json!({ "identity_number": "110105194912310021" });
    check(&|b| b["holder"] = typo.clone(), 422, fields, "/holder/identity_number", "check_digit").await;
    let typo = json!({ "credit_code": "91350100M000100Y44" });
    check(&|b| b["holder"] = typo.clone(), 422, fields, "/holder/credit_code", "check_digit").await;
    check(&|b| b["valid_from"] = "1.1.2027".into(), 422, fields, "/valid_from", "not_a_date").await;
    check(&|b| b["valid_from"] = "2020-01-01".into(), 422, fields, "/valid_from", "start_too_early").await;
    check(&|b| b["valid_until"] = "2027-01-01".into(), 422, fields, "/valid_until", "end_not_allowed").await;
    let long = "王".repeat(200);
    check(
        &|b| b["fields"]["legal_representative"] = long.clone().into(),
        422,
        fields,
        "/fields/legal_representative",
        "too_long",
    )
    .await;
    check(&|b| b["fields"]["premises"] = "a\u{202E}b".into(), 422, fields, "/fields/premises", "character").await;
    check(&|b| b["fields"]["premises"] = Value::Null, 422, fields, "/fields/premises", "missing").await;
    check(&|b| b["fields"]["premises"] = json!([1]), 422, fields, "/fields/premises", "not_a_string").await;
    check(&|b| b["type"] = "11100000000013338W032".into(), 422, "type_unknown", "", "").await;
    check(&|b| b["reviewer"] = b["clerk"].clone(), 403, "four_eyes", "", "").await;
    let stranger = office.stranger.staff.as_str();
    check(&|b| b["reviewer"] = stranger.into(), 422, fields, "/reviewer", "staff_unknown").await;
    check(&|b| b["renews"] = "lic_00000000000000000000000000".into(), 422, "renewal_refused", "", "").await;
    let unknown = CreditCode::complete("91330100MA2ABCDE9").unwrap();
    check(&|b| b["holder"] = json!({ "credit_code": unknown.as_str() }), 422, "holder_unknown", "", "").await;
    assert_eq!(post("{").await.code(), "json_broken");
    assert_eq!(post(&"[".repeat(60_000)).await.code(), "json_depth");
    assert_eq!(post(&format!("{{\"a\":\"{}\"}}", "x".repeat(70_000))).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(office.count("select count(*) from licence").await, 0);
    assert_eq!(office.count("select count(*) from idempotency").await, 0, "a refused request claims nothing");
    assert_eq!(office.issue("key").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn each_mistake_is_told_once() {
    let office = office().await;
    let check = async |path: &str, body: &Value, expected: &[(&str, &str)]| {
        let answer = office.call(Method::POST, path, Some("k"), &body.to_string()).await;
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let told: Vec<_> =
            errors.iter().map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap())).collect();
        assert_eq!(told, expected, "{body}");
    };
    let but = |name: &str, value: Value| {
        let mut body = office.example();
        body[name] = value;
        body
    };
    let path = "/api/v1/licences";
    let typo = json!({ "identity_number": "110105194912310021" });
    check(path, &but("holder", typo), &[("/holder/identity_number", "check_digit")]).await;
    check(path, &but("holder", json!({})), &[("/holder", "one_of")]).await;
    check(path, &but("holder", json!("x")), &[("/holder", "not_an_object")]).await;
    check(path, &but("clerk", json!("x")), &[("/clerk", "not_an_id")]).await;
    check(path, &but("clerk", json!("")), &[("/clerk", "missing")]).await;
    check(path, &but("clerk", json!(7)), &[("/clerk", "not_a_string")]).await;
    let all = ["/type", "/holder", "/fields", "/clerk", "/reviewer"].map(|pointer| (pointer, "missing"));
    check(path, &json!({}), &all).await;
    let act = "/api/v1/licences/lic_00000000000000000000000000/suspend";
    check(act, &json!({}), &[("/reason", "missing")]).await;
    check(act, &json!({ "reason": 5 }), &[("/reason", "not_a_string")]).await;
    check(act, &json!({ "reason": "x" }), &[("/reason", "reason_unknown")]).await;
    check("/api/v1/verifications", &json!({}), &[("/code", "one_of")]).await;
    check("/api/v1/verifications", &json!({ "code": 1 }), &[("/code", "not_a_string")]).await;
}

#[tokio::test]
async fn other_encodings_and_other_kinds_of_body_are_refused() {
    let office = office().await;
    let send = async |kind: &str, body: &'static [u8]| {
        let request = Request::post("/api/v1/licences")
            .header(header::AUTHORIZATION, format!("Bearer {}", office.token))
            .header("idempotency-key", "k")
            .header(header::CONTENT_TYPE, kind);
        let answer = office.send(request.body(Body::from(body)).unwrap()).await;
        (answer.status.as_u16(), answer.code())
    };
    assert_eq!(send("text/plain", b"{}").await, (415, "media_type".to_owned()));
    assert_eq!(send("application/json; charset=GBK", b"{}").await, (415, "json_charset".to_owned()));
    assert_eq!(send("application/json", b"{\"type\":\"\xd5\xc5\"}").await, (400, "json_encoding".to_owned()));
}

#[tokio::test]
async fn without_a_good_token_nothing_is_told() {
    let office = office().await;
    let send = async |token: &str| {
        let answer = office.call_as(token, Method::GET, "/api/v1/licences", (None, "")).await;
        (answer.status.as_u16(), answer.code())
    };
    assert_eq!(send("x.y.z").await, (401, "invalid_token".to_owned()));
    let mut forged = office.token.clone();
    forged.replace_range(..1, "f");
    assert_eq!(send(&forged).await, (401, "invalid_token".to_owned()));
    let request = Request::get("/api/v1/licences").body(Body::empty()).unwrap();
    assert_eq!(office.send(request).await.code(), "token_missing");
}

#[tokio::test]
async fn suspend_reinstate_revoke_through_the_api() {
    let office = office().await;
    let id = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    let act = async |token: &str, what: &str, key: &str, body: &str| {
        let path = format!("/api/v1/licences/{id}/{what}");
        office.call_as(token, Method::POST, &path, (Some(key), body)).await
    };
    let token = &office.token;
    let foreign = act(&office.foreign_token, "revoke", "f", r#"{"reason":"fraud"}"#).await;
    assert_eq!((foreign.status.as_u16(), foreign.code().as_str()), (403, "other_department"));
    let hidden =
        office.call_as(&office.foreign_token, Method::GET, &format!("/api/v1/licences/{id}"), (None, "")).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    assert_eq!(act(token, "reinstate", "a", "{}").await.code(), "not_suspended");
    assert_eq!(act(token, "suspend", "b", "{}").await.code(), "invalid_fields");
    assert_eq!(act(token, "suspend", "b", r#"{"reason":"because"}"#).await.code(), "invalid_fields");
    let suspended = act(token, "suspend", "b", r#"{"reason":"investigation"}"#).await;
    assert_eq!(suspended.json()["status"], "suspended", "{}", suspended.text);
    assert_eq!(suspended.json()["reason"]["code"], "investigation");
    let again = act(token, "suspend", "b", r#"{"reason":"investigation"}"#).await;
    assert_eq!((again.headers.contains_key("idempotency-replayed"), &again.text), (true, &suspended.text));
    let reused = act(token, "suspend", "b", r#"{"reason":"violation"}"#).await;
    assert_eq!(reused.code(), "idempotency_key_reused");
    let elsewhere = act(token, "revoke", "b", r#"{"reason":"penalty"}"#).await;
    assert_eq!(elsewhere.code(), "idempotency_key_reused", "the key belongs to another address");
    assert_eq!(act(token, "reinstate", "c", "{}").await.json()["status"], "valid");
    assert_eq!(act(token, "revoke", "d", r#"{"reason":"penalty"}"#).await.json()["status"], "revoked");
    let twice = act(token, "revoke", "e", r#"{"reason":"penalty"}"#).await;
    assert_eq!((twice.status, &twice.json()["reason"]["code"]), (StatusCode::OK, &json!("penalty")));
    assert_eq!(act(token, "revoke", "e2", r#"{"reason":"fraud"}"#).await.code(), "already_revoked");
    assert_eq!(act(token, "reinstate", "g", "{}").await.code(), "already_revoked");
    let unknown = LicenceId::stored("lic_00000000000000000000000000".to_owned());
    let path = format!("/api/v1/licences/{unknown}/revoke");
    let gone = office.call(Method::POST, &path, Some("h"), r#"{"reason":"penalty"}"#).await;
    assert_eq!((gone.status, gone.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
}

#[tokio::test]
async fn problems_speak_the_language_that_is_asked_for() {
    let office = office().await;
    let send = async |language: &str| {
        let request = Request::get("/api/v1/licences/lic_x")
            .header(header::AUTHORIZATION, format!("Bearer {}", office.token))
            .header(header::ACCEPT_LANGUAGE, language);
        office.send(request.body(Body::empty()).unwrap()).await.json()
    };
    let (zh, en) = (send("zh-CN").await, send("en").await);
    assert_eq!((&zh["code"], &en["code"]), (&json!("not_found"), &json!("not_found")));
    assert_ne!(zh["detail"], en["detail"]);
    assert!(en["detail"].as_str().unwrap().is_ascii());
}

#[tokio::test]
async fn a_database_that_is_gone_is_answered_503_and_nothing_is_lost() {
    let office = office().await;
    let before = office.issue("k1").await;
    assert_eq!(before.status, StatusCode::CREATED);
    office.app.database.close().await;
    let answer = office.issue("k2").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    let database = records::Database::open(&office.fresh.settings).await.unwrap();
    let (count,): (i64,) = database.read().await.unwrap().one("select count(*) from licence", vec![]).await.unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_frozen_seal_is_said_and_nothing_is_signed() {
    let office = office().await;
    let context = records::testing::context(testing::NOW, 6);
    let mut work = office.app.database.begin(context).await.unwrap();
    seal::freeze(&mut work, &office.seal, "交接").await.unwrap();
    work.commit().await.unwrap();
    let answer = office.issue("k").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "seal_not_in_use"));
    assert_eq!(office.count("select count(*) from licence").await, 0);
}

#[tokio::test]
async fn every_api_route_is_described_and_nothing_else() {
    let office = office().await;
    let document = office.send(Request::get("/openapi.json").body(Body::empty()).unwrap()).await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described: Vec<(String, String)> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    let mut routed: Vec<(String, String)> = crate::rows()
        .iter()
        .filter(|row| row.path.starts_with("/api/"))
        .map(|row| (row.method.to_string(), row.path.to_owned()))
        .collect();
    described.sort();
    routed.sort();
    assert_eq!(described, routed);
    let page = office.send(Request::get("/api").body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::OK);
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.text.contains(path.as_str()), "{path}");
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for (at, _) in text.match_indices("\"#/components/") {
        let pointer = text[at + 2..].split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}
