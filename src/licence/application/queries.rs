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
