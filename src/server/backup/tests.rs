//! What operators are told of backups, which ones make room for others, and what lies in the folder that is none.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base::{Clock, id::OrganisationId, number::CreditCode};
use identity::{
    Reason,
    organisation::{self, NewOrganisation, OrganisationKind},
};
use records::{Actor, events::RowPutBack};

use super::{Wanted, manifest::Backup, put_back::from_backup, take, verify};
use crate::{
    commands::{
        audit::{self, Reach},
        doctor::{self, Depth},
    },
    testing::{City, make_pipe},
    wiring::Product,
};

const DAY: i64 = 86_400;

impl City {
    fn days_later(&self, days: i64) {
        self.seconds_later(days * DAY);
    }

    /// What `doctor` says of backups.
    async fn told(&self) -> String {
        let told = doctor::look(&self.settings, &self.world, Depth::Quick).await.unwrap().text;
        told.lines().find(|line| line.contains(" backups: ")).unwrap_or_default().to_owned()
    }

    /// Takes one and gives its folder.
    async fn back_up(&self) -> PathBuf {
        self.back_up_and_keep(None).await.0
    }

    /// Takes one, lets so many stay, and gives its folder and what was said.
    async fn back_up_and_keep(&self, keep: Option<usize>) -> (PathBuf, String) {
        let wanted = Wanted { to: self.fresh.folder().join("backups"), keep, with_keys: false };
        let told = take(&self.settings, &self.world, &wanted).await.unwrap();
        assert!(!told.contains("not in the event log"), "{told}");
        (told.lines().next().unwrap().into(), told)
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
        city.seconds_later(1);
        let report = verify(&city.settings, &city.world, &backup, None, is_recorded).await.unwrap();
        (report.wrong, report.text)
    };
    let (wrong, text) = drill(false).await;
    assert!(wrong.is_empty() && text.contains("lost: nothing"), "{text}");
    assert_eq!(city.told().await, told);
    let (wrong, text) = drill(true).await;
    assert!(wrong.is_empty() && text.contains("ok    record: written down"), "{text}");
    assert!(city.told().await.contains("; a drill found nothing wrong on 2026-11-26T"));
    // What was written down of backups since is no loss.
    assert!(drill(false).await.1.contains("lost: nothing"));
    fs::write(backup.join("tables/person.jsonl"), "[]\n").unwrap();
    let (wrong, text) = drill(true).await;
    assert!(wrong.len() == 1 && text.contains("ok    record: "), "{text}");
    let told = city.told().await;
    assert!(told.starts_with("WRONG backups: what is wrong with the last one"), "{told}");
    // By the clock that the name is by.
    let found = "a drill found 1 wrong on 2026-11-26T07:00:04Z: files: tables/person.jsonl: it has 3 bytes";
    assert!(told.contains(found), "{told}");
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

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn copy(from: &Path, to: &Path) {
    assert!(std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

#[tokio::test]
async fn a_clock_that_was_ahead_once_never_costs_the_backup_that_was_just_made() {
    let city = City::found().await;
    let (first, _) = city.back_up_and_keep(Some(1)).await;
    city.days_later(29);
    let ahead = city.back_up().await;
    city.days_later(-28);
    let (second, told) = city.back_up_and_keep(Some(1)).await;
    assert!(second.join("manifest.json").exists() && ahead.exists() && !first.exists(), "{told}");
    assert!(told.contains(&format!("removed {}\n", name(&first))), "{told}");
    let said = format!("{} stays and is not counted: it says that it was made on 2026-12-22", name(&ahead));
    assert!(told.contains(&said) && told.contains("which is to come"), "{told}");
    // When it has come it counts as any other.
    city.days_later(60);
    let (third, told) = city.back_up_and_keep(Some(2)).await;
    assert!(third.exists() && ahead.exists() && !second.exists() && !told.contains("not counted"), "{told}");
}

#[tokio::test]
async fn only_whole_backups_of_this_installation_make_room_for_others() {
    let (city, other) = (City::found().await, City::found().await);
    let mut ours = Vec::new();
    for _ in 0..3 {
        city.days_later(1);
        ours.push(city.back_up().await);
    }
    other.days_later(2);
    other.seconds_later(7);
    let foreign = other.back_up().await;
    let folder = ours[0].parent().unwrap().to_owned();
    let of = |name: &str| folder.join(name);
    copy(&foreign, &folder);
    // A manifest alone, with its tag; one that was renamed; one that is not whole; what is none at all.
    let alone = of("guosuo-29991231T000000Z");
    fs::create_dir(&alone).unwrap();
    for part in ["manifest.json", "manifest.tag"] {
        fs::copy(ours[2].join(part), alone.join(part)).unwrap();
    }
    copy(&ours[2], &of("guosuo-20000101T000000Z"));
    city.days_later(1);
    let broken = city.back_up().await;
    fs::write(broken.join("tables/person.jsonl"), "[]\n").unwrap();
    std::os::unix::fs::symlink(&ours[1], of("guosuo-link")).unwrap();
    fs::create_dir(of("guosuo-pipe")).unwrap();
    make_pipe(&of("guosuo-pipe").join("manifest.json"));
    fs::write(of("guosuo-file"), "").unwrap();
    let others = [
        (name(&foreign), "it has no tag of this installation"),
        ("guosuo-29991231T000000Z", "under another name"),
        ("guosuo-20000101T000000Z", "under another name"),
        (name(&broken), "it has 3 bytes"),
        ("guosuo-link", "it is no folder"),
        ("guosuo-pipe", "it is no plain file"),
        ("guosuo-file", "it is no folder"),
    ];
    city.days_later(1);
    let (new, told) = city.back_up_and_keep(Some(3)).await;
    for (name, why) in others {
        let line = told.lines().find(|line| line.starts_with(&format!("{name} stays and is not counted: ")));
        assert!(line.is_some_and(|line| line.contains(why)) && of(name).exists(), "{name}: {told}");
    }
    let left: Vec<bool> = ours.iter().map(|path| path.exists()).collect();
    assert_eq!((left.as_slice(), new.exists()), (&[false, true, true][..], true), "{told}");
    // Without the keys nobody can tell which are ours, and none is removed.
    let key = city.fresh.folder().join("city/keys/envelope.key");
    fs::rename(&key, city.fresh.folder().join("envelope.key")).unwrap();
    city.days_later(1);
    let wanted = Wanted { to: folder, keep: Some(1), with_keys: false };
    let told = take(&city.settings, &city.world, &wanted).await.unwrap();
    assert!(told.contains("without the keys nobody can tell") && ours[2].exists() && new.exists(), "{told}");
}

#[tokio::test]
async fn what_cannot_be_removed_is_told_and_the_backup_is_made() {
    let city = City::found().await;
    let folder = city.fresh.folder().join("backups");
    fs::create_dir_all(folder.join("guosuo-cut-off.partial")).unwrap();
    fs::write(folder.join("guosuo-x.partial"), "").unwrap();
    let elsewhere = city.fresh.folder().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.join("guosuo-y.partial")).unwrap();
    // Under the name that the new one would have.
    let taken = folder.join(super::manifest::name(city.clock.now()));
    std::os::unix::fs::symlink("nowhere", &taken).unwrap();
    let (path, told) = city.back_up_and_keep(None).await;
    assert!(path != taken && path.join("manifest.json").exists() && elsewhere.exists(), "{told}");
    assert!(told.contains("removed guosuo-cut-off\n"), "{told}");
    for name in ["guosuo-x.partial", "guosuo-y.partial"] {
        assert!(told.contains(&format!("{name} is not removed: it is no folder\n")), "{told}");
    }
}

#[tokio::test]
async fn a_pipe_or_a_link_in_a_backup_is_named_and_nobody_waits_for_it() {
    let city = City::found().await;
    let backup = city.back_up().await;
    let drill = async |part: &str, is_pipe: bool| {
        let copied = backup.with_file_name("copied");
        let _ = fs::remove_dir_all(&copied);
        copy(&backup, &copied);
        fs::remove_file(copied.join(part)).unwrap();
        if is_pipe {
            make_pipe(&copied.join(part));
        } else {
            std::os::unix::fs::symlink(backup.join(part), copied.join(part)).unwrap();
        }
        let verified = verify(&city.settings, &city.world, &copied, None, false).await;
        verified.map_or_else(|error| format!("{error:#}"), |report| report.text)
    };
    for is_pipe in [true, false] {
        let told = drill("manifest.json", is_pipe).await;
        assert!(told.ends_with("copied/manifest.json: it is no plain file"), "{told}");
        let told = drill("manifest.tag", is_pipe).await;
        assert!(told.contains("WRONG tag: the manifest has no tag"), "{told}");
        let told = drill("tables/person.jsonl", is_pipe).await;
        assert!(told.contains("WRONG files: tables/person.jsonl: it is no file"), "{told}");
    }
}

/// Puts rows back from a backup; what was said.
async fn put_back(city: &City, product: &Product, backup: &Path) -> anyhow::Result<String> {
    let context = product.world.context(Actor::Job("test"));
    let reason = Reason::parse("磁盘出错").unwrap();
    from_backup(&city.settings, (product, &context), &Backup::open(backup).unwrap(), &reason).await
}

/// Registers a department.
async fn register(product: &Product, name: &str, code: &str) -> OrganisationId {
    let mut work = product.database.begin(product.world.context(Actor::Job("test"))).await.unwrap();
    let (credit_code, kind) = (CreditCode::complete(code).unwrap(), OrganisationKind::Department);
    let new = NewOrganisation { name: name.to_owned(), credit_code, kind, legal_representative: None };
    let organisation = organisation::register(&mut work, new).await.unwrap();
    work.commit().await.unwrap();
    organisation
}

async fn change(product: &Product, sql: &str) {
    let mut tx = product.database.housekeeping().await.unwrap();
    assert_eq!(tx.run_text(sql, vec![]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

/// Takes what guards the log away.
async fn drop_guards(product: &Product) {
    let mut tx = product.database.housekeeping().await.unwrap();
    let all: &[&str] = match tx.dialect().name() {
        "postgres" => &["drop trigger event_guard on event", "drop trigger event_guard_truncate on event"],
        _ => &["drop trigger event_unchanged", "drop trigger event_kept"],
    };
    for one in all {
        tx.run_text(one, vec![]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn findings(city: &City, product: &Product) -> Vec<String> {
    let found = audit::look(&city.settings, product, Reach::Whole).await.unwrap().0.findings;
    found.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn rows_that_were_damaged_or_taken_away_are_put_back_from_a_backup_as_the_log_proves_them() {
    let city = City::found().await;
    let product = city.start().await;
    let police = register(&product, "滨江市公安局", "11330100002489402").await;
    let market = register(&product, "滨江市市场监督管理局", "11330100002489381").await;
    let backup = city.back_up().await;
    change(
        &product,
        &format!("update organisation set name = '滨江巿公安局', marked = 7 where organisation_id = '{police}'"),
    )
    .await;
    change(&product, &format!("delete from organisation where organisation_id = '{market}'")).await;
    let mut expected = vec![
        format!("organisation {police} was changed past the product"),
        format!("organisation {market} was taken away past the product"),
    ];
    let mut found = findings(&city, &product).await;
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let said = put_back(&city, &product, &backup).await.unwrap();
    for one in [&police, &market] {
        assert!(said.contains(&format!("organisation {one}: it is back as the last act left it")), "{said}");
    }
    assert!(said.ends_with("the log and every row are sound\n"), "{said}");
    assert_eq!(findings(&city, &product).await, Vec::<String>::new());
    let mut tx = product.database.read().await.unwrap();
    for (one, name) in [(&police, "滨江市公安局"), (&market, "滨江市市场监督管理局")] {
        assert_eq!(organisation::find_unchanged(&mut tx, one).await.unwrap().unwrap().name, name);
    }
    drop(tx);
    let told = records::testing::told::<RowPutBack>(&product.database).await.unwrap();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|told| told.backup == name(&backup) && told.reason == "磁盘出错"), "{told:?}");
    // Nothing is to be put back now, and nothing is.
    let refused = put_back(&city, &product, &backup).await.unwrap_err().to_string();
    assert!(refused.contains("an audit names no row"), "{refused}");
    product.database.close().await;
}

#[tokio::test]
async fn a_backup_from_before_the_last_act_on_a_row_or_of_another_installation_puts_nothing_back() {
    let city = City::found().await;
    let product = city.start().await;
    let police = register(&product, "滨江市公安局", "11330100002489402").await;
    let older = city.back_up().await;
    let mut work = product.database.begin(product.world.context(Actor::Job("test"))).await.unwrap();
    organisation::suspend(&mut work, &police).await.unwrap();
    work.commit().await.unwrap();
    change(&product, &format!("update organisation set state = 'active' where organisation_id = '{police}'")).await;
    let named = findings(&city, &product).await;
    assert_eq!(named, [format!("organisation {police} was changed past the product")]);
    let said = put_back(&city, &product, &older).await.unwrap_err().to_string();
    assert!(said.contains("1 is wrong still: `guosuo audit` names it"), "{said}");
    assert_eq!(findings(&city, &product).await, named);
    assert_eq!(records::testing::told::<RowPutBack>(&product.database).await.unwrap(), []);
    // Of a log from which the last act was taken nobody believes how it left a row.
    drop_guards(&product).await;
    change(&product, "delete from event where kind = 'organisation.suspended'").await;
    let refused = put_back(&city, &product, &older).await.unwrap_err().to_string();
    assert!(refused.contains("the log itself is not whole"), "{refused}");
    let other = City::found().await;
    let refused = put_back(&city, &product, &other.back_up().await).await.unwrap_err().to_string();
    assert!(refused.contains("was not made by this installation"), "{refused}");
    assert_eq!(records::testing::told::<RowPutBack>(&product.database).await.unwrap(), []);
    product.database.close().await;
}
