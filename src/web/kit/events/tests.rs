use std::collections::{BTreeMap, BTreeSet};

use records::{log::Entry, testing::entry};

use super::*;

const ACCOUNT: &str = "acc_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const APPLICATION: &str = "app_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const BACKUP: &str = "guosuo-20261128T020000Z";
const CERTIFICATE: &str = "crt_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const FAMILY: &str = "Jk3vO2Qw5mXyT1u8";
const KEY: &str = "key_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const LICENCE: &str = "lic_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const ORGANISATION: &str = "org_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const PERSON: &str = "per_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const PROPOSAL: &str = "prp_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const RECEIPT: &str = "ver_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const RENAMING: &str = "rnm_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const RESET: &str = "rst_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const REVOCATION: &str = "rev_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const SEAL: &str = "sea_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const SESSION: &str = "ses_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const STAFF: &str = "stf_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";
const TYPE: &str = "lty_01K9Q3ZV5T8M2C4N6R7S9W0XYZ";

/// Entries as they stood in logs before events were types: `$id` stands for an identifier with that prefix. They are
/// never changed; a kind that gets another detail gets another line.
const KEPT: &[(&str, &str, &str)] = &[
    ("account.closed", ACCOUNT, "{}"),
    ("account.locked", ACCOUNT, "{}"),
    ("account.opened", ACCOUNT, r#"{"person":"$per"}"#),
    ("account.renamed", ACCOUNT, r#"{"after":"zhangwei8","before":"zhangwei"}"#),
    ("account.unlocked", ACCOUNT, "{}"),
    ("application.adopted", APPLICATION, r#"{"content_sha256":"9f86d0"}"#),
    ("application.amended", APPLICATION, r#"{"before_sha256":"9f86d0","content_sha256":"2c26b4"}"#),
    ("application.approved", APPLICATION, r#"{"content_sha256":"9f86d0","licence":"$lic"}"#),
    ("application.opened", APPLICATION, r#"{"holder":"per_01K9Q3ZV5T8M2C4N6R7S9W0XYZ"}"#),
    (
        "application.proposed",
        APPLICATION,
        r#"{"clerk":"$stf","client":"tax","content_sha256":"9f86d0","type":"11100000MB0143028R001"}"#,
    ),
    ("application.returned", APPLICATION, r#"{"reason":"incomplete"}"#),
    ("application.withdrawn", APPLICATION, r#"{"reason":"entered_in_error"}"#),
    ("application.submitted", APPLICATION, r#"{"content_sha256":"9f86d0","type":"11100000000013338W013"}"#),
    ("backup.begun", BACKUP, r#"{"folder":"/backup/guosuo","with_keys":false}"#),
    ("backup.drilled", BACKUP, r#"{"findings":0}"#),
    ("backup.drilled", BACKUP, r#"{"findings":1,"why":"tag: the manifest has no tag"}"#),
    ("backup.ended", BACKUP, r#"{"bytes":812000,"events":812,"rows":3000,"seconds":4}"#),
    ("backup.failed", BACKUP, r#"{"error":"writing /backup/guosuo: no space left"}"#),
    ("backup.removed", BACKUP, "{}"),
    ("backup.restored", BACKUP, r#"{"events":812}"#),
    ("client.changed", "tax", r#"{"after":"{\"scopes\":\"openid profile\"}","before":"{\"scopes\":\"openid\"}"}"#),
    ("client.disabled", "tax", "{}"),
    ("client.enabled", "tax", "{}"),
    ("client.refused", "-", r#"{"address":"203.0.113.9"}"#),
    ("client.refused", "tax", r#"{"address":"203.0.113.9"}"#),
    ("client.refused", "tax", r#"{"address":"203.0.113.9","count":19}"#),
    (
        "client.registered",
        "tax",
        r#"{"acts_for":["$org"],"identity_number_approved":false,"name":"税务","organisation":"$org",
            "pkce_exempted_by":null,"scopes":"openid profile"}"#,
    ),
    (
        "client.registered",
        "old",
        r#"{"acts_for":[],"identity_number_approved":true,"name":"社保","organisation":"$org",
            "pkce_exempted_by":"滨江市数据局〔2026〕3 号","scopes":"openid"}"#,
    ),
    ("client.secret_renewed", "tax", "{}"),
    ("command.approved", STAFF, r#"{"about":"tax"}"#),
    ("command.proved", ACCOUNT, "{}"),
    ("command_key.ended", ACCOUNT, r#"{"key":"9f86d0"}"#),
    ("command_key.made", ACCOUNT, r#"{"key":"9f86d0","until":"2027-05-30T08:00:00Z"}"#),
    ("demonstration.founded", "滨江市", "{}"),
    ("grant.given", PERSON, r#"{"client":"tax","scopes":"openid"}"#),
    ("grant.refused", PERSON, r#"{"client":"tax","scopes":"openid"}"#),
    ("grant.withdrawn", PERSON, r#"{"client":"tax","families":2}"#),
    ("job.dead", "job_01K9Q3ZV5T8M2C4N6R7S9W0XYZ", r#"{"error":"no answer","kind":"logout"}"#),
    (
        "licence.issue_intended",
        LICENCE,
        r#"{"checker":"$stf","content_sha256":"9f86d0","identifier":"1.2.156.3005","maker":"$stf"}"#,
    ),
    (
        "licence.issue_intended",
        LICENCE,
        r#"{"attested_by":"tax","checker":"$stf","content_sha256":"9f86d0","identifier":"1.2.156.3005","maker":"$stf"}"#,
    ),
    ("licence.issue_resumed", LICENCE, "{}"),
    ("licence.issued", LICENCE, r#"{"key":"$key","seal":"$sea","sha256":"9f86d0"}"#),
    ("licence.joint_holder_added", LICENCE, r#"{"person":"$per"}"#),
    ("licence.listed", ORGANISATION, r#"{"after":"$lic","count":20}"#),
    ("licence.notice_seen", LICENCE, r#"{"status":"revoked"}"#),
    ("licence.notice_seen", LICENCE, r#"{"since":"2026-11-18T11:06:40Z","status":"revoked"}"#),
    ("licence.opened", LICENCE, r#"{"what":"page"}"#),
    ("licence.reinstated", LICENCE, "{}"),
    ("licence.revocation_adopted", LICENCE, r#"{"decision":"No. 12","revocation":"$rev"}"#),
    ("licence.revocation_filed", LICENCE, r#"{"client":"food-system","reason":"fraud","revocation":"$rev"}"#),
    ("licence.revocation_filed", LICENCE, r#"{"decision":"No. 12","reason":"fraud","revocation":"$rev"}"#),
    ("licence.revocation_opened", LICENCE, r#"{"revocation":"$rev"}"#),
    ("licence.revocation_refused", LICENCE, r#"{"filed_by":"$stf","revocation":"$rev","why":"no"}"#),
    ("licence.revocation_withdrawn", LICENCE, r#"{"revocation":"$rev"}"#),
    ("licence.revoked", LICENCE, r#"{"reason":"holder_ceased"}"#),
    ("licence.revoked", LICENCE, r#"{"decision":"No. 12","filed_by":"$stf","reason":"fraud","revocation":"$rev"}"#),
    ("licence.revoked", LICENCE, r#"{"attested_by":"food-system","reason":"fraud"}"#),
    ("licence.searched", PERSON, r#"{"by":"identity_number","count":3}"#),
    ("licence.superseded", LICENCE, r#"{"by":"$lic"}"#),
    ("licence.suspended", LICENCE, r#"{"reason":"court_order"}"#),
    ("licence.verified", LICENCE, r#"{"method":"code","outcome":"valid","reason":null,"receipt":"$ver"}"#),
    (
        "licence.verified",
        RECEIPT,
        r#"{"method":"code","outcome":"invalid","reason":"unknown_number","receipt":"$ver"}"#,
    ),
    ("licence.voided", LICENCE, r#"{"reason":"lint"}"#),
    ("licence_type.drafted", TYPE, r#"{"code":"11100000000013338W013","version":2}"#),
    ("licence_type.issuer_added", ORGANISATION, r#"{"code":"11100000000013338W013"}"#),
    ("licence_type.published", TYPE, "{}"),
    ("licence_type.retired", TYPE, "{}"),
    ("licence_type.revocation_set", ORGANISATION, r#"{"code":"11100000000013338W013","people":1}"#),
    (
        "log.archived",
        "log",
        r#"{"file":"events-000000000001-000000000812.jsonl","first":1,"hash":"9f86d0","last":812,"sha256":"9f86d0"}"#,
    ),
    ("log.audited", "log", r#"{"events":812,"findings":0,"rows":300}"#),
    ("log.audited", "log", r#"{"checked":700,"events":812,"findings":0,"rows":300,"whole_at":"2026-11-18T11:06:40Z"}"#),
    (
        "log.audited",
        "log",
        r#"{"events":812,"findings":1,"named":["licence $lic was changed past the product"],"rows":300}"#,
    ),
    ("log.heads_begun", "log", r#"{"kept":812}"#),
    ("log.loss_acknowledged", "log", r#"{"found":812,"kept":900,"reason":"the backup of Monday"}"#),
    ("log.put_back", "log", r#"{"found":812,"kept":900}"#),
    ("log.read", PERSON, r#"{"by":"object","count":50}"#),
    ("mandate.ended", ORGANISATION, r#"{"person":"$per"}"#),
    ("mandate.given", ORGANISATION, r#"{"person":"$per","until":"2027-11-23T00:00:00Z"}"#),
    ("mandate.given", ORGANISATION, r#"{"person":"$per","until":null}"#),
    ("oidc.authorization_refused", "-", r#"{"address":"203.0.113.9","why":"no such client"}"#),
    ("oidc.authorization_refused", "-", r#"{"address":"203.0.113.9","count":600,"why":"no such client"}"#),
    (
        "oidc.authorization_refused",
        "-",
        r#"{"address":"203.0.113.9","count":1,"received":"https://a/b","registered":["https://a/c"],"why":"no"}"#,
    ),
    ("organisation.ceased", ORGANISATION, "{}"),
    ("organisation.changed", ORGANISATION, r#"{"after":"{\"name\":\"新\"}","before":"{\"name\":\"旧\"}"}"#),
    ("organisation.registered", ORGANISATION, "{}"),
    ("organisation.resumed", ORGANISATION, "{}"),
    ("organisation.suspended", ORGANISATION, "{}"),
    ("password.handed_out", ACCOUNT, r#"{"until":"2026-12-04T08:00:00Z"}"#),
    ("password.reset_approved", ACCOUNT, r#"{"filed_by":"$stf","person":"$per","reset":"$rst"}"#),
    ("password.reset_approved", ACCOUNT, r#"{"filed_by":"$stf","reset":"$rst"}"#),
    ("password.reset_filed", ACCOUNT, r#"{"document":"identity_card","person":"$per","reset":"$rst"}"#),
    ("password.reset_filed", ACCOUNT, r#"{"document":"identity_card","reset":"$rst"}"#),
    ("password.reset_refused", ACCOUNT, r#"{"filed_by":"$stf","reset":"$rst"}"#),
    ("password.reset_refused", ACCOUNT, r#"{"filed_by":"$stf","reset":"$rst","why":"another face"}"#),
    ("password.reset_withdrawn", ACCOUNT, r#"{"reset":"$rst"}"#),
    ("password.set", ACCOUNT, "{}"),
    ("password.upgraded", ACCOUNT, "{}"),
    ("person.changed", PERSON, r#"{"fields":["email","address"]}"#),
    ("person.changed", PERSON, r#"{"fields":["name"],"renaming":"$rnm"}"#),
    ("person.died", PERSON, r#"{"on":"2026-11-17"}"#),
    ("person.opened", PERSON, r#"{"what":"account"}"#),
    ("person.registered", PERSON, "{}"),
    ("person.searched", PERSON, r#"{"by":"identity_number","count":1}"#),
    ("pki.certificate.issued", CERTIFICATE, r#"{"key":"$key","serial":"4f00","subject":"CN=滨江市, O=滨江市"}"#),
    ("pki.certificate.revoked", CERTIFICATE, r#"{"key":"$key","reason":"key_compromise"}"#),
    ("pki.crl.signed", KEY, r#"{"number":3,"revoked":1}"#),
    ("pki.envelope.bound", "c1b2d3", "{}"),
    ("pki.key.activated", KEY, "{}"),
    ("pki.key.brought_back", KEY, "{}"),
    ("pki.key.created", KEY, r#"{"purpose":"access_token","state":"active"}"#),
    ("pki.key.retired", KEY, "{}"),
    ("pki.key.taken_out", KEY, "{}"),
    ("pki.key.revoked", KEY, "{}"),
    ("proposal.approved", PROPOSAL, r#"{"about":"tax","act":"client.edit","proposed_by":"$stf"}"#),
    ("proposal.made", PROPOSAL, r#"{"about":"tax","act":"client.edit","reason":"更换回调地址"}"#),
    ("proposal.refused", PROPOSAL, r#"{"about":"tax","act":"client.edit","proposed_by":"$stf"}"#),
    ("proposal.refused", PROPOSAL, r#"{"about":"tax","act":"client.edit","proposed_by":"$stf","why":"not now"}"#),
    ("proposal.withdrawn", PROPOSAL, r#"{"about":"tax","act":"client.edit"}"#),
    ("reason.given", ACCOUNT, r#"{"person":"$per","reason":"本人来电挂失"}"#),
    ("reason.given", ACCOUNT, r#"{"reason":"本人来电挂失"}"#),
    ("rows.put_back", PERSON, r#"{"backup":"guosuo-20261126T000000Z","reason":"磁盘出错","table":"person"}"#),
    (
        "rows.archived",
        "receipts",
        r#"{"count":2,"file":"receipts-$ver-$ver.jsonl","first":"$ver","last":"$ver","sha256":"9f86d0"}"#,
    ),
    ("rows.marked", "client_grant", r#"{"rows":100}"#),
    ("seal.applied", SEAL, r#"{"keeper":"$stf","kind":"licence","number":"33010000000001","organisation":"$org"}"#),
    ("seal.cancelled", SEAL, r#"{"proposed_by":"$stf","reason":"机构撤销"}"#),
    ("seal.cancelled", SEAL, r#"{"reason":"机构撤销"}"#),
    ("seal.enabled", SEAL, r#"{"key":"$key"}"#),
    ("seal.filed", SEAL, r#"{"key":"$key"}"#),
    ("seal.frozen", SEAL, r#"{"reason":"印章管理员交接"}"#),
    ("seal.made", SEAL, r#"{"key":"$key"}"#),
    ("seal.renewed", SEAL, r#"{"before":"$key","key":"$key","reason":"证书即将到期"}"#),
    ("seal.unfrozen", SEAL, r#"{"proposed_by":"$stf","reason":"交接完毕"}"#),
    ("seal.unfrozen", SEAL, r#"{"reason":"交接完毕"}"#),
    ("session.closed", SESSION, r#"{"reason":"signed_out"}"#),
    ("sign_in.failed", ACCOUNT, r#"{"address":"203.0.113.9","failures":3,"reason":"password","wait_seconds":0}"#),
    ("sign_in.failed", "unknown:5f3a", r#"{"address":"::1","failures":3,"reason":"unknown","wait_seconds":2}"#),
    ("sign_in.succeeded", ACCOUNT, r#"{"address":"203.0.113.9","method":"password","session":"$ses"}"#),
    ("sign_in.succeeded", ACCOUNT, r#"{"address":"::1","again":true,"method":"password","session":"$ses"}"#),
    ("staff.appointed", STAFF, r#"{"organisation":"$org","person":"$per","roles":"clerk reviewer"}"#),
    ("staff.ended", STAFF, "{}"),
    ("staff.listed", ORGANISATION, r#"{"count":20}"#),
    ("token.code_burnt", FAMILY, r#"{"client":"tax","why":"the code has expired"}"#),
    ("token.code_redeemed", FAMILY, r#"{"client":"tax","person":"$per","scopes":"openid","session":"$ses"}"#),
    (
        "token.code_redeemed",
        FAMILY,
        r#"{"client":"tax","person":"$per","pkce_reuse":true,"scopes":"openid","session":"$ses"}"#,
    ),
    ("token.code_reused", FAMILY, r#"{"client":"tax","count":3}"#),
    ("token.code_reused", FAMILY, r#"{"client":"tax"}"#),
    ("token.family_changed", FAMILY, r#"{"client":"tax"}"#),
    ("token.refresh_reused", FAMILY, r#"{"client":"tax"}"#),
    ("token.refreshed", FAMILY, r#"{"again":true,"client":"tax"}"#),
    ("token.refreshed", FAMILY, r#"{"client":"tax"}"#),
    ("token.session_revoked", SESSION, r#"{"clients_told":2,"families":3}"#),
    (
        "verification.alarm",
        LICENCE,
        r#"{"method":"file","outcome":"invalid","reason":"not_recorded","receipt":"$ver"}"#,
    ),
    ("verification.holder_compared", LICENCE, r#"{"is_holder":false,"receipt":"$ver"}"#),
    ("verification.receipt_opened", LICENCE, r#"{"receipt":"$ver"}"#),
];

fn kept() -> impl Iterator<Item = Entry> {
    KEPT.iter().map(|(kind, object, data)| {
        let ids = [KEY, LICENCE, ORGANISATION, PERSON, RECEIPT, RENAMING, RESET, REVOCATION, SEAL, SESSION, STAFF];
        let data = ids.iter().fold((*data).to_owned(), |data, id| data.replace(&format!("${}", &id[..3]), id));
        entry(kind, object, &data)
    })
}

#[test]
fn entries_of_every_kind_from_before_are_read_by_its_type_and_by_no_other() {
    for entry in kept() {
        let readers = [
            records::events::Any::read(&entry).is_some(),
            pki::events::Any::read(&entry).is_some(),
            identity::events::Any::read(&entry).is_some(),
            oidc::events::Any::read(&entry).is_some(),
            seal::events::Any::read(&entry).is_some(),
            licence::events::Any::read(&entry).is_some(),
        ];
        assert_eq!(readers.into_iter().filter(|read| *read).count(), 1, "{entry:?}");
    }
}

#[test]
fn details_are_spelled_as_they_stand_in_logs() {
    let mut spelled: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in kept() {
        let data: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&entry.data).unwrap();
        spelled.entry(entry.kind).or_default().extend(data.into_iter().map(|(name, _)| name));
    }
    let declared: BTreeMap<String, BTreeSet<String>> = kinds()
        .into_iter()
        .map(|kind| (kind.name.to_owned(), kind.details.iter().map(|detail| detail.name.to_owned()).collect()))
        .collect();
    for (kind, details) in spelled {
        assert_eq!(declared.get(&kind), Some(&details), "{kind}");
    }
}

#[test]
fn every_kind_is_declared_once_and_has_its_words_and_a_line_from_a_log() {
    let names: Vec<&str> = kinds().into_iter().map(|kind| kind.name).collect();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "declared twice: {names:?}");
    for name in &names {
        assert!(wording::event(name).is_some(), "{name} has no words");
    }
    let told: BTreeSet<&str> = KEPT.iter().map(|(kind, _, _)| *kind).collect();
    assert_eq!(names, told.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_detail_has_its_words() {
    let details: BTreeSet<&str> =
        kinds().into_iter().flat_map(|kind| kind.details.iter().map(|detail| detail.name)).collect();
    let without: Vec<_> = details.into_iter().filter(|name| wording::detail(name).is_none()).collect();
    assert!(without.is_empty(), "{without:?} have no words");
}

#[test]
fn no_code_of_ours_and_no_instant_of_another_zone_is_left_where_a_detail_is_read() {
    let coded =
        ["again", "identity_number_approved", "kind", "purpose", "since", "state", "status", "until", "whole_at"];
    for entry in kept() {
        let details: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&entry.data).unwrap();
        for (name, value) in details.iter().filter(|(name, _)| coded.contains(&name.as_str())) {
            // A job of which only old logs know.
            if value != "logout" {
                assert!(wording::detail_value(&entry.kind, name, value).is_some(), "{} {name}: {value}", entry.kind);
            }
        }
    }
    let said = |kind, name, value| wording::detail_value(kind, name, &value).unwrap().zh.into_owned();
    assert_eq!(said("licence.notice_seen", "status", "revoked".into()), "已吊销或注销");
    assert_eq!(said("licence.notice_seen", "since", "2026-11-28T10:52:14Z".into()), "2026-11-28 18:52:14");
    assert_eq!(said("seal.applied", "kind", "licence".into()), "电子证照专用章");
    assert_eq!(said("token.refreshed", "again", true.into()), "是");
    assert_eq!(said("client.registered", "acts_for", serde_json::json!([])), "无");
}

#[test]
fn every_job_that_writes_entries_has_its_words() {
    for job in ["archive", "audit", "backup", "bootstrap", "calendar", "demonstration", "heads", "keys", "queue"] {
        assert!(wording::job(job).is_some(), "{job}");
    }
}

/// What is put into each detail is looked through by `no_log_and_no_table_holds_a_secret`.
#[test]
fn no_detail_is_meant_for_a_secret_or_a_number_of_a_person() {
    for kind in kinds() {
        for detail in kind.details.iter().filter(|detail| detail.shape != Shape::Flag) {
            for word in ["password", "secret", "token", "cookie", "identity_number", "credit_code", "phone", "birth"] {
                assert!(!detail.name.contains(word), "{}: {}", kind.name, detail.name);
            }
        }
    }
}

#[test]
fn the_list_names_every_kind_in_both_languages() {
    for (language, word) in [(Language::Chinese, "暂扣"), (Language::English, "suspended")] {
        let list = list(language, "other.md");
        for kind in kinds() {
            assert_eq!(list.matches(&format!("| `{}` |", kind.name)).count(), 1, "{}", kind.name);
        }
        assert!(
            list.contains(&format!("| `licence.suspended` | {word} | `licence` · `lic_…` | `reason` · ")),
            "{list}"
        );
        assert!(list.contains("(other.md)") && !list.contains("| |  |"), "{list}");
    }
}

#[test]
fn every_kind_stands_in_one_group_of_the_filter() {
    let mut grouped: Vec<_> = wording::event_groups().flat_map(|(_, kinds)| kinds.map(|(kind, _)| kind)).collect();
    grouped.sort_unstable();
    assert_eq!(grouped, kinds().into_iter().map(|kind| kind.name).collect::<Vec<_>>());
}

/// Details that somebody typed, or that are names, numbers and files.
const NO_CODES: [&str; 10] =
    ["about", "after", "attested_by", "before", "client", "content_sha256", "error", "name", "sha256", "why"];

#[test]
fn every_code_in_a_log_has_words() {
    let is_code = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || "_ ".contains(c));
    let mut raw = Vec::new();
    for entry in kept() {
        if is_code(&entry.object) && !entry.kind.starts_with("client.") && entry.object != "-" {
            raw.extend(wording::object(&entry.kind, &entry.object).is_none().then(|| entry.object.clone()));
        }
        let data: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&entry.data).unwrap();
        for (name, value) in data.iter().filter(|(name, _)| !NO_CODES.contains(&name.as_str())) {
            let is_raw =
                value.as_str().is_some_and(is_code) && wording::detail_value(&entry.kind, name, value).is_none();
            raw.extend(is_raw.then(|| format!("{} {name}: {value}", entry.kind)));
        }
    }
    // Of jobs and of signatures of before.
    raw.retain(|one| !ONLY_OLD.contains(&one.as_str()));
    assert!(raw.is_empty(), "{raw:?}");
    // What is written down now stands in the sources: beside what somebody looked at, or looked by, or why a session ended.
    let written = codes_in_sources();
    assert!(written.len() > 12, "{written:?}");
    for (kind, detail, code) in written {
        let value = serde_json::Value::from(code.clone());
        assert!(wording::detail_value(kind, detail, &value).is_some(), "{kind} {detail}: {code} has no words");
    }
}

/// Codes that only old logs have, or what somebody typed.
const ONLY_OLD: [&str; 2] = ["job.dead kind: \"logout\"", "pki.certificate.revoked reason: \"key_compromise\""];

/// Codes that stand in sources behind one of these, up to the next quotation mark.
fn codes_in_sources() -> BTreeSet<(&'static str, &'static str, String)> {
    let mut found = BTreeSet::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !["target", "tests", "xtask"].contains(&name.as_str()) {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !name.contains("tests") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                for (mark, kind, detail) in WRITTEN {
                    let behind = text.split(mark).skip(1).filter_map(|rest| rest.split_once('"'));
                    // Of what is no text, something else is called so.
                    let behind = behind.filter(|(_, rest)| mark.contains('(') || rest.starts_with(".to_owned()"));
                    found.extend(behind.map(|(code, _)| (*kind, *detail, code.to_owned())));
                }
            }
        }
    }
    found
}

/// How codes of entries stand in sources, of which kind they are and which detail.
const WRITTEN: &[(&str, &str, &str)] = &[
    (" what: \"", "person.opened", "what"),
    (".showing(&person.person_id, \"", "person.opened", "what"),
    (".showing(&view.person_id, \"", "person.opened", "what"),
    (".showing(now, \"", "person.opened", "what"),
    ("PeopleSearched::new(\"", "person.searched", "by"),
    ("Looked::by(\"", "log.read", "by"),
    (" by: \"", "log.read", "by"),
    ("Found::one(\"", "licence.searched", "by"),
    ("session::close(&mut work, &session.session_id, \"", "session.closed", "reason"),
    ("session::close_own(&mut work, person, one, \"", "session.closed", "reason"),
    ("session::close_of_account(work, &account, \"", "session.closed", "reason"),
];
