//! `/me`: where a signed-in person begins.

use axum::response::Response;
use http::StatusCode;

use crate::{Page, kit::page::html};

#[derive(askama::Template)]
#[template(path = "me/home.html")]
struct Home {
    page: Page,
}

/// `GET /me`.
pub async fn home(page: Page) -> Response {
    html(StatusCode::OK, &Home { page })
}
