//! `bootstrap`: the first operator.

use anyhow::ensure;
use base::{Page, number::CreditCode};
use identity::{Role, organisation, staff};
use records::Actor;

use super::person::{self, NewAccount};
use crate::{
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
    let code = CreditCode::parse(&arguments.organisation_code)?;
    let world = World::default();
    let product = wiring::build(settings, world.clone()).await?;
    let mut tx = product.database.read().await?;
    let departments = organisation::list(&mut tx, organisation::Kind::Department, &Page::first(1)).await?;
    drop(tx);
    ensure!(departments.items.is_empty(), "this database has departments already; an operator can appoint others");
    let (password, hashed) = person::new_password(&product, &arguments.account.username).await?;
    let mut work = product.database.begin(world.context(Actor::Operator)).await?;
    let (person, _) = person::register(&mut work, &product.app.vault, &arguments.account, &hashed).await?;
    let new = organisation::NewOrganisation {
        credit_code: code,
        name: arguments.organisation,
        kind: organisation::Kind::Department,
        legal_representative: None,
    };
    let department = organisation::register(&mut work, new).await?;
    staff::appoint(&mut work, &person, &department, &[Role::Operator]).await?;
    work.commit().await?;
    super::print(&format!("operator {} may sign in with the password {password}\n", arguments.account.username))
}
