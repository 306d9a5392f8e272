//! The one page of the desk.

use axum::{extract::State, response::Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use licence::verification;
use records::Work;
use verify::limits::SCANNED_CHARACTERS_MAX;

use crate::{
    App, Page, Problem,
    kit::{answer::ShownVerdict, form::Fields, limits::ANSWER_SECONDS, page::html, session::Staff, upload::Upload},
};

/// WebAssembly reads the codes; nothing else may be compiled here. The camera is this page's alone.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

#[derive(askama::Template)]
#[template(path = "staff/desk/desk.html")]
struct Desk {
    page: Page,
    answer: Option<ShownVerdict>,
    empty: bool,
}

/// `GET /desk`.
pub async fn show(_: Staff, page: Page) -> Response {
    render(&Desk { page, answer: None, empty: false })
}

/// `POST /desk`: what was scanned or typed.
pub async fn number(State(app): State<App>, staff: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let text = fields.text("text").trim().to_owned();
    if text.is_empty() {
        return Ok(render(&Desk { page: page.shown_once(), answer: None, empty: true }));
    }
    if text.chars().count() > SCANNED_CHARACTERS_MAX {
        return Err(Problem::TooLarge { max: SCANNED_CHARACTERS_MAX });
    }
    let verify = async |mut work: Work| {
        let number = app.library.number(&text);
        let verdict = verification::by_number(&mut work, &app.library.catalogue.now(), &number).await?;
        work.commit().await?;
        Ok(verdict)
    };
    let verdict = staff.attempt(verify).await?;
    Ok(answered(page, &verdict))
}

/// `POST /desk/file`: a file that was dropped or chosen.
pub async fn file(State(app): State<App>, staff: Staff, page: Page, upload: Upload) -> Result<Response, Problem> {
    if upload.file.is_empty() {
        return Ok(render(&Desk { page: page.shown_once(), answer: None, empty: true }));
    }
    let examined = upload.examine(&app).await?;
    let verify = async |mut work: Work| {
        let verdict = verification::by_file(&mut work, &app.library, &examined).await?;
        work.commit().await?;
        Ok(verdict)
    };
    let verdict = staff.attempt(verify).await?;
    Ok(answered(page, &verdict))
}

/// The answer, which whoever wants it in another language has again as its receipt.
fn answered(page: Page, verdict: &verify::Verdict) -> Response {
    let answer = ShownVerdict::new(verdict, page.language);
    let page = match answer.receipt.as_str() {
        "" => page.shown_once(),
        receipt => page.opened_at(format!("/desk/receipts/{receipt}")),
    };
    render(&Desk { page, answer: Some(answer), empty: false })
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
