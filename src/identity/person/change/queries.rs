use base::{
    Fault, Instant,
    id::{PersonId, RenamingId},
    name,
};
use records::{Tx, args};

use super::{Former, Renaming};
use crate::{limits, person::Profile};

/// Holds the row until the commit: one change comes after the other.
pub async fn hold(tx: &mut Tx, person: &PersonId) -> Result<(), Fault> {
    tx.run("update person set name = name where person_id = $1", args![person]).await?;
    Ok(())
}

/// Writes down what is registered of a person from now on.
pub async fn update(tx: &mut Tx, person: &PersonId, name: &str, profile: &Profile, at: Instant) -> Result<(), Fault> {
    let profile = serde_json::to_string(profile).map_err(Fault::broken)?;
    tx.run(
        "update person set name = $2, name_key = $3, profile = $4, updated_at = $5 where person_id = $1",
        args![person, name, name::key(name), profile, at],
    )
    .await?;
    Ok(())
}

/// Keeps what somebody was called.
pub async fn keep(
    tx: &mut Tx,
    id: &RenamingId,
    person: &PersonId,
    renaming: &Renaming,
    at: Instant,
) -> Result<(), Fault> {
    tx.run(
        "insert into person_renaming (renaming_id, person_id, at, name_before, name_after, name_key)
         values ($1, $2, $3, $4, $5, $6)",
        args![id, person, at, renaming.before.as_str(), renaming.after.as_str(), name::key(&renaming.before)],
    )
    .await?;
    Ok(())
}

/// What somebody was called before, the newest first. The names before the oldest of so many are not told.
pub async fn history(tx: &mut Tx, person: &PersonId, limit: i64) -> Result<Vec<Former>, Fault> {
    let rows: Vec<(i64, String)> = tx
        .all(
            "select at, name_before
               from person_renaming
              where person_id between $1 and $1
              order by person_id desc, at desc
              limit $2",
            args![person, limit],
        )
        .await?;
    let since = rows.iter().skip(1).map(|(at, _)| Some(Instant::from_micros(*at))).chain([None]).collect::<Vec<_>>();
    let former = |((until, name), since)| Former { name, since, until: Instant::from_micros(until) };
    Ok(rows.into_iter().zip(since).map(former).collect())
}

/// One correction.
pub async fn renaming(tx: &mut Tx, id: &RenamingId) -> Result<Option<Renaming>, Fault> {
    let found: Option<(String, String)> =
        tx.first("select name_before, name_after from person_renaming where renaming_id = $1", args![id]).await?;
    Ok(found.map(|(before, after)| Renaming { before, after }))
}

/// Gives some names of before, which an older version kept, their keys; how many.
pub async fn key_some(tx: &mut Tx) -> Result<usize, Fault> {
    let rows: Vec<(String, String)> = tx
        .all(
            "select renaming_id, name_before
               from person_renaming
              where name_key is null
              order by name_key, person_id
              limit $1",
            args![limits::KEYED_AT_ONCE],
        )
        .await?;
    for (renaming, name) in &rows {
        tx.run(
            "update person_renaming set name_key = $2 where renaming_id = $1",
            args![renaming.as_str(), name::key(name)],
        )
        .await?;
    }
    Ok(rows.len())
}
