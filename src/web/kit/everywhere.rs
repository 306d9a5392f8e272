//! What every surface answers: static files, preferences, health.

use axum::response::{IntoResponse, Response};

use crate::kit::{admission::Anyone, assets, preferences, table::Table};

pub fn routes() -> Table {
    Table::everywhere()
        .get("/static/{hash}/{*name}", Anyone, assets::file)
        .get("/favicon.ico", Anyone, assets::icon)
        .get("/language", Anyone, preferences::language)
        .get("/appearance", Anyone, preferences::appearance)
        .get("/healthz", Anyone, healthz)
}

/// Whether this process answers. It asks nobody, so that a slow database does not get every node restarted.
async fn healthz() -> Response {
    "ok\n".into_response()
}
