//! Finding what was issued: by the number on the page, by a name, and what ends.

use base::Date;
use http::{Method, StatusCode};
use records::args;

use super::Desk;
use crate::{
    public::api::tests::{Office, office},
    testing::NOW,
};

async fn sql(office: &Office, statement: &'static str, values: Vec<records::Value>) {
    let mut tx = office.app.database.housekeeping().await.unwrap();
    assert_ne!(tx.run(statement, values).await.unwrap(), 0, "{statement}");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_licence_is_found_by_the_number_on_its_page_and_by_its_holders_name_of_now_and_before() {
    let office = office().await;
    let licence = office.issue("k").await.json();
    let id = licence["id"].as_str().unwrap();
    let clerk = Desk::new(&office, &office.clerk).await;
    let stranger = Desk::new(&office, &office.stranger).await;
    let number = licence["identifier"].as_str().unwrap().rsplit('.').nth(2).unwrap();
    let wide: String = number.chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect();
    let grouped = format!("{} {}-{}", &number[..4], &number[4..8], &number[8..]);
    for wanted in [number, &wide, &grouped, "滨江市龙福餐饮有限公司", " 滨江市龙福餐饮有限公司 "]
    {
        let found = clerk.post("/console/licences/find", &[("q", wanted)]).await;
        assert_eq!(found.location(), format!("/console/licences/{id}"), "{wanted}");
        let elsewhere = stranger.post("/console/licences/find", &[("q", wanted)]).await;
        assert_eq!(elsewhere.status, StatusCode::NOT_FOUND, "{wanted}");
    }
    let nobody = clerk.post("/console/licences/find", &[("q", "滨江市龙福餐饮")]).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND, "a part of a name is no name");
    assert_eq!(
        office.count("select count(*) from event where kind = 'licence.searched' and data like '%\"name\"%'").await,
        5
    );
    // Renewed, the number leads to the version in force.
    let mut body = office.example();
    body["renews"] = id.into();
    let newer = office.call(Method::POST, "/api/v1/licences", Some("newer"), &body.to_string()).await.json();
    let found = clerk.post("/console/licences/find", &[("q", number)]).await;
    assert_eq!(found.location(), format!("/console/licences/{}", newer["id"].as_str().unwrap()));
}

#[tokio::test]
async fn of_two_people_of_one_name_the_licences_of_both_are_listed() {
    let office = office().await;
    let one = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    let person = office.driving(&office.person).to_string();
    let two = office.call(Method::POST, "/api/v1/licences", Some("d"), &person).await.json();
    let two = two["id"].as_str().unwrap().to_owned();
    let name = "update person
                   set name = '滨江市龙福餐饮有限公司',
                       name_key = (select name_key from organisation where organisation_id = $2)
                 where person_id = $1";
    sql(&office, name, args![&office.person_id, &office.company_id]).await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let found = clerk.post("/console/licences/find", &[("q", "滨江市龙福餐饮有限公司")]).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text);
    for id in [one, two] {
        assert!(found.text.contains(&format!("/console/licences/{id}")), "{id}: {}", found.text);
    }
}

#[tokio::test]
async fn what_ends_soon_and_what_has_ended_are_lists_of_their_own_and_are_walked_to_their_ends() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let mut ids = Vec::new();
    for key in 0..70 {
        ids.push(office.issue(&key.to_string()).await.json()["id"].as_str().unwrap().to_owned());
    }
    let today = NOW.date();
    let ends = async |id: &String, on: Date| {
        sql(&office, "update licence set valid_until = $2 where licence_id = $1", args![id, on.to_string()]).await;
    };
    // Two of each day: those of one day are told apart, too.
    for (place, id) in ids.iter().enumerate().take(68) {
        let days = (place % 34) as i32;
        ends(id, today.plus_days(if place < 34 { days } else { -1 - days })).await;
    }
    ends(&ids[68], today.plus_days(90)).await;
    ends(&ids[69], today.plus_days(91)).await;
    sql(&office, "update licence set status = 'revoked' where licence_id = $1", args![&ids[0]]).await;
    let walk = async |status: &str| {
        let (mut found, mut path) = (Vec::new(), format!("/console/licences?status={status}"));
        loop {
            let page = clerk.get(&path).await.text;
            let links = page.split("<a href=\"/console/licences/lic_").skip(1);
            found.extend(links.map(|rest| format!("lic_{}", rest.split('"').next().unwrap())));
            let next = page.split("href=\"/console/licences?status=").skip(1).find(|rest| rest.contains("after="));
            let Some(next) = next else { break };
            path = format!("/console/licences?status={}", next.split('"').next().unwrap().replace("&#38;", "&"));
            path = path.replace("&amp;", "&");
        }
        found
    };
    let soon: Vec<String> = ids[1..34].iter().chain([&ids[68]]).cloned().collect();
    assert_eq!(walk("expiring").await, soon);
    assert_eq!(walk("expired").await, ids[34..68].to_vec());
    let stranger = Desk::new(&office, &office.stranger).await;
    assert!(!stranger.get("/console/licences?status=expired").await.text.contains("/console/licences/lic_"));
    assert_eq!(clerk.get("/console/licences?status=expired&after=x").await.status, StatusCode::NOT_FOUND);
}
