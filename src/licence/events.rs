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

/// All kinds with their names.
pub const ALL: &[(&str, &str, &str)] = &[
    (APPLICATION_SUBMITTED, "提交申请", "application submitted"),
    (APPLICATION_APPROVED, "审核通过", "application approved"),
    (APPLICATION_RETURNED, "退回申请", "application returned"),
    (ISSUE_INTENDED, "编号并准备签发", "numbered, about to be issued"),
    (ISSUE_RESUMED, "继续签发", "issue resumed"),
    (ISSUED, "签发", "issued"),
    (VOIDED, "签发作废", "issue voided"),
    (SUSPENDED, "暂扣", "suspended"),
    (REINSTATED, "恢复", "reinstated"),
    (REVOKED, "吊销", "revoked"),
    (SUPERSEDED, "被新版本取代", "superseded"),
    (TYPE_DRAFTED, "起草证照类型", "licence type drafted"),
    (TYPE_PUBLISHED, "发布证照类型", "licence type published"),
    (TYPE_RETIRED, "停用证照类型", "licence type retired"),
    (TYPE_ISSUER_ADDED, "授权部门签发", "department authorised to issue"),
    (VERIFIED, "核验", "verified"),
    (RECEIPT_OPENED, "查看核验回执", "verification receipt opened"),
    (VERIFICATION_ALARM, "核验告警：有签章而无记录", "verification alarm: sealed but not recorded"),
];
