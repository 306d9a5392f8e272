//! From the holder's number to what is handed in, put right, and decided.

use http::StatusCode;
use licence::{built_in, licence_type};

use super::{Desk, FIELDS, apply, form, hidden, page_of};
use crate::{
    public::api::tests::{Office, office, register},
    testing,
};

async fn sees(desk: &Desk<'_>, path: &str, parts: &[&str]) -> String {
    let page = desk.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
    for part in parts {
        assert!(page.text.contains(part), "{path} has no {part}: {}", page.text);
    }
    page.text
}

async fn answers<'a>(clerk: &Desk<'_>, path: &str, fields: &[(&'a str, &'a str)]) -> String {
    let page = clerk.post(path, fields).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    page.text
}

/// A member of staff who reviews and does nothing else.
async fn only_reviews(office: &Office) -> Desk<'_> {
    let mut tx = office.app.database.housekeeping().await.unwrap();
    let sql = "update staff set roles = 'reviewer' where staff_id = $1";
    assert_eq!(tx.run(sql, records::args![&office.third.staff]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    Desk::new(office, &office.third).await
}

async fn holder_of(clerk: &Desk<'_>, path: &str, number: &str) -> String {
    hidden(&answers(clerk, path, &[("number", number)]).await, "holder")
}

#[tokio::test]
async fn a_clerk_sees_the_answers_and_the_page_that_comes_of_them_before_anything_is_handed_in() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let holder = holder_of(&clerk, &form(), office.company.as_str()).await;
    let mut fields = vec![("holder", holder.as_str())];
    fields.extend(FIELDS.into_iter().filter(|(name, _)| *name != "confirmed"));
    let page = answers(&clerk, &form(), &fields).await;
    for part in ["id=\"answered\"", "热食类食品制售", "id=\"preview\"", "<svg ", "name=\"confirmed\" value=\"yes\""]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(office.count("select count(*) from application").await, 0);
    // Back to the form, with everything in it.
    fields.push(("change", "yes"));
    let back = answers(&clerk, &form(), &fields).await;
    assert!(back.contains("id=\"answers\"") && back.contains("value=\"王小明\""), "{back}");
    fields.pop();
    fields.push(("confirmed", "yes"));
    let done = clerk.post(&form(), &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    sees(&clerk, done.location(), &["已提交，等待他人审核", "id=\"preview\""]).await;
    // The reviewer sees the page too.
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let seen = sees(&reviewer, &page_of(&done), &["id=\"preview\"", "<svg "]).await;
    assert!(!seen.contains("已提交，等待他人审核") && !seen.contains("/change\""), "{seen}");
}

#[tokio::test]
async fn the_form_has_what_the_register_knows_and_may_be_told_otherwise() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let mut tx = office.app.database.housekeeping().await.unwrap();
    let sql = "update organisation set address = $2 where organisation_id = $1";
    tx.run(sql, records::args![&office.company_id, "滨江市江南区旧街 9 号"]).await.unwrap();
    tx.commit().await.unwrap();
    let page = answers(&clerk, &form(), &[("number", office.company.as_str())]).await;
    assert!(page.contains("value=\"滨江市江南区旧街 9 号\""), "{page}");
    let application = apply(&clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    sees(&reviewer, &application, &["滨江市江南区旧街 9 号", "滨江市江南区解放路 1 号", "不一致"]).await;
}

#[tokio::test]
async fn a_returned_application_opens_with_what_was_entered_and_is_handed_in_again() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = only_reviews(&office).await;
    let application = apply(&clerk).await;
    let why = [("reason", "mismatch"), ("note", "住所与登记不一致")];
    let returned = reviewer.post(&format!("{application}/return"), &why).await;
    assert_eq!(returned.status, StatusCode::SEE_OTHER, "{}", returned.text);
    // The reviewer is offered nothing that only clerks may do.
    let seen = sees(&reviewer, &application, &["等待经办人修改后重新提交"]).await;
    assert!(!seen.contains("/change\"") && !seen.contains("/console/apply/"), "{seen}");
    let change = format!("{application}/change");
    sees(&clerk, &application, &[&change, "住所与登记不一致"]).await;
    let opened = sees(&clerk, &change, &["value=\"王小明\"", "value=\"滨江市江南区解放路 1 号一层\""]).await;
    let (holder, digest) = (hidden(&opened, "holder"), hidden(&opened, "digest"));
    let mut fields = vec![("holder", holder.as_str()), ("digest", digest.as_str())];
    fields.extend(FIELDS.into_iter().filter(|(name, _)| *name != "f_residence" && *name != "confirmed"));
    fields.push(("f_residence", "滨江市江南区解放路 2 号"));
    let page = answers(&clerk, &change, &fields).await;
    assert!(page.contains("id=\"answered\"") && page.contains("解放路 2 号"), "{page}");
    fields.push(("confirmed", "yes"));
    let done = clerk.post(&change, &fields).await;
    assert_eq!((done.status, page_of(&done)), (StatusCode::SEE_OTHER, application.clone()), "{}", done.text);
    assert_eq!(office.count("select count(*) from application").await, 1);
    let seen = sees(&reviewer, &application, &["曾被退回，现已修改", "解放路 2 号", "id=\"approve\""]).await;
    // Who opened it before is told that it is another one now, and nothing is lost.
    let stale = clerk.post(&change, &fields).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text.contains("id=\"stands\"") && stale.text.contains(&application), "{}", stale.text);
    assert!(stale.text.contains("value=\"滨江市江南区解放路 2 号\""), "{}", stale.text);
    let digest = hidden(&seen, "digest");
    let approved = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text);
    assert_eq!(clerk.get(&change).await.location(), application, "nothing of it is changed any more");
}

#[tokio::test]
async fn an_identity_number_that_was_entered_stays_when_it_is_left_empty_and_is_shown_in_full_nowhere() {
    let office = office().await;
    let mut work = office.app.database.begin(records::testing::context(testing::NOW, 9)).await.unwrap();
    licence_type::authorise(&mut work, built_in::BIRTH, &office.department).await.unwrap();
    let (_, mother) = register(&mut work, &office.app, "王芳", "33010119920101124").await;
    work.commit().await.unwrap();
    let clerk = Desk::new(&office, &office.clerk).await;
    let path = format!("/console/apply/{}", built_in::BIRTH);
    let holder = holder_of(&clerk, &path, office.person.as_str()).await;
    let fields = [
        ("holder", holder.as_str()),
        ("confirmed", "yes"),
        ("f_newborn_name", "欧阳小芳"),
        ("f_sex", "女"),
        ("f_birth_time", "2026-11-20 08:15"),
        ("f_birth_place", "滨江市"),
        ("f_facility", "滨江市妇幼保健院"),
        ("f_mother_name", "王芳"),
        ("f_mother_code", mother.as_str()),
        ("f_father_name", "欧阳龘"),
        ("f_father_code", office.person.as_str()),
    ];
    let done = clerk.post(&path, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let change = format!("{}/change", page_of(&done));
    let masked = base::mask::identity_number(mother.as_str());
    let opened = sees(&clerk, &change, &[&masked]).await;
    assert!(!opened.contains(mother.as_str()), "{opened}");
    let digest = hidden(&opened, "digest");
    let kept: Vec<_> =
        fields.into_iter().filter(|(name, _)| !name.ends_with("_code") && *name != "f_facility").collect();
    let mut kept: Vec<_> = kept.into_iter().chain([("digest", digest.as_str()), ("f_mother_code", "")]).collect();
    kept.push(("f_facility", "滨江市人民医院"));
    let done = clerk.post(&change, &kept).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    sees(&clerk, &page_of(&done), &[&masked, "滨江市人民医院"]).await;
}

/// Licences of a type that a person holds once, issued to the person of the office.
async fn driving(office: &Office) -> String {
    let body = office.driving(&office.person).to_string();
    let issued = office.call(http::Method::POST, "/api/v1/licences", Some("held"), &body);
    issued.await.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_holds_one_already_is_said_when_the_holder_is_looked_up_with_the_way_to_it() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let path = format!("/console/apply/{}", built_in::DRIVING);
    let holder = holder_of(&clerk, &path, office.person.as_str()).await;
    let held = driving(&office).await;
    let told = clerk.post(&path, &[("number", office.person.as_str())]).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text);
    for part in ["持证主体已有一本同类有效证照", &format!("/console/licences/{held}"), &format!("?renews={held}")]
    {
        assert!(told.text.contains(part), "{part}: {}", told.text);
    }
    assert!(!told.text.contains("id=\"answers\""), "nothing is typed in vain: {}", told.text);
    // Whoever typed before that is told with everything kept.
    let fields = [("holder", holder.as_str()), ("f_address", "滨江市"), ("f_file_number", "330100123456")];
    let mut all = fields.to_vec();
    all.extend([("f_nationality", "中国"), ("f_first_issue_date", "2026-11-18"), ("f_vehicle_class", "C1")]);
    all.push(("confirmed", "yes"));
    let late = clerk.post(&path, &all).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    assert!(late.text.contains("id=\"stands\"") && late.text.contains("value=\"330100123456\""), "{}", late.text);
    assert_eq!(office.count("select count(*) from application").await, 0);
}

#[tokio::test]
async fn a_decision_that_comes_too_late_or_without_a_reason_loses_nothing_and_leads_on() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let (reviewer, other) = (Desk::new(&office, &office.reviewer).await, Desk::new(&office, &office.third).await);
    let application = apply(&clerk).await;
    let send_back = format!("{application}/return");
    let nameless = reviewer.post(&send_back, &[("reason", ""), ("note", "请核对住所")]).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", nameless.text);
    assert!(nameless.text.contains("href=\"#return-reason\"") && nameless.text.contains("请核对住所"));
    let done = other.post(&send_back, &[("reason", "mismatch")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    for (desk, path, fields) in [
        (&reviewer, "approve", vec![("digest", "00")]),
        (&reviewer, "return", vec![("reason", "mismatch"), ("note", "再核对")]),
        (&clerk, "withdraw", vec![("reason", "given_up")]),
        (&clerk, "adopt", vec![("digest", "00")]),
    ] {
        let late = desk.post(&format!("{application}/{path}"), &fields).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "{path}: {}", late.text);
        for part in ["id=\"stands\"", "这份申请已经处理过", "id=\"application-state\""] {
            assert!(late.text.contains(part), "{path} has no {part}: {}", late.text);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_approved_because_it_is_held_leads_the_reviewer_to_what_is_held() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = only_reviews(&office).await;
    let path = format!("/console/apply/{}", built_in::DRIVING);
    let holder = holder_of(&clerk, &path, office.person.as_str()).await;
    let fields = [
        ("holder", holder.as_str()),
        ("f_nationality", "中国"),
        ("f_address", "滨江市"),
        ("f_first_issue_date", "2026-11-18"),
        ("f_vehicle_class", "C1"),
        ("f_file_number", "330100123456"),
        ("confirmed", "yes"),
    ];
    let application = page_of(&clerk.post(&path, &fields).await);
    let held = driving(&office).await;
    let digest = hidden(&reviewer.get(&application).await.text, "digest");
    let refused = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    for part in ["id=\"stands\"", &format!("/console/licences/{held}"), "id=\"return\""] {
        assert!(refused.text.contains(part), "{part}: {}", refused.text);
    }
    assert!(!refused.text.contains("?renews="), "only a clerk renews: {}", refused.text);
}
