//! Nobody is offered, or has done, what is their own affair; and what was entered by mistake is taken back.

use base::{Period, id::PersonId};

use super::*;
use crate::public::api::tests::Office;

/// Lets a member of staff act for the company from now on.
async fn act_for_the_company(office: &Office, member: &Member, seconds: i64) -> PersonId {
    let mut work = office.work(seconds).await;
    let person = staff::find(&mut work.tx, &member.staff).await.unwrap().unwrap().person_id;
    let from = Period { start: crate::testing::NOW, end: None };
    mandate::give(&mut work, &office.company_id, &person, from).await.unwrap();
    work.commit().await.unwrap();
    person
}

const OWN: &str = "持证主体是您本人或您代表的单位";

#[tokio::test]
async fn a_clerk_who_acts_for_the_holder_is_told_so_and_enters_nothing_for_it() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let id = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    act_for_the_company(&office, &office.clerk, 1).await;
    let found = clerk.post(&form(), &[("number", office.company.as_str())]).await;
    assert_eq!(found.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(found.text.contains(OWN) && !found.text.contains("f_residence"), "{}", found.text);
    let mut fields = vec![("holder", office.company_id.as_str())];
    fields.extend(FIELDS);
    let refused = clerk.post(&form(), &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains(OWN), "{}", refused.text);
    assert_eq!(office.count("select count(*) from application").await, 0);
    // Nor is anything offered on what was issued, or done.
    let licence = format!("/console/licences/{id}");
    let page = clerk.get(&licence).await.text;
    assert!(page.contains("id=\"own-affair\"") && page.contains(OWN), "{page}");
    for act in ["suspend", "reinstate", "revoke", "renew"] {
        assert!(!page.contains(&format!("id=\"{act}\"")), "{act}");
    }
    let renewal = format!("{}?renews={id}", form());
    for form in [format!("{licence}/revoke"), renewal] {
        let asked = clerk.get(&form).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN, "{form}");
        assert!(asked.text.contains(OWN), "{form}: {}", asked.text);
    }
    let suspend = clerk.post(&format!("{licence}/suspend"), &[("reason", "investigation")]).await;
    assert_eq!(suspend.status, StatusCode::FORBIDDEN);
    assert_eq!(office.count("select count(*) from licence where status = 'valid'").await, 1);
}

#[tokio::test]
async fn a_reviewer_who_acts_for_the_holder_is_told_to_leave_it_to_another_one() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let (acting, other) = (Desk::new(&office, &office.reviewer).await, Desk::new(&office, &office.third).await);
    act_for_the_company(&office, &office.reviewer, 1).await;
    let application = apply(&clerk).await;
    let page = acting.get(&application).await.text;
    assert!(page.contains("id=\"own-affair\"") && page.contains(OWN), "{page}");
    assert!(!page.contains("id=\"approve\"") && !page.contains("id=\"return\""), "{page}");
    let digest = hidden(&other.get(&application).await.text, "digest");
    let approve = format!("{application}/approve");
    for (path, field) in
        [(approve.clone(), ("digest", &*digest)), (format!("{application}/return"), ("reason", "incomplete"))]
    {
        let refused = acting.post(&path, &[field]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {}", refused.text);
        assert!(refused.text.contains(OWN), "{path}: {}", refused.text);
    }
    assert_eq!(office.count("select count(*) from licence").await, 0);
    assert_eq!(office.count("select count(*) from application where state = 'submitted'").await, 1);
    let approved = other.post(&approve, &[("digest", &digest)]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text);
}

#[tokio::test]
async fn a_clerk_withdraws_what_was_entered_by_mistake_and_the_reviewer_is_offered_it_no_more() {
    let office = office().await;
    let (clerk, reviewer) = (Desk::new(&office, &office.clerk).await, Desk::new(&office, &office.reviewer).await);
    let application = apply(&clerk).await;
    let digest = hidden(&reviewer.get(&application).await.text, "digest");
    assert!(!reviewer.get(&application).await.text.contains("id=\"withdraw\""));
    assert!(clerk.get(&application).await.text.contains("id=\"withdraw\""));
    let withdraw = format!("{application}/withdraw");
    assert_eq!(reviewer.post(&withdraw, &[("reason", "given_up")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(clerk.post(&withdraw, &[("reason", "penalty")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = clerk.post(&withdraw, &[("reason", "entered_in_error"), ("note", "选错了公司")]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, application.as_str()), "{}", done.text);
    for member in [&clerk, &reviewer] {
        let page = member.get(&application).await.text;
        for shown in ["已撤回", "撤回原因：录入有误", "选错了公司", "<dt>撤回</dt>"] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        for act in ["withdraw", "approve", "return", "adopt"] {
            assert!(!page.contains(&format!("id=\"{act}\"")), "{act}");
        }
    }
    assert!(!reviewer.get("/console").await.text.contains(&application));
    assert!(clerk.get("/console/applications?state=withdrawn").await.text.contains(&application));
    let late = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(office.count("select count(*) from licence").await, 0);
}
