//! Holders who died or ceased, issuers that are suspended, seals out of date: nothing is issued, and each says why.

use base::Date;
use identity::{death, organisation};
use records::Work;
use verify::{Outcome, Reason};

use super::city::{Asked, City, city};
use crate::{
    Error, Holder, HolderFacts, Licence, Status,
    application::{self, ApplicationState},
    catalogue::built_in,
    events::{IssueVoided, LicenceRevoked},
    issue::{self, NewLicence, Recovered},
    lifecycle, limits,
    register::{holder, reason::SuspensionReason},
    verification::{self, Number},
};

async fn facts(city: &City, holder: &Holder) -> HolderFacts {
    holder::facts(&mut city.fresh.database.read().await.unwrap(), &city.library.vault, holder).await.unwrap()
}

/// How many licences ended.
async fn ended(work: Work) -> usize {
    let told = work.commit_and_tell().await.unwrap();
    told.iter().filter(|event| event.is::<LicenceRevoked>() || event.is::<IssueVoided>()).count()
}

async fn dies(city: &City, seconds: i64) -> usize {
    let Holder::Person(id) = &city.person.holder else { panic!("not a person") };
    let mut work = city.work(seconds).await;
    death::record(&mut work, id, Date::parse("2026-11-17").unwrap()).await.unwrap();
    ended(work).await
}

async fn ceases(city: &City, seconds: i64) -> usize {
    let Holder::Organisation(id) = &city.company.holder else { panic!("not an organisation") };
    let mut work = city.work(seconds).await;
    organisation::cease(&mut work, id).await.unwrap();
    ended(work).await
}

fn birth_request(city: &City, key: &str) -> Asked {
    let mother = super::city::numbers("33010119650101124");
    let fields = [
        ("birth_time", "1990-03-07 08:15"),
        ("birth_place", "滨江市"),
        ("facility", "滨江市妇幼保健院"),
        ("mother_name", "王芳"),
        ("mother_code", mother.as_str()),
    ];
    city.driving_request(key).with(|request| {
        request.type_code = built_in::BIRTH.to_owned();
        request.fields = fields.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    })
}

/// Licences, intents and events of issuing: what a refusal must not add to.
async fn traces(city: &City) -> [i64; 3] {
    [
        city.count("select count(*) from licence").await,
        city.count("select count(*) from licence_file").await,
        city.count("select count(*) from event where kind like 'licence.%'").await,
    ]
}

async fn outcome(city: &City, licence: &Licence, seconds: i64) -> (Outcome, Option<Reason>) {
    let mut work = city.work(seconds).await;
    let verdict =
        verification::by_number(&mut work, &city.library.catalogue.now(), &Number::Code(licence.code.clone()))
            .await
            .unwrap();
    work.commit().await.unwrap();
    (verdict.outcome, verdict.reason())
}

#[tokio::test]
async fn a_death_ends_what_ends_with_its_holder_and_nothing_else() {
    let city = city().await;
    let driving = city.issue(city.driving_request("k1"), &city.police, 0).await.unwrap();
    let birth = city.issue(birth_request(&city, "k2"), &city.police, 0).await.unwrap();
    let company = city.issue(city.food_request("k3"), &city.food, 0).await.unwrap();
    assert_eq!(outcome(&city, &driving, 1).await, (Outcome::Valid, None));
    assert_eq!(dies(&city, 2).await, 1);
    let ended = city.find(&driving).await;
    assert_eq!((ended.status, ended.reason.as_deref()), (Status::Revoked, Some("holder_ceased")));
    assert_eq!(outcome(&city, &driving, 3).await, (Outcome::Invalid, Some(Reason::Revoked)));
    assert_eq!(outcome(&city, &birth, 3).await, (Outcome::Valid, None), "that somebody was born stays true");
    assert_eq!(city.find(&company).await.status, Status::Valid);
    assert_eq!(city.count("select count(*) from event where kind = 'licence.revoked'").await, 1);
    assert_eq!(city.count("select count(*) from event where kind = 'person.died'").await, 1);
    assert_eq!(dies(&city, 4).await, 0, "once is enough");
}

#[tokio::test]
async fn nothing_is_issued_to_somebody_who_has_died() {
    let city = city().await;
    let suspended = city.issue(city.driving_request("k1"), &city.police, 0).await.unwrap();
    let mut work = city.work(1).await;
    lifecycle::suspend(&mut work, std::slice::from_ref(&city.police.id), &suspended.id, SuspensionReason::Violation)
        .await
        .unwrap();
    work.commit().await.unwrap();
    dies(&city, 2).await;
    assert_eq!(city.find(&suspended).await.status, Status::Revoked);
    let before = traces(&city).await;
    let request = |key: &str, holder: &HolderFacts| city.driving_request(key).with(|one| one.holder = holder.clone());
    let holder = facts(&city, &city.person.holder).await;
    let refused = city.issue(request("k2", &holder), &city.police, 3).await.unwrap_err();
    assert_eq!((refused.code(), refused.is_final()), ("holder_deceased", true));
    let renewal = request("k3", &holder).with(|one| one.renews = Some(suspended.id.clone()));
    let refused = city.issue(renewal, &city.police, 3).await.unwrap_err();
    assert_eq!(refused.code(), "holder_deceased");
    assert_eq!(traces(&city).await, before);
}

#[tokio::test]
async fn an_application_whose_holder_ceased_meanwhile_is_not_approved() {
    let city = city().await;
    let new = city.food_request("unused").request;
    let mut work = city.work(0).await;
    let id = application::apply(&mut work, &city.library, &city.food.clerk, new.clone()).await.unwrap();
    work.commit().await.unwrap();
    let older = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    assert_eq!(ceases(&city, 1).await, 1);
    assert_eq!(outcome(&city, &older, 2).await, (Outcome::Invalid, Some(Reason::Revoked)));
    let before = traces(&city).await;
    let mut work = city.work(3).await;
    let found = application::find(&mut work.tx, &city.library.safe, &city.food.id, &id).await.unwrap();
    let refused =
        application::approve(&mut work, &city.library, &city.food.reviewer, &id, &found.digest).await.unwrap_err();
    assert_eq!(refused.code(), "holder_ceased");
    drop(work);
    let mut work = city.work(4).await;
    let found = application::find(&mut work.tx, &city.library.safe, &city.food.id, &id).await.unwrap();
    assert_eq!((found.state, found.licence), (ApplicationState::Submitted, None));
    let holder = facts(&city, &city.company.holder).await;
    let again = NewLicence { holder, ..new };
    let refused = application::apply(&mut work, &city.library, &city.food.clerk, again).await.unwrap_err();
    assert_eq!(refused.code(), "holder_ceased");
    drop(work);
    assert_eq!(traces(&city).await, before);
    assert_eq!(city.count("select count(*) from application").await, 1);
}

#[tokio::test]
async fn what_was_only_numbered_when_its_holder_died_is_given_up() {
    let city = city().await;
    let intent = city.intent(city.driving_request("k1"), &city.police, 0).await;
    assert_eq!(dies(&city, 1).await, 1);
    let void = city.find(&intent.licence).await;
    assert_eq!((void.status, void.reason.as_deref()), (Status::Void, Some("holder_ceased")));
    // The process was only slow: it comes too late.
    let late = city.finish(&intent, 2).await.unwrap_err();
    assert_eq!(late.code(), "voided");
    let later = city.context(limits::INTENT_SECONDS_MAX + 2);
    let recovered = issue::recover(&city.fresh.database, &city.library, &later).await.unwrap();
    assert_eq!(recovered, Recovered::default());
    assert_eq!(city.count("select count(*) from licence_file").await, 0);
    assert_eq!(city.count("select count(*) from event where kind = 'licence.voided'").await, 1);
}

#[tokio::test]
async fn a_suspended_issuer_issues_nothing_until_it_resumes() {
    let city = city().await;
    let issued = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    let mut work = city.work(1).await;
    organisation::suspend(&mut work, &city.food.id).await.unwrap();
    work.commit().await.unwrap();
    let before = traces(&city).await;
    let refused = city.issue(city.food_request("k2"), &city.food, 2).await.unwrap_err();
    assert_eq!(refused.code(), "issuer_suspended");
    assert_eq!(traces(&city).await, before);
    assert_eq!(outcome(&city, &issued, 3).await, (Outcome::Valid, None), "what it issued before still counts");
    let mut work = city.work(4).await;
    organisation::resume(&mut work, &city.food.id).await.unwrap();
    work.commit().await.unwrap();
    city.issue(city.food_request("k2"), &city.food, 5).await.unwrap();
}

#[tokio::test]
async fn a_seal_out_of_date_is_told_from_one_that_is_not_in_use() {
    let city = city().await;
    let before = traces(&city).await;
    let years = 20 * 366 * 86_400;
    let refused = city.issue(city.food_request("k1"), &city.food, years).await.unwrap_err();
    assert_eq!(refused.code(), "seal_expired");
    let mut work = city.work(1).await;
    seal::freeze(&mut work, &city.food.seal, "交接").await.unwrap();
    work.commit().await.unwrap();
    let refused = city.issue(city.food_request("k1"), &city.food, 2).await.unwrap_err();
    assert_eq!(refused.code(), "seal_not_in_use");
    assert_eq!(traces(&city).await, before);
}

#[tokio::test]
async fn a_page_that_fails_the_checks_is_not_signed_and_its_intent_is_void() {
    let city = city().await;
    let mut intent = city.intent(city.food_request("k1"), &city.food, 0).await;
    // A field that would speak with the identifier's own name: two readers would read two numbers.
    intent.say("certificate_identifier", "1.2.156.3005.2.ANOTHER");
    let refused = city.finish(&intent, 1).await.unwrap_err();
    assert_eq!(refused.code(), "lint_failed", "{refused}");
    let void = city.find(&intent.licence).await;
    assert_eq!((void.status, void.reason.as_deref()), (Status::Void, Some("lint_failed")));
    assert_eq!(city.count("select count(*) from licence_file").await, 0);
    assert_eq!(city.count("select count(*) from event where kind = 'licence.issued'").await, 0);
    assert_eq!(city.count("select count(*) from event where kind = 'licence.voided'").await, 1);
    // The same request is told the same again; the next one succeeds.
    assert!(matches!(city.issue(city.food_request("k1"), &city.food, 2).await, Err(Error::Voided(_))));
    assert_eq!(city.issue(city.food_request("k2"), &city.food, 3).await.unwrap().status, Status::Valid);
}
