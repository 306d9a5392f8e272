//! What every surface answers: static files, preferences, health, metrics.

use crate::kit::{admission::Anyone, assets, health, metrics, preferences, table::Table};

pub fn routes() -> Table {
    Table::everywhere()
        .get("/static/{hash}/{*name}", Anyone, assets::file)
        .get("/favicon.ico", Anyone, assets::icon)
        .get("/language", Anyone, preferences::language)
        .get("/appearance", Anyone, preferences::appearance)
        .get(health::READY, Anyone, health::ready)
        .get(health::LIVES, Anyone, health::lives)
        .get(health::METRICS, Anyone, metrics::metrics)
}
