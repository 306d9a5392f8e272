//! The session of a visit, looked for at most once, and who may act in it.
//!
//! A handler names who acts by its argument: `citizen: Citizen`, `clerk: Staff`. Who that may be, the route's row in the
//! access table has said and checked. Each has the session and runs an operation in that person's name.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use base::{Fault, id::PersonId};
use http::{HeaderValue, Method, request::Parts};
use records::{Actor, Context, Event, MaybeFault, Work};

use identity::{Role, session};
pub use identity::{Session, SessionToken, staff::Appointment};

use crate::{
    App, Problem,
    kit::{
        cookies, links,
        visit::{SharedVisit, Visit},
    },
};

/// The session of a visit, if its cookie means one. Without a cookie nobody asks the database; with one, it also remembers
/// once a minute that the session is in use.
///
/// # Errors
///
/// [`Fault`] when the database cannot be asked.
pub async fn find(app: &App, visit: &Visit) -> Result<Option<Arc<Session>>, Fault> {
    visit.session.get_or_try_init(|| look(app, visit)).await.cloned()
}

/// The session of a visit if somebody has looked for it already; asks nobody.
pub fn known(visit: &Visit) -> Option<Arc<Session>> {
    visit.session.get().cloned().flatten()
}

/// Whose session the cookie meant that means none any more.
///
/// # Errors
///
/// [`Fault`] when the database cannot be asked.
pub async fn whose_was_it(app: &App, visit: &Visit) -> Result<Option<PersonId>, Fault> {
    match visit.session_token.as_ref().and_then(|token| SessionToken::parse(token.expose())) {
        Some(token) => session::person_of(&mut app.database.read().await?, &token).await,
        None => Ok(None),
    }
}

async fn look(app: &App, visit: &Visit) -> Result<Option<Arc<Session>>, Fault> {
    let Some(token) = visit.session_token.as_ref().and_then(|token| SessionToken::parse(token.expose())) else {
        return Ok(None);
    };
    let mut tx = app.database.read().await?;
    let found = session::find(&mut tx, &token, visit.at).await?;
    drop(tx);
    let Some(found) = found else { return Ok(None) };
    if let Err(fault) = session::touch(&app.database, &found, app.session_limits, visit.at).await {
        // The session ends a minute earlier than it might; the request itself goes on.
        tracing::warn!("a session was not marked as used: {fault}");
    }
    Ok(Some(Arc::new(found)))
}

/// The `Set-Cookie` value that signs a browser in, until it is closed or the session ends.
pub fn cookie(app: &App, token: &SessionToken) -> HeaderValue {
    let secure = app.settings.is_secure();
    cookies::set(&cookies::host_name(cookies::SESSION, secure), token.expose(), secure, None)
}

/// The `Set-Cookie` value that removes the session from a browser.
pub fn no_cookie(app: &App) -> HeaderValue {
    let secure = app.settings.is_secure();
    cookies::remove(&cookies::host_name(cookies::SESSION, secure), secure)
}

/// Any signed-in person.
#[derive(Clone)]
pub struct Citizen {
    /// Who.
    pub session: Arc<Session>,
    /// In which request.
    pub visit: SharedVisit,
    app: App,
}

impl Citizen {
    /// Runs an operation in the person's name, in a unit of work that the operation commits; again, when another act
    /// came between.
    ///
    /// # Errors
    ///
    /// What the operation said.
    pub async fn attempt<T, F>(&self, operation: impl Fn(Work) -> F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>>,
    {
        let context = self.app.context(&self.visit, self.session.person_actor());
        self.app.database.attempt(&context, operation).await
    }
}

/// A member of staff whose roles the route's row admits.
#[derive(Clone)]
pub struct Staff {
    /// Who.
    pub session: Arc<Session>,
    /// For which department, in which roles.
    pub appointment: Appointment,
    /// In which request.
    pub visit: SharedVisit,
    app: App,
}

impl Staff {
    /// Who acts, when, for which request.
    pub fn context(&self) -> Context {
        let actor = Actor::Staff { staff: self.appointment.staff_id.clone(), person: self.session.person_id.clone() };
        self.app.context(&self.visit, actor)
    }

    /// Writes down that this member of staff looked at something, before it is shown; once, however often they switch the
    /// language.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be kept: then nothing is shown.
    pub async fn tell(&self, look: impl Event) -> Result<(), Fault> {
        if self.visit.is_switched() {
            return Ok(());
        }
        self.app.database.tell(&self.context(), look).await?;
        self.visit.looked();
        Ok(())
    }

    /// Runs an operation in the name of this member of staff, in a unit of work that the operation commits; again, when
    /// another act came between. A request that opens a form from its address does nothing: it finds out what is wrong
    /// with it.
    ///
    /// # Errors
    ///
    /// What the operation said; [`Problem::Stands`] when it would be done now, and was not.
    pub async fn attempt<T, F>(&self, operation: impl Fn(Work) -> F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>>,
    {
        let path = self.visit.target.split('?').next().unwrap_or_default();
        self.act(operation).await?.ok_or_else(|| Problem::Stands { at: links::above(path).to_owned() })
    }

    /// The same with the errors of a domain; none when it would be done now, and was not.
    ///
    /// # Errors
    ///
    /// What the operation said.
    pub async fn act<T, E, F>(&self, operation: impl Fn(Work) -> F) -> Result<Option<T>, E>
    where
        E: MaybeFault + From<Fault>,
        F: Future<Output = Result<T, E>>,
    {
        if self.visit.opens_a_form() {
            self.app.database.rehearse(&self.context(), operation).await?;
            return Ok(None);
        }
        self.app.database.attempt(&self.context(), operation).await.map(Some)
    }

    /// Finds out whether an operation could be done in the name of this member of staff, and does not do it.
    ///
    /// # Errors
    ///
    /// What the operation would say.
    pub async fn rehearse<T, F>(&self, operation: impl Fn(Work) -> F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>>,
    {
        self.app.database.rehearse(&self.context(), operation).await
    }
}

/// The person of a request that only a signed-in person may make.
///
/// # Errors
///
/// [`Problem::SignIn`] without a session; [`Fault`] when the database is out of reach.
pub async fn citizen(app: &App, visit: SharedVisit, method: &Method) -> Result<Citizen, Problem> {
    match find(app, &visit).await? {
        Some(session) => Ok(Citizen { session, visit, app: app.clone() }),
        None if method == Method::GET => Err(Problem::SignIn { to: visit.target.clone() }),
        // A form that was sent after the session had ended cannot be repeated by a redirect.
        None => Err(Problem::SignIn { to: "/".to_owned() }),
    }
}

/// The member of staff in whose appointment a person acts, with one of these roles.
///
/// # Errors
///
/// [`Problem::Forbidden`] when there is no such appointment.
pub fn staff(citizen: Citizen, roles: &[Role]) -> Result<Staff, Problem> {
    let Citizen { session, visit, app } = citizen;
    let staff = session.staff.clone().filter(|staff| staff.roles.has_any(roles));
    Ok(Staff { appointment: staff.ok_or(Problem::Forbidden)?, session, visit, app })
}

impl FromRequestParts<App> for Citizen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.remove().ok_or_else(not_given)
    }
}

impl FromRequestParts<App> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.remove().ok_or_else(not_given)
    }
}

/// The table admits nobody to a handler without leaving here who it is.
fn not_given() -> Problem {
    Problem::Fault(Fault::broken("a handler asked twice for who is acting"))
}
