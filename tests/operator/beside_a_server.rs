//! Commands beside a running server on the same database: it sees what they change, without a restart.

use std::fs;

use reqwest::StatusCode;
use tests::{
    browser::{Browser, Page, client},
    installation::{Installation, OWN_PASSWORD, identity_number},
    wait::soon,
};

use super::commands::client_add;

#[tokio::test]
async fn a_server_that_began_with_an_empty_database_lets_the_first_operator_in() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let password = installation.bootstrap();
    let page = installation.choose("root-operator", &password).await;
    assert!(page.status.is_success() && page.url.ends_with("/me"), "{} {}", page.url, page.text());
    let page = sign_in(&installation, "root-operator", OWN_PASSWORD).await;
    assert!(page.status.is_success() && page.url.ends_with("/me"), "{} {}", page.url, page.text());
    let page = sign_in(&installation, "root-operator", &password).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "what was handed out counts no more");
    assert_eq!(installation.count("sign_in.succeeded").await, 2);
    assert_eq!(server.stop(), Some(0), "{}", installation.log_text());
}

#[tokio::test]
async fn a_server_sees_new_people_and_applications_at_once() {
    let (installation, _) = Installation::bootstrapped().await;
    let server = installation.serve().await;
    let number = identity_number(2);
    let words = ["person", "add", "--username", "li", "--name", "李四", "--identity-number-file", "-"];
    let person = installation.run_with(&words, &number);
    assert_eq!((person.code, person.err.as_str()), (Some(0), ""), "{person:?}");
    let password = person.out.trim().rsplit(' ').next().unwrap().to_owned();
    let page = installation.choose("li", &password).await;
    assert!(page.status.is_success() && page.url.ends_with("/me"), "{} {}", page.url, page.text());

    // Asked for before it exists: what the server learnt then must not last.
    let http = client();
    let (status, answer) = installation.machine_token(&http, "machine", "x").await;
    assert_eq!((status, &answer["error"]), (StatusCode::UNAUTHORIZED, &"invalid_client".into()));
    let (words, scopes) = (client_add("machine"), ["--machine", "--scopes", "licence:verify"]);
    let words: Vec<&str> = words.into_iter().take(13).chain(scopes).collect();
    let added = installation.must(&words);
    let secret = added.trim().rsplit(' ').next().unwrap().to_owned();
    let gets = async |secret: &str, wanted: bool| {
        soon(&format!("a token: {wanted}"), async || {
            let (status, answer) = installation.machine_token(&http, "machine", secret).await;
            if !status.is_success() {
                assert_eq!(answer["error"], "invalid_client", "{status}");
            }
            (status.is_success() == wanted).then_some(())
        })
        .await;
    };
    gets(&secret, true).await;
    let renewed = installation.must(&["client", "renew-secret", "machine", "--reason", "it was seen"]);
    let renewed = renewed.trim().rsplit(' ').next().unwrap().to_owned();
    assert_ne!(renewed, secret);
    gets(&renewed, true).await;
    gets(&secret, false).await;
    assert_eq!(installation.must(&["client", "disable", "machine", "--reason", "it was seen"]), "disabled\n");
    gets(&renewed, false).await;
    assert!(installation.must(&["client", "list"]).contains("disabled"));
    assert_eq!(installation.must(&["client", "enable", "machine", "--reason", "it was seen"]), "enabled\n");
    gets(&renewed, true).await;
    for kind in ["client.registered", "client.secret_renewed", "client.disabled", "client.enabled"] {
        assert_eq!(installation.count(kind).await, 1, "{kind}");
    }
    assert_eq!(server.stop(), Some(0));
    nothing_is_left_in_clear(&installation, &[&password, OWN_PASSWORD, &secret, &renewed, &number]).await;
}

#[tokio::test]
async fn looking_disturbs_no_running_server() {
    let (installation, _) = Installation::bootstrapped().await;
    let server = installation.serve().await;
    assert_eq!(installation.must(&["migrate"]), "the schema is up to date\n");
    assert!(!installation.must(&["doctor"]).contains("WRONG"));
    assert!(installation.must(&["audit"]).starts_with("sound: "));
    assert!(installation.must(&["keys", "list"]).contains("access_token"));
    assert_eq!(installation.must(&["client", "list"]), "");
    let second = installation.run(&["serve"]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.err.contains("Address already in use"), "{}", second.err);
    assert_eq!(client().get(installation.url("/healthz")).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(server.stop(), Some(0));
    let log = installation.log_text();
    assert!(!log.contains("ERROR") && !log.contains("WARN"), "{log}");
}

async fn sign_in(installation: &Installation, username: &str, password: &str) -> Page {
    let browser = Browser::new();
    let page = browser.get(&installation.url("/sign-in?to=%2Fme")).await;
    let form = page.form("sign-in").set("username", username).set("password", password);
    browser.submit(&page, form, "sign-in").await
}

/// No log line, no event and, on SQLite, no byte of the database holds any of these.
async fn nothing_is_left_in_clear(installation: &Installation, secrets: &[&str]) {
    let mut left = vec![("the log", installation.log_text().into_bytes())];
    left.push(("an event", format!("{:?}", installation.events().await).into_bytes()));
    left.push(("the database", fs::read(installation.data().join("guosuo.sqlite")).unwrap_or_default()));
    for (name, bytes) in left {
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{name} holds {secret}");
        }
    }
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_and_changes_nothing() {
    let installation = Installation::on(None);
    installation.bootstrap();
    let first = installation.serve().await;
    let second = installation.run(&["--set", "listen=127.0.0.1:0", "serve"]);
    assert_eq!(second.code, Some(1), "{}", second.err);
    assert!(second.err.contains("serves") && second.err.contains("PostgreSQL"), "{}", second.err);
    assert!(client().get(installation.url("/healthz")).send().await.unwrap().status().is_success());
    first.kill();
    // Whatever ended the first, the file is free again.
    assert_eq!(installation.serve().await.stop(), Some(0));
}
