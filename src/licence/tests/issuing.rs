//! What may be issued, and what comes out.

use base::{Date, ListPage, number::LicenceIdentifier};
use documents::pdf::read::read;
use records::{attempt, log};

use super::city::{Asked, City, NOW, city, food_fields};
use crate::{
    Error, Status,
    catalogue::{built_in, field::FieldProblem, licence_type},
    error::PeriodProblem,
    events::IssueIntended,
    issue::{Begun, NewLicence},
    register,
};

#[tokio::test]
async fn an_issued_licence_is_sealed_and_found_by_every_number() {
    let city = city().await;
    let licence = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    assert_eq!(licence.status, Status::Valid);
    assert_eq!(licence.valid_until.unwrap().to_string(), "2031-11-17");
    let identifier = LicenceIdentifier::parse(&licence.identifier).unwrap();
    assert_eq!(identifier.type_code(), built_in::FOOD);
    assert_eq!(identifier.version(), 1);
    let mut tx = city.fresh.database.read().await.unwrap();
    let (sha256, bytes) = city.library.safe.document(&mut tx, &licence.id).await.unwrap();
    assert_eq!(register::by_identifier(&mut tx, &identifier).await.unwrap(), Some(licence.clone()));
    assert_eq!(register::by_code(&mut tx, &licence.code).await.unwrap(), Some(licence.clone()));
    assert_eq!(register::queries::by_file_digest(&mut tx, &sha256).await.unwrap(), Some(licence.clone()));
    let held = register::held_by(&mut tx, std::slice::from_ref(&licence.holder), &ListPage::first(10)).await.unwrap();
    assert_eq!(held.items, std::slice::from_ref(&licence));
    let file = read(&bytes).unwrap();
    assert_eq!(file.entry("certificate_identifier"), Some(licence.identifier.as_str()));
    assert_eq!(file.entry("holder_name"), Some("滨江市龙福餐饮有限公司"));
    assert!(file.signatures[0].covers_whole_file);
    let events = log::list(
        &mut tx,
        &log::Filter { object: Some(licence.id.to_string()), ..log::Filter::default() },
        &ListPage::first(10),
    )
    .await
    .unwrap();
    let kinds: Vec<_> = events.items.iter().rev().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["licence.issue_intended", "licence.issued"]);
    let intended: IssueIntended = events.items[1].read().unwrap();
    assert_eq!(
        (intended.maker, intended.checker),
        (city.food.clerk.staff_id.clone(), city.food.reviewer.staff_id.clone())
    );
}

#[tokio::test]
async fn rare_characters_and_a_person_are_issued_too() {
    let city = city().await;
    let licence = city.issue(city.driving_request("k1"), &city.police, 0).await.unwrap();
    assert_eq!(licence.holder_shown, "龘*𠮷");
    let again = city.issue(city.driving_request("k2"), &city.police, 1).await;
    assert!(matches!(again, Err(Error::AlreadyHeld(id)) if id == licence.id));
}

#[tokio::test]
async fn a_licence_row_and_its_table_show_no_identity_number() {
    let city = city().await;
    let licence = city.issue(city.driving_request("k1"), &city.police, 0).await.unwrap();
    let number = city.person.number.expose().clone();
    let mut tx = city.fresh.database.read().await.unwrap();
    let (content, file): (Vec<u8>, Vec<u8>) = tx
        .one(
            "select c.content, f.bytes
               from licence_content c
               join licence_file f on f.licence_id = c.licence_id
              where c.licence_id = $1",
            records::args![&licence.id],
        )
        .await
        .unwrap();
    for bytes in [content, file] {
        assert!(!bytes.windows(number.len()).any(|window| window == number.as_bytes()));
    }
    let (_, document) = city.library.safe.document(&mut tx, &licence.id).await.unwrap();
    assert!(read(&document).unwrap().entry("holder_code") == Some(number.as_str()));
}

async fn refused(city: &City, change: impl FnOnce(&mut NewLicence)) -> Error {
    let mut request = city.food_request("refused");
    change(&mut request);
    let error = city.issue(request, &city.food, 0).await.unwrap_err();
    assert_eq!(city.count("select count(*) from licence").await, 0, "{error}");
    error
}

#[tokio::test]
async fn each_mistake_in_a_request_has_its_own_answer() {
    let city = city().await;
    let date = |text: &str| Some(Date::parse(text).unwrap());
    let error = refused(&city, |r| r.type_code = "11100000000013338W032".to_owned()).await;
    assert!(matches!(error, Error::TypeUnknown));
    let error = refused(&city, |r| r.holder = city.person.clone()).await;
    assert!(matches!(error, Error::HolderUnknown));
    let error = refused(&city, |r| r.valid_until = date("2030-01-01")).await;
    assert!(matches!(error, Error::Period(PeriodProblem::EndNotAllowed { .. })));
    let error = refused(&city, |r| r.valid_from = date("2020-01-01")).await;
    assert!(matches!(error, Error::Period(PeriodProblem::StartTooEarly { .. })));
    let error = refused(&city, |r| r.valid_from = date("2029-01-01")).await;
    assert!(matches!(error, Error::Period(PeriodProblem::StartTooLate { .. })));
    let problem = |error| match error {
        Error::Fields(errors) => errors.into_iter().map(|e| (e.key, e.problem)).next().unwrap(),
        other => panic!("{other}"),
    };
    let change = |key: &str, value: &str| {
        let (key, value) = (key.to_owned(), value.to_owned());
        move |request: &mut NewLicence| {
            request.fields.insert(key, value);
        }
    };
    let check = |found: (String, FieldProblem), key: &str, expected: FieldProblem| {
        assert_eq!(found, (key.to_owned(), expected));
    };
    let long = "王".repeat(200);
    let error = refused(&city, change("legal_representative", &long)).await;
    check(problem(error), "legal_representative", FieldProblem::TooLong { most: 120, typed: 200 });
    let error = refused(&city, change("premises", "滨江\u{202E}市")).await;
    check(problem(error), "premises", FieldProblem::Character('\u{202E}'));
    let error = refused(&city, change("premises", "一\n二")).await;
    check(problem(error), "premises", FieldProblem::Character('\n'));
    let error = refused(&city, change("premises", "\u{E123}")).await;
    check(problem(error), "premises", FieldProblem::Character('\u{E123}'));
    let error = refused(&city, change("premises", "ᚠ")).await;
    check(problem(error), "premises", FieldProblem::Glyph('ᚠ'));
    let error = refused(&city, change("holder_name", "别的公司")).await;
    check(
        problem(error),
        "holder_name",
        FieldProblem::Locked { typed: "别的公司".to_owned(), registered: city.company.name.clone() },
    );
    let error = refused(&city, change("colour", "red")).await;
    check(problem(error), "colour", FieldProblem::Unknown);
    let error = refused(&city, change("business_category", "其他")).await;
    let (key, choice) = problem(error);
    assert_eq!((key.as_str(), choice.code()), ("business_category", "not_a_choice"));
}

#[tokio::test]
async fn what_looks_like_a_template_is_printed_as_it_stands() {
    let city = city().await;
    let mut request = city.food_request("k");
    let text = "{{7*7}} #include <x> & \\write18{id} %s";
    request.fields.insert("premises".to_owned(), text.to_owned());
    let licence = city.issue(request, &city.food, 0).await.unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    let (_, bytes) = city.library.safe.document(&mut tx, &licence.id).await.unwrap();
    assert_eq!(read(&bytes).unwrap().entry("premises"), Some(text));
}

#[tokio::test]
async fn only_an_authorised_department_with_two_people_issues() {
    let city = city().await;
    let food = &city.food;
    let mut work = city.work(0).await;
    let begin = async |work: &mut records::Work, maker, checker| {
        let Asked { origin, request } = city.food_request("k");
        crate::issue::begin(work, &city.library, &origin, request, (maker, checker)).await.unwrap_err()
    };
    // The traffic police may not issue food licences.
    let error = begin(&mut work, &city.police.clerk, &city.police.reviewer).await;
    assert!(matches!(error, Error::NotAuthorised));
    let error = begin(&mut work, &food.clerk, &city.police.reviewer).await;
    assert!(matches!(error, Error::OtherDepartment));
    let error = begin(&mut work, &food.clerk, &food.clerk).await;
    assert!(matches!(error, Error::FourEyes));
    // The same person under another appointment is still the same person.
    let mut other = food.reviewer.clone();
    other.person_id = food.clerk.person_id.clone();
    let error = begin(&mut work, &food.clerk, &other).await;
    assert!(matches!(error, Error::FourEyes));
    let mut no_role = food.reviewer.clone();
    no_role.roles = identity::staff::Roles::new(&[identity::Role::Clerk]);
    let error = begin(&mut work, &food.clerk, &no_role).await;
    assert!(matches!(error, Error::NotAuthorised));
}

#[tokio::test]
async fn a_frozen_seal_and_a_retired_type_issue_nothing() {
    let city = city().await;
    let mut work = city.work(0).await;
    seal::freeze(&mut work, &city.food.seal, "交接").await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(refused(&city, |_| ()).await, Error::Seal));
    let mut work = city.work(1).await;
    let id = city.library.catalogue.now().published(built_in::FOOD).unwrap().id.clone();
    licence_type::retire(&mut work, &id).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(refused(&city, |_| ()).await, Error::TypeUnknown));
}

#[tokio::test]
async fn an_issued_licence_keeps_the_version_of_its_type() {
    let city = city().await;
    let first = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    let mut definition = city.library.catalogue.now().published(built_in::FOOD).unwrap().definition.clone();
    definition.validity = licence_type::Validity::Years(3);
    let mut work = city.work(1).await;
    let id = licence_type::draft(&mut work, built_in::FOOD, &definition).await.unwrap();
    licence_type::publish(&mut work, &id).await.unwrap();
    work.commit().await.unwrap();
    let second = city.issue(city.food_request("k2"), &city.food, 2).await.unwrap();
    assert_ne!(first.licence_type, second.licence_type);
    let version = |licence| city.library.catalogue.now().of(licence).unwrap().version;
    assert_eq!(version(&second), version(&first) + 1);
    assert_eq!(second.valid_until.unwrap().to_string(), "2029-11-17");
}

#[tokio::test]
async fn a_request_repeated_a_hundred_times_makes_one_licence() {
    let city = city().await;
    let first = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    for second in 1..100 {
        match city.begin(city.food_request("k"), &city.food, second).await.unwrap() {
            Begun::Issued(licence) => assert_eq!(licence.id, first.id),
            Begun::Intent(_) => panic!("a second licence"),
        }
    }
    assert_eq!(city.count("select count(*) from licence").await, 1);
}

#[tokio::test]
async fn two_nodes_with_one_request_make_one_licence() {
    let city = city().await;
    let issue = async || attempt(async || city.issue(city.food_request("k"), &city.food, 0).await).await.unwrap();
    let (a, b, c) = tokio::join!(issue(), issue(), issue());
    assert!(a.id == b.id && b.id == c.id);
    assert_eq!(city.count("select count(*) from licence_file").await, 1);
}

#[tokio::test]
async fn many_licences_have_many_numbers() {
    let city = city().await;
    let mut identifiers = std::collections::HashSet::new();
    let mut codes = std::collections::HashSet::new();
    for n in 0..20 {
        let mut request = city.food_request(&format!("k{n}"));
        request.fields = food_fields();
        let licence = city.issue(request, &city.food, n).await.unwrap();
        assert!(identifiers.insert(licence.identifier.clone()) && codes.insert(licence.code.clone()));
    }
    let department = std::slice::from_ref(&city.food.id);
    let mut tx = city.fresh.database.read().await.unwrap();
    let first = register::issued_by(&mut tx, department, None, &ListPage::first(15)).await.unwrap();
    let second = register::issued_by(&mut tx, department, None, &ListPage::after(first.next.clone().unwrap(), 15))
        .await
        .unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (15, 5, None));
    assert!(first.items[0].issued_at >= NOW);
}

#[tokio::test]
async fn a_name_that_was_registered_before_there_was_a_rule_is_issued_and_printed_as_it_stands() {
    let city = city().await;
    for (key, name) in [("k1", "滨江市—大众《一品》餐馆".to_owned()), ("k2", "李\u{2f4a}\u{2f26}".repeat(66))]
    {
        let request = city.food_request(key).with(|request| request.holder.name.clone_from(&name));
        let licence = city.issue(request, &city.food, 0).await.unwrap();
        let mut tx = city.fresh.database.read().await.unwrap();
        let (_, bytes) = city.library.safe.document(&mut tx, &licence.id).await.unwrap();
        assert_eq!(read(&bytes).unwrap().entry("holder_name"), Some(name.as_str()));
    }
}

#[tokio::test]
async fn a_clerk_may_type_the_registers_name_in_whatever_form_and_no_other() {
    let city = city().await;
    let with = |key: &str, name: &str| {
        let name = name.to_owned();
        city.food_request(key).with(|request| {
            request.fields.insert("holder_name".to_owned(), name);
        })
    };
    assert!(city.issue(with("k1", "滨江市 龙福餐饮有限公司"), &city.food, 0).await.is_ok());
    assert!(matches!(city.issue(with("k2", "滨江市龙富餐饮有限公司"), &city.food, 0).await, Err(Error::Fields(_))));
}
