//! `/console/licences/find`: by every number that a licence or its holder has, and by the holder's name.

use axum::{extract::State, response::Response};
use base::{
    ListPage,
    id::{LicenceId, OrganisationId},
    number::{CreditCode, IdentityNumber},
};
use http::StatusCode;
use identity::{organisation, person};
use licence::{Error, Holder, Licence, events::LicencesSearched, holder, register};
use records::Tx;

use super::licences::{List, line};
use crate::{
    App, Page, Problem,
    kit::{
        form::Fields,
        page::{html, see_other},
        session::Staff,
    },
};

/// `POST /console/licences/find`. A form and not a query, because numbers and names of persons do not belong into addresses
/// and logs.
pub async fn find(State(app): State<App>, staff: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let wanted = fields.text("q");
    let mut tx = app.database.read().await?;
    let department = &staff.appointment.organisation_id;
    let Found { by, about, licences, is_cut } = look(&app, &mut tx, department, wanted).await?;
    drop(tx);
    let mine: Vec<_> = licences.into_iter().filter(|licence| licence.issuer == *department).collect();
    staff.tell(LicencesSearched { about, by: by.to_owned(), count: mine.len() }).await?;
    if let ([only], false) = (mine.as_slice(), is_cut) {
        return Ok(see_other(&format!("/console/licences/{}", only.id)));
    }
    let (status, words) = match (mine.is_empty(), is_cut) {
        (true, false) => (StatusCode::NOT_FOUND, Some(words::console::NOTHING_FOUND)),
        (_, true) => (StatusCode::OK, Some(words::console::TOO_MANY_OF_THE_NAME)),
        (false, false) => (StatusCode::OK, None),
    };
    let not_found = words.map(|words| page.say(words).to_owned());
    let lines = mine.iter().map(|licence| line(&app, &page, licence)).collect::<Result<_, _>>()?;
    // What was looked for stays on the screen, but not somebody's number.
    let wanted = match IdentityNumber::parse(wanted) {
        Ok(number) => base::mask::identity_number(number.as_str()),
        Err(_) => wanted.chars().take(100).collect(),
    };
    Ok(html(status, &List { page, status: String::new(), wanted, not_found, lines, next: None }))
}

/// As many people of one name as the register looks through.
const NAMESAKES_MAX: usize = 50;

/// Licences of each of them that are shown: whoever wants the others looks for the person's number.
const OF_ONE_NAMED_MAX: i64 = 10;

/// What was found, by what, and about whom.
struct Found {
    by: &'static str,
    about: String,
    licences: Vec<Licence>,
    /// Whether there are more people of the name than were looked through.
    is_cut: bool,
}

impl Found {
    /// By what names one licence.
    fn one(by: &'static str, licence: Option<Licence>) -> Self {
        let about = licence.as_ref().map_or_else(nobody, |licence| licence.id.to_string());
        Self { by, about, licences: licence.into_iter().collect(), is_cut: false }
    }
}

/// The object of a search that led to nobody.
fn nobody() -> String {
    "-".to_owned()
}

/// What a department may have meant; of a holder, as many as a page of a list can hold at most.
async fn look(app: &App, tx: &mut Tx, department: &OrganisationId, wanted: &str) -> Result<Found, Problem> {
    let number = app.library.number(wanted);
    if let Some(by) = number.named_by() {
        return Ok(Found::one(by.as_str(), number.find(tx).await?));
    }
    let (by, holder) = if let Ok(number) = IdentityNumber::parse(wanted) {
        ("identity_number", holder::person_by_number(tx, &app.library.vault, &number).await)
    } else if let Ok(code) = CreditCode::parse(wanted) {
        ("credit_code", holder::organisation_by_code(tx, &code).await)
    } else if let Some(id) = LicenceId::typed(wanted) {
        return Ok(Found::one("licence", register::by_id(tx, &id).await?));
    } else {
        return by_serial_or_name(app, tx, department, wanted).await;
    };
    match holder {
        Ok(facts) => {
            let holder: Holder = facts.holder;
            let stretch = ListPage::first(ListPage::<LicenceId>::LIMIT_MAX);
            let licences = register::issued_to(tx, department, &holder, &stretch).await?.items;
            Ok(Found { by, about: holder.id().to_owned(), licences, is_cut: false })
        }
        Err(Error::HolderUnknown) => Ok(Found::one(by, None)),
        Err(error) => Err(error.into()),
    }
}

/// By the number on the page, which stands alone for nothing but one issuer; or else by the holder's name, also one of
/// before.
async fn by_serial_or_name(
    app: &App,
    tx: &mut Tx,
    department: &OrganisationId,
    wanted: &str,
) -> Result<Found, Problem> {
    let serial = base::ungrouped(wanted);
    if !serial.is_empty() && serial.bytes().all(|byte| byte.is_ascii_digit()) {
        let catalogue = app.library.catalogue.now();
        let licences = match organisation::find(tx, department).await? {
            Some(issuer) => register::by_serial(tx, &catalogue.codes(), issuer.credit_code.as_str(), &serial).await?,
            None => vec![],
        };
        let about = match licences.as_slice() {
            [only] => only.id.to_string(),
            _ => nobody(),
        };
        return Ok(Found { by: "number", about, licences, is_cut: false });
    }
    let people = person::find_by_name(tx, wanted).await?;
    let companies = organisation::find_by_name(tx, wanted).await?;
    let is_cut = [people.len(), companies.len()].iter().any(|found| *found >= NAMESAKES_MAX);
    let people = people.into_iter().map(|found| Holder::Person(found.person_id));
    let companies = companies.into_iter().map(|found| Holder::Organisation(found.organisation_id));
    let mut licences: Vec<Licence> = Vec::new();
    let mut holders = Vec::new();
    for holder in people.chain(companies) {
        let found = register::issued_to(tx, department, &holder, &ListPage::first(OF_ONE_NAMED_MAX)).await?.items;
        if !found.is_empty() {
            holders.push(holder.id().to_owned());
        }
        licences.extend(found);
    }
    let about = match holders.as_slice() {
        [only] => only.clone(),
        _ => nobody(),
    };
    Ok(Found { by: "name", about, licences, is_cut })
}
