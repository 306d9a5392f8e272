//! Who does something.

use base::id::{OrganisationId, PersonId, StaffId};

/// Who an event is recorded for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody has signed in yet: a failed sign-in, a public look-up.
    Anonymous,
    /// A registered application with a token of its own.
    Client(String),
    /// A background job, by its kind.
    Job(&'static str),
    /// An operator, through the command line.
    Operator {
        /// The appointment.
        staff: StaffId,
        /// Who acts.
        person: PersonId,
    },
    /// A signed-in person, perhaps for an organisation.
    Person {
        /// Who acts.
        person: PersonId,
        /// For whom.
        on_behalf: Option<OrganisationId>,
    },
    /// A member of staff in that role.
    Staff {
        /// The appointment.
        staff: StaffId,
        /// Who acts.
        person: PersonId,
    },
}

impl Actor {
    /// The kind, as written in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Client(_) => "client",
            Self::Job(_) => "job",
            Self::Operator { .. } => "operator",
            Self::Person { .. } => "person",
            Self::Staff { .. } => "staff",
        }
    }

    /// The identifier, as written in the log.
    pub fn id(&self) -> &str {
        match self {
            Self::Anonymous => "",
            Self::Client(client) => client,
            Self::Job(kind) => kind,
            Self::Person { person, .. } => person.as_str(),
            Self::Operator { staff, .. } | Self::Staff { staff, .. } => staff.as_str(),
        }
    }

    /// The organisation acted for, as written in the log.
    pub(crate) fn on_behalf(&self) -> Option<&str> {
        match self {
            Self::Person { on_behalf, .. } => on_behalf.as_ref().map(OrganisationId::as_str),
            _ => None,
        }
    }
}
