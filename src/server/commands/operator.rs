//! `operator`: whom commands act for.

use std::{
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use base::{
    Instant, Secret,
    id::{AccountId, StaffId},
};
use identity::{
    account,
    command_key::{self, CommandOperator},
    password::HashedPassword,
    session,
    sign_in::{self, Attempt},
};
use records::{Actor, Context};

use crate::{
    foundation,
    settings::{self, Setting, Settings},
    wiring::{self, Product, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Choose another password for the operator that `--as` names, as on the page: the first one has to be replaced before
    /// it proves anything.
    ChoosePassword,
    /// Bind this machine account to the operator that `--as` names: commands without `--as` act for that person from now
    /// on, for half a year at most.
    Bind,
    /// End every key that binds a machine account to an operator.
    Unbind {
        /// What the operator signs in with.
        #[arg(long, value_name = "USERNAME")]
        username: String,
    },
    /// Say whom commands act for here.
    Show,
}

/// Does it.
///
/// # Errors
///
/// When nobody is named who is an operator and proves it, or the database is out of reach.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    let product = wiring::find(settings, World::default()).await?;
    if matches!(command, Command::ChoosePassword) {
        return choose_password(settings, &product).await;
    }
    let (operator, context) = named(settings, &product).await?;
    match command {
        Command::ChoosePassword => Ok(()),
        Command::Bind => {
            let account = account::find_by_username(&mut product.database.read().await?, &operator.username).await?;
            let account = account.with_context(|| format!("there is no account {}", operator.username))?;
            account.rely_on(&mut product.database.read().await?).await?;
            let file = key_file(settings);
            ensure!(!file.exists(), "{} is there already: remove it first", file.display());
            let mut work = product.database.begin(context).await?;
            let made = command_key::make(&mut work, &account.account_id).await?;
            foundation::write_secret(&file, made.secret.expose())
                .with_context(|| format!("writing {}", file.display()))?;
            work.commit().await?;
            super::print(&bound(&operator.username, &file, made.until))
        }
        Command::Unbind { username } => {
            let mut work = product.database.begin(context).await?;
            let account = account::find_by_username(&mut work.tx, &username).await?;
            let account = account.with_context(|| format!("no account has the username {username}"))?;
            // Whoever has nothing but the key would be left with nothing at all.
            ensure!(
                account.username != operator.username || !settings.text(&settings::OPERATOR_AS).is_empty(),
                "{username} is whom this command acts for: name yourself by `--as {username}`, so that your password is \
                 known to count before the keys end"
            );
            let ended = command_key::end_all(&mut work, &account.account_id).await?;
            if ended > 0 {
                work.commit().await?;
            }
            super::print(&format!("{ended} keys ended\n"))
        }
        Command::Show => super::print(&format!("{} is the operator for whom commands act here\n", operator.username)),
    }
}

/// What is said of a machine account that is bound.
pub(crate) fn bound(username: &str, file: &Path, until: Instant) -> String {
    format!("commands here act for {username} until {} ({})\n", until.date(), file.display())
}

/// Where the key lies that binds this machine account.
pub(crate) fn key_file(settings: &Settings) -> PathBuf {
    let configured = settings.text(&settings::OPERATOR_KEY_FILE);
    if configured.is_empty() { foundation::data_folder(settings).join("keys/operator.key") } else { configured.into() }
}

/// The context of what a command does: for the operator who proves it.
///
/// # Errors
///
/// When nobody is named who is an operator and proves it, or the database is out of reach.
pub(crate) async fn context(settings: &Settings, product: &Product) -> anyhow::Result<Context> {
    named(settings, product).await.map(|(_, context)| context)
}

/// Who stands for what a timer does at night: the operator who is named and proves it, or the one that this machine
/// account is bound to, or nobody but the job. A key that has ended keeps no backup from being made.
///
/// # Errors
///
/// When somebody is named who is no operator or does not prove it.
pub(crate) async fn actor_or_job(settings: &Settings, product: &Product, job: &'static str) -> anyhow::Result<Actor> {
    if !settings.text(&settings::OPERATOR_AS).is_empty() {
        return Ok(named(settings, product).await?.0.actor());
    }
    if !key_file(settings).exists() {
        return Ok(Actor::Job(job));
    }
    match by_key(settings, product).await {
        Ok(operator) => Ok(operator.actor()),
        Err(error) => {
            tracing::warn!("nobody answers for this: {error:#}");
            Ok(Actor::Job(job))
        }
    }
}

async fn named(settings: &Settings, product: &Product) -> anyhow::Result<(CommandOperator, Context)> {
    let username = settings.text(&settings::OPERATOR_AS);
    let operator = if username.is_empty() {
        by_key(settings, product).await?
    } else {
        let password = password(settings, &settings::OPERATOR_PASSWORD_FILE, username)?;
        by_password(product, username, &password).await?
    };
    let context = product.world.context(operator.actor());
    Ok((operator, context))
}

async fn by_key(settings: &Settings, product: &Product) -> anyhow::Result<CommandOperator> {
    let file = key_file(settings);
    if !file.exists() {
        bail!(
            "say for whom: `--as USERNAME` with the password of an operator, or bind this machine account once by \
             `guosuo operator bind --as USERNAME`"
        );
    }
    let mode = std::fs::metadata(&file)?.permissions().mode();
    ensure!(
        mode.trailing_zeros() >= 6,
        "{} may be read by others: `chmod 600` it, and end the key if anyone did",
        file.display()
    );
    let secret = std::fs::read_to_string(&file).map(Secret::new);
    let secret = secret.with_context(|| format!("reading {}", file.display()))?;
    let at = product.world.clock.now();
    let found = command_key::of_key(&mut product.database.read().await?, secret.expose(), at).await?;
    found.with_context(|| {
        format!(
            "the key in {} counts no more: remove it and bind this machine account by `guosuo operator bind --as \
             USERNAME`",
            file.display()
        )
    })
}

/// The second operator, who approves what one does not do alone; none where nothing needs one.
///
/// # Errors
///
/// When one is needed and nobody is named who is another operator and proves it.
pub(crate) async fn second(
    settings: &Settings,
    product: &Product,
    first: &Context,
    username: Option<&str>,
    is_needed: bool,
) -> anyhow::Result<Option<StaffId>> {
    let Some(username) = username.filter(|_| is_needed) else {
        ensure!(!is_needed, "this needs a second operator: --approved-by USERNAME");
        return Ok(None);
    };
    let password = password(settings, &settings::OPERATOR_SECOND_PASSWORD_FILE, username)?;
    let second = by_password(product, username, &password).await?.actor();
    match (&first.actor, second) {
        (Actor::Operator { person: one, .. }, Actor::Operator { staff, person }) if *one != person => Ok(Some(staff)),
        _ => bail!("{username} acts already: a second operator is another person"),
    }
}

async fn choose_password(settings: &Settings, product: &Product) -> anyhow::Result<()> {
    let username = settings.text(&settings::OPERATOR_AS);
    ensure!(!username.is_empty(), "say for whom: `--as USERNAME`");
    let before = password(settings, &settings::OPERATOR_PASSWORD_FILE, username)?;
    let chosen = password(settings, &settings::OPERATOR_NEW_PASSWORD_FILE, &format!("{username}, the new one"))?;
    let app = &product.app;
    let hashed = identity::password::hash(&app.gate, &app.entropy, username, chosen.expose()).await?;
    prove(product, username, &before, Some(hashed)).await?;
    super::print("chosen\n")
}

/// The account of whoever knows its password; the other password that was chosen counts from now on.
async fn prove(
    product: &Product,
    username: &str,
    password: &Secret<String>,
    chosen: Option<HashedPassword>,
) -> anyhow::Result<AccountId> {
    let attempt = Attempt {
        username,
        password: password.expose(),
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        device: "command line",
        browser: None,
        limits: session::Limits { idle_seconds: 0, absolute_seconds: 0 },
    };
    let (app, database) = (&product.app, &product.database);
    let context = product.world.context(Actor::Anonymous);
    let proof = sign_in::with_password(database, &app.vault, &app.gate, &context, &attempt).await;
    let mut proof = proof.with_context(|| username.to_owned())?;
    if let Some(chosen) = chosen {
        proof.choose(chosen);
    }
    proof.accept(database, &context, &attempt).await.with_context(|| username.to_owned())
}

async fn by_password(product: &Product, username: &str, password: &Secret<String>) -> anyhow::Result<CommandOperator> {
    let account = prove(product, username, password, None).await?;
    let found = command_key::of_account(&mut product.database.read().await?, &account).await?;
    found.with_context(|| format!("{username} is no operator"))
}

fn password(settings: &Settings, setting: &Setting, username: &str) -> anyhow::Result<Secret<String>> {
    let file = settings.text(setting);
    let text = if file.is_empty() {
        rpassword::prompt_password(format!("password of {username}: ")).context(
            "there is no terminal to ask for the password at: name a file with it (operator.password_file), or bind this \
             machine account",
        )?
    } else {
        let of = || format!("reading {file} ({})", setting.key);
        let mode = std::fs::metadata(file).with_context(of)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            tracing::warn!("{file} ({}) may be read by others (mode {mode:04o}): `chmod 600 {file}`", setting.key);
        }
        std::fs::read_to_string(file).with_context(of)?
    };
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
