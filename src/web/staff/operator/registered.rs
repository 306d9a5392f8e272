//! `/operator/people/{id}/…`: correcting what is registered of a person.

use axum::{
    extract::{Path, State},
    response::Response,
};
use identity::{
    Reason,
    person::change::{self, Contact, Renaming},
};
use records::Work;

use super::{
    found::{find_person, way},
    people,
};
use crate::{
    App, Page, Problem,
    kit::{form::Fields, session::Staff},
    staff::{
        again::Again,
        confirm::{self, Act, Asked, Change},
    },
};

/// `POST /operator/people/{id}/name`: proposes another name.
pub async fn name((State(app), by, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let done = change_name(&app, &by, page.clone(), &id, &fields).await;
    let place = |code: &str| match code {
        "name" | "unchanged" => Some("new_name"),
        _ => None,
    };
    match done {
        Err(problem) => {
            let again = Again::after(problem, &page, ("name", fields), place)?;
            people::render((&app, &by), page, &id, "", again).await
        }
        done => done,
    }
}

async fn change_name(app: &App, by: &Staff, page: Page, id: &str, fields: &Fields) -> Result<Response, Problem> {
    let person = find_person(app, id).await?;
    let reason = Reason::parse(fields.text("reason"))?;
    let renaming = Renaming::to(&person, fields.text("new_name"))?;
    let change = proposed(&page, renaming.clone());
    let propose = async |mut work: Work| {
        change::propose(&mut work, &person.person_id, &renaming, &reason).await?;
        Ok(work.commit().await?)
    };
    let follows = (words::people::NAME_CHANGE, words::people::NAME_FOLLOWS);
    let again = vec![("new_name".to_owned(), renaming.after.clone())];
    let act = Act::new(&way(id), "name", &person.name, follows).showing(&person.person_id, "page");
    let act = act.proposed().changing(change).with(again);
    confirm::perform(by, page, fields, act, &reason, propose).await
}

/// `POST /operator/people/{id}/contact`: how somebody is reached from now on.
pub async fn contact((State(app), by, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let done = change_contact(&app, &by, page.clone(), &id, &fields).await;
    let place = |code: &str| match code {
        "address" => Some("address"),
        "email" => Some("email"),
        "phone_number" | "unchanged" => Some("phone"),
        _ => None,
    };
    match done {
        Err(problem) => {
            let again = Again::after(problem, &page, ("contact", fields), place)?;
            people::render((&app, &by), page, &id, "", again).await
        }
        done => done,
    }
}

async fn change_contact(app: &App, by: &Staff, page: Page, id: &str, fields: &Fields) -> Result<Response, Problem> {
    let person = find_person(app, id).await?;
    let reason = Reason::parse(fields.text("reason"))?;
    let before: Contact = serde_json::from_str(fields.text("before")).map_err(|_| Problem::FormBroken)?;
    let typed = |name: &str| Some(fields.text(name).to_owned()).filter(|text| !text.is_empty());
    let after = Contact {
        phone_number: typed("phone"),
        email: typed("email"),
        address: typed("address"),
        phone_verified: fields.has("phone_verified"),
        email_verified: fields.has("email_verified"),
    };
    let again = ["before", "phone", "email", "address", "phone_verified", "email_verified"];
    let again = again.into_iter().filter(|name| !name.ends_with("_verified") || fields.has(name));
    let again = again.map(|name| (name.to_owned(), fields.text(name).to_owned())).collect();
    let change = async |mut work: Work| {
        change::contact(&mut work, &person.person_id, &before, &after, &reason).await?;
        Ok(work.commit().await?)
    };
    let follows = (words::people::CONTACT_CHANGE, words::people::CONTACT_FOLLOWS);
    let act = Act::new(&way(id), "contact", &person.name, follows).showing(&person.person_id, "page");
    let act = act.changing(changes(&page, &before, &after)).with(again);
    confirm::perform(by, page, fields, act, &reason, change).await
}

/// What a proposed name changes, for the page of the proposal.
pub fn proposed(page: &Page, renaming: Renaming) -> Vec<Change> {
    let label = page.say(words::people::NAME).to_owned();
    vec![Change { label, before: renaming.before, after: renaming.after }]
}

/// What changes of how somebody is reached.
pub fn changes(page: &Page, before: &Contact, after: &Contact) -> Vec<Change> {
    let proven = |is_verified: bool| {
        let words = if is_verified { words::event_value::YES } else { words::event_value::NO };
        Some(page.say(words).to_owned())
    };
    let verified = [
        (words::people::PHONE_VERIFIED, &proven(before.phone_verified), &proven(after.phone_verified)),
        (words::people::EMAIL_VERIFIED, &proven(before.email_verified), &proven(after.email_verified)),
    ];
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| page.say(words::confirm::NOTHING).to_owned());
    [
        (words::people::PHONE, &before.phone_number, &after.phone_number),
        (words::people::EMAIL, &before.email, &after.email),
        (words::people::HOME, &before.address, &after.address),
    ]
    .into_iter()
    .chain(verified)
    .filter(|(_, before, after)| before != after)
    .map(|(label, before, after)| Change {
        label: page.say(label).to_owned(),
        before: shown(before),
        after: shown(after),
    })
    .collect()
}
