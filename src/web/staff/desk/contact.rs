//! `/desk/contact`: how somebody is reached who stands at the counter, and whether that was seen proven there.

use axum::{extract::State, response::Response};
use base::{Text, id::PersonId, number::IdentityNumber};
use http::StatusCode;
use identity::{
    Reason,
    events::{PeopleSearched, PersonOpened},
    person::{
        self, PersonView,
        change::{self, Contact},
    },
};
use records::Work;

use super::searched;
use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Fields, Query},
        page::html,
        session::Staff,
        wording::number_wrong,
    },
};

/// What the page says once that was done.
const DONE: &str = "done";

/// Somebody who was found by number, with the form as it is or as it was typed.
struct Found {
    name: String,
    number: String,
    person: String,
    searched: String,
    /// What the form was made from.
    before: String,
    phone: String,
    email: String,
    phone_verified: bool,
    email_verified: bool,
    compared: bool,
    /// Whether it is who sits at the counter.
    is_self: bool,
}

#[derive(askama::Template)]
#[template(path = "staff/desk/contact.html")]
struct Shown {
    page: Page,
    found: Option<Found>,
    errors: Vec<FieldError>,
    typed: String,
    wrong: &'static str,
    /// Whether it was just written down, for somebody else.
    is_done: bool,
}

/// `GET /desk/contact`: the field for a number.
pub async fn ask(page: Page, Query(query): Query) -> Response {
    let is_done = page.says(&query, DONE);
    html(StatusCode::OK, &Shown { is_done, ..form(page, "", "") })
}

fn form(page: Page, typed: &str, wrong: &'static str) -> Shown {
    Shown { page, found: None, errors: Vec::new(), typed: typed.to_owned(), wrong, is_done: false }
}

/// The field for a number, with what was typed and what is wrong with it.
fn wrongly(page: Page, typed: &str, wrong: &'static Text) -> Response {
    let wrong = page.say(wrong);
    html(StatusCode::UNPROCESSABLE_ENTITY, &form(page, typed, wrong))
}

/// `POST /desk/contact/find`: whose number it is. The number is not left in an address.
pub async fn find(State(app): State<App>, staff: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let typed = fields.text("number");
    let number = match IdentityNumber::parse(typed) {
        Ok(number) => number,
        Err(wrong) => return Ok(wrongly(page, typed, number_wrong(wrong))),
    };
    let found = person::find_by_identity_number(&mut app.database.read().await?, &app.vault, &number).await?;
    staff.tell(PeopleSearched::new("identity_number", found.as_slice())).await?;
    let Some(person) = found else { return Ok(wrongly(page, typed, words::reset::NOT_FOUND)) };
    let searched = searched::sent(&app, &staff, &person.person_id);
    let found = Found::of(&app, &staff, &person, searched)?;
    Ok(html(StatusCode::OK, &Shown { found: Some(found), ..form(page, "", "") }))
}

/// `POST /desk/contact`: writes it down, for somebody who was found by number and for nobody else.
pub async fn change(State(app): State<App>, staff: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let person = PersonId::parse(fields.text("person")).map_err(|_| Problem::NotFound)?;
    if searched::by_number(&app, &staff, &person, fields.text(searched::FIELD)).is_none() {
        return Ok(wrongly(page, "", words::contact::NOT_SEARCHED));
    }
    let before: Contact = serde_json::from_str(fields.text("before")).map_err(|_| Problem::FormBroken)?;
    let typed = |name: &str| Some(fields.text(name).trim().to_owned()).filter(|text| !text.is_empty());
    let after = Contact {
        phone_number: typed("phone"),
        email: typed("email"),
        address: before.address.clone(),
        phone_verified: fields.has("phone_verified"),
        email_verified: fields.has("email_verified"),
    };
    let error = if fields.text("compared") == "yes" {
        let reason = Reason::parse(words::contact::REASON.in_language(base::Language::Chinese))?;
        let write = async |mut work: Work| {
            change::contact_at_counter(&mut work, &person, &before, &after, &reason).await?;
            Ok(work.commit().await?)
        };
        match staff.attempt(write).await {
            Ok(()) => return Ok(page.leads_back("/desk/contact", DONE)),
            Err(Problem::Domain { status, code, text }) => (status, place(code), text),
            Err(problem) => return Err(problem),
        }
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, "compared", words::reset::COMPARED_MISSING.clone())
    };
    again((&app, &staff), page, &fields, &person, error).await
}

/// The field that a rule speaks of.
fn place(code: &str) -> &'static str {
    if code == "email" { "email" } else { "phone" }
}

/// The form once more, with what was typed and what is wrong.
async fn again(
    (app, staff): (&App, &Staff),
    page: Page,
    fields: &Fields,
    person: &PersonId,
    (status, field, text): (StatusCode, &'static str, Text),
) -> Result<Response, Problem> {
    let view = person::find(&mut app.database.read().await?, person).await?.ok_or(Problem::NotFound)?;
    staff.tell(PersonOpened { person: person.clone(), what: "page".to_owned() }).await?;
    let searched = fields.text(searched::FIELD).to_owned();
    let found = Found {
        phone: fields.text("phone").to_owned(),
        email: fields.text("email").to_owned(),
        phone_verified: fields.has("phone_verified"),
        email_verified: fields.has("email_verified"),
        compared: fields.text("compared") == "yes",
        ..Found::of(app, staff, &view, searched)?
    };
    let errors = vec![FieldError::new(&page, field, &text)];
    Ok(html(status, &Shown { found: Some(found), errors, ..form(page, "", "") }))
}

impl Found {
    fn of(app: &App, staff: &Staff, person: &PersonView, searched: String) -> Result<Self, Problem> {
        let contact = Contact::of(person);
        Ok(Self {
            name: person.name.clone(),
            number: person.identity_number(&app.vault)?.masked(),
            person: person.person_id.to_string(),
            searched,
            before: serde_json::to_string(&contact).map_err(base::Fault::broken)?,
            phone: contact.phone_number.unwrap_or_default(),
            email: contact.email.unwrap_or_default(),
            phone_verified: contact.phone_verified,
            email_verified: contact.email_verified,
            compared: false,
            is_self: person.person_id == staff.session.person_id,
        })
    }
}
