//! Nobody decides on their own affair: neither on what they hold themselves nor on what an organisation holds that they act
//! for, whether they enter it, decide on it, take it back or change what came of it. Each act on an application or a
//! licence asks here; `every_act_of_a_person_asks_whether_it_is_their_own_affair` has the table of them.

use base::{Fault, Instant, id::PersonId};
use identity::mandate;
use records::{Actor, Tx, Work};

use crate::{
    error::Error,
    register::{content::Content, holder::Holder, joint, licence::Licence},
};

/// Refuses a person's own affair.
pub(crate) async fn check(work: &mut Work, person: &PersonId, holder: &Holder) -> Result<(), Error> {
    let at = work.at();
    if is_own(&mut work.tx, person, holder, at).await? { Err(Error::OwnAffair) } else { Ok(()) }
}

/// The same of what was applied for, which may be of two.
pub(crate) async fn check_applied(
    work: &mut Work,
    person: &PersonId,
    (holder, content): (&Holder, &Content),
) -> Result<(), Error> {
    if content.joint_holder.as_deref() == Some(person.as_str()) {
        return Err(Error::OwnAffair);
    }
    check(work, person, holder).await
}

/// The same of a licence.
pub(crate) async fn check_licence(work: &mut Work, person: &PersonId, licence: &Licence) -> Result<(), Error> {
    let at = work.at();
    if is_own_licence(&mut work.tx, person, licence, at).await? { Err(Error::OwnAffair) } else { Ok(()) }
}

/// Refuses the own affair of whoever acts. A system has none: of the people that it names it says so itself.
pub(crate) async fn check_acting(work: &mut Work, licence: &Licence) -> Result<(), Error> {
    match work.actor().clone() {
        Actor::Operator { person, .. } | Actor::Person { person, .. } | Actor::Staff { person, .. } => {
            check_licence(work, &person, licence).await
        }
        Actor::Anonymous | Actor::Client(_) | Actor::Job(_) => Ok(()),
    }
}

/// Refuses what the clerk who answers for it should not have entered, or could not enter any more: the clerk may act for
/// the holder since.
pub(crate) async fn check_clerk(work: &mut Work, clerk: &PersonId, applied: (&Holder, &Content)) -> Result<(), Error> {
    check_applied(work, clerk, applied).await.map_err(of_clerk)
}

/// The same error about whoever entered it.
pub(crate) fn of_clerk(error: Error) -> Error {
    match error {
        Error::OwnAffair => Error::OwnAffairOfClerk,
        other => other,
    }
}

/// Whether a licence is a person's own: as its holder, beside its holder, or as who acts for an organisation that is.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn is_own_licence(tx: &mut Tx, person: &PersonId, licence: &Licence, at: Instant) -> Result<bool, Fault> {
    let is_holder = is_own(tx, person, &licence.holder, at).await?;
    let may_be_joint = !is_holder && matches!(licence.holder, Holder::Person(_));
    Ok(is_holder || (may_be_joint && joint::is_joint(tx, &licence.id, person).await?))
}

/// Whether what concerns a holder is a person's own affair.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn is_own(tx: &mut Tx, person: &PersonId, holder: &Holder, at: Instant) -> Result<bool, Fault> {
    match holder {
        Holder::Person(holder) => Ok(holder == person),
        Holder::Organisation(organisation) => mandate::may_act(tx, organisation, person, at).await,
    }
}
