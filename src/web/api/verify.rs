//! `POST /api/v1/verifications`: what a code, an identifier or a file is worth.

use axum::{
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use licence::verification;
use verify::Verdict;

use super::{Caller, Json, json::Mistakes};
use crate::{App, Problem, desk::file, limits::NUMBER_CHARACTERS_MAX, upload::Upload};

/// The verdict as JSON, 200 also when it is "invalid". The body is a JSON object with either `code` (a QR's text or its
/// digits) or `identifier`, or a form with the file in its field `file`. Five statements, for a file up to eight.
pub async fn verify(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    // Who calls comes first: a stranger's upload is not read.
    let caller = Caller::with_scope(&parts, &app, super::VERIFY).await?;
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let request = Request::from_parts(parts, body);
    let verdict = match kind.as_str() {
        "application/json" => by_number(&app, &caller, Json::from_request(request, &app).await?).await?,
        "multipart/form-data" => by_file(&app, &caller, Upload::from_request(request, &app).await?).await?,
        _ => return Err(Problem::MediaType { expected: "application/json, multipart/form-data" }),
    };
    let body = serde_json::to_vec(&verdict).map_err(base::Fault::broken)?;
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

enum Asked {
    Code(String),
    Identifier(String),
}

async fn by_number(app: &App, caller: &Caller, json: Json) -> Result<Verdict, Problem> {
    let asked = read(json)?;
    let mut work = app.database.begin(caller.context()).await?;
    let verdict = match asked {
        Asked::Code(text) => verification::by_code(&mut work, &app.library, &text).await?,
        Asked::Identifier(text) => verification::by_identifier(&mut work, &app.library, &text).await?,
    };
    work.commit().await?;
    Ok(verdict)
}

async fn by_file(app: &App, caller: &Caller, upload: Upload) -> Result<Verdict, Problem> {
    if upload.file.is_empty() {
        let mut mistakes = Mistakes::default();
        mistakes.missing_once("/file");
        mistakes.check()?;
    }
    let examined = file::examine(upload.file).await?;
    let trust = verification::trust(&app.custody)?;
    let mut work = app.database.begin(caller.context()).await?;
    let verdict = verification::by_file(&mut work, &app.library, &trust, &examined).await?;
    work.commit().await?;
    Ok(verdict)
}

/// Exactly one of the two members.
fn read(Json { mut body, .. }: Json) -> Result<Asked, Problem> {
    let mut mistakes = Mistakes::default();
    let code = body.optional_text("code", &mut mistakes);
    let identifier = body.optional_text("identifier", &mut mistakes);
    body.finish(&mut mistakes);
    for (pointer, text) in [("/code", &code), ("/identifier", &identifier)] {
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            mistakes.missing_once(pointer);
        }
        if text.as_ref().is_some_and(|text| text.chars().count() > NUMBER_CHARACTERS_MAX) {
            mistakes.add(pointer, "too_long", "过长", "this is too long");
        }
    }
    match (code, identifier) {
        (Some(_), Some(_)) => {
            mistakes.add("/identifier", "one_of", "只能填写 code 或 identifier 之一", "give either code or identifier");
            mistakes.check()?;
            Ok(Asked::Code(String::new()))
        }
        (Some(code), None) => mistakes.check().map(|()| Asked::Code(code)),
        (None, Some(identifier)) => mistakes.check().map(|()| Asked::Identifier(identifier)),
        (None, None) => {
            mistakes.missing_once("/code");
            mistakes.check()?;
            Ok(Asked::Code(String::new()))
        }
    }
}
