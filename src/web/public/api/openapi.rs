//! What the API looks like, for programs (OpenAPI 3.1) and for people.

mod description;
mod schemas;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use licence::{
    field::{FieldKind, FieldRule, Source, VEHICLE_CLASSES},
    licence_type::LicenceType,
    reason::{RevocationReason, SuspensionReason},
};
use serde_json::Value;

use super::codes;
use crate::{
    App, Page,
    kit::{
        page::{self, html},
        wording::Worded,
    },
};

/// One operation as the page shows it.
struct Operation {
    method: &'static str,
    path: String,
    summary: String,
    scope: String,
}

#[derive(askama::Template)]
#[template(path = "public/api/api.html")]
struct ApiPage {
    page: Page,
    operations: Vec<Operation>,
    types: Vec<TypeRow>,
    suspensions: Vec<(&'static str, String)>,
    revocations: Vec<(&'static str, String)>,
    codes: Vec<codes::Entry>,
    example: String,
}

struct TypeRow {
    code: String,
    name: String,
    fields: Vec<(String, String, String)>,
}

/// `GET /openapi.json`.
pub async fn document(State(app): State<App>) -> Response {
    let mut response = description::whole(&app).to_string().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// `GET /api`.
pub async fn page(State(app): State<App>, page: Page) -> Response {
    let described = description::whole(&app);
    let mut operations = Vec::new();
    for (path, methods) in described.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            operations.push(Operation {
                method: if method == "get" { "GET" } else { "POST" },
                path: path.clone(),
                summary: page::sentence(&text(operation.get("summary"), &page)),
                scope: operation.pointer("/security/0/oauth/0").and_then(Value::as_str).unwrap_or_default().to_owned(),
            });
        }
    }
    let types = app.library.catalogue.now().all_published().iter().map(|found| row(found, &page)).collect();
    let words = |code: &dyn Worded| page.sentence(&code.text());
    let suspensions = SuspensionReason::ALL.iter().map(|reason| (reason.code(), words(reason))).collect();
    let revocations = RevocationReason::ALL.iter().map(|reason| (reason.code(), words(reason))).collect();
    let example = serde_json::to_string_pretty(&schemas::example()).unwrap_or_default();
    let codes = codes::all(&page);
    html(StatusCode::OK, &ApiPage { page, operations, types, suspensions, revocations, codes, example })
}

fn row(found: &LicenceType, page: &Page) -> TypeRow {
    let fields = found.definition.fields.iter();
    TypeRow {
        code: found.code.clone(),
        name: page.say(&found.definition.name.text()).to_owned(),
        fields: fields
            .map(|rule| (rule.key.clone(), page.say(&rule.label.text()).to_owned(), note(rule, page)))
            .collect(),
    }
}

fn note(rule: &FieldRule, page: &Page) -> String {
    let source = if rule.source == Source::Entered {
        if rule.required { page.say(words::api::REQUIRED) } else { page.say(words::api::OPTIONAL) }
    } else {
        page.say(words::api::FROM_REGISTER)
    };
    let kind = match &rule.kind {
        FieldKind::Choice(words) => words.iter().map(|word| word.zh.as_str()).collect::<Vec<_>>().join(" | "),
        FieldKind::Country => "GB/T 2659".to_owned(),
        FieldKind::Date => "2026-11-23".to_owned(),
        FieldKind::Instant => "2026-11-23 08:30".to_owned(),
        FieldKind::VehicleClasses => VEHICLE_CLASSES.map(|class| class.code).join(" "),
        FieldKind::IdentityNumber => "GB 11643".to_owned(),
        FieldKind::Number => "0-9 .".to_owned(),
        FieldKind::Name | FieldKind::Text => format!("≤ {}", rule.length_max()),
    };
    format!("{source}; {kind}")
}

/// A summary is written `中文 / English`.
fn text(summary: Option<&Value>, page: &Page) -> String {
    let summary = summary.and_then(Value::as_str).unwrap_or_default();
    let (zh, en) = summary.split_once(" / ").unwrap_or((summary, summary));
    if page.is_chinese() { zh.to_owned() } else { en.to_owned() }
}
