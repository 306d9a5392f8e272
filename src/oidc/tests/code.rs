//! G2 26–33, 38 and G3 41–43: what happens to a code.

use super::*;
use crate::{events, limits};

#[tokio::test]
async fn a_code_becomes_tokens_and_the_tokens_say_who_signed_in() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let code = city.code("tax", &[]).await;
    let tokens = city.token(&redeem("tax", &secret, &code)).await.unwrap();
    assert_eq!((tokens.token_type, tokens.expires_in, tokens.scope.as_str()), ("Bearer", 600, "openid profile"));
    assert!(tokens.refresh_token.is_none(), "nobody asked for offline_access");
    let jws = crypto::jose::Jws::parse(&tokens.id_token.unwrap()).unwrap();
    let claims = jws.unverified();
    assert_eq!(jws.typ(), Some("JWT"));
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], "tax");
    assert_eq!(claims["nonce"], "n-0S6");
    assert_eq!(claims["auth_time"], NOW.as_seconds());
    assert_eq!(claims["acr"], "urn:guosuo:acr:password");
    assert!(claims.get("name").is_none(), "claims are fetched from userinfo");
    assert_eq!(claims["at_hash"], base64url(&sha256(tokens.access_token.as_bytes())[..16]));
    assert_eq!(city.events::<events::CodeRedeemed>().await, 1);
}

#[tokio::test]
async fn a_second_use_of_a_code_ends_everything_that_came_out_of_it() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let code = city.code("tax", &[("scope", "openid offline_access")]).await;
    let tokens = city.token(&redeem("tax", &secret, &code)).await.unwrap();
    assert!(userinfo(&city, &tokens).await.is_ok());
    assert_eq!(flaw(city.token(&redeem("tax", &secret, &code)).await), GrantFlaw::CodeReused);
    assert!(matches!(userinfo(&city, &tokens).await, Err(Error::AccessTokenInvalid)));
    let again = refresh("tax", &secret, &tokens.refresh_token.unwrap());
    assert_eq!(flaw(city.token(&again).await), GrantFlaw::RefreshExpired);
    assert_eq!(city.events::<events::CodeReused>().await, 1);
}

/// Each family, and why it was revoked if it was.
async fn families(city: &City) -> Vec<(String, String)> {
    let mut tx = city.database().read().await.unwrap();
    tx.all("select family_id, coalesce(revoked_for, '') from token_family", vec![]).await.unwrap()
}

async fn userinfo(city: &City, tokens: &Tokens) -> Result<crate::userinfo::Userinfo, Error> {
    crate::userinfo::answer(&city.endpoint(), &city.vault, &tokens.access_token).await
}

#[tokio::test]
async fn of_64_who_redeem_one_code_at_once_one_gets_tokens() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    for _ in 0..3 {
        let form = Parameters::parse(&redeem("tax", &secret, &city.code("tax", &[]).await)).unwrap();
        let (won, lost) = race(&city, &form).await;
        assert_eq!((won.len(), lost.len()), (1, 63));
        assert!(lost.iter().all(|error| matches!(error, Error::GrantInvalid(GrantFlaw::CodeReused))), "{lost:?}");
        // Who came first cannot be told from a thief: the winner's tokens are dead too.
        assert!(matches!(userinfo(&city, &won[0]).await, Err(Error::AccessTokenInvalid)));
    }
}

/// 64 requests at once.
pub async fn race(city: &City, form: &Parameters) -> (Vec<Tokens>, Vec<Error>) {
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (provider, database, context) = (city.provider.clone(), city.database().clone(), city.context());
        let form = form.clone();
        set.spawn(async move {
            let endpoint =
                Endpoint { provider: &provider, database: &database, context, address: "127.0.0.1".to_owned() };
            token::answer(&endpoint, &TokenRequest { form: &form, query: None, authorization: None }).await
        });
    }
    let (mut won, mut lost) = (Vec::new(), Vec::new());
    for answer in set.join_all().await {
        match answer {
            Ok(tokens) => won.push(tokens),
            Err(error) => lost.push(error),
        }
    }
    (won, lost)
}

#[tokio::test]
async fn a_code_lives_sixty_seconds() {
    let mut city = City::new().await;
    let secret = city.client("tax", web()).await;
    let (first, second) = (city.code("tax", &[]).await, city.code("tax", &[]).await);
    city.at = NOW.plus_seconds(limits::CODE_SECONDS - 1);
    assert!(city.token(&redeem("tax", &secret, &first)).await.is_ok());
    city.at = NOW.plus_seconds(limits::CODE_SECONDS);
    assert_eq!(flaw(city.token(&redeem("tax", &secret, &second)).await), GrantFlaw::CodeExpired);
    // A used code that comes back even later still ends what it gave.
    assert_eq!(flaw(city.token(&redeem("tax", &secret, &first)).await), GrantFlaw::CodeExpired);
    assert_eq!(city.events::<events::CodeBurnt>().await, 2);
}

#[tokio::test]
async fn a_code_that_is_shown_with_a_mistake_is_burnt() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let other = city.client("other", web()).await;
    let wrong_verifier = "a".repeat(43);
    let challenge = base64url(&sha256(VERIFIER.as_bytes()));
    let verifier = |with: &str| ("code_verifier".to_owned(), with.to_owned());
    let cases = [
        (verifier(&wrong_verifier), GrantFlaw::VerifierWrong),
        (verifier(&challenge), GrantFlaw::VerifierWrong),
        (verifier(""), GrantFlaw::VerifierWrong),
        (verifier(&VERIFIER[..42]), GrantFlaw::VerifierWrong),
        (verifier(&"a".repeat(129)), GrantFlaw::VerifierWrong),
        (("redirect_uri".to_owned(), "https://tax.example.gov.cn/cb2".to_owned()), GrantFlaw::RedirectUriDiffers),
        (("redirect_uri".to_owned(), String::new()), GrantFlaw::RedirectUriDiffers),
    ];
    for ((name, value), expected) in cases {
        let code = city.code("tax", &[]).await;
        let form: String = redeem("tax", &secret, &code)
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((known, _)) if known == name => format!("{name}={value}&"),
                _ => format!("{pair}&"),
            })
            .collect();
        assert_eq!(flaw(city.token(&form).await), expected, "{name}={value}");
        assert_eq!(flaw(city.token(&redeem("tax", &secret, &code)).await), GrantFlaw::CodeReused, "{name}={value}");
    }
    let code = city.code("tax", &[]).await;
    assert_eq!(flaw(city.token(&redeem("other", &other, &code)).await), GrantFlaw::CodeForeign);
    assert_eq!(flaw(city.token(&redeem("tax", &secret, &code)).await), GrantFlaw::CodeReused);
    // Eight burnt codes, eight who came after; every family is revoked and nobody got anything.
    assert!(families(&city).await.iter().all(|(_, why)| why == "code_burnt"));
    assert_eq!((city.events::<events::CodeBurnt>().await, city.events::<events::CodeReused>().await), (8, 8));
    assert_eq!(city.events::<events::CodeRedeemed>().await, 0);
}

#[tokio::test]
async fn what_is_no_code_of_ours_changes_nothing() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let code = city.code("tax", &[]).await;
    for bad in ["x", "eyJhbGciOiJub25lIn0.e30.", &code[1..], &format!("{code}A"), &"A".repeat(5000)] {
        assert_eq!(flaw(city.token(&redeem("tax", &secret, bad)).await), GrantFlaw::CodeUnreadable);
    }
    let stranger = Provider::new(&ProviderSettings {
        issuer_url: ISSUER.to_owned(),
        server_key: Secret::new([4; 32]),
        uri_policy: crate::client::uri::UriPolicy::default(),
    });
    assert!(crate::code::Code::open(&stranger.unwrap(), &code).is_none());
    // Anyone can invent codes: nothing is stored of them and nothing written down.
    assert_eq!(families(&city).await, []);
    assert_eq!((city.events::<events::CodeBurnt>().await, city.events::<events::CodeReused>().await), (0, 0));
    assert!(city.token(&redeem("tax", &secret, &code)).await.is_ok());
    assert_eq!(families(&city).await.len(), 1);
}

#[tokio::test]
async fn a_code_dies_with_its_session_and_its_account() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let code = city.code("tax", &[]).await;
    let mut work = city.begin().await;
    account::lock(&mut work, &city.account).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(flaw(city.token(&redeem("tax", &secret, &code)).await), GrantFlaw::SessionOver);

    let mut city = City::new().await;
    let secret = city.client("tax", web()).await;
    let code = city.code("tax", &[]).await;
    let mut work = city.begin().await;
    session::close(&mut work, &city.session, "signed_out").await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(flaw(city.token(&redeem("tax", &secret, &code)).await), GrantFlaw::SessionOver);
    city.at = NOW.plus_seconds(1);
    assert_eq!(city.events::<events::CodeRedeemed>().await, 0);
    assert_eq!(families(&city).await, []);
}

#[tokio::test]
async fn nothing_that_could_be_replayed_is_stored() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let code = city.code("tax", &[("scope", "openid offline_access")]).await;
    let tokens = city.token(&redeem("tax", &secret, &code)).await.unwrap();
    let next = city.token(&refresh("tax", &secret, tokens.refresh_token.as_deref().unwrap())).await.unwrap();
    let mut tx = city.database().read().await.unwrap();
    let mut dump = String::new();
    let families: Vec<(String, String, String)> = tx
        .all(
            "select family_id, coalesce(refresh_hash, ''), coalesce(refresh_hash_before, '') from token_family",
            vec![],
        )
        .await
        .unwrap();
    let all = records::log::Filter::default();
    let log = records::log::list(&mut tx, &all, &base::ListPage::first(200)).await.unwrap().items;
    let log = log.into_iter().map(|entry| (entry.actor, entry.object, entry.data));
    let clients: Vec<(String, String, String)> =
        tx.all("select client_id, settings, coalesce(secret_hash, '') from client", vec![]).await.unwrap();
    for (a, b, c) in families.into_iter().chain(log).chain(clients) {
        dump.extend([a, b, c]);
        dump.push('\n');
    }
    let refreshes = [tokens.refresh_token.unwrap(), next.refresh_token.unwrap()];
    let parts = refreshes.iter().map(|token| token.split_once('.').unwrap().1);
    for secret in parts.chain([code.as_str(), &secret, &tokens.access_token, &next.access_token, IDENTITY_NUMBER]) {
        assert!(!dump.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_challenge_that_comes_back_is_written_down() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let noted = async || {
        let found: Vec<events::CodeRedeemed> = records::testing::told(city.database()).await.unwrap();
        (found.len(), found.iter().filter(|redeemed| redeemed.pkce_reuse == Some(true)).count())
    };
    let other = base64url(&sha256("another-verifier-of-43-characters-or-more-x".as_bytes()));
    city.token(&redeem("tax", &secret, &city.code("tax", &[]).await)).await.unwrap();
    let code = city.code("tax", &[("code_challenge", &other)]).await;
    let form = redeem("tax", &secret, &code).replace(VERIFIER, "another-verifier-of-43-characters-or-more-x");
    city.token(&form).await.unwrap();
    assert_eq!(noted().await, (2, 0));
    city.token(&redeem("tax", &secret, &city.code("tax", &[]).await)).await.unwrap();
    assert_eq!(noted().await, (3, 1));
}
