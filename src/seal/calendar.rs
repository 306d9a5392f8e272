//! The calendar of keys and seals: what is replaced before it ends, and what ends next.

use base::{Fault, Instant};
use pki::{
    Custody, Ending,
    calendar::{self, Ends},
};
use records::{Context, Database, Tx};

use crate::{Error, limits, queries, renewal::renew_known};

/// Why a seal gets a new key when nobody asked for it.
const BY_CALENDAR: &str = "expiring";

/// Does what is due: keys and lists, then seals. Run every few minutes; it does nothing most of the time.
///
/// # Errors
///
/// What could not be done first.
pub async fn turn(database: &Database, custody: &Custody, context: &Context) -> Result<(), Error> {
    let keys = calendar::turn(custody, context).await.map_err(Error::from);
    keys.and(renew_due(database, custody, context).await)
}

/// Gives a new key to every seal whose certificate ends within a month. One seal for which it cannot be done holds up no other.
///
/// # Errors
///
/// What could not be done first.
async fn renew_due(database: &Database, custody: &Custody, context: &Context) -> Result<(), Error> {
    let before = context.at.plus_seconds(pki::limits::REPLACE_BEFORE_SECONDS);
    let mut tx = database.read().await?;
    let ending = calendar::seal_keys_ending(&mut tx, before, limits::RENEWED_AT_ONCE).await?;
    drop(tx);
    let mut first = Ok(());
    for (key, _, end) in ending {
        // Under an authority that ends soon a new certificate would end with it.
        if !calendar::seal_gains(custody, context.at, end) {
            continue;
        }
        let renewed = database
            .attempt(context, |mut work| {
                let key = key.clone();
                async move {
                    // Nobody's, when another process was faster: the seal has another key.
                    if let Some(seal) = queries::by_key(&mut work.tx, &key).await? {
                        renew_known(&mut work, custody, seal, BY_CALENDAR).await?;
                        work.commit().await?;
                    }
                    Ok::<_, Error>(())
                }
            })
            .await;
        first = first.and(renewed);
    }
    first
}

/// What ends, the first to end first: the keys that sign now, lists that somebody has to see to, and seals that end within
/// 90 days.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn endings(tx: &mut Tx, custody: &Custody, now: Instant) -> Result<Vec<Ending>, Fault> {
    let horizon = now.plus_seconds(limits::ENDINGS_TOLD_SECONDS);
    let mut endings = calendar::endings(custody, now);
    for (key, name, at) in calendar::seal_keys_ending(tx, horizon, limits::ENDINGS_TOLD_MAX).await? {
        let what = Ends::Seal(key);
        let replaced_at = Some(at.plus_seconds(-pki::limits::REPLACE_BEFORE_SECONDS));
        endings.push(Ending { what, name, at, replaced_at, is_away: false });
    }
    endings.sort_by_key(|ending| ending.at);
    Ok(endings)
}
