//! The one page of the desk.

use axum::{extract::State, response::Response};
use base::id::{OrganisationId, ReceiptId};
use http::{HeaderName, HeaderValue, StatusCode, header};
use identity::Role;
use licence::{
    holder::HolderKind,
    verification::{
        self,
        counter::{self, Compared},
    },
};
use records::Work;
use verify::{Verdict, limits::SCANNED_CHARACTERS_MAX};

use crate::{
    App, Page, Problem,
    kit::{
        answer::ShownVerdict,
        form::Fields,
        limits::ANSWER_SECONDS,
        page::{html, see_other},
        session::Staff,
        upload::Upload,
    },
};

/// WebAssembly reads the codes; nothing else may be compiled here. The camera is this page's alone.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

#[derive(askama::Template)]
#[template(path = "staff/desk/desk.html")]
struct Desk {
    page: Page,
    answer: Option<ShownVerdict>,
    compared: Option<ShownHolder>,
    empty: bool,
}

/// What is compared with the person, in the words of a page.
struct ShownHolder {
    is_person: bool,
    name: String,
    name_now: Option<String>,
    number: String,
    birth_date: Option<String>,
    fields: Vec<(String, String)>,
}

impl ShownHolder {
    fn new(page: &Page, compared: Compared) -> Self {
        let say = |text: &base::Text| page.say(text).to_owned();
        Self {
            is_person: compared.kind == HolderKind::Person,
            name: compared.name,
            name_now: compared.name_now,
            number: compared.number,
            birth_date: compared.birth_date.map(|day| day.to_string()),
            fields: compared.fields.iter().map(|(label, value)| (say(label), say(value))).collect(),
        }
    }
}

/// `GET /desk`.
pub async fn show(_: Staff, page: Page) -> Response {
    render(&Desk { page, answer: None, compared: None, empty: false })
}

/// `POST /desk`: what was scanned or typed.
pub async fn number(State(app): State<App>, staff: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let text = fields.text("text").trim().to_owned();
    if text.is_empty() {
        return Ok(nothing(page));
    }
    if text.chars().count() > SCANNED_CHARACTERS_MAX {
        return Err(Problem::TooLarge { max: SCANNED_CHARACTERS_MAX });
    }
    let verify = async |mut work: Work| {
        let number = app.library.number(&text);
        let verdict = verification::by_number(&mut work, &app.library.catalogue.now(), &number).await?;
        compared(&app, &staff, work, verdict).await
    };
    Ok(answered(page, staff.attempt(verify).await?))
}

/// `POST /desk/file`: a file that was dropped or chosen.
pub async fn file(State(app): State<App>, staff: Staff, page: Page, upload: Upload) -> Result<Response, Problem> {
    if upload.file.is_empty() {
        return Ok(nothing(page));
    }
    let examined = upload.examine(&app).await?;
    let verify = async |mut work: Work| {
        let verdict = verification::by_file(&mut work, &app.library, &examined).await?;
        compared(&app, &staff, work, verdict).await
    };
    Ok(answered(page, staff.attempt(verify).await?))
}

/// `POST /desk/holder`: whether the person who showed the licence is its holder, on a receipt of one's own.
pub async fn holder(staff: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let number = ReceiptId::parse(fields.text("receipt")).map_err(|_| Problem::NotFound)?;
    let is_holder = match fields.text("is") {
        "yes" => true,
        "no" => false,
        _ => return Err(Problem::NotFound),
    };
    let say = async |mut work: Work| {
        counter::say(&mut work, &number, is_holder).await?;
        Ok(work.commit().await?)
    };
    staff.attempt(say).await?;
    if page.visit.wants_json {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(response);
    }
    Ok(see_other(&format!("/desk/receipts/{number}")))
}

/// The verdict, with what to compare for those who may see it.
async fn compared(
    app: &App,
    staff: &Staff,
    mut work: Work,
    verdict: Verdict,
) -> Result<(Verdict, Option<Compared>), Problem> {
    let compared = match sees_holders(staff) {
        Holders::OfAll => counter::compare(&mut work, &app.library, &verdict, None).await?,
        Holders::Of(department) => counter::compare(&mut work, &app.library, &verdict, Some(department)).await?,
        Holders::OfNone => None,
    };
    work.commit().await?;
    Ok((verdict, compared))
}

/// Of whose licences somebody at a desk sees the holder in full.
enum Holders<'a> {
    Of(&'a OrganisationId),
    OfAll,
    OfNone,
}

/// The counter stands before the person; who issues a licence sees it whole on other pages too.
fn sees_holders(staff: &Staff) -> Holders<'_> {
    let roles = &staff.appointment.roles;
    if roles.has(Role::Counter) {
        Holders::OfAll
    } else if roles.has_any(&[Role::Clerk, Role::Reviewer]) {
        Holders::Of(&staff.appointment.organisation_id)
    } else {
        Holders::OfNone
    }
}

fn nothing(page: Page) -> Response {
    render(&Desk { page: page.shown_once(), answer: None, compared: None, empty: true })
}

/// The answer, which whoever wants it in another language has again as its receipt.
fn answered(page: Page, (verdict, compared): (Verdict, Option<Compared>)) -> Response {
    let answer = ShownVerdict::new(&verdict, page.language);
    let page = match answer.receipt.as_str() {
        "" => page.shown_once(),
        receipt => page.seen_again_at(format!("/desk/receipts/{receipt}")),
    };
    let compared = compared.map(|compared| ShownHolder::new(&page, compared));
    render(&Desk { page, answer: Some(answer), compared, empty: false })
}

fn render(desk: &Desk) -> Response {
    let mut response = html(StatusCode::OK, desk);
    let headers = response.headers_mut();
    if desk.answer.is_some() {
        // Without scripts the browser itself takes the answer from the screen.
        let back = HeaderValue::try_from(format!("{ANSWER_SECONDS}; url=/desk"));
        headers.extend(back.ok().map(|back| (header::REFRESH, back)));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
    );
    response
}
