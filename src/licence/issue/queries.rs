//! The statements of issuing.

use base::{Date, Fault, Instant, id::LicenceId};
use records::{Tx, args};

use super::{official::Official, page::Signed};
use crate::register::licence::{Licence, Status};

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
                               and l.licence_id <> $5
                               and l.licence_id <> $3)
             on conflict (holder_id, type_code)
             do update set licence_id = excluded.licence_id
                 where exists (select 1 from licence seen where seen.licence_id = licence_holding.licence_id)",
        args![licence.holder.id(), type_code, &licence.id, licence.valid_from, renewed(licence)],
    )
    .await
}

/// The licence of a type that a holder has and that is not over on a day; other than these two, of which nothing stands for
/// none.
pub(crate) async fn held(
    tx: &mut Tx,
    (holder, type_code): (&str, &str),
    from: Date,
    (own, renewed): (&str, &str),
) -> Result<Option<LicenceId>, Fault> {
    let found: Option<(String,)> = tx
        .first(
            "select l.licence_id
               from licence l
               join licence_type t on t.licence_type_id = l.licence_type_id
              where l.holder_id = $1
                and t.type_code = $2
                and l.status in ('intent', 'valid', 'suspended')
                and (l.valid_until is null or l.valid_until >= $4)
                and l.licence_id <> $5
                and l.licence_id <> $3
              limit 1",
            args![holder, type_code, own, from, renewed],
        )
        .await?;
    Ok(found.map(|(id,)| LicenceId::stored(id)))
}

/// The licence that this one renews, as a statement compares it; no licence has an empty identifier.
pub(crate) fn renewed(licence: &Licence) -> &str {
    licence.renews.as_ref().map_or("", LicenceId::as_str)
}

/// Gives the place that a renewal had back to the licence that it was to renew.
pub(crate) async fn give_back(tx: &mut Tx, id: &LicenceId) -> Result<u64, Fault> {
    tx.run(
        "update licence_holding
            set licence_id = (select gone.renews from licence gone where gone.licence_id = $1)
          where holder_id = (select gone.holder_id from licence gone where gone.licence_id = $1)
            and licence_id = $1
            and (select gone.renews from licence gone where gone.licence_id = $1) is not null",
        args![id],
    )
    .await
}

/// The identifier of the newest renewal of a licence that was begun, if that one was given up.
pub(crate) async fn renewal_given_up(tx: &mut Tx, older: &LicenceId) -> Result<Option<String>, Fault> {
    // Identifiers of one serial differ in their version, of three digits, and sort by it.
    let newest: Option<(String, String)> = tx
        .first(
            "select identifier, status
               from licence
              where renews between $1 and $1
              order by renews desc, identifier desc
              limit 1",
            args![older],
        )
        .await?;
    Ok(newest.filter(|(_, status)| status == Status::Void.as_str()).map(|(identifier, _)| identifier))
}

pub(crate) struct NewContent<'a> {
    pub sealed: Vec<u8>,
    pub digest: &'a str,
    pub maker: &'a Official,
    pub checker: &'a Official,
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

pub(crate) async fn insert_file(tx: &mut Tx, signed: &Signed, sealed: Vec<u8>, at: Instant) -> Result<(), Fault> {
    tx.run(
        "insert into licence_file (licence_id, sha256, bytes, packed, seal_id, key_id, made_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        args![&signed.licence_id, &signed.sha256, Vec::new(), sealed, &signed.seal_id, &signed.key_id, at],
    )
    .await?;
    Ok(())
}
