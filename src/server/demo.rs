//! The demonstration city: who lives there, what they hold, and the file that tells a script about it.

mod clients;
mod facts;
mod licences;
mod names;
mod people;

use std::path::Path;

use anyhow::{Context, ensure};
use base::Text;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

pub use self::facts::DemoFacts;
use crate::wiring::Product;

/// Where one relying party listens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    /// `property`, `social` or `portal`.
    pub key: String,
    /// The loopback port, kept for the next start because the registered addresses name it.
    pub port: u16,
}

impl Place {
    /// What it listens on.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How a browser reaches it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }
}

/// Where the relying parties listen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RelyingPartyPlaces(Vec<Place>);

impl RelyingPartyPlaces {
    /// The places kept in the folder, or three free ports, which are then kept.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read or written.
    pub async fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("places.json");
        if path.exists() {
            let bytes = std::fs::read(&path)?;
            return serde_json::from_slice(&bytes).with_context(|| format!("reading {}", path.display()));
        }
        let mut places = Vec::new();
        // All are held until the last one is found, so that they differ.
        let mut held = Vec::new();
        for key in ["property", "social", "portal"] {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            places.push(Place { key: key.to_owned(), port: listener.local_addr()?.port() });
            held.push(listener);
        }
        let places = Self(places);
        std::fs::write(&path, serde_json::to_vec(&places)?)?;
        Ok(places)
    }

    /// All of them.
    pub fn all(&self) -> &[Place] {
        &self.0
    }
}

/// A registered relying party of the demonstration.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    /// The key of its place.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// Its identifier at the provider.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Option<String>,
    /// What it asks for besides `openid`.
    pub scopes: Vec<String>,
}

/// Fills an empty product with the city and keeps the facts in the folder; on a folder that has a city, only looks how
/// it stands now.
///
/// # Errors
///
/// A database that has a city whose facts are in another folder, and the other way round.
pub async fn seed(product: &Product, folder: &Path, places: &RelyingPartyPlaces) -> anyhow::Result<DemoFacts> {
    let city = match facts::City::kept(folder)? {
        Some(city) => city,
        None => found(product, folder, places).await?,
    };
    DemoFacts::gather(product, places, city).await
}

async fn found(product: &Product, folder: &Path, places: &RelyingPartyPlaces) -> anyhow::Result<facts::City> {
    let first = names::credit_code("11", 0)?;
    let settled = identity::organisation::find_by_code(&mut product.database.read().await?, &first).await?;
    ensure!(
        settled.is_none(),
        "this database has a city already, and {} does not know it: take its own folder, or a fresh database",
        folder.display()
    );
    let people = people::register(product).await.context("registering the people")?;
    licences::prepare(product, &people).await.context("making the seals")?;
    let clients = clients::register(product, places, &people).await.context("registering the applications")?;
    product.app.provider.forget_clients();
    let licences = licences::issue_all(product, folder, &people).await.context("issuing the licences")?;
    let issue_example = licences::example(&people)?;
    let city = facts::City { accounts: people.accounts, clients, licences, issue_example };
    city.keep(folder)?;
    Ok(city)
}
