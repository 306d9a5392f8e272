//! The statements about applications.

use base::{
    Fault, Instant, ListPage,
    id::{ApplicationId, LicenceId, OrganisationId},
};
use records::{FromRow, Tx, args};

use crate::issue::official::Official;

/// A statement that reads applications as [`ApplicationRow`] takes them: the columns, and then what is asked for.
macro_rules! applications {
    ($rest:literal) => {
        concat!(
            "select application_id, licence_type_id, issuer_id, holder_kind, holder_id, holder_shown, state, content, \
                    content_digest, maker_staff, maker_person, submitted_at, checker_staff, decided_at, \
                    return_reason, return_note, licence_id, proposed_by
               from application ",
            $rest
        )
    };
}

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
    pub proposed_by: Option<String>,
}

pub(crate) async fn insert_application(tx: &mut Tx, row: &ApplicationRow, renews: Option<&str>) -> Result<(), Fault> {
    tx.run(
        "insert into application (application_id, licence_type_id, issuer_id, holder_kind, holder_id, holder_shown,
                state, content, content_digest, renews, maker_staff, maker_person, submitted_at,
                proposed_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
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
            row.proposed_by.as_deref(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn application(tx: &mut Tx, id: &ApplicationId) -> Result<Option<ApplicationRow>, Fault> {
    tx.first(applications!("where application_id = $1"), args![id]).await
}

pub(crate) async fn applications(
    tx: &mut Tx,
    issuer: &OrganisationId,
    state: Option<&str>,
    page: &ListPage<ApplicationId>,
) -> Result<Vec<ApplicationRow>, Fault> {
    let Some(state) = state else {
        return tx
            .all(
                applications!(
                    "where issuer_id >= $1
                    and (issuer_id, application_id) < ($1, $2)
                  order by issuer_id desc, application_id desc
                  limit $3"
                ),
                args![issuer, page.below(), page.limit + 1],
            )
            .await;
    };
    tx.all(
        applications!(
            "where (issuer_id, state) >= ($1, $2)
            and (issuer_id, state, application_id) < ($1, $2, $3)
          order by issuer_id desc, state desc, application_id desc
          limit $4"
        ),
        args![issuer, state, page.below(), page.limit + 1],
    )
    .await
}

/// An application of a department for a licence of a type that waits, for a holder.
pub(crate) async fn waiting_for_holder(
    tx: &mut Tx,
    department: &OrganisationId,
    type_code: &str,
    holder: &str,
) -> Result<Option<ApplicationId>, Fault> {
    let found: Option<(String,)> = tx
        .first(
            "select a.application_id
               from application a
               join licence_type t on t.licence_type_id = a.licence_type_id
              where a.holder_id = $1
                and a.state in ('proposed', 'submitted')
                and a.issuer_id = $2
                and t.type_code = $3
              limit 1",
            args![holder, department, type_code],
        )
        .await?;
    Ok(found.map(|(id,)| ApplicationId::stored(id)))
}

/// An application of a department that waits and renews a licence of a holder.
pub(crate) async fn waiting_for_renewal(
    tx: &mut Tx,
    department: &OrganisationId,
    holder: &str,
    renews: &LicenceId,
) -> Result<Option<ApplicationId>, Fault> {
    let found: Option<(String,)> = tx
        .first(
            "select application_id
               from application
              where holder_id = $1
                and state in ('proposed', 'submitted')
                and issuer_id = $2
                and renews = $3
              limit 1",
            args![holder, department, renews],
        )
        .await?;
    Ok(found.map(|(id,)| ApplicationId::stored(id)))
}

pub(crate) struct Amended<'a> {
    pub licence_type: &'a str,
    pub holder_shown: String,
    pub content: Vec<u8>,
    pub content_digest: &'a str,
    pub renews: Option<&'a str>,
    pub maker: &'a Official,
    /// The digest of what it said before.
    pub before: &'a str,
}

/// 0 when it was decided meanwhile, or says something else.
pub(crate) async fn amend(tx: &mut Tx, id: &ApplicationId, new: Amended<'_>, at: Instant) -> Result<u64, Fault> {
    tx.run(
        "update application
            set state = 'submitted', licence_type_id = $2, holder_shown = $3, content = $4, content_digest = $5,
                renews = $6, maker_staff = $7, maker_person = $8, submitted_at = $9, checker_staff = null,
                checker_person = null, decided_at = null
          where application_id = $1 and content_digest = $10 and state in ('submitted', 'returned')",
        args![
            id,
            new.licence_type,
            new.holder_shown,
            new.content,
            new.content_digest,
            new.renews,
            &new.maker.staff_id,
            &new.maker.person_id,
            at,
            new.before,
        ],
    )
    .await
}

/// 0 when another clerk was faster, or the content is no longer the one with this digest.
pub(crate) async fn adopt(
    tx: &mut Tx,
    id: &ApplicationId,
    clerk: &Official,
    digest: &str,
    at: Instant,
) -> Result<u64, Fault> {
    tx.run(
        "update application
            set state = 'submitted', maker_staff = $2, maker_person = $3, submitted_at = $4
          where application_id = $1 and state = 'proposed' and content_digest = $5",
        args![id, &clerk.staff_id, &clerk.person_id, at, digest],
    )
    .await
}

pub(crate) struct Decision<'a> {
    pub from: &'static str,
    pub state: &'static str,
    pub checker: &'a Official,
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
          where application_id = $1 and state = $10 and content_digest = $9",
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
            decision.from,
        ],
    )
    .await
}
