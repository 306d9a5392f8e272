//! `staff`: who works for a department, in which roles.

use anyhow::Context;
use base::{ListPage, id::StaffId};
use clap::builder::PossibleValuesParser;
use identity::{Reason, Role, events::StaffListed, staff};

use serde_json::json;

use super::operator;
use crate::{
    settings::Settings,
    wiring::{self, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Appoint a person who has an account, and print the identifier of the appointment.
    Appoint(Appointment),
    /// List the staff of a department, or of all; whose names were shown is written down.
    List {
        /// The department's credit code; without it, every department.
        #[arg(long, value_name = "CODE")]
        organisation_code: Option<String>,
    },
    /// End a person's appointment.
    End {
        /// What the person signs in with.
        #[arg(long, value_name = "USERNAME")]
        username: String,
        /// Why: kept in the event log.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// An appointment to be made.
#[derive(clap::Args)]
pub struct Appointment {
    /// What the person signs in with.
    #[arg(long, value_name = "USERNAME")]
    username: String,
    /// The department's credit code.
    #[arg(long, value_name = "CODE")]
    organisation_code: String,
    /// What the person does there; may be repeated: clerk, reviewer,
    /// seal_keeper, counter, auditor or operator.
    #[arg(long, value_name = "ROLE", required = true, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::code)), hide_possible_values = true, verbatim_doc_comment)]
    role: Vec<String>,
    /// Why: kept in the event log.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Does it.
///
/// # Errors
///
/// When what was given is not acceptable, or the database is out of reach.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Appoint(new) => appoint(settings, &new).await,
        Command::List { organisation_code } => list(settings, organisation_code.as_deref()).await,
        Command::End { username, reason } => end(settings, &username, &reason).await,
    }
}

async fn appoint(settings: &Settings, new: &Appointment) -> anyhow::Result<()> {
    let code = super::credit_code(&new.organisation_code)?;
    let role = |text: &String| Role::parse(text).with_context(|| format!("--role {text}: there is no such role"));
    let roles = new.role.iter().map(role).collect::<anyhow::Result<Vec<_>>>()?;
    let reason = Reason::parse(&new.reason).context("--reason")?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let department = super::organisation_with(&mut work.tx, &code).await?;
    let person = super::person_of(&mut work.tx, &new.username).await?;
    let staff = staff::appoint(&mut work, &person, &department.organisation_id, &roles).await;
    let staff = staff.with_context(|| format!("{} at {}", new.username, department.name))?;
    reason.record(&mut work, staff.as_str());
    work.commit().await?;
    super::tell(staff.as_str(), &json!({ "staff_id": staff.as_str() }))
}

async fn end(settings: &Settings, username: &str, reason: &str) -> anyhow::Result<()> {
    let reason = Reason::parse(reason).context("--reason")?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let person = super::person_of(&mut work.tx, username).await?;
    let appointment = staff::of_person(&mut work.tx, &person).await?;
    let appointment = appointment.with_context(|| format!("{username} has no appointment"))?;
    staff::end(&mut work, &appointment.staff_id).await?;
    reason.record(&mut work, appointment.staff_id.as_str());
    work.commit().await?;
    super::print("ended\n")
}

async fn list(settings: &Settings, organisation_code: Option<&str>) -> anyhow::Result<()> {
    let product = wiring::find(settings, World::default()).await?;
    let context = operator::context(settings, &product).await?;
    let mut departments = super::departments(&product.database, organisation_code).await?;
    while let Some(department) = departments.next().await? {
        let mut page = ListPage::first(ListPage::<StaffId>::LIMIT_MAX);
        loop {
            let of = &department.organisation_id;
            let found = staff::list(&mut product.database.read().await?, of, &page).await?;
            if !found.items.is_empty() {
                // Before it is shown.
                product
                    .database
                    .tell(&context, StaffListed { organisation: of.clone(), count: found.items.len() })
                    .await?;
            }
            for one in found.items {
                let words = format!("{}  {}  {}  {}", one.staff_id, one.roles, one.name, department.name);
                let (id, roles) = (one.staff_id.as_str(), one.roles.iter().map(Role::code).collect::<Vec<_>>());
                super::tell(
                    &words,
                    &json!({ "staff_id": id, "roles": roles, "name": one.name, "organisation": department.name }),
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
