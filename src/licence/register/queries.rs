//! The statements about licences.

use base::{
    Date, Fault, Instant, ListPage,
    id::{LicenceId, LicenceTypeId, OrganisationId, PersonId},
    number::LicenceIdentifier,
};
use records::{FromRow, Seen, Tx, args, args::Value};

use super::{
    Ending,
    holder::{self, Holder},
    licence::{Licence, Status},
    number::Code,
};
use crate::issue::Origin;

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
    decision: Option<String>,
    origin: String,
    marked: i64,
    mark: Option<String>,
}

impl Row {
    fn read(self, tx: &Tx) -> Licence {
        let is_as_left = tx.is_as_left("licence", self.fields(), (self.marked, self.mark.as_deref()));
        let mut is_readable = true;
        let mut or = |read: bool| is_readable &= read;
        let mut date = |text: &str| {
            let date = Date::parse(text);
            or(date.is_ok());
            // Of a row that says no date nothing counts any more.
            date.unwrap_or_else(|_| Instant::from_micros(0).date())
        };
        let (valid_from, valid_until) = (date(&self.valid_from), self.valid_until.as_deref().map(&mut date));
        let (holder, status) =
            (Holder::stored(&self.holder_kind, self.holder_id.clone()), Status::stored(&self.status));
        or(holder.is_ok() && status.is_ok());
        Licence {
            id: LicenceId::stored(self.licence_id),
            identifier: self.identifier,
            code: Code::stored(self.code),
            licence_type: LicenceTypeId::stored(self.licence_type_id),
            issuer: OrganisationId::stored(self.issuer_id),
            issuer_name: self.issuer_name,
            holder: holder.unwrap_or(Holder::Person(PersonId::stored(self.holder_id))),
            holder_shown: self.holder_shown,
            status: status.unwrap_or(Status::Suspended),
            reason: self.reason,
            changed_at: Instant::from_micros(self.changed_at),
            issued_at: Instant::from_micros(self.issued_at),
            valid_from,
            valid_until,
            renews: self.renews.map(LicenceId::stored),
            decision: self.decision,
            is_attested: Origin::is_attested(&self.origin),
            is_intact: is_as_left && is_readable,
        }
    }

    /// What is marked of it, in the order of its table among those that are marked.
    fn fields(&self) -> Vec<Value> {
        args![
            &self.licence_id,
            &self.identifier,
            &self.code,
            &self.origin,
            &self.licence_type_id,
            &self.issuer_id,
            &self.issuer_name,
            &self.holder_kind,
            &self.holder_id,
            &self.holder_shown,
            &self.status,
            self.reason.as_deref(),
            self.changed_at,
            self.issued_at,
            &self.valid_from,
            self.valid_until.as_deref(),
            self.renews.as_deref(),
            self.decision.as_deref(),
        ]
    }
}

/// A statement that reads licences as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! licences {
    ($rest:literal) => {
        concat!(
            "select licence_id, identifier, code, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id, \
                    holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until, renews, \
                    decision, origin, marked, mark
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

/// Of the licences that are in force on this day, the one that was numbered last.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn newest_in_force(tx: &mut Tx, day: Date) -> Result<Option<Licence>, Fault> {
    one(
        tx,
        licences!(
            "where licence_id < $2 and status = 'valid' and valid_from <= $1 and (valid_until is null or valid_until >= $1)
          order by licence_id desc
          limit 1"
        ),
        args![day, "zzz"],
    )
    .await
}

pub(crate) async fn by_origin(tx: &mut Tx, origin: &str) -> Result<Option<Licence>, Fault> {
    one(tx, licences!("where origin = $1"), args![origin]).await
}

/// Licences of one holder that were issued, newest first.
pub(crate) async fn held_by(tx: &mut Tx, holder: &Holder, page: &ListPage<LicenceId>) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        licences!(
            "where status not in ('intent', 'void')
            and holder_id >= $1
            and (holder_id, licence_id) < ($1, $2)
          order by holder_id desc, licence_id desc
          limit $3"
        ),
        args![holder.id(), page.below(), page.limit + 1],
    )
    .await
}

/// Licences of one holder that one issuer issued, newest first: looked for among the holder's, who has fewer than the
/// issuer, and an expression is what no index of issuers can be taken for.
pub(crate) async fn issued_to(
    tx: &mut Tx,
    issuer: &OrganisationId,
    holder: &Holder,
    page: &ListPage<LicenceId>,
) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        licences!(
            "where status not in ('intent', 'void')
            and holder_id >= $1
            and (holder_id, licence_id) < ($1, $2)
            and issuer_id || '' = $3
          order by holder_id desc, licence_id desc
          limit $4"
        ),
        args![holder.id(), page.below(), issuer, page.limit + 1],
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
    let Some(status) = status else {
        return many(
            tx,
            licences!(
                "where status not in ('intent', 'void')
                and issuer_id >= $1
                and (issuer_id, licence_id) < ($1, $2)
              order by issuer_id desc, licence_id desc
              limit $3"
            ),
            args![issuer, page.below(), page.limit + 1],
        )
        .await;
    };
    many(
        tx,
        licences!(
            "where status not in ('intent', 'void')
            and (issuer_id, status) >= ($1, $2)
            and (issuer_id, status, licence_id) < ($1, $2, $3)
          order by issuer_id desc, status desc, licence_id desc
          limit $4"
        ),
        args![issuer, status.as_str(), page.below(), page.limit + 1],
    )
    .await
}

/// Licences of an issuer whose last day has passed and that nobody ended otherwise, those that ended last first.
pub(crate) async fn expired(
    tx: &mut Tx,
    issuer: &OrganisationId,
    today: Date,
    page: &ListPage<Ending>,
) -> Result<Vec<Licence>, Fault> {
    let (day, id) = page.after.as_ref().map_or((today, ""), |after| (after.on, after.licence.as_str()));
    many(
        tx,
        licences!(
            "where status = 'valid' and valid_until is not null
            and issuer_id >= $1
            and (issuer_id, valid_until, licence_id) < ($1, $2, $3)
          order by issuer_id desc, valid_until desc, licence_id desc
          limit $4"
        ),
        args![issuer, day, id, page.limit + 1],
    )
    .await
}

/// Licences of an issuer in force whose last day comes until a day, the next one first.
pub(crate) async fn expiring(
    tx: &mut Tx,
    issuer: &OrganisationId,
    (today, until): (Date, Date),
    page: &ListPage<Ending>,
) -> Result<Vec<Licence>, Fault> {
    let (day, id) = page.after.as_ref().map_or((today, ""), |after| (after.on, after.licence.as_str()));
    many(
        tx,
        licences!(
            "where status = 'valid' and valid_until is not null
            and issuer_id <= $1
            and (issuer_id, valid_until, licence_id) > ($1, $2, $3)
            and valid_until <= $4
          order by issuer_id, valid_until, licence_id
          limit $5"
        ),
        args![issuer, day, id, until, page.limit + 1],
    )
    .await
}

/// Licences of one holder that are suspended or revoked, of which a person has not seen that, newest first.
pub(crate) async fn unseen(
    tx: &mut Tx,
    holder: &Holder,
    person: &PersonId,
    page: &ListPage<LicenceId>,
) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        licences!(
            "where status in ('suspended', 'revoked')
            and holder_id >= $1
            and (holder_id, licence_id) < ($1, $2)
            and not exists (select n.seen_at
                              from licence_notice n
                             where n.licence_id = licence.licence_id
                               and n.person_id = $3
                               and n.status = licence.status
                               and n.changed_at >= licence.changed_at)
          order by holder_id desc, licence_id desc
          limit $4"
        ),
        args![holder.id(), page.below(), person, page.limit],
    )
    .await
}

/// Whether a person has seen how a licence stands.
pub(crate) async fn is_seen(tx: &mut Tx, licence: &Licence, person: &PersonId) -> Result<bool, Fault> {
    let found: Option<(i64,)> = tx
        .first(
            "select seen_at
               from licence_notice
              where licence_id = $1 and person_id = $2 and status = $3 and changed_at >= $4",
            args![&licence.id, person, licence.status.as_str(), licence.changed_at],
        )
        .await?;
    Ok(found.is_some())
}

/// 0 when the person has seen it before.
pub(crate) async fn see(tx: &mut Tx, licence: &Licence, person: &PersonId, at: Instant) -> Result<u64, Fault> {
    tx.run(
        "insert into licence_notice (licence_id, person_id, status, changed_at, seen_at)
         values ($1, $2, $3, $4, $5)
             on conflict (licence_id, person_id) do update
                set status = excluded.status, changed_at = excluded.changed_at, seen_at = excluded.seen_at
              where licence_notice.changed_at < excluded.changed_at or licence_notice.status <> excluded.status",
        args![&licence.id, person, licence.status.as_str(), licence.changed_at, at],
    )
    .await
}

/// Everything of a holder that was numbered and is not over, whatever its dates.
pub(crate) async fn not_over(tx: &mut Tx, holder: &Holder) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        licences!(
            "where holder_id between $1 and $1
            and status in ('intent', 'valid', 'suspended')
          order by holder_id, licence_id"
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
    let mut found = one(tx, sql, args![sha256]).await?;
    if let Some(licence) = &mut found {
        licence.is_intact &= is_digest(tx, &licence.id, sha256).await?;
    }
    Ok(found)
}

/// Whether this is the digest that the last act wrote down of a document.
async fn is_digest(tx: &mut Tx, id: &LicenceId, sha256: &str) -> Result<bool, Fault> {
    let columns = vec![("sha256", Value::from(sha256))];
    tx.is_as_read("licence_file", Seen { key: &[id.as_str()], columns }).await
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
              where renews = $1 and status not in ('intent', 'void')
              limit 1",
            args![&licence.id],
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

/// Holds the row of a licence as it was looked at to the end of the unit of work: whoever changes it meanwhile waits, and
/// sees what was written. False when it is no longer so.
pub(crate) async fn hold(tx: &mut Tx, licence: &Licence) -> Result<bool, Fault> {
    let held = tx
        .run(
            "update licence
                set status = status
              where licence_id = $1 and status = $2",
            args![&licence.id, licence.status.as_str()],
        )
        .await?;
    Ok(held == 1)
}

/// 0 when the licence is no longer as it was looked at.
pub(crate) async fn revoke(
    tx: &mut Tx,
    licence: &Licence,
    (reason, decision): (&str, Option<&str>),
    at: Instant,
) -> Result<u64, Fault> {
    tx.run(
        "update licence
            set status = 'revoked', reason = $3, decision = $4, changed_at = $5
          where licence_id = $1 and status = $2",
        args![&licence.id, licence.status.as_str(), reason, decision, at],
    )
    .await
}

async fn one(tx: &mut Tx, sql: &'static str, args: Vec<Value>) -> Result<Option<Licence>, Fault> {
    let Some(row) = tx.first::<Row>(sql, args).await? else { return Ok(None) };
    let mut licence = row.read(tx);
    licence.holder_shown = holder::uncovered(tx, &licence.holder, licence.holder_shown).await?;
    Ok(Some(licence))
}

async fn many(tx: &mut Tx, sql: &'static str, args: Vec<Value>) -> Result<Vec<Licence>, Fault> {
    let rows: Vec<Row> = tx.all(sql, args).await?;
    let mut licences = Vec::with_capacity(rows.len());
    for row in rows {
        let mut licence = row.read(tx);
        licence.holder_shown = holder::uncovered(tx, &licence.holder, licence.holder_shown).await?;
        licences.push(licence);
    }
    Ok(licences)
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

#[derive(sqlx::FromRow)]
pub(crate) struct FileRow {
    pub sha256: String,
    /// The document, sealed; empty when it is packed.
    pub bytes: Vec<u8>,
    pub packed: Option<Vec<u8>>,
}

pub(crate) async fn file(tx: &mut Tx, id: &LicenceId) -> Result<Option<FileRow>, Fault> {
    tx.first("select sha256, bytes, packed from licence_file where licence_id = $1", args![id]).await
}

pub(crate) async fn file_digest(tx: &mut Tx, id: &LicenceId) -> Result<Option<String>, Fault> {
    let found: Option<(String,)> = tx.first("select sha256 from licence_file where licence_id = $1", args![id]).await?;
    let Some((sha256,)) = found else { return Ok(None) };
    Ok(is_digest(tx, id, &sha256).await?.then_some(sha256))
}

/// The bytes of a piece of documents.
pub(crate) async fn piece(tx: &mut Tx, name: &str) -> Result<Option<Vec<u8>>, Fault> {
    let found: Option<(Vec<u8>,)> = tx.first("select bytes from licence_piece where name = $1", args![name]).await?;
    Ok(found.map(|(bytes,)| bytes))
}

/// Names that are looked up together.
pub(crate) const PIECES_ASKED: usize = 32;

/// Which of these pieces are there; of no more than [`PIECES_ASKED`] names.
pub(crate) async fn pieces_there(tx: &mut Tx, names: &[&str]) -> Result<Vec<String>, Fault> {
    // A place that is left over asks for the first once more.
    let asked = names.iter().chain(std::iter::repeat(names.first().unwrap_or(&""))).take(PIECES_ASKED);
    let found: Vec<(String,)> = tx
        .all(
            "select name
               from licence_piece
              where name in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                    $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
            asked.map(|name| Value::from(*name)).collect(),
        )
        .await?;
    Ok(found.into_iter().map(|(name,)| name).collect())
}

pub(crate) async fn insert_piece(tx: &mut Tx, name: &str, bytes: &[u8]) -> Result<(), Fault> {
    let sql = "insert into licence_piece (name, bytes) values ($1, $2) on conflict (name) do nothing";
    tx.run(sql, args![name, bytes]).await?;
    Ok(())
}

/// Some pieces behind a name, in the order of their names.
pub(crate) async fn pieces_after(tx: &mut Tx, name: &str) -> Result<Vec<(String, Vec<u8>)>, Fault> {
    tx.all("select name, bytes from licence_piece where name > $1 order by name limit 100", args![name]).await
}

pub(crate) async fn mend_piece(tx: &mut Tx, name: &str, bytes: &[u8]) -> Result<(), Fault> {
    tx.run("update licence_piece set bytes = $2 where name = $1", args![name, bytes]).await?;
    Ok(())
}

/// Some documents behind a licence, in the order of their licences; nothing for one that is kept whole.
pub(crate) async fn packed_after(tx: &mut Tx, licence: &str) -> Result<Vec<(String, Option<Vec<u8>>)>, Fault> {
    tx.all(
        "select licence_id, packed
           from licence_file
          where licence_id > $1
          order by licence_id
          limit 200",
        args![licence],
    )
    .await
}
