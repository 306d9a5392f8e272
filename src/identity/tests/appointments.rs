//! Appointments by operators.

use base::id::ProposalId;

use super::*;
use crate::appointment::{self, Place};

async fn propose(office: &Office, who: &Actor, person: &PersonId, place: &Place) -> Result<ProposalId, Error> {
    let mut work = office.begin(who, 1).await?;
    appointment::propose(&mut work, person, place, &why()).await?;
    work.commit().await?;
    Ok(office.waiting(appointment::APPOINT, person.as_str()).await?)
}

async fn approve(office: &Office, who: &Actor, id: &ProposalId) -> Result<(), Error> {
    office.approve(who, 3, id, appointment::carry_out).await
}

async fn end(office: &Office, who: &Actor, person: &PersonId) -> Result<(), Error> {
    let mut work = office.begin(who, 4).await?;
    appointment::end(&mut work, person, &why()).await?;
    work.commit().await.map_err(Error::from)
}

async fn roles(office: &Office) -> Result<Option<String>, Fault> {
    let mut tx = office.city.database().read().await?;
    Ok(staff::of_person(&mut tx, &office.city.person).await?.map(|one| one.roles.to_string()))
}

#[tokio::test]
async fn somebody_is_appointed_by_two_operators_and_their_appointment_ended_by_one() -> Result<(), Error> {
    let office = Office::open().await?;
    let person = office.city.person.clone();
    let place = Place::new(&office.department, &[Role::Counter, Role::Clerk]);
    let id = propose(&office, &office.one, &person, &place).await?;
    assert_eq!(roles(&office).await?, None);
    assert!(matches!(approve(&office, &office.one, &id).await, Err(Error::FourEyes)));
    approve(&office, &office.two, &id).await?;
    assert_eq!(roles(&office).await?.as_deref(), Some("clerk counter"));
    assert!(matches!(propose(&office, &office.one, &person, &place).await, Err(Error::AlreadyAppointed)));
    let citizen = Actor::Person { person: person.clone(), on_behalf: None };
    assert!(matches!(end(&office, &citizen, &person).await, Err(Error::NotAllowed)));
    end(&office, &office.one, &person).await?;
    assert_eq!(roles(&office).await?, None);
    assert!(matches!(end(&office, &office.one, &person).await, Err(Error::StaffUnknown)));
    assert_eq!(office.city.events::<events::StaffEnded>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn nobody_appoints_themselves_nor_without_a_role_nor_in_two_that_exclude_each_other_nor_to_a_company()
-> Result<(), Error> {
    let office = Office::open().await?;
    let person = office.city.person.clone();
    let nothing = Place::new(&office.department, &[]);
    assert!(matches!(propose(&office, &office.one, &person, &nothing).await, Err(Error::RoleMissing)));
    let both = Place::new(&office.department, &[Role::Clerk, Role::Reviewer]);
    assert!(matches!(propose(&office, &office.one, &person, &both).await, Err(Error::RolesExclude { .. })));
    let company = Place::new(&office.company().await?, &[Role::Clerk]);
    assert!(matches!(propose(&office, &office.one, &person, &company).await, Err(Error::OrganisationUnknown)));
    let (Actor::Staff { person: one, .. }, Actor::Staff { person: two, .. }) = (&office.one, &office.two) else {
        panic!()
    };
    let place = Place::new(&office.department, &[Role::Auditor]);
    assert!(matches!(propose(&office, &office.one, one, &place).await, Err(Error::Own)));
    assert!(matches!(end(&office, &office.one, one).await, Err(Error::Own)));
    // Whoever is to be appointed does not approve it, whatever place they have meanwhile.
    end(&office, &office.one, two).await?;
    let id = propose(&office, &office.one, two, &place).await?;
    let mut work = office.begin(&testing::operator(), 5).await?;
    let staff = staff::appoint(&mut work, two, &office.department, &[Role::Operator]).await?;
    work.commit().await?;
    let back = Actor::Staff { staff, person: two.clone() };
    assert!(matches!(approve(&office, &back, &id).await, Err(Error::Own)));
    Ok(())
}
