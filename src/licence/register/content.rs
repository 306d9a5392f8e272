//! What a licence says: its fields, whom it is about, how long it is valid.

use std::collections::BTreeMap;

use base::{Date, Fault, Instant};
use serde::{Deserialize, Serialize};

use crate::{
    catalogue::{
        field::{FieldError, FieldProblem, FieldRule, Source, normalised},
        licence_type::{LicenceType, Validity},
    },
    error::{Error, PeriodProblem},
    limits,
    register::holder::HolderFacts,
};

/// Fields by their keys.
pub type Fields = BTreeMap<String, String>;

/// Everything a reviewer binds himself to, and everything that is printed.
///
/// Its members stand in alphabetical order and its maps are ordered, so that one content has one JSON text and
/// one digest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The fields of the type.
    pub fields: Fields,
    /// The holder's identifier.
    pub holder: String,
    /// The holder's name in the register at that time.
    pub holder_name: String,
    /// The department's identifier.
    pub issuer: String,
    /// The version of the type.
    pub licence_type: String,
    /// The licence it renews.
    pub renews: Option<String>,
    /// The first day.
    pub valid_from: String,
    /// The last day; none when it is valid for good.
    pub valid_until: Option<String>,
}

impl std::fmt::Debug for Content {
    // Fields hold identity numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("licence_type", &self.licence_type).finish_non_exhaustive()
    }
}

impl Content {
    /// The one JSON text of this content.
    pub fn canonical(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(Fault::broken)
    }

    /// SHA-256 over the canonical text, hexadecimal.
    pub fn digest(&self) -> Result<String, Fault> {
        Ok(crypto::digest::hex(&crypto::digest::sha256(self.canonical()?.as_bytes())))
    }

    pub(crate) fn read(canonical: &[u8]) -> Result<Self, Fault> {
        serde_json::from_slice(canonical).map_err(|_| Fault::broken("a stored licence content cannot be read"))
    }
}

/// The fields of a licence: the register's in the locked ones, the entered ones checked. All errors at once.
pub(crate) fn fields(
    licence_type: &LicenceType,
    holder: &HolderFacts,
    entered: &Fields,
) -> Result<Fields, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut fields = Fields::new();
    for rule in &licence_type.definition.fields {
        let read = match from_register(rule, holder) {
            None => rule.read(entered.get(&rule.key).map_or("", String::as_str)),
            Some(known) => match entered.get(&rule.key).map(|text| normalised(text)) {
                Some(Err(problem)) => Err(problem),
                Some(Ok(text)) if !text.is_empty() && text != known => Err(FieldProblem::Locked),
                _ => rule.read(&known),
            },
        };
        match read {
            Ok(Some(value)) => {
                fields.insert(rule.key.clone(), value);
            }
            Ok(None) => {}
            Err(problem) => errors.push(FieldError { key: rule.key.clone(), problem }),
        }
    }
    for key in entered.keys().take(limits::FIELDS_MAX * 2) {
        if !licence_type.definition.fields.iter().any(|rule| rule.key == *key) {
            let key = key.chars().take(60).collect();
            errors.push(FieldError { key, problem: FieldProblem::Unknown });
        }
    }
    if errors.is_empty() { Ok(fields) } else { Err(errors) }
}

/// The value of a locked field; none when the clerk enters it.
pub fn from_register(rule: &FieldRule, holder: &HolderFacts) -> Option<String> {
    let number = || holder.identity_number();
    match rule.source {
        Source::Entered => None,
        Source::HolderName => Some(holder.name.clone()),
        Source::HolderNumber => Some(holder.number.expose().clone()),
        Source::HolderBirthDate => {
            Some(number().and_then(|n| n.birth_date()).map(|date| date.to_string()).unwrap_or_default())
        }
        Source::HolderSex => {
            Some(number().map(|n| if n.is_male() { "男" } else { "女" }.to_owned()).unwrap_or_default())
        }
    }
}

/// The period of validity under the rule of the type.
pub(crate) fn period(
    validity: Validity,
    from: Option<Date>,
    until: Option<Date>,
    at: Instant,
) -> Result<(Date, Option<Date>), Error> {
    let today = at.date();
    let from = from.unwrap_or(today);
    if from < today.plus_days(-limits::VALID_FROM_PAST_DAYS_MAX) {
        return Err(Error::Period(PeriodProblem::StartTooEarly));
    }
    if from > today.plus_days(limits::VALID_FROM_FUTURE_DAYS_MAX) {
        return Err(Error::Period(PeriodProblem::StartTooLate));
    }
    let until = match (validity, until) {
        (Validity::Years(years), None) => Some(from.plus_years(years).plus_days(-1)),
        (Validity::Unlimited, None) => None,
        // What follows from the rule may be said, but not otherwise.
        (Validity::Years(years), Some(until)) if until == from.plus_years(years).plus_days(-1) => Some(until),
        (Validity::Years(_) | Validity::Unlimited, Some(_)) => {
            return Err(Error::Period(PeriodProblem::EndNotAllowed));
        }
        (Validity::UntilDate, None) => return Err(Error::Period(PeriodProblem::EndMissing)),
        (Validity::UntilDate, Some(until)) => Some(until),
    };
    if until.is_some_and(|until| until < from) {
        return Err(Error::Period(PeriodProblem::EndBeforeStart));
    }
    if until.is_some_and(|until| until > from.plus_years(limits::VALID_YEARS_MAX)) {
        return Err(Error::Period(PeriodProblem::TooLong));
    }
    Ok((from, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_follows_the_rule_of_the_type() {
        let at = Date::parse("2026-11-23").unwrap().start();
        let date = |text: &str| Some(Date::parse(text).unwrap());
        let check = |validity, from, until, expected: Result<&str, PeriodProblem>| {
            let read = period(validity, from, until, at);
            match (read, expected) {
                (Ok((from, until)), Ok(text)) => {
                    assert_eq!(format!("{from}/{}", until.map(|d| d.to_string()).unwrap_or_default()), text);
                }
                (Err(Error::Period(problem)), Err(expected)) => assert_eq!(problem, expected),
                (read, expected) => panic!("{read:?} instead of {expected:?}"),
            }
        };
        check(Validity::Years(5), None, None, Ok("2026-11-23/2031-11-22"));
        check(Validity::Years(5), date("2026-12-01"), date("2031-11-30"), Ok("2026-12-01/2031-11-30"));
        check(Validity::Years(5), None, date("2031-11-30"), Err(PeriodProblem::EndNotAllowed));
        check(Validity::Unlimited, None, None, Ok("2026-11-23/"));
        check(Validity::Unlimited, None, date("2031-11-30"), Err(PeriodProblem::EndNotAllowed));
        check(Validity::UntilDate, None, None, Err(PeriodProblem::EndMissing));
        check(Validity::UntilDate, None, date("2026-11-23"), Ok("2026-11-23/2026-11-23"));
        check(Validity::UntilDate, None, date("2026-11-22"), Err(PeriodProblem::EndBeforeStart));
        check(Validity::UntilDate, None, date("2126-11-23"), Ok("2026-11-23/2126-11-23"));
        check(Validity::UntilDate, None, date("2126-11-24"), Err(PeriodProblem::TooLong));
        check(Validity::Unlimited, date("2026-10-23"), None, Ok("2026-10-23/"));
        check(Validity::Unlimited, date("2026-10-22"), None, Err(PeriodProblem::StartTooEarly));
        check(Validity::Unlimited, date("2027-11-24"), None, Ok("2027-11-24/"));
        check(Validity::Unlimited, date("2027-11-25"), None, Err(PeriodProblem::StartTooLate));
    }

    #[test]
    fn one_content_has_one_digest() {
        let mut content = Content {
            fields: [("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())].into(),
            holder: "per_1".to_owned(),
            holder_name: "张三".to_owned(),
            issuer: "org_1".to_owned(),
            licence_type: "lty_1".to_owned(),
            renews: None,
            valid_from: "2026-11-23".to_owned(),
            valid_until: None,
        };
        assert_eq!(
            content.canonical().unwrap(),
            r#"{"fields":{"a":"1","b":"2"},"holder":"per_1","holder_name":"张三","issuer":"org_1","licence_type":"lty_1","renews":null,"valid_from":"2026-11-23","valid_until":null}"#
        );
        let before = content.digest().unwrap();
        assert_eq!(Content::read(content.canonical().unwrap().as_bytes()).unwrap(), content);
        content.fields.insert("a".to_owned(), "3".to_owned());
        assert_ne!(content.digest().unwrap(), before);
    }
}
