//! The demonstration city: who lives there, what they hold, and the file that tells a script about it.

mod clients;
mod facts;
mod licences;
mod names;
mod people;
mod relying_parties;
#[cfg(test)]
mod years;

use std::path::Path;

use anyhow::{Context, ensure};

pub use self::{facts::DemoFacts, relying_parties::RelyingPartyPorts};
use crate::wiring::Product;

/// Fills an empty product with the city and keeps the facts in the folder; on a folder that has a city, only looks how
/// it stands now.
///
/// # Errors
///
/// A database that has a city whose facts are in another folder, and the other way round.
pub async fn seed(product: &Product, folder: &Path, ports: &RelyingPartyPorts) -> anyhow::Result<DemoFacts> {
    let city = match facts::CityFacts::kept(folder)? {
        Some(city) => city,
        None => found(product, folder, ports).await?,
    };
    DemoFacts::gather(product, ports, city).await
}

async fn found(product: &Product, folder: &Path, ports: &RelyingPartyPorts) -> anyhow::Result<facts::CityFacts> {
    let first = names::credit_code("11", 0)?;
    let settled = identity::organisation::find_by_code(&mut product.database.read().await?, &first).await?;
    ensure!(
        settled.is_none(),
        "this database has a city already, and {} does not know it: take its own folder, or a fresh database",
        folder.display()
    );
    let people = people::register(product).await.context("registering the people")?;
    licences::prepare(product, &people).await.context("making the seals")?;
    let clients = clients::register(product, ports, &people).await.context("registering the applications")?;
    let licences = licences::issue_all(product, folder, &people).await.context("issuing the licences")?;
    let issue_example = licences::example(&people)?;
    let city = facts::CityFacts { accounts: people.accounts, clients, licences, issue_example };
    city.keep(folder)?;
    Ok(city)
}
