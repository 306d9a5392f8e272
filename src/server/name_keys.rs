//! The keys by which names are looked for, for rows that a version before left without: when the program is updated, and
//! as long as nodes of that version run beside it.

use base::Fault;
use records::Database;

/// Fills them in, some rows at a time, each time in a transaction of its own.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub(crate) async fn fill(database: &Database) -> Result<(), Fault> {
    loop {
        let mut tx = database.housekeeping().await?;
        let filled = identity::person::key_some(&mut tx).await?
            + identity::organisation::key_some(&mut tx).await?
            + seal::key_some(&mut tx).await?;
        if filled == 0 {
            return Ok(());
        }
        tx.commit().await?;
    }
}
