//! A forgotten password, given anew by two people.

use base::id::{OrganisationId, ResetId};

use super::*;
use crate::{
    Progress,
    reset::{self, Document, Filing, HandedOver},
};

/// Two counters in one department, and one in another.
struct Hall {
    office: Office,
    elsewhere: OrganisationId,
    /// The counter of the other department.
    other: Actor,
}

impl Hall {
    async fn open() -> Result<Self, Error> {
        let office = Office::staffed(&[Role::Counter], &[Role::Counter]).await?;
        let mut work = office.begin(&testing::operator(), -900).await?;
        let elsewhere = department(&mut work, "滨江市行政审批服务局", "1133010000248939Y").await?;
        let other = staff_of(&mut work, &office.city, 13, &elsewhere, &[Role::Counter]).await?;
        work.commit().await?;
        Ok(Self { office, elsewhere, other })
    }
}

async fn file(office: &Office, who: &Actor, seconds: i64, account: &AccountId) -> Result<ResetId, Error> {
    let mut work = office.begin(who, seconds).await?;
    let filing = Filing { document: Document::IdentityCard, searched_at: at(seconds) };
    let reset = reset::file(&mut work, &office.city.vault, account, &filing).await?;
    work.commit().await?;
    Ok(reset)
}

/// Approves with a first password, which is told.
async fn approve(office: &Office, who: &Actor, seconds: i64, id: &ResetId) -> Result<(String, HandedOver), Error> {
    let setting = context(at(seconds), 6_000);
    let (clear, hashed) = password::first(&office.city.gate, &setting.entropy).await?;
    let mut work = office.begin(who, seconds).await?;
    let done = reset::approve(&mut work, &office.city.vault, id, &hashed).await?;
    work.commit().await?;
    Ok((clear.expose().clone(), done))
}

async fn state_of(office: &Office, seconds: i64, id: &ResetId) -> Result<Progress, Fault> {
    let mut tx = office.city.database().read().await?;
    Ok(reset::find(&mut tx, &office.department, id, at(seconds)).await?.unwrap().state)
}

#[tokio::test]
async fn a_password_is_reset_at_the_counter_by_two_people_and_its_owner_chooses_another_one() -> Result<(), Error> {
    let Hall { office, .. } = Hall::open().await?;
    let reset = file(&office, &office.one, 10, &office.city.account).await?;
    assert_eq!(state_of(&office, 11, &reset).await?, Progress::Open);
    office.city.sign_in(12, &right()).await?;
    let (clear, done) = approve(&office, &office.two, 20, &reset).await?;
    assert_eq!((done.username.as_str(), done.until), ("ZhangWei", at(20 + 7 * 86_400)));
    assert_eq!(clear.len(), 19);
    assert!(matches!(office.city.sign_in(22, &right()).await, Err(Error::Refused)));
    let first = Attempt { password: &clear, ..right() };
    assert!(matches!(office.city.sign_in(23, &first).await, Err(Error::PasswordToChoose)));
    assert!(matches!(office.city.sign_in(20 + 7 * 86_400, &first).await, Err(Error::PasswordEnded)));
    assert_eq!(state_of(&office, 24, &reset).await?, Progress::Approved);
    let (Actor::Staff { staff: one, .. }, Actor::Staff { staff: two, .. }) = (&office.one, &office.two) else {
        panic!()
    };
    let filed = office.city.events::<events::PasswordResetFiled>().await?;
    assert_eq!((&filed[0].account, filed[0].document.as_str()), (&office.city.account, "identity_card"));
    let approved = office.city.events::<events::PasswordResetApproved>().await?;
    assert_eq!((&approved[0].filed_by, &approved[0].reset), (one, &reset));
    let log = log::list(&mut office.city.database().read().await?, &Filter::default(), &ListPage::first(200)).await?;
    let entry = log.items.iter().find(|entry| entry.kind == "password.reset_approved").unwrap();
    assert_eq!(entry.actor, two.as_str());
    assert!(log.items.iter().all(|entry| !entry.data.contains(&clear)));
    Ok(())
}

#[tokio::test]
async fn whoever_guessed_until_they_had_to_wait_comes_in_with_what_the_counter_handed_over() -> Result<(), Error> {
    let Hall { office, .. } = Hall::open().await?;
    for seconds in 0..limits::ACCOUNT_FAILURES_FREE {
        let _ = office.city.sign_in(seconds, &wrong()).await;
    }
    assert!(matches!(office.city.sign_in(5, &right()).await, Err(Error::Throttled { .. })));
    let reset = file(&office, &office.one, 5, &office.city.account).await?;
    let (clear, _) = approve(&office, &office.two, 5, &reset).await?;
    let first = Attempt { password: &clear, ..right() };
    assert!(matches!(office.city.sign_in(5, &first).await, Err(Error::PasswordToChoose)));
    Ok(())
}

#[tokio::test]
async fn nobody_resets_a_password_alone_nor_their_own_nor_from_another_department() -> Result<(), Error> {
    let Hall { office, other, .. } = Hall::open().await?;
    let reset = file(&office, &office.one, 0, &office.city.account).await?;
    assert!(matches!(approve(&office, &office.one, 1, &reset).await, Err(Error::FourEyes)));
    assert!(matches!(approve(&office, &other, 1, &reset).await, Err(Error::ResetUnknown)));
    let person = Actor::Person { person: office.city.person.clone(), on_behalf: None };
    for nobody in [person, testing::operator(), Actor::Anonymous] {
        assert!(matches!(approve(&office, &nobody, 1, &reset).await, Err(Error::NotAllowed)), "{nobody:?}");
        assert!(matches!(file(&office, &nobody, 1, &office.city.account).await, Err(Error::NotAllowed)), "{nobody:?}");
    }
    // Somebody of the department without a counter.
    let mut work = office.begin(&testing::operator(), 2).await?;
    let clerk = staff_of(&mut work, &office.city, 21, &office.department, &[Role::Operator]).await?;
    work.commit().await?;
    assert!(matches!(approve(&office, &clerk, 3, &reset).await, Err(Error::NotAllowed)));
    // One's own, first or second.
    let (own, theirs) = (office.account(11).await?, office.account(12).await?);
    assert!(matches!(file(&office, &office.one, 4, &own).await, Err(Error::Own)));
    let for_two = file(&office, &office.one, 5, &theirs).await?;
    assert!(matches!(approve(&office, &office.two, 6, &for_two).await, Err(Error::Own)));
    // Only whoever filed it takes it back, and only somebody else refuses it.
    let withdraw = async |who: &Actor, id: &ResetId| {
        let mut work = office.begin(who, 7).await?;
        reset::withdraw(&mut work, id).await?;
        work.commit().await.map_err(Error::from)
    };
    assert!(matches!(withdraw(&office.two, &reset).await, Err(Error::NotAllowed)));
    let mut work = office.begin(&office.one, 8).await?;
    assert!(matches!(reset::refuse(&mut work, &reset, &why()).await, Err(Error::FourEyes)));
    drop(work);
    let mut work = office.begin(&office.two, 9).await?;
    reset::refuse(&mut work, &reset, &why()).await?;
    work.commit().await?;
    withdraw(&office.one, &for_two).await?;
    for (id, state) in [(&reset, Progress::Refused), (&for_two, Progress::Withdrawn)] {
        assert_eq!(state_of(&office, 10, id).await?, state);
        let mut tx = office.city.database().read().await?;
        let found = reset::find(&mut tx, &office.department, id, at(10)).await?.unwrap();
        let why = (state == Progress::Refused).then(|| why().as_str().to_owned());
        assert_eq!(reset::refusal(&mut tx, &found).await?, why);
        drop(tx);
        assert!(matches!(approve(&office, &office.two, 10, id).await, Err(Error::ResetOver)));
    }
    assert_eq!(office.city.events::<events::PasswordHandedOut>().await?.len(), 0);
    office.city.sign_in(11, &right()).await?;
    Ok(())
}

#[tokio::test]
async fn a_reset_that_nobody_approves_in_half_an_hour_is_over_and_the_next_one_can_be_filed() -> Result<(), Error> {
    let Hall { office, .. } = Hall::open().await?;
    let first = file(&office, &office.one, 0, &office.city.account).await?;
    assert!(matches!(file(&office, &office.two, 1, &office.city.account).await, Err(Error::ResetOpen)));
    assert!(matches!(approve(&office, &office.two, limits::RESET_SECONDS, &first).await, Err(Error::ResetOver)));
    assert_eq!(state_of(&office, limits::RESET_SECONDS, &first).await?, Progress::Ended);
    let second = file(&office, &office.two, limits::RESET_SECONDS, &office.city.account).await?;
    approve(&office, &office.one, 2 * limits::RESET_SECONDS - 1, &second).await?;
    assert!(matches!(
        approve(&office, &office.one, 2 * limits::RESET_SECONDS - 1, &second).await,
        Err(Error::ResetOver)
    ));
    // Whoever filed it has to be there still.
    let third = file(&office, &office.one, 9_000, &office.city.account).await?;
    let Actor::Staff { staff: one, .. } = &office.one else { panic!() };
    let mut work = office.begin(&testing::operator(), 9_001).await?;
    staff::end(&mut work, one).await?;
    work.commit().await?;
    assert!(matches!(approve(&office, &office.two, 9_002, &third).await, Err(Error::FirstLeft)));
    assert!(matches!(file(&office, &office.one, 9_003, &office.account(13).await?).await, Err(Error::NotAllowed)));
    Ok(())
}

#[tokio::test]
async fn a_person_has_three_resets_in_a_day_and_one_counter_has_five_that_wait() -> Result<(), Error> {
    let Hall { office, .. } = Hall::open().await?;
    for seconds in [0, 2_000, 4_000] {
        let reset = file(&office, &office.one, seconds, &office.city.account).await?;
        approve(&office, &office.two, seconds + 1, &reset).await?;
    }
    assert!(matches!(
        file(&office, &office.two, 6_000, &office.city.account).await,
        Err(Error::ResetsOften { max: 3 })
    ));
    assert!(matches!(file(&office, &office.two, 86_399, &office.city.account).await, Err(Error::ResetsOften { .. })));
    file(&office, &office.two, 86_400, &office.city.account).await?;
    let mut work = office.begin(&testing::operator(), 90_000).await?;
    let mut accounts = Vec::new();
    for serial in 31..=36 {
        let person = person::register(&mut work, &office.city.vault, new_person("群众", serial)).await?;
        accounts.push(account::open(&mut work, &person, &format!("citizen{serial}"), None).await?);
    }
    work.commit().await?;
    for account in &accounts[..limits::RESETS_WAITING_MAX] {
        file(&office, &office.one, 90_001, account).await?;
    }
    assert!(matches!(file(&office, &office.one, 90_002, &accounts[5]).await, Err(Error::ResetsWaiting { max: 5 })));
    file(&office, &office.one, 90_001 + limits::RESET_SECONDS, &accounts[5]).await?;
    Ok(())
}

#[tokio::test]
async fn accounts_with_powers_and_locked_ones_are_reset_at_no_counter() -> Result<(), Error> {
    let Hall { office, elsewhere, other } = Hall::open().await?;
    let mut work = office.begin(&testing::operator(), 0).await?;
    let mut serial = 40;
    for role in Role::ALL {
        serial += 1;
        staff_of(&mut work, &office.city, serial, &elsewhere, &[role]).await?;
    }
    work.commit().await?;
    for (role, serial) in Role::ALL.into_iter().zip(41..) {
        let account = office.account(serial).await?;
        let filed = file(&office, &office.one, 10 + i64::from(serial) * 2_000, &account).await;
        if role == Role::Counter {
            assert!(filed.is_ok(), "{role:?}");
        } else {
            assert!(matches!(filed, Err(Error::HasPowers)), "{role:?}");
            let by_its_own = file(&office, &other, 10 + i64::from(serial) * 2_000, &account).await;
            assert!(matches!(by_its_own, Err(Error::HasPowers)), "{role:?}");
        }
    }
    // Whoever gets powers between the two of them is not reset either.
    let reset = file(&office, &office.one, 200_000, &office.city.account).await?;
    let mut work = office.begin(&testing::operator(), 200_001).await?;
    staff::appoint(&mut work, &office.city.person, &elsewhere, &[Role::Operator]).await?;
    work.commit().await?;
    assert!(matches!(approve(&office, &office.two, 200_002, &reset).await, Err(Error::HasPowers)));
    // A lock stays until somebody unlocks it.
    let account = office.account(42).await?;
    for (seconds, lock) in [(300_000, true), (300_001, false)] {
        let mut work = office.begin(&testing::operator(), seconds).await?;
        if lock {
            account::lock(&mut work, &account).await?;
        } else {
            account::close(&mut work, &account).await?;
        }
        work.commit().await?;
        let refused = file(&office, &office.one, seconds, &account).await.unwrap_err();
        assert_eq!(matches!(refused, Error::AccountLocked), lock, "{refused}");
        assert_eq!(matches!(refused, Error::AccountUnknown), !lock, "{refused}");
    }
    Ok(())
}

#[tokio::test]
async fn of_two_who_approve_at_once_one_hands_a_password_over() -> Result<(), Error> {
    let Hall { office, .. } = Hall::open().await?;
    let mut work = office.begin(&testing::operator(), 0).await?;
    let third = staff_of(&mut work, &office.city, 51, &office.department, &[Role::Counter]).await?;
    work.commit().await?;
    let reset = file(&office, &office.one, 1, &office.city.account).await?;
    let (one, two) = tokio::join!(
        records::attempt(async || approve(&office, &office.two, 2, &reset).await),
        records::attempt(async || approve(&office, &third, 2, &reset).await),
    );
    let (good, bad): (Vec<_>, Vec<_>) = [one, two].into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (1, 1));
    assert!(matches!(bad[0], Err(Error::ResetOver)));
    assert_eq!(office.city.events::<events::PasswordHandedOut>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn resets_are_listed_for_their_department_and_forgotten_after_half_a_year() -> Result<(), Error> {
    let Hall { office, elsewhere, .. } = Hall::open().await?;
    let reset = file(&office, &office.one, 0, &office.city.account).await?;
    let list = async |department: &OrganisationId| -> Result<usize, Fault> {
        let mut tx = office.city.database().read().await?;
        Ok(reset::list(&mut tx, department, &ListPage::first(10), at(1)).await?.items.len())
    };
    assert_eq!((list(&office.department).await?, list(&elsewhere).await?), (1, 0));
    let find = async |department: &OrganisationId| -> Result<bool, Fault> {
        let mut tx = office.city.database().read().await?;
        Ok(reset::find(&mut tx, department, &reset, at(1)).await?.is_some())
    };
    assert_eq!((find(&office.department).await?, find(&elsewhere).await?), (true, false));
    for (seconds, gone) in [(0, 0), (1, 1)] {
        let mut tx = office.city.database().housekeeping().await?;
        assert_eq!(reset::expire(&mut tx, at(seconds)).await?, gone);
        tx.commit().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_reset_that_was_changed_past_the_product_gives_nobody_a_password() -> Result<(), Error> {
    let Hall { office, .. } = Hall::open().await?;
    let reset = file(&office, &office.one, 10, &office.city.account).await?;
    // Whoever filed it is said to be somebody else, and could approve it then.
    let another = "update password_reset
                      set filed_by = (select max(staff_id) from staff where staff_id <> password_reset.filed_by)";
    past_the_product(&office.city, another).await?;
    for who in [&office.one, &office.two] {
        assert!(matches!(approve(&office, who, 20, &reset).await, Err(Error::Fault(_))));
    }
    assert_eq!(state_of(&office, 21, &reset).await?, Progress::Open);
    assert_eq!(office.city.events::<events::PasswordResetApproved>().await?.len(), 0);
    office.city.sign_in(22, &right()).await?;
    Ok(())
}

#[tokio::test]
async fn a_reset_that_was_decided_is_not_decided_again_when_its_row_is_put_back() -> Result<(), Error> {
    let Hall { office, .. } = Hall::open().await?;
    let reset = file(&office, &office.one, 10, &office.city.account).await?;
    let mut work = office.begin(&office.two, 20).await?;
    reset::refuse(&mut work, &reset, &why()).await?;
    work.commit().await?;
    past_the_product(&office.city, "update password_reset set state = 'open', decided_by = null").await?;
    assert_eq!(state_of(&office, 21, &reset).await?, Progress::Open);
    assert!(matches!(approve(&office, &office.two, 22, &reset).await, Err(Error::Fault(_))));
    office.city.sign_in(23, &right()).await?;
    Ok(())
}

#[tokio::test]
async fn the_household_register_is_the_document_of_a_child_up_to_the_day_of_sixteen() -> Result<(), Error> {
    let Hall { office, .. } = Hall::open().await?;
    let today = at(0).date();
    let check = async |born: base::Date, serial: u32, is_child: bool| -> Result<(), Error> {
        let number = format!("110105{}{serial:03}", born.to_string().replace('-', ""));
        let identity_number = IdentityNumber::complete(&number).unwrap();
        let mut work = office.begin(&testing::operator(), -900).await?;
        let new = NewPerson { identity_number, ..new_person("小明", 1) };
        let person = person::register(&mut work, &office.city.vault, new).await?;
        let account = account::open(&mut work, &person, &format!("child{serial}"), None).await?;
        work.commit().await?;
        let mut work = office.begin(&office.one, 0).await?;
        let filing = Filing { document: Document::HouseholdRegister, searched_at: at(0) };
        let filed = reset::file(&mut work, &office.city.vault, &account, &filing).await;
        assert_eq!(filed.is_ok(), is_child, "{born}: {filed:?}");
        assert_eq!(matches!(filed, Err(Error::DocumentOfChild { years: 16 })), !is_child, "{born}: {filed:?}");
        Ok(())
    };
    check(today.plus_years(-16).plus_days(1), 101, true).await?;
    check(today.plus_years(-16), 102, false).await?;
    check(today.plus_years(-40), 103, false).await?;
    check(today.plus_years(-8), 104, true).await
}

#[tokio::test]
async fn one_search_is_good_for_one_reset() -> Result<(), Error> {
    let Hall { office, .. } = Hall::open().await?;
    let filing = Filing { document: Document::IdentityCard, searched_at: at(1) };
    let file = async |who: &Actor, seconds: i64, filing: &Filing| -> Result<ResetId, Error> {
        let mut work = office.begin(who, seconds).await?;
        let reset = reset::file(&mut work, &office.city.vault, &office.city.account, filing).await?;
        work.commit().await?;
        Ok(reset)
    };
    let first = file(&office.one, 2, &filing).await?;
    assert!(matches!(file(&office.one, 3, &filing).await, Err(Error::ResetOpen)));
    let mut tx = office.city.database().read().await?;
    let waits = reset::waiting_for(&mut tx, &office.city.account, at(3)).await?.unwrap();
    assert_eq!((waits.reset_id, waits.organisation_id), (first.clone(), office.department.clone()));
    drop(tx);
    let mut work = office.begin(&office.one, 4).await?;
    reset::withdraw(&mut work, &first).await?;
    work.commit().await?;
    assert!(matches!(file(&office.one, 5, &filing).await, Err(Error::ResetSearchUsed)));
    file(&office.one, 6, &Filing { searched_at: at(6), ..filing }).await?;
    let mut tx = office.city.database().read().await?;
    let later = at(6 + limits::RESET_SECONDS);
    assert!(reset::waiting_for(&mut tx, &office.city.account, later).await?.is_none());
    Ok(())
}
