//! From one key of a purpose to the next: publish, wait until verifiers have seen it, activate, retire.
//!
//! An authority goes the same way: what it issued before stays good, and its revocation list goes on under its own
//! number until its certificate ends. A seal's key is not published beforehand, because every sealed file carries its
//! certificate: it is replaced in one step, [`renew_seal`].

use std::sync::Arc;

use base::{
    Fault, Instant,
    id::{CertificateId, KeyId},
};
use records::{Context, Work, revision};

use crate::{
    REVISION,
    authority::{self, SealSubject},
    calendar,
    crl::{self, RevocationReason},
    custody::{Custody, Inventory, Signer},
    error::Error,
    events::{KeyActivated, KeyRetired},
    limits,
    purpose::{KeyState, Purpose},
    queries::{self, KeyRow},
};

/// Makes the next key of a purpose and publishes it; it signs nothing yet. It has a unit of work to itself, because an
/// RSA key takes seconds to make, which must be over before the unit of work begins.
///
/// # Errors
///
/// [`Error::SealKey`] for seals; [`Error::NoCurrentKey`] when the authority above has no key, and
/// [`Error::KeyUnusable`] when it may not sign now.
pub async fn pre_publish(custody: &Custody, context: Context, purpose: Purpose) -> Result<KeyId, Error> {
    if purpose == Purpose::Seal {
        return Err(Error::SealKey);
    }
    publish(custody, context, purpose, |_| true).await?.ok_or_else(|| Fault::broken("a key was not made").into())
}

/// The same, unless the next one was published already: whoever verifies would have to know both.
///
/// # Errors
///
/// [`Error::KeyWaits`] when it was; else as for [`pre_publish`].
pub async fn publish_next(custody: &Custody, context: Context, purpose: Purpose) -> Result<KeyId, Error> {
    // Before a key is made, and again when its turn comes.
    let waits = |there: &Inventory| {
        let published = |signer: &&Arc<Signer>| signer.purpose == purpose && signer.state == KeyState::PrePublished;
        there.signers.values().any(|signer| published(&signer))
    };
    if purpose == Purpose::Seal {
        return Err(Error::SealKey);
    }
    if waits(&custody.inventory()) {
        return Err(Error::KeyWaits(purpose));
    }
    publish(custody, context, purpose, |there| !waits(there)).await?.ok_or(Error::KeyWaits(purpose))
}

/// The same, unless it is not to be done any more when its turn comes.
pub(crate) async fn publish(
    custody: &Custody,
    context: Context,
    purpose: Purpose,
    is_due: impl Fn(&Inventory) -> bool,
) -> Result<Option<KeyId>, Error> {
    let issuer = calendar::above(purpose).map(|above| custody.current(above, context.at)).transpose()?;
    let new = custody.0.folder.make(purpose.suite(), &context.entropy).await?;
    let mut work = custody.0.database.begin(context).await?;
    custody.check_envelope(&queries::take_turn(&mut work.tx).await?)?;
    if !is_due(&custody.inventory_from(&mut work.tx).await?) {
        return Ok(None);
    }
    let organisation = custody.0.settings.organisation.clone();
    let name = format!("{organisation} {}", purpose.certificate_name());
    let profile = custody.profile(&work, purpose, (organisation, None), name, issuer.as_deref());
    let state = KeyState::PrePublished;
    let made = authority::adopt(&mut work, custody, (purpose, state), new, (profile, issuer.as_deref())).await?;
    if made.list_number.is_some() {
        // A verifier asks for the list with the first certificate that it meets.
        crl::sign_list(&mut work, &made).await?;
    }
    revision::bump(&mut work.tx, REVISION).await?;
    work.commit().await?;
    Ok(Some(made.key_id))
}

/// Whether those who verify have had time to learn of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// They must have.
    Over,
    /// It signs at once: the one before it must not, or cannot.
    Skipped,
}

/// Lets a published key sign, and retires the one before it.
///
/// # Errors
///
/// [`Error::KeyUnknown`] when there is no such key; [`Error::SealKey`] for a seal's key; [`Error::Transition`] unless
/// the key is pre-published; [`Error::KeyTooNew`] when it was published a moment ago.
pub async fn activate(work: &mut Work, key_id: &KeyId, wait: Wait) -> Result<(), Error> {
    let key = queries::key(&mut work.tx, key_id).await?.ok_or_else(|| Error::KeyUnknown(key_id.clone()))?;
    if key.purpose == Purpose::Seal.as_str() {
        return Err(Error::SealKey);
    }
    let until = Instant::from_micros(key.created_at).plus_seconds(limits::LEARNED_SECONDS);
    if wait == Wait::Over && work.at() < until && key.state == KeyState::PrePublished.as_str() {
        return Err(Error::KeyTooNew { key_id: key_id.clone(), until });
    }
    change(work, key_id, &key.state, KeyState::Active).await?;
    work.record(KeyActivated { key: key_id.clone() });
    let keys = queries::service_keys(&mut work.tx).await?;
    for old in keys.iter().filter(|row| row.purpose == key.purpose && row.key_id != key.key_id) {
        if old.state == KeyState::Active.as_str() {
            let old_id = KeyId::stored(old.key_id.clone());
            change(work, &old_id, &old.state, KeyState::Retired).await?;
            work.record(KeyRetired { key: old_id });
        }
    }
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(())
}

/// Gives up a key that was published and is not to sign after all. A key that signs is retired by the one that takes its
/// place.
///
/// # Errors
///
/// [`Error::KeyUnknown`] when there is no such key; [`Error::KeyInUse`] when it signs now; [`Error::Transition`] when
/// it is retired or revoked.
pub async fn retire(work: &mut Work, key_id: &KeyId) -> Result<(), Error> {
    let key = not_in_use(work, key_id).await?;
    change(work, key_id, &key.state, KeyState::Retired).await?;
    work.record(KeyRetired { key: key_id.clone() });
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(())
}

/// Revokes a key that does not sign, with its certificate: nothing that it signed is to be trusted.
///
/// # Errors
///
/// [`Error::KeyUnknown`] when there is no such key; [`Error::KeyInUse`] when it signs now: its successor is activated
/// first, so that somebody signs; [`Error::CertificateUnknown`] when it was revoked before.
pub async fn revoke(work: &mut Work, custody: &Custody, key_id: &KeyId, reason: RevocationReason) -> Result<(), Error> {
    let key = not_in_use(work, key_id).await?;
    crl::revoke(work, custody, &CertificateId::stored(key.certificate_id), reason).await
}

/// Gives a seal a new key and certificate, and retires the key that it had. What that key sealed stays as it is.
///
/// # Errors
///
/// [`Error::KeyUnknown`] when there is no such key; as [`authority::issue_seal`] when the new one cannot be made.
pub async fn renew_seal(
    work: &mut Work,
    custody: &Custody,
    old: &KeyId,
    subject: &SealSubject,
) -> Result<KeyId, Error> {
    let row = queries::key(&mut work.tx, old).await?.ok_or_else(|| Error::KeyUnknown(old.clone()))?;
    if row.purpose != Purpose::Seal.as_str() {
        return Err(Fault::broken("a seal has a key that is for something else").into());
    }
    let new = authority::issue_seal(work, custody, subject).await?;
    // A key that was revoked stays revoked.
    if row.state == KeyState::Active.as_str() {
        change(work, old, &row.state, KeyState::Retired).await?;
        work.record(KeyRetired { key: old.clone() });
    }
    Ok(new)
}

async fn not_in_use(work: &mut Work, key_id: &KeyId) -> Result<KeyRow, Error> {
    let key = queries::key(&mut work.tx, key_id).await?.ok_or_else(|| Error::KeyUnknown(key_id.clone()))?;
    if key.state == KeyState::Active.as_str() { Err(Error::KeyInUse(key_id.clone())) } else { Ok(key) }
}

async fn change(work: &mut Work, key_id: &KeyId, from: &str, to: KeyState) -> Result<(), Error> {
    let from = KeyState::parse(from).ok_or_else(|| Fault::broken("a key has an unknown state"))?;
    if !from.may_become(to) || queries::change_state(&mut work.tx, key_id, from, to).await? == 0 {
        return Err(Error::Transition { key_id: key_id.clone(), from, to });
    }
    Ok(())
}
