//! What the driver says, in our words.

use base::{Fault, fault::FaultKind};

use crate::dialect::{self, Left};

/// Sorts a driver's error: what may be tried again, what needs waiting, what is our mistake.
pub(crate) fn fault(error: sqlx::Error) -> Fault {
    match kind(&error) {
        FaultKind::Unavailable | FaultKind::Unknown => Fault::unavailable(error),
        FaultKind::Conflict => Fault::conflict(error),
        FaultKind::Broken => Fault::broken(error),
    }
}

fn kind(error: &sqlx::Error) -> FaultKind {
    match error {
        sqlx::Error::Database(database) => dialect::error_kind(database.code().as_deref().unwrap_or_default()),
        error if is_of_the_connection(error) => FaultKind::Unavailable,
        _ => FaultKind::Broken,
    }
}

/// What is left of a connection on which this happened.
pub(crate) fn left(error: &sqlx::Error) -> Left {
    match error {
        sqlx::Error::Database(database) => dialect::left(database.code().as_deref().unwrap_or_default()),
        error if is_of_the_connection(error) => Left::Lost,
        _ => Left::InOrder,
    }
}

/// Sorts what a server said that let nobody in: what it may say no more in a while, and what stays until somebody
/// changes a setting.
pub(crate) fn not_let_in(error: sqlx::Error) -> Fault {
    let is_for_now = match &error {
        sqlx::Error::Database(database) => dialect::may_let_in_later(database.code().as_deref().unwrap_or_default()),
        sqlx::Error::Io(_) => true,
        _ => false,
    };
    if is_for_now { Fault::unavailable(error) } else { Fault::broken(error) }
}

fn is_of_the_connection(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed)
}
