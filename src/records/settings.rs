//! How to reach the database.

use std::time::Duration;

use base::Secret;

use crate::consequence::Consequence;

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// `sqlite://FILE` or `postgres://…`. It may hold a password, so it is never printed.
    pub url: Secret<String>,
    /// The most connections held open.
    pub connections_max: u32,
    /// How long a request waits for a free connection before it is answered 503.
    pub acquire_timeout: Duration,
    /// How long one statement may run (PostgreSQL only; SQLite's never leave the machine).
    pub(crate) statement_timeout: Duration,
    /// What follows from which event, in every unit of work on this database.
    pub consequences: &'static [Consequence],
}

impl DatabaseSettings {
    /// The defaults for a URL: 10 connections, 5 seconds to get one, 15 seconds a statement, no consequences.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url.into()),
            connections_max: 10,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(15),
            consequences: &[],
        }
    }
}
