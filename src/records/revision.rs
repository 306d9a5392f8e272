//! Numbers that grow when something that nodes keep in memory has changed, so that every node sees it within a second.

use base::Fault;

use crate::{args, tx::Tx};

/// Raises the revision of `name`, in the same transaction as the change.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn bump(tx: &mut Tx, name: &'static str) -> Result<(), Fault> {
    tx.run(
        "insert into revision (name, value) values ($1, 1)
             on conflict (name) do update set value = revision.value + 1",
        args![name],
    )
    .await?;
    tx.has_raised(name);
    Ok(())
}

/// All revisions: read twice a second by every node.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn all(tx: &mut Tx) -> Result<Vec<(String, i64)>, Fault> {
    tx.all("select name, value from revision order by name", vec![]).await
}
