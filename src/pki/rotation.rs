//! From one key of a purpose to the next: publish, wait until verifiers have seen it, activate, retire.

use base::id::KeyId;
use records::{Work, revision};

use crate::{
    REVISION, authority,
    custody::Custody,
    error::Error,
    events,
    purpose::{KeyState, Purpose},
    queries,
};

/// Makes the next key of a service purpose and publishes it; it signs nothing yet.
///
/// # Errors
///
/// [`Error::NoCurrentKey`] before the first start; [`Error::PurposeMismatch`] is not possible here, but authorities and
/// seals are refused with [`Error::NoCurrentKey`]: they are not rotated this way.
pub async fn pre_publish(work: &mut Work, custody: &Custody, purpose: Purpose) -> Result<KeyId, Error> {
    if matches!(purpose, Purpose::Root | Purpose::IssuingAuthority | Purpose::Seal) {
        return Err(Error::NoCurrentKey(purpose));
    }
    let issuer = custody.current(Purpose::IssuingAuthority, work.at())?;
    let organisation = custody.0.settings.organisation.clone();
    let name = format!("{organisation} {}", purpose.certificate_name());
    let profile = custody.profile(work, purpose, organisation, None, name);
    let made = authority::create(work, custody, purpose, KeyState::PrePublished, (profile, Some(&issuer))).await?;
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(made.key_id)
}

/// Lets a published key sign, and retires the one before it.
///
/// # Errors
///
/// [`Error::KeyUnknown`]; [`Error::Transition`] unless the key is pre-published.
pub async fn activate(work: &mut Work, key_id: &KeyId) -> Result<(), Error> {
    let keys = queries::service_keys(&mut work.tx).await?;
    let key = keys.iter().find(|row| row.key_id == key_id.as_str()).ok_or_else(|| Error::KeyUnknown(key_id.clone()))?;
    change(work, key_id, &key.state, KeyState::Active).await?;
    work.record(events::KEY_ACTIVATED, key_id);
    for old in keys.iter().filter(|row| row.purpose == key.purpose && row.state == KeyState::Active.as_str()) {
        let old_id = KeyId::stored(old.key_id.clone());
        change(work, &old_id, &old.state, KeyState::Retired).await?;
        work.record(events::KEY_RETIRED, &old_id);
    }
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(())
}

/// Takes a key out of use; what it signed can still be checked.
///
/// # Errors
///
/// [`Error::KeyUnknown`]; [`Error::Transition`] unless the key is active.
pub async fn retire(work: &mut Work, key_id: &KeyId) -> Result<(), Error> {
    let key = queries::key(&mut work.tx, key_id).await?.ok_or_else(|| Error::KeyUnknown(key_id.clone()))?;
    change(work, key_id, &key.state, KeyState::Retired).await?;
    work.record(events::KEY_RETIRED, key_id);
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(())
}

async fn change(work: &mut Work, key_id: &KeyId, from: &str, to: KeyState) -> Result<(), Error> {
    let from = KeyState::parse(from).ok_or_else(|| base::Fault::broken("a key has an unknown state"))?;
    if !from.may_become(to) || queries::change_state(&mut work.tx, key_id, from, to).await? == 0 {
        return Err(Error::Transition { key_id: key_id.clone(), from, to });
    }
    Ok(())
}
