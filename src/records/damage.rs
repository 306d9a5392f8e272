//! Whether every table can be read, to its last value.

use base::{Fault, fault::FaultKind};

use crate::{copy, database::Database};

/// Reads every table through and tells how many there are, and of which what is wrong.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach, or what says which tables there are cannot be read.
pub async fn look(database: &Database) -> Result<(usize, Vec<String>), Fault> {
    let tables = copy::tables(&mut database.read().await?).await?;
    let mut wrong = Vec::new();
    for table in &tables {
        // A transaction for each: on PostgreSQL one that met damage answers nothing more.
        let mut tx = database.snapshot().await?;
        tx.take_time().await?;
        let sql = tx.dialect().read_through(&table.name);
        match tx.all_composed::<(String,)>(&sql, vec![]).await {
            Ok(answers) => {
                let unsound = answers.iter().find(|(answer,)| !tx.dialect().is_sound(answer));
                wrong.extend(unsound.map(|(answer,)| format!("{}: {answer}", table.name)));
            }
            Err(fault) if fault.kind() == FaultKind::Broken => wrong.push(format!("{}: {fault}", table.name)),
            Err(fault) => return Err(fault),
        }
    }
    Ok((tables.len(), wrong))
}

#[cfg(test)]
mod tests {
    use base::Instant;

    use super::*;
    use crate::{log, testing};

    #[tokio::test]
    async fn every_table_of_a_sound_database_is_read_through() -> Result<(), Fault> {
        let fresh = testing::fresh().await?;
        let mut work = fresh.database.begin(testing::context(Instant::from_seconds(1_790_000_000), 1)).await?;
        work.record(testing::Changed { what: "龘".to_owned() });
        work.commit().await?;
        while log::sequence_events(&fresh.database).await? > 0 {}
        let (count, wrong) = look(&fresh.database).await?;
        assert!(count > 25, "{count}");
        assert_eq!(wrong, Vec::<String>::new());
        Ok(())
    }
}
