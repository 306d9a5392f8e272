//! From what a clerk entered and what the register says to what a licence will say.

use base::{Date, Instant};
use documents::Fonts;

use super::{official::Official, request::NewLicence};
use crate::{
    catalogue::{
        built_in::{FEMALE, MALE},
        field::{FieldError, FieldProblem, FieldRule, Source, normalised},
        licence_type::{LicenceType, Validity},
    },
    error::{Error, PeriodProblem},
    limits,
    register::{
        content::{Content, Fields},
        holder::HolderFacts,
    },
};

/// The content of a licence that is asked for; what is wrong with the fields is told all at once.
pub(crate) fn compose(
    fonts: &Fonts,
    licence_type: &LicenceType,
    request: &NewLicence,
    maker: &Official,
    at: Instant,
) -> Result<Content, Error> {
    if request.holder.holder.kind() != licence_type.definition.holder {
        return Err(Error::HolderUnknown);
    }
    request.holder.check_not_ended()?;
    let fields = fields(licence_type, &request.holder, &request.fields).map_err(Error::Fields)?;
    check_glyphs(fonts, &fields)?;
    let (from, until) = period(licence_type.definition.validity, request.valid_from, request.valid_until, at)?;
    Ok(Content {
        fields,
        holder: request.holder.holder.id().to_owned(),
        holder_name: request.holder.name.clone(),
        issuer: maker.organisation_id.as_str().to_owned(),
        licence_type: licence_type.id.as_str().to_owned(),
        renews: request.renews.as_ref().map(|id| id.as_str().to_owned()),
        valid_from: from.to_string(),
        valid_until: until.map(|day| day.to_string()),
    })
}

/// Names each field with a character that no typeface here can print: the clerk learns it at the counter, not from a
/// voided issue.
fn check_glyphs(fonts: &Fonts, fields: &Fields) -> Result<(), Error> {
    let mut errors = Vec::new();
    for (key, value) in fields {
        if let Some(c) = fonts.missing(value)? {
            errors.push(FieldError { key: key.clone(), problem: FieldProblem::Glyph(c) });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Fields(errors)) }
}

/// The fields of a licence: the register's in the locked ones, the entered ones checked. All errors at once.
fn fields(licence_type: &LicenceType, holder: &HolderFacts, entered: &Fields) -> Result<Fields, Vec<FieldError>> {
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
            Some(number().map(|n| if n.is_male() { MALE } else { FEMALE }.to_owned()).unwrap_or_default())
        }
    }
}

/// The period of validity under the rule of the type.
fn period(
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
        (Validity::Years(years), None) => Some(from.last_of_years(years)),
        (Validity::Unlimited, None) => None,
        // What follows from the rule may be said, but not otherwise.
        (Validity::Years(years), Some(until)) if until == from.last_of_years(years) => Some(until),
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
    fn years_that_begin_on_a_leap_day_end_with_february() {
        let at = Date::parse("2028-02-29").unwrap().start();
        let (_, until) = period(Validity::Years(5), None, None, at).unwrap();
        assert_eq!(until, Some(Date::parse("2033-02-28").unwrap()));
        assert!(period(Validity::Years(5), None, Some(Date::parse("2033-02-27").unwrap()), at).is_err());
    }
}
