//! Acts with several events are kept in the order in which things happened.

use base::Date;
use identity::{death, organisation};
use records::testing;

use super::city::{City, city};
use crate::{
    Holder, application, built_in,
    issue::{self, Begun},
    licence_type, verification,
};

async fn told(city: &City, expected: &[&str]) {
    assert_eq!(testing::last_kinds(&city.fresh.database, expected.len()).await.unwrap(), expected);
}

#[tokio::test]
async fn a_licence_is_numbered_then_issued_then_takes_the_place_of_an_older_one() {
    let city = city().await;
    let mut last = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    told(&city, &["licence.issue_intended", "licence.issued"]).await;
    for (seconds, key) in [(1, "k1"), (2, "k2"), (3, "k3"), (4, "k4")] {
        let renewal = city.food_request(key).with(|request| request.renews = Some(last.id.clone()));
        last = city.issue(renewal, &city.food, seconds).await.unwrap();
        told(&city, &["licence.issue_intended", "licence.issued", "licence.superseded"]).await;
    }
}

#[tokio::test]
async fn an_approval_names_a_licence_that_is_numbered_already() {
    let city = city().await;
    for seconds in [0, 10, 20, 30] {
        let mut work = city.work(seconds).await;
        let new = city.food_request("unused").request;
        let id = application::apply(&mut work, &city.library, &city.food.clerk, new).await.unwrap();
        work.commit().await.unwrap();
        let context = city.context(seconds + 1);
        let mut work = city.fresh.database.begin(context.clone()).await.unwrap();
        let digest = application::find(&mut work.tx, &city.library.safe, &city.food.id, &id).await.unwrap().digest;
        let approved = application::approve(&mut work, &city.library, &city.food.reviewer, &id, &digest).await;
        work.commit().await.unwrap();
        let Ok(Begun::Intent(intent)) = approved else { panic!("not approved") };
        issue::finish(&city.fresh.database, &city.library, &context, &intent, None).await.unwrap();
        let expected = ["application.submitted", "licence.issue_intended", "application.approved", "licence.issued"];
        told(&city, &expected).await;
    }
}

#[tokio::test]
async fn an_intent_comes_before_its_end() {
    let city = city().await;
    for (seconds, key) in [(0, "k0"), (1, "k1"), (2, "k2"), (3, "k3")] {
        let context = city.context(seconds);
        let begun = city.begin_in(&context, city.food_request(key), &city.food).await.unwrap();
        let Begun::Intent(mut intent) = begun else { panic!("it was issued before") };
        intent.say("premises", "\u{e000}");
        issue::finish(&city.fresh.database, &city.library, &context, &intent, None).await.unwrap_err();
        told(&city, &["licence.issue_intended", "licence.voided"]).await;
    }
}

#[tokio::test]
async fn a_version_of_a_type_is_drafted_then_published_then_its_older_one_retired() {
    let city = city().await;
    told_types_of_a_new_city(&city).await;
    let definition = city.library.catalogue.now().published(built_in::FOOD).unwrap().definition.clone();
    for seconds in 1..5 {
        let mut work = city.work(seconds).await;
        let id = licence_type::draft(&mut work, built_in::FOOD, &definition).await.unwrap();
        licence_type::publish(&mut work, &id).await.unwrap();
        work.commit().await.unwrap();
        told(&city, &["licence_type.drafted", "licence_type.published", "licence_type.retired"]).await;
    }
}

async fn told_types_of_a_new_city(city: &City) {
    let all = testing::last_kinds(&city.fresh.database, 1000).await.unwrap();
    let types: Vec<&str> = all.iter().map(String::as_str).filter(|kind| kind.starts_with("licence_type.")).collect();
    let one = ["licence_type.drafted", "licence_type.published"];
    let expected = [&one[..], &one, &one, &["licence_type.issuer_added"; 3]].concat();
    assert_eq!(types, expected);
}

#[tokio::test]
async fn a_verification_comes_before_the_alarm_it_raises() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    let signed = intent.sign(&city.library.press, city.context(1).at).await.unwrap();
    for seconds in 2..7 {
        let mut work = city.work(seconds).await;
        let examined = verify::pdf::examine(&signed.bytes);
        verification::by_file(&mut work, &city.library, &examined).await.unwrap();
        work.commit().await.unwrap();
        told(&city, &["licence.verified", "verification.alarm"]).await;
    }
}

#[tokio::test]
async fn the_end_of_a_holder_comes_before_the_end_of_what_it_held() {
    let city = city().await;
    city.issue(city.driving_request("k"), &city.police, 0).await.unwrap();
    for (seconds, key) in [(1, "k1"), (2, "k2"), (3, "k3")] {
        city.issue(city.food_request(key), &city.food, seconds).await.unwrap();
    }
    let (Holder::Organisation(company), Holder::Person(person)) = (&city.company.holder, &city.person.holder) else {
        panic!("a company and a person");
    };
    let mut work = city.work(4).await;
    organisation::cease(&mut work, company).await.unwrap();
    work.commit().await.unwrap();
    told(&city, &["organisation.ceased", "licence.revoked", "licence.revoked", "licence.revoked"]).await;
    let mut work = city.work(5).await;
    death::record(&mut work, person, Date::parse("2026-11-17").unwrap()).await.unwrap();
    work.commit().await.unwrap();
    told(&city, &["person.died", "licence.revoked"]).await;
}
