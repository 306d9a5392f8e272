//! Departments that let people in through Guosuo: small web applications with an own session each, which know the
//! provider only by its discovery document. They use the `openidconnect` crate as it is published.

mod config;
mod logout_token;
mod pages;
mod relying_party;
mod routes;
mod visitors;

use std::{future::Future, sync::Arc};

use anyhow::{Context, Result};
use tokio::net::TcpListener;

pub use config::{DepartmentConfig, OtherDepartment, Theme};
use relying_party::RelyingParty;
use visitors::Visitors;

/// What every handler reaches.
struct Department {
    config: DepartmentConfig,
    relying_party: RelyingParty,
    visitors: Visitors,
}

/// Listens and serves until the program ends.
///
/// # Errors
///
/// When the address cannot be listened on.
pub async fn run(config: DepartmentConfig) -> Result<()> {
    let listener =
        TcpListener::bind(&config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    serve(config, listener, std::future::pending()).await
}

/// Serves on `listener` until `stop` is ready; requests under way are finished.
///
/// # Errors
///
/// When the HTTP client cannot be built or the listener fails.
async fn serve(
    config: DepartmentConfig,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    // A second provider in one process is refused, which is fine: then one is installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let relying_party = RelyingParty::new(&config)?;
    let department = Arc::new(Department { config, relying_party, visitors: Visitors::default() });
    let waiting = Arc::clone(&department);
    // Found early, the provider costs the first visitor nothing; not found, each visit looks again.
    let discovery = tokio::spawn(async move { waiting.relying_party.wait_for_provider().await });
    let served = axum::serve(listener, routes::router(department)).with_graceful_shutdown(stop).await;
    discovery.abort();
    served.context("the department stopped serving")
}
