//! Callers that issue licences at several nodes at once, each request under a key of its own and repeated under it until
//! it is acknowledged, and what they were told.

use std::{
    collections::BTreeSet,
    net::SocketAddrV4,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder, StatusCode, header::HOST};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::{
    browser::client,
    city::{City, contains},
    wait::any_moment,
};

/// How long a caller waits for an answer; then it does not know.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A caller that was refused comes back after so long.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// No key is used by two loads of one run.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A node of a city, called at its own address by the city's public name, as a proxy does.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its place among the nodes.
    pub place: usize,
    pub issuer: String,
    address: SocketAddrV4,
    http: Client,
}

impl Node {
    pub fn all(city: &City, addresses: &[SocketAddrV4]) -> Vec<Self> {
        let node = |(place, address)| Self { place, issuer: city.issuer.clone(), address, http: client() };
        addresses.iter().copied().enumerate().map(node).collect()
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.named(self.http.get(format!("http://{}{path}", self.address)))
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.named(self.http.post(format!("http://{}{path}", self.address)))
    }

    fn named(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(HOST, self.issuer.trim_start_matches("http://")).timeout(ANSWER_WITHIN)
    }
}

/// What callers were told.
#[derive(Debug, Default)]
pub struct Told {
    pub acknowledged: Vec<Acknowledged>,
    /// How often it was said that nothing was done.
    pub refused: u32,
    /// How often it was said that this is not known, or nothing was said at all.
    pub unknown: u32,
}

/// A licence that a caller was told of.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub key: String,
    pub licence: String,
    /// Who told so.
    pub node: usize,
    pub at: Instant,
}

impl Told {
    /// The licences that there are to be. Two keys that got one licence are a mistake.
    pub fn licences(&self) -> BTreeSet<String> {
        let licences: BTreeSet<String> = self.acknowledged.iter().map(|one| one.licence.clone()).collect();
        assert_eq!(licences.len(), self.acknowledged.len(), "two keys got one licence");
        licences
    }
}

/// Callers at work.
#[derive(Debug)]
pub struct Load {
    shared: Arc<Shared>,
    callers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    client: (String, String),
    body: Value,
    /// How long a caller rests after each request.
    rest: Duration,
    is_over: AtomicBool,
    told: Mutex<Told>,
}

impl Load {
    /// So many callers at each node.
    pub fn start(city: &City, nodes: &[Node], callers_each: usize, rest: Duration) -> Self {
        let facts = city
            .client(|one| contains(&one["scopes"], "licence:issue") && contains(&one["grants"], "client_credentials"));
        let text = |name: &str| facts[name].as_str().unwrap().to_owned();
        let shared = Arc::new(Shared {
            client: (text("client_id"), text("client_secret")),
            body: city.facts["issue_example"].clone(),
            rest,
            is_over: AtomicBool::new(false),
            told: Mutex::default(),
        });
        let places = nodes.iter().flat_map(|node| std::iter::repeat_n(node, callers_each));
        let callers = places.map(|node| tokio::spawn(call(Arc::clone(&shared), node.clone()))).collect();
        Self { shared, callers }
    }

    /// The first licence that this node told of after an instant.
    pub fn first_after(&self, node: usize, then: Instant) -> Option<Instant> {
        self.shared.told().acknowledged.iter().filter(|one| one.node == node && one.at > then).map(|one| one.at).min()
    }

    /// How many licences were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.shared.told().acknowledged.len()
    }

    /// Begins nothing new, waits until every key is acknowledged, and gives what was told.
    pub async fn finish(self) -> Told {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for caller in self.callers {
            caller.await.unwrap();
        }
        std::mem::take(&mut *self.shared.told())
    }
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Issues one licence after another. A request whose process died keeps its key busy for a moment, so its caller goes
/// on with others and comes back to it, under the same key, until it is acknowledged.
async fn call(load: Arc<Shared>, node: Node) {
    let mut token = String::new();
    let mut later: Vec<String> = Vec::new();
    loop {
        let is_over = load.is_over.load(Ordering::Relaxed);
        let key = match later.pop() {
            Some(key) if is_over => key,
            None if is_over => return,
            old => {
                later.extend(old);
                format!("load-{}", NEXT.fetch_add(1, Ordering::Relaxed))
            }
        };
        match issue(&load, &node, &token, &key).await {
            Answer::Licence(licence) => {
                load.told().acknowledged.push(Acknowledged { key, licence, node: node.place, at: Instant::now() });
                any_moment(load.rest).await;
                continue;
            }
            Answer::Busy => {}
            Answer::Stranger => token = fetch_token(&load, &node).await.unwrap_or_default(),
            Answer::Refused => load.told().refused += 1,
            Answer::Unknown => load.told().unknown += 1,
        }
        any_moment(load.rest.max(AGAIN_AFTER)).await;
        later.insert(0, key);
    }
}

/// What a node says to an issue.
enum Answer {
    Licence(String),
    /// The key is in use by the same request.
    Busy,
    /// The token is none, or not any more.
    Stranger,
    Refused,
    Unknown,
}

async fn issue(load: &Shared, node: &Node, token: &str, key: &str) -> Answer {
    let request = node.post("/api/v1/licences").bearer_auth(token).header("idempotency-key", key).json(&load.body);
    let Ok(answer) = request.send().await else { return Answer::Unknown };
    let status = answer.status();
    // Half of an answer is none.
    let Ok(body) = answer.json::<Value>().await else { return Answer::Unknown };
    match status {
        StatusCode::CREATED | StatusCode::OK => Answer::Licence(body["id"].as_str().unwrap().to_owned()),
        StatusCode::CONFLICT => Answer::Busy,
        StatusCode::SERVICE_UNAVAILABLE if body["code"] == "outcome_unknown" => Answer::Unknown,
        StatusCode::SERVICE_UNAVAILABLE => Answer::Refused,
        StatusCode::UNAUTHORIZED => Answer::Stranger,
        other => panic!("{key}: {other} {body}"),
    }
}

async fn fetch_token(load: &Shared, node: &Node) -> Option<String> {
    let form = [("grant_type", "client_credentials"), ("scope", "licence:verify licence:issue")];
    let request = node.post("/token").basic_auth(&load.client.0, Some(&load.client.1)).form(&form);
    let body: Value = request.send().await.ok()?.json().await.ok()?;
    body["access_token"].as_str().map(str::to_owned)
}
