//! Citizens at each node: one whose application refreshes its tokens, one who signs in again and again.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::{
    Response, StatusCode,
    header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE},
};
use serde_json::Value;
use tests::{
    browser::Browser,
    city::{Account, City},
    flow::{Flow, VERIFIER},
    html,
    load::Node,
    wait::any_moment,
};
use tokio::task::JoinHandle;

/// How long an application rests after each refresh.
const BETWEEN_REFRESHES: Duration = Duration::from_millis(300);

/// How long a citizen rests after each sign-in.
const BETWEEN_SIGN_INS: Duration = Duration::from_millis(1500);

/// What the people of one round, or of all of them, met.
#[derive(Clone, Copy, Debug, Default)]
pub struct Met {
    pub refreshes: u32,
    pub sign_ins: u32,
    /// Refused, or nobody knows.
    pub failed: u32,
    /// A refresh whose answer was lost with the primary and that was repeated later than the ten seconds in which that is
    /// no theft: the family ended, and the citizen signs in once more.
    pub families_ended: u32,
    /// What was acknowledged and is not there.
    pub lost: u32,
}

impl Met {
    pub fn add(&mut self, other: Self) {
        self.refreshes += other.refreshes;
        self.sign_ins += other.sign_ins;
        self.failed += other.failed;
        self.families_ended += other.families_ended;
        self.lost += other.lost;
    }
}

/// The people while a round goes on.
#[derive(Debug)]
pub struct People {
    is_over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Met>>,
}

impl People {
    /// Two citizens at each node. The tokens are those that an application at this node holds.
    pub async fn start(city: &City, nodes: &[Node]) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for node in nodes {
            let flow = Flow::new(city).with("scope", "openid offline_access");
            let tokens = first_tokens(city, &flow, node.place).await;
            let application = Application {
                client: (flow.client_id.clone(), flow.client_secret.clone().unwrap_or_default()),
                token: tokens["refresh_token"].as_str().unwrap().to_owned(),
                is_uncertain: false,
            };
            tasks.push(tokio::spawn(application.refresh(node.clone(), Arc::clone(&is_over))));
            let citizen = city.citizen(nodes.len() + node.place);
            tasks.push(tokio::spawn(sign_in_again_and_again(citizen, node.clone(), Arc::clone(&is_over))));
        }
        Self { is_over, tasks }
    }

    /// Lets everybody finish, and look whether what they were told holds.
    pub async fn finish(self) -> Met {
        self.is_over.store(true, Ordering::Relaxed);
        let mut met = Met::default();
        for task in self.tasks {
            met.add(task.await.unwrap());
        }
        met
    }
}

async fn first_tokens(city: &City, flow: &Flow<'_>, citizen: usize) -> Value {
    let page = flow.walk(&Browser::new(), &city.citizen(citizen)).await;
    let code = page.parameter("code").unwrap_or_else(|| panic!("{}\n{}", page.url, page.text()));
    let (status, tokens) = flow.redeem(&code, VERIFIER).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    tokens
}

/// An application that holds a refresh token.
struct Application {
    client: (String, String),
    token: String,
    /// Whether the last answer was none: the token may have been replaced.
    is_uncertain: bool,
}

impl Application {
    /// Refreshes until it is over and the last answer was certain.
    async fn refresh(mut self, node: Node, is_over: Arc<AtomicBool>) -> Met {
        let mut met = Met::default();
        while !is_over.load(Ordering::Relaxed) || self.is_uncertain {
            let form = [("grant_type", "refresh_token"), ("refresh_token", &self.token)];
            let answer = node.post("/token").basic_auth(&self.client.0, Some(&self.client.1)).form(&form).send().await;
            match told(answer).await {
                Some((StatusCode::OK, body)) => {
                    met.refreshes += 1;
                    self.is_uncertain = false;
                    body["refresh_token"].as_str().unwrap().clone_into(&mut self.token);
                }
                Some((StatusCode::BAD_REQUEST, body)) if body["error"] == "invalid_grant" => {
                    if self.is_uncertain {
                        met.families_ended += 1;
                    } else {
                        met.lost += 1;
                    }
                    return met;
                }
                None | Some((StatusCode::SERVICE_UNAVAILABLE, _)) => {
                    met.failed += 1;
                    self.is_uncertain = true;
                }
                Some((status, body)) => panic!("a refresh: {status} {body}"),
            }
            any_moment(BETWEEN_REFRESHES).await;
        }
        met
    }
}

async fn told(answer: reqwest::Result<Response>) -> Option<(StatusCode, Value)> {
    let answer = answer.ok()?;
    Some((answer.status(), answer.json().await.ok()?))
}

type Cookies = BTreeMap<String, String>;

/// Signs in until it is over; then each session that was opened has to be there.
async fn sign_in_again_and_again(citizen: Account, node: Node, is_over: Arc<AtomicBool>) -> Met {
    let (mut met, mut sessions) = (Met::default(), Vec::new());
    while !is_over.load(Ordering::Relaxed) {
        match sign_in(&citizen, &node).await {
            Some(cookies) => {
                met.sign_ins += 1;
                sessions.push(cookies);
            }
            None => met.failed += 1,
        }
        any_moment(BETWEEN_SIGN_INS).await;
    }
    for session in sessions {
        let page = node.get("/me").header(COOKIE, line(&session)).send().await.unwrap();
        met.lost += u32::from(page.status() != StatusCode::OK);
    }
    met
}

/// The cookies of a session that was opened.
async fn sign_in(citizen: &Account, node: &Node) -> Option<Cookies> {
    let mut cookies = Cookies::new();
    let page = node.get("/sign-in?to=%2Fme").send().await.ok()?;
    take(&mut cookies, &page);
    let page = page.text().await.ok()?;
    let form = html::forms(&page).into_iter().find(|form| form.has("username"))?;
    let form = form.set("username", &citizen.username).set("password", &citizen.password);
    let request = node.post(&form.action).header(COOKIE, line(&cookies)).header(ORIGIN, &node.issuer);
    let answer = request.form(&form.fields).send().await.ok()?;
    take(&mut cookies, &answer);
    let to = answer.headers().get(LOCATION)?.to_str().ok()?;
    assert!(to.ends_with("/me"), "a sign-in: {} {to}", answer.status());
    Some(cookies)
}

fn take(cookies: &mut Cookies, answer: &Response) {
    for value in answer.headers().get_all(SET_COOKIE) {
        let pair = value.to_str().unwrap().split(';').next().unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap();
        cookies.insert(name.to_owned(), value.to_owned());
    }
}

fn line(cookies: &Cookies) -> String {
    cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}
