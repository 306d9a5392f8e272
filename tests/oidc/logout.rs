//! Three applications, one sign-in, one sign-out.

use std::time::Duration;

use reqwest::StatusCode;
use tests::{
    browser::{Browser, Page},
    city::City,
    wait::until,
};

/// How long it may take until every application has been told.
const TOLD_WITHIN: Duration = Duration::from_secs(10);

/// Enters an application; agrees if asked, and says whether a password was asked for.
async fn enter(city: &City, browser: &Browser, url: &str, citizen: usize) -> (Page, bool) {
    let mut page = browser.get(&format!("{url}/enter")).await;
    let mut asked = false;
    for _ in 0..4 {
        if page.has_id("password") {
            asked = true;
            page = city.sign_in_at(browser, page, &city.citizen(citizen)).await;
        } else if page.has_id("allow") {
            page = browser.submit(&page, page.form("allow"), "allow").await;
        }
    }
    (page, asked)
}

fn applications(city: &City) -> Vec<String> {
    let apps = city.facts["apps"].as_array().unwrap();
    apps.iter().map(|app| app["url"].as_str().unwrap().trim_end_matches('/').to_owned()).collect()
}

#[tokio::test]
async fn one_password_opens_every_application_and_one_logout_closes_them() {
    let city = City::shared().await;
    let browser = Browser::new();
    let apps = applications(city);
    assert_eq!(apps.len(), 3);
    for (place, app) in apps.iter().enumerate() {
        let (page, asked) = enter(city, &browser, app, 9).await;
        assert_eq!(page.text_of("who"), city.citizen(9).name, "{}\n{}", page.url, page.text());
        assert_eq!(asked, place == 0, "only the first asks for a password");
    }
    let home = browser.get(&apps[0]).await;
    let mut page = browser.submit(&home, home.form("logout"), "logout").await;
    if page.url.starts_with(&city.issuer) && page.has_id("logout") {
        page = browser.submit(&page, page.form("logout"), "logout").await;
    }
    assert!(page.has_id("signed-out"), "{} {}\n{}", page.status, page.url, page.text());
    for app in &apps {
        until(&format!("{app} to forget the visitor"), TOLD_WITHIN, async || {
            (!browser.get(app).await.has_id("who")).then_some(())
        })
        .await;
    }
    let page = browser.get(&format!("{}/enter", apps[0])).await;
    assert!(page.has_id("password"), "the provider's own session is over too");
}

#[tokio::test]
async fn a_logout_that_another_site_sends_needs_the_persons_word() {
    let city = City::shared().await;
    let account = city.citizen(10);
    let browser = city.signed_in(&account).await;
    let page = browser.get(&city.url("/logout")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has_id("logout"), "it asks first\n{}", page.text());
    assert!(browser.get(&city.url("/me")).await.url.ends_with("/me"), "nothing has happened yet");
    let page = browser.submit(&page, page.form("logout"), "logout").await;
    assert!(page.has_id("logged-out"), "{}\n{}", page.url, page.text());
    assert!(browser.get(&city.url("/me")).await.has_id("password"));
}
