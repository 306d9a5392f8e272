//! What a keeper does at once, and what an operator has to approve.

use identity::{Progress, Reason, proposal};
use records::Actor;

use super::*;
use crate::{SealView, find, keeper, keeper::carry_out};

/// Two departments with a seal each, and who works there.
struct City {
    house: House,
    entropy: Arc<dyn Entropy>,
    department: OrganisationId,
    seal: SealId,
    keeper: Actor,
    /// The keeper of the other department.
    stranger: Actor,
    clerk: Actor,
    /// An operator, who works for the other department.
    operator: Actor,
}

fn why() -> Reason {
    Reason::parse("印章管理员交接").unwrap()
}

/// Somebody with these roles in a department that is there.
async fn member(work: &mut Work, department: &OrganisationId, serial: u32, roles: &[Role]) -> Actor {
    let new = person::NewPerson {
        name: "工作人员".to_owned(),
        identity_number: IdentityNumber::complete(&format!("33010119850101{serial:03}")).unwrap(),
        profile: person::Profile::default(),
    };
    let person = person::register(work, &Vault::new(&[9; 32]), new).await.unwrap();
    let staff = staff::appoint(work, &person, department, roles).await.unwrap();
    Actor::Staff { staff, person }
}

impl City {
    async fn found() -> Self {
        let (house, entropy) = house().await;
        let mut work = work(&house, 1, &entropy).await;
        let mut seals = Vec::new();
        for (serial, (name, code)) in
            [(NAME, CODE), ("滨江市卫生健康委员会", "11330100002490000")].into_iter().enumerate()
        {
            let (department, _) = department(&mut work, name, code, &[Role::Clerk]).await;
            let keeper = member(&mut work, &department, 1 + serial as u32, &[Role::SealKeeper]).await;
            let Actor::Staff { staff, .. } = keeper.clone() else { panic!() };
            let new = NewSeal { organisation_id: department.clone(), kind: SealKind::Licence, keeper: staff };
            let seal = create(&mut work, &house.cabinet, new).await.unwrap();
            seals.push((department, seal, keeper));
        }
        let (other, _, stranger) = seals.pop().unwrap();
        let (department, seal, keeper) = seals.pop().unwrap();
        let clerk = member(&mut work, &department, 11, &[Role::Clerk, Role::Counter]).await;
        let operator = member(&mut work, &other, 12, &[Role::Operator]).await;
        work.commit().await.unwrap();
        Self { house, entropy, department, seal, keeper, stranger, clerk, operator }
    }

    async fn begin(&self, who: &Actor, seconds: i64) -> Work {
        let context = Context { actor: who.clone(), ..at(seconds, &self.entropy) };
        self.house.fresh.database.begin(context).await.unwrap()
    }

    async fn view(&self) -> SealView {
        find(&mut self.house.fresh.database.read().await.unwrap(), &self.seal).await.unwrap().unwrap()
    }

    /// Everything that a keeper can ask for of the seal as it is.
    async fn ask(&self, who: &Actor, seconds: i64, deed: &str, seen: &str) -> Result<(), Error> {
        let mut work = self.begin(who, seconds).await;
        let custody = self.house.cabinet.custody();
        match deed {
            "freeze" => keeper::freeze(&mut work, &self.seal, seen, &why()).await?,
            "renew" => keeper::renew(&mut work, custody, &self.seal, seen, &why()).await?,
            kind => keeper::propose(&mut work, kind, &self.seal, seen, &why()).await?,
        }
        work.commit().await?;
        Ok(())
    }

    async fn propose(&self, deed: &str, seconds: i64) -> proposal::ProposalView {
        self.ask(&self.keeper, seconds, deed, &self.view().await.seen()).await.unwrap();
        self.waiting(deed, self.seal.as_str(), seconds).await
    }

    async fn waiting(&self, kind: &str, object: &str, seconds: i64) -> proposal::ProposalView {
        let mut tx = self.house.fresh.database.read().await.unwrap();
        let at = NOW.plus_seconds(seconds);
        proposal::waiting(&mut tx, &[kind], object, at).await.unwrap().pop().unwrap()
    }

    async fn approve(&self, who: &Actor, seconds: i64, of: &proposal::ProposalView) -> Result<(), Error> {
        let mut work = self.begin(who, seconds).await;
        let approved = proposal::approve(&mut work, &of.proposal_id).await?;
        carry_out(&mut work, &self.house.cabinet, &approved).await?;
        work.commit().await?;
        Ok(())
    }

    async fn seals(&self, seconds: i64) -> bool {
        active(&self.house, &self.department, seconds).await.is_ok()
    }

    async fn state_of(&self, seconds: i64, of: &proposal::ProposalView) -> Progress {
        let mut tx = self.house.fresh.database.read().await.unwrap();
        proposal::find(&mut tx, &of.proposal_id, NOW.plus_seconds(seconds)).await.unwrap().unwrap().state
    }
}

fn is(error: Result<(), Error>, expected: fn(&identity::Error) -> bool) -> bool {
    matches!(error, Err(Error::Identity(error)) if expected(&error))
}

#[tokio::test]
async fn a_keeper_freezes_at_once_and_nothing_is_sealed_until_an_operator_approves_that_it_goes_on() {
    let city = City::found().await;
    assert!(city.seals(2).await);
    let before = city.view().await.seen();
    city.ask(&city.keeper, 3, "freeze", &before).await.unwrap();
    assert!(!city.seals(4).await);
    // Sent a second time it does nothing, also with what is seen now.
    let again = city.ask(&city.keeper, 5, "freeze", &before).await;
    assert!(is(again, |error| matches!(error, identity::Error::Stale)));
    let now = city.view().await.seen();
    let again = city.ask(&city.keeper, 5, "freeze", &now).await;
    assert!(matches!(again, Err(Error::Transition { from: SealState::Frozen, .. })));
    let proposed = city.propose(keeper::UNFREEZE, 6).await;
    assert!(!city.seals(7).await, "a proposal changes nothing");
    let again = city.ask(&city.keeper, 7, keeper::UNFREEZE, &now).await;
    assert!(is(again, |error| matches!(error, identity::Error::ProposalOpen)));
    for nobody in [&city.keeper, &city.stranger, &city.clerk] {
        let refused = city.approve(nobody, 8, &proposed).await;
        assert!(is(refused, |error| matches!(error, identity::Error::NotAllowed)));
    }
    assert!(!city.seals(9).await);
    city.approve(&city.operator, 10, &proposed).await.unwrap();
    assert!(city.seals(11).await);
    let over = city.approve(&city.operator, 12, &proposed).await;
    assert!(is(over, |error| matches!(error, identity::Error::ProposalOver)));
    let told = records::testing::told::<crate::events::SealUnfrozen>(&city.house.fresh.database).await.unwrap();
    let Actor::Staff { staff, .. } = &city.keeper else { panic!() };
    assert_eq!((told.len(), told[0].proposed_by.as_ref()), (1, Some(staff)));
}

#[tokio::test]
async fn nobody_but_a_keeper_of_its_department_acts_on_a_seal_and_nothing_changes() {
    let city = City::found().await;
    let before = city.view().await;
    for deed in ["freeze", "renew", keeper::CANCEL, keeper::UNFREEZE] {
        let refused = city.ask(&city.stranger, 90_000, deed, &before.seen()).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{deed} {refused:?}");
        let person = Actor::Person { person: identity_of(&city.keeper), on_behalf: None };
        for nobody in [&city.clerk, &city.operator, &person, &Actor::Anonymous] {
            let refused = city.ask(nobody, 90_000, deed, &before.seen()).await;
            assert!(is(refused, |error| matches!(error, identity::Error::NotAllowed)), "{deed} {nobody:?}");
        }
    }
    for nobody in [&city.clerk, &city.operator] {
        let mut work = city.begin(nobody, 3).await;
        let refused = keeper::propose_making(&mut work, &city.house.cabinet, SealKind::Official, &why()).await;
        assert!(is(refused, |error| matches!(error, identity::Error::NotAllowed)), "{nobody:?}");
    }
    // What is not as it can be done.
    let early = city.ask(&city.keeper, 3, keeper::UNFREEZE, &before.seen()).await;
    assert!(matches!(early, Err(Error::Transition { from: SealState::Enabled, .. })));
    let other = city.ask(&city.keeper, 3, "client.enable", &before.seen()).await;
    assert!(matches!(other, Err(Error::Fault(_))));
    assert_eq!(city.view().await, before);
    let proposals = records::testing::told::<identity::events::ProposalMade>(&city.house.fresh.database).await.unwrap();
    assert!(proposals.is_empty(), "{proposals:?}");
}

fn identity_of(who: &Actor) -> base::id::PersonId {
    let Actor::Staff { person, .. } = who else { panic!() };
    person.clone()
}

#[tokio::test]
async fn a_seal_is_cancelled_by_a_keeper_and_an_operator_and_never_by_one_person() {
    let city = City::found().await;
    let proposed = city.propose(keeper::CANCEL, 3).await;
    // Somebody who was appointed in both roles, when that was possible, is one person still.
    let mut tx = city.house.fresh.database.housekeeping().await.unwrap();
    let Actor::Staff { staff, .. } = &city.keeper else { panic!() };
    let both = "update staff set roles = 'operator seal_keeper' where staff_id = $1";
    tx.run(both, records::args![staff]).await.unwrap();
    tx.commit().await.unwrap();
    let alone = city.approve(&city.keeper, 4, &proposed).await;
    assert!(is(alone, |error| matches!(error, identity::Error::FourEyes)));
    assert!(city.seals(5).await);
    city.approve(&city.operator, 6, &proposed).await.unwrap();
    assert!(!city.seals(7).await);
    let cancelled = city.view().await;
    assert_eq!((cancelled.state, cancelled.reason.as_deref()), (SealState::Cancelled, Some("印章管理员交接")));
    let mut tx = city.house.fresh.database.read().await.unwrap();
    let certificate = crate::calendar::certificate(&mut tx, &cancelled).await.unwrap().unwrap();
    assert!(certificate.is_revoked && certificate.ending.is_none());
    drop(tx);
    for deed in ["freeze", "renew", keeper::CANCEL, keeper::UNFREEZE] {
        let refused = city.ask(&city.keeper, 90_000, deed, &cancelled.seen()).await;
        assert!(matches!(refused, Err(Error::Transition { from: SealState::Cancelled, .. })), "{deed} {refused:?}");
    }
}

#[tokio::test]
async fn what_was_proposed_of_a_seal_that_changed_since_is_approved_by_nobody() {
    let city = City::found().await;
    let proposed = city.propose(keeper::CANCEL, 3).await;
    city.ask(&city.keeper, 4, "freeze", &city.view().await.seen()).await.unwrap();
    let stale = city.approve(&city.operator, 5, &proposed).await;
    assert!(is(stale, |error| matches!(error, identity::Error::Stale)));
    let mut tx = city.house.fresh.database.read().await.unwrap();
    let waiting = keeper::waiting(&mut tx, &city.view().await, NOW.plus_seconds(5)).await.unwrap();
    assert!(waiting.len() == 1 && waiting[0].is_stale);
    let about = keeper::about(&mut tx, &proposed).await.unwrap().unwrap();
    assert!(about.is_stale && about.department == NAME);
    drop(tx);
    assert_eq!(city.state_of(5, &proposed).await, Progress::Open, "nothing of it was done");
    assert_eq!(city.view().await.state, SealState::Frozen);
    // Whoever proposed it takes it back and looks again; nobody else does.
    for nobody in [&city.stranger, &city.operator] {
        let mut work = city.begin(nobody, 6).await;
        let refused = proposal::withdraw(&mut work, &proposed.proposal_id).await;
        assert!(matches!(refused, Err(identity::Error::NotAllowed)), "{nobody:?}");
    }
    let mut work = city.begin(&city.keeper, 6).await;
    proposal::withdraw(&mut work, &proposed.proposal_id).await.unwrap();
    work.commit().await.unwrap();
    let proposed = city.propose(keeper::CANCEL, 7).await;
    // A keeper who keeps no seals any more has proposed nothing.
    let Actor::Staff { staff, .. } = &city.keeper else { panic!() };
    let mut work = work_by(&city, 8).await;
    staff::end(&mut work, staff).await.unwrap();
    work.commit().await.unwrap();
    let over = city.approve(&city.operator, 9, &proposed).await;
    assert!(is(over, |error| matches!(error, identity::Error::FirstLeft)));
    assert_eq!(city.view().await.state, SealState::Frozen);
}

async fn work_by(city: &City, seconds: i64) -> Work {
    work(&city.house, seconds, &city.entropy).await
}

#[tokio::test]
async fn a_department_gets_a_seal_that_its_keeper_applied_for_and_an_operator_approved() {
    let city = City::found().await;
    let apply = async |kind, seconds| {
        let mut work = city.begin(&city.keeper, seconds).await;
        keeper::propose_making(&mut work, &city.house.cabinet, kind, &why()).await?;
        work.commit().await?;
        Ok::<_, Error>(())
    };
    assert!(matches!(apply(SealKind::Licence, 3).await, Err(Error::AlreadyHasOne)));
    apply(SealKind::Official, 3).await.unwrap();
    let again = apply(SealKind::Official, 4).await;
    assert!(is(again, |error| matches!(error, identity::Error::ProposalOpen)));
    let proposed = city.waiting("seal.make_official", city.department.as_str(), 4).await;
    assert_eq!(keeper::made(&proposed.kind), Some(SealKind::Official));
    let mut tx = city.house.fresh.database.read().await.unwrap();
    assert_eq!(keeper::waiting_to_be_made(&mut tx, &city.department, NOW.plus_seconds(4)).await.unwrap().len(), 1);
    let about = keeper::about(&mut tx, &proposed).await.unwrap().unwrap();
    assert_eq!((about.name.as_str(), about.is_stale), ("滨江市市场监督管理局公章", false));
    drop(tx);
    // Nobody gets a seal with a name that was not looked at.
    let rename = async |name: &'static str, seconds| {
        let mut work = work_by(&city, seconds).await;
        let before = organisation::find(&mut work.tx, &city.department).await.unwrap().unwrap();
        let before = organisation::change::Facts::of(&before);
        let after = organisation::change::Facts { name: name.to_owned(), ..before.clone() };
        let change = organisation::change::Change { before, after };
        organisation::change::at_once(&mut work, &city.department, &change, &why()).await.unwrap();
        work.commit().await.unwrap();
    };
    rename("滨江市市场监管委员会", 5).await;
    let stale = city.approve(&city.operator, 6, &proposed).await;
    assert!(is(stale, |error| matches!(error, identity::Error::Stale)));
    rename(NAME, 7).await;
    city.approve(&city.operator, 8, &proposed).await.unwrap();
    let mut tx = city.house.fresh.database.read().await.unwrap();
    let seals = list(&mut tx, &city.department, &ListPage::first(9)).await.unwrap().items;
    let official = seals.iter().find(|one| one.kind == SealKind::Official).unwrap();
    let Actor::Staff { staff, .. } = &city.keeper else { panic!() };
    assert_eq!((official.state, &official.keeper), (SealState::Enabled, staff));
    drop(tx);
    let over = city.approve(&city.operator, 9, &proposed).await;
    assert!(is(over, |error| matches!(error, identity::Error::ProposalOver)));
    assert!(matches!(apply(SealKind::Official, 10).await, Err(Error::AlreadyHasOne)));
}

#[tokio::test]
async fn a_keeper_renews_a_seal_once_a_day_and_a_form_that_is_sent_twice_does_so_once() {
    let city = City::found().await;
    let before = city.view().await;
    let early = city.ask(&city.keeper, 3, "renew", &before.seen()).await;
    assert!(matches!(early, Err(Error::RenewedJustNow { hours: 24 })));
    city.ask(&city.keeper, 90_000, "renew", &before.seen()).await.unwrap();
    let after = city.view().await;
    assert_ne!(after.key_id, before.key_id);
    let twice = city.ask(&city.keeper, 90_001, "renew", &before.seen()).await;
    assert!(is(twice, |error| matches!(error, identity::Error::Stale)));
    let again = city.ask(&city.keeper, 90_002, "renew", &after.seen()).await;
    assert!(matches!(again, Err(Error::RenewedJustNow { .. })));
    assert_eq!(city.view().await, after);
    assert!(city.seals(90_003).await);
}

#[tokio::test]
async fn of_a_renewal_and_a_cancellation_at_once_no_key_is_left_that_counts() {
    let city = City::found().await;
    let database = &city.house.fresh.database;
    let custody = city.house.cabinet.custody();
    let (one, two) = (at(90_000, &city.entropy), at(90_000, &city.entropy));
    let renewed = database.attempt(&one, |mut work| {
        let city = &city;
        async move {
            renew(&mut work, custody, &city.seal, "证书即将到期").await?;
            work.commit().await?;
            Ok::<_, Error>(())
        }
    });
    let cancelled = database.attempt(&two, |mut work| {
        let city = &city;
        async move {
            cancel(&mut work, custody, &city.seal, "机构撤销").await?;
            work.commit().await?;
            Ok::<_, Error>(())
        }
    });
    let (renewed, cancelled) = tokio::join!(renewed, cancelled);
    cancelled.unwrap();
    assert!(matches!(renewed, Ok(()) | Err(Error::Transition { from: SealState::Cancelled, .. })), "{renewed:?}");
    let mut tx = database.read().await.unwrap();
    let view = find(&mut tx, &city.seal).await.unwrap().unwrap();
    let certificate = crate::calendar::certificate(&mut tx, &view).await.unwrap().unwrap();
    assert!(view.state == SealState::Cancelled && certificate.is_revoked, "{view:?}");
}
