//! The kinds of events this crate records.

pub const ACCOUNT_CLOSED: &str = "account.closed";
pub const ACCOUNT_LOCKED: &str = "account.locked";
pub const ACCOUNT_OPENED: &str = "account.opened";
pub const ACCOUNT_UNLOCKED: &str = "account.unlocked";
pub const MANDATE_ENDED: &str = "mandate.ended";
pub const MANDATE_GIVEN: &str = "mandate.given";
pub const ORGANISATION_CEASED: &str = "organisation.ceased";
pub const ORGANISATION_REGISTERED: &str = "organisation.registered";
pub const ORGANISATION_RESUMED: &str = "organisation.resumed";
pub const ORGANISATION_SUSPENDED: &str = "organisation.suspended";
pub const PASSWORD_SET: &str = "password.set";
pub const PASSWORD_UPGRADED: &str = "password.upgraded";
pub const PERSON_DIED: &str = "person.died";
pub const PERSON_REGISTERED: &str = "person.registered";
pub const SESSION_CLOSED: &str = "session.closed";
pub const SIGN_IN_FAILED: &str = "sign_in.failed";
pub const SIGN_IN_SUCCEEDED: &str = "sign_in.succeeded";
pub const STAFF_APPOINTED: &str = "staff.appointed";
pub const STAFF_ENDED: &str = "staff.ended";

/// All kinds.
pub const ALL: &[&str] = &[
    ACCOUNT_CLOSED,
    ACCOUNT_LOCKED,
    ACCOUNT_OPENED,
    ACCOUNT_UNLOCKED,
    MANDATE_ENDED,
    MANDATE_GIVEN,
    ORGANISATION_CEASED,
    ORGANISATION_REGISTERED,
    ORGANISATION_RESUMED,
    ORGANISATION_SUSPENDED,
    PASSWORD_SET,
    PASSWORD_UPGRADED,
    PERSON_DIED,
    PERSON_REGISTERED,
    SESSION_CLOSED,
    SIGN_IN_FAILED,
    SIGN_IN_SUCCEEDED,
    STAFF_APPOINTED,
    STAFF_ENDED,
];
