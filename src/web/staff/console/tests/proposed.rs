//! What waits for somebody is on the page that they open first.

use super::*;
use crate::public::api::tests::member;
use identity::Role;

#[tokio::test]
async fn what_a_system_asks_for_waits_on_the_first_page_of_a_clerk_until_one_takes_it_on() {
    let office = office().await;
    let token = office.plain_system().await;
    let body = office.example().to_string();
    let asked = office.call_as(&token, Method::POST, "/api/v1/licences", (Some("k"), &body)).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text);
    let clerk = Desk::new(&office, &office.clerk).await;
    let home = clerk.get("/console").await.text;
    let (_, proposed) = home.split_once("id=\"proposed\"").unwrap();
    let path = proposed.split('"').find(|part| part.starts_with("/console/applications/app_")).unwrap().to_owned();
    let list = clerk.get("/console/applications?state=proposed").await.text;
    assert!(list.contains(&path) && list.contains("value=\"proposed\" selected"), "{list}");
    assert!(!clerk.get("/console/applications?state=submitted").await.text.contains(&path));
    // The clerk whom the system named answers for nothing yet; who asked is said by name.
    let page = clerk.get(&path).await.text;
    for shown in [&home, &list, &page] {
        assert!(shown.contains("业务系统") && !shown.contains("plain-system"), "{shown}");
        assert!(!shown.contains("本人提交") && !shown.contains("经办甲 ·"), "{shown}");
    }
    let digest = hidden(&clerk.get(&path).await.text, "digest");
    let adopted = clerk.post(&format!("{path}/adopt"), &[("digest", &digest)]).await;
    assert_eq!(adopted.status, StatusCode::SEE_OTHER, "{}", adopted.text);
    assert!(!clerk.get("/console").await.text.contains("id=\"proposed\""));
    assert!(clerk.get("/console/applications").await.text.contains("本人提交"));
    assert!(clerk.get(&path).await.text.contains("经办甲 ·"));
}

#[tokio::test]
async fn an_operator_sees_on_the_first_page_how_much_waits_for_approval() {
    let office = office().await;
    let context = records::testing::context(crate::testing::NOW, 91);
    let mut work = office.app.database.begin(context).await.unwrap();
    let mut operators = Vec::new();
    for (name, number) in [("运维甲", "33010119800101011"), ("运维乙", "33010119800101012")] {
        operators.push(member(&mut work, &office.app, &office.department, (name, number), &[Role::Operator]).await);
    }
    work.commit().await.unwrap();
    let mut one = Desk::new(&office, &operators[0]).await;
    let page = one.get("/operator/people").await;
    for set in page.headers.get_all(header::SET_COOKIE) {
        one.cookie = format!("{}; {}", one.cookie, set.to_str().unwrap().split(';').next().unwrap());
    }
    let csrf = hidden(&page.text, "csrf");
    let other = Desk::new(&office, &operators[1]).await;
    assert!(!other.get("/console").await.text.contains("id=\"to-approve\""));
    let mut tx = office.app.database.read().await.unwrap();
    let person = identity::staff::find(&mut tx, &office.clerk.staff).await.unwrap().unwrap().person_id;
    drop(tx);
    let fields = [("csrf", csrf.as_str()), ("new_name", "改名者"), ("reason", "本人申请"), ("confirmed", "yes")];
    let body = fields.map(|(name, value)| format!("{name}={}", percent_encode(value))).join("&");
    let proposed = one.post_raw(&format!("/operator/people/{person}/name"), body).await;
    assert_eq!(proposed.status, StatusCode::SEE_OTHER, "{}", proposed.text);
    assert!(other.get("/console").await.text.contains("id=\"to-approve\" href=\"/operator/proposals\">1 件变更"));
}
