//! `migrate`: the schema.

use crate::{foundation, settings::Settings};

/// Makes the database if there is none, applies what is missing and says what that was.
///
/// # Errors
///
/// When the database cannot be opened, or a migration fails on it; in its own words.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let (database, applied) = foundation::found_database(settings).await?;
    database.close().await;
    if applied.is_empty() {
        return super::print("the schema is up to date\n");
    }
    super::print(&format!("applied {}\n", applied.join(", ")))
}
