//! The statements of the catalogue.

use base::{
    Fault, Instant,
    id::{LicenceTypeId, OrganisationId},
};
use records::{FromRow, Tx, args};

use super::licence_type::TypeState;

#[derive(FromRow)]
pub(crate) struct TypeRow {
    pub licence_type_id: String,
    pub type_code: String,
    pub version: i64,
    pub state: String,
    pub definition: String,
    created_at: i64,
    marked: i64,
    mark: Option<String>,
}

impl TypeRow {
    /// Whether it is as the last act left it.
    pub(crate) async fn is_unchanged(&self, tx: &mut Tx) -> Result<bool, Fault> {
        let fields =
            args![&self.licence_type_id, &self.type_code, self.version, &self.state, &self.definition, self.created_at];
        tx.is_as_left_before("licence_type", fields, (self.marked, self.mark.as_deref())).await
    }
}

pub(crate) async fn types(tx: &mut Tx) -> Result<Vec<TypeRow>, Fault> {
    tx.all(
        "select licence_type_id, type_code, version, state, definition, created_at, marked, mark
           from licence_type
          order by type_code, version",
        args![],
    )
    .await
}

/// Which departments may issue licences of which codes, as far as that is as the last acts left it.
pub(crate) async fn type_issuers(tx: &mut Tx) -> Result<Vec<(String, String)>, Fault> {
    let rows: Vec<RevokedByRow> = tx
        .all(
            "select organisation_id, type_code, revoked_by, marked, mark
               from licence_type_issuer
              order by type_code, organisation_id",
            args![],
        )
        .await?;
    let mut unchanged = Vec::with_capacity(rows.len());
    for row in rows {
        let fields = args![&row.organisation_id, &row.type_code, &row.type_code, row.revoked_by.as_deref()];
        if tx.is_as_left_before("licence_type_issuer", fields, (row.marked, row.mark.as_deref())).await? {
            unchanged.push((row.type_code, row.organisation_id));
        }
    }
    Ok(unchanged)
}

pub(crate) async fn newest_type_version(tx: &mut Tx, code: &str) -> Result<i64, Fault> {
    let (newest,): (i64,) =
        tx.one("select coalesce(max(version), 0) from licence_type where type_code = $1", args![code]).await?;
    Ok(newest)
}

pub(crate) async fn insert_type(
    tx: &mut Tx,
    id: &LicenceTypeId,
    code: &str,
    version: i64,
    definition: &str,
    at: Instant,
) -> Result<u64, Fault> {
    tx.run(
        "insert into licence_type (licence_type_id, type_code, version, state, definition, created_at)
         values ($1, $2, $3, 'draft', $4, $5)
             on conflict do nothing",
        args![id, code, version, definition, at],
    )
    .await
}

pub(crate) async fn set_type_state(
    tx: &mut Tx,
    id: &LicenceTypeId,
    from: TypeState,
    to: TypeState,
) -> Result<u64, Fault> {
    tx.run(
        "update licence_type
            set state = $3
          where licence_type_id = $1 and state = $2",
        args![id, from.as_str(), to.as_str()],
    )
    .await
}

pub(crate) async fn retire_older(tx: &mut Tx, published: &LicenceTypeId) -> Result<Vec<String>, Fault> {
    let rows: Vec<(String,)> = tx
        .change(
            "update licence_type
                set state = 'retired'
              where state = 'published'
                and licence_type_id <> $1
                and type_code = (select newer.type_code from licence_type newer where newer.licence_type_id = $1)
          returning licence_type_id",
            args![published],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(crate) async fn insert_type_issuer(tx: &mut Tx, code: &str, issuer: &OrganisationId) -> Result<u64, Fault> {
    tx.run(
        "insert into licence_type_issuer (type_code, organisation_id)
         values ($1, $2)
             on conflict do nothing",
        args![code, issuer],
    )
    .await
}

/// 0 when the department may not issue licences of the type.
pub(crate) async fn set_revoked_by(
    tx: &mut Tx,
    code: &str,
    issuer: &OrganisationId,
    revoked_by: Option<&str>,
) -> Result<u64, Fault> {
    tx.run(
        "update licence_type_issuer
            set revoked_by = $3
          where organisation_id = $1 and type_code = $2",
        args![issuer, code, revoked_by],
    )
    .await
}

#[derive(FromRow)]
pub(crate) struct RevokedByRow {
    pub organisation_id: String,
    pub type_code: String,
    pub revoked_by: Option<String>,
    pub marked: i64,
    pub mark: Option<String>,
}

/// What an issuer said about revoking licences of the type that this is a version of.
pub(crate) async fn revoked_by(
    tx: &mut Tx,
    version: &LicenceTypeId,
    issuer: &OrganisationId,
) -> Result<Option<RevokedByRow>, Fault> {
    tx.first(
        "select i.organisation_id, i.type_code, i.revoked_by, i.marked, i.mark
           from licence_type t
           join licence_type_issuer i on i.type_code = t.type_code
          where t.licence_type_id = $1 and i.organisation_id = $2",
        args![version, issuer],
    )
    .await
}
