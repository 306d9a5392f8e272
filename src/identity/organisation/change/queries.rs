use base::{
    Fault, Instant,
    id::{OrganisationId, PersonId},
};
use records::{Tx, args};

use super::{Facts, Former};

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
        "insert into organisation_history (organisation_id, until, name, legal_representative, address)
         values ($1, $2, $3, $4, $5)",
        args![
            organisation,
            at,
            before.name.as_str(),
            before.legal_representative.as_deref(),
            before.address.as_deref()
        ],
    )
    .await?;
    tx.run(
        "update organisation
            set name = $2, legal_representative = $3, address = $4
          where organisation_id = $1",
        args![organisation, after.name.as_str(), after.legal_representative.as_deref(), after.address.as_deref()],
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
