//! `person`: persons and their accounts.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use base::{
    Date, Instant,
    id::{AccountId, PersonId},
    number::IdentityNumber,
};
use identity::{
    Reason, Vault,
    account::{self, AccountState, AccountView},
    death,
    events::{PersonOpened, SessionClosed},
    password::{self, HashedPassword},
    person::{
        self, NewPerson, Profile,
        change::{self, Contact, Renaming},
    },
    session, sign_in,
};
use records::Work;
use serde_json::json;

use super::operator;
use crate::{
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
    /// Correct what is registered of a person: the name, how to reach them.
    Edit(Corrections),
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
    /// Show a person's accounts, in which state they are and when they were last signed in to.
    Show {
        /// What the person signs in with.
        #[arg(long, value_name = "USERNAME")]
        username: String,
    },
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
    /// Why: kept in the event log.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What is to be different. An empty value removes what is there.
#[derive(clap::Args)]
pub struct Corrections {
    /// What the person signs in with.
    #[arg(long, value_name = "USERNAME")]
    username: String,
    /// Why: kept in the event log.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The right name.
    #[arg(long)]
    name: Option<String>,
    /// Another telephone number.
    #[arg(long)]
    phone: Option<String>,
    /// `true`: you saw it reach the person, and the log says that you did.
    #[arg(long, value_name = "true|false", hide_possible_values = true)]
    phone_verified: Option<bool>,
    /// Another e-mail address.
    #[arg(long)]
    email: Option<String>,
    /// The same of the e-mail address.
    #[arg(long, value_name = "true|false", hide_possible_values = true)]
    email_verified: Option<bool>,
    /// Another postal address, on one line.
    #[arg(long)]
    address: Option<String>,
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
    /// A file with the number of the person's document (`-` reads standard input)
    ///
    /// Of an identity card, a permit or a residence card; of a passport behind the three letters of its country.
    // On the command line the number would stand in the list of processes.
    #[arg(long, value_name = "FILE")]
    identity_number_file: PathBuf,
    /// The day of birth, where the number does not say it: of a passport, a permit, a foreigner's card of before 2023.
    #[arg(long, value_name = "DATE")]
    birth_date: Option<String>,
    /// The sex, where the number does not say it.
    #[arg(long, value_name = "SEX", value_parser = [person::FEMALE, person::MALE])]
    sex: Option<String>,
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
            let close = async |work: &mut Work, view: &AccountView| account::close(work, &view.account_id).await;
            act(settings, &named, &[AccountState::Open, AccountState::Locked], close).await
        }
        Command::Deceased(death) => deceased(settings, &death).await,
        Command::Edit(corrections) => edit(settings, corrections).await,
        Command::Lock(named) => {
            let lock = async |work: &mut Work, view: &AccountView| account::lock(work, &view.account_id).await;
            act(settings, &named, &[AccountState::Open], lock).await
        }
        Command::Rename { named, to } => {
            let rename = async |work: &mut Work, view: &AccountView| account::rename(work, view, &to).await;
            act(settings, &named, &[AccountState::Open, AccountState::Locked], rename).await
        }
        Command::ResetPassword(named) => reset_password(settings, &named).await,
        Command::Show { username } => show(settings, &username).await,
        Command::Unlock(named) => {
            let unlock = async |work: &mut Work, view: &AccountView| account::unlock(work, &view.account_id).await;
            act(settings, &named, &[AccountState::Locked], unlock).await
        }
    }
}

/// Does something to one account in one of these states.
async fn act(
    settings: &Settings,
    named: &Named,
    states: &[AccountState],
    act: impl AsyncFnOnce(&mut Work, &AccountView) -> Result<(), identity::Error>,
) -> anyhow::Result<()> {
    let reason = Reason::parse(&named.reason).context("--reason")?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let view = account_named(&mut work, &named.username).await?;
    anyhow::ensure!(states.contains(&view.state), "{} is {} already", named.username, state_word(view.state));
    act(&mut work, &view).await.with_context(|| named.username.clone())?;
    reason.record(&mut work, view.account_id.as_str());
    work.commit().await?;
    super::print("done\n")
}

async fn reset_password(settings: &Settings, named: &Named) -> anyhow::Result<()> {
    let reason = Reason::parse(&named.reason).context("--reason")?;
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let (password, hashed) = first_password(&product).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let view = account_named(&mut work, &named.username).await?;
    anyhow::ensure!(view.state != AccountState::Closed, "{} is closed", named.username);
    let until = password::hand_out(&mut work, &view.account_id, &hashed).await?;
    sign_in::forgive(&mut work, &product.app.vault, &view.username).await?;
    reason.record(&mut work, view.account_id.as_str());
    work.commit().await?;
    super::print(&format!("{}\n", handed_out(&view.username, &password, until)))
}

async fn edit(settings: &Settings, corrections: Corrections) -> anyhow::Result<()> {
    let reason = Reason::parse(&corrections.reason).context("--reason")?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let view = account_named(&mut work, &corrections.username).await?;
    let found = person::find(&mut work.tx, &view.person_id).await?.context("an account without its person")?;
    let before = Contact::of(&found);
    let given = |value: Option<String>, now: &Option<String>| match value {
        Some(value) => Some(value.trim().to_owned()).filter(|value| !value.is_empty()),
        None => now.clone(),
    };
    let phone_number = given(corrections.phone, &before.phone_number);
    let email = given(corrections.email, &before.email);
    let after = Contact {
        phone_verified: corrections
            .phone_verified
            .unwrap_or(before.phone_verified && phone_number == before.phone_number),
        email_verified: corrections.email_verified.unwrap_or(before.email_verified && email == before.email),
        phone_number,
        email,
        address: given(corrections.address, &before.address),
    };
    let person = &view.person_id;
    anyhow::ensure!(corrections.name.is_some() || before != after, "nothing is different");
    if before != after {
        let changed = change::contact(&mut work, person, &before, &after, &reason).await;
        changed.map_err(by_option).with_context(|| found.name.clone())?;
    }
    if let Some(name) = corrections.name {
        let renaming = Renaming::to(&found, &name).context("--name")?;
        change::rename(&mut work, person, &renaming, &reason).await.with_context(|| found.name.clone())?;
    }
    work.commit().await?;
    super::print("done\n")
}

async fn show(settings: &Settings, username: &str) -> anyhow::Result<()> {
    let product = wiring::find(settings, World::default()).await?;
    let mut tx = product.database.read().await?;
    let view = account::find_by_username(&mut tx, username).await?;
    let view = view.with_context(|| format!("no account has the username {username}"))?;
    let person = person::find(&mut tx, &view.person_id).await?.context("an account without its person")?;
    let context = operator::context(settings, &product).await?;
    let look = PersonOpened { person: person.person_id.clone(), what: "command".to_owned() };
    product.database.tell(&context, look).await?;
    let number = person.identity_number(&product.app.vault)?.masked();
    let mut lines = format!("{} {} {number}", person.person_id, person.name);
    let contact = Contact::of(&person);
    let mut object = json!({
        "person_id": person.person_id.as_str(), "name": person.name, "identity_number": number,
        "phone_number": contact.phone_number, "phone_number_verified": contact.phone_verified,
        "email": contact.email, "email_verified": contact.email_verified, "address": contact.address,
    });
    let Contact { phone_number, email, phone_verified, email_verified, .. } = contact;
    for (what, value, is_verified) in [("phone", phone_number, phone_verified), ("email", email, email_verified)] {
        let said = if is_verified { "verified" } else { "not verified" };
        if let Some(value) = value {
            let _ = write!(lines, "\n{what}: {value} ({said})");
        }
    }
    let mut accounts = Vec::new();
    for view in account::of_person(&mut tx, &view.person_id).await? {
        let state = state_word(view.state);
        let last = session::last_of_account(&mut tx, &view.account_id).await?.map(Instant::rfc3339);
        let said = last.clone().unwrap_or_else(|| "never".to_owned());
        let _ = write!(lines, "\n{} {} {state}, last sign-in: {said}", view.account_id, view.username);
        let (id, username) = (view.account_id.as_str(), &view.username);
        accounts.push(json!({ "account_id": id, "username": username, "state": state, "last_sign_in": last }));
    }
    if let Some(members) = object.as_object_mut() {
        members.insert("accounts".to_owned(), accounts.into());
    }
    super::tell(&lines, &object)
}

/// What a rule says of a field, by the option that the commands have for it.
fn by_option(error: identity::Error) -> anyhow::Error {
    let option = match &error {
        identity::Error::Field { field: "phone_number" } => {
            "--phone: no telephone number; one that is verified has its area, or + and its country"
        }
        identity::Error::Field { field: "email" } => "--email: no e-mail address",
        identity::Error::Field { field: "address.formatted" } => {
            "--address: too long, or with a character in it that is none"
        }
        _ => return error.into(),
    };
    anyhow::anyhow!(option)
}

fn state_word(state: AccountState) -> &'static str {
    match state {
        AccountState::Closed => "closed",
        AccountState::Locked => "locked",
        AccountState::Open => "open",
    }
}

async fn account_named(work: &mut Work, username: &str) -> anyhow::Result<AccountView> {
    let found = account::find_by_username(&mut work.tx, username).await?;
    let found = found.with_context(|| format!("no account has the username {username}"))?;
    found.rely_on(&mut work.tx).await?;
    Ok(found)
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
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let found = person::find_by_identity_number(&mut work.tx, &product.app.vault, &number).await?;
    let person = found.context("there is no person with this identity number")?.person_id;
    let on = on.unwrap_or_else(|| work.at().date());
    death::record(&mut work, &person, on).await.with_context(|| person.to_string())?;
    let told = work.commit_and_tell().await?;
    let (sessions, licences) = (super::count::<SessionClosed>(&told), super::licences_ended(&told));
    super::print(&format!("{person}: {sessions} sessions closed, {licences} licences ended\n"))
}

async fn add(settings: &Settings, new: NewAccount) -> anyhow::Result<()> {
    let number = new.identity_number()?;
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let (password, hashed) = first_password(&product).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let registered = register(&mut work, &product.app.vault, new, number, &hashed).await?;
    work.commit().await?;
    let Registered { person, account, username, until } = registered;
    let words = format!("{person} {account}\n{}", handed_out(&username, &password, until));
    super::tell(
        &words,
        &json!({
            "person_id": person.as_str(), "account_id": account.as_str(), "username": username, "password": password,
            "until": until.rfc3339(),
        }),
    )
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
    IdentityNumber::parse(&text).with_context(|| {
        format!(
            "what is in {from} is no identity number: a resident's has 17 digits and a check character, a digit or X, \
             and a passport's stands behind three letters of its country, as USA123456789"
        )
    })
}

/// A random password, in clear to be handed over once, and hashed.
///
/// # Errors
///
/// When the password cannot be hashed, which no setting makes happen.
pub(crate) async fn first_password(product: &Product) -> anyhow::Result<(String, HashedPassword)> {
    let (clear, hashed) = password::first(&product.app.gate, &product.world.entropy).await?;
    Ok((clear.expose().clone(), hashed))
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
        profile: Profile {
            birthdate: new.birth_date,
            gender: new.sex,
            phone_number: new.phone,
            email: new.email,
            ..Profile::default()
        },
    };
    let person = person::register(work, vault, person).await.map_err(by_option)?;
    open(work, person, &new.username, password).await
}

/// Opens an account of somebody who is registered, with a password that was handed out.
///
/// # Errors
///
/// When the username is not acceptable, or the database is out of reach.
pub(crate) async fn open(
    work: &mut Work,
    person: PersonId,
    username: &str,
    password: &HashedPassword,
) -> anyhow::Result<Registered> {
    let account = account::open(work, &person, username, None).await?;
    let until = password::hand_out(work, &account, password).await?;
    Ok(Registered { person, account, username: username.trim().to_owned(), until })
}
