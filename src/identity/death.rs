//! The death of a person. What ends with it stands in the table of consequences.

use base::{Date, id::PersonId};
use records::{Work, args};

use crate::{Error, events::PersonDied, person, staff};

/// Writes a person's death down. Doing it again changes nothing: the first day stands.
///
/// # Errors
///
/// [`Error::Own`] for the one who acts; [`Error::PersonUnknown`] when there is no such person; [`Error::DiedOn`] for a day
/// that has not come, or before the birth.
pub async fn record(work: &mut Work, person: &PersonId, on: Date) -> Result<(), Error> {
    staff::not_oneself(work, person)?;
    let at = work.at();
    let found = person::find(&mut work.tx, person).await?.ok_or(Error::PersonUnknown)?;
    let (earliest, latest) = (found.born().unwrap_or_else(person::earliest_birth), at.date());
    if on < earliest || on > latest {
        return Err(Error::DiedOn { on, earliest, latest });
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
    }
    Ok(())
}
