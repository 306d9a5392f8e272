//! Persons under the numbers of every document: registered, found, signed in.

use base::{Date, number::NumberKind};

use super::*;
use crate::reset::{self, Document};

fn read(text: &str) -> IdentityNumber {
    IdentityNumber::parse(text).unwrap()
}

fn known(born: &str, sex: &str) -> Profile {
    Profile { birthdate: Some(born.to_owned()), gender: Some(sex.to_owned()), ..Profile::default() }
}

async fn registered(city: &City, number: &str, profile: Profile) -> Result<PersonId, Error> {
    let seed = 600_000 + city.tries.fetch_add(1, Ordering::Relaxed);
    let mut work = city.database().begin(context(at(1), seed)).await?;
    let new = NewPerson { name: "李安娜".to_owned(), identity_number: read(number), profile };
    let person = person::register(&mut work, &city.vault, new).await?;
    work.commit().await?;
    Ok(person)
}

async fn found(city: &City, number: &str) -> Result<Option<PersonId>, Error> {
    let found = person::find_by_identity_number(&mut city.database().read().await?, &city.vault, &read(number)).await?;
    Ok(found.map(|found| found.person_id))
}

const OTHERS: [(&str, NumberKind); 7] = [
    ("H12345678", NumberKind::HongKongMacaoPermit),
    ("M87654321", NumberKind::HongKongMacaoPermit),
    ("12345678", NumberKind::TaiwanPermit),
    ("USA123456789", NumberKind::Passport),
    ("DEUC01X00T47", NumberKind::Passport),
    ("CHNE12345678", NumberKind::Passport),
    ("USA110079031234", NumberKind::PermanentResidence),
];

#[tokio::test]
async fn whoever_has_no_resident_number_is_registered_under_another_one_with_birth_and_sex() -> Result<(), Error> {
    let city = City::found().await?;
    for (number, kind) in OTHERS {
        let missing = |result: Result<PersonId, Error>| match result {
            Err(Error::FieldMissing { field }) => field,
            other => panic!("{number}: {other:?}"),
        };
        assert_eq!(missing(registered(&city, number, Profile::default()).await), "birthdate");
        let sexless = Profile { gender: None, ..known("1990-03-07", "female") };
        assert_eq!(missing(registered(&city, number, sexless).await), "gender");
        let person = registered(&city, number, known("1990-03-07", "female")).await?;
        assert_eq!(found(&city, number).await?.as_ref(), Some(&person), "{number}");
        assert_eq!(found(&city, &number.to_lowercase()).await?.as_ref(), Some(&person), "{number}");
        let view = person::find(&mut city.database().read().await?, &person).await?.unwrap();
        let stored = view.identity_number(&city.vault)?;
        assert_eq!((stored.as_str(), stored.kind()), (number, kind));
        assert_eq!((view.born(), view.is_male()), (Date::new(1990, 3, 7).ok(), Some(false)));
        let twice = registered(&city, number, known("1990-03-07", "female")).await;
        assert!(matches!(twice, Err(Error::IdentityNumberTaken)), "{number}");
        // Somebody without an identity card shows the document whose number is registered.
        assert_eq!(reset::documents(&city.vault, &view, at(2))?, [Document::RegisteredDocument]);
        let future = registered(&city, "GBR12345", known("2099-01-01", "male")).await;
        assert!(matches!(future, Err(Error::BornOn { .. })));
    }
    // Residence permits and foreigners' cards of eighteen characters say both themselves.
    for begin in ["81000019900307123", "83000019900307124", "91184019900307123"] {
        let number = IdentityNumber::complete(begin).unwrap();
        registered(&city, number.as_str(), Profile::default()).await?;
    }
    // What is kept of them is sealed.
    let rows: Vec<(String, Vec<u8>)> =
        city.database().read().await?.all("select identity_lookup, identity_sealed from person", vec![]).await?;
    for (lookup, sealed) in rows {
        let is_plain = |text: &[u8]| {
            OTHERS.iter().any(|(number, _)| text.windows(number.len()).any(|part| part == number.as_bytes()))
        };
        assert!(!is_plain(lookup.as_bytes()) && !is_plain(&sealed));
    }
    Ok(())
}

#[tokio::test]
async fn whoever_has_no_resident_number_signs_in_with_the_number_of_their_document() -> Result<(), Error> {
    let city = City::found().await?;
    let hashed = password::hash(&city.gate, &context(at(0), 7).entropy, "", PASSWORD).await?;
    for (place, (number, _)) in OTHERS.into_iter().enumerate() {
        let person = registered(&city, number, known("1990-03-07", "male")).await?;
        let seed = 700_000 + place as u64;
        let mut work = city.database().begin(context(at(2), seed)).await?;
        account::open(&mut work, &person, &format!("guest{place}"), Some(&hashed)).await?;
        work.commit().await?;
        for typed in [number.to_owned(), number.to_lowercase(), format!(" {} {} ", &number[..3], &number[3..])] {
            let opened = city.sign_in(10, &Attempt { username: &typed, ..right() }).await?;
            let session = city.session(&opened.token, 11).await?.unwrap();
            assert_eq!(session.person_id, person, "{typed}");
        }
        let refused = city.sign_in(12, &Attempt { username: number, ..wrong() }).await;
        assert!(matches!(refused, Err(Error::Refused)), "{number}");
    }
    Ok(())
}

#[tokio::test]
async fn a_number_of_fifteen_digits_means_whom_the_register_knows() -> Result<(), Error> {
    let city = City::found().await?;
    let usual = IdentityNumber::complete("11010519491231002").unwrap();
    let person = registered(&city, usual.as_str(), Profile::default()).await?;
    assert_eq!(found(&city, "110105491231002").await?, Some(person));
    // The last three digits say that it is of somebody born before 1900. It may not be.
    let young = IdentityNumber::complete("11010519981231997").unwrap();
    let person = registered(&city, young.as_str(), Profile::default()).await?;
    assert_eq!(found(&city, "110105981231997").await?, Some(person.clone()));
    let ancient = IdentityNumber::complete("11010518981231997").unwrap();
    assert_eq!(found(&city, ancient.as_str()).await?, None, "all eighteen digits mean nobody else");
    let older = registered(&city, ancient.as_str(), Profile::default()).await?;
    assert_eq!(found(&city, "110105981231997").await?, Some(older));
    assert_eq!(found(&city, young.as_str()).await?, Some(person));
    // And whoever signs in with the old one is that person.
    let hashed = password::hash(&city.gate, &context(at(0), 8).entropy, "", PASSWORD).await?;
    let old = IdentityNumber::parse("110105490101001").unwrap();
    let person = registered(&city, old.as_str(), Profile::default()).await?;
    let mut work = city.database().begin(context(at(2), 710_000)).await?;
    account::open(&mut work, &person, "elder", Some(&hashed)).await?;
    work.commit().await?;
    let opened = city.sign_in(10, &Attempt { username: "110105490101001", ..right() }).await?;
    assert_eq!(city.session(&opened.token, 11).await?.unwrap().person_id, person);
    Ok(())
}
