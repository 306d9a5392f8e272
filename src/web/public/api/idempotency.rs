//! The Idempotency-Key of a POST: a repeated request gets the first answer and acts once. What changes a licence needs
//! one; a verification changes nothing but its receipt and may come without.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::Response,
};
use base::Fault;
use http::{HeaderName, HeaderValue, StatusCode, request::Parts};
use records::{Database, Tx, idempotency, idempotency::Claim};

use super::{
    applications::PATH as APPLICATIONS,
    json::{accepted, created, json},
};
use crate::{
    App, Problem,
    kit::{admission::GivenTo, caller::Caller, limits::IDEMPOTENCY_KEY_BYTES_MAX},
};

/// The header of a request.
const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The header of a repeated answer.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The key a caller chose, and where it is used.
pub struct Key {
    text: String,
    target: String,
}

impl<W> GivenTo<W> for Key {}

impl FromRequestParts<App> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        read(parts)?.ok_or_else(malformed)
    }
}

/// The key of a request that may come without one.
impl OptionalFromRequestParts<App> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Option<Self>, Problem> {
        read(parts)
    }
}

/// 400 when there are two, or it is not well formed.
fn read(parts: &Parts) -> Result<Option<Key>, Problem> {
    let mut values = parts.headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map(|text| text.trim_matches('"').to_owned()).unwrap_or_default();
    let is_well_formed =
        (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_well_formed && values.next().is_none() {
        Ok(Some(Key { text, target: format!("{} {}", parts.method, parts.uri.path()) }))
    } else {
        Err(malformed())
    }
}

fn malformed() -> Problem {
    Problem::Domain {
        status: StatusCode::BAD_REQUEST,
        code: "idempotency_key",
        text: words::api_problem::IDEMPOTENCY_KEY.clone(),
    }
}

/// The key belongs to another request, or did on another day.
pub fn reused() -> Problem {
    Problem::Domain {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        code: "idempotency_key_reused",
        text: words::api_problem::IDEMPOTENCY_KEY_REUSED.clone(),
    }
}

fn in_flight() -> Problem {
    Problem::Domain {
        status: StatusCode::CONFLICT,
        code: "request_in_flight",
        text: words::api_problem::REQUEST_IN_FLIGHT.clone(),
    }
}

/// One of each problem that this file tells.
pub fn problems() -> [Problem; 3] {
    [malformed(), reused(), in_flight()]
}

/// What to do about a request.
pub enum Turn {
    Act,
    /// It was answered before.
    Answered(Kept),
}

/// An answer that was kept.
pub struct Kept {
    status: i64,
    /// The whole answer, as it was sent.
    pub body: String,
}

impl Key {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Claims the key for a request that says `what`, in the transaction that acts.
    ///
    /// # Errors
    ///
    /// 422 when the key belongs to another request, 409 when the same request is being worked on.
    pub async fn claim(&self, tx: &mut Tx, caller: &Caller, what: &[u8]) -> Result<Turn, Problem> {
        let mut hash = crypto::digest::Sha256::new();
        hash.update(self.target.as_bytes());
        hash.update(&[0]);
        hash.update(what);
        match idempotency::claim(tx, &caller.client_id, &self.text, &hash.finish_hex(), caller.visit.at).await? {
            Claim::Fresh => Ok(Turn::Act),
            Claim::Answered { status, body } => Ok(Turn::Answered(Kept { status, body })),
            Claim::OtherRequest => Err(reused()),
            Claim::InFlight => Err(in_flight()),
        }
    }

    /// Keeps the answer, in the transaction that acts.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach.
    pub async fn complete(&self, tx: &mut Tx, caller: &Caller, status: StatusCode, body: &str) -> Result<(), Fault> {
        idempotency::complete(tx, &caller.client_id, &self.text, status.as_u16(), body).await
    }

    /// The first answer again, with the headers it had.
    pub fn replay(&self, Kept { status, body }: Kept) -> Response {
        let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.unwrap_or(StatusCode::OK);
        let id = || serde_json::from_str::<serde_json::Value>(&body).ok()?.get("id")?.as_str().map(str::to_owned);
        let made = if status == StatusCode::CREATED { id() } else { None };
        let proposed = if status == StatusCode::ACCEPTED { id() } else { None };
        let mut response = match (made, self.target.split_once(' ')) {
            (Some(id), Some((_, path))) => created(path, &id, body),
            _ if proposed.is_some() => accepted(APPLICATIONS, &proposed.unwrap_or_default(), body),
            _ => json(status, body),
        };
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        response
    }

    /// Lets the same request be tried again at once after it failed on our side. Best effort: the claim also ends by
    /// itself, and whatever was recorded is found again under its origin.
    pub async fn release(&self, database: &Database, caller: &Caller) {
        let released: Result<(), Fault> = async {
            let mut tx = database.housekeeping().await?;
            idempotency::release(&mut tx, &caller.client_id, &self.text).await?;
            tx.commit().await
        }
        .await;
        if let Err(fault) = released {
            tracing::warn!(%fault, "a claim was not released; it ends by itself");
        }
    }
}
