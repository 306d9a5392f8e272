//! A stop loses no request that a client had sent, and is held up by nobody who sends none.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use records::Database;
use reqwest::StatusCode;
use serde_json::Value;
use tests::{
    browser::{Browser, client},
    city::{City, contains},
    installation::Installation,
    process::Process,
    wait::{soon, until},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::commands::client_add;

/// A stop with nothing to wait for: far less than the default of `drain_seconds`, 20.
const SHORT: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_loses_no_request_in_flight() {
    let mut city = City::start().await;
    city.close();
    let before = licences(&city).await;
    let mut issued = BTreeSet::new();
    for round in 0..4_usize {
        let mut process = city.serve_with(&["sign_in.password_wait_ms=30000"]).await;
        let token = city.api_token().await;
        let idle = Wire::send(&city, &get(&city, "/healthz")).await.read_one().await;
        let silent = Wire::open(&city).await;
        let mut sent = Vec::new();
        for place in 0..4 {
            sent.push(("200 OK", Wire::send(&city, &token_request(&city)).await));
            let key = format!("stop-{round}-{place}");
            sent.push(("201 Created", Wire::send(&city, &issue(&city, &token, &key)).await));
            sent.push(("303 See Other", Wire::send(&city, &sign_in(&city, place).await).await));
        }
        // Each round a little later: when more of them have been answered.
        for (_, wire) in sent.iter().take(round * 2) {
            wire.0.readable().await.unwrap();
        }
        // A body that is half on its way when the stop comes. It has ten seconds, which are not spent on the others.
        let request = token_request(&city);
        let (first, rest) = request.split_at(request.len() - 9);
        let mut slow = Wire::send(&city, first).await;
        let begun = Instant::now();
        process.ask_to_stop();
        soon("the stop to begin", async || (stops(&city.log_text()) > round).then_some(())).await;
        slow.write(rest).await;
        sent.push(("200 OK", slow));
        for (status, wire) in sent {
            let answer = wire.read_all().await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "round {round}: {status}\n{answer:?}");
            if status == "201 Created" {
                let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
                assert!(issued.insert(body["identifier"].as_str().unwrap().to_owned()), "{body}");
            }
        }
        assert_eq!(process.stop(), Some(0), "{}", city.log_text());
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        assert_eq!((idle.read_all().await, silent.read_all().await), (String::new(), String::new()));
    }
    assert!(!city.log_text().contains("stopped before every request was finished"));
    // What was answered is there, and nothing is half done.
    let after = licences(&city).await;
    assert_eq!(after.len(), before.len() + issued.len());
    for identifier in issued {
        assert!(after.contains(&(identifier.clone(), "valid".to_owned())), "{identifier}");
    }
    let process = city.serve().await;
    assert_eq!(process.stop(), Some(0));
    assert_eq!(licences(&city).await, after, "the next start had nothing to repair");
}

#[tokio::test]
async fn connections_without_a_request_do_not_hold_the_stop_up() {
    let installation = Installation::on(None);
    let mut server = installation.serve().await;
    let at = installation.address.to_string();
    let ask = format!("GET /healthz HTTP/1.1\r\nhost: {at}\r\n\r\n");
    let mut idle = Wire(TcpStream::connect(&at).await.unwrap());
    idle.write(&ask).await;
    let idle = idle.read_one().await;
    let silent = Wire(TcpStream::connect(&at).await.unwrap());
    let took = stop(&mut server).await;
    assert!(took < SHORT, "{took:?}");
    assert_eq!(server.stop(), Some(0), "{}", installation.log_text());
    assert_eq!((idle.read_all().await, silent.read_all().await), (String::new(), String::new()));
    let log = installation.log_text();
    assert!(log.contains("stopping") && log.contains("stopped") && !log.contains("WARN"), "{log}");
    assert!(client().get(installation.url("/healthz")).send().await.unwrap_err().is_connect());
}

/// On a balancer's next look it is sent nothing more; until then everything that comes is answered.
#[tokio::test]
async fn a_node_that_leaves_says_so_while_it_still_answers() {
    const LEAVE: Duration = Duration::from_secs(3);
    let mut installation = Installation::on(None);
    installation.set("leave_seconds", &LEAVE.as_secs().to_string());
    let mut server = installation.serve().await;
    let http = client();
    let get = async |path: &str| http.get(installation.url(path)).send().await.expect("the listener is there");
    soon("a ready node", async || (get("/healthz").await.status() == StatusCode::OK).then_some(())).await;
    let begun = Instant::now();
    server.ask_to_stop();
    let told = soon("the node to say that it leaves", async || {
        Some(get("/healthz").await).filter(|answer| answer.status() == StatusCode::SERVICE_UNAVAILABLE)
    });
    let told: Value = told.await.json().await.unwrap();
    assert_eq!((&told["checks"]["serving"], &told["checks"]["database"]), (&"fail".into(), &"pass".into()));
    soon("most of the wait", async || {
        assert_eq!(get("/healthz").await.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(get("/sign-in").await.status(), StatusCode::OK);
        (begun.elapsed() > LEAVE / 2).then_some(())
    })
    .await;
    until("the end of the process", Duration::from_secs(30), async || (!server.runs()).then_some(())).await;
    let took = begun.elapsed();
    assert!(took >= LEAVE && took < LEAVE + SHORT, "{took:?}");
    assert_eq!(server.stop(), Some(0), "{}", installation.log_text());
}

#[tokio::test]
async fn a_request_that_outlasts_the_drain_is_cut_off_and_said_so() {
    let mut installation = Installation::on(None);
    installation.set("drain_seconds", "1");
    let mut server = installation.serve().await;
    let endless = endless(&installation).await;
    let took = stop(&mut server).await;
    assert!(took >= Duration::from_secs(1) && took < SHORT, "{took:?}");
    assert_eq!(server.stop(), Some(0));
    assert!(installation.log_text().contains("stopped before every request was finished"));
    assert_eq!(endless.read_all().await, "");
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let installation = Installation::on(None);
    let mut server = installation.serve().await;
    let _endless = endless(&installation).await;
    server.ask_to_stop();
    soon("the stop to begin", async || (stops(&installation.log_text()) == 1).then_some(())).await;
    server.signal("TERM");
    let took = stop(&mut server).await;
    assert!(took < SHORT, "{took:?}");
    assert_eq!(server.stop(), Some(1));
    assert!(installation.log_text().contains("asked to stop a second time"));
}

/// Asks it to stop and waits until it has.
async fn stop(server: &mut Process) -> Duration {
    let begun = Instant::now();
    server.ask_to_stop();
    until("the end of the process", Duration::from_secs(30), async || (!server.runs()).then_some(())).await;
    begun.elapsed()
}

/// How many stops a log tells of.
fn stops(log: &str) -> usize {
    log.matches("stopping").count()
}

/// A request whose body never ends.
async fn endless(installation: &Installation) -> Wire {
    let at = installation.address.to_string();
    let mut wire = Wire(TcpStream::connect(&at).await.unwrap());
    let head = format!("POST /token HTTP/1.1\r\nhost: {at}\r\n{FORM}content-length: 100\r\n\r\ngrant_type=");
    wire.write(&head).await;
    // Its head has to have arrived before the stop, or it is no request.
    client().get(installation.url("/healthz")).send().await.unwrap();
    wire
}

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

/// A connection as bytes.
struct Wire(TcpStream);

impl Wire {
    async fn open(city: &City) -> Self {
        Self(TcpStream::connect(host(city)).await.unwrap())
    }

    /// When it returns, the request is out of the client's hands.
    async fn send(city: &City, request: &str) -> Self {
        let mut wire = Self::open(city).await;
        wire.write(request).await;
        wire
    }

    async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads one answer and keeps the connection open.
    async fn read_one(mut self) -> Self {
        let mut bytes = vec![0; 4096];
        let length = self.0.read(&mut bytes).await.unwrap();
        assert!(bytes[..length].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&bytes));
        self
    }

    /// Everything until the server closes; an answer that was cut short is not given.
    async fn read_all(mut self) -> String {
        let mut bytes = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(30), self.0.read_to_end(&mut bytes)).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return String::new() };
        ended.unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(length.map(|length| length.parse().unwrap()), Some(body.len()), "{head}");
        text
    }
}

fn host(city: &City) -> &str {
    city.issuer.strip_prefix("http://").unwrap()
}

fn get(city: &City, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", host(city))
}

fn post(city: &City, path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: {}\r\n{headers}content-length: {}\r\n\r\n{body}", host(city), body.len())
}

fn token_request(city: &City) -> String {
    let facts = city.client(|one| contains(&one["grants"], "client_credentials"));
    let pair = format!("{}:{}", facts["client_id"].as_str().unwrap(), facts["client_secret"].as_str().unwrap());
    let headers = format!("authorization: Basic {}\r\n{FORM}", STANDARD.encode(pair));
    post(city, "/token", &headers, "grant_type=client_credentials")
}

fn issue(city: &City, token: &str, key: &str) -> String {
    let headers =
        format!("authorization: Bearer {token}\r\nidempotency-key: {key}\r\ncontent-type: application/json\r\n");
    post(city, "/api/v1/licences", &headers, &city.facts["issue_example"].to_string())
}

/// The form of the sign-in page, filled in by a citizen: checking the password takes longer than anything else.
async fn sign_in(city: &City, citizen: usize) -> String {
    let (browser, account) = (Browser::new(), city.citizen(citizen));
    let page = browser.get(&city.url("/sign-in?to=%2Fme")).await;
    let form = page.form("sign-in").set("username", &account.username).set("password", &account.password);
    let mut body = reqwest::Url::parse("http://form/").unwrap();
    body.query_pairs_mut().extend_pairs(&form.fields);
    let headers = format!("cookie: {}\r\norigin: {}\r\n{FORM}", browser.cookie_line().unwrap(), city.issuer);
    post(city, &form.action, &headers, body.query().unwrap())
}

/// Every licence: its identifier and its state.
async fn licences(city: &City) -> BTreeSet<(String, String)> {
    let database = Database::open(&city.database()).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let rows: Vec<(String, String)> =
        tx.all("select identifier, status from licence order by licence_id", vec![]).await.unwrap();
    drop(tx);
    database.close().await;
    rows.into_iter().collect()
}

/// Standard error is a full pipe whose reader is there and reads nothing, as a collector of logs that hangs.
#[tokio::test]
async fn log_lines_that_nobody_reads_hold_up_no_request_and_no_stop() {
    let mut installation = Installation::on(None);
    installation.set("log.filter", "debug");
    let pipe = installation.folder.join("serve.log");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Open for both, so that whoever opens it to write need not wait for a reader.
    let mut reader = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    // As much as a pipe holds (pipe(7)).
    std::io::Write::write_all(&mut reader, &vec![b'x'; 64 * 1024]).unwrap();
    let process = installation.serve().await;
    let http = client();
    for _ in 0..20 {
        assert_eq!(http.get(installation.url("/nowhere")).send().await.unwrap().status(), 404);
    }
    let begun = Instant::now();
    assert_eq!(process.stop(), Some(0));
    assert!(begun.elapsed() < SHORT, "{:?}", begun.elapsed());
    drop(reader);
}

/// `/dev/full` takes nothing, as a full disk does.
#[tokio::test]
async fn log_lines_that_cannot_be_written_fail_no_request_and_no_stop() {
    let (installation, _) = Installation::bootstrapped().await;
    std::os::unix::fs::symlink("/dev/full", installation.folder.join("serve.log")).unwrap();
    let process = installation.serve().await;
    let http = client();
    for _ in 0..3 {
        let (status, answer) = installation.machine_token(&http, "nobody", "x").await;
        assert_eq!((status.as_u16(), &answer["error"]), (401, &"invalid_client".into()));
    }
    assert_eq!(process.stop(), Some(0));
}

#[tokio::test]
async fn wrong_secrets_that_were_only_counted_are_told_with_their_number_at_a_stop() {
    const TRIED: u64 = 4;
    let (installation, _) = Installation::bootstrapped().await;
    installation.must(&[&client_add("machine")[..13], &["--machine", "--scopes", "licence:verify"]].concat());
    let process = installation.serve().await;
    let http = client();
    for _ in 0..TRIED {
        let (status, answer) = installation.machine_token(&http, "machine", "wrong").await;
        assert_eq!((status.as_u16(), &answer["error"]), (401, &"invalid_client".into()));
    }
    assert_eq!(process.stop(), Some(0));
    let refused = installation.events().await.into_iter().filter(|event| event.kind == "client.refused");
    let told: Vec<_> = refused
        .map(|event| {
            let data: Value = serde_json::from_str(&event.data).unwrap();
            (event.actor, event.object, data["count"].as_u64().unwrap())
        })
        .collect();
    // The first at once, and one entry for all the others.
    let entry = |count| ("anonymous".to_owned(), "machine".to_owned(), count);
    assert_eq!(told, [entry(1), entry(TRIED - 1)]);
}
