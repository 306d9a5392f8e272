//! G1 4–9, G23: what a client may be registered with.

use super::*;
use crate::limits;

#[tokio::test]
async fn a_client_is_registered_once_and_its_secret_is_not_kept() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    assert!(secret.len() >= 43);
    let mut work = city.begin().await;
    let again = client::register(&mut work, city.provider.uri_policy(), registration("tax", web())).await;
    assert!(matches!(again, Err(Error::ClientExists)));
    let stored = crate::client::queries::by_id(&mut work.tx, "tax").await.unwrap().unwrap();
    assert!(!format!("{stored:?}").contains(&secret));
    assert_eq!(city.events::<crate::events::ClientRegistered>().await, 1);
}

#[tokio::test]
async fn a_registration_that_contradicts_itself_is_refused() {
    let city = City::new().await;
    let check = async |what: &str, settings: ClientSettings, good: bool| {
        let mut work = city.begin().await;
        let answer = client::register(&mut work, city.provider.uri_policy(), registration("c", settings)).await;
        assert_eq!(answer.is_ok(), good, "{what}: {answer:?}");
    };
    let with = |change: fn(&mut ClientSettings)| {
        let mut settings = web();
        change(&mut settings);
        settings
    };
    check("as it is", web(), true).await;
    check("public", public(), true).await;
    check("no grants", with(|s| s.grants = vec![]), false).await;
    check("no redirect URI", with(|s| s.redirect_uris = vec![]), false).await;
    check("unknown scope", with(|s| s.scopes = "openid admin".to_owned()), false).await;
    check("a machine's scope", with(|s| s.scopes = "openid licence:verify".to_owned()), false).await;
    check("offline without refresh", with(|s| s.grants = vec![GrantType::AuthorizationCode]), false).await;
    check("identity number unapproved", with(|s| s.scopes = "openid identity_number".to_owned()), false).await;
    let approved = |s: &mut ClientSettings| {
        s.scopes = "openid identity_number".to_owned();
        s.identity_number_approved = true;
    };
    check("identity number approved", with(approved), true).await;
    let mut public_approved = with(approved);
    public_approved.kind = ClientKind::Public;
    check("identity number for a public client", public_approved, false).await;
    check("exempt", with(|s| s.pkce_exempted_by = Some("stf_1".to_owned())), true).await;
    check("exempt by nobody", with(|s| s.pkce_exempted_by = Some(" ".to_owned())), false).await;
    let mut exempt_public = public();
    exempt_public.pkce_exempted_by = Some("stf_1".to_owned());
    check("public and exempt", exempt_public, false).await;
    let mut native = public();
    native.native = true;
    native.redirect_uris = vec!["http://127.0.0.1/cb".to_owned()];
    native.post_logout_redirect_uris = vec![];
    check("native", native.clone(), true).await;
    native.kind = ClientKind::Confidential;
    check("native with a secret", native, false).await;
    let mut machine = web();
    machine.grants = vec![GrantType::ClientCredentials];
    machine.redirect_uris = vec![];
    machine.scopes = "licence:verify".to_owned();
    check("machine", machine.clone(), true).await;
    let mut others = machine.clone();
    others.acts_for = vec!["org_1".to_owned(); limits::ACTS_FOR_MAX];
    check("a machine for many departments", others.clone(), true).await;
    others.acts_for.push("org_1".to_owned());
    check("one department more", others, false).await;
    check("a website for other departments", with(|s| s.acts_for = vec!["org_1".to_owned()]), false).await;
    machine.kind = ClientKind::Public;
    check("machine without a secret", machine, false).await;
    let many = |count| {
        let mut settings = web();
        settings.redirect_uris = (0..count).map(|n| format!("https://tax.example.gov.cn/{n}")).collect();
        settings
    };
    check("as many addresses as allowed", many(limits::URIS_MAX), true).await;
    check("one more", many(limits::URIS_MAX + 1), false).await;
    check("loopback", with(|s| s.redirect_uris = vec!["http://127.0.0.1:9/cb".to_owned()]), false).await;
    check("logout to a script", with(|s| s.post_logout_redirect_uris = vec!["javascript:1".to_owned()]), false).await;
}

#[tokio::test]
async fn a_back_channel_to_the_inside_is_refused() {
    let city = City::new().await;
    for uri in [
        "http://tax.example.gov.cn/out",
        "https://127.0.0.1/out",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/out",
        "https://[::1]/out",
        "https://2130706433/out",
        "https://a@tax.example.gov.cn/out",
        "unix:/var/run/docker.sock",
        "file:///etc/passwd",
        "gopher://tax.example.gov.cn/",
    ] {
        let mut registration = registration("tax", web());
        registration.backchannel_logout_uri = Some(uri.to_owned());
        let mut work = city.begin().await;
        let answer = client::register(&mut work, city.provider.uri_policy(), registration).await;
        assert!(matches!(answer, Err(Error::Registration { field: "backchannel_logout_uri", .. })), "{uri}");
    }
}

#[tokio::test]
async fn a_disabled_client_gets_nothing_once_nodes_know() {
    let city = City::new().await;
    let secret = city.client("tax", web()).await;
    assert!(city.provider.client(city.database(), "tax").await.unwrap().is_some());
    let code = city.code("tax", &[]).await;
    let mut work = city.begin().await;
    client::disable(&mut work, &ClientId::parse("tax").unwrap()).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(city.authorize("tax", &[]).await, Err(Error::ClientUnknown)));
    assert!(matches!(city.token(&redeem("tax", &secret, &code)).await, Err(Error::ClientAuthentication)));
    let mut work = city.begin().await;
    client::enable(&mut work, &ClientId::parse("tax").unwrap()).await.unwrap();
    work.commit().await.unwrap();
    assert!(city.token(&redeem("tax", &secret, &code)).await.is_ok());
}
