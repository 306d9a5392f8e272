//! A whole run, and then a search through everything it left: no identity number, password, code or token in any log
//! or in the database.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;
use tests::{
    browser::{Browser, client},
    city::City,
    flow::{Flow, VERIFIER},
};

#[tokio::test]
async fn no_log_and_no_table_holds_a_secret() {
    let mut city = City::start().await;
    let secrets = a_run(&city).await;
    let log = city.log_text();
    city.close();
    assert!(!log.is_empty(), "the run left no log");
    let mut found = search("the log", log.as_bytes(), &secrets);
    for (name, bytes) in left_behind(&city) {
        found.extend(search(&name, &bytes, &secrets));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Does what a day brings, and gives every secret that was met: what it is → itself.
async fn a_run(city: &City) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    for account in city.facts["accounts"].as_array().unwrap() {
        let name = account["username"].as_str().unwrap();
        if let Some(number) = account["identity_number"].as_str() {
            secrets.insert(format!("the identity number of {name}"), number.to_owned());
        }
        secrets.insert(format!("the password of {name}"), account["password"].as_str().unwrap().to_owned());
    }
    for registered in city.facts["clients"].as_array().unwrap() {
        if let Some(secret) = registered["client_secret"].as_str() {
            secrets.insert(format!("the secret of {}", registered["client_id"]), secret.to_owned());
        }
    }
    let browser = Browser::new();
    let mut stranger = city.citizen(0);
    "a wrong password".clone_into(&mut stranger.password);
    let page = browser.get(&city.url("/sign-in?to=%2Fme")).await;
    let page = city.sign_in_at(&browser, page, &stranger).await;
    assert!(page.has_id("password"), "a wrong password lets nobody in");
    secrets.insert("a wrong password".to_owned(), stranger.password);

    let flow = Flow::new(city).with("scope", "openid profile offline_access");
    let page = flow.walk(&browser, &city.citizen(0)).await;
    for (name, value) in browser.cookie_line().unwrap().split("; ").filter_map(|pair| pair.split_once('=')) {
        if value.len() >= 20 {
            secrets.insert(format!("the cookie {name}"), value.to_owned());
        }
    }
    let code = page.parameter("code").unwrap_or_else(|| panic!("{}\n{}", page.url, page.text()));
    let (_, tokens) = flow.redeem(&code, VERIFIER).await;
    secrets.insert("an authorization code".to_owned(), code.clone());
    flow.redeem(&code, VERIFIER).await;
    for name in ["access_token", "id_token", "refresh_token"] {
        secrets.insert(format!("an {name}"), tokens[name].as_str().unwrap().to_owned());
    }
    let refresh = tokens["refresh_token"].as_str().unwrap();
    flow.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    let token = city.api_token().await;
    for body in [json!({"code": city.licence("valid")["code"]}), json!({"code": "12345"}), json!({})] {
        client().post(city.url("/api/v1/verifications")).bearer_auth(&token).json(&body).send().await.unwrap();
    }
    let request = client().post(city.url("/api/v1/licences")).bearer_auth(&token).header("idempotency-key", "secrets");
    let answer = request.json(&city.facts["issue_example"]).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    secrets.insert("a machine's access token".to_owned(), token);
    secrets
}

/// Everything but what a script is told and what people are shown: files on disk, and PostgreSQL's rows as text.
fn left_behind(city: &City) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![city.folder.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap();
            // The demonstration tells its passwords to scripts, and its relying parties their secrets.
            let told = name == "demo.json"
                || name == "city.json"
                || name.starts_with("department-")
                || has_extension(&path, "pdf");
            let own = name.starts_with("output.");
            if path.is_dir() {
                folders.push(path);
            } else if !told && !own {
                found.push((path.display().to_string(), fs::read(path).unwrap()));
            }
        }
    }
    let url = city.database().url.expose().clone();
    if url.starts_with("postgres") {
        let output = Command::new(pg_dump()).args(["--data-only", "--inserts", "--dbname"]).arg(url).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        found.push(("the database".to_owned(), output.stdout));
    }
    assert!(found.iter().any(|(_, bytes)| bytes.len() > 10_000), "the database was not found");
    found
}

fn pg_dump() -> PathBuf {
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut programs: Vec<PathBuf> =
        folders.map(|entry| entry.path().join("bin/pg_dump")).filter(|path| path.is_file()).collect();
    programs.sort();
    programs.pop().unwrap_or_else(|| "pg_dump".into())
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// What of the secrets stands in these bytes, as it is or in hexadecimal.
fn search(name: &str, bytes: &[u8], secrets: &BTreeMap<String, String>) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for (what, secret) in secrets {
        if secret.len() < 6 {
            continue;
        }
        let hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        if text.contains(secret.as_str()) || text.contains(&hex) {
            found.push(format!("{name} holds {what}"));
        }
    }
    found
}
