//! A load balancer as small as can be: it asks each node whether it is ready, and hands every new connection to one that
//! is.

use std::{
    net::SocketAddrV4,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::{interval, timeout},
};

use crate::{browser::client, process::own_address};

/// How often it asks.
const EVERY: Duration = Duration::from_millis(100);

/// How long a node may take to answer it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// One node behind it.
#[derive(Debug)]
struct Node {
    address: SocketAddrV4,
    is_ready: AtomicBool,
}

/// The balancer; it ends when it is dropped.
#[derive(Debug)]
pub struct Balancer {
    pub address: SocketAddrV4,
    nodes: Arc<Vec<Node>>,
    running: JoinHandle<()>,
}

impl Balancer {
    /// In front of these.
    pub async fn before(addresses: &[SocketAddrV4]) -> Self {
        let node = |address: &SocketAddrV4| Node { address: *address, is_ready: AtomicBool::new(false) };
        let nodes: Arc<Vec<Node>> = Arc::new(addresses.iter().map(node).collect());
        let address = own_address();
        let listener = TcpListener::bind(address).await.unwrap();
        let behind = Arc::clone(&nodes);
        let running = tokio::spawn(async move {
            let mut beside = JoinSet::new();
            for place in 0..behind.len() {
                beside.spawn(ask(Arc::clone(&behind), place));
            }
            let turn = Arc::new(AtomicUsize::new(0));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                beside.spawn(hand_on(stream, Arc::clone(&behind), Arc::clone(&turn)));
            }
        });
        Self { address, nodes, running }
    }

    /// Which nodes are ready, as it sees them.
    pub fn ready(&self) -> Vec<bool> {
        self.nodes.iter().map(|node| node.is_ready.load(Ordering::Relaxed)).collect()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn ask(nodes: Arc<Vec<Node>>, place: usize) {
    let (http, node) = (client(), &nodes[place]);
    let mut every = interval(EVERY);
    loop {
        every.tick().await;
        let asking = http.get(format!("http://{}/healthz", node.address)).timeout(ANSWERS_WITHIN).send();
        let is_ready = asking.await.is_ok_and(|answer| answer.status().is_success());
        node.is_ready.store(is_ready, Ordering::Relaxed);
    }
}

/// Hands a connection to the next node that is ready.
async fn hand_on(mut stream: TcpStream, nodes: Arc<Vec<Node>>, turn: Arc<AtomicUsize>) {
    for _ in 0..nodes.len() {
        let node = &nodes[turn.fetch_add(1, Ordering::Relaxed) % nodes.len()];
        if !node.is_ready.load(Ordering::Relaxed) {
            continue;
        }
        let Ok(Ok(mut behind)) = timeout(ANSWERS_WITHIN, TcpStream::connect(node.address)).await else { continue };
        let _ = copy_bidirectional(&mut stream, &mut behind).await;
        return;
    }
}
