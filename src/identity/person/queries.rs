use base::{Date, Fault, Instant, id::PersonId, name};
use records::{FromRow, Tx, args};

use super::{PersonView, Profile};
use crate::limits;

/// A statement that reads persons as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! persons {
    ($rest:literal) => {
        concat!(
            "select person_id, name, identity_sealed, profile, updated_at, died_on
               from person ",
            $rest
        )
    };
}

pub struct New<'a> {
    pub person: &'a PersonId,
    pub name: &'a str,
    pub lookup: String,
    pub sealed: Vec<u8>,
}

#[derive(FromRow)]
struct Row {
    person_id: String,
    name: String,
    identity_sealed: Vec<u8>,
    profile: String,
    updated_at: i64,
    died_on: Option<String>,
}

impl Row {
    fn view(self) -> Result<PersonView, Fault> {
        Ok(PersonView {
            person_id: PersonId::stored(self.person_id),
            name: self.name,
            profile: serde_json::from_str(&self.profile).map_err(Fault::broken)?,
            updated_at: Instant::from_micros(self.updated_at),
            died_on: self.died_on.as_deref().map(Date::parse).transpose().map_err(Fault::broken)?,
            sealed: self.identity_sealed,
            profile_stored: self.profile,
        })
    }
}

/// False when the identity number is known already.
pub async fn insert(tx: &mut Tx, new: New<'_>, profile: &Profile, at: Instant) -> Result<bool, Fault> {
    let profile = serde_json::to_string(profile).map_err(Fault::broken)?;
    let inserted = tx
        .run(
            "insert into person (person_id, name, name_key, identity_lookup, identity_sealed, profile, registered_at,
                    updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $7)
                 on conflict (identity_lookup) do nothing",
            args![new.person, new.name, name::key(new.name), new.lookup, new.sealed, profile, at],
        )
        .await?;
    Ok(inserted == 1)
}

pub async fn by_id(tx: &mut Tx, person: &PersonId) -> Result<Option<PersonView>, Fault> {
    tx.first::<Row>(persons!("where person_id = $1"), args![person]).await?.map(Row::view).transpose()
}

pub async fn by_lookup(tx: &mut Tx, lookup: String) -> Result<Option<PersonView>, Fault> {
    tx.first::<Row>(persons!("where identity_lookup = $1"), args![lookup]).await?.map(Row::view).transpose()
}

/// Persons whose name has this key.
pub async fn by_name(tx: &mut Tx, key: &str, limit: i64) -> Result<Vec<PersonView>, Fault> {
    let rows: Vec<Row> = tx
        .all(persons!("where name_key between $1 and $1 order by name_key, person_id limit $2"), args![key, limit])
        .await?;
    rows.into_iter().map(Row::view).collect()
}

/// Persons who once had a name with this key.
pub async fn by_former_name(tx: &mut Tx, key: &str, limit: i64) -> Result<Vec<PersonView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            persons!(
                "where person_id in (select r.person_id
                                     from person_renaming r
                                    where r.name_key between $1 and $1
                                    order by r.name_key, r.person_id
                                    limit $2)
              order by person_id || ''
              limit $2"
            ),
            args![key, limit],
        )
        .await?;
    rows.into_iter().map(Row::view).collect()
}

/// Gives some persons of an older version the keys of their names; how many.
pub async fn key_some(tx: &mut Tx) -> Result<usize, Fault> {
    let rows: Vec<(String, String)> = tx
        .all(
            "select person_id, name from person where name_key is null order by name_key, person_id limit $1",
            args![limits::KEYED_AT_ONCE],
        )
        .await?;
    for (person, name) in &rows {
        tx.run(
            "update person set name_key = $2 where person_id = $1 and name = $3",
            args![person.as_str(), name::key(name), name.as_str()],
        )
        .await?;
    }
    Ok(rows.len())
}
