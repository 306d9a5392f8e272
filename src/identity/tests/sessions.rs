use super::*;

const IDLE: i64 = 30 * 60;
const ABSOLUTE: i64 = 12 * 3600;

#[tokio::test]
async fn a_token_is_random_and_only_its_digest_is_stored() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    let token = opened.token.expose();
    assert_eq!(token.len(), 43);
    assert_eq!(format!("{:?}", opened.token), "SessionToken(Secret(..))");
    let mut tx = city.database().read().await?;
    let (stored,): (String,) = tx.one("select token_hash from session", vec![]).await?;
    assert_eq!(stored, crypto::digest::hex(&crypto::digest::sha256(token.as_bytes())));
    for entry in log::list(&mut tx, &Filter::default(), &ListPage::first(100)).await?.items {
        assert!(!entry.data.contains(token) && !entry.data.contains(&stored), "{entry:?}");
    }
    // What is stored opens nothing.
    assert!(SessionToken::parse(&stored).is_none());
    for text in ["", "x", &token[..42], &format!("{token}A"), &token.replace(&token[..1], "=")] {
        assert!(SessionToken::parse(text).is_none(), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_session_that_is_not_used_ends_after_half_an_hour() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    assert!(city.session(&opened.token, IDLE - 1).await?.is_some());
    assert!(city.session(&opened.token, IDLE).await?.is_none());
    // It does not come back by being touched too late.
    let session = city.session(&opened.token, 1).await?.unwrap();
    assert!(!session::touch(city.database(), &session, session::Limits::default(), at(IDLE)).await?);
    assert!(city.session(&opened.token, IDLE).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_session_in_use_ends_after_half_a_day() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    let mut seconds = 0;
    while seconds + IDLE - 1 < ABSOLUTE {
        seconds += IDLE - 1;
        let session = city.session(&opened.token, seconds).await?.unwrap();
        assert!(session::touch(city.database(), &session, session::Limits::default(), at(seconds)).await?);
    }
    assert!(city.session(&opened.token, ABSOLUTE - 1).await?.is_some());
    assert!(city.session(&opened.token, ABSOLUTE).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_session_is_touched_at_most_once_a_minute() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    let touch = async |seconds: i64| -> Result<bool, Fault> {
        let session = city.session(&opened.token, seconds).await?.unwrap();
        session::touch(city.database(), &session, session::Limits::default(), at(seconds)).await
    };
    assert!(!touch(59).await?);
    assert!(touch(60).await?);
    assert!(!touch(119).await?);
    assert!(touch(120).await?);
    Ok(())
}

#[tokio::test]
async fn a_closed_session_is_gone_at_once_and_closes_once() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    let mut work = city.database().begin(context(at(1), 2)).await?;
    assert!(session::close(&mut work, &opened.session_id, "signed_out").await?);
    assert!(!session::close(&mut work, &opened.session_id, "signed_out").await?);
    work.commit().await?;
    assert!(city.session(&opened.token, 1).await?.is_none());
    assert_eq!(city.events::<events::SessionClosed>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn signing_in_again_gives_a_new_token_and_kills_the_old_one() -> Result<(), Error> {
    let city = City::found().await?;
    let first = city.sign_in(0, &right()).await?;
    let browser = city.session(&first.token, 100).await?.unwrap();
    let second = city.sign_in(100, &Attempt { browser: Some(&browser), ..right() }).await?;
    // The same session for the apps, with a new proof of who it is.
    assert_eq!(first.session_id, second.session_id);
    assert_ne!(first.token.expose(), second.token.expose());
    assert!(city.session(&first.token, 101).await?.is_none());
    assert_eq!(city.session(&second.token, 101).await?.unwrap().authenticated_at, at(100));
    Ok(())
}

#[tokio::test]
async fn another_person_in_the_same_browser_ends_the_first_ones_session() -> Result<(), Error> {
    let city = City::found().await?;
    let first = city.sign_in(0, &right()).await?;
    let setting = context(at(1), 2);
    let hashed = password::hash(&city.gate, &setting.entropy, "lina", PASSWORD).await?;
    let mut work = city.database().begin(setting).await?;
    let second = person::register(&mut work, &city.vault, new_person("李娜", 2)).await?;
    account::open(&mut work, &second, "lina", Some(&hashed)).await?;
    work.commit().await?;
    let browser = city.session(&first.token, 2).await?.unwrap();
    let opened = city.sign_in(3, &Attempt { browser: Some(&browser), username: "lina", ..right() }).await?;
    let closed = city.events::<events::SessionClosed>().await?;
    assert_eq!((closed.len(), &closed[0].session, closed[0].reason.as_str()), (1, &first.session_id, "replaced"));
    assert_ne!(opened.session_id, first.session_id);
    assert!(city.session(&first.token, 4).await?.is_none());
    assert_eq!(city.session(&opened.token, 4).await?.unwrap().name, "李娜");
    Ok(())
}

#[tokio::test]
async fn a_person_sees_and_ends_their_own_sessions_only() -> Result<(), Error> {
    let city = City::found().await?;
    let mut opened = Vec::new();
    for seconds in 0..3 {
        opened.push(city.sign_in(seconds, &right()).await?);
    }
    let mut work = city.database().begin(context(at(3), 2)).await?;
    let other = person::register(&mut work, &city.vault, new_person("李娜", 2)).await?;
    assert!(!session::close_own(&mut work, &other, &opened[0].session_id, "closed_by_holder").await?);
    session::close_all(&mut work, &other, None, "closed_by_holder").await?;
    work.commit().await?;
    let mut tx = city.database().read().await?;
    assert!(session::list(&mut tx, &other, at(4), &ListPage::first(9)).await?.items.is_empty());
    let first = session::list(&mut tx, &city.person, at(4), &ListPage::first(2)).await?;
    let second = session::list(&mut tx, &city.person, at(4), &ListPage::after(first.next.clone().unwrap(), 2)).await?;
    assert_eq!((first.items.len(), second.items.len(), second.next), (2, 1, None));
    assert_eq!(first.items[0].session_id, opened[2].session_id);
    assert_eq!(first.items[0].device, "Chrome, Windows");
    drop(tx);
    let mut work = city.database().begin(context(at(5), 3)).await?;
    assert!(session::close_own(&mut work, &city.person, &opened[0].session_id, "closed_by_holder").await?);
    session::close_all(&mut work, &city.person, Some(&opened[2].session_id), "closed_by_holder").await?;
    work.commit().await?;
    assert!(city.session(&opened[1].token, 6).await?.is_none());
    assert!(city.session(&opened[2].token, 6).await?.is_some());
    assert_eq!(city.events::<events::SessionClosed>().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn sessions_of_several_accounts_of_a_person_are_one_list_and_end_together() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let other = account::open(&mut work, &city.person, "zhangwei2", None).await?;
    work.commit().await?;
    let mut opened = Vec::new();
    for (seconds, account) in (1..).zip([&city.account, &other, &city.account, &other]) {
        let mut work = city.database().begin(context(at(seconds), seconds.unsigned_abs())).await?;
        let opening = session::Opening {
            account,
            method: session::Method::Password,
            address: "203.0.113.9",
            device: "",
            limits: session::Limits::default(),
        };
        opened.push(session::open(&mut work, opening).await?.1);
        work.commit().await?;
    }
    opened.reverse();
    let mut tx = city.database().read().await?;
    let first = session::list(&mut tx, &city.person, at(9), &ListPage::first(3)).await?;
    let second = session::list(&mut tx, &city.person, at(9), &ListPage::after(first.next.unwrap(), 3)).await?;
    let listed = first.items.iter().chain(&second.items).map(|view| view.session_id.clone()).collect::<Vec<_>>();
    assert_eq!((listed, second.next), (opened.clone(), None));
    drop(tx);
    let mut work = city.database().begin(context(at(10), 9)).await?;
    session::close_all(&mut work, &city.person, Some(&opened[1]), "closed_by_holder").await?;
    work.commit().await?;
    let mut tx = city.database().read().await?;
    let left = session::list(&mut tx, &city.person, at(11), &ListPage::first(9)).await?.items;
    assert_eq!(left.iter().map(|view| &view.session_id).collect::<Vec<_>>(), [&opened[1]]);
    Ok(())
}

#[tokio::test]
async fn a_role_that_was_taken_away_is_gone_from_the_next_request() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let bureau = NewOrganisation {
        name: "局".to_owned(),
        credit_code: CreditCode::complete("11330100000000001").unwrap(),
        kind: OrganisationKind::Department,
        legal_representative: None,
    };
    let bureau = organisation::register(&mut work, bureau).await?;
    let clerk = staff::appoint(&mut work, &city.person, &bureau, &[Role::Clerk]).await?;
    work.commit().await?;
    let opened = city.sign_in(1, &right()).await?;
    let session = city.session(&opened.token, 2).await?.unwrap();
    assert!(session.has(Role::Clerk) && !session.has(Role::Reviewer));
    assert_eq!(session.staff.as_ref().unwrap().organisation_name, "局");
    assert_eq!(session.staff.as_ref().unwrap().staff_id, clerk);
    let mut work = city.database().begin(context(at(3), 3)).await?;
    staff::end(&mut work, &clerk).await?;
    work.commit().await?;
    let session = city.session(&opened.token, 4).await?.unwrap();
    assert_eq!((session.staff, session.name.as_str()), (None, "张伟"));
    Ok(())
}

#[tokio::test]
async fn the_row_of_a_session_is_removed_long_after_it_ended() -> Result<(), Error> {
    let city = City::found().await?;
    city.sign_in(0, &right()).await?;
    let mut tx = city.database().housekeeping().await?;
    assert_eq!(session::expire(&mut tx, at(ABSOLUTE)).await?, 0);
    assert_eq!(session::expire(&mut tx, at(ABSOLUTE + 1)).await?, 1);
    Ok(())
}

/// The identifiers of the account's live sessions, the oldest first.
async fn live(city: &City, seconds: i64) -> Result<Vec<String>, Fault> {
    let mut tx = city.database().read().await?;
    let rows: Vec<(String,)> = tx
        .all(
            "select session_id from session where closed_at is null and idle_until > $1 order by opened_at, session_id",
            records::args![at(seconds)],
        )
        .await?;
    Ok(rows.into_iter().map(|(session,)| session).collect())
}

pub(super) async fn opened_before(city: &City, count: i64) -> Result<(), Fault> {
    let mut work = city.database().begin(context(at(-100), 3)).await?;
    for _ in 0..count {
        let opening = session::Opening {
            account: &city.account,
            method: session::Method::Password,
            address: "203.0.113.9",
            device: "",
            limits: session::Limits::default(),
        };
        session::open(&mut work, opening).await?;
    }
    work.commit().await
}

#[tokio::test]
async fn the_oldest_session_makes_room_for_one_too_many() -> Result<(), Error> {
    let city = City::found().await?;
    opened_before(&city, limits::SESSIONS_MAX - 1).await?;
    let before = live(&city, 0).await?;
    city.sign_in(0, &right()).await?;
    assert_eq!(live(&city, 0).await?.len() as i64, limits::SESSIONS_MAX);
    assert!(city.events::<events::SessionClosed>().await?.is_empty());
    let opened = city.sign_in(1, &right()).await?;
    let after = live(&city, 1).await?;
    assert_eq!(
        (after.len() as i64, after.last()),
        (limits::SESSIONS_MAX, Some(&opened.session_id.as_str().to_owned()))
    );
    let closed = city.events::<events::SessionClosed>().await?;
    assert_eq!((closed.len(), closed[0].session.as_str()), (1, before[0].as_str()));
    assert_eq!(closed[0].reason, "too_many");
    // Sessions that ran out take nobody's place.
    city.sign_in(IDLE + 2, &right()).await?;
    assert_eq!(live(&city, IDLE + 2).await?.len(), 1);
    assert_eq!(city.events::<events::SessionClosed>().await?.len(), 1);
    Ok(())
}

/// G10 141.
#[tokio::test]
async fn the_limit_of_sessions_holds_for_64_sign_ins_at_once() -> Result<(), Error> {
    let city = Arc::new(City::found().await?);
    opened_before(&city, limits::SESSIONS_MAX - 10).await?;
    let mut tries = tokio::task::JoinSet::new();
    for n in 0..64_u8 {
        let city = Arc::clone(&city);
        tries.spawn(async move {
            // From many addresses, so that nothing but the account itself makes them wait for each other.
            let address = IpAddr::from([203, 0, 113, n]);
            city.sign_in(0, &Attempt { address, ..right() }).await.map(|_| ())
        });
    }
    while let Some(done) = tries.join_next().await {
        done.unwrap()?;
    }
    assert_eq!(live(&city, 0).await?.len() as i64, limits::SESSIONS_MAX);
    assert_eq!(city.events::<events::SessionClosed>().await?.len(), 54);
    Ok(())
}
