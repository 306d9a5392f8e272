//! How often the paths that everybody takes ask the database: each time is a round trip.

use super::*;
use crate::{access_token, userinfo};

/// How often the database was asked for this.
async fn asked<T>(city: &City, operation: impl Future<Output = T>) -> (u64, T) {
    let before = city.database().asked();
    let answer = operation.await;
    (city.database().asked() - before, answer)
}

#[tokio::test]
async fn each_hot_path_of_openid_takes_so_many_statements_and_no_more() {
    let city = City::new().await;
    // Where a statement and its event are not one text, they are two between a beginning and an end (decision 0015).
    let act = if city.database().dialect().name() == "postgres" { 1 } else { 4 };
    let machine = ClientSettings {
        grants: vec![GrantType::ClientCredentials],
        redirect_uris: vec![],
        post_logout_redirect_uris: vec![],
        scopes: "licence:verify".to_owned(),
        ..web()
    };
    let (web, desk) = (city.client("tax", web()).await, city.client("desk", machine).await);
    // A client is in memory from the first time on.
    for client in ["tax", "desk"] {
        city.provider.client(city.database(), client).await.unwrap();
    }
    let mut counts = Vec::new();
    let mut count = |path, number, expected| counts.push((path, number, expected));

    let (number, session) = asked(&city, city.live_session()).await;
    count("a session", number, 1);
    let parameters = Parameters::parse(&query("tax", &[("scope", "openid org offline_access")])).unwrap();
    let (number, decision) = asked(&city, async {
        let client = city.provider.client(city.database(), "tax").await?;
        let request = endpoint::check(&city.provider, client, &parameters).map_err(|refused| refused.error)?;
        endpoint::decide(&city.endpoint(), &request, session.as_ref(), None).await
    })
    .await;
    count("an authorization with a live session", number, 1);
    let Ok(Decision::Code(code)) = decision else { panic!("no code but {decision:?}") };
    let (number, tokens) = asked(&city, city.token(&redeem("tax", &web, &code))).await;
    count("a code", number, act);
    let (access, token) = tokens.map(|tokens| (tokens.access_token, tokens.refresh_token.unwrap())).unwrap();
    let (number, tokens) = asked(&city, city.token(&refresh("tax", &web, &token))).await;
    assert!(tokens.is_ok());
    count("a refresh token", number, act);
    let (number, claims) = asked(&city, userinfo::answer(&city.endpoint(), &city.vault, &access)).await;
    assert!(claims.is_ok());
    count("userinfo with organisations", number, 2);
    let (number, caller) =
        asked(&city, access_token::authenticate(&city.provider, city.database(), &access, city.at)).await;
    assert!(caller.is_ok());
    count("the access token of a person", number, 1);
    let form = format!("grant_type=client_credentials&client_id=desk&client_secret={desk}");
    let (number, tokens) = asked(&city, city.token(&form)).await;
    count("a token of a client itself", number, 0);
    let token = tokens.unwrap().access_token;
    let (number, caller) =
        asked(&city, access_token::authenticate(&city.provider, city.database(), &token, city.at)).await;
    assert!(caller.is_ok());
    count("the access token of a client itself", number, 0);

    for (path, number, expected) in counts {
        assert_eq!(number, expected, "{path}");
    }
}
