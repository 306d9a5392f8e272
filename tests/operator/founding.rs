//! A department that issues licences, set up by commands alone beside a running server.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{
    browser::client,
    installation::{DEPARTMENT, Installation, credit_code, identity_number},
    wait::soon,
};

use super::{accountable::script, bad_input::refused, commands::client_add};

/// 食品经营许可证.
pub const FOOD: &str = "11100000MB0143028R001";

/// Registers somebody with an account.
pub fn person(installation: &Installation, username: &str, number: u32) {
    let words = ["person", "add", "--username", username, "--name", "李四", "--identity-number-file", "-"];
    let ran = installation.run_with(&words, &identity_number(number));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// Appoints somebody and gives the identifier of the appointment.
pub fn appoint(installation: &Installation, username: &str, department: &str, role: &str) -> String {
    let words = ["staff", "appoint", "--username", username, "--organisation-code", department, "--role", role];
    installation.must(&[&words[..], &["--reason", "任命文件〔2026〕1 号"]].concat()).trim().to_owned()
}

/// Asks for a licence until the server has seen what commands changed.
pub async fn issue(installation: &Installation, token: &str, key: &str, body: &Value, wanted: StatusCode) -> Value {
    let mut tries = 0;
    soon(&format!("{wanted} for {key}"), async || {
        // A key of its own each time: a refusal is kept with its key.
        tries += 1;
        let request = client().post(installation.url("/api/v1/licences")).bearer_auth(token);
        let request = request.header("idempotency-key", format!("{key}-{tries}"));
        let answer = request.json(body).send().await.unwrap();
        let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap());
        (status == wanted).then_some(body)
    })
    .await
}

#[tokio::test]
async fn a_department_is_set_up_by_commands_and_issues_what_anyone_can_check() {
    let (installation, _) = Installation::bootstrapped().await;
    let server = installation.serve().await;
    let (market, company) = (credit_code(2), credit_code(3));
    let name = "滨江市市场监督管理局";
    installation.must(&["organisation", "add", "--name", name, "--organisation-code", &market]);
    let words =
        ["organisation", "add", "--enterprise", "--name", "滨江市望江茶楼有限公司", "--organisation-code", &company];
    installation.must(&words);
    assert_eq!(installation.must(&["organisation", "list"]).lines().count(), 2);
    assert!(installation.must(&["organisation", "list", "--enterprises"]).contains("望江茶楼"));
    for (place, username) in ["clerk", "reviewer", "keeper"].into_iter().enumerate() {
        person(&installation, username, 10 + place as u32);
    }
    let clerk = appoint(&installation, "clerk", &market, "clerk");
    let reviewer = appoint(&installation, "reviewer", &market, "reviewer");
    appoint(&installation, "keeper", &market, "seal_keeper");
    let staff = installation.must(&["staff", "list", "--organisation-code", &market]);
    assert!(staff.lines().count() == 3 && staff.contains(&clerk), "{staff}");
    who_saw_names_of_staff_is_in_the_log(&installation, &staff).await;
    let mut words = client_add("market-system");
    words[12] = &market;
    words.truncate(13);
    words.extend(["--machine", "--scopes", "licence:verify licence:issue"]);
    let secret = installation.must(&words).trim().rsplit(' ').next().unwrap().to_owned();
    let http = client();
    let token = soon("a token", async || {
        let (_, answer) = installation.machine_token(&http, "market-system", &secret).await;
        answer["access_token"].as_str().map(str::to_owned)
    })
    .await;
    let body = json!({
        "type": FOOD,
        "holder": { "credit_code": company },
        "fields": {
            "legal_representative": "李四",
            "residence": "滨江市临江路1号",
            "premises": "滨江市临江路1号",
            "business_category": "餐饮服务经营者",
            "business_items": "热食类食品制售",
            "supervisor": name,
        },
        "clerk": clerk,
        "reviewer": reviewer,
    });
    // Each of these was not there yet when the server started.
    let refusal = issue(&installation, &token, "early", &body, StatusCode::FORBIDDEN).await;
    assert_eq!(refusal["code"], "issue_not_authorised", "{refusal}");
    assert!(installation.must(&["licence-type", "list"]).contains(FOOD));
    installation.must(&["licence-type", "authorise", FOOD, "--organisation-code", &market]);
    // Nobody but the system says that two people decided: so two people decide, until two operators let it say so.
    let proposed = issue(&installation, &token, "proposed", &body, StatusCode::ACCEPTED).await;
    assert_eq!(proposed["state"], "proposed", "{proposed}");
    installation.let_attest("market-system");
    revoking_is_left_to_one_person_and_taken_back(&installation, &market);
    let refusal = issue(&installation, &token, "unsealed", &body, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(refusal["code"], "seal_not_in_use", "{refusal}");
    let seal = installation.must(&["seal", "make", "--organisation-code", &market, "--keeper", "keeper"]);
    let seal = seal.trim();
    let licence = issue(&installation, &token, "first", &body, StatusCode::CREATED).await;
    assert_eq!(licence["attested_by_system"], true, "{licence}");
    let verify = async |wanted: &str| {
        let request = http.post(installation.url("/api/v1/verifications")).bearer_auth(&token);
        let request = request.header("idempotency-key", wanted).json(&json!({"identifier": licence["identifier"]}));
        let verdict: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(verdict["outcome"], wanted, "{verdict}");
    };
    verify("valid").await;
    // What was given can be taken back.
    let seals = installation.must(&["seal", "list", "--organisation-code", &market]);
    assert!(seals.contains("enabled"), "{seals}");
    assert_eq!(installation.must(&["seal", "list"]), seals, "no other department has one");
    installation.must(&["seal", "freeze", seal, "--reason", "印章管理员调离"]);
    let refusal = issue(&installation, &token, "frozen", &body, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(refusal["code"], "seal_not_in_use", "{refusal}");
    installation.must(&["seal", "unfreeze", seal, "--reason", "已交接"]);
    installation.must(&["staff", "end", "--username", "reviewer", "--reason", "调离"]);
    let refusal = issue(&installation, &token, "left", &body, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(refusal.to_string().contains("reviewer"), "{refusal}");
    verify("valid").await;
    assert_eq!(server.stop(), Some(0));
    for (kind, number) in [
        ("licence_type.revocation_set", 2),
        ("command.approved", 2),
        ("organisation.registered", 3),
        ("staff.appointed", 5),
        ("staff.ended", 1),
    ] {
        assert_eq!(installation.count(kind).await, number, "{kind}");
    }
    assert!(installation.must(&["audit"]).starts_with("sound: "));
    an_audit_names_a_licence_by_its_identifier(&installation, licence["identifier"].as_str().unwrap()).await;
    assert!(!installation.log_text().contains("ERROR"), "{}", installation.log_text());
}

/// After the staff of one department was listed: of all departments there is one entry for each.
async fn who_saw_names_of_staff_is_in_the_log(installation: &Installation, listed: &str) {
    assert_eq!(installation.count("staff.listed").await, 1);
    let all = installation.must(&["staff", "list"]);
    assert!(listed.lines().all(|line| all.contains(line)) && all.lines().count() > listed.lines().count(), "{all}");
    assert_eq!(installation.count("staff.listed").await, 3);
}

/// What was changed past the product is named by what people call it.
async fn an_audit_names_a_licence_by_its_identifier(installation: &Installation, identifier: &str) {
    script(installation, "update licence set issuer_name = 'x' || issuer_name returning licence_id").await;
    let ran = installation.run(&["audit"]);
    let said = format!("was changed past the product ({identifier})\n");
    assert!(ran.code == Some(1) && ran.out.contains(&said), "{ran:?}");
}

/// One person is enough to revoke when two operators say so, and two are again when one does.
fn revoking_is_left_to_one_person_and_taken_back(installation: &Installation, market: &str) {
    let of = ["licence-type", "revocation", FOOD, "--organisation-code", market];
    let revocation = [&of[..], &["--reason", "试点", "--people"]].concat();
    let second = installation.second_password();
    let agreed = ["1", "--approved-by", "second-operator", "--set", &second];
    assert!(installation.must(&[&revocation[..], &agreed].concat()).contains("by one person"));
    assert!(installation.must(&[&revocation[..], &["2"]].concat()).contains("by two people"));
    refused(&installation.run(&[&revocation[..], &["1"]].concat()), &["needs a second operator"]);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name_and_leaves_nothing() {
    let (installation, _) = Installation::bootstrapped().await;
    let (market, company) = (credit_code(2), credit_code(3));
    installation.must(&["organisation", "add", "--name", "滨江市市场监督管理局", "--organisation-code", &market]);
    installation.must(&["organisation", "add", "--enterprise", "--name", "茶楼", "--organisation-code", &company]);
    person(&installation, "clerk", 10);
    appoint(&installation, "clerk", &market, "clerk");
    person(&installation, "free", 11);
    let before = installation.events().await;
    let check = |words: &str, parts: &[&str]| {
        let words = words.replace("MARKET", &market).replace("COMPANY", &company).replace("UNKNOWN", &credit_code(9));
        refused(&installation.run(&words.split(' ').collect::<Vec<_>>()), parts);
    };
    check("organisation add --name 局 --organisation-code MARKET", &["already registered"]);
    check("organisation add --name 局 --organisation-code 1", &["--organisation-code 1", "not well formed"]);
    check(
        "organisation add --name 局 --organisation-code UNKNOWN --legal-representative nobody",
        &["no account has the username nobody"],
    );
    check(
        "staff appoint --username free --organisation-code UNKNOWN --role clerk --reason why",
        &["no organisation has"],
    );
    check(
        "staff appoint --username free --organisation-code COMPANY --role clerk --reason why",
        &["no such organisation"],
    );
    let no_value = |words: &str, option: &str| {
        let ran = installation.run(&words.replace("MARKET", &market).split(' ').collect::<Vec<_>>());
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.err.contains(option) && ran.err.contains("possible values"), "{ran:?}");
    };
    no_value(
        "staff appoint --username free --organisation-code MARKET --role chief --reason why",
        "'chief' for '--role",
    );
    check("staff appoint --username nobody --organisation-code MARKET --role clerk --reason why", &["username nobody"]);
    check(
        "staff appoint --username clerk --organisation-code MARKET --role reviewer --reason why",
        &["already appointed"],
    );
    check("staff end --username free --reason why", &["free has no appointment"]);
    check("seal make --organisation-code MARKET --keeper clerk", &["not a seal keeper"]);
    check("seal make --organisation-code MARKET --keeper free", &["free has no appointment"]);
    no_value("seal make --organisation-code MARKET --keeper clerk --kind round", "'round' for '--kind");
    check("seal freeze nothing --reason x", &["nothing is no seal"]);
    check("licence-type authorise 123 --organisation-code MARKET", &["no licence type 123"]);
    let company_issues = format!("licence-type authorise {FOOD} --organisation-code COMPANY");
    check(&company_issues, &["is no department"]);
    let revocation = format!("licence-type revocation {FOOD} --organisation-code MARKET --reason x --people");
    check(&format!("{revocation} 2"), &["issues no licences of type"]);
    check(&format!("{revocation} 1"), &["needs a second operator"]);
    assert_eq!(installation.events().await, before);
}

#[tokio::test]
async fn why_somebody_was_appointed_and_dismissed_by_command_is_in_the_log() {
    let installation = Installation::new().await;
    installation.bootstrap();
    person(&installation, "clerk", 7);
    let staff = appoint(&installation, "clerk", DEPARTMENT, "clerk");
    refused(&installation.run(&["staff", "end", "--username", "clerk", "--reason", " "]), &["--reason"]);
    let bare = installation.run(&["staff", "end", "--username", "clerk"]);
    assert!(bare.code != Some(0) && bare.err.contains("--reason"), "{bare:?}");
    installation.must(&["staff", "end", "--username", "clerk", "--reason", "调离"]);
    let why = installation.events().await.into_iter().filter(|event| event.kind == "reason.given");
    let why: Vec<_> = why.map(|event| (event.object, event.data)).collect();
    let given = |reason: &str| (staff.clone(), format!("{{\"reason\":\"{reason}\"}}"));
    assert_eq!(why, [given("任命文件〔2026〕1 号"), given("调离")]);
}
