//! What a row of the access table says, carried out before its handler runs.

use std::{pin::Pin, sync::Arc};

use axum::{
    extract::{FromRequest, Request},
    handler::Handler,
    response::{IntoResponse, Response},
};

use crate::{
    App, Problem,
    kit::{
        access::{AssuranceLevel, Guard, Row, Who},
        caller::Caller,
        form, session,
        visit::{self, SharedVisit},
    },
};

/// A handler behind its row.
#[derive(Clone)]
pub struct Enforced<H> {
    /// What is asked of whoever calls.
    pub row: Arc<Row>,
    /// What answers those who may.
    pub handler: H,
}

impl<H, T> Handler<T, App> for Enforced<H>
where
    H: Handler<T, App>,
    T: 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, app: App) -> Self::Future {
        Box::pin(async move {
            match check(&app, &self.row, request).await {
                Ok(request) => self.handler.call(request, app).await,
                Err(problem) => problem.into_response(),
            }
        })
    }
}

/// First the form, then the caller: a forged form learns nothing, not even whether somebody is signed in.
async fn check(app: &App, row: &Row, mut request: Request) -> Result<Request, Problem> {
    let visit = request.extensions().get::<SharedVisit>().cloned().ok_or_else(visit::missing)?;
    match row.guard {
        Guard::Safe | Guard::Bearer | Guard::Open(_) => {}
        Guard::Form => {
            form::check_same_site(app, request.headers())?;
            request = with_fields(app, row, &visit, request).await?;
        }
        Guard::Upload => {
            form::check_same_site(app, request.headers())?;
            request.extensions_mut().insert(row.guard);
        }
    }
    admit(app, row, visit, &mut request).await?;
    Ok(request)
}

/// Reads the form and leaves its fields for the handler, if it has the token of this browser.
async fn with_fields(app: &App, row: &Row, visit: &SharedVisit, request: Request) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let mut kept = parts.clone();
    let fields = form::Fields::from_request(Request::from_parts(parts, body), app).await?;
    if !visit.csrf_matches(app, fields.text("csrf")) {
        // A browser that has lost all its cookies has lost its session first of all.
        let needs_session = matches!(row.who, Who::SignedIn(_) | Who::Staff(..));
        let is_stranger = needs_session && visit.session_token.is_none();
        return Err(if is_stranger { Problem::SignIn { to: "/".to_owned() } } else { Problem::Csrf });
    }
    kept.extensions.insert(fields);
    Ok(Request::from_parts(kept, axum::body::Body::empty()))
}

/// Finds out who calls, if the row asks for somebody, and leaves that in the request for the handler's argument.
async fn admit(app: &App, row: &Row, visit: SharedVisit, request: &mut Request) -> Result<(), Problem> {
    match row.who {
        Who::Anyone => {}
        Who::Client(scope) => {
            let caller = Caller::with_scope(app, visit, request.headers(), scope).await?;
            request.extensions_mut().insert(caller);
        }
        Who::SignedIn(level) => {
            // Every session began with a password. A level that asks for more asks for it here.
            let AssuranceLevel::Password = level;
            let citizen = session::citizen(app, visit, &row.method).await?;
            request.extensions_mut().insert(citizen);
        }
        Who::Staff(roles, level) => {
            let AssuranceLevel::Password = level;
            let citizen = session::citizen(app, visit, &row.method).await?;
            request.extensions_mut().insert(session::staff(citizen, roles)?);
        }
    }
    Ok(())
}
