//! `audit`: whether the event log is whole, and everything else as it says.

use anyhow::{bail, ensure};
use records::{
    Actor,
    audit::{self, Audit, Finding},
    events::{LogAudited, LossAcknowledged},
    log,
};

use super::operator;
use crate::{
    heads,
    settings::Settings,
    wiring::{self, Product, World},
};

/// What to do beside looking.
#[derive(clap::Args)]
pub struct Arguments {
    /// Answer for what is lost since a backup was put back: why, for the record.
    #[arg(long, value_name = "REASON")]
    acknowledge_loss: Option<String>,
}

/// Checks every number, code and hash, the heads that were kept, and every marked row.
///
/// # Errors
///
/// What is missing, changed or put there.
pub async fn run(settings: &Settings, arguments: Arguments) -> anyhow::Result<()> {
    let product = wiring::find(settings, World::default()).await?;
    let (found, kept) = look(settings, &product).await?;
    if let Some(reason) = arguments.acknowledge_loss {
        ensure!(!reason.trim().is_empty(), "--acknowledge-loss needs a reason");
        let loss = found.findings.iter().find_map(|finding| match finding {
            Finding::PutBack(kept, found) => Some((*kept, *found)),
            _ => None,
        });
        let Some((kept, found)) = loss else {
            bail!("no head was kept that the log has not: there is nothing to answer for")
        };
        let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
        work.record(LossAcknowledged { log: "log".to_owned(), kept, found, reason });
        work.commit().await?;
        product.database.close().await;
        return super::print("written down\n");
    }
    // That it was looked at is part of what is looked at next time.
    let mut work = product.database.begin(product.world.context(Actor::Job("audit"))).await?;
    let (events, rows, findings) = (found.events, found.rows, found.findings.len());
    work.record(LogAudited { log: "log".to_owned(), events, rows, findings });
    work.commit().await?;
    product.database.close().await;
    for finding in &found.acknowledged {
        super::print(&format!("known: {finding}\n"))?;
    }
    if found.is_sound() {
        return super::print(&format!("{}\n", sound(&found, kept)));
    }
    for finding in &found.findings {
        super::print(&format!("{finding}\n"))?;
    }
    let more = if found.is_more { " at least" } else { "" };
    bail!("not sound: {} findings{more} in {} events and {} rows", found.findings.len(), found.events, found.rows)
}

/// Numbers what waits and looks at everything; with it how many heads there are.
///
/// # Errors
///
/// When the database is out of reach, or what was kept cannot be read.
pub(crate) async fn look(settings: &Settings, product: &Product) -> anyhow::Result<(Audit, usize)> {
    // What commands wrote while no server ran has no number yet. A head that was changed is a finding of the audit.
    while log::sequence_events(&product.database).await.is_ok_and(|numbered| numbered >= log::TURN_MAX) {}
    let kept = heads::read(&product.database, &heads::folder(settings))?;
    Ok((audit::audit(&product.database, &kept.heads).await?, kept.heads.len()))
}

/// What is said of a log that is whole.
pub(crate) fn sound(found: &Audit, kept: usize) -> String {
    let Audit { events, rows, .. } = found;
    format!("sound: {events} events, none removed, none changed; {rows} rows as the log says; {kept} heads were kept")
}
