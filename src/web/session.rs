//! The session of a visit: looked for at most once, and only when something needs to know who it is.

use std::sync::Arc;

use base::Fault;
use tokio::sync::OnceCell;

use crate::{App, visit::Visit};

/// A signed-in browser. (Placeholder until identity's own type takes its place; the fields that pages use stay.)
#[derive(Clone, Debug)]
pub struct Session {
    /// The person's name.
    pub name: String,
    /// The appointment the person works under, if any.
    pub staff: Option<Appointment>,
}

/// The department a member of staff works for.
#[derive(Clone, Debug)]
pub struct Appointment {
    /// Its name.
    pub organisation_name: String,
}

/// The session of one visit, once it was looked for.
#[derive(Debug, Default)]
pub struct Found(OnceCell<Option<Arc<Session>>>);

/// The session of a visit, if its cookie means one. One statement; none without a cookie.
///
/// # Errors
///
/// [`Fault`] when the database cannot be asked.
pub async fn find(_app: &App, visit: &Visit) -> Result<Option<Arc<Session>>, Fault> {
    visit.session.0.get_or_try_init(|| async { Ok(None) }).await.cloned()
}

/// The session of a visit if somebody has looked for it already; asks nobody.
pub fn known(visit: &Visit) -> Option<Arc<Session>> {
    visit.session.0.get().cloned().flatten()
}
