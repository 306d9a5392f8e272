use super::*;

#[tokio::test]
async fn the_right_password_opens_a_session() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    assert_eq!((&opened.account_id, &opened.person_id), (&city.account, &city.person));
    let session = city.session(&opened.token, 1).await?.unwrap();
    assert_eq!(
        (session.session_id, session.name.as_str(), session.username.as_str()),
        (opened.session_id, "张伟", "ZhangWei")
    );
    let entries = city.events(events::SIGN_IN_SUCCEEDED).await?;
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].actor_kind.as_str(), entries[0].object.as_str()), ("person", city.account.as_str()));
    Ok(())
}
