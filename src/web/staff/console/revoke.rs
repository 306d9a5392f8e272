//! `/console/licences/{id}/revoke`: the form with which a revocation begins, and what follows from it.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{Text, id::LicenceId};
use http::StatusCode;
use licence::{
    DecisionNumber, Licence, Status,
    reason::RevocationReason,
    register,
    revocation::{self, Filed},
};
use records::Work;

use super::{
    parts::{choices, refuse_own},
    revocations::{Shown, facts, opened},
};
use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Fields},
        page::{html, see_other},
        session::Staff,
        wording::Worded,
    },
    staff::confirm::{self, Act},
};

/// What was typed into the form with which a revocation begins.
#[derive(Default)]
struct Typed {
    reason: String,
    decision: String,
}

#[derive(askama::Template)]
#[template(path = "staff/console/revoke.html")]
struct Begin {
    page: Page,
    lead: Text,
    licence: Shown,
    reasons: Vec<(&'static str, String)>,
    typed: Typed,
    errors: Vec<FieldError>,
}

impl Begin {
    /// What is wrong with a field.
    fn wrong(&self, field: &str) -> &str {
        FieldError::of(&self.errors, field)
    }
}

/// A licence that the department issued.
async fn own(app: &App, staff: &Staff, id: &str) -> Result<Licence, Problem> {
    let id = LicenceId::parse(id).map_err(|_| Problem::NotFound)?;
    let found = register::by_id(&mut app.database.read().await?, &id).await?;
    found.filter(|licence| licence.issuer == staff.appointment.organisation_id).ok_or(Problem::NotFound)
}

async fn begin(
    (app, staff): (&App, &Staff),
    page: Page,
    licence: &Licence,
    typed: Typed,
    (status, errors): (StatusCode, Vec<FieldError>),
) -> Result<Response, Problem> {
    let shown = opened(app, staff, &page, licence).await?;
    let begin = Begin {
        lead: words::revoking::file_lead(revocation::DAYS),
        licence: shown,
        reasons: choices(&page, RevocationReason::ALL, RevocationReason::code),
        typed,
        errors,
        page,
    };
    Ok(html(status, &begin))
}

/// `GET /console/licences/{id}/revoke`: the form, or what waits already.
pub async fn form(
    State(app): State<App>,
    clerk: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let licence = own(&app, &clerk, &id).await?;
    let mut tx = app.database.read().await?;
    refuse_own(&mut tx, &page, &clerk, &licence).await?;
    let waits = revocation::of_licence(&mut tx, &licence.id, page.visit.at).await?;
    drop(tx);
    if let Some(waits) = waits {
        return Ok(see_other(&format!("/console/revocations/{}", waits.id)));
    }
    if licence.status == Status::Revoked {
        return Err(licence::Error::AlreadyRevoked.into());
    }
    begin((&app, &clerk), page, &licence, Typed::default(), (StatusCode::OK, Vec::new())).await
}

/// `POST /console/licences/{id}/revoke`: says what follows, until that was seen; then files it.
pub async fn file(
    State(app): State<App>,
    clerk: Staff,
    page: Page,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let licence = own(&app, &clerk, &id).await?;
    let text = |name: &str| fields.text(name).to_owned();
    let typed = Typed { reason: text("reason"), decision: text("decision") };
    let reason = RevocationReason::parse(&typed.reason);
    let number = DecisionNumber::parse(&typed.decision);
    let (Some(reason), Ok(number)) = (reason, &number) else {
        let mut errors = Vec::new();
        if reason.is_none() {
            errors.push(FieldError::new(&page, "reason", words::revoking::REASON_MISSING));
        }
        if number.is_err() {
            errors.push(FieldError::new(&page, "decision", words::revoking::DECISION_WRONG));
        }
        return begin((&app, &clerk), page, &licence, typed, (StatusCode::UNPROCESSABLE_ENTITY, errors)).await;
    };
    let file = async |mut work: Work| {
        let filed = revocation::file(&mut work, &licence.id, reason, number).await?;
        work.commit().await?;
        Ok(filed)
    };
    if !confirm::is_confirmed(&fields) {
        // What cannot be done is said before anybody is asked to confirm it.
        return match clerk.rehearse(file).await {
            Err(Problem::Domain { status, text, .. }) => {
                let errors = vec![FieldError::new(&page, "reason", &text)];
                begin((&app, &clerk), page, &licence, typed, (status, errors)).await
            }
            Err(problem) => Err(problem),
            Ok(_) => ask((&app, &clerk), page, &licence, (reason, number)).await,
        };
    }
    match clerk.attempt(file).await {
        Ok(Filed::Waiting(waiting)) => Ok(see_other(&format!("/console/revocations/{}", waiting.id))),
        Ok(Filed::Revoked(_)) => Ok(see_other(&format!("/console/licences/{}", licence.id))),
        // What was typed is not lost over a rule that it meets.
        Err(Problem::Domain { status, text, .. }) => {
            let errors = vec![FieldError::new(&page, "reason", &text)];
            begin((&app, &clerk), page, &licence, typed, (status, errors)).await
        }
        Err(problem) => Err(problem),
    }
}

/// The page that says what follows from revoking a licence.
async fn ask(
    (app, staff): (&App, &Staff),
    page: Page,
    licence: &Licence,
    (reason, number): (RevocationReason, &DecisionNumber),
) -> Result<Response, Problem> {
    let shown = opened(app, staff, &page, licence).await?;
    let is_by_one = revocation::is_by_one(&mut app.database.read().await?, licence).await?;
    let way = format!("/console/licences/{}", licence.id);
    let mut facts = facts(&page, &shown);
    facts.push((page.say(words::forms::REASON).to_owned(), page.sentence(&reason.text())));
    facts.push((page.say(words::console::DECISION).to_owned(), number.as_str().to_owned()));
    let again = [("reason", reason.code()), ("decision", number.as_str())];
    let act = Act::new(&way, "revoke", &shown.type_name, (words::console::REVOKE, words::revoking::FOLLOWS))
        .danger()
        .facts(facts)
        .with(again.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let act = if is_by_one { act } else { act.approved_by(words::revoking::TWO) };
    Ok(confirm::ask(page, act))
}
