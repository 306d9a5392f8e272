//! The words of what licences are refused, suspended and revoked for.

use base::{Language, Text};
use licence::{
    error::PeriodProblem,
    field::{Bound, Day, Edge, FieldProblem, VEHICLE_CLASSES},
    reason::{ReturnReason, RevocationReason, StatusReason, SuspensionReason, WithdrawalReason},
};

use super::{Worded, code_of};

impl Worded for SuspensionReason {
    fn text(&self) -> Text {
        match self {
            Self::Investigation => words::suspension::INVESTIGATION,
            Self::Violation => words::suspension::VIOLATION,
            Self::ConditionsNotMet => words::suspension::CONDITIONS_NOT_MET,
            Self::HolderRequest => words::suspension::HOLDER_REQUEST,
            Self::CourtOrder => words::suspension::COURT_ORDER,
        }
        .clone()
    }
}

impl Worded for RevocationReason {
    fn text(&self) -> Text {
        match self {
            Self::Penalty => words::revocation::PENALTY,
            Self::WronglyGranted => words::revocation::WRONGLY_GRANTED,
            Self::Fraud => words::revocation::FRAUD,
            Self::HolderCeased => words::revocation::HOLDER_CEASED,
            Self::HolderRequest => words::revocation::HOLDER_REQUEST,
            Self::IssuedInError => words::revocation::ISSUED_IN_ERROR,
        }
        .clone()
    }
}

impl Worded for ReturnReason {
    fn text(&self) -> Text {
        match self {
            Self::Incomplete => words::return_reason::INCOMPLETE,
            Self::Mismatch => words::return_reason::MISMATCH,
            Self::ConditionsNotMet => words::return_reason::CONDITIONS_NOT_MET,
            Self::Duplicate => words::return_reason::DUPLICATE,
            Self::WrongType => words::return_reason::WRONG_TYPE,
        }
        .clone()
    }
}

impl Worded for WithdrawalReason {
    fn text(&self) -> Text {
        match self {
            Self::EnteredInError => words::withdrawal_reason::ENTERED_IN_ERROR,
            Self::WrongHolder => words::withdrawal_reason::WRONG_HOLDER,
            Self::Duplicate => words::withdrawal_reason::DUPLICATE,
            Self::GivenUp => words::withdrawal_reason::GIVEN_UP,
        }
        .clone()
    }
}

impl Worded for StatusReason {
    fn text(&self) -> Text {
        match self {
            Self::Revocation(reason) => reason.text(),
            Self::Suspension(reason) => reason.text(),
        }
    }
}

impl Worded for FieldProblem {
    fn text(&self) -> Text {
        use words::field_problem;
        match self {
            Self::CheckDigit(number) => field_problem::check_digit(number),
            Self::Character(c) => field_problem::character(code_of(*c)),
            Self::Glyph(c) => field_problem::glyph(c, code_of(*c)),
            Self::HolderNotNamed => field_problem::HOLDER_NOT_NAMED.clone(),
            Self::Locked { typed, registered } => field_problem::locked(registered, typed),
            Self::Missing => field_problem::MISSING.clone(),
            Self::Name(error) => error.text(),
            Self::NoRoom => field_problem::NO_ROOM.clone(),
            Self::NotAChoice { typed, words } => {
                let chinese: Vec<&str> = words.iter().map(|word| word.zh.as_str()).collect();
                let english: Vec<String> = words.iter().map(|word| format!("{} ({})", word.zh, word.en)).collect();
                let between = words::base::BETWEEN;
                say_both(&chinese.join(&between.zh), &english.join(&between.en), |words| {
                    field_problem::not_a_choice(typed, words)
                })
            }
            Self::NotACountry(typed) => field_problem::not_a_country(typed),
            Self::NotADate(typed) => field_problem::not_a_date(typed),
            Self::NotAnIdentityNumber(number) => field_problem::not_an_identity_number(number),
            Self::NotAnInstant(typed) => field_problem::not_an_instant(typed),
            Self::NotANumber(typed) => field_problem::not_a_number(typed),
            Self::NotAVehicleClass(typed) => {
                let classes: Vec<&str> = VEHICLE_CLASSES.iter().map(|class| class.code).collect();
                field_problem::not_a_vehicle_class(typed, classes.join(" "))
            }
            Self::OtherCharacter { character, allowed } => {
                field_problem::other_character(character, code_of(*character), allowed)
            }
            Self::OtherDay { typed, edge } => with_edge(edge, |edge| field_problem::other_day(typed, edge)),
            Self::PersonBorn { born, edge, is_late: true } => {
                with_edge(edge, |edge| field_problem::person_born_late(born, edge))
            }
            Self::PersonBorn { born, edge, is_late: false } => {
                with_edge(edge, |edge| field_problem::person_born_early(born, edge))
            }
            Self::PersonDied { on, edge } => with_edge(edge, |edge| field_problem::person_died(on, edge)),
            Self::PersonName { typed } => field_problem::person_name(typed),
            Self::PersonSex(sex) => {
                let (chinese, english) = sex.words();
                say_both(chinese, english, |sex| field_problem::person_sex(sex))
            }
            Self::PersonUnknown(number) => field_problem::person_unknown(number),
            Self::RegisterChanged { applied, registered } => field_problem::register_changed(registered, applied),
            Self::TooEarly { typed, edge } => with_edge(edge, |edge| field_problem::too_early(typed, edge)),
            Self::TooLarge { typed, most } => field_problem::too_large(typed, most),
            Self::TooLate { typed, edge } => with_edge(edge, |edge| field_problem::too_late(typed, edge)),
            Self::TooLong { most, typed } => field_problem::too_long(most, typed),
            Self::TooSmall { typed, least } => field_problem::too_small(typed, least),
            Self::TooYoung { born, years, from, class: None } => field_problem::too_young(years, born, from),
            Self::TooYoung { born, years, from, class: Some(class) } => {
                field_problem::too_young_class(class.code, years, born, from)
            }
            Self::Unknown => field_problem::UNKNOWN_FIELD.clone(),
        }
    }
}

/// A sentence with something in it that is another thing in each language.
fn say_both(chinese: &str, english: &str, sentence: impl Fn(&str) -> Text) -> Text {
    Text::composed(|language| sentence(if language == Language::Chinese { chinese } else { english }))
}

/// A sentence with a day in it and where that day comes from: `2026-11-23 (today)`.
fn with_edge(edge: &Edge, sentence: impl Fn(&str) -> Text) -> Text {
    let what = edge_words(edge);
    let shown = say_both(&what.zh, &what.en, |what| words::edge::day(edge.day, what));
    say_both(&shown.zh, &shown.en, sentence)
}

fn edge_words(edge: &Edge) -> Text {
    let day = match (&edge.bound.day, &edge.label) {
        (Day::Field(_), Some(label)) => say_both(&label.zh, &label.en, |label| words::edge::field(label)),
        (Day::Field(key), None) => words::edge::field(key),
        (Day::FirstDay, _) => words::edge::FIRST_DAY.clone(),
        (Day::HolderBirth, _) => words::edge::HOLDER_BIRTH.clone(),
        (Day::Today, _) => words::edge::TODAY.clone(),
    };
    let Bound { years, days, .. } = edge.bound;
    let moved = |what: &Text, sentence: &dyn Fn(&str) -> Text| say_both(&what.zh, &what.en, sentence);
    let day = match years {
        0 => day,
        1.. => moved(&day, &|what| words::edge::years_after(what, years)),
        _ => moved(&day, &|what| words::edge::years_before(what, -years)),
    };
    match days {
        0 => day,
        _ => moved(&day, &|what| words::edge::days_before(what, -days)),
    }
}

impl Worded for PeriodProblem {
    fn text(&self) -> Text {
        use words::period_problem;
        match self {
            Self::EndBeforeStart { typed, start } => period_problem::end_before_start(typed, start),
            Self::EndMissing => period_problem::END_MISSING.clone(),
            Self::EndNotAllowed { typed, right: Some(right) } => period_problem::end_not_allowed(right, typed),
            Self::EndNotAllowed { typed, right: None } => period_problem::end_unlimited(typed),
            Self::TooLong { typed, latest } => period_problem::period_too_long(typed, latest),
            Self::StartTooEarly { typed, earliest } => period_problem::start_too_early(typed, earliest),
            Self::StartTooLate { typed, latest } => period_problem::start_too_late(typed, latest),
        }
    }
}

#[cfg(test)]
mod tests {
    use base::Date;
    use licence::field::Label;

    use super::*;

    #[test]
    fn a_mistake_names_what_was_typed_the_limit_and_where_that_comes_from_in_both_languages() {
        let day = |text: &str| Date::parse(text).unwrap();
        let edge = |bound: Day, years, days, label| Edge {
            day: day("2026-11-23"),
            bound: Bound { day: bound, years, days },
            label,
        };
        let check = |problem: &FieldProblem, zh: &str, en: &str| {
            assert_eq!((problem.text().zh.as_ref(), problem.text().en.as_ref()), (zh, en));
        };
        let typed = || "2030-01-01".to_owned();
        check(
            &FieldProblem::TooLate { typed: typed(), edge: edge(Day::Today, 0, 0, None) },
            "“2030-01-01”过晚，应不晚于 2026-11-23（今天）",
            "2030-01-01 is too late: not after 2026-11-23 (today)",
        );
        check(
            &FieldProblem::TooEarly { typed: typed(), edge: edge(Day::HolderBirth, 18, 0, None) },
            "“2030-01-01”过早，应不早于 2026-11-23（持证人出生之日起满 18 年）",
            "2030-01-01 is too early: not before 2026-11-23 (18 years after the day on which the holder was born)",
        );
        let born = Some(Label::new("出生时间", "Date and time of birth"));
        check(
            &FieldProblem::PersonDied {
                on: day("2025-01-01"),
                edge: edge(Day::Field("birth_time".to_owned()), 0, -310, born),
            },
            "此号码登记的人已于 2025-01-01 死亡，早于 2026-11-23（“出生时间”当日前 310 天）",
            "the person with this number died on 2025-01-01, before 2026-11-23 \
             (310 days before the day in “Date and time of birth”)",
        );
        let words = vec![Label::new("男", "male"), Label::new("女", "female")];
        check(
            &FieldProblem::NotAChoice { typed: "male".to_owned(), words },
            "没有“male”这个选项，可填：男、女",
            "“male” is none of the words: 男 (male), 女 (female)",
        );
        let early = PeriodProblem::StartTooEarly { typed: day("2020-01-01"), earliest: day("2026-10-23") };
        assert_eq!(early.text().zh, "起始日期 2020-01-01 过早，最早从 2026-10-23 起");
        assert_eq!(early.text().en, "2020-01-01 is too early for the first day: not before 2026-10-23");
    }
}
