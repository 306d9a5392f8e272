//! The one mapping of what went wrong to a status and a stable code. OAuth's own error codes are in
//! `sign_in/oidc/error.rs`.
//!
//! A handler returns `Err(Problem)`; `edge` has it rendered when it knows language and request id. Texts are in
//! `text/*.toml` under `[problem]`, one title and one sentence of what to do for each code.

use std::sync::Arc;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use base::{Fault, Text, fault::FaultKind};
use http::StatusCode;
use records::MaybeFault;

/// Why an answer failed that says so in words of its own, for the one line of the log.
#[derive(Clone, Debug)]
pub struct Reason(pub String);

/// What went wrong, as far as the caller may know.
#[derive(Debug)]
pub enum Problem {
    /// The form's hidden token is missing or another browser's, or another site sent the form.
    Csrf,
    /// A rule of a domain says no: made by the `From` of that domain's error, below, and nowhere else.
    Domain {
        /// The status.
        status: StatusCode,
        /// The stable code, for programs.
        code: &'static str,
        /// What is true and what to do.
        text: Text,
    },
    /// A field came twice.
    DuplicateField(String),
    /// Ours to repair; told as "something failed" with the request id.
    Fault(Fault),
    /// Fields of a JSON body that do not say what they must.
    Fields(Vec<FieldProblem>),
    /// Signed in, but not for this.
    Forbidden,
    /// A form that is cut off or no form at all.
    FormBroken,
    /// A form that is not in UTF-8.
    FormEncoding,
    /// It was here and is no more: old codes.
    Gone,
    /// All headers together are too long.
    HeadersTooLarge,
    /// The body is of a kind that this address does not read.
    MediaType {
        /// What it reads.
        expected: &'static str,
    },
    /// Not with this method.
    MethodNotAllowed,
    /// Meant for another host.
    Misdirected,
    /// There is no such thing, or not for this visitor.
    NotFound,
    /// Sign in first, then go on to this path.
    SignIn {
        /// A path of ours.
        to: String,
    },
    /// No access token where one is needed.
    TokenMissing,
    /// An access token that means nothing (any more).
    TokenInvalid,
    /// An access token without the scope.
    TokenScope(&'static str),
    /// The body or the file is too large.
    TooLarge {
        /// The most bytes.
        max: usize,
    },
    /// Too many tries.
    TooManyRequests {
        /// When to try again.
        retry_after_seconds: u32,
    },
    /// No room right now.
    Busy {
        /// When to try again.
        retry_after_seconds: u32,
    },
    /// The address itself is too long.
    UriTooLong,
}

/// One field of a JSON body that does not say what it must.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FieldProblem {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// The stable code.
    pub code: &'static str,
    /// What is wrong.
    #[serde(serialize_with = "both_languages")]
    pub detail: Text,
}

/// A name as a part of a JSON pointer (RFC 6901), not longer than anyone reads.
pub fn escape(name: &str) -> String {
    let short: String = name.chars().take(60).collect();
    short.replace('~', "~0").replace('/', "~1")
}

fn both_languages<S: serde::Serializer>(text: &Text, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap;
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("zh", &text.zh)?;
    map.serialize_entry("en", &text.en)?;
    map.end()
}

impl MaybeFault for Problem {
    fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<identity::Error> for Problem {
    fn from(error: identity::Error) -> Self {
        use identity::Error;
        let not_found = |code, zh, en| Self::domain(StatusCode::NOT_FOUND, code, zh, en);
        let conflict = |code, zh, en| Self::domain(StatusCode::CONFLICT, code, zh, en);
        let wrong = |code, zh, en| Self::domain(StatusCode::UNPROCESSABLE_ENTITY, code, zh, en);
        match error {
            Error::AccountUnknown => not_found("account_unknown", "没有这个账号。", "There is no such account."),
            Error::AlreadyAppointed => conflict(
                "already_appointed",
                "此人已有任职，请先结束原任职。",
                "This person already has an appointment.",
            ),
            Error::Busy { retry_after_seconds } => Self::Busy { retry_after_seconds },
            Error::CreditCodeTaken => conflict(
                "credit_code_taken",
                "这个统一社会信用代码已经登记。",
                "This credit code is already registered.",
            ),
            Error::Fault(fault) => Self::Fault(fault),
            Error::Field { field } => Self::Domain {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                code: "field",
                text: Text::new(format!("“{field}”的格式不正确。"), format!("The field {field} is not well formed.")),
            },
            Error::IdentityNumberTaken => conflict(
                "identity_number_taken",
                "这个身份证号已经登记。",
                "This identity number is already registered.",
            ),
            Error::Name(error) => {
                Self::Domain { status: StatusCode::UNPROCESSABLE_ENTITY, code: "name", text: name_text(error) }
            }
            Error::Number(_) => {
                wrong("number", "号码有误，请核对每一位。", "The number has a mistake; check every digit.")
            }
            Error::OrganisationUnknown => {
                not_found("organisation_unknown", "没有这个单位。", "There is no such organisation.")
            }
            Error::PasswordGuessable => {
                wrong("password_guessable", "这个密码太容易被猜到。", "This password is too easy to guess.")
            }
            Error::PasswordTooLong { max } => Self::Domain {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                code: "password_too_long",
                text: Text::new(format!("密码最多 {max} 字节。"), format!("A password has at most {max} bytes.")),
            },
            Error::PasswordTooShort { min } => Self::Domain {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                code: "password_too_short",
                text: Text::new(
                    format!("密码至少 {min} 个字符。"),
                    format!("A password has at least {min} characters."),
                ),
            },
            Error::PersonDeceased => conflict("person_deceased", "此人已登记死亡。", "This person has died."),
            Error::PersonUnknown => not_found("person_unknown", "没有这个人。", "There is no such person."),
            Error::Refused => {
                wrong("sign_in_refused", "账号或密码不正确。", "The username or password is not correct.")
            }
            Error::RoleMissing => wrong("role_missing", "请至少选择一个岗位。", "Choose at least one role."),
            Error::StaffUnknown => not_found("staff_unknown", "没有这项任职。", "There is no such appointment."),
            Error::Throttled { retry_after_seconds, .. } => Self::TooManyRequests { retry_after_seconds },
            Error::UsernameForm => wrong(
                "username_form",
                "账号由 2 至 64 个字母、数字或 ._@+- 组成，以字母或数字开头。",
                "A username has 2 to 64 letters, digits or ._@+- and begins with a letter or a digit.",
            ),
            Error::UsernameTaken => conflict("username_taken", "这个账号已被使用。", "This username is taken."),
        }
    }
}

/// What is wrong with a name, naming the character: it cannot be seen.
pub fn name_text(error: identity::NameError) -> Text {
    match error {
        identity::NameError::Empty => Text::fixed("请填写名称。", "Enter a name."),
        identity::NameError::Forbidden(c) => {
            let code = format!("U+{:04X}", u32::from(c));
            Text::new(
                format!("名称中有不可见或不能使用的字符（{code}），请删除后重新输入。"),
                format!("The name holds a character that cannot be seen or used ({code}). Type it again without it."),
            )
        }
        identity::NameError::TooLong(max) => {
            Text::new(format!("名称最多 {max} 个字。"), format!("A name has at most {max} characters."))
        }
    }
}

impl From<licence::Error> for Problem {
    fn from(error: licence::Error) -> Self {
        use licence::Error;
        let conflict = |code, zh, en| Self::domain(StatusCode::CONFLICT, code, zh, en);
        let refused = |code, zh, en| Self::domain(StatusCode::UNPROCESSABLE_ENTITY, code, zh, en);
        let forbidden = |code, zh, en| Self::domain(StatusCode::FORBIDDEN, code, zh, en);
        let code = error.code();
        match error {
            Error::AlreadyDecided => {
                conflict(code, "这份申请已由他人处理。", "Somebody else has decided on this application.")
            }
            Error::AlreadyHeld(_) => {
                conflict(code, "持证主体已有一本同类有效证照。", "The holder has a licence of this type in force.")
            }
            Error::AlreadyRevoked => {
                conflict(code, "证照已吊销或注销，不能再变更。", "The licence is revoked; that is final.")
            }
            Error::AlreadySuperseded => {
                conflict(code, "证照已被新版本取代。", "A newer version took the licence's place.")
            }
            Error::AlreadySuspended => conflict(
                code,
                "证照已因其他原因被暂扣，请先恢复。",
                "The licence is suspended for another reason; reinstate it first.",
            ),
            Error::ApprovalStale => conflict(
                code,
                "申请内容在审核后有变动，请重新核对。",
                "The application changed since it was reviewed. Look at it again.",
            ),
            Error::Fields(errors) => Self::Fields(
                errors
                    .into_iter()
                    .map(|error| FieldProblem {
                        pointer: format!("/fields/{}", escape(&error.key)),
                        code: error.problem.code(),
                        detail: error.problem.text(),
                    })
                    .collect(),
            ),
            Error::Fault(fault) => Self::Fault(fault),
            Error::FourEyes => {
                forbidden(code, "经办和审核不能是同一人。", "Clerk and reviewer must be two different people.")
            }
            Error::HolderCeased => refused(
                code,
                "持证主体已注销或被吊销，不能签发。",
                "The holder ceased to exist or its registration was revoked. Nothing can be issued to it.",
            ),
            Error::HolderDeceased => refused(
                code,
                "持证人已登记死亡，不能签发。",
                "The holder has died. Nothing can be issued to that person.",
            ),
            Error::HolderUnknown => refused(code, "查无此持证主体。", "There is no such holder."),
            Error::IssuerCode => {
                refused(code, "发证机关的统一社会信用代码不可用。", "The issuer has no usable credit code.")
            }
            Error::IssuerSuspended => {
                refused(code, "发证机关已被暂停签发。", "The issuer is suspended and issues nothing.")
            }
            Error::Lint(_) => {
                refused(code, "证照文件未通过签章前的检查。", "The document failed the checks before signing.")
            }
            Error::NotAuthorised => {
                forbidden(code, "没有签发此类证照的权限。", "Not authorised to issue licences of this type.")
            }
            Error::NotFound => Self::NotFound,
            Error::NotIssued => conflict(code, "证照尚未签发。", "The licence is not issued."),
            Error::NotSuspended => conflict(code, "证照没有被暂扣。", "The licence is not suspended."),
            Error::OtherDepartment => forbidden(
                code,
                "证照由其他部门签发，只能由该部门办理。",
                "Another department issued it; only that one may act on it.",
            ),
            Error::Period(problem) => Self::Fields(vec![FieldProblem {
                pointer: if problem.is_about_start() { "/valid_from" } else { "/valid_until" }.to_owned(),
                code: problem.code(),
                detail: problem.text(),
            }]),
            Error::Renewal => refused(code, "这本证照不能换发。", "This licence cannot be renewed."),
            Error::Seal => refused(code, "发证机关没有可用的电子印章。", "The department has no seal in use."),
            Error::SealExpired => refused(
                code,
                "发证机关电子印章的证书已过期或被吊销。",
                "The certificate of the department's seal is out of date or revoked.",
            ),
            Error::TypeUnknown => refused(code, "没有这种证照类型。", "No such licence type is published."),
            Error::VersionsExhausted => conflict(code, "换发次数已用尽。", "The licence was renewed too often."),
            Error::Voided(_) => refused(code, "本次签发已作废，请重新签发。", "The issue was voided; issue again."),
        }
    }
}

impl Problem {
    /// A domain's rule, for the `From` implementations below.
    fn domain(status: StatusCode, code: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self::Domain { status, code, text: Text::fixed(zh, en) }
    }

    /// Status and stable code.
    pub fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Csrf => (StatusCode::FORBIDDEN, "csrf"),
            Self::Domain { status, code, .. } => (*status, code),
            Self::DuplicateField(_) => (StatusCode::BAD_REQUEST, "duplicate_field"),
            Self::Fault(fault) => match fault.kind() {
                FaultKind::Unavailable | FaultKind::Conflict => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
                FaultKind::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "broken"),
            },
            Self::Fields(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::FormBroken => (StatusCode::BAD_REQUEST, "form_broken"),
            Self::FormEncoding => (StatusCode::BAD_REQUEST, "form_encoding"),
            Self::Gone => (StatusCode::GONE, "gone"),
            Self::HeadersTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large"),
            Self::MediaType { .. } => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Misdirected => (StatusCode::MISDIRECTED_REQUEST, "misdirected"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::SignIn { .. } => (StatusCode::UNAUTHORIZED, "sign_in_required"),
            Self::TokenInvalid => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::TokenMissing => (StatusCode::UNAUTHORIZED, "token_missing"),
            Self::TokenScope(_) => (StatusCode::FORBIDDEN, "insufficient_scope"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, "uri_too_long"),
        }
    }

    /// What the log may say about it.
    pub fn for_the_log(&self) -> String {
        match self {
            Self::Fault(fault) => fault.to_string(),
            other => other.status_and_code().1.to_owned(),
        }
    }

    /// In how many seconds to try again.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Busy { retry_after_seconds } | Self::TooManyRequests { retry_after_seconds } => {
                Some(*retry_after_seconds)
            }
            Self::Fault(fault) if fault.kind() != FaultKind::Broken => Some(2),
            _ => None,
        }
    }

    /// What a caller without the right token is told in `WWW-Authenticate`.
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::TokenMissing => Some("Bearer".to_owned()),
            Self::TokenInvalid => Some(r#"Bearer error="invalid_token""#.to_owned()),
            Self::TokenScope(scope) => Some(format!(r#"Bearer error="insufficient_scope", scope="{scope}""#)),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    /// An empty answer that carries the problem to `edge`.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status_and_code().0;
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[cfg(test)]
pub(crate) fn one_of_each() -> Vec<Problem> {
    vec![
        Problem::Busy { retry_after_seconds: 3 },
        Problem::Csrf,
        Problem::domain(StatusCode::CONFLICT, "sample", "证照已注销。", "The licence is revoked."),
        Problem::DuplicateField("name".to_owned()),
        Problem::Fault(Fault::broken("x")),
        Problem::Fault(Fault::unavailable("x")),
        Problem::Fields(vec![]),
        Problem::Forbidden,
        Problem::FormBroken,
        Problem::FormEncoding,
        Problem::Gone,
        Problem::HeadersTooLarge,
        Problem::MediaType { expected: "application/json" },
        Problem::MethodNotAllowed,
        Problem::Misdirected,
        Problem::NotFound,
        Problem::SignIn { to: "/".to_owned() },
        Problem::TokenInvalid,
        Problem::TokenMissing,
        Problem::TokenScope("licence:verify"),
        Problem::TooLarge { max: 65536 },
        Problem::TooManyRequests { retry_after_seconds: 300 },
        Problem::UriTooLong,
    ]
}
