//! The keys by which names are looked for, for rows that a version before left without: when the program is updated, and
//! as long as nodes of that version run beside it.

use base::Fault;
use identity::{organisation, person};
use records::Database;

/// Fills them in, some rows at a time, each time in a transaction of its own.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub(crate) async fn fill(database: &Database) -> Result<(), Fault> {
    loop {
        let mut tx = database.housekeeping().await?;
        let filled = person::key_some(&mut tx).await?
            + person::change::key_some(&mut tx).await?
            + organisation::key_some(&mut tx).await?
            + organisation::change::key_some(&mut tx).await?
            + seal::key_some(&mut tx).await?;
        if filled == 0 {
            return Ok(());
        }
        tx.commit().await?;
    }
}
