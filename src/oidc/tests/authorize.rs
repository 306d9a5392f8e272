//! G1, G3 39–40: the table of checks and the decision.

use super::*;
use crate::{
    authorize::{AuthorizationResponse, Refused, Reply},
    limits,
};

async fn refused(city: &City, changes: &[(&str, &str)]) -> Box<Refused> {
    let parameters = Parameters::parse(&query("tax", changes)).unwrap();
    let client = match parameters.get("client_id") {
        Some(client) => city.provider.client(city.database(), client).await.unwrap(),
        None => None,
    };
    endpoint::check(&city.provider, client, &parameters).unwrap_err()
}

#[tokio::test]
async fn what_may_not_be_redirected_is_told_on_a_page() {
    let city = City::new().await;
    city.client("tax", web()).await;
    for changes in [
        &[("client_id", "")][..],
        &[("client_id", "nobody")],
        &[("client_id", "' or 1=1 --")],
        &[("redirect_uri", "")],
        &[("redirect_uri", "https://tax.example.gov.cn/cb?x=1")],
        &[("redirect_uri", "https://tax.example.gov.cn/cb/")],
        &[("redirect_uri", "https://tax.example.gov.cn.evil.com/cb")],
        &[("redirect_uri", "https://evil.com"), ("response_type", "token")],
    ] {
        let refused = refused(&city, changes).await;
        assert!(refused.answer_to.is_none(), "{changes:?}");
    }
    assert!(matches!(city.authorize("tax", &[]).await, Ok(Decision::Code(_))));
}

type Expected = fn(&Error) -> bool;

#[tokio::test]
async fn what_is_wrong_after_that_goes_back_to_the_client_with_its_state() {
    let city = City::new().await;
    city.client("tax", web()).await;
    let long_nonce = "n".repeat(limits::NONCE_LENGTH_MAX + 1);
    let cases: [(&[(&str, &str)], Expected); 20] = [
        (&[("response_type", "token")], |e| matches!(e, Error::ResponseTypeUnsupported)),
        (&[("response_type", "code id_token")], |e| matches!(e, Error::ResponseTypeUnsupported)),
        (&[("response_type", "none")], |e| matches!(e, Error::ResponseTypeUnsupported)),
        (&[("response_type", "")], |e| matches!(e, Error::ParameterMissing("response_type"))),
        (&[("response_mode", "fragment")], |e| matches!(e, Error::ResponseModeUnsupported)),
        (&[("request", "eyJ")], |e| matches!(e, Error::RequestObject)),
        (&[("request_uri", "https://tax.example.gov.cn/r")], |e| matches!(e, Error::RequestUri)),
        (&[("registration", "{}")], |e| matches!(e, Error::RegistrationInRequest)),
        (&[("code_challenge", "")], |e| matches!(e, Error::ParameterMissing(_))),
        (&[("code_challenge_method", "plain")], |e| matches!(e, Error::ParameterMalformed(_))),
        (&[("code_challenge_method", "")], |e| matches!(e, Error::ParameterMalformed(_))),
        (&[("code_challenge", "tooshort")], |e| matches!(e, Error::ParameterMalformed(_))),
        (&[("scope", "admin")], |e| matches!(e, Error::ScopeOpenidMissing)),
        (&[("scope", "openid identity_number")], |e| matches!(e, Error::ScopeNotAllowed)),
        (&[("scope", "openid licence:verify")], |e| matches!(e, Error::ScopeNotAllowed)),
        (&[("scope", "profile")], |e| matches!(e, Error::ScopeOpenidMissing)),
        (&[("prompt", "none login")], |e| matches!(e, Error::ParameterMalformed(_))),
        (&[("max_age", "-1")], |e| matches!(e, Error::ParameterMalformed(_))),
        (&[("id_token_hint", "eyJhbGciOiJub25lIn0.e30.")], |e| matches!(e, Error::LoginRequired)),
        (&[("nonce", &long_nonce)], |e| matches!(e, Error::ParameterMalformed(_))),
    ];
    for (changes, expected) in cases {
        let refused = refused(&city, changes).await;
        assert!(expected(&refused.error), "{changes:?}: {:?}", refused.error);
        let answer_to = refused.answer_to.unwrap();
        assert_eq!(answer_to.state.as_deref(), Some("af0ifjsldkj"), "{changes:?}");
        let answer = answer_to.answer(&city.provider, &Reply::Error("invalid_request", "why"));
        let AuthorizationResponse::Redirect(address) = answer else { panic!("{answer:?}") };
        assert!(address.starts_with("https://tax.example.gov.cn/cb?error=invalid_request&"), "{address}");
        assert!(address.ends_with("&iss=https%3A%2F%2Fsso.example.gov.cn"), "{address}");
    }
}

#[tokio::test]
async fn state_comes_back_byte_for_byte_up_to_its_limit() {
    let city = City::new().await;
    city.client("tax", web()).await;
    let longest = "é\"><script>&+%=".repeat(100);
    let longest =
        &longest[..longest.char_indices().map(|(at, _)| at).rfind(|at| *at <= limits::STATE_LENGTH_MAX).unwrap()];
    for mode in ["query", "form_post"] {
        let parameters = Parameters::parse(&query("tax", &[("state", longest), ("response_mode", mode)])).unwrap();
        let client = city.provider.client(city.database(), "tax").await.unwrap();
        let request = endpoint::check(&city.provider, client, &parameters).unwrap();
        match request.answer_to.answer(&city.provider, &Reply::Code("c")) {
            AuthorizationResponse::Redirect(address) => {
                let (_, query) = address.split_once('?').unwrap();
                assert_eq!(Parameters::parse(query).unwrap().get("state"), Some(longest));
            }
            AuthorizationResponse::Form { fields, .. } => assert!(fields.contains(&("state", longest.to_owned()))),
        }
    }
    let too_long = "s".repeat(limits::STATE_LENGTH_MAX + 1);
    let refused = refused(&city, &[("state", &too_long)]).await;
    assert!(matches!(refused.error, Error::ParameterMalformed("state")));
    assert_eq!(refused.answer_to.unwrap().state, Some(too_long), "the client finds its request again");
}

#[tokio::test]
async fn a_request_that_waits_is_short_enough_for_the_address_it_waits_in() {
    let mut city = City::new().await;
    city.client("tax", web()).await;
    city.at = NOW.plus_seconds(3 * 3600);
    // The page that a deep link leads to, as oauth2-proxy writes it: encoded once by itself, and once more by the form.
    let deep = format!("nonce:/{}", "%E6%94%BF".repeat(400));
    let Ok(Decision::SignIn(waits)) = city.authorize("tax", &[("state", &deep)]).await else { panic!() };
    let sealed = waits.parked.sealed(&city.provider, &SeededEntropy::new(1), "browser");
    assert!(sealed.len() < 2 * deep.len(), "{} of {}", sealed.len(), deep.len());
    let opened = Parked::open(&city.provider, &sealed, "browser", city.at).unwrap();
    assert_eq!(opened.parameters().unwrap().get("state"), Some(deep.as_str()));
    // Each is within its own limit, and together they are more than an address takes.
    let (state, nonce) = ("s".repeat(limits::STATE_LENGTH_MAX), "n".repeat(limits::NONCE_LENGTH_MAX));
    let hint = "h".repeat(limits::PARKED_LENGTH_MAX - state.len() - nonce.len());
    let long = [("state", state.as_str()), ("nonce", &nonce), ("id_token_hint", &hint)];
    assert!(matches!(refused(&city, &long).await.error, Error::ParametersTooLong));
    let Ok(Decision::SignIn(waits)) = city.authorize("tax", &long[..2]).await else { panic!() };
    assert!(waits.parked.sealed(&city.provider, &SeededEntropy::new(1), "browser").len() <= 12 * 1024);
}

#[tokio::test]
async fn scopes_that_we_do_not_have_are_ignored_and_the_answer_says_what_was_granted() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let code = city.code("tax", &[("scope", "openid groups profile https://example.org/x")]).await;
    let tokens = city.token(&redeem("tax", &secret, &code)).await.unwrap();
    assert_eq!(tokens.scope, "openid profile");
}

#[tokio::test]
async fn a_live_session_gets_a_code_and_nothing_is_written() {
    let city = City::new().await;
    city.client("tax", web()).await;
    let before = census(&city).await;
    for _ in 0..3 {
        assert!(city.code("tax", &[]).await.len() <= 400);
    }
    assert_eq!(census(&city).await, before);
}

async fn census(city: &City) -> (usize, i64, (i64, i64)) {
    let mut tx = city.database().read().await.unwrap();
    let all = records::log::Filter::default();
    let events = records::log::list(&mut tx, &all, &base::ListPage::first(200)).await.unwrap().items.len();
    let (families,): (i64,) = tx.one("select cast(count(*) as bigint) from token_family", vec![]).await.unwrap();
    (events, families, records::jobs::census(&mut tx).await.unwrap())
}

#[tokio::test]
async fn without_a_session_somebody_signs_in_first() {
    let mut city = City::new().await;
    city.client("tax", web()).await;
    city.at = NOW.plus_seconds(3 * 3600);
    assert!(matches!(city.authorize("tax", &[]).await, Ok(Decision::SignIn(_))));
    assert!(matches!(city.authorize("tax", &[("prompt", "none")]).await, Err(Error::LoginRequired)));
}

#[tokio::test]
async fn prompt_login_and_max_age_ask_for_a_new_proof() {
    let mut city = City::new().await;
    city.client("tax", web()).await;
    city.at = NOW.plus_seconds(100);
    assert!(matches!(city.authorize("tax", &[("max_age", "10000")]).await, Ok(Decision::Code(_))));
    for changes in [("prompt", "login"), ("max_age", "1"), ("max_age", "0"), ("prompt", "select_account")] {
        let Ok(Decision::SignIn(sign_in)) = city.authorize("tax", &[changes]).await else { panic!("{changes:?}") };
        // Coming back without having signed in again helps nothing.
        let back = city.authorize_after("tax", &[changes], Some(&sign_in.parked)).await;
        assert!(matches!(back, Ok(Decision::SignIn(_))), "{changes:?}");
    }
    let Ok(Decision::SignIn(sign_in)) = city.authorize("tax", &[("max_age", "1")]).await else { panic!() };
    city.at = NOW.plus_seconds(110);
    let mut work = city.begin().await;
    let opening = Opening {
        account: &city.account,
        method: Method::Password,
        address: "127.0.0.1",
        device: "test",
        limits: Limits::default(),
    };
    city.token = session::renew(&mut work, &city.session, opening).await.unwrap().unwrap();
    work.commit().await.unwrap();
    city.at = NOW.plus_seconds(120);
    for changes in [("max_age", "1"), ("prompt", "login")] {
        let back = city.authorize_after("tax", &[changes], Some(&sign_in.parked)).await;
        assert!(matches!(back, Ok(Decision::Code(_))), "{changes:?} {back:?}");
    }
    let none = city.authorize("tax", &[("max_age", "1"), ("prompt", "none")]).await;
    assert!(matches!(none, Err(Error::LoginRequired)));
}

#[tokio::test]
async fn a_hint_of_somebody_else_is_never_answered_with_this_person() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    city.client("other", web()).await;
    let tokens = city.token(&redeem("tax", &secret, &city.code("tax", &[]).await)).await.unwrap();
    let hint = tokens.id_token.unwrap();
    assert!(matches!(city.authorize("tax", &[("id_token_hint", &hint)]).await, Ok(Decision::Code(_))));
    let none = city.authorize("tax", &[("id_token_hint", &hint), ("prompt", "none")]).await;
    assert!(matches!(none, Ok(Decision::Code(_))));
    for bad in [&tokens.access_token, &format!("{hint}x"), "a.b.c"] {
        let answer = city.authorize("tax", &[("id_token_hint", bad)]).await;
        assert!(matches!(answer, Err(Error::LoginRequired)), "{answer:?}");
    }
    assert!(matches!(city.authorize("other", &[("id_token_hint", &hint)]).await, Err(Error::LoginRequired)));
    // The same client, a hint about another person.
    let other = crate::id_token::IdTokenFacts {
        subject: "somebody-else",
        session: "s",
        sealed_session: "s",
        nonce: None,
        authenticated_at: NOW,
        access_token: "a",
    };
    let client = city.provider.client(city.database(), "tax").await.unwrap().unwrap();
    let other = crate::id_token::issue(&city.provider, &client, &other, NOW).await.unwrap();
    assert!(matches!(city.authorize("tax", &[("id_token_hint", &other)]).await, Err(Error::LoginRequired)));
}

#[tokio::test]
async fn a_parked_request_belongs_to_one_browser_and_one_hour() {
    let mut city = City::new().await;
    let parked = Parked::new(query("tax", &[]), city.at, None);
    let sealed = parked.sealed(&city.provider, &SeededEntropy::new(1), "browser-1");
    let open = |city: &City, browser: &str, sealed: &str| Parked::open(&city.provider, sealed, browser, city.at);
    assert_eq!(open(&city, "browser-1", &sealed).unwrap(), parked);
    assert!(matches!(open(&city, "browser-2", &sealed), Err(Error::InteractionForeign)));
    let mut changed = sealed.clone().into_bytes();
    changed[40] ^= 1;
    let changed = String::from_utf8_lossy(&changed).into_owned();
    assert!(matches!(open(&city, "browser-1", &changed), Err(Error::InteractionForeign)));
    city.at = NOW.plus_seconds(limits::INTERACTION_SECONDS - 1);
    assert!(open(&city, "browser-1", &sealed).is_ok());
    city.at = NOW.plus_seconds(limits::INTERACTION_SECONDS);
    assert!(matches!(open(&city, "browser-1", &sealed), Err(Error::InteractionExpired)));
    assert_eq!(Parked::open_expired(&city.provider, &sealed, "browser-1").unwrap(), parked);
}

#[tokio::test]
async fn an_exempted_client_may_leave_pkce_out_and_then_sends_no_verifier() {
    let city = City::new().await;
    let exempt = ClientSettings { pkce_exempted_by: Some("stf_operator".to_owned()), ..web() };
    let secret = city.client("old", exempt).await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = city.code("old", &without).await;
    // RFC 9700 §4.8.2: a verifier without a challenge means that the challenge was taken away.
    assert_eq!(flaw(city.token(&redeem("old", &secret, &code)).await), GrantFlaw::VerifierWrong);
    let code = city.code("old", &without).await;
    let form = redeem("old", &secret, &code).replace(&format!("&code_verifier={VERIFIER}"), "");
    assert!(city.token(&form).await.is_ok());
    assert!(matches!(city.authorize("old", &[("code_challenge", "")]).await, Err(Error::ParameterMissing(_))));
}
