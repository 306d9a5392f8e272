//! What operators do to accounts on pages.

use base::id::ProposalId;

use super::*;
use crate::{appointment, command_key, operator, password::PasswordState, proposal::Approved, reset::HandedOver};

/// An account of a reviewer.
async fn reviewer(office: &Office) -> Result<AccountId, Error> {
    let mut work = office.begin(&testing::operator(), -900).await?;
    staff_of(&mut work, &office.city, 13, &office.department, &[Role::Reviewer]).await?;
    work.commit().await?;
    Ok(office.account(13).await?)
}

async fn reset(office: &Office, who: &Actor, account: &AccountId) -> Result<(String, HandedOver), Error> {
    let (clear, hashed) = password::first(&office.city.gate, &context(at(0), 77).entropy).await?;
    let mut work = office.begin(who, 1).await?;
    operator::check_reset(&mut work, account).await?;
    let since = password::since(&mut work.tx, account).await?;
    let before = since.map(|at| at.plus_seconds(-1));
    let stale = operator::reset(&mut work, &office.city.vault, account, (&hashed, before), &why()).await;
    if since.is_some() {
        assert!(matches!(stale, Err(Error::Stale)), "another one was handed over since");
    }
    let done = operator::reset(&mut work, &office.city.vault, account, (&hashed, since), &why()).await?;
    work.commit().await?;
    Ok((clear.expose().clone(), done))
}

async fn propose(office: &Office, who: &Actor, kind: &str, account: &AccountId) -> Result<ProposalId, Error> {
    let mut work = office.begin(who, 2).await?;
    operator::propose(&mut work, kind, account, &why()).await?;
    work.commit().await?;
    Ok(office.waiting(kind, account.as_str()).await?)
}

async fn approve(office: &Office, who: &Actor, id: &ProposalId) -> Result<Option<HandedOver>, Error> {
    let (_, hashed) = password::first(&office.city.gate, &context(at(0), 78).entropy).await?;
    let vault = &office.city.vault;
    let carry_out =
        async |work: &mut Work, approved: &Approved| operator::carry_out(work, vault, approved, &hashed).await;
    office.approve(who, 3, id, carry_out).await
}

async fn password_of(office: &Office, account: &AccountId) -> Result<PasswordState, Fault> {
    password::state(&mut office.city.database().read().await?, account).await
}

#[tokio::test]
async fn an_operator_locks_unlocks_renames_resets_and_closes_with_a_reason() -> Result<(), Error> {
    let office = Office::open().await?;
    let reviewer = reviewer(&office).await?;
    let account = office.city.account.clone();
    assert_eq!(password_of(&office, &account).await?, PasswordState::Own);
    let mut work = office.begin(&office.one, 0).await?;
    operator::rename(&mut work, &account, "zhang.wei", &why()).await?;
    operator::lock(&mut work, &account, &why()).await?;
    assert!(matches!(operator::lock(&mut work, &account, &why()).await, Err(Error::AccountUnknown)));
    work.commit().await?;
    let by_name = Attempt { username: "zhang.wei", ..right() };
    assert!(matches!(office.city.sign_in(1, &by_name).await, Err(Error::Refused)));
    assert!(matches!(reset(&office, &office.one, &account).await, Err(Error::AccountLocked)));
    let mut work = office.begin(&office.one, 2).await?;
    operator::unlock(&mut work, &account, &why()).await?;
    work.commit().await?;
    office.city.sign_in(3, &by_name).await?;
    let (clear, done) = reset(&office, &office.one, &account).await?;
    assert_eq!(password_of(&office, &account).await?, PasswordState::HandedOut(done.until));
    let first = Attempt { password: &clear, ..by_name };
    assert!(matches!(office.city.sign_in(4, &first).await, Err(Error::PasswordToChoose)));
    let mut work = office.begin(&office.one, 5).await?;
    operator::close(&mut work, &account, &why()).await?;
    assert!(matches!(operator::unlock(&mut work, &account, &why()).await, Err(Error::AccountUnknown)));
    work.commit().await?;
    let reasons = office.city.events::<events::ReasonGiven>().await?;
    assert_eq!(reasons.len(), 5);
    assert!(reasons.iter().all(|one| one.object == account.as_str() && one.reason == "本人来函"));
    // Only an operator does any of it.
    let person = Actor::Person { person: office.city.person.clone(), on_behalf: None };
    let mut work = office.begin(&person, 6).await?;
    assert!(matches!(operator::lock(&mut work, &reviewer, &why()).await, Err(Error::NotAllowed)));
    Ok(())
}

#[tokio::test]
async fn an_account_with_powers_is_opened_by_two_operators_and_nobody_opens_their_own() -> Result<(), Error> {
    let office = Office::open().await?;
    let reviewer = reviewer(&office).await?;
    assert!(matches!(reset(&office, &office.one, &reviewer).await, Err(Error::TwoNeeded)));
    assert!(matches!(propose(&office, &office.one, operator::UNLOCK, &reviewer).await, Err(Error::AccountUnknown)));
    let id = propose(&office, &office.one, operator::RESET, &reviewer).await?;
    assert!(matches!(approve(&office, &office.one, &id).await, Err(Error::FourEyes)));
    assert_eq!(password_of(&office, &reviewer).await?, PasswordState::Missing);
    let done = approve(&office, &office.two, &id).await?.unwrap();
    assert_eq!(done.username, "staff13");
    assert_eq!(password_of(&office, &reviewer).await?, PasswordState::HandedOut(done.until));
    // Locked by one, opened again by two.
    let mut work = office.begin(&office.two, 4).await?;
    operator::lock(&mut work, &reviewer, &why()).await?;
    work.commit().await?;
    let mut work = office.begin(&office.two, 5).await?;
    assert!(matches!(operator::unlock(&mut work, &reviewer, &why()).await, Err(Error::TwoNeeded)));
    drop(work);
    let id = propose(&office, &office.two, operator::UNLOCK, &reviewer).await?;
    assert!(approve(&office, &office.one, &id).await?.is_none());
    // Neither proposes for themselves nor approves it.
    let own = office.account(11).await?;
    assert!(matches!(propose(&office, &office.one, operator::RESET, &own).await, Err(Error::Own)));
    let id = propose(&office, &office.two, operator::RESET, &own).await?;
    assert!(matches!(approve(&office, &office.one, &id).await, Err(Error::Own)));
    let mut work = office.begin(&office.one, 6).await?;
    assert!(matches!(operator::rename(&mut work, &own, "other", &why()).await, Err(Error::Own)));
    Ok(())
}

#[tokio::test]
async fn of_two_operators_who_lock_or_dismiss_each_other_in_one_instant_one_is_left() -> Result<(), Error> {
    for second_dismisses in [false, true] {
        let office = Office::open().await?;
        let accounts = [office.account(11).await?, office.account(12).await?];
        let lock = async |who: &Actor, account: &AccountId| {
            let mut work = office.begin(who, 1).await?;
            operator::lock(&mut work, account, &why()).await?;
            work.commit().await?;
            Ok::<_, Error>(())
        };
        let Actor::Staff { person, .. } = &office.one else { panic!("an operator is staff") };
        let dismiss = async {
            let mut work = office.begin(&office.two, 1).await?;
            appointment::end(&mut work, person, &why()).await?;
            work.commit().await?;
            Ok(())
        };
        let second = async { if second_dismisses { dismiss.await } else { lock(&office.two, &accounts[0]).await } };
        let done: [Result<(), Error>; 2] = tokio::join!(lock(&office.one, &accounts[1]), second).into();
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
        let events = office.city.events::<events::AccountLocked>().await?.len()
            + office.city.events::<events::StaffEnded>().await?.len();
        assert_eq!(events, 1);
    }
    Ok(())
}

#[tokio::test]
async fn whoever_acts_by_command_ends_neither_their_own_account_nor_their_place_nor_their_life() -> Result<(), Error> {
    let office = Office::open().await?;
    let Actor::Staff { staff, person } = office.one.clone() else { panic!("an operator is staff") };
    let (own, other) = (office.account(11).await?, office.account(12).await?);
    let command = Actor::Operator { staff: staff.clone(), person: person.clone() };
    let before = office.city.events::<events::AccountLocked>().await?.len();
    let mut work = office.begin(&command, 1).await?;
    assert!(matches!(account::lock(&mut work, &own).await, Err(Error::Own)));
    assert!(matches!(account::close(&mut work, &own).await, Err(Error::Own)));
    assert!(matches!(staff::end(&mut work, &staff).await, Err(Error::Own)));
    assert!(matches!(death::record(&mut work, &person, at(0).date()).await, Err(Error::Own)));
    assert_eq!(account::find(&mut work.tx, &own).await?.unwrap().state, account::AccountState::Open);
    assert!(staff::find(&mut work.tx, &staff).await?.is_some());
    account::lock(&mut work, &other).await?;
    work.commit().await?;
    assert_eq!(office.city.events::<events::AccountLocked>().await?.len(), before + 1);
    assert!(office.city.events::<events::StaffEnded>().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn somebody_can_act_as_operator_while_a_key_or_a_password_of_an_open_account_counts() -> Result<(), Error> {
    let office = Office::open().await?;
    let (one, two) = (office.account(11).await?, office.account(12).await?);
    let can = async |seconds| operator::can_anybody_act(&mut office.city.database().read().await?, at(seconds)).await;
    assert!(!can(0).await?, "neither has a password");
    let (_, first) = password::first(&office.city.gate, &context(at(0), 79).entropy).await?;
    let mut work = office.begin(&testing::operator(), 0).await?;
    let until = password::hand_out(&mut work, &one, &first).await?;
    work.commit().await?;
    let seconds = until.seconds_since(at(0));
    assert_eq!((can(seconds - 1).await?, can(seconds).await?), (true, false), "a password that was handed out ends");
    let mut work = office.begin(&testing::operator(), 1).await?;
    account::lock(&mut work, &one).await?;
    work.commit().await?;
    assert!(!can(2).await?, "the account is locked");
    let mut work = office.begin(&testing::operator(), 2).await?;
    let key = command_key::make(&mut work, &two).await?;
    work.commit().await?;
    let ends = key.until.seconds_since(at(0));
    assert_eq!((can(ends - 1).await?, can(ends).await?), (true, false), "a key counts until it ends");
    Ok(())
}

#[tokio::test]
async fn people_are_found_by_their_whole_name_and_an_account_tells_its_last_sign_in() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(-10), 2)).await?;
    let second = person::register(&mut work, &city.vault, new_person("张伟", 2)).await?;
    person::register(&mut work, &city.vault, new_person("张伟伟", 3)).await?;
    work.commit().await?;
    let mut tx = city.database().read().await?;
    let found: Vec<PersonId> =
        person::find_by_name(&mut tx, " 张伟 ").await?.into_iter().map(|one| one.person_id).collect();
    assert_eq!(found, [city.person.clone(), second]);
    assert!(person::find_by_name(&mut tx, "张").await?.is_empty());
    assert_eq!(session::last_of_account(&mut tx, &city.account).await?, None);
    drop(tx);
    for seconds in [5, 9] {
        city.sign_in(seconds, &right()).await?;
    }
    let mut tx = city.database().read().await?;
    assert_eq!(session::last_of_account(&mut tx, &city.account).await?, Some(at(9)));
    Ok(())
}
