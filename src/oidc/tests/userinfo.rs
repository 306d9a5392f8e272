//! What a client learns, and when it stops learning.

use super::*;
use crate::userinfo::{self, Userinfo};

async fn tokens(city: &City, client: &str, secret: &str, scope: &str) -> Tokens {
    let code = city.code(client, &[("scope", scope)]).await;
    city.token(&redeem(client, secret, &code)).await.unwrap()
}

async fn claims(city: &City, token: &str) -> serde_json::Map<String, serde_json::Value> {
    match userinfo::answer(&city.endpoint(), &city.vault, token).await.unwrap() {
        Userinfo::Json(claims) => claims,
        Userinfo::Signed(token) => crypto::jose::Jws::parse(&token).unwrap().unverified().as_object().cloned().unwrap(),
    }
}

#[tokio::test]
async fn each_scope_brings_its_claims_and_no_others() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    let check = async |scope: &str, expected: &[&str]| {
        let tokens = tokens(&city, "tax", &secret, scope).await;
        let claims = claims(&city, &tokens.access_token).await;
        let names: Vec<&str> = claims.keys().map(String::as_str).collect();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(names, expected, "{scope}");
    };
    check("openid", &["sub"]).await;
    check("openid email", &["sub", "email", "email_verified"]).await;
    check("openid phone", &["sub", "phone_number", "phone_number_verified"]).await;
    check("openid address", &["sub", "address"]).await;
    check("openid org", &["sub", "org"]).await;
    let profile = ["sub", "name", "given_name", "family_name", "gender", "birthdate", "updated_at"];
    check("openid profile", &profile).await;
}

#[tokio::test]
async fn the_identity_number_needs_its_approval() {
    let city = City::new().await;
    let approved = ClientSettings {
        scopes: "openid identity_number".to_owned(),
        grants: vec![GrantType::AuthorizationCode],
        identity_number_approved: true,
        ..web()
    };
    let secret = city.client("police", approved).await;
    let tokens = tokens(&city, "police", &secret, "openid identity_number").await;
    assert_eq!(claims(&city, &tokens.access_token).await["identity_number"], IDENTITY_NUMBER);
    city.client("tax", web()).await;
    let other = city.authorize("tax", &[("scope", "openid identity_number")]).await;
    assert!(matches!(other, Err(Error::ScopeNotAllowed)));
}

#[tokio::test]
async fn clients_of_one_department_know_a_person_by_one_name_and_others_by_another() {
    let city = City::new().await;
    let (a, b) = (city.client("a", web()).await, city.client("b", web()).await);
    let open = city.client("open", ClientSettings { subject: client::SubjectType::Public, ..web() }).await;
    let mut elsewhere = registration("c", web());
    elsewhere.organisation_id = OrganisationId::stored("org_police".to_owned());
    let mut work = city.begin().await;
    let c = client::register(&mut work, city.provider.uri_policy(), elsewhere).await.unwrap();
    work.commit().await.unwrap();
    let mut subjects = Vec::new();
    for (client, secret) in [("a", &a), ("b", &b), ("c", c.secret.unwrap().expose()), ("open", &open)] {
        let tokens = tokens(&city, client, secret, "openid").await;
        let claims = claims(&city, &tokens.access_token).await;
        let id = crypto::jose::Jws::parse(&tokens.id_token.unwrap()).unwrap();
        assert_eq!(claims["sub"], id.unverified()["sub"]);
        subjects.push(claims["sub"].clone());
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0], subjects[2]);
    assert_ne!(subjects[0], subjects[3]);
    assert!(!subjects.iter().any(|subject| subject.to_string().contains(city.person.as_str())));
}

#[tokio::test]
async fn a_client_that_registered_for_it_gets_a_signed_answer() {
    let city = City::new().await;
    let settings = ClientSettings { userinfo_algorithm: Some(TokenAlgorithm::Es256), ..web() };
    let secret = city.client("tax", settings).await;
    let tokens = tokens(&city, "tax", &secret, "openid profile").await;
    let claims = claims(&city, &tokens.access_token).await;
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(ISSUER), Some("tax")));
    assert_eq!(claims["name"], "欧阳小明");
    let Userinfo::Signed(signed) = userinfo::answer(&city.endpoint(), &city.vault, &tokens.access_token).await.unwrap()
    else {
        panic!()
    };
    assert!(crate::id_token::hint(&city.provider, &signed).is_none(), "a userinfo answer is no ID token");
}

#[tokio::test]
async fn an_access_token_ends_with_time_session_account_and_consent() {
    let mut city = City::new().await;
    let secret = city.client("tax", web()).await;
    let token = tokens(&city, "tax", &secret, "openid").await.access_token;
    let answer = async |city: &City| userinfo::answer(&city.endpoint(), &city.vault, &token).await;
    city.at = NOW.plus_seconds(599);
    assert!(answer(&city).await.is_ok());
    city.at = NOW.plus_seconds(600);
    assert!(matches!(answer(&city).await, Err(Error::AccessTokenInvalid)));
    city.at = NOW;
    let mut work = city.begin().await;
    session::close(&mut work, &city.session, "signed_out").await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(answer(&city).await, Err(Error::AccessTokenInvalid)));
}

#[tokio::test]
async fn a_client_learns_nothing_of_a_person_whose_row_or_family_was_changed_past_the_product() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    city.add_neighbour().await;
    let tokens = tokens(&city, "tax", &secret, "openid profile").await;
    let ask = async || userinfo::answer(&city.endpoint(), &city.vault, &tokens.access_token).await;
    assert!(ask().await.is_ok());
    city.past_the_product("update person set name = '王小明' where name = '欧阳小明'").await;
    assert!(matches!(ask().await, Err(Error::Fault(_))));
    city.past_the_product("update person set name = '欧阳小明' where name = '王小明'").await;
    assert!(ask().await.is_ok());
    // An address that nobody has proven, and one of somebody else.
    for (from, to) in [("\"phone_number_verified\":false", "\"phone_number_verified\":true"), ("xm@", "other@")] {
        let swap = async |from: &str, to: &str| {
            let mut tx = city.database().housekeeping().await.unwrap();
            let sql = "update person set profile = replace(profile, $1, $2) where name = '欧阳小明'";
            assert_eq!(tx.run(sql, records::args![from, to]).await.unwrap(), 1);
            tx.commit().await.unwrap();
        };
        swap(from, to).await;
        assert!(matches!(ask().await, Err(Error::Fault(_))), "{to}");
        swap(to, from).await;
        assert!(ask().await.is_ok());
    }
    city.past_the_product("update token_family set person_id = (select person_id from person where name = '王芳')")
        .await;
    assert!(matches!(ask().await, Err(Error::AccessTokenInvalid)));
}

#[tokio::test]
async fn a_client_whose_secret_or_addresses_were_changed_past_the_product_is_unknown() {
    for sql in [
        "update client set secret_hash = 'other'",
        "update client set settings = replace(settings, 'https://tax.example.gov.cn/cb', 'https://evil.example.com/cb')",
        "update client set organisation_id = 'other'",
        "update client set marked = 0, mark = null",
    ] {
        let city = City::new().await;
        city.client("tax", web()).await;
        city.past_the_product(sql).await;
        assert!(
            client::find(&mut city.database().read().await.unwrap(), &ClientId::parse("tax").unwrap())
                .await
                .unwrap()
                .is_none(),
            "{sql}"
        );
        assert!(city.authorize("tax", &[]).await.is_err(), "{sql}");
    }
}
