//! An [`App`] for tests: a fresh database, a clock that stands still, randomness that repeats.

use std::sync::Arc;

use base::{Instant, ManualClock, Secret, SeededEntropy, Text};
use records::Database;

use crate::app::{App, Parts, Settings, Site};

/// The instant that test clocks show: 2026-11-23 15:00:00 in the legal time zone.
pub const NOW: Instant = Instant::from_seconds(1_795_417_200);

/// Settings of a demonstration city at a public URL.
pub fn settings(public_url: &str) -> Settings {
    Settings {
        public_url: public_url.to_owned(),
        trusted_proxies: Vec::new(),
        site: Site {
            city: Text::fixed("滨江市", "Binjiang"),
            organisation: "滨江市行政审批服务局".to_owned(),
            phone: "12345".to_owned(),
            icp: String::new(),
            police_filing: String::new(),
            demonstration: true,
        },
    }
}

/// An app on a database, reached at a public URL.
pub fn app(database: Database, public_url: &str) -> App {
    App::new(Parts {
        database,
        clock: Arc::new(ManualClock::new(NOW)),
        entropy: Arc::new(SeededEntropy::new(1)),
        settings: settings(public_url),
        key: Secret::new([7; 32]),
    })
}
