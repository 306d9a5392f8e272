//! A relay between the product and its database that can fall silent, cut connections and refuse new ones: what a frozen
//! server, a stuck proxy or a failing network looks like from here. It runs in a thread of its own, so that a test that
//! waits for a command does not hold it up.

use std::{
    net::{SocketAddr, SocketAddrV4},
    sync::mpsc,
    thread,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

use crate::process::own_address;

/// What it does with what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// It passes everything on.
    Open,
    /// It keeps connections, takes bytes and new connections, and passes nothing on.
    Frozen,
    /// Nobody listens.
    Refusing,
}

#[derive(Clone, Copy, Debug)]
struct State {
    mode: Mode,
    to: SocketAddr,
    /// Connections from before the last cut are over.
    cuts: u32,
}

/// The relay. It ends when it is dropped, and every connection with it.
#[derive(Debug)]
pub struct Relay {
    pub address: SocketAddrV4,
    state: watch::Sender<State>,
}

impl Relay {
    /// Passes on to this server.
    pub fn to(server: SocketAddrV4) -> Self {
        let address = own_address();
        let (state, seen) = watch::channel(State { mode: Mode::Open, to: server.into(), cuts: 0 });
        let (ready, listens) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(listen(address, seen, ready));
        });
        listens.recv().unwrap();
        Self { address, state }
    }

    pub fn freeze(&self) {
        self.set(Mode::Frozen);
    }

    /// Passes on what it kept, and everything that comes.
    pub fn open(&self) {
        self.set(Mode::Open);
    }

    /// Lets nobody in; who is in stays.
    pub fn refuse(&self) {
        self.set(Mode::Refusing);
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// New connections lead to another server.
    pub fn lead_to(&self, server: SocketAddrV4) {
        self.state.send_modify(|state| state.to = server.into());
    }

    fn set(&self, mode: Mode) {
        self.state.send_modify(|state| state.mode = mode);
    }
}

async fn listen(address: SocketAddrV4, mut seen: watch::Receiver<State>, ready: mpsc::Sender<()>) {
    // It ends with the relay: nobody can change its mode any more.
    while seen.wait_for(|state| state.mode != Mode::Refusing).await.is_ok() {
        let listener = TcpListener::bind(address).await.unwrap();
        let _ = ready.send(());
        let for_each = seen.clone();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        tokio::spawn(pass_on(stream, for_each.clone()));
                    }
                }
                refusing = seen.wait_for(|state| state.mode == Mode::Refusing) => match refusing {
                    Ok(_) => break,
                    Err(_) => return,
                }
            }
        }
    }
}

async fn pass_on(client: TcpStream, mut seen: watch::Receiver<State>) {
    let cuts = seen.borrow().cuts;
    let mut until = seen.clone();
    let passing = async {
        seen.wait_for(|state| state.mode != Mode::Frozen).await.ok()?;
        let to = seen.borrow().to;
        let server = TcpStream::connect(to).await.ok()?;
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::join!(copy(from_client, to_server, seen.clone()), copy(from_server, to_client, seen.clone()));
        Some(())
    };
    tokio::select! {
        _ = passing => {}
        _ = until.wait_for(|state| state.cuts != cuts) => {}
    }
}

/// Passes on one direction; its end too is kept back while the relay is frozen.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut seen: watch::Receiver<State>) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut bytes).await.unwrap_or(0);
        let is_open = seen.wait_for(|state| state.mode != Mode::Frozen).await.is_ok();
        if !is_open || count == 0 || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
