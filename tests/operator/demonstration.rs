//! The demonstration as a script meets it: one file that says everything, whatever happened to the run before.

use reqwest::StatusCode;
use tests::{
    browser::{client, json},
    city::City,
    process,
};

#[tokio::test]
async fn a_demonstration_killed_and_started_again_on_its_folder_keeps_everything() {
    let mut city = City::start().await;
    let before = city.facts.clone();
    let token = city.api_token().await;
    let request = client().post(city.url("/api/v1/licences")).bearer_auth(token);
    let issued = json(request.header("idempotency-key", "before-the-kill").json(&city.facts["issue_example"])).await;
    city.kill();
    city.open().await;
    assert_eq!(city.facts, before, "the same addresses, accounts, clients and licences");
    let code = issued["code"].as_str().unwrap();
    let page = client().get(city.url(&format!("/V/{code}"))).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.unwrap().contains("有效"));
    for app in city.facts["apps"].as_array().unwrap() {
        let url = app["url"].as_str().unwrap();
        assert_eq!(client().get(url).send().await.unwrap().status(), StatusCode::OK, "{url}");
    }
}

#[tokio::test]
async fn a_second_demonstration_in_the_same_folder_is_refused_and_the_first_goes_on() {
    let city = City::shared().await;
    let folder = city.folder.display().to_string();
    let facts = std::fs::read(city.folder.join("demo.json")).unwrap();
    let second = process::run(&["demo", "--port", "0", "--data", &folder], "");
    assert_eq!((second.code, second.out.as_str()), (Some(1), ""));
    assert!(second.err.contains("a demonstration is running in"), "{}", second.err);
    assert_eq!(std::fs::read(city.folder.join("demo.json")).unwrap(), facts);
    assert_eq!(client().get(city.url("/healthz")).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn every_file_that_the_demonstration_names_is_fetched_by_its_approval_system() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let licences = city.facts["licences"].as_array().unwrap();
    for status in ["valid", "suspended", "revoked", "expired", "superseded"] {
        assert!(licences.iter().any(|licence| licence["status"] == status), "{status}");
    }
    for licence in licences {
        let answer = client().get(licence["pdf_url"].as_str().unwrap()).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{licence}");
        assert_eq!(answer.bytes().await.unwrap(), city.file(licence), "{licence}");
    }
}
