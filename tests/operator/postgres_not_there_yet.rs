//! A server that starts before its database.

use std::time::{Duration, Instant};

use records::{Database, args};
use reqwest::StatusCode;
use tests::{
    browser::client, installation::Installation, postgres::Postgres, process::Process, relay::Relay, wait::soon,
};

/// Long enough for a machine as busy as they come, and far too short for a database that never comes.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

const BEGINS: &str = "the database is not there yet, and is waited for";
const IS_OVER: &str = "the database is there";

fn serve(installation: &Installation) -> Process {
    let config = installation.config().display().to_string();
    Process::start(&["--config", &config, "serve"], &installation.folder.join("serve.log"))
}

#[tokio::test]
async fn a_server_waits_for_a_database_that_is_not_there_yet_and_for_nothing_else() {
    let postgres = Postgres::start();
    let relay = Relay::to(postgres.address());
    let mut installation = Installation::on(Some(postgres.url_at("geheim", relay.address)));
    let said = |installation: &Installation, line: &str| installation.log_text().matches(line).count();

    // Nobody listens; a silent way; a name that nobody knows yet.
    let unknown = "postgres://postgres@not-there-yet.invalid/postgres".to_owned();
    for (round, url) in [installation.database.clone().unwrap(), unknown].into_iter().enumerate() {
        relay.refuse();
        installation.set("database.url", &url);
        let mut server = serve(&installation);
        soon("it to wait", async || (said(&installation, BEGINS) == round + 1).then_some(())).await;
        let begun = Instant::now();
        server.ask_to_stop();
        assert_eq!(server.stop(), Some(0), "{}", installation.log_text());
        assert!(begun.elapsed() < ENDS_WITHIN, "{:?}", begun.elapsed());
    }
    installation.set("database.url", &installation.database.clone().unwrap());
    let server = serve(&installation);
    soon("it to wait", async || (said(&installation, BEGINS) == 3).then_some(())).await;
    // It still waits when what listened not at all has begun to listen and says nothing.
    relay.freeze();
    relay.open();
    soon("an answer", async || {
        let answer = client().get(installation.url("/sign-in")).timeout(Duration::from_secs(1)).send().await.ok()?;
        (answer.status() == StatusCode::OK).then_some(())
    })
    .await;
    assert_eq!((said(&installation, BEGINS), said(&installation, IS_OVER)), (3, 1), "once each");
    assert_eq!(server.stop(), Some(0));

    // What time does not mend ends it at once, with its sentence.
    let ends = |installation: &Installation, part: &str| {
        let (begun, ran) = (Instant::now(), installation.run(&["serve"]));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains(part) && !ran.err.contains("geheim"), "{part}: {}", ran.err);
        assert!(begun.elapsed() < ENDS_WITHIN, "{:?}", begun.elapsed());
    };
    let url = postgres.url("geheim");
    for (wrong, part) in [
        (url.replace("postgres:geheim@", "nobody:geheim@"), "nobody"),
        (format!("{url}_of_nobody"), "postgres_of_nobody"),
        (format!("{url}?keepalive=1"), "does nothing here"),
    ] {
        installation.set("database.url", &wrong);
        ends(&installation, part);
    }
    installation.set("database.url", &url);
    let database = Database::open(&installation.database()).await.unwrap();
    let mut tx = database.housekeeping().await.unwrap();
    tx.run("insert into migration (name) values ($1)", args!["9999_from_the_future"]).await.unwrap();
    tx.commit().await.unwrap();
    ends(&installation, "9999_from_the_future");
    database.close().await;
}

#[tokio::test]
async fn other_commands_wait_for_no_database() {
    let postgres = Postgres::start();
    let relay = Relay::to(postgres.address());
    let installation = Installation::on(Some(postgres.url_at("geheim", relay.address)));
    relay.refuse();
    for words in [&["migrate"][..], &["client", "list"], &["audit"]] {
        let (begun, ran) = (Instant::now(), installation.run(words));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(begun.elapsed() < ENDS_WITHIN, "{:?}", begun.elapsed());
    }
}
