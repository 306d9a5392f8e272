//! What every surface answers: static files, preferences, health.

use crate::kit::{admission::Anyone, assets, health, preferences, table::Table};

pub fn routes() -> Table {
    Table::everywhere()
        .get("/static/{hash}/{*name}", Anyone, assets::file)
        .get("/favicon.ico", Anyone, assets::icon)
        .get("/language", Anyone, preferences::language)
        .get("/appearance", Anyone, preferences::appearance)
        .get(health::READY, Anyone, health::ready)
        .get(health::LIVES, Anyone, health::lives)
}
