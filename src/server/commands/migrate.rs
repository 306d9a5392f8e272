//! `migrate`: the schema.

use crate::{settings::Settings, wiring};

/// Applies what is missing and says what that was.
///
/// # Errors
///
/// What is wrong with the database.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    std::fs::create_dir_all(wiring::data_folder(settings))?;
    let database = records::Database::open(&wiring::database_settings(settings)?).await?;
    let applied = records::migrate::migrate(&database).await?;
    database.close().await;
    if applied.is_empty() {
        return super::print("the schema is up to date\n");
    }
    super::print(&format!("applied {}\n", applied.join(", ")))
}
