//! Licences for a department's own system.

use ::licence::{
    Error, HolderFacts, Licence, Official, application,
    events::{LicenceOpened, LicencesListed},
    holder,
    issue::{self, Begun, Intent, NewLicence, Origin, Reply},
    lifecycle::{self, Changed},
    reason::SuspensionReason,
    register,
    revocation::{self, Filed},
};
use axum::{
    body::Bytes,
    extract::{Path, State},
    response::Response,
};
use base::{
    Fault, Instant, ListPage,
    id::{LicenceId, StaffId},
};
use http::StatusCode;
use identity::staff;
use records::Work;

use super::{
    applications,
    bodies::{Holder, IssueBody, ListQuery, Nothing, Revocation, Suspension},
    idempotency::{self, Key, Turn},
    json::{self, Json},
    leaf::{Cursor, Limit},
    licence::{Body, List},
    revocations,
};
use crate::{
    App, Problem,
    kit::{caller::Caller, document, form::Query, problem::FieldProblem, wording::Both},
};

/// `POST /api/v1/licences`, in two transactions with the signature between them.
pub async fn issue(
    State(app): State<App>,
    caller: Caller,
    key: Key,
    Json { body, bytes }: Json<IssueBody>,
) -> Result<Response, Problem> {
    let begin = async |work| begin(work, &app, &caller, &key, (&body, &bytes)).await;
    match app.database.attempt(&caller.context(), begin).await? {
        Started::Answered(response) => Ok(response),
        Started::Intent(intent) => finish(&app, &caller, &key, &intent).await,
    }
}

enum Started {
    Answered(Response),
    Intent(Box<Intent>),
}

async fn begin(
    mut work: Work,
    app: &App,
    caller: &Caller,
    key: &Key,
    (wanted, bytes): (&IssueBody, &Bytes),
) -> Result<Started, Problem> {
    if let Turn::Answered(kept) = key.claim(&mut work.tx, caller, bytes).await? {
        return Ok(Started::Answered(key.replay(kept)));
    }
    let holder = holder(&mut work, app, &wanted.holder).await?;
    let clerk = official(&mut work, caller, &wanted.clerk.0, "/clerk").await?;
    let reviewer = official(&mut work, caller, &wanted.reviewer.0, "/reviewer").await?;
    let request = NewLicence {
        type_code: wanted.type_code.clone(),
        holder,
        fields: wanted.fields.clone(),
        valid_from: wanted.valid_from.as_ref().map(|day| day.0),
        valid_until: wanted.valid_until.as_ref().map(|day| day.0),
        renews: wanted.renews.as_ref().map(|renews| renews.0.clone()),
    };
    if !caller.attests_review {
        // Nobody but the system says that these two decided: so two people decide.
        same_department(&clerk, &reviewer)?;
        let id = application::propose(&mut work, &app.library, &caller.client_id, &clerk, request).await?;
        let found = application::find(&mut work.tx, &app.library.safe, &clerk.organisation_id, &id).await?;
        let body = applications::shown(&found);
        key.complete(&mut work.tx, caller, StatusCode::ACCEPTED, &body).await?;
        work.commit().await?;
        return Ok(Started::Answered(json::accepted(applications::PATH, id.as_str(), body)));
    }
    let origin = Origin::request(&caller.client_id, key.as_str());
    let begun = issue::begin(&mut work, &app.library, &origin, request, (&clerk, &reviewer)).await?;
    // A licence is found under its key for ever. That of another day is another request's, whatever this one says.
    let issued_at = match &begun {
        Begun::Intent(intent) => intent.licence.issued_at,
        Begun::Issued(licence) => licence.issued_at,
    };
    if records::idempotency::is_over(issued_at, caller.visit.at) {
        return Err(idempotency::reused());
    }
    match begun {
        Begun::Intent(intent) => {
            work.commit().await?;
            Ok(Started::Intent(intent))
        }
        Begun::Issued(licence) => Ok(Started::Answered(created(app, &licence, caller.visit.at))),
    }
}

async fn finish(app: &App, caller: &Caller, key: &Key, intent: &Intent) -> Result<Response, Problem> {
    let at = caller.visit.at;
    let body = |licence: &Licence| shown(app, licence, at);
    let reply = Reply { caller: &caller.client_id, key: key.as_str(), status: 201, body: &body };
    match issue::finish(&app.database, &app.library, &caller.context(), intent, Some(&reply)).await {
        Ok(licence) => Ok(created(app, &licence, at)),
        Err(error) => {
            key.release(&app.database, caller).await;
            Err(error.into())
        }
    }
}

fn same_department(clerk: &Official, reviewer: &Official) -> Result<(), Problem> {
    if clerk.organisation_id == reviewer.organisation_id { Ok(()) } else { Err(Error::OtherDepartment.into()) }
}

fn created(app: &App, licence: &Licence, at: Instant) -> Response {
    json::created("/api/v1/licences", licence.id.as_str(), shown(app, licence, at))
}

async fn holder(work: &mut Work, app: &App, number: &Holder) -> Result<HolderFacts, Problem> {
    let found = match number {
        Holder::Person(number) => holder::person_by_number(&mut work.tx, &app.library.vault, &number.0).await,
        Holder::Organisation(code) => holder::organisation_by_code(&mut work.tx, &code.0).await,
    };
    Ok(found?)
}

/// A member of a department that the caller acts for; others do not exist for it.
async fn official(work: &mut Work, caller: &Caller, id: &StaffId, pointer: &'static str) -> Result<Official, Problem> {
    let found = staff::find(&mut work.tx, id).await?.filter(|view| caller.departments.contains(&view.organisation_id));
    found.map(Official::from).ok_or_else(|| {
        let detail = Both(words::mistake::STAFF_UNKNOWN.clone());
        Problem::Fields(vec![FieldProblem { pointer: pointer.to_owned(), code: "staff_unknown", detail }])
    })
}

/// A licence as the API says it.
pub(super) fn shown(app: &App, licence: &Licence, at: Instant) -> String {
    // Texts, numbers and lists of them: nothing that could not be written.
    serde_json::to_string(&Body::of(app, licence, at)).unwrap_or_default()
}

/// A licence of a department that the caller acts for; others do not exist for it.
async fn own(app: &App, caller: &Caller, id: &str) -> Result<Licence, Problem> {
    let id = LicenceId::parse(id).map_err(|_| Problem::NotFound)?;
    let found = register::by_id(&mut app.database.read().await?, &id).await?;
    let is_own = |licence: &Licence| caller.departments.contains(&licence.issuer) && licence.status.issued().is_some();
    found.filter(is_own).ok_or(Problem::NotFound)
}

/// `GET /api/v1/licences/{id}`.
pub async fn show(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let licence = own(&app, &caller, &id).await?;
    caller.tell(LicenceOpened { licence: licence.id.clone(), what: "record".to_owned() }).await?;
    Ok(json::json(StatusCode::OK, shown(&app, &licence, caller.visit.at)))
}

/// `GET /api/v1/licences/{id}/file.pdf`.
pub async fn file(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let licence = own(&app, &caller, &id).await?;
    caller.tell(LicenceOpened { licence: licence.id.clone(), what: "file".to_owned() }).await?;
    let (_, bytes) = app.library.safe.document(&mut app.database.read().await?, &licence.id).await?;
    Ok(document::pdf(&licence, bytes))
}

/// `GET /api/v1/licences`.
pub async fn list(State(app): State<App>, caller: Caller, Query(query): Query) -> Result<Response, Problem> {
    let wanted = ListQuery::of(&query)?;
    let limit = wanted.limit.map_or(Limit::DEFAULT, |limit| limit.0);
    let page = ListPage { after: wanted.cursor.map(|cursor| cursor.0), limit };
    let status = wanted.status.map(|status| status.0);
    let found = register::issued_by(&mut app.database.read().await?, &caller.departments, status, &page).await?;
    if let Some(issuer) = caller.departments.first().cloned() {
        caller.tell(LicencesListed { issuer, count: found.items.len(), after: page.after.clone() }).await?;
    }
    let items = found.items.iter().map(|licence| Body::of(&app, licence, caller.visit.at)).collect();
    let body = List { items, next_cursor: found.next.map(Cursor) };
    Ok(json::json(StatusCode::OK, serde_json::to_string(&body).map_err(Fault::broken)?))
}

enum Act {
    Suspend(SuspensionReason),
    Reinstate,
}

/// `POST /api/v1/licences/{id}/suspend`.
pub async fn suspend(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    key: Key,
    Json { body, bytes }: Json<Suspension>,
) -> Result<Response, Problem> {
    change(&app, &caller, &id, (&key, &bytes), Act::Suspend(body.reason.0)).await
}

/// `POST /api/v1/licences/{id}/reinstate`.
pub async fn reinstate(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    key: Key,
    Json { body: Nothing {}, bytes }: Json<Nothing>,
) -> Result<Response, Problem> {
    change(&app, &caller, &id, (&key, &bytes), Act::Reinstate).await
}

/// `POST /api/v1/licences/{id}/revoke`.
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    key: Key,
    Json { body, bytes }: Json<Revocation>,
) -> Result<Response, Problem> {
    let id = LicenceId::parse(&id).map_err(|_| Problem::NotFound)?;
    let revoke = async |work| revoke_once(work, &app, &caller, &id, (&key, &bytes), &body).await;
    app.database.attempt(&caller.context(), revoke).await
}

async fn revoke_once(
    mut work: Work,
    app: &App,
    caller: &Caller,
    id: &LicenceId,
    (key, bytes): (&Key, &Bytes),
    wanted: &Revocation,
) -> Result<Response, Problem> {
    if let Turn::Answered(kept) = key.claim(&mut work.tx, caller, bytes).await? {
        return Ok(key.replay(kept));
    }
    let (departments, client) = (&caller.departments, caller.client_id.as_str());
    let ground = (wanted.reason.0, wanted.decision.as_ref().map(|decision| &decision.0));
    let filed = if caller.attests_review {
        Filed::Revoked(Box::new(revocation::attest(&mut work, departments, client, id, ground).await?))
    } else {
        // Nobody but the system says that somebody decided: so two people decide.
        revocation::propose(&mut work, departments, client, id, ground).await?
    };
    match filed {
        Filed::Revoked(changed) => settled(work, app, caller, key, &changed).await,
        Filed::Waiting(waiting) => {
            let body = revocations::shown(&waiting);
            key.complete(&mut work.tx, caller, StatusCode::ACCEPTED, &body).await?;
            work.commit().await?;
            Ok(json::accepted(revocations::PATH, waiting.id.as_str(), body))
        }
    }
}

async fn change(
    app: &App,
    caller: &Caller,
    id: &str,
    (key, bytes): (&Key, &Bytes),
    act: Act,
) -> Result<Response, Problem> {
    let id = LicenceId::parse(id).map_err(|_| Problem::NotFound)?;
    let change = async |work| change_once(work, app, caller, &id, (key, bytes), &act).await;
    app.database.attempt(&caller.context(), change).await
}

async fn change_once(
    mut work: Work,
    app: &App,
    caller: &Caller,
    id: &LicenceId,
    (key, bytes): (&Key, &Bytes),
    act: &Act,
) -> Result<Response, Problem> {
    if let Turn::Answered(kept) = key.claim(&mut work.tx, caller, bytes).await? {
        return Ok(key.replay(kept));
    }
    let departments = &caller.departments;
    let changed = match act {
        Act::Suspend(reason) => lifecycle::suspend(&mut work, departments, id, *reason).await?,
        Act::Reinstate => lifecycle::reinstate(&mut work, departments, id).await?,
    };
    settled(work, app, caller, key, &changed).await
}

/// The answer to an act on a licence, which is kept.
async fn settled(
    mut work: Work,
    app: &App,
    caller: &Caller,
    key: &Key,
    changed: &Changed,
) -> Result<Response, Problem> {
    let body = shown(app, &changed.licence, caller.visit.at);
    if changed.is_new {
        key.complete(&mut work.tx, caller, StatusCode::OK, &body).await?;
        work.commit().await?;
    }
    // Otherwise it already was in that state: nothing changed, and the same answer comes again by itself.
    Ok(json::json(StatusCode::OK, body))
}
