//! The session of a visit, looked for at most once, and who may act in it.
//!
//! A handler names who it is for by its argument: `citizen: Citizen`, `clerk: Clerk`. Each has the session and
//! runs an operation in that person's name.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use base::Fault;
use http::{HeaderValue, Method, request::Parts};
use records::{Actor, Context, Work};
use tokio::sync::OnceCell;

use identity::{Role, session};
pub use identity::{Session, SessionToken, staff::Appointment};

use crate::{
    App, Problem,
    kit::{
        cookies,
        visit::{self, SharedVisit, Visit},
    },
};

/// The session of one visit, once it was looked for.
#[derive(Debug, Default)]
pub struct Found(OnceCell<Option<Arc<Session>>>);

/// The session of a visit, if its cookie means one. One statement; none without a cookie, and once a minute a
/// second one to remember that the session is in use.
///
/// # Errors
///
/// [`Fault`] when the database cannot be asked.
pub async fn find(app: &App, visit: &Visit) -> Result<Option<Arc<Session>>, Fault> {
    visit.session.0.get_or_try_init(|| look(app, visit)).await.cloned()
}

/// The session of a visit if somebody has looked for it already; asks nobody.
pub fn known(visit: &Visit) -> Option<Arc<Session>> {
    visit.session.0.get().cloned().flatten()
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

/// The session a request needs: others are led to the sign-in page, or told, when a form cannot be repeated.
async fn required(parts: &Parts, app: &App) -> Result<(Arc<Session>, SharedVisit), Problem> {
    let visit = visit::of(parts)?;
    match find(app, &visit).await? {
        Some(session) => Ok((session, visit)),
        None if parts.method == Method::GET => Err(Problem::SignIn { to: visit.target.clone() }),
        None => Err(Problem::SignIn { to: "/".to_owned() }),
    }
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

impl FromRequestParts<App> for Citizen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (session, visit) = required(parts, app).await?;
        Ok(Self { session, visit, app: app.clone() })
    }
}

/// Declares an extractor for members of staff who have one of some roles.
macro_rules! staff {
    ($($(#[$doc:meta])* $name:ident = $($role:ident)|+;)+) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            /// Who.
            pub session: Arc<Session>,
            /// For which department.
            pub staff: Appointment,
            /// In which request.
            pub visit: SharedVisit,
            app: App,
        }

        impl $name {
            /// Whether this member of staff has one of the roles.
            pub fn admits(staff: &Appointment) -> bool {
                $(staff.roles.has(Role::$role))||+
            }

            /// Who acts, when, for which request.
            pub fn context(&self) -> Context {
                let actor =
                    Actor::Staff { staff: self.staff.staff_id.clone(), person: self.session.person_id.clone() };
                self.app.context(&self.visit, actor)
            }

            /// Runs an operation in the name of this member of staff, in a unit of work that the operation commits;
            /// again, when another act came between.
            ///
            /// # Errors
            ///
            /// What the operation said.
            pub async fn attempt<T, F>(&self, operation: impl Fn(Work) -> F) -> Result<T, Problem>
            where
                F: Future<Output = Result<T, Problem>>,
            {
                self.app.database.attempt(&self.context(), operation).await
            }
        }

        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                let (session, visit) = required(parts, app).await?;
                let staff = session.staff.clone().filter(Self::admits);
                let staff = staff.ok_or(Problem::Forbidden)?;
                Ok(Self { session, staff, visit, app: app.clone() })
            }
        }
    )+};
}

staff! {
    /// 审计员.
    Auditor = Auditor;
    /// 经办.
    Clerk = Clerk;
    /// 窗口.
    Counter = Counter;
    /// 印章管理员.
    Keeper = SealKeeper;
    /// 运维.
    Operator = Operator;
    /// 审核.
    Reviewer = Reviewer;
    /// Whoever may use the desk: the counter, and those who answer for licences or look after them.
    DeskStaff = Auditor | Clerk | Counter | Reviewer;
    /// Whoever works on licences: clerks and reviewers.
    LicenceStaff = Clerk | Reviewer;
    /// Anyone who works for a department, in whatever role.
    Staff = Auditor | Clerk | Counter | Operator | Reviewer | SealKeeper;
}
