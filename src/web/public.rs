//! What anyone may see, and the API: the home page, the public answer to a code, revocation lists.

pub(crate) mod api;
mod crl;
mod home;
mod verify;

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};

use crate::{
    App,
    kit::{admission::Anyone, table::Table, visit},
};

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    let looks = Arc::new(verify::Looks::default());
    // Both letters lead to one counter: a code's text is upper case, what people type is not.
    let show = move |app: State<App>, visit: visit::Of, number: Path<String>| {
        let looks = Arc::clone(&looks);
        async move { verify::show(app, visit, number, &looks).await }
    };
    api::routes(table)
        .get("/V/{*number}", Anyone, show.clone())
        .get("/v/{*number}", Anyone, show)
        .get("/", Anyone, home::home)
        .get("/find", Anyone, home::find)
        .get("/crl/{name}", Anyone, crl::list)
        .get("/robots.txt", Anyone, robots)
}

/// Only what is the same for everybody may be found by searching.
async fn robots() -> Response {
    "User-agent: *\nAllow: /$\nAllow: /api$\nAllow: /openapi.json\nAllow: /static/\nDisallow: /\n".into_response()
}
