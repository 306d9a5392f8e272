//! Pages for browsers that run no scripts, and for programs that know only stable ids.

use tests::{
    browser::{Browser, Page, client},
    city::City,
    html,
};

/// Forms name where they go and buttons have words: enough for a browser without scripts.
fn is_plain(page: &Page) {
    for form in html::forms(&page.body) {
        assert!(form.action.starts_with('/'), "{}: a form leads to {:?}", page.url, form.action);
        assert!(!form.buttons.is_empty(), "{}: a form without a button", page.url);
    }
    for button in page.body.split("<button").skip(1) {
        let words = button.split_once('>').unwrap().1.split("</button").next().unwrap();
        assert!(!html::plain(words).is_empty(), "{}: a button without words", page.url);
    }
    for tag in html::tags(&page.body) {
        assert!(!tag.attributes.keys().any(|name| name.starts_with("on")), "{}: {tag:?}", page.url);
    }
}

#[tokio::test]
async fn every_error_page_has_the_id_error() {
    let city = City::shared().await;
    let stranger = Browser::new();
    for (path, status) in [
        ("/nowhere", 404),
        ("/authorize", 400),
        ("/authorize?client_id=nobody", 400),
        ("/authorize/continue?i=x", 400),
        ("/consent?i=x", 400),
        ("/V/123", 404),
    ] {
        let page = stranger.get(&city.url(path)).await;
        assert_eq!((page.status.as_u16(), page.has_id("error")), (status, true), "{path}\n{}", page.text());
        is_plain(&page);
    }
    let forged = stranger.post(&city.url("/sign-in"), &[("username", "x"), ("password", "y")]).await;
    assert!(forged.status.as_u16() == 403 && forged.has_id("error"), "{}", forged.text());
    let put = client().put(city.url("/")).header("accept", "text/html").send().await.unwrap();
    assert_eq!(put.status().as_u16(), 405);
    assert!(put.text().await.unwrap().contains("id=\"error\""));
    let page = stranger.get(&city.url("/sign-in")).await;
    let form = page.form("sign-in").set("username", "nobody-here").set("password", "not the password");
    let refused = stranger.submit(&page, form, "sign-in").await;
    assert!(refused.status.as_u16() == 422 && refused.has_id("error"), "{}", refused.text());
    let citizen = city.signed_in(&city.citizen(15)).await;
    for (path, status) in [("/console", 403), ("/desk", 403), ("/me/licences/x", 404)] {
        let page = citizen.get(&city.url(path)).await;
        assert_eq!((page.status.as_u16(), page.has_id("error")), (status, true), "{path}\n{}", page.text());
        is_plain(&page);
    }
}

#[tokio::test]
async fn pages_of_the_sign_in_keep_their_ids_and_need_no_scripts() {
    let city = City::shared().await;
    let browser = Browser::new();
    let check = |page: &Page, ids: &[&str]| {
        assert!(ids.iter().all(|id| page.has_id(id)), "{}: {ids:?}\n{}", page.url, page.body);
        assert!(!page.has_id("error"), "{}\n{}", page.url, page.text());
        is_plain(page);
    };
    let page = browser.get(&city.url("/sign-in?to=%2Fme")).await;
    check(&page, &["username", "password", "sign-in"]);
    let page = city.sign_in_at(&browser, page, &city.citizen(16)).await;
    check(&page, &["signed-in-name"]);
    for path in ["/me/licences", "/me/apps", "/me/sessions"] {
        check(&browser.get(&city.url(path)).await, &["signed-in-name"]);
    }
    let page = browser.get(&city.url("/sign-out")).await;
    check(&page, &["logout"]);
    let page = browser.submit(&page, page.form("logout"), "logout").await;
    check(&page, &["logged-out"]);
}
