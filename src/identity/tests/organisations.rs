//! Changing what is registered of organisations.

use base::id::OrganisationId;

use super::*;
use crate::{
    NameError,
    organisation::change::{self, Change, Facts},
};

struct Desk {
    office: Office,
    company: OrganisationId,
}

impl Desk {
    async fn open() -> Result<Self, Error> {
        let office = Office::open().await?;
        let company = office.company().await?;
        Ok(Self { office, company })
    }

    async fn facts(&self) -> Result<Facts, Fault> {
        let mut tx = self.office.city.database().read().await?;
        Ok(Facts::of(&organisation::find(&mut tx, &self.company).await?.unwrap()))
    }

    async fn change(&self, who: &Actor, seconds: i64, change: &Change) -> Result<(), Error> {
        let mut work = self.office.begin(who, seconds).await?;
        change::at_once(&mut work, &self.company, change, &why()).await?;
        work.commit().await.map_err(Error::from)
    }
}

#[tokio::test]
async fn an_organisation_gets_another_name_and_address_and_what_it_was_is_kept() -> Result<(), Error> {
    let desk = Desk::open().await?;
    let before = desk.facts().await?;
    let after =
        Facts {
            name: "滨江大茶馆".to_owned(), address: Some("滨江市长江路 1 号".to_owned()), ..before.clone()
        };
    let change = Change { before: before.clone(), after: after.clone() };
    let person = Actor::Person { person: desk.office.city.person.clone(), on_behalf: None };
    assert!(matches!(desk.change(&person, 0, &change).await, Err(Error::NotAllowed)));
    desk.change(&desk.office.one, 1, &change).await?;
    assert_eq!(desk.facts().await?, after);
    assert!(matches!(desk.change(&desk.office.two, 2, &change).await, Err(Error::Stale)));
    let same = Change { before: after.clone(), after: after.clone() };
    assert!(matches!(desk.change(&desk.office.two, 2, &same).await, Err(Error::Unchanged)));
    let with = |name: &str, address: &str| Change {
        before: after.clone(),
        after: Facts { name: name.to_owned(), address: Some(address.to_owned()), ..after.clone() },
    };
    assert!(matches!(desk.change(&desk.office.one, 3, &with("", "x")).await, Err(Error::Name(NameError::Empty))));
    assert!(matches!(desk.change(&desk.office.one, 3, &with(" x", "x")).await, Err(Error::Field { field: "name" })));
    for address in ["", "a\nb", "x\u{202e}"] {
        let refused = desk.change(&desk.office.one, 3, &with("x", address)).await;
        assert!(matches!(refused, Err(Error::Field { field: "address" })), "{address:?}");
    }
    desk.change(&testing::operator(), 4, &Change { before: after.clone(), after: before.clone() }).await?;
    let mut tx = desk.office.city.database().read().await?;
    let history = change::history(&mut tx, &desk.company).await?;
    let told: Vec<_> = history.iter().map(|one| (one.until, one.name.as_str(), one.address.as_deref())).collect();
    assert_eq!(told, [(at(4), "滨江大茶馆", Some("滨江市长江路 1 号")), (at(1), "滨江茶馆", None)]);
    for name in ["滨江大茶馆", "滨江茶馆"] {
        let found = organisation::find_by_name(&mut tx, name).await?;
        assert_eq!(found.iter().map(|one| &one.organisation_id).collect::<Vec<_>>(), [&desk.company], "{name}");
    }
    drop(tx);
    assert_eq!(desk.office.city.events::<events::OrganisationChanged>().await?.len(), 2);
    let mut work = desk.office.begin(&testing::operator(), 5).await?;
    organisation::cease(&mut work, &desk.company).await?;
    work.commit().await?;
    let late = Change { before, after };
    assert!(matches!(desk.change(&desk.office.one, 6, &late).await, Err(Error::OrganisationUnknown)));
    Ok(())
}

#[tokio::test]
async fn another_legal_representative_takes_two_operators() -> Result<(), Error> {
    let desk = Desk::open().await?;
    let before = desk.facts().await?;
    let with = |person: &str| Change {
        before: before.clone(),
        after: Facts { legal_representative: Some(person.to_owned()), ..before.clone() },
    };
    let change = with(desk.office.city.person.as_str());
    assert!(matches!(desk.change(&desk.office.one, 0, &change).await, Err(Error::TwoNeeded)));
    let mut work = desk.office.begin(&desk.office.one, 1).await?;
    assert!(matches!(
        change::propose(&mut work, &desk.company, &with("per_01K9Q3ZV5T8M2C4N6R7S9W0XYZ"), &why()).await,
        Err(Error::PersonUnknown)
    ));
    change::propose(&mut work, &desk.company, &change, &why()).await?;
    work.commit().await?;
    let id = desk.office.waiting(change::REPRESENTATIVE, desk.company.as_str()).await?;
    let mut tx = desk.office.city.database().read().await?;
    assert!(organisation::of_person(&mut tx, &desk.office.city.person, at(2)).await?.is_empty());
    drop(tx);
    assert!(matches!(desk.office.approve(&desk.office.one, 2, &id, change::carry_out).await, Err(Error::FourEyes)));
    desk.office.approve(&desk.office.two, 3, &id, change::carry_out).await?;
    let mut tx = desk.office.city.database().read().await?;
    assert_eq!(organisation::of_person(&mut tx, &desk.office.city.person, at(4)).await?.len(), 1);
    drop(tx);
    // Nobody represents it any more: that is less, and one operator writes it down.
    let now = desk.facts().await?;
    let nobody = Change { before: now.clone(), after: Facts { legal_representative: None, ..now } };
    desk.change(&desk.office.one, 5, &nobody).await?;
    let mut tx = desk.office.city.database().read().await?;
    let history = change::history(&mut tx, &desk.company).await?;
    assert_eq!(history[0].legal_representative.as_deref(), Some("张伟"));
    Ok(())
}
