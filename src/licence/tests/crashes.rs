//! The process dies between two steps of issuing, and what is left of it.

use super::city::{Asked, City, city, revoke_at_once};
use crate::{
    Error, Status,
    issue::{self, Begun, Recorded, Recovered},
    limits,
    register::reason::RevocationReason,
};

/// Long enough for an intent to belong to nobody.
const LATER: i64 = limits::INTENT_SECONDS_MAX + 1;

async fn recover(city: &City, seconds: i64) -> Recovered {
    issue::recover(&city.fresh.database, &city.library, &city.context(seconds)).await.unwrap()
}

fn finished(count: usize) -> Recovered {
    Recovered { finished: count, ..Recovered::default() }
}

#[tokio::test]
async fn dying_before_the_intent_is_committed_leaves_nothing() {
    let city = city().await;
    let mut work = city.work(0).await;
    let Asked { origin, request } = city.food_request("k");
    let officials = (&city.food.clerk, &city.food.reviewer);
    issue::begin(&mut work, &city.library, &origin, request, officials).await.unwrap();
    drop(work);
    assert_eq!(city.count("select count(*) from licence").await, 0);
    assert_eq!(recover(&city, LATER).await, Recovered::default());
}

#[tokio::test]
async fn dying_after_the_intent_leaves_one_that_recovery_finishes_under_its_number() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    assert_eq!(recover(&city, 1).await, Recovered::default(), "it may still be at work");
    assert_eq!(recover(&city, LATER).await, finished(1));
    let licence = city.find(&intent.licence).await;
    assert_eq!((licence.status, &licence.identifier), (Status::Valid, &intent.licence.identifier));
    assert_eq!(recover(&city, 2 * LATER).await, Recovered::default());
    assert_eq!(city.count("select count(*) from licence_file").await, 1);
}

#[tokio::test]
async fn dying_after_the_signature_publishes_nothing_and_doubles_nothing() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    let lost = intent.sign(&city.library.press, city.context(0).at).await.unwrap();
    assert_eq!(city.count("select count(*) from licence_file").await, 0);
    assert_eq!(recover(&city, LATER).await, finished(1));
    let mut tx = city.fresh.database.read().await.unwrap();
    let (sha256, _) = city.library.safe.document(&mut tx, &intent.licence.id).await.unwrap();
    assert_ne!(sha256, lost.sha256, "another signature over the same licence");
}

#[tokio::test]
async fn dying_inside_the_second_unit_of_work_leaves_the_intent() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    let signed = intent.sign(&city.library.press, city.context(0).at).await.unwrap();
    let mut work = city.work(0).await;
    assert!(matches!(issue::record(&mut work, &city.library, &intent, &signed).await.unwrap(), Recorded::Now(_)));
    drop(work);
    assert_eq!(city.find(&intent.licence).await.status, Status::Intent);
    assert_eq!(recover(&city, LATER).await, finished(1));
}

#[tokio::test]
async fn a_repeated_request_goes_on_with_the_number_it_was_given() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    let Begun::Intent(again) = city.begin(city.food_request("k"), &city.food, 5).await.unwrap() else {
        panic!("it was not issued yet");
    };
    assert_eq!(again.licence.identifier, intent.licence.identifier);
    let licence = city.finish(&again, 5).await.unwrap();
    // The first one was only slow: it gets the same licence, and its document is thrown away.
    let slow = city.finish(&intent, 6).await.unwrap();
    assert_eq!((slow.id, slow.changed_at), (licence.id, licence.changed_at));
    assert_eq!(city.count("select count(*) from licence_file").await, 1);
}

#[tokio::test]
async fn recovery_and_a_slow_request_at_the_same_time_make_one_licence() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    let (recovered, slow) = tokio::join!(recover(&city, LATER), city.finish(&intent, LATER));
    assert_eq!(recovered.voided, 0);
    assert_eq!(slow.unwrap().status, Status::Valid);
    assert_eq!(city.count("select count(*) from licence_file").await, 1);
    assert_eq!(city.count("select count(*) from event where kind = 'licence.issued'").await, 1);
}

#[tokio::test]
async fn an_intent_that_can_never_be_signed_is_voided_with_a_reason() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    let mut work = city.work(1).await;
    seal::freeze(&mut work, &city.food.seal, "交接").await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(recover(&city, LATER).await, Recovered { voided: 1, ..Recovered::default() });
    let voided = city.find(&intent.licence).await;
    assert_eq!((voided.status, voided.reason.as_deref()), (Status::Void, Some("seal_not_in_use")));
    assert_eq!(voided.standing(city.context(0).at), None);
    let mut work = city.work(LATER + 1).await;
    seal::unfreeze(&mut work, &city.food.seal, "交接完毕").await.unwrap();
    work.commit().await.unwrap();
    let again = city.begin(city.food_request("k"), &city.food, LATER + 2).await;
    assert!(matches!(again, Err(Error::Voided(reason)) if reason == "seal_not_in_use"));
    assert_eq!(city.count("select count(*) from event where kind = 'licence.voided'").await, 1);
}

#[tokio::test]
async fn a_renewal_whose_older_licence_was_revoked_meanwhile_is_voided() {
    let city = city().await;
    let older = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    let mut request = city.food_request("k2");
    request.renews = Some(older.id.clone());
    let intent = city.intent(request, &city.food, 1).await;
    let mut work = city.work(2).await;
    revoke_at_once(&mut work, &city.food.id, &older.id, RevocationReason::Fraud).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(city.finish(&intent, 3).await, Err(Error::Renewal)));
    assert_eq!(city.find(&intent.licence).await.status, Status::Void);
    assert_eq!(city.find(&older).await.status, Status::Revoked);
}

#[tokio::test]
async fn a_content_changed_in_the_database_is_not_signed() {
    let city = city().await;
    let intent = city.intent(city.food_request("k1"), &city.food, 0).await;
    let other = city.intent(city.food_request("k2"), &city.food, 0).await;
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    tx.run(
        "update licence_content
            set content = (select c.content from licence_content c where c.licence_id = $2)
          where licence_id = $1",
        records::args![&intent.licence.id, &other.licence.id],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(recover(&city, LATER).await, Recovered { finished: 1, left: 1, voided: 0 });
    assert_eq!(city.find(&intent.licence).await.status, Status::Intent);
}

#[tokio::test]
async fn a_closed_database_leaves_the_intent_for_later() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    let gone = records::Database::open(&city.fresh.settings).await.unwrap();
    gone.close().await;
    let outcome = issue::finish(&gone, &city.library, &city.context(0), &intent, None).await;
    assert!(matches!(outcome, Err(Error::Fault(fault)) if fault.kind() == base::fault::FaultKind::Unavailable));
    assert_eq!(city.find(&intent.licence).await.status, Status::Intent);
    assert_eq!(recover(&city, LATER).await, finished(1));
}
