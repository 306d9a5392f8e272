//! `/console/apply`: first the type, then the holder, then the fields. What was entered stays after a mistake.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    Date, Text,
    id::{LicenceId, OrganisationId, PersonId},
    number::{CreditCode, IdentityNumber},
};
use http::StatusCode;
use identity::events::{PeopleSearched, PersonOpened};
use licence::{
    Error, Fields as LicenceFields, Holder, HolderFacts, Official, application,
    events::LicenceOpened,
    field::{FieldKind, FieldRule, Source},
    holder::{self, HolderKind},
    issue::{NewLicence, compose::from_register},
    licence_type::{LicenceType, Validity},
    own_affair, register,
};
use records::{Tx, Work};

use super::{parts::refuse_own, sealing};
use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Fields, Query},
        page::{html, see_other},
        session::Staff,
        wording::{Worded, number_wrong},
    },
};

#[derive(askama::Template)]
#[template(path = "staff/console/choose.html")]
struct Choose {
    page: Page,
    types: Vec<(String, String, &'static str)>,
    /// Why nothing can be sealed.
    no_seal: Vec<String>,
}

/// One input with everything that stands around it.
struct Input {
    id: String,
    label: String,
    hint: String,
    value: String,
    /// Empty when there is none.
    error: String,
    kind: &'static str,
    choices: Vec<(String, String)>,
    required: bool,
    /// Says that it may stay empty, if it may.
    optional: &'static str,
}

#[derive(askama::Template)]
#[template(path = "staff/console/apply.html")]
struct Form {
    page: Page,
    code: String,
    type_name: String,
    step: u8,
    is_person: bool,
    number: String,
    number_error: &'static str,
    holder: String,
    holder_name: String,
    holder_number: String,
    renews: String,
    locked: Vec<(String, String)>,
    inputs: Vec<Input>,
    errors: Vec<FieldError>,
    /// Why nothing can be sealed, on a form that is opened.
    no_seal: Vec<String>,
}

/// `GET /console/apply`.
pub async fn choose(State(app): State<App>, clerk: Staff, page: Page) -> Result<Response, Problem> {
    let types = app.library.catalogue.now().issued_by(&clerk.appointment.organisation_id);
    let types = types
        .iter()
        .map(|one| {
            let who = match one.definition.holder {
                HolderKind::Person => page.say(words::console::FOR_PERSON),
                HolderKind::Organisation => page.say(words::console::FOR_ORGANISATION),
            };
            (one.code.clone(), page.say(&one.definition.name.text()).to_owned(), who)
        })
        .collect();
    let no_seal = no_seal(&app, &page, &clerk).await?;
    Ok(html(StatusCode::OK, &Choose { page, types, no_seal }))
}

/// Nobody types an application without being told that nothing comes of it now.
async fn no_seal(app: &App, page: &Page, clerk: &Staff) -> Result<Vec<String>, Problem> {
    sealing::hindrance(app, page, &mut app.database.read().await?, &clerk.appointment.organisation_id).await
}

/// A type that the clerk's department issues: nobody fills in a form that would be refused at its end.
fn own_type(app: &App, clerk: &Staff, code: &str) -> Result<Arc<LicenceType>, Problem> {
    app.library.catalogue.now().for_issuer(code, &clerk.appointment.organisation_id).map_err(|error| match error {
        Error::TypeUnknown => Problem::NotFound,
        error => error.into(),
    })
}

/// `GET /console/apply/{code}`, with `renews=lic_…` filled in from that licence.
pub async fn form(
    State(app): State<App>,
    clerk: Staff,
    page: Page,
    Path(code): Path<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    let licence_type = own_type(&app, &clerk, &code)?;
    let Some(older) = LicenceId::parse(query.text("renews")).ok() else {
        let no_seal = no_seal(&app, &page, &clerk).await?;
        return Ok(html(StatusCode::OK, &Form { no_seal, ..first_step(page, &licence_type, "", "") }));
    };
    let mut tx = app.database.read().await?;
    let licence =
        register::by_id(&mut tx, &older).await?.filter(|found| found.issuer == clerk.appointment.organisation_id);
    let licence = licence.ok_or(Problem::NotFound)?;
    refuse_own(&mut tx, &page, &clerk, &licence.holder).await?;
    drop(tx);
    clerk.tell(LicenceOpened { licence: licence.id.clone(), what: "renew".to_owned() }).await?;
    let mut tx = app.database.read().await?;
    let holder = holder::facts(&mut tx, &app.library.vault, &licence.holder).await?;
    let content = app.library.safe.content(&mut tx, &older).await?;
    drop(tx);
    let mut entered = Fields::default();
    entered.add("renews".to_owned(), older.to_string())?;
    for (key, value) in content.fields {
        // Somebody else's identity number is typed anew: no screen shows one in full.
        if licence_type.field(&key).is_none_or(|rule| rule.kind != FieldKind::IdentityNumber) {
            entered.add(format!("f_{key}"), value)?;
        }
    }
    let no_seal = no_seal(&app, &page, &clerk).await?;
    Ok(html(StatusCode::OK, &Form { no_seal, ..second_step(page, &licence_type, &holder, &entered, vec![]) }))
}

/// `POST /console/apply/{code}`: looks the holder up, or hands the application in.
pub async fn submit(
    State(app): State<App>,
    clerk: Staff,
    page: Page,
    Path(code): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let licence_type = own_type(&app, &clerk, &code)?;
    if fields.text("holder").is_empty() {
        return look_up(&app, &clerk, page, &licence_type, &fields).await;
    }
    let stored = read_holder(fields.text("holder"), licence_type.definition.holder).ok_or(Problem::NotFound)?;
    let holder = holder::facts(&mut app.database.read().await?, &app.library.vault, &stored).await?;
    let (valid_from, from_error) = read_date(&page, &fields, "valid_from");
    let (valid_until, until_error) = read_date(&page, &fields, "valid_until");
    let mut errors: Vec<FieldError> = [from_error, until_error].into_iter().flatten().collect();
    let entered: LicenceFields = fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("f_")?.to_owned(), value.to_owned())))
        .collect();
    let new = NewLicence {
        type_code: code,
        holder: holder.clone(),
        fields: entered,
        valid_from,
        valid_until,
        renews: LicenceId::parse(fields.text("renews")).ok(),
    };
    if errors.is_empty() {
        let maker = Official::new(&clerk.session.person_id, &clerk.appointment);
        let apply = async |mut work: Work| {
            let id = application::apply(&mut work, &app.library, &maker, new.clone()).await?;
            work.commit().await?;
            Ok(id)
        };
        match clerk.act(apply).await {
            // Opened from its address, and nothing is wrong with it any more.
            Ok(None) => {}
            Ok(Some(id)) => return Ok(see_other(&format!("/console/applications/{id}"))),
            Err(Error::Fields(wrong)) => errors.extend(wrong.into_iter().map(|error| {
                let label = licence_type
                    .field(&error.key)
                    .map_or(error.key.clone(), |rule| rule.label.text().in_language(page.language).to_owned());
                FieldError {
                    field: format!("f_{}", error.key),
                    text: format!("{label}{}{}", page.say(words::base::COLON), page.say(&error.problem.text())),
                }
            })),
            Err(Error::Period(problem)) => {
                let field = if problem.is_about_start() { "valid_from" } else { "valid_until" };
                errors.push(FieldError { field: field.to_owned(), text: page.say(&problem.text()).to_owned() });
            }
            Err(error) => return Err(error.into()),
        }
    }
    // Whoever sends the form may have looked nobody up: it shows who the holder is once more.
    if let Holder::Person(person) = &stored {
        clerk.tell(PersonOpened { person: person.clone(), what: "application".to_owned() }).await?;
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, &second_step(page, &licence_type, &holder, &fields, errors)))
}

async fn look_up(
    app: &App,
    clerk: &Staff,
    page: Page,
    licence_type: &LicenceType,
    fields: &Fields,
) -> Result<Response, Problem> {
    let number = fields.text("number");
    let mut tx = app.database.read().await?;
    let found = match holder_by_number(app, &mut tx, licence_type.definition.holder, number).await {
        Ok(found) => found,
        Err(Error::Fault(fault)) => return Err(fault.into()),
        Err(_) => Err(words::console::HOLDER_UNKNOWN),
    };
    let is_own = match &found {
        Ok(found) => own_affair::is_own(&mut tx, &clerk.session.person_id, &found.holder, page.visit.at).await?,
        Err(_) => false,
    };
    drop(tx);
    if licence_type.definition.holder == HolderKind::Person && IdentityNumber::parse(number).is_ok() {
        let about = found.as_ref().map_or("-", |holder| holder.holder.id()).to_owned();
        let count = usize::from(found.is_ok());
        clerk.tell(PeopleSearched { about, by: "identity_number".to_owned(), count }).await?;
    }
    match found {
        // Told before the form is filled in; whoever goes on anyway is refused where it counts.
        Ok(_) if is_own => {
            let words = page.say(words::licence::OWN_AFFAIR);
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &first_step(page, licence_type, "", words)))
        }
        Ok(holder) if holder.has_ended => {
            let words = page.say(words::console::HOLDER_ENDED);
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &first_step(page, licence_type, "", words)))
        }
        Ok(holder) => Ok(html(StatusCode::OK, &second_step(page, licence_type, &holder, fields, vec![]))),
        Err(words) => {
            let words = page.say(words);
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &first_step(page, licence_type, number, words)))
        }
    }
}

/// The holder, or what is wrong with the number.
async fn holder_by_number(
    app: &App,
    tx: &mut Tx,
    kind: HolderKind,
    number: &str,
) -> Result<Result<HolderFacts, &'static Text>, Error> {
    let found = match kind {
        HolderKind::Person => match IdentityNumber::parse(number) {
            Ok(number) => holder::person_by_number(tx, &app.library.vault, &number).await,
            Err(error) => return Ok(Err(number_wrong(error))),
        },
        HolderKind::Organisation => match CreditCode::parse(number) {
            Ok(code) => holder::organisation_by_code(tx, &code).await,
            Err(error) => return Ok(Err(number_wrong(error))),
        },
    };
    match found {
        Ok(holder) => Ok(Ok(holder)),
        Err(Error::HolderUnknown) => Ok(Err(words::console::HOLDER_UNKNOWN)),
        Err(error) => Err(error),
    }
}

fn read_holder(text: &str, kind: HolderKind) -> Option<Holder> {
    match kind {
        HolderKind::Person => PersonId::parse(text).ok().map(Holder::Person),
        HolderKind::Organisation => OrganisationId::parse(text).ok().map(Holder::Organisation),
    }
}

fn read_date(page: &Page, fields: &Fields, name: &str) -> (Option<Date>, Option<FieldError>) {
    match fields.text(name) {
        "" => (None, None),
        text => match Date::parse(text) {
            Ok(date) => (Some(date), None),
            Err(_) => (
                None,
                Some(FieldError { field: name.to_owned(), text: page.say(words::console::DATE_FORM).to_owned() }),
            ),
        },
    }
}

fn first_step(page: Page, licence_type: &LicenceType, number: &str, number_error: &'static str) -> Form {
    let errors = match number_error {
        "" => vec![],
        words => vec![FieldError { field: "number".to_owned(), text: words.to_owned() }],
    };
    Form {
        code: licence_type.code.clone(),
        type_name: page.say(&licence_type.definition.name.text()).to_owned(),
        step: 1,
        is_person: licence_type.definition.holder == HolderKind::Person,
        number: number.chars().take(40).collect(),
        errors,
        number_error,
        holder: String::new(),
        holder_name: String::new(),
        holder_number: String::new(),
        renews: String::new(),
        locked: vec![],
        inputs: vec![],
        no_seal: vec![],
        page,
    }
}

fn second_step(
    page: Page,
    licence_type: &LicenceType,
    holder: &HolderFacts,
    entered: &Fields,
    errors: Vec<FieldError>,
) -> Form {
    let error_of =
        |id: &str| errors.iter().find(|error| error.field == id).map_or("", |error| error.text.as_str()).to_owned();
    let (mut locked, mut inputs) = (Vec::new(), Vec::new());
    for rule in &licence_type.definition.fields {
        let label = page.say(&rule.label.text()).to_owned();
        match from_register(rule, holder) {
            Some(_) if rule.source == Source::HolderNumber => locked.push((label, holder.number_shown())),
            Some(value) => locked.push((label, value)),
            None => inputs.push(input(&page, rule, label, entered, &error_of)),
        }
    }
    inputs.push(date(
        &page,
        "valid_from",
        words::console::VALID_FROM,
        words::console::VALID_FROM_HELP,
        entered,
        &error_of,
    ));
    if licence_type.definition.validity == Validity::UntilDate {
        inputs.push(date(
            &page,
            "valid_until",
            words::console::VALID_UNTIL,
            words::console::VALID_UNTIL_HELP,
            entered,
            &error_of,
        ));
    }
    Form {
        code: licence_type.code.clone(),
        type_name: page.say(&licence_type.definition.name.text()).to_owned(),
        step: 2,
        is_person: licence_type.definition.holder == HolderKind::Person,
        number: String::new(),
        number_error: "",
        holder: holder.holder.id().to_owned(),
        holder_name: holder.name.clone(),
        holder_number: holder.number_shown(),
        renews: LicenceId::parse(entered.text("renews")).map(|id| id.to_string()).unwrap_or_default(),
        locked,
        inputs,
        errors,
        no_seal: vec![],
        page,
    }
}

fn input(page: &Page, rule: &FieldRule, label: String, entered: &Fields, error_of: &dyn Fn(&str) -> String) -> Input {
    let id = format!("f_{}", rule.key);
    let (kind, choices, hint) = match &rule.kind {
        FieldKind::Choice(words) => {
            let words = words.iter().map(|word| (word.zh.clone(), page.say(&word.text()).to_owned())).collect();
            ("choice", words, String::new())
        }
        FieldKind::Date => ("date", vec![], String::new()),
        FieldKind::IdentityNumber => ("text", vec![], page.say(words::console::IDENTITY_NUMBER_HELP).to_owned()),
        FieldKind::Number => ("number", vec![], String::new()),
        FieldKind::Text if rule.length_max > 80 => ("area", vec![], length_hint(page, rule.length_max)),
        FieldKind::Name | FieldKind::Text => ("text", vec![], length_hint(page, rule.length_max)),
    };
    Input {
        label,
        hint,
        value: entered.text(&id).to_owned(),
        error: error_of(&id),
        kind,
        choices,
        required: rule.required,
        optional: optional(page, rule.required),
        id,
    }
}

fn length_hint(page: &Page, length_max: usize) -> String {
    page.say(&words::console::at_most(length_max)).to_owned()
}

fn date(
    page: &Page,
    id: &str,
    label: &Text,
    hint: &Text,
    entered: &Fields,
    error_of: &dyn Fn(&str) -> String,
) -> Input {
    let required = id == "valid_until";
    Input {
        id: id.to_owned(),
        label: page.say(label).to_owned(),
        hint: page.say(hint).to_owned(),
        value: entered.text(id).to_owned(),
        error: error_of(id),
        kind: "date",
        choices: vec![],
        required,
        optional: optional(page, required),
    }
}

fn optional(page: &Page, required: bool) -> &'static str {
    if required { "" } else { page.say(words::console::OPTIONAL) }
}
