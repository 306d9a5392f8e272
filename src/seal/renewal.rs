//! A new key and certificate for a seal, before the old certificate ends or when its key is no longer to be used.

use base::{
    Fault,
    id::{KeyId, SealId},
};
use identity::organisation;
use pki::Custody;
use records::{Work, revision};

use crate::{Error, REVISION, SealState, SealView, events::SealRenewed, lifecycle::parse_reason, queries};

/// Gives a seal a new key with a certificate of the issuing authority of now. Name, number, picture and keeper stay; what
/// the old key sealed stays good, and the old key seals no more.
///
/// # Errors
///
/// [`Error::NotFound`], [`Error::Reason`], [`Error::Transition`] when it was cancelled, [`Error::Pki`] when no
/// certificate can be issued now.
pub async fn renew(work: &mut Work, custody: &Custody, seal: &SealId, reason: &str) -> Result<KeyId, Error> {
    queries::hold(&mut work.tx, seal).await?;
    let known = queries::by_id(&mut work.tx, seal).await?.ok_or(Error::NotFound)?;
    renew_known(work, custody, known, reason).await
}

/// The same with the seal as it is in this unit of work.
pub(crate) async fn renew_known(
    work: &mut Work,
    custody: &Custody,
    known: SealView,
    reason: &str,
) -> Result<KeyId, Error> {
    let reason = parse_reason(reason)?;
    let seal = &known.seal_id.clone();
    let (SealState::Enabled | SealState::Frozen, Some(old)) = (known.state, known.key_id) else {
        return Err(Error::Transition { seal_id: seal.clone(), from: known.state, to: SealState::Enabled });
    };
    let department = organisation::find_unchanged(&mut work.tx, &known.organisation_id).await?;
    let subject = pki::SealSubject {
        // As it was when the seal was made: the certificate says what the picture shows.
        organisation_name: known.ring,
        organisation_code: department.ok_or(Error::OrganisationUnknown)?.credit_code.as_str().to_owned(),
        seal_name: known.name,
    };
    let new = pki::rotation::renew_seal(work, custody, &old, &subject).await?;
    if queries::replace_key(&mut work.tx, seal, &old, &new).await? == 0 {
        return Err(Fault::conflict("somebody else renewed or cancelled the seal at the same time").into());
    }
    work.record(SealRenewed { seal: seal.clone(), key: new.clone(), before: old, reason: reason.to_owned() });
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(new)
}
