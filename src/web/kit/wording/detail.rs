//! The words of what an event says beside what happened.

use base::{Instant, Language, Text};
use identity::Role;
use licence::{
    Standing,
    reason::{ReturnReason, RevocationReason, SuspensionReason, WithdrawalReason},
};
use oidc::{events::AuthorizationRefused, scope};
use pki::{KeyState, Purpose};
use records::{Event as _, events::RowsMarked};
use seal::SealKind;
use serde_json::Value;

use super::{
    Worded,
    event::event,
    finding::rows_of,
    identity::role_words,
    keys::{key_state_words, purpose_words, seal_kind_words},
};

/// Every detail with its words.
const WORDS: &[(&str, &Text)] = &[
    ("about", words::event_detail::ABOUT),
    ("act", words::event_detail::ACT),
    ("acts_for", words::event_detail::ACTS_FOR),
    ("address", words::event_detail::ADDRESS),
    ("after", words::event_detail::AFTER),
    ("again", words::event_detail::AGAIN),
    ("attested_by", words::event_detail::ATTESTED_BY),
    ("backup", words::event_detail::BACKUP),
    ("before", words::event_detail::BEFORE),
    ("by", words::event_detail::BY),
    ("bytes", words::event_detail::BYTES),
    ("checked", words::event_detail::CHECKED),
    ("checker", words::event_detail::CHECKER),
    ("clerk", words::event_detail::CLERK),
    ("client", words::event_detail::CLIENT),
    ("clients_told", words::event_detail::CLIENTS_TOLD),
    ("code", words::event_detail::CODE),
    ("before_sha256", words::event_detail::BEFORE_SHA256),
    ("content_sha256", words::event_detail::CONTENT_SHA256),
    ("count", words::event_detail::COUNT),
    ("decided_by", words::event_detail::DECIDED_BY),
    ("decision", words::event_detail::DECISION),
    ("document", words::event_detail::DOCUMENT),
    ("error", words::event_detail::ERROR),
    ("events", words::event_detail::EVENTS),
    ("failures", words::event_detail::FAILURES),
    ("families", words::event_detail::FAMILIES),
    ("fields", words::event_detail::FIELDS),
    ("file", words::event_detail::FILE),
    ("filed_by", words::event_detail::FILED_BY),
    ("filer", words::event_detail::FILER),
    ("findings", words::event_detail::FINDINGS),
    ("folder", words::event_detail::FOLDER),
    ("first", words::event_detail::FIRST),
    ("found", words::event_detail::FOUND),
    ("hash", words::event_detail::HASH),
    ("holder", words::event_detail::HOLDER),
    ("identifier", words::event_detail::IDENTIFIER),
    ("identity_number_approved", words::event_detail::IDENTITY_NUMBER_APPROVED),
    ("is_holder", words::event_detail::IS_HOLDER),
    ("keeper", words::event_detail::KEEPER),
    ("kept", words::event_detail::KEPT),
    ("key", words::event_detail::KEY),
    ("kind", words::event_detail::KIND),
    ("last", words::event_detail::LAST),
    ("licence", words::event_detail::LICENCE),
    ("maker", words::event_detail::MAKER),
    ("method", words::event_detail::METHOD),
    ("name", words::event_detail::NAME),
    ("named", words::event_detail::NAMED),
    ("number", words::event_detail::NUMBER),
    ("on", words::event_detail::ON),
    ("organisation", words::event_detail::ORGANISATION),
    ("outcome", words::event_detail::OUTCOME),
    ("people", words::event_detail::PEOPLE),
    ("person", words::event_detail::PERSON),
    ("pkce_exempted_by", words::event_detail::PKCE_EXEMPTED_BY),
    ("pkce_reuse", words::event_detail::PKCE_REUSE),
    ("proposal", words::event_detail::PROPOSAL),
    ("proposed_by", words::event_detail::PROPOSED_BY),
    ("purpose", words::event_detail::PURPOSE),
    ("reason", words::event_detail::REASON),
    ("receipt", words::event_detail::RECEIPT),
    ("received", words::event_detail::RECEIVED),
    ("registered", words::event_detail::REGISTERED),
    ("renaming", words::event_detail::RENAMING),
    ("request", words::event_detail::REQUEST),
    ("reset", words::event_detail::RESET),
    ("revocation", words::event_detail::REVOCATION),
    ("revoked", words::event_detail::REVOKED),
    ("roles", words::event_detail::ROLES),
    ("rows", words::event_detail::ROWS),
    ("scopes", words::event_detail::SCOPES),
    ("seal", words::event_detail::SEAL),
    ("seconds", words::event_detail::SECONDS),
    ("serial", words::event_detail::SERIAL),
    ("session", words::event_detail::SESSION),
    ("sha256", words::event_detail::SHA256),
    ("since", words::event_detail::SINCE),
    ("state", words::event_detail::STATE),
    ("status", words::event_detail::STATUS),
    ("subject", words::event_detail::SUBJECT),
    ("table", words::event_detail::TABLE),
    ("type", words::event_detail::TYPE),
    ("until", words::event_detail::UNTIL),
    ("version", words::event_detail::VERSION),
    ("wait_seconds", words::event_detail::WAIT_SECONDS),
    ("what", words::event_detail::WHAT),
    ("whole_at", words::event_detail::WHOLE_AT),
    ("why", words::event_detail::WHY),
    ("with_keys", words::event_detail::WITH_KEYS),
];

/// The words of a detail; none for one that we do not write (any more).
pub fn detail(name: &str) -> Option<&'static Text> {
    WORDS.iter().find(|(known, _)| *known == name).map(|(_, words)| *words)
}

/// Details whose values are codes of ours and nobody's words.
const CODED: &[&str] = &["by", "document", "method", "outcome", "what"];

/// The codes that stand there, with their words.
const VALUES: &[(&str, &Text)] = &[
    ("account", words::event_value::ACCOUNT),
    ("actor", words::event_value::ACTOR),
    ("application", words::event_value::APPLICATION),
    ("code", words::event_value::CODE),
    ("command", words::event_value::COMMAND),
    ("counter", words::event_value::COUNTER),
    ("credit_code", words::event_value::CREDIT_CODE),
    ("everything", words::event_value::EVERYTHING),
    ("file", words::event_value::FILE),
    ("household_register", words::event_value::HOUSEHOLD_REGISTER),
    ("registered_document", words::event_value::REGISTERED_DOCUMENT),
    ("identifier", words::event_value::IDENTIFIER),
    ("identity_card", words::event_value::IDENTITY_CARD),
    ("identity_number", words::event_value::IDENTITY_NUMBER),
    ("invalid", words::event_value::INVALID),
    ("kind", words::event_value::KIND),
    ("licence", words::event_value::LICENCE),
    ("name", words::event_value::NAME),
    ("needs_review", words::event_value::NEEDS_REVIEW),
    ("nothing", words::event_value::NOTHING),
    ("number", words::event_value::NUMBER),
    ("object", words::event_value::OBJECT),
    ("organisation", words::event_value::ORGANISATION),
    ("page", words::event_value::PAGE),
    ("password", words::event_value::PASSWORD),
    ("password_reset", words::event_value::PASSWORD_RESET),
    ("proposal", words::event_value::PROPOSAL),
    ("record", words::event_value::RECORD),
    ("request", words::event_value::REQUEST),
    ("renew", words::event_value::RENEW),
    ("revoke", words::event_value::REVOKE),
    ("temporary_identity_card", words::event_value::TEMPORARY_IDENTITY_CARD),
    ("unverifiable", words::event_value::UNVERIFIABLE),
    ("username", words::event_value::USERNAME),
    ("valid", words::event_value::VALID),
];

/// Kinds whose reasons somebody typed; those of the others are codes.
const TYPED: &[&str] =
    &["log.loss_acknowledged", "pki.certificate.revoked", "proposal.made", "reason.given", "rows.put_back"];

/// The words of what a detail says; none for what is in words already, or is a name, an identifier or a number.
pub fn detail_value(kind: &str, name: &str, value: &Value) -> Option<Text> {
    match value {
        Value::Bool(true) => Some(words::event_value::YES.clone()),
        Value::Bool(false) => Some(words::event_value::NO.clone()),
        Value::Null => Some(words::event_value::NONE.clone()),
        Value::Array(items) if items.is_empty() => Some(words::event_value::NONE.clone()),
        Value::String(text) if text.is_empty() => Some(words::event_value::NONE.clone()),
        Value::String(text) => code(kind, name, text),
        _ => None,
    }
}

/// The words of a text that is a code or an instant.
fn code(kind: &str, name: &str, value: &str) -> Option<Text> {
    match name {
        // No client of ours: the demonstration had its city's licences issued.
        "attested_by" if value == "demo" => Some(words::job::DEMONSTRATION.clone()),
        "kind" if kind.starts_with("seal.") => SealKind::parse(value).map(|kind| seal_kind_words(kind).clone()),
        "kind" => job(value).cloned(),
        "purpose" => Purpose::parse(value).map(|purpose| purpose_words(purpose).clone()),
        "reason" if kind.starts_with("seal.") => {
            (value == seal::calendar::BY_CALENDAR).then(|| words::seals::EXPIRING.clone())
        }
        "reason" if !TYPED.contains(&kind) => reason(value),
        "roles" => Some(roles(value.split(' ').filter_map(Role::parse))),
        "scopes" => Some(permissions(value)),
        "state" => KeyState::parse(value).map(|state| key_state_words(state).clone()),
        "table" => Some(rows_of(value)),
        "status" => Standing::ALL.iter().find(|one| one.as_str() == value).map(Worded::text),
        "why" if kind == AuthorizationRefused::KIND.name => refused(value).cloned(),
        "since" | "until" | "whole_at" => Instant::parse(value).ok().map(|at| same(at.legal_text())),
        _ if CODED.contains(&name) => among(VALUES, value),
        _ => None,
    }
}

/// Why an authorization request was answered with a page of ours: nobody knew where else.
fn refused(why: &str) -> Option<&'static Text> {
    use oidc::Error as E;
    [
        (E::ClientUnknown, words::event_value::CLIENT_UNKNOWN),
        (E::ParameterMissing("redirect_uri"), words::event_value::REDIRECT_URI_MISSING),
        (E::ParameterRepeated, words::event_value::PARAMETER_REPEATED),
        (E::ParametersUnreadable, words::event_value::PARAMETERS_UNREADABLE),
        (E::RedirectUriUnregistered, words::event_value::REDIRECT_URI_UNREGISTERED),
    ]
    .into_iter()
    .find(|(error, _)| error.to_string() == why)
    .map(|(_, words)| words)
}

/// What an application may do; a scope that we do not know (any more) by its name.
fn permissions(scopes: &str) -> Text {
    let known = |name: &str| scope::find(name).map_or_else(|| same(name.to_owned()), |scope| scope.permission.text());
    let said: Vec<Text> = scopes.split(' ').map(known).collect();
    together(said.iter())
}

/// What an entry is about that is neither somebody nor something of the register: a code that the log has there.
pub fn object(kind: &str, object: &str) -> Option<Text> {
    match object {
        "-" => Some(same("–".to_owned())),
        "log" if kind.starts_with("log.") => Some(words::event_value::LOG.clone()),
        "receipts" if kind.starts_with("rows.") => Some(words::event_value::RECEIPTS.clone()),
        table if kind == RowsMarked::KIND.name => Some(rows_of(table)),
        unknown if unknown.starts_with("unknown:") => Some(words::event_value::UNKNOWN_ACCOUNT.clone()),
        // What somebody read of the log by its kind.
        read if kind.starts_with("log.") => event(read).cloned(),
        _ => None,
    }
}

/// What reads alike in both languages.
fn same(text: String) -> Text {
    Text::new(text.clone(), text)
}

/// What roles somebody has.
pub fn roles(roles: impl Iterator<Item = Role>) -> Text {
    together(roles.map(role_words))
}

/// A field of what is registered of an application or an organisation, as it is called where it is changed.
pub fn registered(kind: &str, field: &str) -> Option<Text> {
    among(if kind.starts_with("client.") { TERMS } else { FACTS }, field)
}

/// What the system does by itself, as it stands in the log.
pub fn job(name: &str) -> Option<&'static Text> {
    JOBS.iter().find(|(known, _)| *known == name).map(|(_, words)| *words)
}

/// What was changed of a person, where an event lists it.
pub fn changed(field: &str) -> Option<Text> {
    among(CHANGED, field)
}

fn among(table: &[(&str, &Text)], code: &str) -> Option<Text> {
    table.iter().find(|(known, _)| *known == code).map(|(_, words)| (*words).clone())
}

/// The reason of a sign-in that failed, of a session's end, of what was done to a licence, or of a verdict.
fn reason(code: &str) -> Option<Text> {
    let of_verdict = || verify::Reason::ALL.iter().find(|reason| reason.code() == code).map(Worded::text);
    RevocationReason::parse(code)
        .map(|reason| reason.text())
        .or_else(|| SuspensionReason::parse(code).map(|reason| reason.text()))
        .or_else(|| ReturnReason::parse(code).map(|reason| reason.text()))
        .or_else(|| WithdrawalReason::parse(code).map(|reason| reason.text()))
        .or_else(|| among(REASONS, code))
        .or_else(|| among(VOIDED, code))
        .or_else(of_verdict)
}

/// Several words, one after the other.
fn together<'t>(words: impl Iterator<Item = &'t Text>) -> Text {
    let words: Vec<&Text> = words.collect();
    let joined = |language: Language| {
        let texts: Vec<&str> = words.iter().map(|text| text.in_language(language)).collect();
        texts.join(words::consent::AND.in_language(language))
    };
    Text::new(joined(Language::Chinese), joined(Language::English))
}

const CHANGED: &[(&str, &Text)] = &[
    ("address", words::people::HOME),
    ("email", words::people::EMAIL),
    ("email_verified", words::people::EMAIL_VERIFIED),
    ("name", words::people::NAME),
    ("phone", words::people::PHONE),
    ("phone_verified", words::people::PHONE_VERIFIED),
];

/// What can be changed of an application.
const TERMS: &[(&str, &Text)] = &[
    ("attests_review", words::clients::ATTESTS_REVIEW),
    ("backchannel_logout_uri", words::clients::BACKCHANNEL_LOGOUT_URI),
    ("name_en", words::clients::NAME_EN),
    ("name_zh", words::clients::NAME_ZH),
    ("post_logout_redirect_uris", words::clients::POST_LOGOUT_REDIRECT_URIS),
    ("purpose_en", words::clients::PURPOSE_EN),
    ("purpose_zh", words::clients::PURPOSE_ZH),
    ("redirect_uris", words::clients::REDIRECT_URIS),
    ("scopes", words::clients::SCOPES),
];

/// What can be changed of an organisation.
const FACTS: &[(&str, &Text)] = &[
    ("address", words::organisations::ADDRESS),
    ("legal_representative", words::organisations::REPRESENTATIVE),
    ("name", words::organisations::NAME),
];

const JOBS: &[(&str, &Text)] = &[
    ("archive", words::job::ARCHIVE),
    ("audit", words::job::AUDIT),
    ("backup", words::job::BACKUP),
    ("bootstrap", words::job::BOOTSTRAP),
    ("calendar", words::job::CALENDAR),
    ("demonstration", words::job::DEMONSTRATION),
    ("heads", words::job::HEADS),
    ("keys", words::job::KEYS),
    ("licence.recover", words::job::LICENCE_RECOVER),
    ("licence.types", words::job::LICENCE_TYPES),
    ("oidc.logout", words::job::LOGOUT),
    ("queue", words::job::QUEUE),
];

const REASONS: &[(&str, &Text)] = &[
    ("account_closed", words::event_value::ACCOUNT_CLOSED),
    ("account_locked", words::event_value::ACCOUNT_LOCKED),
    ("account_not_open", words::event_value::ACCOUNT_NOT_OPEN),
    ("closed_by_holder", words::event_value::CLOSED_BY_HOLDER),
    ("password", words::event_value::PASSWORD_WRONG),
    ("password_changed", words::event_value::PASSWORD_CHANGED),
    ("password_ended", words::event_value::PASSWORD_ENDED),
    ("password_reset", words::event_value::PASSWORD_RESET),
    ("replaced", words::event_value::REPLACED),
    ("signed_out", words::event_value::SIGNED_OUT),
    ("signed_out_by_client", words::event_value::SIGNED_OUT_BY_CLIENT),
    ("too_many", words::event_value::TOO_MANY),
    // Of a version before.
    ("unknown", words::event_value::UNKNOWN_ACCOUNT),
    ("unknown_account", words::event_value::UNKNOWN_ACCOUNT),
];

/// Why a licence was given up that was about to be signed, as `licence::Error` says it.
const VOIDED: &[(&str, &Text)] = &[
    ("already_held", words::licence::ALREADY_HELD),
    ("already_superseded", words::licence::ALREADY_SUPERSEDED),
    ("holder_deceased", words::licence::HOLDER_DECEASED),
    ("issuer_suspended", words::licence::ISSUER_SUSPENDED),
    // Of a version before.
    ("lint", words::licence::LINT_FAILED),
    ("lint_failed", words::licence::LINT_FAILED),
    ("renewal_barred", words::licence::RENEWAL_BARRED),
    ("renewal_refused", words::licence::RENEWAL_REFUSED),
    ("seal_expired", words::licence::SEAL_EXPIRED),
    ("seal_not_in_use", words::licence::SEAL_NOT_IN_USE),
];
