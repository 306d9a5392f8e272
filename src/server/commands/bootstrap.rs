//! `bootstrap`: the first operator.

use anyhow::{Context, ensure};
use base::ListPage;
use identity::{Role, command_key, organisation, staff};
use records::Actor;

use super::{
    operator,
    person::{self, NewAccount},
};
use crate::{
    foundation,
    settings::Settings,
    wiring::{self, World},
};

/// Who the first operator is.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    account: NewAccount,
    /// The operator's department.
    #[arg(long, value_name = "NAME")]
    organisation: String,
    /// The department's unified social credit code.
    #[arg(long, value_name = "CODE")]
    organisation_code: String,
}

/// Registers the operator and prints the password.
///
/// # Errors
///
/// When somebody was here before, or what was given is not acceptable.
pub async fn run(settings: &Settings, arguments: Arguments) -> anyhow::Result<()> {
    let code = super::credit_code(&arguments.organisation_code)?;
    let number = arguments.account.identity_number()?;
    let world = World::default();
    let product = wiring::build(settings, world.clone()).await?;
    let (password, hashed) = person::first_password(&product).await?;
    let mut work = product.database.begin(world.context(Actor::Job("bootstrap"))).await?;
    // Inside the unit of work: SQLite's holds the only place for a writer; on PostgreSQL the credit code, the username
    // or the identity number stops the second of two that run at the same time with the same words.
    let departments =
        organisation::list(&mut work.tx, organisation::OrganisationKind::Department, &ListPage::first(1)).await?;
    ensure!(
        departments.items.is_empty(),
        "this database has departments already: `guosuo organisation add` and `guosuo staff appoint` go on from here"
    );
    let person = person::register(&mut work, &product.app.vault, arguments.account, number, &hashed).await?;
    let new = organisation::NewOrganisation {
        credit_code: code,
        name: arguments.organisation,
        kind: organisation::OrganisationKind::Department,
        legal_representative: None,
    };
    let department = organisation::register(&mut work, new).await.context("--organisation")?;
    staff::appoint(&mut work, &person.person, &department, &[Role::Operator]).await?;
    let key = command_key::make(&mut work, &person.account).await?;
    let file = operator::key_file(settings);
    foundation::write_secret(&file, key.secret.expose()).with_context(|| format!("writing {}", file.display()))?;
    work.commit().await?;
    let handed_out = person::handed_out(&person.username, &password, person.until);
    super::print(&format!("{}operator {handed_out}\n", operator::bound(&person.username, &file, key.until)))
}
