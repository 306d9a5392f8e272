//! Every statement of this crate.

use base::{
    Fault, Instant, Page,
    id::{ApplicationId, LicenceId, LicenceTypeId, OrganisationId},
};
use records::{FromRow, Tx, args, args::Value};

use crate::{
    catalogue::licence_type::TypeState,
    issue::Signed,
    register::{
        holder::Holder,
        licence::{Licence, Row, Status},
    },
};

// The catalogue.

#[derive(FromRow)]
pub(crate) struct TypeRow {
    pub licence_type_id: String,
    pub type_code: String,
    pub version: i64,
    pub state: String,
    pub definition: String,
}

pub(crate) async fn types(tx: &mut Tx) -> Result<Vec<TypeRow>, Fault> {
    tx.all(
        "select licence_type_id, type_code, version, state, definition
           from licence_type
          order by type_code, version",
        args![],
    )
    .await
}

pub(crate) async fn type_issuers(tx: &mut Tx) -> Result<Vec<(String, String)>, Fault> {
    tx.all("select type_code, organisation_id from licence_type_issuer order by type_code, organisation_id", args![])
        .await
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

// Licences.

pub(crate) async fn by_id(tx: &mut Tx, id: &LicenceId) -> Result<Option<Licence>, Fault> {
    one(
        tx,
        "select licence_id, identifier, code, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id,
                holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until, renews
           from licence
          where licence_id = $1",
        args![id],
    )
    .await
}

pub(crate) async fn by_identifier(tx: &mut Tx, identifier: &str) -> Result<Option<Licence>, Fault> {
    one(
        tx,
        "select licence_id, identifier, code, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id,
                holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until, renews
           from licence
          where identifier = $1",
        args![identifier],
    )
    .await
}

pub(crate) async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Licence>, Fault> {
    one(
        tx,
        "select licence_id, identifier, code, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id,
                holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until, renews
           from licence
          where code = $1",
        args![code],
    )
    .await
}

pub(crate) async fn by_origin(tx: &mut Tx, origin: &str) -> Result<Option<Licence>, Fault> {
    one(
        tx,
        "select licence_id, identifier, code, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id,
                holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until, renews
           from licence
          where origin = $1",
        args![origin],
    )
    .await
}

pub(crate) async fn by_file_digest(tx: &mut Tx, sha256: &str) -> Result<Option<Licence>, Fault> {
    one(
        tx,
        "select l.licence_id, l.identifier, l.code, l.licence_type_id, l.issuer_id, l.issuer_name, l.holder_kind,
                l.holder_id, l.holder_shown, l.status, l.reason, l.changed_at, l.issued_at, l.valid_from,
                l.valid_until, l.renews
           from licence_file f
           join licence l on l.licence_id = f.licence_id
          where f.sha256 = $1",
        args![sha256],
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

/// Licences of one holder that were issued, newest first.
pub(crate) async fn held_by(tx: &mut Tx, holder: &Holder, page: &Page<LicenceId>) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        "select licence_id, identifier, code, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id,
                holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until, renews
           from licence
          where holder_id = $1
            and status not in ('intent', 'void')
            and licence_id < coalesce($2, 'zzz')
          order by licence_id desc
          limit $3",
        args![holder.id(), page.after.as_ref(), page.limit + 1],
    )
    .await
}

/// Licences of one issuer that were issued, newest first; all, or of one recorded status.
pub(crate) async fn issued_by(
    tx: &mut Tx,
    issuer: &OrganisationId,
    status: Option<Status>,
    page: &Page<LicenceId>,
) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        "select licence_id, identifier, code, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id,
                holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until, renews
           from licence
          where issuer_id = $1
            and status not in ('intent', 'void')
            and ($2 is null or status = $2)
            and licence_id < coalesce($3, 'zzz')
          order by licence_id desc
          limit $4",
        args![issuer, status.map(Status::as_str), page.after.as_ref(), page.limit + 1],
    )
    .await
}

/// Everything of a holder that was numbered and is not over, whatever its dates.
pub(crate) async fn not_over(tx: &mut Tx, holder: &Holder) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        "select licence_id, identifier, code, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id,
                holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until, renews
           from licence
          where holder_id = $1
            and status in ('intent', 'valid', 'suspended')
          order by licence_id",
        args![holder.id()],
    )
    .await
}

/// Takes the place of the one licence that a holder may have of a type; 0 when another one that is not over has it, or
/// is just getting it.
///
/// The inner question sees the licences of committed transactions. Whoever commits while this statement waits for the
/// row of the place has put a licence there that the statement cannot see, and so it changes nothing.
pub(crate) async fn hold(tx: &mut Tx, licence: &Licence, type_code: &str) -> Result<u64, Fault> {
    tx.run(
        "insert into licence_holding (holder_id, type_code, licence_id)
         select $1, $2, $3
          where not exists (select 1
                              from licence l
                              join licence_type t on t.licence_type_id = l.licence_type_id
                             where l.holder_id = $1
                               and t.type_code = $2
                               and l.status in ('intent', 'valid', 'suspended')
                               and (l.valid_until is null or l.valid_until >= $4)
                               and ($5 is null or l.licence_id <> $5)
                               and l.licence_id <> $3)
             on conflict (holder_id, type_code)
             do update set licence_id = excluded.licence_id
                 where exists (select 1 from licence seen where seen.licence_id = licence_holding.licence_id)",
        args![licence.holder.id(), type_code, &licence.id, licence.valid_from, licence.renews.as_ref()],
    )
    .await
}

/// The licence of the same type and holder, other than this one and the one that it renews, that is not over yet.
pub(crate) async fn held_already(tx: &mut Tx, licence: &Licence, type_code: &str) -> Result<Option<LicenceId>, Fault> {
    let found: Option<(String,)> = tx
        .first(
            "select l.licence_id
               from licence l
               join licence_type t on t.licence_type_id = l.licence_type_id
              where l.holder_id = $1
                and t.type_code = $2
                and l.status in ('intent', 'valid', 'suspended')
                and (l.valid_until is null or l.valid_until >= $4)
                and ($5 is null or l.licence_id <> $5)
                and l.licence_id <> $3
              limit 1",
            args![licence.holder.id(), type_code, &licence.id, licence.valid_from, licence.renews.as_ref()],
        )
        .await?;
    Ok(found.map(|(id,)| LicenceId::stored(id)))
}

/// Gives the place that a renewal had back to the licence that it was to renew.
pub(crate) async fn give_back(tx: &mut Tx, id: &LicenceId) -> Result<u64, Fault> {
    tx.run(
        "update licence_holding
            set licence_id = (select gone.renews from licence gone where gone.licence_id = $1)
          where holder_id = (select gone.holder_id from licence gone where gone.licence_id = $1)
            and licence_id = $1
            and exists (select 1 from licence gone where gone.licence_id = $1 and gone.renews is not null)",
        args![id],
    )
    .await
}

/// 0 when its number, its code or its origin is taken.
pub(crate) async fn insert_licence(tx: &mut Tx, licence: &Licence, origin: &str) -> Result<u64, Fault> {
    tx.run(
        "insert into licence (licence_id, identifier, code, origin, licence_type_id, issuer_id, issuer_name,
                holder_kind, holder_id, holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until,
                renews)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
             on conflict do nothing",
        args![
            &licence.id,
            &licence.identifier,
            licence.code.as_str(),
            origin,
            &licence.licence_type,
            &licence.issuer,
            &licence.issuer_name,
            licence.holder.kind().as_str(),
            licence.holder.id(),
            &licence.holder_shown,
            licence.status.as_str(),
            licence.reason.as_deref(),
            licence.changed_at,
            licence.issued_at,
            licence.valid_from,
            licence.valid_until,
            licence.renews.as_ref(),
        ],
    )
    .await
}

#[derive(FromRow)]
pub(crate) struct ContentRow {
    pub content: Vec<u8>,
    pub content_digest: String,
}

pub(crate) struct NewContent<'a> {
    pub sealed: Vec<u8>,
    pub digest: &'a str,
    pub maker: &'a crate::issue::official::Official,
    pub checker: &'a crate::issue::official::Official,
}

pub(crate) async fn insert_content(tx: &mut Tx, id: &LicenceId, new: NewContent<'_>) -> Result<(), Fault> {
    tx.run(
        "insert into licence_content (licence_id, content, content_digest, maker_staff, maker_person, checker_staff,
                checker_person)
         values ($1, $2, $3, $4, $5, $6, $7)",
        args![
            id,
            new.sealed,
            new.digest,
            &new.maker.staff_id,
            &new.maker.person_id,
            &new.checker.staff_id,
            &new.checker.person_id,
        ],
    )
    .await?;
    Ok(())
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

pub(crate) async fn insert_file(tx: &mut Tx, signed: &Signed, sealed: Vec<u8>, at: Instant) -> Result<(), Fault> {
    tx.run(
        "insert into licence_file (licence_id, sha256, bytes, seal_id, key_id, made_at)
         values ($1, $2, $3, $4, $5, $6)",
        args![&signed.licence_id, &signed.sha256, sealed, &signed.seal_id, &signed.key_id, at],
    )
    .await?;
    Ok(())
}

pub(crate) async fn file(tx: &mut Tx, id: &LicenceId) -> Result<Option<(String, Vec<u8>)>, Fault> {
    tx.first("select sha256, bytes from licence_file where licence_id = $1", args![id]).await
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

/// Intents that nobody has finished since `before`, oldest first.
pub(crate) async fn intents(tx: &mut Tx, before: Instant, limit: i64) -> Result<Vec<Licence>, Fault> {
    many(
        tx,
        "select licence_id, identifier, code, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id,
                holder_shown, status, reason, changed_at, issued_at, valid_from, valid_until, renews
           from licence
          where status = 'intent' and changed_at < $1
          order by changed_at
          limit $2",
        args![before, limit],
    )
    .await
}

/// The identifier of the newest renewal of a licence that was begun, if that one was given up.
pub(crate) async fn renewal_given_up(tx: &mut Tx, older: &LicenceId, holder: &Holder) -> Result<Option<String>, Fault> {
    // Identifiers of one serial differ in their version, of three digits, and sort by it.
    let newest: Option<(String, String)> = tx
        .first(
            "select identifier, status
               from licence
              where holder_id = $2 and renews = $1
              order by identifier desc
              limit 1",
            args![older, holder.id()],
        )
        .await?;
    Ok(newest.filter(|(_, status)| status == Status::Void.as_str()).map(|(identifier, _)| identifier))
}

/// The newer version that took a licence's place.
pub(crate) async fn renewed_by(tx: &mut Tx, id: &LicenceId, holder: &Holder) -> Result<Option<LicenceId>, Fault> {
    let found: Option<(String,)> = tx
        .first(
            "select licence_id
               from licence
              where holder_id = $2 and renews = $1 and status not in ('intent', 'void')
              limit 1",
            args![id, holder.id()],
        )
        .await?;
    Ok(found.map(|(id,)| LicenceId::stored(id)))
}

// Applications.

#[derive(FromRow)]
pub(crate) struct ApplicationRow {
    pub application_id: String,
    pub licence_type_id: String,
    pub issuer_id: String,
    pub holder_kind: String,
    pub holder_id: String,
    pub holder_shown: String,
    pub state: String,
    pub content: Vec<u8>,
    pub content_digest: String,
    pub maker_staff: String,
    pub maker_person: String,
    pub submitted_at: i64,
    pub checker_staff: Option<String>,
    pub decided_at: Option<i64>,
    pub return_reason: Option<String>,
    pub return_note: Option<String>,
    pub licence_id: Option<String>,
}

pub(crate) async fn insert_application(tx: &mut Tx, row: &ApplicationRow, renews: Option<&str>) -> Result<(), Fault> {
    tx.run(
        "insert into application (application_id, licence_type_id, issuer_id, holder_kind, holder_id, holder_shown,
                state, content, content_digest, renews, maker_staff, maker_person, submitted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        args![
            &row.application_id,
            &row.licence_type_id,
            &row.issuer_id,
            &row.holder_kind,
            &row.holder_id,
            &row.holder_shown,
            &row.state,
            &row.content,
            &row.content_digest,
            renews,
            &row.maker_staff,
            &row.maker_person,
            row.submitted_at,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn application(tx: &mut Tx, id: &ApplicationId) -> Result<Option<ApplicationRow>, Fault> {
    tx.first(
        "select application_id, licence_type_id, issuer_id, holder_kind, holder_id, holder_shown, state, content,
                content_digest, maker_staff, maker_person, submitted_at, checker_staff, decided_at, return_reason,
                return_note, licence_id
           from application
          where application_id = $1",
        args![id],
    )
    .await
}

pub(crate) async fn applications(
    tx: &mut Tx,
    issuer: &OrganisationId,
    state: Option<&str>,
    page: &Page<ApplicationId>,
) -> Result<Vec<ApplicationRow>, Fault> {
    tx.all(
        "select application_id, licence_type_id, issuer_id, holder_kind, holder_id, holder_shown, state, content,
                content_digest, maker_staff, maker_person, submitted_at, checker_staff, decided_at, return_reason,
                return_note, licence_id
           from application
          where issuer_id = $1
            and ($2 is null or state = $2)
            and application_id < coalesce($3, 'zzz')
          order by application_id desc
          limit $4",
        args![issuer, state, page.after.as_ref(), page.limit + 1],
    )
    .await
}

pub(crate) struct Decision<'a> {
    pub state: &'static str,
    pub checker: &'a crate::issue::official::Official,
    pub reason: Option<&'static str>,
    pub note: Option<&'a str>,
    pub licence: Option<&'a LicenceId>,
    pub digest: &'a str,
}

/// 0 when somebody decided first, or the content is no longer the one with this digest.
pub(crate) async fn decide(tx: &mut Tx, id: &ApplicationId, decision: Decision<'_>, at: Instant) -> Result<u64, Fault> {
    tx.run(
        "update application
            set state = $2, checker_staff = $3, checker_person = $4, decided_at = $5, return_reason = $6,
                return_note = $7, licence_id = $8
          where application_id = $1 and state = 'submitted' and content_digest = $9",
        args![
            id,
            decision.state,
            &decision.checker.staff_id,
            &decision.checker.person_id,
            at,
            decision.reason,
            decision.note,
            decision.licence,
            decision.digest,
        ],
    )
    .await
}

// Verifications.

pub(crate) async fn file_digest(tx: &mut Tx, id: &LicenceId) -> Result<Option<String>, Fault> {
    let found: Option<(String,)> = tx.first("select sha256 from licence_file where licence_id = $1", args![id]).await?;
    Ok(found.map(|(sha256,)| sha256))
}

#[derive(FromRow)]
pub(crate) struct VerificationRow {
    pub receipt_id: String,
    pub at: i64,
    pub asked_by: String,
    pub method: String,
    pub licence_id: Option<String>,
    pub outcome: String,
    pub reason: Option<String>,
}

pub(crate) async fn insert_verification(tx: &mut Tx, row: &VerificationRow) -> Result<(), Fault> {
    tx.run(
        "insert into verification (receipt_id, at, asked_by, method, licence_id, outcome, reason)
         values ($1, $2, $3, $4, $5, $6, $7)",
        args![
            &row.receipt_id,
            row.at,
            &row.asked_by,
            &row.method,
            row.licence_id.as_deref(),
            &row.outcome,
            row.reason.as_deref(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn verification(tx: &mut Tx, receipt: &str) -> Result<Option<VerificationRow>, Fault> {
    tx.first(
        "select receipt_id, at, asked_by, method, licence_id, outcome, reason
           from verification
          where receipt_id = $1",
        args![receipt],
    )
    .await
}
