//! Changing a registered client: alone where it gets less, by two operators where it gets more.

use base::{id::ProposalId, number::CreditCode};
use identity::{
    Progress, Reason, Role,
    organisation::{self, NewOrganisation, OrganisationKind},
    proposal, staff,
};
use records::{Actor, Work};

use super::*;
use crate::{
    client::edit::{self, Edit, Terms},
    events::{ClientChanged, ClientEnabled, ClientSecretRenewed},
};

/// A city whose clients two operators look after.
struct Desk {
    city: City,
    one: Actor,
    two: Actor,
    clerk: Actor,
}

impl Desk {
    async fn new() -> Self {
        let city = City::new().await;
        let mut work = city.begin().await;
        let new = NewOrganisation {
            name: "滨江市数据局".to_owned(),
            credit_code: CreditCode::complete("1133010000248938X").unwrap(),
            kind: OrganisationKind::Department,
            legal_representative: None,
        };
        let department = organisation::register(&mut work, new).await.unwrap();
        let mut staff = Vec::new();
        for (seventeen, role) in [
            ("11010519900101001", Role::Operator),
            ("11010519900101002", Role::Operator),
            ("11010519900101003", Role::Clerk),
        ] {
            let identity_number = IdentityNumber::complete(seventeen).unwrap();
            let new = NewPerson { name: "运维".to_owned(), identity_number, profile: Profile::default() };
            let person = person::register(&mut work, &city.vault, new).await.unwrap();
            let id = staff::appoint(&mut work, &person, &department, &[role]).await.unwrap();
            staff.push(Actor::Staff { staff: id, person });
        }
        work.commit().await.unwrap();
        let (clerk, two, one) = (staff.pop().unwrap(), staff.pop().unwrap(), staff.pop().unwrap());
        city.client("tax", web()).await;
        Self { city, one, two, clerk }
    }

    async fn begin(&self, actor: &Actor, seconds: i64) -> Work {
        let at = NOW.plus_seconds(seconds);
        self.city.database().begin(Context { actor: actor.clone(), at, ..self.city.context() }).await.unwrap()
    }

    async fn terms(&self) -> Terms {
        let mut tx = self.city.database().read().await.unwrap();
        Terms::of(&client::find(&mut tx, &tax()).await.unwrap().unwrap())
    }

    async fn edit(&self, actor: &Actor, edit: &Edit) -> Result<(), Error> {
        let mut work = self.begin(actor, 1).await;
        edit::edit(&mut work, self.city.provider.uri_policy(), &tax(), edit).await?;
        work.commit().await.map_err(Error::from)
    }

    async fn propose(&self, actor: &Actor, edit: &Edit) -> Result<(), Error> {
        let mut work = self.begin(actor, 1).await;
        edit::propose_edit(&mut work, self.city.provider.uri_policy(), &tax(), edit, &why()).await?;
        work.commit().await.map_err(Error::from)
    }

    async fn waiting(&self) -> ProposalId {
        let mut tx = self.city.database().read().await.unwrap();
        let found = proposal::waiting(&mut tx, &edit::KINDS, "tax", NOW.plus_seconds(1)).await.unwrap();
        assert_eq!(found.len(), 1);
        found[0].proposal_id.clone()
    }

    async fn approve(&self, actor: &Actor, seconds: i64, id: &ProposalId) -> Result<Option<Secret<String>>, Error> {
        let mut work = self.begin(actor, seconds).await;
        let approved = proposal::approve(&mut work, id).await?;
        let done = edit::carry_out(&mut work, self.city.provider.uri_policy(), &approved).await?;
        work.commit().await?;
        Ok(done)
    }
}

fn tax() -> ClientId {
    ClientId::parse("tax").unwrap()
}

fn why() -> Reason {
    Reason::parse("更换回调地址").unwrap()
}

const ELSEWHERE: &str = "https://tax2.example.gov.cn/cb";

#[tokio::test]
async fn a_client_gets_another_address_by_two_operators_and_by_none_of_them_alone() {
    let desk = Desk::new().await;
    let before = desk.terms().await;
    let mut after = before.clone();
    after.redirect_uris.push(ELSEWHERE.to_owned());
    let edit = Edit { before: before.clone(), after: after.clone() };
    let elsewhere = [("redirect_uri", ELSEWHERE)];
    for alone in [&desk.one, &desk.clerk] {
        assert!(matches!(desk.edit(alone, &edit).await, Err(Error::Identity(identity::Error::TwoNeeded))));
    }
    assert!(matches!(desk.propose(&desk.clerk, &edit).await, Err(Error::Identity(identity::Error::NotAllowed))));
    desk.propose(&desk.one, &edit).await.unwrap();
    assert!(matches!(desk.propose(&desk.two, &edit).await, Err(Error::Identity(identity::Error::ProposalOpen))));
    // Until it is approved nothing changes.
    assert_eq!(desk.terms().await, before);
    assert!(matches!(desk.city.authorize("tax", &elsewhere).await, Err(Error::RedirectUriUnregistered)));
    let id = desk.waiting().await;
    assert!(matches!(desk.approve(&desk.one, 2, &id).await, Err(Error::Identity(identity::Error::FourEyes))));
    assert!(matches!(desk.approve(&desk.clerk, 2, &id).await, Err(Error::Identity(identity::Error::NotAllowed))));
    assert!(desk.approve(&desk.two, 3, &id).await.unwrap().is_none());
    assert_eq!(desk.terms().await, after);
    assert!(desk.city.authorize("tax", &elsewhere).await.is_ok(), "this node sees it at once");
    assert!(matches!(desk.approve(&desk.two, 4, &id).await, Err(Error::Identity(identity::Error::ProposalOver))));
    assert_eq!(desk.city.events::<ClientChanged>().await, 1);
}

#[tokio::test]
async fn what_gives_a_client_less_or_another_name_is_changed_at_once_and_what_gives_it_more_is_not() {
    let desk = Desk::new().await;
    let first = desk.terms().await;
    let change = |change: fn(&mut Terms)| {
        let mut after = first.clone();
        change(&mut after);
        Edit { before: first.clone(), after }
    };
    for (what, edit) in [
        ("an address", change(|terms| terms.redirect_uris.push(ELSEWHERE.to_owned()))),
        ("another origin", change(|terms| terms.redirect_uris[0] = ELSEWHERE.to_owned())),
        ("after signing out", change(|terms| terms.post_logout_redirect_uris.push(ELSEWHERE.to_owned()))),
        ("the back channel", change(|terms| terms.backchannel_logout_uri = Some(ELSEWHERE.to_owned()))),
        ("a scope", change(|terms| terms.scopes = format!("{} identity_number", terms.scopes))),
    ] {
        assert!(edit.widens(), "{what}");
        assert!(
            matches!(desk.edit(&desk.one, &edit).await, Err(Error::Identity(identity::Error::TwoNeeded))),
            "{what}"
        );
    }
    // What the rules of registration refuse is not even proposed.
    for edit in [
        change(|terms| terms.redirect_uris.push("http://tax.example.gov.cn/cb".to_owned())),
        change(|terms| terms.redirect_uris.push("https://tax.example.gov.cn/cb#top".to_owned())),
        change(|terms| terms.scopes = "openid everything".to_owned()),
        change(|terms| terms.scopes = "openid identity_number".to_owned()),
    ] {
        assert!(matches!(desk.propose(&desk.one, &edit).await, Err(Error::Registration { .. })), "{edit:?}");
    }
    let renamed = change(|terms| {
        terms.name_zh = "税务服务".to_owned();
        terms.scopes = "openid profile".to_owned();
    });
    assert!(!renamed.widens());
    desk.edit(&desk.one, &renamed).await.unwrap();
    assert_eq!(desk.terms().await, renamed.after);
    let refused = desk.city.authorize("tax", &[("scope", "openid email")]).await;
    assert!(matches!(refused, Err(Error::ScopeNotAllowed)), "{refused:?}");
    // Whoever looked at it before does not undo that.
    assert!(matches!(desk.edit(&desk.two, &renamed).await, Err(Error::Identity(identity::Error::Stale))));
    let same = Edit { before: renamed.after.clone(), after: renamed.after.clone() };
    assert!(matches!(desk.edit(&desk.two, &same).await, Err(Error::Identity(identity::Error::Unchanged))));
    // The machine's operator has rules of their own.
    let mut after = renamed.after.clone();
    after.redirect_uris.push(ELSEWHERE.to_owned());
    desk.edit(&records::testing::operator(), &Edit { before: renamed.after, after }).await.unwrap();
    assert!(desk.city.authorize("tax", &[("redirect_uri", ELSEWHERE)]).await.is_ok());
}

#[tokio::test]
async fn a_proposal_for_what_has_changed_meanwhile_is_not_done_and_can_still_be_withdrawn() {
    let desk = Desk::new().await;
    let before = desk.terms().await;
    let mut after = before.clone();
    after.redirect_uris.push(ELSEWHERE.to_owned());
    desk.propose(&desk.one, &Edit { before: before.clone(), after }).await.unwrap();
    let id = desk.waiting().await;
    let mut renamed = before.clone();
    renamed.name_en = "Taxes".to_owned();
    desk.edit(&desk.two, &Edit { before, after: renamed.clone() }).await.unwrap();
    assert!(matches!(desk.approve(&desk.two, 3, &id).await, Err(Error::Identity(identity::Error::Stale))));
    assert_eq!(desk.terms().await, renamed);
    let mut work = desk.begin(&desk.one, 4).await;
    proposal::withdraw(&mut work, &id).await.unwrap();
    work.commit().await.unwrap();
    let mut tx = desk.city.database().read().await.unwrap();
    let found = proposal::find(&mut tx, &id, NOW.plus_seconds(5)).await.unwrap().unwrap();
    assert_eq!((found.state, found.reason.as_str()), (Progress::Withdrawn, "更换回调地址"));
}

#[tokio::test]
async fn starting_a_client_and_another_secret_take_two_operators_and_stopping_takes_one() {
    let desk = Desk::new().await;
    let mut work = desk.begin(&desk.one, 0).await;
    client::disable(&mut work, &tax()).await.unwrap();
    work.commit().await.unwrap();
    for alone in [&desk.one, &desk.clerk] {
        let mut work = desk.begin(alone, 1).await;
        let refused = client::enable(&mut work, &tax()).await;
        assert!(matches!(refused, Err(Error::Identity(identity::Error::TwoNeeded))));
        let refused = client::renew_secret(&mut work, &tax()).await;
        assert!(matches!(refused, Err(Error::Identity(identity::Error::TwoNeeded))));
    }
    let mut work = desk.begin(&desk.one, 1).await;
    edit::propose_enable(&mut work, &tax(), &why()).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(desk.city.authorize("tax", &[]).await, Err(Error::ClientUnknown)));
    let id = desk.waiting().await;
    assert!(desk.approve(&desk.two, 2, &id).await.unwrap().is_none());
    assert!(desk.city.authorize("tax", &[]).await.is_ok());
    let mut work = desk.begin(&desk.two, 3).await;
    assert!(matches!(edit::propose_enable(&mut work, &tax(), &why()).await, Err(Error::ClientUnknown)));
    edit::propose_secret(&mut work, &tax(), &why()).await.unwrap();
    work.commit().await.unwrap();
    let id = desk.waiting().await;
    let secret = desk.approve(&desk.one, 4, &id).await.unwrap().unwrap();
    let code = desk.city.code("tax", &[]).await;
    assert!(desk.city.token(&redeem("tax", secret.expose(), &code)).await.is_ok());
    assert_eq!((desk.city.events::<ClientEnabled>().await, desk.city.events::<ClientSecretRenewed>().await), (1, 1));
    // A public client has none.
    desk.city.client("app", public()).await;
    let mut work = desk.begin(&desk.one, 5).await;
    let app = ClientId::parse("app").unwrap();
    assert!(matches!(edit::propose_secret(&mut work, &app, &why()).await, Err(Error::ClientUnknown)));
}
