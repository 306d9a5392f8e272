//! `bootstrap`: the first operator; and another one, when nobody is left who can act as operator.

use anyhow::{Context, ensure};
use base::ListPage;
use identity::{Role, command_key, operator as operators, organisation, person as persons, staff};
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
    let at = work.at();
    ensure!(
        departments.items.is_empty() || !operators::can_anybody_act(&mut work.tx, at).await?,
        "this database has departments already, and somebody who can act as operator: `guosuo organisation add` and \
         `guosuo staff appoint` go on from here"
    );
    let file = operator::key_file(settings);
    // A key that binds this machine account to somebody who cannot act any more would stay in the place of the new one.
    ensure!(departments.items.is_empty() || !file.exists(), "{} counts no more: remove it first", file.display());
    let known = persons::find_by_identity_number(&mut work.tx, &product.app.vault, &number).await?;
    let person = match known {
        Some(known) => person::open(&mut work, known.person_id, &arguments.account.username, &hashed).await?,
        None => person::register(&mut work, &product.app.vault, arguments.account, number, &hashed).await?,
    };
    let department = if let Some(found) = organisation::find_by_code(&mut work.tx, &code).await? {
        found.organisation_id
    } else {
        let new = organisation::NewOrganisation {
            credit_code: code,
            name: arguments.organisation,
            kind: organisation::OrganisationKind::Department,
            legal_representative: None,
        };
        organisation::register(&mut work, new).await.context("--organisation")?
    };
    let place = staff::of_person(&mut work.tx, &person.person).await?;
    if place.is_none_or(|place| !place.roles.has(Role::Operator)) {
        staff::appoint(&mut work, &person.person, &department, &[Role::Operator])
            .await
            .context("--organisation-code")?;
    }
    let key = command_key::make(&mut work, &person.account).await?;
    foundation::write_secret(&file, key.secret.expose()).with_context(|| format!("writing {}", file.display()))?;
    work.commit().await?;
    let handed_out = person::handed_out(&person.username, &password, person.until);
    super::print(&format!("{}operator {handed_out}\n", operator::bound(&person.username, &file, key.until)))
}
