//! The statements about licences.

use base::{
    Date, Fault, Instant, ListPage,
    id::{LicenceId, LicenceTypeId, OrganisationId},
    number::LicenceIdentifier,
};
use records::{FromRow, Tx, args, args::Value};

use super::{
    holder::Holder,
    licence::{Licence, Status},
    number::Code,
};

/// The row of a licence.
#[derive(FromRow)]
struct Row {
    licence_id: String,
    identifier: String,
    code: String,
    licence_type_id: String,
    issuer_id: String,
    issuer_name: String,
    holder_kind: String,
    holder_id: String,
    holder_shown: String,
    status: String,
    reason: Option<String>,
    changed_at: i64,
    issued_at: i64,
    valid_from: String,
    valid_until: Option<String>,
    renews: Option<String>,
}

impl Row {
    fn read(self) -> Result<Licence, Fault> {
        let date = |text: &str| Date::parse(text).map_err(Fault::broken);
        Ok(Licence {
            id: LicenceId::stored(self.licence_id),
            identifier: self.identifier,
            code: Code::stored(self.code),
            licence_type: LicenceTypeId::stored(self.licence_type_id),
            issuer: OrganisationId::stored(self.issuer_id),
            issuer_name: self.issuer_name,
            holder: Holder::stored(&self.holder_kind, self.holder_id)?,
            holder_shown: self.holder_shown,
            status: Status::stored(&self.status)?,
            reason: self.reason,
            changed_at: Instant::from_micros(self.changed_at),
            issued_at: Instant::from_micros(self.issued_at),
            valid_from: date(&self.valid_from)?,
            valid_until: self.valid_until.as_deref().map(date).transpose()?,
            renews: self.renews.map(LicenceId::stored),
        })
    }
}

/// A statement that reads licences as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! licences {
    ($rest:literal) => {
        concat!(
            "select licence_id, identifier, code, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id, \
                    holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until, renews
               from licence ",
            $rest
        )
    };
}

/// A licence by our identifier.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn by_id(tx: &mut Tx, id: &LicenceId) -> Result<Option<Licence>, Fault> {
    one(tx, licences!("where licence_id = $1"), args![id]).await
}

/// A licence by its 证照标识.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn by_identifier(tx: &mut Tx, identifier: &LicenceIdentifier) -> Result<Option<Licence>, Fault> {
    one(tx, licences!("where identifier = $1"), args![identifier.as_str()]).await
}

/// A licence by the code of its QR.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn by_code(tx: &mut Tx, code: &Code) -> Result<Option<Licence>, Fault> {
    one(tx, licences!("where code = $1"), args![code.as_str()]).await
}

pub(crate) async fn by_origin(tx: &mut Tx, origin: &str) -> Result<Option<Licence>, Fault> {
    one(tx, licences!("where origin = $1"), args![origin]).await
}

/// Licences of one holder that were issued, newest first.
pub(crate) async fn held_by(tx: &mut Tx, holder: &Holder, page: &ListPage<LicenceId>) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        licences!(
            "where holder_id = $1
            and status not in ('intent', 'void')
            and licence_id < coalesce($2, 'zzz')
          order by licence_id desc
          limit $3"
        ),
        args![holder.id(), page.after.as_ref(), page.limit + 1],
    )
    .await
}

/// Licences of one issuer that were issued, newest first; all, or of one recorded status.
pub(crate) async fn issued_by(
    tx: &mut Tx,
    issuer: &OrganisationId,
    status: Option<Status>,
    page: &ListPage<LicenceId>,
) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        licences!(
            "where issuer_id = $1
            and status not in ('intent', 'void')
            and ($2 is null or status = $2)
            and licence_id < coalesce($3, 'zzz')
          order by licence_id desc
          limit $4"
        ),
        args![issuer, status.map(Status::as_str), page.after.as_ref(), page.limit + 1],
    )
    .await
}

/// Everything of a holder that was numbered and is not over, whatever its dates.
pub(crate) async fn not_over(tx: &mut Tx, holder: &Holder) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        licences!(
            "where holder_id = $1
            and status in ('intent', 'valid', 'suspended')
          order by licence_id"
        ),
        args![holder.id()],
    )
    .await
}

/// Intents that nobody has finished since `before`, oldest first.
pub(crate) async fn intents(tx: &mut Tx, before: Instant, limit: i64) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        licences!(
            "where status = 'intent' and changed_at < $1
          order by changed_at
          limit $2"
        ),
        args![before, limit],
    )
    .await
}

/// By the SHA-256 of its document, hexadecimal.
pub(crate) async fn by_file_digest(tx: &mut Tx, sha256: &str) -> Result<Option<Licence>, Fault> {
    let sql = licences!("where licence_id = (select licence_id from licence_file where sha256 = $1)");
    one(tx, sql, args![sha256]).await
}

/// The newer version that took the place of a licence.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn renewed_by(tx: &mut Tx, licence: &Licence) -> Result<Option<LicenceId>, Fault> {
    let found: Option<(String,)> = tx
        .first(
            "select licence_id
               from licence
              where holder_id = $2 and renews = $1 and status not in ('intent', 'void')
              limit 1",
            args![&licence.id, licence.holder.id()],
        )
        .await?;
    Ok(found.map(|(id,)| LicenceId::stored(id)))
}

/// 0 when the licence is no longer in the status it is moved from.
pub(crate) async fn move_status(
    tx: &mut Tx,
    id: &LicenceId,
    from: Status,
    to: Status,
    reason: Option<&str>,
    at: Instant,
) -> Result<u64, Fault> {
    tx.run(
        "update licence
            set status = $3, reason = $4, changed_at = $5
          where licence_id = $1 and status = $2",
        args![id, from.as_str(), to.as_str(), reason, at],
    )
    .await
}

async fn one(tx: &mut Tx, sql: &'static str, args: Vec<Value>) -> Result<Option<Licence>, Fault> {
    let row: Option<Row> = tx.first(sql, args).await?;
    row.map(Row::read).transpose()
}

async fn many(tx: &mut Tx, sql: &'static str, args: Vec<Value>) -> Result<Vec<Licence>, Fault> {
    let rows: Vec<Row> = tx.all(sql, args).await?;
    rows.into_iter().map(Row::read).collect()
}

#[derive(FromRow)]
pub(crate) struct ContentRow {
    pub content: Vec<u8>,
    pub content_digest: String,
}

pub(crate) async fn content(tx: &mut Tx, id: &LicenceId) -> Result<Option<ContentRow>, Fault> {
    tx.first(
        "select content, content_digest
           from licence_content
          where licence_id = $1",
        args![id],
    )
    .await
}

pub(crate) async fn file(tx: &mut Tx, id: &LicenceId) -> Result<Option<(String, Vec<u8>)>, Fault> {
    tx.first("select sha256, bytes from licence_file where licence_id = $1", args![id]).await
}

pub(crate) async fn file_digest(tx: &mut Tx, id: &LicenceId) -> Result<Option<String>, Fault> {
    let found: Option<(String,)> = tx.first("select sha256 from licence_file where licence_id = $1", args![id]).await?;
    Ok(found.map(|(sha256,)| sha256))
}
