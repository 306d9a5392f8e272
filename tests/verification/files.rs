//! Files: genuine, altered in every way we know, and not what they say they are.

use reqwest::{
    StatusCode,
    multipart::{Form, Part},
};
use serde_json::Value;
use tests::{browser::client, city::City};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn verify(city: &City, token: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
    let form =
        Form::new().part("file", Part::bytes(bytes).file_name("licence.pdf").mime_str("application/pdf").unwrap());
    let request = client().post(city.url("/api/v1/verifications")).bearer_auth(token).multipart(form);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or(Value::Null))
}

fn failed(verdict: &Value) -> Vec<&str> {
    let checks = verdict["checks"].as_array().unwrap();
    checks.iter().filter(|check| check["result"] == "failed").map(|check| check["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_file_as_issued_is_valid_and_wholly_covered() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let (status, verdict) = verify(city, &token, city.file(city.licence("valid"))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(verdict["outcome"], "valid", "{verdict}");
    let signatures = verdict["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), 1);
    assert_eq!(signatures[0]["covers_whole_file"], true);
    assert_eq!(signatures[0]["indication"], "TOTAL-PASSED", "{verdict}");
    assert_eq!(failed(&verdict), Vec::<&str>::new());
}

#[tokio::test]
async fn a_genuine_file_of_a_licence_that_is_no_longer_in_force_is_invalid_for_that_reason() {
    let city = City::shared().await;
    let token = city.api_token().await;
    for state in ["suspended", "revoked", "expired", "superseded"] {
        let (_, verdict) = verify(city, &token, city.file(city.licence(state))).await;
        assert_eq!(verdict["outcome"], "invalid", "{state}: {verdict}");
        assert_eq!(verdict["licence"]["status"], state);
        assert_eq!(verdict["signatures"][0]["indication"], "TOTAL-PASSED", "the file itself is genuine: {verdict}");
    }
}

#[tokio::test]
async fn an_altered_file_is_invalid_and_never_taken_for_a_foreign_one() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let good = city.file(city.licence("valid"));
    let mut one_byte = good.clone();
    // In the middle of the page, not in the signature and not in what holds the file together.
    let place = find(&one_byte, b"stream\r\n").or_else(|| find(&one_byte, b"stream\n")).unwrap() + 40;
    one_byte[place] ^= 1;
    let other = city.file(city.licence("suspended"));
    for (name, bytes) in [
        ("one byte", one_byte),
        ("an appended revision", with_a_revision(&good)),
        ("another licence's signature", with_signature_of(&good, &other)),
        ("bytes after the end", [good.as_slice(), b"\n% more\n"].concat()),
    ] {
        let (status, verdict) = verify(city, &token, bytes).await;
        assert_eq!(status, StatusCode::OK, "{name}: {verdict}");
        assert_eq!(verdict["outcome"], "invalid", "{name}: {verdict}");
        assert!(!failed(&verdict).is_empty(), "{name}: {verdict}");
        println!("{name}: {:?} {}", failed(&verdict), verdict["signatures"]);
    }
}

#[tokio::test]
async fn what_cannot_be_read_cannot_be_verified() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let good = city.file(city.licence("valid"));
    let mut locked = good.clone();
    if let Some(place) = rfind(&locked, b"/Root") {
        locked.splice(place..place, b"/Encrypt 1 0 R ".iter().copied());
    }
    for (name, bytes) in [
        ("truncated", good[..good.len() / 2].to_vec()),
        ("not a PDF", b"GIF89a, or so it says".to_vec()),
        ("empty", Vec::new()),
        ("encrypted", locked),
        ("noise", (0..50_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()),
    ] {
        let (status, verdict) = verify(city, &token, bytes).await;
        assert!(!status.is_server_error(), "{name}: {status}");
        if status.is_success() {
            assert!(verdict["outcome"] == "unverifiable" || verdict["outcome"] == "invalid", "{name}: {verdict}");
            assert!(verdict["licence"].is_null() || verdict["outcome"] != "valid", "{name}");
        }
        println!("{name}: {status} {}", verdict["outcome"]);
    }
}

#[tokio::test]
async fn an_upload_of_500_megabytes_is_refused_before_it_is_read() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let address = city.issuer.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/verifications HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: multipart/form-data; boundary=x\r\ncontent-length: 524288000\r\n\r\n\
         --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.7\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let sent = tokio::spawn(async move {
        let chunk = vec![b'x'; 1 << 20];
        let mut sent = 0_u64;
        while sent < 500 && writing.write_all(&chunk).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let mut answer = vec![0; 4096];
    let length = reading.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    drop(reading);
    assert!(sent.await.unwrap() < 500, "the whole body was read");
    assert!(client().get(city.url("/healthz")).send().await.unwrap().status().is_success());
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn rfind(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}

/// An incremental update as any editor makes it: one more object, one more table, one more end.
fn with_a_revision(pdf: &[u8]) -> Vec<u8> {
    let start = rfind(pdf, b"startxref").unwrap();
    let text = String::from_utf8_lossy(&pdf[start + 9..]).into_owned();
    let previous: u64 = text.split_whitespace().next().unwrap().parse().unwrap();
    let mut made = pdf.to_vec();
    made.push(b'\n');
    let object = made.len();
    made.extend_from_slice(b"9999 0 obj\n<< /Type /Annot /Contents (changed) >>\nendobj\n");
    let table = made.len();
    made.extend_from_slice(format!("xref\n9999 1\n{object:010} 00000 n \n").as_bytes());
    made.extend_from_slice(
        format!("trailer\n<< /Size 10000 /Prev {previous} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").as_bytes(),
    );
    made
}

/// The file with the signature of another one in its place.
fn with_signature_of(pdf: &[u8], other: &[u8]) -> Vec<u8> {
    let contents = |bytes: &[u8]| {
        let name = rfind(bytes, b"/Contents").unwrap();
        let begin = name + bytes[name..].iter().position(|byte| *byte == b'<').unwrap() + 1;
        let end = begin + bytes[begin..].iter().position(|byte| *byte == b'>').unwrap();
        (begin, end)
    };
    let (begin, end) = contents(pdf);
    let (from, to) = contents(other);
    let mut made = pdf.to_vec();
    let mut copied = other[from..to].to_vec();
    copied.resize(end - begin, b'0');
    made[begin..end].copy_from_slice(&copied);
    made
}
