//! A member of staff who makes or checks.

use base::id::{OrganisationId, PersonId, StaffId};
use identity::{
    Role,
    staff::{Appointment, Roles, StaffView},
};

use crate::error::Error;

/// One appointment and the person who holds it. Maker and checker are compared by person: somebody with two
/// appointments is still one person.
#[derive(Clone, Debug)]
pub struct Official {
    /// The appointment.
    pub staff_id: StaffId,
    pub person_id: PersonId,
    /// The department.
    pub organisation_id: OrganisationId,
    /// What the person may do there.
    pub roles: Roles,
}

impl Official {
    /// From a session: who signed in, and the appointment that person has.
    pub fn new(person: &PersonId, appointment: &Appointment) -> Self {
        Self {
            staff_id: appointment.staff_id.clone(),
            person_id: person.clone(),
            organisation_id: appointment.organisation_id.clone(),
            roles: appointment.roles.clone(),
        }
    }

    pub(crate) fn check_role(&self, role: Role) -> Result<(), Error> {
        if self.roles.has(role) { Ok(()) } else { Err(Error::NotAuthorised) }
    }

    pub(crate) fn check_other_person(&self, maker: &str) -> Result<(), Error> {
        if self.person_id.as_str() == maker { Err(Error::FourEyes) } else { Ok(()) }
    }
}

impl From<StaffView> for Official {
    fn from(view: StaffView) -> Self {
        Self {
            staff_id: view.staff_id,
            person_id: view.person_id,
            organisation_id: view.organisation_id,
            roles: view.roles,
        }
    }
}
