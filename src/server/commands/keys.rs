//! `keys`: what is in custody, and from one key to the next. No command shows a private key.

use anyhow::Context;
use base::{ListPage, id::KeyId};
use pki::{Custody, Purpose, RevocationReason, rotation};
use records::{Actor, Database, Work};

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
    },
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
        Command::Activate { key_id } => {
            let (_, mut work, key) = begin(settings, &key_id).await?;
            rotation::activate(&mut work, &key).await?;
            done(work).await
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
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let key = rotation::pre_publish(&product.app.custody, world.context(Actor::Operator), known).await;
    super::print(&format!("{}\n", key.with_context(|| purpose.to_owned())?))
}

/// The unit of work of a change of a key.
async fn begin(settings: &Settings, key_id: &str) -> anyhow::Result<(Product, Work, KeyId)> {
    let key = KeyId::parse(key_id).with_context(|| format!("{key_id} is no key"))?;
    let world = World::default();
    let product = wiring::find(settings, world.clone()).await?;
    let work = product.database.begin(world.context(Actor::Operator)).await?;
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
            super::print(&format!(
                "{}  {:<18} {:<6} {:<13} {} – {}  {}{revoked}\n",
                key.key_id,
                key.purpose.as_str(),
                key.algorithm,
                key.state.as_str(),
                key.not_before.date(),
                key.not_after.date(),
                key.subject,
            ))?;
        }
        match keys.next {
            Some(next) => page = ListPage::after(next, page.limit),
            None => return Ok(()),
        }
    }
}
