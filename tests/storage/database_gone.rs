//! The database goes away in the middle of work, and comes back.

use std::time::Duration;

use records::{Database, DatabaseSettings};
use reqwest::StatusCode;
use serde_json::Value;
use tests::{browser::client, city::City, wait::until};

#[tokio::test]
async fn while_the_database_is_gone_the_answer_is_503_and_afterwards_nothing_was_lost_or_doubled() {
    let city = City::start().await;
    let token = city.api_token().await;
    let issue = async |key: &str| {
        let request = client().post(city.url("/api/v1/licences")).bearer_auth(&token).header("idempotency-key", key);
        let answer = request.json(&city.facts["issue_example"]).send().await.unwrap();
        let retry = answer.headers().contains_key("retry-after");
        (answer.status(), retry, answer.json::<Value>().await.unwrap())
    };
    let (status, _, before) = issue("before").await;
    assert_eq!(status, StatusCode::CREATED, "{before}");
    let gone = Gone::begin(&city).await;
    let (status, retry, problem) = issue("during").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert!(retry, "the caller is told when to come back");
    gone.end().await;
    let after = until("a licence", Duration::from_secs(10), async || {
        let (status, _, licence) = issue("during").await;
        status.is_success().then_some(licence)
    })
    .await;
    let (_, _, again) = issue("during").await;
    assert_eq!(again["identifier"], after["identifier"]);
    let (_, _, repeated) = issue("before").await;
    assert_eq!(repeated["identifier"], before["identifier"], "what was acknowledged is still there");
}

/// While it lives, nobody can write to the city's database.
enum Gone {
    /// PostgreSQL refuses connections.
    Refusing { admin: Database, name: String },
    /// Another process holds SQLite's only place for a writer.
    Held { tx: records::Tx, _database: Database },
}

impl Gone {
    async fn begin(city: &City) -> Self {
        let settings = city.database();
        let url = settings.url.expose().clone();
        if let Some((server, name)) = url.rsplit_once('/').filter(|_| url.starts_with("postgres")) {
            let admin = Database::open(&DatabaseSettings::new(format!("{server}/postgres"))).await.unwrap();
            let gone = Self::Refusing { admin, name: name.to_owned() };
            gone.allow(0).await;
            return gone;
        }
        let database = Database::open(&settings).await.unwrap();
        let tx = database.housekeeping().await.unwrap();
        Self::Held { tx, _database: database }
    }

    async fn allow(&self, allowed: i64) {
        let Self::Refusing { admin, name } = self else { return };
        let mut tx = admin.read().await.unwrap();
        tx.run(
            "update pg_database set datallowconn = ($1 = 1) where datname = $2",
            vec![records::Value::Int(Some(allowed)), records::Value::Text(Some(name.clone()))],
        )
        .await
        .unwrap();
        if allowed == 0 {
            let ended: Vec<(i64,)> = tx
                .all(
                    // `case` keeps the order: a condition beside another may be looked at first, for every database.
                    "select cast(pid as bigint)
                       from pg_stat_activity
                      where case when datname = $1 then pg_terminate_backend(pid) else false end",
                    vec![records::Value::Text(Some(name.clone()))],
                )
                .await
                .unwrap();
            assert!(!ended.is_empty());
        }
    }

    async fn end(self) {
        self.allow(1).await;
        if let Self::Held { tx, .. } = self {
            drop(tx);
        }
    }
}
