//! The words of what is written down.

use base::Text;
use records::{Event, EventKind};

/// Every kind of events with its words.
const WORDS: &[(EventKind, &Text)] = &[
    (identity::events::AccountClosed::KIND, words::event::ACCOUNT_CLOSED),
    (identity::events::AccountLocked::KIND, words::event::ACCOUNT_LOCKED),
    (identity::events::AccountOpened::KIND, words::event::ACCOUNT_OPENED),
    (identity::events::AccountRenamed::KIND, words::event::ACCOUNT_RENAMED),
    (identity::events::AccountUnlocked::KIND, words::event::ACCOUNT_UNLOCKED),
    (identity::events::CommandKeyEnded::KIND, words::event::COMMAND_KEY_ENDED),
    (identity::events::CommandKeyMade::KIND, words::event::COMMAND_KEY_MADE),
    (identity::events::CommandApproved::KIND, words::event::COMMAND_APPROVED),
    (identity::events::CommandProved::KIND, words::event::COMMAND_PROVED),
    (identity::events::MandateEnded::KIND, words::event::MANDATE_ENDED),
    (identity::events::MandateGiven::KIND, words::event::MANDATE_GIVEN),
    (identity::events::OrganisationCeased::KIND, words::event::ORGANISATION_CEASED),
    (identity::events::OrganisationChanged::KIND, words::event::ORGANISATION_CHANGED),
    (identity::events::OrganisationRegistered::KIND, words::event::ORGANISATION_REGISTERED),
    (identity::events::OrganisationResumed::KIND, words::event::ORGANISATION_RESUMED),
    (identity::events::OrganisationSuspended::KIND, words::event::ORGANISATION_SUSPENDED),
    (identity::events::PasswordHandedOut::KIND, words::event::PASSWORD_HANDED_OUT),
    (identity::events::PasswordResetApproved::KIND, words::event::PASSWORD_RESET_APPROVED),
    (identity::events::PasswordResetFiled::KIND, words::event::PASSWORD_RESET_FILED),
    (identity::events::PasswordResetRefused::KIND, words::event::PASSWORD_RESET_REFUSED),
    (identity::events::PasswordResetWithdrawn::KIND, words::event::PASSWORD_RESET_WITHDRAWN),
    (identity::events::PasswordSet::KIND, words::event::PASSWORD_SET),
    (identity::events::PasswordUpgraded::KIND, words::event::PASSWORD_UPGRADED),
    (identity::events::PeopleSearched::KIND, words::event::PERSON_SEARCHED),
    (identity::events::PersonChanged::KIND, words::event::PERSON_CHANGED),
    (identity::events::PersonDied::KIND, words::event::PERSON_DIED),
    (identity::events::PersonOpened::KIND, words::event::PERSON_OPENED),
    (identity::events::PersonRegistered::KIND, words::event::PERSON_REGISTERED),
    (identity::events::ProposalApproved::KIND, words::event::PROPOSAL_APPROVED),
    (identity::events::ProposalMade::KIND, words::event::PROPOSAL_MADE),
    (identity::events::ProposalRefused::KIND, words::event::PROPOSAL_REFUSED),
    (identity::events::ProposalWithdrawn::KIND, words::event::PROPOSAL_WITHDRAWN),
    (identity::events::ReasonGiven::KIND, words::event::REASON_GIVEN),
    (identity::events::SessionClosed::KIND, words::event::SESSION_CLOSED),
    (identity::events::SignInFailed::KIND, words::event::SIGN_IN_FAILED),
    (identity::events::SignInSucceeded::KIND, words::event::SIGN_IN_SUCCEEDED),
    (identity::events::StaffAppointed::KIND, words::event::STAFF_APPOINTED),
    (identity::events::StaffEnded::KIND, words::event::STAFF_ENDED),
    (identity::events::StaffListed::KIND, words::event::STAFF_LISTED),
    (licence::events::ApplicationApproved::KIND, words::event::APPLICATION_APPROVED),
    (licence::events::ApplicationReturned::KIND, words::event::APPLICATION_RETURNED),
    (licence::events::ApplicationWithdrawn::KIND, words::event::APPLICATION_WITHDRAWN),
    (licence::events::ApplicationSubmitted::KIND, words::event::APPLICATION_SUBMITTED),
    (licence::events::IssueIntended::KIND, words::event::LICENCE_ISSUE_INTENDED),
    (licence::events::IssueResumed::KIND, words::event::LICENCE_ISSUE_RESUMED),
    (licence::events::IssueVoided::KIND, words::event::LICENCE_VOIDED),
    (licence::events::LicenceIssued::KIND, words::event::LICENCE_ISSUED),
    (licence::events::ApplicationAdopted::KIND, words::event::APPLICATION_ADOPTED),
    (licence::events::ApplicationProposed::KIND, words::event::APPLICATION_PROPOSED),
    (licence::events::ApplicationOpened::KIND, words::event::APPLICATION_OPENED),
    (licence::events::LicenceNoticeSeen::KIND, words::event::LICENCE_NOTICE_SEEN),
    (licence::events::LicenceOpened::KIND, words::event::LICENCE_OPENED),
    (licence::events::LicencesListed::KIND, words::event::LICENCE_LISTED),
    (licence::events::LicencesSearched::KIND, words::event::LICENCE_SEARCHED),
    (licence::events::LicenceReinstated::KIND, words::event::LICENCE_REINSTATED),
    (licence::events::LicenceRevoked::KIND, words::event::LICENCE_REVOKED),
    (licence::events::RevocationAdopted::KIND, words::event::LICENCE_REVOCATION_ADOPTED),
    (licence::events::RevocationFiled::KIND, words::event::LICENCE_REVOCATION_FILED),
    (licence::events::RevocationOpened::KIND, words::event::LICENCE_REVOCATION_OPENED),
    (licence::events::RevocationRefused::KIND, words::event::LICENCE_REVOCATION_REFUSED),
    (licence::events::RevocationWithdrawn::KIND, words::event::LICENCE_REVOCATION_WITHDRAWN),
    (licence::events::TypeRevocationSet::KIND, words::event::LICENCE_TYPE_REVOCATION_SET),
    (licence::events::LicenceSuperseded::KIND, words::event::LICENCE_SUPERSEDED),
    (licence::events::LicenceSuspended::KIND, words::event::LICENCE_SUSPENDED),
    (licence::events::LicenceVerified::KIND, words::event::LICENCE_VERIFIED),
    (licence::events::HolderCompared::KIND, words::event::VERIFICATION_HOLDER_COMPARED),
    (licence::events::ReceiptOpened::KIND, words::event::VERIFICATION_RECEIPT_OPENED),
    (licence::events::TypeDrafted::KIND, words::event::LICENCE_TYPE_DRAFTED),
    (licence::events::TypeIssuerAdded::KIND, words::event::LICENCE_TYPE_ISSUER_ADDED),
    (licence::events::TypePublished::KIND, words::event::LICENCE_TYPE_PUBLISHED),
    (licence::events::TypeRetired::KIND, words::event::LICENCE_TYPE_RETIRED),
    (licence::events::VerificationAlarm::KIND, words::event::VERIFICATION_ALARM),
    (oidc::events::AuthorizationRefused::KIND, words::event::OIDC_AUTHORIZATION_REFUSED),
    (oidc::events::ClientChanged::KIND, words::event::CLIENT_CHANGED),
    (oidc::events::ClientDisabled::KIND, words::event::CLIENT_DISABLED),
    (oidc::events::ClientEnabled::KIND, words::event::CLIENT_ENABLED),
    (oidc::events::ClientRefused::KIND, words::event::CLIENT_REFUSED),
    (oidc::events::ClientRegistered::KIND, words::event::CLIENT_REGISTERED),
    (oidc::events::ClientSecretRenewed::KIND, words::event::CLIENT_SECRET_RENEWED),
    (oidc::events::CodeBurnt::KIND, words::event::TOKEN_CODE_BURNT),
    (oidc::events::CodeRedeemed::KIND, words::event::TOKEN_CODE_REDEEMED),
    (oidc::events::CodeReused::KIND, words::event::TOKEN_CODE_REUSED),
    (oidc::events::GrantGiven::KIND, words::event::GRANT_GIVEN),
    (oidc::events::GrantRefused::KIND, words::event::GRANT_REFUSED),
    (oidc::events::GrantWithdrawn::KIND, words::event::GRANT_WITHDRAWN),
    (oidc::events::FamilyChanged::KIND, words::event::TOKEN_FAMILY_CHANGED),
    (oidc::events::RefreshReused::KIND, words::event::TOKEN_REFRESH_REUSED),
    (oidc::events::SessionTokensRevoked::KIND, words::event::TOKEN_SESSION_REVOKED),
    (oidc::events::TokenRefreshed::KIND, words::event::TOKEN_REFRESHED),
    (pki::events::CertificateIssued::KIND, words::event::PKI_CERTIFICATE_ISSUED),
    (pki::events::CertificateRevoked::KIND, words::event::PKI_CERTIFICATE_REVOKED),
    (pki::events::CrlSigned::KIND, words::event::PKI_CRL_SIGNED),
    (pki::events::EnvelopeBound::KIND, words::event::PKI_ENVELOPE_BOUND),
    (pki::events::KeyActivated::KIND, words::event::PKI_KEY_ACTIVATED),
    (pki::events::KeyBroughtBack::KIND, words::event::PKI_KEY_BROUGHT_BACK),
    (pki::events::KeyCreated::KIND, words::event::PKI_KEY_CREATED),
    (pki::events::KeyRetired::KIND, words::event::PKI_KEY_RETIRED),
    (pki::events::KeyRevoked::KIND, words::event::PKI_KEY_REVOKED),
    (pki::events::KeyTakenOut::KIND, words::event::PKI_KEY_TAKEN_OUT),
    (records::events::BackupBegun::KIND, words::event::BACKUP_BEGUN),
    (records::events::BackupDrilled::KIND, words::event::BACKUP_DRILLED),
    (records::events::BackupEnded::KIND, words::event::BACKUP_ENDED),
    (records::events::BackupFailed::KIND, words::event::BACKUP_FAILED),
    (records::events::BackupRemoved::KIND, words::event::BACKUP_REMOVED),
    (records::events::BackupRestored::KIND, words::event::BACKUP_RESTORED),
    (records::events::DemonstrationFounded::KIND, words::event::DEMONSTRATION_FOUNDED),
    (records::events::JobDead::KIND, words::event::JOB_DEAD),
    (records::events::LogArchived::KIND, words::event::LOG_ARCHIVED),
    (records::events::LogAudited::KIND, words::event::LOG_AUDITED),
    (records::events::LogHeadsBegun::KIND, words::event::LOG_HEADS_BEGUN),
    (records::events::LossAcknowledged::KIND, words::event::LOG_LOSS_ACKNOWLEDGED),
    (records::events::LogPutBack::KIND, words::event::LOG_PUT_BACK),
    (records::events::LogRead::KIND, words::event::LOG_READ),
    (records::events::RowPutBack::KIND, words::event::ROWS_PUT_BACK),
    (records::events::RowsArchived::KIND, words::event::ROWS_ARCHIVED),
    (records::events::RowsMarked::KIND, words::event::ROWS_MARKED),
    (seal::events::SealApplied::KIND, words::event::SEAL_APPLIED),
    (seal::events::SealCancelled::KIND, words::event::SEAL_CANCELLED),
    (seal::events::SealEnabled::KIND, words::event::SEAL_ENABLED),
    (seal::events::SealFiled::KIND, words::event::SEAL_FILED),
    (seal::events::SealFrozen::KIND, words::event::SEAL_FROZEN),
    (seal::events::SealMade::KIND, words::event::SEAL_MADE),
    (seal::events::SealRenewed::KIND, words::event::SEAL_RENEWED),
    (seal::events::SealUnfrozen::KIND, words::event::SEAL_UNFROZEN),
];

/// Every kind of events with its words, by their names.
pub fn event_kinds() -> impl Iterator<Item = (&'static str, &'static Text)> {
    let mut kinds: Vec<_> = WORDS.iter().map(|(kind, words)| (kind.name, *words)).collect();
    kinds.sort_by_key(|(kind, _)| *kind);
    kinds.into_iter()
}

/// What kinds begin with, in the groups in which people look for them.
const GROUPS: &[(&Text, &[&str])] = &[
    (words::event_group::PEOPLE, &["mandate", "organisation", "person", "staff"]),
    (words::event_group::ACCOUNTS, &["account", "password", "session", "sign_in"]),
    (words::event_group::CLIENTS, &["client", "grant", "oidc", "token"]),
    (words::event_group::LICENCES, &["application", "licence", "licence_type", "verification"]),
    (words::event_group::SEALS, &["seal"]),
    (words::event_group::TWO, &["command", "command_key", "proposal", "reason"]),
    (words::event_group::KEYS, &["pki"]),
    (words::event_group::RECORDS, &["backup", "demonstration", "job", "log", "rows"]),
];

/// Every kind of events with its words, in groups.
pub fn event_groups() -> impl Iterator<Item = (&'static Text, impl Iterator<Item = (&'static str, &'static Text)>)> {
    GROUPS.iter().map(|(name, begins)| {
        let is_in = |kind: &str| kind.split_once('.').is_some_and(|(begin, _)| begins.contains(&begin));
        (*name, event_kinds().filter(move |(kind, _)| is_in(kind)))
    })
}

/// The words of a kind of event; none for a kind that we do not write (any more).
pub fn event(kind: &str) -> Option<&'static Text> {
    WORDS.iter().find(|(known, _)| known.name == kind).map(|(_, words)| *words)
}
