//! Heads of the event log at a witness elsewhere: whatever it does, it misses none.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddrV4, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crypto::{PublicKey, Suite, jose::Jws, x509::Certificate};
use records::{Database, args};
use serde_json::Value;
use tests::{
    installation::{Installation, credit_code},
    process::own_address,
    wait::soon,
};

/// What it does with a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Takes,
    /// It answers 503.
    Refuses,
    /// It takes the connection and what comes, and says nothing.
    Hangs,
}

/// A small server of HTTP. It ends with the program.
#[derive(Clone)]
struct Witness(Arc<Mutex<Seen>>);

struct Seen {
    mode: Mode,
    taken: Vec<String>,
    /// Those who wait for an answer.
    held: Vec<TcpStream>,
}

impl Witness {
    fn at(address: SocketAddrV4, mode: Mode) -> Self {
        let witness = Self(Arc::new(Mutex::new(Seen { mode, taken: Vec::new(), held: Vec::new() })));
        let listener = TcpListener::bind(address).unwrap();
        let answering = witness.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                answering.answer(stream.unwrap());
            }
        });
        witness
    }

    fn answer(&self, mut stream: TcpStream) {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let Some(head) = head_of(&mut stream) else { return };
        let mut seen = self.0.lock().unwrap();
        let status = match seen.mode {
            Mode::Takes => "204 No Content",
            Mode::Refuses => "503 Service Unavailable",
            Mode::Hangs => return seen.held.push(stream),
        };
        if seen.mode == Mode::Takes {
            seen.taken.push(head);
        }
        let _ = write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    }

    fn set(&self, mode: Mode) {
        self.0.lock().unwrap().mode = mode;
    }

    fn taken(&self) -> Vec<String> {
        self.0.lock().unwrap().taken.clone()
    }

    fn held(&self) -> usize {
        self.0.lock().unwrap().held.len()
    }
}

/// The field `head` of a form that was posted.
fn head_of(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((headers, body)) = text.split_once("\r\n\r\n") else { continue };
        let length: usize = headers.split_once("content-length: ")?.1.lines().next()?.trim().parse().ok()?;
        if body.len() >= length {
            assert!(headers.starts_with("post /heads ") && headers.contains("x-www-form-urlencoded"), "{headers}");
            let body = String::from_utf8(bytes[bytes.len() - length..].to_vec()).unwrap();
            return Some(body.strip_prefix("head=").unwrap().to_owned());
        }
    }
}

/// What was kept beside the data, the oldest first.
fn kept(installation: &Installation) -> Vec<Value> {
    let mut files: Vec<_> =
        fs::read_dir(installation.data().join("heads")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a witness is sent of them.
fn signatures(heads: &[Value]) -> Vec<String> {
    heads.iter().map(|head| head["jws"].as_str().unwrap().to_owned()).collect()
}

/// Waits until `doctor` says this of the witness, and gives the line.
async fn says(installation: &Installation, part: &str) -> String {
    soon(part, async || {
        let told = installation.run(&["doctor", "--quick"]).out;
        let line = told.lines().find(|line| line.contains(" witness: ")).unwrap_or_default();
        line.contains(part).then(|| line.to_owned())
    })
    .await
}

async fn public_half(installation: &Installation, kid: &str) -> PublicKey {
    let database = Database::open(&installation.database()).await.unwrap();
    let sql = "select der from pki_certificate where key_id = $1";
    let (der,): (Vec<u8>,) = database.read().await.unwrap().one(sql, args![kid]).await.unwrap();
    database.close().await;
    Certificate::parse(&der).unwrap().public_key.unwrap()
}

#[tokio::test]
async fn a_witness_that_is_away_refuses_or_hangs_misses_no_head_and_doctor_says_so() {
    let (mut installation, _) = Installation::bootstrapped().await;
    let address = own_address();
    installation.set("log.witness_url", &format!("http://{address}/heads"));
    says(&installation, "ok    witness: it has not been asked yet").await;
    let something = |number: u32| {
        let code = credit_code(number);
        installation.must(&["organisation", "add", "--name", "局", "--organisation-code", &code]);
    };
    // Away: nothing listens there.
    let server = installation.serve().await;
    let line = says(&installation, "WRONG witness: it takes none since ").await;
    assert!(line.contains("cannot connect") && line.contains("it has taken no head yet"), "{line}");
    let witness = Witness::at(address, Mode::Refuses);
    says(&installation, "it answered 503").await;
    witness.set(Mode::Hangs);
    soon("a call that nobody answers", async || (witness.held() > 0).then_some(())).await;
    // Nobody else waits for it: what happens is kept, and the stop comes.
    something(2);
    assert_eq!(server.stop(), Some(0));
    says(&installation, "no answer in time").await;
    assert_eq!((kept(&installation).len(), witness.taken().len()), (2, 0));
    assert_eq!(installation.log_text().matches("the witness took no head").count(), 1, "it is said once");
    // Back again, after a restart: each of them, in their order and once.
    witness.set(Mode::Takes);
    something(3);
    let server = installation.serve().await;
    soon("every head", async || (witness.taken().len() == 3).then_some(())).await;
    assert_eq!(witness.taken(), signatures(&kept(&installation)));
    let last = kept(&installation)[2]["sequence"].to_string();
    says(&installation, &format!("ok    witness: it took the head of event {last} last")).await;
    assert!(installation.log_text().contains("the witness takes heads of the event log again"));
    // What happened last is there before the stop is over.
    something(4);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(witness.taken().len(), 4);
    assert_eq!(witness.taken(), signatures(&kept(&installation)));
    for head in witness.taken() {
        let jws = Jws::parse(&head).unwrap();
        assert_eq!(jws.typ(), Some("guosuo-log-head+jwt"));
        let key = public_half(&installation, jws.kid().unwrap()).await;
        let said = jws.verify(Suite::Es256, &key).unwrap();
        assert!(said["sequence"].as_i64() > Some(0) && said["hash"].as_str().unwrap().len() == 64, "{said}");
    }
    assert!(installation.must(&["audit"]).starts_with("sound: "));
}

#[tokio::test]
async fn a_new_witness_hears_of_what_comes_from_then_on() {
    let (mut installation, _) = Installation::bootstrapped().await;
    installation.serve().await.stop();
    let before = kept(&installation).len();
    assert!(before > 0);
    let address = own_address();
    let witness = Witness::at(address, Mode::Takes);
    installation.set("log.witness_url", &format!("http://{address}/heads"));
    installation.must(&["organisation", "add", "--name", "局", "--organisation-code", &credit_code(2)]);
    let server = installation.serve().await;
    soon("a head", async || (!witness.taken().is_empty()).then_some(())).await;
    assert_eq!(server.stop(), Some(0));
    assert_eq!(witness.taken(), signatures(&kept(&installation)[before..]));
}
