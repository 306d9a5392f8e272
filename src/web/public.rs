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
    kit::{
        access::{Table, Who},
        assets, preferences, visit,
    },
};

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    let looks = Arc::new(verify::Looks::default());
    // Both letters lead to one counter: a code's text is upper case, what people type is not.
    let show = move |app: State<App>, visit: visit::Of, digits: Path<String>| {
        let looks = Arc::clone(&looks);
        async move { verify::show(app, visit, digits, &looks).await }
    };
    api::routes(table)
        .get("/V/{digits}", Who::Anyone, show.clone())
        .get("/v/{digits}", Who::Anyone, show)
        .get("/", Who::Anyone, home::home)
        .get("/find", Who::Anyone, home::find)
        .get("/language", Who::Anyone, preferences::language)
        .get("/appearance", Who::Anyone, preferences::appearance)
        .get("/static/{hash}/{*name}", Who::Anyone, assets::file)
        .get("/crl/{name}", Who::Anyone, crl::list)
        .get("/favicon.ico", Who::Anyone, assets::icon)
        .get("/robots.txt", Who::Anyone, robots)
        .get("/healthz", Who::Anyone, healthz)
}

/// Only what is the same for everybody may be found by searching.
async fn robots() -> Response {
    "User-agent: *\nAllow: /$\nAllow: /api$\nAllow: /openapi.json\nAllow: /static/\nDisallow: /\n".into_response()
}

/// Whether this process answers. It asks nobody, so that a slow database does not get every node restarted.
async fn healthz() -> Response {
    "ok\n".into_response()
}
