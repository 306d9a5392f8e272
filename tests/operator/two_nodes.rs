//! Two nodes on one PostgreSQL behind a load balancer. On SQLite there is one node, so this is run with the tests on
//! PostgreSQL only (`src/xtask/test.rs`).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::StatusCode;
use tests::{
    balancer::Balancer,
    browser::client,
    installation::Installation,
    process::{Process, own_address},
    wait::{soon, until},
};

use super::commands::client_add;

/// Clients that send one request after the other.
const CLIENTS: usize = 8;

/// How many requests are answered between two steps.
const BETWEEN: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_restarted_one_after_the_other_drop_no_request() {
    let mut installation = Installation::new().await;
    let addresses = [installation.address, own_address()];
    let balancer = Balancer::before(&addresses).await;
    installation.set("public_url", &format!("http://{}", balancer.address));
    installation.set("leave_seconds", "1");
    installation.bootstrap();
    let words = client_add("machine");
    let words: Vec<&str> = words.into_iter().take(13).chain(["--machine", "--scopes", "licence:verify"]).collect();
    let secret = installation.must(&words).trim().rsplit(' ').next().unwrap().to_owned();
    let start = async |place: usize| -> Process {
        let process = installation.serve_at(addresses[place]).await;
        soon("the balancer to see it", async || balancer.ready()[place].then_some(())).await;
        process
    };
    let mut nodes = vec![start(0).await, start(1).await];

    let (answered, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let mut clients = Vec::new();
    for place in 0..CLIENTS {
        let (answered, over, secret) = (Arc::clone(&answered), Arc::clone(&over), secret.clone());
        let base = format!("http://{}", balancer.address);
        clients.push(tokio::spawn(async move {
            // Each keeps its connection, as a browser or a department's system does.
            let (http, mut wrong) = (client(), Vec::new());
            while !over.load(Ordering::Relaxed) {
                let request = if place % 2 == 0 {
                    http.get(format!("{base}/sign-in"))
                } else {
                    let form = [("grant_type", "client_credentials")];
                    http.post(format!("{base}/token")).basic_auth("machine", Some(&secret)).form(&form)
                };
                match request.send().await {
                    Ok(answer) if answer.status() == StatusCode::OK => {
                        wrong.extend(answer.bytes().await.err().map(|error| error.to_string()));
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(answer) => wrong.push(answer.status().to_string()),
                    Err(error) => wrong.push(format!("{error:?}")),
                }
            }
            wrong
        }));
    }
    let more = async || {
        let before = answered.load(Ordering::Relaxed);
        until("more answers", Duration::from_mins(1), async || {
            (answered.load(Ordering::Relaxed) >= before + BETWEEN).then_some(())
        })
        .await;
    };
    for place in 0..nodes.len() {
        more().await;
        let node = nodes.remove(0);
        let stopped = tokio::task::spawn_blocking(move || node.stop());
        assert_eq!(stopped.await.unwrap(), Some(0), "{}", installation.log_text());
        assert_eq!(balancer.ready().iter().filter(|ready| **ready).count(), 1, "it was told before");
        more().await;
        nodes.push(start(place).await);
    }
    more().await;
    over.store(true, Ordering::Relaxed);
    for client in clients {
        assert_eq!(client.await.unwrap(), Vec::<String>::new());
    }
    for node in nodes {
        assert_eq!(node.stop(), Some(0));
    }
    let log = installation.log_text();
    assert!(!log.contains("ERROR") && !log.contains("before every request was finished"), "{log}");
}
