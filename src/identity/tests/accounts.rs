use super::*;

#[tokio::test]
async fn a_username_is_taken_in_any_case() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    assert!(matches!(account::open(&mut work, &city.person, "zhangwei", None).await, Err(Error::UsernameTaken)));
    assert!(matches!(account::open(&mut work, &city.person, "ZHANGWEI", None).await, Err(Error::UsernameTaken)));
    assert!(matches!(account::open(&mut work, &city.person, "zhang wei", None).await, Err(Error::UsernameForm)));
    work.commit().await?;
    let found = account::find_by_username(&mut city.database().read().await?, " zhangWEI").await?.unwrap();
    assert_eq!((found.account_id, found.username.as_str()), (city.account.clone(), "ZhangWei"));
    assert_eq!(city.events::<events::AccountOpened>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_closed_account_has_no_sessions_and_opens_none() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    let mut work = city.database().begin(context(at(1), 2)).await?;
    account::close(&mut work, &city.account).await?;
    work.commit().await?;
    assert!(city.session(&opened.token, 2).await?.is_none());
    assert!(matches!(city.sign_in(3, &right()).await, Err(Error::Refused)));
    let mut work = city.database().begin(context(at(4), 3)).await?;
    assert!(matches!(account::unlock(&mut work, &city.account).await, Err(Error::AccountUnknown)));
    drop(work);
    assert_eq!(city.events::<events::AccountClosed>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_locked_account_is_refused_like_a_wrong_password_and_can_be_unlocked() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    account::lock(&mut work, &city.account).await?;
    work.commit().await?;
    let refused = city.sign_in(1, &right()).await.unwrap_err();
    assert_eq!(refused.to_string(), city.sign_in(2, &wrong()).await.unwrap_err().to_string());
    assert!(city.events::<events::SignInFailed>().await?.iter().any(|failed| failed.reason == "account_not_open"));
    let mut work = city.database().begin(context(at(3), 3)).await?;
    account::unlock(&mut work, &city.account).await?;
    work.commit().await?;
    city.sign_in(4, &right()).await?;
    Ok(())
}

#[tokio::test]
async fn a_password_is_stored_as_a_hash_and_never_told() -> Result<(), Error> {
    let city = City::found().await?;
    let mut tx = city.database().read().await?;
    let (phc,): (String,) = tx.one("select phc from password", vec![]).await?;
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
    for entry in log::list(&mut tx, &Filter::default(), &ListPage::first(100)).await?.items {
        assert!(!entry.data.contains("argon2") && !entry.data.contains(PASSWORD), "{entry:?}");
    }
    let setting = context(at(0), 5);
    let hashed = password::hash(&city.gate, &setting.entropy, "zhangwei", PASSWORD).await?;
    assert!(!format!("{hashed:?}").contains("argon2"));
    Ok(())
}

#[tokio::test]
async fn an_old_hash_is_replaced_at_the_next_sign_in() -> Result<(), Error> {
    let city = City::found().await?;
    // The same password with cheaper parameters, as an older version might have stored it.
    let cheap = {
        let params = argon2::Params::new(8192, 1, 1, Some(32)).unwrap();
        let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut hash = [0; 32];
        argon2.hash_password_into(PASSWORD.as_bytes(), &[9; 16], &mut hash).unwrap();
        let bare = |bytes: &[u8]| crypto::encoding::base64(bytes).trim_end_matches('=').to_owned();
        format!("$argon2id$v=19$m=8192,t=1,p=1${}${}", bare(&[9; 16]), bare(&hash))
    };
    city.store_hash(&cheap).await?;
    city.sign_in(0, &right()).await?;
    let (phc,): (String,) = city.database().read().await?.one("select phc from password", vec![]).await?;
    assert!(crypto::password::is_current(&phc), "{phc}");
    assert_eq!(city.events::<events::PasswordUpgraded>().await?.len(), 1);
    city.sign_in(1, &right()).await?;
    assert_eq!(city.events::<events::PasswordUpgraded>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_hash_nobody_could_have_made_is_refused() -> Result<(), Error> {
    let city = City::found().await?;
    for phc in ["", "secret", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA", "$2b$12$abcdefghijklmnopqrstuv"] {
        city.store_hash(phc).await?;
        let mut tx = city.database().housekeeping().await?;
        tx.run("delete from sign_in_throttle", vec![]).await?;
        tx.commit().await?;
        assert!(matches!(city.sign_in(0, &right()).await, Err(Error::Refused)), "{phc}");
    }
    Ok(())
}
