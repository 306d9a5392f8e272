//! The process is killed while it issues, again and again. What was acknowledged is there, once, and genuine.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use records::Database;
use reqwest::StatusCode;
use serde_json::Value;
use tests::{
    browser::{client, json},
    city::City,
    wait::{any_moment, until},
};

const KILLS: u32 = 100;
const CALLERS: u32 = 4;

/// How long the product may be away after a kill.
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// What every caller shares.
struct Load {
    url: String,
    token_url: String,
    health_url: String,
    client: (String, String),
    body: Value,
    next: AtomicU32,
    over: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_no_acknowledged_licence_and_double_none() {
    let mut city = City::start().await;
    city.close();
    let before = issued(&city).await;
    let mut process = city.serve().await;
    let facts = city.client(|one| {
        tests::city::contains(&one["scopes"], "licence:issue")
            && tests::city::contains(&one["grants"], "client_credentials")
    });
    let text = |name: &str| facts[name].as_str().unwrap().to_owned();
    let load = Arc::new(Load {
        url: city.url("/api/v1/licences"),
        token_url: city.url("/token"),
        health_url: city.url("/healthz"),
        client: (text("client_id"), text("client_secret")),
        body: city.facts["issue_example"].clone(),
        next: AtomicU32::new(0),
        over: AtomicBool::new(false),
    });
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(call(Arc::clone(&load)))).collect();
    for round in 0..KILLS {
        // Between 20 and 200 ms, spread evenly: each point of an issue is hit.
        any_moment(Duration::from_millis(20 + u64::from(round * 37 % 180))).await;
        process.kill();
        process = city.serve().await;
    }
    load.over.store(true, Ordering::Relaxed);
    let mut acknowledged: BTreeMap<String, Value> = BTreeMap::new();
    for caller in callers {
        acknowledged.extend(caller.await.unwrap());
    }
    assert!(acknowledged.len() > KILLS as usize / 2, "too little load: {}", acknowledged.len());
    let identifiers: BTreeSet<&str> =
        acknowledged.values().map(|licence| licence["identifier"].as_str().unwrap()).collect();
    assert_eq!(identifiers.len(), acknowledged.len(), "two keys got one licence");
    each_is_there_and_genuine(&city, &acknowledged).await;
    process.stop();
    // Each key was repeated until it was acknowledged, so there is one licence for each and none beside.
    assert_eq!(issued(&city).await, before + acknowledged.len() as i64);
}

/// Issues one licence after another. A request whose process died keeps its key busy for a moment, so its caller
/// goes on with others and comes back to it, under the same key, until it is acknowledged.
async fn call(load: Arc<Load>) -> BTreeMap<String, Value> {
    let http = client();
    let mut token = String::new();
    let mut acknowledged = BTreeMap::new();
    let mut later: Vec<String> = Vec::new();
    loop {
        let over = load.over.load(Ordering::Relaxed);
        let key = match later.pop() {
            Some(key) if over => key,
            None if over => return acknowledged,
            old => {
                later.extend(old);
                format!("crash-{}", load.next.fetch_add(1, Ordering::Relaxed))
            }
        };
        let answer =
            http.post(&load.url).bearer_auth(&token).header("idempotency-key", &key).json(&load.body).send().await;
        // No answer, or half of one: the request may or may not have been carried out.
        let (status, body) = match answer {
            Ok(answer) => (answer.status(), answer.json::<Value>().await.ok()),
            Err(_) => (StatusCode::BAD_GATEWAY, None),
        };
        match (status, body) {
            (StatusCode::CREATED | StatusCode::OK, Some(body)) => {
                acknowledged.insert(key, body);
                continue;
            }
            (StatusCode::UNAUTHORIZED, _) => token = fetch_token(&load).await.unwrap_or_default(),
            (StatusCode::CONFLICT, _) => {}
            (StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY, _) | (_, None) => {
                let health = http.get(&load.health_url);
                let look = move || {
                    let health = health.try_clone();
                    async move { health?.send().await.ok() }
                };
                until("an answer", BACK_WITHIN, look).await;
            }
            (other, Some(body)) => panic!("{key}: {other} {body}"),
        }
        later.insert(0, key);
    }
}

async fn fetch_token(load: &Load) -> Option<String> {
    let request = client()
        .post(&load.token_url)
        .basic_auth(&load.client.0, Some(&load.client.1))
        .form(&[("grant_type", "client_credentials"), ("scope", "licence:verify licence:issue")]);
    let body: Value = request.send().await.ok()?.json().await.ok()?;
    body["access_token"].as_str().map(str::to_owned)
}

async fn each_is_there_and_genuine(city: &City, acknowledged: &BTreeMap<String, Value>) {
    let token = city.api_token().await;
    let http = client();
    for (place, (key, licence)) in acknowledged.iter().enumerate() {
        let id = licence["id"].as_str().unwrap();
        let found = json(http.get(city.url(&format!("/api/v1/licences/{id}"))).bearer_auth(&token)).await;
        assert_eq!(found["identifier"], licence["identifier"], "{key}: {found}");
        assert_eq!(found["status"], "valid", "{key}: {found}");
        // Each file is verified once by pki when it is made; a sample is verified from outside as well.
        if place % 10 == 0 {
            let file = http.get(city.url(&format!("/api/v1/licences/{id}/file.pdf"))).bearer_auth(&token).send();
            let file = file.await.unwrap().bytes().await.unwrap();
            let part = reqwest::multipart::Part::bytes(file.to_vec()).file_name("licence.pdf");
            let verdict: Value = http
                .post(city.url("/api/v1/verifications"))
                .bearer_auth(&token)
                .multipart(reqwest::multipart::Form::new().part("file", part))
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            assert_eq!(verdict["outcome"], "valid", "{key}: {verdict}");
        }
    }
}

/// How many licences there are, counting those that were begun and neither finished nor voided.
async fn issued(city: &City) -> i64 {
    let database = Database::open(&city.database()).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let (number,): (i64,) =
        tx.one("select cast(count(*) as bigint) from licence where status <> 'void'", vec![]).await.unwrap();
    drop(tx);
    database.close().await;
    number
}
