//! `/operator/keys`: every key but those of seals, and from one to the next.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{Text, id::KeyId};
use http::StatusCode;
use pki::{
    KeyState, Purpose,
    rotation::{self, Wait},
};
use records::Work;

use crate::{
    App, Page, Problem,
    kit::{
        form::{Fields, Query},
        page::html,
        session::Staff,
        wording::{key_state_words, purpose_words},
    },
};

/// What one operator may replace alone, by a session that somebody may have stolen. Authorities, which documents are
/// judged by for decades, are replaced by command.
const TOKENS: [Purpose; 3] = [Purpose::AccessToken, Purpose::IdTokenEs256, Purpose::IdTokenRs256];

struct Key {
    id: String,
    purpose: &'static str,
    algorithm: String,
    kind: &'static str,
    state: &'static str,
    made: String,
    until: String,
    /// Whether it can be given up.
    waits: bool,
    /// When it can be activated; empty for now.
    activates_from: String,
    is_taken_out: bool,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/keys.html")]
struct Custody {
    page: Page,
    /// What was done a moment ago.
    done: &'static str,
    keys: Vec<Key>,
    purposes: Vec<(&'static str, String)>,
}

/// What leads back to the page was done, and is said there.
const DONE: [(&str, &Text); 3] = [
    ("published", words::operator::PUBLISHED),
    ("activated", words::operator::ACTIVATED),
    ("given_up", words::operator::GIVEN_UP),
];

/// `GET /operator/keys`.
pub async fn list(State(app): State<App>, page: Page, Query(query): Query) -> Response {
    let done = DONE.into_iter().find(|(name, _)| page.says(&query, name)).map_or("", |(_, text)| page.say(text));
    let keys = app.custody.service_keys().into_iter().map(|key| {
        let (kind, state) = state_tag(&page, key.state);
        let known_from = key.known_from();
        let activates_from = if known_from <= page.visit.at { String::new() } else { known_from.legal_text() };
        Key {
            activates_from,
            id: key.key_id.to_string(),
            purpose: page.say(purpose_words(key.purpose)),
            algorithm: key.algorithm,
            kind,
            state,
            made: key.made_at.date().to_string(),
            until: key.not_after.date().to_string(),
            waits: key.state == KeyState::PrePublished && TOKENS.contains(&key.purpose),
            is_taken_out: key.taken_out_at.is_some(),
        }
    });
    let keys = keys.collect();
    let waits = |of: Purpose| {
        let keys = app.custody.service_keys();
        keys.iter().any(|key| key.purpose == of && key.state == KeyState::PrePublished)
    };
    let purposes = TOKENS.into_iter().filter(|one| !waits(*one));
    let purposes =
        purposes.map(|one| (one.as_str(), format!("{} {}", page.say(purpose_words(one)), one.suite().name())));
    let purposes = purposes.collect();
    html(StatusCode::OK, &Custody { page, done, keys, purposes })
}

/// `POST /operator/keys/publish`: makes the next key of a purpose and publishes it.
pub async fn publish(State(app): State<App>, operator: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let purpose = TOKENS.into_iter().find(|one| one.as_str() == fields.text("purpose")).ok_or(Problem::NotFound)?;
    rotation::publish_next(&app.custody, operator.context(), purpose).await?;
    Ok(page.leads_back("/operator/keys", "published"))
}

/// `POST /operator/keys/{id}/activate`.
pub async fn activate(
    State(app): State<App>,
    operator: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let key = of_tokens(&app, &id)?;
    let activate = async |mut work: Work| {
        rotation::activate(&mut work, &key, Wait::Over).await?;
        Ok(work.commit().await?)
    };
    operator.attempt(activate).await?;
    Ok(page.leads_back("/operator/keys", "activated"))
}

/// `POST /operator/keys/{id}/retire`: gives up a key that waits.
pub async fn retire(
    State(app): State<App>,
    operator: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let key = of_tokens(&app, &id)?;
    let retire = async |mut work: Work| {
        rotation::retire(&mut work, &key).await?;
        Ok(work.commit().await?)
    };
    operator.attempt(retire).await?;
    Ok(page.leads_back("/operator/keys", "given_up"))
}

/// A key of tokens by its identifier.
fn of_tokens(app: &App, id: &str) -> Result<KeyId, Problem> {
    let keys = app.custody.service_keys();
    let found = keys.into_iter().find(|key| key.key_id.as_str() == id && TOKENS.contains(&key.purpose));
    found.map(|key| key.key_id).ok_or(Problem::NotFound)
}

fn state_tag(page: &Page, state: KeyState) -> (&'static str, &'static str) {
    let kind = match state {
        KeyState::Active => "good",
        KeyState::PrePublished => "info",
        KeyState::Retired => "neutral",
        KeyState::Revoked => "bad",
    };
    (kind, page.say(key_state_words(state)))
}
