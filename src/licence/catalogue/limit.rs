//! What the value of a field is held against: days of the register and of the licence itself, numbers, and people whom it
//! names.

use base::Date;
use serde::{Deserialize, Serialize};

use crate::register::sex::Sex;

/// A day that values are held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// The day in another field of the same licence, by its key.
    Field(String),
    /// The first day of validity.
    FirstDay,
    /// The holder's birth.
    HolderBirth,
    /// The day on which it is asked for, and again that on which it is approved.
    Today,
}

/// A day, moved by whole years and days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    pub day: Day,
    #[serde(default)]
    pub years: i32,
    #[serde(default)]
    pub days: i32,
}

impl Bound {
    /// The day itself.
    pub(crate) fn at(day: Day) -> Self {
        Self { day, years: 0, days: 0 }
    }

    pub(crate) fn plus_years(self, years: i32) -> Self {
        Self { years, ..self }
    }

    pub(crate) fn plus_days(self, days: i32) -> Self {
        Self { days, ..self }
    }

    /// Where the bound is when its day is this one.
    pub(crate) fn from(&self, day: Date) -> Date {
        day.plus_years(self.years).plus_days(self.days)
    }

    /// The key of the other field whose day it is.
    fn field(&self) -> Option<&str> {
        match &self.day {
            Day::Field(key) => Some(key),
            Day::FirstDay | Day::HolderBirth | Day::Today => None,
        }
    }
}

/// What a value must keep to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// A day of birth: that somebody is so many years old on the first day of validity.
    AgeAtLeast(i32),
    /// A number.
    AtLeast(i32),
    /// A number.
    AtMost(i32),
    /// A day or an instant that is not later.
    NotAfter(Bound),
    /// A day or an instant that is not earlier.
    NotBefore(Bound),
    /// A day or an instant of that very day.
    On(Bound),
}

impl Limit {
    /// The key of the other field that it compares with.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::NotAfter(bound) | Self::NotBefore(bound) | Self::On(bound) => bound.field(),
            Self::AgeAtLeast(_) | Self::AtLeast(_) | Self::AtMost(_) => None,
        }
    }
}

/// That the number in a field is of somebody in the register, and what has to agree with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedPerson {
    /// The key of the field with this person's name.
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sex: Option<Sex>,
    /// What the person's day of birth must keep to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) born: Vec<Limit>,
    /// A day that the person lived to see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alive_on: Option<Bound>,
    /// Whether this is one of those whom the licence is about: the holder has to be one of them.
    #[serde(default)]
    pub(crate) holds: bool,
}

impl NamedPerson {
    /// The keys of the other fields that it speaks of.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        let born = self.born.iter().filter_map(Limit::field);
        let alive_on = self.alive_on.as_ref().and_then(Bound::field);
        born.chain(alive_on).chain([self.name.as_str()])
    }
}
