//! Language and large type. A link is enough: being made to switch does no harm, and the pages stay free of forms.

use axum::{extract::State, response::Response};
use http::header;

use crate::{
    App, Problem,
    kit::{
        cookies,
        form::{Fields, Query},
        links,
        page::see_other,
    },
};

const YEAR_SECONDS: i64 = 365 * 86_400;

/// `GET /language?to=en&back=/path`.
pub async fn language(State(app): State<App>, Query(query): Query) -> Result<Response, Problem> {
    let to @ ("zh" | "en") = query.text("to") else { return Err(Problem::NotFound) };
    Ok(remember(&app, cookies::LANGUAGE, to, &query))
}

/// `GET /appearance?to=elder&back=/path`.
pub async fn appearance(State(app): State<App>, Query(query): Query) -> Result<Response, Problem> {
    let to @ ("elder" | "standard") = query.text("to") else { return Err(Problem::NotFound) };
    Ok(remember(&app, cookies::APPEARANCE, to, &query))
}

fn remember(app: &App, name: &str, value: &str, query: &Fields) -> Response {
    let mut response = see_other(links::same_origin_path(query.text("back")).unwrap_or("/"));
    let cookie = cookies::set(name, value, app.settings.is_secure(), Some(YEAR_SECONDS));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
