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

/// Every kind with its meaning in Chinese and English.
pub const ALL: &[(&str, &str, &str)] = &[
    (ACCOUNT_CLOSED, "账号已注销", "an account was closed"),
    (ACCOUNT_LOCKED, "账号已锁定", "an account was locked"),
    (ACCOUNT_OPENED, "账号已开立", "an account was opened"),
    (ACCOUNT_UNLOCKED, "账号已解锁", "an account was unlocked"),
    (MANDATE_ENDED, "授权委托已终止", "a mandate ended"),
    (MANDATE_GIVEN, "授权委托已生效", "a mandate was given"),
    (ORGANISATION_CEASED, "法人已终止", "an organisation ceased to exist"),
    (ORGANISATION_REGISTERED, "法人已登记", "an organisation was registered"),
    (ORGANISATION_RESUMED, "法人已恢复", "an organisation resumed"),
    (ORGANISATION_SUSPENDED, "法人已暂停", "an organisation was suspended"),
    (PASSWORD_SET, "密码已设置", "a password was set"),
    (PASSWORD_UPGRADED, "密码存储已升级", "a stored password was hashed again with current parameters"),
    (PERSON_DIED, "自然人死亡已登记", "a person's death was written down"),
    (PERSON_REGISTERED, "自然人已登记", "a person was registered"),
    (SESSION_CLOSED, "会话已结束", "a session was closed"),
    (SIGN_IN_FAILED, "登录失败", "a sign-in failed"),
    (SIGN_IN_SUCCEEDED, "登录成功", "a sign-in succeeded"),
    (STAFF_APPOINTED, "工作人员已任命", "a member of staff was appointed"),
    (STAFF_ENDED, "工作人员已离任", "an appointment ended"),
];
