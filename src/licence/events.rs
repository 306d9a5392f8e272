//! What is written down about licences.

/// A clerk handed in an application.
pub const APPLICATION_SUBMITTED: &str = "application.submitted";
/// A reviewer approved an application.
pub const APPLICATION_APPROVED: &str = "application.approved";
/// A reviewer returned an application.
pub const APPLICATION_RETURNED: &str = "application.returned";
/// A number was given and the intent to issue recorded.
pub const ISSUE_INTENDED: &str = "licence.issue_intended";
/// A repeated request goes on with the number it was given before.
pub const ISSUE_RESUMED: &str = "licence.issue_resumed";
/// The signed document was recorded: the licence exists.
pub const ISSUED: &str = "licence.issued";
/// An intent could not be carried out; its number is not used again.
pub const VOIDED: &str = "licence.voided";
/// A licence was suspended.
pub const SUSPENDED: &str = "licence.suspended";
/// A suspended licence is in force again.
pub const REINSTATED: &str = "licence.reinstated";
/// A licence was revoked for good.
pub const REVOKED: &str = "licence.revoked";
/// A renewed licence took the place of an older one.
pub const SUPERSEDED: &str = "licence.superseded";
/// A draft of a licence type was written.
pub const TYPE_DRAFTED: &str = "licence_type.drafted";
/// A version of a licence type may be used from now on.
pub const TYPE_PUBLISHED: &str = "licence_type.published";
/// A version of a licence type may no longer be used.
pub const TYPE_RETIRED: &str = "licence_type.retired";
/// A department may issue licences of a type.
pub const TYPE_ISSUER_ADDED: &str = "licence_type.issuer_added";
/// Somebody verified a licence, or what looked like one.
pub const VERIFIED: &str = "licence.verified";
/// A member of staff opened a receipt again.
pub const RECEIPT_OPENED: &str = "verification.receipt_opened";
/// A file carried a genuine seal and is not in the records: a key may be in other hands.
pub const VERIFICATION_ALARM: &str = "verification.alarm";

/// All kinds.
pub const ALL: &[&str] = &[
    APPLICATION_SUBMITTED,
    APPLICATION_APPROVED,
    APPLICATION_RETURNED,
    ISSUE_INTENDED,
    ISSUE_RESUMED,
    ISSUED,
    VOIDED,
    SUSPENDED,
    REINSTATED,
    REVOKED,
    SUPERSEDED,
    TYPE_DRAFTED,
    TYPE_PUBLISHED,
    TYPE_RETIRED,
    TYPE_ISSUER_ADDED,
    VERIFIED,
    RECEIPT_OPENED,
    VERIFICATION_ALARM,
];
