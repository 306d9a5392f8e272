//! Suspended, reinstated, revoked, renewed, expired.

use super::city::{City, NOW, city, revoke_at_once};
use crate::{
    Error, Licence, Standing, Status, lifecycle,
    register::{
        self,
        reason::{RevocationReason, StatusReason, SuspensionReason},
    },
};

async fn suspend(city: &City, licence: &Licence, seconds: i64) -> Result<Licence, Error> {
    let mut work = city.work(seconds).await;
    let reason = SuspensionReason::Investigation;
    let licence =
        lifecycle::suspend(&mut work, std::slice::from_ref(&city.food.id), &licence.id, reason).await?.licence;
    work.commit().await?;
    Ok(licence)
}

async fn revoke(city: &City, licence: &Licence, reason: RevocationReason, seconds: i64) -> Result<Licence, Error> {
    let mut work = city.work(seconds).await;
    let licence = revoke_at_once(&mut work, &city.food.id, &licence.id, reason).await?.licence;
    work.commit().await?;
    Ok(licence)
}

async fn reinstate(city: &City, licence: &Licence, seconds: i64) -> Result<Licence, Error> {
    let mut work = city.work(seconds).await;
    let licence = lifecycle::reinstate(&mut work, std::slice::from_ref(&city.food.id), &licence.id).await?.licence;
    work.commit().await?;
    Ok(licence)
}

#[tokio::test]
async fn a_suspended_licence_is_reinstated_and_a_revoked_one_never() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    assert!(matches!(reinstate(&city, &licence, 1).await, Err(Error::NotSuspended)));
    let suspended = suspend(&city, &licence, 2).await.unwrap();
    assert_eq!(suspended.standing(NOW), Some(Standing::Suspended));
    assert_eq!(suspended.status_reason(), Some(StatusReason::Suspension(SuspensionReason::Investigation)));
    assert_eq!(suspend(&city, &licence, 3).await.unwrap().changed_at, suspended.changed_at);
    assert_eq!(reinstate(&city, &licence, 4).await.unwrap().status, Status::Valid);
    let revoked = revoke(&city, &licence, RevocationReason::Penalty, 5).await.unwrap();
    assert_eq!((revoked.status, revoked.reason.as_deref()), (Status::Revoked, Some("penalty")));
    let again = revoke(&city, &licence, RevocationReason::Penalty, 6).await.unwrap();
    assert_eq!((again.reason.as_deref(), again.changed_at), (Some("penalty"), revoked.changed_at));
    assert!(matches!(reinstate(&city, &licence, 7).await, Err(Error::AlreadyRevoked)));
    assert!(matches!(suspend(&city, &licence, 8).await, Err(Error::AlreadyRevoked)));
}

#[tokio::test]
async fn the_reason_that_a_holder_was_told_is_not_replaced_by_another() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    suspend(&city, &licence, 1).await.unwrap();
    let mut work = city.work(2).await;
    let other =
        lifecycle::suspend(&mut work, std::slice::from_ref(&city.food.id), &licence.id, SuspensionReason::Violation)
            .await;
    assert!(matches!(other, Err(Error::AlreadySuspended)));
    drop(work);
    assert_eq!(city.find(&licence).await.reason.as_deref(), Some("investigation"));
    revoke(&city, &licence, RevocationReason::Penalty, 3).await.unwrap();
    assert!(matches!(revoke(&city, &licence, RevocationReason::Fraud, 4).await, Err(Error::AlreadyRevoked)));
    assert_eq!(city.find(&licence).await.reason.as_deref(), Some("penalty"));
}

#[tokio::test]
async fn another_department_may_not_touch_it() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    let mut work = city.work(1).await;
    let reason = RevocationReason::Fraud;
    let outcome = revoke_at_once(&mut work, &city.police.id, &licence.id, reason).await;
    assert!(matches!(outcome, Err(Error::OtherDepartment)));
    drop(work);
    assert_eq!(city.find(&licence).await.status, Status::Valid);
}

#[tokio::test]
async fn an_intent_is_no_licence_yet() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    assert!(matches!(suspend(&city, &intent.licence, 1).await, Err(Error::NotIssued)));
    assert_eq!(intent.licence.standing(NOW), None);
}

#[tokio::test]
async fn a_renewal_takes_the_place_of_the_older_one_in_one_step() {
    let city = city().await;
    let older = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    let mut request = city.food_request("k2");
    request.renews = Some(older.id.clone());
    let intent = city.intent(request.clone(), &city.food, 1).await;
    assert_eq!(city.find(&older).await.status, Status::Valid, "nothing happens before the new one is recorded");
    let newer = city.finish(&intent, 1).await.unwrap();
    let older = city.find(&older).await;
    assert_eq!((older.status, newer.status), (Status::Superseded, Status::Valid));
    assert_eq!((older.number(), older.version()), (newer.number(), 1));
    assert_eq!(newer.version(), 2);
    let mut tx = city.fresh.database.read().await.unwrap();
    assert_eq!(register::renewed_by(&mut tx, &older).await.unwrap(), Some(newer.id.clone()));
    drop(tx);
    // A chain goes on from its end, and from nowhere else.
    request.origin = crate::issue::Origin::request("client", "k3");
    assert!(matches!(city.issue(request.clone(), &city.food, 2).await, Err(Error::Renewal)));
    request.renews = Some(newer.id.clone());
    let third = city.issue(request, &city.food, 3).await.unwrap();
    assert_eq!(third.version(), 3);
    let revoked = revoke(&city, &newer, RevocationReason::Fraud, 4).await.unwrap();
    assert_eq!(revoked.status, Status::Revoked, "a superseded one can still be revoked");
}

#[tokio::test]
async fn only_ones_own_licence_of_the_same_type_and_holder_is_renewed() {
    let city = city().await;
    let foreign = city.issue(city.driving_request("k1"), &city.police, 0).await.unwrap();
    let mut request = city.food_request("k2");
    request.renews = Some(foreign.id.clone());
    assert!(matches!(city.issue(request, &city.food, 1).await, Err(Error::Renewal)));
    let own = city.issue(city.food_request("k3"), &city.food, 2).await.unwrap();
    suspend(&city, &own, 3).await.unwrap();
    let mut request = city.food_request("k4");
    request.renews = Some(own.id.clone());
    assert!(matches!(city.issue(request, &city.food, 4).await, Err(Error::Renewal)));
    assert_eq!(city.find(&foreign).await.status, Status::Valid);
}

#[tokio::test]
async fn two_renewals_at_once_make_one_second_version() {
    let city = city().await;
    let older = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    let renew = async |key: &str| {
        let mut request = city.food_request(key);
        request.renews = Some(older.id.clone());
        city.issue(request, &city.food, 1).await
    };
    let (a, b) = tokio::join!(renew("k2"), renew("k3"));
    assert_eq!([a.is_ok(), b.is_ok()].into_iter().filter(|ok| *ok).count(), 1, "{a:?} {b:?}");
    assert_eq!(city.count("select count(*) from licence where status = 'valid'").await, 1);
}

#[tokio::test]
async fn dates_alone_make_it_not_yet_valid_or_expired() {
    let city = city().await;
    let mut request = city.food_request("k");
    request.valid_from = Some(base::Date::parse("2026-12-01").unwrap());
    let licence = city.issue(request, &city.food, 0).await.unwrap();
    let check = |day: &str, expected: Standing| {
        let start = base::Date::parse(day).unwrap().start();
        assert_eq!(licence.standing(start), Some(expected), "{day}");
    };
    check("2026-11-30", Standing::NotYetValid);
    check("2026-12-01", Standing::Valid);
    check("2031-11-30", Standing::Valid);
    check("2031-12-01", Standing::Expired);
}
