//! The way to PostgreSQL falls silent under a running server: connections stay, bytes are taken, and nothing comes back.

use std::time::{Duration, Instant};

use records::Database;
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

use super::commands::client_add;

/// How long a node may take to notice, and to say so to whoever asks it.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);

/// How long a stop may take that has nobody to wait for but a silent database.
const STOPPED_WITHIN: Duration = Duration::from_secs(12);

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
        node.must(&["client", change, "other"]);
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
