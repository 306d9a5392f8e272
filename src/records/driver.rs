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

/// Whether the server says that it does not do such a thing at all, and so has done nothing.
pub(crate) fn is_refused(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some(dialect::READ_ONLY))
}

/// Sorts what a server said that let nobody in: what it may say no more in a while, and what stays until somebody
/// changes a setting.
pub(crate) fn not_let_in(error: sqlx::Error) -> Fault {
    if error.as_database_error().is_some_and(|error| error.code().as_deref() == Some(PROTOCOL_VIOLATION)) {
        return Fault::broken(format!(
            "{error}: what stands before the database does not pass on what a session begins with (PgBouncer: \
             ignore_startup_parameters = extra_float_digits, and pool_mode = session)"
        ));
    }
    let is_for_now = match &error {
        sqlx::Error::Database(_) => kind(&error) == FaultKind::Unavailable,
        sqlx::Error::Io(_) => true,
        _ => false,
    };
    if is_for_now { Fault::unavailable(error) } else { Fault::broken(error) }
}

/// What a pooler says to a session that begins with more than it knows.
const PROTOCOL_VIOLATION: &str = "08P01";

fn is_of_the_connection(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed)
}
