//! Rows that say who somebody is and what they may do, put there or changed by somebody who has the database alone: for as
//! long as they stand, nobody acts by them.

use super::*;
use records::audit::{self, Finding};

use crate::command_key;

const SESSION_PUT_THERE: &str = "insert into session (session_id, token_hash, account_id, method, address, device, opened_at, \
                                 authenticated_at, seen_at, idle_until, ends_at, marked, mark)
     select 'ses_put', $1, account_id, method, address, device, opened_at, authenticated_at, seen_at, idle_until, ends_at,
            marked, mark
       from session";

/// What somebody does who has the database alone, with a value; how many rows it took.
async fn run(city: &City, sql: &'static str, value: &str) -> Result<u64, Fault> {
    let mut tx = city.database().housekeeping().await?;
    let count = tx.run(sql, records::args![value]).await?;
    tx.commit().await?;
    Ok(count)
}

#[tokio::test]
async fn a_session_that_was_put_there_or_given_to_somebody_else_signs_nobody_in() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    // With its mark, and without any.
    let token = SessionToken::parse(&"A".repeat(43)).unwrap();
    let hash = crypto::digest::hex(&crypto::digest::sha256(token.expose().as_bytes()));
    assert_eq!(run(&city, SESSION_PUT_THERE, &hash).await?, 1);
    assert!(city.session(&token, 1).await?.is_none());
    past_the_product(&city, "update session set marked = 0, mark = null where session_id = 'ses_put'").await?;
    assert!(city.session(&token, 1).await?.is_none());
    past_the_product(&city, "delete from session where session_id = 'ses_put'").await?;
    assert!(city.session(&opened.token, 1).await?.is_some());
    // One's own session, in another account.
    let mut work = city.database().begin(context(at(2), 7)).await?;
    let other = person::register(&mut work, &city.vault, new_person("王芳", 2)).await?;
    let account = account::open(&mut work, &other, "wangfang", None).await?;
    work.commit().await?;
    assert_eq!(run(&city, "update session set account_id = $1", account.as_str()).await?, 1);
    assert!(city.session(&opened.token, 3).await?.is_none());
    assert_eq!(run(&city, "update session set account_id = $1", city.account.as_str()).await?, 1);
    assert!(city.session(&opened.token, 3).await?.is_some(), "put back as it was, it is as it was left");
    // The account of one's own session, for another person.
    assert_eq!(
        run(&city, "update account set person_id = $1 where username_key = 'zhangwei'", other.as_str()).await?,
        1
    );
    assert!(city.session(&opened.token, 4).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_session_that_lasts_longer_past_the_product_is_over() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    past_the_product(&city, "update session set idle_until = idle_until + 1, ends_at = ends_at + 1").await?;
    assert!(city.session(&opened.token, 1).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_role_that_is_lent_past_the_product_gives_no_powers() -> Result<(), Error> {
    let office = Office::staffed(&[Role::Counter], &[Role::Counter]).await?;
    let city = &office.city;
    let mut work = office.begin(&testing::operator(), 0).await?;
    staff::appoint(&mut work, &city.person, &office.department, &[Role::Counter]).await?;
    work.commit().await?;
    let opened = city.sign_in(1, &right()).await?;
    assert!(city.session(&opened.token, 2).await?.unwrap().has(Role::Counter));
    past_the_product(city, "update staff set roles = 'operator'").await?;
    let session = city.session(&opened.token, 2).await?.unwrap();
    assert_eq!(session.staff, None, "they are signed in as the person they are, and as nothing else");
    let Actor::Staff { staff: lent, person } = office.one.clone() else { unreachable!() };
    let mut tx = city.database().read().await?;
    assert!(staff::find(&mut tx, &lent).await?.is_none());
    assert!(staff::of_person(&mut tx, &person).await.is_err(), "nor is it said that they have no powers");
    drop(tx);
    let mut work = office.begin(&office.one, 3).await?;
    assert!(matches!(staff::acting(&mut work, Role::Operator).await, Err(Error::NotAllowed)));
    drop(work);
    // Nor does an appointment that ended and was begun again.
    past_the_product(city, "update staff set roles = 'counter'").await?;
    let mut work = office.begin(&office.one, 4).await?;
    staff::acting(&mut work, Role::Counter).await?;
    let Actor::Staff { staff: two, .. } = office.two.clone() else { unreachable!() };
    staff::end(&mut work, &two).await?;
    work.commit().await?;
    past_the_product(city, "update staff set ended_at = null where ended_at is not null").await?;
    let mut work = office.begin(&office.two, 5).await?;
    assert!(matches!(staff::acting(&mut work, Role::Counter).await, Err(Error::NotAllowed)));
    Ok(())
}

#[tokio::test]
async fn a_mandate_or_an_office_of_a_company_that_is_lent_past_the_product_lets_nobody_act() -> Result<(), Error> {
    let office = Office::open().await?;
    let (city, company) = (&office.city, office.company().await?);
    let may_act = async || -> Result<(bool, usize), Fault> {
        let mut tx = city.database().read().await?;
        let may_act = mandate::may_act(&mut tx, &company, &city.person, at(5)).await?;
        Ok((may_act, organisation::of_person(&mut tx, &city.person, at(5)).await?.len()))
    };
    let sql = "insert into mandate (person_id, organisation_id, starts_at)
               select $1, organisation_id, 0 from organisation where kind = 'enterprise'";
    assert_eq!(run(city, sql, city.person.as_str()).await?, 1);
    assert_eq!(may_act().await?, (false, 0));
    past_the_product(city, "delete from mandate").await?;
    let sql = "update organisation set legal_representative = $1 where kind = 'enterprise'";
    assert_eq!(run(city, sql, city.person.as_str()).await?, 1);
    assert_eq!(may_act().await?, (false, 0));
    past_the_product(city, "update organisation set legal_representative = null").await?;
    let mut work = office.begin(&testing::operator(), 1).await?;
    mandate::give(&mut work, &company, &city.person, base::Period { start: at(1), end: Some(at(4)) }).await?;
    work.commit().await?;
    past_the_product(city, "update mandate set ends_at = null").await?;
    assert_eq!(may_act().await?, (false, 0));
    Ok(())
}

#[tokio::test]
async fn a_password_or_an_account_that_is_exchanged_past_the_product_opens_nothing() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(-10), 7)).await?;
    let other = person::register(&mut work, &city.vault, new_person("王芳", 2)).await?;
    let hashed =
        password::hash(&city.gate, &work.context().entropy.clone(), "wangfang", "另一个很长很长的密码 with spaces")
            .await?;
    account::open(&mut work, &other, "wangfang", Some(&hashed)).await?;
    work.commit().await?;
    let known = Attempt { password: "另一个很长很长的密码 with spaces", ..right() };
    assert!(matches!(city.sign_in(0, &known).await, Err(Error::Refused)));
    // One's own password, for somebody else's account.
    let (before,): (String,) = city
        .database()
        .read()
        .await?
        .one("select phc from password where account_id = $1", records::args![&city.account])
        .await?;
    let exchange = "update password set phc = (select phc from password where account_id <> $1) where account_id = $1";
    assert_eq!(run(&city, exchange, city.account.as_str()).await?, 1);
    assert!(matches!(city.sign_in(1, &known).await, Err(Error::Refused)));
    assert_eq!(run(&city, "update password set phc = $1", &before).await?, 2);
    city.sign_in(2, &right()).await?;
    // One's own account, for somebody else.
    assert_eq!(
        run(&city, "update account set person_id = $1 where username_key = 'zhangwei'", other.as_str()).await?,
        1
    );
    assert!(matches!(city.sign_in(3, &right()).await, Err(Error::Refused)));
    Ok(())
}

#[tokio::test]
async fn a_command_key_that_was_put_there_or_given_back_past_the_product_acts_for_nobody() -> Result<(), Error> {
    let office = Office::open().await?;
    let city = &office.city;
    let account = office.account(11).await?;
    let mut work = office.begin(&testing::operator(), 0).await?;
    let key = command_key::make(&mut work, &account).await?;
    work.commit().await?;
    let acts = async |secret: &str| -> Result<bool, Fault> {
        Ok(command_key::of_key(&mut city.database().read().await?, secret, at(2)).await?.is_some())
    };
    assert!(acts(key.secret.expose()).await?);
    let hash = crypto::digest::hex(&crypto::digest::sha256(b"known"));
    let sql = "insert into command_key (key_hash, account_id, made_at, ends_at, marked, mark)
               select $1, account_id, made_at, ends_at, marked, mark from command_key";
    assert_eq!(run(city, sql, &hash).await?, 1);
    assert!(!acts("known").await?);
    assert_eq!(run(city, "delete from command_key where key_hash = $1", &hash).await?, 1);
    let mut work = office.begin(&testing::operator(), 1).await?;
    command_key::end_all(&mut work, &account).await?;
    work.commit().await?;
    past_the_product(city, "update command_key set ended_at = null").await?;
    assert!(!acts(key.secret.expose()).await?);
    Ok(())
}

#[tokio::test]
async fn an_act_on_a_row_that_was_changed_past_the_product_is_refused_and_one_on_a_session_heals_nothing()
-> Result<(), Error> {
    let office = Office::open().await?;
    let city = &office.city;
    let opened = city.sign_in(0, &right()).await?;
    past_the_product(city, "update account set username = '别的' where username_key = 'zhangwei'").await?;
    let mut work = office.begin(&testing::operator(), 1).await?;
    account::lock(&mut work, &city.account).await?;
    let refused = work.commit().await.unwrap_err();
    assert!(refused.to_string().contains(&format!("account {}", city.account)), "{refused}");
    past_the_product(city, "update account set username = 'ZhangWei' where username_key = 'zhangwei'").await?;
    assert_eq!(city.events::<events::AccountLocked>().await?.len(), 0);
    // A session is ended whatever became of it, and does not come back as it was.
    past_the_product(city, "update session set ends_at = ends_at + 1, idle_until = idle_until + 1").await?;
    let mut work = office.begin(&testing::operator(), 2).await?;
    session::close_of_account(&mut work, &city.account, "locked").await?;
    work.commit().await?;
    let told = city.events::<events::SessionClosed>().await?;
    assert_eq!(told.iter().map(|told| told.session.clone()).collect::<Vec<_>>(), [opened.session_id]);
    past_the_product(city, "update session set closed_at = null, ends_at = ends_at - 1").await?;
    assert!(city.session(&opened.token, 4).await?.is_none());
    Ok(())
}

/// An event of somebody, and nothing else.
async fn act(office: &Office, who: &Actor, seconds: i64) -> Result<(), Error> {
    let mut work = office.begin(who, seconds).await?;
    work.record(events::CommandProved { account: office.city.account.clone() });
    Ok(work.commit().await?)
}

/// What an audit names, but for whoever set the city up, who has no office.
async fn found(city: &City) -> Result<Vec<Finding>, Fault> {
    log::sequence_events(city.database()).await?;
    let mut named = audit::audit(city.database(), &[]).await?.findings;
    let founder = testing::operator();
    named.retain(|one| !matches!(one, Finding::Actor(_, _, who) if who == founder.id()));
    Ok(named)
}

#[tokio::test]
async fn whoever_acts_after_their_office_ended_is_named_by_an_audit() -> Result<(), Error> {
    let office = Office::staffed(&[Role::Counter], &[Role::Counter]).await?;
    act(&office, &office.one, 0).await?;
    let Actor::Staff { staff, .. } = office.one.clone() else { unreachable!() };
    let mut work = office.begin(&office.two, 1000).await?;
    staff::end(&mut work, &staff).await?;
    work.commit().await?;
    // On its way while the office ended, on a node whose clock is a little ahead.
    act(&office, &office.one, 1100).await?;
    assert_eq!(found(&office.city).await?, []);
    act(&office, &office.one, 2000).await?;
    let named = found(&office.city).await?;
    let last = log::list(&mut office.city.database().read().await?, &Filter::default(), &ListPage::first(9)).await?;
    let last = last.items.iter().filter_map(|entry| entry.sequence).max().unwrap();
    assert_eq!(named, [Finding::Actor(last, "staff", staff.to_string())], "the act itself");
    Ok(())
}

#[tokio::test]
async fn whoever_acts_and_was_never_appointed_is_named_by_an_audit() -> Result<(), Error> {
    let office = Office::staffed(&[Role::Counter], &[Role::Counter]).await?;
    let staff = base::id::StaffId::new(at(0), &base::SeededEntropy::new(99));
    let person = office.city.person.clone();
    act(&office, &Actor::Operator { staff: staff.clone(), person }, 5).await?;
    let named = found(&office.city).await?;
    let who = staff.to_string();
    assert!(matches!(&named[..], [Finding::Actor(_, "staff", named)] if *named == who), "{named:?}");
    Ok(())
}

#[tokio::test]
async fn a_sign_in_while_the_account_is_locked_or_closed_is_named_by_an_audit() -> Result<(), Error> {
    let office = Office::open().await?;
    let city = &office.city;
    let opened = city.sign_in(0, &right()).await?;
    let signed_in = |again| events::SignInSucceeded {
        account: city.account.clone(),
        session: opened.session_id.clone(),
        method: "password".to_owned(),
        address: "127.0.0.1".to_owned(),
        again,
    };
    let record = async |seconds: i64, event: events::SignInSucceeded| -> Result<(), Error> {
        let mut work = office.begin(&testing::operator(), seconds).await?;
        work.record(event);
        Ok(work.commit().await?)
    };
    let mut work = office.begin(&testing::operator(), 10).await?;
    account::lock(&mut work, &city.account).await?;
    work.commit().await?;
    record(20, signed_in(None)).await?;
    assert_eq!(found(city).await?, [], "on its way when it was locked");
    let mut work = office.begin(&testing::operator(), 1000).await?;
    account::unlock(&mut work, &city.account).await?;
    work.commit().await?;
    record(1010, signed_in(None)).await?;
    assert_eq!(found(city).await?, []);
    let mut work = office.begin(&testing::operator(), 1020).await?;
    account::lock(&mut work, &city.account).await?;
    work.commit().await?;
    record(2000, signed_in(Some(true))).await?;
    let named = found(city).await?;
    let who = city.account.to_string();
    assert!(matches!(&named[..], [Finding::Contrary(_, "account", named)] if *named == who), "{named:?}");
    Ok(())
}

#[tokio::test]
async fn an_account_that_is_given_to_somebody_without_powers_past_the_product_is_opened_by_nobody() -> Result<(), Error>
{
    let office = Office::open().await?;
    let (city, account) = (&office.city, office.account(12).await?);
    let check = async |seconds: i64| -> Result<(), Error> {
        let mut work = office.begin(&office.one, seconds).await?;
        crate::operator::check_reset(&mut work, &account).await
    };
    assert!(matches!(check(1).await, Err(Error::TwoNeeded)), "of another operator");
    let lend = "update account set person_id = $1 where username_key = 'staff12'";
    assert_eq!(run(city, lend, city.person.as_str()).await?, 1);
    let refused = check(2).await.unwrap_err();
    assert!(matches!(&refused, Error::Fault(fault) if fault.to_string().contains("past the product")), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn powers_that_are_hidden_while_one_operator_alone_opens_an_account_are_named_by_an_audit() -> Result<(), Error> {
    let office = Office::open().await?;
    let (city, account) = (&office.city, office.account(12).await?);
    let Actor::Staff { staff, person } = office.two.clone() else { unreachable!() };
    let mut work = office.begin(&office.one, 1).await?;
    account::lock(&mut work, &account).await?;
    work.commit().await?;
    let unlock = async |seconds: i64| -> Result<(), Error> {
        let mut work = office.begin(&office.one, seconds).await?;
        crate::operator::unlock(&mut work, &account, &why()).await?;
        Ok(work.commit().await?)
    };
    assert!(matches!(unlock(2).await, Err(Error::TwoNeeded)));
    // For a moment the appointment is somebody else's.
    let move_to =
        "update staff set person_id = $1 where person_id in (select person_id from account where username = 'staff12')";
    assert_eq!(run(city, move_to, city.person.as_str()).await?, 1);
    unlock(3).await?;
    let back = format!("update staff set person_id = '{person}' where staff_id = '{staff}'");
    let mut tx = city.database().housekeeping().await?;
    assert_eq!(tx.run_text(&back, vec![]).await?, 1);
    tx.commit().await?;
    let named = found(city).await?;
    let who = staff.to_string();
    assert!(matches!(&named[..], [Finding::Contrary(_, "staff", named)] if *named == who), "{named:?}");
    // Whose appointment is over has none.
    let mut work = office.begin(&testing::operator(), 1000).await?;
    staff::end(&mut work, &staff).await?;
    account::lock(&mut work, &account).await?;
    work.commit().await?;
    unlock(2000).await?;
    assert_eq!(found(city).await?.len(), 1);
    Ok(())
}
