//! The operations that are measured, each a closed loop of a few callers over HTTP with every answer checked.

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use reqwest::{Client, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::{limits, product::Product};

/// Callers at the same time.
const CALLERS: usize = 8;

/// Whence the other client sends.
const SENDERS_ADDRESS: [u8; 4] = [127, 0, 0, 2];

/// Where the measuring client says it wants its codes; nothing listens there and nothing is ever sent.
const REDIRECT_URI: &str = "http://127.0.0.1:9/cb";

/// One operation.
pub struct Flow {
    /// Its name.
    pub name: &'static str,
    /// The bare limit it is compared with.
    pub limit: &'static str,
    start: Starter,
}

/// One operation, ready to be repeated.
pub type Operation = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> + Send + Sync>;
type Starter = fn(Facts) -> Pin<Box<dyn Future<Output = anyhow::Result<Operation>> + Send>>;

/// Every flow, in the order of the table.
pub const ALL: &[Flow] = &[
    Flow {
        name: "client_credentials",
        limit: limits::HTTP_ES256,
        start: |facts| Box::pin(ready(Ok(client_credentials(facts)))),
    },
    Flow { name: "code flow, live session", limit: limits::HTTP_ES256, start: |facts| Box::pin(code(facts)) },
    Flow { name: "refresh", limit: limits::HTTP_ES256, start: |facts| Box::pin(refresh(facts)) },
    Flow { name: "password login", limit: limits::ARGON2, start: |facts| Box::pin(ready(Ok(login(facts)))) },
    Flow { name: "verification by code", limit: limits::HTTP, start: |facts| Box::pin(verify_code(facts)) },
    Flow { name: "verification of a PDF", limit: limits::HTTP, start: |facts| Box::pin(verify_pdf(facts)) },
    Flow { name: "licence issue, API", limit: limits::PATCH_AND_SIGN, start: |facts| Box::pin(issue(facts)) },
];

/// What was measured.
pub struct Measured {
    /// Operations per CPU-second of server and database.
    pub rate: f64,
    /// Half of the operations took less.
    pub p50_ms: f64,
    /// Operations that failed their check.
    pub errors: u32,
}

/// What a flow needs to know of the demonstration.
#[derive(Clone)]
struct Facts {
    http: Client,
    issuer: String,
    api_client: (String, String),
    web_client: (String, String),
    citizens: Vec<(String, String)>,
    demo: Arc<Value>,
}

/// An HTTP client that follows no redirect and keeps no cookie: each flow does both itself.
pub fn client() -> anyhow::Result<Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder().redirect(reqwest::redirect::Policy::none()).pool_max_idle_per_host(CALLERS).build()?)
}

/// Makes ready what a flow needs: tokens, sessions, files.
pub async fn prepare(flow: &Flow, product: &Product) -> anyhow::Result<Operation> {
    (flow.start)(facts(&product.facts)?).await.with_context(|| format!("preparing {}", flow.name))
}

/// Runs one flow for a window and relates it to processor time.
pub async fn measure(flow: &Flow, product: &Product, window: Duration) -> anyhow::Result<Measured> {
    let operation = prepare(flow, product).await?;
    operation().await.with_context(|| format!("one {}", flow.name))?;
    drive(window / 4, || operation()).await;
    let before = product.cpu();
    let driven = drive(window, || operation()).await;
    let used = product.cpu().saturating_sub(before).as_secs_f64();
    Ok(Measured { rate: f64::from(driven.done) / used.max(0.001), p50_ms: driven.p50_ms, errors: driven.errors })
}

/// What a closed loop did.
pub struct Driven {
    /// Operations that passed their check.
    pub done: u32,
    /// Operations that did not.
    pub errors: u32,
    /// Half of the operations took less.
    pub p50_ms: f64,
}

/// Repeats an operation with several callers until the window ends.
pub async fn drive<F>(window: Duration, operation: impl Fn() -> F + Clone) -> Driven
where
    F: Future<Output = anyhow::Result<()>>,
{
    let deadline = Instant::now() + window;
    let callers = (0..CALLERS).map(|_| {
        let operation = operation.clone();
        async move {
            let (mut times, mut errors) = (Vec::new(), 0);
            while Instant::now() < deadline {
                let start = Instant::now();
                match operation().await {
                    Ok(()) => times.push(start.elapsed()),
                    Err(error) => {
                        if errors == 0 {
                            eprintln!("    {error:#}");
                        }
                        errors += 1;
                    }
                }
            }
            (times, errors)
        }
    });
    let results = futures_util::future::join_all(callers).await;
    let errors = results.iter().map(|(_, errors)| errors).sum();
    let mut times: Vec<Duration> = results.into_iter().flat_map(|(times, _)| times).collect();
    times.sort();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    Driven { done: times.len() as u32, errors, p50_ms: middle.as_secs_f64() * 1e3 }
}

fn facts(demo: &Value) -> anyhow::Result<Facts> {
    let array = |name: &str| demo[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let credentials = |client: &Value| (text(client, "client_id"), text(client, "client_secret"));
    let clients = array("clients");
    let holds = |client: &Value, list: &str, wanted: &str| client[list].to_string().contains(wanted);
    let api = clients.iter().find(|client| holds(client, "scopes", "licence:issue")).context("no API client")?;
    let web = clients.iter().find(|client| holds(client, "redirect_uris", REDIRECT_URI)).context("no web client")?;
    let citizens: Vec<(String, String)> = array("accounts")
        .iter()
        .filter(|account| account["roles"].as_array().is_some_and(Vec::is_empty))
        .map(|account| (text(account, "username"), text(account, "password")))
        .collect();
    ensure!(!citizens.is_empty(), "the demonstration has no citizens");
    Ok(Facts {
        http: client()?,
        issuer: text(demo, "issuer"),
        api_client: credentials(api),
        web_client: credentials(web),
        citizens,
        demo: Arc::new(demo.clone()),
    })
}

impl Facts {
    async fn token(&self, client: &(String, String), form: &[(&str, &str)]) -> anyhow::Result<Value> {
        let request =
            self.http.post(format!("{}/token", self.issuer)).basic_auth(&client.0, Some(&client.1)).form(form);
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        ensure!(status == StatusCode::OK, "token: {status} {}", body["error"]);
        Ok(body)
    }

    async fn api_token(&self) -> anyhow::Result<String> {
        let form = [("grant_type", "client_credentials"), ("scope", "licence:verify licence:issue")];
        let body = self.token(&self.api_client, &form).await?;
        Ok(body["access_token"].as_str().context("no access token")?.to_owned())
    }

    fn authorize_url(&self, state: &str, challenge: &str, scope: &str) -> anyhow::Result<reqwest::Url> {
        Ok(reqwest::Url::parse_with_params(
            &format!("{}/authorize", self.issuer),
            [
                ("response_type", "code"),
                ("client_id", self.web_client.0.as_str()),
                ("redirect_uri", REDIRECT_URI),
                ("scope", scope),
                ("state", state),
                ("nonce", state),
                ("code_challenge", challenge),
                ("code_challenge_method", "S256"),
            ],
        )?)
    }

    async fn redeem(&self, location: &str, state: &str, verifier: &str) -> anyhow::Result<Value> {
        let url = reqwest::Url::parse(location)?;
        let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        ensure!(location.starts_with(REDIRECT_URI), "not sent back to the client: {location}");
        ensure!(value("state").as_deref() == Some(state), "another state came back");
        ensure!(value("iss").as_deref() == Some(self.issuer.as_str()), "another issuer came back");
        let code = value("code").with_context(|| format!("no code: {:?}", value("error")))?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", verifier),
        ];
        let body = self.token(&self.web_client, &form).await?;
        ensure!(body["id_token"].as_str().is_some_and(|token| token.matches('.').count() == 2), "no ID token");
        Ok(body)
    }

    /// Signs a citizen in and returns the cookies of the browser and where it was sent in the end.
    async fn sign_in(&self, scope: &str, state: &str, citizen: &(String, String)) -> anyhow::Result<(String, String)> {
        let mut jar = Jar::default();
        let mut url = self.authorize_url(state, &challenge(state), scope)?;
        let mut answer = self.http.get(url.clone()).send().await?;
        for _ in 0..8 {
            jar.take(&answer);
            if answer.status().is_redirection() {
                let location = header_text(&answer, &header::LOCATION)?;
                if location.starts_with(REDIRECT_URI) {
                    return Ok((jar.header(), location));
                }
                url = url.join(&location)?;
                answer = self.http.get(url.clone()).header(header::COOKIE, jar.header()).send().await?;
                continue;
            }
            ensure!(answer.status() == StatusCode::OK, "{}: {}", url.path(), answer.status());
            let page = answer.text().await?;
            let (action, mut fields) = form(&page).with_context(|| format!("no form at {}", url.path()))?;
            fields.push(("username".to_owned(), citizen.0.clone()));
            fields.push(("password".to_owned(), citizen.1.clone()));
            url = url.join(&action)?;
            answer = self.http.post(url.clone()).header(header::COOKIE, jar.header()).form(&fields).send().await?;
        }
        bail!("the sign-in never ended")
    }
}

fn client_credentials(facts: Facts) -> Operation {
    Arc::new(move || {
        let facts = facts.clone();
        Box::pin(async move { facts.api_token().await.map(|_| ()) })
    })
}

async fn code(facts: Facts) -> anyhow::Result<Operation> {
    let scope = "openid profile email";
    let mut browsers = Vec::new();
    for citizen in facts.citizens.iter().take(CALLERS) {
        browsers.push(facts.sign_in(scope, &fresh(), citizen).await?.0);
    }
    let turn = Arc::new(AtomicU64::new(0));
    Ok(Arc::new(move || {
        let facts = facts.clone();
        let browser = browsers.get(turn.fetch_add(1, Ordering::Relaxed) as usize % browsers.len()).cloned();
        Box::pin(async move {
            let state = fresh();
            let url = facts.authorize_url(&state, &challenge(&state), scope)?;
            let answer = facts.http.get(url).header(header::COOKIE, browser.unwrap_or_default()).send().await?;
            let tokens = facts.redeem(&header_text(&answer, &header::LOCATION)?, &state, &verifier(&state)).await?;
            let bearer = tokens["access_token"].as_str().unwrap_or_default();
            let answer = facts.http.get(format!("{}/userinfo", facts.issuer)).bearer_auth(bearer).send().await?;
            let info: Value = answer.error_for_status()?.json().await?;
            ensure!(info["sub"].is_string(), "no subject");
            Ok(())
        })
    }))
}

async fn refresh(facts: Facts) -> anyhow::Result<Operation> {
    let mut tokens = Vec::new();
    for citizen in facts.citizens.iter().take(CALLERS) {
        let state = fresh();
        let (_, location) = facts.sign_in("openid profile email offline_access", &state, citizen).await?;
        let body = facts.redeem(&location, &state, &verifier(&state)).await?;
        tokens.push(body["refresh_token"].as_str().context("no refresh token")?.to_owned());
    }
    let tokens = Arc::new(std::sync::Mutex::new(tokens));
    Ok(Arc::new(move || {
        let (facts, tokens) = (facts.clone(), Arc::clone(&tokens));
        Box::pin(async move {
            let token = tokens.lock().ok().and_then(|mut tokens| tokens.pop()).context("no refresh token is free")?;
            let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
            let body = facts.token(&facts.web_client, &form).await?;
            let next = body["refresh_token"].as_str().context("no new refresh token")?.to_owned();
            ensure!(next != token, "the refresh token was not rotated");
            if let Ok(mut tokens) = tokens.lock() {
                tokens.push(next);
            }
            Ok(())
        })
    }))
}

fn login(facts: Facts) -> Operation {
    let turn = Arc::new(AtomicU64::new(0));
    Arc::new(move || {
        let facts = facts.clone();
        let turn = turn.fetch_add(1, Ordering::Relaxed) as usize;
        Box::pin(async move {
            let state = fresh();
            let citizen = facts.citizens.get(turn % facts.citizens.len()).cloned().context("no citizen")?;
            let (_, location) = facts.sign_in("openid profile email", &state, &citizen).await?;
            facts.redeem(&location, &state, &verifier(&state)).await.map(|_| ())
        })
    })
}

fn valid_licence(facts: &Facts) -> anyhow::Result<Value> {
    let licences = facts.demo["licences"].as_array().context("no licences")?;
    licences.iter().find(|licence| licence["status"] == "valid").cloned().context("no valid licence")
}

async fn verify_code(facts: Facts) -> anyhow::Result<Operation> {
    let token = facts.api_token().await?;
    let body = json!({ "code": valid_licence(&facts)?["code"] });
    Ok(Arc::new(move || {
        let (facts, token, body) = (facts.clone(), token.clone(), body.clone());
        Box::pin(async move {
            let url = format!("{}/api/v1/verifications", facts.issuer);
            let request = facts.http.post(url).bearer_auth(token).header("idempotency-key", fresh()).json(&body);
            valid(request.send().await?).await
        })
    }))
}

async fn verify_pdf(facts: Facts) -> anyhow::Result<Operation> {
    let file = tokio::fs::read(valid_licence(&facts)?["pdf_path"].as_str().context("no pdf_path")?).await?;
    let uploads = Arc::new(Uploads { token: facts.api_token().await?, facts });
    let body = Uploads::body(&file);
    Ok(Arc::new(move || {
        let (uploads, body) = (Arc::clone(&uploads), body.clone());
        Box::pin(async move { valid(uploads.send(body).await?).await })
    }))
}

/// Files on their way to be verified.
pub struct Uploads {
    facts: Facts,
    token: String,
}

/// Uploads of another client than the one that the flows use, if the demonstration has another.
/// It has an address of its own as well: what one client may have, it does not take from those who are measured.
pub async fn uploads(demo: &Value) -> anyhow::Result<Uploads> {
    let mut facts = facts(demo)?;
    facts.http = Client::builder().local_address(Some(SENDERS_ADDRESS.into())).build()?;
    let others = demo["clients"].as_array().cloned().unwrap_or_default();
    let other = others.iter().rev().find(|client| client["scopes"].to_string().contains("licence:verify"));
    let other = other.context("no client that verifies")?;
    let text = |name: &str| other[name].as_str().unwrap_or_default().to_owned();
    facts.api_client = (text("client_id"), text("client_secret"));
    let form = [("grant_type", "client_credentials"), ("scope", "licence:verify")];
    let body = facts.token(&facts.api_client, &form).await?;
    let token = body["access_token"].as_str().context("no access token")?.to_owned();
    Ok(Uploads { facts, token })
}

impl Uploads {
    const BOUNDARY: &str = "guosuo-bench-boundary";

    /// The form with this file.
    pub fn body(file: &[u8]) -> Bytes {
        let boundary = Self::BOUNDARY;
        let mut body = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"licence.pdf\"\r\n\
             content-type: application/pdf\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(file);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        Bytes::from(body)
    }

    /// Sends a form.
    pub async fn send(&self, body: Bytes) -> anyhow::Result<Response> {
        let request = self
            .facts
            .http
            .post(format!("{}/api/v1/verifications", self.facts.issuer))
            .bearer_auth(&self.token)
            .header("idempotency-key", fresh())
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={}", Self::BOUNDARY))
            .body(body);
        Ok(request.send().await?)
    }
}

async fn issue(facts: Facts) -> anyhow::Result<Operation> {
    let token = facts.api_token().await?;
    let body = facts.demo["issue_example"].clone();
    Ok(Arc::new(move || {
        let (facts, token, body) = (facts.clone(), token.clone(), body.clone());
        Box::pin(async move {
            let url = format!("{}/api/v1/licences", facts.issuer);
            let request = facts.http.post(url).bearer_auth(token).header("idempotency-key", fresh()).json(&body);
            let answer = request.send().await?;
            let status = answer.status();
            let body = answer.text().await?;
            ensure!(status == StatusCode::CREATED, "issue: {status} {body}");
            Ok(())
        })
    }))
}

async fn valid(answer: Response) -> anyhow::Result<()> {
    let status = answer.status();
    let verdict: Value = answer.json().await?;
    ensure!(status == StatusCode::OK && verdict["outcome"] == "valid", "verification: {status} {verdict}");
    Ok(())
}

/// The cookies of one browser.
#[derive(Default)]
struct Jar(Vec<(String, String)>);

impl Jar {
    fn take(&mut self, answer: &Response) {
        for value in answer.headers().get_all(header::SET_COOKIE) {
            let Some((name, rest)) = value.to_str().ok().and_then(|text| text.split_once('=')) else { continue };
            let value = rest.split(';').next().unwrap_or_default();
            self.0.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

fn header_text(answer: &Response, name: &header::HeaderName) -> anyhow::Result<String> {
    let value = answer.headers().get(name).with_context(|| format!("no {name}: {}", answer.status()))?;
    Ok(value.to_str()?.to_owned())
}

/// The action and the hidden fields of the form that asks for a password, or of the first form that posts.
fn form(page: &str) -> Option<(String, Vec<(String, String)>)> {
    let forms: Vec<&str> = page.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next()).collect();
    let posts = |form: &&&str| form.split('>').next().is_some_and(|tag| tag.contains("post"));
    let chosen = forms.iter().find(|form| form.contains("id=\"password\"")).or_else(|| forms.iter().find(posts))?;
    let tag = chosen.split('>').next()?;
    let fields = chosen
        .split("<input")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .filter(|input| attribute(input, "type").as_deref() == Some("hidden"))
        .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())))
        .collect();
    Some((attribute(tag, "action").unwrap_or_default(), fields))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split_once(&format!(" {name}=\""))?.1.split('"').next()?;
    Some(value.replace("&amp;", "&").replace("&#38;", "&").replace("&#x2F;", "/"))
}

/// A text nobody used before: its first half is random, its second counts.
fn fresh() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let random = ring::rand::generate::<[u8; 16]>(&ring::rand::SystemRandom::new());
    let random = random.map(|random| URL_SAFE_NO_PAD.encode(random.expose())).unwrap_or_default();
    format!("{random}{:012}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

fn verifier(state: &str) -> String {
    format!("{state}-this-verifier-belongs-to-that-state-alone")
}

fn challenge(state: &str) -> String {
    URL_SAFE_NO_PAD.encode(crypto::digest::sha256(verifier(state).as_bytes()))
}
