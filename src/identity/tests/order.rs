//! Acts with several events are kept in the order in which things happened.

use super::*;

async fn told(city: &City, expected: &[&str]) -> Result<(), Error> {
    assert_eq!(testing::last_kinds(city.database(), expected.len()).await?, expected);
    Ok(())
}

#[tokio::test]
async fn an_account_is_opened_before_its_password_is_set() -> Result<(), Error> {
    let city = City::found().await?;
    told(&city, &["person.registered", "account.opened", "password.set"]).await?;
    let setting = context(at(0), 2);
    let hashed = password::hash(&city.gate, &setting.entropy, "anyone", PASSWORD).await?;
    let mut work = city.database().begin(setting).await?;
    let mut expected = Vec::new();
    for serial in 2..10 {
        let person = person::register(&mut work, &city.vault, new_person("李娜", serial)).await?;
        account::open(&mut work, &person, &format!("lina{serial}"), Some(&hashed)).await?;
        expected.extend(["person.registered", "account.opened", "password.set"]);
    }
    work.commit().await?;
    told(&city, &expected).await
}

#[tokio::test]
async fn what_ends_an_account_comes_before_the_end_of_its_sessions() -> Result<(), Error> {
    let city = City::found().await?;
    for (seconds, seed) in [(0, 2), (10, 3), (20, 4), (30, 5)] {
        city.sign_in(seconds, &right()).await?;
        city.sign_in(seconds + 1, &right()).await?;
        let mut work = city.database().begin(context(at(seconds + 2), seed)).await?;
        account::lock(&mut work, &city.account).await?;
        work.commit().await?;
        told(&city, &["account.locked", "session.closed", "session.closed"]).await?;
        let mut work = city.database().begin(context(at(seconds + 3), 10 + seed)).await?;
        account::unlock(&mut work, &city.account).await?;
        work.commit().await?;
    }
    city.sign_in(50, &right()).await?;
    let mut work = city.database().begin(context(at(51), 6)).await?;
    account::close(&mut work, &city.account).await?;
    work.commit().await?;
    told(&city, &["account.closed", "session.closed"]).await
}

#[tokio::test]
async fn a_sign_in_comes_before_what_makes_room_for_it_and_after_what_it_replaces() -> Result<(), Error> {
    let city = City::found().await?;
    sessions::opened_before(&city, limits::SESSIONS_MAX).await?;
    for seconds in [1000, 1001, 1002, 1003] {
        city.sign_in(seconds, &right()).await?;
        told(&city, &["sign_in.succeeded", "session.closed"]).await?;
    }
    let setting = context(at(1004), 2);
    let hashed = password::hash(&city.gate, &setting.entropy, "lina", PASSWORD).await?;
    let mut work = city.database().begin(setting).await?;
    let second = person::register(&mut work, &city.vault, new_person("李娜", 2)).await?;
    account::open(&mut work, &second, "lina", Some(&hashed)).await?;
    work.commit().await?;
    let mut last = city.sign_in(1005, &right()).await?;
    for (seconds, username) in [(1006, "lina"), (1007, "zhangwei"), (1008, "lina"), (1009, "zhangwei")] {
        let browser = city.session(&last.token, seconds).await?.unwrap();
        last = city.sign_in(seconds, &Attempt { browser: Some(&browser), username, ..right() }).await?;
        told(&city, &["session.closed", "sign_in.succeeded"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_death_comes_before_what_ends_with_it() -> Result<(), Error> {
    let city = City::found().await?;
    city.sign_in(0, &right()).await?;
    let mut work = city.database().begin(context(at(1), 2)).await?;
    let new = NewOrganisation {
        name: "滨江市公安局".to_owned(),
        credit_code: CreditCode::complete("11330100002489402").unwrap(),
        kind: Kind::Department,
        legal_representative: None,
    };
    let department = organisation::register(&mut work, new).await?;
    staff::appoint(&mut work, &city.person, &department, &[Role::Clerk]).await?;
    work.commit().await?;
    let mut work = city.database().begin(context(at(3), 3)).await?;
    person::record_death(&mut work, &city.person, at(0).date()).await?;
    work.commit().await?;
    told(&city, &["person.died", "account.closed", "session.closed", "staff.ended"]).await
}
