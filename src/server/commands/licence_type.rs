//! `licence-type`: what licences there are, and who issues them.

use anyhow::{Context as _, ensure};
use identity::{Reason, events::CommandApproved};
use licence::{
    Catalogue,
    licence_type::{self, RevokedBy},
};

use super::operator;
use crate::{
    foundation,
    settings::Settings,
    wiring::{self, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List the types in use.
    List,
    /// Let a department issue licences of a type.
    Authorise {
        /// The code of the type.
        code: String,
        /// The department's credit code.
        #[arg(long, value_name = "CODE")]
        organisation_code: String,
    },
    /// Say how many people of a department it takes to revoke its licences of a type.
    ///
    /// Two as a rule: a clerk files it and a reviewer approves it. For one person another operator has to agree.
    Revocation {
        /// The code of the type.
        code: String,
        /// The department's credit code.
        #[arg(long, value_name = "CODE")]
        organisation_code: String,
        /// How many people.
        #[arg(long, value_name = "PEOPLE", value_parser = clap::value_parser!(u8).range(1..=2))]
        people: u8,
        /// On what ground, which is kept in the log.
        #[arg(long, value_name = "REASON")]
        reason: String,
        /// Another operator, who agrees that one is enough and proves it.
        #[arg(long, value_name = "USERNAME")]
        approved_by: Option<String>,
    },
}

/// Does it.
///
/// # Errors
///
/// When what was given is not acceptable, or the database is out of reach.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List => {
            let database = foundation::find_database(settings).await?;
            for one in Catalogue::load(&mut database.read().await?).await?.all_published() {
                let name = &one.definition.name;
                let words = format!("{}  {:>3}  {} {}", one.code, one.version, name.zh, name.en);
                let (code, version) = (&one.code, one.version);
                super::tell(
                    &words,
                    &serde_json::json!({ "code": code, "version": version, "name": name.zh, "name_en": name.en }),
                )?;
            }
            Ok(())
        }
        Command::Authorise { code, organisation_code } => {
            let credit_code = super::credit_code(&organisation_code)?;
            let product = wiring::find(settings, World::default()).await?;
            let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
            let department = super::organisation_with(&mut work.tx, &credit_code).await?;
            ensure!(
                department.kind == identity::organisation::OrganisationKind::Department,
                "{} is no department: only departments issue licences",
                department.name
            );
            let catalogue = Catalogue::load(&mut work.tx).await?;
            ensure!(catalogue.published(&code).is_some(), "no licence type {code} is in use");
            licence_type::authorise(&mut work, &code, &department.organisation_id).await?;
            work.commit().await?;
            super::print(&format!("{} may issue {code}\n", department.name))
        }
        Command::Revocation { code, organisation_code, people, reason, approved_by } => {
            let by = if people == 1 { RevokedBy::One } else { RevokedBy::Two };
            revocation(settings, (&code, &organisation_code), by, (&reason, approved_by.as_deref())).await
        }
    }
}

/// Says how many people it takes to revoke.
async fn revocation(
    settings: &Settings,
    (code, organisation_code): (&str, &str),
    by: RevokedBy,
    (reason, approved_by): (&str, Option<&str>),
) -> anyhow::Result<()> {
    let reason = Reason::parse(reason).context("--reason")?;
    let credit_code = super::credit_code(organisation_code)?;
    let product = wiring::find(settings, World::default()).await?;
    let context = operator::context(settings, &product).await?;
    // With one person less there is nobody who looks twice: that is not one operator's to decide either.
    let second = operator::second(settings, &product, &context, approved_by, by == RevokedBy::One).await?;
    let mut work = product.database.begin(context).await?;
    let department = super::organisation_with(&mut work.tx, &credit_code).await?;
    licence_type::revoke_by(&mut work, code, &department.organisation_id, by)
        .await
        .with_context(|| format!("{} issues no licences of type {code}", department.name))?;
    reason.record(&mut work, department.organisation_id.as_str());
    if let Some(second) = second {
        work.record(CommandApproved { staff: second, about: department.organisation_id.to_string() });
    }
    work.commit().await?;
    super::print(&match by {
        RevokedBy::One => format!("{} revokes {code} by one person\n", department.name),
        RevokedBy::Two => format!("{} revokes {code} by two people\n", department.name),
    })
}
