//! The desk and the public page as a browser without scripts sees them.

mod counter;
mod resets;

use axum::body::Body;
use base::{
    id::AccountId,
    number::{CreditCode, IdentityNumber},
};
use http::{HeaderMap, Request, StatusCode, header};
use identity::{Role, account, organisation, person, session, staff};
use tower::ServiceExt;

use crate::{App, testing};

const URL: &str = "http://127.0.0.1:8080";

struct Desk {
    router: axum::Router,
    cookie: String,
    app: App,
    fresh: records::testing::Fresh,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

/// Who sits at a desk.
struct Member {
    name: &'static str,
    number: &'static str,
    department: &'static str,
    credit_code: &'static str,
    username: &'static str,
}

const COUNTER: Member = Member {
    name: "卢晓峰",
    number: "11010519900101001",
    department: "滨江市行政审批服务局",
    credit_code: "11330100002489381",
    username: "counter",
};

const ELSEWHERE: Member = Member {
    name: "汪学文",
    number: "11010519900202002",
    department: "滨江市公安局交通警察支队",
    credit_code: "11330100002489382",
    username: "elsewhere",
};

async fn desk(roles: &[Role]) -> Desk {
    let fresh = records::testing::fresh_following(consequences::TABLE).await.unwrap();
    let app = testing::app(&fresh, URL).await.unwrap();
    let cookie = sign_in(&app, &COUNTER, 77, roles).await;
    Desk { router: testing::router(app.clone()), cookie, app, fresh }
}

/// Somebody who is signed in; without roles a citizen.
async fn sign_in(app: &App, member: &Member, seed: u64, roles: &[Role]) -> String {
    let mut work = app.database.begin(records::testing::context(testing::NOW, seed)).await.unwrap();
    let new = person::NewPerson {
        name: member.name.to_owned(),
        identity_number: IdentityNumber::complete(member.number).unwrap(),
        profile: person::Profile::default(),
    };
    let person = person::register(&mut work, &app.vault, new).await.unwrap();
    let account: AccountId = account::open(&mut work, &person, member.username, None).await.unwrap();
    if !roles.is_empty() {
        let code = CreditCode::complete(member.credit_code).unwrap();
        let known = organisation::find_by_code(&mut work.tx, &code).await.unwrap();
        let department = if let Some(known) = known {
            known.organisation_id
        } else {
            let new = organisation::NewOrganisation {
                name: member.department.to_owned(),
                credit_code: code,
                kind: organisation::OrganisationKind::Department,
                legal_representative: None,
            };
            organisation::register(&mut work, new).await.unwrap()
        };
        staff::appoint(&mut work, &person, &department, roles).await.unwrap();
    }
    let opening = session::Opening {
        account: &account,
        method: session::Method::Password,
        limits: session::Limits::default(),
        address: "127.0.0.1",
        device: "test",
    };
    let (token, _) = session::open(&mut work, opening).await.unwrap();
    work.commit().await.unwrap();
    format!("guosuo={}; guosuo-b=browser", token.expose())
}

impl Desk {
    async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Answer {
        let request = request.header(header::COOKIE, &self.cookie).body(body.into()).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    async fn get(&self, cookie: &str, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// The number of the receipt for a text that is verified now.
    async fn receipt(&self, text: &str) -> String {
        let page = self.verify(text).await.text;
        page.split_once("/desk/receipts/ver_").unwrap().1.split('"').next().map(|rest| format!("ver_{rest}")).unwrap()
    }

    /// How often a receipt was opened, as the log has it.
    async fn openings(&self) -> usize {
        records::testing::told::<licence::events::ReceiptOpened>(&self.fresh.database).await.unwrap().len()
    }

    async fn csrf(&self) -> String {
        let page = self.send(Request::get("/desk"), "").await.text;
        page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned()
    }

    async fn verify(&self, text: &str) -> Answer {
        let body = format!("csrf={}&text={}", self.csrf().await, crate::kit::links::percent_encode(text));
        let kind = "application/x-www-form-urlencoded";
        self.send(Request::post("/desk").header(header::CONTENT_TYPE, kind), body).await
    }

    async fn verify_file(&self, csrf: &str, file: &[u8]) -> Answer {
        let mut body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--x\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let request = Request::post("/desk/file").header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
        self.send(request, body).await
    }
}

#[tokio::test]
async fn the_desk_is_for_counter_and_licence_staff_only() {
    for role in [Role::Counter, Role::Clerk, Role::Reviewer, Role::Auditor] {
        assert_eq!(desk(&[role]).await.send(Request::get("/desk"), "").await.status, StatusCode::OK, "{role:?}");
    }
    for roles in [&[][..], &[Role::Operator], &[Role::SealKeeper]] {
        assert_eq!(desk(roles).await.send(Request::get("/desk"), "").await.status, StatusCode::FORBIDDEN, "{roles:?}");
    }
}

#[tokio::test]
async fn only_the_desk_may_use_camera_and_webassembly() {
    let desk = desk(&[Role::Counter]).await;
    let page = desk.send(Request::get("/desk"), "").await;
    let policy = |answer: &Answer, name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert!(policy(&page, "content-security-policy").contains("'wasm-unsafe-eval'"));
    assert!(policy(&page, "permissions-policy").contains("camera=(self)"));
    let home = desk.send(Request::get("/"), "").await;
    assert!(!policy(&home, "content-security-policy").contains("wasm"));
    assert!(policy(&home, "permissions-policy").contains("camera=()"));
}

#[tokio::test]
async fn a_plain_form_gets_the_whole_answer() {
    let desk = desk(&[Role::Counter]).await;
    let check = async |text: &str, outcome: &str| {
        let answer = desk.verify(text).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text.contains(&format!("data-outcome=\"{outcome}\"")), "{text}: {}", answer.text);
        assert!(answer.text.contains("id=\"receipt\" href=\"/desk/receipts/ver_"), "{text}");
    };
    check("<script>alert(1)</script>", "unverifiable").await;
    check("https://weixin.qq.com/r/abc", "unverifiable").await;
    check("123456789012345678901", "unverifiable").await;
    check("１２３４５６７８９０１２３４５６７８９０１", "unverifiable").await;
    let empty = desk.verify("  ").await;
    assert!(!empty.text.contains("data-outcome"));
}

#[tokio::test]
async fn a_page_that_shows_an_answer_clears_itself_and_has_no_way_around_it() {
    let desk = desk(&[Role::Counter]).await;
    let answer = desk.verify("123456789012345678901").await;
    assert_eq!(answer.headers[header::REFRESH], "30; url=/desk");
    assert!(!answer.text.contains("id=\"signed-in-name\""), "{}", answer.text);
    let empty = desk.get(&desk.cookie, "/desk").await;
    assert!(!empty.headers.contains_key(header::REFRESH) && empty.text.contains("id=\"signed-in-name\""));
}

#[tokio::test]
async fn a_receipt_is_opened_again_by_the_department_that_asked_and_by_auditors() {
    let desk = desk(&[Role::Counter]).await;
    let number = desk.receipt("123456789012345678901").await;
    let colleague = Member { name: "姜秀芝", number: "11010519900303003", username: "colleague", ..COUNTER };
    let auditor = Member { name: "石磊", number: "11010519900404004", username: "auditor", ..ELSEWHERE };
    let colleague = sign_in(&desk.app, &colleague, 78, &[Role::Reviewer]).await;
    let auditor = sign_in(&desk.app, &auditor, 79, &[Role::Auditor]).await;
    for (place, cookie) in [&desk.cookie, &colleague, &auditor].into_iter().enumerate() {
        let page = desk.get(cookie, &format!("/desk/receipts/{number}")).await;
        assert_eq!(page.status, StatusCode::OK);
        for part in ["data-outcome=\"unverifiable\"", "不是本系统的号码", "卢晓峰 · 滨江市行政审批服务局", &number]
        {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        assert_eq!(desk.openings().await, place + 1, "each opening is an event");
    }
    // As people type it.
    let (small, drawn) = (number.to_ascii_lowercase(), number.split_once('_').unwrap().1);
    for typed in [format!("%20{small}"), drawn.to_owned(), format!("VER%20-{}%20{}", &drawn[..9], &drawn[9..])] {
        let found = desk.get(&desk.cookie, &format!("/desk/receipts?number={typed}")).await;
        assert_eq!(found.status, StatusCode::SEE_OTHER, "{typed}");
        assert_eq!(found.headers[header::LOCATION].to_str().unwrap(), format!("/desk/receipts/{number}"));
    }
}

#[tokio::test]
async fn strangers_get_no_receipt_and_do_not_learn_that_there_is_one() {
    let desk = desk(&[Role::Counter]).await;
    let number = desk.receipt("123456789012345678901").await;
    let path = format!("/desk/receipts/{number}");
    let elsewhere = sign_in(&desk.app, &ELSEWHERE, 78, &[Role::Counter, Role::Clerk]).await;
    let theirs = desk.get(&elsewhere, &path).await;
    let unknown = desk.get(&elsewhere, "/desk/receipts/ver_01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
    assert_eq!((theirs.status, unknown.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    let plain = |answer: &Answer, number: &str| {
        let main = answer.text.split_once("<main").unwrap().1.split("</main>").next().unwrap();
        main.replace(number, "NUMBER")
    };
    assert_eq!(plain(&theirs, &number), plain(&unknown, "ver_01ARZ3NDEKTSV4RRFFQ69G5FAV"));
    let citizen = Member { number: "11010519900505005", username: "citizen", ..COUNTER };
    let citizen = sign_in(&desk.app, &citizen, 79, &[]).await;
    assert_eq!(desk.get(&citizen, &path).await.status, StatusCode::FORBIDDEN);
    let nobody = desk.get("", &path).await;
    assert_eq!(nobody.status, StatusCode::SEE_OTHER);
    assert!(nobody.headers[header::LOCATION].to_str().unwrap().starts_with("/sign-in?to="));
    for wrong in ["x", "lic_01ARZ3NDEKTSV4RRFFQ69G5FAV", "ver_%3Cscript%3E"] {
        let page = desk.get(&desk.cookie, &format!("/desk/receipts/{wrong}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{wrong}");
        assert!(!page.text.contains("<script>"), "{}", page.text);
    }
    assert_eq!(desk.openings().await, 0, "nothing was opened");
}

#[tokio::test]
async fn a_file_form_needs_its_token_and_gets_an_answer() {
    let desk = desk(&[Role::Counter]).await;
    let csrf = desk.csrf().await;
    let answer = desk.verify_file(&csrf, b"GIF89a").await;
    assert!(answer.text.contains("data-outcome=\"unverifiable\""), "{}", answer.text);
    assert_eq!(desk.verify_file("wrong", b"GIF89a").await.status, StatusCode::FORBIDDEN);
    let empty = desk.verify_file(&csrf, b"").await;
    assert_eq!((empty.status, empty.text.contains("data-outcome")), (StatusCode::OK, false));
}

#[tokio::test]
async fn a_file_at_the_limit_is_read_and_one_byte_more_is_not() {
    let desk = desk(&[Role::Counter]).await;
    let csrf = desk.csrf().await;
    let mut file = vec![b'x'; crate::kit::limits::UPLOAD_BYTES_MAX];
    assert_eq!(desk.verify_file(&csrf, &file).await.status, StatusCode::OK);
    file.push(b'x');
    assert_eq!(desk.verify_file(&csrf, &file).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_browser_that_lost_its_cookies_is_led_to_the_sign_in() {
    let desk = desk(&[Role::Counter]).await;
    let post = async |cookie: &str| {
        let request = Request::post("/desk")
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = desk.router.clone().oneshot(request.body(Body::from("csrf=x&text=1")).unwrap()).await.unwrap();
        (answer.status(), answer.headers().get(header::LOCATION).cloned())
    };
    let (status, location) = post("").await;
    assert_eq!((status, location.unwrap().to_str().unwrap()), (StatusCode::SEE_OTHER, "/sign-in?to=%2F"));
    assert_eq!(post(&desk.cookie).await.0, StatusCode::FORBIDDEN, "a session and a wrong token is a forged form");
    let verified: Vec<licence::events::LicenceVerified> = records::testing::told(&desk.fresh.database).await.unwrap();
    assert_eq!(verified, []);
}

#[tokio::test]
async fn ways_are_shown_only_to_those_who_may_go_them() {
    let check = async |roles: &[Role], console: bool, desk_too: bool| {
        let desk = desk(roles).await;
        let home = desk.get(&desk.cookie, "/").await.text;
        assert_eq!(home.contains("href=\"/console\""), console, "{roles:?}");
        assert_eq!(home.contains("href=\"/desk\""), desk_too, "{roles:?}");
        let status = desk.get(&desk.cookie, "/desk").await.status;
        assert_eq!(status == StatusCode::OK, desk_too, "{roles:?}");
        let status = desk.get(&desk.cookie, "/console").await.status;
        assert_eq!(status == StatusCode::OK, console, "{roles:?}");
    };
    check(&[], false, false).await;
    check(&[Role::SealKeeper], true, false).await;
    check(&[Role::Operator], true, false).await;
    check(&[Role::Clerk], true, true).await;
    check(&[Role::Counter], true, true).await;
    check(&[Role::Auditor], true, true).await;
    let desk = desk(&[]).await;
    let stranger = desk.get("", "/").await.text;
    assert!(stranger.contains("href=\"/console\"") && stranger.contains("href=\"/desk\""), "he may be anyone");
}

#[tokio::test]
async fn a_number_that_names_nothing_gets_the_answer_of_the_api_in_public_and_no_cookie() {
    let desk = desk(&[]).await;
    for (number, outcome) in [
        (licence::Code::draw(&base::SeededEntropy::new(3)).as_str().to_owned(), "invalid"),
        ("848760879762122947849".to_owned(), "unverifiable"),
        ("84876087976212294784".to_owned(), "unverifiable"),
        ("1/2".to_owned(), "unverifiable"),
        ("1".to_owned(), "unverifiable"),
        ("abc".to_owned(), "unverifiable"),
    ] {
        let request = Request::get(format!("/V/{number}")).body(Body::empty()).unwrap();
        let (parts, body) = desk.router.clone().oneshot(request).await.unwrap().into_parts();
        assert_eq!(parts.status, StatusCode::NOT_FOUND);
        assert_eq!(parts.headers.get(header::SET_COOKIE), None);
        assert_eq!(parts.headers["x-robots-tag"], "noindex, nofollow");
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let page = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(page.contains(&format!("data-outcome=\"{outcome}\"")), "{number}: {page}");
        assert!(page.contains("id=\"error\"") && !page.contains("id=\"licence\""), "{number}: {page}");
    }
    drop(desk.app);
}
