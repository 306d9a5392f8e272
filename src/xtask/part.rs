//! The parts of the tests.

use anyhow::{Result, bail};

/// A part of the tests that can be run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Sqlite,
    Postgres,
    Browser,
    Python,
}

impl Part {
    pub const ALL: [Self; 4] = [Self::Sqlite, Self::Postgres, Self::Browser, Self::Python];

    /// The part that this word on the command line names.
    pub fn named(word: &str) -> Result<Self> {
        match word {
            "sqlite" => Ok(Self::Sqlite),
            "postgres" => Ok(Self::Postgres),
            "browser" => Ok(Self::Browser),
            "python" => Ok(Self::Python),
            _ => bail!("there is no part {word}"),
        }
    }
}
