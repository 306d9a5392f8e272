//! Correcting what is registered of persons.

use base::id::ProposalId;

use super::*;
use crate::{
    NameError,
    person::change::{self, Contact, Renaming},
};

async fn view(office: &Office) -> Result<person::PersonView, Fault> {
    Ok(person::find(&mut office.city.database().read().await?, &office.city.person).await?.unwrap())
}

async fn propose(office: &Office, who: &Actor, person: &PersonId, to: &str) -> Result<ProposalId, Error> {
    let mut work = office.begin(who, 1).await?;
    let before = person::find(&mut work.tx, person).await?.unwrap().name;
    change::propose(&mut work, person, &Renaming { before, after: to.to_owned() }, &why()).await?;
    work.commit().await?;
    Ok(office.waiting(change::NAME, person.as_str()).await?)
}

async fn approve(office: &Office, who: &Actor, id: &ProposalId) -> Result<(), Error> {
    office.approve(who, 3, id, change::carry_out).await
}

async fn contact(office: &Office, who: &Actor, before: &Contact, after: &Contact) -> Result<(), Error> {
    let mut work = office.begin(who, 4).await?;
    change::contact(&mut work, &office.city.person, before, after, &why()).await?;
    work.commit().await.map_err(Error::from)
}

#[tokio::test]
async fn a_name_is_corrected_by_two_operators_and_neither_corrects_their_own() -> Result<(), Error> {
    let office = Office::open().await?;
    let renaming = Renaming { before: "张伟".to_owned(), after: "张维".to_owned() };
    let mut work = office.begin(&office.one, 0).await?;
    let alone = change::rename(&mut work, &office.city.person, &renaming, &why()).await;
    assert!(matches!(alone, Err(Error::TwoNeeded)));
    drop(work);
    assert!(matches!(propose(&office, &office.one, &office.city.person, "").await, Err(Error::Name(NameError::Empty))));
    assert!(matches!(propose(&office, &office.one, &office.city.person, "张伟").await, Err(Error::Unchanged)));
    let id = propose(&office, &office.one, &office.city.person, "张维").await?;
    assert_eq!(view(&office).await?.name, "张伟");
    assert!(matches!(approve(&office, &office.one, &id).await, Err(Error::FourEyes)));
    approve(&office, &office.two, &id).await?;
    assert_eq!(view(&office).await?.name, "张维");
    let (Actor::Staff { person: one, .. }, Actor::Staff { person: two, .. }) = (&office.one, &office.two) else {
        panic!()
    };
    assert!(matches!(propose(&office, &office.one, one, "别名").await, Err(Error::Own)));
    let id = propose(&office, &office.one, two, "别名").await?;
    assert!(matches!(approve(&office, &office.two, &id).await, Err(Error::Own)));
    // The machine's operator, for what was looked at.
    let mut work = office.begin(&testing::operator(), 5).await?;
    let stale = change::rename(&mut work, &office.city.person, &renaming, &why()).await;
    assert!(matches!(stale, Err(Error::Stale)));
    let back = Renaming { before: "张维".to_owned(), after: "张伟".to_owned() };
    change::rename(&mut work, &office.city.person, &back, &why()).await?;
    work.commit().await?;
    let changed = office.city.events::<events::PersonChanged>().await?;
    assert_eq!(changed.iter().map(|one| one.fields.concat()).collect::<Vec<_>>(), ["name", "name"]);
    let kept = testing::last_numbered(office.city.database(), 20).await?;
    assert!(kept.iter().all(|entry| !entry.data.contains("张维")), "the log says that it changed, not to what");
    Ok(())
}

#[tokio::test]
async fn a_person_whose_name_was_corrected_is_found_by_the_old_name_and_every_name_is_kept() -> Result<(), Error> {
    let office = Office::open().await?;
    let person = &office.city.person;
    let rename = async |seconds: i64, before: &str, after: &str| -> Result<(), Error> {
        let mut work = office.begin(&testing::operator(), seconds).await?;
        let renaming = Renaming { before: before.to_owned(), after: after.to_owned() };
        change::rename(&mut work, person, &renaming, &why()).await?;
        work.commit().await.map_err(Error::from)
    };
    rename(1, "张伟", "张维").await?;
    rename(2, "张维", "张唯").await?;
    let mut tx = office.city.database().read().await?;
    for name in ["张伟", " 张维 ", "张唯"] {
        let found = person::find_by_name(&mut tx, name).await?;
        assert_eq!(found.iter().map(|one| &one.person_id).collect::<Vec<_>>(), [person], "{name}");
    }
    let former = |name: &str, since: Option<i64>, until: i64| change::Former {
        name: name.to_owned(),
        since: since.map(at),
        until: at(until),
    };
    assert_eq!(change::history(&mut tx, person).await?, [former("张维", Some(1), 2), former("张伟", None, 1)]);
    let told = office.city.events::<events::PersonChanged>().await?;
    let last = change::find_renaming(&mut tx, told[0].renaming.as_ref().unwrap()).await?;
    assert_eq!(last, Some(Renaming { before: "张维".to_owned(), after: "张唯".to_owned() }));
    Ok(())
}

#[tokio::test]
async fn how_somebody_is_reached_is_changed_by_one_operator_and_counts_as_not_verified() -> Result<(), Error> {
    let office = Office::open().await?;
    let before = Contact::of(&view(&office).await?);
    let after = Contact {
        phone_number: Some("+86 138-0013-8000".to_owned()),
        email: Some("zhang@example.org".to_owned()),
        address: Some("滨江市长江路 1 号".to_owned()),
        phone_verified: false,
        email_verified: false,
    };
    let person = Actor::Person { person: office.city.person.clone(), on_behalf: None };
    assert!(matches!(contact(&office, &person, &before, &after).await, Err(Error::NotAllowed)));
    contact(&office, &office.one, &before, &after).await?;
    let view = view(&office).await?;
    assert_eq!(Contact::of(&view), after);
    assert!(!view.profile.email_verified && !view.profile.phone_number_verified);
    assert!(view.profile.birthdate.is_some(), "what was not changed stays");
    assert!(matches!(contact(&office, &office.two, &before, &after).await, Err(Error::Stale)));
    assert!(matches!(contact(&office, &office.two, &after, &after).await, Err(Error::Unchanged)));
    for (field, wrong) in [
        ("email", Contact { email: Some("nobody".to_owned()), ..after.clone() }),
        ("phone_number", Contact { phone_number: Some("call me".to_owned()), ..after.clone() }),
        ("address.formatted", Contact { address: Some("x\u{202e}".to_owned()), ..after.clone() }),
    ] {
        let refused = contact(&office, &office.one, &after, &wrong).await;
        assert!(matches!(refused, Err(Error::Field { field: told }) if told == field), "{field}: {refused:?}");
    }
    let changed = office.city.events::<events::PersonChanged>().await?;
    assert_eq!(changed[0].fields, ["phone", "email", "address"]);
    Ok(())
}

#[tokio::test]
async fn whoever_saw_it_proven_that_somebody_is_reached_so_says_it_and_stands_in_the_log() -> Result<(), Error> {
    let office = Office::open().await?;
    let none = Contact::of(&view(&office).await?);
    let reached = Contact {
        phone_number: Some("138-0013-8000".to_owned()),
        email: Some("z@example.org".to_owned()),
        ..none.clone()
    };
    let proven = Contact { phone_verified: true, email_verified: true, ..reached.clone() };
    for wrong in [
        Contact { phone_verified: true, ..none.clone() },
        Contact { email_verified: true, ..none.clone() },
        Contact { phone_number: Some("12345".to_owned()), phone_verified: true, ..none.clone() },
    ] {
        assert!(matches!(contact(&office, &office.one, &none, &wrong).await, Err(Error::Field { .. })), "{wrong:?}");
    }
    contact(&office, &office.one, &none, &proven).await?;
    let seen = view(&office).await?.profile;
    assert!(seen.email_verified && seen.phone_number_verified);
    // Another number is not proven because the one before was.
    let moved = Contact { phone_number: Some("13900139000".to_owned()), phone_verified: false, ..proven.clone() };
    contact(&office, &office.two, &proven, &moved).await?;
    let seen = view(&office).await?.profile;
    assert!(seen.email_verified && !seen.phone_number_verified);
    let changed = office.city.events::<events::PersonChanged>().await?;
    let fields: Vec<_> = changed.iter().map(|one| one.fields.join(" ")).collect();
    assert_eq!(fields, ["phone email phone_verified email_verified", "phone phone_verified"]);
    Ok(())
}
