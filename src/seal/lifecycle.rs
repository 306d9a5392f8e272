//! Freezing, unfreezing and cancelling.

use base::id::{SealId, StaffId};
use pki::{Custody, RevocationReason};
use records::{Work, revision};

use crate::{
    Error, REVISION, SealState, SealView,
    events::{SealCancelled, SealFrozen, SealUnfrozen},
    limits, queries,
};

/// Stops a seal from sealing until it is unfrozen.
///
/// # Errors
///
/// [`Error::NotFound`], [`Error::Reason`], [`Error::Transition`] unless it is enabled.
pub async fn freeze(work: &mut Work, seal: &SealId, reason: &str) -> Result<(), Error> {
    let reason = parse_reason(reason)?;
    change(work, seal, SealState::Frozen, reason).await?;
    work.record(SealFrozen { seal: seal.clone(), reason: reason.to_owned() });
    Ok(())
}

/// Lets a frozen seal seal again.
///
/// # Errors
///
/// [`Error::NotFound`], [`Error::Reason`], [`Error::Transition`] unless it is frozen.
pub async fn unfreeze(work: &mut Work, seal: &SealId, reason: &str) -> Result<(), Error> {
    unfreeze_for(work, seal, reason, None).await
}

/// The same, as its keeper proposed it.
pub(crate) async fn unfreeze_for(
    work: &mut Work,
    seal: &SealId,
    reason: &str,
    proposed_by: Option<StaffId>,
) -> Result<(), Error> {
    let reason = parse_reason(reason)?;
    queries::hold(&mut work.tx, seal).await?;
    let known = queries::by_id(&mut work.tx, seal).await?.ok_or(Error::NotFound)?;
    if known.state != SealState::Frozen {
        return Err(Error::Transition { seal_id: seal.clone(), from: known.state, to: SealState::Enabled });
    }
    change(work, seal, SealState::Enabled, reason).await?;
    work.record(SealUnfrozen { seal: seal.clone(), reason: reason.to_owned(), proposed_by });
    Ok(())
}

/// Ends a seal for good and revokes its certificate. What it sealed before stays as it is.
///
/// # Errors
///
/// [`Error::NotFound`], [`Error::Reason`], [`Error::Transition`] when it was cancelled before.
pub async fn cancel(work: &mut Work, custody: &Custody, seal: &SealId, reason: &str) -> Result<(), Error> {
    cancel_for(work, custody, seal, reason, None).await
}

/// The same, as its keeper proposed it.
pub(crate) async fn cancel_for(
    work: &mut Work,
    custody: &Custody,
    seal: &SealId,
    reason: &str,
    proposed_by: Option<StaffId>,
) -> Result<(), Error> {
    let reason = parse_reason(reason)?;
    let known = change(work, seal, SealState::Cancelled, reason).await?;
    work.record(SealCancelled { seal: seal.clone(), reason: reason.to_owned(), proposed_by });
    if let Some(key) = &known.key_id {
        let certificate = custody.seal_signer(&mut work.tx, key).await?.certificate_id.clone();
        pki::crl::revoke(work, custody, &certificate, RevocationReason::CessationOfOperation).await?;
    }
    Ok(())
}

async fn change(work: &mut Work, seal: &SealId, to: SealState, reason: &str) -> Result<SealView, Error> {
    // Or a key that it gets meanwhile would not be the one that is revoked with it.
    queries::hold(&mut work.tx, seal).await?;
    let known = queries::by_id(&mut work.tx, seal).await?.ok_or(Error::NotFound)?;
    let at = work.at();
    if !known.state.may_become(to)
        || queries::change_state(&mut work.tx, seal, (known.state, to), Some(reason), at).await? == 0
    {
        return Err(Error::Transition { seal_id: seal.clone(), from: known.state, to });
    }
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(known)
}

pub(crate) fn parse_reason(text: &str) -> Result<&str, Error> {
    let reason = text.trim();
    let shown = !reason.chars().any(|c| base::name::is_unseen(c) || base::name::is_private(c));
    if shown && (1..=limits::REASON_CHARACTERS_MAX).contains(&reason.chars().count()) {
        Ok(reason)
    } else {
        Err(Error::Reason { max: limits::REASON_CHARACTERS_MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_needed_and_may_be_so_long() {
        let check = |reason: &str, good: bool| assert_eq!(parse_reason(reason).is_ok(), good, "{reason}");
        check("印章管理员调离", true);
        check("", false);
        check("   ", false);
        check("换\u{202e}章", false);
        check(&"由".repeat(limits::REASON_CHARACTERS_MAX), true);
        check(&"由".repeat(limits::REASON_CHARACTERS_MAX + 1), false);
    }
}
