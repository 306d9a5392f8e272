//! The product as an operator sets it up: a folder, a settings file, a database, commands. No demonstration.

use std::{
    env,
    fs::{self, Permissions},
    net::SocketAddrV4,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use base::number::{CreditCode, IdentityNumber};
use records::{Database, DatabaseSettings};
use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::{
    browser::{Browser, Page, client},
    city::postgres_database,
    process::{self, Process, Ran, own_address},
    wait::until,
};

/// How long the program may take to answer.
const READY_MAX: Duration = Duration::from_secs(30);

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// What people choose instead of a password that was handed out.
pub const OWN_PASSWORD: &str = "Lanterns along the river 7";

/// An empty folder with a settings file.
#[derive(Debug)]
pub struct Installation {
    pub folder: PathBuf,
    pub address: SocketAddrV4,
    /// `None`: SQLite in the data folder.
    pub database: Option<String>,
    settings: Vec<(String, String)>,
}

/// One event, as far as tests look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSeen {
    pub kind: String,
    pub actor: String,
    pub object: String,
    pub data: String,
}

impl Installation {
    /// On the database that the test command names.
    pub async fn new() -> Self {
        Self::on(postgres_database().await)
    }

    /// On this database.
    pub fn on(database: Option<String>) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("guosuo-installation-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let address = own_address();
        let mut installation = Self { folder, address, database, settings: Vec::new() };
        installation.set("listen", &address.to_string());
        installation.set("public_url", &format!("http://{address}"));
        installation.set("data_folder", &installation.data().display().to_string());
        installation.set("database.url", &installation.database.clone().unwrap_or_default());
        // No balancer stands in front, unless a test brings one.
        installation.set("leave_seconds", "0");
        installation
    }

    /// With its first operator, whose password is given too.
    pub async fn bootstrapped() -> (Self, String) {
        let installation = Self::new().await;
        let password = installation.bootstrap();
        (installation, password)
    }

    /// Registers the first operator and gives the password.
    pub fn bootstrap(&self) -> String {
        let ran = self.run_with(&BOOTSTRAP, &identity_number(1));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.out.trim().rsplit(' ').next().unwrap().to_owned()
    }

    /// Signs in with a password that was handed out and chooses [`OWN_PASSWORD`], at the running server.
    pub async fn choose(&self, username: &str, handed_out: &str) -> Page {
        let browser = Browser::new();
        let page = browser.get(&self.url("/sign-in?to=%2Fme")).await;
        let form = page.form("sign-in").set("username", username).set("password", handed_out);
        let page = browser.submit(&page, form, "sign-in").await;
        let form = page.form("choose").set("new", OWN_PASSWORD);
        browser.submit(&page, form, "choose").await
    }

    /// Registers a second operator and has both let a system say itself that two people decided on a licence.
    pub fn let_attest(&self, client: &str) {
        let words =
            ["person", "add", "--username", "second-operator", "--name", "赵操作", "--identity-number-file", "-"];
        let ran = self.run_with(&words, &identity_number(900));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let handed_out = ran.out.trim().rsplit(' ').next().unwrap().to_owned();
        let appointed = ["staff", "appoint", "--username", "second-operator", "--organisation-code", DEPARTMENT];
        self.must(&[&appointed[..], &["--role", "operator", "--reason", "first day"]].concat());
        let (before, own) = (self.file("handed-out", &handed_out), self.file("own", OWN_PASSWORD));
        let before = format!("operator.password_file={before}");
        let new = format!("operator.new_password_file={own}");
        let choose = ["operator", "choose-password", "--as", "second-operator", "--set", &before, "--set", &new];
        self.must(&choose);
        let edit = ["client", "edit", client, "--reason", "approved", "--attests-review", "true", "--approved-by"];
        self.must(&[&edit[..], &["second-operator", "--set", &self.second_password()]].concat());
    }

    /// The setting with which the second operator proves it, where there is one.
    pub fn second_password(&self) -> String {
        format!("operator.second_password_file={}", self.file("own", OWN_PASSWORD))
    }

    /// Writes a setting into the file.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.retain(|(known, _)| known != key);
        self.settings.push((key.to_owned(), value.to_owned()));
        let lines: Vec<String> = self
            .settings
            .iter()
            .map(|(key, value)| match value.as_str() {
                "true" | "false" => format!("{key} = {value}\n"),
                plain if plain.starts_with('[') || plain.parse::<i64>().is_ok() => format!("{key} = {plain}\n"),
                text => format!("{key} = {text:?}\n"),
            })
            .collect();
        fs::write(self.config(), lines.concat()).unwrap();
    }

    pub fn config(&self) -> PathBuf {
        self.folder.join("guosuo.toml")
    }

    /// The data folder, which is not there yet.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What the product logged, unless a test keeps it from a file: whoever reads a pipe waits for what comes.
    pub fn log_text(&self) -> String {
        let log = self.folder.join("serve.log");
        if log.is_file() { fs::read_to_string(log).unwrap_or_default() } else { String::new() }
    }

    /// The address of a path on the port itself.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A file in the folder that nobody else reads.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    /// Runs a command on this installation until it ends.
    pub fn run(&self, words: &[&str]) -> Ran {
        self.run_with(words, "")
    }

    /// The same with this on its standard input.
    pub fn run_with(&self, words: &[&str], input: &str) -> Ran {
        let config = self.config().display().to_string();
        let words: Vec<&str> = ["--config", &config].into_iter().chain(words.iter().copied()).collect();
        process::run(&words, input)
    }

    /// Runs a command that has to succeed, and gives what it printed.
    pub fn must(&self, words: &[&str]) -> String {
        let ran = self.run(words);
        assert_eq!(ran.code, Some(0), "{words:?}: {ran:?}");
        ran.out
    }

    /// Starts the server and waits until it answers.
    pub async fn serve(&self) -> Process {
        self.serve_at(self.address).await
    }

    /// The same for one of several nodes, which listens here.
    pub async fn serve_at(&self, address: SocketAddrV4) -> Process {
        self.serve_with(address, "").await
    }

    /// The same with a limit of open files.
    pub async fn serve_with(&self, address: SocketAddrV4, files: &str) -> Process {
        let (config, listen) = (self.config().display().to_string(), format!("listen={address}"));
        let words = ["--config", &config, "--set", &listen, "serve"];
        let process = Process::start_within(&words, &[], files, &self.folder.join("serve.log"));
        until("an answer", READY_MAX, async || {
            assert!(process.runs(), "the server did not start:\n{}", self.log_text());
            client().get(format!("http://{address}/livez")).send().await.ok()
        })
        .await;
        process
    }

    /// How to open the database.
    pub fn database(&self) -> DatabaseSettings {
        let own = || format!("sqlite://{}", self.data().join("guosuo.sqlite").display());
        DatabaseSettings::new(self.database.clone().unwrap_or_else(own))
    }

    /// Every event, in the order they were written.
    pub async fn events(&self) -> Vec<EventSeen> {
        let database = Database::open(&self.database()).await.unwrap();
        let mut tx = database.read().await.unwrap();
        let rows: Vec<(String, String, String, String)> =
            tx.all("select kind, actor_kind, object, data from event order by event_id", vec![]).await.unwrap();
        drop(tx);
        database.close().await;
        rows.into_iter().map(|(kind, actor, object, data)| EventSeen { kind, actor, object, data }).collect()
    }

    /// How many events of this kind there are.
    pub async fn count(&self, kind: &str) -> usize {
        self.events().await.iter().filter(|event| event.kind == kind).count()
    }

    /// Asks for a token by client_credentials.
    pub async fn machine_token(&self, http: &Client, client_id: &str, secret: &str) -> (StatusCode, Value) {
        let request = http
            .post(self.url("/token"))
            .basic_auth(client_id, Some(secret))
            .form(&[("grant_type", "client_credentials")]);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// The credit code of the department that [`BOOTSTRAP`] registers.
pub const DEPARTMENT: &str = "11330100MA0000001P";

/// The words of `bootstrap`; the identity number comes on standard input.
pub const BOOTSTRAP: [&str; 11] = [
    "bootstrap",
    "--username",
    "root-operator",
    "--name",
    "王操作",
    "--identity-number-file",
    "-",
    "--organisation",
    "滨江市行政审批服务局",
    "--organisation-code",
    DEPARTMENT,
];

/// The n-th invented identity number.
pub fn identity_number(number: u32) -> String {
    with_check(&format!("11010119900307{number:03}"), |text| IdentityNumber::parse(text).is_ok())
}

/// The n-th invented credit code.
pub fn credit_code(number: u32) -> String {
    with_check(&format!("11330100MA{number:07}"), |text| CreditCode::parse(text).is_ok())
}

/// The same number with a wrong check character.
pub fn with_wrong_check(number: &str) -> String {
    let (body, check) = number.split_at(number.len() - 1);
    format!("{body}{}", if check == "1" { '2' } else { '1' })
}

fn with_check(body: &str, is_right: impl Fn(&str) -> bool) -> String {
    "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().map(|check| format!("{body}{check}")).find(|text| is_right(text)).unwrap()
}
