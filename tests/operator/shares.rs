//! No client takes what all share: connections, bodies that do not come, answers that are not read.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use tests::{
    browser::client,
    installation::Installation,
    wait::{any_moment, soon, until},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// So many files leave 240 connections, of which one client may have 30.
const FILES: &str = "-n 600";
const CONNECTIONS_EACH: usize = 30;

/// Bodies of one client that may be on their way.
const BODIES_EACH: usize = 64;

/// A connection from the n-th address of this machine.
async fn connect(installation: &Installation, from: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, from), 0))).unwrap();
    socket.connect(installation.address.into()).await.unwrap()
}

/// The answer on a connection that ends with it.
async fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

async fn ask(installation: &Installation, mut stream: TcpStream) -> String {
    let request = format!("GET /sign-in HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", installation.address);
    // One that was refused is closed already.
    let _ = stream.write_all(request.as_bytes()).await;
    answer(stream).await
}

#[tokio::test]
async fn one_address_cannot_take_every_connection_and_idle_ones_starve_nobody() {
    let (installation, _) = Installation::bootstrapped().await;
    let server = installation.serve_with(installation.address, FILES).await;
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS_EACH {
        idle.push(connect(&installation, 2).await);
    }
    let refused = ask(&installation, connect(&installation, 2).await).await;
    assert!(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{refused}");
    assert!(refused.contains("retry-after: 5\r\n") && refused.contains("连接过多 / Too many"), "{refused}");
    let other = ask(&installation, connect(&installation, 3).await).await;
    assert!(other.starts_with("HTTP/1.1 200 OK\r\n"), "{other}");
    // All but a few of the places are taken by those who say nothing: files are left for whoever does.
    for from in 4..10 {
        for _ in 0..CONNECTIONS_EACH {
            idle.push(connect(&installation, from).await);
        }
    }
    let (status, told) = installation.machine_token(&client(), "nobody", "x").await;
    assert_eq!((status.as_u16(), &told["error"]), (401, &"invalid_client".into()));
    idle.clear();
    soon("a place again", async || {
        let again = ask(&installation, connect(&installation, 2).await).await;
        again.starts_with("HTTP/1.1 200 OK\r\n").then_some(())
    })
    .await;
    assert_eq!(server.stop(), Some(0));
    let log = installation.log_text();
    assert_eq!(log.matches("more was wanted than there is").count(), 1, "{log}");
    assert!(log.contains("the limit of open files leaves few connections files=600"), "{log}");
    assert!(!log.contains("ERROR"), "{log}");
}

#[tokio::test]
async fn a_limit_of_open_files_that_may_be_raised_is_raised() {
    let (installation, _) = Installation::bootstrapped().await;
    let server = installation.serve_with(installation.address, "-Sn 600").await;
    let limits = server.limits();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let [now, most] = <[u64; 2]>::try_from(
        line.split_whitespace().take(2).map(|files| files.parse().unwrap_or(u64::MAX)).collect::<Vec<_>>(),
    )
    .unwrap();
    assert!(now > 600 && now <= most, "{line}");
    assert_eq!(server.stop(), Some(0));
    let log = installation.log_text();
    assert!(!log.contains("leaves few connections"), "{log}");
}

/// A form of which one byte is missing.
async fn unfinished(installation: &Installation, from: u8, forwarded: &str) -> TcpStream {
    let mut stream = connect(installation, from).await;
    let head = format!(
        "POST /token HTTP/1.1\r\nhost: {}\r\nx-forwarded-for: {forwarded}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: 12\r\nconnection: close\r\n\r\ngrant_type=",
        installation.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn one_address_cannot_hold_bodies_back_until_none_is_left_for_others() {
    // Straight, and through a proxy whose own address counts for nothing.
    for (trusted, many, other) in [
        ("[]", (2, "203.0.113.1"), (3, "203.0.113.1")),
        ("[\"127.0.0.2\"]", (2, "203.0.113.1"), (2, "203.0.113.2")),
        ("[\"127.0.0.2\"]", (2, "2001:db8:1:2::1"), (2, "2001:db8:1:3::1")),
    ] {
        let mut installation = Installation::on(None);
        installation.set("trusted_proxies", trusted);
        let server = installation.serve().await;
        let mut held = Vec::new();
        for _ in 0..=BODIES_EACH {
            held.push(unfinished(&installation, many.0, many.1).await);
        }
        // One of them came when the others had the places, whichever it was. They have ten seconds.
        let refused = until("a refusal", Duration::from_secs(8), async || {
            let mut first = [0; 12];
            let read = |stream: &TcpStream| stream.try_read(&mut first).is_ok();
            held.iter().any(read).then(|| String::from_utf8_lossy(&first).into_owned())
        });
        assert_eq!(refused.await, "HTTP/1.1 429", "{trusted}");
        let mut others = unfinished(&installation, other.0, other.1).await;
        others.write_all(b"x").await.unwrap();
        let others = answer(others).await;
        // What is wrong with the form, and not how many there are.
        assert!(others.contains("unsupported_grant_type"), "{trusted} {others}");
        drop(held);
        assert_eq!(server.stop(), Some(0));
        assert_eq!(installation.log_text().matches("more was wanted than there is").count(), 1);
    }
}

/// Answers are asked for one after the other and read at 54 bytes a second.
#[tokio::test]
async fn an_answer_that_is_read_in_drops_is_not_waited_for() {
    let installation = Installation::on(None);
    let server = installation.serve().await;
    let home = client().get(installation.url("/")).send().await.unwrap().text().await.unwrap();
    let style = home.split('"').find(|part| part.contains("guosuo.css")).unwrap().to_owned();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(installation.address.into()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let request = format!("GET {style} HTTP/1.1\r\nhost: {}\r\n\r\n", installation.address);
    let asking = tokio::spawn(async move { while writing.write_all(request.as_bytes()).await.is_ok() {} });
    let begun = Instant::now();
    let mut drop = [0; 27];
    until("the end of the connection", Duration::from_mins(1), async || {
        // What has come already can still be read; only whoever writes sees that nobody is there.
        let _ = reading.read(&mut drop).await;
        any_moment(Duration::from_millis(500)).await;
        asking.is_finished().then_some(())
    })
    .await;
    assert!(begun.elapsed() >= Duration::from_secs(25), "{:?}", begun.elapsed());
    assert_eq!(server.stop(), Some(0));
}
