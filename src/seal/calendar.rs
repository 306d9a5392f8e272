//! The calendar of keys and seals: what is replaced before it ends, and what ends next.

use base::{Fault, Instant, id::KeyId};
use identity::command_key::{self, KeyEnding};
use pki::{
    Custody, Ending,
    calendar::{self, Ends},
};
use records::{Context, Database, Tx};

use crate::{Error, SealState, SealView, limits, queries, renewal::renew_known};

/// Why a seal gets a new key when nobody asked for it.
pub const BY_CALENDAR: &str = "expiring";

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

/// The certificate that a seal has now.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub from: Instant,
    pub until: Instant,
    pub is_revoked: bool,
    /// When it ends and another one takes its place; none when it counts no more, or its seal was cancelled.
    pub ending: Option<Ending>,
}

/// The certificate of a seal, once it is made.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn certificate(tx: &mut Tx, seal: &SealView) -> Result<Option<Certificate>, Fault> {
    let Some(key) = &seal.key_id else { return Ok(None) };
    let Some(found) = Custody::find(tx, key).await? else { return Ok(None) };
    let counts = !found.is_revoked && matches!(seal.state, SealState::Enabled | SealState::Frozen);
    let ending = counts.then(|| ending(found.key_id, calendar::known(&found.subject), found.not_after));
    Ok(Some(Certificate { from: found.not_before, until: found.not_after, is_revoked: found.is_revoked, ending }))
}

fn ending(key: KeyId, name: String, at: Instant) -> Ending {
    let replaced_at = Some(at.plus_seconds(-pki::limits::REPLACE_BEFORE_SECONDS));
    Ending { what: Ends::Seal(key), name, at, replaced_at, is_away: false }
}

/// What ends, the first to end first: the keys that sign now, lists, seals, and the keys with which commands act for
/// operators. Of seals those that end within 90 days, and at least the few that end first: there may be thousands.
///
/// A password that was handed out ends in days too. It is not among these: it is one person's, who chooses another one or
/// asks for a new one, and nothing stops when it ends.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn endings(tx: &mut Tx, custody: &Custody, now: Instant) -> Result<Vec<Ending>, Fault> {
    let horizon = now.plus_seconds(limits::ENDINGS_TOLD_SECONDS);
    // None counts longer from now on than one that is made now.
    let all = now.plus_seconds(pki::limits::SEAL_SECONDS + limits::ENDINGS_TOLD_SECONDS);
    let mut endings = calendar::endings(custody);
    let seals = calendar::seal_keys_ending(tx, all, limits::ENDINGS_TOLD_MAX).await?;
    for (place, (key, name, at)) in seals.into_iter().enumerate() {
        if at < horizon || place < limits::ENDINGS_TOLD_MIN {
            endings.push(ending(key, name, at));
        }
    }
    for KeyEnding { username, key, at } in command_key::endings(tx, now).await? {
        endings.push(Ending { what: Ends::CommandKey(key), name: username, at, replaced_at: None, is_away: false });
    }
    endings.sort_by_key(|ending| ending.at);
    Ok(endings)
}
