//! Asking, remembering, withdrawing.

use super::*;
use crate::{claims::ShownClaim, events, grant, scope::ScopeSet};

fn asked() -> ClientSettings {
    ClientSettings { consent: Consent::Ask, ..web() }
}

async fn give(city: &City, scopes: &str) {
    let mut work = city.begin().await;
    let client = ClientId::parse("tax").unwrap();
    grant::give(&mut work, &city.person, &client, &ScopeSet::parse(scopes).unwrap()).await.unwrap();
    work.commit().await.unwrap();
}

async fn questions(city: &City, changes: &[(&str, &str)]) -> Option<String> {
    match city.authorize("tax", changes).await.unwrap() {
        Decision::Consent { scopes, .. } => Some(scopes.text()),
        Decision::Code(_) => None,
        Decision::SignIn(_) => panic!("somebody is signed in"),
    }
}

#[tokio::test]
async fn a_person_is_asked_once_for_each_scope() {
    let city = City::new().await;
    city.client("tax", asked()).await;
    assert_eq!(questions(&city, &[]).await.as_deref(), Some("openid profile"));
    assert!(matches!(city.authorize("tax", &[("prompt", "none")]).await, Err(Error::ConsentRequired)));
    give(&city, "openid profile").await;
    assert_eq!(questions(&city, &[]).await, None);
    assert_eq!(questions(&city, &[("scope", "openid")]).await, None);
    // More than was given is asked for, and only that.
    assert_eq!(questions(&city, &[("scope", "openid profile phone")]).await.as_deref(), Some("openid phone"));
    give(&city, "openid phone").await;
    assert_eq!(questions(&city, &[("scope", "openid profile phone")]).await, None);
    assert_eq!(questions(&city, &[("prompt", "consent")]).await.as_deref(), Some("openid profile"));
    assert_eq!(city.events::<events::GrantGiven>().await, 2);
}

#[tokio::test]
async fn what_was_withdrawn_is_asked_for_again_and_its_tokens_are_dead() {
    let city = City::new().await;
    let secret = city.client("tax", asked()).await;
    give(&city, "openid profile").await;
    let tokens = city.token(&redeem("tax", &secret, &city.code("tax", &[]).await)).await.unwrap();
    let mut tx = city.database().read().await.unwrap();
    let apps = grant::connected_apps(&mut tx, &city.person, city.at).await.unwrap();
    drop(tx);
    assert_eq!(apps.len(), 1);
    assert!(apps[0].consented);
    assert_eq!(apps[0].scopes.text(), "openid profile");
    let client = ClientId::parse("tax").unwrap();
    let mut work = city.begin().await;
    assert!(grant::withdraw(&mut work, &city.person, &client).await.unwrap());
    work.commit().await.unwrap();
    let answer = crate::userinfo::answer(&city.endpoint(), &city.vault, &tokens.access_token).await;
    assert!(matches!(answer, Err(Error::AccessTokenInvalid)));
    assert!(questions(&city, &[]).await.is_some());
    let mut work = city.begin().await;
    assert!(!grant::withdraw(&mut work, &city.person, &client).await.unwrap());
    assert!(grant::connected_apps(&mut work.tx, &city.person, city.at).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_application_that_need_not_ask_is_shown_too() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    for _ in 0..2 {
        city.token(&redeem("tax", &secret, &city.code("tax", &[]).await)).await.unwrap();
    }
    let mut tx = city.database().read().await.unwrap();
    let apps = grant::connected_apps(&mut tx, &city.person, city.at).await.unwrap();
    assert_eq!(apps.len(), 1);
    assert!(!apps[0].consented);
}

async fn withdraw(city: &City) -> bool {
    let mut work = city.begin().await;
    let client = ClientId::parse("tax").unwrap();
    let withdrawn = grant::withdraw(&mut work, &city.person, &client).await.unwrap();
    if withdrawn {
        work.commit().await.unwrap();
    }
    withdrawn
}

#[tokio::test]
async fn an_application_that_need_not_ask_asks_after_it_was_withdrawn() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    assert!(!withdraw(&city).await, "nothing to take back");
    assert_eq!(questions(&city, &[]).await, None);
    city.token(&redeem("tax", &secret, &city.code("tax", &[]).await)).await.unwrap();
    let before = city.code("tax", &[]).await;
    assert!(withdraw(&city).await);
    assert_eq!(city.events::<events::GrantWithdrawn>().await, 1);
    // A code from before is worth nothing any more.
    assert_eq!(flaw(city.token(&redeem("tax", &secret, &before)).await), GrantFlaw::SessionOver);
    for _ in 0..2 {
        assert_eq!(questions(&city, &[]).await.as_deref(), Some("openid profile"));
        assert!(matches!(city.authorize("tax", &[("prompt", "none")]).await, Err(Error::ConsentRequired)));
    }
    assert_eq!(city.events::<events::CodeRedeemed>().await, 1);
    give(&city, "openid profile").await;
    assert_eq!(questions(&city, &[]).await, None);
    assert_eq!(questions(&city, &[("scope", "openid profile phone")]).await, None, "its own rules count again");
    city.token(&redeem("tax", &secret, &city.code("tax", &[]).await)).await.unwrap();
    assert!(withdraw(&city).await, "and again");
    assert!(questions(&city, &[]).await.is_some());
}

#[tokio::test]
async fn a_client_that_wants_the_page_shown_gets_it_shown() {
    let city = City::new().await;
    city.client("tax", web()).await;
    assert_eq!(questions(&city, &[("prompt", "consent")]).await.as_deref(), Some("openid profile"));
    give(&city, "openid profile").await;
    assert!(questions(&city, &[("prompt", "consent")]).await.is_some());
    assert_eq!(questions(&city, &[]).await, None);
}

#[tokio::test]
async fn values_are_shown_masked() {
    let city = City::new().await;
    let mut tx = city.database().read().await.unwrap();
    let facts = crate::claims::of_person(&mut tx, &city.person).await.unwrap().unwrap();
    let check = |scope: &str, expected: &[(ShownClaim, &str)]| {
        let masked = facts.masked(crate::scope::find(scope).unwrap(), &city.vault).unwrap();
        let masked: Vec<(ShownClaim, &str)> =
            masked.iter().map(|(claim, values)| (*claim, values[0].as_str())).collect();
        assert_eq!(masked, expected);
    };
    check(
        "profile",
        &[(ShownClaim::Name, "欧**明"), (ShownClaim::Gender, "female"), (ShownClaim::Birthdate, "1949-**-**")],
    );
    check("email", &[(ShownClaim::Email, "x***@example.com")]);
    check("phone", &[(ShownClaim::PhoneNumber, "+86 138******00")]);
    check("address", &[(ShownClaim::Address, "滨江市长江路***")]);
    check("identity_number", &[(ShownClaim::IdentityNumber, "1101*************X")]);
    check("org", &[]);
    check("openid", &[]);
}

#[tokio::test]
async fn families_are_forgotten_when_nothing_of_them_can_come_back() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    for scope in ["openid", "openid offline_access"] {
        city.token(&redeem("tax", &secret, &city.code("tax", &[("scope", scope)]).await)).await.unwrap();
    }
    let mut tx = city.database().housekeeping().await.unwrap();
    let mut after = async |seconds: i64| crate::family::expire(&mut tx, NOW.plus_seconds(seconds)).await.unwrap();
    let day = 24 * 3600;
    assert_eq!(after(crate::limits::FAMILY_SECONDS + day).await, 0);
    assert_eq!(after(crate::limits::FAMILY_SECONDS + day + 1).await, 1);
    assert_eq!(after(crate::limits::REFRESH_ABSOLUTE_SECONDS + day + 1).await, 1);
}

#[tokio::test]
async fn a_consent_that_was_put_there_or_changed_past_the_product_gives_nothing() {
    let city = City::new().await;
    city.client("tax", asked()).await;
    city.client("free", web()).await;
    let is_asked = async |scope: &str| {
        let silent = city.authorize("tax", &[("prompt", "none"), ("scope", scope)]).await;
        matches!(silent, Err(Error::ConsentRequired)) && questions(&city, &[("scope", scope)]).await.is_some()
    };
    let put = "insert into client_grant (grant_id, person_id, client_id, scopes, granted_at)
               select 'gra_put', person_id, 'tax', 'openid profile', 0 from person";
    city.past_the_product(put).await;
    assert!(is_asked("openid profile").await);
    city.past_the_product("update client_grant set marked = 1, mark = 'x'").await;
    assert!(is_asked("openid profile").await);
    // Whoever gives says all of it anew: nothing of what somebody else wrote counts.
    give(&city, "openid").await;
    assert!(!is_asked("openid").await);
    assert!(is_asked("openid profile").await);
    city.past_the_product("update client_grant set scopes = 'openid profile'").await;
    assert!(is_asked("openid profile").await);
    city.past_the_product("update client_grant set scopes = 'openid'").await;
    assert!(!is_asked("openid").await);
    // What was taken back does not come back, and a client that need not ask has to.
    assert!(withdraw(&city).await);
    city.past_the_product("update client_grant set withdrawn_at = null").await;
    assert!(is_asked("openid").await);
    city.past_the_product("update client_grant set client_id = 'free'").await;
    assert!(matches!(city.authorize("free", &[("prompt", "none")]).await, Err(Error::ConsentRequired)));
}

#[tokio::test]
async fn consents_of_a_version_that_did_not_mark_them_count_once_they_are_marked() {
    let city = City::new().await;
    city.client("tax", asked()).await;
    give(&city, "openid profile").await;
    city.past_the_product("update client_grant set marked = 0, mark = null").await;
    assert!(questions(&city, &[]).await.is_some());
    while records::log::sequence_events(city.database()).await.unwrap() > 0 {}
    records::testing::left_by_an_older_version(city.database()).await.unwrap();
    let context = city.begin().await.context().clone();
    assert_eq!(records::mark_older(city.database(), &context).await.unwrap(), 1);
    assert_eq!(questions(&city, &[]).await, None);
}
