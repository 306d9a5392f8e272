//! The way to PostgreSQL falls silent under a running server: connections stay, bytes are taken, and nothing comes back.

use std::time::{Duration, Instant};

use base::Fault;
use records::{Database, DatabaseSettings, Tx};
use reqwest::{Client, RequestBuilder, StatusCode, header::RETRY_AFTER};
use serde_json::json;
use tests::{
    browser::{Browser, client},
    installation::{Installation, OWN_PASSWORD},
    postgres::Postgres,
    process::Process,
    relay::Relay,
    wait::{any_moment, soon},
};
use tokio::time::timeout;

use super::commands::client_add;

/// How long a node may take to notice, and to say so to whoever asks it.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);

/// How long a stop may take that has nobody to wait for but a silent database.
const STOPPED_WITHIN: Duration = Duration::from_secs(12);

/// What `records` waits for (`src/records/limits.rs`): an answer so much longer than the server itself may take for a
/// statement; and a connection is asked for a sign of life when it was not used for so long.
const ANSWER_MARGIN: Duration = Duration::from_secs(2);
const QUIET_AFTER: Duration = Duration::from_secs(1);

/// How much later than it should a busy machine may come to something.
const BUSY: Duration = Duration::from_secs(5);

/// A server behind a relay, with somebody signed in and a machine that has a token.
struct Node {
    postgres: Postgres,
    relay: Relay,
    installation: Installation,
    server: Process,
    http: Client,
    cookies: String,
    /// The secret of another machine, which is disabled and enabled again.
    other: String,
    bearer: String,
}

impl Node {
    async fn start() -> Self {
        let postgres = Postgres::start();
        let relay = Relay::to(postgres.address());
        let mut installation = Installation::on(Some(postgres.url("x")));
        let password = installation.bootstrap();
        let (secret, other) = (machine(&installation, "machine"), machine(&installation, "other"));
        // Commands go straight to the database; the server goes through the relay.
        installation.set("database.url", &postgres.url_at("x", relay.address));
        installation.set("database.statement_timeout_ms", "2000");
        let server = installation.serve().await;
        installation.choose("root-operator", &password).await;
        let browser = Browser::new();
        let page = browser.get(&installation.url("/sign-in?to=%2Fme")).await;
        let form = page.form("sign-in").set("username", "root-operator").set("password", OWN_PASSWORD);
        assert_eq!(browser.submit(&page, form, "sign-in").await.status, StatusCode::OK);
        let http = client();
        let (_, answer) = installation.machine_token(&http, "machine", &secret).await;
        let bearer = answer["access_token"].as_str().unwrap().to_owned();
        let cookies = browser.cookie_line().unwrap();
        Self { postgres, relay, installation, server, http, cookies, other, bearer }
    }

    /// Words of a command that goes straight to the database.
    fn must(&self, words: &[&str]) -> String {
        let straight = format!("database.url={}", self.postgres.url("x"));
        self.installation.must(&[&["--set", &straight], words].concat())
    }

    fn page(&self) -> RequestBuilder {
        self.http.get(self.installation.url("/me")).header("cookie", &self.cookies).header("accept", "text/html")
    }

    fn verification(&self, key: &str) -> RequestBuilder {
        let request = self.http.post(self.installation.url("/api/v1/verifications")).bearer_auth(&self.bearer);
        request.header("idempotency-key", key).json(&json!({"code": "123456789012345678901234"}))
    }

    async fn others_token(&self) -> StatusCode {
        self.installation.machine_token(&self.http, "other", &self.other).await.0
    }

    /// How many events have no number yet, seen without the relay.
    async fn unnumbered(&self) -> i64 {
        let database = Database::open(&self.installation.database()).await.unwrap();
        let mut tx = database.read().await.unwrap();
        let (count,): (i64,) = tx.one("select count(*) from event where sequence is null", vec![]).await.unwrap();
        drop(tx);
        database.close().await;
        count
    }

    async fn works(&self) {
        soon("a page", async || self.page().send().await.ok().filter(|answer| answer.status() == StatusCode::OK)).await;
        assert_eq!(self.verification("afterwards").send().await.unwrap().status(), StatusCode::OK);
        soon("numbers", async || (self.unnumbered().await == 0).then_some(())).await;
        soon("every task", async || {
            let log = self.installation.log_text();
            (log.matches("works again").count() == log.matches("goes on trying").count()).then_some(())
        })
        .await;
    }
}

fn machine(installation: &Installation, name: &str) -> String {
    let words = client_add(name);
    let words: Vec<&str> = words.into_iter().take(13).chain(["--machine", "--scopes", "licence:verify"]).collect();
    installation.must(&words).trim().rsplit(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_silent_database_is_noticed_answered_503_and_forgotten_as_soon_as_it_speaks_again() {
    let mut node = Node::start().await;
    for (round, cut) in [(0, false), (1, true)] {
        node.relay.freeze();
        // What happens elsewhere meanwhile, this node has to hear of later.
        let change = if round == 0 { "disable" } else { "enable" };
        node.must(&["client", change, "other", "--reason", "x"]);
        let begun = Instant::now();
        let asked = [node.page(), node.verification(&format!("silent-{round}")), node.page()];
        let answers = asked.map(|request| tokio::spawn(request.timeout(NOTICED_WITHIN).send()));
        for answer in answers {
            let answer = answer.await.unwrap().unwrap();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(answer.headers().contains_key(RETRY_AFTER));
        }
        soon("the tasks to notice", async || {
            (node.installation.log_text().matches("goes on trying").count() > round).then_some(())
        })
        .await;
        assert!(begun.elapsed() < NOTICED_WITHIN, "{:?}", begun.elapsed());
        if cut {
            node.relay.cut();
        }
        node.relay.open();
        node.works().await;
        let wanted = if round == 0 { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
        soon("the change", async || (node.others_token().await == wanted).then_some(())).await;
    }
    let number = node.installation.count("licence.verified").await;
    assert!(number >= 1, "{number}");
    node.relay.freeze();
    let request = tokio::spawn(node.page().send());
    any_moment(Duration::from_millis(300)).await;
    let begun = Instant::now();
    node.server.ask_to_stop();
    assert_eq!(request.await.unwrap().unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(node.server.stop(), Some(0), "{}", node.installation.log_text());
    assert!(begun.elapsed() < STOPPED_WITHIN, "{:?}", begun.elapsed());
}

/// A new connection would meet its own limit: only on one that is in use does the limit of a statement count.
#[tokio::test]
async fn a_transaction_whose_server_falls_silent_ends_with_the_limit_of_its_next_statement() {
    let postgres = Postgres::start();
    let relay = Relay::to(postgres.address());
    let mut settings = DatabaseSettings::new(postgres.url_at("x", relay.address));
    settings.statement_timeout = Duration::from_secs(1);
    let limit = settings.statement_timeout + ANSWER_MARGIN;
    let database = Database::open(&settings).await.unwrap();
    let mut tx = database.housekeeping().await.unwrap();
    assert_eq!(number(&mut tx).await.unwrap(), 1);
    relay.freeze();
    let fault = timeout(limit + BUSY, number(&mut tx)).await.expect("an end of the wait").unwrap_err();
    assert_eq!(fault.to_string(), format!("unavailable: the database was silent for {} ms", limit.as_millis()));
    // Its connection is gone, and the next one works.
    drop(tx);
    relay.open();
    assert_eq!(number(&mut database.housekeeping().await.unwrap()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_quiet_connection_without_a_sign_of_life_is_given_up_long_before_the_limit_of_a_statement() {
    let postgres = Postgres::start();
    let relay = Relay::to(postgres.address());
    // The second way to the server stays open.
    let hosts = format!("{},{}", relay.address, postgres.address());
    let settings = DatabaseSettings::new(format!("postgres://postgres:x@{hosts}/postgres?connect_timeout=1"));
    let database = Database::open(&settings).await.unwrap();
    assert_eq!(number(&mut database.read().await.unwrap()).await.unwrap(), 1);
    let used = Instant::now();
    relay.freeze();
    soon("a quiet connection", async || (used.elapsed() > QUIET_AFTER).then_some(())).await;
    // Two seconds for the sign of life, and one for whoever does not let us in.
    let within = Duration::from_secs(3) + BUSY;
    assert!(within < settings.statement_timeout);
    let read = async { number(&mut database.read().await.unwrap()).await };
    assert_eq!(timeout(within, read).await.expect("an answer on another connection").unwrap(), 1);
}

/// Nobody says goodbye, as the administrator's way of ending connections does.
#[tokio::test]
async fn a_first_read_on_a_connection_that_was_cut_while_idle_is_repeated_on_another() {
    let postgres = Postgres::start();
    let relay = Relay::to(postgres.address());
    let straight = Database::open(&DatabaseSettings::new(postgres.url("x"))).await.unwrap();
    let mut tx = straight.read().await.unwrap();
    let ours = sessions(&mut tx).await;
    let database = Database::open(&DatabaseSettings::new(postgres.url_at("x", relay.address))).await.unwrap();
    // On a machine so busy that the connection was quiet for long, it is asked for a sign of life instead.
    soon("a read that is repeated", async || {
        assert_eq!(number(&mut database.read().await.unwrap()).await.unwrap(), 1);
        relay.cut();
        soon("the end of its sessions", async || (sessions(&mut tx).await == ours).then_some(())).await;
        let before = database.asked();
        assert_eq!(number(&mut database.read().await.unwrap()).await.unwrap(), 1);
        (database.asked() == before + 2).then_some(())
    })
    .await;
}

/// What the database says to the smallest of all questions.
async fn number(tx: &mut Tx) -> Result<i64, Fault> {
    let (number,): (i64,) = tx.one("select cast(1 as bigint)", vec![]).await?;
    Ok(number)
}

/// How many sessions clients have at the server.
async fn sessions(tx: &mut Tx) -> i64 {
    let sql = "select count(*) from pg_stat_activity where backend_type = 'client backend'";
    let (count,): (i64,) = tx.one(sql, vec![]).await.unwrap();
    count
}
