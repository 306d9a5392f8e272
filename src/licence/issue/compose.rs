//! From what a clerk entered and what the register says to what a licence will say.

use base::{Date, Fault, Instant, number::NumberKind};
use documents::Fonts;
use records::Work;

use super::{official::Official, request::NewLicence};
use crate::{
    catalogue::{
        field::{FieldError, FieldKind, FieldProblem, FieldRule, Source, normalised},
        licence_type::{LicenceType, Validity},
        sense::{self, Named, Sense},
    },
    error::{Error, PeriodProblem},
    library::Library,
    limits,
    register::{
        content::{Content, Fields},
        holder::HolderFacts,
    },
};

/// The content of a licence that is asked for; what is wrong with the fields is told all at once.
pub(crate) async fn compose(
    work: &mut Work,
    library: &Library,
    licence_type: &LicenceType,
    request: &NewLicence,
    maker: &Official,
) -> Result<Content, Error> {
    if request.holder.holder.kind() != licence_type.definition.holder {
        return Err(Error::HolderUnknown);
    }
    request.holder.check_not_ended()?;
    let (fields, mut errors) = fields(licence_type, &request.holder, &request.fields);
    errors.extend(missing_glyphs(library.press.fonts(), &fields)?);
    let at = work.at();
    let validity = period(licence_type.definition.validity, request.valid_from, request.valid_until, at);
    // Whatever is wrong with the period is told when the fields are right; until then they are held against today.
    let first_day = validity.as_ref().map_or(at.date(), |(from, _)| *from);
    let named = named(work, library, licence_type, &fields).await?;
    errors.extend(check(work, licence_type, (&request.holder, &named), &fields, first_day));
    if !errors.is_empty() {
        return Err(Error::Fields(errors));
    }
    let (from, until) = validity?;
    Ok(Content {
        fields,
        holder: request.holder.holder.id().to_owned(),
        holder_name: request.holder.name.clone(),
        issuer: maker.organisation_id.as_str().to_owned(),
        joint_holder: sense::joint_holder(&licence_type.definition.fields, &request.holder, &named),
        licence_type: licence_type.id.as_str().to_owned(),
        renews: request.renews.as_ref().map(|id| id.as_str().to_owned()),
        valid_from: from.to_string(),
        valid_until: until.map(|day| day.to_string()),
    })
}

/// Holds what was applied for against the register and the day once more: either may have changed since.
///
/// # Errors
///
/// [`Error::Fields`] with everything that cannot be true any more.
pub(crate) async fn check_again(
    work: &mut Work,
    library: &Library,
    licence_type: &LicenceType,
    holder: &HolderFacts,
    content: &Content,
) -> Result<(), Error> {
    let first_day = Date::parse(&content.valid_from).map_err(Fault::broken)?;
    let mut errors = changed(licence_type, holder, &content.fields);
    let named = named(work, library, licence_type, &content.fields).await?;
    errors.extend(check(work, licence_type, (holder, &named), &content.fields, first_day));
    if errors.is_empty() { Ok(()) } else { Err(Error::Fields(errors)) }
}

/// The people whom the fields name.
async fn named(work: &mut Work, library: &Library, of: &LicenceType, fields: &Fields) -> Result<Named, Fault> {
    sense::named(&mut work.tx, &library.vault, &of.definition.fields, fields).await
}

fn check(
    work: &Work,
    licence_type: &LicenceType,
    (holder, named): (&HolderFacts, &Named),
    fields: &Fields,
    first_day: Date,
) -> Vec<FieldError> {
    Sense { rules: &licence_type.definition.fields, holder, named, first_day, now: work.at() }.check(fields)
}

/// The fields of which the register says something else now.
fn changed(licence_type: &LicenceType, holder: &HolderFacts, fields: &Fields) -> Vec<FieldError> {
    let rules = licence_type.definition.fields.iter();
    rules
        .filter_map(|rule| {
            let registered = from_register(rule, holder).filter(|registered| !registered.is_empty())?;
            let applied = fields.get(&rule.key).filter(|applied| **applied != registered)?;
            let shown = |value: &str| rule.hidden(value);
            let problem = FieldProblem::RegisterChanged { applied: shown(applied), registered: shown(&registered) };
            Some(FieldError { key: rule.key.clone(), problem })
        })
        .collect()
}

/// Names each field with a character that no typeface here can print: the clerk learns it at the counter, not from a
/// voided issue.
fn missing_glyphs(fonts: &Fonts, fields: &Fields) -> Result<Vec<FieldError>, Fault> {
    let mut errors = Vec::new();
    for (key, value) in fields {
        if let Some(c) = fonts.missing(value)? {
            errors.push(FieldError { key: key.clone(), problem: FieldProblem::Glyph(c) });
        }
    }
    Ok(errors)
}

/// The fields of a licence: the register's in the locked ones, the entered ones checked; and all errors at once.
fn fields(licence_type: &LicenceType, holder: &HolderFacts, entered: &Fields) -> (Fields, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut fields = Fields::new();
    for rule in &licence_type.definition.fields {
        let read = match from_register(rule, holder) {
            None => rule.read(entered.get(&rule.key).map_or("", String::as_str)),
            Some(known) => match entered.get(&rule.key).map(|text| normalised(text)) {
                Some(Err(problem)) => Err(problem),
                Some(Ok(text)) if !text.is_empty() && !is_same(rule, &text, &known) => {
                    Err(FieldProblem::Locked { typed: rule.hidden(&text), registered: rule.hidden(&known) })
                }
                _ => rule.read_registered(&known),
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
    (fields, errors)
}

/// Whether what was entered in a locked field is what the register has: a name in whatever form it was typed.
fn is_same(rule: &FieldRule, entered: &str, known: &str) -> bool {
    entered == known || (rule.kind == FieldKind::Name && base::name::key(entered) == base::name::key(known))
}

/// What the number of an organisation is called.
const CREDIT_CODE: &str = "统一社会信用代码";

/// The value of a locked field; none when the clerk enters it.
pub fn from_register(rule: &FieldRule, holder: &HolderFacts) -> Option<String> {
    match rule.source {
        Source::Entered => None,
        Source::HolderName => Some(holder.name.clone()),
        Source::HolderNumber => Some(holder.number.expose().clone()),
        Source::HolderBirthDate => Some(holder.born.map(|date| date.to_string()).unwrap_or_default()),
        Source::HolderNumberKind => Some(holder.number_kind.map_or(CREDIT_CODE, NumberKind::zh).to_owned()),
        Source::HolderSex => Some(holder.sex.map(|sex| sex.zh().to_owned()).unwrap_or_default()),
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
    let refused = |problem| Err(Error::Period(problem));
    let earliest = today.plus_days(-limits::VALID_FROM_PAST_DAYS_MAX);
    if from < earliest {
        return refused(PeriodProblem::StartTooEarly { typed: from, earliest });
    }
    let latest = today.plus_days(limits::VALID_FROM_FUTURE_DAYS_MAX);
    if from > latest {
        return refused(PeriodProblem::StartTooLate { typed: from, latest });
    }
    let until = match (validity, until) {
        (Validity::Years(years), None) => Some(from.last_of_years(years)),
        (Validity::Unlimited, None) => None,
        // What follows from the rule may be said, but not otherwise.
        (Validity::Years(years), Some(until)) if until == from.last_of_years(years) => Some(until),
        (Validity::Years(years), Some(typed)) => {
            return refused(PeriodProblem::EndNotAllowed { typed, right: Some(from.last_of_years(years)) });
        }
        (Validity::Unlimited, Some(typed)) => {
            return refused(PeriodProblem::EndNotAllowed { typed, right: None });
        }
        (Validity::UntilDate, None) => return refused(PeriodProblem::EndMissing),
        (Validity::UntilDate, Some(until)) => Some(until),
    };
    if let Some(typed) = until.filter(|until| *until < from) {
        return refused(PeriodProblem::EndBeforeStart { typed, start: from });
    }
    let latest = from.plus_years(limits::VALID_YEARS_MAX);
    if let Some(typed) = until.filter(|until| *until > latest) {
        return refused(PeriodProblem::TooLong { typed, latest });
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
                (Err(Error::Period(problem)), Err(expected)) => assert_eq!(problem, expected, "{from:?} {until:?}"),
                (read, expected) => panic!("{read:?} instead of {expected:?}"),
            }
        };
        check(Validity::Years(5), None, None, Ok("2026-11-23/2031-11-22"));
        check(Validity::Years(5), date("2026-12-01"), date("2031-11-30"), Ok("2026-12-01/2031-11-30"));
        let day = |text: &str| Date::parse(text).unwrap();
        let not_allowed =
            |right: Option<&str>| Err(PeriodProblem::EndNotAllowed { typed: day("2031-11-30"), right: right.map(day) });
        check(Validity::Years(5), None, date("2031-11-30"), not_allowed(Some("2031-11-22")));
        check(Validity::Unlimited, None, None, Ok("2026-11-23/"));
        check(Validity::Unlimited, None, date("2031-11-30"), not_allowed(None));
        check(Validity::UntilDate, None, None, Err(PeriodProblem::EndMissing));
        check(Validity::UntilDate, None, date("2026-11-23"), Ok("2026-11-23/2026-11-23"));
        let before = PeriodProblem::EndBeforeStart { typed: day("2026-11-22"), start: day("2026-11-23") };
        check(Validity::UntilDate, None, date("2026-11-22"), Err(before));
        check(Validity::UntilDate, None, date("2126-11-23"), Ok("2026-11-23/2126-11-23"));
        let long = PeriodProblem::TooLong { typed: day("2126-11-24"), latest: day("2126-11-23") };
        check(Validity::UntilDate, None, date("2126-11-24"), Err(long));
        check(Validity::Unlimited, date("2026-10-23"), None, Ok("2026-10-23/"));
        let early = PeriodProblem::StartTooEarly { typed: day("2026-10-22"), earliest: day("2026-10-23") };
        check(Validity::Unlimited, date("2026-10-22"), None, Err(early));
        check(Validity::Unlimited, date("2027-11-24"), None, Ok("2027-11-24/"));
        let late = PeriodProblem::StartTooLate { typed: day("2027-11-25"), latest: day("2027-11-24") };
        check(Validity::Unlimited, date("2027-11-25"), None, Err(late));
    }

    #[test]
    fn years_that_begin_on_a_leap_day_end_with_february() {
        let at = Date::parse("2028-02-29").unwrap().start();
        let (_, until) = period(Validity::Years(5), None, None, at).unwrap();
        assert_eq!(until, Some(Date::parse("2033-02-28").unwrap()));
        assert!(period(Validity::Years(5), None, Some(Date::parse("2033-02-27").unwrap()), at).is_err());
    }
}
