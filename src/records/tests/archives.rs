//! The archive: what goes into files, what ends anywhere, and what an audit names of it.

use std::{
    fs,
    future::{Future, poll_fn},
    os::unix::fs::PermissionsExt,
    pin::pin,
    slice,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    task::Poll,
};

use serde_json::Value;
use tokio::sync::Notify;

use super::{
    audits::{MARKED, VersionChanged, act, changed, insert, no_guards, script},
    *,
};
use crate::{
    archive::{Archiver, Done, OverRow, Shelf, Shelved},
    audit::{Against, Audit, CheckedPoint, Finding, RowFault, against, at_one_moment, up_to_now},
    events::{LogArchived, RowsArchived},
    heads::{self, KeptHead},
    log::Entry,
    tx::Tx,
};

/// An archiver that nobody else is.
fn archiver(fresh: &testing::Fresh, seed: u64) -> Archiver {
    Archiver::new(&fresh.database, shelf(fresh), &SeededEntropy::new(seed))
}

fn shelf(fresh: &testing::Fresh) -> Shelf {
    Shelf::new(fresh.folder().join("archive"))
}

fn files(fresh: &testing::Fresh) -> Vec<String> {
    let entries = fs::read_dir(fresh.folder().join("archive")).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn count(database: &Database, sql: &'static str) -> Result<i64, Fault> {
    let (count,): (i64,) = database.read().await?.one(sql, args![]).await?;
    Ok(count)
}

/// Numbers what waits and keeps a head of it.
async fn keep(database: &Database, second: i64) -> Result<KeptHead, Fault> {
    while log::sequence_events(database).await? > 0 {}
    Ok(heads::now(database, at(second)).await?.unwrap())
}

async fn whole(fresh: &testing::Fresh, kept: &[KeptHead]) -> Result<Audit, Fault> {
    let shelf = shelf(fresh);
    against(&fresh.database, &Against { kept, shelf: Some(&shelf), at: Some(at(1_000_000)), ..Against::default() })
        .await
}

/// So many events of one second.
async fn many(database: &Database, second: i64, count: usize) -> Result<(), Fault> {
    let mut work = database.begin(context(at(second), second.unsigned_abs())).await?;
    for _ in 0..count {
        work.record(happened("object"));
    }
    work.commit().await
}

#[tokio::test]
async fn events_that_are_old_enough_go_into_a_file_and_out_of_the_table() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    many(database, 1, 700).await?;
    many(database, 5, 3).await?;
    let kept = keep(database, 6).await?;
    let archiver = archiver(&fresh, 1);
    let context = context(at(10), 10);
    let done = archiver.events(&context, at(5), Some(&kept)).await?.unwrap();
    let file = "events-000000000001-000000000700.jsonl".to_owned();
    assert_eq!(done, Done { archived: 700, removed: 700, file: Some(file.clone()) });
    assert_eq!(archiver.events(&context, at(5), Some(&kept)).await?, Some(Done::default()));
    assert_eq!(count(database, "select count(*) from event").await?, 4);
    let text = fs::read_to_string(shelf(&fresh).folder().join(&file)).map_err(Fault::broken)?;
    let numbers: Vec<i64> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["sequence"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=700).collect::<Vec<_>>());
    let told: Vec<LogArchived> = testing::told(database).await?;
    assert_eq!((told.len(), told[0].first, told[0].last, &told[0].file), (1, 1, 700, &file));
    assert_eq!(told[0].sha256, crypto::digest::hex(&crypto::digest::sha256(text.as_bytes())));
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(shelf(&fresh).folder().to_owned()), mode(shelf(&fresh).folder().join(&file))), (0o700, 0o600));
    // Audited with the file, it is read; without, what is behind it is.
    while log::sequence_events(database).await? > 0 {}
    for (audited, away) in [
        (whole(&fresh, std::slice::from_ref(&kept)).await?, vec![]),
        (audit(database, std::slice::from_ref(&kept)).await?, vec![(1, 700)]),
    ] {
        assert_eq!((audited.findings, audited.events, audited.archived, audited.away), (vec![], 704, 700, away));
    }
    // The next ones go behind it, under a head that covers them.
    let kept = keep(database, 20).await?;
    let done = archiver.events(&context, at(6), Some(&kept)).await?.unwrap();
    assert_eq!((done.archived, done.file.as_deref()), (3, Some("events-000000000701-000000000703.jsonl")));
    while log::sequence_events(database).await? > 0 {}
    assert_eq!(whole(&fresh, &[kept]).await?.findings, []);
    Ok(())
}

#[tokio::test]
async fn no_event_is_archived_that_no_head_outside_covers_or_that_is_not_as_it_was_written() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    many(database, 1, 3).await?;
    let kept = keep(database, 2).await?;
    many(database, 3, 2).await?;
    while log::sequence_events(database).await? > 0 {}
    let archiver = archiver(&fresh, 1);
    let context = context(at(10), 10);
    let refused = async |kept: Option<&KeptHead>| archiver.events(&context, at(9), kept).await.unwrap_err().to_string();
    assert!(refused(None).await.contains("no head of the event log is kept outside"));
    let other = KeptHead { hash: "of another log".to_owned(), ..kept.clone() };
    assert!(refused(Some(&other)).await.contains("has not the head that was kept last"));
    assert_eq!((files(&fresh), count(database, "select count(*) from event").await?), (vec![], 5));
    let done = archiver.events(&context, at(9), Some(&kept)).await?.unwrap();
    assert_eq!(done.archived, 3, "as far as the head goes");
    // One that was changed past the product stays where it can be looked at, and what is behind it too.
    let kept = keep(database, 11).await?;
    script(database, no_guards(database)).await?;
    script(database, "update event set actor = 'somebody else' where sequence = 5").await?;
    assert!(refused(Some(&kept)).await.contains("event 5 is not as it was written"));
    assert_eq!(count(database, "select count(*) from event where sequence = 5").await?, 1);
    Ok(())
}

#[tokio::test]
async fn the_guard_lets_archived_events_go_and_its_point_goes_forward_only() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    many(database, 1, 3).await?;
    many(database, 5, 2).await?;
    let kept = keep(database, 6).await?;
    let refused = async |text: &str| script(database, text).await.is_err();
    assert!(refused("delete from event where sequence = 1").await);
    archiver(&fresh, 1).events(&context(at(10), 10), at(5), Some(&kept)).await?;
    for text in [
        "delete from event where sequence = 4",
        "delete from event where sequence is null",
        "delete from event",
        "update event_archived set sequence = 2",
        "update event_archived set hash = 'x'",
        "delete from event_archived",
        "update event set sequence = 1 where sequence = 4",
    ] {
        assert!(refused(text).await, "{text}");
    }
    Ok(())
}

/// Lets a future take so many steps and drops it, as a process that ends there does. None when it had not come to its end.
async fn steps<F: Future>(future: F, mut left: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn an_archiver_that_ends_anywhere_loses_nothing_and_doubles_nothing() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    act(database, 1, &insert("a"), changed("a")).await?;
    many(database, 2, 600).await?;
    many(database, 5, 2).await?;
    let kept = keep(database, 6).await?;
    let mut ended = 0;
    for n in 0_i64.. {
        // Another process each time, when the turn of the one that ended is over.
        let second = 1_000 * (n + 1);
        let (archiver, context) = (archiver(&fresh, n.unsigned_abs()), context(at(second), second.unsigned_abs()));
        let done = steps(archiver.events(&context, at(5), Some(&kept)), n as usize).await;
        assert_whole(&fresh, &kept).await?;
        if done.transpose()?.is_some() {
            ended += 1;
        }
        // Once it has come to its end, and once more with nothing to do.
        if ended == 2 {
            break;
        }
    }
    assert_eq!(files(&fresh), ["events-000000000001-000000000601.jsonl"]);
    assert_eq!(testing::told::<LogArchived>(database).await?.len(), 1);
    assert_eq!(count(database, "select count(*) from event where sequence <= 601").await?, 0);
    Ok(())
}

/// Nothing is lost: what is not in the table is in the file.
async fn assert_whole(fresh: &testing::Fresh, kept: &KeptHead) -> Result<(), Fault> {
    while log::sequence_events(&fresh.database).await? > 0 {}
    let audited = whole(fresh, std::slice::from_ref(kept)).await?;
    assert_eq!((audited.findings, audited.away), (vec![], vec![]));
    Ok(())
}

/// What refuses a change of a table, as a process that ends just before it makes none.
async fn stop(database: &Database, change: &str, when: &str) -> Result<(), Fault> {
    let text = match database.dialect() {
        Dialect::Postgres => format!(
            "create function stop() returns trigger language plpgsql as $$ begin raise exception 'stop'; end $$;
             create trigger stop before {change} for each row when ({when}) execute function stop()"
        ),
        Dialect::Sqlite => {
            format!("create trigger stop before {change} when {when} begin select raise(abort, 'stop'); end")
        }
    };
    script(database, &text).await
}

async fn go_on(database: &Database, table: &str) -> Result<(), Fault> {
    let text = match database.dialect() {
        Dialect::Postgres => format!("drop trigger stop on {table}; drop function stop()"),
        Dialect::Sqlite => "drop trigger stop".to_owned(),
    };
    script(database, &text).await
}

#[tokio::test]
async fn an_archiver_that_ends_behind_a_file_or_while_it_removes_is_gone_on_with() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    act(database, 1, &insert("a"), changed("a")).await?;
    many(database, 2, 600).await?;
    many(database, 5, 2).await?;
    let kept = keep(database, 6).await?;
    let left = "select count(*) from event where kind <> 'log.archived'";
    let stages = [
        ("update on event_archived", "new.sequence > 0", "event_archived", (0, 603)),
        ("delete on event", "old.sequence > 0", "event", (601, 603)),
        ("delete on event", "old.sequence > 500", "event", (601, 103)),
    ];
    for ((change, when, table, expected), second) in stages.into_iter().zip(10_i64..) {
        stop(database, change, when).await?;
        let archiver = archiver(&fresh, second.unsigned_abs());
        // More is old enough the second time: what was begun keeps its end.
        let before = if second == 10 { at(5) } else { at(6) };
        assert!(archiver.events(&context(at(second), second.unsigned_abs()), before, Some(&kept)).await.is_err());
        go_on(database, table).await?;
        let point = count(database, "select sequence from event_archived").await?;
        assert_eq!((point, count(database, left).await?), expected, "{change} {when}");
        assert_eq!(files(&fresh), ["events-000000000001-000000000601.jsonl"]);
        assert_whole(&fresh, &kept).await?;
    }
    Ok(())
}

#[tokio::test]
async fn of_two_archivers_one_has_the_turn_until_it_gives_it_back_or_ended_long_ago() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    many(database, 1, 600).await?;
    let kept = keep(database, 2).await?;
    let archiver = archiver(&fresh, 1);
    let until = at(300).as_micros();
    script(database, &format!("update archive_turn set holder = 'another', ends_at = {until}")).await?;
    assert_eq!(archiver.events(&context(at(200), 1_000), at(5), Some(&kept)).await?, None);
    assert_eq!((files(&fresh), count(database, "select sequence from event_archived").await?), (vec![], 0));
    let done = archiver.events(&context(at(301), 1_001), at(5), Some(&kept)).await?.unwrap();
    assert_eq!((done.archived, done.removed), (600, 600));
    assert_eq!(count(database, "select ends_at from archive_turn").await?, 0);
    Ok(())
}

/// The names of the tables that are put back after each way.
const TABLES: [&str; 5] = ["event", "event_head", "event_archived", "client", "licence_type"];

/// A city of which the first four events are archived, and among them all that tells of the client `old`.
async fn archived_city() -> Result<(testing::Fresh, Vec<KeptHead>), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    act(database, 1, &insert("old"), changed("old")).await?;
    script(database, "create table client_before as select * from client").await?;
    act(database, 2, "update client set enabled = 0 where client_id = 'old'", changed("old")).await?;
    act(database, 3, &insert("a"), changed("a")).await?;
    act(database, 4, &insert("b"), changed("b")).await?;
    act(database, 5, "update client set enabled = 0 where client_id = 'a'", changed("a")).await?;
    let version = "insert into licence_type (licence_type_id, type_code, version, state, definition, created_at)
                   values ('lty_1', 'code', 1, 'draft', '{}', 0)";
    let version_changed =
        VersionChanged { what: "x".to_owned(), code: "code".to_owned(), version_id: "lty_1".to_owned() };
    act(database, 6, version, version_changed).await?;
    act(database, 7, "update client set secret_hash = 'other' where client_id = 'b'", changed("b")).await?;
    let mut kept = vec![keep(database, 8).await?];
    let done = archiver(&fresh, 1).events(&context(at(10), 10), at(5), kept.first()).await?.unwrap();
    assert_eq!((done.archived, done.removed), (4, 4));
    kept.push(keep(database, 11).await?);
    script(database, no_guards(database)).await?;
    script(database, no_guard_of_the_point(database)).await?;
    for table in TABLES {
        script(database, &format!("create table {table}_kept as select * from {table}")).await?;
    }
    Ok((fresh, kept))
}

fn no_guard_of_the_point(database: &Database) -> &'static str {
    match database.dialect() {
        Dialect::Postgres => "drop trigger event_archived_guard on event_archived",
        Dialect::Sqlite => "drop trigger event_archived_forward; drop trigger event_archived_kept",
    }
}

async fn put_back(database: &Database) -> Result<(), Fault> {
    for table in TABLES {
        script(database, &format!("delete from {table}; insert into {table} select * from {table}_kept")).await?;
    }
    Ok(())
}

fn row(client: &str, fault: RowFault) -> Finding {
    Finding::Row("client", client.to_owned(), fault)
}

#[tokio::test]
async fn whatever_the_owner_changes_is_named_when_the_oldest_events_are_archived() -> Result<(), Fault> {
    let (fresh, kept) = archived_city().await?;
    let database = &fresh.database;
    // With the file at hand, and without it: the same is named, but for rows of which only the file tells.
    let check = async |what: &str, text: &str, with: &[Finding], without: &[Finding]| -> Result<(), Fault> {
        script(database, text).await?;
        assert_eq!(whole(&fresh, &kept).await?.findings, with, "{what}, with the file");
        assert_eq!(audit(database, &kept).await?.findings, without, "{what}, without the file");
        put_back(database).await
    };
    let both = async |what: &str, text: &str, expected: &[Finding]| check(what, text, expected, expected).await;
    both("nothing", "select 1", &[]).await?;
    both("an event is removed", "delete from event where sequence = 6", &[Finding::Missing(6, 6)]).await?;
    both("the first two are removed", "delete from event where sequence < 7", &[Finding::Missing(5, 6)]).await?;
    both("an event is changed", "update event set object = 'b' where sequence = 5", &[Finding::Foreign(5)]).await?;
    both("who acted is changed", "update event set actor = 'x' where sequence = 7", &[Finding::Foreign(7)]).await?;
    let swap = "update event set sequence = -2 where sequence = 5; update event set sequence = 5 where sequence = 6;
                update event set sequence = 6 where sequence = -2";
    both("two change places", swap, &[5, 6, 7].map(Finding::Changed)).await?;
    let copy = "insert into event (event_id, at, actor_kind, actor, kind, object, data, marks, mac)
                select 'zz', at, actor_kind, actor, kind, object, data, marks, mac from event where sequence = 5";
    both("an event is added that waits", copy, &[Finding::ForeignWaiting("zz".to_owned())]).await?;
    let numbered = format!("{copy}; update event set sequence = 9, hash = 'x' where event_id = 'zz'");
    both("an event is added with a number", &numbered, &[Finding::Beyond(9)]).await?;
    let cut = "delete from event where sequence > 6";
    both("the tail is cut off", cut, &[Finding::Cut(6, 8)]).await?;
    let head = "update event_head set sequence = 6, hash = (select hash from event where sequence = 6)";
    both("the head is put back", head, &[Finding::Head, Finding::Beyond(8), Finding::PutBack(8, 6)]).await?;
    both("tail and head are cut off", &format!("{head}; {cut}"), &[Finding::Head, Finding::PutBack(8, 6)]).await?;
    both("the head is removed", "delete from event_head", &[Finding::Head]).await?;
    let no_key = "update event_head set keyed_from = null, mac = null";
    let all = |from| [&[Finding::Head][..], &(from..=8).map(Finding::Changed).collect::<Vec<_>>()].concat();
    check("the log is said to have no key", no_key, &all(1), &all(5)).await?;
    let enable = "update client set enabled = 1 where client_id = 'a'";
    both("a client is enabled", enable, &[row("a", RowFault::Changed)]).await?;
    let secret = "update client set secret_hash = 'mine' where client_id = 'b'";
    both("a secret is replaced", secret, &[row("b", RowFault::Changed)]).await?;
    both("a row is put there", &insert("c"), &[row("c", RowFault::Inserted)]).await?;
    both("a row is taken away", "delete from client where client_id = 'b'", &[row("b", RowFault::Removed)]).await?;
    both("what goes when it is over has gone", "delete from licence_type", &[]).await?;
    let rows = [Finding::Rows("client")];
    let old = "delete from client where client_id = 'old'";
    check("a row that only the archive names is taken away", old, &[row("old", RowFault::Removed)], &rows).await?;
    let back = "delete from client where client_id = 'old'; insert into client select * from client_before";
    check("such a row is put back", back, &[row("old", RowFault::PutBack)], &rows).await?;
    let forward = "update event_archived set sequence = 6, hash = (select hash from event where sequence = 6);
                   delete from event where sequence <= 6";
    both("more is said to be archived", forward, &[Finding::Archived, Finding::Missing(1, 6)]).await?;
    let tally = "update event_archived set tally = '{}'; delete from client where client_id = 'old'";
    let expected = [Finding::Archived, Finding::Missing(1, 4)];
    both("the rows of the archived events are said to be others", tally, &expected).await?;
    let none = "update event_archived set sequence = 0, hash = '', tally = '{}', mac = null";
    both("nothing is said to be archived", none, &[Finding::Missing(1, 4)]).await?;
    both("what is archived is not said", "delete from event_archived", &expected).await?;
    Ok(())
}

/// Puts an entry into the table, as somebody does who has a file and the database.
async fn put(database: &Database, entry: &Entry) -> Result<(), Fault> {
    let Entry { event_id, at, actor_kind, actor, kind, object, data, marks, mac, sequence, hash, .. } = entry;
    let mut tx = database.housekeeping().await?;
    let values = args![
        event_id,
        *at,
        actor_kind,
        actor,
        kind,
        object,
        data,
        marks.as_deref(),
        mac.as_deref(),
        *sequence,
        hash.as_deref()
    ];
    tx.run(
        "insert into event (event_id, at, actor_kind, actor, kind, object, data, marks, mac, sequence, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        values,
    )
    .await?;
    tx.commit().await
}

fn archived_entries(fresh: &testing::Fresh) -> Result<Vec<Entry>, Fault> {
    let name = files(fresh).into_iter().find(|name| name.starts_with("events-")).unwrap();
    let text = fs::read_to_string(shelf(fresh).folder().join(name)).map_err(Fault::broken)?;
    Ok(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[tokio::test]
async fn what_is_put_beside_the_archive_is_named_with_its_files_and_without() -> Result<(), Fault> {
    let (fresh, kept) = archived_city().await?;
    let database = &fresh.database;
    let archived = archived_entries(&fresh)?;
    let forged = Entry { event_id: "zz".to_owned(), mac: None, ..archived[1].clone() };
    let below = Entry { sequence: Some(0), ..forged.clone() };
    for (entry, expected) in [
        (&forged, vec![Finding::Foreign(2), Finding::Stray(2)]),
        (&below, vec![Finding::Stray(0)]),
        // As it was written, and out of its place.
        (&archived[1], vec![Finding::Stray(2)]),
    ] {
        put(database, entry).await?;
        let checked = Against { kept: &kept, at: Some(at(9)), ..Against::default() };
        for audited in [whole(&fresh, &kept).await?, against(database, &checked).await?] {
            assert_eq!(audited.findings, expected);
        }
        put_back(database).await?;
    }
    // Whoever was cut off while removing has left the end of it.
    for entry in &archived[2..] {
        put(database, entry).await?;
    }
    assert_eq!(whole(&fresh, &kept).await?.findings, []);
    Ok(())
}

#[tokio::test]
async fn a_copy_of_an_archived_event_is_named_and_takes_nothing_back() -> Result<(), Fault> {
    const DAY: i64 = 86_400;
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    act(database, 1, &insert("old"), changed("old")).await?;
    many(database, 2, 1).await?;
    act(database, 3 * DAY, &insert("a"), changed("a")).await?;
    let kept = keep(database, 3 * DAY).await?;
    let done = archiver(&fresh, 1).events(&context(at(4 * DAY), 10), at(5), Some(&kept)).await?.unwrap();
    assert_eq!(done.archived, 2);
    let kept = keep(database, 4 * DAY).await?;
    assert_eq!(whole(&fresh, slice::from_ref(&kept)).await?.findings, []);
    // A row goes, and the event that made it is told once more.
    script(database, "delete from client where client_id = 'old'").await?;
    put(database, &Entry { sequence: None, hash: None, ..archived_entries(&fresh)?[0].clone() }).await?;
    let kept = keep(database, 5 * DAY).await?;
    let gone = row("old", RowFault::Removed);
    assert_eq!(whole(&fresh, slice::from_ref(&kept)).await?.findings, [gone, Finding::Again(5)]);
    assert_eq!(
        audit(database, slice::from_ref(&kept)).await?.findings,
        [row("old", RowFault::Removed)],
        "the copy names it"
    );
    // What is late because a clock was wrong is no copy.
    let fresh = testing::fresh_protected(MARKED).await?;
    many(&fresh.database, 9 * DAY, 1).await?;
    let kept = keep(&fresh.database, 9 * DAY).await?;
    many(&fresh.database, 2 * DAY, 1).await?;
    let done = archiver(&fresh, 1).events(&context(at(10 * DAY), 10), at(10 * DAY), Some(&kept)).await?.unwrap();
    assert_eq!(done.archived, 1);
    assert_eq!(whole(&fresh, &[keep(&fresh.database, 11 * DAY).await?]).await?.findings, []);
    Ok(())
}

#[tokio::test]
async fn a_name_in_the_archives_folder_archives_nothing_before_its_time() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    many(database, 1, 3).await?;
    many(database, 5, 3).await?;
    let kept = keep(database, 6).await?;
    fs::create_dir_all(shelf(&fresh).folder()).map_err(Fault::broken)?;
    let planted =
        ["000000000002", "000000000005", "999999999999"].map(|last| format!("events-000000000001-{last}.jsonl"));
    for name in &planted {
        fs::write(shelf(&fresh).folder().join(name), "").map_err(Fault::broken)?;
    }
    let done = archiver(&fresh, 1).events(&context(at(10), 10), at(5), Some(&kept)).await?.unwrap();
    assert_eq!(done.file.as_deref(), Some("events-000000000001-000000000003.jsonl"));
    assert_eq!((done.archived, done.removed), (3, 3));
    let kept = keep(database, 11).await?;
    let audited = whole(&fresh, &[kept]).await?;
    let strays: Vec<Finding> = planted.into_iter().map(Finding::StrayFile).collect();
    assert_eq!((audited.findings, audited.away), (strays, vec![]));
    Ok(())
}

#[tokio::test]
async fn a_file_of_the_archive_that_was_changed_is_named_and_one_that_is_not_there_is_told() -> Result<(), Fault> {
    let (fresh, kept) = archived_city().await?;
    let name = files(&fresh).pop().unwrap();
    let path = shelf(&fresh).folder().join(&name);
    let text = fs::read_to_string(&path).map_err(Fault::broken)?;
    let file = Finding::File(name.clone());
    let check = async |what: &str, other: &str, expected: &[Finding]| -> Result<(), Fault> {
        fs::write(&path, other).map_err(Fault::broken)?;
        let audited = whole(&fresh, &kept).await?;
        assert_eq!((audited.findings.as_slice(), audited.away.as_slice()), (expected, &[][..]), "{what}");
        Ok(())
    };
    check("nothing", &text, &[]).await?;
    let other = text.replacen("\"at\":179", "\"at\":178", 1);
    check("an event is changed", &other, &[Finding::Foreign(1), file.clone()]).await?;
    let (_, without) = text.split_once('\n').unwrap();
    check("the first is taken out", without, slice::from_ref(&file)).await?;
    let cut = text.get(..text.len() - 10).unwrap();
    check("it is cut off", cut, slice::from_ref(&file)).await?;
    check("it is empty", "", slice::from_ref(&file)).await?;
    check("it holds something else", "{}\n", slice::from_ref(&file)).await?;
    let twice = format!("{text}{}\n", text.lines().last().unwrap());
    check("its last stands twice", &twice, slice::from_ref(&file)).await?;
    let spaced = text.replacen("{\"event_id\"", "{ \"event_id\"", 1);
    check("only its bytes are others", &spaced, &[file]).await?;
    fs::remove_file(&path).map_err(Fault::broken)?;
    let audited = whole(&fresh, &kept).await?;
    assert_eq!((audited.findings, audited.away), (vec![], vec![(1, 4)]));
    // What is no file is named, and keeps nobody from finding the rest.
    fs::create_dir(&path).map_err(Fault::broken)?;
    script(&fresh.database, "update event set actor = 'x' where sequence = 6").await?;
    assert_eq!(whole(&fresh, &kept).await?.findings, [Finding::File(name), Finding::Foreign(6)]);
    Ok(())
}

#[tokio::test]
async fn what_is_in_a_file_that_changed_is_not_removed() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    many(database, 1, 600).await?;
    let kept = keep(database, 2).await?;
    let (context, archiver) = (context(at(10), 10), archiver(&fresh, 1));
    stop(database, "delete on event", "old.sequence > 0").await?;
    assert!(archiver.events(&context, at(5), Some(&kept)).await.is_err());
    go_on(database, "event").await?;
    let path = shelf(&fresh).folder().join(files(&fresh).pop().unwrap());
    let text = fs::read_to_string(&path).map_err(Fault::broken)?;
    let there = count(database, "select count(*) from event").await?;
    fs::write(&path, text.replace("object", "objekt")).map_err(Fault::broken)?;
    let refused = archiver.events(&context, at(5), Some(&kept)).await.unwrap_err().to_string();
    assert!(refused.contains("as it was written"), "{refused}");
    assert_eq!(count(database, "select count(*) from event").await?, there);
    fs::write(&path, text).map_err(Fault::broken)?;
    archiver.events(&context, at(5), Some(&kept)).await?;
    assert_eq!(count(database, "select count(*) from event where sequence <= 600").await?, 0);
    Ok(())
}

async fn since(fresh: &testing::Fresh, kept: &[KeptHead], checked: &CheckedPoint, second: i64) -> Result<Audit, Fault> {
    let shelf = shelf(fresh);
    let wanted = Against {
        kept,
        shelf: Some(&shelf),
        checked: Some(checked),
        goes_on: true,
        at: Some(at(second)),
        ..Against::default()
    };
    against(&fresh.database, &wanted).await
}

#[tokio::test]
async fn an_audit_goes_on_where_a_sound_one_ended_and_names_what_was_undone_before() -> Result<(), Fault> {
    let (fresh, mut kept) = archived_city().await?;
    let database = &fresh.database;
    // What waits for its number while somebody audits belongs to the next one.
    act(database, 20, "update client set enabled = 1 where client_id = 'a'", changed("a")).await?;
    let checked = whole(&fresh, &kept).await?.next.unwrap();
    assert_eq!((checked.sequence, checked.at, checked.whole_at), (8, at(1_000_000), at(1_000_000)));
    act(database, 21, &insert("c"), changed("c")).await?;
    kept.push(keep(database, 22).await?);
    let later = since(&fresh, &kept, &checked, 2_000_000).await?;
    assert_eq!((later.findings, later.events, later.archived), (vec![], 10, 4));
    let next = later.next.unwrap();
    assert_eq!((next.sequence, next.at, next.whole_at), (10, at(2_000_000), at(1_000_000)));
    for table in TABLES {
        script(database, &format!("drop table {table}_kept; create table {table}_kept as select * from {table}"))
            .await?;
    }
    let check = async |what: &str, text: &str, expected: &[Finding]| -> Result<(), Fault> {
        script(database, text).await?;
        let audited = since(&fresh, &kept, &checked, 3_000_000).await?;
        assert_eq!(audited.findings, expected, "{what}");
        assert_eq!(audited.next.is_some(), expected.is_empty(), "{what}");
        put_back(database).await
    };
    let rows = [Finding::Rows("client")];
    check("nothing", "select 1", &[]).await?;
    check("an event since is removed", "delete from event where sequence = 9", &[Finding::Missing(9, 9)]).await?;
    check("one since is changed", "update event set actor = 'x' where sequence = 10", &[Finding::Foreign(10)]).await?;
    check("a row that was named before is taken away", "delete from client where client_id = 'old'", &rows).await?;
    let back = "delete from client where client_id = 'old'; insert into client select * from client_before";
    check("one that was named before is put back", back, &rows).await?;
    let secret = "update client set secret_hash = 'mine' where client_id = 'b'";
    check("a secret is replaced", secret, &[row("b", RowFault::Changed)]).await?;
    let cut = "delete from event where sequence > 6; update event_head set sequence = 6, hash = 'x'";
    check("it ends before", cut, &[Finding::Head, Finding::PutBack(10, 6)]).await?;
    check("where it went on is another", "update event set hash = 'x' where sequence = 8", &[Finding::Contradicted(8)])
        .await?;
    let none = "update event_archived set sequence = 0, hash = '', tally = '{}', mac = null";
    check("nothing is said to be archived", none, &[Finding::Archived]).await?;
    // What was checked before is not read again: for that there is the whole audit.
    check("an event before is changed", "update event set actor = 'x' where sequence = 6", &[]).await?;
    // When more was archived meanwhile, it goes on behind that.
    for (kept, seed) in kept.iter().zip(100..) {
        archiver(&fresh, 3).events(&context(at(100), seed), at(50), Some(kept)).await?;
    }
    kept.push(keep(database, 101).await?);
    assert_eq!(since(&fresh, &kept, &checked, 4_000_000).await?.findings, []);
    script(database, "delete from client where client_id = 'old'").await?;
    assert_eq!(since(&fresh, &kept, &checked, 4_000_000).await?.findings, rows);
    Ok(())
}

#[tokio::test]
async fn an_audit_beside_the_archiver_misses_no_event() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    many(database, 1, 3).await?;
    act(database, 2, &insert("a"), changed("a")).await?;
    let mut kept = vec![keep(database, 3).await?];
    let shelf = shelf(&fresh);
    let checked = whole(&fresh, &kept).await?.next.unwrap();
    for (goes_on, second) in [(false, 10), (true, 30)] {
        let wanted = Against {
            kept: &kept.clone(),
            shelf: Some(&shelf),
            checked: Some(&checked),
            goes_on,
            at: Some(at(second)),
            ..Against::default()
        };
        let mut audit = Audit::default();
        let walk = up_to_now(database, &wanted, &mut audit).await?.unwrap();
        // While it is under way more happens, and goes into a file.
        many(database, second, 2).await?;
        act(database, second + 1, "update client set enabled = enabled", changed("a")).await?;
        kept.push(keep(database, second + 2).await?);
        let context = context(at(second + 10), second.unsigned_abs());
        let done = archiver(&fresh, 7).events(&context, at(second + 5), kept.last()).await?.unwrap();
        assert!(done.archived > 2 && done.removed > 2, "{done:?}");
        kept.push(keep(database, second + 11).await?);
        let mut tx = database.snapshot().await?;
        at_one_moment(database, &mut tx, (&wanted, walk), &mut audit).await?;
        tx.commit().await?;
        assert_eq!((audit.findings, audit.events), (vec![], kept.last().unwrap().sequence), "{goes_on}");
        assert_eq!(audit.archived, kept[kept.len() - 2].sequence);
        assert!(audit.next.is_some());
    }
    Ok(())
}

#[tokio::test]
async fn a_file_that_the_log_does_not_name_stands_in_for_none_and_is_named() -> Result<(), Fault> {
    let (fresh, kept) = archived_city().await?;
    let folder = shelf(&fresh).folder().to_owned();
    let own = files(&fresh).remove(0);
    assert_eq!(own, "events-000000000001-000000000004.jsonl");
    let text = fs::read_to_string(folder.join(&own)).map_err(Fault::broken)?;
    assert_eq!(whole(&fresh, &kept).await?.findings, []);
    let stray = |name: &str| Finding::StrayFile(name.to_owned());
    let shorter: String = text.split_inclusive('\n').take(3).collect();
    for (name, contents) in [
        ("events-1-4.jsonl", &text),
        ("events-+00000000001-000000000004.jsonl", &text),
        ("events-0000000000001-000000000004.jsonl", &text),
        ("events-000000000001-000000000003.jsonl", &shorter),
    ] {
        fs::write(folder.join(name), contents).map_err(Fault::broken)?;
        assert_eq!(whole(&fresh, &kept).await?.findings, [stray(name)], "beside the one that is named");
        fs::write(folder.join(&own), text.replace("old", "new")).map_err(Fault::broken)?;
        let found = whole(&fresh, &kept).await?.findings;
        assert!(found.contains(&Finding::File(own.clone())), "{name}: {found:?}");
        fs::write(folder.join(&own), &text).map_err(Fault::broken)?;
        fs::remove_file(folder.join(name)).map_err(Fault::broken)?;
    }
    Ok(())
}

#[tokio::test]
async fn an_archived_event_that_was_put_back_into_the_table_is_named_by_every_audit_that_knows_an_earlier_one()
-> Result<(), Fault> {
    let (fresh, kept) = archived_city().await?;
    let database = &fresh.database;
    let checked = whole(&fresh, &kept).await?.next.unwrap();
    let archived = archived_entries(&fresh)?;
    // At its own place, where whoever was cut off while removing would have left it.
    put(database, &archived[3]).await?;
    assert_eq!(since(&fresh, &kept, &checked, 20).await?.findings, [Finding::Stray(4)]);
    let shelf = shelf(&fresh);
    let wanted = Against { kept: &kept, shelf: Some(&shelf), checked: Some(&checked), ..Against::default() };
    assert_eq!(against(database, &wanted).await?.findings, [Finding::Stray(4)]);
    put_back(database).await?;
    // As one that has no number yet: it gets the next one. No row tells of it.
    let late = Entry { sequence: None, hash: None, at: archived[2].at - 3 * 86_400_000_000, ..archived[2].clone() };
    put(database, &Entry { sequence: None, hash: None, ..archived[2].clone() }).await?;
    let with_copy = [kept.clone(), vec![keep(database, 3 * 86_400).await?]].concat();
    let found = since(&fresh, &with_copy, &checked, 4 * 86_400).await?.findings;
    assert!(found.contains(&Finding::Again(9)), "{found:?}");
    put_back(database).await?;
    // Without the mark of a clock nobody can tell a forged one by that alone: its code is wrong.
    put(database, &late).await?;
    let with_copy = [kept.clone(), vec![keep(database, 3 * 86_400).await?]].concat();
    let found = since(&fresh, &with_copy, &checked, 4 * 86_400).await?.findings;
    assert!(found.contains(&Finding::Foreign(9)), "{found:?}");
    Ok(())
}

#[tokio::test]
async fn a_whole_audit_holds_the_log_against_where_an_earlier_one_ended() -> Result<(), Fault> {
    let (fresh, kept) = archived_city().await?;
    let database = &fresh.database;
    for second in 20..23 {
        act(database, second, "select 1", changed("x")).await?;
    }
    keep(database, 23).await?;
    let checked = whole(&fresh, &kept).await?.next.unwrap();
    assert_eq!(checked.sequence, 11);
    let shelf = shelf(&fresh);
    let known = async || {
        let wanted = Against {
            kept: &kept,
            shelf: Some(&shelf),
            checked: Some(&checked),
            at: Some(at(2_000_000)),
            ..Against::default()
        };
        against(database, &wanted).await
    };
    assert_eq!(known().await?.findings, []);
    // An older copy, of which no kept head tells.
    put_back(database).await?;
    assert_eq!(whole(&fresh, &kept).await?.findings, [], "by itself it is sound");
    assert_eq!(known().await?.findings, [Finding::PutBack(11, 8)]);
    assert_eq!(since(&fresh, &kept, &checked, 24).await?.findings, [Finding::PutBack(11, 8)]);
    for second in 30..34 {
        act(database, second, "select 1", changed("y")).await?;
    }
    keep(database, 35).await?;
    assert_eq!(known().await?.findings, [Finding::Contradicted(11)]);
    let loss = crate::events::LossAcknowledged { log: "log".to_owned(), kept: 11, found: 8, reason: "why".to_owned() };
    act(database, 1_000_001, "select 1", loss).await?;
    keep(database, 1_000_002).await?;
    let audited = known().await?;
    assert_eq!((audited.findings, audited.acknowledged), (vec![], vec![Finding::Contradicted(11)]));
    assert_eq!(audited.next.map(|next| next.sequence), Some(13));
    Ok(())
}

#[tokio::test]
async fn a_log_of_which_heads_were_kept_misses_them_when_all_are_gone() -> Result<(), Fault> {
    let (fresh, kept) = archived_city().await?;
    let database = &fresh.database;
    let missed = async |kept: &[KeptHead]| -> Result<Vec<Finding>, Fault> {
        let wanted = Against { kept, are_heads_missed: true, ..Against::default() };
        Ok(against(database, &wanted).await?.findings)
    };
    assert_eq!(missed(&[]).await?, [], "nobody says that any was kept");
    act(database, 20, "select 1", crate::events::LogHeadsBegun { log: "log".to_owned(), kept: 8 }).await?;
    keep(database, 21).await?;
    assert_eq!(missed(&kept).await?, []);
    assert_eq!(missed(&[]).await?, [Finding::HeadsGone]);
    assert_eq!(whole(&fresh, &[]).await?.findings, [], "who did not look misses none");
    // What was put back by right is without them until it is started.
    let restored = crate::events::BackupRestored { backup: "guosuo-1".to_owned(), events: 8 };
    act(database, 30, "select 1", restored).await?;
    keep(database, 31).await?;
    assert_eq!((missed(&[]).await?, heads::are_begun(database).await?), (vec![], false));
    act(database, 40, "select 1", crate::events::LogHeadsBegun { log: "log".to_owned(), kept: 10 }).await?;
    keep(database, 41).await?;
    assert_eq!((missed(&[]).await?, heads::are_begun(database).await?), (vec![Finding::HeadsGone], true));
    Ok(())
}

#[tokio::test]
async fn a_checked_point_counts_as_it_was_written_only() -> Result<(), Fault> {
    let (fresh, kept) = archived_city().await?;
    let database = &fresh.database;
    let checked = whole(&fresh, &kept).await?.next.unwrap();
    let line = checked.line(database).unwrap();
    assert_eq!(CheckedPoint::read(database, &line), Some(checked));
    for other in [line.replace("\"sequence\":8", "\"sequence\":7"), line.replace('a', "b"), String::new(), "{}".into()]
    {
        assert_eq!(CheckedPoint::read(database, &other), None, "{other}");
    }
    // One that is not sound leaves none.
    script(database, "delete from client where client_id = 'b'").await?;
    assert_eq!(whole(&fresh, &kept).await?.next, None);
    Ok(())
}

/// Jobs, as rows that are over when they were due.
struct OldJobs;

impl Shelved for OldJobs {
    fn what(&self) -> String {
        "jobs".to_owned()
    }

    async fn over(&self, tx: &mut Tx, after: &str, before: Instant, limit: i64) -> Result<Vec<OverRow>, Fault> {
        let rows: Vec<(String, i64)> = tx
            .all("select job_id, run_at from job where job_id > $1 order by job_id limit $2", args![after, limit])
            .await?;
        let over = rows.into_iter().take_while(|(_, at)| *at < before.as_micros());
        Ok(over.map(|(key, at)| OverRow { line: format!("{{\"job\":\"{key}\",\"at\":{at}}}"), key }).collect())
    }

    async fn remove(&self, tx: &mut Tx, to: &str) -> Result<u64, Fault> {
        let which = "select over.job_id from job over where over.job_id <= $1 order by over.job_id limit 500";
        tx.run_composed(&format!("delete from job where job_id in ({which})"), args![to]).await
    }
}

/// The same jobs for somebody who has read what the log says of them, and waits before anything else.
#[derive(Default)]
struct Gated {
    is_reached: Notify,
    go_on: Notify,
    was_there: AtomicBool,
}

impl Shelved for Gated {
    fn what(&self) -> String {
        OldJobs.what()
    }

    async fn over(&self, tx: &mut Tx, after: &str, before: Instant, limit: i64) -> Result<Vec<OverRow>, Fault> {
        let rows = OldJobs.over(tx, after, before, limit).await;
        if !self.was_there.swap(true, Relaxed) {
            self.is_reached.notify_one();
            self.go_on.notified().await;
        }
        rows
    }

    async fn remove(&self, tx: &mut Tx, to: &str) -> Result<u64, Fault> {
        OldJobs.remove(tx, to).await
    }
}

#[tokio::test]
async fn whoever_looked_before_anothers_turn_looks_again_and_puts_no_row_into_a_second_file() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    let fill = "with recursive n(i) as (select 1000 union all select i + 1 from n where i < 1009)
                insert into job (job_id, kind, payload, run_at, attempts, dead, lane)
                select 'job_' || i, 'k', '{}', i * 1000000, 0, 0, '' from n";
    script(database, fill).await?;
    let before = Instant::from_seconds(1005);
    let (early, late) = (archiver(&fresh, 1), archiver(&fresh, 2));
    let (context, context_of_late) = (context(at(2_000), 1), context(at(2_000), 2));
    let gated = Gated::default();
    let first = async {
        gated.is_reached.notified().await;
        // It writes the file and says so, and is cut off before the rows go.
        stop(database, "delete on job", "old.dead = 0").await?;
        assert!(early.rows(&context, before, &OldJobs).await.is_err());
        let gone_on = go_on(database, "job").await;
        gated.go_on.notify_one();
        gone_on
    };
    let (late, first) = tokio::join!(late.rows(&context_of_late, before, &gated), first);
    first?;
    assert_eq!(late?, Some(Done { removed: 5, ..Done::default() }));
    assert_eq!(testing::told::<RowsArchived>(database).await?.len(), 1);
    assert_eq!(files(&fresh), ["jobs-job_1000-job_1004.jsonl"]);
    Ok(())
}

#[tokio::test]
async fn rows_that_are_over_go_into_a_file_that_the_log_names_wherever_it_ends() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    let fill = "with recursive n(i) as (select 1000 union all select i + 1 from n where i < 1651)
                insert into job (job_id, kind, payload, run_at, attempts, dead, lane)
                select 'job_' || i, 'k', '{}', i * 1000000, 0, 0, '' from n";
    script(database, fill).await?;
    // A name by itself says nothing of where a file ends.
    fs::create_dir_all(shelf(&fresh).folder()).map_err(Fault::broken)?;
    let planted = "jobs-job_1000-zzz.jsonl";
    fs::write(shelf(&fresh).folder().join(planted), "").map_err(Fault::broken)?;
    let mut ended = 0;
    for n in 0_i64.. {
        let second = 1_000 * (n + 1);
        let (archiver, context) = (archiver(&fresh, n.unsigned_abs()), context(at(second), second.unsigned_abs()));
        let done = steps(archiver.rows(&context, Instant::from_seconds(1650), &OldJobs), n as usize).await;
        ended += i32::from(done.transpose()?.is_some());
        if ended == 2 {
            break;
        }
    }
    assert_eq!(count(database, "select count(*) from job").await?, 2);
    let told: Vec<RowsArchived> = testing::told(database).await?;
    assert_eq!(
        (told.len(), told[0].count, told[0].first.as_str(), told[0].last.as_str()),
        (1, 650, "job_1000", "job_1649")
    );
    assert_eq!(files(&fresh), ["jobs-job_1000-job_1649.jsonl", planted]);
    let text = fs::read_to_string(shelf(&fresh).folder().join(&told[0].file)).map_err(Fault::broken)?;
    assert_eq!(text.lines().count(), 650);
    assert_eq!(told[0].sha256, crypto::digest::hex(&crypto::digest::sha256(text.as_bytes())));
    // The next one begins behind it.
    archiver(&fresh, 9_999).rows(&context(at(9_999_999), 1), Instant::from_seconds(1651), &OldJobs).await?;
    assert_eq!(files(&fresh), ["jobs-job_1000-job_1649.jsonl", planted, "jobs-job_1650-job_1650.jsonl"]);
    Ok(())
}
