//! Backups beside a running server, and what they are worth afterwards.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use records::{
    Database, DatabaseSettings, Value, args,
    copy::{Snapshot, Table},
};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use tests::{
    browser::client,
    installation::Installation,
    process::{self, Ran, program},
};

use super::{founding::issue, office::Office};

/// The folder of all backups of an installation.
fn backups(installation: &Installation) -> PathBuf {
    installation.folder.join("backups")
}

/// Takes a backup and gives its folder.
fn backup(installation: &Installation, more: &[&str]) -> PathBuf {
    let to = backups(installation).display().to_string();
    let told = installation.must(&[&["backup", "--to", &to], more].concat());
    PathBuf::from(told.lines().next().unwrap())
}

fn verify(installation: &Installation, backup: &Path) -> Ran {
    installation.run(&["restore", "--verify", &backup.display().to_string()])
}

fn restore(installation: &Installation, backup: &Path) -> Ran {
    installation.run(&["restore", &backup.display().to_string()])
}

/// An installation where nothing is yet, on the same kind of database.
async fn empty() -> Installation {
    Installation::new().await
}

/// Every row of a database, table by table.
async fn everything(settings: &DatabaseSettings) -> BTreeMap<String, (Table, Vec<String>)> {
    let database = Database::open(settings).await.unwrap();
    let mut snapshot = Snapshot::of(&database).await.unwrap();
    let mut found = BTreeMap::new();
    for table in snapshot.tables.clone() {
        let mut rows: Vec<String> = Vec::new();
        let mut reader = snapshot.rows(&table).await.unwrap();
        loop {
            let portion: Vec<Vec<Value>> = reader.next().await.unwrap();
            if portion.is_empty() {
                break;
            }
            rows.extend(portion.iter().map(|row| format!("{row:?}")));
        }
        rows.sort();
        found.insert(table.name.clone(), (table, rows));
    }
    drop(snapshot);
    database.close().await;
    assert!(found.len() > 25, "{:?}", found.keys());
    found
}

/// The rows without what the log says of backups, which goes on after one was made, and without the end of the log.
fn but_for_backups(mut rows: BTreeMap<String, (Table, Vec<String>)>) -> BTreeMap<String, (Table, Vec<String>)> {
    rows.remove("event_head");
    rows.get_mut("event").unwrap().1.retain(|row| !row.contains("\"backup."));
    rows
}

/// Verifies a licence and gives the outcome.
async fn outcome(installation: &Installation, token: &str, identifier: &Json, key: &str) -> Json {
    let request = client().post(installation.url("/api/v1/verifications")).bearer_auth(token);
    let request = request.header("idempotency-key", key).json(&json!({ "identifier": identifier }));
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.json::<Json>().await.unwrap()["outcome"].clone()
}

/// The command in a shell that lets no file grow beyond so many blocks of 512 bytes.
fn in_narrow_room(installation: &Installation, blocks: u32, words: &[&str]) -> Output {
    let narrow = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let config = installation.config().display().to_string();
    let mut command = Command::new("sh");
    command.args(["-c", &narrow, "sh"]).arg(program()).args(["--config", &config]).args(words);
    command.output().unwrap()
}

#[tokio::test]
async fn a_backup_beside_a_busy_server_ends_and_gives_back_every_row() {
    let (installation, _) = Installation::bootstrapped().await;
    let server = installation.serve().await;
    let office = Office::new(&installation);
    let token = office.token(&installation).await;
    let licence = issue(&installation, &token, "first", &office.request(), StatusCode::CREATED).await;
    let identifier = &licence["identifier"];
    let (stop, verified) = (AtomicBool::new(false), AtomicUsize::new(0));
    let busy = async |name: &str| {
        while !stop.load(Ordering::Relaxed) {
            let key = format!("{name}-{}", verified.fetch_add(1, Ordering::Relaxed));
            assert_eq!(outcome(&installation, &token, identifier, &key).await, "valid");
        }
    };
    let beside = async {
        let to = backups(&installation).display().to_string();
        let config = installation.config().display().to_string();
        let taking = move || process::run(&["--config", &config, "backup", "--to", &to, "--with-keys"], "");
        let ran = tokio::task::spawn_blocking(taking).await.unwrap();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let path = PathBuf::from(ran.out.lines().next().unwrap());
        let until_then = verified.load(Ordering::Relaxed);
        // Whoever writes is not held up, and goes on to do so.
        while verified.load(Ordering::Relaxed) < until_then + 5 {
            tokio::task::yield_now().await;
        }
        stop.store(true, Ordering::Relaxed);
        path
    };
    let (path, (), ()) = tokio::join!(beside, busy("a"), busy("b"));
    let ran = verify(&installation, &path);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in
        ["each as it was written", "none removed, none changed", "this installation wrote", "keys: ", "by its code"]
    {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let lost = ran.out.lines().find(|line| line.contains("lost: ")).unwrap();
    assert!(lost.contains(" more since ") && lost.contains(" licence.verified"), "{lost}");
    assert_eq!(server.stop(), Some(0));

    // Nobody writes any more: another one is the same in every row.
    let path = backup(&installation, &["--with-keys"]);
    let ran = verify(&installation, &path);
    assert!(ran.code == Some(0) && ran.out.contains("lost: nothing"), "{ran:?}");
    let wanted = but_for_backups(everything(&installation.database()).await);
    assert!(wanted["licence_file"].1.len() == 1 && wanted["event"].1.len() > 50);
    // Into the same kind of database, and into a file whatever it came from; from there back again.
    let (same, file, again) = (empty().await, Installation::on(None), empty().await);
    for to in [&same, &file] {
        let ran = restore(to, &path);
        assert!(ran.code == Some(0) && ran.out.contains("the keys are back too"), "{ran:?}");
        assert!(but_for_backups(everything(&to.database()).await) == wanted, "{}", to.folder.display());
        assert_eq!(to.count("backup.restored").await, 1);
        assert_eq!(fs::read_dir(to.data().join("keys")).unwrap().count(), wanted["pki_key"].1.len() + 2);
    }
    let ran = restore(&again, &backup(&file, &["--with-keys"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(but_for_backups(everything(&again.database()).await) == wanted);
    // It serves as if nothing had been.
    let server = again.serve().await;
    let token = office.token(&again).await;
    assert_eq!(outcome(&again, &token, identifier, "again").await, "valid");
    assert_eq!(server.stop(), Some(0));
    assert!(again.must(&["audit"]).starts_with("sound: "));
    // What documents share was changed: whoever looks is told.
    let database = Database::open(&again.database()).await.unwrap();
    let mut tx = database.housekeeping().await.unwrap();
    let sql = "update licence_piece set bytes = $1 where name = (select min(name) from licence_piece)";
    assert_eq!(tx.run(sql, args![b"something else".to_vec()]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    database.close().await;
    for said in [again.run(&["doctor"]).out, verify(&again, &backup(&again, &["--with-keys"])).out] {
        let line = said.lines().find(|line| line.contains("documents: ")).unwrap_or_default();
        assert!(line.starts_with("WRONG") && line.contains("is not as it was written"), "{said}");
    }

    // Where there is no room for it, nothing is left of it, and those before it stay.
    let before = names(&backups(&installation));
    let to = backups(&installation).display().to_string();
    let output = in_narrow_room(&installation, 200, &["backup", "--to", &to, "--keep", "1"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("writing ") && said.contains("File too large"), "{said}");
    assert_eq!(names(&backups(&installation)), before);
    let events = installation.events().await;
    let failed: Vec<_> = events.iter().filter(|event| event.kind == "backup.failed").collect();
    assert!(failed.len() == 1 && failed[0].data.contains("File too large"), "{failed:?}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn copy(from: &Path, to: &Path) {
    DirBuilder::new().recursive(true).mode(0o700).create(to.parent().unwrap()).unwrap();
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

fn change(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Changes what the manifest says.
fn say(backup: &Path, change: impl Fn(&mut Json)) {
    let path = backup.join("manifest.json");
    let mut manifest: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    fs::write(path, serde_json::to_vec(&manifest).unwrap()).unwrap();
}

/// Puts the digest and the length that a file has now into the manifest, as who knows the format can.
fn say_what_is(backup: &Path, table: &str) {
    let bytes = fs::read(backup.join(format!("tables/{table}.jsonl"))).unwrap();
    say(backup, |manifest| {
        let place = place(manifest, table);
        manifest["tables"][place]["part"]["bytes"] = json!(bytes.len());
        manifest["tables"][place]["part"]["sha256"] = json!(crypto::digest::hex(&crypto::digest::sha256(&bytes)));
    });
}

fn place(manifest: &Json, table: &str) -> usize {
    manifest["tables"].as_array().unwrap().iter().position(|note| note["name"] == table).unwrap()
}

#[tokio::test]
async fn whatever_was_done_to_a_backup_is_named_and_nothing_is_put_back() {
    let (installation, _) = Installation::bootstrapped().await;
    let path = backup(&installation, &["--with-keys"]);
    let target = Installation::on(None);
    let damaged = installation.folder.join("damaged");
    let check = |damage: &dyn Fn(&Path), named: &str| {
        let _ = fs::remove_dir_all(&damaged);
        copy(&path, &damaged);
        damage(&damaged);
        // Whoever has the key could write any manifest; nobody else gets so far.
        let _ = fs::remove_file(damaged.join("manifest.tag"));
        let ran = verify(&installation, &damaged);
        assert!(ran.code == Some(1) && format!("{}{}", ran.out, ran.err).contains(named), "{named}: {ran:?}");
        assert!(!names(&installation.folder).iter().any(|name| name.contains("drill")), "the copy is removed");
        let ran = restore(&target, &damaged);
        assert!(ran.code == Some(1) && ran.err.contains(named), "{named}: {ran:?}");
        assert!(!target.data().join("guosuo.sqlite").exists() && !target.data().join("keys").exists(), "{named}");
    };
    let table = |backup: &Path, name: &str| backup.join(format!("tables/{name}.jsonl"));
    let flip = |path: &Path| change(path, |bytes| bytes[40] ^= 1);
    check(&|backup| flip(&table(backup, "account")), "tables/account.jsonl: it is not as it was written");
    check(&|backup| flip(&backup.join("keys/envelope.key")), "keys/envelope.key: it is not as it was written");
    check(&|backup| fs::remove_file(table(backup, "person")).unwrap(), "tables/person.jsonl: it is missing");
    check(
        &|backup| change(&table(backup, "event"), |bytes| bytes.truncate(999)),
        "tables/event.jsonl: it has 999 bytes",
    );
    check(&|backup| fs::write(table(backup, "more"), "").unwrap(), "tables/more.jsonl: the manifest does not name it");
    check(&|backup| fs::remove_file(backup.join("manifest.json")).unwrap(), "was cut off: it has no manifest.json");
    check(&|backup| change(&backup.join("manifest.json"), |text| text.truncate(500)), "EOF while parsing");
    // A manifest that lies about what is in the files.
    check(&|backup| say(backup, |said| said["log"]["last"] = json!(3)), "event 3 was the last");
    let two_rows = |said: &mut Json| {
        let place = place(said, "person");
        said["tables"][place]["rows"] = json!(2);
    };
    check(&|backup| say(backup, two_rows), "person has 1 rows");
    check(&|backup| say(backup, |said| said["migrations"][0] = json!("9999_later")), "9999_later");
    check(&|backup| say(backup, |said| said["format"] = json!(2)), "format 2");
    check(&|backup| say(backup, |said| said["tables"][0]["part"]["path"] = json!("../../etc/passwd")), "lies");
    check(&|backup| say(backup, |said| said["keys"]["parts"][0]["path"] = json!("keys/../../x")), "names a key");
    check(
        &|backup| {
            say(backup, |said| {
                let place = place(said, "person");
                said["tables"].as_array_mut().unwrap().remove(place);
            });
            fs::remove_file(table(backup, "person")).unwrap();
        },
        "does not name the table person",
    );
    // A row that the database does not take.
    let repeat = |path: &Path| change(path, |bytes| bytes.extend(bytes.clone()));
    check(
        &|backup| {
            repeat(&table(backup, "account"));
            say_what_is(backup, "account");
        },
        "filling the table account",
    );
}

#[tokio::test]
async fn who_has_a_backup_cannot_make_another_one_that_counts() {
    let (installation, _) = Installation::bootstrapped().await;
    let path = backup(&installation, &["--with-keys"]);
    let named = |damage: &dyn Fn(&Path), named: &str| {
        let forged = installation.folder.join("forged");
        let _ = fs::remove_dir_all(&forged);
        copy(&path, &forged);
        damage(&forged);
        let ran = verify(&installation, &forged);
        assert!(ran.code == Some(1) && ran.out.contains(named), "{named}: {ran:?}");
    };
    let replace = |backup: &Path, table: &str, from: &str, to: &str| {
        change(&backup.join(format!("tables/{table}.jsonl")), |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            *bytes = text.replacen(from, to, 1).into_bytes();
        });
        say_what_is(backup, table);
    };
    let not_ours = "WRONG tag: the manifest is not the one that this installation wrote";
    named(&|backup| replace(backup, "account", "root-operator", "boot-operator"), not_ours);
    named(&|backup| fs::remove_file(backup.join("manifest.tag")).unwrap(), "WRONG tag: the manifest has no tag");
    // The log proves itself.
    named(&|backup| replace(backup, "event", "person.registered", "person.registerex"), "WRONG rows: event ");
    // Another installation's keys open nothing in it.
    let (other, _) = Installation::bootstrapped().await;
    for _ in 0..3 {
        backup(&other, &[]);
    }
    let bare = backup(&installation, &[]);
    let ran = verify(&other, &bare);
    assert!(ran.code == Some(1) && ran.out.contains("WRONG keys: "), "{ran:?}");
    assert!(ran.out.contains("another history"), "{ran:?}");
    let ran = verify(&installation, &bare);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // What was put back to an older state has less than the backup.
    let older = empty().await;
    assert_eq!(restore(&older, &path).code, Some(0));
    for act in ["suspend", "resume", "suspend", "resume"] {
        older.must(&["organisation", act, "--organisation-code", tests::installation::DEPARTMENT]);
    }
    let newer = backup(&older, &[]);
    let ran = verify(&installation, &newer);
    assert!(ran.code == Some(1) && ran.out.contains("fewer than this backup"), "{ran:?}");
}

#[tokio::test]
async fn a_backup_that_somebody_else_wrote_is_put_back_by_nobody_who_has_the_keys() {
    let (installation, _) = Installation::bootstrapped().await;
    let forge = |path: &Path| {
        change(&path.join("tables/account.jsonl"), |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            *bytes = text.replacen("root-operator", "boot-operator", 1).into_bytes();
        });
        say_what_is(path, "account");
    };
    let ours = "the manifest is the one that whoever has the keys wrote";
    let not_ours = "is not the one that whoever has the keys wrote, and nothing was put back";
    let with_keys = backup(&installation, &["--with-keys"]);
    let bare = backup(&installation, &[]);
    // The keys come with it, lie there already, or are not at hand.
    for (path, are_there, said) in [
        (&with_keys, false, ours),
        (&bare, true, ours),
        (&bare, false, "the manifest's tag was not checked, for the keys are not at hand"),
    ] {
        let target = Installation::on(None);
        if are_there {
            fs::create_dir_all(target.data()).unwrap();
            copy(&installation.data().join("keys"), &target.data().join("keys"));
        }
        let forged = installation.folder.join("forged");
        let _ = fs::remove_dir_all(&forged);
        copy(path, &forged);
        forge(&forged);
        if said == ours {
            let ran = restore(&target, &forged);
            assert!(ran.code == Some(1) && ran.err.contains(not_ours), "{ran:?}");
            assert!(!target.data().join("guosuo.sqlite").exists(), "{ran:?}");
            assert_eq!(target.data().join("keys").exists(), are_there);
        }
        let ran = restore(&target, path);
        assert!(ran.code == Some(0) && ran.out.contains(said), "{ran:?}");
        let ran = restore(&Installation::on(None), &{
            fs::remove_file(forged.join("manifest.tag")).unwrap();
            forged
        });
        let untold =
            if path == &with_keys { "the manifest has no tag: anybody can have written it" } else { "was not checked" };
        assert!(ran.out.contains(untold), "{ran:?}");
    }
}

#[tokio::test]
async fn a_backup_is_put_back_only_where_there_is_nothing_and_so_many_stay_as_are_wanted() {
    let (installation, _) = Installation::bootstrapped().await;
    let first = backup(&installation, &[]);
    // Where something is.
    let ran = restore(&installation, &first);
    let said = if installation.database.is_some() { "not empty" } else { "is there already" };
    assert!(ran.code == Some(1) && ran.err.contains(said), "{ran:?}");
    assert_eq!(installation.run(&["doctor"]).code, Some(0), "it is as it was");
    let ran = restore(&installation, &installation.folder.join("nowhere"));
    assert!(ran.code == Some(1) && ran.err.contains("there is no folder"), "{ran:?}");
    // Without its keys it says what is missing, and works when they are there.
    let target = empty().await;
    let ran = restore(&target, &first);
    assert!(ran.code == Some(0) && ran.out.contains("the keys are not in this backup"), "{ran:?}");
    let ran = target.run(&["doctor"]);
    assert!(ran.code == Some(1) && ran.out.contains("envelope.key"), "{ran:?}");
    copy(&installation.data().join("keys"), &target.data().join("keys"));
    assert_eq!(target.run(&["doctor"]).code, Some(0));
    // Keys are not written over others.
    let with_keys = backup(&installation, &["--with-keys"]);
    let other = empty().await;
    copy(&installation.data().join("keys"), &other.data().join("keys"));
    let ran = restore(&other, &with_keys);
    assert!(ran.code == Some(1) && ran.err.contains("keys are put back where there are none"), "{ran:?}");
    // What was cut off is no backup, and the next one removes it.
    let cut_off = backups(&installation).join("guosuo-20200101T000000Z.partial");
    copy(&first, &cut_off);
    let ran = restore(&empty().await, &cut_off);
    assert!(ran.code == Some(1) && ran.err.contains("was cut off"), "{ran:?}");
    let last = backup(&installation, &["--keep", "2"]);
    let left: Vec<String> =
        [&with_keys, &last].map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).into();
    assert_eq!(names(&backups(&installation)), [&["backup.lock".to_owned()], &left[..]].concat());
    assert_eq!(installation.run(&["backup", "--to", "x", "--keep", "0"]).code, Some(2));
    // Nobody else reads any of it.
    let wide = Command::new("find").arg(&last).args(["-perm", "/077"]).output().unwrap();
    assert_eq!(String::from_utf8(wide.stdout).unwrap(), "");
}

/// The events of backups, as they came: the kind and who did it.
async fn told(installation: &Installation) -> Vec<(String, String)> {
    let events = installation.events().await;
    let of_backups = events.into_iter().filter(|event| event.kind.starts_with("backup."));
    of_backups.map(|event| (event.kind, event.actor)).collect()
}

#[tokio::test]
async fn what_becomes_of_a_backup_stands_in_the_log_under_the_operator_it_was_made_for() {
    let (installation, _) = Installation::bootstrapped().await;
    assert_eq!(installation.must(&["backup", "--list"]), "the event log knows of no backup\n");
    let first = backup(&installation, &["--with-keys"]);
    let by = |who: &str, kinds: &[&str]| -> Vec<(String, String)> {
        kinds.iter().map(|kind| (format!("backup.{kind}"), who.to_owned())).collect()
    };
    assert_eq!(told(&installation).await, by("operator", &["begun", "ended"]));
    let events = installation.events().await;
    let ended = events.iter().find(|event| event.kind == "backup.ended").unwrap();
    assert_eq!(ended.object, first.file_name().unwrap().to_str().unwrap());
    let size: u64 =
        fs::read_dir(first.join("tables")).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    let said: Json = serde_json::from_str(&ended.data).unwrap();
    assert!(said["bytes"].as_u64() > Some(size) && said["rows"].as_u64() > Some(50), "{said}");
    // What is in a backup begins with itself, and what is put back from it goes on with that.
    let target = empty().await;
    assert_eq!(restore(&target, &first).code, Some(0));
    assert_eq!(told(&target).await, by("operator", &["begun", "restored"]));
    assert!(!target.data().join("put-back.json").exists());
    // Without its keys nothing can be written; the first start says it, once.
    let bare = backup(&installation, &["--keep", "1"]);
    let target = empty().await;
    let ran = restore(&target, &bare);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    copy(&installation.data().join("keys"), &target.data().join("keys"));
    fs::remove_file(target.data().join("keys/operator.key")).unwrap();
    for _ in 0..2 {
        assert_eq!(target.serve().await.stop(), Some(0));
        let restored: Vec<_> = told(&target).await.into_iter().filter(|(kind, _)| kind == "backup.restored").collect();
        assert_eq!(restored, by("job", &["restored"]));
    }
    assert!(target.must(&["audit"]).starts_with("sound: "));
    assert_eq!(
        told(&installation).await,
        by("operator", &["begun", "ended", "begun", "ended", "removed"]),
        "the first one made room"
    );
    // A drill writes into the running database what it is told to, and only that.
    let path = bare.display().to_string();
    assert_eq!(verify(&installation, &bare).code, Some(0));
    assert_eq!(told(&installation).await.len(), 5);
    let ran = installation.run(&["restore", "--verify", "--record", &path]);
    assert!(ran.code == Some(0) && ran.out.contains("ok    record: "), "{ran:?}");
    assert_eq!(told(&installation).await[5..], by("operator", &["drilled"]));
    let list = installation.must(&["backup", "--list"]);
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("; a drill found nothing wrong on "), "{list}");
    assert!(lines[1].contains("; no drill looked at it; removed on "), "{list}");
    // A key that is gone keeps no backup from being made; whoever is named proves it, or nothing is done.
    fs::remove_file(installation.data().join("keys/operator.key")).unwrap();
    let before = names(&backups(&installation));
    let password = format!("operator.password_file={}", installation.file("password", "nothing"));
    let to = backups(&installation).display().to_string();
    let ran = installation.run(&["backup", "--to", &to, "--as", "root-operator", "--set", &password]);
    assert!(ran.code == Some(1) && ran.err.contains("the sign-in was refused"), "{ran:?}");
    assert_eq!((names(&backups(&installation)), told(&installation).await.len()), (before, 6));
    backup(&installation, &[]);
    assert_eq!(told(&installation).await[6..], by("job", &["begun", "ended"]));
    // Nor does a log that cannot be written: it is made all the same, and that is said.
    fs::rename(installation.data().join("keys/envelope.key"), installation.folder.join("envelope.key")).unwrap();
    let said = installation.must(&["backup", "--to", &to]);
    assert!(
        said.contains("without a tag") && said.contains("not in the event log, which could not be written"),
        "{said}"
    );
}
