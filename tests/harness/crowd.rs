//! A city of as many as one likes, written straight into the tables: for plans and costs, not for signatures.
//!
//! Of everything that a list is of there is one that has four or fewer, made before all others: whoever walks the whole
//! city from its newest row finds them last.

use std::fmt::Write;

use base::Fault;
use records::{Database, args};

/// How many rows one statement makes.
const STEP: i64 = 20_000;

/// What is made, a table a line: which of the numbers `i` are there, the columns, and their values.
const TABLES: &[(&str, &str, &str, &str)] = &[
    (
        "person",
        "i > 0",
        "person_id, name, name_key, identity_lookup, identity_sealed, profile, registered_at, updated_at",
        "{per:i}, 'name', 'name', 'lookup' || i, {bytes}, '{}', i, i",
    ),
    (
        "organisation",
        "i < 10 or i % 10 = 0",
        "organisation_id, name, name_key, credit_code, kind, legal_representative, state, registered_at",
        "{org:i}, 'name', 'name', 'credit' || i, case when i < 10 then 'department' else 'enterprise' end, {per:i}, \
         'active', i",
    ),
    (
        "person_renaming",
        "i % 10 = 1",
        "renaming_id, person_id, at, name_before, name_after, name_key",
        "{rnm:i}, {per:i}, i, 'before', 'name', 'before'",
    ),
    (
        "organisation_history",
        "i % 20 = 0",
        "organisation_id, until, name, name_key, legal_representative",
        "{org:i}, i, 'before', 'before', {per:i}",
    ),
    ("mandate", "i % 10 = 0", "person_id, organisation_id, starts_at", "{per:i - 5}, {org:i}, 0"),
    (
        "staff",
        "i < 20 or i % 20 = 0",
        "staff_id, person_id, organisation_id, roles, appointed_at, ended_at",
        "{stf:i}, {per:i}, {org:DEPARTMENT}, '[]', i, case when i % 500 = 0 then i end",
    ),
    (
        "account",
        "i > 0",
        "account_id, person_id, username, username_key, state, opened_at",
        "{acc:i}, {per:i}, 'name' || i, 'name' || i, 'open', i",
    ),
    ("password", "i % 10 = 0", "account_id, phc, set_at", "{acc:i}, 'phc', i"),
    (
        "session",
        "i > 0",
        "session_id, token_hash, account_id, method, address, device, opened_at, authenticated_at, seen_at, idle_until, \
         ends_at, closed_at",
        "{ses:i}, 'token' || i, {acc:1 + i / 2}, 'password', '::', 'device', i, i, i, LATER, \
         case when i < 500 then i else LATER end, case when i % 3 = 0 then i end",
    ),
    (
        "sign_in_throttle",
        "i < 500 or i % 10 = 0",
        "throttle_key, failures, delay, retry_at, counted_at",
        "'throttle' || i, 1, 0, 0, case when i < 500 then i else LATER end",
    ),
    (
        "client",
        "i <= 100",
        "client_id, organisation_id, name_zh, name_en, purpose_zh, purpose_en, settings, enabled, created_at",
        "'client-' || i, {org:DEPARTMENT}, 'name', 'name', 'purpose', 'purpose', '{}', 1, i",
    ),
    (
        "client_grant",
        "i % 2 = 1",
        "grant_id, person_id, client_id, scopes, granted_at",
        "{gra:i}, {per:i}, 'client-' || (1 + i % 100), 'openid', i",
    ),
    (
        "token_family",
        "i > 0",
        "family_id, client_id, person_id, account_id, session_id, scopes, authenticated_at, created_at, expires_at, offline",
        "'family' || i, 'client-' || (1 + i % 100), {per:i}, {acc:i}, {ses:i}, 'openid', i, i, \
         case when i < 500 then i else LATER end, 0",
    ),
    (
        "event",
        "i > 0",
        "event_id, at, actor_kind, actor, request_id, kind, object, data, sequence, hash",
        "{evt:i}, i, 'staff', {stf:1 + i % 100}, {req:i - i % 2 + 1}, \
         case when i < 5 then 'licence.revoked' when i % 2 = 0 then 'licence.issued' else 'licence.verified' end, \
         {lic:i - i % 2 + 1}, '{}', case when i > 4 then i end, case when i > 4 then 'hash' end",
    ),
    (
        "job",
        "i < 5 or i % 100 = 0",
        "job_id, kind, lane, payload, run_at, attempts, dead",
        "{job:i}, 'kind', 'lane' || (i / 100 % 100), '{}', case when i < 5 then 0 else LATER end, 0, \
         case when i % 1000 = 0 then 1 else 0 end",
    ),
    (
        "idempotency",
        "i < 500 or i % 10 = 0",
        "caller, idempotency_key, request_digest, claimed_at",
        "'caller' || i % 10, 'key' || i, 'digest', case when i < 500 then i else LATER end",
    ),
    (
        "licence_type",
        "i <= 20",
        "licence_type_id, type_code, version, state, definition, created_at",
        "{typ:i}, 'type-' || i, 1, 'published', '{}', i",
    ),
    (
        "application",
        "i > 0",
        "application_id, licence_type_id, issuer_id, holder_kind, holder_id, holder_shown, state, content, content_digest, \
         maker_staff, maker_person, submitted_at",
        "{app:i}, {typ:1 + i % 20}, {org:DEPARTMENT}, 'person', {per:i}, 'shown', \
         case when i < 4 then 'submitted' else 'approved' end, {bytes}, 'digest', {stf:1}, {per:2}, i",
    ),
    (
        "licence",
        "i > 0",
        "licence_id, identifier, code, origin, licence_type_id, issuer_id, issuer_name, holder_kind, holder_id, \
         holder_shown, status, changed_at, issued_at, valid_from, renews",
        "{lic:i}, 'identifier' || i, 'code' || i, 'origin' || i, {typ:1 + i % 20}, {org:DEPARTMENT}, 'name', 'person', \
         {per:i - i % 2 + 1}, 'shown', case when i < 3 then 'revoked' when i = 6 then 'intent' when i % 500 = 0 then 'void' \
         else 'valid' end, i, i, '2026-01-01', case when i % 50 = 2 then {lic:i - 1} end",
    ),
    (
        "licence_revocation",
        "i > 0 and (i < 4 or i % 20 = 0)",
        "revocation_id, licence_id, issuer_id, reason, filed_by, filed_person, filed_at, ends_at, state",
        "{rev:i}, {lic:i}, {org:DEPARTMENT}, 'fraud', {stf:1 + i % 100}, {per:2}, \
         case when i < 500 then i else LATER end, LATER, case when i < 100 then 'open' else 'approved' end",
    ),
    (
        "licence_notice",
        "i % 10 = 0",
        "licence_id, person_id, status, changed_at, seen_at",
        "{lic:i}, {per:i}, 'revoked', i, i",
    ),
    ("licence_joint_holder", "i % 10 = 0", "licence_id, person_id", "{lic:i}, {per:i}"),
    ("licence_holding", "i % 10 = 0", "holder_id, type_code, licence_id", "{per:i}, 'type-1', {lic:i}"),
    (
        "licence_content",
        "i > 0",
        "licence_id, content, content_digest, maker_staff, maker_person, checker_staff, checker_person",
        "{lic:i}, {bytes}, 'digest', {stf:1}, {per:2}, {stf:3}, {per:4}",
    ),
    (
        "licence_file",
        "i > 0",
        "licence_id, sha256, bytes, seal_id, key_id, made_at",
        "{lic:i}, 'sha256' || i, {bytes}, {sel:1}, {key:6}, i",
    ),
    ("licence_piece", "i < 1000 or i % 1000 = 0", "name, bytes", "'name' || i, {bytes}"),
    (
        "verification",
        "i > 0",
        "receipt_id, at, asked_by, method, licence_id, outcome",
        "{rcp:i}, i, {org:DEPARTMENT}, 'code', {lic:i}, 'valid'",
    ),
    (
        "pki_key",
        "i < 1000 or i % 1000 = 0",
        "key_id, purpose, algorithm, state, spki, list_number, not_before, not_after, created_at",
        "{key:i}, case when i < 3 then 'issuing_authority' when i < 6 then 'token' else 'seal' end, 'p256', 'active', \
         {bytes}, case when i < 3 then i end, 0, case when i < 1000 then i else LATER end, i",
    ),
    (
        "pki_certificate",
        "i < 1000 or i % 1000 = 0",
        "certificate_id, key_id, issuer_key_id, serial, subject, der, not_before, not_after, revoked_at, revocation_reason",
        "{crt:i}, {key:i}, {key:1 + i % 2}, 'serial' || i, 'subject', {bytes}, 0, LATER, case when i < 10 then i end, \
         case when i < 10 then 'reason' end",
    ),
    (
        "pki_crl",
        "i < 1000 or i % 1000 = 0",
        "issuer_key_id, number, this_update, next_update, der",
        "{key:1 + i / 1000 % 2}, i, i, i, {bytes}",
    ),
    (
        "seal",
        "i < 1000 or i % 1000 = 0",
        "seal_id, organisation_id, kind, name, name_key, number, ring, below, keeper, state, key_id, applied_at, \
         changed_at",
        "{sel:i}, {org:DEPARTMENT}, 'official', 'name', 'name', 'number' || i, 'ring', 'below', {stf:1}, 'cancelled', \
         case when i > 5 then {key:i} end, i, i",
    ),
];

/// The departments: four rows of a table are of the ninth, all others of eight.
const DEPARTMENT: &str = "(case when i < 5 then 9 else 1 + i % 8 end)";

/// An instant that has not come.
const LATER: &str = "4000000000000000";

/// The identifier of the `i`-th of its kind, as the tables have it.
pub fn id(prefix: &str, i: i64) -> String {
    format!("{prefix}_01K9{i:022}")
}

/// Makes what belongs to the numbers after `from` up to `to`; `from` is 0, or what was the `to` before.
pub async fn grow(database: &Database, from: i64, to: i64) -> Result<(), Fault> {
    let bytes = if database.dialect().name() == "sqlite" { "cast('x' as blob)" } else { "cast('x' as bytea)" };
    for (table, which, columns, values) in TABLES {
        let sql = format!(
            "with recursive n(i) as (select cast($1 as bigint) + 1 union all select i + 1 from n where i < $2)
             insert into {table} ({columns})
             select {} from n where {which}",
            written(values).replace("{bytes}", bytes)
        );
        let mut made = from;
        while made < to {
            let until = (made + STEP).min(to);
            let mut tx = database.housekeeping().await?;
            tx.take_time().await?;
            tx.run_text(&sql, args![made, until]).await?;
            tx.commit().await?;
            made = until;
        }
    }
    let mut tx = database.housekeeping().await?;
    tx.run_text("update event_head set sequence = $1, hash = 'hash' where one = 1", args![to]).await?;
    tx.commit().await
}

/// The values with `{lic:i - 1}` written out as the expression of that identifier.
fn written(values: &str) -> String {
    let mut text = String::new();
    let mut rest = values;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.split_once('}').map(|(inside, rest)| (inside.split_once(':'), inside, rest)) {
            Some((Some((prefix, number)), _, behind)) => {
                let number = number.replace("DEPARTMENT", DEPARTMENT);
                // 22 digits are more than a number has.
                let _ =
                    write!(text, "('{prefix}_01K9000000000000' || substr(cast(10000000000 + ({number}) as text), 2))");
                rest = behind;
            }
            Some((None, inside, behind)) => {
                let _ = write!(text, "{{{inside}}}");
                rest = behind;
            }
            None => rest = after,
        }
    }
    text.push_str(rest);
    text.replace("LATER", LATER)
}
