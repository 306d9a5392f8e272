//! Holders and parents who have no resident number.

use base::number::IdentityNumber;
use identity::person;

use super::city::{City, city};
use crate::{Holder, HolderFacts, Licence, catalogue::built_in};

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
