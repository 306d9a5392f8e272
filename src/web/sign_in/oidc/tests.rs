//! OpenID Connect as a browser and a client see it over HTTP.

use ::oidc::{
    client::{self, ClientSettings, Consent, GrantType, Registration, TokenAlgorithm},
    keys::{KeyState, KeyUse, TokenKey},
    parameters::append,
};
use axum::body::Body;
use base::{Text, id::OrganisationId, number::IdentityNumber};
use crypto::{KeyHandle, Suite, digest::sha256, encoding::base64url};
use http::{HeaderMap, Request, StatusCode, header};
use identity::{
    account, person,
    session::{self as sessions, Limits, Method, Opening},
};
use tower::ServiceExt;

use crate::{App, testing};

const URL: &str = "http://127.0.0.1:8080";
const CALLBACK: &str = "https://tax.example.gov.cn/cb";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

struct Site {
    router: axum::Router,
    app: App,
    /// The session's and the browser's cookie.
    cookies: String,
    secret: String,
    _fresh: records::testing::Fresh,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn location(&self) -> &str {
        self.header("location")
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn hidden(&self, name: &str) -> String {
        let rest = self.text.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
        rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
    }
}

async fn site(consent: Consent) -> Site {
    site_of(consent, true).await
}

async fn site_of(consent: Consent, demonstration: bool) -> Site {
    let fresh = records::testing::fresh_following(consequences::TABLE).await.unwrap();
    let app = testing::app_of(&fresh, URL, demonstration).await.unwrap();
    let key = || KeyHandle::throw_away(Suite::Es256).unwrap();
    let of = |kid: &str, purpose| TokenKey { kid: kid.to_owned(), purpose, state: KeyState::Active, key: key() };
    app.provider.set_keys(vec![of("a", KeyUse::AccessToken), of("i", KeyUse::IdToken)]).unwrap();
    let mut work = app.database.begin(records::testing::context(testing::NOW, 77)).await.unwrap();
    let new = person::NewPerson {
        name: "欧阳小明".to_owned(),
        identity_number: IdentityNumber::complete("11010519900101001").unwrap(),
        profile: person::Profile { email: Some("xm@example.com".to_owned()), ..person::Profile::default() },
    };
    let person = person::register(&mut work, &app.vault, new).await.unwrap();
    let account = account::open(&mut work, &person, "xiaoming", None).await.unwrap();
    let opening = Opening {
        account: &account,
        method: Method::Password,
        address: "127.0.0.1",
        device: "test",
        limits: Limits::default(),
    };
    let (token, _) = sessions::open(&mut work, opening).await.unwrap();
    let settings = ClientSettings {
        redirect_uris: vec![CALLBACK.to_owned()],
        post_logout_redirect_uris: vec!["https://tax.example.gov.cn/bye".to_owned()],
        grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scopes: "openid profile email offline_access".to_owned(),
        id_token_algorithm: TokenAlgorithm::Es256,
        consent,
        ..ClientSettings::default()
    };
    let registration = Registration {
        client_id: ::oidc::ClientId::parse("tax").unwrap(),
        name: Text::fixed("税务大厅", "Tax hall"),
        purpose: Text::fixed("办理申报", "Filing returns"),
        organisation_id: OrganisationId::stored("org_00000000000000000000000TAX".to_owned()),
        backchannel_logout_uri: None,
        settings,
    };
    let registered = client::register(&mut work, app.provider.uri_policy(), registration).await.unwrap();
    work.commit().await.unwrap();
    Site {
        router: testing::router(app.clone()),
        app,
        cookies: format!("guosuo={}; guosuo-b=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", token.expose()),
        secret: registered.secret.unwrap().expose().clone(),
        _fresh: fresh,
    }
}

impl Site {
    async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Answer {
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&body).into_owned() }
    }

    async fn get(&self, target: &str) -> Answer {
        self.send(Request::get(target).header(header::COOKIE, &self.cookies), "").await
    }

    async fn stranger_gets(&self, target: &str) -> Answer {
        self.send(Request::get(target), "").await
    }

    async fn post(&self, target: &str, form: &str) -> Answer {
        let request = Request::post(target)
            .header(header::COOKIE, &self.cookies)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, form.to_owned()).await
    }

    async fn tokens(&self, code: &str) -> Answer {
        self.post(
            "/token",
            &pairs(&[
                ("grant_type", "authorization_code"),
                ("client_id", "tax"),
                ("client_secret", &self.secret),
                ("code", code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ]),
        )
        .await
    }

    async fn events<E: records::Event>(&self) -> usize {
        records::testing::told::<E>(&self.app.database).await.unwrap().len()
    }
}

fn pairs(pairs: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        append(&mut query, name, value);
    }
    query
}

fn authorize(changes: &[(&str, &str)]) -> String {
    let challenge = base64url(&sha256(VERIFIER.as_bytes()));
    let mut all = vec![
        ("client_id", "tax"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "s t&a\"te"),
        ("nonce", "n"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        all.retain(|(name, _)| *name != change.0);
        all.push(*change);
    }
    format!("/authorize?{}", pairs(&all))
}

/// The parameters of an address.
fn answer(location: &str) -> ::oidc::Parameters {
    ::oidc::Parameters::parse(location.split_once('?').unwrap().1).unwrap()
}

#[tokio::test]
async fn a_live_session_walks_through_with_one_redirect() {
    let site = site(Consent::Implied).await;
    let response = site.get(&authorize(&[])).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(response.text, "");
    assert!(response.location().starts_with("https://tax.example.gov.cn/cb?code="));
    let parameters = answer(response.location());
    assert_eq!((parameters.get("state"), parameters.get("iss")), (Some("s t&a\"te"), Some(URL)));
    let tokens = site.tokens(parameters.get("code").unwrap()).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    assert_eq!(tokens.header("cache-control"), "no-store");
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    let userinfo = site.send(Request::get("/userinfo").header("authorization", format!("Bearer {token}")), "").await;
    assert_eq!(userinfo.json()["name"], "欧阳小明");
    assert_eq!(site.post("/userinfo", &format!("access_token={token}")).await.json(), userinfo.json());
    let both = Request::post("/userinfo")
        .header("authorization", format!("bearer {token}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    assert_eq!(site.send(both, format!("access_token={token}")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_address_that_is_not_registered_is_answered_with_a_page() {
    let site = site(Consent::Implied).await;
    let evil = "https://tax.example.gov.cn.evil.com/<script>";
    for (target, event) in [
        (authorize(&[("redirect_uri", evil)]), 1),
        (authorize(&[("client_id", "nobody")]), 2),
        (authorize(&[("redirect_uri", "")]), 3),
        (format!("{}&client_id=tax", authorize(&[])), 4),
        (format!("{}&x=%ff", authorize(&[])), 5),
        // The same mistake from the same address is counted.
        (format!("{}&x=%00", authorize(&[])), 5),
        ("/authorize".to_owned(), 5),
    ] {
        let page = site.get(&target).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{target}");
        assert_eq!(page.location(), "", "{target}");
        assert!(page.text.contains("id=\"error\""), "{target}");
        // The link that switches the language repeats the request, encoded.
        assert!(!page.text.contains("<script") && !page.text.contains(evil), "{target}");
        assert_eq!(site.events::<::oidc::events::AuthorizationRefused>().await, event, "{target}");
    }
    assert_eq!(site.get(&authorize(&[])).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_was_registered_and_what_came_is_in_the_log_and_only_operators_see_it_on_the_page() {
    let wrong = "https://tax.example.gov.cn/cb/";
    let demonstration = site(Consent::Implied).await;
    let page = demonstration.stranger_gets(&authorize(&[("redirect_uri", wrong)])).await;
    assert!(page.text.contains("id=\"mismatch\"") && page.text.contains(CALLBACK), "{}", page.text);
    let site = site_of(Consent::Implied, false).await;
    let target = authorize(&[("redirect_uri", wrong)]);
    let page = site.get(&target).await;
    assert!(!page.text.contains("id=\"mismatch\"") && !page.text.contains("tax.example.gov.cn/cb<"), "{}", page.text);
    let told = records::testing::told::<::oidc::events::AuthorizationRefused>(&site.app.database).await.unwrap();
    assert_eq!(told[0].received.as_deref(), Some(wrong));
    assert_eq!(told[0].registered, Some(vec![CALLBACK.to_owned()]));
    let long = format!("https://tax.example.gov.cn/{}", "a".repeat(2000));
    site.get(&authorize(&[("redirect_uri", &long)])).await;
    let mut work = site.app.database.begin(records::testing::context(testing::NOW, 78)).await.unwrap();
    let department = identity::organisation::NewOrganisation {
        name: "滨江市税务局".to_owned(),
        credit_code: base::number::CreditCode::complete("11330200MB0A00010").unwrap(),
        kind: identity::organisation::OrganisationKind::Department,
        legal_representative: None,
    };
    let department = identity::organisation::register(&mut work, department).await.unwrap();
    let person = identity::account::find_by_username(&mut work.tx, "xiaoming").await.unwrap().unwrap().person_id;
    identity::staff::appoint(&mut work, &person, &department, &[identity::Role::Operator]).await.unwrap();
    work.commit().await.unwrap();
    let page = site.get(&target).await;
    for shown in ["id=\"mismatch\"", wrong, CALLBACK, "guosuo client edit tax"] {
        assert!(page.text.contains(shown), "{shown} {}", page.text);
    }
    assert!(!site.stranger_gets(&target).await.text.contains("id=\"mismatch\""));
    // Of many within a minute the log has the number alone: the number of each page still leads there.
    let page = site.get(&target).await;
    let number = page.header("x-request-id");
    let found = site.get(&format!("/operator/requests?request={number}")).await;
    assert!(found.text.contains("id=\"counted\"") && found.text.contains(CALLBACK), "{}", found.text);
}

#[tokio::test]
async fn other_errors_go_back_to_the_client() {
    let site = site(Consent::Ask).await;
    for (changes, expected) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "openid licence:verify"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("response_type", ""), "invalid_request"),
        (("scope", "profile"), "invalid_scope"),
        (("registration", "{}"), "registration_not_supported"),
        (("request", "x"), "request_not_supported"),
        (("request_uri", "https://x.example"), "request_uri_not_supported"),
        (("prompt", "none"), "consent_required"),
        (("id_token_hint", "x"), "login_required"),
    ] {
        let response = site.get(&authorize(&[changes])).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{changes:?}");
        let parameters = answer(response.location());
        assert_eq!(parameters.get("error"), Some(expected), "{changes:?}");
        assert_eq!((parameters.get("state"), parameters.get("iss")), (Some("s t&a\"te"), Some(URL)));
        assert_eq!(parameters.get("code"), None);
    }
    let none = site.stranger_gets(&authorize(&[("prompt", "none")])).await;
    assert_eq!(answer(none.location()).get("error"), Some("login_required"));
}

#[tokio::test]
async fn an_answer_by_form_escapes_the_state_and_sends_itself() {
    let site = site(Consent::Implied).await;
    let hostile = "\"><script>alert(1)</script>";
    let page = site.get(&authorize(&[("response_mode", "form_post"), ("state", hostile)])).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("action=\"https://tax.example.gov.cn/cb\""), "{}", page.text);
    assert!(page.text.contains("id=\"continue\""));
    assert!(!page.text.contains("<script>alert"));
    assert!(page.text.contains("sign_in/oidc/form_post.js"));
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    assert!(site.tokens(&page.hidden("code")).await.status.is_success());
}

#[tokio::test]
async fn a_request_by_post_becomes_the_same_by_get() {
    let site = site(Consent::Implied).await;
    let form = authorize(&[]).split_once('?').unwrap().1.to_owned();
    let response = site.post("/authorize", &form).await;
    assert_eq!((response.status, response.location()), (StatusCode::SEE_OTHER, format!("/authorize?{form}").as_str()));
    assert!(site.get(response.location()).await.location().contains("code="));
    assert_eq!(site.post("/authorize?client_id=tax", &form).await.status, StatusCode::BAD_REQUEST);
    let long = format!("{form}&x={}", "a".repeat(::oidc::limits::PARAMETERS_LENGTH_MAX));
    assert_eq!(site.post("/authorize", &long).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_stranger_signs_in_and_the_page_says_for_whom() {
    let site = site(Consent::Implied).await;
    let response = site.stranger_gets(&authorize(&[("login_hint", "xiaoming"), ("ui_locales", "en")])).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert!(response.location().starts_with("/sign-in?to=%2Fauthorize%2Fcontinue%3Fi%3D"));
    let cookie = response.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = site.send(Request::get(response.location()).header(header::COOKIE, cookie), "").await;
    assert!(page.text.contains("Tax hall") && page.text.contains("tax.example.gov.cn"), "{}", page.text);
    assert!(page.text.contains("value=\"xiaoming\""));
    // Another browser learns nothing from the copied address, and cannot go on with it.
    let copied = site.stranger_gets(response.location()).await;
    assert!(!copied.text.contains("税务大厅"));
    let (_, sealed) = response.location().split_once("%3Fi%3D").unwrap();
    let foreign = site.get(&format!("/authorize/continue?i={sealed}")).await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
    assert!(foreign.text.contains("session_mismatch"));
}

#[tokio::test]
async fn a_person_sees_masked_values_and_decides() {
    let site = site(Consent::Ask).await;
    let question = site.get(&authorize(&[("scope", "openid profile email")])).await;
    assert!(question.location().starts_with("/consent?i="), "{}", question.location());
    let page = site.get(question.location()).await;
    for part in ["税务大厅", "办理申报", "欧**明", "x***@example.com", "id=\"allow\"", "id=\"deny\""] {
        assert!(page.text.contains(part), "{part}\n{}", page.text);
    }
    assert!(!page.text.contains("xm@example.com"));
    let form = |decision: &str, subject: &str| {
        pairs(&[("csrf", &page.hidden("csrf")), ("i", &page.hidden("i")), ("subject", subject), ("decision", decision)])
    };
    let subject = page.hidden("subject");
    // Simple browsers submit the first form without its button; the answer is in the form itself.
    assert_eq!(page.hidden("decision"), "allow");
    let refused = site.post("/consent", &form("deny", &subject)).await;
    assert_eq!(answer(refused.location()).get("error"), Some("access_denied"));
    let foreign = site.post("/consent", &form("allow", "somebody-else")).await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.events::<::oidc::events::GrantGiven>().await, 0);
    let forged = site.post("/consent", &form("allow", &subject).replace("csrf=", "csrf=x")).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let allowed = site.post("/consent", &form("allow", &subject)).await;
    assert!(site.tokens(answer(allowed.location()).get("code").unwrap()).await.status.is_success());
    assert!(site.get(&authorize(&[])).await.location().contains("code="), "remembered");
    let apps = site.get("/me/apps").await;
    assert!(apps.text.contains("税务大厅"), "{}", apps.text);
    let withdraw = pairs(&[("csrf", &apps.hidden("csrf")), ("client", "tax")]);
    assert_eq!(site.post("/me/apps/withdraw", &withdraw).await.status, StatusCode::SEE_OTHER);
    assert!(!site.get("/me/apps").await.text.contains("税务大厅"));
    assert!(site.get(&authorize(&[])).await.location().starts_with("/consent"), "asked again");
}

#[tokio::test]
async fn the_token_endpoint_speaks_oauth() {
    let site = site(Consent::Implied).await;
    let check = async |target: &str, form: &str, status: StatusCode, error: &str| {
        let response = site.post(target, form).await;
        assert_eq!((response.status, response.json()["error"].as_str()), (status, Some(error)), "{form}");
        assert_eq!(response.header("cache-control"), "no-store");
        assert_eq!(response.header("content-type"), "application/json");
        response.header("www-authenticate").to_owned()
    };
    let bad = StatusCode::BAD_REQUEST;
    let wrong = "grant_type=client_credentials&client_id=tax&client_secret=wrong";
    assert!(check("/token", wrong, StatusCode::UNAUTHORIZED, "invalid_client").await.starts_with("Basic "));
    check("/token", "grant_type=password", bad, "unsupported_grant_type").await;
    check("/token", "", bad, "invalid_request").await;
    check("/token", "grant_type=a&grant_type=b", bad, "invalid_request").await;
    check("/token?client_secret=x", "grant_type=client_credentials", bad, "invalid_request").await;
    let right = format!("client_id=tax&client_secret={}", site.secret);
    check("/token", &format!("{right}&grant_type=client_credentials"), bad, "unauthorized_client").await;
    check("/token", &format!("{right}&grant_type=authorization_code&code=x"), bad, "invalid_grant").await;
    check("/token", &format!("{right}&grant_type=refresh_token&refresh_token=x"), bad, "invalid_grant").await;
    let json = Request::post("/token").header(header::CONTENT_TYPE, "application/json");
    assert_eq!(site.send(json, "{}").await.json()["error"], "invalid_request");
    assert_eq!(site.get("/token").await.status, StatusCode::METHOD_NOT_ALLOWED);
    for (target, challenge) in [("Bearer x", "Bearer error=\"invalid_token\""), ("Basic eA", "Bearer realm=\"guosuo\"")]
    {
        let response = site.send(Request::get("/userinfo").header("authorization", target), "").await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
        assert_eq!(response.header("www-authenticate"), challenge);
    }
}

#[tokio::test]
async fn documents_are_kept_by_their_tag() {
    let site = site(Consent::Implied).await;
    for path in ["/.well-known/openid-configuration", "/jwks"] {
        let first = site.stranger_gets(path).await;
        assert_eq!((first.status, first.header("content-type")), (StatusCode::OK, "application/json"));
        assert_eq!(first.header("cache-control"), "public, max-age=300");
        let again = site.send(Request::get(path).header("if-none-match", first.header("etag")), "").await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
        let foreign = Request::get(path).header("x-forwarded-host", "evil.com").header("forwarded", "host=evil.com");
        assert_eq!(site.send(foreign, "").await.text, first.text);
    }
    let discovery = site.stranger_gets("/.well-known/openid-configuration").await.json();
    for endpoint in
        ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint", "jwks_uri"]
    {
        let path = discovery[endpoint].as_str().unwrap().strip_prefix(URL).unwrap().to_owned();
        assert_ne!(site.stranger_gets(&path).await.status, StatusCode::NOT_FOUND, "{endpoint}");
    }
}

#[tokio::test]
async fn signing_out_needs_a_token_of_this_session_or_the_persons_word() {
    let site = site(Consent::Implied).await;
    let code = site.get(&authorize(&[])).await;
    let tokens = site.tokens(answer(code.location()).get("code").unwrap()).await.json();
    let hint = tokens["id_token"].as_str().unwrap();
    let bye = "https://tax.example.gov.cn/bye";
    let asked = site.get(&format!("/logout?{}", pairs(&[("post_logout_redirect_uri", bye)]))).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.text.contains("id=\"logout\""));
    assert_eq!(site.get("/me").await.status, StatusCode::OK, "nothing has happened yet");
    let by_post = site.post("/logout", &pairs(&[("id_token_hint", hint), ("state", "s")])).await;
    assert!(by_post.location().starts_with("/logout?id_token_hint="));
    let all = pairs(&[("id_token_hint", hint), ("post_logout_redirect_uri", bye), ("state", "s t")]);
    let out = site.get(&format!("/logout?{all}")).await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "https://tax.example.gov.cn/bye?state=s%20t"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert!(site.get("/me").await.location().starts_with("/sign-in"));
    let token = tokens["access_token"].as_str().unwrap();
    let userinfo = site.send(Request::get("/userinfo").header("authorization", format!("Bearer {token}")), "").await;
    assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED);
    let none = site.get(&authorize(&[("prompt", "none")])).await;
    assert_eq!(answer(none.location()).get("error"), Some("login_required"));
}

#[tokio::test]
async fn a_token_without_a_cookie_ends_the_session_it_came_from_and_nothing_else() {
    let site = site(Consent::Implied).await;
    let bye = "https://tax.example.gov.cn/bye";
    let tokens =
        async || site.tokens(answer(site.get(&authorize(&[])).await.location()).get("code").unwrap()).await.json();
    let first = tokens().await;
    let (hint, access) = (first["id_token"].as_str().unwrap(), first["access_token"].as_str().unwrap());
    let (signed, signature) = hint.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let changed = format!("{signed}.{other}{}", &signature[1..]);
    let lives = async || site.get("/me").await.status == StatusCode::OK;
    // What would be asked about if somebody were here is not done when nobody is.
    for pairs in [
        &[("id_token_hint", "x")][..],
        &[("id_token_hint", changed.as_str())],
        &[("id_token_hint", access)],
        &[("id_token_hint", hint), ("client_id", "other")],
        &[("id_token_hint", hint), ("post_logout_redirect_uri", "https://evil.example/")],
        &[("client_id", "tax"), ("post_logout_redirect_uri", bye)],
    ] {
        let out = site.stranger_gets(&format!("/logout?{}", self::pairs(pairs))).await;
        assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/signed-out"), "{pairs:?}");
        assert!(lives().await, "{pairs:?}");
    }
    let all = pairs(&[("id_token_hint", hint), ("post_logout_redirect_uri", bye), ("state", "s")]);
    let out = site.stranger_gets(&format!("/logout?{all}")).await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "https://tax.example.gov.cn/bye?state=s"));
    assert!(!lives().await);
    let closed = records::testing::told::<identity::events::SessionClosed>(&site.app.database).await.unwrap();
    assert_eq!(closed.iter().map(|one| one.reason.as_str()).collect::<Vec<_>>(), ["signed_out_by_client"]);
    let userinfo = Request::get("/userinfo").header("authorization", format!("Bearer {access}"));
    assert_eq!(site.send(userinfo, "").await.status, StatusCode::UNAUTHORIZED);
    // Once more it has nothing to end, and says the same.
    assert_eq!(site.stranger_gets(&format!("/logout?{all}")).await.location(), out.location());
    assert_eq!(site.events::<identity::events::SessionClosed>().await, 1);
}

#[tokio::test]
async fn a_deep_link_of_several_kilobytes_comes_back_after_the_sign_in() {
    let site = site(Consent::Implied).await;
    let state = format!("nonce:/{}", "%E6%94%BF%E5%8A%A1".repeat(200));
    assert!(state.len() > 3000);
    let to = site.stranger_gets(&authorize(&[("state", &state)])).await;
    assert!(to.location().starts_with("/sign-in?to="), "{}", to.location());
    let cookie = to.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = site.send(Request::get(to.location()).header(header::COOKIE, &cookie), "").await;
    assert!(page.text.contains("税务大厅"), "the request is still there");
    let back = page.hidden("to");
    let browser = format!("{}; {cookie}", site.cookies.split(';').next().unwrap());
    let code = site.send(Request::get(&back).header(header::COOKIE, browser), "").await;
    assert_eq!(answer(code.location()).get("state"), Some(state.as_str()));
    assert!(answer(code.location()).get("code").is_some());
}

#[tokio::test]
async fn a_post_that_says_nothing_or_nothing_readable_is_asked_about_like_a_get() {
    let site = site(Consent::Implied).await;
    let bare = site.send(Request::post("/logout").header(header::COOKIE, &site.cookies), "").await;
    assert_eq!((bare.status, bare.location()), (StatusCode::SEE_OTHER, "/logout?"));
    for body in ["", "a=%ff", "state=1&state=2"] {
        let response = site.post("/logout", body).await;
        assert_eq!((response.status, response.location()), (StatusCode::SEE_OTHER, "/logout?"), "{body}");
    }
    let page = site.get("/logout?").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("id=\"logout\""), "{}", page.text);
    assert_eq!(site.get("/me").await.status, StatusCode::OK, "nothing has happened yet");
    // Elsewhere a body of another kind is still refused, and an empty form lacks everything.
    let text = Request::post("/token").header(header::CONTENT_TYPE, "text/plain");
    assert_eq!(site.send(text, "").await.json()["error"], "invalid_request");
    assert_eq!(site.send(Request::post("/token"), "grant_type=x").await.json()["error"], "invalid_request");
}

#[tokio::test]
async fn signing_out_keeps_the_language_that_the_client_asked_for() {
    let site = site(Consent::Implied).await;
    let page = site.get("/logout?ui_locales=en").await;
    assert!(page.text.contains("lang=\"en\""), "{}", page.text);
    let form = pairs(&[("csrf", &page.hidden("csrf")), ("query", &page.hidden("query"))]);
    let out = site.post("/logout/confirm", &form).await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/signed-out?ui_locales=en"));
    let done = site.get(out.location()).await;
    assert!(done.text.contains("lang=\"en\"") && done.text.contains("id=\"logged-out\""), "{}", done.text);
    assert_eq!(site.events::<identity::events::SessionClosed>().await, 1);
}

#[tokio::test]
async fn an_implied_application_that_was_withdrawn_asks_on_the_consent_page() {
    let site = site(Consent::Implied).await;
    let code = answer(site.get(&authorize(&[])).await.location()).get("code").unwrap().to_owned();
    assert!(site.tokens(&code).await.status.is_success());
    let apps = site.get("/me/apps").await;
    let withdraw = pairs(&[("csrf", &apps.hidden("csrf")), ("client", "tax")]);
    assert_eq!(site.post("/me/apps/withdraw", &withdraw).await.status, StatusCode::SEE_OTHER);
    let question = site.get(&authorize(&[])).await;
    assert!(question.location().starts_with("/consent?i="), "{}", question.location());
    let page = site.get(question.location()).await;
    let form = pairs(&[
        ("csrf", &page.hidden("csrf")),
        ("i", &page.hidden("i")),
        ("subject", &page.hidden("subject")),
        ("decision", "allow"),
    ]);
    let allowed = site.post("/consent", &form).await;
    assert!(site.tokens(answer(allowed.location()).get("code").unwrap()).await.status.is_success());
    assert!(site.get(&authorize(&[])).await.location().contains("code="), "asked once");
    assert_eq!(site.events::<::oidc::events::GrantWithdrawn>().await, 1);
    assert!(site.get(&authorize(&[("prompt", "consent")])).await.location().starts_with("/consent?i="));
}
