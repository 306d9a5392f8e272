//! The words of what is written down.

use base::Text;

/// The words of a kind of event; none for a kind that we do not write (any more).
pub fn event(kind: &str) -> Option<&'static Text> {
    Some(match kind {
        identity::events::ACCOUNT_CLOSED => words::event::ACCOUNT_CLOSED,
        identity::events::ACCOUNT_LOCKED => words::event::ACCOUNT_LOCKED,
        identity::events::ACCOUNT_OPENED => words::event::ACCOUNT_OPENED,
        identity::events::ACCOUNT_UNLOCKED => words::event::ACCOUNT_UNLOCKED,
        identity::events::MANDATE_ENDED => words::event::MANDATE_ENDED,
        identity::events::MANDATE_GIVEN => words::event::MANDATE_GIVEN,
        identity::events::ORGANISATION_CEASED => words::event::ORGANISATION_CEASED,
        identity::events::ORGANISATION_REGISTERED => words::event::ORGANISATION_REGISTERED,
        identity::events::ORGANISATION_RESUMED => words::event::ORGANISATION_RESUMED,
        identity::events::ORGANISATION_SUSPENDED => words::event::ORGANISATION_SUSPENDED,
        identity::events::PASSWORD_SET => words::event::PASSWORD_SET,
        identity::events::PASSWORD_UPGRADED => words::event::PASSWORD_UPGRADED,
        identity::events::PERSON_DIED => words::event::PERSON_DIED,
        identity::events::PERSON_REGISTERED => words::event::PERSON_REGISTERED,
        identity::events::SESSION_CLOSED => words::event::SESSION_CLOSED,
        identity::events::SIGN_IN_FAILED => words::event::SIGN_IN_FAILED,
        identity::events::SIGN_IN_SUCCEEDED => words::event::SIGN_IN_SUCCEEDED,
        identity::events::STAFF_APPOINTED => words::event::STAFF_APPOINTED,
        identity::events::STAFF_ENDED => words::event::STAFF_ENDED,
        licence::events::APPLICATION_SUBMITTED => words::event::APPLICATION_SUBMITTED,
        licence::events::APPLICATION_APPROVED => words::event::APPLICATION_APPROVED,
        licence::events::APPLICATION_RETURNED => words::event::APPLICATION_RETURNED,
        licence::events::ISSUE_INTENDED => words::event::LICENCE_ISSUE_INTENDED,
        licence::events::ISSUE_RESUMED => words::event::LICENCE_ISSUE_RESUMED,
        licence::events::ISSUED => words::event::LICENCE_ISSUED,
        licence::events::VOIDED => words::event::LICENCE_VOIDED,
        licence::events::SUSPENDED => words::event::LICENCE_SUSPENDED,
        licence::events::REINSTATED => words::event::LICENCE_REINSTATED,
        licence::events::REVOKED => words::event::LICENCE_REVOKED,
        licence::events::SUPERSEDED => words::event::LICENCE_SUPERSEDED,
        licence::events::TYPE_DRAFTED => words::event::LICENCE_TYPE_DRAFTED,
        licence::events::TYPE_PUBLISHED => words::event::LICENCE_TYPE_PUBLISHED,
        licence::events::TYPE_RETIRED => words::event::LICENCE_TYPE_RETIRED,
        licence::events::TYPE_ISSUER_ADDED => words::event::LICENCE_TYPE_ISSUER_ADDED,
        licence::events::VERIFIED => words::event::LICENCE_VERIFIED,
        licence::events::RECEIPT_OPENED => words::event::VERIFICATION_RECEIPT_OPENED,
        licence::events::VERIFICATION_ALARM => words::event::VERIFICATION_ALARM,
        oidc::events::CLIENT_REGISTERED => words::event::CLIENT_REGISTERED,
        oidc::events::CLIENT_ENABLED => words::event::CLIENT_ENABLED,
        oidc::events::CLIENT_DISABLED => words::event::CLIENT_DISABLED,
        oidc::events::CLIENT_SECRET_RENEWED => words::event::CLIENT_SECRET_RENEWED,
        oidc::events::CLIENT_REFUSED => words::event::CLIENT_REFUSED,
        oidc::events::AUTHORIZATION_REFUSED => words::event::OIDC_AUTHORIZATION_REFUSED,
        oidc::events::GRANT_GIVEN => words::event::GRANT_GIVEN,
        oidc::events::GRANT_REFUSED => words::event::GRANT_REFUSED,
        oidc::events::GRANT_WITHDRAWN => words::event::GRANT_WITHDRAWN,
        oidc::events::CODE_REDEEMED => words::event::TOKEN_CODE_REDEEMED,
        oidc::events::CODE_BURNT => words::event::TOKEN_CODE_BURNT,
        oidc::events::CODE_REUSED => words::event::TOKEN_CODE_REUSED,
        oidc::events::REFRESHED => words::event::TOKEN_REFRESHED,
        oidc::events::REFRESH_REUSED => words::event::TOKEN_REFRESH_REUSED,
        oidc::events::SESSION_TOKENS_REVOKED => words::event::TOKEN_SESSION_REVOKED,
        pki::events::CERTIFICATE_ISSUED => words::event::PKI_CERTIFICATE_ISSUED,
        pki::events::CERTIFICATE_REVOKED => words::event::PKI_CERTIFICATE_REVOKED,
        pki::events::CRL_SIGNED => words::event::PKI_CRL_SIGNED,
        pki::events::ENVELOPE_BOUND => words::event::PKI_ENVELOPE_BOUND,
        pki::events::KEY_ACTIVATED => words::event::PKI_KEY_ACTIVATED,
        pki::events::KEY_CREATED => words::event::PKI_KEY_CREATED,
        pki::events::KEY_RETIRED => words::event::PKI_KEY_RETIRED,
        pki::events::KEY_REVOKED => words::event::PKI_KEY_REVOKED,
        seal::events::APPLIED => words::event::SEAL_APPLIED,
        seal::events::CANCELLED => words::event::SEAL_CANCELLED,
        seal::events::ENABLED => words::event::SEAL_ENABLED,
        seal::events::FILED => words::event::SEAL_FILED,
        seal::events::FROZEN => words::event::SEAL_FROZEN,
        seal::events::MADE => words::event::SEAL_MADE,
        seal::events::RENEWED => words::event::SEAL_RENEWED,
        seal::events::UNFROZEN => words::event::SEAL_UNFROZEN,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_kind_of_event_has_words() {
        let kinds =
            [identity::events::ALL, licence::events::ALL, oidc::events::ALL, pki::events::ALL, seal::events::ALL];
        for kind in kinds.concat() {
            assert!(super::event(kind).is_some(), "{kind}");
        }
    }
}
