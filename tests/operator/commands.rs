//! Every command on an installation that begins as an empty folder.

use tests::installation::{DEPARTMENT, EventSeen, Installation, identity_number};

/// Every command there is, with its subcommands.
const COMMANDS: [&str; 46] = [
    "",
    "demo",
    "serve",
    "migrate",
    "doctor",
    "bootstrap",
    "client",
    "client add",
    "client edit",
    "client list",
    "client show",
    "client renew-secret",
    "client disable",
    "client enable",
    "person add",
    "person edit",
    "person show",
    "person deceased",
    "organisation add",
    "organisation edit",
    "organisation show",
    "organisation list",
    "organisation suspend",
    "organisation resume",
    "organisation cease",
    "staff appoint",
    "staff list",
    "staff end",
    "seal make",
    "seal freeze",
    "seal renew",
    "licence-type list",
    "licence-type authorise",
    "licence-type revocation",
    "keys list",
    "keys roots",
    "keys pre-publish",
    "keys activate",
    "keys retire",
    "keys revoke",
    "audit",
    "backup",
    "restore",
    "access",
    "events",
    "settings",
];

#[tokio::test]
async fn an_empty_folder_becomes_an_installation_command_by_command() {
    let installation = Installation::new().await;
    let schema = installation.must(&["migrate"]);
    assert!(schema.starts_with("applied 0001_records, 0002_event_guard, "), "{schema}");
    assert_eq!(installation.must(&["migrate"]), "the schema is up to date\n");
    let early = installation.run(&["doctor"]);
    assert_eq!(early.code, Some(1), "{early:?}");
    assert!(early.out.contains("WRONG keys: none yet") && early.err.contains("1 of these"), "{early:?}");
    assert_eq!(installation.must(&["keys", "list"]), "", "looking makes no keys");

    let password = installation.bootstrap();
    assert_eq!(password.len(), 19, "{password}");
    let well = installation.must(&["doctor"]);
    for line in ["ok    public_url", "ok    database", "ok    jobs: 0 waiting", "ok    event log", "ok    keys"] {
        assert!(well.contains(line), "{line}\n{well}");
    }
    assert!(!well.contains("WRONG"), "{well}");

    let number = installation.file("number.txt", &identity_number(2));
    let person =
        installation.must(&["person", "add", "--username", "li", "--name", "李四", "--identity-number-file", &number]);
    assert!(person.starts_with("per_") && person.contains(" acc_"), "{person}");
    let client = installation.must(&client_add("tax"));
    let secret = client.strip_prefix("tax\nclient_secret: ").unwrap().trim().to_owned();
    assert_eq!(secret.len(), 43, "256 random bits");
    let shown = installation.must(&["person", "show", "--username", "li"]);
    assert!(shown.contains("李四") && shown.contains(" li open, last sign-in: never\n"), "{shown}");
    assert_eq!(installation.must(&["person", "lock", "--username", "li", "--reason", "挂失"]), "done\n");
    assert!(installation.must(&["person", "show", "--username", "li"]).contains(" li locked"));
    let edit = ["person", "edit", "--username", "li", "--reason", "更正", "--name", "李思", "--phone", "13800138000"];
    assert_eq!(installation.must(&edit), "done\n");
    assert!(installation.must(&["person", "show", "--username", "li"]).contains("李思"));
    let edit =
        ["organisation", "edit", "--organisation-code", DEPARTMENT, "--reason", "机构改革", "--address", "长江路 1 号"];
    let edited = installation.must(&[&edit[..], &["--legal-representative", "li"]].concat());
    assert!(edited.contains("representative: 李*  address: 长江路 1 号\nuntil "), "{edited}");
    let same = installation.run(&edit);
    assert!(same.code == Some(1) && same.err.contains("nothing is different"), "{same:?}");
    assert!(installation.must(&["client", "show", "tax"]).contains("name_en: Tax\n"));
    let added = "https://new.example.gov.cn/cb";
    let edit = ["client", "edit", "tax", "--reason", "8 号函", "--name-en", "Taxes", "--add-redirect-uri", added];
    let edited = installation.must(&edit);
    assert!(edited.contains("name_en: Taxes\n") && edited.contains(&format!("redirect_uri: {added}\n")), "{edited}");
    assert_eq!(
        installation.must(&["client", "list"]).split_whitespace().collect::<Vec<_>>(),
        ["tax", "enabled", "税务"]
    );
    let keys = installation.must(&["keys", "list"]);
    for purpose in ["root", "issuing_authority", "id_token_rs256", "id_token_es256", "access_token"] {
        assert!(keys.contains(purpose), "{purpose}\n{keys}");
    }
    let roots = installation.must(&["keys", "roots"]);
    assert!(roots.starts_with("-----BEGIN CERTIFICATE-----") && !roots.contains("PRIVATE"), "{roots}");
    let events = installation.events().await;
    let sound = format!("sound: {} events, none removed, none changed; ", events.len());
    assert!(installation.must(&["audit"]).starts_with(&sound), "{sound}");

    let operator = ["person.registered", "account.opened", "password.handed_out", "client.registered"];
    let program = ["organisation.registered", "staff.appointed", "pki.key.created", "command_key.made"];
    for (kinds, actor) in [(operator, "operator"), (program, "job")] {
        for kind in kinds {
            let is_told = |event: &EventSeen| event.kind == kind && event.actor == actor;
            assert!(events.iter().any(is_told), "no event {kind} of {actor}");
        }
    }
    let text = format!("{events:?}");
    for hidden in [password, secret, identity_number(1), identity_number(2)] {
        assert!(!text.contains(&hidden), "an event holds {hidden}");
    }
}

#[tokio::test]
async fn a_request_number_with_a_time_that_is_not_ours_is_unknown_and_one_of_ours_changed_nothing() {
    let (installation, _) = Installation::bootstrapped().await;
    let department = installation.must(&["organisation", "show", "--organisation-code", DEPARTMENT]);
    // Drawn at the moment at which the first department was, before which there was nobody to ask anything.
    let first = format!("req_{}", department.split_whitespace().next().unwrap().split_once('_').unwrap().1);
    let said = installation.must(&["events", "--request", &first]);
    assert!(said.starts_with("nothing was written down in it; it was made 20"), "{said}");
    for wrong in ["req_01ARZ3NDEKTSV4RRFFQ69G5FAV", "req_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"] {
        let ran = installation.run(&["events", "--request", wrong]);
        assert!(ran.code == Some(1) && ran.out.is_empty(), "{ran:?}");
        assert!(ran.err.contains("no such number is known") && ran.err.contains("check each character"), "{ran:?}");
    }
    let looks = installation.events().await.iter().filter(|event| event.kind == "log.read").count();
    assert_eq!(looks, 3, "whoever looks stands in the log, whatever was found");
}

#[tokio::test]
async fn the_first_command_may_be_bootstrap() {
    let (installation, _) = Installation::bootstrapped().await;
    assert_eq!(installation.must(&["migrate"]), "the schema is up to date\n");
    assert!(!installation.must(&["doctor"]).contains("WRONG"));
}

#[tokio::test]
async fn keys_and_their_folder_are_for_the_program_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (installation, _) = Installation::bootstrapped().await;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = installation.data().join("keys");
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn every_command_explains_itself() {
    for command in COMMANDS {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let ran = tests::process::run(&words, "");
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{command}");
        assert!(ran.out.contains("Usage: guosuo") && ran.out.starts_with(char::is_uppercase), "{}", ran.out);
        for line in ran.out.lines() {
            let width = line.chars().count();
            let most = if line.starts_with("Usage") { 150 } else { 120 };
            assert!(width <= most, "{command}: {width} columns\n{line}");
        }
    }
}

#[test]
fn a_command_that_is_not_there_and_words_that_are_missing_are_usage() {
    let check = |words: &[&str], part: &str| {
        let ran = tests::process::run(words, "");
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{words:?}: {ran:?}");
        assert!(ran.err.contains(part), "{words:?}: {}", ran.err);
    };
    check(&["migrat"], "migrate");
    check(&[], "Usage: guosuo");
    check(&["person", "add", "--username", "li"], "--identity-number-file <FILE>");
    check(&["client", "add"], "<CLIENT_ID>");
    check(&["serve", "now"], "now");
}

#[tokio::test]
async fn commands_speak_json_to_programs_and_refuse_by_the_names_of_their_options() {
    let installation = Installation::new().await;
    installation.must(&["migrate"]);
    installation.bootstrap();
    let json = |words: &[&str]| {
        let said = installation.must(&[words, &["--json"]].concat());
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<serde_json::Value>>()
    };
    let added = json(&client_add("tax"));
    assert_eq!((added.len(), &added[0]["client_id"]), (1, &"tax".into()));
    assert_eq!(added[0]["client_secret"].as_str().unwrap().len(), 43);
    assert_eq!(json(&["client", "show", "tax"])[0]["redirect_uris"][0], "https://tax.example.gov.cn/cb");
    assert_eq!(json(&["client", "list"])[0]["enabled"], true);
    assert_eq!(json(&["organisation", "list"])[0]["credit_code"], DEPARTMENT);
    assert!(json(&["staff", "list"])[0]["roles"].as_array().unwrap().contains(&"operator".into()));
    assert!(json(&["keys", "list"]).iter().any(|key| key["purpose"] == "root"));
    assert!(json(&["licence-type", "list"]).len() >= 3);
    let number = installation.file("number.txt", &identity_number(2));
    let person = ["person", "add", "--username", "li", "--name", "李四", "--identity-number-file", &number];
    assert_eq!(json(&person)[0]["username"], "li");
    let edit = ["person", "edit", "--username", "li", "--reason", "x"];
    let proven = ["--phone", "138 0013 8000", "--phone-verified", "true", "--email", "li@example.org"];
    installation.must(&[&edit[..], &proven].concat());
    let shown = &json(&["person", "show", "--username", "li"])[0];
    assert_eq!((&shown["phone_number_verified"], &shown["email_verified"]), (&true.into(), &false.into()));
    let refused = |words: &[&str], parts: &[&str]| {
        let ran = installation.run(words);
        assert_ne!(ran.code, Some(0), "{words:?}: {ran:?}");
        assert!(parts.iter().all(|part| ran.err.contains(part)), "{words:?} {parts:?}: {ran:?}");
    };
    let with = |option: &'static str, value: &'static str| [&client_add("other")[..], &[option, value]].concat();
    refused(&with("--scopes", "openid admin"), &["no scope admin", "openid, profile, email", "licence:issue"]);
    refused(&with("--redirect-uri", "https://tax.intranet/cb"), &["--redirect-uri: ", "inner network"]);
    refused(&with("--backchannel-logout-uri", "ftp://x"), &["--backchannel-logout-uri: "]);
    let appoint =
        ["staff", "appoint", "--username", "li", "--organisation-code", DEPARTMENT, "--reason", "x", "--role"];
    refused(&[&appoint[..], &["boss"]].concat(), &["clerk", "reviewer", "seal_keeper", "operator"]);
    refused(&[&edit[..], &["--phone", "12345", "--phone-verified", "true"]].concat(), &["--phone: "]);
    refused(&[&edit[..], &["--email", "nobody"]].concat(), &["--email: "]);
    refused(&["client", "disable", "tax"], &["--reason"]);
    refused(&["doctor", "--json"], &["--json: "]);
    let help = installation.must(&["client", "add", "--help"]);
    assert!(["possible are openid, profile", "licence:issue"].iter().all(|part| help.contains(part)), "{help}");
}

/// The words that register an application of the first department.
pub fn client_add(client_id: &str) -> Vec<&str> {
    let mut words = vec!["client", "add", client_id, "--name", "税务", "--name-en", "Tax"];
    words.extend(["--purpose", "办理纳税", "--purpose-en", "paying taxes", "--organisation-code", DEPARTMENT]);
    words.extend(["--redirect-uri", "https://tax.example.gov.cn/cb"]);
    words
}
