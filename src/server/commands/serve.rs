//! `serve`: until asked to stop.

use std::time::Duration;

use anyhow::bail;

use crate::{
    backup, foundation,
    settings::Settings,
    surfaces,
    wiring::{self, Product, StopSignal, World},
};

/// How long a database that is not there is left alone before it is looked for again.
const LOOKED_FOR_EVERY: Duration = Duration::from_secs(1);

/// Serves until SIGTERM or Ctrl-C, then finishes what is running; a second signal ends it at once.
///
/// # Errors
///
/// When a setting cannot be used, the database or the keys cannot be opened, or an address cannot be listened on. A
/// database elsewhere that is only not there yet is waited for.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    // Before the database is touched: a second server started by mistake changes nothing.
    let listeners = surfaces::bind(settings).await?;
    let told: Vec<String> = listeners.iter().map(ToString::to_string).collect();
    let _alone = foundation::alone(settings)?;
    let mut signal = StopSignal::listen()?;
    let product = tokio::select! {
        product = product(settings) => product?,
        () = signal.asked() => {
            tracing::info!("asked to stop before anything was served");
            return Ok(());
        }
    };
    if let Err(error) = backup::tell_put_back(settings, &product).await {
        tracing::error!("the event log was not told that this was put back from a backup: {error:#}");
    }
    let public_url = product.app.settings.public_url.clone();
    let running = wiring::start(settings, product, listeners)?;
    tracing::info!(listeners = told.join("; "), public_url, "serving");
    signal.asked().await;
    tracing::info!("stopping");
    tokio::select! {
        () = running.stop() => {}
        () = signal.asked() => bail!("asked to stop a second time: running requests were cut off"),
    }
    tracing::info!("stopped");
    Ok(())
}

/// Puts the product together as soon as the database lets us in. A machine that starts may start before its database, and
/// who ends for that is given up by its supervisor before long.
async fn product(settings: &Settings) -> anyhow::Result<Product> {
    let mut waits = false;
    loop {
        match wiring::build(settings, World::default()).await {
            Err(error) if foundation::is_away_for_now(settings, &error) => {
                if !waits {
                    tracing::warn!(error = format!("{error:#}"), "the database is not there yet, and is waited for");
                }
                waits = true;
            }
            built => {
                if waits && built.is_ok() {
                    tracing::info!("the database is there");
                }
                return built;
            }
        }
        tokio::time::sleep(LOOKED_FOR_EVERY).await;
    }
}
