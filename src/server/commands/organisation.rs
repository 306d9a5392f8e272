//! `organisation`: what the register learns about departments and companies.

use anyhow::Context;
use identity::organisation;
use licence::{Holder, lifecycle};
use records::Actor;

use crate::{
    settings::Settings,
    wiring::{self, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Write down that it exists no more or that its registration was revoked: for good; revokes its licences.
    Cease(Which),
    /// Let a suspended one act again.
    Resume(Which),
    /// Suspend it: a suspended department issues nothing.
    Suspend(Which),
}

/// Which organisation.
#[derive(clap::Args)]
pub struct Which {
    /// Its credit code.
    #[arg(long, value_name = "CODE")]
    organisation_code: String,
}

/// Does it.
///
/// # Errors
///
/// An unknown organisation, one that is not in the state it is moved from, or the database.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    let (Command::Cease(which) | Command::Resume(which) | Command::Suspend(which)) = &command;
    let code = super::credit_code(&which.organisation_code)?;
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let mut work = product.database.begin(world.context(Actor::Operator)).await?;
    let found = organisation::find_by_code(&mut work.tx, &code).await?;
    let found = found.with_context(|| format!("there is no organisation with the credit code {}", code.as_str()))?;
    let id = found.organisation_id;
    let state = found.state.code();
    let holder = Holder::Organisation(id.clone());
    let outcome = match command {
        Command::Resume(_) => organisation::resume(&mut work, &id).await,
        Command::Suspend(_) => organisation::suspend(&mut work, &id).await,
        Command::Cease(_) => organisation::cease(&mut work, &id).await,
    };
    outcome.with_context(|| format!("{} is {state}", found.name))?;
    let done = match command {
        Command::Resume(_) => "active".to_owned(),
        Command::Suspend(_) => "suspended".to_owned(),
        Command::Cease(_) => {
            let ended = lifecycle::holder_ended(&mut work, &product.app.library, &holder).await?;
            format!("ceased, {} licences ended", ended.len())
        }
    };
    work.commit().await?;
    super::print(&format!("{id} {} is {done}\n", found.name))
}
