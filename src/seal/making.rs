//! From application to a seal in use.

use base::id::{OrganisationId, SealId, StaffId};
use documents::SealText;
use identity::{
    organisation::{self, OrganisationView},
    staff,
    staff::Role,
};
use records::{Work, revision};

use crate::{
    Cabinet, Error, REVISION, SealKind, SealState, SealView,
    events::{SealApplied, SealEnabled, SealFiled, SealMade},
    limits, queries,
};

/// A seal to be made.
#[derive(Clone, Debug)]
pub struct NewSeal {
    /// Whose it is.
    pub organisation_id: OrganisationId,
    pub kind: SealKind,
    /// Who keeps it: a seal keeper of that department.
    pub keeper: StaffId,
}

/// Applies for a seal, makes it with its key and certificate, files it and enables it, in one go and with an event for
/// each step. (The steps get people and waiting times of their own later.)
///
/// # Errors
///
/// [`Error::OrganisationUnknown`], [`Error::NotAKeeper`], [`Error::AlreadyHasOne`], and [`Error::Picture`] for a name
/// that cannot be drawn.
pub async fn create(work: &mut Work, cabinet: &Cabinet, new: NewSeal) -> Result<SealId, Error> {
    let department = check(work, cabinet, &new).await?;
    let number = next_number(work, department.credit_code.as_str()).await?;
    let at = work.at();
    let seal = SealView {
        seal_id: work.new_id(),
        organisation_id: new.organisation_id,
        kind: new.kind,
        name: new.kind.name_for(&department.name),
        number,
        keeper: new.keeper,
        state: SealState::Applied,
        reason: None,
        key_id: None,
        applied_at: at,
        changed_at: at,
        ring: department.name.clone(),
        below: new.kind.below().to_owned(),
    };
    queries::insert(&mut work.tx, &seal).await?;
    work.record(SealApplied {
        seal: seal.seal_id.clone(),
        organisation: seal.organisation_id,
        kind: seal.kind.code().to_owned(),
        number: seal.number,
        keeper: seal.keeper,
    });
    let subject = pki::SealSubject {
        organisation_name: department.name,
        organisation_code: department.credit_code.as_str().to_owned(),
        seal_name: seal.name.clone(),
    };
    let key = pki::authority::issue_seal(work, cabinet.custody(), &subject).await?;
    queries::set_key(&mut work.tx, &seal.seal_id, &key).await?;
    let seal = seal.seal_id;
    queries::change_state(&mut work.tx, &seal, (SealState::Applied, SealState::Made), None, at).await?;
    work.record(SealMade { seal: seal.clone(), key: key.clone() });
    queries::change_state(&mut work.tx, &seal, (SealState::Made, SealState::Filed), None, at).await?;
    work.record(SealFiled { seal: seal.clone(), key: key.clone() });
    queries::change_state(&mut work.tx, &seal, (SealState::Filed, SealState::Enabled), None, at).await?;
    work.record(SealEnabled { seal: seal.clone(), key });
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(seal)
}

/// The department, when it can have the seal: it has none of that kind, the keeper keeps its seals, and the picture can be
/// drawn. Nothing is written: a character that no font has is found before.
pub(crate) async fn check(work: &mut Work, cabinet: &Cabinet, new: &NewSeal) -> Result<OrganisationView, Error> {
    let department = organisation::find_unchanged(&mut work.tx, &new.organisation_id)
        .await?
        .filter(|found| found.kind == organisation::OrganisationKind::Department)
        .ok_or(Error::OrganisationUnknown)?;
    let keeper = staff::find(&mut work.tx, &new.keeper).await?;
    if keeper.is_none_or(|keeper| keeper.organisation_id != new.organisation_id || !keeper.roles.has(Role::SealKeeper))
    {
        return Err(Error::NotAKeeper);
    }
    if queries::in_use(&mut work.tx, &new.organisation_id, new.kind).await?.is_some() {
        return Err(Error::AlreadyHasOne);
    }
    let length = department.name.chars().count();
    if !(limits::RING_CHARACTERS_MIN..=limits::RING_CHARACTERS_MAX).contains(&length) {
        return Err(Error::Picture(format!(
            "it has {length} characters, the ring has room for {} to {}",
            limits::RING_CHARACTERS_MIN,
            limits::RING_CHARACTERS_MAX
        )));
    }
    let text = SealText {
        ring: department.name.clone(),
        below: new.kind.below().to_owned(),
        number: "0".repeat(limits::NUMBER_DIGITS),
    };
    cabinet.draw_text(&text)?;
    Ok(department)
}

/// Six digits of the administrative division, which characters 3 to 8 of a credit code are, and a serial of eight.
async fn next_number(work: &mut Work, credit_code: &str) -> Result<String, Error> {
    let division = credit_code.get(2..8).unwrap_or("000000").to_owned();
    let serial = queries::next_serial(&mut work.tx, &division).await?;
    if serial > limits::SERIAL_MAX {
        return Err(base::Fault::broken("the seal numbers of an administrative division are used up").into());
    }
    Ok(format!("{division}{serial:08}"))
}
