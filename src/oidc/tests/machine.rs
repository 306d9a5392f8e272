//! G6 72–75, 79: who calls, and clients that act for themselves.

use super::*;
use crate::{access_token, events, limits};
use crypto::encoding::base64;

fn machine() -> ClientSettings {
    ClientSettings {
        grants: vec![GrantType::ClientCredentials],
        redirect_uris: vec![],
        post_logout_redirect_uris: vec![],
        scopes: "licence:verify licence:issue".to_owned(),
        ..web()
    }
}

async fn ask(city: &City, form: &str, header: Option<&str>, query: Option<&str>) -> Result<Tokens, Error> {
    let form = Parameters::parse(form).unwrap();
    token::answer(&city.endpoint(), &TokenRequest { form: &form, query, authorization: header }).await
}

#[tokio::test]
async fn a_client_gets_the_scopes_it_may_have_and_nothing_is_written() {
    let city = City::new().await;
    let secret = city.client("desk", machine()).await;
    let form = format!("grant_type=client_credentials&client_id=desk&client_secret={secret}");
    let tokens = ask(&city, &form, None, None).await.unwrap();
    assert_eq!(tokens.scope, "licence:verify licence:issue");
    assert!(tokens.refresh_token.is_none() && tokens.id_token.is_none());
    let narrower = ask(&city, &format!("{form}&scope=licence:verify"), None, None).await.unwrap();
    let token =
        access_token::authenticate(&city.provider, city.database(), &narrower.access_token, city.at).await.unwrap();
    assert_eq!((token.subject.as_str(), token.family.as_deref()), ("desk", None));
    assert!(token.need("licence:verify").is_ok());
    assert!(matches!(token.need("licence:issue"), Err(Error::ScopeMissing("licence:issue"))));
    for scope in ["openid", "profile", "licence:verify+openid", "admin"] {
        let answer = ask(&city, &format!("{form}&scope={scope}"), None, None).await;
        assert!(matches!(answer, Err(Error::ScopeNotAllowed)), "{scope}");
    }
    assert_eq!(city.events::<events::ClientRefused>().await, 0);
}

#[tokio::test]
async fn a_client_shows_its_secret_in_one_way() {
    let city = City::new().await;
    let secret = city.client("desk", machine()).await;
    let form = "grant_type=client_credentials";
    let body = format!("{form}&client_id=desk&client_secret={secret}");
    let basic = |text: &str| format!("Basic {}", base64(text.as_bytes()));
    let header = basic(&format!("desk:{secret}"));
    assert!(ask(&city, form, Some(&header), None).await.is_ok());
    assert!(ask(&city, &body, None, None).await.is_ok());
    assert!(matches!(ask(&city, &body, Some(&header), None).await, Err(Error::ClientAuthenticatedTwice)));
    assert!(matches!(ask(&city, &body, None, Some("client_secret=x")).await, Err(Error::SecretInAddress)));
    for wrong in ["desk:", "desk:wrong", "nobody:wrong", ":", &format!("desk:{secret}x"), &format!("desk%00:{secret}")]
    {
        assert!(
            matches!(ask(&city, form, Some(&basic(wrong)), None).await, Err(Error::ClientAuthentication)),
            "{wrong}"
        );
    }
    assert!(matches!(
        ask(&city, &format!("{form}&client_id=desk"), None, None).await,
        Err(Error::ClientAuthentication)
    ));
    // A header that cannot be read names nobody, and is not remembered. The first of each client is told at once.
    assert_eq!(city.events::<events::ClientRefused>().await, 2);
    assert_eq!(city.refused().await, [("-", 2), ("desk", 4)].map(|(client, count)| (client.to_owned(), count)));
}

#[tokio::test]
async fn a_public_client_shows_none_and_cannot_act_for_itself() {
    let city = City::new().await;
    city.client("phone", public()).await;
    let code = city.code("phone", &[]).await;
    let form = redeem("phone", "", &code);
    assert!(matches!(ask(&city, &redeem("phone", "guess", &code), None, None).await, Err(Error::ClientAuthentication)));
    assert!(ask(&city, &form, None, None).await.is_ok());
    let own = ask(&city, "grant_type=client_credentials&client_id=phone", None, None).await;
    assert!(matches!(own, Err(Error::ClientUnauthorized)));
}

#[tokio::test]
async fn wrong_secrets_are_slowed_down_without_locking_anyone_out() {
    let mut city = City::new().await;
    let secret = city.client("desk", machine()).await;
    let form = |secret: &str| format!("grant_type=client_credentials&client_id=desk&client_secret={secret}");
    for _ in 0..limits::WRONG_SECRETS_MAX {
        assert!(matches!(ask(&city, &form("wrong"), None, None).await, Err(Error::ClientAuthentication)));
    }
    for _ in 0..5 {
        assert!(matches!(ask(&city, &form("wrong"), None, None).await, Err(Error::WrongSecrets)));
    }
    assert_eq!(city.events::<events::ClientRefused>().await, 1);
    let all = vec![("desk".to_owned(), limits::WRONG_SECRETS_MAX + 5)];
    assert_eq!(city.refused().await, all, "each was counted");
    assert_eq!(city.events::<events::ClientRefused>().await, 2);
    assert!(ask(&city, &form(&secret), None, None).await.is_ok());
    city.at = NOW.plus_seconds(60);
    assert!(matches!(ask(&city, &form("wrong"), None, None).await, Err(Error::ClientAuthentication)));
}

#[tokio::test]
async fn a_disabled_client_and_an_old_secret_count_no_more() {
    let city = City::new().await;
    let secret = city.client("desk", machine()).await;
    let form = |secret: &str| format!("grant_type=client_credentials&client_id=desk&client_secret={secret}");
    let token = ask(&city, &form(&secret), None, None).await.unwrap().access_token;
    let mut work = city.begin().await;
    let renewed = client::renew_secret(&mut work, &ClientId::parse("desk").unwrap()).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(ask(&city, &form(&secret), None, None).await, Err(Error::ClientAuthentication)));
    assert!(ask(&city, &form(renewed.expose()), None, None).await.is_ok());
    let mut work = city.begin().await;
    client::disable(&mut work, &ClientId::parse("desk").unwrap()).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(ask(&city, &form(renewed.expose()), None, None).await, Err(Error::ClientAuthentication)));
    let call = access_token::authenticate(&city.provider, city.database(), &token, city.at).await;
    assert!(matches!(call, Err(Error::AccessTokenInvalid)));
}

#[tokio::test]
async fn a_grant_type_must_be_known_and_registered() {
    let city = City::new().await;
    let secret = city.client("desk", machine()).await;
    for (grant, unsupported) in [("password", true), ("implicit", true), ("authorization_code", false)] {
        let form = format!("grant_type={grant}&client_id=desk&client_secret={secret}&code=x");
        let error = ask(&city, &form, None, None).await.unwrap_err();
        assert_eq!(matches!(error, Error::GrantTypeUnsupported), unsupported, "{grant}");
        assert_eq!(matches!(error, Error::ClientUnauthorized), !unsupported, "{grant}");
    }
    assert!(matches!(ask(&city, "client_id=desk", None, None).await, Err(Error::ParameterMissing("grant_type"))));
}
