//! The demonstration city as a process of its own, on the database that the test command names.

use std::{
    collections::BTreeSet,
    env, fs,
    net::SocketAddrV4,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use records::{Database, DatabaseSettings};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::{
    browser::{Browser, Page, client, json},
    process::{self, Process, Ran, own_address},
    wait::until,
};

/// How long a city may take to be ready.
const READY_MAX: Duration = Duration::from_mins(2);

static COUNTER: AtomicU32 = AtomicU32::new(0);
static SHARED: OnceCell<City> = OnceCell::const_new();

/// A running city.
#[derive(Debug)]
pub struct City {
    /// What `demo.json` says.
    pub facts: Value,
    pub issuer: String,
    /// The folder of its data and its log.
    pub folder: PathBuf,
    /// Where its own process answers.
    pub address: SocketAddrV4,
    database: Option<String>,
    process: Option<Process>,
}

impl City {
    /// The city that tests share which leave it as they found it.
    pub async fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start).await
    }

    /// A city of one's own.
    pub async fn start() -> Self {
        Self::on(postgres_database().await).await
    }

    /// A city of one's own on this database; on SQLite in its folder without one.
    pub async fn on(database: Option<String>) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("guosuo-city-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut city =
            Self { facts: Value::Null, issuer: String::new(), folder, database, address: own_address(), process: None };
        city.open().await;
        city
    }

    /// Starts the process on the same folder and waits until it is ready.
    pub async fn open(&mut self) {
        let ready = self.folder.join("demo.json");
        let _ = fs::remove_file(&ready);
        let (listen, folder) = (format!("listen={}", self.address), self.folder.display().to_string());
        let mut words = vec!["--set", &listen, "demo", "--data", &folder];
        if let Some(database) = &self.database {
            words.extend(["--database", database]);
        }
        self.process = Some(Process::start(&words, &self.log()));
        self.facts = until("demo.json", READY_MAX, async || {
            let runs = self.process.as_ref().is_some_and(Process::runs);
            assert!(runs, "the city did not start:\n{}", self.log_text());
            fs::read(&ready).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok())
        })
        .await;
        self.facts["issuer"].as_str().unwrap().clone_into(&mut self.issuer);
    }

    /// The processes in which strangers' files are read, by their numbers.
    pub fn readers(&self) -> Vec<String> {
        let children = self.process.as_ref().map(Process::children).unwrap_or_default();
        let is_reader =
            |pid: &String| fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.ends_with(b"examine\0"));
        children.into_iter().filter(is_reader).collect()
    }

    /// Stops the process as an operator would.
    pub fn close(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop();
        }
    }

    /// Ends the process in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Serves what the city has, without its relying parties: quick to start, and to be ended at any moment.
    pub async fn serve(&self) -> Process {
        self.serve_with(&[]).await
    }

    /// The same with more settings.
    pub async fn serve_with(&self, more: &[&str]) -> Process {
        self.serve_at(self.address, more).await
    }

    /// The same on one more node, at the address that is given too.
    pub async fn serve_beside(&self) -> (Process, SocketAddrV4) {
        let address = own_address();
        (self.serve_at(address, &[]).await, address)
    }

    async fn serve_at(&self, address: SocketAddrV4, more: &[&str]) -> Process {
        let process = self.start_node(address, more, &[], &self.log());
        until("an answer", READY_MAX, async || {
            assert!(process.runs(), "the product did not start:\n{}", self.log_text());
            client().get(format!("http://{address}/livez")).send().await.ok()
        })
        .await;
        process
    }

    /// Starts a node at this address, with variables of its environment and a log of its own, and does not wait for it.
    pub fn start_node(
        &self,
        address: SocketAddrV4,
        more: &[&str],
        variables: &[(String, String)],
        log: &Path,
    ) -> Process {
        let listen = format!("listen={address}");
        let more = ["--set", &listen].into_iter().chain(more.iter().flat_map(|setting| ["--set", *setting]));
        let words = self.with_settings(["serve"].into_iter().chain(more));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Process::start_with(&words, variables, log)
    }

    /// Runs a command on the city until it ends.
    pub fn run(&self, words: &[&str]) -> Ran {
        let words = self.with_settings(words.iter().copied());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        process::run(&words, "")
    }

    /// The words of a command with the settings of the city before them.
    fn with_settings<'a>(&self, words: impl Iterator<Item = &'a str>) -> Vec<String> {
        let settings = [
            format!("data_folder={}", self.folder.display()),
            format!("public_url={}", self.issuer),
            "oidc.loopback_clients_allowed=true".to_owned(),
            "site.demonstration=true".to_owned(),
            "leave_seconds=0".to_owned(),
            format!("database.url={}", self.database.as_deref().unwrap_or_default()),
        ];
        let settings = settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]);
        settings.chain(words.map(str::to_owned)).collect()
    }

    /// Every licence that is not void: also one that was begun and is not finished.
    pub async fn licences(database: &DatabaseSettings) -> BTreeSet<String> {
        let database = Database::open(database).await.unwrap();
        let mut tx = database.read().await.unwrap();
        let rows: Vec<(String,)> =
            tx.all("select licence_id from licence where status <> 'void'", vec![]).await.unwrap();
        drop(tx);
        database.close().await;
        rows.into_iter().map(|(licence,)| licence).collect()
    }

    /// How to open the city's database.
    pub fn database(&self) -> DatabaseSettings {
        let own = || format!("sqlite://{}", self.folder.join("guosuo.sqlite").display());
        DatabaseSettings::new(self.database.clone().unwrap_or_else(own))
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("output.log")
    }

    pub fn log_text(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// The account of somebody with this role; of a citizen when it is empty.
    pub fn account(&self, role: &str) -> Account {
        let fits = |account: &&Value| {
            let roles = account["roles"].as_array().unwrap();
            if role.is_empty() { roles.is_empty() } else { roles.iter().any(|one| one == role) }
        };
        let account = self.facts["accounts"].as_array().unwrap().iter().find(fits);
        Account::read(account.unwrap_or_else(|| panic!("nobody is {role}")))
    }

    /// The n-th citizen: tests that change a person's sessions take one each.
    pub fn citizen(&self, place: usize) -> Account {
        let accounts = self.facts["accounts"].as_array().unwrap();
        let mut citizens = accounts.iter().filter(|account| account["roles"].as_array().unwrap().is_empty());
        Account::read(citizens.nth(place).expect("enough citizens"))
    }

    /// A registered client that may use this grant.
    pub fn client(&self, fits: impl Fn(&Value) -> bool) -> &Value {
        self.facts["clients"].as_array().unwrap().iter().find(|client| fits(client)).expect("such a client")
    }

    /// The confidential web client whose redirect URI leads nowhere.
    pub fn web_client(&self) -> &Value {
        self.client(|client| contains(&client["redirect_uris"], "http://127.0.0.1:9/cb"))
    }

    /// A licence in this state.
    pub fn licence(&self, status: &str) -> &Value {
        let licences = self.facts["licences"].as_array().unwrap();
        licences.iter().find(|licence| licence["status"] == status).unwrap_or_else(|| panic!("no {status} licence"))
    }

    /// The bytes of a licence's file.
    pub fn file(&self, licence: &Value) -> Vec<u8> {
        let path = Path::new(licence["pdf_path"].as_str().unwrap());
        let path = if path.is_absolute() { path.to_owned() } else { self.folder.join(path) };
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// An access token by client_credentials.
    pub async fn api_token(&self) -> String {
        let client_facts = self.client(|client| {
            contains(&client["scopes"], "licence:verify") && contains(&client["grants"], "client_credentials")
        });
        let answer = client()
            .post(self.url("/token"))
            .basic_auth(client_facts["client_id"].as_str().unwrap(), client_facts["client_secret"].as_str())
            .form(&[("grant_type", "client_credentials"), ("scope", "licence:verify licence:issue")])
            .send()
            .await
            .unwrap();
        let body: Value = answer.json().await.unwrap();
        body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    /// What userinfo says to the access token of a token answer.
    pub async fn userinfo(&self, tokens: &Value) -> Value {
        let token = tokens["access_token"].as_str().unwrap();
        json(client().get(self.url("/userinfo")).bearer_auth(token)).await
    }

    /// Signs in on the sign-in page that a browser stands at.
    pub async fn sign_in_at(&self, browser: &Browser, page: Page, account: &Account) -> Page {
        let form = page.form("sign-in").set("username", &account.username).set("password", &account.password);
        // Many tests sign in at once on few cores; the product then asks to come back.
        until("a place at the sign-in", READY_MAX, async || {
            let after = browser.submit(&page, form.clone(), "sign-in").await;
            (after.status != StatusCode::SERVICE_UNAVAILABLE).then_some(after)
        })
        .await
    }

    /// Signs in a new browser.
    pub async fn signed_in(&self, account: &Account) -> Browser {
        let browser = Browser::new();
        let page = browser.get(&self.url("/sign-in?to=%2Fme")).await;
        let page = self.sign_in_at(&browser, page, account).await;
        assert!(page.status.is_success() && page.url.ends_with("/me"), "{} {}\n{}", page.status, page.url, page.text());
        browser
    }
}

impl Drop for City {
    fn drop(&mut self) {
        self.close();
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Account {
    pub username: String,
    pub password: String,
    pub name: String,
}

impl Account {
    fn read(facts: &Value) -> Self {
        let text = |name: &str| facts[name].as_str().unwrap().to_owned();
        Self { username: text("username"), password: text("password"), name: text("name") }
    }
}

/// Whether a JSON list of texts holds this one.
pub fn contains(list: &Value, text: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|one| one == text))
}

pub(crate) async fn postgres_database() -> Option<String> {
    let (settings, folder) = records::testing::fresh_settings().await.unwrap();
    match folder {
        None => Some(settings.url.expose().clone()),
        // SQLite: the city keeps its database in its own folder.
        Some(folder) => {
            let _ = fs::remove_dir_all(folder);
            None
        }
    }
}
