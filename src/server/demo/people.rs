//! Who lives and works in the city.

use std::path::Path;

use anyhow::Context;
use base::{
    id::{OrganisationId, StaffId},
    number::{CreditCode, IdentityNumber},
};
use identity::{
    account, command_key, mandate, organisation,
    organisation::{NewOrganisation, OrganisationKind},
    password,
    password::HashedPassword,
    person,
    person::{Address, NewPerson, Profile},
    staff::{self, Role},
};
use licence::{Holder, HolderFacts, Official};
use records::{Actor, Work};

use super::{
    facts::AccountFacts,
    names::{self, Draw},
};
use crate::{foundation, wiring::Product};

/// A department: the word its staff's usernames end with, its name, what it issues.
pub const DEPARTMENTS: [(&str, &str); 6] = [
    ("service", "滨江市行政审批服务局"),
    ("market", "滨江市市场监督管理局"),
    ("traffic", "滨江市公安局交通警察支队"),
    ("health", "滨江市卫生健康委员会"),
    ("land", "滨江市自然资源局"),
    ("social", "滨江市人力资源和社会保障局"),
];

/// A department with the people that issuing needs.
pub struct Department {
    /// Its word.
    pub key: &'static str,
    pub name: &'static str,
    /// Its identifier.
    pub id: OrganisationId,
    /// Who applies.
    pub clerk: Official,
    /// Who reviews.
    pub reviewer: Official,
    /// Who keeps the seal.
    pub keeper: StaffId,
}

/// Someone a licence can be about.
pub struct Resident {
    /// As the register has them.
    pub facts: HolderFacts,
    /// The number of a person.
    pub identity_number: IdentityNumber,
    /// Where they live.
    pub address: String,
}

pub struct Company {
    /// As the register has it.
    pub facts: HolderFacts,
    /// Its number.
    pub credit_code: CreditCode,
    /// Who represents it.
    pub legal_representative: String,
    /// Where it is.
    pub address: String,
}

/// Everybody.
pub struct People {
    /// The departments in the order of [`DEPARTMENTS`].
    pub departments: Vec<Department>,
    /// The citizens in the order of [`names::CITIZENS`].
    pub citizens: Vec<Resident>,
    /// The companies in the order of [`names::COMPANIES`].
    pub companies: Vec<Company>,
    /// Who can sign in.
    pub accounts: Vec<AccountFacts>,
}

impl People {
    /// The department with this word.
    pub fn department(&self, key: &str) -> anyhow::Result<&Department> {
        anyhow::Context::context(self.departments.iter().find(|one| one.key == key), "a department of the city")
    }
}

struct Registrar<'a> {
    product: &'a Product,
    work: Work,
    draw: Draw,
    password: HashedPassword,
    accounts: Vec<AccountFacts>,
    registered: usize,
}

/// How long ago the departments and their staff were registered, in days: before their oldest licence.
const DEPARTMENTS_DAYS: i64 = 8 * 366;

/// Registers everybody, the departments first.
pub async fn register(product: &Product) -> anyhow::Result<People> {
    // One hash for all: fifty of them would take seconds, and everyone has the same password anyway.
    let app = &product.app;
    let password = password::hash(&app.gate, &app.entropy, "", names::PASSWORD).await?;
    let context = product.world.context(Actor::Job("demonstration"));
    let before = records::Context { at: context.at.plus_seconds(-DEPARTMENTS_DAYS * 86_400), ..context.clone() };
    let work = product.database.begin(before).await?;
    let mut registrar = Registrar { product, work, draw: Draw::new(), password, accounts: Vec::new(), registered: 0 };
    let departments = registrar.departments().await?;
    let Registrar { work, draw, password, accounts, registered, .. } = registrar;
    work.commit().await?;
    let work = product.database.begin(context).await?;
    let mut registrar = Registrar { product, work, draw, password, accounts, registered };
    let citizens = registrar.citizens().await?;
    let companies = registrar.companies(&citizens).await?;
    registrar.colleagues(&departments).await?;
    let Registrar { work, accounts, .. } = registrar;
    work.commit().await?;
    Ok(People { departments, citizens, companies, accounts })
}

/// Commands on this folder act for the city's operator.
pub async fn bind_operator(product: &Product, folder: &Path) -> anyhow::Result<()> {
    let mut work = product.database.begin(product.world.context(Actor::Job("demonstration"))).await?;
    let operator = account::find_by_username(&mut work.tx, "operator").await?.context("nobody is the operator")?;
    let key = command_key::make(&mut work, &operator.account_id).await?;
    foundation::write_secret(&folder.join("keys/operator.key"), key.secret.expose())?;
    Ok(work.commit().await?)
}

impl Registrar<'_> {
    /// A second counter and a second operator: what two people decide is to be seen with two.
    async fn colleagues(&mut self, departments: &[Department]) -> anyhow::Result<()> {
        let first = anyhow::Context::context(departments.first(), "a department of the city")?;
        for ((family, given), (username, role)) in
            names::COLLEAGUES.into_iter().zip([("counter-2", Role::Counter), ("operator-2", Role::Operator)])
        {
            let resident = self.person((family, given, username), (1970, 1998), false).await?;
            let Holder::Person(person) = &resident.facts.holder else { anyhow::bail!("staff are persons") };
            staff::appoint(&mut self.work, person, &first.id, &[role]).await?;
            self.account(&resident, username, &[role]).await?;
        }
        Ok(())
    }

    async fn departments(&mut self) -> anyhow::Result<Vec<Department>> {
        let mut departments = Vec::new();
        let mut names = names::STAFF.into_iter();
        for (place, (key, name)) in DEPARTMENTS.into_iter().enumerate() {
            let new = NewOrganisation {
                name: name.to_owned(),
                credit_code: names::credit_code("11", place)?,
                kind: OrganisationKind::Department,
                legal_representative: None,
            };
            let id = organisation::register(&mut self.work, new).await?;
            let mut people = Vec::new();
            // The first department's clerk is `clerk`, the others' are `clerk-market` and so on.
            let ending = if place == 0 { String::new() } else { format!("-{key}") };
            let roles = [("clerk", Role::Clerk), ("reviewer", Role::Reviewer), ("keeper", Role::SealKeeper)];
            let more = [("counter", Role::Counter), ("auditor", Role::Auditor), ("operator", Role::Operator)];
            for (word, role) in roles.into_iter().chain(more.into_iter().filter(|_| place == 0)) {
                let (family, given) = names.next().unwrap_or(("任", "远"));
                let username = format!("{word}{ending}");
                let is_male = people.len() % 2 == 0;
                let resident = self.person((family, given, &username), (1970, 1998), is_male).await?;
                let Holder::Person(person) = &resident.facts.holder else { anyhow::bail!("staff are persons") };
                let staff = staff::appoint(&mut self.work, person, &id, &[role]).await?;
                self.account(&resident, &username, &[role]).await?;
                people.push(Official {
                    staff_id: staff,
                    person_id: person.clone(),
                    organisation_id: id.clone(),
                    roles: staff::Roles::new(&[role]),
                });
            }
            let mut people = people.into_iter();
            let (Some(clerk), Some(reviewer), Some(keeper)) = (people.next(), people.next(), people.next()) else {
                anyhow::bail!("a department has three people at least");
            };
            departments.push(Department { key, name, id, clerk, reviewer, keeper: keeper.staff_id });
        }
        Ok(departments)
    }

    async fn citizens(&mut self) -> anyhow::Result<Vec<Resident>> {
        let mut citizens = Vec::new();
        let this_year = u64::from(self.work.at().date().year().unsigned_abs());
        for (place, name) in names::CITIZENS.into_iter().enumerate() {
            let years = if place < names::CHILDREN_FROM { (1955, 1992) } else { (this_year - 3, this_year - 2) };
            let resident = self.person(name, years, place % 2 == 0).await?;
            if place < names::CHILDREN_FROM {
                self.account(&resident, name.2, &[]).await?;
            }
            citizens.push(resident);
        }
        Ok(citizens)
    }

    async fn companies(&mut self, citizens: &[Resident]) -> anyhow::Result<Vec<Company>> {
        let mut companies = Vec::new();
        for (place, name) in names::COMPANIES.into_iter().enumerate() {
            let (Some(owner), Some(agent)) = (citizens.get(place), citizens.get(place + 20)) else {
                anyhow::bail!("every company has an owner and an agent");
            };
            let (Holder::Person(owner_id), Holder::Person(agent_id)) = (&owner.facts.holder, &agent.facts.holder)
            else {
                anyhow::bail!("owners are persons");
            };
            let name = format!("滨江市{name}有限公司");
            let credit_code = names::credit_code("91", place)?;
            let new = NewOrganisation {
                name,
                credit_code: credit_code.clone(),
                kind: OrganisationKind::Enterprise,
                legal_representative: Some(owner_id.clone()),
            };
            let id = organisation::register(&mut self.work, new).await?;
            if place < 5 {
                let period =
                    base::Period { start: self.work.at(), end: Some(self.work.at().plus_seconds(365 * 86_400)) };
                mandate::give(&mut self.work, &id, agent_id, period).await?;
            }
            companies.push(Company {
                facts: self.facts(&Holder::Organisation(id)).await?,
                credit_code,
                legal_representative: owner.facts.name.clone(),
                address: format!("滨江市临江区{}", self.draw.street()),
            });
        }
        Ok(companies)
    }

    async fn person(
        &mut self,
        (family, given, username): (&str, &str, &str),
        years: (u64, u64),
        is_male: bool,
    ) -> anyhow::Result<Resident> {
        let place = self.registered;
        self.registered += 1;
        let number = self.draw.identity_number(years, is_male, place)?;
        let street = self.draw.street();
        let name = format!("{family}{given}");
        let new = NewPerson {
            name,
            identity_number: number.clone(),
            profile: profile((family, given, username), &street, place),
        };
        let id = person::register(&mut self.work, &self.product.app.vault, new).await?;
        Ok(Resident {
            facts: self.facts(&Holder::Person(id)).await?,
            identity_number: number,
            address: format!("滨江市临江区{street}"),
        })
    }

    /// As the register has somebody.
    async fn facts(&mut self, of: &Holder) -> anyhow::Result<HolderFacts> {
        Ok(licence::holder::facts(&mut self.work.tx, &self.product.app.vault, of).await?)
    }

    async fn account(&mut self, resident: &Resident, username: &str, roles: &[Role]) -> anyhow::Result<()> {
        let Holder::Person(person) = &resident.facts.holder else { anyhow::bail!("only persons have accounts") };
        account::open(&mut self.work, person, username, Some(&self.password)).await?;
        self.accounts.push(AccountFacts {
            username: username.to_owned(),
            password: names::PASSWORD.to_owned(),
            name: resident.facts.name.clone(),
            roles: roles.iter().map(|role| role.code().to_owned()).collect(),
            identity_number: resident.identity_number.as_str().to_owned(),
        });
        Ok(())
    }
}

/// Every standard claim has something to say. Addresses and numbers lead nowhere.
fn profile((family, given, username): (&str, &str, &str), street: &str, place: usize) -> Profile {
    let some = |text: String| Some(text);
    let last = given.chars().last().map(String::from).unwrap_or_default();
    Profile {
        given_name: some(given.to_owned()),
        family_name: some(family.to_owned()),
        // The character that a generation of a family shares, where there is one.
        middle_name: given.chars().next().map(String::from),
        nickname: some(format!("小{last}")),
        preferred_username: some(username.to_owned()),
        profile: some(format!("https://people.example.org/{username}")),
        picture: some(format!("https://people.example.org/{username}.png")),
        website: some(format!("https://{username}.example.org/")),
        gender: None,
        birthdate: None,
        zoneinfo: some("Asia/Shanghai".to_owned()),
        locale: some("zh-CN".to_owned()),
        email: some(format!("{username}@example.org")),
        email_verified: true,
        phone_number: some(format!("+86 100 0000 {:04}", 1000 + place)),
        phone_number_verified: true,
        address: Some(Address {
            formatted: some(format!("江海省滨江市临江区{street}\n319900\n中国")),
            street_address: some(format!("临江区{street}")),
            locality: some("滨江市".to_owned()),
            region: some("江海省".to_owned()),
            postal_code: some("319900".to_owned()),
            country: some("中国".to_owned()),
        }),
    }
}
