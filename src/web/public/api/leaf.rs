//! The values of bodies: how each is written, read and described.

use std::borrow::Cow;

use base::{
    Date, Instant, ListPage,
    id::{LicenceId, OrganisationId, ReceiptId, StaffId},
    number::{CreditCode, IdentityNumber, NumberError},
};
use licence::{
    DecisionNumber, Standing, Status,
    application::ApplicationState,
    holder::HolderKind,
    reason::{ReturnReason, RevocationReason, SuspensionReason, WithdrawalReason},
    revocation::RevocationState,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use serde_json::json;
use verify::{CheckResult, Outcome, Reason};

use super::{
    json::Value,
    read::{Mistakes, Read, parsed},
};
use crate::kit::{limits::NUMBER_CHARACTERS_MAX, wording::both};

/// Declares values with what a description says of them, where they stand.
macro_rules! described {
    ($($name:ident => $schema:tt;)+) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                as_schema(json!($schema))
            }
        }
    )+};
}

fn as_schema(value: serde_json::Value) -> Schema {
    Schema::try_from(value).unwrap_or_default()
}

/// Declares values that are written as texts.
macro_rules! written {
    ($($name:ident = $write:expr;)+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&Self) -> Cow<'_, str> = $write;
                serializer.serialize_str(&write(self))
            }
        }
    )+};
}

/// A day in the legal time zone.
pub struct Day(pub Date);

/// A moment, in UTC.
pub struct Moment(pub Instant);

pub struct LicenceRef(pub LicenceId);

/// A department.
pub struct OrganisationRef(pub OrganisationId);

/// The number on a receipt.
pub struct ReceiptRef(pub ReceiptId);

/// A member of staff.
pub struct StaffRef(pub StaffId);

/// A person's number.
pub struct PersonNumber(pub IdentityNumber);

/// An organisation's number.
pub struct OrganisationNumber(pub CreditCode);

/// The content of a QR code, or its digits.
pub struct CodeText(pub String);

/// A licence identifier as somebody wrote it.
pub struct IdentifierText(pub String);

/// The number of a decision.
pub struct DecisionText(pub DecisionNumber);

/// Where a list goes on.
pub struct Cursor(pub LicenceId);

/// How many items of a list.
pub struct Limit(pub i64);

/// The status of a licence as it is recorded.
pub struct Recorded(pub Status);

/// The alphabet of our identifiers after their prefix.
const ID: &str = "[0-9A-HJKMNP-TV-Z]{26}$";

described! {
    Day => { "type": "string", "format": "date" };
    Moment => { "type": "string", "format": "date-time" };
    LicenceRef => { "type": "string", "pattern": format!("^{}_{ID}", LicenceId::PREFIX) };
    OrganisationRef => { "type": "string", "pattern": format!("^{}_{ID}", OrganisationId::PREFIX) };
    ReceiptRef => { "type": "string", "pattern": format!("^{}_{ID}", ReceiptId::PREFIX) };
    StaffRef => { "type": "string", "pattern": format!("^{}_{ID}", StaffId::PREFIX) };
    PersonNumber => { "type": "string", "description": both(words::description::IDENTITY_NUMBER) };
    OrganisationNumber => { "type": "string", "description": both(words::description::CREDIT_CODE) };
    CodeText => {
        "type": "string", "pattern": "\\S", "maxLength": NUMBER_CHARACTERS_MAX,
        "description": both(words::description::CODE)
    };
    IdentifierText => {
        "type": "string", "pattern": "\\S", "maxLength": NUMBER_CHARACTERS_MAX,
        "description": both(words::description::IDENTIFIER)
    };
    DecisionText => {
        "type": "string", "pattern": "\\S", "minLength": DecisionNumber::CHARACTERS_MIN,
        "maxLength": DecisionNumber::CHARACTERS_MAX,
        "description": both(words::description::DECISION)
    };
    Cursor => { "type": "string", "pattern": format!("^{}_{ID}", LicenceId::PREFIX) };
    Limit => { "type": "integer", "minimum": 1, "maximum": ListPage::<LicenceId>::LIMIT_MAX, "default": Limit::DEFAULT };
    Recorded => { "enum": Recorded::CODES.map(|(code, _)| code) };
}

written! {
    Day = |day| day.0.to_string().into();
    Moment = |moment| moment.0.rfc3339().into();
    Cursor = |cursor| cursor.0.as_str().into();
    LicenceRef = |id| id.0.as_str().into();
    OrganisationRef = |id| id.0.as_str().into();
    ReceiptRef = |id| id.0.as_str().into();
}

impl Read for Day {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let wrong = ("not_a_date", words::mistake::NOT_A_DATE);
        parsed(value, (at, mistakes), |text| Date::parse(text).ok(), wrong).map(Self)
    }
}

impl Read for LicenceRef {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let wrong = ("not_an_id", words::mistake::NOT_A_LICENCE_ID);
        parsed(value, (at, mistakes), |text| LicenceId::parse(text).ok(), wrong).map(Self)
    }
}

impl Read for DecisionText {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let wrong = ("decision_number_refused", words::mistake::DECISION);
        parsed(value, (at, mistakes), |text| DecisionNumber::parse(text).ok(), wrong).map(Self)
    }
}

impl Read for StaffRef {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let wrong = ("not_an_id", words::mistake::NOT_A_STAFF_ID);
        parsed(filled(value), (at, mistakes), |text| StaffId::parse(text).ok(), wrong).map(Self)
    }
}

impl Read for Cursor {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let wrong = ("not_a_cursor", words::mistake::NOT_A_CURSOR);
        parsed(value, (at, mistakes), |text| LicenceId::parse(text).ok(), wrong).map(Self)
    }
}

impl Limit {
    /// How many when nobody says.
    pub const DEFAULT: i64 = 50;
}

impl Read for Limit {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let parse =
            |text: &str| text.parse().ok().filter(|limit| (1..=ListPage::<LicenceId>::LIMIT_MAX).contains(limit));
        parsed(value, (at, mistakes), parse, ("not_a_number", words::mistake::NOT_A_LIMIT)).map(Self)
    }
}

impl Recorded {
    const CODES: [(&str, Status); 4] = [
        ("valid", Status::Valid),
        ("suspended", Status::Suspended),
        ("revoked", Status::Revoked),
        ("superseded", Status::Superseded),
    ];
}

impl Read for Recorded {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let parse = |text: &str| Self::CODES.into_iter().find(|(code, _)| *code == text).map(|(_, status)| status);
        parsed(value, (at, mistakes), parse, ("not_a_choice", words::mistake::NOT_A_STATUS)).map(Self)
    }
}

impl Read for PersonNumber {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        number(value, at, mistakes, IdentityNumber::parse).map(Self)
    }
}

impl Read for OrganisationNumber {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        number(value, at, mistakes, CreditCode::parse).map(Self)
    }
}

fn number<T>(
    value: Option<Value>,
    at: &str,
    mistakes: &mut Mistakes,
    parse: fn(&str) -> Result<T, NumberError>,
) -> Option<T> {
    let text = String::read(value, at, mistakes)?;
    let (code, detail) = match parse(&text) {
        Ok(number) => return Some(number),
        Err(NumberError::CheckDigit) => ("check_digit", words::mistake::CHECK_DIGIT),
        Err(NumberError::Form) => ("not_a_number", words::mistake::NOT_A_NUMBER),
        Err(NumberError::BirthDate) => ("birth_date", words::mistake::BIRTH_DATE),
    };
    mistakes.add(at, code, detail);
    None
}

impl Read for CodeText {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        not_too_long(value, at, mistakes).map(Self)
    }
}

impl Read for IdentifierText {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        not_too_long(value, at, mistakes).map(Self)
    }
}

fn not_too_long(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<String> {
    let fits = |text: &str| (text.chars().count() <= NUMBER_CHARACTERS_MAX).then(|| text.to_owned());
    parsed(filled(value), (at, mistakes), fits, ("too_long", words::mistake::TOO_LONG))
}

/// A blank text where something has to be said is as good as none.
fn filled(value: Option<Value>) -> Option<Value> {
    value.filter(|value| !matches!(value, Value::Text(text) if text.trim().is_empty()))
}

/// One of a closed set that programs know by a code.
pub trait Choice: Copy + 'static {
    /// All of them.
    const ALL: &'static [Self];

    fn code(self) -> &'static str;
}

macro_rules! choices {
    ($($name:path = $all:expr, $code:expr;)+) => {$(
        impl Choice for $name {
            const ALL: &'static [Self] = $all;

            fn code(self) -> &'static str {
                $code(self)
            }
        }
    )+};
}

choices! {
    ApplicationState = &ApplicationState::ALL, ApplicationState::as_str;
    CheckResult = &CheckResult::ALL, CheckResult::as_str;
    HolderKind = &HolderKind::ALL, HolderKind::as_str;
    Outcome = &Outcome::ALL, Outcome::as_str;
    Reason = Reason::ALL, Reason::code;
    ReturnReason = ReturnReason::ALL, ReturnReason::code;
    RevocationReason = RevocationReason::ALL, RevocationReason::code;
    RevocationState = &RevocationState::ALL, RevocationState::as_str;
    Standing = &Standing::ALL, Standing::as_str;
    SuspensionReason = SuspensionReason::ALL, SuspensionReason::code;
    WithdrawalReason = WithdrawalReason::ALL, WithdrawalReason::code;
}

/// A choice in a body.
pub struct Coded<T>(pub T);

impl<T: Choice> Serialize for Coded<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code())
    }
}

impl<T: Choice> JsonSchema for Coded<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        std::any::type_name::<T>().into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<&str> = T::ALL.iter().map(|choice| choice.code()).collect();
        as_schema(json!({ "enum": codes }))
    }
}

impl Read for Coded<RevocationReason> {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        reason(value, at, mistakes)
    }
}

impl Read for Coded<SuspensionReason> {
    fn read(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Self> {
        reason(value, at, mistakes)
    }
}

fn reason<T: Choice>(value: Option<Value>, at: &str, mistakes: &mut Mistakes) -> Option<Coded<T>> {
    let parse = |text: &str| T::ALL.iter().copied().find(|choice| choice.code() == text);
    parsed(filled(value), (at, mistakes), parse, ("reason_unknown", words::mistake::REASON_UNKNOWN)).map(Coded)
}
