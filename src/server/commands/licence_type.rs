//! `licence-type`: what licences there are, and who issues them.

use anyhow::ensure;
use licence::{Catalogue, licence_type};
use records::Actor;

use crate::{foundation, settings::Settings, wiring::World};

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
}

/// Does it.
///
/// # Errors
///
/// When what was given is not acceptable, or the database is out of reach.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    let database = foundation::find_database(settings).await?;
    match command {
        Command::List => {
            for one in Catalogue::load(&mut database.read().await?).await?.all_published() {
                let name = &one.definition.name;
                super::print(&format!("{}  {:>3}  {} {}\n", one.code, one.version, name.zh, name.en))?;
            }
            Ok(())
        }
        Command::Authorise { code, organisation_code } => {
            let credit_code = super::credit_code(&organisation_code)?;
            let mut work = database.begin(World::default().context(Actor::Operator)).await?;
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
    }
}
