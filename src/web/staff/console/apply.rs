//! `/console/apply`: first the type, then the holder, then the fields, then the page as it will be sealed. What was entered
//! stays after a mistake; what was handed in is changed in the same form.

pub(super) mod form;

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    Text,
    id::{ApplicationId, LicenceId, OrganisationId, PersonId},
    number::{CreditCode, IdentityNumber},
};
use http::StatusCode;
use identity::events::{PeopleSearched, PersonOpened};
use licence::{
    Error, Fields as LicenceFields, Holder, HolderFacts, Official,
    application::{self, Application},
    events::{ApplicationOpened, LicenceOpened},
    field::FieldKind,
    holder::{self, HolderKind},
    issue::{NewLicence, Preview},
    licence_type::LicenceType,
    own_affair, register,
};
use records::{Tx, Work};

use super::{
    parts::{is_own_applied, refuse_own},
    sealing,
    stands::stand,
};
use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Fields, Query},
        page::{html, see_other},
        session::Staff,
        wording::{Worded, number_wrong},
    },
    staff::confirm,
};
use form::Answers;

/// What is asked of the page of an application that was just handed in or changed.
pub(super) const HANDED_IN: &str = "handed_in";

/// The button that leads from the answers back to the form.
const CHANGE: &str = "change";

#[derive(askama::Template)]
#[template(path = "staff/console/choose.html")]
struct Choose {
    page: Page,
    types: Vec<(String, String, &'static str)>,
    /// Why nothing can be sealed.
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
    let no_seal = no_seal(&app, &page, &clerk).await?;
    let Some(older) = LicenceId::parse(query.text("renews")).ok() else {
        return Ok(html(StatusCode::OK, &form::holder(page, &licence_type, "", "").hindered(no_seal)));
    };
    let mut tx = app.database.read().await?;
    let licence =
        register::by_id(&mut tx, &older).await?.filter(|found| found.issuer == clerk.appointment.organisation_id);
    let licence = licence.ok_or(Problem::NotFound)?;
    refuse_own(&mut tx, &page, &clerk, &licence).await?;
    drop(tx);
    clerk.tell(LicenceOpened { licence: licence.id.clone(), what: "renew".to_owned() }).await?;
    let mut tx = app.database.read().await?;
    let holder = holder::facts(&mut tx, &app.library.vault, &licence.holder).await?;
    let content = app.library.safe.content(&mut tx, &older).await?;
    drop(tx);
    let mut entered = Fields::default();
    enter(&mut entered, &licence_type, content.fields)?;
    let sheet = Sheet { licence_type, holder, renews: Some(older), changed: None };
    Ok(html(StatusCode::OK, &form::fields(page, &sheet, &entered, vec![]).hindered(no_seal)))
}

/// Puts what is known into a form. Somebody else's identity number is typed anew: no screen shows one in full.
fn enter(entered: &mut Fields, licence_type: &LicenceType, known: licence::Fields) -> Result<(), Problem> {
    for (key, value) in known {
        if licence_type.field(&key).is_some_and(|rule| rule.kind != FieldKind::IdentityNumber) {
            entered.add(format!("f_{key}"), value)?;
        }
    }
    Ok(())
}

/// What is being filled in: a licence of which type, for whom, in whose place; and the application that is changed.
pub(super) struct Sheet {
    licence_type: Arc<LicenceType>,
    holder: HolderFacts,
    renews: Option<LicenceId>,
    changed: Option<Application>,
}

/// `POST /console/apply/{code}`: looks the holder up, shows the answers, or hands the application in.
pub async fn submit(
    State(app): State<App>,
    clerk: Staff,
    page: Page,
    Path(code): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let licence_type = own_type(&app, &clerk, &code)?;
    if fields.text("holder").is_empty() {
        return look_up(&app, &clerk, page, licence_type, &fields).await;
    }
    let stored = read_holder(fields.text("holder"), licence_type.definition.holder).ok_or(Problem::NotFound)?;
    let holder = holder::facts(&mut app.database.read().await?, &app.library.vault, &stored).await?;
    let renews = LicenceId::parse(fields.text("renews")).ok();
    answered(&app, &clerk, page, Sheet { licence_type, holder, renews, changed: None }, &fields).await
}

/// `GET /console/applications/{id}/change`: what was entered, to be put right.
pub async fn change(
    State(app): State<App>,
    clerk: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Some(sheet) = changed(&app, &clerk, &page, &id).await? else { return Ok(see_other(&way_of(&id))) };
    let mut entered = Fields::default();
    if let Some(application) = &sheet.changed {
        enter(&mut entered, &sheet.licence_type, application.content.fields.clone())?;
        entered.add("valid_from".to_owned(), application.content.valid_from.clone())?;
        entered.add("valid_until".to_owned(), application.content.valid_until.clone().unwrap_or_default())?;
        entered.add("digest".to_owned(), application.digest.clone())?;
    }
    let no_seal = no_seal(&app, &page, &clerk).await?;
    Ok(html(StatusCode::OK, &form::fields(page, &sheet, &entered, vec![]).hindered(no_seal)))
}

/// `POST /console/applications/{id}/change`: shows the answers, or hands them in in place of what was entered before.
pub async fn amend(
    State(app): State<App>,
    clerk: Staff,
    page: Page,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    match changed(&app, &clerk, &page, &id).await? {
        Some(sheet) => answered(&app, &clerk, page, sheet, &fields).await,
        None => Ok(see_other(&way_of(&id))),
    }
}

/// An application of the department as a sheet that this clerk may change; none for one that is not to be changed any more,
/// as its page says. Whoever opens it is in the log first.
async fn changed(app: &App, clerk: &Staff, page: &Page, id: &str) -> Result<Option<Sheet>, Problem> {
    let id = ApplicationId::parse(id).map_err(|_| Problem::NotFound)?;
    let mut tx = app.database.read().await?;
    let one = application::find(&mut tx, &app.library.safe, &clerk.appointment.organisation_id, &id).await?;
    if is_own_applied(&mut tx, page, clerk, &one).await? {
        return Err(Error::OwnAffair.into());
    }
    let known = app.library.catalogue.now().find(&one.licence_type).ok_or(Problem::NotFound)?;
    let licence_type = own_type(app, clerk, &known.code)?;
    let holder = holder::facts(&mut tx, &app.library.vault, &one.holder).await?;
    drop(tx);
    clerk.tell(ApplicationOpened { application: id, holder: one.holder.id().to_owned() }).await?;
    let by = Official::new(&clerk.session.person_id, &clerk.appointment);
    let renews = one.content.renews.clone().map(LicenceId::stored);
    let is_changeable = one.check_changeable(&by).is_ok();
    Ok(is_changeable.then_some(Sheet { licence_type, holder, renews, changed: Some(one) }))
}

/// The page of an application.
fn way_of(id: &str) -> String {
    format!("/console/applications/{id}")
}

/// What was filled in: shown with the page that comes of it, and handed in once that was seen; or the form again, with what
/// is wrong.
async fn answered(app: &App, clerk: &Staff, page: Page, sheet: Sheet, fields: &Fields) -> Result<Response, Problem> {
    let (new, errors) = sheet.read(&page, fields);
    let is_back = fields.has(CHANGE);
    if errors.is_empty() && !is_back && confirm::is_confirmed(fields) {
        match hand_in(app, clerk, &sheet, &new, fields.text("digest")).await {
            Ok(Some(id)) => return Ok(page.leads_back(&way_of(id.as_str()), HANDED_IN)),
            // Opened from its address, and nothing is wrong with it any more.
            Ok(None) => {}
            Err(error) => return refused((app, clerk), page, &sheet, fields, error).await,
        }
    }
    if errors.is_empty() && !is_back {
        let by = Official::new(&clerk.session.person_id, &clerk.appointment);
        let changed = sheet.changed.as_ref().map(|application| &application.id);
        let label = page.say(words::console::PREVIEW);
        let preview =
            async |mut work: Work| application::preview(&mut work, &app.library, &by, (&new, changed, label)).await;
        return match app.database.rehearse(&clerk.context(), preview).await {
            Ok(Preview { content, picture }) => {
                shows_holder(clerk, &sheet).await?;
                Ok(html(StatusCode::OK, &Answers::new(page, &sheet, fields, &content, picture)))
            }
            Err(error) => refused((app, clerk), page, &sheet, fields, error).await,
        };
    }
    shows_holder(clerk, &sheet).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, &form::fields(page, &sheet, fields, errors)))
}

/// The application that was handed in or changed; none when it would be, and was not.
async fn hand_in(
    app: &App,
    clerk: &Staff,
    sheet: &Sheet,
    new: &NewLicence,
    digest: &str,
) -> Result<Option<ApplicationId>, Error> {
    let by = Official::new(&clerk.session.person_id, &clerk.appointment);
    let act = async |mut work: Work| {
        let id = match &sheet.changed {
            None => application::apply(&mut work, &app.library, &by, new.clone()).await?,
            Some(before) => {
                application::amend(&mut work, &app.library, &by, (&before.id, digest), new).await?;
                before.id.clone()
            }
        };
        work.commit().await?;
        Ok(id)
    };
    clerk.act(act).await
}

/// Whoever sends the form may have looked nobody up: it shows who the holder is once more.
async fn shows_holder(clerk: &Staff, sheet: &Sheet) -> Result<(), Problem> {
    if let Holder::Person(person) = &sheet.holder.holder {
        clerk.tell(PersonOpened { person: person.clone(), what: "application".to_owned() }).await?;
    }
    Ok(())
}

/// The form again, with what the rules say about it.
async fn refused(
    (app, clerk): (&App, &Staff),
    page: Page,
    sheet: &Sheet,
    fields: &Fields,
    error: Error,
) -> Result<Response, Problem> {
    shows_holder(clerk, sheet).await?;
    let (status, errors, stands) = match error {
        Error::Fields(wrong) => {
            tell_named(app, clerk, &sheet.licence_type, &sheet.read(&page, fields).0.fields).await?;
            (StatusCode::UNPROCESSABLE_ENTITY, form::wrong_fields(&page, &sheet.licence_type, wrong), None)
        }
        Error::Period(problem) => {
            let field = if problem.is_about_start() { "valid_from" } else { "valid_until" };
            (StatusCode::UNPROCESSABLE_ENTITY, vec![FieldError::new(&page, field, &problem.text())], None)
        }
        error => {
            let changed = sheet.changed.as_ref().map(|application| way_of(application.id.as_str()));
            let otherwise = changed.map(|way| (way, page.say(words::console::TO_APPLICATION)));
            let (status, stand) = stand((app, clerk), &page, error, otherwise).await?;
            (status, vec![], Some(stand))
        }
    };
    Ok(html(status, &form::fields(page, sheet, fields, errors).stood(stands)))
}

/// Whoever types the numbers of people into fields has looked for them: what is refused is in the log too.
async fn tell_named(app: &App, clerk: &Staff, of: &LicenceType, fields: &LicenceFields) -> Result<(), Problem> {
    let named = of.definition.fields.iter().filter(|rule| rule.person.is_some());
    for number in named.filter_map(|rule| IdentityNumber::parse(fields.get(&rule.key)?).ok()) {
        let mut tx = app.database.read().await?;
        let found = match holder::person_by_number(&mut tx, &app.library.vault, &number).await {
            Err(Error::Fault(fault)) => return Err(fault.into()),
            found => found.ok(),
        };
        drop(tx);
        let about = found.as_ref().map_or("-", |holder| holder.holder.id()).to_owned();
        clerk.tell(PeopleSearched { about, by: "identity_number".to_owned(), count: found.iter().count() }).await?;
    }
    Ok(())
}

async fn look_up(
    app: &App,
    clerk: &Staff,
    page: Page,
    licence_type: Arc<LicenceType>,
    fields: &Fields,
) -> Result<Response, Problem> {
    let number = fields.text("number");
    let kind = licence_type.definition.holder;
    let mut tx = app.database.read().await?;
    let found = match holder_by_number(app, &mut tx, kind, number).await {
        Ok(found) => found,
        Err(Error::Fault(fault)) => return Err(fault.into()),
        Err(_) => Err(words::console::HOLDER_UNKNOWN),
    };
    let is_own = match &found {
        Ok(found) => own_affair::is_own(&mut tx, &clerk.session.person_id, &found.holder, page.visit.at).await?,
        Err(_) => false,
    };
    drop(tx);
    if kind == HolderKind::Person && IdentityNumber::parse(number).is_ok() {
        let about = found.as_ref().map_or("-", |holder| holder.holder.id()).to_owned();
        let count = usize::from(found.is_ok());
        clerk.tell(PeopleSearched { about, by: "identity_number".to_owned(), count }).await?;
    }
    let wrong = match &found {
        // Told before the form is filled in; whoever goes on anyway is refused where it counts.
        Ok(_) if is_own => Some(("", words::licence::OWN_AFFAIR)),
        Ok(holder) if holder.has_ended => Some(("", words::console::HOLDER_ENDED)),
        Ok(_) => None,
        Err(words) => Some((number, *words)),
    };
    if let Some((number, words)) = wrong {
        let words = page.say(words);
        return Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &form::holder(page, &licence_type, number, words)));
    }
    let Ok(holder) = found else { return Err(Problem::NotFound) };
    open_way(app, clerk, page, licence_type, holder).await
}

/// The form for a holder who was found, with what the register knows; or what stands in the way, before anything is typed.
async fn open_way(
    app: &App,
    clerk: &Staff,
    page: Page,
    licence_type: Arc<LicenceType>,
    holder: HolderFacts,
) -> Result<Response, Problem> {
    let department: &OrganisationId = &clerk.appointment.organisation_id;
    let mut tx = app.database.read().await?;
    let asked = (licence_type.code.as_str(), &holder.holder, page.visit.at);
    let way = application::check_way(&mut tx, &app.library, department, asked).await;
    let suggested = licence::suggested(&mut tx, &holder).await?;
    drop(tx);
    if let Err(error) = way {
        let (status, stand) = stand((app, clerk), &page, error, None).await?;
        return Ok(html(status, &form::holder(page, &licence_type, "", "").stood(Some(stand))));
    }
    let mut entered = Fields::default();
    enter(&mut entered, &licence_type, suggested)?;
    let sheet = Sheet { licence_type, holder, renews: None, changed: None };
    Ok(html(StatusCode::OK, &form::fields(page, &sheet, &entered, vec![])))
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
