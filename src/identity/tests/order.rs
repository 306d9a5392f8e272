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
