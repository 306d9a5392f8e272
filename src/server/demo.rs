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
use records::{
    Actor,
    installation::{self, Founded},
};

pub use self::{facts::DemoFacts, relying_parties::RelyingPartyPorts};
use crate::{foundation, settings::Settings, wiring::Product};

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

/// Refuses a folder that holds what is no demonstration's, before anything in it is touched.
///
/// # Errors
///
/// There are keys or a database in it, and no demonstration was ever there.
pub fn check_folder(folder: &Path) -> anyhow::Result<()> {
    let holds = ["keys", "guosuo.sqlite"].iter().any(|name| folder.join(name).exists());
    ensure!(
        !holds || folder.join(LOCK).exists(),
        "{} holds an installation that is no demonstration: take another folder",
        folder.display()
    );
    Ok(())
}

/// Refuses a database that is no demonstration's, before its schema is touched.
///
/// # Errors
///
/// Something happened in it, and it is not known as a demonstration's.
pub async fn check_database(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    let of_database = foundation::database_settings(settings)?;
    if foundation::sqlite_file(of_database.url.expose()).is_some_and(|file| !file.exists()) {
        return Ok(());
    }
    let database = foundation::open(&of_database).await?;
    let founded = installation::look(&database).await;
    database.close().await;
    let is_own = match founded? {
        Founded::NotYet | Founded::Demonstration => true,
        Founded::InEarnest => false,
        // Those of older versions are known by what they keep in their folder.
        Founded::Unsaid => facts::CityFacts::kept(folder)?.is_some(),
    };
    ensure!(is_own, "this database is used for something else than a demonstration: take a fresh one");
    Ok(())
}

/// The lock of whoever runs a demonstration in a folder. It stays: by it a folder is known as a demonstration's.
pub const LOCK: &str = "demo.lock";

async fn found(product: &Product, folder: &Path, ports: &RelyingPartyPorts) -> anyhow::Result<facts::CityFacts> {
    let first = names::credit_code("11", 0)?;
    let settled = identity::organisation::find_by_code(&mut product.database.read().await?, &first).await?;
    ensure!(
        settled.is_none(),
        "this database has a city already, and {} does not know it: take its own folder, or a fresh database",
        folder.display()
    );
    let city = product.app.settings.site.city.zh.clone();
    let mut work = product.database.begin(product.world.context(Actor::Job("demonstration"))).await?;
    installation::found_demonstration(&mut work, &city).await?;
    work.commit().await?;
    let people = people::register(product).await.context("registering the people")?;
    people::bind_operator(product, folder).await.context("binding this machine account to the operator")?;
    licences::prepare(product, &people).await.context("making the seals")?;
    let clients = clients::register(product, ports, &people).await.context("registering the applications")?;
    let licences = licences::issue_all(product, folder, &people).await.context("issuing the licences")?;
    let issue_example = licences::example(&people)?;
    let city = facts::CityFacts { accounts: people.accounts, clients, licences, issue_example };
    city.keep(folder)?;
    Ok(city)
}
