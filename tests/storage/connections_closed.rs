//! The database, or what stands before it, closes connections while nobody uses them: an administrator, a limit on idle
//! sessions, a proxy. Nobody notices. On SQLite there is nobody to do so.

use std::time::Duration;

use records::{Database, DatabaseSettings, args};
use reqwest::StatusCode;
use tests::{
    browser::{Browser, client},
    city::City,
    flow::{Flow, VERIFIER},
    wait::soon,
};

/// How often each is tried: background tasks may be the first to meet a closed connection, or requests.
const ROUNDS: usize = 5;

#[tokio::test]
async fn connections_closed_while_idle_are_replaced_without_anybody_noticing() {
    let city = City::start().await;
    let account = city.citizen(0);
    let browser = city.signed_in(&account).await;
    let flow = Flow::new(&city).with("scope", "openid offline_access");
    let mut tokens = flow.tokens(&account).await;
    let bearer = city.api_token().await;
    let closing = Closing::of(&city).await;
    for round in 0..ROUNDS {
        closing.close_idle().await;
        let page = browser.get(&city.url("/me")).await;
        assert_eq!(page.status, StatusCode::OK, "round {round}: {}", page.text());

        let stranger = Browser::new();
        let page = stranger.get(&city.url("/sign-in?to=%2Fme")).await;
        closing.close_idle().await;
        let page = city.sign_in_at(&stranger, page, &account).await;
        assert!(page.status.is_success() && page.url.ends_with("/me"), "round {round}: {}", page.text());

        let page = flow.walk(&browser, &account).await;
        let code = page.parameter("code").unwrap();
        closing.close_idle().await;
        let (status, answer) = flow.redeem(&code, VERIFIER).await;
        assert_eq!(status, StatusCode::OK, "round {round}: {answer}");

        closing.close_idle().await;
        let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
        let (status, answer) = flow.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
        assert_eq!(status, StatusCode::OK, "round {round}: {answer}");
        tokens = answer;

        closing.close_idle().await;
        let request = client().post(city.url("/api/v1/verifications")).bearer_auth(&bearer);
        let request = request.header("idempotency-key", format!("closed-{round}"));
        let answer = request.json(&serde_json::json!({"code": "123456789012345678901234"})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "round {round}");
    }
}

/// Somebody who may end the city's connections.
enum Closing {
    Postgres { admin: Database, name: String },
    Sqlite,
}

impl Closing {
    async fn of(city: &City) -> Self {
        let settings = city.database();
        match settings.url.expose().rsplit_once('/').filter(|(server, _)| server.starts_with("postgres")) {
            None => Self::Sqlite,
            Some((server, name)) => {
                let admin = Database::open(&DatabaseSettings::new(format!("{server}/postgres"))).await.unwrap();
                Self::Postgres { admin, name: name.to_owned() }
            }
        }
    }

    /// Ends what is idle, as soon as anything is, and waits until it has ended.
    async fn close_idle(&self) {
        let Self::Postgres { admin, name } = self else { return };
        let most = i64::try_from(Duration::from_secs(10).as_millis()).unwrap();
        let mut tx = admin.read().await.unwrap();
        soon("an idle connection", async || {
            let ended: Vec<(i64,)> = tx
                .all(
                    "select cast(pid as bigint)
                       from pg_stat_activity
                      where case when datname = $1 and state = 'idle' then pg_terminate_backend(pid, $2) else false end",
                    args![name, most],
                )
                .await
                .unwrap();
            (!ended.is_empty()).then_some(())
        })
        .await;
    }
}
