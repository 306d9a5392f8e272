//! `serve`: until asked to stop.

use anyhow::Context;
use tokio::net::TcpListener;

use crate::{
    settings::{self, Settings},
    wiring::{self, World},
};

/// Serves until SIGTERM or Ctrl-C, then finishes what is running.
///
/// # Errors
///
/// What is wrong with the settings, the database, the keys or the listener.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let product = wiring::build(settings, World::default()).await?;
    let listen = settings.text(&settings::LISTEN);
    let listener = TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
    let running = wiring::start(settings, product, listener)?;
    tracing::info!(address = %running.address, public_url = settings.text(&settings::PUBLIC_URL), "serving");
    wiring::asked_to_stop().await?;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}
