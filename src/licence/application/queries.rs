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
                    return_reason, return_note, licence_id
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
    tx.first(applications!("where application_id = $1"), args![id]).await
}

pub(crate) async fn applications(
    tx: &mut Tx,
    issuer: &OrganisationId,
    state: Option<&str>,
    page: &ListPage<ApplicationId>,
) -> Result<Vec<ApplicationRow>, Fault> {
    tx.all(
        applications!(
            "where issuer_id = $1
            and ($2 is null or state = $2)
            and application_id < coalesce($3, 'zzz')
          order by application_id desc
          limit $4"
        ),
        args![issuer, state, page.after.as_ref(), page.limit + 1],
    )
    .await
}

pub(crate) struct Decision<'a> {
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
