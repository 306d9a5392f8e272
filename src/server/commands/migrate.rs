//! `migrate`: the schema.

use crate::{settings::Settings, wiring};

/// Applies what is missing and says what that was.
///
/// # Errors
///
/// What is wrong with the database.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let database = records::Database::open(&wiring::database_settings(settings)?).await?;
    let applied = records::migrate::migrate(&database).await?;
    let text = if applied.is_empty() {
        "the schema is up to date\n".to_owned()
    } else {
        applied.iter().map(|name| format!("applied {name}\n")).collect()
    };
    database.close().await;
    super::print(&text)
}
