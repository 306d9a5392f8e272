//! What ends, and what is done before it does. Keys go from one to the next by the calendar: published, after a while
//! activated, and the one before them retired; nobody has to think of it.
//!
//! | Key | counts | the next is published | and signs |
//! |---|---|---|---|
//! | of tokens | 2 years | 60 days before the end | 30 days before the end |
//! | of the issuing authority | 10 years | 60 days before what it issues would outlive it (5 years) | 30 days before that |
//! | of the root | 20 years | 395 days before what it issues would outlive it (10 years) | 30 days before that |
//!
//! What has ended while nothing ran is replaced at once, at the start.

use base::{Fault, Instant, id::KeyId};
use records::{Context, Tx};

use crate::{
    crl,
    custody::{Custody, Inventory, Signer},
    error::Error,
    limits,
    profile::Kind,
    purpose::{KeyState, Purpose},
    queries,
    rotation::{self, Wait},
};

/// How often one purpose is looked at in one turn: published and activated, with one to spare for another process.
const STEPS_MAX: usize = 3;

/// Something that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub what: Ends,
    /// As people know it: whom its certificate names, and of which organisation; of a seal, the seal and its department.
    pub name: String,
    /// When. Of an authority: from when on what it issues does not count as long as it should, because it ends itself.
    pub at: Instant,
    /// When something else takes its place by itself; none when somebody has to see to it.
    pub replaced_at: Option<Instant>,
    /// Whether the root's key is needed for it, which is kept elsewhere.
    pub is_away: bool,
}

/// The kinds of things that end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The key with which commands act for an operator, by the beginning of its hash.
    CommandKey(String),
    /// The key of a purpose.
    Key(Purpose, KeyId),
    /// The revocation list of an authority.
    List(KeyId),
    /// The certificate of a seal, which has this key.
    Seal(KeyId),
}

impl Ends {
    /// Every kind, as monitoring systems and operators' commands name it.
    pub const KINDS: [&'static str; 4] = ["key", "seal", "revocation_list", "command_key"];

    /// Which kind it is, and the identifier of its key.
    pub fn kind(&self) -> (&'static str, &str) {
        match self {
            Self::CommandKey(key) => ("command_key", key),
            Self::Key(_, key) => ("key", key.as_str()),
            Self::List(key) => ("revocation_list", key.as_str()),
            Self::Seal(key) => ("seal", key.as_str()),
        }
    }
}

impl Ending {
    /// How many days before an end it is told: the smallest of these in which it falls.
    const TOLD_DAYS: [i64; 4] = [1, 7, 30, 90];

    /// Whether something was to take its place by itself, and did not. A list is renewed by a turn of every few minutes,
    /// which a stop for the night may hold up.
    pub fn is_overdue(&self, now: Instant) -> bool {
        let late = if matches!(self.what, Ends::List(_)) { limits::LIST_LATE_SECONDS } else { 0 };
        self.replaced_at.is_some_and(|at| at.plus_seconds(late) < now)
    }

    /// Within how many days it ends, if it is time to tell: 1, 7, 30 or 90; 0 when it has ended. A list that is renewed by
    /// itself counts for a day, and is told when it was not.
    pub fn within_days(&self, now: Instant) -> Option<i64> {
        let is_renewed = matches!(self.what, Ends::List(_)) && self.replaced_at.is_some() && !self.is_overdue(now);
        if is_renewed {
            return None;
        }
        let left = self.at.seconds_since(now);
        if left <= 0 {
            return Some(0);
        }
        Self::TOLD_DAYS.into_iter().find(|days| left <= days * limits::DAY_SECONDS)
    }

    /// Whether somebody has to see to it now: it ends within a week, or within 90 days and nothing takes its place by
    /// itself. Somebody always has to make the next command key, which takes a minute.
    pub fn is_urgent(&self, now: Instant) -> bool {
        match (self.within_days(now), &self.what) {
            (None, _) => false,
            (Some(days), Ends::CommandKey(_)) => days <= 7,
            (Some(days), _) => days <= 7 || self.replaced_at.is_none() || self.is_overdue(now),
        }
    }
}

/// Keys of seals that end before an instant, the first to end first, with whom their certificates name, as people know
/// it; so many at most.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn seal_keys_ending(
    tx: &mut Tx,
    before: Instant,
    limit: i64,
) -> Result<Vec<(KeyId, String, Instant)>, Fault> {
    let rows = queries::seal_keys_ending(tx, before, limit).await?;
    let keys = rows
        .into_iter()
        .map(|row| (KeyId::stored(row.key_id), known(&row.subject), Instant::from_micros(row.not_after)));
    Ok(keys.collect())
}

/// Whether a seal whose certificate ends then gets one that counts so much longer that it is worth making.
pub fn seal_gains(custody: &Custody, now: Instant, present: Instant) -> bool {
    let inventory = custody.inventory();
    let above = signs(&inventory, Purpose::IssuingAuthority, now);
    above.is_some() && gains(above, now.plus_seconds(limits::SEAL_SECONDS), present)
}

/// What is next to be done for a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Publish,
    Activate(KeyId),
}

/// Does what is due: publishes and activates keys, and signs lists. One purpose for which it cannot be done holds up no
/// other. Run every few minutes and at each start; it does nothing most of the time, and asks the database for nothing.
///
/// # Errors
///
/// What could not be done first: [`Error::Fault`] when the database or the key folder is out of reach.
pub async fn turn(custody: &Custody, context: &Context) -> Result<(), Error> {
    let mut first = Ok(());
    for purpose in Purpose::SINGLE {
        let done = replace(custody, context, purpose).await;
        first = first.and(done);
    }
    first.and(crl::renew_due(custody, context.clone()).await)
}

async fn replace(custody: &Custody, context: &Context, purpose: Purpose) -> Result<(), Error> {
    for _ in 0..STEPS_MAX {
        match due(&custody.inventory(), purpose, context.at) {
            None => break,
            Some(Step::Publish) => {
                let is_due = |there: &Inventory| due(there, purpose, context.at) == Some(Step::Publish);
                rotation::publish(custody, context.clone(), purpose, is_due).await?;
            }
            Some(Step::Activate(key)) => {
                let mut work = custody.0.database.begin(context.clone()).await?;
                queries::take_turn(&mut work.tx).await?;
                let there = custody.inventory_from(&mut work.tx).await?;
                // Another process may have done it meanwhile.
                if due(&there, purpose, context.at) == Some(Step::Activate(key.clone())) {
                    rotation::activate(&mut work, &key, Wait::Skipped).await?;
                    work.commit().await?;
                }
            }
        }
        custody.0.database.refresh_kept().await?;
    }
    Ok(())
}

/// What is to be done now.
fn due(inventory: &Inventory, purpose: Purpose, now: Instant) -> Option<Step> {
    let lead = Lead::of(purpose);
    // A clock that is behind what was written by it says nothing of what has ended.
    if inventory.signers.values().any(|signer| now < signer.made_at) {
        return None;
    }
    let Some(current) = signs(inventory, purpose, now) else {
        // Whoever took the root's key away does not want another one made here.
        if purpose == Purpose::Root && inventory.current.get(&purpose).is_some_and(|root| root.taken_out_at.is_some()) {
            return None;
        }
        return Some(next(inventory, purpose, now).map_or(Step::Publish, |next| Step::Activate(next.key_id.clone())));
    };
    let above = above(purpose).and_then(|above| signs(inventory, above, now));
    match next(inventory, purpose, now).filter(|next| next.not_after > current.not_after) {
        Some(next) => {
            let waited = now.seconds_since(next.made_at) >= limits::PUBLISHED_SECONDS_MIN;
            let is_time = now >= current.not_after.plus_seconds(-lead.activate);
            (waited && is_time).then(|| Step::Activate(next.key_id.clone()))
        }
        // Somebody has to bring the root's key, and whoever took it away does not want another one made here.
        None if !by_itself(purpose, current, above) => None,
        None => {
            let gains = gains(above, now.plus_seconds(Kind::of(purpose).seconds()), current.not_after);
            (gains && now >= current.not_after.plus_seconds(-lead.publish)).then_some(Step::Publish)
        }
    }
}

/// Whether the next key can be made without anybody: what makes it is on this machine.
fn by_itself(purpose: Purpose, current: &Signer, above: Option<&Signer>) -> bool {
    if purpose == Purpose::Root { current.taken_out_at.is_none() } else { above.is_some_and(|above| above.is_here) }
}

/// Whether a certificate that would end at `end`, if the authority above it did not end before, counts so much longer than
/// one that ends at `present` that it is worth making.
fn gains(above: Option<&Signer>, end: Instant, present: Instant) -> bool {
    above.map_or(end, |above| end.min(above.not_after)).seconds_since(present) >= limits::GAIN_SECONDS_MIN
}

/// How long before a key ends the next one is published and takes its place.
#[derive(Clone, Copy, Debug)]
struct Lead {
    publish: i64,
    activate: i64,
    /// How long what it issues counts: so long before its own end it is of no full use any more.
    below: i64,
}

impl Lead {
    fn of(purpose: Purpose) -> Self {
        // An authority is replaced before what it issues would outlive it.
        let (below, publish) = match purpose {
            Purpose::Root => (limits::AUTHORITY_SECONDS, limits::ROOT_PUBLISH_BEFORE_SECONDS),
            Purpose::IssuingAuthority => (limits::SEAL_SECONDS, limits::PUBLISH_BEFORE_SECONDS),
            Purpose::AccessToken | Purpose::IdTokenEs256 | Purpose::IdTokenRs256 | Purpose::LogHead | Purpose::Seal => {
                (0, limits::PUBLISH_BEFORE_SECONDS)
            }
        };
        Self { publish: below + publish, activate: below + limits::REPLACE_BEFORE_SECONDS, below }
    }
}

/// The purpose of the authority that issues certificates of this one.
pub(crate) fn above(purpose: Purpose) -> Option<Purpose> {
    match purpose {
        Purpose::Root => None,
        Purpose::IssuingAuthority => Some(Purpose::Root),
        Purpose::AccessToken | Purpose::IdTokenEs256 | Purpose::IdTokenRs256 | Purpose::LogHead | Purpose::Seal => {
            Some(Purpose::IssuingAuthority)
        }
    }
}

/// The key that signs now.
fn signs(inventory: &Inventory, purpose: Purpose, now: Instant) -> Option<&Signer> {
    inventory.current.get(&purpose).map(|signer| &**signer).filter(|signer| signer.check_usable(purpose, now).is_ok())
}

/// The published key that counts longest.
fn next(inventory: &Inventory, purpose: Purpose, now: Instant) -> Option<&Signer> {
    let of_purpose = inventory.signers.values().filter(|signer| signer.purpose == purpose);
    let waiting = of_purpose.filter(|signer| {
        signer.state == KeyState::PrePublished && signer.revoked_at.is_none() && now < signer.not_after
    });
    waiting.max_by_key(|signer| (signer.not_after, signer.key_id.clone())).map(|signer| &**signer)
}

/// Whom a certificate names, without the marks of a distinguished name.
pub fn known(subject: &str) -> String {
    let names = subject.strip_prefix("CN=").and_then(|rest| rest.strip_suffix(", C=CN"));
    let names = names.and_then(|names| names.rsplit_once(", O="));
    names.map_or_else(|| subject.to_owned(), |(name, organisation)| format!("{name} · {organisation}"))
}

/// When the keys that sign now end, and every list that is not its authority's last one. From memory.
pub fn endings(custody: &Custody) -> Vec<Ending> {
    let inventory = custody.inventory();
    let mut endings = Vec::new();
    for purpose in Purpose::SINGLE {
        let Some(current) = inventory.current.get(&purpose) else { continue };
        let above = above(purpose).and_then(|above| inventory.current.get(&above)).map(|above| &**above);
        let lead = Lead::of(purpose);
        let replaced_at = current.not_after.plus_seconds(-lead.activate);
        endings.push(Ending {
            what: Ends::Key(purpose, current.key_id.clone()),
            name: known(&current.subject),
            at: current.not_after.plus_seconds(-lead.below),
            replaced_at: by_itself(purpose, current, above).then_some(replaced_at),
            is_away: !by_itself(purpose, current, above),
        });
    }
    for authority in inventory.signers.values() {
        let Some(list) = authority.list_number.and_then(|number| inventory.crls.get(&number)) else { continue };
        if list.next_update >= limits::NO_NEXT_UPDATE {
            continue;
        }
        let half = list.next_update.seconds_since(list.this_update) / 2;
        endings.push(Ending {
            what: Ends::List(authority.key_id.clone()),
            name: known(&authority.subject),
            at: list.next_update,
            replaced_at: authority.is_here.then(|| list.this_update.plus_seconds(half)),
            is_away: !authority.is_here,
        });
    }
    endings.sort_by_key(|ending| ending.at);
    endings
}
