//! G10 132–136: what a client may ask for, and telling clients.

use std::{pin::Pin, sync::Mutex};

use super::*;
use crate::{
    events, limits,
    logout::{self, Fetch, SignOut},
};
use futures_util::FutureExt;
use serde_json::Value;

const BYE: &str = "https://tax.example.gov.cn/bye";

async fn signed_in(city: &City) -> (String, Tokens) {
    let secret = city.client("tax", web()).await;
    let tokens = city.token(&redeem("tax", &secret, &city.code("tax", &[]).await)).await.unwrap();
    (secret, tokens)
}

async fn judge(city: &City, pairs: &[(&str, &str)]) -> SignOut {
    let mut query = String::new();
    for (name, value) in pairs {
        crate::parameters::append(&mut query, name, value);
    }
    let parameters = Parameters::parse(&query).unwrap();
    let session = city.live_session().await;
    logout::judge(&city.provider, city.database(), &parameters, session.as_ref()).await.unwrap()
}

#[tokio::test]
async fn a_client_that_shows_its_token_of_this_session_signs_the_person_out() {
    let mut city = City::new().await;
    let (_, tokens) = signed_in(&city).await;
    let hint = tokens.id_token.unwrap();
    let all = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a&b")];
    let judged = judge(&city, &all).await;
    assert!(!judged.confirm);
    assert_eq!(judged.redirect.as_deref(), Some("https://tax.example.gov.cn/bye?state=a%26b"));
    // Long expired: still the token of this session.
    city.at = NOW.plus_seconds(1700);
    assert!(!judge(&city, &all).await.confirm);
    let judged = judge(&city, &[("id_token_hint", &hint)]).await;
    assert_eq!((judged.confirm, judged.redirect), (false, None));
}

#[tokio::test]
async fn everything_else_is_confirmed_and_goes_nowhere_unregistered() {
    let city = City::new().await;
    let (_, tokens) = signed_in(&city).await;
    let hint = tokens.id_token.unwrap();
    let stranger = sign_elsewhere();
    let none = format!("{}.{}.", base64url(br#"{"alg":"none","typ":"JWT"}"#), hint.split('.').nth(1).unwrap());
    let other = [("client_id", "other"), ("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)];
    for pairs in [
        &[][..],
        &[("post_logout_redirect_uri", BYE)],
        &[("client_id", "tax"), ("post_logout_redirect_uri", BYE)],
        &[("state", "x")],
        &[("id_token_hint", &none), ("post_logout_redirect_uri", BYE)],
        &[("id_token_hint", &stranger), ("post_logout_redirect_uri", BYE)],
        &[("id_token_hint", &tokens.access_token), ("post_logout_redirect_uri", BYE)],
        &[("id_token_hint", "x"), ("post_logout_redirect_uri", BYE)],
        &[("id_token_hint", &hint), ("post_logout_redirect_uri", "https://tax.example.gov.cn/bye?x=1")],
        &[("id_token_hint", &hint), ("post_logout_redirect_uri", "https://evil.com")],
        &[("id_token_hint", &hint), ("post_logout_redirect_uri", "javascript:alert(1)")],
        &other,
    ] {
        let judged = judge(&city, pairs).await;
        assert_eq!((judged.confirm, &judged.redirect), (true, &None), "{pairs:?}");
    }
}

#[tokio::test]
async fn a_request_that_names_two_clients_is_nobodys() {
    let city = City::new().await;
    let (_, tokens) = signed_in(&city).await;
    city.client("other", web()).await;
    let hint = tokens.id_token.unwrap();
    let judged = judge(&city, &[("client_id", "other"), ("id_token_hint", &hint)]).await;
    assert!(judged.confirm && judged.client.is_none() && judged.redirect.is_none());
    let judged = judge(&city, &[("client_id", "tax"), ("id_token_hint", &hint)]).await;
    assert!(!judged.confirm && judged.client.is_some());
    let judged = judge(&city, &[("client_id", "other")]).await;
    assert!(judged.confirm && judged.client.is_some());
}

fn sign_elsewhere() -> String {
    let claims = serde_json::json!({
        "iss": ISSUER, "aud": "tax", "sub": "s", "sid": "x", "auth_time": 1, "exp": 1, "iat": 1,
    });
    crypto::jose::sign_compact(&key(), "id", "JWT", &claims).now_or_never().unwrap().unwrap()
}

#[tokio::test]
async fn a_token_of_another_session_needs_the_persons_word() {
    let mut city = City::new().await;
    let (_, tokens) = signed_in(&city).await;
    let mut work = city.begin().await;
    let opening = Opening {
        account: &city.account,
        method: Method::Password,
        address: "127.0.0.1",
        device: "another",
        limits: Limits::default(),
    };
    let (token, session) = session::open(&mut work, opening).await.unwrap();
    work.commit().await.unwrap();
    (city.token, city.session) = (token, session);
    let hint = tokens.id_token.unwrap();
    let judged = judge(&city, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]).await;
    assert!(judged.confirm);
}

#[derive(Default)]
struct Sent(Mutex<Vec<(String, String)>>, u16);

impl Fetch for Sent {
    fn post_form<'a>(
        &'a self,
        url: &'a str,
        body: String,
    ) -> Pin<Box<dyn Future<Output = Result<u16, String>> + Send + 'a>> {
        self.0.lock().unwrap().push((url.to_owned(), body));
        let status = self.1;
        Box::pin(async move { Ok(status) })
    }
}

#[tokio::test]
async fn every_client_of_a_session_is_told_once_and_its_tokens_are_dead() {
    let city = City::new().await;
    let (secret, tokens) = signed_in(&city).await;
    city.token(&redeem("tax", &secret, &city.code("tax", &[]).await)).await.unwrap();
    let mut work = city.begin().await;
    session::close(&mut work, &city.session, "signed_out").await.unwrap();
    assert_eq!(logout::session_ended(&mut work, &city.session).await.unwrap(), 1);
    work.commit().await.unwrap();
    assert_eq!(city.events::<events::SessionTokensRevoked>().await, 1);
    let answer = crate::userinfo::answer(&city.endpoint(), &city.vault, &tokens.access_token).await;
    assert!(matches!(answer, Err(Error::AccessTokenInvalid)));

    let jobs = records::jobs::claim(city.database(), city.at, 10, &[]).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].kind, logout::JOB);
    let entropy = SeededEntropy::new(3);
    let deliver = async |fetch: &Sent| {
        logout::deliver(&city.provider, city.database(), (&entropy, city.at), &jobs[0].payload, fetch).await
    };
    assert!(deliver(&Sent(Mutex::default(), 503)).await.is_err(), "to be tried again");
    let sent = Sent(Mutex::default(), 200);
    deliver(&sent).await.unwrap();
    let (url, body) = sent.0.into_inner().unwrap().remove(0);
    assert_eq!(url, "https://tax.example.gov.cn/out");
    let jws = crypto::jose::Jws::parse(body.strip_prefix("logout_token=").unwrap()).unwrap();
    assert_eq!(jws.typ(), Some("logout+jwt"));
    let claims = jws.unverified();
    let id = crypto::jose::Jws::parse(tokens.id_token.as_deref().unwrap()).unwrap();
    for same in ["iss", "aud", "sub", "sid"] {
        assert_eq!(claims[same], id.unverified()[same], "{same}");
    }
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), limits::LOGOUT_TOKEN_SECONDS);
    assert!(claims.get("nonce").is_none());
    assert!(claims["jti"].is_string());
    assert_eq!(
        claims["events"]["http://schemas.openid.net/event/backchannel-logout"],
        Value::Object(serde_json::Map::new())
    );
    assert!(crate::id_token::hint(&city.provider, body.strip_prefix("logout_token=").unwrap()).is_none());
}

#[tokio::test]
async fn a_session_without_tokens_ends_quietly() {
    let city = City::new().await;
    let mut work = city.begin().await;
    assert_eq!(logout::session_ended(&mut work, &city.session).await.unwrap(), 0);
}

#[tokio::test]
async fn the_end_of_a_session_comes_before_the_end_of_its_tokens() {
    let mut city = City::new().await;
    let (secret, _) = signed_in(&city).await;
    for round in 1..5 {
        city.at = crate::tests::NOW.plus_seconds(round);
        let mut work = city.begin().await;
        let opening = Opening {
            account: &city.account,
            method: Method::Password,
            address: "127.0.0.1",
            device: "another",
            limits: Limits::default(),
        };
        let (token, session) = session::open(&mut work, opening).await.unwrap();
        work.commit().await.unwrap();
        (city.token, city.session) = (token, session);
        city.token(&redeem("tax", &secret, &city.code("tax", &[]).await)).await.unwrap();
        city.at = city.at.plus_seconds(100);
        let mut work = city.begin().await;
        session::close(&mut work, &city.session, "signed_out").await.unwrap();
        logout::session_ended(&mut work, &city.session).await.unwrap();
        work.commit().await.unwrap();
        let last = records::testing::last_kinds(city.database(), 2).await.unwrap();
        assert_eq!(last, ["session.closed", "token.session_revoked"]);
    }
}
