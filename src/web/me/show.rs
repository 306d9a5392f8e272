//! `/me/licences/{id}`: the page to be shown and scanned (亮证), and the sealed file.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use base::{id::LicenceId, mask};
use http::{HeaderValue, StatusCode, header};
use licence::{
    Licence, Standing, Status,
    content::Content,
    field::{FieldKind, FieldRule},
    notice as told, own_affair, register,
};
use records::Tx;

use super::{
    licences::{reason, words},
    notice::{Notice, notice},
};
use crate::{
    App, Page, Problem,
    kit::{form::Query, page::html, session::Citizen},
};

#[derive(askama::Template)]
#[template(path = "me/show.html")]
pub(crate) struct Show {
    pub page: Page,
    pub licence: Shown,
    pub shown: bool,
    /// That it is out of force, until the holder has seen that.
    pub notice: Option<Notice>,
}

/// What the page says of the licence.
pub(crate) struct Shown {
    pub id: String,
    pub name: String,
    pub identifier: String,
    pub issuer: String,
    /// The number of the decision by which it was revoked.
    pub decision: Option<String>,
    /// What the holder is called now, when the licence has another name.
    pub now: Option<String>,
    /// Which tag its standing has, and its word.
    pub kind: &'static str,
    pub word: &'static str,
    pub reason: Option<String>,
    pub period: String,
    pub fields: Vec<Field>,
    /// The picture, drawn by us, of what is in force: nobody is asked to scan anything else.
    pub qr: Option<String>,
    /// The same digits in groups of four.
    pub digits: String,
}

/// One field of a licence.
pub(crate) struct Field {
    pub label: String,
    pub value: String,
}

/// `GET /me/licences/{id}`, with `show=1` for what is masked otherwise.
pub async fn show(
    State(app): State<App>,
    citizen: Citizen,
    page: Page,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    let id = LicenceId::parse(&id).map_err(|_| Problem::NotFound)?;
    let mut tx = app.database.read().await?;
    let licence = own(&mut tx, &citizen, &id).await?;
    let content = app.library.safe.content(&mut tx, &id).await?;
    let is_unseen = told::is_unseen(&mut tx, &licence, &citizen.session.person_id).await?;
    let facts = licence::holder::facts(&mut tx, &app.library.vault, &licence.holder).await?;
    drop(tx);
    let now = (facts.name != content.holder_name).then_some(facts.name);
    let shown = query.text("show") == "1";
    let notice = if is_unseen { Some(notice(&app, &page, &licence, content.holder_name.clone())?) } else { None };
    let licence = Shown { now, ..describe(&app, &page, &licence, &content, shown)? };
    Ok(html(StatusCode::OK, &Show { page, licence, shown, notice }))
}

/// `GET /me/licences/{id}/file.pdf`.
pub async fn file(State(app): State<App>, citizen: Citizen, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = LicenceId::parse(&id).map_err(|_| Problem::NotFound)?;
    let mut tx = app.database.read().await?;
    let licence = own(&mut tx, &citizen, &id).await?;
    let (_, bytes) = app.library.safe.document(&mut tx, &id).await?;
    drop(tx);
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    let name = HeaderValue::try_from(format!("attachment; filename=\"{}.pdf\"", licence.identifier));
    headers.insert(header::CONTENT_DISPOSITION, name.map_err(base::Fault::broken)?);
    // A viewer inside the page would run under our origin.
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    Ok(response)
}

/// A licence of this person, or of an organisation that this person may act for. Anyone else's does not exist here.
async fn own(tx: &mut Tx, citizen: &Citizen, id: &LicenceId) -> Result<Licence, Problem> {
    let licence = register::by_id(tx, id).await?.ok_or(Problem::NotFound)?;
    let person = &citizen.session.person_id;
    let mine = own_affair::is_own_licence(tx, person, &licence, citizen.visit.at).await?;
    let issued = !matches!(licence.status, Status::Intent | Status::Void);
    if mine && issued { Ok(licence) } else { Err(Problem::NotFound) }
}

fn describe(app: &App, page: &Page, licence: &Licence, content: &Content, shown: bool) -> Result<Shown, Problem> {
    let standing = licence.standing(page.visit.at).ok_or(Problem::NotFound)?;
    let licence_type = app.library.catalogue.now().of(licence)?;
    let value = |rule: &FieldRule, value: &String| {
        if shown || !rule.masked { page.say(&rule.said(value)).to_owned() } else { masked(rule, value) }
    };
    let fields = licence_type.definition.fields.iter().filter_map(|rule| {
        let label = page.say(&rule.label.text()).to_owned();
        content.fields.get(&rule.key).map(|text| Field { label, value: value(rule, text) })
    });
    let until =
        licence.valid_until.map_or_else(|| page.say(words::licences::UNLIMITED).to_owned(), |day| day.to_string());
    let payload = verify::qr::payload(page.public_url(), licence.code.as_str());
    let qr = (standing == Standing::Valid).then(|| documents::qr::svg(&payload)).transpose();
    let (kind, word) = words(page, standing);
    Ok(Shown {
        id: licence.id.to_string(),
        name: page.say(&licence_type.definition.name.text()).to_owned(),
        identifier: licence.identifier.clone(),
        issuer: licence.issuer_name.clone(),
        decision: licence.decision.clone(),
        now: None,
        kind,
        word,
        reason: reason(page, licence, standing),
        period: format!("{} – {until}", licence.valid_from),
        fields: fields.collect(),
        qr: qr.map_err(base::Fault::broken)?,
        digits: licence.code.grouped(),
    })
}

/// What a neighbour in the queue may read over one's shoulder.
fn masked(rule: &FieldRule, value: &str) -> String {
    match rule.kind {
        FieldKind::IdentityNumber => mask::identity_number(value),
        FieldKind::Name => mask::person_name(value),
        FieldKind::Date | FieldKind::Instant => {
            value.chars().enumerate().map(|(at, c)| if at < 4 || "-: ".contains(c) { c } else { '*' }).collect()
        }
        FieldKind::Choice(_) | FieldKind::Country | FieldKind::Number | FieldKind::Text | FieldKind::VehicleClasses => {
            value.chars().enumerate().map(|(at, c)| if at < 3 { c } else { '*' }).collect()
        }
    }
}
