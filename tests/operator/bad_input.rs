//! What an operator gets wrong: each mistake is named on standard error, nothing is printed, nothing is half done,
//! and no secret is repeated.

use std::net::TcpListener;

use tests::{
    installation::{BOOTSTRAP, DEPARTMENT, Installation, credit_code, identity_number, with_wrong_check},
    process::Ran,
};

use super::commands::client_add;

const PASSWORD: &str = "geheim-7301";

pub fn refused(ran: &Ran, parts: &[&str]) {
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.err.starts_with("guosuo: ") && ran.err.lines().count() == 1, "{}", ran.err);
    for part in parts {
        assert!(ran.err.contains(part), "{part:?} is not said in: {}", ran.err);
    }
    assert!(!ran.err.contains(PASSWORD), "{}", ran.err);
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_named_before_anything_is_made() {
    let installation = Installation::new().await;
    let check = |setting: &str, parts: &[&str]| refused(&installation.run(&["--set", setting, "serve"]), parts);
    check("listn=127.0.0.1:1", &["listn is not a setting"]);
    check("listen", &["--set listen", "key=value"]);
    check("database.connections=1", &["database.connections", "from 2 to 200"]);
    check("site.demonstration=yes", &["site.demonstration", "true or false"]);
    check("log.format=xml", &["log.format", "text or json"]);
    check("log.filter=a=b=c", &["log.filter"]);
    check("public_url=http://10.0.0.1", &["public_url", "in clear"]);
    check("public_url=https://sso.example.gov.cn/app", &["public_url", "nothing more"]);
    check("trusted_proxies=nginx", &["trusted_proxies", "nginx"]);
    check("listen=nowhere", &["listening on nowhere", "setting listen)"]);
    check("listen_staff=nowhere", &["listening on nowhere", "setting listen_staff)"]);
    check("database.url_file=/nowhere/url", &["/nowhere/url", "database.url_file"]);
    check(&format!("databse.url=postgres://guosuo:{PASSWORD}@db/guosuo"), &["databse.url is not a setting"]);
    assert!(!installation.data().exists(), "nothing was made");
}

#[tokio::test]
async fn a_settings_file_with_a_mistake_is_named_with_its_line() {
    let installation = Installation::new().await;
    let check = |text: &str, parts: &[&str]| {
        let file = installation.file("wrong.toml", text);
        refused(&tests::process::run(&["--config", &file, "serve"], ""), &[parts, &[file.as_str()]].concat());
    };
    check("public_url = \"http://127.0.0.1\"\ndatabase.urll = \"x\"\n", &["database.urll is not a setting"]);
    check(&format!("\n\ndatabase.url = \"postgres://guosuo:{PASSWORD}@db\n"), &["line 3"]);
    check("listen = 3.5\n", &["listen"]);
    let missing = installation.folder.join("missing.toml").display().to_string();
    refused(&tests::process::run(&["--config", &missing, "serve"], ""), &["missing.toml", "No such file"]);
}

#[tokio::test]
async fn a_port_in_use_is_told_before_the_database_is_touched() {
    let installation = Installation::new().await;
    let held = TcpListener::bind(installation.address).unwrap();
    let address = installation.address.to_string();
    refused(&installation.run(&["serve"]), &[&address, "Address already in use"]);
    assert!(!installation.data().exists(), "nothing was made");
    drop(held);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let installation = Installation::new().await;
    let away = format!("database.url=postgres://guosuo:{PASSWORD}@127.0.0.1:1/city");
    for command in ["migrate", "audit"] {
        refused(&installation.run(&["--set", &away, command]), &["postgres://127.0.0.1:1/city", "refused"]);
    }
    let doctor = installation.run(&["--set", &away, "doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.out.contains("WRONG database: opening the database postgres://127.0.0.1:1/city"), "{}", doctor.out);
    assert!(!doctor.out.contains(PASSWORD) && !doctor.err.contains(PASSWORD), "{doctor:?}");
    let other = format!("database.url=mysql://guosuo:{PASSWORD}@db/city");
    refused(&installation.run(&["--set", &other, "migrate"]), &["mysql://db/city", "sqlite: or postgres:"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let installation = Installation::new().await;
    let plain_file = installation.file("plain", "");
    // Nobody can make a folder in /proc, not even root.
    for folder in ["/proc/guosuo", &plain_file] {
        for command in ["migrate", "serve"] {
            let setting = format!("data_folder={folder}");
            let ran = installation.run(&["--set", &setting, command]);
            refused(&ran, &["creating the data folder", folder]);
        }
    }
    std::fs::create_dir_all(installation.folder.join("odd/guosuo.sqlite")).unwrap();
    let odd = format!("data_folder={}", installation.folder.join("odd").display());
    let ran = installation.run(&["--set", &odd, "--set", "database.url=", "migrate"]);
    refused(&ran, &["odd/guosuo.sqlite", "unable to open"]);
}

#[tokio::test]
async fn commands_make_no_database_by_mistake() {
    let installation = Installation::new().await;
    let number = installation.file("number.txt", &identity_number(2));
    let person = ["person", "add", "--username", "li", "--name", "李四", "--identity-number-file", &number];
    for words in
        [&["audit"][..], &["client", "list"], &["keys", "list"], &["keys", "roots"], &person, &client_add("tax")]
    {
        refused(&installation.run(words), &["`guosuo migrate`"]);
    }
    let doctor = installation.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.out.contains("WRONG database") && doctor.out.contains("`guosuo migrate`"), "{}", doctor.out);
    assert!(!installation.data().exists(), "nothing was made");
}

#[tokio::test]
async fn a_lost_envelope_key_is_told_and_never_replaced() {
    let (installation, _) = Installation::bootstrapped().await;
    let before = installation.events().await;
    let elsewhere = installation.folder.join("elsewhere/envelope.key");
    let setting = format!("keys.envelope_file={}", elsewhere.display());
    let number = installation.file("number.txt", &identity_number(2));
    let person = ["person", "add", "--username", "li", "--name", "李四", "--identity-number-file", &number];
    for words in [&["serve"][..], &person, &client_add("tax"), &["keys", "roots"]] {
        let words: Vec<&str> = ["--set", &setting].into_iter().chain(words.iter().copied()).collect();
        refused(&installation.run(&words), &["elsewhere/envelope.key", "is not there to open them"]);
    }
    let doctor = installation.run(&["--set", &setting, "doctor"]);
    assert!(doctor.code == Some(1) && doctor.out.contains("WRONG keys"), "{doctor:?}");
    assert!(!elsewhere.exists(), "no other key was made");
    let wrong = installation.file("wrong.key", &"ab".repeat(32));
    let setting = format!("keys.envelope_file={wrong}");
    let ran = installation.run(&["--set", &setting, "serve"]);
    refused(&ran, &["opening the keys"]);
    assert_eq!(installation.events().await, before);
}

#[tokio::test]
async fn a_second_bootstrap_is_refused_and_changes_nothing() {
    let (installation, _) = Installation::bootstrapped().await;
    let before = installation.events().await;
    refused(&installation.run_with(&BOOTSTRAP, &identity_number(1)), &["has departments already"]);
    let code = credit_code(2);
    let mut other = BOOTSTRAP;
    (other[2], other[10]) = ("another", &code);
    refused(&installation.run_with(&other, &identity_number(2)), &["has departments already"]);
    assert_eq!(installation.events().await, before);
}

#[tokio::test]
async fn numbers_with_a_mistake_are_told_apart_and_not_repeated() {
    let installation = Installation::new().await;
    installation.must(&["migrate"]);
    let (right, wrong) = (identity_number(1), with_wrong_check(&identity_number(1)));
    let ran = installation.run_with(&BOOTSTRAP, &wrong);
    refused(&ran, &["what is in standard input is no identity number", "check digit is wrong"]);
    assert!(!ran.err.contains(&wrong[6..14]), "the number is not repeated: {}", ran.err);
    let code = with_wrong_check(DEPARTMENT);
    let mut words = BOOTSTRAP;
    words[10] = &code;
    refused(&installation.run_with(&words, &right), &["--organisation-code", &code, "check digit is wrong"]);
    words = BOOTSTRAP;
    words[6] = "/nowhere/number.txt";
    refused(&installation.run(&words), &["/nowhere/number.txt", "No such file"]);
    for (place, value, part) in
        [(4, "", "name"), (2, "", "username"), (2, "a b", "username"), (8, "", "--organisation")]
    {
        words = BOOTSTRAP;
        words[place] = value;
        refused(&installation.run_with(&words, &right), &[part]);
    }
    // Each try was undone whole: the same words without a mistake are still the first.
    installation.bootstrap();
    assert_eq!(installation.count("person.registered").await, 1);
}

#[tokio::test]
async fn persons_and_applications_with_a_mistake_are_refused_whole() {
    let (installation, _) = Installation::bootstrapped().await;
    let before = installation.events().await;
    let person = |username: &str, number: &str| {
        let words = ["person", "add", "--username", username, "--name", "李四", "--identity-number-file", "-"];
        installation.run_with(&words, number)
    };
    refused(&person("root-operator", &identity_number(2)), &["the username is taken"]);
    refused(&person("li", &identity_number(1)), &["identity number is already registered"]);
    refused(&person("li", &with_wrong_check(&identity_number(2))), &["check digit is wrong"]);
    refused(&person("li", ""), &["not well formed"]);
    let client = |place: usize, value: &str, more: &[&str], parts: &[&str]| {
        let mut words = client_add("tax");
        words[place] = value;
        words.extend(more);
        refused(&installation.run(&words), parts);
    };
    client(2, "t x", &[], &["\"t x\"", "no client identifier"]);
    client(12, &credit_code(9), &[], &["no organisation has the credit code"]);
    client(12, &with_wrong_check(DEPARTMENT), &[], &["--organisation-code", "check digit is wrong"]);
    client(14, "https://tax.example.gov.cn/cb#x", &[], &["--redirect-uri"]);
    client(14, "http://tax.example.gov.cn/cb", &[], &["--redirect-uri"]);
    client(14, "https://127.0.0.1/cb", &[], &["--redirect-uri", "this machine"]);
    client(2, "tax", &["--scopes", "openid nonsense"], &["--scopes"]);
    client(2, "tax", &["--scopes", "openid identity_number"], &["--scopes"]);
    client(2, "tax", &["--backchannel-logout-uri", "http://tax.example.gov.cn/out"], &["--backchannel-logout-uri"]);
    for command in ["disable", "enable", "renew-secret"] {
        refused(&installation.run(&["client", command, "nobody", "--reason", "x"]), &["nobody", "not registered"]);
    }
    assert_eq!(installation.events().await, before, "nothing was recorded");
    assert_eq!(installation.must(&["client", "list"]), "");
    installation.must(&client_add("tax"));
    refused(&installation.run(&client_add("tax")), &["identifier exists"]);
}
