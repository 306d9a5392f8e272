//! What is handed in can be put right until somebody decides, and what could never be approved is not handed in.

use base::{ListPage, id::ApplicationId};
use identity::{Role, staff};
use records::{audit, log};

use super::city::{Asked, City, city, marked_city, official};
use crate::{
    Error, Official,
    application::{self, Application, ApplicationState},
    events::ApplicationAmended,
    issue::Begun,
    register::reason::{ReturnReason, WithdrawalReason},
};

async fn apply(city: &City, asked: &Asked, seconds: i64) -> Result<ApplicationId, Error> {
    let clerk = if asked.type_code == city.driving_request("").type_code { &city.police } else { &city.food };
    let mut work = city.work(seconds).await;
    let id = application::apply(&mut work, &city.library, &clerk.clerk, asked.request.clone()).await?;
    work.commit().await?;
    Ok(id)
}

async fn find(city: &City, id: &ApplicationId) -> Application {
    let mut tx = city.fresh.database.read().await.unwrap();
    application::find(&mut tx, &city.library.safe, &city.food.id, id).await.unwrap()
}

async fn amend(
    city: &City,
    (by, seconds): (&Official, i64),
    (id, digest): (&ApplicationId, &str),
    asked: &Asked,
) -> Result<(), Error> {
    let mut work = city.work_of(by, seconds).await;
    application::amend(&mut work, &city.library, by, (id, digest), &asked.request).await?;
    Ok(work.commit().await?)
}

async fn send_back(city: &City, id: &ApplicationId, seconds: i64) {
    let mut work = city.work(seconds).await;
    let why = (ReturnReason::Mismatch, "住所与登记不一致");
    application::send_back(&mut work, &city.library.safe, &city.food.reviewer, id, why).await.unwrap();
    work.commit().await.unwrap();
}

fn corrected(city: &City) -> Asked {
    city.food_request("unused").with(|new| {
        new.fields.insert("residence".to_owned(), "滨海市临江区解放东路 99 号".to_owned());
    })
}

/// Another clerk of the department.
async fn colleague(city: &City) -> Official {
    let mut work = city.work(0).await;
    let who = ("同事甲", "33010119800101913");
    let colleague = official(&mut work, &city.library.vault, &city.food.id, who, &[Role::Clerk]).await;
    work.commit().await.unwrap();
    colleague
}

#[tokio::test]
async fn what_was_handed_in_is_changed_by_its_clerk_until_it_is_decided_and_an_approval_is_of_the_last_of_it() {
    let city = marked_city().await;
    let id = apply(&city, &city.food_request("unused"), 1).await.unwrap();
    let first = find(&city, &id).await;
    let other = colleague(&city).await;
    let by_other = amend(&city, (&other, 2), (&id, &first.digest), &corrected(&city)).await;
    assert!(matches!(by_other, Err(Error::NotMaker)), "{by_other:?}");
    let moved = Official { roles: staff::Roles::new(&[Role::Reviewer]), ..city.food.clerk.clone() };
    let by_moved = amend(&city, (&moved, 2), (&id, &first.digest), &corrected(&city)).await;
    assert!(matches!(by_moved, Err(Error::NotAuthorised)), "{by_moved:?}");
    assert_eq!(find(&city, &id).await.digest, first.digest);
    amend(&city, (&city.food.clerk, 3), (&id, &first.digest), &corrected(&city)).await.unwrap();
    let second = find(&city, &id).await;
    assert_eq!(second.state, ApplicationState::Submitted);
    assert_eq!(second.content.fields.get("residence").unwrap(), "滨海市临江区解放东路 99 号");
    // From what was opened before nothing is changed any more, nor is it approved.
    let late = amend(&city, (&city.food.clerk, 4), (&id, &first.digest), &city.food_request("unused")).await;
    assert!(matches!(late, Err(Error::ApprovalStale)), "{late:?}");
    let mut work = city.work_of(&city.food.reviewer, 5).await;
    let stale = application::approve(&mut work, &city.library, &city.food.reviewer, &id, &first.digest).await;
    assert!(matches!(stale, Err(Error::ApprovalStale)), "{stale:?}");
    let begun = application::approve(&mut work, &city.library, &city.food.reviewer, &id, &second.digest).await.unwrap();
    work.commit().await.unwrap();
    let Begun::Intent(intent) = begun else { panic!("it was not issued before") };
    let licence = city.finish(&intent, 6).await.unwrap();
    let content = city.library.safe.content(&mut city.fresh.database.read().await.unwrap(), &licence.id).await.unwrap();
    assert!(content.fields == second.content.fields);
    let decided = amend(&city, (&city.food.clerk, 7), (&id, &second.digest), &corrected(&city)).await;
    assert!(matches!(decided, Err(Error::AlreadyDecided)), "{decided:?}");
    let mut tx = city.fresh.database.read().await.unwrap();
    let about = log::Filter { object: Some(id.to_string()), ..log::Filter::default() };
    let told = log::list(&mut tx, &about, &ListPage::first(10)).await.unwrap().items;
    let amended: Vec<_> = told.iter().filter_map(log::Entry::read::<ApplicationAmended>).collect();
    let expected = ApplicationAmended {
        application: id.clone(),
        content_sha256: second.digest.clone(),
        before_sha256: first.digest.clone(),
    };
    assert_eq!(amended, [expected]);
}

#[tokio::test]
async fn a_returned_application_is_put_right_by_any_clerk_who_answers_for_it_then() {
    let city = marked_city().await;
    let id = apply(&city, &city.food_request("unused"), 1).await.unwrap();
    send_back(&city, &id, 2).await;
    let returned = find(&city, &id).await;
    let other = colleague(&city).await;
    amend(&city, (&other, 3), (&id, &returned.digest), &corrected(&city)).await.unwrap();
    let waits = find(&city, &id).await;
    assert_eq!(waits.state, ApplicationState::Submitted);
    assert_eq!(waits.maker_person, other.person_id);
    assert_eq!((waits.checker_staff.clone(), waits.decided_at), (None, None));
    // Whoever decides next sees why it came back.
    assert_eq!(waits.return_reason, Some(ReturnReason::Mismatch));
    assert_eq!(waits.note.as_deref(), Some("住所与登记不一致"));
    // It may come back again, and neither is a second decision on one thing.
    send_back(&city, &id, 4).await;
    amend(&city, (&other, 5), (&id, &waits.digest), &city.food_request("unused")).await.unwrap();
    let mut work = city.work_of(&other, 6).await;
    let why = (WithdrawalReason::GivenUp, "");
    application::withdraw(&mut work, &city.library.safe, &other, &id, why).await.unwrap();
    work.commit().await.unwrap();
    let withdrawn = find(&city, &id).await;
    assert_eq!((withdrawn.return_reason, withdrawn.withdrawal_reason), (None, Some(WithdrawalReason::GivenUp)));
    let late = amend(&city, (&other, 7), (&id, &withdrawn.digest), &corrected(&city)).await;
    assert!(matches!(late, Err(Error::AlreadyDecided)), "{late:?}");
    assert_eq!(audit::audit(&city.fresh.database, &[]).await.unwrap().findings, []);
}

#[tokio::test]
async fn an_application_is_not_changed_to_be_of_another_holder_or_wrong() {
    let city = city().await;
    let id = apply(&city, &city.food_request("unused"), 1).await.unwrap();
    let before = find(&city, &id).await;
    let other_holder = city.food_request("unused").with(|new| new.holder = city.person.clone());
    let refused = amend(&city, (&city.food.clerk, 2), (&id, &before.digest), &other_holder).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    let wrong = city.food_request("unused").with(|new| {
        new.fields.remove("residence");
    });
    let refused = amend(&city, (&city.food.clerk, 3), (&id, &before.digest), &wrong).await;
    assert!(matches!(&refused, Err(Error::Fields(wrong)) if wrong[0].key == "residence"), "{refused:?}");
    assert_eq!(find(&city, &id).await.digest, before.digest);
    let about = log::Filter { object: Some(id.to_string()), ..log::Filter::default() };
    let told = log::list(&mut city.fresh.database.read().await.unwrap(), &about, &ListPage::first(10)).await.unwrap();
    assert!(told.items.iter().all(|entry| entry.read::<ApplicationAmended>().is_none()));
}

#[tokio::test]
async fn who_has_a_licence_of_a_type_that_is_held_once_is_not_applied_for_again() {
    let city = city().await;
    let department = &city.police.id;
    let holder = city.person.holder.clone();
    let way = async |seconds: i64| {
        let mut tx = city.fresh.database.read().await.unwrap();
        let asked = (city.driving_request("").request.type_code.clone(), city.context(seconds).at);
        application::check_way(&mut tx, &city.library, department, (&asked.0, &holder, asked.1)).await
    };
    way(0).await.unwrap();
    let licence = city.issue(city.driving_request("k"), &city.police, 1).await.unwrap();
    let again = apply(&city, &city.driving_request("unused"), 2).await;
    assert!(matches!(&again, Err(Error::AlreadyHeld(held)) if *held == licence.id), "{again:?}");
    let before_typing = way(2).await;
    assert!(matches!(&before_typing, Err(Error::AlreadyHeld(held)) if *held == licence.id), "{before_typing:?}");
    // It is renewed, and only once at a time.
    let renewal = city.driving_request("unused").with(|new| new.renews = Some(licence.id.clone()));
    let id = apply(&city, &renewal, 3).await.unwrap();
    let twice = apply(&city, &renewal, 4).await;
    assert!(matches!(&twice, Err(Error::AlreadyApplied(waits)) if *waits == id), "{twice:?}");
    assert_eq!(city.count("select count(*) from application").await, 1);
    // A type of which there may be several is applied for as often as somebody likes, and each one renewed once.
    let (one, two) = (apply(&city, &city.food_request("a"), 5).await, apply(&city, &city.food_request("b"), 6).await);
    assert_ne!(one.unwrap(), two.unwrap());
    let food = city.issue(city.food_request("c"), &city.food, 7).await.unwrap();
    let renewal = city.food_request("unused").with(|new| new.renews = Some(food.id.clone()));
    let id = apply(&city, &renewal, 8).await.unwrap();
    let twice = apply(&city, &renewal, 9).await;
    assert!(matches!(&twice, Err(Error::AlreadyApplied(waits)) if *waits == id), "{twice:?}");
}

#[tokio::test]
async fn of_two_applications_for_one_holder_the_second_is_told_of_the_first_until_that_is_decided() {
    let city = city().await;
    let id = apply(&city, &city.driving_request("a"), 1).await.unwrap();
    let twice = apply(&city, &city.driving_request("b"), 2).await;
    assert!(matches!(&twice, Err(Error::AlreadyApplied(waits)) if *waits == id), "{twice:?}");
    let mut work = city.work(3).await;
    let (library, clerk) = (&city.library, &city.police.clerk);
    let request = city.driving_request("c").request;
    let system = application::propose(&mut work, library, "system", clerk, request).await;
    assert!(matches!(&system, Err(Error::AlreadyApplied(waits)) if *waits == id), "{system:?}");
    let why = (WithdrawalReason::EnteredInError, "");
    application::withdraw(&mut work, &library.safe, clerk, &id, why).await.unwrap();
    work.commit().await.unwrap();
    apply(&city, &city.driving_request("d"), 4).await.unwrap();
}

#[tokio::test]
async fn what_is_checked_before_it_is_handed_in_is_what_is_handed_in() {
    let city = city().await;
    let mut work = city.work(1).await;
    let request = city.food_request("unused").request;
    let shown =
        application::preview(&mut work, &city.library, &city.food.clerk, (&request, None, "预览")).await.unwrap();
    drop(work);
    assert_eq!(city.count("select count(*) from application").await, 0);
    let id = apply(&city, &city.food_request("unused"), 1).await.unwrap();
    let handed_in = find(&city, &id).await;
    assert!(shown.content == handed_in.content);
    let mut tx = city.fresh.database.read().await.unwrap();
    let at = (city.context(1).at, "预览");
    assert_eq!(application::picture(&mut tx, &city.library, &handed_in, at).await.unwrap(), shown.picture);
}
