//! Organisations on the pages of operators.

use identity::{
    Reason,
    organisation::{
        self,
        change::{self, Change, Facts},
    },
    person,
};

use super::{clients::Two, *};

const SURE: (&str, &str) = ("confirmed", "yes");
const WHY: (&str, &str) = ("reason", "市场监管局变更登记");

/// Looks at persons on pages of organisations.
const LOOKS: &str = "select count(*) from event where kind = 'person.opened' and data like '%\"organisation\"%'";

/// What the page was made from, as its form sends it back.
async fn before(two: &Two, way: &str) -> String {
    let page = two.get(&two.one, way).await.text;
    let text = page.split_once("name=\"before\" value=\"").unwrap().1.split('"').next().unwrap();
    text.replace("&#34;", "\"").replace("&quot;", "\"")
}

#[tokio::test]
async fn an_operator_changes_a_companys_name_and_address_and_sees_what_it_was() {
    let two = Two::new().await;
    let way = format!("/operator/organisations/{}", two.office.company_id);
    let code = two.office.company.as_str();
    for typed in [code.to_owned(), format!(" {} {}", &code[..8].to_lowercase(), &code[8..])] {
        let path = format!("/operator/organisations?code={}", crate::kit::links::percent_encode(&typed));
        assert_eq!(two.get(&two.one, &path).await.location(), way, "{typed}");
    }
    let unknown = two.get(&two.one, "/operator/organisations?code=91330100").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let departments = two.get(&two.one, "/operator/organisations").await.text;
    assert!(departments.contains(two.office.department.as_str()) && !departments.contains(&way));
    let before = before(&two, &way).await;
    let fields = [("before", before.as_str()), ("name", "滨江市龙福酒楼"), ("address", "长江路 1 号"), WHY];
    let ask = two.post(&two.one, &format!("{way}/edit"), &fields).await;
    assert!(ask.text.contains("印章须另行更换") && ask.text.contains("长江路 1 号"), "{}", ask.text);
    for empty in ["name", "reason"] {
        let fields = fields.map(|(name, value)| (name, if name == empty { "" } else { value }));
        let refused = two.post(&two.one, &format!("{way}/edit"), &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{empty}");
        assert!(refused.text.contains(&format!("href=\"#{empty}\"")), "{empty}");
    }
    let done = two.post(&two.one, &format!("{way}/edit"), &[&fields[..], &[SURE]].concat()).await;
    assert_eq!(done.led_to(), format!("{way}?changed"), "{}", done.text);
    let page = two.get(&two.one, &way).await.text;
    assert!(page.contains("id=\"name-now\">滨江市龙福酒楼<") && page.contains("滨江市龙福餐饮有限公司"), "{page}");
    for name in ["滨江市龙福酒楼", "滨江市龙福餐饮有限公司"] {
        let path = format!("/operator/organisations?code={}", crate::kit::links::percent_encode(name));
        assert_eq!(two.get(&two.one, &path).await.location(), way, "{name}");
    }
    let stale = two.post(&two.other, &format!("{way}/edit"), &[&fields[..], &[SURE]].concat()).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert_eq!(two.get(&two.office.clerk.cookie, &way).await.status, StatusCode::FORBIDDEN);
    assert_eq!(two.get(&two.one, "/operator/organisations/x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn another_legal_representative_is_proposed_by_number_and_approved_by_another_operator() {
    let two = Two::new().await;
    let way = format!("/operator/organisations/{}", two.office.company_id);
    let act = format!("{way}/representative");
    let number = two.office.person.as_str().to_owned();
    let ask = two.post(&two.one, &act, &[("number", &number), WHY]).await;
    assert!(ask.text.contains(&two.office.person.masked()) && !ask.text.contains(&number), "{}", ask.text);
    let nobody = two.post(&two.one, &act, &[("number", "11010519491231002X"), WHY]).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let person = two.office.person_id.as_str().to_owned();
    let before = two.office.count(LOOKS).await;
    let asked = two.post(&two.one, &act, &[("person", &person), WHY]).await;
    assert!(asked.text.contains(&two.office.person.masked()), "{}", asked.text);
    assert_eq!(two.office.count(LOOKS).await, before + 1, "whoever asks with an identifier looks at somebody too");
    let proposed = two.post(&two.one, &act, &[("person", &person), WHY, SURE]).await;
    assert_eq!(proposed.led_to(), format!("{way}?proposed"), "{}", proposed.text);
    let name = person::find(&mut two.office.app.database.read().await.unwrap(), &two.office.person_id)
        .await
        .unwrap()
        .unwrap()
        .name;
    let proposal = two.proposal(&way).await;
    assert!(two.get(&two.other, &proposal).await.text.contains(&name));
    assert_eq!(two.post(&two.one, &format!("{proposal}/approve"), &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(two.post(&two.other, &format!("{proposal}/approve"), &[]).await.location(), proposal);
    // The page names somebody, who is looked at.
    let before = two.office.count(LOOKS).await;
    assert!(two.get(&two.one, &way).await.text.contains(&name));
    assert_eq!(two.office.count(LOOKS).await, before + 1);
    assert!(two.get(&two.one, &way).await.text.contains("<h1>滨江市龙福餐饮有限公司</h1>"));
    // An auditor reads who it was before and who it is, by name, on a page that is called as the company is.
    let mut work = two.office.app.database.begin(records::testing::context(NOW, 19)).await.unwrap();
    let who = ("审计辛", "33010119800101013");
    let auditor = member(&mut work, &two.office.app, &two.office.department, who, &[Role::Auditor]).await;
    work.commit().await.unwrap();
    let path = format!("/audit/entries?object={}", two.office.company_id);
    let page = two.get(&auditor.cookie, &path).await.text;
    assert!(page.contains(&format!("法定代表人：无 → {name}")) && !page.contains("legal_representative"), "{page}");
    assert!(page.contains("<h1>滨江市龙福餐饮有限公司</h1>") && !page.contains("本人"), "{page}");
}

#[tokio::test]
async fn whoever_sees_the_present_and_the_next_representative_side_by_side_has_looked_at_both() {
    let two = Two::new().await;
    let database = &two.office.app.database;
    let way = format!("/operator/organisations/{}", two.office.company_id);
    let act = format!("{way}/representative");
    let mut tx = database.read().await.unwrap();
    let next = identity::staff::find(&mut tx, &two.office.reviewer.staff).await.unwrap().unwrap().person_id;
    let company = organisation::find(&mut tx, &two.office.company_id).await.unwrap().unwrap();
    drop(tx);
    let present = two.office.person_id.as_str();
    // By a command of before: the clock of the pages stands still, and each change has its own instant.
    let before = Facts::of(&company);
    let after = Facts { legal_representative: Some(present.to_owned()), ..before.clone() };
    let mut work = database.begin(records::testing::context(NOW.plus_seconds(-60), 33)).await.unwrap();
    let reason = Reason::parse(WHY.1).unwrap();
    change::at_once(&mut work, &two.office.company_id, &Change { before, after }, &reason).await.unwrap();
    work.commit().await.unwrap();
    let looks = async |what: &str| {
        let told = records::testing::told::<identity::events::PersonOpened>(database).await.unwrap();
        let told = told.into_iter().filter(|look| look.what == what).map(|look| look.person.to_string());
        told.fold(std::collections::BTreeMap::<String, usize>::new(), |mut counted, person| {
            *counted.entry(person).or_default() += 1;
            counted
        })
    };
    let once_more = |mut before: std::collections::BTreeMap<String, usize>| {
        for person in [present, next.as_str()] {
            *before.entry(person.to_owned()).or_default() += 1;
        }
        before
    };
    let before = looks("organisation").await;
    let asked = two.post(&two.one, &act, &[("person", next.as_str()), WHY]).await;
    assert!(asked.text.contains(&two.office.person.masked()) && asked.text.contains("审核乙"), "{}", asked.text);
    assert_eq!(looks("organisation").await, once_more(before));
    two.post(&two.one, &act, &[("person", next.as_str()), WHY, SURE]).await;
    let proposal = two.proposal(&way).await;
    let before = looks("proposal").await;
    let shown = two.get(&two.other, &proposal).await.text;
    assert!(shown.contains(&two.office.person.masked()) && shown.contains("审核乙"), "{shown}");
    assert_eq!(looks("proposal").await, once_more(before));
    // So has whoever sees who it was before.
    assert_eq!(two.post(&two.other, &format!("{proposal}/approve"), &[]).await.status, StatusCode::SEE_OTHER);
    let before = looks("organisation").await;
    let page = two.get(&two.one, &way).await.text;
    assert!(page.contains("审核乙") && page.contains("欧阳龘"), "{page}");
    assert_eq!(looks("organisation").await, once_more(before));
}
