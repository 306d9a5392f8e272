use base::{Fault, Instant, id::PersonId};
use records::{Tx, args};

use crate::person::Profile;

/// Holds the row until the commit: one change comes after the other.
pub async fn hold(tx: &mut Tx, person: &PersonId) -> Result<(), Fault> {
    tx.run("update person set name = name where person_id = $1", args![person]).await?;
    Ok(())
}

/// Writes down what is registered of a person from now on.
pub async fn update(tx: &mut Tx, person: &PersonId, name: &str, profile: &Profile, at: Instant) -> Result<(), Fault> {
    let profile = serde_json::to_string(profile).map_err(Fault::broken)?;
    tx.run(
        "update person set name = $2, profile = $3, updated_at = $4 where person_id = $1",
        args![person, name, profile, at],
    )
    .await?;
    Ok(())
}
