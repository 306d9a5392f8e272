//! Holders and parents who have no resident number.

use base::{ListPage, id::PersonId, number::IdentityNumber};
use identity::{death, person};

use super::city::{Asked, City, NOW, city, marked_city};
use crate::{
    Error, Holder, HolderFacts, Licence, application, catalogue::built_in, lifecycle, notice, own_affair,
    reason::SuspensionReason, register,
};

async fn foreigner(city: &City, name: &str, number: &str, sex: &str) -> HolderFacts {
    let mut work = city.work(0).await;
    let new = person::NewPerson {
        name: name.to_owned(),
        identity_number: IdentityNumber::parse(number).unwrap(),
        profile: person::Profile {
            birthdate: Some("1991-05-04".to_owned()),
            gender: Some(sex.to_owned()),
            ..person::Profile::default()
        },
    };
    let id = person::register(&mut work, &city.library.vault, new).await.unwrap();
    work.commit().await.unwrap();
    city.facts(&Holder::Person(id)).await
}

async fn says(city: &City, licence: &Licence, key: &str) -> Option<String> {
    let mut tx = city.fresh.database.read().await.unwrap();
    city.library.safe.content(&mut tx, &licence.id).await.unwrap().fields.get(key).cloned()
}

#[tokio::test]
async fn whoever_has_no_resident_number_holds_licences_under_the_number_of_their_document() {
    let city = city().await;
    for (number, kind, country) in [
        ("USA123456789", "护照", "美国"),
        ("H12345678", "港澳居民来往内地通行证", "中国香港"),
        ("12345678", "台湾居民来往大陆通行证", "中国台湾"),
        ("GBR110091050412", "外国人永久居留身份证", "英国"),
    ] {
        let holder = foreigner(&city, "安娜", number, "female").await;
        assert!(!holder.number_shown().contains(&number[4..]), "{}", holder.number_shown());
        let asked = city.driving_request(number).with(|request| {
            request.holder = holder.clone();
            request.fields.insert("nationality".to_owned(), country.to_owned());
        });
        let licence = city.issue(asked, &city.police, 0).await.unwrap();
        let expected = [
            ("holder_code", number),
            ("holder_code_type", kind),
            ("birth_date", "1991-05-04"),
            ("sex", "女"),
            ("nationality", country),
        ];
        for (key, value) in expected {
            assert_eq!(says(&city, &licence, key).await.as_deref(), Some(value), "{number} {key}");
        }
    }
    let licence = city.issue(city.driving_request("k"), &city.police, 0).await.unwrap();
    assert_eq!(says(&city, &licence, "holder_code_type").await.as_deref(), Some("居民身份证"));
    let licence = city.issue(city.food_request("f"), &city.food, 0).await.unwrap();
    assert_eq!(says(&city, &licence, "holder_code_type").await.as_deref(), Some("统一社会信用代码"));
}

#[tokio::test]
async fn a_parent_is_known_by_the_number_of_any_document() {
    let city = city().await;
    let mother = foreigner(&city, "安娜", "DEUC01X00T47", "female").await;
    let asked = city.birth_request("k").await.with(|request| {
        request.holder = mother.clone();
        request.fields.insert("mother_name".to_owned(), mother.name.clone());
        request.fields.insert("mother_code".to_owned(), "deuc01x00t47".to_owned());
    });
    assert_eq!(asked.type_code, built_in::BIRTH);
    let licence = city.issue(asked, &city.police, 0).await.unwrap();
    assert_eq!(licence.holder, mother.holder);
    assert_eq!(says(&city, &licence, "mother_code").await.as_deref(), Some("DEUC01X00T47"));
}

fn person_of(facts: &HolderFacts) -> PersonId {
    match &facts.holder {
        Holder::Person(id) => id.clone(),
        Holder::Organisation(_) => panic!("not a person"),
    }
}

async fn mother_of(city: &City, asked: &Asked) -> HolderFacts {
    let number = IdentityNumber::parse(asked.fields.get("mother_code").unwrap()).unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    crate::holder::person_by_number(&mut tx, &city.library.vault, &number).await.unwrap()
}

async fn held(city: &City, who: &HolderFacts) -> Vec<base::id::LicenceId> {
    let mut tx = city.fresh.database.read().await.unwrap();
    let holders = std::slice::from_ref(&who.holder);
    let found = register::held_by(&mut tx, holders, &ListPage::first(10)).await.unwrap();
    found.items.into_iter().map(|licence| licence.id).collect()
}

#[tokio::test]
async fn the_certificate_of_a_birth_is_held_by_both_parents_and_told_to_both() {
    let city = city().await;
    let asked = city.birth_request("k").await;
    let mother = mother_of(&city, &asked).await;
    let (father, stranger) = (city.person.clone(), city.register("王大山", "33010119800101133").await);
    let licence = city.issue(asked, &city.police, 0).await.unwrap();
    assert_eq!(licence.holder, father.holder);
    for (who, expected) in
        [(&father, vec![licence.id.clone()]), (&mother, vec![licence.id.clone()]), (&stranger, vec![])]
    {
        assert_eq!(held(&city, who).await, expected, "{}", who.name);
        let mut tx = city.fresh.database.read().await.unwrap();
        let is_own = own_affair::is_own_licence(&mut tx, &person_of(who), &licence, NOW).await.unwrap();
        assert_eq!(is_own, !expected.is_empty(), "{}", who.name);
    }
    let mut work = city.work(1).await;
    let issuer = std::slice::from_ref(&city.police.id);
    lifecycle::suspend(&mut work, issuer, &licence.id, SuspensionReason::Investigation).await.unwrap();
    work.commit().await.unwrap();
    let unseen = async |who: &HolderFacts| {
        let mut tx = city.fresh.database.read().await.unwrap();
        notice::unseen(&mut tx, std::slice::from_ref(&who.holder), &person_of(who)).await.unwrap().len()
    };
    assert_eq!((unseen(&father).await, unseen(&mother).await, unseen(&stranger).await), (1, 1, 0));
    let suspended = city.find(&licence).await;
    let shown = notice::Shown { status: suspended.status.as_str(), since: suspended.changed_at };
    let mut work = city.work(2).await;
    notice::see(&mut work, &person_of(&mother), &licence.id, shown).await.unwrap();
    assert!(matches!(notice::see(&mut work, &person_of(&stranger), &licence.id, shown).await, Err(Error::NotFound)));
    work.commit().await.unwrap();
    assert_eq!((unseen(&father).await, unseen(&mother).await), (1, 0));
}

#[tokio::test]
async fn of_parents_of_whom_one_has_died_the_other_holds_it_alone() {
    let city = city().await;
    let born = NOW.date().plus_days(-2);
    let asked = city.birth_request("k").await.with(|request| {
        request.fields.insert("birth_time".to_owned(), format!("{born} 08:15"));
    });
    let mother = mother_of(&city, &asked).await;
    let mut work = city.work(0).await;
    death::record(&mut work, &person_of(&mother), born).await.unwrap();
    work.commit().await.unwrap();
    city.issue(asked, &city.police, 1).await.unwrap();
    assert_eq!((held(&city, &mother).await.len(), held(&city, &city.person).await.len()), (0, 1));
    assert_eq!(city.count("select count(*) from licence_joint_holder").await, 0);
}

#[tokio::test]
async fn the_other_parent_neither_enters_nor_approves_nor_changes_the_certificate() {
    let city = city().await;
    let reviewer = &city.police.reviewer;
    let mother = city.facts(&Holder::Person(reviewer.person_id.clone())).await;
    let asked = city.birth_request("k").await.with(|request| {
        request.fields.insert("mother_name".to_owned(), mother.name.clone());
        request.fields.insert("mother_code".to_owned(), mother.number.expose().clone());
    });
    let mut work = city.work_of(reviewer, 1).await;
    let entered = application::apply(&mut work, &city.library, reviewer, asked.request.clone()).await;
    assert!(matches!(entered, Err(Error::OwnAffair)), "{entered:?}");
    drop(work);
    let mut work = city.work(2).await;
    let clerk = &city.police.clerk;
    let id = application::apply(&mut work, &city.library, clerk, asked.request.clone()).await.unwrap();
    let digest = application::find(&mut work.tx, &city.library.safe, &city.police.id, &id).await.unwrap().digest;
    work.commit().await.unwrap();
    let mut work = city.work_of(reviewer, 3).await;
    let approved = application::approve(&mut work, &city.library, reviewer, &id, &digest).await;
    assert!(matches!(approved, Err(Error::OwnAffair)), "{approved:?}");
    drop(work);
    let attested = city.issue(asked, &city.police, 4).await;
    assert!(matches!(attested, Err(Error::OwnAffair)), "{attested:?}");
    assert_eq!(city.count("select count(*) from licence").await, 0);
}

#[tokio::test]
async fn whoever_is_put_beside_a_holder_past_the_product_holds_nothing() {
    let city = marked_city().await;
    let asked = city.birth_request("k").await;
    let (mother, stranger) = (mother_of(&city, &asked).await, city.register("王大山", "33010119800101133").await);
    let birth = city.issue(asked, &city.police, 0).await.unwrap();
    let driving = city.issue(city.driving_request("d"), &city.police, 0).await.unwrap();
    assert_eq!(held(&city, &mother).await, std::slice::from_ref(&birth.id));
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    let other = person_of(&stranger);
    tx.run("update licence_joint_holder set person_id = $1", records::args![&other]).await.unwrap();
    tx.run(
        "insert into licence_joint_holder (licence_id, person_id) values ($1, $2)",
        records::args![&driving.id, &other],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(held(&city, &stranger).await, []);
    let mut tx = city.fresh.database.read().await.unwrap();
    for licence in [&birth, &driving] {
        assert!(!own_affair::is_own_licence(&mut tx, &other, licence, NOW).await.unwrap());
    }
}
