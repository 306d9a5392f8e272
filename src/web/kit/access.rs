//! The one table of routes: method, path, who may call it, and how a forged form is kept out.
//!
//! The router is built from the rows and nothing else, so a route cannot exist without saying who may call it, and
//! the checks run before the handler, so a handler cannot forget them. A test calls every row as a stranger.

use axum::{
    Router,
    extract::{FromRequest, Request},
    handler::Handler,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use http::{Method, header};

use crate::{
    App, Problem,
    kit::{form, session, visit},
};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Anyone,
    /// A program with an access token that has this scope. The handler's extractor checks the token; without one the
    /// table answers 401 by itself.
    Client(&'static str),
    /// A person who is signed in. Others are led to the sign-in page and back.
    SignedIn,
    /// A member of staff; which role the handler's extractor says. Others are refused.
    Staff,
}

/// How a route that changes something keeps out requests that another site made the browser send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The method changes nothing.
    Safe,
    /// A form of ours with its `csrf` field, checked before the handler runs.
    Form,
    /// A form of ours with a file; [`crate::kit::upload::Upload`] checks its `csrf` field, which has to come first.
    Upload,
    /// No cookie counts here: the caller proves who it is with a token or a secret of its own.
    Bearer,
    /// Open to other sites on purpose, for this reason.
    Open(&'static str),
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The method.
    pub method: Method,
    /// The path's pattern.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
    /// How forged requests are kept out.
    pub guard: Guard,
}

/// The routes so far.
pub struct Table {
    app: App,
    rows: Vec<Row>,
    router: Router<App>,
}

impl Table {
    /// An empty table.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone(), rows: Vec::new(), router: Router::new() }
    }

    /// A page or a document.
    pub fn get<H, T>(self, path: &'static str, who: Who, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Row { method: Method::GET, path, who, guard: Guard::Safe }, MethodFilter::GET, handler)
    }

    /// An act.
    pub fn post<H, T>(self, path: &'static str, who: Who, guard: Guard, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Row { method: Method::POST, path, who, guard }, MethodFilter::POST, handler)
    }

    fn add<H, T>(mut self, row: Row, method: MethodFilter, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let (app, checked) = (self.app.clone(), row.clone());
        let enforce = from_fn(move |request: Request, next: Next| enforce(app.clone(), checked.clone(), request, next));
        // Another method is answered 405 without reading a form or asking who calls.
        self.router = self.router.route(row.path, on(method, handler).route_layer(enforce));
        self.rows.push(row);
        self
    }

    /// The rows, for tests and for the operator's overview.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The routes.
    pub fn into_router(self) -> Router<App> {
        self.router
    }
}

async fn enforce(app: App, row: Row, request: Request, next: Next) -> Response {
    match check(&app, &row, request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// First the form, then the caller: a forged form learns nothing, not even whether somebody is signed in.
async fn check(app: &App, row: &Row, request: Request) -> Result<Request, Problem> {
    let (mut parts, body) = request.into_parts();
    let visit = visit::of(&parts)?;
    parts.extensions.insert(row.guard);
    let mut request = Request::from_parts(parts, body);
    match row.guard {
        Guard::Safe | Guard::Bearer | Guard::Open(_) => {}
        Guard::Form => {
            form::check_same_site(app, request.headers())?;
            let (parts, body) = request.into_parts();
            let mut kept = parts.clone();
            let fields = form::Fields::from_request(Request::from_parts(parts, body), app).await?;
            if !visit.csrf_matches(app, fields.text("csrf")) {
                // A browser that has lost all its cookies has lost its session first of all.
                let needs_session = matches!(row.who, Who::SignedIn | Who::Staff);
                let is_stranger = needs_session && visit.session_token.is_none();
                return Err(if is_stranger { Problem::SignIn { to: "/".to_owned() } } else { Problem::Csrf });
            }
            kept.extensions.insert(fields);
            request = Request::from_parts(kept, axum::body::Body::empty());
        }
        Guard::Upload => form::check_same_site(app, request.headers())?,
    }
    match row.who {
        Who::Anyone => {}
        Who::Client(_) => {
            let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            let is_bearer = bearer.and_then(|value| value.get(..7)).is_some_and(|s| s.eq_ignore_ascii_case("bearer "));
            if !is_bearer {
                return Err(Problem::TokenMissing);
            }
        }
        Who::SignedIn | Who::Staff => match session::find(app, &visit).await? {
            // A form that was sent after the session had ended cannot be repeated by a redirect.
            None if row.method != Method::GET => return Err(Problem::SignIn { to: "/".to_owned() }),
            None => return Err(Problem::SignIn { to: visit.target.clone() }),
            Some(session) if row.who == Who::Staff && session.staff.is_none() => return Err(Problem::Forbidden),
            Some(_) => {}
        },
    }
    Ok(request)
}
