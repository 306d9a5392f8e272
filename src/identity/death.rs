//! The death of a person. What ends with it stands in the table of consequences.

use base::{Date, id::PersonId};
use records::{Work, args};

use crate::{Error, events::PersonDied, person, staff};

/// Writes a person's death down. Doing it again changes nothing: the first day stands.
///
/// # Errors
///
/// [`Error::Own`] for the one who acts; [`Error::PersonUnknown`] when there is no such person; [`Error::Field`] for a day
/// that has not come.
pub async fn record(work: &mut Work, person: &PersonId, on: Date) -> Result<(), Error> {
    staff::not_oneself(work, person)?;
    let at = work.at();
    if on > at.date() {
        return Err(Error::Field { field: "died_on" });
    }
    let changed = work
        .tx
        .run(
            "update person
                set died_on = $2, updated_at = $3
              where person_id = $1 and died_on is null",
            args![person, on, at],
        )
        .await?;
    if changed == 1 {
        work.record(PersonDied { person: person.clone(), on: on.to_string() });
        return Ok(());
    }
    person::find(&mut work.tx, person).await?.map(|_| ()).ok_or(Error::PersonUnknown)
}
