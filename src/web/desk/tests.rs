//! The desk and the public page as a browser without scripts sees them.

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
    _fresh: records::testing::Fresh,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

async fn desk(roles: &[Role]) -> Desk {
    let fresh = records::testing::fresh().await.unwrap();
    let app = testing::app(fresh.database.clone(), URL).await.unwrap();
    let mut work = app.database.begin(records::testing::context(testing::NOW, 77)).await.unwrap();
    let new = person::NewPerson {
        name: "卢晓峰".to_owned(),
        identity_number: IdentityNumber::complete("11010519900101001").unwrap(),
        profile: person::Profile::default(),
    };
    let person = person::register(&mut work, &app.vault, new).await.unwrap();
    let account: AccountId = account::open(&mut work, &person, "counter", None).await.unwrap();
    if !roles.is_empty() {
        let bureau = organisation::NewOrganisation {
            name: "滨江市行政审批服务局".to_owned(),
            credit_code: CreditCode::complete("11330100002489381").unwrap(),
            kind: organisation::Kind::Department,
            legal_representative: None,
        };
        let bureau = organisation::register(&mut work, bureau).await.unwrap();
        staff::appoint(&mut work, &person, &bureau, roles).await.unwrap();
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
    let cookie = format!("guosuo={}; guosuo-b=browser", token.expose());
    Desk { router: crate::router(app.clone()), cookie, app, _fresh: fresh }
}

impl Desk {
    async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Answer {
        let request = request.header(header::COOKIE, &self.cookie).body(body.into()).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    async fn csrf(&self) -> String {
        let page = self.send(Request::get("/desk"), "").await.text;
        page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned()
    }

    async fn verify(&self, text: &str) -> Answer {
        let body = format!("csrf={}&text={}", self.csrf().await, crate::links::percent_encode(text));
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
        assert!(answer.text.contains("id=\"receipt\">ver_"), "{text}");
    };
    check("<script>alert(1)</script>", "unverifiable").await;
    check("https://weixin.qq.com/r/abc", "unverifiable").await;
    check("123456789012345678901", "invalid").await;
    check("１２３４５６７８９０１２３４５６７８９０１", "invalid").await;
    let empty = desk.verify("  ").await;
    assert!(!empty.text.contains("data-outcome"));
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
    let mut file = vec![b'x'; crate::limits::UPLOAD_BYTES_MAX];
    assert_eq!(desk.verify_file(&csrf, &file).await.status, StatusCode::OK);
    file.push(b'x');
    assert_eq!(desk.verify_file(&csrf, &file).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn every_unknown_number_gets_one_public_answer_without_a_cookie() {
    let desk = desk(&[]).await;
    let mut pages = Vec::new();
    for number in ["123456789012345678901", "1", "abc", "848760879762122947840"] {
        let request = Request::get(format!("/V/{number}")).body(Body::empty()).unwrap();
        let (parts, body) = desk.router.clone().oneshot(request).await.unwrap().into_parts();
        assert_eq!(parts.status, StatusCode::NOT_FOUND);
        assert_eq!(parts.headers.get(header::SET_COOKIE), None);
        assert_eq!(parts.headers["x-robots-tag"], "noindex, nofollow");
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let page = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(page.contains("data-outcome=\"invalid\""));
        pages.push(page.replace(&format!("%2FV%2F{number}"), "NUMBER"));
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "{pages:#?}");
    drop(desk.app);
}
