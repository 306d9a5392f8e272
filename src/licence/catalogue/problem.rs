//! Why a field was refused: what was typed, what it was held against, and what would be right.

use base::{Date, name::NameError};

use super::{
    field::{FieldRule, Label},
    limit::{Bound, Day},
    vehicle::VehicleClass,
};
use crate::register::sex::Sex;

/// One field that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub key: String,
    /// Why.
    pub problem: FieldProblem,
}

/// A day that a value was held against, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub day: Date,
    pub bound: Bound,
    /// What people call the other field, when it is the day of one.
    pub label: Option<Label>,
}

impl Edge {
    pub(crate) fn new(bound: &Bound, day: Date, rules: &[FieldRule]) -> Self {
        let label = match &bound.day {
            Day::Field(key) => rules.iter().find(|rule| rule.key == *key).map(|rule| rule.label.clone()),
            Day::FirstDay | Day::HolderBirth | Day::Today => None,
        };
        Self { day, bound: bound.clone(), label }
    }
}

/// Why a field was refused. What was typed is said back, numbers of persons with their middle hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldProblem {
    /// The check digit of an identity number is wrong.
    CheckDigit(String),
    /// A character that cannot be seen, changes the direction of reading, or looks like another one.
    Character(char),
    /// The typeface has no picture of this character.
    Glyph(char),
    /// Whoever is to hold it is none of those whom it names as such.
    HolderNotNamed,
    /// It comes from the register and cannot be entered otherwise.
    Locked {
        typed: String,
        registered: String,
    },
    Missing,
    /// It is no name.
    Name(NameError),
    /// It does not fit its place on the page, even small and wrapped.
    NoRoom,
    /// It is not one of the words offered.
    NotAChoice {
        typed: String,
        words: Vec<Label>,
    },
    /// It is no country or region by its name or code.
    NotACountry(String),
    /// It is not a day.
    NotADate(String),
    NotAnIdentityNumber(String),
    /// It is not a minute of a day.
    NotAnInstant(String),
    NotANumber(String),
    /// It is no class of vehicles, and no row of them.
    NotAVehicleClass(String),
    /// It is of another day than it has to be.
    OtherDay {
        typed: String,
        edge: Edge,
    },
    /// One of the few characters that may stand in this field is another one.
    OtherCharacter {
        character: char,
        allowed: String,
    },
    /// The person named by the number was born too late or too early for it.
    PersonBorn {
        born: Date,
        edge: Edge,
        is_late: bool,
    },
    /// The person named by the number had died.
    PersonDied {
        on: Date,
        edge: Edge,
    },
    /// The person with the number beside it has another name in the register.
    PersonName {
        typed: String,
    },
    /// The person named by the number is registered as of the other sex.
    PersonSex(Sex),
    /// Nobody in the register has this number.
    PersonUnknown(String),
    /// The register says something else since it was applied for.
    RegisterChanged {
        applied: String,
        registered: String,
    },
    TooEarly {
        typed: String,
        edge: Edge,
    },
    TooLarge {
        typed: String,
        most: i32,
    },
    TooLate {
        typed: String,
        edge: Edge,
    },
    /// It has more characters than the field takes.
    TooLong {
        most: usize,
        typed: usize,
    },
    TooSmall {
        typed: String,
        least: i32,
    },
    /// The holder is not old enough on the first day of validity.
    TooYoung {
        born: Date,
        years: i32,
        /// The day on which the holder is.
        from: Date,
        /// For which class of vehicles, when it is for one.
        class: Option<VehicleClass>,
    },
    /// The type has no such field.
    Unknown,
}

impl FieldProblem {
    /// A stable word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CheckDigit(_) => "check_digit",
            Self::Character(_) | Self::OtherCharacter { .. } => "character",
            Self::Glyph(_) => "glyph",
            Self::HolderNotNamed => "holder_not_named",
            Self::Locked { .. } => "locked",
            Self::Missing => "missing",
            Self::Name(_) => "name",
            Self::NoRoom => "no_room",
            Self::NotAChoice { .. } => "not_a_choice",
            Self::NotACountry(_) => "not_a_country",
            Self::NotADate(_) => "not_a_date",
            Self::NotAnIdentityNumber(_) => "not_an_identity_number",
            Self::NotAnInstant(_) => "not_an_instant",
            Self::NotANumber(_) => "not_a_number",
            Self::NotAVehicleClass(_) => "not_a_vehicle_class",
            Self::OtherDay { .. } => "other_day",
            Self::PersonBorn { .. } => "person_born",
            Self::PersonDied { .. } => "person_died",
            Self::PersonName { .. } => "person_name",
            Self::PersonSex(_) => "person_sex",
            Self::PersonUnknown(_) => "person_unknown",
            Self::RegisterChanged { .. } => "register_changed",
            Self::TooEarly { .. } => "too_early",
            Self::TooLarge { .. } => "too_large",
            Self::TooLate { .. } => "too_late",
            Self::TooLong { .. } => "too_long",
            Self::TooSmall { .. } => "too_small",
            Self::TooYoung { .. } => "too_young",
            Self::Unknown => "unknown_field",
        }
    }
}
