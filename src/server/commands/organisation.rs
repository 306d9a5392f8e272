//! `organisation`: what the register learns about departments and companies.

use std::fmt::Write;

use anyhow::Context;
use base::{ListPage, id::OrganisationId, mask};
use identity::{
    Reason,
    organisation::{
        self, NewOrganisation, OrganisationKind,
        change::{self, Change, Facts},
    },
};

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
    /// Register a department or a company.
    Add(New),
    /// Write down that it exists no more or that its registration was revoked: for good; revokes its licences.
    Cease(Which),
    /// Change its name, address or legal representative; what it was before is kept.
    Edit(Changes),
    /// Let a suspended one act again.
    Resume(Which),
    /// Show what is registered of it, and what it was before.
    Show(Which),
    /// List departments, or companies.
    List {
        /// Companies.
        #[arg(long)]
        enterprises: bool,
    },
    /// Suspend it: a suspended department issues nothing.
    Suspend(Which),
}

/// An organisation to be registered.
#[derive(clap::Args)]
pub struct New {
    /// Its name.
    #[arg(long)]
    name: String,
    /// Its unified social credit code.
    #[arg(long, value_name = "CODE")]
    organisation_code: String,
    /// A company, which issues nothing and may hold licences; without it a department.
    #[arg(long)]
    enterprise: bool,
    /// What its legal representative signs in with.
    #[arg(long, value_name = "USERNAME")]
    legal_representative: Option<String>,
}

/// Which organisation.
#[derive(clap::Args)]
pub struct Which {
    /// Its credit code.
    #[arg(long, value_name = "CODE")]
    organisation_code: String,
}

/// What is to be different.
#[derive(clap::Args)]
pub struct Changes {
    #[command(flatten)]
    which: Which,
    /// Why: kept in the event log.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Its new name.
    #[arg(long)]
    name: Option<String>,
    /// Its new address; an empty one removes it.
    #[arg(long)]
    address: Option<String>,
    /// What its new legal representative signs in with; an empty one leaves it without.
    #[arg(long, value_name = "USERNAME")]
    legal_representative: Option<String>,
}

/// Does it.
///
/// # Errors
///
/// An unknown organisation, one that is not in the state it is moved from, or the database.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    match &command {
        Command::Add(new) => add(settings, new).await,
        Command::Edit(changes) => edit(settings, changes).await,
        Command::Show(which) => show(settings, which).await,
        Command::List { enterprises } => list(settings, *enterprises).await,
        Command::Cease(which) | Command::Resume(which) | Command::Suspend(which) => {
            change(settings, &command, which).await
        }
    }
}

async fn add(settings: &Settings, new: &New) -> anyhow::Result<()> {
    let credit_code = super::credit_code(&new.organisation_code)?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let legal_representative = match &new.legal_representative {
        Some(username) => Some(super::person_of(&mut work.tx, username).await?),
        None => None,
    };
    let new = NewOrganisation {
        name: new.name.clone(),
        credit_code,
        kind: if new.enterprise { OrganisationKind::Enterprise } else { OrganisationKind::Department },
        legal_representative,
    };
    let id = organisation::register(&mut work, new).await?;
    work.commit().await?;
    super::tell(id.as_str(), &json!({ "organisation_id": id.as_str() }))
}

async fn edit(settings: &Settings, changes: &Changes) -> anyhow::Result<()> {
    let code = super::credit_code(&changes.which.organisation_code)?;
    let reason = Reason::parse(&changes.reason).context("--reason")?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let found = super::organisation_with(&mut work.tx, &code).await?;
    let before = Facts::of(&found);
    let mut after = before.clone();
    if let Some(name) = &changes.name {
        after.name = change::renamed(&before.name, name).context("--name")?;
    }
    if let Some(address) = &changes.address {
        after.address = Some(address.trim().to_owned()).filter(|address| !address.is_empty());
    }
    if let Some(username) = &changes.legal_representative {
        after.legal_representative = match username.trim() {
            "" => None,
            username => Some(super::person_of(&mut work.tx, username).await?.to_string()),
        };
    }
    let id = found.organisation_id;
    change::at_once(&mut work, &id, &Change { before, after }, &reason).await.with_context(|| found.name.clone())?;
    work.commit().await?;
    show(settings, &changes.which).await
}

async fn show(settings: &Settings, which: &Which) -> anyhow::Result<()> {
    let code = super::credit_code(&which.organisation_code)?;
    let database = foundation::find_database(settings).await?;
    let mut tx = database.read().await?;
    let found = super::organisation_with(&mut tx, &code).await?;
    // No look at a person, which takes somebody who answers for it: that is `person show`.
    let representative = match &found.legal_representative {
        Some(person) => identity::person::find(&mut tx, person).await?.map(|found| mask::person_name(&found.name)),
        None => None,
    };
    let history = change::history(&mut tx, &found.organisation_id).await?;
    let object = json!({
        "organisation_id": found.organisation_id.as_str(), "credit_code": found.credit_code.as_str(),
        "state": found.state.code(), "name": found.name, "representative": representative, "address": found.address,
        "before": history.iter().map(|former| json!({
            "name": former.name, "representative": former.legal_representative, "address": former.address,
            "until": former.until.rfc3339(),
        })).collect::<Vec<_>>(),
    });
    let none = || "-".to_owned();
    let line = |name: &str, representative: Option<String>, address: Option<String>| {
        let (representative, address) = (representative.unwrap_or_else(none), address.unwrap_or_else(none));
        format!("{name}  representative: {representative}  address: {address}")
    };
    let (id, state) = (&found.organisation_id, found.state.code());
    let now = line(&found.name, representative, found.address.clone());
    let mut lines = format!("{id}  {}  {state}  {now}", found.credit_code);
    for former in history {
        let was = line(&former.name, former.legal_representative, former.address);
        let _ = write!(lines, "\nuntil {}  {was}", former.until.rfc3339());
    }
    super::tell(&lines, &object)
}

async fn list(settings: &Settings, enterprises: bool) -> anyhow::Result<()> {
    let database = foundation::find_database(settings).await?;
    let mut tx = database.read().await?;
    let kind = if enterprises { OrganisationKind::Enterprise } else { OrganisationKind::Department };
    let mut page = ListPage::first(ListPage::<OrganisationId>::LIMIT_MAX);
    loop {
        let found = organisation::list(&mut tx, kind, &page).await?;
        for one in found.items {
            let (id, state) = (&one.organisation_id, one.state.code());
            let words = format!("{id}  {}  {state:<9}  {}", one.credit_code, one.name);
            let (id, code) = (id.as_str(), one.credit_code.as_str());
            super::tell(
                &words,
                &json!({ "organisation_id": id, "credit_code": code, "state": state, "name": one.name }),
            )?;
        }
        match found.next {
            Some(next) => page = ListPage::after(next, page.limit),
            None => return Ok(()),
        }
    }
}

async fn change(settings: &Settings, command: &Command, which: &Which) -> anyhow::Result<()> {
    let code = super::credit_code(&which.organisation_code)?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let found = super::organisation_with(&mut work.tx, &code).await?;
    let id = found.organisation_id;
    let state = found.state.code();
    let outcome = match command {
        Command::Resume(_) => organisation::resume(&mut work, &id).await,
        Command::Suspend(_) => organisation::suspend(&mut work, &id).await,
        _ => organisation::cease(&mut work, &id).await,
    };
    outcome.with_context(|| format!("{} is {state}", found.name))?;
    let told = work.commit_and_tell().await?;
    let done = match command {
        Command::Resume(_) => "active".to_owned(),
        Command::Suspend(_) => "suspended".to_owned(),
        _ => format!("ceased, {} licences ended", super::licences_ended(&told)),
    };
    super::print(&format!("{id} {} is {done}\n", found.name))
}
