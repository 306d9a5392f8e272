//! Revoking takes two people, and cannot be undone.

use base::{
    ListPage, Period,
    id::{LicenceId, RevocationId},
};
use identity::{Reason, Role, mandate, staff};
use records::{
    args,
    log::{self, Entry},
};
use verify::Outcome;

use super::city::{City, Department, city, marked_city, official, revoke_at_once};
use crate::{
    DecisionNumber, Error, Licence, Official, Status, application, built_in,
    events::{LicenceRevoked, RevocationAdopted, RevocationFiled, RevocationRefused, RevocationWithdrawn},
    licence_type::{self, RevokedBy},
    lifecycle, limits,
    register::reason::{RevocationReason, SuspensionReason},
    revocation::{self, Filed, Revocation, RevocationState},
    verification::{self, Number},
};

const DECISION: &str = "滨市监吊销〔2026〕12号";
const WEEK: i64 = limits::REVOCATION_SECONDS;

fn number() -> DecisionNumber {
    DecisionNumber::parse(DECISION).unwrap()
}

async fn issued(city: &City) -> Licence {
    city.issue(city.food_request("k"), &city.food, 0).await.unwrap()
}

async fn file(city: &City, licence: &Licence, who: &Official, seconds: i64) -> Result<Filed, Error> {
    let mut work = city.work_of(who, seconds).await;
    let filed = revocation::file(&mut work, &licence.id, RevocationReason::Fraud, &number()).await?;
    work.commit().await?;
    Ok(filed)
}

/// What waits after it was filed.
async fn waiting(city: &City, licence: &Licence, seconds: i64) -> RevocationId {
    match file(city, licence, &city.food.clerk, seconds).await.unwrap() {
        Filed::Waiting(waiting) => waiting.id,
        Filed::Revoked(changed) => panic!("one person revoked {}", changed.licence.identifier),
    }
}

async fn approve(city: &City, id: &RevocationId, who: &Official, seconds: i64) -> Result<Licence, Error> {
    let mut work = city.work_of(who, seconds).await;
    let changed = revocation::approve(&mut work, id).await?;
    work.commit().await?;
    Ok(changed.licence)
}

async fn refuse(city: &City, id: &RevocationId, who: &Official, seconds: i64) -> Result<(), Error> {
    let mut work = city.work_of(who, seconds).await;
    revocation::refuse(&mut work, id, &Reason::parse("听证后认定事实不清").unwrap()).await?;
    Ok(work.commit().await?)
}

async fn withdraw(city: &City, id: &RevocationId, who: &Official, seconds: i64) -> Result<(), Error> {
    let mut work = city.work_of(who, seconds).await;
    revocation::withdraw(&mut work, id).await?;
    Ok(work.commit().await?)
}

async fn found(city: &City, id: &RevocationId, seconds: i64) -> Revocation {
    let mut tx = city.fresh.database.read().await.unwrap();
    revocation::find(&mut tx, &city.food.id, id, city.context(seconds).at).await.unwrap()
}

async fn outcome(city: &City, licence: &Licence) -> (Outcome, Option<verify::Reason>) {
    let mut tx = city.fresh.database.read().await.unwrap();
    let catalogue = city.library.catalogue.now();
    let at = city.context(100).at;
    let looked = verification::look(&mut tx, &catalogue, &Number::Code(licence.code.clone()), at).await.unwrap();
    (looked.outcome, looked.reason())
}

/// Every entry about a licence, the oldest first.
async fn told(city: &City, licence: &LicenceId) -> Vec<Entry> {
    let filter = log::Filter { object: Some(licence.to_string()), ..log::Filter::default() };
    let mut tx = city.fresh.database.read().await.unwrap();
    let mut items = log::list(&mut tx, &filter, &ListPage::first(100)).await.unwrap().items;
    items.reverse();
    items
}

/// Somebody else of the department of food.
async fn another(city: &City, name: &str, digits: &str, roles: &[Role]) -> Official {
    let mut work = city.work(-1).await;
    let one = official(&mut work, &city.library.vault, &city.food.id, (name, digits), roles).await;
    work.commit().await.unwrap();
    one
}

#[tokio::test]
async fn a_licence_is_revoked_by_two_people_and_every_verification_says_so_at_once() {
    let city = city().await;
    let licence = issued(&city).await;
    let id = waiting(&city, &licence, 1).await;
    assert_eq!(city.find(&licence).await.status, Status::Valid, "it is as it was until somebody approves");
    assert_eq!(outcome(&city, &licence).await, (Outcome::Valid, None));
    let revoked = approve(&city, &id, &city.food.reviewer, 2).await.unwrap();
    assert_eq!((revoked.status, revoked.decision.as_deref()), (Status::Revoked, Some(DECISION)));
    assert_eq!(city.find(&licence).await, revoked);
    assert_eq!(outcome(&city, &licence).await, (Outcome::Invalid, Some(verify::Reason::Revoked)));
    let decided = found(&city, &id, 3).await;
    assert_eq!(decided.state, RevocationState::Approved);
    assert_eq!(decided.decided_by.as_ref(), Some(&city.food.reviewer.staff_id));
    let told = told(&city, &licence.id).await;
    let filed = told.iter().find_map(Entry::read::<RevocationFiled>).unwrap();
    assert_eq!((filed.revocation, filed.decision.as_deref()), (id.clone(), Some(DECISION)));
    let last = told.last().unwrap();
    let done = last.read::<LicenceRevoked>().unwrap();
    assert_eq!((done.reason, done.decision.as_deref()), (RevocationReason::Fraud, Some(DECISION)));
    assert_eq!((done.revocation, done.filed_by.as_ref()), (Some(id), Some(&city.food.clerk.staff_id)));
    assert_eq!((last.actor.as_str(), done.attested_by), (city.food.reviewer.staff_id.as_str(), None));
}

#[tokio::test]
async fn one_person_alone_cannot_revoke() {
    let city = city().await;
    let licence = issued(&city).await;
    let id = waiting(&city, &licence, 1).await;
    assert!(matches!(approve(&city, &id, &city.food.clerk, 2).await, Err(Error::FourEyes)));
    assert!(matches!(refuse(&city, &id, &city.food.clerk, 2).await, Err(Error::FourEyes)));
    // Nor by saying that one is somebody else: who somebody is stands in the appointment.
    let mut mask = city.food.clerk.clone();
    mask.person_id = city.food.reviewer.person_id.clone();
    assert!(matches!(approve(&city, &id, &mask, 3).await, Err(Error::FourEyes)));
    // Nor without the role, nor as nobody of the staff.
    let clerk = another(&city, "经办丁", "33010119800101911", &[Role::Clerk]).await;
    let reviewer = another(&city, "审核戊", "33010119800101912", &[Role::Reviewer]).await;
    assert!(matches!(approve(&city, &id, &clerk, 4).await, Err(Error::NotAuthorised)));
    assert!(matches!(file(&city, &licence, &reviewer, 4).await, Err(Error::NotAuthorised)));
    let mut work = city.work(5).await;
    assert!(matches!(revocation::approve(&mut work, &id).await, Err(Error::NotAuthorised)));
    let nobody = revocation::file(&mut work, &licence.id, RevocationReason::Fraud, &number()).await;
    assert!(matches!(nobody, Err(Error::NotAuthorised)));
    drop(work);
    assert_eq!(city.find(&licence).await.status, Status::Valid);
    approve(&city, &id, &reviewer, 6).await.unwrap();
}

#[tokio::test]
async fn nobody_of_another_department_files_or_decides_a_revocation() {
    let city = city().await;
    let licence = issued(&city).await;
    assert!(matches!(file(&city, &licence, &city.police.clerk, 1).await, Err(Error::OtherDepartment)));
    let id = waiting(&city, &licence, 2).await;
    assert!(matches!(approve(&city, &id, &city.police.reviewer, 3).await, Err(Error::NotFound)));
    assert!(matches!(refuse(&city, &id, &city.police.reviewer, 3).await, Err(Error::NotFound)));
    assert!(matches!(withdraw(&city, &id, &city.police.clerk, 3).await, Err(Error::NotFound)));
    let mut tx = city.fresh.database.read().await.unwrap();
    let hidden = revocation::find(&mut tx, &city.police.id, &id, city.context(3).at).await;
    assert!(matches!(hidden, Err(Error::NotFound)));
    drop(tx);
    assert_eq!(city.find(&licence).await.status, Status::Valid);
}

#[tokio::test]
async fn neither_the_holder_nor_whoever_acts_for_the_holder_files_or_decides() {
    let city = city().await;
    let licence = issued(&city).await;
    let give = async |who: &Official, seconds: i64| {
        let mut work = city.work(seconds).await;
        let crate::Holder::Organisation(company) = &city.company.holder else { panic!("a company") };
        mandate::give(&mut work, company, &who.person_id, Period { start: city.context(0).at, end: None })
            .await
            .unwrap();
        work.commit().await.unwrap();
    };
    let related = another(&city, "经办己", "33010119800101913", &[Role::Clerk, Role::Reviewer]).await;
    give(&related, 1).await;
    assert!(matches!(file(&city, &licence, &related, 2).await, Err(Error::OwnAffair)));
    let id = waiting(&city, &licence, 3).await;
    assert!(matches!(approve(&city, &id, &related, 4).await, Err(Error::OwnAffair)));
    assert!(matches!(refuse(&city, &id, &related, 4).await, Err(Error::OwnAffair)), "nor keeps it by a refusal");
    assert_eq!(found(&city, &id, 4).await.state, RevocationState::Open);
    // Whoever filed it acts for the holder since.
    give(&city.food.clerk, 5).await;
    assert!(matches!(approve(&city, &id, &city.food.reviewer, 6).await, Err(Error::OwnAffairOfClerk)));
    assert_eq!(city.find(&licence).await.status, Status::Valid);
    // A person's own licence.
    let own = city.issue(city.driving_request("d"), &city.police, 7).await.unwrap();
    let crate::Holder::Person(person) = &city.person.holder else { panic!("a person") };
    let mut work = city.work(8).await;
    let appointed = staff::appoint(&mut work, person, &city.police.id, &[Role::Clerk]).await.unwrap();
    work.commit().await.unwrap();
    let holder = Official { staff_id: appointed, person_id: person.clone(), ..city.police.clerk.clone() };
    assert!(matches!(file(&city, &own, &holder, 9).await, Err(Error::OwnAffair)));
    // What a system asked for waits for a clerk, who is not the holder either.
    let mut work = city.work(10).await;
    let (issuers, wanted) = (std::slice::from_ref(&city.police.id), (RevocationReason::Penalty, None));
    let asked = revocation::propose(&mut work, issuers, "police-system", &own.id, wanted).await.unwrap();
    work.commit().await.unwrap();
    let Filed::Waiting(asked) = asked else { panic!("it waits") };
    assert!(matches!(refuse(&city, &asked.id, &holder, 11).await, Err(Error::OwnAffair)));
    refuse(&city, &asked.id, &city.police.clerk, 12).await.unwrap();
}

#[tokio::test]
async fn a_revocation_is_approved_within_seven_days_and_not_after() {
    let city = city().await;
    let licence = issued(&city).await;
    let id = waiting(&city, &licence, 10).await;
    assert_eq!(found(&city, &id, 9 + WEEK).await.state, RevocationState::Open);
    assert_eq!(found(&city, &id, 10 + WEEK).await.state, RevocationState::Ended);
    assert!(matches!(approve(&city, &id, &city.food.reviewer, 10 + WEEK).await, Err(Error::RevocationOver)));
    assert!(matches!(refuse(&city, &id, &city.food.reviewer, 10 + WEEK).await, Err(Error::RevocationOver)));
    assert_eq!(city.find(&licence).await.status, Status::Valid);
    // Another one may be filed then, and is approved in its last second.
    let next = waiting(&city, &licence, 10 + WEEK).await;
    approve(&city, &next, &city.food.reviewer, 9 + 2 * WEEK).await.unwrap();
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    for (seconds, gone) in [(10, 0), (11, 1), (11, 0)] {
        assert_eq!(revocation::expire(&mut tx, city.context(seconds).at).await.unwrap(), gone, "{seconds}");
    }
}

#[tokio::test]
async fn a_refused_revocation_leaves_the_licence_as_it_was_with_its_reason_in_the_log() {
    let city = city().await;
    let licence = issued(&city).await;
    let id = waiting(&city, &licence, 1).await;
    refuse(&city, &id, &city.food.reviewer, 2).await.unwrap();
    assert_eq!(city.find(&licence).await, licence_as(&city, &licence).await);
    assert_eq!(outcome(&city, &licence).await, (Outcome::Valid, None));
    let refused = found(&city, &id, 3).await;
    assert_eq!((refused.state, refused.refusal.as_deref()), (RevocationState::Refused, Some("听证后认定事实不清")));
    let told = told(&city, &licence.id).await;
    let event = told.last().unwrap().read::<RevocationRefused>().unwrap();
    assert_eq!((event.why.as_str(), event.filed_by.as_ref()), ("听证后认定事实不清", Some(&city.food.clerk.staff_id)));
    assert!(matches!(approve(&city, &id, &city.food.reviewer, 4).await, Err(Error::RevocationOver)));
    // It may be filed again, and be taken back by whoever filed it.
    let again = waiting(&city, &licence, 5).await;
    assert!(matches!(withdraw(&city, &again, &city.food.reviewer, 6).await, Err(Error::NotFiler)));
    withdraw(&city, &again, &city.food.clerk, 7).await.unwrap();
    assert!(matches!(approve(&city, &again, &city.food.reviewer, 8).await, Err(Error::RevocationOver)));
    let kinds = async || {
        self::told(&city, &licence.id).await.iter().filter(|one| one.read::<RevocationWithdrawn>().is_some()).count()
    };
    assert_eq!((kinds().await, city.find(&licence).await.status), (1, Status::Valid));
}

/// The licence as it was issued: in force since then.
async fn licence_as(city: &City, issued: &Licence) -> Licence {
    let now = city.find(issued).await;
    assert_eq!((now.status, now.reason.as_deref(), now.decision.as_deref()), (Status::Valid, None, None));
    assert_eq!(now.changed_at, issued.changed_at);
    now
}

#[tokio::test]
async fn one_revocation_waits_for_a_licence_and_two_approvals_at_once_revoke_it_once() {
    let city = city().await;
    let licence = issued(&city).await;
    let third = another(&city, "审核庚", "33010119800101914", &[Role::Reviewer]).await;
    let id = waiting(&city, &licence, 1).await;
    assert!(matches!(file(&city, &licence, &city.food.reviewer, 2).await, Err(Error::RevocationOpen)));
    let (a, b) = tokio::join!(approve(&city, &id, &city.food.reviewer, 3), approve(&city, &id, &third, 3));
    assert_eq!([&a, &b].into_iter().filter(|outcome| outcome.is_ok()).count(), 1, "{a:?} {b:?}");
    let lost = if a.is_ok() { b } else { a };
    // It is told what it saw first: the revocation decided, or the licence revoked.
    assert!(matches!(lost, Err(Error::RevocationOver | Error::AlreadyRevoked | Error::Fault(_))), "{lost:?}");
    let revoked = "select count(*) from event where kind = 'licence.revoked'";
    assert_eq!(city.count(revoked).await, 1);
    assert!(matches!(approve(&city, &id, &third, 4).await, Err(Error::RevocationOver)));
    assert!(matches!(file(&city, &licence, &city.food.clerk, 5).await, Err(Error::AlreadyRevoked)));
}

#[tokio::test]
async fn of_an_approval_and_a_refusal_at_once_one_counts_and_the_licence_stands_by_it() {
    let city = city().await;
    let third = another(&city, "审核壬", "33010119800101916", &[Role::Reviewer]).await;
    for n in 0..12 {
        let licence = city.issue(city.food_request(&format!("k{n}")), &city.food, 10 * n).await.unwrap();
        let id = waiting(&city, &licence, 10 * n + 1).await;
        let at = 10 * n + 2;
        let (approved, refused) =
            tokio::join!(approve(&city, &id, &city.food.reviewer, at), refuse(&city, &id, &third, at));
        let expected = match (approved.is_ok(), refused.is_ok()) {
            (true, false) => (RevocationState::Approved, Status::Revoked),
            (false, true) => (RevocationState::Refused, Status::Valid),
            both => panic!("{both:?}: {approved:?} {refused:?}"),
        };
        assert_eq!((found(&city, &id, at).await.state, city.find(&licence).await.status), expected);
    }
}

#[tokio::test]
async fn a_revocation_of_a_clerk_who_has_left_is_not_approved() {
    let city = city().await;
    let licence = issued(&city).await;
    let clerk = another(&city, "经办辛", "33010119800101915", &[Role::Clerk]).await;
    let Filed::Waiting(filed) = file(&city, &licence, &clerk, 1).await.unwrap() else { panic!("it waits") };
    let mut work = city.work(2).await;
    staff::end(&mut work, &clerk.staff_id).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(approve(&city, &filed.id, &city.food.reviewer, 3).await, Err(Error::RevocationOver)));
    // It stands in nobody's way.
    refuse(&city, &filed.id, &city.food.reviewer, 4).await.unwrap();
    waiting(&city, &licence, 5).await;
}

#[tokio::test]
async fn a_licence_that_was_suspended_meanwhile_is_revoked_and_one_that_was_revoked_otherwise_waits_no_more() {
    let city = city().await;
    let licence = issued(&city).await;
    let id = waiting(&city, &licence, 1).await;
    let mut work = city.work_of(&city.food.clerk, 2).await;
    let issuers = std::slice::from_ref(&city.food.id);
    lifecycle::suspend(&mut work, issuers, &licence.id, SuspensionReason::Investigation).await.unwrap();
    work.commit().await.unwrap();
    let revoked = approve(&city, &id, &city.food.reviewer, 3).await.unwrap();
    assert_eq!(revoked.reason.as_deref(), Some("fraud"));
    let other = city.issue(city.food_request("k2"), &city.food, 4).await.unwrap();
    let waits = waiting(&city, &other, 5).await;
    let mut work = city.work(6).await;
    lifecycle::holder_ended(&mut work, &city.company.holder).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(found(&city, &waits, 7).await.state, RevocationState::Ended);
    assert_eq!(city.find(&other).await.reason.as_deref(), Some("holder_ceased"));
}

#[tokio::test]
async fn a_revocation_that_was_changed_past_the_product_is_not_approved() {
    for change in [
        "update licence_revocation set reason = 'penalty' where revocation_id = $1",
        "update licence_revocation set decision = decision || '1' where revocation_id = $1",
        "update licence_revocation set filed_person = filed_person || 'x' where revocation_id = $1",
        "update licence_revocation set filed_by = (select checker_staff from licence_content) where revocation_id = $1",
        "update licence_revocation set ends_at = ends_at + 1 where revocation_id = $1",
        "update licence_revocation set marked = 0, mark = null where revocation_id = $1",
    ] {
        let city = marked_city().await;
        let licence = issued(&city).await;
        let id = waiting(&city, &licence, 1).await;
        let mut tx = city.fresh.database.housekeeping().await.unwrap();
        assert_eq!(tx.run(change, args![&id]).await.unwrap(), 1, "{change}");
        tx.commit().await.unwrap();
        assert!(matches!(approve(&city, &id, &city.food.reviewer, 2).await, Err(Error::Fault(_))), "{change}");
        assert_eq!(city.find(&licence).await.status, Status::Valid, "{change}");
    }
    // Nor is one that was decided and put back.
    let city = marked_city().await;
    let licence = issued(&city).await;
    let id = waiting(&city, &licence, 1).await;
    withdraw(&city, &id, &city.food.clerk, 2).await.unwrap();
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    let back = "update licence_revocation set state = 'open', decided_by = null, decided_at = null";
    assert_eq!(tx.run(back, vec![]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(matches!(approve(&city, &id, &city.food.reviewer, 3).await, Err(Error::Fault(_))));
    assert_eq!(city.find(&licence).await.status, Status::Valid);
    // Nor is one that was put there past the product.
    let city = marked_city().await;
    let licence = issued(&city).await;
    let id = waiting(&city, &licence, 1).await;
    withdraw(&city, &id, &city.food.clerk, 2).await.unwrap();
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    let put = "insert into licence_revocation (revocation_id, licence_id, issuer_id, reason, decision, filed_by,
                                               filed_person, filed_at, ends_at, state, marked, mark)
               select 'rev_00000000000000000000000000', licence_id, issuer_id, reason, decision, filed_by,
                      filed_person, filed_at, ends_at, 'open', marked, mark
                 from licence_revocation where revocation_id = $1";
    assert_eq!(tx.run(put, args![&id]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let put = RevocationId::stored("rev_00000000000000000000000000".to_owned());
    assert!(matches!(approve(&city, &put, &city.food.reviewer, 3).await, Err(Error::Fault(_))));
    assert_eq!(city.find(&licence).await.status, Status::Valid);
}

async fn leave_to(city: &City, of: &Department, by: RevokedBy, seconds: i64) {
    let mut work = city.work(seconds).await;
    licence_type::revoke_by(&mut work, built_in::FOOD, &of.id, by).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn an_issuer_may_leave_licences_of_a_type_to_one_person_and_take_that_back() {
    let city = marked_city().await;
    let licence = issued(&city).await;
    leave_to(&city, &city.food, RevokedBy::One, 1).await;
    let Filed::Revoked(done) = file(&city, &licence, &city.food.clerk, 2).await.unwrap() else { panic!("at once") };
    assert_eq!((done.licence.status, done.licence.decision.as_deref()), (Status::Revoked, Some(DECISION)));
    leave_to(&city, &city.food, RevokedBy::Two, 3).await;
    let other = city.issue(city.food_request("k2"), &city.food, 4).await.unwrap();
    waiting(&city, &other, 5).await;
    // Only the department that may issue them says so, and nobody past the product.
    let mut work = city.work(6).await;
    let foreign = licence_type::revoke_by(&mut work, built_in::FOOD, &city.police.id, RevokedBy::One).await;
    assert!(matches!(foreign, Err(Error::TypeUnknown)));
    drop(work);
    let third = city.issue(city.food_request("k3"), &city.food, 7).await.unwrap();
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    let by_hand = "update licence_type_issuer set revoked_by = 'one' where organisation_id = $1";
    assert_eq!(tx.run(by_hand, args![&city.food.id]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(matches!(file(&city, &third, &city.food.clerk, 8).await, Err(Error::Fault(_))));
    assert_eq!(city.find(&third).await.status, Status::Valid);
}

#[tokio::test]
async fn what_a_system_asks_for_waits_for_a_clerk_and_then_for_a_reviewer() {
    let city = city().await;
    let licence = issued(&city).await;
    let issuers = std::slice::from_ref(&city.food.id);
    let ask = async |seconds: i64| {
        let mut work = city.work(seconds).await;
        let wanted = (RevocationReason::Penalty, None);
        let filed = revocation::propose(&mut work, issuers, "food-system", &licence.id, wanted).await?;
        if matches!(&filed, Filed::Waiting(_)) {
            work.commit().await?;
        }
        Ok::<_, Error>(filed)
    };
    let Filed::Waiting(asked) = ask(1).await.unwrap() else { panic!("it waits") };
    assert_eq!((asked.state, asked.client.as_deref()), (RevocationState::Proposed, Some("food-system")));
    assert!(matches!(ask(2).await, Err(Error::RevocationOpen)));
    assert!(matches!(approve(&city, &asked.id, &city.food.reviewer, 3).await, Err(Error::RevocationOver)));
    let adopt = async |who: &Official, seconds: i64| {
        let mut work = city.work_of(who, seconds).await;
        revocation::adopt(&mut work, &asked.id, &number()).await?;
        Ok::<_, Error>(work.commit().await?)
    };
    assert!(matches!(adopt(&city.police.clerk, 4).await, Err(Error::NotFound)));
    adopt(&city.food.clerk, 5).await.unwrap();
    assert!(matches!(adopt(&city.food.reviewer, 6).await, Err(Error::RevocationOver)));
    assert!(matches!(approve(&city, &asked.id, &city.food.clerk, 7).await, Err(Error::FourEyes)));
    let revoked = approve(&city, &asked.id, &city.food.reviewer, 8).await.unwrap();
    assert_eq!((revoked.reason.as_deref(), revoked.decision.as_deref()), (Some("penalty"), Some(DECISION)));
    assert!(told(&city, &licence.id).await.iter().any(|entry| entry.read::<RevocationAdopted>().is_some()));
    // The system asks once more, and is told how it stands.
    assert!(matches!(ask(9).await.unwrap(), Filed::Revoked(done) if !done.is_new));
}

#[tokio::test]
async fn a_revocation_that_a_system_asked_for_is_refused_by_a_clerk() {
    let city = city().await;
    let licence = issued(&city).await;
    let mut work = city.work(1).await;
    let wanted = (RevocationReason::Penalty, Some(&number()));
    let issuers = std::slice::from_ref(&city.food.id);
    let filed = revocation::propose(&mut work, issuers, "food-system", &licence.id, wanted).await.unwrap();
    work.commit().await.unwrap();
    let Filed::Waiting(asked) = filed else { panic!("it waits") };
    refuse(&city, &asked.id, &city.food.clerk, 2).await.unwrap();
    assert_eq!(found(&city, &asked.id, 3).await.state, RevocationState::Refused);
    assert_eq!(city.find(&licence).await.status, Status::Valid);
}

#[tokio::test]
async fn what_waits_in_a_department_and_what_one_filed_are_lists_that_are_walked() {
    let city = city().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let licence = city.issue(city.food_request(&format!("k{n}")), &city.food, n).await.unwrap();
        ids.push(waiting(&city, &licence, 10 + n).await);
    }
    approve(&city, &ids[1], &city.food.reviewer, 20).await.unwrap();
    ids.reverse();
    let at = city.context(30).at;
    let mut tx = city.fresh.database.read().await.unwrap();
    let (mut all, mut page) = (Vec::new(), ListPage::first(2));
    loop {
        let read = revocation::list(&mut tx, &city.food.id, &page, at).await.unwrap();
        all.extend(read.items.into_iter().map(|one| one.id));
        let Some(next) = read.next else { break };
        page = ListPage::after(next, 2);
    }
    assert_eq!(all, ids);
    let waits = revocation::waiting(&mut tx, &city.food.id, &ListPage::first(10), at).await.unwrap();
    let waits: Vec<_> = waits.items.into_iter().map(|one| one.id).collect();
    assert_eq!(waits, [&ids[..3], &ids[4..]].concat());
    let mine = revocation::filed_by(&mut tx, &city.food.clerk.staff_id, &ListPage::first(3), at).await.unwrap();
    assert_eq!((mine.items.len(), mine.next.is_some()), (3, true));
    assert!(revocation::list(&mut tx, &city.police.id, &ListPage::first(5), at).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_licence_is_not_renewed_away_from_a_revocation_that_waits() {
    let city = city().await;
    let licence = issued(&city).await;
    let renewal = |key: &str| city.food_request(key).with(|request| request.renews = Some(licence.id.clone()));
    // One is under way when the revocation is filed, and is given up.
    let under_way = city.intent(renewal("r1"), &city.food, 1).await;
    let id = waiting(&city, &licence, 2).await;
    assert!(matches!(city.finish(&under_way, 3).await, Err(Error::RenewalBarred)));
    assert_eq!(city.find(&under_way.licence).await.status, Status::Void);
    assert_eq!(city.find(&licence).await.status, Status::Valid);
    // Nor does one begin, nor is one applied for.
    assert!(matches!(city.begin(renewal("r2"), &city.food, 4).await, Err(Error::RenewalBarred)));
    let mut work = city.work(4).await;
    let applied = application::apply(&mut work, &city.library, &city.food.clerk, renewal("r3").request).await;
    assert!(matches!(applied, Err(Error::RenewalBarred)));
    drop(work);
    // When nothing waits any more, it is renewed.
    refuse(&city, &id, &city.food.reviewer, 5).await.unwrap();
    let newer = city.issue(renewal("r4"), &city.food, 6).await.unwrap();
    assert_eq!(city.find(&licence).await.status, Status::Superseded);
    let ended = waiting(&city, &newer, 7).await;
    let again = city.food_request("r5").with(|request| request.renews = Some(newer.id.clone()));
    city.issue(again, &city.food, 7 + WEEK).await.unwrap();
    assert_eq!(found(&city, &ended, 7 + WEEK).await.state, RevocationState::Ended, "its time is over");
}

#[tokio::test]
async fn a_revocation_is_filed_for_a_licence_as_it_was_looked_at_and_for_no_other() {
    let city = city().await;
    let ended = issued(&city).await;
    let mut work = city.work(1).await;
    revoke_at_once(&mut work, &city.food.id, &ended.id, RevocationReason::Fraud).await.unwrap();
    work.commit().await.unwrap();
    let renewed = city.issue(city.food_request("k2"), &city.food, 2).await.unwrap();
    let renewal = city.food_request("k3").with(|request| request.renews = Some(renewed.id.clone()));
    city.issue(renewal, &city.food, 3).await.unwrap();
    // Both were in force when they were looked at, as for whoever files at the same time.
    for old in [&ended, &renewed] {
        let mut work = city.work(4).await;
        let filed = revocation::insert(&mut work, old, RevocationReason::Fraud, (None, None, Some("system"))).await;
        let Err(Error::Fault(fault)) = filed else { panic!("{filed:?}") };
        assert!(fault.to_string().starts_with("conflict"), "the operation's edge looks again: {fault}");
    }
}

#[tokio::test]
async fn of_a_filing_and_an_end_at_once_nothing_is_left_waiting_for_a_licence_that_is_revoked() {
    let city = city().await;
    for n in 0..12 {
        let licence = city.issue(city.food_request(&format!("k{n}")), &city.food, 10 * n).await.unwrap();
        let at = 10 * n + 1;
        let end = async || {
            let mut work = city.work(at).await;
            revoke_at_once(&mut work, &city.food.id, &licence.id, RevocationReason::Penalty).await?;
            Ok::<_, Error>(work.commit().await?)
        };
        let again = async || file(&city, &licence, &city.food.clerk, at).await;
        let (ended, filed) = tokio::join!(records::attempt(end), records::attempt(again));
        ended.unwrap();
        assert!(matches!(filed, Ok(_) | Err(Error::AlreadyRevoked)), "{filed:?}");
        assert_eq!(city.find(&licence).await.status, Status::Revoked);
        let waits = "select count(*) from licence_revocation where state in ('proposed', 'open')";
        assert_eq!(city.count(waits).await, 0, "{n}");
    }
}

#[tokio::test]
async fn a_system_that_asks_without_end_stands_in_the_way_of_nobody_but_itself() {
    let city = city().await;
    let mut last = issued(&city).await;
    let ask = async |client: &str, licence: &Licence, seconds: i64| {
        let mut work = city.work(seconds).await;
        let wanted = (RevocationReason::Penalty, None);
        let issuers = std::slice::from_ref(&city.food.id);
        let filed = revocation::propose(&mut work, issuers, client, &licence.id, wanted).await?;
        work.commit().await?;
        Ok::<_, Error>(filed)
    };
    for n in 0..limits::REVOCATIONS_PROPOSED_MAX {
        ask("busy-system", &last, 1).await.unwrap();
        last = city.issue(city.food_request(&format!("k{n}")), &city.food, 2).await.unwrap();
    }
    let full = ask("busy-system", &last, 3).await;
    assert!(matches!(full, Err(Error::RevocationsWaiting { max: limits::REVOCATIONS_PROPOSED_MAX })), "{full:?}");
    ask("other-system", &last, 4).await.unwrap();
    let own = city.issue(city.food_request("own"), &city.food, 5).await.unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    let at = city.context(6).at;
    assert_eq!(revocation::queries::how_many_wait(&mut tx, &city.food.id, 1000, at).await.unwrap(), 0);
    drop(tx);
    waiting(&city, &own, 6).await;
    // Its own room is free again when their time is over.
    let late = city.issue(city.food_request("late"), &city.food, 7 + WEEK).await.unwrap();
    ask("busy-system", &late, 7 + WEEK).await.unwrap();
}
