//! `serve`: until asked to stop.

use anyhow::bail;

use crate::{
    foundation,
    settings::{self, Settings},
    surfaces,
    wiring::{self, StopSignal, World},
};

/// Serves until SIGTERM or Ctrl-C, then finishes what is running; a second signal ends it at once.
///
/// # Errors
///
/// When a setting cannot be used, the database or the keys cannot be opened, or an address cannot be listened on.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    // Before the database is touched: a second server started by mistake changes nothing.
    let listeners = surfaces::bind(settings).await?;
    let told: Vec<String> = listeners.iter().map(ToString::to_string).collect();
    let _alone = foundation::alone(settings)?;
    let product = wiring::build(settings, World::default()).await?;
    let mut signal = StopSignal::listen()?;
    let running = wiring::start(settings, product, listeners)?;
    tracing::info!(listeners = told.join("; "), public_url = settings.text(&settings::PUBLIC_URL), "serving");
    signal.asked().await;
    tracing::info!("stopping");
    tokio::select! {
        () = running.stop() => {}
        () = signal.asked() => bail!("asked to stop a second time: running requests were cut off"),
    }
    tracing::info!("stopped");
    Ok(())
}
