//! What the driver says, in our words.

use base::{Fault, fault::FaultKind};

use crate::dialect;

/// Sorts a driver's error: what may be tried again, what needs waiting, what is our mistake.
pub(crate) fn fault(error: sqlx::Error) -> Fault {
    match &error {
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => {
            Fault::unavailable(error)
        }
        sqlx::Error::Database(database) => match dialect::error_kind(database.code().as_deref().unwrap_or_default()) {
            FaultKind::Unavailable | FaultKind::Unknown => Fault::unavailable(error),
            FaultKind::Conflict => Fault::conflict(error),
            FaultKind::Broken => Fault::broken(error),
        },
        _ => Fault::broken(error),
    }
}
