//! What operators are told of backups, while a clock is moved by hand.

use std::sync::Arc;

use base::{Clock, Instant, ManualClock};
use examiner::Examiner;
use records::testing::Fresh;

use super::{Wanted, take, verify};
use crate::{
    commands::doctor::{self, Depth},
    settings::Settings,
    wiring::{self, World},
};

const DAY: i64 = 86_400;

struct City {
    clock: Arc<ManualClock>,
    settings: Settings,
    world: World,
    fresh: Fresh,
}

impl City {
    async fn found() -> Self {
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
        wiring::build(&settings, world.clone()).await.unwrap().database.close().await;
        Self { clock, settings, world, fresh }
    }

    fn days_later(&self, days: i64) {
        self.clock.set(self.clock.now().plus_seconds(days * DAY));
    }

    /// What `doctor` says of backups.
    async fn told(&self) -> String {
        let told = doctor::look(&self.settings, &self.world, Depth::Quick).await.unwrap().text;
        told.lines().find(|line| line.contains(" backups: ")).unwrap_or_default().to_owned()
    }

    /// Takes one and gives its folder.
    async fn back_up(&self) -> std::path::PathBuf {
        let wanted = Wanted { to: self.fresh.folder().join("backups"), keep: None, with_keys: false };
        let told = take(&self.settings, &self.world, &wanted).await.unwrap();
        assert!(!told.contains("not in the event log"), "{told}");
        told.lines().next().unwrap().into()
    }
}

#[tokio::test]
async fn doctor_says_when_no_backup_was_made_for_days_and_when_a_drill_found_something() {
    let city = City::found().await;
    assert_eq!(city.told().await, "ok    backups: none was made yet", "a city of one day needs none");
    city.days_later(3);
    let late = "WRONG backups: none is whole since more than 2 days: `guosuo backup`; ";
    assert_eq!(city.told().await, format!("{late}none was made yet"));
    let backup = city.back_up().await;
    let name = backup.file_name().unwrap().to_str().unwrap().to_owned();
    let told = city.told().await;
    assert!(told.starts_with(&format!("ok    backups: {name}; whole on 2026-11-26T")), "{told}");
    assert!(told.ends_with("no drill looked at it"), "{told}");
    // A drill writes nothing into the running database, unless it is told to.
    let drill = async |is_recorded| {
        // What is written down at the same instant has no order.
        city.clock.set(city.clock.now().plus_seconds(1));
        let report = verify(&city.settings, &city.world, &backup, None, is_recorded).await.unwrap();
        (report.wrong, report.text)
    };
    let (wrong, text) = drill(false).await;
    assert!(wrong.is_empty() && text.contains("lost: nothing"), "{text}");
    assert_eq!(city.told().await, told);
    let (wrong, text) = drill(true).await;
    assert!(wrong.is_empty() && text.contains("ok    record: written down"), "{text}");
    assert!(city.told().await.ends_with("a drill found nothing wrong on 2026-11-26"));
    // What was written down of backups since is no loss.
    assert!(drill(false).await.1.contains("lost: nothing"));
    std::fs::write(backup.join("tables/person.jsonl"), "[]\n").unwrap();
    let (wrong, text) = drill(true).await;
    assert!(wrong.len() == 1 && text.contains("ok    record: "), "{text}");
    let told = city.told().await;
    assert!(told.starts_with("WRONG backups: what is wrong with the last one"), "{told}");
    assert!(told.contains("a drill found 1 wrong on 2026-11-26: files: tables/person.jsonl: it has 3 bytes"), "{told}");
    city.days_later(1);
    city.back_up().await;
    assert!(city.told().await.starts_with("ok    backups: "));
    city.days_later(2);
    assert!(city.told().await.starts_with("ok    backups: "));
    city.days_later(1);
    assert!(city.told().await.starts_with(late));
}

#[tokio::test]
async fn a_drill_is_not_written_into_the_log_of_another_installation() {
    let (city, other) = (City::found().await, City::found().await);
    let backup = city.back_up().await;
    let report = verify(&other.settings, &other.world, &backup, None, true).await.unwrap();
    let wrong = report.wrong.last().unwrap();
    assert!(wrong.starts_with("record: the running database did not make guosuo-2026"), "{wrong}");
    assert_eq!(other.told().await, "ok    backups: none was made yet");
}
