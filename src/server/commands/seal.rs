//! `seal`: the electronic seals of departments.

use anyhow::Context;
use base::{ListPage, id::SealId};
use identity::staff;
use seal::{NewSeal, SealKind};

use serde_json::json;

use super::operator;
use crate::{
    foundation,
    settings::Settings,
    wiring::{self, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a department's seal with its key and certificate, file it and enable it.
    Make(Making),
    /// List the seals of a department, or of all.
    List {
        /// The department's credit code; without it, every department.
        #[arg(long, value_name = "CODE")]
        organisation_code: Option<String>,
    },
    /// Stop a seal from sealing until it is unfrozen.
    Freeze(Change),
    /// Let a frozen seal seal again.
    Unfreeze(Change),
    /// Give a seal a new key and certificate; what it sealed before stays good.
    Renew(Change),
    /// End a seal for good and revoke its certificate.
    Cancel(Change),
}

/// A seal to be made.
#[derive(clap::Args)]
pub struct Making {
    /// The department's credit code.
    #[arg(long, value_name = "CODE")]
    organisation_code: String,
    /// What its keeper signs in with: someone appointed there as `seal_keeper`.
    #[arg(long, value_name = "USERNAME")]
    keeper: String,
    /// `licence` (电子证照专用章) or `official` (公章).
    #[arg(long, default_value = "licence", value_parser = ["licence", "official"], hide_possible_values = true)]
    kind: String,
}

/// A change of a seal.
#[derive(clap::Args)]
pub struct Change {
    /// The seal.
    seal_id: String,
    /// Why, for the record.
    #[arg(long)]
    reason: String,
}

/// Does it.
///
/// # Errors
///
/// When what was given is not acceptable, or the database is out of reach.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    match &command {
        Command::Make(new) => make(settings, new).await,
        Command::List { organisation_code } => list(settings, organisation_code.as_deref()).await,
        Command::Freeze(what) | Command::Unfreeze(what) | Command::Renew(what) | Command::Cancel(what) => {
            change(settings, &command, what).await
        }
    }
}

async fn make(settings: &Settings, new: &Making) -> anyhow::Result<()> {
    let code = super::credit_code(&new.organisation_code)?;
    let kind = SealKind::parse(&new.kind).with_context(|| format!("--kind {}: licence or official", new.kind))?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let department = super::organisation_with(&mut work.tx, &code).await?;
    let person = super::person_of(&mut work.tx, &new.keeper).await?;
    let keeper = staff::of_person(&mut work.tx, &person).await?;
    let keeper = keeper.with_context(|| format!("{} has no appointment", new.keeper))?.staff_id;
    let new = NewSeal { organisation_id: department.organisation_id, kind, keeper };
    let seal = seal::create(&mut work, &product.app.library.cabinet, new).await.with_context(|| department.name)?;
    work.commit().await?;
    super::print(&format!("{seal}\n"))
}

async fn change(settings: &Settings, command: &Command, what: &Change) -> anyhow::Result<()> {
    let seal = SealId::parse(&what.seal_id).with_context(|| format!("{} is no seal", what.seal_id))?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let changed = match command {
        Command::Freeze(_) => seal::freeze(&mut work, &seal, &what.reason).await,
        Command::Unfreeze(_) => seal::unfreeze(&mut work, &seal, &what.reason).await,
        Command::Renew(_) => seal::renew(&mut work, &product.app.custody, &seal, &what.reason).await.map(|_| ()),
        _ => seal::cancel(&mut work, &product.app.custody, &seal, &what.reason).await,
    };
    changed.with_context(|| what.seal_id.clone())?;
    work.commit().await?;
    super::print("done\n")
}

async fn list(settings: &Settings, organisation_code: Option<&str>) -> anyhow::Result<()> {
    let database = foundation::find_database(settings).await?;
    let mut departments = super::departments(&database, organisation_code).await?;
    while let Some(department) = departments.next().await? {
        let mut page = ListPage::first(ListPage::<SealId>::LIMIT_MAX);
        loop {
            let found = seal::list(&mut database.read().await?, &department.organisation_id, &page).await?;
            for one in found.items {
                let (id, number, state) = (&one.seal_id, &one.number, one.state.code());
                let words = format!("{id}  {number}  {state:<9}  {}  {}", one.name, department.name);
                let (id, name, organisation) = (id.as_str(), &one.name, &department.name);
                super::tell(
                    &words,
                    &json!({
                        "seal_id": id, "number": number, "state": state, "name": name,
                        "organisation": organisation,
                    }),
                )?;
            }
            match found.next {
                Some(next) => page = ListPage::after(next, page.limit),
                None => break,
            }
        }
    }
    Ok(())
}
