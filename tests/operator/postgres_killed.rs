//! PostgreSQL is killed under a running server, and comes back. The server is the test's own, so this is not run with
//! the tests on SQLite, which need none on the machine (`src/xtask/test.rs`).

use std::{collections::BTreeMap, time::Duration};

use base::fault::FaultKind;
use records::{Database, DatabaseSettings};
use reqwest::{RequestBuilder, StatusCode, header::RETRY_AFTER};
use serde_json::{Value, json};
use tests::{
    browser::{Browser, client},
    installation::{Installation, OWN_PASSWORD},
    postgres::Postgres,
    wait::soon,
};

use super::commands::client_add;

const PASSWORD: &str = "geheim-7302";

/// How many tasks run beside requests: each may say once that it fails, and once that it works again.
const TASKS_MAX: usize = 5;

#[tokio::test]
async fn a_killed_postgres_is_answered_503_with_one_log_line_each_and_all_is_well_when_it_is_back() {
    let mut postgres = Postgres::start();
    let mut installation = Installation::on(Some(postgres.url(PASSWORD)));
    installation.set("database.acquire_timeout_ms", "1000");
    installation.set("log.filter", "info,server::jobs=debug");
    let password = installation.bootstrap();
    let words = [&client_add("machine")[..13], &["--machine", "--scopes", "licence:verify"]].concat();
    let secret = installation.must(&words).trim().rsplit(' ').next().unwrap().to_owned();
    let server = installation.serve().await;
    installation.choose("root-operator", &password).await;
    let (browser, http) = (Browser::new(), client());
    let page = browser.get(&installation.url("/sign-in?to=%2Fme")).await;
    let form = page.form("sign-in").set("username", "root-operator").set("password", OWN_PASSWORD);
    assert_eq!(browser.submit(&page, form.clone(), "sign-in").await.status, StatusCode::OK);
    let (status, answer) = installation.machine_token(&http, "machine", &secret).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let bearer = answer["access_token"].as_str().unwrap().to_owned();
    let cookies = browser.cookie_line().unwrap();
    let events = installation.events().await.len();

    postgres.kill();
    let url = |path: &str| installation.url(path);
    let needs = |name: &str| -> RequestBuilder {
        match name {
            "page" => http.get(url("/me")).header("cookie", &cookies).header("accept", "text/html"),
            "form" => {
                http.post(url("/sign-in")).header("cookie", &cookies).header("origin", url("")).form(&form.fields)
            }
            "token" => {
                let form = [("grant_type", "client_credentials")];
                http.post(url("/token")).basic_auth("another", Some("x")).form(&form)
            }
            _ => {
                let body = json!({"code": "123456789012345678901234"});
                http.post(url("/api/v1/verifications"))
                    .bearer_auth(&bearer)
                    .header("idempotency-key", "gone")
                    .json(&body)
            }
        }
    };
    let mut failed = BTreeMap::new();
    for name in ["page", "form", "token", "api", "page", "token"] {
        let answer = needs(name).timeout(Duration::from_secs(5)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{name}");
        let seconds: u32 = answer.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{name} {seconds}");
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        failed.insert(id, name);
        let body = answer.text().await.unwrap();
        match name {
            "page" | "form" => assert!(body.contains("id=\"error\""), "{body}"),
            "token" => {
                assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["error"], "temporarily_unavailable");
            }
            _ => assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["code"], "unavailable"),
        }
        assert!(!body.contains(PASSWORD) && !body.contains("refused"), "no detail of ours goes out: {body}");
    }
    // What needs no database goes on: whoever restarts nodes that do not live restarts none.
    assert_eq!(check(&installation, ["database", "queue"]).await, ["fail", "pass"]);
    for path in ["/livez", "/", "/sign-in", "/jwks", "/.well-known/openid-configuration"] {
        assert_eq!(http.get(url(path)).send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
    let doctor = installation.run(&["doctor"]);
    assert!(doctor.code == Some(1) && doctor.out.contains("WRONG database"), "{doctor:?}");
    soon("the sequencer and the queue to fail again", async || {
        (installation.log_text().matches("fails still").count() >= 2 * TASKS_MAX).then_some(())
    })
    .await;
    let log = installation.log_text();
    for (id, name) in &failed {
        let lines = log.lines().filter(|line| line.contains(id.as_str())).count();
        assert_eq!(lines, 1, "{name} {id}\n{log}");
    }
    assert_eq!(log.matches("ERROR").count() - log.matches("goes on trying").count(), failed.len(), "{log}");
    assert!((1..=TASKS_MAX).contains(&log.matches("goes on trying").count()), "{log}");

    postgres.start_again();
    soon("a page", async || needs("page").send().await.ok().filter(|answer| answer.status() == StatusCode::OK)).await;
    let (status, answer) = installation.machine_token(&http, "another", "x").await;
    assert_eq!((status, &answer["error"]), (StatusCode::UNAUTHORIZED, &"invalid_client".into()));
    let verdict = needs("api").send().await.unwrap();
    assert_eq!(verdict.status(), StatusCode::OK, "the same key again, now with an answer");
    soon("works again", async || {
        let log = installation.log_text();
        let ended = log.matches("works again").count();
        (ended > 0 && ended == log.matches("goes on trying").count()).then_some(())
    })
    .await;
    assert_eq!(server.stop(), Some(0));
    assert!(installation.events().await.len() > events, "what happened since is recorded");
    assert!(installation.must(&["audit"]).starts_with("sound: "));
    assert!(!installation.log_text().contains(PASSWORD));
}

/// What these checks of readiness say.
async fn check<const N: usize>(installation: &Installation, names: [&str; N]) -> [Value; N] {
    let answer = client().get(installation.url("/healthz")).send().await.unwrap();
    let report: Value = answer.json().await.unwrap();
    names.map(|name| report["checks"][name].clone())
}

/// The database ends the connection in the middle of the commit, as it does when it is killed at that very moment.
#[tokio::test]
async fn a_commit_whose_answer_is_cut_off_is_not_said_to_have_changed_nothing() {
    let postgres = Postgres::start();
    let installation = Installation::on(Some(postgres.url(PASSWORD)));
    let handed_out = installation.bootstrap();
    let words = client_add("machine");
    let words: Vec<&str> = words.into_iter().take(13).chain(["--machine", "--scopes", "licence:verify"]).collect();
    let secret = installation.must(&words).trim().rsplit(' ').next().unwrap().to_owned();
    let server = installation.serve().await;
    let http = client();
    let (_, answer) = installation.machine_token(&http, "machine", &secret).await;
    let bearer = answer["access_token"].as_str().unwrap().to_owned();
    let verify = async || {
        let request = http.post(installation.url("/api/v1/verifications")).bearer_auth(&bearer);
        let request = request.header("idempotency-key", "cut").json(&json!({"code": "123456789012345678901234"}));
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let database = Database::open(&installation.database()).await.unwrap();
    let mut tx = database.read().await.unwrap();
    for statement in [
        "create function cut() returns trigger language plpgsql as
           'begin perform pg_terminate_backend(pg_backend_pid()); return null; end'",
        "create constraint trigger cut after insert on event deferrable initially deferred
            for each row when (new.kind in ('licence.verified', 'password.set')) execute function cut()",
    ] {
        tx.run(statement, vec![]).await.unwrap();
    }
    let (status, problem) = verify().await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"outcome_unknown".into()), "{problem}");
    assert!(problem.to_string().contains("Idempotency-Key"), "{problem}");
    // A person is told the same in other words.
    let page = installation.choose("root-operator", &handed_out).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.text());
    assert!(page.text().contains("这一步可能已经办好，也可能没有"), "{}", page.text());
    assert!(!page.text().contains("没有任何内容被更改"), "{}", page.text());
    tx.run("drop trigger cut on event", vec![]).await.unwrap();
    drop(tx);
    database.close().await;
    let (first, again) = (verify().await, verify().await);
    assert_eq!((first.0, &first.1), (StatusCode::OK, &again.1), "the same key, one receipt");
    assert_eq!(installation.count("licence.verified").await, 1);
    assert_eq!(server.stop(), Some(0));
}

/// The database ends the connection while it keeps a change, after it said that the change is made.
#[tokio::test]
async fn a_change_that_may_have_been_kept_is_not_repeated() {
    let postgres = Postgres::start();
    let database = Database::open(&DatabaseSettings::new(postgres.url(PASSWORD))).await.unwrap();
    let run = async |statement| database.read().await.unwrap().run(statement, vec![]).await;
    for statement in [
        "create table line (n bigint)",
        "create sequence tries",
        "create function cut() returns trigger language plpgsql as
           'begin perform nextval(''tries''); perform pg_terminate_backend(pg_backend_pid()); return null; end'",
        "create constraint trigger cut after insert on line deferrable initially deferred
            for each row execute function cut()",
    ] {
        run(statement).await.unwrap();
    }
    let fault = run("insert into line (n) values (1)").await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unknown, "{fault}");
    let mut tx = database.read().await.unwrap();
    let (tries,): (i64,) = tx.one("select last_value from tries", vec![]).await.unwrap();
    assert_eq!(tries, 1);
}

#[tokio::test]
async fn a_database_that_counts_bytes_for_characters_is_refused_with_what_to_do() {
    let postgres = Postgres::start();
    let whole = postgres.url(PASSWORD);
    let database = Database::open(&DatabaseSettings::new(whole.clone())).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let make = "create database bytes encoding 'SQL_ASCII' template template0 lc_collate 'C' lc_ctype 'C'";
    tx.run(make, vec![]).await.unwrap();
    drop(tx);
    database.close().await;
    let (server, _) = whole.rsplit_once('/').unwrap();
    let installation = Installation::on(Some(format!("{server}/bytes")));
    let ran = installation.run(&["migrate"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("SQL_ASCII") && ran.err.contains("UTF8"), "{}", ran.err);
    assert!(!ran.err.contains(PASSWORD), "{}", ran.err);
}
