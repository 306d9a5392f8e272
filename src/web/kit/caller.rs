//! Which system calls.

use axum::extract::FromRequestParts;
use base::{Fault, id::OrganisationId};
use http::{HeaderMap, header, request::Parts};
use records::{Actor, Context, Event};

use crate::{App, Problem, kit::visit::SharedVisit};

/// A client with a token that has the scope a route wants.
#[derive(Clone)]
pub struct Caller {
    /// The client's identifier.
    pub client_id: String,
    /// The department it belongs to, and then those that it acts for: the only ones whose licences it touches.
    pub departments: Vec<OrganisationId>,
    /// Whether it may say itself that two people decided on a licence.
    pub attests_review: bool,
    /// The request.
    pub visit: SharedVisit,
    app: App,
}

impl Caller {
    /// Who calls, if the bearer token is good and has `scope`.
    ///
    /// # Errors
    ///
    /// [`Problem::TokenMissing`] without a token, [`Problem::TokenInvalid`] when it does not count,
    /// [`Problem::TokenScope`] when it lacks the scope.
    pub async fn with_scope(
        app: &App,
        visit: SharedVisit,
        headers: &HeaderMap,
        scope: &'static str,
    ) -> Result<Self, Problem> {
        let bearer = bearer(headers).ok_or(Problem::TokenMissing)?;
        let token = match oidc::access_token::authenticate(&app.provider, &app.database, bearer, visit.at).await {
            Ok(token) => token,
            Err(oidc::Error::Fault(fault)) => return Err(fault.into()),
            Err(_) => return Err(Problem::TokenInvalid),
        };
        // A person's token is good for that person's own matters only.
        if token.family.is_some() {
            return Err(Problem::TokenInvalid);
        }
        if !token.scopes.has(scope) {
            return Err(Problem::TokenScope(scope));
        }
        let client_id = token.client_id.as_str();
        let client = match app.provider.client(&app.database, client_id).await {
            Ok(client) => client.ok_or(Problem::TokenInvalid)?,
            Err(fault) => return Err(fault.into()),
        };
        let mut departments = vec![client.organisation_id.clone()];
        for other in client.settings.acts_for.iter().map(|id| OrganisationId::stored(id.clone())) {
            // Each once, or lists would show its licences twice.
            if !departments.contains(&other) {
                departments.push(other);
            }
        }
        let attests_review = client.settings.attests_review;
        Ok(Self { client_id: client_id.to_owned(), departments, attests_review, visit, app: app.clone() })
    }

    /// Who acts, when, for which request.
    pub fn context(&self) -> Context {
        self.app.context(&self.visit, Actor::Client(self.client_id.clone()))
    }

    /// What the first of its departments has that has it; what none of them has does not exist for it.
    ///
    /// # Errors
    ///
    /// [`Problem::NotFound`] when it is so; else what was said of it.
    pub async fn of_departments<T, F>(&self, find: impl Fn(OrganisationId) -> F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, licence::Error>>,
    {
        for department in &self.departments {
            match find(department.clone()).await {
                Err(licence::Error::NotFound) => {}
                found => return Ok(found?),
            }
        }
        Err(Problem::NotFound)
    }

    /// Writes down that this system looked at something, before it is shown.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be kept: then nothing is shown.
    pub async fn tell(&self, look: impl Event) -> Result<(), Fault> {
        self.app.database.tell(&self.context(), look).await
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        // The access table admits no system to a handler without leaving here which one it is.
        let given = parts.extensions.remove();
        given.ok_or_else(|| Problem::Fault(Fault::broken("a handler asked twice for who is calling")))
    }
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    // Two headers are two answers to "who calls".
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
