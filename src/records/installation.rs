//! What this installation is: a city's, or a demonstration with people whose passwords everybody knows.

use base::Fault;

use crate::{args, copy, database::Database, events::DemonstrationFounded, tx::Tx, work::Work};

/// What a database is used for, as far as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Founded {
    /// For a demonstration.
    Demonstration,
    /// For a city.
    InEarnest,
    /// For nothing yet: nothing happened in it.
    NotYet,
    /// By a version that did not say.
    Unsaid,
}

/// What a database is used for, whatever its schema.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn look(database: &Database) -> Result<Founded, Fault> {
    let mut tx = database.read().await?;
    let tables = copy::tables(&mut tx).await?;
    let has = |name| tables.iter().any(|table| table.name == name);
    if !has("event") || copy::is_unused(&mut tx).await? {
        return Ok(Founded::NotYet);
    }
    if !has("installation") {
        return Ok(Founded::Unsaid);
    }
    Ok(if is_demonstration(&mut tx).await? { Founded::Demonstration } else { Founded::InEarnest })
}

/// Whether this is a demonstration.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn is_demonstration(tx: &mut Tx) -> Result<bool, Fault> {
    let found: Option<(i64,)> = tx.first("select demonstration from installation where one = 1", vec![]).await?;
    // Whoever removed the row has not made it a city's.
    Ok(found.is_none_or(|(demonstration,)| demonstration != 0))
}

/// Makes this a demonstration, for good.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn found_demonstration(work: &mut Work, city: &str) -> Result<(), Fault> {
    work.tx.run("update installation set demonstration = $1 where one = 1", args![1_i64]).await?;
    work.record(DemonstrationFounded { city: city.to_owned() });
    Ok(())
}

#[cfg(test)]
mod tests {
    use base::Instant;

    use super::*;
    use crate::{migrate, testing};

    #[tokio::test]
    async fn a_database_says_what_it_is_used_for() -> Result<(), Fault> {
        let (settings, folder) = testing::fresh_settings().await?;
        let database = Database::open(&settings).await?;
        assert_eq!(look(&database).await?, Founded::NotYet, "without a schema");
        migrate::migrate_to(&database, &["0001_records".to_owned()]).await?;
        assert_eq!(look(&database).await?, Founded::NotYet, "without an event");
        let at = Instant::from_seconds(1_790_000_000);
        // As the program of then wrote it.
        let before = "insert into event (event_id, at, actor_kind, actor, kind, object, data)
                      values ('evt_1', $1, 'operator', '', 'test.changed', 'something', '{}')";
        let mut tx = database.housekeeping().await?;
        tx.run(before, args![at]).await?;
        tx.commit().await?;
        assert_eq!(look(&database).await?, Founded::Unsaid);
        migrate::migrate(&database).await?;
        assert_eq!(look(&database).await?, Founded::InEarnest);
        let mut work = database.begin(testing::context(at, 2)).await?;
        found_demonstration(&mut work, "滨江市").await?;
        work.commit().await?;
        assert_eq!(look(&database).await?, Founded::Demonstration);
        assert_eq!(testing::told::<DemonstrationFounded>(&database).await?.len(), 1);
        let mut tx = database.housekeeping().await?;
        tx.run("delete from installation", vec![]).await?;
        tx.commit().await?;
        assert_eq!(look(&database).await?, Founded::Demonstration, "it is not made a city's by removing what it says");
        database.close().await;
        folder.map_or(Ok(()), std::fs::remove_dir_all).map_err(Fault::broken)
    }
}
