//! Revoking as clerks and reviewers see it: a form, what follows, another person.

use http::StatusCode;
use licence::{built_in, licence_type, licence_type::RevokedBy};

use super::{Desk, REVOKE};
use crate::{
    kit::links::percent_encode,
    public::api::tests::{Office, office},
};

const DECISION: &str = "滨市监吊销〔2026〕12号";

/// The page of a licence that was issued a moment ago.
async fn licence(office: &Office) -> String {
    let id = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    format!("/console/licences/{id}")
}

async fn status(office: &Office) -> &'static str {
    for status in ["valid", "suspended", "revoked"] {
        let mut tx = office.app.database.read().await.unwrap();
        let sql = "select count(*) from licence where status = $1";
        let (count,): (i64,) = tx.one(sql, records::args![status]).await.unwrap();
        if count == 1 {
            return status;
        }
    }
    panic!("one licence")
}

#[tokio::test]
async fn a_clerk_files_a_revocation_and_a_reviewer_approves_it_after_both_saw_what_follows() {
    let office = office().await;
    let (clerk, reviewer) = (Desk::new(&office, &office.clerk).await, Desk::new(&office, &office.reviewer).await);
    let licence = licence(&office).await;
    let revoke = format!("{licence}/revoke");
    assert!(clerk.get(&licence).await.text.contains(&format!("href=\"{revoke}\"")));
    let page = clerk.get(&licence).await.text;
    assert!(page.contains("id=\"attested\"><span class=\"tag is-neutral\">"), "nothing waits: {page}");
    let form = clerk.get(&revoke).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.text);
    assert!(form.text.contains("滨江市龙福餐饮有限公司") && form.text.contains("name=\"decision\""));
    let ask = clerk.post(&revoke, &REVOKE[..2]).await;
    assert_eq!(ask.status, StatusCode::OK, "{}", ask.text);
    for told in ["不能恢复", "7 天内批准", "滨江市龙福餐饮有限公司", DECISION, "吊销（行政处罚）"]
    {
        assert!(ask.text.contains(told), "{told}: {}", ask.text);
    }
    assert_eq!(office.count("select count(*) from licence_revocation").await, 0, "nothing is done before it was seen");
    let filed = clerk.post(&revoke, &REVOKE).await;
    assert_eq!(filed.status, StatusCode::SEE_OTHER, "{}", filed.text);
    let case = filed.location().to_owned();
    let own = clerk.get(&case).await.text;
    assert!(own.contains("须由本部门另一名审核人批准") && own.contains("id=\"withdraw\""), "{own}");
    assert!(own.contains("id=\"suspend\"") && !own.contains("id=\"approve\""));
    assert!(clerk.get(&licence).await.text.contains(&format!("href=\"{case}\"")));
    assert!(!clerk.get(&licence).await.text.contains("id=\"renew\""), "it is not renewed meanwhile");
    assert_eq!(clerk.get(&revoke).await.location(), case, "one waits already");
    // Whoever decides finds it, and sees what follows once more.
    assert!(reviewer.get("/console").await.text.contains(&case));
    assert!(reviewer.get("/console/revocations").await.text.contains(&case));
    let page = reviewer.get(&case).await.text;
    assert!(page.contains(DECISION) && page.contains("经办甲") && page.contains("id=\"approve\""), "{page}");
    let ask = reviewer.post(&format!("{case}/approve"), &[]).await;
    assert!(ask.text.contains("不能恢复") && ask.text.contains(DECISION), "{}", ask.text);
    assert_eq!(status(&office).await, "valid");
    let done = reviewer.post(&format!("{case}/approve"), &[("confirmed", "yes")]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, licence.as_str()), "{}", done.text);
    assert_eq!(status(&office).await, "revoked");
    let page = clerk.get(&licence).await.text;
    assert!(page.contains(&format!("依据 {DECISION}，申请人 经办甲")), "{page}");
    assert!(!page.contains("id=\"revoke\"") && !page.contains("查看吊销申请"), "who looked is told to auditors");
    let home = clerk.get("/console").await.text;
    assert!(home.contains(&case) && home.contains("已批准，证照已失效"), "the clerk sees what became of it");
    let tag = home.split("已批准，证照已失效").next().unwrap().rsplit("<span class=\"tag ").next().unwrap();
    assert!(tag.starts_with("is-neutral"), "it is done as it was wanted, and not refused: {tag}");
}

#[tokio::test]
async fn one_person_alone_does_not_revoke_on_the_pages() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let stranger = Desk::new(&office, &office.stranger).await;
    let licence = licence(&office).await;
    let case = clerk.post(&format!("{licence}/revoke"), &REVOKE).await.location().to_owned();
    let own = clerk.post(&format!("{case}/approve"), &[("confirmed", "yes")]).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "{}", own.text);
    assert!(own.text.contains("id=\"revocation\"") && own.text.contains("经办和审核不能是同一人"));
    for act in ["approve", "refuse", "withdraw", "adopt"] {
        let fields = [("confirmed", "yes"), ("why", "x"), ("decision", "x")];
        let foreign = stranger.post(&format!("{case}/{act}"), &fields).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{act}");
    }
    assert_eq!(stranger.get(&case).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.get(&format!("{licence}/revoke")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(status(&office).await, "valid");
}

#[tokio::test]
async fn what_was_typed_into_a_revocation_stays_after_a_mistake() {
    let office = office().await;
    let (clerk, reviewer) = (Desk::new(&office, &office.clerk).await, Desk::new(&office, &office.reviewer).await);
    let licence = licence(&office).await;
    let revoke = format!("{licence}/revoke");
    let (fraud, number) = ("<option value=\"fraud\" selected>", format!("value=\"{DECISION}\""));
    for (decision, reason, stays) in [
        ("", "fraud", fraud),
        ("号\u{202e}12", "fraud", fraud),
        ("x", "fraud", fraud),
        ("决定书文号", "fraud", fraud),
        (DECISION, "", &number),
        (DECISION, "because", &number),
    ] {
        let wrong = clerk.post(&revoke, &[("reason", reason), ("decision", decision), ("confirmed", "yes")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{decision} {reason}");
        assert!(wrong.text.contains(stays) && wrong.text.contains("id=\"error\""), "{}", wrong.text);
    }
    let long = "号".repeat(61);
    let wrong = clerk.post(&revoke, &[("reason", "fraud"), ("decision", &long), ("confirmed", "yes")]).await;
    assert!(wrong.text.contains("id=\"decision-error\"") && wrong.text.contains(&long), "{}", wrong.text);
    let case = clerk.post(&revoke, &REVOKE).await.location().to_owned();
    // Two pages were open: the second one is told, with what was typed there.
    let again = clerk.post(&revoke, &REVOKE).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("已有申请等待办理") && again.text.contains(DECISION), "{}", again.text);
    let nothing = reviewer.post(&format!("{case}/refuse"), &[("why", "  ")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text.contains("id=\"why-error\""), "{}", nothing.text);
    let refused = reviewer.post(&format!("{case}/refuse"), &[("why", "事实不清 <b>")]).await;
    assert_eq!((refused.status, refused.location()), (StatusCode::SEE_OTHER, case.as_str()));
    let page = clerk.get(&case).await.text;
    assert!(page.contains("事实不清 &#60;b&#62;") && page.contains("未批准"), "{page}");
    let late = reviewer.post(&format!("{case}/approve"), &[("confirmed", "yes")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("已经办结") && late.text.contains("id=\"revocation\""), "{}", late.text);
    assert_eq!(status(&office).await, "valid");
    let withdrawn = clerk.post(&revoke, &REVOKE).await.location().to_owned();
    let done = clerk.post(&format!("{withdrawn}/withdraw"), &[]).await;
    assert_eq!(done.location(), withdrawn, "{}", done.text);
    assert!(clerk.get(&withdrawn).await.text.contains("已撤回"));
}

#[tokio::test]
async fn a_type_that_was_left_to_one_person_is_revoked_at_once_after_what_follows_was_seen() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let licence = licence(&office).await;
    let mut work = office.work(1).await;
    licence_type::revoke_by(&mut work, built_in::FOOD, &office.department, RevokedBy::One).await.unwrap();
    work.commit().await.unwrap();
    let ask = clerk.post(&format!("{licence}/revoke"), &REVOKE[..2]).await;
    assert!(ask.text.contains("立即生效") && ask.text.contains("不能恢复"), "{}", ask.text);
    assert!(!ask.text.contains("另一名审核人"), "{}", ask.text);
    assert_eq!(status(&office).await, "valid");
    let done = clerk.post(&format!("{licence}/revoke"), &REVOKE).await;
    assert_eq!(done.location(), licence, "{}", done.text);
    assert_eq!(status(&office).await, "revoked");
    assert!(clerk.get(&licence).await.text.contains(&format!("依据 {DECISION}")));
}

#[tokio::test]
async fn a_licence_that_waits_to_be_revoked_is_suspended_meanwhile() {
    let office = office().await;
    let (clerk, reviewer) = (Desk::new(&office, &office.clerk).await, Desk::new(&office, &office.reviewer).await);
    let licence = licence(&office).await;
    let case = clerk.post(&format!("{licence}/revoke"), &REVOKE).await.location().to_owned();
    let suspended = clerk.post(&format!("{licence}/suspend"), &[("reason", "investigation")]).await;
    assert_eq!(suspended.location(), licence);
    assert_eq!(status(&office).await, "suspended");
    assert!(!clerk.get(&case).await.text.contains("id=\"suspend\""));
    reviewer.post(&format!("{case}/approve"), &[("confirmed", "yes")]).await;
    assert_eq!(status(&office).await, "revoked");
    // The public page says that it is revoked, and not by which decision: that is the holder's.
    let page = clerk.get(&licence).await.text;
    let identifier = page.split_once("id=\"identifier\">").unwrap().1.split('<').next().unwrap();
    let public = clerk.get(&format!("/find?code={}", percent_encode(identifier))).await;
    let public = clerk.get(public.location()).await;
    assert!(public.text.contains("无效") && !public.text.contains(DECISION), "{}", public.text);
}

#[tokio::test]
async fn whoever_sees_a_holder_on_the_way_to_a_revocation_or_a_renewal_is_in_the_log_before() {
    let office = office().await;
    let (clerk, reviewer) = (Desk::new(&office, &office.clerk).await, Desk::new(&office, &office.reviewer).await);
    let licence = licence(&office).await;
    let revoke = format!("{licence}/revoke");
    let looks = async || {
        let opened = "select count(*) from event where kind = 'licence.opened' and data like '%\"revoke\"%'";
        office.count(opened).await
    };
    let told = async |before: i64, page: &str, text: String| {
        assert!(text.contains("滨江市龙福餐饮有限公司"), "{page}: {text}");
        assert_eq!(looks().await, before + 1, "{page}");
    };
    told(0, "the form", clerk.get(&revoke).await.text).await;
    told(1, "the form with a mistake", clerk.post(&revoke, &REVOKE[..1]).await.text).await;
    told(2, "what follows", clerk.post(&revoke, &REVOKE[..2]).await.text).await;
    let page = clerk.get(&licence).await.text;
    let renew = page.split_once("href=\"/console/apply/").unwrap().1.split('"').next().unwrap();
    let form = clerk.get(&format!("/console/apply/{renew}")).await;
    assert!(form.text.contains("滨江市龙福餐饮有限公司"), "{}", form.text);
    let renews = "select count(*) from event where kind = 'licence.opened' and data like '%\"renew\"%'";
    assert_eq!(office.count(renews).await, 1);
    let case = clerk.post(&revoke, &REVOKE).await.location().to_owned();
    assert_eq!(looks().await, 3, "filing shows nothing");
    told(3, "what follows from approving", reviewer.post(&format!("{case}/approve"), &[]).await.text).await;
}
