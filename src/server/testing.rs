//! A city for the tests of this crate, while a clock is moved by hand.

use std::sync::Arc;

use base::{Clock, Instant, ManualClock};
use examiner::Examiner;
use records::testing::Fresh;

use crate::{
    settings::Settings,
    wiring::{self, Product, World},
};

/// A database, keys, and what was written down of the first start.
pub(crate) struct City {
    pub clock: Arc<ManualClock>,
    pub settings: Settings,
    pub world: World,
    pub fresh: Fresh,
}

impl City {
    pub async fn found() -> Self {
        let fresh = records::testing::fresh_following(consequences::TABLE).await.unwrap();
        let mut settings = Settings::load(None, std::iter::empty(), &[]).unwrap();
        let folder = fresh.folder().join("city");
        for (key, value) in
            [("data_folder", folder.to_str().unwrap()), ("database.url", fresh.settings.url.expose().as_str())]
        {
            settings.set(key, value).unwrap();
        }
        let clock = Arc::new(ManualClock::new(Instant::from_seconds(1_795_417_200)));
        let shared = Arc::clone(&clock) as Arc<dyn Clock>;
        let world = World { clock: shared, examiner: Examiner::here(), is_real: false, ..World::default() };
        let city = Self { clock, settings, world, fresh };
        city.start().await.database.close().await;
        city
    }

    /// As `serve` does before it listens.
    pub async fn start(&self) -> Product {
        wiring::build(&self.settings, self.world.clone()).await.unwrap()
    }

    pub fn seconds_later(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }
}

/// Makes a pipe that nobody writes into.
pub(crate) fn make_pipe(path: &std::path::Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}
