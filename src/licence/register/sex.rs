//! The sexes as documents print them (GB/T 2261.1).

use serde::{Deserialize, Serialize};

/// A person's sex in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    Female,
    Male,
}

impl Sex {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Male, Self::Female];

    /// In Chinese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Female => ("女", "female"),
            Self::Male => ("男", "male"),
        }
    }

    /// As it stands in fields.
    pub fn zh(self) -> &'static str {
        self.words().0
    }
}
