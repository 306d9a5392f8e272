//! What an audit names, when somebody has all rights in the database and not the keys.

use super::*;
use crate::{
    After, IfChanged, LogKey, Marked, Older, Rule,
    audit::{Against, Finding, RowFault, against},
    copy,
    events::RowsMarked,
    heads::{self, KeptHead},
    mark_older, protect, put_back,
};

crate::events! {
    /// A client was changed.
    ClientChanged = "test.client_changed" of client: String {}
    /// It is over.
    Closed = "test.closed" of client: String {}
    /// It counts up.
    Counted = "test.counted" of list: String { number: i64, least: i64 }
    /// It was decided.
    Decided = "test.decided" of decision: String {}
    /// It begins again.
    Opened = "test.opened" of client: String {}
    /// Something was done with it.
    Used = "test.used" of what: String { client: String }
    /// A version came or went.
    VersionChanged = "test.version_changed" of what: String { code: String, version_id: String }
    /// A version ended.
    VersionEnded = "test.version_ended" of version: String {}
}

const RULES: &[Rule] = &[
    Rule::Ends {
        what: "client",
        ends: &[After::object::<Closed>()],
        begins: &[After::object::<Opened>()],
        acts: &[After::details::<Used>(&["client"])],
        actors: &["operator"],
        is_once: false,
        kept_days: 1,
    },
    Rule::Ends {
        what: "decision",
        ends: &[After::object::<Decided>()],
        begins: &[],
        acts: &[],
        actors: &[],
        is_once: true,
        kept_days: 1,
    },
    Rule::Counts { what: "list", after: &[After::object::<Counted>()], number: "number", least: "least" },
];

const CLIENT: Marked = Marked {
    table: "client",
    key: &["client_id"],
    columns: &["organisation_id", "secret_hash", "settings", "enabled", "created_at"],
    after: &[After::object::<ClientChanged>()],
    is_removed: false,
    if_changed: IfChanged::Refuse,
    acts: None,
    older: Older::AsNow,
    rules: &[],
};

/// One that is removed when it is over, named by a detail.
const VERSION: Marked = Marked {
    table: "licence_type",
    key: &["licence_type_id"],
    columns: &["type_code", "version", "state"],
    after: &[After::details::<VersionChanged>(&["version_id"]), After::object::<VersionEnded>()],
    is_removed: true,
    if_changed: IfChanged::Keep,
    acts: None,
    older: Older::AsNow,
    rules: &[],
};

pub(super) static MARKED: &[&[Marked]] = &[&[CLIENT], &[VERSION]];

pub(super) async fn act(database: &Database, second: i64, script: &str, event: impl crate::Event) -> Result<(), Fault> {
    let mut work = database.begin(context(at(second), second.unsigned_abs())).await?;
    work.tx.script(script).await?;
    work.record(event);
    work.commit().await
}

pub(super) fn changed(client: &str) -> ClientChanged {
    ClientChanged { client: client.to_owned() }
}

pub(super) fn insert(client: &str) -> String {
    format!(
        "insert into client (client_id, organisation_id, name_zh, name_en, purpose_zh, purpose_en, secret_hash, settings,
                             enabled, created_at)
         values ('{client}', 'org', 'n', 'n', 'p', 'p', 'hash', '{{}}', 1, 0)"
    )
}

/// Somebody with the database's password takes the guards away first.
pub(super) fn no_guards(database: &Database) -> &'static str {
    match database.dialect() {
        Dialect::Postgres => "drop trigger event_guard on event; drop trigger event_guard_truncate on event",
        Dialect::Sqlite => "drop trigger event_unchanged; drop trigger event_kept",
    }
}

pub(super) async fn script(database: &Database, text: &str) -> Result<(), Fault> {
    let mut tx = database.housekeeping().await?;
    tx.script(text).await?;
    tx.commit().await
}

/// A log of some acts, with a head that was kept at its end.
async fn city() -> Result<(testing::Fresh, Vec<KeptHead>), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    act(database, 1, &insert("a"), changed("a")).await?;
    act(database, 2, &insert("b"), changed("b")).await?;
    act(database, 3, "update client set enabled = 0 where client_id = 'a'", changed("a")).await?;
    let version = "insert into licence_type (licence_type_id, type_code, version, state, definition, created_at)
                   values ('lty_1', 'code', 1, 'draft', '{}', 0)";
    let version_changed =
        VersionChanged { what: "x".to_owned(), code: "code".to_owned(), version_id: "lty_1".to_owned() };
    act(database, 4, version, version_changed).await?;
    act(database, 5, "update client set secret_hash = 'other' where client_id = 'b'", changed("b")).await?;
    log::sequence_events(database).await?;
    let kept = heads::now(database, at(6)).await?;
    Ok((fresh, kept.into_iter().collect()))
}

async fn audit_after(database: &Database, text: &str, kept: &[KeptHead]) -> Result<Vec<Finding>, Fault> {
    script(database, text).await?;
    Ok(audit(database, kept).await?.findings)
}

#[tokio::test]
async fn what_somebody_puts_into_the_log_stops_the_numbering_of_nothing_else_and_is_named() -> Result<(), Fault> {
    let copy = |id: &str, number: &str| {
        format!(
            "insert into event (event_id, at, actor_kind, actor, kind, object, data, marks, mac, sequence)
             select {id}, at, actor_kind, actor, kind, object, data, marks, mac, {number}
               from event where sequence = 1"
        )
    };
    // Numbers that the next events would get, and rows that wait.
    let mut put = vec![copy("'y1'", "6"), copy("'y2'", "8")];
    let (fresh, kept) = city().await?;
    let database = &fresh.database;
    if database.dialect() == Dialect::Sqlite {
        put.extend(["x'31'", "x'ff'", "cast(x'ff' as text)", "cast(x'21ff' as text)"].map(|id| copy(id, "null")));
        put.push(copy("'z3'", "null").replace("select 'z3', at", "select 'z3', 'now'"));
        put.push(copy("'z4'", "null").replace(
            "actor, kind, object, data, marks, mac, null",
            "actor, cast(x'ff' as text), object, data, marks, mac, null",
        ));
    }
    let count = put.len();
    for text in put {
        script(database, &text).await?;
    }
    act(database, 7, "select 1", changed("x")).await?;
    act(database, 8, "select 1", changed("y")).await?;
    while log::sequence_events(database).await? > 0 {}
    let is_waiting = log::waiting(&mut database.read().await?).await?;
    assert_eq!(is_waiting, []);
    let numbered = testing::last_numbered(database, 100).await?;
    assert_eq!(numbered.len(), 5 + count + 2);
    let numbers: Vec<i64> = numbered.iter().filter_map(|entry| entry.sequence).collect();
    assert_eq!(numbers, (1..=numbered.len() as i64).collect::<Vec<_>>());
    let key = database.log_key().unwrap();
    let foreign: Vec<Finding> = numbered
        .iter()
        .filter(|entry| !entry.is_ours(key))
        .filter_map(|entry| entry.sequence)
        .map(Finding::Foreign)
        .collect();
    assert_eq!(foreign.len(), count);
    let found = audit(database, &kept).await?.findings;
    assert!(foreign.iter().all(|finding| found.contains(finding)), "{found:?}");
    // What stands behind one that has a number of its own is named too.
    let is_known = |finding: &&Finding| matches!(finding, Finding::Foreign(_) | Finding::Changed(7 | 9));
    assert_eq!(found.iter().filter(is_known).count(), found.len(), "{found:?}");
    Ok(())
}

/// An event once more, without a number.
const COPY: &str = "insert into event (event_id, at, actor_kind, actor, kind, object, data, marks, mac)
                    select 'zz', at, actor_kind, actor, kind, object, data, marks, mac from event where sequence = 1";

/// A city whose database is somebody's who took the guards away.
struct Owned {
    fresh: testing::Fresh,
    kept: Vec<KeptHead>,
}

impl Owned {
    const TABLES: [&str; 4] = ["event", "event_head", "client", "licence_type"];

    async fn city() -> Result<Self, Fault> {
        let (fresh, kept) = city().await?;
        let database = &fresh.database;
        let sound = audit(database, &kept).await?;
        assert_eq!((sound.events, sound.rows, sound.findings), (5, 3, vec![]));
        script(database, no_guards(database)).await?;
        for table in Self::TABLES {
            script(database, &format!("create table {table}_kept as select * from {table}")).await?;
        }
        Ok(Self { fresh, kept })
    }

    /// What an audit finds after a change, which is undone.
    async fn check(&self, what: &str, text: &str, expected: &[Finding]) -> Result<(), Fault> {
        let database = &self.fresh.database;
        assert_eq!(audit_after(database, text, &self.kept).await?, expected, "{what}");
        for table in Self::TABLES {
            script(database, &format!("delete from {table}; insert into {table} select * from {table}_kept")).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn whatever_the_owner_of_the_database_changes_is_named() -> Result<(), Fault> {
    let owned = Owned::city().await?;
    let check = async |what: &str, text: &str, expected: &[Finding]| owned.check(what, text, expected).await;
    let row = |client: &str, fault| Finding::Row("client", client.to_owned(), fault);
    check("nothing", "select 1", &[]).await?;
    check("an event is removed", "delete from event where sequence = 3", &[Finding::Missing(3, 3)]).await?;
    check("two are removed", "delete from event where sequence in (2, 3)", &[Finding::Missing(2, 3)]).await?;
    let change = "update event set object = 'b' where sequence = 3";
    check("an event is changed", change, &[Finding::Foreign(3)]).await?;
    let act = "update event set actor = 'somebody else' where sequence = 1";
    check("who acted is changed", act, &[Finding::Foreign(1)]).await?;
    let swap = "update event set sequence = -2 where sequence = 2; update event set sequence = 2 where sequence = 3;
                update event set sequence = 3 where sequence = -2";
    check("two change places", swap, &[2, 3, 4].map(Finding::Changed)).await?;
    let copy = COPY;
    check("an event is added that waits", copy, &[Finding::ForeignWaiting("zz".to_owned())]).await?;
    let numbered = format!("{copy}; update event set sequence = 6, hash = 'x' where event_id = 'zz'");
    check("an event is added with a number", &numbered, &[Finding::Beyond(6)]).await?;
    let below = format!("{copy}; update event set sequence = -1, hash = 'x' where event_id = 'zz'");
    check("an event is added below the first", &below, &[Finding::Stray(-1)]).await?;
    let least = below.replacen("-1", "-9223372036854775808", 1);
    assert_ne!(least, below);
    check("an event is added below all numbers", &least, &[Finding::Stray(i64::MIN)]).await?;
    let cut = "delete from event where sequence > 3";
    check("the tail is cut off", cut, &[Finding::Cut(3, 5)]).await?;
    let head = "update event_head set sequence = 3, hash = (select hash from event where sequence = 3)";
    let expected = [Finding::Head, Finding::Beyond(5), Finding::PutBack(5, 3)];
    check("the head is put back", head, &expected).await?;
    let both = format!("{head}; {cut}");
    check("tail and head are cut off", &both, &[Finding::Head, Finding::PutBack(5, 3)]).await?;
    check("the head is removed", "delete from event_head", &[Finding::Head]).await?;
    let no_key = "update event_head set keyed_from = null, mac = null";
    let expected = [&[Finding::Head][..], &(1..=5).map(Finding::Changed).collect::<Vec<_>>()].concat();
    check("the log is said to have no key", no_key, &expected).await?;
    let enable = "update client set enabled = 1 where client_id = 'a'";
    check("a client is enabled", enable, &[row("a", RowFault::Changed)]).await?;
    let secret = "update client set secret_hash = 'mine' where client_id = 'b'";
    check("a secret is replaced", secret, &[row("b", RowFault::Changed)]).await?;
    check("a row is put there", &insert("c"), &[row("c", RowFault::Inserted)]).await?;
    let twin = "insert into client (client_id, organisation_id, name_zh, name_en, purpose_zh, purpose_en, secret_hash,
                                    settings, enabled, created_at, marked, mark)
                select 'c', organisation_id, name_zh, name_en, purpose_zh, purpose_en, secret_hash, settings, enabled,
                       created_at, marked, mark from client where client_id = 'b'";
    check("a row is copied with its mark", twin, &[row("c", RowFault::Changed)]).await?;
    check("a row is taken away", "delete from client where client_id = 'b'", &[row("b", RowFault::Removed)]).await?;
    let unmark = "update client set marked = 0, mark = null where client_id = 'b'";
    check("a mark is taken away", unmark, &[row("b", RowFault::Inserted)]).await?;
    check("what goes when it is over has gone", "delete from licence_type", &[]).await?;
    Ok(())
}

/// Where any column takes a value of any type.
#[tokio::test]
async fn a_value_that_its_column_cannot_hold_is_named_and_ends_no_audit() -> Result<(), Fault> {
    let owned = Owned::city().await?;
    let database = &owned.fresh.database;
    if database.dialect() != Dialect::Sqlite {
        return Ok(());
    }
    let check = async |what: &str, text: &str, expected: &[Finding]| owned.check(what, text, expected).await;
    let row = |client: &str, fault| Finding::Row("client", client.to_owned(), fault);
    let copy = COPY;
    let below = format!("{copy}; update event set sequence = -1, hash = 'x' where event_id = 'zz'");
    // Where any column takes a value of any type: it says the same and is found by nobody, or never ends.
    let end = "update client set created_at = cast(created_at as blob) where client_id = 'b'";
    check("a number becomes bytes", end, &[row("b", RowFault::Changed)]).await?;
    let secret = "update client set secret_hash = cast(secret_hash as blob) where client_id = 'b'";
    check("a text becomes bytes", secret, &[row("b", RowFault::Changed)]).await?;
    for column in ["at", "kind", "object", "data", "mac"] {
        let event = format!("update event set {column} = cast({column} as blob) where sequence = 3");
        check("a cell of an event becomes bytes", &event, &[Finding::Foreign(3)]).await?;
    }
    for at in ["at + 0.5", "'now'"] {
        let event = format!("update event set at = {at} where sequence = 3");
        check("a time of an event is no number", &event, &[Finding::Foreign(3)]).await?;
    }
    let least = below.replacen("-1", "-1e300", 1);
    check("an event is added below what a number can say", &least, &[Finding::Stray(i64::MIN)]).await?;
    for number in ["3.5", "'x'", "x'33'"] {
        let event = format!("{copy}; update event set sequence = {number}, hash = 'x' where event_id = 'zz'");
        check("a number of an event is none", &event, &[Finding::Stray(i64::MIN)]).await?;
    }
    for bytes in ["x'ff'", "x'80'", "x'e9be'"] {
        let event = format!("update event set kind = cast({bytes} as text) where sequence = 3");
        check("a text of an event is none", &event, &[Finding::Foreign(3)]).await?;
        let settings = format!("update client set settings = cast({bytes} as text) where client_id = 'b'");
        check("a text of a row is none", &settings, &[row("b", RowFault::Changed)]).await?;
    }
    for number in ["1.5", "'x'", "cast(x'ff' as text)", "x'31'"] {
        let end = format!("update client set created_at = {number} where client_id = 'b'");
        check("a number of a row is none", &end, &[row("b", RowFault::Changed)]).await?;
        let marked = format!("update client set marked = {number} where client_id = 'b'");
        check("how often a row was marked is no number", &marked, &[row("b", RowFault::Changed)]).await?;
    }
    let mark = "update client set mark = cast(mark as blob) where client_id = 'b'";
    check("a mark becomes bytes", mark, &[row("b", RowFault::Changed)]).await?;
    for key in ["x'62'", "cast(x'ff' as text)"] {
        let client = format!("update client set client_id = {key} where client_id = 'b'");
        let found = [row("b", RowFault::Removed), row("\u{fffd}", RowFault::Changed)];
        check("the key of a row is no text", &client, &found).await?;
    }
    let hash = "update event set hash = cast(hash as blob) where sequence = 3";
    check("its hash becomes bytes", hash, &[3, 4].map(Finding::Changed)).await?;
    Ok(())
}

#[tokio::test]
async fn a_head_and_a_point_that_are_no_texts_and_no_numbers_are_named() -> Result<(), Fault> {
    let owned = Owned::city().await?;
    let (database, kept) = (&owned.fresh.database, &owned.kept);
    if database.dialect() != Dialect::Sqlite {
        return Ok(());
    }
    let check = async |what: &str, text: &str, expected: &[Finding]| owned.check(what, text, expected).await;
    for column in ["hash", "mac"] {
        for value in [format!("cast({column} as blob)"), "cast(x'ff' as text)".to_owned()] {
            let head = format!("update event_head set {column} = {value}");
            check("a cell of the head is no text", &head, &[Finding::Head]).await?;
        }
    }
    let from = "update event_head set keyed_from = 0.5";
    assert!(audit_after(database, from, kept).await?.contains(&Finding::Head));
    script(database, "delete from event_head; insert into event_head select * from event_head_kept").await?;
    for set in ["sequence = 0.5", "sequence = 'x'", "hash = x'33'", "tally = cast(x'ff' as text)", "mac = x'33'"] {
        let point = format!("update event_archived set {set}");
        script(database, "drop trigger if exists event_archived_forward").await?;
        let found = audit_after(database, &point, kept).await?;
        assert_eq!(found, if set.starts_with("mac") { vec![] } else { vec![Finding::Archived] }, "{set}");
        script(database, "update event_archived set sequence = 0, hash = '', tally = '{}', mac = null").await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_goes_when_it_is_over_and_was_put_back_is_named_by_an_audit_that_goes_on_behind() -> Result<(), Fault> {
    let (fresh, kept) = city().await?;
    let database = &fresh.database;
    script(database, "create table before as select * from licence_type").await?;
    let end = "update licence_type set state = 'retired' where licence_type_id = 'lty_1'";
    act(database, 7, end, VersionEnded { version: "lty_1".to_owned() }).await?;
    log::sequence_events(database).await?;
    let wanted = Against { kept: &kept, at: Some(at(8)), ..Against::default() };
    let checked = against(database, &wanted).await?.next.unwrap();
    script(database, "delete from licence_type; insert into licence_type select * from before").await?;
    let audited = against(database, &Against { checked: Some(&checked), goes_on: true, ..wanted }).await?;
    assert_eq!(audited.findings, [Finding::Row("licence_type", "lty_1".to_owned(), RowFault::PutBack)]);
    Ok(())
}

#[tokio::test]
async fn nobody_rests_on_an_event_that_the_product_did_not_write() -> Result<(), Fault> {
    let (fresh, _) = city().await?;
    let database = &fresh.database;
    let forged = "insert into event (event_id, at, actor_kind, actor, kind, object, data, sequence)
                  select 'zz' || event_id, at, actor_kind, actor, kind, object, data, -sequence from event";
    script(database, forged).await?;
    let (filter, page) = (log::Filter::default(), ListPage::first(100));
    let mut tx = database.read().await?;
    assert_eq!(log::list(&mut tx, &filter, &page).await?.items.len(), 5);
    let all = log::all(&mut tx, &filter, &page).await?.items;
    let ours = log::ours(&mut tx, &all).await?;
    assert_eq!((all.len(), ours.iter().filter(|is_ours| **is_ours).count()), (10, 5));
    for (entry, is_ours) in all.iter().zip(ours) {
        assert_eq!(entry.sequence > Some(0), is_ours);
    }
    Ok(())
}

#[tokio::test]
async fn rows_are_held_against_all_events_that_wait_however_many_they_are() -> Result<(), Fault> {
    let (fresh, kept) = city().await?;
    let database = &fresh.database;
    let mut work = database.begin(context(at(7), 7)).await?;
    work.tx.script(&insert("c")).await?;
    for _ in 0..700 {
        work.record(happened("object"));
    }
    work.record(changed("c"));
    work.commit().await?;
    assert_eq!(audit(database, &kept).await?.findings, []);
    script(database, "delete from client where client_id = 'c'").await?;
    assert_eq!(audit(database, &kept).await?.findings, [Finding::Rows("client")]);
    Ok(())
}

#[tokio::test]
async fn a_row_that_is_put_back_as_it_was_is_named_whatever_its_mark_says() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    act(database, 1, &insert("a"), changed("a")).await?;
    script(database, "create table before as select * from client").await?;
    act(database, 2, "update client set enabled = 0 where client_id = 'a'", changed("a")).await?;
    log::sequence_events(database).await?;
    assert_sound(database, 2).await?;
    script(database, "delete from client; insert into client select * from before").await?;
    let expected = Finding::Row("client", "a".to_owned(), RowFault::PutBack);
    assert_eq!(audit(database, &[]).await?.findings, [expected]);
    Ok(())
}

#[tokio::test]
async fn a_log_that_was_written_anew_contradicts_the_head_that_was_kept() -> Result<(), Fault> {
    // Whoever writes it anew has the key, of an installation of his own perhaps.
    let (fresh, kept) = city().await?;
    let database = &fresh.database;
    script(database, no_guards(database)).await?;
    script(database, "delete from event; update event_head set sequence = 0, hash = '', keyed_from = null, mac = null")
        .await?;
    let mut settings = fresh.settings.clone();
    settings.marked = &[];
    let forger = Database::open(&settings).await?;
    protect(&forger, testing::log_key(), false).await?;
    for second in 1..=7 {
        act(&forger, second, "select 1", changed("a")).await?;
    }
    log::sequence_events(&forger).await?;
    let audited = audit(&forger, &kept).await?;
    assert_eq!(audited.findings, [Finding::Contradicted(5)]);
    assert_eq!(audit(&forger, &[]).await?.findings, [], "alone it is sound");
    Ok(())
}

#[tokio::test]
async fn an_older_copy_is_named_until_somebody_answers_for_it_and_the_next_one_again() -> Result<(), Fault> {
    let (fresh, _) = city().await?;
    let database = &fresh.database;
    for table in ["event", "event_head", "client"] {
        script(database, &format!("create table {table}_kept as select * from {table}")).await?;
    }
    let mut kept = Vec::new();
    for second in 10..13 {
        act(database, second, "select 1", changed("a")).await?;
        log::sequence_events(database).await?;
        kept.extend(heads::now(database, at(second)).await?);
    }
    assert_sound(database, 8).await?;
    assert_eq!(audit(database, &kept).await?.findings, []);
    script(database, no_guards(database)).await?;
    let put_back = "delete from event; insert into event select * from event_kept;
                    delete from event_head; insert into event_head select * from event_head_kept;
                    delete from client; insert into client select * from client_kept";
    script(database, put_back).await?;
    assert_eq!(audit(database, &kept).await?.findings, [Finding::PutBack(8, 5)]);
    assert_eq!(heads::is_put_back(database, &kept[2]).await?, Some(5));
    let loss = crate::events::LossAcknowledged { log: "log".to_owned(), kept: 8, found: 5, reason: "why".to_owned() };
    act(database, 20, "select 1", loss).await?;
    log::sequence_events(database).await?;
    let audited = audit(database, &kept).await?;
    assert!(audited.is_sound());
    assert_eq!(audited.acknowledged.len(), 2, "{audited:?}");
    // It goes on beyond where it was.
    for second in 30..36 {
        act(database, second, "select 1", changed("a")).await?;
    }
    log::sequence_events(database).await?;
    kept.extend(heads::now(database, at(36)).await?);
    assert_eq!(audit(database, &kept).await?.findings, []);
    script(database, put_back).await?;
    let again = audit(database, &kept).await?;
    assert_eq!(again.findings, [Finding::PutBack(12, 5)]);
    Ok(())
}

#[tokio::test]
async fn a_line_of_a_kept_head_counts_as_it_was_written_only() -> Result<(), Fault> {
    let (fresh, kept) = city().await?;
    let line = kept[0].line(&fresh.database, "signature").unwrap();
    assert_eq!(KeptHead::read(&fresh.database, &line), Some(kept[0].clone()));
    for other in [line.replace("\"sequence\":5", "\"sequence\":4"), line.replace('a', "b"), String::new(), "{}".into()]
    {
        assert_eq!(KeptHead::read(&fresh.database, &other), None, "{other}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_there_when_a_database_gets_its_key_is_marked_and_numbered_first() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    act(&fresh.database, 1, &insert("a"), changed("a")).await?;
    act(&fresh.database, 2, &insert("b"), changed("b")).await?;
    let mut settings = fresh.settings.clone();
    settings.marked = MARKED;
    let keyed = Database::open(&settings).await?;
    protect(&keyed, testing::log_key(), false).await?;
    assert_sound(&keyed, 2).await?;
    act(&keyed, 3, "update client set enabled = 0", changed("a")).await?;
    log::sequence_events(&keyed).await?;
    let changed_too = Finding::Row("client", "b".to_owned(), RowFault::Changed);
    assert_eq!(audit(&keyed, &[]).await?.findings, [changed_too], "of b no event told");
    // A process without the key numbers nothing, and one with another key does not either.
    act(&fresh.database, 4, "select 1", changed("x")).await?;
    assert!(log::sequence_events(&fresh.database).await.is_err());
    let other = Database::open(&settings).await?;
    protect(&other, LogKey::new([8; 32]), false).await?;
    assert!(log::sequence_events(&other).await.is_err());
    assert_eq!(log::sequence_events(&keyed).await?, 1);
    let findings = audit(&keyed, &[]).await?.findings;
    assert!(findings.contains(&Finding::Foreign(4)), "{findings:?}");
    // The key is not given a second time to a log that lost it.
    script(&keyed, "update event_head set keyed_from = null, mac = null").await?;
    assert!(log::sequence_events(&keyed).await.is_err());
    let next = Database::open(&settings).await?;
    assert!(protect(&next, testing::log_key(), false).await.is_err());
    Ok(())
}

#[tokio::test]
async fn an_act_takes_nothing_over_that_was_changed_past_the_product() -> Result<(), Fault> {
    let (fresh, kept) = city().await?;
    let database = &fresh.database;
    let by_hand = [
        "update client set secret_hash = 'known' where client_id = 'a'",
        "update client set marked = marked + 1 where client_id = 'a'",
        "update client set marked = 0, mark = null where client_id = 'a'",
    ];
    script(database, "create table client_kept as select * from client").await?;
    for text in by_hand {
        script(database, text).await?;
        let disable = "update client set enabled = 1 where client_id = 'a'";
        let refused = act(database, 7, disable, changed("a")).await.unwrap_err();
        assert!(refused.to_string().contains("client a was changed past the product"), "{text}: {refused}");
        let named = audit(database, &kept).await?.findings;
        assert!(matches!(named[..], [Finding::Row("client", ..)]), "{text}: {named:?}");
        script(database, "delete from client; insert into client select * from client_kept").await?;
        assert_eq!(audit(database, &kept).await?.findings, []);
    }
    // A row of which acts only take away is ended, and stays named: also when it is put back as it was.
    script(database, "update licence_type set state = 'published'").await?;
    let ended = VersionEnded { version: "lty_1".to_owned() };
    act(database, 8, "update licence_type set state = 'ended'", ended).await?;
    log::sequence_events(database).await?;
    let row = |fault| vec![Finding::Row("licence_type", "lty_1".to_owned(), fault)];
    assert_eq!(audit(database, &kept).await?.findings, row(RowFault::Changed));
    Ok(())
}

#[tokio::test]
async fn a_database_whose_log_had_a_key_marks_nothing_that_somebody_put_there_since() -> Result<(), Fault> {
    let (fresh, kept) = city().await?;
    let database = &fresh.database;
    assert!(!kept.is_empty(), "heads were kept: whoever starts the product knows that the log had a key");
    script(database, no_guards(database)).await?;
    script(database, "create table event_kept as select * from event").await?;
    script(database, "create table event_head_kept as select * from event_head").await?;
    script(database, "update event set mac = null; update event_head set keyed_from = null, mac = null").await?;
    script(database, &insert("lent")).await?;
    let next = Database::open(&fresh.settings).await?;
    let refused = protect(&next, testing::log_key(), true).await.unwrap_err();
    assert!(refused.to_string().contains("heads of the event log were kept"), "{refused}");
    let mut tx = database.read().await?;
    let (marked,): (i64,) = tx.one("select marked from client where client_id = 'lent'", vec![]).await?;
    assert_eq!(marked, 0);
    Ok(())
}

/// The same tables as an older version marked them: one by its first columns, and one not at all.
static BEFORE: &[&[Marked]] =
    &[&[Marked { columns: &["organisation_id", "secret_hash", "settings", "enabled"], ..CLIENT }]];
static NOW: &[&[Marked]] = &[
    &[Marked { older: Older::First(4), ..CLIENT }],
    &[Marked { is_removed: false, older: Older::Unmarked, ..VERSION }],
];

/// What an older version left.
async fn older_city() -> Result<testing::Fresh, Fault> {
    let fresh = testing::fresh_protected(BEFORE).await?;
    for (second, client) in ["a", "b", "c"].into_iter().enumerate() {
        act(&fresh.database, second as i64, &insert(client), changed(client)).await?;
    }
    let versions = "insert into licence_type (licence_type_id, type_code, version, state, definition, created_at)
                    values ('lty_1', 'code', 1, 'draft', '{}', 0), ('lty_2', 'code', 2, 'draft', '{}', 0)";
    act(&fresh.database, 5, versions, changed("none")).await?;
    log::sequence_events(&fresh.database).await?;
    testing::left_by_an_older_version(&fresh.database).await?;
    Ok(fresh)
}

/// The present version, started on it.
async fn start(fresh: &testing::Fresh, second: i64) -> Result<(Database, usize), Fault> {
    let mut settings = fresh.settings.clone();
    settings.marked = NOW;
    let database = Database::open(&settings).await?;
    protect(&database, testing::log_key(), true).await?;
    let count = mark_older(&database, &context(at(second), second.unsigned_abs())).await?;
    Ok((database, count))
}

#[tokio::test]
async fn rows_of_a_version_that_marked_less_are_marked_once_and_those_that_were_changed_are_not() -> Result<(), Fault> {
    let fresh = older_city().await?;
    script(&fresh.database, "update client set secret_hash = 'known' where client_id = 'b'").await?;
    let (database, count) = start(&fresh, 50).await?;
    assert_eq!(count, 4, "two clients and two versions");
    let told = testing::told::<RowsMarked>(&database).await?;
    let told: Vec<(&str, usize)> = told.iter().map(|told| (told.table.as_str(), told.rows)).collect();
    assert_eq!(told, [("licence_type", 2), ("client", 2)]);
    let row = |table, name: &str, fault| Finding::Row(table, name.to_owned(), fault);
    assert_eq!(audit(&database, &[]).await?.findings, [row("client", "b", RowFault::Changed)]);
    let undo = "update client set secret_hash = 'hash' where client_id = 'b'";
    assert_eq!(
        audit_after(&database, undo, &[]).await?,
        [row("client", "b", RowFault::Changed)],
        "it was never marked anew"
    );
    script(&database, "delete from client where client_id = 'b'").await?;
    // What is covered from now on, what is put there, and what is taken away.
    let later = "update client set created_at = 7 where client_id = 'c'";
    let removed = row("client", "b", RowFault::Removed);
    assert_eq!(audit_after(&database, later, &[]).await?, [removed.clone(), row("client", "c", RowFault::Changed)]);
    script(&database, "update client set created_at = 0 where client_id = 'c'").await?;
    script(&database, "insert into licence_type (licence_type_id, type_code, version, state, definition, created_at)
                       values ('lty_3', 'code', 3, 'draft', '{}', 0); delete from licence_type where licence_type_id = 'lty_2'")
        .await?;
    let (database, count) = start(&fresh, 51).await?;
    assert_eq!(count, 0, "once");
    let found = audit(&database, &[]).await?.findings;
    let gone = row("licence_type", "lty_2", RowFault::Removed);
    assert_eq!(found, [removed, gone, row("licence_type", "lty_3", RowFault::Inserted)]);
    Ok(())
}

#[tokio::test]
async fn a_start_that_was_cut_off_while_it_marked_goes_on_with_the_rest() -> Result<(), Fault> {
    let fresh = older_city().await?;
    let (database, _) = start(&fresh, 52).await?;
    testing::left_by_an_older_version(&database).await?;
    script(&database, "update licence_type set marked = 0, mark = null").await?;
    assert_eq!(start(&fresh, 53).await?.1, 2);
    Ok(())
}

#[tokio::test]
async fn a_head_of_before_that_somebody_puts_back_gets_no_row_a_mark() -> Result<(), Fault> {
    let fresh = older_city().await?;
    script(&fresh.database, "create table event_head_kept as select * from event_head").await?;
    let (database, _) = start(&fresh, 54).await?;
    log::sequence_events(&database).await?;
    let lent = "insert into licence_type (licence_type_id, type_code, version, state, definition, created_at)
                values ('lent', 'code', 3, 'draft', '{}', 0)";
    script(&database, lent).await?;
    // Its own words, without the code; and a whole one of before.
    let kept = "create table event_head_now as select * from event_head; update event_head set marks = null";
    script(&database, kept).await?;
    assert_eq!(start(&fresh, 55).await?.1, 0);
    script(&database, "delete from event_head; insert into event_head select * from event_head_kept").await?;
    assert_eq!(start(&fresh, 56).await?.1, 0);
    script(&database, "delete from event_head; insert into event_head select * from event_head_now").await?;
    let found = audit(&database, &[]).await?.findings;
    assert_eq!(found, [Finding::Row("licence_type", "lent".to_owned(), RowFault::Inserted)]);
    // With what came since taken out of the chain, so that it is numbered as it was: the log tells that it was done.
    act(&database, 60, "update client set settings = '[]' where client_id = 'a'", changed("a")).await?;
    log::sequence_events(&database).await?;
    let head = log::head(&mut database.read().await?).await?;
    script(&database, no_guards(&database)).await?;
    let anew = "update event set sequence = null, hash = null
                 where sequence > (select sequence from event_head_kept);
                delete from event_head; insert into event_head select * from event_head_kept";
    script(&database, anew).await?;
    assert_eq!(start(&fresh, 57).await?.1, 0);
    assert_eq!(log::head(&mut database.read().await?).await?.map(|head| head.hash), head.map(|head| head.hash));
    let found = audit(&database, &[]).await?.findings;
    assert_eq!(found, [Finding::Row("licence_type", "lent".to_owned(), RowFault::Inserted)]);
    Ok(())
}

/// The row of a client as a copy has it.
async fn copied(database: &Database, client: &str) -> Result<put_back::Copied, Fault> {
    let mut snapshot = copy::Snapshot::of(database).await?;
    let table = snapshot.tables.iter().find(|table| table.name == "client").unwrap().clone();
    let names = || table.columns.iter().map(|column| column.name.clone());
    let mut rows = snapshot.rows(&table).await?;
    let all = rows.next().await?;
    let row = all.into_iter().find(|row| row.contains(&crate::Value::from(client))).unwrap();
    Ok(names().zip(row).collect())
}

#[tokio::test]
async fn a_row_is_put_back_as_its_highest_version_says_and_not_when_an_act_left_it_since() -> Result<(), Fault> {
    let fresh = testing::fresh_protected(MARKED).await?;
    let database = &fresh.database;
    let update = |settings: &str| format!("update client set settings = '{settings}' where client_id = 'a'");
    act(database, 1, &insert("a"), changed("a")).await?;
    // The later one is numbered first: a node with another clock wrote it.
    act(database, 20, &update("[2]"), changed("a")).await?;
    act(database, 10, &update("[3]"), changed("a")).await?;
    while log::sequence_events(database).await? > 0 {}
    assert_eq!(audit(database, &[]).await?.findings, []);
    let rows = [("client".to_owned(), "a".to_owned())];
    let wanted = async || put_back::wanted(database, &rows).await.map(|mut all| all.pop().flatten().unwrap());
    let put = async |wanted: &put_back::Wanted, copy: &put_back::Copied, second| {
        let mut work = database.begin(context(at(second), second.unsigned_abs())).await?;
        let done = put_back::put_back(&mut work, ("backup", "why"), &(wanted.clone(), copy.clone())).await?;
        if done {
            work.commit().await?;
        }
        Ok::<_, Fault>(done)
    };
    let (third, copy) = (wanted().await?, copied(database, "a").await?);
    assert!(!put(&third, &copy, 30).await?, "it is right as it stands");
    script(database, &update("[9]")).await?;
    assert!(put(&third, &copy, 31).await?);
    assert_eq!(audit(database, &[]).await?.findings, []);
    assert_eq!(copied(database, "a").await?, copy);
    // An act came between the look and this.
    act(database, 40, &update("[4]"), changed("a")).await?;
    script(database, &update("[9]")).await?;
    assert!(!put(&third, &copy, 41).await?);
    script(database, &update("[4]")).await?;
    assert_eq!(audit(database, &[]).await?.findings, []);
    Ok(())
}

/// What an audit names of a log of these events, each with its second.
async fn contrary(events: Vec<(i64, crate::EventRow)>) -> Result<Vec<(i64, &'static str, String)>, Fault> {
    static RULED: &[&[Marked]] = &[&[Marked { rules: RULES, ..CLIENT }]];
    let fresh = testing::fresh_protected(RULED).await?;
    for (seed, (second, event)) in events.into_iter().enumerate() {
        let mut tx = fresh.database.housekeeping().await?;
        crate::work::write(&mut tx, &context(at(second), seed as u64), &event, None).await?;
        tx.commit().await?;
        log::sequence_events(&fresh.database).await?;
    }
    let told = |finding| match finding {
        Finding::Contrary(number, what, name) => (number, what, name),
        other => panic!("{other}"),
    };
    Ok(audit(&fresh.database, &[]).await?.findings.into_iter().map(told).collect())
}

#[tokio::test]
async fn however_much_one_rule_has_to_remember_the_others_are_told() -> Result<(), Fault> {
    let decided = |number: i64| (number, crate::EventRow::of(Decided { decision: format!("d{number}") }));
    let mut events: Vec<_> = (1..=60).map(decided).collect();
    events.push((61, crate::EventRow::of(Closed { client: "x".to_owned() })));
    events.push((400, crate::EventRow::of(Used { what: "y".to_owned(), client: "x".to_owned() })));
    assert_eq!(contrary(events).await?, [(62, "client", "x".to_owned())]);
    Ok(())
}

#[tokio::test]
async fn what_happens_with_something_that_is_over_is_named_by_the_log_alone() -> Result<(), Fault> {
    let x = || "x".to_owned();
    let closed = || crate::EventRow::of(Closed { client: x() });
    let opened = || crate::EventRow::of(Opened { client: x() });
    let used = |client: &str| crate::EventRow::of(Used { what: x(), client: client.to_owned() });
    // On its way when it ended, and another one.
    assert_eq!(contrary(vec![(0, used("x")), (10, closed()), (100, used("x")), (900, used("y"))]).await?, []);
    let named = contrary(vec![(10, closed()), (900, used("x")), (901, used("x"))]).await?;
    assert_eq!(named, [(2, "client", x()), (3, "client", x())]);
    assert_eq!(contrary(vec![(10, closed()), (900, opened()), (901, used("x")), (902, closed())]).await?, []);
    // Numbered before it began again, by a node whose clock is behind; and long before.
    assert_eq!(contrary(vec![(10, closed()), (900, used("x")), (901, opened())]).await?, []);
    assert_eq!(contrary(vec![(10, closed()), (500, used("x")), (901, opened())]).await?, [(2, "client", x())]);
    assert_eq!(contrary(vec![(901, opened()), (899, closed()), (1200, used("x"))]).await?, [(3, "client", x())]);
    // Who acts is named by whoever it is.
    let founder = testing::operator();
    let named = contrary(vec![(10, crate::EventRow::of(Closed { client: founder.id().to_owned() })), (900, opened())]);
    assert_eq!(named.await?, [(2, "client", founder.id().to_owned())]);
    Ok(())
}

#[tokio::test]
async fn what_is_decided_twice_or_counts_backwards_is_named_by_the_log_alone() -> Result<(), Fault> {
    let decided = |what: &str| crate::EventRow::of(Decided { decision: what.to_owned() });
    assert_eq!(contrary(vec![(1, decided("x")), (2, decided("y"))]).await?, []);
    let twice = contrary(vec![(1, decided("x")), (2, decided("y")), (2, decided("x"))]).await?;
    assert_eq!(twice, [(3, "decision", "x".to_owned())]);
    let list = |second, number, least| (second, crate::EventRow::of(Counted { list: "x".to_owned(), number, least }));
    assert_eq!(contrary(vec![list(1, 1, 0), list(2, 2, 1), list(3, 3, 1)]).await?, []);
    // The lists of two nodes, numbered the other way round.
    assert_eq!(contrary(vec![list(1, 1, 0), list(2, 3, 2), list(1, 2, 1), list(9, 4, 2)]).await?, []);
    let told = |number| vec![(number, "list", "x".to_owned())];
    assert_eq!(contrary(vec![list(1, 1, 0), list(2, 1, 0)]).await?, told(2), "a number twice");
    assert_eq!(contrary(vec![list(1, 1, 0), list(2, 2, 1), list(900, 1, 1)]).await?, told(3), "an older one");
    assert_eq!(contrary(vec![list(1, 1, 2), list(2, 2, 1), list(3, 3, 1)]).await?, told(2), "less on it");
    Ok(())
}
