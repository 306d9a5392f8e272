//! Who looks leaves an entry, and auditors see it.

use super::*;
use crate::public::api::tests::member;
use identity::Role;

#[tokio::test]
async fn whoever_looks_leaves_an_entry_and_auditors_see_who_it_was() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let application = apply(&clerk).await;
    let digest = hidden(&reviewer.get(&application).await.text, "digest");
    let approved = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    let licence = approved.location().to_owned();
    let found = clerk.post("/console/licences/find", &[("q", office.company.as_str())]).await;
    assert_eq!(found.status, StatusCode::SEE_OTHER, "there is only this one");
    clerk.get(&licence).await;
    clerk.get(&format!("{licence}/file.pdf")).await;
    let context = records::testing::context(crate::testing::NOW, 91);
    let mut work = office.app.database.begin(context).await.unwrap();
    let who = ("审计己", "33010119800101011");
    let auditor = member(&mut work, &office.app, &office.department, who, &[Role::Auditor]).await;
    work.commit().await.unwrap();
    let mut auditor = Desk::new(&office, &auditor).await;
    // The console has no form for auditors: the first one makes a browser of theirs known.
    for set in auditor.get("/audit").await.headers.get_all(header::SET_COOKIE) {
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        auditor.cookie = format!("{}; {pair}", auditor.cookie);
    }
    let auditor = auditor;
    for path in ["/audit", "/audit/entries", "/audit/entries.csv"] {
        assert_eq!(clerk.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(auditor.get(path).await.status, StatusCode::OK, "{path}");
    }
    let csrf = hidden(&auditor.get("/audit").await.text, "csrf");
    let find = async |wanted: &str| {
        let body = format!("csrf={}&q={}", percent_encode(&csrf), percent_encode(wanted));
        auditor.post_raw("/audit/find", body).await
    };
    // Who looked at the company, and at what it holds.
    let way = find(office.company.as_str()).await;
    assert_eq!(way.status, StatusCode::SEE_OTHER, "{}", way.text);
    assert_eq!(way.location(), format!("/audit/entries?object={}", office.company_id));
    let page = auditor.get(way.location()).await;
    let (_, looks) = page.text.split_once("id=\"looks\"").unwrap();
    let (looks, about) = looks.split_once("id=\"entries\"").unwrap();
    assert!(looks.contains("经办甲") && looks.contains("内容：文件") && looks.contains("内容：页面"), "{looks}");
    assert!(about.contains("方式：统一社会信用代码；数量：1"), "who searched for it: {about}");
    // What happened to the licence; that the auditor read of it is the last thing.
    let id = licence.rsplit('/').next().unwrap();
    for _ in 0..2 {
        let page = auditor.get(&format!("/audit/entries?object={id}")).await;
        assert!(page.text.contains("审核乙") && page.text.contains("经办甲"), "{}", page.text);
    }
    let read = records::testing::told::<records::events::LogRead>(&office.app.database).await.unwrap();
    assert_eq!((read[0].about.as_str(), read[0].by.as_str()), (id, "object"));
    // From a licence to its holder, and to a person by the whole name.
    let page = auditor.get(&format!("/audit/entries?object={id}")).await.text;
    assert!(page.contains(&format!("/audit/entries?object={}\">持证者", office.company_id)), "{page}");
    let way = find("经办甲").await;
    let page = auditor.get(way.location()).await.text;
    let (_, related) = page.split_once("id=\"related\"").unwrap();
    assert!(related.contains(&format!("actor={}\">任职期间所做", office.clerk.staff)), "{related}");
    // What one of the staff did; and the same as a file.
    let staff = office.clerk.staff.as_str();
    let did = auditor.get(&format!("/audit/entries?actor={staff}")).await;
    assert!(did.text.contains("内容：文件") && !did.text.contains("审核乙"), "{}", did.text);
    let file = auditor.get(&format!("/audit/entries.csv?actor={staff}")).await;
    assert!(file.text.starts_with("\u{feff}\"序号\",\"时间\",\"谁\"") && file.text.contains("经办甲"), "{}", file.text);
    assert!(file.text.contains("licence.opened") && file.text.contains("licence.searched"));
    assert_eq!(find("nobody").await.status, StatusCode::NOT_FOUND);
    for strange in ["/audit/entries?object=%3Cscript%3E", "/audit/entries?request=nonsense", "/audit/entries?after=x"] {
        assert_eq!(auditor.get(strange).await.status, StatusCode::NOT_FOUND, "{strange}");
    }
    // The console's own history tells what was done, and not who looked.
    assert!(!clerk.get(&licence).await.text.contains("查看证照"));
}

#[tokio::test]
async fn a_look_that_cannot_be_written_down_is_not_answered() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    assert_eq!(clerk.get("/console/licences").await.status, StatusCode::OK);
    let refuse = match office.app.database.dialect().name() {
        "sqlite" => {
            "create trigger no_looks before insert on event when new.kind = 'licence.listed' \
             begin select raise(abort, 'the disk is full'); end"
        }
        _ => "alter table event add constraint no_looks check (kind <> 'licence.listed') not valid",
    };
    let mut tx = office.app.database.housekeeping().await.unwrap();
    tx.run(refuse, vec![]).await.unwrap();
    tx.commit().await.unwrap();
    let answer = clerk.get("/console/licences").await;
    assert!(answer.status.is_server_error() && !answer.text.contains("lic_"), "{}", answer.status);
}
