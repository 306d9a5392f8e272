//! An office of the city, where what two of its staff do begins.

use base::id::{OrganisationId, ProposalId};

use super::*;
use crate::{
    Reason,
    proposal::{self, Approved},
};

/// A city with a department, and two people who work in it.
pub(super) struct Office {
    pub(super) city: City,
    pub(super) department: OrganisationId,
    pub(super) one: Actor,
    pub(super) two: Actor,
}

impl Office {
    /// With two operators.
    pub(super) async fn open() -> Result<Self, Error> {
        Self::staffed(&[Role::Operator], &[Role::Operator]).await
    }

    /// With two people who have these roles.
    pub(super) async fn staffed(one: &[Role], two: &[Role]) -> Result<Self, Error> {
        let city = City::found().await?;
        let mut work = city.database().begin(context(at(-900), 3)).await?;
        let department = department(&mut work, "滨江市数据局", "1133010000248938X").await?;
        let one = staff_of(&mut work, &city, 11, &department, one).await?;
        let two = staff_of(&mut work, &city, 12, &department, two).await?;
        work.commit().await?;
        Ok(Self { city, department, one, two })
    }

    pub(super) async fn begin(&self, who: &Actor, seconds: i64) -> Result<Work, Fault> {
        let seed = 5_000 + self.city.tries.fetch_add(1, Ordering::Relaxed);
        self.city.database().begin(Context { actor: who.clone(), ..context(at(seconds), seed) }).await
    }

    /// A company of the city.
    pub(super) async fn company(&self) -> Result<OrganisationId, Error> {
        let mut work = self.begin(&testing::operator(), -900).await?;
        let company = register(&mut work, "滨江茶馆", "91330100MA27XYW12", OrganisationKind::Enterprise).await?;
        work.commit().await?;
        Ok(company)
    }

    /// The account of somebody who works in the city.
    pub(super) async fn account(&self, serial: u32) -> Result<AccountId, Fault> {
        let mut tx = self.city.database().read().await?;
        let view = account::find_by_username(&mut tx, &format!("staff{serial}")).await?;
        Ok(view.unwrap().account_id)
    }

    /// The proposal of this kind that waits for this object.
    pub(super) async fn waiting(&self, kind: &str, object: &str) -> Result<ProposalId, Fault> {
        let mut tx = self.city.database().read().await?;
        Ok(proposal::waiting(&mut tx, &[kind], object, at(3)).await?[0].proposal_id.clone())
    }

    /// Approves a proposal and carries it out.
    pub(super) async fn approve<Done>(
        &self,
        who: &Actor,
        seconds: i64,
        id: &ProposalId,
        carry_out: impl AsyncFnOnce(&mut Work, &Approved) -> Result<Done, Error>,
    ) -> Result<Done, Error> {
        let mut work = self.begin(who, seconds).await?;
        let approved = proposal::approve(&mut work, id).await?;
        let done = carry_out(&mut work, &approved).await?;
        work.commit().await?;
        Ok(done)
    }
}

/// What somebody does who has the database alone.
pub(super) async fn past_the_product(city: &City, sql: &'static str) -> Result<(), Fault> {
    let mut tx = city.database().housekeeping().await?;
    assert_ne!(tx.run(sql, vec![]).await?, 0, "{sql}");
    tx.commit().await
}

pub(super) fn why() -> Reason {
    Reason::parse("本人来函").unwrap()
}

pub(super) async fn department(work: &mut Work, name: &str, seventeen: &str) -> Result<OrganisationId, Error> {
    register(work, name, seventeen, OrganisationKind::Department).await
}

async fn register(
    work: &mut Work,
    name: &str,
    seventeen: &str,
    kind: OrganisationKind,
) -> Result<OrganisationId, Error> {
    let new = NewOrganisation {
        name: name.to_owned(),
        credit_code: CreditCode::complete(seventeen).unwrap(),
        kind,
        legal_representative: None,
    };
    organisation::register(work, new).await
}

/// Somebody with these roles, whose account is called after their serial number and has no password.
pub(super) async fn staff_of(
    work: &mut Work,
    city: &City,
    serial: u32,
    department: &OrganisationId,
    roles: &[Role],
) -> Result<Actor, Error> {
    let person = person::register(work, &city.vault, new_person("工作人员", serial)).await?;
    account::open(work, &person, &format!("staff{serial}"), None).await?;
    let staff = staff::appoint(work, &person, department, roles).await?;
    Ok(Actor::Staff { staff, person })
}
