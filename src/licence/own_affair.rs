//! Nobody decides on their own affair: neither on what they hold themselves nor on what an organisation holds that they act
//! for, whether they enter it, decide on it, take it back or change what came of it. Each act on an application or a
//! licence asks here; `every_act_of_a_person_asks_whether_it_is_their_own_affair` has the table of them.

use base::{Fault, Instant, id::PersonId};
use identity::mandate;
use records::{Actor, Tx, Work};

use crate::{error::Error, register::holder::Holder};

/// Refuses a person's own affair.
pub(crate) async fn check(work: &mut Work, person: &PersonId, holder: &Holder) -> Result<(), Error> {
    let at = work.at();
    if is_own(&mut work.tx, person, holder, at).await? { Err(Error::OwnAffair) } else { Ok(()) }
}

/// Refuses the own affair of whoever acts. A system has none: of the people that it names it says so itself.
pub(crate) async fn check_acting(work: &mut Work, holder: &Holder) -> Result<(), Error> {
    match work.actor().clone() {
        Actor::Operator { person, .. } | Actor::Person { person, .. } | Actor::Staff { person, .. } => {
            check(work, &person, holder).await
        }
        Actor::Anonymous | Actor::Client(_) | Actor::Job(_) => Ok(()),
    }
}

/// Refuses what the clerk who answers for it should not have entered, or could not enter any more: the clerk may act for
/// the holder since.
pub(crate) async fn check_clerk(work: &mut Work, clerk: &PersonId, holder: &Holder) -> Result<(), Error> {
    match check(work, clerk, holder).await {
        Err(Error::OwnAffair) => Err(Error::OwnAffairOfClerk),
        other => other,
    }
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
