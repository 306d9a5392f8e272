//! What can be wrong with a seal.

use base::{Fault, id::SealId};
use records::MaybeFault;

use crate::kind::SealState;

/// What is true when an operation of this crate did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The department already has a seal of this kind in use.
    #[error("the department already has a seal of this kind")]
    AlreadyHasOne,
    /// Ours to repair.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A rule about who may act, or about what two people decide.
    #[error(transparent)]
    Identity(identity::Error),
    /// The department has no seal that may seal now.
    #[error("the department has no enabled seal")]
    NoActiveSeal,
    /// The keeper is not appointed as seal keeper of that department.
    #[error("the keeper is not a seal keeper of the department")]
    NotAKeeper,
    /// There is no such seal.
    #[error("there is no such seal")]
    NotFound,
    /// There is no such department.
    #[error("there is no such department")]
    OrganisationUnknown,
    /// The department's name is too short or too long for the ring, or no font has one of its characters.
    #[error("the name cannot be drawn on a seal: {0}")]
    Picture(String),
    /// A key or certificate of the seal is not what it must be.
    #[error(transparent)]
    Pki(pki::Error),
    /// The reason is empty, too long, or has characters that cannot be shown.
    #[error("a reason is needed, of at most {max} characters")]
    Reason {
        /// The most characters.
        max: usize,
    },
    /// The seal got its certificate a moment ago; nobody needs another one.
    #[error("the seal got its certificate less than {hours} hours ago")]
    RenewedJustNow {
        /// How long nobody renews it again.
        hours: i64,
    },
    /// The seal cannot go from one state to the other.
    #[error("seal {seal_id} is {from} and cannot become {to}")]
    Transition {
        seal_id: SealId,
        from: SealState,
        /// The state it was to have.
        to: SealState,
    },
}

impl MaybeFault for Error {
    fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<identity::Error> for Error {
    fn from(error: identity::Error) -> Self {
        match error {
            identity::Error::Fault(fault) => Self::Fault(fault),
            other => Self::Identity(other),
        }
    }
}

impl From<pki::Error> for Error {
    /// A certificate that no longer counts is a rule; everything else about keys is ours to repair.
    fn from(error: pki::Error) -> Self {
        match error {
            pki::Error::Fault(fault) => Self::Fault(fault),
            pki::Error::KeyUnusable { .. } | pki::Error::Name => Self::Pki(error),
            other => Self::Fault(Fault::broken(other)),
        }
    }
}

impl From<documents::Error> for Error {
    fn from(error: documents::Error) -> Self {
        Self::Picture(error.to_string())
    }
}
