//! Everyone answers for what they do, the owner of the database too.

use std::{fs, os::unix::fs::PermissionsExt};

use records::Database;
use tests::installation::{DEPARTMENT, Installation, OWN_PASSWORD, credit_code, identity_number};

use super::bad_input::refused;

pub async fn script(installation: &Installation, text: &str) {
    let database = Database::open(&installation.database()).await.unwrap();
    let mut tx = database.housekeeping().await.unwrap();
    for statement in text.split(';') {
        tx.change::<(String,)>(Box::leak(statement.to_owned().into_boxed_str()), vec![]).await.unwrap();
    }
    tx.commit().await.unwrap();
    database.close().await;
}

fn department(number: u32) -> [String; 6] {
    ["organisation", "add", "--name", "局", "--organisation-code", &credit_code(number)].map(str::to_owned)
}

fn add(installation: &Installation, more: &[&str], number: u32) -> tests::process::Ran {
    let words = department(number);
    let words: Vec<&str> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
    installation.run(&words)
}

#[tokio::test]
async fn a_command_acts_for_a_named_operator_who_proves_it_or_not_at_all() {
    let (installation, handed_out) = Installation::bootstrapped().await;
    let key = installation.data().join("keys/operator.key");
    assert!(installation.must(&["operator", "show"]).starts_with("root-operator is the operator"));
    // The machine account is bound to who was registered first.
    assert_eq!(add(&installation, &[], 2).code, Some(0));
    let told = installation.events().await;
    let registered = told.iter().rev().find(|event| event.kind == "organisation.registered").unwrap();
    assert_eq!(registered.actor, "operator");
    let appointed = told.iter().find(|event| event.kind == "staff.appointed").unwrap();
    let by = actors(&installation, "organisation.registered").await;
    assert_eq!(by.last().unwrap(), &appointed.object, "it stands under the operator's appointment");
    // Whoever else may read the key is not told what it opens.
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    refused(&add(&installation, &[], 3), &["may be read by others"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let kept = fs::read_to_string(&key).unwrap();
    fs::write(&key, "another").unwrap();
    refused(&add(&installation, &[], 3), &["counts no more"]);
    fs::remove_file(&key).unwrap();
    refused(&add(&installation, &[], 3), &["--as USERNAME"]);
    // A password that somebody else has seen proves nothing; one of the person's own does.
    let file = installation.file("password", &handed_out);
    let setting = format!("operator.password_file={file}");
    let with = ["--as", "root-operator", "--set", &setting];
    refused(&add(&installation, &with, 3), &["another password has to be chosen"]);
    let server = installation.serve().await;
    installation.choose("root-operator", &handed_out).await;
    refused(&add(&installation, &with, 3), &["the sign-in was refused"]);
    installation.file("password", &format!("{OWN_PASSWORD}\n"));
    assert_eq!(add(&installation, &with, 3).code, Some(0));
    assert_eq!(installation.count("command.proved").await, 1);
    // Bound anew, and unbound: the key of before and the one of now count no more.
    let bind = ["operator", "bind", "--as", "root-operator", "--set", &setting];
    assert!(installation.must(&bind).contains("root-operator"));
    assert_ne!(fs::read_to_string(&key).unwrap(), kept);
    assert_eq!(add(&installation, &[], 4).code, Some(0));
    // It ends half a year later, and a month before that somebody is told.
    let told = |begins: &str| {
        let said = installation.run(&["doctor", "--quick"]).out;
        let lines =
            said.lines().filter(|line| line.starts_with(begins) && line.contains("command key  “root-operator”"));
        lines.count()
    };
    let all = |words: &[&str]| installation.must(words).matches("command key  “root-operator”").count();
    assert_eq!((told("soon  calendar: "), told("WRONG"), all(&["keys", "calendar"])), (0, 0, 2));
    let days = async |days: i64| {
        let micros = days * 86_400_000_000;
        script(&installation, &format!("update command_key set ends_at = ends_at - {micros} returning account_id"))
            .await;
    };
    days(155).await;
    assert_eq!((told("soon  calendar: "), told("WRONG")), (2, 0));
    days(22).await;
    assert_eq!((told("soon  calendar: "), told("WRONG calendar: ")), (0, 2));
    // Put back as it was, it is as it was left.
    days(-177).await;
    // Whoever has the key alone would be left with nothing.
    let unbind = ["operator", "unbind", "--username", "root-operator"];
    refused(&installation.run(&unbind), &["--as root-operator"]);
    assert_eq!(installation.must(&[&unbind[..], &with].concat()), "2 keys ended\n");
    refused(&add(&installation, &[], 5), &["counts no more"]);
    fs::write(&key, kept).unwrap();
    refused(&add(&installation, &[], 5), &["counts no more"]);
    fs::remove_file(&key).unwrap();
    // Who is no operator is none by command either.
    let ran = installation.run(&["--as", "nobody", "--set", &setting, "operator", "show"]);
    refused(&ran, &["the sign-in was refused"]);
    server.stop();
    fs::write(&key, "x").unwrap();
    assert!(installation.must(&["audit"]).starts_with("sound: "));
}

#[tokio::test]
async fn no_command_ends_whom_it_acts_for_and_each_says_what_is_true_and_takes_a_reason() {
    let (installation, _) = Installation::bootstrapped().await;
    let number = installation.file("number.txt", &identity_number(2));
    installation.must(&["person", "add", "--username", "li", "--name", "李四", "--identity-number-file", &number]);
    let before = installation.events().await;
    let person = |act: &str, username: &str, more: &[&str]| {
        installation.run(&[&["person", act, "--username", username][..], more].concat())
    };
    let why = ["--reason", "8 号函"];
    for act in ["lock", "close"] {
        refused(&person(act, "root-operator", &why), &["root-operator: nobody does this for themselves"]);
    }
    refused(
        &installation.run(&["staff", "end", "--username", "root-operator", "--reason", "why"]),
        &["nobody does this for themselves"],
    );
    let root = installation.file("root.txt", &identity_number(1));
    let deceased = ["person", "deceased", "--identity-number-file", &root];
    refused(&installation.run(&deceased), &["nobody does this for themselves"]);
    for act in ["lock", "unlock", "close", "reset-password"] {
        let without = person(act, "li", &[]);
        assert!(without.code == Some(2) && without.err.contains("--reason"), "{act}: {without:?}");
        refused(&person(act, "li", &["--reason", " "]), &["--reason"]);
    }
    assert_eq!(person("rename", "li", &["--to", "li4"]).code, Some(2));
    refused(&person("unlock", "li", &why), &["li is open already"]);
    assert_eq!(installation.events().await, before);
    assert_eq!(person("lock", "li", &why).code, Some(0));
    refused(&person("lock", "li", &why), &["li is locked already"]);
    assert_eq!(person("close", "li", &why).code, Some(0));
    for act in ["lock", "unlock", "close", "reset-password"] {
        refused(&person(act, "li", &why), &["li is closed"]);
    }
    assert!(installation.must(&["doctor", "--quick"]).contains("ok    operators: "));
}

#[tokio::test]
async fn where_nobody_can_act_as_operator_doctor_says_so_and_bootstrap_makes_somebody_one_again() {
    let (installation, _) = Installation::bootstrapped().await;
    let again = ["bootstrap", "--username", "root-again", "--name", "王操作", "--identity-number-file", "-"];
    let again = [&again[..], &["--organisation", "局", "--organisation-code", DEPARTMENT]].concat();
    refused(&installation.run_with(&again, &identity_number(1)), &["somebody who can act as operator"]);
    let ended = "update command_key set ends_at = 1 returning account_id; \
                 update password set ends_at = 1 returning account_id";
    script(&installation, ended).await;
    let said = installation.run(&["doctor", "--quick"]).out;
    assert!(said.contains("WRONG operators: nobody can act as operator: `guosuo bootstrap`"), "{said}");
    refused(&installation.run_with(&again, &identity_number(1)), &["operator.key counts no more: remove it first"]);
    fs::remove_file(installation.data().join("keys/operator.key")).unwrap();
    let ran = installation.run_with(&again, &identity_number(1));
    assert!(ran.code == Some(0) && ran.out.contains("operator root-again may sign in until "), "{ran:?}");
    assert!(installation.must(&["operator", "show"]).starts_with("root-again "));
    assert!(installation.run(&["doctor", "--quick"]).out.contains("ok    operators: "));
    // Somebody else is registered for it as well, in a department of before.
    script(&installation, ended).await;
    fs::remove_file(installation.data().join("keys/operator.key")).unwrap();
    let other = again.iter().map(|word| if *word == "root-again" { "other" } else { word }).collect::<Vec<_>>();
    assert_eq!(installation.run_with(&other, &identity_number(2)).code, Some(0));
    assert!(installation.must(&["operator", "show"]).starts_with("other "));
}

async fn actors(installation: &Installation, kind: &str) -> Vec<String> {
    let database = Database::open(&installation.database()).await.unwrap();
    let sql = "select actor from event where kind = $1 order by event_id";
    let rows: Vec<(String,)> = database.read().await.unwrap().all(sql, records::args![kind]).await.unwrap();
    database.close().await;
    rows.into_iter().map(|(actor,)| actor).collect()
}

#[tokio::test]
async fn an_older_copy_of_the_database_and_a_row_changed_past_the_product_are_named() {
    let (installation, _) = Installation::bootstrapped().await;
    add(&installation, &[], 2);
    let server = installation.serve().await;
    server.stop();
    assert!(!installation.must(&["audit"]).contains(" 0 heads were kept"));
    // The owner of the database opens an account that was closed, and gives somebody a role.
    script(&installation, "update staff set roles = 'operator reviewer' returning staff_id").await;
    let ran = installation.run(&["audit"]);
    assert_ne!(ran.code, Some(0));
    assert!(ran.out.contains("was changed past the product"), "{ran:?}");
    script(&installation, "update staff set roles = 'operator' returning staff_id").await;
    assert!(installation.must(&["audit"]).starts_with("sound: "));
    // An older copy of everything is put in the place of the database; what was kept outside tells it.
    if installation.database.is_none() {
        let (file, copy) = (installation.data().join("guosuo.sqlite"), installation.folder.join("copy.sqlite"));
        fs::copy(&file, &copy).unwrap();
        for number in 3..6 {
            assert_eq!(add(&installation, &[], number).code, Some(0));
        }
        installation.serve().await.stop();
        assert!(installation.must(&["audit"]).starts_with("sound: "));
        let _ = fs::remove_file(file.with_extension("sqlite-wal"));
        let _ = fs::remove_file(file.with_extension("sqlite-shm"));
        fs::copy(&copy, &file).unwrap();
        let ran = installation.run(&["audit"]);
        assert!(ran.code != Some(0) && ran.out.contains("an older copy was put in its place"), "{ran:?}");
        let doctor = installation.run(&["doctor"]);
        assert!(doctor.code != Some(0) && doctor.out.contains("WRONG event log"), "{doctor:?}");
        installation.serve().await.stop();
        assert!(installation.log_text().contains("ends earlier than a head that was kept"));
        assert!(installation.count("log.put_back").await >= 1);
        installation.must(&["audit", "--acknowledge-loss", "the disk was exchanged"]);
        let audited = installation.must(&["audit"]);
        assert!(audited.contains("known: "), "{audited}");
    }
}

#[tokio::test]
async fn an_audit_by_command_goes_on_where_the_last_sound_one_ended() {
    let (installation, _) = Installation::bootstrapped().await;
    let since = ["audit", "--from-checked"];
    refused(&installation.run(&since), &["no sound audit of this installation is written down"]);
    assert!(installation.must(&["audit"]).starts_with("sound: "));
    assert_eq!(add(&installation, &[], 2).code, Some(0));
    let told = installation.must(&since);
    assert!(told.starts_with("went on behind event ") && told.contains("\nsound: "), "{told}");
    script(&installation, "update staff set roles = 'operator reviewer' returning staff_id").await;
    let ran = installation.run(&since);
    assert!(ran.code == Some(1) && ran.out.contains("was changed past the product"), "{ran:?}");
    script(&installation, "update staff set roles = 'operator' returning staff_id").await;
    // What somebody else wrote into the file counts no more than no file.
    let file = installation.data().join("heads/checked.json");
    let kept = fs::read_to_string(&file).unwrap();
    fs::write(&file, kept.replace("\"sequence\":", "\"sequence\":1")).unwrap();
    refused(&installation.run(&since), &["no sound audit of this installation is written down"]);
    fs::write(&file, kept).unwrap();
    installation.must(&since);
    // Nothing here is ten years old.
    let told = installation.must(&["archive"]);
    assert_eq!(told, "0 files written, 0 rows removed; nothing more is old enough\n");
    refused(&installation.run(&["--set", "retention.events_days=0", "archive"]), &["retention.events_days must be"]);
}
