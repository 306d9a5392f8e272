//! Bytes on the wire that no honest client sends: each is answered with a refusal or nothing, and the connection ends.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tests::{browser::client, installation::Installation};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

/// Sends bytes and reads until the server closes, or for so many seconds: then it did not.
async fn exchange(installation: &Installation, bytes: &[u8], seconds: u64) -> (String, bool) {
    let mut stream = TcpStream::connect(installation.address).await.unwrap();
    // A server that has seen enough may close before everything is sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(seconds), stream.read_to_end(&mut answer)).await.is_ok();
    (String::from_utf8_lossy(&answer).into_owned(), ended)
}

#[tokio::test]
async fn requests_that_two_readers_could_read_in_two_ways_are_refused() {
    let installation = Installation::on(None);
    let server = installation.serve().await;
    let host = format!("host: {}\r\n", installation.address);
    let smuggled = format!("GET /smuggled HTTP/1.1\r\n{host}\r\n");
    let get = |headers: &str, body: &str| format!("GET /livez HTTP/1.1\r\n{host}{headers}\r\n{body}");
    let post = |headers: &str, body: &str| format!("POST /token HTTP/1.1\r\n{host}{FORM}{headers}\r\n{body}");
    for (name, request) in [
        ("two lengths", post("content-length: 3\r\ncontent-length: 5\r\n", "a=bcd")),
        ("two lengths in one", post("content-length: 3, 5\r\n", "a=bcd")),
        ("a length with a sign", post("content-length: +3\r\n", "a=b")),
        ("a length below nothing", post("content-length: -1\r\n", "")),
        ("a length in hexadecimal", post("content-length: 0x3\r\n", "a=b")),
        ("a length with a space", post("content-length : 3\r\n", "a=b")),
        ("a length that overflows", post("content-length: 18446744073709551617\r\n", "a")),
        ("an unknown coding", post("transfer-encoding: xchunked\r\n", "0\r\n\r\n")),
        ("chunks that are not last", post("transfer-encoding: chunked, identity\r\n", "0\r\n\r\n")),
        ("a coding with a space", post("transfer-encoding : chunked\r\n", "0\r\n\r\n")),
        (
            "length and chunks",
            post("content-length: 4\r\ntransfer-encoding: chunked\r\n", &format!("0\r\n\r\n{smuggled}")),
        ),
        (
            "chunks and length",
            post("transfer-encoding: chunked\r\ncontent-length: 4\r\n", &format!("0\r\n\r\n{smuggled}")),
        ),
        ("a chunk of no size", post("transfer-encoding: chunked\r\n", &format!("zz\r\na=b\r\n0\r\n\r\n{smuggled}"))),
        ("a chunk that overflows", post("transfer-encoding: chunked\r\n", "fffffffffffffffff\r\na")),
        // Asked for what would be answered with 200, were it read.
        ("length and chunks of what is fine", get("content-length: 0\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n")),
        ("chunks and length of what is fine", get("transfer-encoding: chunked\r\ncontent-length: 0\r\n", "0\r\n\r\n")),
        ("a length twice", get("content-length: 0\r\ncontent-length: 0\r\n", "")),
        ("two codings", get("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n")),
        ("a line feed alone", get("", "").replace("\r\n", "\n")),
        ("a line feed alone behind the request line", get("", "").replacen("\r\n", "\n", 1)),
        ("a line feed alone behind a header", get("x: y\n", "")),
        ("a line feed alone at the end", get("", "").replace("\r\n\r\n", "\r\n\n")),
        (
            "a line feed alone in a chunk's size",
            post("transfer-encoding: chunked\r\n", &format!("3\na=b\r\n0\r\n\r\n{smuggled}")),
        ),
        ("a folded header", format!("GET / HTTP/1.1\r\n{host}x: a\r\n b\r\n\r\n")),
        ("a header without a name", format!("GET / HTTP/1.1\r\n{host}: x\r\n\r\n")),
        ("a line end in a value", format!("GET / HTTP/1.1\r\n{host}x: a\rb\r\n\r\n")),
        ("a zero in a value", format!("GET / HTTP/1.1\r\n{host}x: a\0b\r\n\r\n")),
        ("a target with a space", format!("GET /a b HTTP/1.1\r\n{host}\r\n")),
        ("no version", format!("GET /\r\n{host}\r\n")),
        ("another version", format!("GET / HTTP/3.7\r\n{host}\r\n")),
        ("HTTP/2 in clear", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("TLS on a port in clear", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".to_owned() + &"x".repeat(512)),
        ("two hosts", format!("GET / HTTP/1.1\r\n{host}host: evil.example\r\n\r\n")),
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned()),
    ] {
        let (answer, ended) = exchange(&installation, request.as_bytes(), 5).await;
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 5");
        assert!(refused, "{name}: {answer}");
        assert!(ended, "{name}: the connection goes on after {answer}");
        assert!(answer.matches("HTTP/1.1").count() <= 1, "{name}: a second request was read\n{answer}");
    }
    // The same, framed in one way: bodies with line feeds in them, one request behind the other on one connection.
    let form = "grant_type=x\n\n";
    let chunked = format!("{:x};of=one\r\n{form}\r\n0\r\nx: y\r\n\r\n", form.len());
    let fine = [
        get("", ""),
        post(&format!("content-length: {}\r\n", form.len()), form),
        post("Transfer-Encoding: Chunked\r\n", &chunked),
        get("connection: close\r\n", ""),
    ];
    let (answer, ended) = exchange(&installation, fine.concat().as_bytes(), 5).await;
    assert!(ended && answer.matches("HTTP/1.1").count() == fine.len(), "{answer}");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.matches("HTTP/1.1 200").count() == 2, "{answer}");
    let ok = client().get(installation.url("/healthz")).send().await.unwrap();
    assert_eq!(ok.status(), StatusCode::OK);
    assert_eq!(server.stop(), Some(0));
    let log = installation.log_text();
    assert!(!log.contains("ERROR") && !log.contains("panic"), "{log}");
}

#[tokio::test]
async fn too_much_of_anything_is_refused_and_methods_that_nobody_offers_too() {
    let installation = Installation::on(None);
    let server = installation.serve().await;
    let host = format!("host: {}\r\n", installation.address);
    let end = format!("HTTP/1.1\r\n{host}");
    for (name, request, wanted) in [
        ("1000 headers", format!("GET / {end}{}\r\n", "x: y\r\n".repeat(1000)), "431"),
        ("a cookie of 1 MB", format!("GET / {end}cookie: a={}\r\n\r\n", "x".repeat(1 << 20)), "431"),
        ("an address of 1 MB", format!("GET /{} {end}\r\n", "x".repeat(1 << 20)), "431"),
        ("an address of 20 kB", format!("GET /{} {end}\r\n", "x".repeat(20 << 10)), "414"),
        ("TRACE", format!("TRACE / {end}\r\n"), "405"),
        ("an unknown method", format!("STEAL / {end}\r\n"), "405"),
        ("a body of 1 GB", format!("POST /token {end}{FORM}content-length: 1073741824\r\n\r\na=b"), "4"),
    ] {
        let (answer, _) = exchange(&installation, request.as_bytes(), 1).await;
        // The connection may be gone before a refusal that comes early is read.
        let is_cut_off = answer.is_empty() && name.contains("MB");
        if !is_cut_off {
            assert!(answer.starts_with(&format!("HTTP/1.1 {wanted}")), "{name}: {answer:.300}");
        }
    }
    assert_eq!(server.stop(), Some(0));
}

#[tokio::test]
async fn headers_and_bodies_that_come_in_drops_are_not_waited_for() {
    let installation = Installation::on(None);
    let server = installation.serve().await;
    let host = format!("host: {}\r\n", installation.address);
    let slow = async |first: String| {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(installation.address).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        loop {
            // One byte now and then, and whatever comes back.
            let read = tokio::time::timeout(Duration::from_millis(500), stream.read_buf(&mut answer)).await;
            if matches!(read, Ok(Ok(0) | Err(_))) || begun.elapsed() > Duration::from_secs(40) {
                return (begun.elapsed(), String::from_utf8_lossy(&answer).into_owned());
            }
            let _ = stream.write_all(b"x").await;
        }
    };
    let (headers, body) = tokio::join!(
        slow(format!("GET / HTTP/1.1\r\n{host}x: ")),
        slow(format!("POST /token HTTP/1.1\r\n{host}{FORM}content-length: 1000\r\n\r\ngrant_type=")),
    );
    for ((took, answer), said) in [(headers, ""), (body, "HTTP/1.1 400")] {
        assert!(took > Duration::from_secs(8) && took < Duration::from_secs(20), "{took:?}");
        assert_eq!(answer.get(..12).unwrap_or(&answer), said);
    }
    assert_eq!(server.stop(), Some(0));
}
