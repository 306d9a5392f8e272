//! Licences for a department's own system.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::Response,
};
use base::{
    Date, Instant, Page,
    id::{LicenceId, StaffId},
    number::{CreditCode, IdentityNumber, NumberError},
};
use http::StatusCode;
use identity::staff;
use licence::{
    HolderFacts, Licence, Official, Status, holder,
    issue::{self, Begun, Intent, NewLicence, Origin, Reply},
    lifecycle,
    reason::{RevocationReason, SuspensionReason},
    register,
};
use records::Work;
use serde_json::json;

use super::{
    idempotency::{self, Key, Turn, json},
    json::{Json, Mistakes},
};
use crate::{
    App, Problem,
    kit::{
        caller::Caller,
        document,
        form::Query,
        problem::escape,
        wording::{Both, Worded},
    },
};

/// What a request to issue says, read and well formed.
struct Wanted {
    type_code: String,
    holder: Number,
    fields: licence::Fields,
    valid_from: Option<Date>,
    valid_until: Option<Date>,
    renews: Option<LicenceId>,
    clerk: StaffId,
    reviewer: StaffId,
}

enum Number {
    Person(IdentityNumber),
    Organisation(CreditCode),
}

/// `POST /api/v1/licences`: 12 statements in two transactions; 15 for a renewal; one more for a type that a holder has
/// only once.
pub async fn issue(
    State(app): State<App>,
    caller: Caller,
    key: Key,
    Json { body, bytes }: Json,
) -> Result<Response, Problem> {
    let wanted = read(body)?;
    let begin = async |work| begin(work, &app, &caller, &key, (&wanted, &bytes)).await;
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
    (wanted, bytes): (&Wanted, &Bytes),
) -> Result<Started, Problem> {
    if let Turn::Answered(response) = key.claim(&mut work.tx, caller, bytes).await? {
        return Ok(Started::Answered(response));
    }
    let holder = holder(&mut work, app, &wanted.holder).await?;
    let clerk = official(&mut work, caller, &wanted.clerk, "/clerk").await?;
    let reviewer = official(&mut work, caller, &wanted.reviewer, "/reviewer").await?;
    let request = NewLicence {
        type_code: wanted.type_code.clone(),
        holder,
        fields: wanted.fields.clone(),
        valid_from: wanted.valid_from,
        valid_until: wanted.valid_until,
        renews: wanted.renews.clone(),
    };
    let origin = Origin::request(&caller.client_id, key.as_str());
    match issue::begin(&mut work, &app.library, &origin, request, (&clerk, &reviewer)).await? {
        Begun::Intent(intent) => {
            work.commit().await?;
            Ok(Started::Intent(intent))
        }
        Begun::Issued(licence) => Ok(Started::Answered(created(app, &licence, caller.visit.at))),
    }
}

async fn finish(app: &App, caller: &Caller, key: &Key, intent: &Intent) -> Result<Response, Problem> {
    let at = caller.visit.at;
    let body = |licence: &Licence| shown(app, licence, at).to_string();
    let reply = Reply { caller: &caller.client_id, key: key.as_str(), status: 201, body: &body };
    match issue::finish(&app.database, &app.library, &caller.context(), intent, Some(&reply)).await {
        Ok(licence) => Ok(created(app, &licence, at)),
        Err(error) => {
            key.release(&app.database, caller).await;
            Err(error.into())
        }
    }
}

fn created(app: &App, licence: &Licence, at: Instant) -> Response {
    idempotency::created("/api/v1/licences", licence.id.as_str(), shown(app, licence, at).to_string())
}

async fn holder(work: &mut Work, app: &App, number: &Number) -> Result<HolderFacts, Problem> {
    let found = match number {
        Number::Person(number) => holder::person_by_number(&mut work.tx, &app.library.vault, number).await,
        Number::Organisation(code) => holder::organisation_by_code(&mut work.tx, code).await,
    };
    Ok(found?)
}

/// A member of a department that the caller acts for; others do not exist for it.
async fn official(work: &mut Work, caller: &Caller, id: &StaffId, pointer: &'static str) -> Result<Official, Problem> {
    let found = staff::find(&mut work.tx, id).await?.filter(|view| caller.departments.contains(&view.organisation_id));
    found.map(Official::from).ok_or_else(|| {
        let mut mistakes = Mistakes::default();
        mistakes.add(pointer, "staff_unknown", words::mistake::STAFF_UNKNOWN);
        mistakes.check().err().unwrap_or(Problem::Forbidden)
    })
}

fn read(mut body: super::json::Object) -> Result<Wanted, Problem> {
    let mut mistakes = Mistakes::default();
    let type_code = body.text("type", &mut mistakes);
    let mut holder = body.texts("holder", &mut mistakes);
    let fields = body.texts("fields", &mut mistakes);
    let number = read_holder(&mut holder, &mut mistakes);
    let valid_from = read_date(body.optional_text("valid_from", &mut mistakes), "/valid_from", &mut mistakes);
    let valid_until = read_date(body.optional_text("valid_until", &mut mistakes), "/valid_until", &mut mistakes);
    let renews = body.optional_text("renews", &mut mistakes).and_then(|text| {
        let id = LicenceId::parse(&text).ok();
        if id.is_none() {
            mistakes.add("/renews", "not_an_id", words::mistake::NOT_A_LICENCE_ID);
        }
        id
    });
    let clerk = read_staff(&body.text("clerk", &mut mistakes), "/clerk", &mut mistakes);
    let reviewer = read_staff(&body.text("reviewer", &mut mistakes), "/reviewer", &mut mistakes);
    body.finish(&mut mistakes);
    if let (Some(holder), Some(clerk), Some(reviewer)) = (number, clerk, reviewer) {
        mistakes.check()?;
        return Ok(Wanted { type_code, holder, fields, valid_from, valid_until, renews, clerk, reviewer });
    }
    // Whatever is not there was named above.
    mistakes.check()?;
    Err(Problem::FormBroken)
}

fn read_holder(holder: &mut std::collections::BTreeMap<String, String>, mistakes: &mut Mistakes) -> Option<Number> {
    let person = holder.remove("identity_number");
    let organisation = holder.remove("credit_code");
    for name in holder.keys() {
        let pointer = format!("/holder/{}", escape(name));
        mistakes.add(&pointer, "unknown_member", words::mistake::UNKNOWN_MEMBER);
    }
    let mut wrong = |pointer: &str, error: NumberError| {
        let (code, detail) = match error {
            NumberError::CheckDigit => ("check_digit", words::mistake::CHECK_DIGIT),
            NumberError::Form => ("not_a_number", words::mistake::NOT_A_NUMBER),
            NumberError::BirthDate => ("birth_date", words::mistake::BIRTH_DATE),
        };
        mistakes.add(pointer, code, detail);
    };
    match (person, organisation) {
        (Some(text), None) => IdentityNumber::parse(&text)
            .map(Number::Person)
            .map_err(|error| wrong("/holder/identity_number", error))
            .ok(),
        (None, Some(text)) => {
            CreditCode::parse(&text).map(Number::Organisation).map_err(|error| wrong("/holder/credit_code", error)).ok()
        }
        _ if mistakes.is_named("/holder") => None,
        _ => {
            mistakes.add("/holder", "one_of", words::mistake::ONE_OF_HOLDERS);
            None
        }
    }
}

fn read_date(text: Option<String>, pointer: &'static str, mistakes: &mut Mistakes) -> Option<Date> {
    let text = text?;
    let date = Date::parse(&text).ok();
    if date.is_none() {
        mistakes.add(pointer, "not_a_date", words::mistake::NOT_A_DATE);
    }
    date
}

fn read_staff(text: &str, pointer: &'static str, mistakes: &mut Mistakes) -> Option<StaffId> {
    let id = StaffId::parse(text).ok();
    if id.is_none() && text.is_empty() {
        mistakes.missing_once(pointer);
    } else if id.is_none() {
        mistakes.add(pointer, "not_an_id", words::mistake::NOT_A_STAFF_ID);
    }
    id
}

/// A licence as the API says it.
pub(super) fn shown(app: &App, licence: &Licence, at: Instant) -> serde_json::Value {
    let (code, name, version) = match app.library.catalogue.now().of(licence) {
        Ok(found) => (found.code.clone(), found.definition.name.text(), found.version),
        Err(_) => (String::new(), base::Text::fixed("", ""), 0),
    };
    let reason = licence.status_reason().map(|reason| (reason.code(), reason.text()));
    json!({
        "id": licence.id.as_str(),
        "identifier": licence.identifier,
        "number": licence.number(),
        "version": licence.version(),
        "code": licence.code.as_str(),
        "type": { "code": code, "version": version, "name": Both(name) },
        "status": licence.standing(at).map_or("not_issued", licence::Standing::as_str),
        "reason": reason.map(|(code, text)| json!({ "code": code, "text": Both(text) })),
        "issuer": { "id": licence.issuer.as_str(), "name": licence.issuer_name },
        "holder": { "kind": licence.holder.kind().as_str(), "name": licence.holder_shown },
        "valid_from": licence.valid_from.to_string(),
        "valid_until": licence.valid_until.map(|day| day.to_string()),
        "issued_at": licence.issued_at.rfc3339(),
        "changed_at": licence.changed_at.rfc3339(),
        "renews": licence.renews.as_ref().map(LicenceId::as_str),
        "pdf_url": format!("{}/api/v1/licences/{}/file.pdf", app.settings.public_url, licence.id),
        "verify_url": verify::qr::payload(&app.settings.public_url, licence.code.as_str()),
    })
}

/// A licence of a department that the caller acts for; others do not exist for it. One statement.
async fn own(app: &App, caller: &Caller, id: &str) -> Result<Licence, Problem> {
    let id = LicenceId::parse(id).map_err(|_| Problem::NotFound)?;
    let found = register::by_id(&mut app.database.read().await?, &id).await?;
    let is_own = |licence: &Licence| caller.departments.contains(&licence.issuer) && licence.status.issued().is_some();
    found.filter(is_own).ok_or(Problem::NotFound)
}

/// `GET /api/v1/licences/{id}`: one statement.
pub async fn show(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let licence = own(&app, &caller, &id).await?;
    Ok(json(StatusCode::OK, shown(&app, &licence, caller.visit.at).to_string()))
}

/// `GET /api/v1/licences/{id}/file.pdf`: two statements.
pub async fn file(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let licence = own(&app, &caller, &id).await?;
    let (_, bytes) = app.library.safe.document(&mut app.database.read().await?, &licence.id).await?;
    Ok(document::pdf(&licence, bytes))
}

/// `GET /api/v1/licences`: one statement.
pub async fn list(State(app): State<App>, caller: Caller, Query(query): Query) -> Result<Response, Problem> {
    let mut mistakes = Mistakes::default();
    let limit = match query.text("limit") {
        "" => Some(50),
        text => text.parse::<i64>().ok().filter(|limit| (1..=Page::<LicenceId>::LIMIT_MAX).contains(limit)),
    };
    let cursor = query.text("cursor");
    let after = LicenceId::parse(cursor).ok();
    if after.is_none() && !cursor.is_empty() {
        mistakes.add("/cursor", "not_a_cursor", words::mistake::NOT_A_CURSOR);
    }
    let status = match query.text("status") {
        "" => None,
        "valid" => Some(Status::Valid),
        "suspended" => Some(Status::Suspended),
        "revoked" => Some(Status::Revoked),
        "superseded" => Some(Status::Superseded),
        _ => {
            mistakes.add("/status", "not_a_choice", words::mistake::NOT_A_STATUS);
            None
        }
    };
    if limit.is_none() {
        mistakes.add("/limit", "not_a_number", words::mistake::NOT_A_LIMIT);
    }
    mistakes.check()?;
    let page = Page { after, limit: limit.unwrap_or(50) };
    let found = register::issued_by(&mut app.database.read().await?, &caller.departments, status, &page).await?;
    let items: Vec<_> = found.items.iter().map(|licence| shown(&app, licence, caller.visit.at)).collect();
    let body = json!({ "items": items, "next_cursor": found.next.as_ref().map(LicenceId::as_str) });
    Ok(json(StatusCode::OK, body.to_string()))
}

enum Act {
    Suspend(SuspensionReason),
    Reinstate,
    Revoke(RevocationReason),
}

/// `POST /api/v1/licences/{id}/suspend`: five statements.
pub async fn suspend(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    key: Key,
    Json { body, bytes }: Json,
) -> Result<Response, Problem> {
    let act = Act::Suspend(read_reason(body, SuspensionReason::parse)?);
    change(&app, &caller, &id, (&key, &bytes), act).await
}

/// `POST /api/v1/licences/{id}/reinstate`: five statements.
pub async fn reinstate(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    key: Key,
    Json { body, bytes }: Json,
) -> Result<Response, Problem> {
    let mut mistakes = Mistakes::default();
    body.finish(&mut mistakes);
    mistakes.check()?;
    change(&app, &caller, &id, (&key, &bytes), Act::Reinstate).await
}

/// `POST /api/v1/licences/{id}/revoke`: five statements.
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    key: Key,
    Json { body, bytes }: Json,
) -> Result<Response, Problem> {
    let act = Act::Revoke(read_reason(body, RevocationReason::parse)?);
    change(&app, &caller, &id, (&key, &bytes), act).await
}

/// A body whose only member is a coded reason.
fn read_reason<R>(mut body: super::json::Object, parse: fn(&str) -> Option<R>) -> Result<R, Problem> {
    let mut mistakes = Mistakes::default();
    let text = body.text("reason", &mut mistakes);
    let reason = parse(&text);
    if text.is_empty() {
        mistakes.missing_once("/reason");
    } else if reason.is_none() {
        mistakes.add("/reason", "reason_unknown", words::mistake::REASON_UNKNOWN);
    }
    body.finish(&mut mistakes);
    mistakes.check()?;
    reason.ok_or(Problem::FormBroken)
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
    if let Turn::Answered(response) = key.claim(&mut work.tx, caller, bytes).await? {
        return Ok(response);
    }
    let departments = &caller.departments;
    let changed = match act {
        Act::Suspend(reason) => lifecycle::suspend(&mut work, departments, id, *reason).await?,
        Act::Reinstate => lifecycle::reinstate(&mut work, departments, id).await?,
        Act::Revoke(reason) => lifecycle::revoke(&mut work, departments, id, *reason).await?,
    };
    let body = shown(app, &changed.licence, caller.visit.at).to_string();
    if changed.is_new {
        key.complete(&mut work.tx, caller, StatusCode::OK, &body).await?;
        work.commit().await?;
    }
    // Otherwise it already was in that state: nothing changed, and the same answer comes again by itself.
    Ok(json(StatusCode::OK, body))
}
