//! Appointments on pages of operators: one proposes it and another one approves it; its end takes one.
//!
//! The machine's command line calls [`staff`] itself.

use base::id::{OrganisationId, PersonId};
use records::Work;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Reason,
    organisation::{self, OrganisationKind},
    person,
    proposal::{self, Approved},
    staff::{self, Role, Roles},
};

/// An appointment, as proposals name it.
pub const APPOINT: &str = "staff.appoint";

/// In which department, in which roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    organisation: String,
    /// Separated by spaces.
    roles: String,
}

impl Place {
    /// A place in a department.
    pub fn new(organisation: &OrganisationId, roles: &[Role]) -> Self {
        Self { organisation: organisation.as_str().to_owned(), roles: Roles::new(roles).to_string() }
    }

    /// The department.
    pub fn organisation(&self) -> OrganisationId {
        OrganisationId::stored(self.organisation.clone())
    }

    /// What the person may do there.
    pub fn roles(&self) -> Vec<Role> {
        Roles::stored(&self.roles).iter().collect()
    }
}

/// Proposes that somebody works for a department.
///
/// # Errors
///
/// [`Error::Own`] for oneself; [`Error::RoleMissing`] without a role, [`Error::RolesExclude`] for two that nobody has
/// together; [`Error::OrganisationUnknown`] for what is no
/// department; [`Error::AlreadyAppointed`] for who has a place; [`Error::PersonUnknown`], [`Error::PersonDeceased`] for
/// who cannot have one; else as for [`proposal::propose`].
pub async fn propose(work: &mut Work, person: &PersonId, place: &Place, reason: &Reason) -> Result<(), Error> {
    of_somebody_else(work, person).await?;
    Roles::new(&place.roles()).check()?;
    let department = organisation::find_unchanged(&mut work.tx, &place.organisation()).await?;
    if department.is_none_or(|found| found.kind != OrganisationKind::Department) {
        return Err(Error::OrganisationUnknown);
    }
    person::living(&mut work.tx, person).await?;
    if staff::of_person(&mut work.tx, person).await?.is_some() {
        return Err(Error::AlreadyAppointed);
    }
    proposal::propose(work, APPOINT, person.as_str(), place, reason).await?;
    Ok(())
}

/// Does what two operators want.
///
/// # Errors
///
/// As for [`propose`], when it cannot be done any more.
pub async fn carry_out(work: &mut Work, approved: &Approved) -> Result<(), Error> {
    let proposal = approved.proposal();
    let person = PersonId::stored(proposal.object.clone());
    let place: Place = proposal.change()?;
    of_somebody_else(work, &person).await?;
    staff::appoint(work, &person, &place.organisation(), &place.roles()).await?;
    Ok(())
}

/// Ends the appointment that somebody has. Sessions go on, without it.
///
/// # Errors
///
/// [`Error::NotAllowed`] when who acts is no operator, [`Error::Own`] for oneself; [`Error::StaffUnknown`] for who has
/// none.
pub async fn end(work: &mut Work, person: &PersonId, reason: &Reason) -> Result<(), Error> {
    of_somebody_else(work, person).await?;
    let appointment = staff::of_person(&mut work.tx, person).await?.ok_or(Error::StaffUnknown)?;
    staff::end(work, &appointment.staff_id).await?;
    reason.record(work, appointment.staff_id.as_str());
    Ok(())
}

async fn of_somebody_else(work: &mut Work, person: &PersonId) -> Result<(), Error> {
    let operator = staff::acting(work, Role::Operator).await?;
    if operator.person_id == *person { Err(Error::Own) } else { Ok(()) }
}
