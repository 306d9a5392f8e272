//! `person`: persons and their accounts.

use base::{
    id::{AccountId, PersonId},
    number::IdentityNumber,
};
use identity::{
    Vault, account,
    password::{self, HashedPassword},
    person::{self, NewPerson, Profile},
};
use records::{Actor, Work};

use crate::{
    settings::Settings,
    wiring::{self, Product, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Register a person with an account and print a password.
    Add(NewAccount),
}

/// A person and an account.
#[derive(clap::Args)]
pub struct NewAccount {
    /// What the person will sign in with.
    #[arg(long)]
    pub username: String,
    /// The person's name.
    #[arg(long)]
    pub name: String,
    /// A file with the person's identity number; `-` reads it from standard input. (On the command line it would
    /// stand in the list of processes.)
    #[arg(long, value_name = "FILE")]
    pub identity_number_file: std::path::PathBuf,
    /// A telephone number.
    #[arg(long)]
    pub phone: Option<String>,
    /// An e-mail address.
    #[arg(long)]
    pub email: Option<String>,
}

/// Does it.
///
/// # Errors
///
/// What was given is not acceptable, or the database.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    let Command::Add(new) = command;
    let world = World::default();
    let product = wiring::build(settings, world.clone()).await?;
    let (password, hashed) = new_password(&product, &new.username).await?;
    let mut work = product.database.begin(world.context(Actor::Operator)).await?;
    let (person, account) = register(&mut work, &product.app.vault, &new, &hashed).await?;
    work.commit().await?;
    super::print(&format!("{person} {account}\n{} may sign in with the password {password}\n", new.username))
}

/// A password of 20 random characters, in clear to be handed over once, and hashed.
///
/// # Errors
///
/// When hashing fails.
pub async fn new_password(product: &Product, username: &str) -> anyhow::Result<(String, HashedPassword)> {
    let clear = crypto::encoding::base64url(&product.world.entropy.bytes::<15>());
    let hashed = password::hash(&product.app.gate, &product.world.entropy, username, &clear).await?;
    Ok((clear, hashed))
}

/// Registers the person and opens the account.
///
/// # Errors
///
/// What was given is not acceptable, or the database.
pub async fn register(
    work: &mut Work,
    vault: &Vault,
    new: &NewAccount,
    password: &HashedPassword,
) -> anyhow::Result<(PersonId, AccountId)> {
    let number = if new.identity_number_file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())?
    } else {
        std::fs::read_to_string(&new.identity_number_file)?
    };
    let person = NewPerson {
        name: new.name.clone(),
        identity_number: IdentityNumber::parse(&number)?,
        profile: Profile { phone_number: new.phone.clone(), email: new.email.clone(), ..Profile::default() },
    };
    let person = person::register(work, vault, person).await?;
    let account = account::open(work, &person, &new.username, Some(password)).await?;
    Ok((person, account))
}
