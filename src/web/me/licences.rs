//! `/me/licences`: the licences in one's name and in the names of the organisations one may act for. Those that are
//! not in force come first, with the reason.

use axum::{extract::State, response::Response};
use base::{Instant, ListPage, id::LicenceId};
use http::StatusCode;
use identity::organisation;
use licence::{Holder, Licence, Standing, register};
use records::Tx;

use crate::{
    App, Page, Problem,
    kit::{
        form::Query,
        page::html,
        session::{Citizen, Session},
        wording::Worded,
    },
};

/// Licences on one page.
const PAGE: i64 = 30;

#[derive(askama::Template)]
#[template(path = "me/licences.html")]
pub(crate) struct Licences {
    pub page: Page,
    pub cards: Vec<Card>,
    pub next: Option<String>,
}

/// One licence in the list.
pub(crate) struct Card {
    pub id: String,
    pub name: String,
    pub holder: String,
    pub issuer: String,
    pub until: String,
    /// Which tag: never the one with a tick, because the holder's own page must not look like the answer of a check.
    pub kind: &'static str,
    pub word: &'static str,
    pub reason: Option<String>,
    pub is_over: bool,
}

/// `GET /me/licences`.
pub async fn list(
    State(app): State<App>,
    citizen: Citizen,
    page: Page,
    Query(query): Query,
) -> Result<Response, Problem> {
    let after = match query.text("after") {
        "" => ListPage::first(PAGE),
        text => ListPage::after(LicenceId::parse(text).map_err(|_| Problem::NotFound)?, PAGE),
    };
    let at = page.visit.at;
    let mut tx = app.database.read().await?;
    let (holders, names) = holders(&mut tx, &citizen.session, at).await?;
    let held = register::held_by(&mut tx, &holders, &after).await?;
    drop(tx);
    let mut cards = Vec::with_capacity(held.items.len());
    for licence in held.items {
        let name = holders.iter().zip(&names).find(|(holder, _)| **holder == licence.holder).map(|(_, name)| name);
        if let (Some(name), Some(standing)) = (name, licence.standing(at)) {
            cards.push(card(&app, &page, name.clone(), &licence, standing)?);
        }
    }
    cards.sort_by_key(|card| !card.is_over);
    Ok(html(StatusCode::OK, &Licences { page, cards, next: held.next.map(|id| id.to_string()) }))
}

/// In whose names the licences of a person are, and what those are called: the person, and the organisations.
pub(crate) async fn holders(
    tx: &mut Tx,
    session: &Session,
    at: Instant,
) -> Result<(Vec<Holder>, Vec<String>), Problem> {
    let person = &session.person_id;
    let (mut holders, mut names) = (vec![Holder::Person(person.clone())], vec![session.name.clone()]);
    for organisation in organisation::of_person(tx, person, at).await? {
        holders.push(Holder::Organisation(organisation.organisation_id));
        names.push(organisation.name);
    }
    Ok((holders, names))
}

fn card(app: &App, page: &Page, holder: String, licence: &Licence, standing: Standing) -> Result<Card, Problem> {
    let (kind, word) = words(page, standing);
    let name = app.library.catalogue.now().of(licence)?.definition.name.text();
    Ok(Card {
        id: licence.id.to_string(),
        name: page.say(&name).to_owned(),
        holder,
        issuer: licence.issuer_name.clone(),
        until: licence
            .valid_until
            .map_or_else(|| page.say(words::licences::UNLIMITED).to_owned(), |day| day.to_string()),
        kind,
        word,
        reason: reason(page, licence, standing),
        is_over: standing != Standing::Valid,
    })
}

/// The tag of a standing on the holder's own pages, and its word.
pub(crate) fn words(page: &Page, standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Expired => ("bad", page.say(words::status::EXPIRED)),
        Standing::NotYetValid => ("info", page.say(words::status::NOT_YET_VALID)),
        Standing::Revoked => ("bad", page.say(words::status::REVOKED)),
        Standing::Superseded => ("bad", page.say(words::status::SUPERSEDED)),
        Standing::Suspended => ("warning", page.say(words::status::SUSPENDED)),
        Standing::Valid => ("neutral", page.say(words::status::VALID)),
    }
}

/// Why a licence is not in force, and since when.
pub(crate) fn reason(page: &Page, licence: &Licence, standing: Standing) -> Option<String> {
    let since = |at: Instant| page.say(&words::licences::since(at.date())).to_owned();
    match standing {
        Standing::Valid => None,
        Standing::Expired => licence.valid_until.map(|day| page.say(&words::licences::last_day(day)).to_owned()),
        Standing::NotYetValid => Some(page.say(&words::licences::first_day(licence.valid_from)).to_owned()),
        Standing::Superseded => Some(page.say(words::licences::NEWER).to_owned()),
        Standing::Revoked | Standing::Suspended => {
            let since = since(licence.changed_at);
            Some(
                licence
                    .status_reason()
                    .map(|reason| format!("{}{}{since}", page.sentence(&reason.text()), page.say(words::base::STOP)))
                    .unwrap_or(since),
            )
        }
    }
}
