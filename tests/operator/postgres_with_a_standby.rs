//! A URL that names a primary and its standby, while the one takes the place of the other.

use reqwest::{Client, StatusCode};
use serde_json::json;
use tests::{browser::client, installation::Installation, postgres::Postgres, wait::soon};

use super::commands::client_add;

#[tokio::test]
async fn the_primary_is_found_among_several_hosts_and_found_again_when_it_is_another_one() {
    let mut first = Postgres::start();
    let second = Postgres::standby_of(&first);
    let url = |attributes: &str| {
        format!("postgres://postgres:geheim@{},{}/postgres{attributes}", second.address(), first.address())
    };
    let mut installation = Installation::on(Some(url("")));
    installation.bootstrap();
    let words = client_add("machine");
    let words: Vec<&str> = words.into_iter().take(13).chain(["--machine", "--scopes", "licence:verify"]).collect();
    let secret = installation.must(&words).trim().rsplit(' ').next().unwrap().to_owned();
    installation.set("database.url", &url("?target_session_attrs=read-write&connect_timeout=2"));
    let server = installation.serve().await;
    let http = client();
    let (_, answer) = installation.machine_token(&http, "machine", &secret).await;
    let bearer = answer["access_token"].as_str().unwrap().to_owned();
    let verify = async |key: &str| verification(&http, &installation, &bearer, key).await;
    assert_eq!(verify("before").await, StatusCode::OK);

    // The primary stays up and takes no changes any more, as one that was demoted does.
    let demoted = records::Database::open(&records::DatabaseSettings::new(first.url("geheim"))).await.unwrap();
    let mut tx = demoted.read().await.unwrap();
    for statement in ["alter system set default_transaction_read_only = on", "select pg_reload_conf()"] {
        tx.run(statement, vec![]).await.unwrap();
    }
    drop(tx);
    soon("no change to be taken", async || (verify("demoted").await == StatusCode::SERVICE_UNAVAILABLE).then_some(()))
        .await;
    second.promote();
    soon("the new primary", async || (verify("demoted").await == StatusCode::OK).then_some(())).await;

    // Nor is the old one missed when it is gone.
    demoted.close().await;
    first.kill();
    assert_eq!(verify("afterwards").await, StatusCode::OK);
    assert_eq!(server.stop(), Some(0), "{}", installation.log_text());
    assert_eq!(installation.count("licence.verified").await, 3);
    assert!(installation.must(&["audit"]).starts_with("sound: "));
    assert!(!installation.log_text().contains("geheim"));
    // A command that finds no primary says so of each host, and not with which password it asked.
    let mut alone = Installation::on(Some(first.url("geheim")));
    alone.set("database.url", &format!("postgres://postgres:geheim@{},{}/postgres", first.address(), first.address()));
    let ran = alone.run(&["migrate"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("host 1") && ran.err.contains("host 2") && !ran.err.contains("geheim"), "{}", ran.err);
}

async fn verification(http: &Client, installation: &Installation, bearer: &str, key: &str) -> StatusCode {
    let request = http.post(installation.url("/api/v1/verifications")).bearer_auth(bearer);
    let request = request.header("idempotency-key", key).json(&json!({"code": "123456789012345678901234"}));
    request.send().await.unwrap().status()
}
