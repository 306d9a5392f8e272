//! `keys`: what is in custody, and from one key to the next. No command shows a private key.

use std::path::PathBuf;

use anyhow::Context;
use base::{ListPage, id::KeyId};
use pki::{
    Custody, Purpose, RevocationReason, envelope, root,
    rotation::{self, Wait},
};
use records::{Database, Work};

use super::operator;
use crate::{
    foundation,
    settings::Settings,
    wiring::{self, Product, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List every key with its purpose, state and dates.
    List,
    /// Print the root certificates that others need to check our documents, PEM.
    Roots,
    /// Make the next key of a purpose and publish it; it signs nothing until it is activated.
    PrePublish {
        /// `access_token`, `id_token_rs256`, `id_token_es256`, `issuing_authority` or `root`
        purpose: String,
    },
    /// Let a published key sign, and retire the one before it.
    Activate {
        /// The key, as `keys list` names it.
        key_id: String,
        /// Although it was published less than ten minutes ago, and not everybody who verifies knows it.
        #[arg(long)]
        at_once: bool,
    },
    /// What ends within 90 days or has ended, and when something takes its place by itself.
    Calendar,
    /// Move the root's key into a folder, on a medium that is then taken away; it is needed again once a year.
    TakeOutRoot {
        /// The folder.
        #[arg(long)]
        to: PathBuf,
    },
    /// Put the root's key back from a folder.
    BringBackRoot {
        /// The folder.
        #[arg(long)]
        from: PathBuf,
    },
    /// Seal every key file under another envelope key. No server may run; then `keys.envelope_file` has to name the new
    /// file, or the new file takes the place of the old one.
    ReplaceEnvelope {
        /// The file with the new key, 64 hexadecimal digits; it is made when it is not there.
        #[arg(long)]
        new: PathBuf,
    },
    /// Sign the root's revocation list anew, with the key that `keys.root_folder` has.
    SignRootList,
    /// Give up a published key that is not to sign after all.
    Retire {
        /// The key, as `keys list` names it.
        key_id: String,
    },
    /// Revoke a key that does not sign: nothing that it signed is to be trusted any more.
    Revoke {
        /// The key, as `keys list` names it.
        key_id: String,
        /// `key_compromise`, `superseded`, `cessation_of_operation` or `privilege_withdrawn`.
        #[arg(long)]
        reason: String,
    },
}

/// Does it.
///
/// # Errors
///
/// When the database is out of reach, or the key folder cannot be read or written.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List => list(&foundation::find_database(settings).await?).await,
        Command::Roots => {
            let product = wiring::find(settings, World::default()).await?;
            super::print(&product.app.custody.roots_pem())
        }
        Command::PrePublish { purpose } => pre_publish(settings, &purpose).await,
        Command::Activate { key_id, at_once } => {
            let (_, mut work, key) = begin(settings, &key_id).await?;
            rotation::activate(&mut work, &key, if at_once { Wait::Skipped } else { Wait::Over }).await?;
            done(work).await
        }
        Command::Calendar => calendar(settings).await,
        Command::TakeOutRoot { to } => {
            let (custody, context) = custody(settings).await?;
            named(&root::take_out(&custody, context, &to).await?)
        }
        Command::BringBackRoot { from } => {
            let (custody, context) = custody(settings).await?;
            named(&root::bring_back(&custody, context, &from).await?)
        }
        Command::ReplaceEnvelope { new } => {
            let _alone = foundation::alone(settings)?;
            let (custody, context) = custody(settings).await?;
            let key = foundation::new_envelope_key(&new, &*context.entropy)?;
            let count = envelope::replace(&custody, context, &key).await?;
            super::print(&format!("{count} keys are sealed under {}\n", new.display()))
        }
        Command::SignRootList => {
            let (custody, context) = custody(settings).await?;
            named(&root::sign_lists(&custody, context).await?)
        }
        Command::Retire { key_id } => {
            let (_, mut work, key) = begin(settings, &key_id).await?;
            rotation::retire(&mut work, &key).await?;
            done(work).await
        }
        Command::Revoke { key_id, reason } => {
            let reason = RevocationReason::parse(&reason).with_context(|| format!("--reason {reason}"))?;
            let (product, mut work, key) = begin(settings, &key_id).await?;
            rotation::revoke(&mut work, &product.app.custody, &key, reason).await?;
            done(work).await
        }
    }
}

async fn pre_publish(settings: &Settings, purpose: &str) -> anyhow::Result<()> {
    let known = Purpose::parse(purpose).with_context(|| {
        let names: Vec<_> = Purpose::SINGLE.iter().map(|purpose| purpose.as_str()).collect();
        format!("{purpose} is no purpose of keys: {}", names.join(", "))
    })?;
    let product = wiring::find(settings, World::default()).await?;
    let context = operator::context(settings, &product).await?;
    let key = rotation::pre_publish(&product.app.custody, context, known).await;
    let key = key.with_context(|| purpose.to_owned())?;
    // The key comes first and alone in its word, for whoever reads it by a script.
    super::print(&format!("{key} is published and does not sign yet: ten minutes later, guosuo keys activate {key}\n"))
}

async fn custody(settings: &Settings) -> anyhow::Result<(Custody, records::Context)> {
    let product = wiring::find(settings, World::default()).await?;
    Ok((product.app.custody.clone(), operator::context(settings, &product).await?))
}

fn named(keys: &[KeyId]) -> anyhow::Result<()> {
    keys.iter().try_for_each(|key| super::print(&format!("{key}\n")))
}

async fn calendar(settings: &Settings) -> anyhow::Result<()> {
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let now = world.clock.now();
    for ending in seal::calendar::endings(&mut product.database.read().await?, &product.app.custody, now).await? {
        super::print(&format!("{}\n", super::ending_line(&ending, now)))?;
    }
    Ok(())
}

/// The unit of work of a change of a key.
async fn begin(settings: &Settings, key_id: &str) -> anyhow::Result<(Product, Work, KeyId)> {
    let key = KeyId::parse(key_id).with_context(|| format!("{key_id} is no key"))?;
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let work = product.database.begin(operator::context(settings, &product).await?).await?;
    Ok((product, work, key))
}

async fn done(work: Work) -> anyhow::Result<()> {
    work.commit().await?;
    super::print("done\n")
}

async fn list(database: &Database) -> anyhow::Result<()> {
    let mut page = ListPage::first(ListPage::<KeyId>::LIMIT_MAX);
    loop {
        let keys = Custody::list(&mut database.read().await?, &page).await?;
        for key in keys.items {
            let revoked = if key.is_revoked { " (certificate revoked)" } else { "" };
            let away = if key.taken_out_at.is_some() { " (taken off this machine)" } else { "" };
            let words = format!(
                "{}  {:<18} {:<6} {:<13} {} – {}  {}{revoked}{away}",
                key.key_id,
                key.purpose.as_str(),
                key.algorithm,
                key.state.as_str(),
                key.not_before.date(),
                key.not_after.date(),
                key.subject,
            );
            super::tell(
                &words,
                &serde_json::json!({
                    "key_id": key.key_id.as_str(), "purpose": key.purpose.as_str(), "algorithm": key.algorithm,
                    "state": key.state.as_str(), "not_before": key.not_before.rfc3339(),
                    "not_after": key.not_after.rfc3339(), "subject": key.subject,
                    "certificate_revoked": key.is_revoked, "taken_off": key.taken_out_at.is_some(),
                }),
            )?;
        }
        match keys.next {
            Some(next) => page = ListPage::after(next, page.limit),
            None => return Ok(()),
        }
    }
}
