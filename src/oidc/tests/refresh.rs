//! G5 53–60: refresh tokens.

use super::{code::race, *};
use crate::{events, grant, limits, logout};

async fn first(city: &City, secret: &str) -> String {
    let code = city.code("tax", &[("scope", "openid profile offline_access")]).await;
    city.token(&redeem("tax", secret, &code)).await.unwrap().refresh_token.unwrap()
}

async fn next(city: &City, secret: &str, token: &str) -> Result<String, Error> {
    city.token(&refresh("tax", secret, token)).await.map(|tokens| tokens.refresh_token.unwrap())
}

/// What is stored of each family: its tokens and whether it was revoked.
async fn families(city: &City) -> Vec<(String, String, i64)> {
    let mut tx = city.database().read().await.unwrap();
    let sql = "select family_id, coalesce(refresh_hash, ''), coalesce(revoked_at, 0) from token_family order by 1";
    tx.all(sql, vec![]).await.unwrap()
}

#[tokio::test]
async fn each_refresh_token_is_exchanged_for_the_next() {
    let mut city = City::new().await;
    let secret = city.client("tax", web()).await;
    let mut token = first(&city, &secret).await;
    for n in 1..5 {
        city.at = NOW.plus_seconds(n * 100);
        let tokens = city.token(&refresh("tax", &secret, &token)).await.unwrap();
        let jws = crypto::jose::Jws::parse(tokens.id_token.as_deref().unwrap()).unwrap();
        assert_eq!(jws.unverified()["auth_time"], NOW.as_seconds(), "the person did not sign in again");
        assert!(jws.unverified().get("nonce").is_none());
        let next = tokens.refresh_token.unwrap();
        assert_ne!(next, token);
        token = next;
    }
    assert_eq!(city.events::<events::TokenRefreshed>().await, 4);
}

#[tokio::test]
async fn an_old_refresh_token_ends_its_family() {
    let mut city = City::new().await;
    let secret = city.client("tax", web()).await;
    let old = first(&city, &secret).await;
    let current = next(&city, &secret, &old).await.unwrap();
    city.at = NOW.plus_seconds(limits::REFRESH_GRACE_SECONDS);
    assert_eq!(flaw(next(&city, &secret, &old).await), GrantFlaw::RefreshReused);
    assert_eq!(flaw(next(&city, &secret, &current).await), GrantFlaw::RefreshExpired);
    assert_eq!(city.events::<events::RefreshReused>().await, 1);
}

#[tokio::test]
async fn a_token_older_than_the_last_ends_its_family_even_at_once() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let old = first(&city, &secret).await;
    let middle = next(&city, &secret, &old).await.unwrap();
    let current = next(&city, &secret, &middle).await.unwrap();
    assert_eq!(flaw(next(&city, &secret, &old).await), GrantFlaw::RefreshReused);
    assert_eq!(flaw(next(&city, &secret, &current).await), GrantFlaw::RefreshExpired);
}

#[tokio::test]
async fn a_lost_answer_is_given_again_within_ten_seconds() {
    let mut city = City::new().await;
    let secret = city.client("tax", web()).await;
    let old = first(&city, &secret).await;
    let current = next(&city, &secret, &old).await.unwrap();
    city.at = NOW.plus_seconds(limits::REFRESH_GRACE_SECONDS - 1);
    assert_eq!(next(&city, &secret, &old).await.unwrap(), current);
    city.at = NOW.plus_seconds(60);
    assert!(next(&city, &secret, &current).await.is_ok());
}

#[tokio::test]
async fn of_64_who_refresh_at_once_one_rotates_and_all_hear_the_same() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let mut token = first(&city, &secret).await;
    for _ in 0..3 {
        let form = Parameters::parse(&refresh("tax", &secret, &token)).unwrap();
        let (won, lost) = race(&city, &form).await;
        assert!(lost.is_empty(), "{lost:?}");
        let mut next: Vec<String> = won.into_iter().filter_map(|tokens| tokens.refresh_token).collect();
        next.dedup();
        assert_eq!(next.len(), 1);
        token = next.remove(0);
    }
    assert_eq!(city.events::<events::RefreshReused>().await, 0);
}

#[tokio::test]
async fn another_client_gets_nothing_and_harms_nothing() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let other = city.client("other", web()).await;
    let token = first(&city, &secret).await;
    assert_eq!(flaw(city.token(&refresh("other", &other, &token)).await), GrantFlaw::RefreshUnreadable);
    let before = families(&city).await;
    let (family, rest) = token.split_once('.').unwrap();
    for invented in [
        format!("{family}.{}", base64url(&[1; 64])),
        format!("{}.{rest}", base64url(&[1; 16])),
        format!("{family}.{}", &rest[1..]),
        family.to_owned(),
        "x".repeat(5000),
    ] {
        assert_eq!(flaw(next(&city, &secret, &invented).await), GrantFlaw::RefreshUnreadable, "{invented}");
    }
    // Nothing was changed and, since anyone can invent tokens, nothing written down.
    assert_eq!(families(&city).await, before);
    assert_eq!((city.events::<events::TokenRefreshed>().await, city.events::<events::RefreshReused>().await), (0, 0));
    assert!(next(&city, &secret, &token).await.is_ok());
}

#[tokio::test]
async fn scopes_can_be_narrowed_but_not_widened() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let token = first(&city, &secret).await;
    let wider = format!("{}&scope=openid+phone", refresh("tax", &secret, &token));
    let before = families(&city).await;
    assert!(matches!(city.token(&wider).await, Err(Error::ScopeNotAllowed)));
    assert_eq!(
        (families(&city).await, city.events::<events::TokenRefreshed>().await),
        (before, 0),
        "the exchange is undone"
    );
    let narrower = format!("{}&scope=openid", refresh("tax", &secret, &token));
    assert_eq!(city.token(&narrower).await.unwrap().scope, "openid");
}

#[tokio::test]
async fn a_refresh_token_ends_with_whatever_it_hangs_on() {
    // Idle and absolute limits.
    let mut city = City::new().await;
    let secret = city.client("tax", web()).await;
    let mut token = first(&city, &secret).await;
    city.at = NOW.plus_seconds(limits::REFRESH_IDLE_SECONDS - 1);
    token = next(&city, &secret, &token).await.unwrap();
    let seen = city.at;
    city.at = seen.plus_seconds(limits::REFRESH_IDLE_SECONDS);
    assert_eq!(flaw(next(&city, &secret, &token).await), GrantFlaw::RefreshExpired);
    city.at = seen.plus_seconds(limits::REFRESH_IDLE_SECONDS - 1);
    while city.at < NOW.plus_seconds(limits::REFRESH_ABSOLUTE_SECONDS) {
        token = next(&city, &secret, &token).await.unwrap();
        city.at = city.at.plus_seconds(limits::REFRESH_IDLE_SECONDS - 1);
    }
    assert_eq!(flaw(next(&city, &secret, &token).await), GrantFlaw::RefreshExpired);

    // The person signed out.
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let token = first(&city, &secret).await;
    let mut work = city.begin().await;
    session::close(&mut work, &city.session, "signed_out").await.unwrap();
    logout::session_ended(&mut work, &city.session).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(flaw(next(&city, &secret, &token).await), GrantFlaw::RefreshExpired);

    // The person withdrew.
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let token = first(&city, &secret).await;
    let mut work = city.begin().await;
    assert!(grant::withdraw(&mut work, &city.person, &ClientId::parse("tax").unwrap()).await.unwrap());
    work.commit().await.unwrap();
    assert_eq!(flaw(next(&city, &secret, &token).await), GrantFlaw::RefreshExpired);

    // The account was locked, and opened again.
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let token = first(&city, &secret).await;
    let mut work = city.begin().await;
    account::lock(&mut work, &city.account).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(flaw(next(&city, &secret, &token).await), GrantFlaw::RefreshExpired);
}

#[tokio::test]
async fn a_session_that_only_ran_out_leaves_offline_access_alone() {
    let mut city = City::new().await;
    let secret = city.client("tax", web()).await;
    let token = first(&city, &secret).await;
    city.at = NOW.plus_seconds(3 * 24 * 3600);
    assert!(city.live_session().await.is_none());
    assert!(next(&city, &secret, &token).await.is_ok());
}

#[tokio::test]
async fn offline_access_taken_from_a_client_ends_what_it_has() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let token = first(&city, &secret).await;
    let mut work = city.begin().await;
    let narrower = serde_json::to_string(&ClientSettings { scopes: "openid profile".to_owned(), ..web() }).unwrap();
    work.tx.run("update client set settings = $1", records::args![narrower]).await.unwrap();
    records::revision::bump(&mut work.tx, crate::REVISION).await.unwrap();
    work.record(events::ClientEnabled { client: ClientId::parse("tax").unwrap() });
    work.commit().await.unwrap();
    assert_eq!(flaw(next(&city, &secret, &token).await), GrantFlaw::RefreshExpired);
}

/// A public client shows no secret: rotation and reuse detection are all that protects its refresh tokens.
#[tokio::test]
async fn a_public_client_refreshes_without_a_secret_and_loses_all_at_reuse() {
    let mut city = City::new().await;
    city.client("phone", public()).await;
    let form = |token: &str| format!("grant_type=refresh_token&client_id=phone&refresh_token={token}");
    let code = city.code("phone", &[("scope", "openid profile offline_access")]).await;
    let first = city.token(&redeem("phone", "", &code)).await.unwrap();
    let old = first.refresh_token.unwrap();
    let guessed = format!("{}&client_secret=guess", form(&old));
    assert!(matches!(city.token(&guessed).await, Err(Error::ClientAuthentication)));
    assert_eq!((city.events::<events::ClientRefused>().await, city.events::<events::TokenRefreshed>().await), (1, 0));
    let second = city.token(&form(&old)).await.unwrap();
    let current = second.refresh_token.clone().unwrap();
    assert_ne!(current, old);
    let person = crate::userinfo::answer(&city.endpoint(), &city.vault, &second.access_token).await;
    assert!(person.is_ok());
    // Another public client, which needs no secret either, gets nothing with it and harms nothing.
    city.client("tablet", public()).await;
    let stolen = format!("grant_type=refresh_token&client_id=tablet&refresh_token={current}");
    assert_eq!(flaw(city.token(&stolen).await), GrantFlaw::RefreshUnreadable);
    assert_eq!((city.events::<events::RefreshReused>().await, city.events::<events::TokenRefreshed>().await), (0, 1));
    city.at = NOW.plus_seconds(limits::REFRESH_GRACE_SECONDS);
    assert_eq!(flaw(city.token(&form(&old)).await), GrantFlaw::RefreshReused);
    assert_eq!(flaw(city.token(&form(&current)).await), GrantFlaw::RefreshExpired);
    let person = crate::userinfo::answer(&city.endpoint(), &city.vault, &second.access_token).await;
    assert!(matches!(person, Err(Error::AccessTokenInvalid)));
    assert_eq!((city.events::<events::RefreshReused>().await, city.events::<events::TokenRefreshed>().await), (1, 1));
}

/// Ways to give a family to somebody else, with the database alone.
const GIVEN_AWAY: [&str; 6] = [
    "update token_family set person_id = (select person_id from account where username = 'wangfang')",
    "update token_family set session_id = (select session_id from session where account_id =
        (select account_id from account where username = 'wangfang'))",
    "update token_family set scopes = 'openid profile phone offline_access'",
    "update token_family set authenticated_at = authenticated_at + 1",
    "update token_family set account_id = (select account_id from account where username = 'wangfang')",
    "update token_family set expires_at = expires_at + 1",
];

#[tokio::test]
async fn a_refresh_token_gets_nothing_of_what_somebody_else_wrote_into_the_row_of_its_family() {
    for sql in GIVEN_AWAY {
        let city = City::new().await;
        let secret = city.client("tax", web()).await;
        city.add_neighbour().await;
        let token = first(&city, &secret).await;
        city.past_the_product(sql).await;
        assert_eq!(flaw(next(&city, &secret, &token).await), GrantFlaw::FamilyChanged, "{sql}");
        assert_eq!(city.events::<events::FamilyChanged>().await, 1, "{sql}");
        assert_ne!(families(&city).await[0].2, 0, "the family is revoked");
        assert!(city.token(&refresh("tax", &secret, &token)).await.is_err());
    }
}

#[tokio::test]
async fn neither_a_narrowed_exchange_nor_a_lost_answer_gets_what_somebody_else_wrote_into_the_row() {
    for is_narrowed in [true, false] {
        let city = City::new().await;
        let secret = city.client("tax", web()).await;
        city.add_neighbour().await;
        let token = first(&city, &secret).await;
        if !is_narrowed {
            next(&city, &secret, &token).await.unwrap();
        }
        city.past_the_product(GIVEN_AWAY[0]).await;
        let narrowed = if is_narrowed { "&scope=openid" } else { "" };
        let answer = city.token(&format!("{}{narrowed}", refresh("tax", &secret, &token))).await;
        assert!(matches!(answer, Err(Error::GrantInvalid(GrantFlaw::FamilyChanged))), "{answer:?}");
        assert_eq!(city.events::<events::FamilyChanged>().await, 1);
    }
}

/// The same token as an older version made it, which told less of the family.
async fn older(city: &City, token: &str) -> String {
    let (family, rest) = token.split_once('.').unwrap();
    let secret = crypto::encoding::base64url_decode(rest).unwrap()[..32].to_vec();
    let mut tx = city.database().read().await.unwrap();
    let bound = crate::family::standing(&mut tx, family).await.unwrap().unwrap().family().bound_before();
    let mark = city.provider.refresh_mac(&[b"mark\0", family.as_bytes(), b"\0", &secret, &bound]);
    format!("{family}.{}", crypto::encoding::base64url(&[&secret[..], &bound, &mark[..16]].concat()))
}

#[tokio::test]
async fn a_refresh_token_of_an_older_version_is_exchanged_for_one_of_now() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let token = first(&city, &secret).await;
    let older = older(&city, &token).await;
    assert_ne!(older, token);
    let after = next(&city, &secret, &older).await.unwrap();
    assert_eq!(next(&city, &secret, &token).await.unwrap(), after, "the answer that was lost");
    next(&city, &secret, &after).await.unwrap();
    // What it says of its family counts as well.
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    city.add_neighbour().await;
    let older = self::older(&city, &first(&city, &secret).await).await;
    city.past_the_product(GIVEN_AWAY[0]).await;
    assert_eq!(flaw(next(&city, &secret, &older).await), GrantFlaw::FamilyChanged);
}

/// What an audit names of tokens and clients.
async fn contrary(city: &City) -> Vec<(&'static str, String)> {
    while records::log::sequence_events(city.database()).await.unwrap() > 0 {}
    let named = records::audit::audit(city.database(), &[]).await.unwrap().findings;
    let told = |finding| match finding {
        records::audit::Finding::Contrary(_, what, name) => Some((what, name)),
        _ => None,
    };
    named.into_iter().filter_map(told).collect()
}

#[tokio::test]
async fn what_a_client_gets_while_it_is_disabled_or_by_a_revoked_family_is_named_by_an_audit() {
    let mut city = City::new().await;
    let secret = city.client("tax", web()).await;
    let token = first(&city, &secret).await;
    city.past_the_product("create table kept as select * from client").await;
    let mut work = city.begin().await;
    crate::client::disable(&mut work, &ClientId::parse("tax").unwrap()).await.unwrap();
    work.commit().await.unwrap();
    assert!(city.token(&refresh("tax", &secret, &token)).await.is_err());
    // The row of before is right, and is put back for as long as a token is fetched.
    city.past_the_product(
        "update client set enabled = 1, marked = (select marked from kept), mark = (select mark from kept)",
    )
    .await;
    city.database().reload_kept().await.unwrap();
    city.at = NOW.plus_seconds(600);
    next(&city, &secret, &token).await.unwrap();
    assert_eq!(contrary(&city).await, [("client", "tax".to_owned())]);
    // The same of a family.
    let mut city = City::new().await;
    let secret = city.client("tax", web()).await;
    let old = first(&city, &secret).await;
    let current = next(&city, &secret, &old).await.unwrap();
    city.at = NOW.plus_seconds(60);
    assert_eq!(flaw(next(&city, &secret, &old).await), GrantFlaw::RefreshReused);
    city.at = NOW.plus_seconds(600);
    assert_eq!(flaw(next(&city, &secret, &current).await), GrantFlaw::RefreshExpired);
    assert_eq!(contrary(&city).await, []);
    city.past_the_product("update token_family set revoked_at = null, revoked_for = null").await;
    next(&city, &secret, &current).await.unwrap();
    let family = current.split_once('.').unwrap().0.to_owned();
    assert_eq!(contrary(&city).await, [("token_family", family)]);
}
