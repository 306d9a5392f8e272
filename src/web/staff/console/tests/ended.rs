//! A holder who has died, or ceased, before the form, behind it and before the approval.

use base::Date;
use http::StatusCode;
use identity::death;
use licence::built_in;

use super::{Desk, hidden, page_of};
use crate::{
    public::api::tests::{Office, office},
    testing,
};

async fn dies(office: &Office) {
    let context = records::testing::context(testing::NOW.plus_seconds(5), 9);
    let mut work = office.app.database.begin(context).await.unwrap();
    death::record(&mut work, &office.person_id, Date::parse("2026-01-01").unwrap()).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn a_death_is_told_before_the_form_behind_it_and_before_the_approval() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let form = format!("/console/apply/{}", built_in::DRIVING);
    let number = office.person.as_str();
    let found = clerk.post(&form, &[("number", number)]).await;
    assert_eq!(found.status, StatusCode::OK);
    let holder = hidden(&found.text, "holder");
    let mut fields = vec![("holder", holder.as_str()), ("confirmed", "yes")];
    fields.extend([
        ("f_nationality", "中国"),
        ("f_address", "滨江市江南区解放路 1 号"),
        ("f_first_issue_date", "2026-11-18"),
        ("f_vehicle_class", "C1"),
        ("f_file_number", "330100123456"),
    ]);
    let application = page_of(&clerk.post(&form, &fields).await);
    let digest = hidden(&reviewer.get(&application).await.text, "digest");
    dies(&office).await;
    let before = clerk.post(&form, &[("number", number)]).await;
    assert_eq!(before.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(before.text.contains("已死亡或已终止") && !before.text.contains(number), "{}", before.text);
    let behind = clerk.post(&form, &fields).await;
    assert_eq!(behind.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(behind.text.contains("持证人已登记死亡"), "{}", behind.text);
    let approved = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    assert_eq!(approved.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(approved.text.contains("持证人已登记死亡"), "{}", approved.text);
    assert!(reviewer.get(&application).await.text.contains("id=\"approve\""), "it still waits, to be returned");
    assert_eq!(office.count("select count(*) from application where state = 'submitted'").await, 1);
    assert_eq!(office.count("select count(*) from licence").await, 0);
    assert_eq!(office.count("select count(*) from event where kind like 'licence.issue%'").await, 0);
    let fields = [("reason", "conditions_not_met"), ("note", "持证人已死亡")];
    let returned = reviewer.post(&format!("{application}/return"), &fields).await;
    assert_eq!(returned.status, StatusCode::SEE_OTHER);
}
