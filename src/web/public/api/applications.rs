//! What became of a request that two people of the department decide.

use ::licence::{
    application::{self, Application, ApplicationState},
    events::ApplicationOpened,
    reason::{ReturnReason, WithdrawalReason},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use base::id::ApplicationId;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    json,
    leaf::{Coded, LicenceRef, Moment},
};
use crate::{
    App, Problem,
    kit::{caller::Caller, wording::both},
};

/// Where they are.
pub(super) const PATH: &str = "/api/v1/applications";

/// An application as the API says it.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Application", description = both(words::schema::APPLICATION))]
pub struct Body {
    #[schemars(regex(pattern = "^app_[0-9A-HJKMNP-TV-Z]{26}$"))]
    id: String,
    #[schemars(description = both(words::description::APPLICATION_STATE), with = "Coded<ApplicationState>")]
    state: &'static str,
    submitted_at: Moment,
    decided_at: Option<Moment>,
    #[schemars(with = "Option<Coded<ReturnReason>>")]
    return_reason: Option<&'static str>,
    #[schemars(with = "Option<Coded<WithdrawalReason>>")]
    withdrawal_reason: Option<&'static str>,
    licence: Option<LicenceRef>,
}

/// An application as a JSON text.
pub(super) fn shown(application: &Application) -> String {
    let body = Body {
        id: application.id.to_string(),
        state: application.state.as_str(),
        submitted_at: Moment(application.submitted_at),
        decided_at: application.decided_at.map(Moment),
        return_reason: application.return_reason.map(ReturnReason::code),
        withdrawal_reason: application.withdrawal_reason.map(WithdrawalReason::code),
        licence: application.licence.clone().map(LicenceRef),
    };
    serde_json::to_string(&body).unwrap_or_default()
}

/// `GET /api/v1/applications/{id}`: of the caller's own, for others do not exist for it.
pub async fn show(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = ApplicationId::parse(&id).map_err(|_| Problem::NotFound)?;
    let find = async |department| {
        application::find(&mut app.database.read().await?, &app.library.safe, &department, &id).await
    };
    let found = caller.of_departments(find).await?;
    if found.proposed_by.as_ref() != Some(&caller.client_id) {
        return Err(Problem::NotFound);
    }
    caller.tell(ApplicationOpened { application: id, holder: found.holder.id().to_owned() }).await?;
    Ok(json::json(StatusCode::OK, shown(&found)))
}
