//! From an application to a licence, with the mistakes that happen on the way.

use records::{Database, Value as Bound};
use reqwest::StatusCode;
use serde_json::Value;
use tests::{
    browser::{Browser, Page, client},
    city::{Account, City},
};

async fn staff(city: &City, role: &str) -> Browser {
    city.signed_in(&city.account(role)).await
}

fn apply_url(city: &City) -> String {
    city.url(&format!("/console/apply/{}", city.facts["issue_example"]["type"].as_str().unwrap()))
}

/// The form with the holder looked up.
async fn holder_found(city: &City, clerk: &Browser) -> Page {
    let page = clerk.get(&apply_url(city)).await;
    let number = city.facts["issue_example"]["holder"]["credit_code"].as_str().unwrap();
    let form = page.form("number").set("number", number);
    let page = clerk.submit(&page, form, "next").await;
    assert!(page.has_id("holder-name"), "{}\n{}", page.url, page.text());
    page
}

/// Fills in what the example says, with one field changed.
async fn send(city: &City, clerk: &Browser, change: Option<(&str, &str)>) -> Page {
    let page = holder_found(city, clerk).await;
    let mut form = page.form("answers");
    for (name, value) in city.facts["issue_example"]["fields"].as_object().unwrap() {
        let input = format!("f_{name}");
        if form.has(&input) {
            form = form.set(&input, value.as_str().unwrap());
        }
    }
    if let Some((name, value)) = change {
        form = form.set(name, value);
    }
    let page = clerk.submit(&page, form, "answers").await;
    if !page.has_id("answered") {
        return page;
    }
    // The answers were seen, with the page that comes of them.
    clerk.submit(&page, page.form("submit"), "submit").await
}

#[tokio::test]
async fn two_approvals_at_once_make_one_licence() {
    let city = City::shared().await;
    let clerk = staff(city, "clerk").await;
    let page = send(city, &clerk, None).await;
    assert!(page.has_id("application-state"), "{}\n{}", page.url, page.text());
    let (one, two) = tokio::join!(staff(city, "reviewer"), staff(city, "reviewer"));
    let (first, second) = tokio::join!(one.get(&page.url), two.get(&page.url));
    let (first, second) = tokio::join!(
        one.submit(&first, first.form("approve"), "approve"),
        two.submit(&second, second.form("approve"), "approve"),
    );
    // Whoever comes second is told so.
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT]);
    let id = page.url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let database = Database::open(&city.database()).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let made: Vec<(String,)> =
        tx.all("select status from licence where origin = $1", vec![Bound::Text(Some(id))]).await.unwrap();
    assert_eq!(made, [("valid".to_owned(),)], "one licence, in force");
    drop(tx);
    database.close().await;
}

#[tokio::test]
async fn nobody_approves_what_he_applied_for_and_no_clerk_approves_at_all() {
    let city = City::shared().await;
    let clerk = staff(city, "clerk").await;
    let page = send(city, &clerk, None).await;
    assert!(!page.has_id("approve"));
    let reviewer = staff(city, "reviewer").await;
    let forged = reviewer.get(&page.url).await.form("approve");
    // The clerk sends the reviewer's form under a token of his own.
    let own = clerk.get(&apply_url(city)).await.form("number");
    let token = own.fields.iter().find(|(name, _)| name == "csrf").unwrap().1.clone();
    let answer = clerk.submit(&page, forged.set("csrf", &token), "approve").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
    assert!(reviewer.get(&page.url).await.has_id("approve"), "it still waits");
}

#[tokio::test]
async fn a_number_with_a_wrong_check_digit_is_refused_where_it_is_typed() {
    let city = City::shared().await;
    let clerk = staff(city, "clerk").await;
    let good = city.facts["issue_example"]["holder"]["credit_code"].as_str().unwrap();
    let last = if good.ends_with('A') { "B" } else { "A" };
    let page = clerk.get(&apply_url(city)).await;
    for wrong in [format!("{}{last}", &good[..good.len() - 1]), "123".to_owned(), "9".repeat(24), "张三".to_owned()] {
        let answer = clerk.submit(&page, page.form("number").set("number", &wrong), "next").await;
        assert!(answer.has_id("number-error") && !answer.has_id("holder-name"), "{wrong}\n{}", answer.text());
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_by_name_and_nothing_typed_is_lost() {
    let city = City::shared().await;
    let clerk = staff(city, "clerk").await;
    let long = "长".repeat(200);
    let answer = send(city, &clerk, Some(("f_supervisor", &long))).await;
    assert!(answer.has_id("error") && answer.has_id("f_supervisor-error"), "{}\n{}", answer.url, answer.text());
    let form = answer.form("answers");
    let kept = |name: &str| form.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    assert_eq!(kept("f_supervisor"), Some(long.as_str()));
    assert_eq!(kept("f_premises"), city.facts["issue_example"]["fields"]["premises"].as_str());
}

#[tokio::test]
async fn a_form_in_gbk_is_refused_and_not_stored_as_rubbish() {
    let city = City::shared().await;
    let browser = Browser::new();
    let page = browser.get(&city.url("/sign-in?to=%2Fme")).await;
    let form = page.form("sign-in");
    let token = &form.fields.iter().find(|(name, _)| name == "csrf").unwrap().1;
    // 张三 in GBK.
    let body = format!("csrf={token}&to=%2Fme&username=%D5%C5%C8%FD&password=x");
    let answer = client()
        .post(city.url("/sign-in"))
        .header("cookie", browser.cookie_line().unwrap())
        .header("origin", &city.issuer)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_username_of_any_length_is_an_ordinary_mistake() {
    let city = City::shared().await;
    for (name, status) in [
        ("长".repeat(200), StatusCode::UNPROCESSABLE_ENTITY),
        ("a".repeat(20_000), StatusCode::UNPROCESSABLE_ENTITY),
        ("\u{0}".to_owned(), StatusCode::BAD_REQUEST),
        ("<script>".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let browser = Browser::new();
        let page = browser.get(&city.url("/sign-in?to=%2Fme")).await;
        let stranger = Account { username: name, password: "x".to_owned(), name: String::new() };
        let answer = city.sign_in_at(&browser, page, &stranger).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.has_id("error"), "{}", answer.text());
        assert!(!answer.body.contains("<script>\""), "what was typed is text");
    }
}

#[tokio::test]
async fn a_form_from_another_site_or_without_its_token_changes_nothing() {
    let city = City::shared().await;
    let clerk = staff(city, "clerk").await;
    let page = clerk.get(&apply_url(city)).await;
    let form = page.form("number");
    let answer = clerk.submit(&page, form.clone().set("csrf", "forged"), "next").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
    let fields: Vec<(String, String)> = form.fields;
    let answer = client()
        .post(apply_url(city))
        .header("cookie", clerk.cookie_line().unwrap())
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site")
        .form(&fields)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_citizen_sees_neither_console_nor_desk_nor_other_peoples_licences() {
    let city = City::shared().await;
    let citizen = city.signed_in(&city.citizen(11)).await;
    for path in ["/console", "/console/apply", "/console/licences", "/desk"] {
        assert_eq!(citizen.get(&city.url(path)).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let foreign: &Value = city.licence("valid");
    let id = foreign["id"].as_str().unwrap();
    for path in [format!("/me/licences/{id}"), format!("/me/licences/{id}/file.pdf"), format!("/console/licences/{id}")]
    {
        let status = citizen.get(&city.url(&path)).await.status;
        assert!([StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&status), "{path}: {status}");
    }
}
