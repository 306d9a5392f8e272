//! Days that are entered into the register have come, and fit each other.

use base::Date;

use super::*;
use crate::mandate;

async fn registered(city: &City, seventeen: &str, profile: Profile) -> Result<PersonId, Error> {
    let seed = 500_000 + city.tries.fetch_add(1, Ordering::Relaxed);
    let mut work = city.database().begin(context(at(1), seed)).await?;
    let new =
        NewPerson {
            name: "王小明".to_owned(), identity_number: IdentityNumber::complete(seventeen).unwrap(), profile
        };
    let person = person::register(&mut work, &city.vault, new).await?;
    work.commit().await?;
    Ok(person)
}

#[tokio::test]
async fn nobody_is_registered_who_is_not_born_yet_or_was_born_before_anybody_alive() -> Result<(), Error> {
    let city = City::found().await?;
    let none = Profile::default;
    let today = at(1).date();
    let number = |day: Date| format!("110105{:04}{:02}{:02}123", day.year(), day.month(), day.day());
    for (seventeen, born) in [
        ("11010520990101123".to_owned(), Date::new(2099, 1, 1).unwrap()),
        (number(today.plus_days(1)), today.plus_days(1)),
        ("11010518691231123".to_owned(), Date::new(1869, 12, 31).unwrap()),
        ("11010500010101123".to_owned(), Date::new(1, 1, 1).unwrap()),
    ] {
        let refused = registered(&city, &seventeen, none()).await;
        let is_told = matches!(&refused, Err(Error::BornOn { born: told, earliest, latest })
            if *told == born && *earliest == Date::new(1870, 1, 1).unwrap() && *latest == today);
        assert!(is_told, "{seventeen}: {refused:?}");
    }
    registered(&city, "11010518700101123", none()).await?;
    registered(&city, &number(today), none()).await?;
    Ok(())
}

#[tokio::test]
async fn what_is_given_of_birth_and_sex_is_what_the_number_says() -> Result<(), Error> {
    let city = City::found().await?;
    let some = |text: &str| Some(text.to_owned());
    let born = |day: &str| Profile { birthdate: some(day), ..Profile::default() };
    let sex = |word: &str| Profile { gender: some(word), ..Profile::default() };
    for (profile, field) in
        [(born("1990-03-08"), "birthdate"), (born("2099-01-01"), "birthdate"), (sex("female"), "gender")]
    {
        let refused = registered(&city, "11010519900307123", profile).await;
        assert!(matches!(&refused, Err(Error::Contradiction { field: told, .. }) if *told == field), "{refused:?}");
    }
    let both = Profile { birthdate: some("1990-03-07"), gender: some("male"), ..Profile::default() };
    registered(&city, "11010519900307123", both).await?;
    Ok(())
}

#[tokio::test]
async fn nobody_dies_before_the_birth_or_after_today() -> Result<(), Error> {
    let city = City::found().await?;
    let person = registered(&city, "11010519900307123", Profile::default()).await?;
    let mut work = city.database().begin(context(at(2), 3)).await?;
    let (born, today) = (Date::new(1990, 3, 7).unwrap(), at(2).date());
    for on in [born.plus_days(-1), Date::new(1, 1, 1).unwrap(), today.plus_days(1)] {
        let refused = death::record(&mut work, &person, on).await;
        let is_told = matches!(&refused, Err(Error::DiedOn { on: told, earliest, latest })
            if *told == on && *earliest == born && *latest == today);
        assert!(is_told, "{on}: {refused:?}");
    }
    death::record(&mut work, &person, born).await?;
    work.commit().await?;
    Ok(())
}

#[tokio::test]
async fn a_mandate_begins_before_it_ends_and_is_not_over() -> Result<(), Error> {
    let city = City::found().await?;
    let person = registered(&city, "11010519900307123", Profile::default()).await?;
    let mut work = city.database().begin(context(at(100), 3)).await?;
    let new = NewOrganisation {
        name: "滨江市龙福餐饮有限公司".to_owned(),
        credit_code: CreditCode::complete("91330100MA2ABCDE1").unwrap(),
        kind: OrganisationKind::Enterprise,
        legal_representative: None,
    };
    let company = organisation::register(&mut work, new).await?;
    let long = at(100).plus_seconds(51 * 366 * 86_400);
    for (start, end) in [(at(200), at(200)), (at(200), at(150)), (at(10), at(100)), (at(100), long)] {
        let given = mandate::give(&mut work, &company, &person, base::Period { start, end: Some(end) }).await;
        assert!(matches!(given, Err(Error::Period { years: 50, .. })), "{given:?}");
    }
    mandate::give(&mut work, &company, &person, base::Period { start: at(10), end: Some(at(101)) }).await?;
    mandate::give(&mut work, &company, &person, base::Period { start: at(10), end: None }).await?;
    work.commit().await?;
    Ok(())
}
