//! What every other crate relies on, on the database that the test command chose.

mod archives;
mod audits;

use std::sync::Arc;

use base::{Fault, Instant, ListPage, SeededEntropy, fault::FaultKind, id::PersonId};

use crate::{
    Context, Database, Work, args,
    audit::audit,
    dialect::Dialect,
    idempotency::{self, Claim},
    installation, jobs,
    log::{self, Filter},
    migrate, revision,
    testing::{self, context},
};

mod guards;
mod lists;

crate::events! {
    /// Something happened.
    Happened = "test.happened" of object: String { value: Option<i64> }
    /// Somebody was named, with a word that Rust keeps for itself.
    Named = "test.named" of person: PersonId { r#type: String, names: Vec<String>, is_first: bool }
}

fn happened(object: impl Into<String>) -> Happened {
    Happened { object: object.into(), value: None }
}

fn at(seconds: i64) -> Instant {
    Instant::from_seconds(1_790_000_000 + seconds)
}

async fn assert_sound(database: &Database, events: i64) -> Result<(), Fault> {
    let audited = audit(database, &[]).await?;
    assert_eq!((audited.findings, audited.events), (vec![], events));
    Ok(())
}

#[tokio::test]
async fn rows_without_an_event_are_not_committed() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    revision::bump(&mut work.tx, "clients").await?;
    assert_eq!(work.commit().await.unwrap_err().kind(), FaultKind::Broken);
    assert_eq!(revision::all(&mut fresh.database.read().await?).await?, vec![]);

    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    revision::bump(&mut work.tx, "clients").await?;
    work.record(happened("a"));
    work.commit().await?;
    assert_eq!(revision::all(&mut fresh.database.read().await?).await?, vec![("clients".to_owned(), 1)]);
    Ok(())
}

#[tokio::test]
async fn an_act_whose_event_the_database_lets_fall_is_not_kept() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut tx = fresh.database.housekeeping().await?;
    tx.script(match fresh.database.dialect() {
        Dialect::Sqlite => "create trigger fall before insert on event begin select raise(ignore); end",
        Dialect::Postgres => {
            "create function fall() returns trigger language plpgsql as 'begin return null; end';
             create trigger fall before insert on event for each row execute function fall()"
        }
    })
    .await?;
    tx.commit().await?;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    revision::bump(&mut work.tx, "clients").await?;
    work.record(happened("a"));
    assert_eq!(work.commit().await.unwrap_err().kind(), FaultKind::Broken);
    assert_eq!(revision::all(&mut fresh.database.read().await?).await?, vec![]);
    // Nor is one of a single statement.
    let sql = "insert into revision (name, value) values ('clients', 1) returning name";
    let acted: Result<Vec<(String,)>, Fault> = fresh.database.act(&context(at(0), 2), sql, vec![], happened("a")).await;
    assert!(acted.is_err());
    let sql = "insert into revision (name, value) values ('clients', 1)";
    assert!(fresh.database.act_if(&context(at(0), 3), sql, vec![], happened("a")).await.is_err());
    assert_eq!(revision::all(&mut fresh.database.read().await?).await?, vec![]);
    Ok(())
}

#[tokio::test]
async fn what_is_rehearsed_says_what_the_act_would_say_and_leaves_nothing() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let act = async |mut work: Work, is_told: bool| {
        revision::bump(&mut work.tx, "clients").await?;
        if is_told {
            work.record(happened("a"));
        }
        work.commit().await
    };
    let rehearse = async |is_told| fresh.database.rehearse(&context(at(0), 1), |work| act(work, is_told)).await;
    assert_eq!(rehearse(false).await.unwrap_err().kind(), FaultKind::Broken);
    for _ in 0..2 {
        rehearse(true).await?;
    }
    assert_eq!(revision::all(&mut fresh.database.read().await?).await?, vec![]);
    assert_eq!(log::sequence_events(&fresh.database).await?, 0);
    fresh.database.attempt(&context(at(0), 1), |work| act(work, true)).await?;
    assert_eq!(log::sequence_events(&fresh.database).await?, 1);
    Ok(())
}

#[tokio::test]
async fn an_act_of_one_statement_is_committed_with_its_event_or_not_at_all() -> Result<(), Fault> {
    const RENAME: &str = "update revision set value = $2 where name = $1 returning name, value";
    let fresh = testing::fresh().await?;
    let act = async |seed, name: &str, value: i64| {
        let event = Happened { object: name.to_owned(), value: Some(value) };
        fresh.database.act::<(String, i64)>(&context(at(0), seed), RENAME, args![name, value], event).await
    };
    let kept = async || revision::all(&mut fresh.database.read().await?).await;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    revision::bump(&mut work.tx, "clients").await?;
    work.record(happened("a"));
    work.commit().await?;
    // It returned a row: both are kept.
    assert_eq!(act(2, "clients", 7).await?, vec![("clients".to_owned(), 7)]);
    assert_eq!(log::sequence_events(&fresh.database).await?, 2);
    // It returned none: there is nothing to remember.
    assert_eq!(act(3, "nobody", 8).await?, vec![]);
    assert_eq!(log::sequence_events(&fresh.database).await?, 0);
    // Its event cannot be written, for another has its identifier: the row is as it was.
    assert!(act(2, "clients", 9).await.is_err());
    assert_eq!(kept().await?, vec![("clients".to_owned(), 7)]);
    let page = log::list(&mut fresh.database.read().await?, &Filter::default(), &ListPage::first(10)).await?;
    let renamed = page.items.iter().find(|entry| entry.object == "clients").unwrap();
    assert_eq!((renamed.object.as_str(), renamed.data.as_str()), ("clients", r#"{"value":7}"#));
    assert_eq!((renamed.at(), renamed.actor_kind.as_str()), (at(0), context(at(0), 2).actor.kind()));
    assert_sound(&fresh.database, 2).await?;
    Ok(())
}

#[tokio::test]
async fn an_act_that_is_asked_only_whether_it_changed_a_row_has_its_event_when_it_did() -> Result<(), Fault> {
    const RENAME: &str = "update revision set value = $2 where name = $1";
    let fresh = testing::fresh().await?;
    let act = async |seed, name: &str, value: i64| {
        fresh.database.act_if(&context(at(0), seed), RENAME, args![name, value], happened(name)).await
    };
    let kept = async || revision::all(&mut fresh.database.read().await?).await;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    revision::bump(&mut work.tx, "clients").await?;
    work.record(happened("a"));
    work.commit().await?;
    assert!(act(2, "clients", 7).await?);
    assert_eq!(log::sequence_events(&fresh.database).await?, 2);
    assert!(!act(3, "nobody", 8).await?);
    assert_eq!(log::sequence_events(&fresh.database).await?, 0);
    // Its event cannot be written, for another has its identifier: the row is as it was.
    assert!(act(2, "clients", 9).await.is_err());
    assert_eq!(kept().await?, vec![("clients".to_owned(), 7)]);
    assert_sound(&fresh.database, 2).await?;
    Ok(())
}

#[tokio::test]
async fn an_event_is_read_back_by_the_type_that_wrote_it() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    let names = vec!["李 \"娜\"".to_owned(), String::new()];
    let named = Named { person: work.new_id(), r#type: "a\nb".to_owned(), names, is_first: false };
    work.record(named.clone());
    work.record(happened("x"));
    work.commit().await?;
    let entries = testing::last_numbered(&fresh.database, 2).await?;
    assert_eq!(entries[0].read(), Some(named.clone()));
    assert_eq!(entries[0].data, r#"{"is_first":false,"names":["李 \"娜\"",""],"type":"a\nb"}"#);
    assert_eq!(entries[1].data, "{}", "what is not there is left out");
    assert_eq!(
        entries.iter().map(Any::read).collect::<Vec<_>>(),
        [Some(Any::Named(named)), Some(Any::Happened(happened("x")))]
    );
    assert_eq!(ALL.iter().map(|kind| kind.name).collect::<Vec<_>>(), ["test.happened", "test.named"]);
    Ok(())
}

#[test]
fn an_entry_is_read_whatever_was_added_since_and_never_as_something_else() {
    let check = |kind: &str, object: &str, data: &str, expected: Option<Option<i64>>| {
        let entry = testing::entry(kind, object, data);
        let read = entry.read::<Happened>();
        assert_eq!(read.map(|happened| happened.value), expected, "{kind} {data}");
    };
    check("test.happened", "x", r#"{"value":7}"#, Some(Some(7)));
    check("test.happened", "x", "{}", Some(None));
    check("test.happened", "x", r#"{"value":null}"#, Some(None));
    check("test.happened", "x", r#"{"value":7,"added_later":"yes"}"#, Some(Some(7)));
    check("test.happened", "x", r#"{"value":"seven"}"#, None);
    check("test.happened", "x", "", None);
    check("test.other", "x", "{}", None);
    let named = testing::entry("test.named", "not an identifier", r#"{"type":"","names":[],"is_first":true}"#);
    assert_eq!(named.read::<Named>(), None);
}

#[tokio::test]
async fn a_dropped_work_leaves_nothing() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    revision::bump(&mut work.tx, "clients").await?;
    work.record(happened("a"));
    drop(work);
    assert_eq!(revision::all(&mut fresh.database.read().await?).await?, vec![]);
    assert_eq!(log::sequence_events(&fresh.database).await?, 0);
    Ok(())
}

#[tokio::test]
async fn events_written_at_the_same_time_are_numbered_without_gaps() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut writers = Vec::new();
    for writer in 0..8 {
        let database = fresh.database.clone();
        writers.push(tokio::spawn(async move {
            for n in 0..12 {
                let mut work = database.begin(context(at(n), 100 * (writer + 1) + n as u64)).await?;
                work.record(Happened { object: format!("writer-{writer}"), value: Some(n) });
                work.commit().await?;
            }
            Ok::<_, Fault>(())
        }));
    }
    let mut numbered = 0;
    for writer in writers {
        writer.await.map_err(Fault::broken)??;
        numbered += log::sequence_events(&fresh.database).await?;
    }
    numbered += log::sequence_events(&fresh.database).await?;
    assert_eq!(numbered, 96);
    assert_sound(&fresh.database, 96).await?;
    Ok(())
}

#[tokio::test]
async fn events_of_one_request_are_numbered_in_the_order_they_were_recorded() -> Result<(), Fault> {
    const BUMP: &str = "update revision set value = value + 1 where name = $1 returning name, value";
    let fresh = testing::fresh().await?;
    let mut expected = Vec::new();
    for seed in 0..16 {
        // Everything at one instant: two units of work, an act of one statement, and a third.
        let context = context(at(0), seed);
        let request = format!("{seed:02}");
        let mut told = |step: &str| {
            expected.push(format!("{request} {step}"));
            format!("{request} {step}")
        };
        let mut first = fresh.database.begin(context.clone()).await?;
        revision::bump(&mut first.tx, "clients").await?;
        first.record(happened(told("a")));
        first.record(happened(told("b")));
        first.record(happened(told("c")));
        first.commit().await?;
        let mut second = fresh.database.begin(context.clone()).await?;
        second.record(happened(told("d")));
        second.record(happened(told("e")));
        second.commit().await?;
        let event = happened(told("f"));
        fresh.database.act::<(String, i64)>(&context, BUMP, args!["clients"], event).await?;
        // Whose clock was set back meanwhile.
        let mut last = fresh.database.begin(Context { at: at(-5), ..context }).await?;
        last.record(happened(told("g")));
        last.commit().await?;
        let numbered = testing::last_numbered(&fresh.database, expected.len()).await?;
        assert_eq!(numbered.into_iter().map(|entry| entry.object).collect::<Vec<_>>(), expected);
    }
    Ok(())
}

#[tokio::test]
async fn acts_that_follow_each_other_within_a_millisecond_are_numbered_as_they_followed() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let expected: Vec<String> = (0..32).map(|micros| format!("{micros:02}")).collect();
    for (micros, object) in (0..).zip(&expected) {
        let at = Instant::from_micros(at(0).as_micros() + micros);
        let mut work = fresh.database.begin(context(at, micros.unsigned_abs())).await?;
        work.record(happened(object));
        work.commit().await?;
    }
    let numbered = testing::last_numbered(&fresh.database, expected.len()).await?;
    assert_eq!(numbered.into_iter().map(|entry| entry.object).collect::<Vec<_>>(), expected);
    Ok(())
}

#[tokio::test]
async fn two_sequencers_number_each_event_once() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    for n in 0..200 {
        work.record(happened(format!("object-{n}")));
    }
    work.commit().await?;
    let (a, b) = tokio::join!(log::sequence_events(&fresh.database), log::sequence_events(&fresh.database));
    let mut total = a.unwrap_or(0) + b.unwrap_or(0);
    total += log::sequence_events(&fresh.database).await?;
    assert_eq!(total, 200);
    assert_sound(&fresh.database, 200).await?;
    Ok(())
}

#[tokio::test]
async fn a_numbered_event_can_be_neither_changed_nor_removed() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    work.record(happened("object"));
    work.commit().await?;
    for statement in ["update event set kind = 'x'", "update event set data = '[]'", "delete from event"] {
        let mut tx = fresh.database.housekeeping().await?;
        assert!(tx.script(statement).await.is_err(), "{statement}");
    }
    log::sequence_events(&fresh.database).await?;
    let mut tx = fresh.database.housekeeping().await?;
    assert!(tx.script("update event set sequence = 7").await.is_err());
    drop(tx);
    let mut tx = fresh.database.read().await?;
    let page =
        log::list(&mut tx, &Filter { object: Some("object".to_owned()), ..Filter::default() }, &ListPage::first(10))
            .await?;
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.items[0].sequence, Some(1));
    Ok(())
}

#[tokio::test]
async fn a_list_is_walked_to_its_end_in_two_pages() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    for n in 0..3 {
        let mut work = fresh.database.begin(context(at(n), n as u64)).await?;
        work.record(happened("object"));
        work.commit().await?;
    }
    let mut tx = fresh.database.read().await?;
    let first = log::list(&mut tx, &Filter::default(), &ListPage::first(2)).await?;
    let second = log::list(&mut tx, &Filter::default(), &ListPage::after(first.next.clone().unwrap(), 2)).await?;
    assert_eq!((first.items.len(), second.items.len(), second.next), (2, 1, None));
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_dropped_half_way_leaves_nothing_behind() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    for n in 0..60_u64 {
        let act = async {
            let mut work = fresh.database.begin(context(at(0), n)).await?;
            revision::bump(&mut work.tx, "dropped").await?;
            revision::bump(&mut work.tx, "dropped").await?;
            work.record(happened("dropped"));
            // Never committed: sooner or later the caller goes away, wherever the work is then.
            std::future::pending::<Result<(), Fault>>().await
        };
        let gone = tokio::time::timeout(std::time::Duration::from_micros(n * 50), act).await;
        assert!(gone.is_err());
    }
    // Every connection that is still used is in order, and no lock was left.
    for n in 0..12_u64 {
        let mut work = fresh.database.begin(context(at(1), 100 + n)).await?;
        revision::bump(&mut work.tx, "kept").await?;
        work.record(happened("kept"));
        work.commit().await?;
    }
    let revisions = revision::all(&mut fresh.database.read().await?).await?;
    assert_eq!(revisions, vec![("kept".to_owned(), 12)]);
    Ok(())
}

#[tokio::test]
async fn more_callers_than_connections_wait_for_their_turn() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let database = fresh.database.clone();
        set.spawn(async move { revision::all(&mut database.read().await?).await });
    }
    while let Some(answer) = set.join_next().await {
        assert_eq!(answer.map_err(Fault::broken)??, vec![]);
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_statement_leaves_its_connection_in_order() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    for _ in 0..8 {
        let mut tx = fresh.database.read().await?;
        assert!(tx.script("no database understands this").await.is_err());
        assert_eq!(revision::all(&mut tx).await?, vec![]);
    }
    Ok(())
}

#[tokio::test]
async fn a_closed_database_answers_nobody() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    fresh.database.close().await;
    assert_eq!(fresh.database.read().await.unwrap_err().kind(), FaultKind::Unavailable);
    Ok(())
}

#[tokio::test]
async fn a_job_is_taken_once_and_comes_back_when_it_failed() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    jobs::enqueue(&mut work, "test", "", &serde_json::json!({ "n": 1 })).await?;
    work.record(happened("object"));
    work.commit().await?;
    let claimed = jobs::claim(&fresh.database, at(0), 10, &[]).await?;
    assert_eq!(claimed.len(), 1);
    assert_eq!(jobs::claim(&fresh.database, at(1), 10, &[]).await?.len(), 0);
    jobs::failed(&fresh.database, context(at(1), 2), &claimed[0], "no answer").await?;
    assert_eq!(jobs::claim(&fresh.database, at(2), 10, &[]).await?.len(), 0);
    let again = jobs::claim(&fresh.database, at(10), 10, &[]).await?;
    assert_eq!(again[0].attempts, 2);
    // The node that took it died: after the lease another one gets it.
    let third = jobs::claim(&fresh.database, at(10 + jobs::LEASE_SECONDS + 1), 10, &[]).await?;
    assert_eq!(third[0].attempts, 3);
    jobs::done(&fresh.database, &third[0]).await?;
    assert_eq!(jobs::census(&mut fresh.database.read().await?).await?, (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_job_that_always_fails_becomes_a_dead_letter_with_an_event() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    jobs::enqueue(&mut work, "test", "", &()).await?;
    work.record(happened("object"));
    work.commit().await?;
    for attempt in 1..=jobs::ATTEMPTS_MAX {
        let now = at(attempt * 100_000);
        let claimed = jobs::claim(&fresh.database, now, 1, &[]).await?;
        assert_eq!(claimed.len(), 1, "attempt {attempt}");
        jobs::failed(&fresh.database, context(now, attempt as u64), &claimed[0], "no answer").await?;
    }
    assert_eq!(jobs::claim(&fresh.database, at(100_000_000), 1, &[]).await?.len(), 0);
    let mut tx = fresh.database.read().await?;
    assert_eq!(jobs::census(&mut tx).await?, (0, 1));
    drop(tx);
    let dead: Vec<crate::events::JobDead> = testing::told(&fresh.database).await?;
    assert_eq!((dead.len(), dead[0].kind.as_str(), dead[0].error.as_str()), (1, "test", "no answer"));
    Ok(())
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let claim = async |key: &str, digest: &str, now| -> Result<Claim, Fault> {
        let mut tx = fresh.database.housekeeping().await?;
        let claim = idempotency::claim(&mut tx, "client", key, digest, now).await?;
        tx.commit().await?;
        Ok(claim)
    };
    assert_eq!(claim("k", "a", at(0)).await?, Claim::Fresh);
    assert_eq!(claim("k", "a", at(1)).await?, Claim::InFlight);
    assert_eq!(claim("k", "b", at(1)).await?, Claim::OtherRequest);
    assert_eq!(claim("k", "a", at(idempotency::IN_FLIGHT_SECONDS + 1)).await?, Claim::Fresh);
    let mut tx = fresh.database.housekeeping().await?;
    idempotency::complete(&mut tx, "client", "k", 201, "{}").await?;
    tx.commit().await?;
    assert_eq!(claim("k", "a", at(70)).await?, Claim::Answered { status: 201, body: "{}".to_owned() });
    assert_eq!(claim("k", "b", at(70)).await?, Claim::OtherRequest);
    Ok(())
}

#[tokio::test]
async fn a_key_is_new_when_its_day_is_over_whether_its_row_was_removed_or_not() -> Result<(), Fault> {
    const DAY: i64 = 24 * 3600;
    let fresh = testing::fresh().await?;
    let claim = async |digest: &str, seconds| -> Result<Claim, Fault> {
        let mut tx = fresh.database.housekeeping().await?;
        let claim = idempotency::claim(&mut tx, "client", "k", digest, at(seconds)).await?;
        if claim == Claim::Fresh {
            idempotency::complete(&mut tx, "client", "k", 200, digest).await?;
        }
        tx.commit().await?;
        Ok(claim)
    };
    let answered = |body: &str| Claim::Answered { status: 200, body: body.to_owned() };
    assert_eq!(claim("a", 0).await?, Claim::Fresh);
    assert_eq!(claim("a", DAY - 1).await?, answered("a"));
    assert_eq!(claim("b", DAY - 1).await?, Claim::OtherRequest);
    assert_eq!(claim("b", DAY).await?, Claim::Fresh);
    assert_eq!(claim("a", DAY + 1).await?, Claim::OtherRequest);
    assert_eq!(claim("b", 2 * DAY - 1).await?, answered("b"));
    assert_eq!(claim("b", 2 * DAY).await?, Claim::Fresh, "the same request too");
    let mut tx = fresh.database.housekeeping().await?;
    assert_eq!(idempotency::expire(&mut tx, at(3 * DAY - 1)).await?, 0);
    assert_eq!(idempotency::expire(&mut tx, at(3 * DAY)).await?, 1);
    Ok(())
}

#[tokio::test]
async fn migrating_twice_applies_nothing_and_an_unknown_migration_stops_the_start() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    assert_eq!(migrate::migrate(&fresh.database).await?, Vec::<&str>::new());
    assert!(migrate::is_current(&fresh.database).await?);
    let mut tx = fresh.database.housekeeping().await?;
    tx.run("insert into migration (name) values ($1)", args!["9999_from_the_future"]).await?;
    tx.commit().await?;
    assert!(migrate::migrate(&fresh.database).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_failed_migration_is_tried_again_as_a_whole() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut tx = fresh.database.housekeeping().await?;
    assert!(tx.script("create table half (a text); create table event (a text)").await.is_err());
    drop(tx);
    let mut tx = fresh.database.housekeeping().await?;
    tx.script("create table half (a text)").await?;
    Ok(())
}

#[tokio::test]
async fn a_migration_may_take_longer_than_other_statements() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut settings = fresh.settings.clone();
    settings.statement_timeout = std::time::Duration::from_millis(50);
    let database = Database::open(&settings).await?;
    let slow = match database.dialect() {
        Dialect::Postgres => "select count(*) from generate_series(1, 3000000)",
        Dialect::Sqlite => "select 1",
    };
    let mut tx = database.housekeeping().await?;
    tx.take_time().await?;
    tx.script(slow).await?;
    tx.commit().await?;
    let outcome = database.housekeeping().await?.script(slow).await.map_err(|fault| fault.kind());
    let expected = if database.dialect() == Dialect::Postgres { Err(FaultKind::Unavailable) } else { Ok(()) };
    assert_eq!(outcome, expected);
    // What the server itself ended was not kept, and nobody is told that it might have been.
    let outcome = database.read().await?.script(slow).await.map_err(|fault| fault.kind());
    assert_eq!(outcome, expected);
    Ok(())
}

#[test]
fn the_list_of_migrations_is_the_folder() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".sql").map(str::to_owned))
        .collect();
    files.sort();
    let shared = |name: &str| name.trim_end_matches(".sqlite").trim_end_matches(".postgres").to_owned();
    let mut names: Vec<String> = files.iter().map(|name| shared(name)).collect();
    names.dedup();
    assert_eq!(names, migrate::MIGRATIONS.iter().map(|m| m.name).collect::<Vec<_>>());
    for name in files.iter().filter(|name| name.ends_with(".sqlite")) {
        let twin = name.replace(".sqlite", ".postgres");
        assert!(files.contains(&twin), "{name} has no twin");
    }
}

#[test]
fn the_seed_of_a_test_context_is_repeatable() {
    let context = context(at(0), 5);
    let twin: Arc<dyn base::Entropy> = Arc::new(SeededEntropy::new(5));
    assert_eq!(context.entropy.bytes::<8>(), twin.bytes::<8>());
}

#[tokio::test]
async fn a_demonstration_of_an_older_version_is_known_by_its_invented_department() -> Result<(), Fault> {
    let (settings, folder) = testing::fresh_settings().await?;
    let database = Database::open(&settings).await?;
    migrate::migrate_to(&database, &["0001_records", "0004_identity"].map(str::to_owned)).await?;
    let mut tx = database.housekeeping().await?;
    tx.script(
        "insert into organisation (organisation_id, name, credit_code, kind, state, registered_at)
         values ('org_1', 'x', '113301990024810047', 'department', 'active', 0)",
    )
    .await?;
    tx.commit().await?;
    migrate::migrate(&database).await?;
    assert!(installation::is_demonstration(&mut database.read().await?).await?);
    database.close().await;
    folder.map_or(Ok(()), std::fs::remove_dir_all).map_err(Fault::broken)
}
