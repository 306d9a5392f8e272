//! `POST /api/v1/verifications`: what a code, an identifier or a file is worth.

use axum::{
    extract::{FromRequest, Request, State},
    response::Response,
};
use base::Fault;
use http::{StatusCode, header};
use licence::verification::{self, Number};
use records::Work;
use verify::{Verdict, pdf::Examined};

use super::{
    bodies::NewVerification,
    idempotency::{Key, Turn},
    json::{Json, check_compression, json},
    read::Mistakes,
    verdict::Body,
};
use crate::{
    App, Problem,
    kit::{caller::Caller, problem::escape, upload::Upload},
};

/// The verdict as JSON, 200 also when it is "invalid". The body is a JSON object with either `code` (a QR's text or its
/// digits) or `identifier`, or a form with the file in its field `file`.
pub async fn verify(
    State(app): State<App>,
    caller: Caller,
    key: Option<Key>,
    request: Request,
) -> Result<Response, Problem> {
    check_compression(request.headers())?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (asked, what) = match kind.as_str() {
        "application/json" => {
            let Json { body, bytes } = Json::from_request(request, &app).await?;
            (Asked::Number(number(&app, &body).await?), bytes.to_vec())
        }
        "multipart/form-data" => {
            let examined = examine(&app, Upload::from_request(request, &app).await?).await?;
            // Programs draw a new boundary for each try, so a repeated form is known by its file alone.
            let what = format!("file {}", examined.sha256).into_bytes();
            (Asked::File(Box::new(examined)), what)
        }
        _ => return Err(Problem::MediaType { expected: "application/json, multipart/form-data" }),
    };
    let answer = async |work| answer(work, &app, &caller, key.as_ref(), (&asked, &what)).await;
    app.database.attempt(&caller.context(), answer).await
}

enum Asked {
    File(Box<Examined>),
    Number(Number),
}

/// Claim, verdict, receipt and kept answer are one transaction: a repeated request finds all of them or none.
///
/// An act says again what it did. A verification says how things are, so that its answer is kept for as long as it is the
/// answer: whoever asks again after a licence, a certificate or the day changed it gets another one, under another receipt.
async fn answer(
    mut work: Work,
    app: &App,
    caller: &Caller,
    key: Option<&Key>,
    (asked, what): (&Asked, &[u8]),
) -> Result<Response, Problem> {
    let turn = match key {
        Some(key) => key.claim(&mut work.tx, caller, what).await?,
        None => Turn::Act,
    };
    let at = work.at();
    let unwritten = match asked {
        Asked::File(examined) => verification::of_file(&mut work.tx, &app.library, examined, at).await?,
        Asked::Number(number) => {
            verification::of_number(&mut work.tx, &app.library.catalogue.now(), number, at).await?
        }
    };
    if let (Some(key), Turn::Answered(kept)) = (key, turn)
        && is_still_so(&kept.body, &text(unwritten.verdict())?)
    {
        return Ok(key.replay(kept));
    }
    let body = text(&unwritten.write(&mut work).await?)?;
    if let Some(key) = key {
        key.complete(&mut work.tx, caller, StatusCode::OK, &body).await?;
    }
    work.commit().await?;
    Ok(json(StatusCode::OK, body))
}

fn text(verdict: &Verdict) -> Result<String, Fault> {
    serde_json::to_string(&Body::of(verdict)).map_err(Fault::broken)
}

/// Whether two answers say the same, whenever and under whatever receipt.
fn is_still_so(kept: &str, now: &str) -> bool {
    let said = |text: &str| {
        let mut said: serde_json::Value = serde_json::from_str(text).ok()?;
        let members = said.as_object_mut()?;
        for when in ["holds_at", "receipt", "sources"] {
            members.remove(when);
        }
        Some(said)
    };
    said(kept).is_some_and(|kept| Some(kept) == said(now))
}

/// The one number that is asked about. Of two, whoever asks means one licence; which one, nobody can tell when they are of
/// two.
async fn number(app: &App, asked: &NewVerification) -> Result<Number, Problem> {
    let texts = asked.texts()?;
    let mut numbers = texts.into_iter().map(|text| app.library.number(text));
    let (Some(first), second) = (numbers.next(), numbers.next()) else { return Ok(Number::Other) };
    if let Some(second) = second {
        let mut tx = app.database.read().await?;
        let (one, other) = (first.find(&mut tx).await?, second.find(&mut tx).await?);
        if one.map(|licence| licence.id) != other.map(|licence| licence.id) {
            return Err(numbers_disagree());
        }
    }
    Ok(first)
}

fn numbers_disagree() -> Problem {
    Problem::Domain {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        code: "numbers_disagree",
        text: words::api_problem::NUMBERS_DISAGREE.clone(),
    }
}

/// One of each problem that this file tells.
pub fn problems() -> [Problem; 1] {
    [numbers_disagree()]
}

async fn examine(app: &App, upload: Upload) -> Result<Examined, Problem> {
    let mut mistakes = Mistakes::default();
    if upload.file.is_empty() {
        mistakes.missing("/file");
    }
    for (name, _) in upload.fields.iter() {
        mistakes.add(&format!("/{}", escape(name)), "unknown_member", words::mistake::UNKNOWN_MEMBER);
    }
    mistakes.settle(Some(upload))?.examine(app).await
}
