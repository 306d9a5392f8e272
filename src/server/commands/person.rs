//! `person`: persons and their accounts.

use std::path::{Path, PathBuf};

use anyhow::Context;
use base::{
    Date, Instant,
    id::{AccountId, PersonId},
    number::IdentityNumber,
};
use identity::{
    Vault,
    account::{self, AccountState, AccountView},
    death,
    events::SessionClosed,
    password::{self, HashedPassword},
    person::{self, NewPerson, Profile},
};
use records::{Actor, Work};

use crate::{
    foundation,
    settings::Settings,
    wiring::{self, Product, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Register a person with an account and print a password, with which the person chooses another one within a week.
    Add(NewAccount),
    /// Close an account for good; its sessions end.
    Close(Named),
    /// Lock an account until it is unlocked; its sessions end.
    Lock(Named),
    /// Give an account another name to sign in with.
    Rename {
        #[command(flatten)]
        named: Named,
        /// The new name.
        #[arg(long, value_name = "USERNAME")]
        to: String,
    },
    /// Print another password for an account, with which its owner chooses one within a week; its sessions end.
    ResetPassword(Named),
    /// Open a locked account again.
    Unlock(Named),
    /// Write a person's death down: closes the accounts and revokes the licences that end with their holder.
    Deceased(Death),
}

/// An account.
#[derive(clap::Args)]
pub struct Named {
    /// What the person signs in with.
    #[arg(long, value_name = "USERNAME")]
    username: String,
}

/// A death.
#[derive(clap::Args)]
pub struct Death {
    /// A file with the person's identity number; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    identity_number_file: PathBuf,
    /// The day of death; today when not given.
    #[arg(long, value_name = "DATE")]
    on: Option<String>,
}

/// A person and an account.
#[derive(clap::Args)]
pub struct NewAccount {
    /// What the person will sign in with.
    #[arg(long, value_name = "USERNAME")]
    pub(crate) username: String,
    /// The person's name.
    #[arg(long)]
    name: String,
    /// A file with the person's identity number; `-` reads standard input.
    // On the command line the number would stand in the list of processes.
    #[arg(long, value_name = "FILE")]
    identity_number_file: PathBuf,
    /// A telephone number.
    #[arg(long)]
    phone: Option<String>,
    /// An e-mail address.
    #[arg(long)]
    email: Option<String>,
}

/// A person with an account.
pub(crate) struct Registered {
    /// Who.
    pub person: PersonId,
    /// What the person signs in to.
    pub account: AccountId,
    /// With what name.
    pub username: String,
    /// Until when the password counts.
    pub until: Instant,
}

/// Does it.
///
/// # Errors
///
/// When what was given is not acceptable, or the database is out of reach.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Add(new) => add(settings, new).await,
        Command::Close(named) => {
            act(settings, &named, async |work, view| account::close(work, &view.account_id).await).await
        }
        Command::Deceased(death) => deceased(settings, &death).await,
        Command::Lock(named) => {
            act(settings, &named, async |work, view| account::lock(work, &view.account_id).await).await
        }
        Command::Rename { named, to } => {
            act(settings, &named, async |work, view| account::rename(work, view, &to).await).await
        }
        Command::ResetPassword(named) => reset_password(settings, &named).await,
        Command::Unlock(named) => {
            act(settings, &named, async |work, view| account::unlock(work, &view.account_id).await).await
        }
    }
}

/// Does something to one account.
async fn act(
    settings: &Settings,
    named: &Named,
    act: impl AsyncFnOnce(&mut Work, &AccountView) -> Result<(), identity::Error>,
) -> anyhow::Result<()> {
    let database = foundation::find_database(settings).await?;
    let mut work = database.begin(World::default().context(Actor::Operator)).await?;
    let view = account_named(&mut work, &named.username).await?;
    act(&mut work, &view).await.with_context(|| named.username.clone())?;
    work.commit().await?;
    super::print("done\n")
}

async fn reset_password(settings: &Settings, named: &Named) -> anyhow::Result<()> {
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let (password, hashed) = new_password(&product, &named.username).await?;
    let mut work = product.database.begin(world.context(Actor::Operator)).await?;
    let view = account_named(&mut work, &named.username).await?;
    anyhow::ensure!(view.state != AccountState::Closed, "{} is closed", named.username);
    let until = password::hand_out(&mut work, &view.account_id, &hashed).await?;
    work.commit().await?;
    super::print(&format!("{}\n", handed_out(&view.username, &password, until)))
}

async fn account_named(work: &mut Work, username: &str) -> anyhow::Result<AccountView> {
    let found = account::find_by_username(&mut work.tx, username).await?;
    found.with_context(|| format!("no account has the username {username}"))
}

/// What is told of a password that was handed out.
pub(crate) fn handed_out(username: &str, password: &str, until: Instant) -> String {
    format!("{username} may sign in until {} and choose a password, with the password {password}", until.date())
}

async fn deceased(settings: &Settings, death: &Death) -> anyhow::Result<()> {
    let number = read_identity_number(&death.identity_number_file)?;
    let on = death.on.as_deref().map(|text| Date::parse(text).with_context(|| format!("--on {text}"))).transpose()?;
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let mut work = product.database.begin(world.context(Actor::Operator)).await?;
    let found = person::find_by_identity_number(&mut work.tx, &product.app.vault, &number).await?;
    let person = found.context("there is no person with this identity number")?.person_id;
    let on = on.unwrap_or_else(|| work.at().date());
    death::record(&mut work, &person, on).await?;
    let told = work.commit_and_tell().await?;
    let (sessions, licences) = (super::count::<SessionClosed>(&told), super::licences_ended(&told));
    super::print(&format!("{person}: {sessions} sessions closed, {licences} licences ended\n"))
}

async fn add(settings: &Settings, new: NewAccount) -> anyhow::Result<()> {
    let number = new.identity_number()?;
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let (password, hashed) = new_password(&product, &new.username).await?;
    let mut work = product.database.begin(world.context(Actor::Operator)).await?;
    let registered = register(&mut work, &product.app.vault, new, number, &hashed).await?;
    work.commit().await?;
    let Registered { person, account, username, until } = registered;
    super::print(&format!("{person} {account}\n{}\n", handed_out(&username, &password, until)))
}

impl NewAccount {
    /// Reads the file with the identity number.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a number with a mistake in it.
    pub(crate) fn identity_number(&self) -> anyhow::Result<IdentityNumber> {
        read_identity_number(&self.identity_number_file)
    }
}

/// Reads a file with an identity number. What is wrong with it is said without repeating it.
fn read_identity_number(file: &Path) -> anyhow::Result<IdentityNumber> {
    let (text, from) = if file.as_os_str() == "-" {
        (std::io::read_to_string(std::io::stdin()), "standard input".to_owned())
    } else {
        (std::fs::read_to_string(file), file.display().to_string())
    };
    let text = text.with_context(|| format!("reading the identity number from {from}"))?;
    IdentityNumber::parse(&text).with_context(|| format!("the identity number in {from}"))
}

/// A password of 20 random characters, in clear to be handed over once, and hashed.
///
/// # Errors
///
/// When the password cannot be hashed, which no setting makes happen.
pub(crate) async fn new_password(product: &Product, username: &str) -> anyhow::Result<(String, HashedPassword)> {
    let clear = crypto::encoding::base64url(&product.world.entropy.bytes::<15>());
    let hashed = password::hash(&product.app.gate, &product.world.entropy, username, &clear).await?;
    Ok((clear, hashed))
}

/// Registers the person and opens the account.
///
/// # Errors
///
/// When what was given is not acceptable, or the database is out of reach.
pub(crate) async fn register(
    work: &mut Work,
    vault: &Vault,
    new: NewAccount,
    number: IdentityNumber,
    password: &HashedPassword,
) -> anyhow::Result<Registered> {
    let person = NewPerson {
        name: new.name,
        identity_number: number,
        profile: Profile { phone_number: new.phone, email: new.email, ..Profile::default() },
    };
    let person = person::register(work, vault, person).await?;
    let account = account::open(work, &person, &new.username, None).await?;
    let until = password::hand_out(work, &account, password).await?;
    Ok(Registered { person, account, username: new.username.trim().to_owned(), until })
}
