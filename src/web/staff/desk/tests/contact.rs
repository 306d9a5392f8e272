//! How somebody is reached, at the counter.

use identity::events::PersonChanged;
use records::testing;

use super::{
    resets::{CITIZEN, between},
    *,
};

#[tokio::test]
async fn a_counter_writes_down_how_the_person_before_it_is_reached_and_that_it_saw_it_proven() {
    let desk = desk(&[Role::Counter]).await;
    sign_in(&desk.app, &CITIZEN, 81, &[]).await;
    let number = IdentityNumber::complete(CITIZEN.number).unwrap();
    let page = desk.post(&desk.cookie, "/desk/contact/find", &[("number", number.as_str())]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let hidden = |name: &str| {
        let value = between(&page.text, &format!("name=\"{name}\" value=\""), '"');
        value.replace("&#34;", "\"").replace("&quot;", "\"").replace("&#38;", "&")
    };
    let (person, before, searched) = (hidden("person"), hidden("before"), hidden("searched"));
    let filled = |compared: &'static str, phone: &'static str, searched: &str| {
        let fields = [("person", &*person), ("before", &before), ("searched", searched), ("phone", phone)];
        let fields = fields.map(|(name, value)| (name, value.to_owned())).into_iter();
        let ticked = [("email", "z@example.org"), ("phone_verified", "yes"), ("compared", compared)];
        fields.chain(ticked.map(|(name, value)| (name, value.to_owned()))).collect::<Vec<_>>()
    };
    let send = async |fields: Vec<(&'static str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        desk.post(&desk.cookie, "/desk/contact", &fields).await
    };
    for (wrong, said) in [
        (filled("", "13800138000", &searched), "compared"),
        (filled("yes", "12345", &searched), "id=\"phone\""),
        (filled("yes", "13800138000", ""), "重新查找"),
    ] {
        let answer = send(wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(answer.text.contains(said), "{said} {}", answer.text);
    }
    assert!(testing::told::<PersonChanged>(&desk.app.database).await.unwrap().is_empty());
    let done = send(filled("yes", "138-0013-8000", &searched)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let to = done.headers[header::LOCATION].to_str().unwrap().to_owned();
    assert!(desk.get(&desk.cookie, &to).await.text.contains("已更新"));
    let changed = testing::told::<PersonChanged>(&desk.app.database).await.unwrap();
    assert_eq!(changed[0].fields, ["phone", "email", "phone_verified"]);
    let mut tx = desk.app.database.read().await.unwrap();
    let person = base::id::PersonId::parse(&person).unwrap();
    let profile = identity::person::find(&mut tx, &person).await.unwrap().unwrap().profile;
    assert!(profile.phone_number_verified && !profile.email_verified);
}
