//! What became of a revocation that two people of the department decide.

use ::licence::{
    events::RevocationOpened,
    reason::RevocationReason,
    revocation::{self, Revocation, RevocationState},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use base::id::RevocationId;
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
pub(super) const PATH: &str = "/api/v1/revocations";

/// A revocation as the API says it.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "FiledRevocation", description = both(words::schema::FILED_REVOCATION))]
pub struct Body {
    #[schemars(regex(pattern = "^rev_[0-9A-HJKMNP-TV-Z]{26}$"))]
    id: String,
    licence: LicenceRef,
    #[schemars(description = both(words::description::REVOCATION_STATE), with = "Coded<RevocationState>")]
    state: &'static str,
    #[schemars(with = "Option<Coded<RevocationReason>>")]
    reason: Option<&'static str>,
    #[schemars(description = both(words::description::DECISION_OF))]
    decision: Option<String>,
    filed_at: Moment,
    ends_at: Moment,
    decided_at: Option<Moment>,
    #[schemars(description = both(words::description::REFUSAL))]
    refusal: Option<String>,
}

/// A revocation as a JSON text.
pub(super) fn shown(revocation: &Revocation) -> String {
    let body = Body {
        id: revocation.id.to_string(),
        licence: LicenceRef(revocation.licence.clone()),
        state: revocation.state.as_str(),
        reason: revocation.reason.map(RevocationReason::code),
        decision: revocation.decision.clone(),
        filed_at: Moment(revocation.filed_at),
        ends_at: Moment(revocation.ends_at),
        decided_at: revocation.decided_at.map(Moment),
        refusal: revocation.refusal.clone(),
    };
    serde_json::to_string(&body).unwrap_or_default()
}

/// `GET /api/v1/revocations/{id}`: of the caller's own, for others do not exist for it.
pub async fn show(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = RevocationId::parse(&id).map_err(|_| Problem::NotFound)?;
    let find = async |department| {
        let mut tx = app.database.read().await?;
        revocation::find(&mut tx, &department, &id, caller.visit.at).await
    };
    let found = caller.of_departments(find).await?;
    if found.client.as_ref() != Some(&caller.client_id) {
        return Err(Problem::NotFound);
    }
    caller.tell(RevocationOpened { licence: found.licence.clone(), revocation: id }).await?;
    Ok(json::json(StatusCode::OK, shown(&found)))
}
