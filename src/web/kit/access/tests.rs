//! Every caller at every route, compared with what the table says.

use axum::body::Body;
use base::id::AccountId;
use http::{Request, StatusCode, header};
use identity::{Role, account, session};

use super::{Guard, Row, Who};
use crate::{
    public::api::tests::{Answer, Office, appoint, client, office, register},
    testing,
    tests::example,
};

/// The browser of all of them: its forms' token is the same for each.
const BROWSER: &str = "guosuo-b=the-browser-of-this-test";

/// Somebody, or some system, that calls a route.
enum Caller {
    /// A person with these roles; without any, no member of staff.
    Person(AccountId, Vec<Role>),
    /// Nobody we know.
    Stranger,
    /// A system whose token has this scope.
    System(&'static str, String),
}

/// What the table makes of a call.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The handler answered.
    Admitted,
    /// Signed in, but not for this.
    Forbidden,
    /// Not signed in.
    SignIn,
    /// No access token.
    TokenMissing,
    /// An access token without the scope.
    ScopeMissing,
}

#[tokio::test]
async fn every_role_and_every_scope_is_admitted_where_the_table_says_and_nowhere_else() {
    let office = office().await;
    let callers = callers(&office).await;
    let csrf = csrf(&office).await;
    for row in crate::rows() {
        for caller in &callers {
            let request = request(&office, &row, caller, &csrf).await;
            let said = verdict(&office.send(request).await);
            assert_eq!(said, expected(&row, caller), "{row:?} {}", named(caller));
        }
    }
}

fn expected(row: &Row, caller: &Caller) -> Verdict {
    match (row.who, caller) {
        (Who::Anyone, _) | (Who::SignedIn(_), Caller::Person(..)) => Verdict::Admitted,
        (Who::Staff(admitted, _), Caller::Person(_, roles)) => {
            let has_one = roles.iter().any(|role| admitted.contains(role));
            if has_one { Verdict::Admitted } else { Verdict::Forbidden }
        }
        (Who::SignedIn(_) | Who::Staff(..), Caller::Stranger | Caller::System(..)) => Verdict::SignIn,
        (Who::Client(wanted), Caller::System(scope, _)) => {
            if *scope == wanted {
                Verdict::Admitted
            } else {
                Verdict::ScopeMissing
            }
        }
        (Who::Client(_), Caller::Person(..) | Caller::Stranger) => Verdict::TokenMissing,
    }
}

/// What an answer says, by the codes that only the table gives.
fn verdict(answer: &Answer) -> Verdict {
    let told: serde_json::Value = serde_json::from_str(&answer.text).unwrap_or_default();
    match told["code"].as_str() {
        Some("forbidden") => Verdict::Forbidden,
        Some("sign_in_required") => Verdict::SignIn,
        Some("token_missing") => Verdict::TokenMissing,
        Some("insufficient_scope") => Verdict::ScopeMissing,
        // A form that this test sent wrongly would be refused before the caller is looked at.
        Some(code @ ("csrf" | "media_type" | "invalid_token" | "method_not_allowed")) => {
            panic!("{code}: {}", answer.text)
        }
        _ => {
            assert!(answer.status < StatusCode::INTERNAL_SERVER_ERROR, "{}", answer.text);
            Verdict::Admitted
        }
    }
}

fn named(caller: &Caller) -> String {
    match caller {
        Caller::Person(_, roles) => format!("as a person with {roles:?}"),
        Caller::Stranger => "as a stranger".to_owned(),
        Caller::System(scope, _) => format!("as a system with {scope}"),
    }
}

async fn callers(office: &Office) -> Vec<Caller> {
    let mut work = office.app.database.begin(records::testing::context(testing::NOW, 80)).await.unwrap();
    let mut callers = vec![Caller::Stranger];
    let kinds = Role::ALL.map(|role| vec![role]).into_iter().chain([Vec::new(), Role::ALL.to_vec()]);
    for (place, roles) in kinds.enumerate() {
        let seventeen = format!("3301011985010{:04}", 1001 + place * 2);
        let (person, number) = register(&mut work, &office.app, "来访者", &seventeen).await;
        if !roles.is_empty() {
            appoint(&mut work, &person, &office.department, &roles).await;
        }
        let account = account::open(&mut work, &person, &format!("u{}", number.as_str()), None).await.unwrap();
        callers.push(Caller::Person(account, roles));
    }
    let mut systems = Vec::new();
    for scope in [oidc::scope::LICENCE_ISSUE, oidc::scope::LICENCE_VERIFY] {
        let id = scope.replace(':', "-");
        let secret = client(&mut work, &office.app, &id, &office.department, scope).await;
        systems.push((scope, id, secret));
    }
    work.commit().await.unwrap();
    for (scope, id, secret) in systems {
        callers.push(Caller::System(scope, office.access_token(&id, &secret, scope).await));
    }
    callers
}

/// The token of the browser's forms.
async fn csrf(office: &Office) -> String {
    let page = office.send(Request::get("/sign-in").header(header::COOKIE, BROWSER).body(Body::empty()).unwrap()).await;
    let rest = page.text.split_once("name=\"csrf\" value=\"").unwrap().1;
    rest.split('"').next().unwrap().to_owned()
}

/// A request with a session of its own: some of the acts end sessions.
async fn request(office: &Office, row: &Row, caller: &Caller, csrf: &str) -> Request<Body> {
    let mut request =
        Request::builder().method(&row.method).uri(example(row.path)).header(header::ACCEPT, "application/json");
    request = match caller {
        Caller::Stranger => request.header(header::COOKIE, BROWSER),
        Caller::Person(account, _) => {
            request.header(header::COOKIE, format!("{BROWSER}; guosuo={}", session_of(office, account).await))
        }
        Caller::System(_, token) => {
            request.header(header::COOKIE, BROWSER).header(header::AUTHORIZATION, format!("Bearer {token}"))
        }
    };
    let (kind, body) = match row.guard {
        Guard::Form | Guard::Asking { .. } | Guard::Told { .. } => {
            ("application/x-www-form-urlencoded", format!("csrf={csrf}"))
        }
        Guard::Upload => (
            "multipart/form-data; boundary=x",
            format!("--x\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--x--\r\n"),
        ),
        Guard::Bearer if matches!(row.who, Who::Client(_)) => ("application/json", "{}".to_owned()),
        Guard::Asked { .. } | Guard::Bearer | Guard::Open(_) | Guard::Safe => {
            ("application/x-www-form-urlencoded", String::new())
        }
    };
    request.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()
}

async fn session_of(office: &Office, account: &AccountId) -> String {
    let mut work = office.app.database.begin(office_context(office)).await.unwrap();
    let opening = session::Opening {
        account,
        method: session::Method::Password,
        address: "127.0.0.1",
        device: "test",
        limits: session::Limits::default(),
    };
    let (token, _) = session::open(&mut work, opening).await.unwrap();
    work.commit().await.unwrap();
    token.expose().to_owned()
}

/// The product's own randomness, so that no two sessions are the same.
fn office_context(office: &Office) -> records::Context {
    records::Context {
        entropy: std::sync::Arc::clone(&office.app.entropy),
        ..records::testing::context(testing::NOW, 0)
    }
}
