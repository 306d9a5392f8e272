use base::{
    Fault, Instant,
    id::{OrganisationId, PersonId},
    name,
};
use records::{Tx, args};

use super::{Facts, Former};
use crate::limits;

/// Holds the row until the commit: one change comes after the other.
pub async fn hold(tx: &mut Tx, organisation: &OrganisationId) -> Result<(), Fault> {
    tx.run("update organisation set state = state where organisation_id = $1", args![organisation]).await?;
    Ok(())
}

/// Writes down what an organisation is from now on, and keeps what it was.
pub async fn change(
    tx: &mut Tx,
    organisation: &OrganisationId,
    before: &Facts,
    after: &Facts,
    at: Instant,
) -> Result<(), Fault> {
    tx.run(
        "insert into organisation_history (organisation_id, until, name, name_key, legal_representative, address)
         values ($1, $2, $3, $4, $5, $6)",
        args![
            organisation,
            at,
            before.name.as_str(),
            name::key(&before.name),
            before.legal_representative.as_deref(),
            before.address.as_deref()
        ],
    )
    .await?;
    tx.run(
        "update organisation
            set name = $2, name_key = $3, legal_representative = $4, address = $5
          where organisation_id = $1",
        args![
            organisation,
            after.name.as_str(),
            name::key(&after.name),
            after.legal_representative.as_deref(),
            after.address.as_deref()
        ],
    )
    .await?;
    Ok(())
}

/// Until when, the name, the legal representative and that person's name, the address.
type Row = (i64, String, Option<String>, Option<String>, Option<String>);

/// What an organisation was, the newest first.
pub async fn history(tx: &mut Tx, organisation: &OrganisationId, limit: i64) -> Result<Vec<Former>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            "select h.until, h.name, h.legal_representative, p.name as representative_name, h.address
               from organisation_history h
               left join person p on p.person_id = h.legal_representative
              where h.organisation_id = $1
              order by h.until desc
              limit $2",
            args![organisation, limit],
        )
        .await?;
    let former = |(until, name, representative, legal_representative, address): Row| Former {
        until: Instant::from_micros(until),
        name,
        representative: representative.map(PersonId::stored),
        legal_representative,
        address,
    };
    Ok(rows.into_iter().map(former).collect())
}

/// Gives some names of before, which an older version kept, their keys; how many.
pub async fn key_some(tx: &mut Tx) -> Result<usize, Fault> {
    let rows: Vec<(String, i64, String)> = tx
        .all(
            "select organisation_id, until, name
               from organisation_history
              where name_key is null
              order by name_key, organisation_id
              limit $1",
            args![limits::KEYED_AT_ONCE],
        )
        .await?;
    for (organisation, until, name) in &rows {
        tx.run(
            "update organisation_history set name_key = $3 where organisation_id = $1 and until = $2",
            args![organisation.as_str(), *until, name::key(name)],
        )
        .await?;
    }
    Ok(rows.len())
}
