//! Applications and the second pair of eyes.

use base::{ListPage, Period};
use crypto::digest::{hex, sha256};
use identity::{Role, mandate, staff};
use records::log;

use super::city::{Asked, City, Department, city, marked_city, official};
use crate::{
    Error, Holder, Licence, Official, Status,
    application::{self, ApplicationState},
    events::ApplicationWithdrawn,
    issue::Begun,
    register::reason::{ReturnReason, WithdrawalReason},
};
use base::id::{ApplicationId, EventId};

async fn apply(city: &City, seconds: i64) -> ApplicationId {
    let mut work = city.work(seconds).await;
    let id = application::apply(&mut work, &city.library, &city.food.clerk, city.food_request("unused").request)
        .await
        .unwrap();
    work.commit().await.unwrap();
    id
}

async fn digest(city: &City, id: &ApplicationId) -> String {
    let mut tx = city.fresh.database.read().await.unwrap();
    application::find(&mut tx, &city.library.safe, &city.food.id, id).await.unwrap().digest
}

async fn approve(
    city: &City,
    id: &ApplicationId,
    by: &crate::Official,
    digest: &str,
    seconds: i64,
) -> Result<Licence, Error> {
    let mut work = city.work(seconds).await;
    let begun = application::approve(&mut work, &city.library, by, id, digest).await?;
    work.commit().await?;
    match begun {
        Begun::Intent(intent) => city.finish(&intent, seconds).await,
        Begun::Issued(licence) => Ok(licence),
    }
}

#[tokio::test]
async fn an_approved_application_becomes_a_licence() {
    let city = city().await;
    let id = apply(&city, 0).await;
    let reviewed = digest(&city, &id).await;
    let licence = approve(&city, &id, &city.food.reviewer, &reviewed, 1).await.unwrap();
    assert_eq!(licence.status, Status::Valid);
    let mut tx = city.fresh.database.read().await.unwrap();
    let decided = application::find(&mut tx, &city.library.safe, &city.food.id, &id).await.unwrap();
    assert_eq!((decided.state, decided.licence), (ApplicationState::Approved, Some(licence.id.clone())));
    let content = city.library.safe.content(&mut tx, &licence.id).await.unwrap();
    assert_eq!(hex(&sha256(content.canonical().unwrap().as_bytes())), reviewed);
}

#[tokio::test]
async fn an_application_is_not_approved_when_it_its_holder_or_its_department_was_changed_past_the_product() {
    for change in [
        "update application set holder_id = (select organisation_id from organisation where kind = 'department' limit 1)",
        "update application set maker_person = (select max(person_id) from person)",
        "update application set licence_type_id = (select licence_type_id from licence_type order by 1 desc limit 1)",
        "update organisation set name = '别的公司' where kind = 'enterprise'",
        "update organisation set credit_code = '91330100MA27XYW12Q' where kind = 'enterprise'",
        "update organisation set name = '别的局' where kind = 'department'",
        "update seal set keeper = 'somebody else'",
    ] {
        let city = marked_city().await;
        let id = apply(&city, 0).await;
        let reviewed = digest(&city, &id).await;
        let mut tx = city.fresh.database.housekeeping().await.unwrap();
        assert_ne!(tx.run(change, vec![]).await.unwrap(), 0, "{change}");
        tx.commit().await.unwrap();
        let refused = approve(&city, &id, &city.food.reviewer, &reviewed, 1).await;
        assert!(matches!(refused, Err(Error::Fault(_))), "{change}: {refused:?}");
        let mut tx = city.fresh.database.read().await.unwrap();
        let (licences,): (i64,) = tx.one("select count(*) from licence", vec![]).await.unwrap();
        assert_eq!(licences, 0, "{change}");
    }
    let city = marked_city().await;
    let id = apply(&city, 0).await;
    let reviewed = digest(&city, &id).await;
    approve(&city, &id, &city.food.reviewer, &reviewed, 1).await.unwrap();
}

#[tokio::test]
async fn nothing_is_issued_of_a_type_that_was_changed_or_lent_past_the_product() {
    for change in [
        "update licence_type set definition = replace(definition, 'true', 'false')",
        "update licence_type set version = version + 100",
        "update licence_type_issuer set marked = 0, mark = null",
    ] {
        let city = marked_city().await;
        let issue = async |key: &str| city.issue(city.food_request(key), &city.food, 1).await;
        let first = issue("k1").await.unwrap();
        let mut tx = city.fresh.database.housekeeping().await.unwrap();
        assert_ne!(tx.run(change, vec![]).await.unwrap(), 0, "{change}");
        tx.run("update revision set value = value + 1", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        city.fresh.database.refresh_kept().await.unwrap();
        let refused = issue("k2").await;
        assert!(matches!(refused, Err(Error::NotAuthorised)), "{change}: {refused:?}");
        assert_eq!(city.find(&first).await.status, Status::Valid, "what was issued before is read on");
    }
}

#[tokio::test]
async fn nobody_approves_what_they_handed_in() {
    let city = city().await;
    let id = apply(&city, 0).await;
    let reviewed = digest(&city, &id).await;
    let own = approve(&city, &id, &city.food.clerk, &reviewed, 1).await;
    assert!(matches!(own, Err(Error::FourEyes)));
    // The person was given another appointment since: still the same person.
    let mut promoted = city.food.reviewer.clone();
    promoted.person_id = city.food.clerk.person_id.clone();
    assert!(matches!(approve(&city, &id, &promoted, &reviewed, 2).await, Err(Error::FourEyes)));
    let mut work = city.work(3).await;
    let outcome =
        application::send_back(&mut work, &city.library.safe, &promoted, &id, (ReturnReason::Incomplete, "")).await;
    assert!(matches!(outcome, Err(Error::FourEyes)));
}

#[tokio::test]
async fn neither_the_holder_nor_whoever_acts_for_the_holder_approves_a_licence() {
    let city = city().await;
    let (Holder::Organisation(company), Holder::Person(person)) = (&city.company.holder, &city.person.holder) else {
        panic!("a company and a person")
    };
    let mut work = city.work(0).await;
    let who = ("审核己", "33010119800101913");
    let acting = official(&mut work, &city.library.vault, &city.food.id, who, &[Role::Reviewer]).await;
    mandate::give(&mut work, company, &acting.person_id, Period { start: city.context(0).at, end: None })
        .await
        .unwrap();
    let appointed = staff::appoint(&mut work, person, &city.police.id, &[Role::Reviewer]).await.unwrap();
    let holder = Official::from(staff::find(&mut work.tx, &appointed).await.unwrap().unwrap());
    work.commit().await.unwrap();
    let affairs: [(&Department, Official, Asked); 2] =
        [(&city.food, acting, city.food_request("acting")), (&city.police, holder, city.driving_request("holder"))];
    for (department, own, asked) in affairs {
        let mut work = city.work(1).await;
        let request = asked.request.clone();
        let id = application::apply(&mut work, &city.library, &department.clerk, request).await.unwrap();
        work.commit().await.unwrap();
        let find = async || {
            let mut tx = city.fresh.database.read().await.unwrap();
            application::find(&mut tx, &city.library.safe, &department.id, &id).await.unwrap()
        };
        let reviewed = find().await.digest;
        let approved = approve(&city, &id, &own, &reviewed, 2).await;
        assert!(matches!(approved, Err(Error::OwnAffair)), "{}: {approved:?}", asked.type_code);
        // Nor where a system says that these two decided.
        let (clerk, seal) = (department.clerk.clone(), department.seal.clone());
        let attested = Department { id: department.id.clone(), clerk, reviewer: own, seal };
        let issued = city.issue(asked.clone(), &attested, 3).await;
        assert!(matches!(issued, Err(Error::OwnAffair)), "{}: {issued:?}", asked.type_code);
        let waiting = find().await;
        assert_eq!((waiting.state, waiting.licence), (ApplicationState::Submitted, None));
        for left in ["select count(*) from licence", "select count(*) from licence_content"] {
            assert_eq!(city.count(left).await, 0, "{}: {left}", asked.type_code);
        }
        // Somebody else approves the same.
        let mut work = city.work(4).await;
        application::approve(&mut work, &city.library, &department.reviewer, &id, &reviewed).await.unwrap();
    }
}

#[tokio::test]
async fn an_approval_is_of_what_was_seen() {
    let city = city().await;
    let id = apply(&city, 0).await;
    let stale = approve(&city, &id, &city.food.reviewer, &"0".repeat(64), 1).await;
    assert!(matches!(stale, Err(Error::ApprovalStale)));
    assert_eq!(city.count("select count(*) from licence").await, 0);
    // Somebody changes the stored digest to one that was never reviewed: the content no longer fits it.
    let reviewed = digest(&city, &id).await;
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    tx.run("update application set content_digest = $2 where application_id = $1", records::args![&id, "0".repeat(64)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let swapped = approve(&city, &id, &city.food.reviewer, &reviewed, 2).await;
    assert!(matches!(swapped, Err(Error::Fault(_))));
    assert_eq!(city.count("select count(*) from licence").await, 0);
}

#[tokio::test]
async fn of_two_reviewers_at_once_exactly_one_wins() {
    let city = city().await;
    let id = apply(&city, 0).await;
    let reviewed = digest(&city, &id).await;
    let mut third = city.food.reviewer.clone();
    third.staff_id = base::id::StaffId::stored("stf_other".to_owned());
    third.person_id = base::id::PersonId::stored("per_other".to_owned());
    let (a, b) = tokio::join!(
        approve(&city, &id, &city.food.reviewer, &reviewed, 1),
        approve(&city, &id, &third, &reviewed, 1),
    );
    let won = [&a, &b].into_iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won, 1, "{a:?} {b:?}");
    let lost = if a.is_ok() { b } else { a };
    assert!(matches!(lost, Err(Error::AlreadyDecided | Error::Fault(_))), "{lost:?}");
    assert_eq!(city.count("select count(*) from licence where status = 'valid'").await, 1);
}

#[tokio::test]
async fn a_returned_application_tells_why_and_cannot_be_approved() {
    let city = city().await;
    let id = apply(&city, 0).await;
    let reviewed = digest(&city, &id).await;
    let mut work = city.work(1).await;
    let reason = (ReturnReason::Mismatch, "  住所与登记不一致  ");
    application::send_back(&mut work, &city.library.safe, &city.food.reviewer, &id, reason).await.unwrap();
    work.commit().await.unwrap();
    let late = approve(&city, &id, &city.food.reviewer, &reviewed, 2).await;
    assert!(matches!(late, Err(Error::AlreadyDecided)));
    let mut tx = city.fresh.database.read().await.unwrap();
    let returned = application::list(
        &mut tx,
        &city.library.safe,
        &city.food.id,
        Some(ApplicationState::Returned),
        &ListPage::first(5),
    )
    .await
    .unwrap();
    assert_eq!(returned.items[0].return_reason, Some(ReturnReason::Mismatch));
    assert_eq!(returned.items[0].note.as_deref(), Some("住所与登记不一致"));
}

#[tokio::test]
async fn an_application_entered_by_mistake_is_withdrawn_by_its_clerk_and_nothing_of_it_is_approved_afterwards() {
    let city = city().await;
    let id = apply(&city, 0).await;
    let reviewed = digest(&city, &id).await;
    let withdraw = async |who: &Official, seconds: i64| {
        let mut work = city.work_of(who, seconds).await;
        let why = (WithdrawalReason::WrongHolder, "  同名的另一家公司  ");
        application::withdraw(&mut work, &city.library.safe, who, &id, why).await?;
        work.commit().await.map_err(Error::from)
    };
    // Neither another clerk of the department nor one of another department, nor somebody who is no clerk any more.
    assert!(matches!(withdraw(&city.food.reviewer, 1).await, Err(Error::NotMaker)));
    assert!(matches!(withdraw(&city.police.clerk, 1).await, Err(Error::NotFound)));
    let moved = Official { roles: staff::Roles::new(&[Role::Reviewer]), ..city.food.clerk.clone() };
    assert!(matches!(withdraw(&moved, 1).await, Err(Error::NotAuthorised)));
    withdraw(&city.food.clerk, 2).await.unwrap();
    let read = async || {
        let mut tx = city.fresh.database.read().await.unwrap();
        application::find(&mut tx, &city.library.safe, &city.food.id, &id).await.unwrap()
    };
    let withdrawn = read().await;
    assert_eq!((withdrawn.state, withdrawn.licence), (ApplicationState::Withdrawn, None));
    assert_eq!((withdrawn.withdrawal_reason, withdrawn.return_reason), (Some(WithdrawalReason::WrongHolder), None));
    assert_eq!(withdrawn.note.as_deref(), Some("同名的另一家公司"));
    assert_eq!(withdrawn.checker_staff.as_ref(), Some(&city.food.clerk.staff_id));
    // Nothing is done with it any more.
    let late = approve(&city, &id, &city.food.reviewer, &reviewed, 3).await;
    assert!(matches!(late, Err(Error::AlreadyDecided)));
    let mut work = city.work(4).await;
    let safe = &city.library.safe;
    let back = application::send_back(&mut work, safe, &city.food.reviewer, &id, (ReturnReason::Mismatch, "")).await;
    assert!(matches!(back, Err(Error::AlreadyDecided)));
    let taken = application::adopt(&mut work, safe, &city.food.clerk, &id, &reviewed).await;
    assert!(matches!(taken, Err(Error::AlreadyDecided)));
    drop(work);
    assert!(matches!(withdraw(&city.food.clerk, 5).await, Err(Error::AlreadyDecided)));
    for left in ["select count(*) from licence", "select count(*) from licence_content"] {
        assert_eq!(city.count(left).await, 0, "{left}");
    }
    let mut tx = city.fresh.database.read().await.unwrap();
    let about = log::Filter { object: Some(id.to_string()), ..log::Filter::default() };
    let told = log::list(&mut tx, &about, &ListPage::<EventId>::first(1)).await.unwrap().items;
    let told = told[0].read::<ApplicationWithdrawn>().unwrap();
    assert_eq!(told, ApplicationWithdrawn { application: id.clone(), reason: WithdrawalReason::WrongHolder });
}

#[tokio::test]
async fn what_was_approved_or_returned_is_not_withdrawn_any_more() {
    let city = city().await;
    let (approved, returned) = (apply(&city, 0).await, apply(&city, 1).await);
    let reviewed = digest(&city, &approved).await;
    approve(&city, &approved, &city.food.reviewer, &reviewed, 2).await.unwrap();
    let (safe, reason) = (&city.library.safe, (ReturnReason::Duplicate, ""));
    let mut work = city.work(3).await;
    application::send_back(&mut work, safe, &city.food.reviewer, &returned, reason).await.unwrap();
    work.commit().await.unwrap();
    for id in [approved, returned] {
        let mut work = city.work_of(&city.food.clerk, 4).await;
        let why = (WithdrawalReason::EnteredInError, "");
        let late = application::withdraw(&mut work, safe, &city.food.clerk, &id, why).await;
        assert!(matches!(late, Err(Error::AlreadyDecided)), "{late:?}");
    }
}

#[tokio::test]
async fn another_department_sees_no_application() {
    let city = city().await;
    let id = apply(&city, 0).await;
    let mut tx = city.fresh.database.read().await.unwrap();
    let found = application::find(&mut tx, &city.library.safe, &city.police.id, &id).await;
    assert!(matches!(found, Err(Error::NotFound)));
    let list =
        application::list(&mut tx, &city.library.safe, &city.police.id, None, &ListPage::first(5)).await.unwrap();
    assert!(list.items.is_empty());
}

#[tokio::test]
async fn the_list_of_applications_is_walked_over_two_pages() {
    let city = city().await;
    for n in 0..3 {
        apply(&city, n).await;
    }
    let mut tx = city.fresh.database.read().await.unwrap();
    let (library, department) = (&city.library, &city.food.id);
    let first = application::list(&mut tx, &library.safe, department, None, &ListPage::first(2)).await.unwrap();
    let after = ListPage::after(first.next.clone().unwrap(), 2);
    let second = application::list(&mut tx, &library.safe, department, None, &after).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (2, 1, None));
}

#[tokio::test]
async fn the_applications_in_one_state_are_walked_without_those_in_another() {
    let city = city().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(apply(&city, n).await);
    }
    for (place, seconds) in [(1, 10), (3, 11)] {
        let mut work = city.work(seconds).await;
        let reason = (ReturnReason::Mismatch, "x");
        application::send_back(&mut work, &city.library.safe, &city.food.reviewer, &ids[place], reason).await.unwrap();
        work.commit().await.unwrap();
    }
    let mut tx = city.fresh.database.read().await.unwrap();
    for (state, expected) in [
        (ApplicationState::Submitted, vec![&ids[4], &ids[2], &ids[0]]),
        (ApplicationState::Returned, vec![&ids[3], &ids[1]]),
        (ApplicationState::Approved, vec![]),
    ] {
        let (mut found, mut page) = (Vec::new(), ListPage::first(1));
        loop {
            let read = application::list(&mut tx, &city.library.safe, &city.food.id, Some(state), &page).await.unwrap();
            found.extend(read.items.into_iter().map(|one| one.id));
            let Some(next) = read.next else { break };
            page = ListPage::after(next, 1);
        }
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{state:?}");
    }
}
