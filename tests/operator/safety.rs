//! What works and is unsafe all the same: refused, or told with what to do.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{FileExt, PermissionsExt},
    path::Path,
    process::Command,
};

use records::{Database, args};
use tests::{city::City, installation::Installation, process};

use super::{bad_input::refused, commands::client_add, office::Office};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// What somebody else can look into, below a folder.
fn open_to_others(folder: &Path) -> String {
    let found = Command::new("find").arg(folder).args(["-perm", "/077"]).output().unwrap();
    String::from_utf8(found.stdout).unwrap()
}

/// What `doctor` says is wrong.
fn wrong(installation: &Installation, settings: &[&str]) -> Vec<String> {
    let settings = settings.iter().flat_map(|setting| ["--set", *setting]);
    let words: Vec<&str> = settings.chain(["doctor"]).collect();
    let ran = installation.run(&words);
    let wrong: Vec<String> =
        ran.out.lines().filter_map(|line| line.strip_prefix("WRONG ")).map(str::to_owned).collect();
    assert_eq!(ran.code, Some(i32::from(!wrong.is_empty())), "{ran:?}");
    wrong
}

#[tokio::test]
async fn what_the_product_makes_nobody_else_looks_into_whatever_the_umask() {
    let installation = Installation::new().await;
    let config = installation.config().display().to_string();
    let run = |words: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", "umask 0; exec \"$@\"", "sh"]).arg(process::program()).args(["--config", &config]);
        assert!(command.args(words).output().unwrap().status.success(), "{words:?}");
    };
    run(&["migrate"]);
    run(&["keys", "roots"]);
    let backups = installation.folder.join("backups").display().to_string();
    run(&["backup", "--to", &backups, "--with-keys"]);
    assert_eq!(open_to_others(&installation.data()), "");
    assert_eq!(open_to_others(Path::new(&backups)), "");
    // What SQLite keeps beside is there while the server runs.
    let server = installation.serve().await;
    assert_eq!(open_to_others(&installation.data()), "");
    let limits = server.limits();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    assert_eq!(server.stop(), Some(0));
}

#[tokio::test]
async fn an_envelope_key_that_others_can_read_is_refused_with_what_to_do() {
    let (installation, _) = Installation::bootstrapped().await;
    let key = installation.data().join("keys/envelope.key");
    for mode in [0o644, 0o604, 0o620, 0o666] {
        set_mode(&key, mode);
        let shown = format!("mode {mode:04o}");
        for command in [&["serve"][..], &["keys", "roots"], &client_add("tax")] {
            refused(&installation.run(command), &["envelope.key is open to others", &shown, "`chmod 600 "]);
        }
        assert!(wrong(&installation, &[]).iter().any(|line| line.contains("envelope.key is open to others")));
    }
    // Whoever mounts secrets for a group may.
    set_mode(&key, 0o440);
    installation.must(&["keys", "roots"]);
    assert_eq!(wrong(&installation, &[]).len(), 1);
    set_mode(&key, 0o400);
    assert_eq!(wrong(&installation, &[]), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_unsafe_is_told_by_doctor_with_what_to_do() {
    let (mut installation, _) = Installation::bootstrapped().await;
    assert_eq!(wrong(&installation, &[]), Vec::<String>::new());
    let check = |installation: &Installation, settings: &[&str], parts: &[&str]| {
        let said = wrong(installation, settings);
        assert_eq!(said.len(), 1, "{settings:?}: {said:?}");
        for part in parts {
            assert!(said[0].contains(part), "{part}: {said:?}");
        }
    };
    check(&installation, &["trusted_proxies=10.0.0.0/8,0.0.0.0/0"], &["safety: trusted_proxies has 0.0.0.0/0"]);
    check(&installation, &["trusted_proxies=::/0"], &["safety: trusted_proxies has ::/0"]);
    check(&installation, &["oidc.loopback_clients_allowed=true"], &["safety: oidc.loopback_clients_allowed is on"]);
    let unproven = "database.url=postgres://u:p@db.invalid/x?sslmode=require";
    let said = wrong(&installation, &[unproven]);
    assert!(said[0].contains("not proven by a certificate: sslmode=verify-full"), "{said:?}");
    let proven = "database.url=postgres://u:p@db.invalid/x?sslmode=verify-full";
    assert!(wrong(&installation, &[proven]).iter().all(|line| line.starts_with("database: ")));
    // Modes, each with its command.
    let keys = installation.data().join("keys");
    let key =
        fs::read_dir(&keys).unwrap().map(|entry| entry.unwrap().path()).find(|path| !path.ends_with("envelope.key"));
    let key = key.unwrap();
    let token = installation.folder.join("token");
    fs::write(&token, "a token of some characters").unwrap();
    let setting = format!("metrics.token_file={}", token.display());
    for (path, mode, chmod) in [(&key, 0o640, "`chmod 600 "), (&token, 0o644, "`chmod 600 ")] {
        let before = if path == &token { 0o600 } else { fs::metadata(path).unwrap().permissions().mode() };
        set_mode(path, mode);
        set_mode(&token, if path == &token { mode } else { 0o600 });
        check(&installation, &[&setting], &[path.to_str().unwrap(), chmod]);
        set_mode(path, before);
    }
    set_mode(&installation.data(), 0o755);
    check(&installation, &[], &["mode 0755", "`chmod 700 "]);
    set_mode(&installation.data(), 0o700);
    if installation.database.is_none() {
        let file = installation.data().join("guosuo.sqlite");
        set_mode(&file, 0o644);
        check(&installation, &[], &["guosuo.sqlite is open to others (mode 0644)", "`chmod 600 "]);
        set_mode(&file, 0o600);
    }
    // An application that was registered while that was allowed stays, and is told.
    installation.set("oidc.loopback_clients_allowed", "true");
    let mut words = client_add("tax");
    words[14] = "http://127.0.0.1:9/cb";
    installation.must(&words);
    installation.set("oidc.loopback_clients_allowed", "false");
    check(&installation, &[], &["safety: the application tax is sent to", "`guosuo client disable tax --reason TEXT`"]);
    installation.must(&["client", "disable", "tax", "--reason", "x"]);
    assert_eq!(wrong(&installation, &[]), Vec::<String>::new());
}

#[tokio::test]
async fn a_demonstration_takes_no_folder_and_no_database_of_others() {
    let (installation, _) = Installation::bootstrapped().await;
    let before = (installation.events().await, listed(&installation.data()));
    let demo = |folder: &Path, more: &[&str]| {
        let words = ["demo", "--port", "0", "--data", folder.to_str().unwrap()];
        process::run(&[&words[..], more].concat(), "")
    };
    for _ in 0..2 {
        refused(&demo(&installation.data(), &[]), &["holds an installation that is no demonstration"]);
    }
    let elsewhere = installation.folder.join("elsewhere");
    let url = installation.database().url.expose().clone();
    refused(&demo(&elsewhere, &["--database", &url]), &["is used for something else than a demonstration"]);
    assert_eq!((installation.events().await, listed(&installation.data())), before);
    assert!(!elsewhere.join("keys").exists(), "no keys were made for it");
    assert_eq!(wrong(&installation, &[]), Vec::<String>::new());
}

fn listed(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_demonstration_made_is_not_served_in_earnest() {
    let mut city = City::start().await;
    city.close();
    let refused = city.run(&["--set", "site.demonstration=false", "--set", "listen=127.0.0.1:0", "serve"]);
    assert!(refused.code == Some(1) && refused.err.contains("this database is a demonstration's"), "{refused:?}");
    let doctor = city.run(&["--set", "site.demonstration=false", "doctor"]);
    assert!(doctor.out.contains("WRONG safety: the database is a demonstration's"), "{doctor:?}");
    let doctor = city.run(&["doctor"]);
    assert!(!doctor.out.contains("demonstration's"), "{doctor:?}");
    let server = city.serve().await;
    assert_eq!(server.stop(), Some(0));
}

/// Destroys the first page of a table in a file of SQLite.
async fn destroy(installation: &Installation, table: &str) {
    let database = Database::open(&installation.database()).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let (page,): (i64,) =
        tx.one("select rootpage from sqlite_schema where type = 'table' and name = $1", args![table]).await.unwrap();
    drop(tx);
    database.close().await;
    let file = File::options().write(true).open(installation.data().join("guosuo.sqlite")).unwrap();
    file.write_all_at(&[0xff; 4096], (page as u64 - 1) * 4096).unwrap();
}

#[tokio::test]
async fn a_destroyed_page_is_named_by_doctor_with_its_table() {
    let installation = Installation::on(None);
    installation.bootstrap();
    let kept = installation.folder.join("kept.sqlite");
    let file = installation.data().join("guosuo.sqlite");
    // Whoever closes it last puts everything into the file.
    assert!(!installation.events().await.is_empty());
    fs::copy(&file, &kept).unwrap();
    for table in ["licence", "account", "session", "password", "client", "pki_key", "event"] {
        destroy(&installation, table).await;
        let said = wrong(&installation, &[]);
        let named = format!("cannot be read through: {table}: ");
        assert!(
            said.iter().any(|line| line.starts_with("tables: 1 of ") && line.contains(&named)),
            "{table}: {said:?}"
        );
        for behind in ["-wal", "-shm"] {
            let _ = fs::remove_file(installation.data().join(format!("guosuo.sqlite{behind}")));
        }
        fs::copy(&kept, &file).unwrap();
    }
    assert_eq!(wrong(&installation, &[]), Vec::<String>::new());
    let (whole, quick) = (installation.must(&["doctor"]), installation.must(&["doctor", "--quick"]));
    for line in ["ok    tables: ", "ok    event log: sound: "] {
        assert!(whole.contains(line) && !quick.contains(line), "{line}\n{whole}\n{quick}");
    }
}

#[tokio::test]
async fn every_key_file_that_is_missing_or_damaged_is_named_by_doctor() {
    let (installation, _) = Installation::bootstrapped().await;
    Office::new(&installation);
    let list = installation.must(&["keys", "list"]);
    let key = |purpose: &str| list.lines().find(|line| line.contains(purpose)).unwrap().split(' ').next().unwrap();
    for purpose in [" seal ", " access_token ", " root "] {
        let path = installation.data().join(format!("keys/{}.key", key(purpose)));
        let bytes = fs::read(&path).unwrap();
        let check = |damage: &str| {
            let said = wrong(&installation, &[]);
            assert!(said.iter().any(|line| line.contains(key(purpose))), "{purpose}{damage}: {said:?}");
        };
        fs::remove_file(&path).unwrap();
        check("missing");
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        set_mode(&path, 0o600);
        check("damaged");
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(wrong(&installation, &[]), Vec::<String>::new());
}
