//! What a row of the access table says, carried out before its handler runs.

use std::{pin::Pin, sync::Arc};

use axum::{
    extract::{FromRequest, Request},
    handler::Handler,
    response::{IntoResponse, Response},
};

use base::{Fault, id::PersonId};
use http::{Method, StatusCode, header};
use tracing::Instrument;

use crate::{
    App, Problem,
    kit::{
        access::{AssuranceLevel, Guard, Row, Who},
        asked,
        caller::Caller,
        form, links,
        once::{Once, Turn},
        page::see_other,
        pages::Pages,
        session,
        visit::{self, SharedVisit, Visit},
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
                Ok(Checked::Admitted(request)) => self.handler.call(*request, app).await,
                Ok(Checked::Once(once, request)) => acts_once(app, self.handler, once, request).await,
                Ok(Checked::Elsewhere(address)) => see_other(&address),
                Err(problem) => problem.into_response(),
            }
        })
    }
}

/// What becomes of a request.
enum Checked {
    /// The handler answers it.
    Admitted(Box<Request>),
    /// The handler answers it, and where that leads is remembered.
    Once(Once, Box<Request>),
    /// The answer is at this address.
    Elsewhere(String),
}

/// First the form, then the caller: a forged form learns nothing, not even whether somebody is signed in.
async fn check(app: &App, row: &Row, mut request: Request) -> Result<Checked, Problem> {
    let visit = request.extensions().get::<SharedVisit>().cloned().ok_or_else(visit::missing)?;
    match row.guard {
        Guard::Safe | Guard::Asked { .. } | Guard::Bearer | Guard::Open(_) => {}
        Guard::Form | Guard::Asking { .. } | Guard::Told { .. } => {
            form::check_same_site(app, request.headers())?;
            request = with_fields(app, row, &visit, request).await?;
        }
        Guard::Upload => {
            form::check_same_site(app, request.headers())?;
            request.extensions_mut().insert(row.guard);
        }
    }
    match admit(app, row, &visit, &mut request).await {
        Err(Problem::SignIn { to }) => {
            let person = session::whose_was_it(app, &visit).await?;
            let kept = person.and_then(|person| after_sign_in((app, row), &visit, &request, &person));
            return Err(Problem::SignIn { to: kept.unwrap_or(to) });
        }
        admitted => admitted?,
    }
    if request.method() == Method::POST && row.is_for_browsers() {
        visit.stands_on(told_at(app, &visit, row.guard, &request).or_else(|| {
            request.extensions().get::<Pages>().and_then(|pages| pages.of(row.path, request.uri().path()))
        }));
    }
    let checked = match row.guard {
        Guard::Asking { acts, at } => leads_to(app, &visit, (acts, at), request),
        Guard::Asked { acts } => opened(app, &visit, acts, request),
        Guard::Safe | Guard::Form | Guard::Told { .. } | Guard::Upload | Guard::Bearer | Guard::Open(_) => {
            Checked::Admitted(Box::new(request))
        }
    };
    match checked {
        Checked::Admitted(request) if matches!(row.who, Who::Staff(..)) => once(app, &visit, request).await,
        other => Ok(other),
    }
}

/// Where somebody goes on after signing in whose session had ended: to what was typed, which is shown again and acts when it
/// is sent, or to the page with the form.
fn after_sign_in((app, row): (&App, &Row), visit: &Visit, request: &Request, person: &PersonId) -> Option<String> {
    let path = request.uri().path();
    let kept = match row.guard {
        Guard::Asking { at, .. } | Guard::Told { at } => {
            let fields = request.extensions().get::<form::Fields>();
            fields.and_then(|fields| asked::address_for(app, visit, person, &format!("{path}{at}"), fields))
        }
        Guard::Asked { .. } => form_in(request)
            .and_then(|sealed| asked::open(app, visit, (path, asked::ALWAYS_ASKS), &sealed))
            .and_then(|(fields, _)| asked::address_for(app, visit, person, path, &fields)),
        Guard::Safe | Guard::Form | Guard::Upload | Guard::Bearer | Guard::Open(_) => None,
    };
    let page = || match request.method() {
        &Method::POST => request.extensions().get::<Pages>()?.of(row.path, path),
        _ => None,
    };
    kept.or_else(page)
}

/// The sealed form in an address.
fn form_in(request: &Request) -> Option<String> {
    let query = form::Fields::parse(request.uri().query().unwrap_or_default().as_bytes()).ok()?;
    query.has(asked::FIELD).then(|| query.text(asked::FIELD).to_owned())
}

/// A form that acts in an office and says which one it is acts once: sent again, it leads to where it led.
async fn once(app: &App, visit: &Visit, request: Box<Request>) -> Result<Checked, Problem> {
    let session = session::known(visit).filter(|_| request.method() == Method::POST);
    let path = request.uri().path();
    let fields = request.extensions().get::<form::Fields>();
    let once = session.zip(fields).and_then(|(session, fields)| Once::of(app, visit, &session, (path, fields)));
    let Some(once) = once else { return Ok(Checked::Admitted(request)) };
    Ok(match once.turn(&app.database).await? {
        Turn::First => Checked::Once(once, request),
        Turn::Led(address) => Checked::Elsewhere(address),
    })
}

/// Whoever presses a button twice leaves the first answer: it is made all the same, and the second press waits for it.
async fn acts_once<H, T>(app: App, handler: H, once: Once, request: Box<Request>) -> Response
where
    H: Handler<T, App>,
    T: 'static,
{
    let database = app.database.clone();
    let acts = async move {
        let response = handler.call(*request, app).await;
        once.answered(&database, led_to(&response)).await;
        response
    };
    match tokio::spawn(acts.in_current_span()).await {
        Ok(response) => response,
        // The edge answers a panic, wherever it was.
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => Problem::Fault(Fault::broken(error)).into_response(),
    }
}

/// Where an answer leads, if it does.
fn led_to(answer: &Response) -> Option<String> {
    let to = answer.headers().get(header::LOCATION).filter(|_| answer.status() == StatusCode::SEE_OTHER);
    to.and_then(|to| to.to_str().ok()).map(str::to_owned)
}

/// Where a form that acts is had again with what is wrong with it, if it is: what was typed is not lost to whoever reads
/// what is wrong in another language. None for a form that is too long for that.
fn told_at(app: &App, visit: &Visit, guard: Guard, request: &Request) -> Option<String> {
    let (Guard::Asking { at, .. } | Guard::Told { at }) = guard else { return None };
    let fields = request.extensions().get::<form::Fields>()?;
    asked::address(app, visit, &format!("{}{at}", request.uri().path()), fields)
}

/// A form without the field that acts is answered where its page can be had again; one that is too long for that, here.
fn leads_to(app: &App, visit: &Visit, (acts, at): (&str, &str), request: Request) -> Checked {
    let path = format!("{}{at}", request.uri().path());
    let asks = request.extensions().get::<form::Fields>().filter(|fields| !fields.has(acts));
    match asks.and_then(|fields| asked::address(app, visit, &path, fields)) {
        Some(address) => Checked::Elsewhere(address),
        None => Checked::Admitted(Box::new(request)),
    }
}

/// The form in the address, for the handler; without one that opens, the page above is what there is.
fn opened(app: &App, visit: &Visit, acts: &str, mut request: Request) -> Checked {
    let path = request.uri().path().to_owned();
    let sealed = form_in(&request).unwrap_or_default();
    match asked::open(app, visit, (&path, acts), &sealed) {
        Some((fields, sent)) => {
            visit.was_sent(sent);
            request.extensions_mut().insert(fields);
            Checked::Admitted(Box::new(request))
        }
        None => Checked::Elsewhere(links::above(&path).to_owned()),
    }
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
async fn admit(app: &App, row: &Row, visit: &SharedVisit, request: &mut Request) -> Result<(), Problem> {
    let visit = Arc::clone(visit);
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
