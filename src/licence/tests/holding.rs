//! A type that a holder has only once: whoever asks at the same time, and however the licence before it ended.

use std::sync::Arc;

use records::attempt;

use super::city::{Asked, City, Department, city, revoke_at_once};
use crate::{
    Error, Licence, Status,
    catalogue::{built_in, licence_type},
    issue::{self, Recovered},
    lifecycle, limits,
    register::reason::{RevocationReason, SuspensionReason},
};

/// Long enough for an intent to belong to nobody.
const LATER: i64 = limits::INTENT_SECONDS_MAX + 1;

/// Issues as an operation's edge does: again after a transient conflict.
async fn issue(city: &City, request: Asked, by: &Department, seconds: i64) -> Result<Licence, Error> {
    attempt(async || city.issue(request.clone(), by, seconds).await).await
}

/// Many requests at once for one holder, each under a key of its own. The one licence that came of them.
async fn at_once(city: &Arc<City>, round: &'static str, seconds: i64) -> Licence {
    let begun = "select count(*) from event where kind = 'licence.issue_intended'";
    let before = (city.count("select count(*) from licence").await, city.count(begun).await);
    let mut requests = tokio::task::JoinSet::new();
    for n in 0..16 {
        let city = Arc::clone(city);
        requests.spawn(async move {
            issue(&city, city.driving_request(&format!("{round}-{n}")), &city.police, seconds).await
        });
    }
    let mut issued = Vec::new();
    let mut refused = Vec::new();
    for outcome in requests.join_all().await {
        match outcome {
            Ok(licence) => issued.push(licence),
            Err(Error::AlreadyHeld(by)) => refused.push(by),
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!((issued.len(), refused.len()), (1, 15), "{round}");
    let only = issued.remove(0);
    assert!(refused.iter().all(|by| *by == only.id), "{round}: each refusal names the licence that is in the way");
    assert_eq!(city.find(&only).await.status, Status::Valid);
    // Those that were refused left nothing: no row, no number, no event.
    assert_eq!(city.count("select count(*) from licence").await, before.0 + 1, "{round}");
    assert_eq!(city.count(begun).await, before.1 + 1, "{round}");
    only
}

async fn revoke(city: &City, licence: &Licence, seconds: i64) {
    let mut work = city.work(seconds).await;
    revoke_at_once(&mut work, &licence.issuer, &licence.id, RevocationReason::HolderRequest).await.unwrap();
    work.commit().await.unwrap();
}

async fn recover(city: &City, seconds: i64) -> Recovered {
    issue::recover(&city.fresh.database, &city.library, &city.context(seconds)).await.unwrap()
}

fn renewal(city: &City, key: &str, older: &Licence) -> Asked {
    city.driving_request(key).with(|request| request.renews = Some(older.id.clone()))
}

async fn freeze(city: &City, seconds: i64) {
    let mut work = city.work(seconds).await;
    seal::freeze(&mut work, &city.police.seal, "交接").await.unwrap();
    work.commit().await.unwrap();
}

async fn unfreeze(city: &City, seconds: i64) {
    let mut work = city.work(seconds).await;
    seal::unfreeze(&mut work, &city.police.seal, "交接完毕").await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_issues_for_one_holder_at_once_exactly_one_succeeds() {
    let city = Arc::new(city().await);
    let first = at_once(&city, "first", 0).await;
    revoke(&city, &first, 1).await;
    let second = at_once(&city, "after a revocation", 2).await;
    // Its last day passes; nobody does anything about it.
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    tx.run("update licence set valid_until = '2026-11-17' where licence_id = $1", records::args![&second.id])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let third = at_once(&city, "after its last day", 3).await;
    assert_ne!(second.id, third.id);
    assert_eq!(city.find(&second).await.status, Status::Valid, "expiry is read off the dates");
}

#[tokio::test]
async fn a_suspended_licence_keeps_its_place_and_another_department_is_refused_too() {
    let city = city().await;
    let mut work = city.work(0).await;
    licence_type::authorise(&mut work, built_in::DRIVING, &city.food.id).await.unwrap();
    work.commit().await.unwrap();
    let licence = issue(&city, city.driving_request("k1"), &city.police, 1).await.unwrap();
    let mut work = city.work(2).await;
    lifecycle::suspend(&mut work, std::slice::from_ref(&city.police.id), &licence.id, SuspensionReason::Violation)
        .await
        .unwrap();
    work.commit().await.unwrap();
    let again = issue(&city, city.driving_request("k2"), &city.food, 3).await;
    assert!(matches!(again, Err(Error::AlreadyHeld(by)) if by == licence.id));
    assert_eq!(city.count("select count(*) from licence").await, 1);
}

#[tokio::test]
async fn a_renewal_takes_the_place_over_and_its_end_frees_it() {
    let city = Arc::new(city().await);
    let first = issue(&city, city.driving_request("k1"), &city.police, 0).await.unwrap();
    let intent = city.intent(renewal(&city, "k2", &first), &city.police, 1).await;
    let between = issue(&city, city.driving_request("k3"), &city.police, 2).await;
    assert!(matches!(between, Err(Error::AlreadyHeld(_))), "while the renewal is under way: {between:?}");
    let second = city.finish(&intent, 3).await.unwrap();
    assert_eq!(city.find(&first).await.status, Status::Superseded);
    let after = issue(&city, city.driving_request("k4"), &city.police, 4).await;
    assert!(matches!(after, Err(Error::AlreadyHeld(by)) if by == second.id));
    revoke(&city, &second, 5).await;
    at_once(&city, "after the renewed one was revoked", 6).await;
}

#[tokio::test]
async fn a_renewal_that_is_given_up_gives_the_place_back_and_can_be_asked_for_again() {
    let city = city().await;
    let first = issue(&city, city.driving_request("k1"), &city.police, 0).await.unwrap();
    for (round, version) in [(1, 3), (2, 5)] {
        let seconds = round * 10 * LATER;
        city.intent(renewal(&city, &format!("lost-{round}"), &first), &city.police, seconds).await;
        freeze(&city, seconds + 1).await;
        assert_eq!(recover(&city, seconds + LATER).await, Recovered { voided: 1, ..Recovered::default() });
        unfreeze(&city, seconds + LATER + 1).await;
        let other =
            issue(&city, city.driving_request(&format!("other-{round}")), &city.police, seconds + LATER + 2).await;
        assert!(matches!(other, Err(Error::AlreadyHeld(by)) if by == first.id), "{round}");
        let intent = city.intent(renewal(&city, &format!("again-{round}"), &first), &city.police, seconds + LATER + 3);
        let intent = intent.await;
        assert_eq!(intent.licence.version(), version, "numbers that were given up are not used again");
        freeze(&city, seconds + LATER + 4).await;
        assert_eq!(recover(&city, seconds + 3 * LATER).await, Recovered { voided: 1, ..Recovered::default() });
        unfreeze(&city, seconds + 3 * LATER + 1).await;
    }
    let renewed = issue(&city, renewal(&city, "at last", &first), &city.police, 40 * LATER).await.unwrap();
    assert_eq!((renewed.version(), renewed.number()), (6, first.number()));
    assert_eq!(city.find(&first).await.status, Status::Superseded);
}

#[tokio::test]
async fn a_void_intent_frees_the_place_and_a_recovered_one_keeps_it() {
    let city = city().await;
    let lost = city.intent(city.driving_request("k1"), &city.police, 0).await;
    let early = issue(&city, city.driving_request("k2"), &city.police, 1).await;
    assert!(matches!(early, Err(Error::AlreadyHeld(by)) if by == lost.licence.id), "an intent holds the place");
    freeze(&city, 2).await;
    assert_eq!(recover(&city, LATER).await, Recovered { voided: 1, ..Recovered::default() });
    unfreeze(&city, LATER + 1).await;
    let kept = city.intent(city.driving_request("k3"), &city.police, LATER + 2).await;
    assert_eq!(recover(&city, 3 * LATER).await, Recovered { finished: 1, ..Recovered::default() });
    let late = issue(&city, city.driving_request("k4"), &city.police, 3 * LATER + 1).await;
    assert!(matches!(late, Err(Error::AlreadyHeld(by)) if by == kept.licence.id));
    assert_eq!(city.find(&kept.licence).await.status, Status::Valid);
}

#[tokio::test]
async fn the_same_request_sent_again_is_not_in_its_own_way() {
    let city = city().await;
    let intent = city.intent(city.driving_request("k1"), &city.police, 0).await;
    let licence = issue(&city, city.driving_request("k1"), &city.police, 1).await.unwrap();
    assert_eq!(licence.id, intent.licence.id);
    assert_eq!(issue(&city, city.driving_request("k1"), &city.police, 2).await.unwrap().id, licence.id);
    assert_eq!(city.count("select count(*) from licence").await, 1);
    assert_eq!(city.count("select count(*) from licence_holding").await, 1);
}
