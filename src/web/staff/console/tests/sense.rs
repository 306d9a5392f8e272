//! What cannot be true, as clerks and reviewers are told.

use base::id::StaffId;
use http::StatusCode;
use identity::{
    Reason,
    person::change::{self, Renaming},
};
use licence::built_in;
use records::{Actor, Context};

use super::{Desk, hidden, page_of};
use crate::{
    public::api::tests::{Office, office},
    testing,
};

const DRIVING: [(&str, &str); 5] = [
    ("f_nationality", "中国"),
    ("f_address", "滨江市江南区解放路 1 号"),
    ("f_first_issue_date", "2026-11-18"),
    ("f_vehicle_class", "C1"),
    ("f_file_number", "330100123456"),
];

/// The form of a driving licence for the person, sent with some values changed.
async fn sent(clerk: &Desk<'_>, changes: &[(&str, &str)]) -> crate::public::api::tests::Answer {
    let form = format!("/console/apply/{}", built_in::DRIVING);
    let found = clerk.post(&form, &[("number", clerk.office.person.as_str())]).await;
    let holder = hidden(&found.text, "holder");
    let mut fields = vec![("holder", holder.as_str()), ("confirmed", "yes")];
    for (name, value) in DRIVING {
        let changed = changes.iter().find(|(other, _)| *other == name);
        fields.push(changed.copied().unwrap_or((name, value)));
    }
    clerk.post(&form, &fields).await
}

#[tokio::test]
async fn a_mistake_on_the_form_names_the_field_what_was_typed_and_the_limit_and_keeps_it() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let wrong = [
        ("f_first_issue_date", "2030-01-01"),
        ("f_vehicle_class", "666"),
        ("f_nationality", "火星"),
        ("f_file_number", "33A"),
    ];
    let answer = sent(&clerk, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for told in [
        "初次领证日期：“2030-01-01”过晚，应不晚于 2026-11-23（今天）",
        "准驾车型：“666”不是准驾车型，可填 A1 A2",
        "国籍：“火星”不是国家或地区名称",
        "档案编号：这里不能有“A”（U+0041），只能填 0123456789",
    ] {
        assert!(answer.text.contains(told), "{told}: {}", answer.text);
    }
    for (_, typed) in wrong {
        assert!(answer.text.contains(&format!("value=\"{typed}\"")), "{typed}");
    }
    assert_eq!(office.count("select count(*) from application").await, 0);
    let done = sent(&clerk, &[("f_vehicle_class", "d c1"), ("f_nationality", "china")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let shown = clerk.get(&page_of(&done)).await.text;
    assert!(shown.contains("C1D") && shown.contains("中国"), "{shown}");
    // The same once more, while that waits.
    let again =
        clerk.post(&format!("/console/apply/{}", built_in::DRIVING), &[("number", office.person.as_str())]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("已有一份同样的申请在办理"), "{}", again.text);
}

async fn renamed(office: &Office, staff: &StaffId) {
    let found = identity::staff::find(&mut office.app.database.read().await.unwrap(), staff).await.unwrap().unwrap();
    let actor = Actor::Operator { staff: staff.clone(), person: found.person_id };
    let context = Context { actor, ..records::testing::context(testing::NOW.plus_seconds(5), 9) };
    let mut work = office.app.database.begin(context).await.unwrap();
    let renaming = Renaming { before: "欧阳龘".to_owned(), after: "欧阳大龘".to_owned() };
    change::rename(&mut work, &office.person_id, &renaming, &Reason::parse("更正登记").unwrap()).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn what_the_register_says_otherwise_by_now_is_shown_to_the_reviewer_and_nothing_is_issued() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let application = page_of(&sent(&clerk, &[]).await);
    let digest = hidden(&reviewer.get(&application).await.text, "digest");
    renamed(&office, &office.clerk.staff).await;
    let refused = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("姓名：登记信息已变为“欧阳大龘”，申请中为“欧阳龘”"), "{}", refused.text);
    assert_eq!(office.count("select count(*) from licence").await, 0);
    let returned = reviewer.post(&format!("{application}/return"), &[("reason", "mismatch"), ("note", "")]).await;
    assert_eq!(returned.status, StatusCode::SEE_OTHER);
}
