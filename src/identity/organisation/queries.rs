use base::{
    Fault, Instant, ListPage,
    id::{OrganisationId, PersonId},
    name,
    number::CreditCode,
};
use records::{FromRow, Tx, args};

use super::{OrganisationKind, OrganisationState, OrganisationView};
use crate::limits;

/// A statement that reads organisations as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! organisations {
    ($rest:literal) => {
        concat!(
            "select organisation_id, name, credit_code, kind, legal_representative, state, \
                    registered_at, address
               from organisation ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct Row {
    organisation_id: String,
    name: String,
    credit_code: String,
    kind: String,
    legal_representative: Option<String>,
    state: String,
    registered_at: i64,
    address: Option<String>,
}

impl Row {
    fn view(self) -> Result<OrganisationView, Fault> {
        Ok(OrganisationView {
            organisation_id: OrganisationId::stored(self.organisation_id),
            name: self.name,
            credit_code: CreditCode::parse(&self.credit_code).map_err(Fault::broken)?,
            kind: OrganisationKind::stored(&self.kind),
            legal_representative: self.legal_representative.map(PersonId::stored),
            state: OrganisationState::stored(&self.state),
            registered_at: Instant::from_micros(self.registered_at),
            address: self.address,
        })
    }
}

/// False when the credit code is known already.
pub async fn insert(tx: &mut Tx, new: &OrganisationView) -> Result<bool, Fault> {
    let inserted = tx
        .run(
            "insert into organisation (organisation_id, name, name_key, credit_code, kind, legal_representative, state,
                    registered_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
                 on conflict (credit_code) do nothing",
            args![
                &new.organisation_id,
                new.name.as_str(),
                name::key(&new.name),
                new.credit_code.as_str(),
                new.kind.code(),
                new.legal_representative.as_ref(),
                new.state.code(),
                new.registered_at
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// False when it is not in the state it is moved from.
pub async fn set_state(
    tx: &mut Tx,
    organisation: &OrganisationId,
    from: OrganisationState,
    to: OrganisationState,
) -> Result<bool, Fault> {
    let changed = tx
        .run(
            "update organisation
                set state = $3
              where organisation_id = $1 and state = $2",
            args![organisation, from.code(), to.code()],
        )
        .await?;
    Ok(changed == 1)
}

pub async fn by_id(tx: &mut Tx, organisation: &OrganisationId) -> Result<Option<OrganisationView>, Fault> {
    tx.first::<Row>(organisations!("where organisation_id = $1"), args![organisation]).await?.map(Row::view).transpose()
}

pub async fn by_code(tx: &mut Tx, code: &CreditCode) -> Result<Option<OrganisationView>, Fault> {
    tx.first::<Row>(organisations!("where credit_code = $1"), args![code.as_str()]).await?.map(Row::view).transpose()
}

/// Organisations whose name has this key.
pub async fn by_name(tx: &mut Tx, key: &str, limit: i64) -> Result<Vec<OrganisationView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            organisations!("where name_key between $1 and $1 order by name_key, organisation_id limit $2"),
            args![key, limit],
        )
        .await?;
    rows.into_iter().map(Row::view).collect()
}

/// Organisations that once had a name with this key.
pub async fn by_former_name(tx: &mut Tx, key: &str, limit: i64) -> Result<Vec<OrganisationView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            organisations!(
                "where organisation_id in (select h.organisation_id
                                            from organisation_history h
                                           where h.name_key between $1 and $1
                                           order by h.name_key, h.organisation_id
                                           limit $2)
              order by organisation_id || ''
              limit $2"
            ),
            args![key, limit],
        )
        .await?;
    rows.into_iter().map(Row::view).collect()
}

pub async fn list(
    tx: &mut Tx,
    kind: OrganisationKind,
    page: &ListPage<OrganisationId>,
) -> Result<Vec<OrganisationView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            organisations!(
                "where kind <= $1
                and (kind, organisation_id) > ($1, $2)
              order by kind, organisation_id
              limit $3"
            ),
            args![kind.code(), page.above(), page.limit + 1],
        )
        .await?;
    rows.into_iter().map(Row::view).collect()
}

pub async fn of_person(tx: &mut Tx, person: &PersonId, at: Instant) -> Result<Vec<OrganisationView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            organisations!(
                "where organisation_id in (select o.organisation_id
                                            from organisation o
                                           where o.legal_representative = $1
                                           union
                                          select m.organisation_id
                                            from mandate m
                                           where m.person_id = $1
                                             and m.starts_at <= $2
                                             and (m.ends_at is null or m.ends_at > $2))
              order by organisation_id || ''
              limit $3"
            ),
            args![person, at, limits::LIST_PAGE],
        )
        .await?;
    rows.into_iter().map(Row::view).collect()
}

/// Gives some organisations of an older version the keys of their names; how many.
pub async fn key_some(tx: &mut Tx) -> Result<usize, Fault> {
    let rows: Vec<(String, String)> = tx
        .all(
            "select organisation_id, name
               from organisation
              where name_key is null
              order by name_key, organisation_id
              limit $1",
            args![limits::KEYED_AT_ONCE],
        )
        .await?;
    for (organisation, name) in &rows {
        tx.run(
            "update organisation set name_key = $2 where organisation_id = $1 and name = $3",
            args![organisation.as_str(), name::key(name), name.as_str()],
        )
        .await?;
    }
    Ok(rows.len())
}
