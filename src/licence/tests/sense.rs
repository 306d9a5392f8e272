//! What cannot be true is not sealed: each field is held against the register, the others and the day, when a licence is
//! asked for and again before it is signed.

use base::{
    Date,
    id::{ApplicationId, PersonId},
};
use identity::{
    Reason, death,
    person::change::{self, Renaming},
};
use records::{Actor, Context};

use super::city::{Asked, City, NOW, city};
use crate::{
    Error, Holder, HolderFacts, Licence,
    application::{self, ApplicationState},
    catalogue::{
        built_in,
        field::{FieldError, FieldProblem},
        licence_type,
    },
    register::sex::Sex,
};

fn day(days: i32) -> Date {
    NOW.date().plus_days(days)
}

fn wrong(result: Result<Licence, Error>) -> Vec<(String, FieldProblem)> {
    match result {
        Err(Error::Fields(errors)) => errors.into_iter().map(|FieldError { key, problem }| (key, problem)).collect(),
        other => panic!("{other:?}"),
    }
}

/// The codes of what is wrong when one value is another one.
async fn codes(city: &City, asked: &Asked, changes: &[(&str, &str)]) -> Vec<(String, &'static str)> {
    let asked = asked.clone().with(|request| {
        for (key, value) in changes {
            request.fields.insert((*key).to_owned(), (*value).to_owned());
        }
    });
    let found = wrong(city.issue(asked, &city.police, 0).await);
    assert_eq!(city.count("select count(*) from licence").await, 0, "{changes:?}");
    found.into_iter().map(|(key, problem)| (key, problem.code())).collect()
}

async fn check(city: &City, asked: &Asked, changes: &[(&str, &str)], expected: &[(&str, &str)]) {
    let found = codes(city, asked, changes).await;
    let found: Vec<_> = found.iter().map(|(key, code)| (key.as_str(), *code)).collect();
    assert_eq!(found, expected, "{changes:?}");
}

#[tokio::test]
async fn a_driving_licence_says_nothing_that_cannot_be() {
    let city = city().await;
    let asked = city.driving_request("k");
    check(&city, &asked, &[("first_issue_date", "1990-03-06")], &[("first_issue_date", "too_early")]).await;
    check(&city, &asked, &[("first_issue_date", "2008-03-06")], &[("first_issue_date", "too_early")]).await;
    check(&city, &asked, &[("first_issue_date", "0001-01-01")], &[("first_issue_date", "too_early")]).await;
    check(&city, &asked, &[("first_issue_date", "2030-01-01")], &[("first_issue_date", "too_late")]).await;
    let tomorrow = day(1).to_string();
    check(&city, &asked, &[("first_issue_date", &tomorrow)], &[("first_issue_date", "too_late")]).await;
    check(&city, &asked, &[("vehicle_class", "666")], &[("vehicle_class", "not_a_vehicle_class")]).await;
    check(&city, &asked, &[("nationality", "火星")], &[("nationality", "not_a_country")]).await;
    let all = [("vehicle_class", "Z9"), ("nationality", "火星"), ("first_issue_date", "2030-01-01")];
    let mut found = codes(&city, &asked, &all).await;
    found.sort();
    let expected =
        [("first_issue_date", "too_late"), ("nationality", "not_a_country"), ("vehicle_class", "not_a_vehicle_class")];
    assert_eq!(found, expected.map(|(key, code)| (key.to_owned(), code)), "all mistakes are told at once");
    let right = asked.with(|request| {
        request.fields.insert("vehicle_class".to_owned(), "d, c1".to_owned());
        request.fields.insert("nationality".to_owned(), "China".to_owned());
        request.fields.insert("first_issue_date".to_owned(), day(0).to_string());
    });
    let licence = city.issue(right, &city.police, 0).await.unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    let content = city.library.safe.content(&mut tx, &licence.id).await.unwrap();
    let said = |key: &str| content.fields.get(key).map(String::as_str);
    assert_eq!((said("vehicle_class"), said("nationality")), (Some("C1D"), Some("中国")));
}

#[tokio::test]
async fn nobody_drives_before_the_age_for_it() {
    let city = city().await;
    let of = |holder: &HolderFacts, class: &str, from: Option<Date>| {
        let (holder, class) = (holder.clone(), class.to_owned());
        city.driving_request("young").with(|request| {
            let first = holder.born.unwrap().plus_years(18).min(day(0)).to_string();
            request.holder = holder;
            request.valid_from = from;
            request.fields.insert("vehicle_class".to_owned(), class);
            request.fields.insert("first_issue_date".to_owned(), first);
        })
    };
    let child = city.register("王小小", "33010120251101123").await;
    let born = child.born.unwrap();
    let found = wrong(city.issue(of(&child, "C1", None), &city.police, 0).await);
    let too_young = FieldProblem::TooYoung { born, years: 18, from: born.plus_years(18), class: None };
    assert!(found.contains(&("birth_date".to_owned(), too_young)), "{found:?}");
    // Eighteen tomorrow: not today, but from tomorrow on.
    let tomorrow = day(1);
    let (year, month, date) = (tomorrow.year() - 18, tomorrow.month(), tomorrow.day());
    let nearly = city.register("王大大", &format!("330101{year:04}{month:02}{date:02}123")).await;
    let found = wrong(city.issue(of(&nearly, "C1", None), &city.police, 0).await);
    assert!(found.iter().any(|(key, problem)| (key.as_str(), problem.code()) == ("birth_date", "too_young")));
    let found = wrong(city.issue(of(&nearly, "A1", Some(tomorrow)), &city.police, 0).await);
    let of_class = found.iter().find(|(key, _)| key == "vehicle_class").map(|(_, problem)| problem);
    assert!(
        matches!(of_class, Some(FieldProblem::TooYoung { years: 19, class: Some(class), .. }) if class.code == "A1"),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_birth_certificate_is_for_a_newborn_and_names_its_parents_as_they_are_registered() {
    let city = city().await;
    let asked = city.birth_request("k").await;
    let grandmother = city.register("李秀英", "33010119350101124").await;
    let girl = city.register("李小花", "33010120200101124").await;
    let uncle = city.register("李大山", "33010119800101123").await;
    let nobody = super::city::numbers("33010119700101126");
    check(&city, &asked, &[("birth_time", "去年前后")], &[("birth_time", "not_an_instant")]).await;
    check(
        &city,
        &asked,
        &[("birth_time", "1970-03-07 08:15")],
        &[("birth_time", "too_early"), ("mother_code", "person_born"), ("father_code", "person_born")],
    )
    .await;
    let later = format!("{} 23:59", day(0));
    check(&city, &asked, &[("birth_time", &later)], &[("birth_time", "too_late")]).await;
    check(&city, &asked, &[("birth_time", "2019-01-01 08:00")], &[("birth_time", "too_early")]).await;
    check(&city, &asked, &[("mother_name", "王芬")], &[("mother_name", "person_name")]).await;
    check(&city, &asked, &[("mother_code", nobody.as_str())], &[("mother_code", "person_unknown")]).await;
    let mother = |who: &HolderFacts| [("mother_name", who.name.clone()), ("mother_code", who.number.expose().clone())];
    for (who, code) in [(&uncle, "person_sex"), (&girl, "person_born"), (&grandmother, "person_born")] {
        let [name, number] = mother(who);
        check(&city, &asked, &[(name.0, &name.1), (number.0, &number.1)], &[("mother_code", code)]).await;
    }
    check(
        &city,
        &asked,
        &[("weight", "0"), ("gestation", "99")],
        &[("gestation", "too_large"), ("weight", "too_small")],
    )
    .await;
    // Whoever asks for it is one of the two.
    let stranger = asked.clone().with(|request| request.holder = uncle.clone());
    assert_eq!(
        wrong(city.issue(stranger, &city.police, 0).await),
        [("mother_code".to_owned(), FieldProblem::HolderNotNamed)]
    );
    assert_eq!(uncle.sex, Some(Sex::Male));
    city.issue(asked, &city.police, 0).await.unwrap();
}

#[tokio::test]
async fn whoever_died_before_the_birth_is_not_its_mother() {
    let city = city().await;
    let asked = city.birth_request("k").await;
    let mother = asked.fields.get("mother_code").unwrap().clone();
    let mother = base::number::IdentityNumber::parse(&mother).unwrap();
    let mut work = city.work(0).await;
    let found = crate::holder::person_by_number(&mut work.tx, &city.library.vault, &mother).await.unwrap();
    let Holder::Person(id) = &found.holder else { panic!("not a person") };
    death::record(&mut work, id, day(-2)).await.unwrap();
    work.commit().await.unwrap();
    check(&city, &asked, &[], &[("mother_code", "person_died")]).await;
    let born = format!("{} 08:15", day(-2));
    let asked = asked.with(|request| {
        request.fields.insert("birth_time".to_owned(), born);
    });
    city.issue(asked, &city.police, 0).await.unwrap();
}

async fn applied(city: &City, asked: Asked) -> (ApplicationId, String) {
    let mut work = city.work(0).await;
    let id = application::apply(&mut work, &city.library, &city.police.clerk, asked.request).await.unwrap();
    let found = application::find(&mut work.tx, &city.library.safe, &city.police.id, &id).await.unwrap();
    work.commit().await.unwrap();
    (id, found.digest)
}

async fn approved(city: &City, (id, digest): &(ApplicationId, String)) -> Result<(), Error> {
    let mut work = city.work(10).await;
    let reviewer = &city.police.reviewer;
    let approved = application::approve(&mut work, &city.library, reviewer, id, digest).await;
    approved.map(|_| ())
}

async fn renamed(city: &City, person: &PersonId, before: &str, after: &str) {
    let (staff, person_of) = (city.food.clerk.staff_id.clone(), city.food.clerk.person_id.clone());
    let context = Context { actor: Actor::Operator { staff, person: person_of }, ..city.context(5) };
    let mut work = city.fresh.database.begin(context).await.unwrap();
    let renaming = Renaming { before: before.to_owned(), after: after.to_owned() };
    let reason = Reason::parse("更正登记").unwrap();
    change::rename(&mut work, person, &renaming, &reason).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn what_the_register_says_otherwise_since_it_was_applied_for_is_not_signed() {
    let city = city().await;
    let driving = applied(&city, city.driving_request("unused")).await;
    let birth = city.birth_request("unused").await;
    let mother = birth.fields.get("mother_code").unwrap().clone();
    let birth = applied(&city, birth).await;
    let Holder::Person(id) = &city.person.holder else { panic!("not a person") };
    renamed(&city, id, &city.person.name, "龘大大").await;
    let changed =
        FieldProblem::RegisterChanged { applied: city.person.name.clone(), registered: "龘大大".to_owned() };
    let refused = approved(&city, &driving).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Fields(errors) if errors == &[FieldError { key: "holder_name".to_owned(), problem: changed }]),
        "{refused:?}"
    );
    let refused = approved(&city, &birth).await.unwrap_err();
    let typed = FieldProblem::PersonName { typed: city.person.name.clone() };
    assert!(
        matches!(&refused, Error::Fields(errors) if errors == &[FieldError { key: "father_name".to_owned(), problem: typed }]),
        "{refused:?}"
    );
    assert_eq!(city.count("select count(*) from licence").await, 0);
    assert!(!mother.is_empty());
}

#[tokio::test]
async fn what_was_applied_for_under_an_older_version_of_a_type_is_entered_anew() {
    let city = city().await;
    let waiting = applied(&city, city.driving_request("unused")).await;
    let definition = city.library.catalogue.now().published(built_in::DRIVING).unwrap().definition.clone();
    let mut work = city.work(1).await;
    let id = licence_type::draft(&mut work, built_in::DRIVING, &definition).await.unwrap();
    licence_type::publish(&mut work, &id).await.unwrap();
    work.commit().await.unwrap();
    let refused = approved(&city, &waiting).await.unwrap_err();
    assert!(matches!(refused, Error::TypeChanged), "{refused}");
}

#[tokio::test]
async fn a_catalogue_of_an_older_version_gets_the_rules_of_this_one_once() {
    let city = city().await;
    let versions = async || {
        let mut tx = city.fresh.database.read().await.unwrap();
        let rows: Vec<(String, i64, String)> = tx
            .all("select type_code, version, state from licence_type order by type_code, version", vec![])
            .await
            .unwrap();
        rows.into_iter()
            .filter(|(code, _, _)| code == built_in::DRIVING)
            .map(|(_, n, state)| (n, state))
            .collect::<Vec<_>>()
    };
    let fresh = versions().await;
    assert_eq!(fresh, [(2, "published".to_owned())]);
    // As the version before left it.
    let mut work = city.work(1).await;
    work.tx.run("update licence_type set version = 1 where version = 2", vec![]).await.unwrap();
    built_in::install(&mut work).await.unwrap();
    work.commit().await.unwrap();
    let expected = [(1, "retired".to_owned()), (2, "published".to_owned())];
    assert_eq!(versions().await, expected);
    let mut work = city.work(2).await;
    built_in::install(&mut work).await.unwrap();
    drop(work);
    assert_eq!(versions().await, expected);
}

#[tokio::test]
async fn what_a_holder_has_once_is_neither_entered_twice_nor_beside_one_in_force() {
    let city = city().await;
    let apply = async |seconds: i64| {
        let mut work = city.work(seconds).await;
        let request = city.driving_request("unused").request;
        let id = application::apply(&mut work, &city.library, &city.police.clerk, request).await?;
        work.commit().await?;
        Ok::<_, Error>(id)
    };
    let first = apply(0).await.unwrap();
    let refused = apply(1).await.unwrap_err();
    assert!(matches!(&refused, Error::AlreadyApplied(waiting) if *waiting == first), "{refused}");
    let mut work = city.work(2).await;
    let reason = crate::reason::ReturnReason::Incomplete;
    application::send_back(&mut work, &city.library.safe, &city.police.reviewer, &first, (reason, "")).await.unwrap();
    work.commit().await.unwrap();
    apply(3).await.unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    let one = application::find(&mut tx, &city.library.safe, &city.police.id, &first).await.unwrap();
    assert_eq!(one.state, ApplicationState::Returned);
    drop(tx);
    let licence = city.issue(city.driving_request("k"), &city.police, 4).await.unwrap();
    let refused = apply(5).await.unwrap_err();
    assert!(matches!(&refused, Error::AlreadyHeld(held) if *held == licence.id), "{refused}");
}
