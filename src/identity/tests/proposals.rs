//! What one operator proposes and another one approves.

use base::id::ProposalId;

use super::*;
use crate::{Progress, Reason, proposal};

async fn propose(office: &Office, who: &Actor, seconds: i64, object: &str) -> Result<ProposalId, Error> {
    let mut work = office.begin(who, seconds).await?;
    let change = serde_json::json!({ "to": object });
    let id = proposal::propose(&mut work, "lamp.light", object, &change, &why()).await?;
    work.commit().await?;
    Ok(id)
}

async fn approve(office: &Office, who: &Actor, seconds: i64, id: &ProposalId) -> Result<serde_json::Value, Error> {
    office.approve(who, seconds, id, async |_, approved| Ok(approved.proposal().change()?)).await
}

async fn state_of(office: &Office, seconds: i64, id: &ProposalId) -> Result<Progress, Fault> {
    let mut tx = office.city.database().read().await?;
    Ok(proposal::find(&mut tx, id, at(seconds)).await?.unwrap().state)
}

#[tokio::test]
async fn what_one_operator_proposes_another_one_approves_within_a_week() -> Result<(), Error> {
    let office = Office::open().await?;
    let id = propose(&office, &office.one, 0, "lamp").await?;
    assert!(matches!(approve(&office, &office.one, 1, &id).await, Err(Error::FourEyes)));
    let person = Actor::Person { person: office.city.person.clone(), on_behalf: None };
    for nobody in [&person, &testing::operator()] {
        assert!(matches!(approve(&office, nobody, 1, &id).await, Err(Error::NotAllowed)), "{nobody:?}");
        assert!(matches!(propose(&office, nobody, 1, "other").await, Err(Error::NotAllowed)), "{nobody:?}");
    }
    assert!(matches!(propose(&office, &office.two, 1, "lamp").await, Err(Error::ProposalOpen)));
    let week = limits::PROPOSAL_SECONDS;
    assert_eq!(state_of(&office, week - 1, &id).await?, Progress::Open);
    assert_eq!(approve(&office, &office.two, week - 1, &id).await?, serde_json::json!({ "to": "lamp" }));
    assert!(matches!(approve(&office, &office.two, week - 1, &id).await, Err(Error::ProposalOver)));
    let late = propose(&office, &office.one, 0, "lamp").await?;
    assert_eq!(state_of(&office, week, &late).await?, Progress::Ended);
    assert!(matches!(approve(&office, &office.two, week, &late).await, Err(Error::ProposalOver)));
    // What ran out makes room for the next one.
    propose(&office, &office.two, week, "lamp").await?;
    let approved = office.city.events::<events::ProposalApproved>().await?;
    let Actor::Staff { staff: one, .. } = &office.one else { panic!() };
    assert_eq!((&approved[0].proposed_by, approved[0].act.as_str()), (one, "lamp.light"));
    assert_eq!(office.city.events::<events::ProposalMade>().await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_proposal_is_withdrawn_by_whoever_made_it_and_refused_by_somebody_else() -> Result<(), Error> {
    let office = Office::open().await?;
    let (first, second) = (propose(&office, &office.one, 0, "a").await?, propose(&office, &office.one, 0, "b").await?);
    let mut work = office.begin(&office.two, 1).await?;
    assert!(matches!(proposal::withdraw(&mut work, &first).await, Err(Error::NotAllowed)));
    proposal::refuse(&mut work, &second, &why()).await?;
    work.commit().await?;
    let mut work = office.begin(&office.one, 2).await?;
    assert!(matches!(proposal::refuse(&mut work, &first, &why()).await, Err(Error::FourEyes)));
    proposal::withdraw(&mut work, &first).await?;
    work.commit().await?;
    for (id, state) in [(&first, Progress::Withdrawn), (&second, Progress::Refused)] {
        assert_eq!(state_of(&office, 3, id).await?, state);
        let mut tx = office.city.database().read().await?;
        let found = proposal::find(&mut tx, id, at(3)).await?.unwrap();
        let why = (state == Progress::Refused).then(|| why().as_str().to_owned());
        let decision = proposal::decision(&mut tx, &found).await?.unwrap();
        let decided_at = at(if state == Progress::Refused { 1 } else { 2 });
        assert_eq!((decision.refusal, decision.at), (why, decided_at), "{state:?}");
        drop(tx);
        assert!(matches!(approve(&office, &office.two, 3, id).await, Err(Error::ProposalOver)));
    }
    // Whoever proposed it is an operator still, or it is over.
    let third = propose(&office, &office.one, 4, "c").await?;
    let Actor::Staff { staff: one, .. } = &office.one else { panic!() };
    let mut work = office.begin(&testing::operator(), 5).await?;
    staff::end(&mut work, one).await?;
    work.commit().await?;
    assert!(matches!(approve(&office, &office.two, 6, &third).await, Err(Error::FirstLeft)));
    let mut tx = office.city.database().read().await?;
    assert_eq!(proposal::list(&mut tx, &ListPage::first(10), at(6)).await?.items.len(), 3);
    assert_eq!(proposal::waiting(&mut tx, &["lamp.light", "lamp.paint"], "c", at(6)).await?.len(), 1);
    drop(tx);
    let mut tx = office.city.database().housekeeping().await?;
    assert_eq!(proposal::expire(&mut tx, at(4)).await?, 2);
    tx.commit().await?;
    Ok(())
}

#[tokio::test]
async fn an_operator_has_fifty_proposals_that_wait_and_a_reason_is_one_line() -> Result<(), Error> {
    let office = Office::open().await?;
    for serial in 0..limits::PROPOSALS_WAITING_MAX {
        propose(&office, &office.one, 0, &format!("lamp{serial}")).await?;
    }
    assert!(matches!(propose(&office, &office.one, 1, "one more").await, Err(Error::ProposalsWaiting { max: 50 })));
    propose(&office, &office.two, 1, "one more").await?;
    let long = "长".repeat(limits::REASON_CHARACTERS_MAX);
    assert_eq!(Reason::parse(&format!(" {long} "))?.as_str(), long);
    for text in ["", "  ", "one\nother", "hidden\u{202e}", &format!("{long}长")] {
        assert!(matches!(Reason::parse(text), Err(Error::Reason)), "{text:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_was_put_there_or_changed_past_the_product_is_approved_by_nobody() -> Result<(), Error> {
    let office = Office::open().await?;
    let id = propose(&office, &office.one, 0, "lamp").await?;
    for (change, back) in [
        ("update proposal set change = '{}'", "update proposal set change = '{\"to\":\"lamp\"}'"),
        ("update proposal set object = 'moon'", "update proposal set object = 'lamp'"),
        ("update proposal set ends_at = ends_at + 1", "update proposal set ends_at = ends_at - 1"),
        ("update proposal set mark = null", "update proposal set state = 'ended'"),
    ] {
        past_the_product(&office.city, change).await?;
        for decide in [&office.two, &office.one] {
            assert!(matches!(approve(&office, decide, 1, &id).await, Err(Error::Fault(_))), "{change}");
        }
        past_the_product(&office.city, back).await?;
    }
    // One that nobody made, in the name of the other operator: a copy with all that the real one has.
    let copy = "insert into proposal (proposal_id, kind, object, change, reason, proposed_by, proposed_at, ends_at, state,
                                      marked, mark)
                select 'prp_01K9Q3ZV5T8M2C4N6R7S9W0XYZ', kind, object, change, reason, proposed_by, proposed_at, ends_at,
                       'open', marked, mark
                  from proposal";
    past_the_product(&office.city, copy).await?;
    let forged = ProposalId::parse("prp_01K9Q3ZV5T8M2C4N6R7S9W0XYZ").unwrap();
    assert!(matches!(approve(&office, &office.two, 1, &forged).await, Err(Error::Fault(_))));
    assert_eq!(state_of(&office, 2, &forged).await?, Progress::Open);
    assert_eq!(office.city.events::<events::ProposalApproved>().await?, []);
    Ok(())
}

#[tokio::test]
async fn what_was_decided_is_not_decided_again_when_its_row_is_put_back() -> Result<(), Error> {
    let office = Office::open().await?;
    let [first, second, third] = ["a", "b", "c"];
    let first = propose(&office, &office.one, 0, first).await?;
    let second = propose(&office, &office.one, 0, second).await?;
    let third = propose(&office, &office.one, 0, third).await?;
    approve(&office, &office.two, 1, &first).await?;
    let mut work = office.begin(&office.two, 1).await?;
    proposal::refuse(&mut work, &second, &why()).await?;
    work.commit().await?;
    let mut work = office.begin(&office.one, 1).await?;
    proposal::withdraw(&mut work, &third).await?;
    work.commit().await?;
    let mut tx = office.city.database().housekeeping().await?;
    tx.run("update proposal set state = 'open', decided_by = null", vec![]).await?;
    tx.commit().await?;
    for id in [&first, &second, &third] {
        assert_eq!(state_of(&office, 2, id).await?, Progress::Open);
        assert!(matches!(approve(&office, &office.two, 2, id).await, Err(Error::Fault(_))));
    }
    assert_eq!(office.city.events::<events::ProposalApproved>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_concerns_seals_is_proposed_by_keepers_and_approved_by_operators() -> Result<(), Error> {
    let office = Office::staffed(&[Role::SealKeeper], &[Role::Operator]).await?;
    let (keeper, operator) = (&office.one, &office.two);
    let propose = async |who: &Actor, kind: &str, object: &str| {
        let mut work = office.begin(who, 0).await?;
        let id = proposal::propose(&mut work, kind, object, &(), &why()).await?;
        work.commit().await?;
        Ok::<_, Error>(id)
    };
    assert!(matches!(propose(operator, "seal.light", "sea").await, Err(Error::NotAllowed)));
    assert!(matches!(propose(keeper, "lamp.light", "lamp").await, Err(Error::NotAllowed)));
    let done = async |_: &mut Work, _: &proposal::Approved| Ok(());
    let first = propose(keeper, "seal.light", "sea").await?;
    assert!(matches!(office.approve(keeper, 1, &first, done).await, Err(Error::NotAllowed)));
    let mut work = office.begin(keeper, 1).await?;
    assert!(matches!(proposal::refuse(&mut work, &first, &why()).await, Err(Error::NotAllowed)));
    drop(work);
    let mut work = office.begin(operator, 1).await?;
    assert!(matches!(proposal::withdraw(&mut work, &first).await, Err(Error::NotAllowed)));
    drop(work);
    office.approve(operator, 2, &first, done).await?;
    let second = propose(keeper, "seal.light", "sea").await?;
    let mut work = office.begin(keeper, 3).await?;
    proposal::withdraw(&mut work, &second).await?;
    work.commit().await?;
    let third = propose(keeper, "seal.light", "sea").await?;
    let mut tx = office.city.database().read().await?;
    let over = proposal::over(&mut tx, "sea", at(4)).await?;
    let states: Vec<_> = over.iter().map(|one| one.state).collect();
    assert!(states.contains(&Progress::Withdrawn) && states.contains(&Progress::Approved), "{states:?}");
    assert!(over.len() == 2 && over.iter().all(|one| one.proposal_id != third), "what waits is not over");
    Ok(())
}
