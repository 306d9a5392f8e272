//! `/me/licences`: the licences in one's name and in the names of the organisations one may act for. Those that are
//! not in force come first, with the reason.

use axum::{extract::State, response::Response};
use base::{Instant, ListPage, id::LicenceId};
use http::StatusCode;
use identity::{organisation, person};
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
    /// As the licence says.
    pub holder: String,
    /// What the holder is called now, when that is another name.
    pub now: Option<String>,
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
    let called = called(&mut tx, &citizen.session, at).await?;
    let holders: Vec<Holder> = called.iter().map(|one| one.holder.clone()).collect();
    let held = register::held_by(&mut tx, &holders, &after).await?;
    let mut cards = Vec::with_capacity(held.items.len());
    for licence in held.items {
        if let (Some(holder), Some(standing)) = (holding(&called, &licence), licence.standing(at)) {
            let names = on_licence(&app, &mut tx, &licence, holder).await?;
            cards.push(card(&app, &page, names, &licence, standing)?);
        }
    }
    drop(tx);
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

/// A holder, what it is called now, and whether it was ever called otherwise.
pub(crate) struct Called {
    pub holder: Holder,
    pub name: String,
    pub was_renamed: bool,
}

/// In whose names the licences of a person are, with what those were called.
pub(crate) async fn called(tx: &mut Tx, session: &Session, at: Instant) -> Result<Vec<Called>, Problem> {
    let (holders, names) = holders(tx, session, at).await?;
    let mut called = Vec::with_capacity(holders.len());
    for (holder, name) in holders.into_iter().zip(names) {
        let former = match &holder {
            Holder::Person(person) => person::change::history(tx, person).await?,
            Holder::Organisation(organisation) => organisation::change::former_names(tx, organisation).await?,
        };
        called.push(Called { holder, name, was_renamed: !former.is_empty() });
    }
    Ok(called)
}

/// In whose name somebody has a licence: the first is the person, who may hold it beside its holder.
pub(crate) fn holding<'a>(called: &'a [Called], licence: &Licence) -> Option<&'a Called> {
    called.iter().find(|one| one.holder == licence.holder).or(called.first())
}

/// The name of its holder on a licence, and what the holder is called now when that is another name.
pub(crate) async fn on_licence(
    app: &App,
    tx: &mut Tx,
    licence: &Licence,
    called: &Called,
) -> Result<(String, Option<String>), Problem> {
    if !called.was_renamed || called.holder != licence.holder {
        return Ok((called.name.clone(), None));
    }
    let name = app.library.safe.content(tx, &licence.id).await?.holder_name;
    let now = (name != called.name).then(|| called.name.clone());
    Ok((name, now))
}

fn card(
    app: &App,
    page: &Page,
    (holder, now): (String, Option<String>),
    licence: &Licence,
    standing: Standing,
) -> Result<Card, Problem> {
    let (kind, word) = words(page, standing);
    let name = app.library.catalogue.now().of(licence)?.definition.name.text();
    Ok(Card {
        id: licence.id.to_string(),
        name: page.say(&name).to_owned(),
        holder,
        now,
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
