//! How to reach the database.

use std::time::Duration;

use base::{Fault, Secret};

use crate::{consequence::Consequence, dialect::Dialect, mark::Marked, servers::Servers};

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// `sqlite://FILE` or `postgres://…`. It may hold a password, so it is never printed.
    pub url: Secret<String>,
    /// The most connections held open.
    pub connections_max: u32,
    /// How long a request waits for a free connection before it is answered 503.
    pub acquire_timeout: Duration,
    /// How long one statement may run: PostgreSQL itself ends it then, and where nothing is heard for a little longer, its
    /// connection is given up.
    pub statement_timeout: Duration,
    /// What follows from which event, in every unit of work on this database.
    pub consequences: &'static [Consequence],
    /// Whose rows are marked, once the database has the key of its log.
    pub marked: &'static [&'static [Marked]],
}

impl DatabaseSettings {
    /// The defaults for a URL: 10 connections, 5 seconds to get one, 15 seconds a statement, no consequences, no marks.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url.into()),
            connections_max: 10,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(15),
            consequences: &[],
            marked: &[],
        }
    }
}

impl DatabaseSettings {
    /// Whether nobody on the way to the database can read or change what is said: it is on this machine, or proves by a
    /// certificate who it is.
    ///
    /// # Errors
    ///
    /// [`Fault`] for a URL that cannot be used.
    pub fn is_safe_on_the_way(&self) -> Result<bool, Fault> {
        let url = self.url.expose();
        Ok(Servers::of(url, Dialect::of(url)?)?.are_safe_on_the_way())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::ANSWER_MARGIN;

    #[test]
    fn with_the_settings_of_a_city_silence_is_noticed_within_20_seconds() {
        // The tasks beside requests ask twice a second.
        let asked_after = Duration::from_secs(1);
        let settings = DatabaseSettings::new("sqlite://x");
        assert!(asked_after + settings.statement_timeout + ANSWER_MARGIN < Duration::from_secs(20));
    }
}
