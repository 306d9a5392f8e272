//! What anyone may see: the home page, the public answer to a code, preferences, health.

mod home;
mod preferences;

use axum::response::{IntoResponse, Response};

use crate::{
    access::{Table, Who},
    assets,
};

/// The routes of this folder.
pub fn routes(table: Table) -> Table {
    table
        .get("/", Who::Anyone, home::home)
        .get("/find", Who::Anyone, home::find)
        .get("/language", Who::Anyone, preferences::language)
        .get("/appearance", Who::Anyone, preferences::appearance)
        .get("/static/{hash}/{*name}", Who::Anyone, assets::file)
        .get("/healthz", Who::Anyone, healthz)
}

/// Whether this process answers. It asks nobody, so that a slow database does not get every node restarted.
async fn healthz() -> Response {
    "ok\n".into_response()
}
