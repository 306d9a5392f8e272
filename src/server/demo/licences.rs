//! The licences of the city, issued the way every licence is: a clerk, a reviewer, a seal.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use anyhow::{Context as _, bail};
use base::{Date, Instant, id::LicenceId};
use licence::{
    DecisionNumber, Fields, HolderFacts, Licence, application,
    built_in::{BIRTH, DRIVING, FOOD},
    issue::{self, Begun, Intent, NewLicence, Origin},
    licence_type, lifecycle,
    reason::{RevocationReason, SuspensionReason},
    revocation::{self, Filed},
};
use records::{Actor, Context};
use serde_json::{Value, json};

use super::{
    facts::LicenceFacts,
    names,
    people::{Company, Department, People, Resident},
};
use crate::wiring::Product;

/// What happens to a licence after it was issued.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    Renew,
    Revoke,
    Suspend,
}

/// One licence to be issued.
struct Wanted {
    department: &'static str,
    type_code: &'static str,
    holder: HolderFacts,
    fields: Fields,
    days_ago: i32,
    after: After,
}

/// So long ago that a food licence of five years, and a driving licence of six, is over.
const FOOD_OVER_DAYS: i32 = 5 * 366 + 40;
const DRIVING_OVER_DAYS: i32 = 6 * 366 + 40;

/// Which department issues what. The first one issues everything, as approval bureaus of cities do.
const ISSUERS: [(&str, &str); 6] = [
    ("service", FOOD),
    ("service", DRIVING),
    ("service", BIRTH),
    ("market", FOOD),
    ("traffic", DRIVING),
    ("health", BIRTH),
];

/// Makes a seal for each department and says who issues what.
pub async fn prepare(product: &Product, people: &People) -> anyhow::Result<()> {
    let app = &product.app;
    let mut work = product.database.begin(product.world.context(Actor::Job("demonstration"))).await?;
    for (department, type_code) in ISSUERS {
        licence_type::authorise(&mut work, type_code, &people.department(department)?.id).await?;
    }
    for department in &people.departments {
        let new = seal::NewSeal {
            organisation_id: department.id.clone(),
            kind: seal::SealKind::Licence,
            keeper: department.keeper.clone(),
        };
        seal::create(&mut work, &app.library.cabinet, new)
            .await
            .with_context(|| format!("the seal of {}", department.name))?;
    }
    work.commit().await?;
    Ok(())
}

/// Issues every licence, writes the documents into the folder, and leaves two applications waiting for a reviewer.
pub async fn issue_all(product: &Product, folder: &Path, people: &People) -> anyhow::Result<Vec<LicenceFacts>> {
    let mut groups: BTreeMap<(i32, &'static str), Vec<(usize, Wanted)>> = BTreeMap::new();
    for (place, wanted) in wanted(people)?.into_iter().enumerate() {
        groups.entry((-wanted.days_ago, wanted.department)).or_default().push((place, wanted));
    }
    let mut issued: BTreeMap<usize, (Licence, &'static str)> = BTreeMap::new();
    let mut renewals = Vec::new();
    for ((days, department), group) in groups {
        let department = people.department(department)?;
        let at = product.world.clock.now().plus_seconds(i64::from(days) * 86_400);
        let requests = group.iter().map(|(place, wanted)| request(&format!("demo-{place}"), wanted, None)).collect();
        let licences = issue_group(product, folder, department, at, requests).await?;
        for ((place, wanted), licence) in group.into_iter().zip(licences) {
            change(product, department, &licence.id, wanted.after).await?;
            if wanted.after == After::Renew {
                issued.insert(place * 2, (licence.clone(), wanted.type_code));
                renewals.push((place, licence.id, wanted));
            } else {
                issued.insert(place * 2, (licence, wanted.type_code));
            }
        }
    }
    for (place, older, wanted) in renewals {
        let department = people.department(wanted.department)?;
        let requests = vec![request(&format!("demo-{place}-2"), &wanted, Some(older))];
        let now = product.world.clock.now();
        for licence in issue_group(product, folder, department, now, requests).await? {
            issued.insert(place * 2 + 1, (licence, wanted.type_code));
        }
    }
    apply(product, people).await?;
    Ok(issued.into_values().map(|(licence, type_code)| facts(&licence, type_code)).collect())
}

/// A body that the interface accepts as it is, again and again: a company may hold several licences.
pub fn example(people: &People) -> anyhow::Result<Value> {
    let department = people.department("service")?;
    let company = people.companies.last().context("a company")?;
    Ok(json!({
        "type": FOOD,
        "holder": { "credit_code": company.credit_code.as_str() },
        "fields": food(company),
        "clerk": department.clerk.staff_id.as_str(),
        "reviewer": department.reviewer.staff_id.as_str(),
    }))
}

fn facts(licence: &Licence, type_code: &str) -> LicenceFacts {
    LicenceFacts {
        id: licence.id.to_string(),
        identifier: licence.identifier.clone(),
        type_code: type_code.to_owned(),
        code: licence.code.as_str().to_owned(),
        pdf_path: document_path(licence),
    }
}

fn document_path(licence: &Licence) -> std::path::PathBuf {
    Path::new("licences").join(format!("{}.pdf", licence.identifier))
}

fn request(origin: &str, wanted: &Wanted, renews: Option<LicenceId>) -> (Origin, NewLicence) {
    let request = NewLicence {
        type_code: wanted.type_code.to_owned(),
        holder: wanted.holder.clone(),
        fields: wanted.fields.clone(),
        valid_from: None,
        valid_until: None,
        renews,
    };
    (Origin::request("demo", origin), request)
}

/// Issues some licences of one department at one instant: two units of work for all of them, signatures between.
async fn issue_group(
    product: &Product,
    folder: &Path,
    department: &Department,
    at: Instant,
    requests: Vec<(Origin, NewLicence)>,
) -> anyhow::Result<Vec<Licence>> {
    let library = &product.app.library;
    let context = staff_context(product, department, at);
    let mut work = product.database.begin(context.clone()).await?;
    let mut intents = Vec::new();
    for (origin, request) in requests {
        let officials = (&department.clerk, &department.reviewer);
        match issue::begin(&mut work, library, &origin, request, officials).await? {
            Begun::Intent(intent) => intents.push(Arc::new(*intent)),
            Begun::Issued(licence) => bail!("licence {} was issued before", licence.identifier),
        }
    }
    work.commit().await?;
    let signing: Vec<_> = intents
        .iter()
        .map(|intent: &Arc<Intent>| {
            let (library, intent) = (library.clone(), Arc::clone(intent));
            tokio::spawn(async move { intent.sign(&library.press, at).await })
        })
        .collect();
    let mut work = product.database.begin(context).await?;
    let mut licences = Vec::new();
    tokio::fs::create_dir_all(folder.join("licences")).await?;
    for (intent, signing) in intents.iter().zip(signing) {
        let signed = signing.await?.with_context(|| format!("signing {}", intent.licence.identifier))?;
        issue::record(&mut work, library, intent, &signed).await?;
        tokio::fs::write(folder.join(document_path(&intent.licence)), &signed.bytes).await?;
        licences.push(intent.licence.clone());
    }
    work.commit().await?;
    Ok(licences)
}

fn staff_context(product: &Product, department: &Department, at: Instant) -> Context {
    let (staff, person) = (department.reviewer.staff_id.clone(), department.reviewer.person_id.clone());
    Context { at, ..product.world.context(Actor::Staff { staff, person }) }
}

fn clerk_context(product: &Product, department: &Department) -> Context {
    let (staff, person) = (department.clerk.staff_id.clone(), department.clerk.person_id.clone());
    product.world.context(Actor::Staff { staff, person })
}

async fn change(product: &Product, department: &Department, id: &LicenceId, after: After) -> anyhow::Result<()> {
    match after {
        After::Nothing | After::Renew => Ok(()),
        After::Revoke => revoke(product, department, id).await,
        After::Suspend => suspend(product, department, id).await,
    }
}

async fn suspend(product: &Product, department: &Department, id: &LicenceId) -> anyhow::Result<()> {
    let mut work = product.database.begin(clerk_context(product, department)).await?;
    let issuers = std::slice::from_ref(&department.id);
    lifecycle::suspend(&mut work, issuers, id, SuspensionReason::Investigation).await?;
    Ok(work.commit().await?)
}

/// The clerk files it and the reviewer approves it.
async fn revoke(product: &Product, department: &Department, id: &LicenceId) -> anyhow::Result<()> {
    let now = product.world.clock.now();
    let decision = DecisionNumber::parse(&format!("滨政罚〔{}〕12号", now.date().year()))?;
    let mut work = product.database.begin(clerk_context(product, department)).await?;
    let filed = revocation::file(&mut work, id, RevocationReason::Penalty, &decision).await?;
    work.commit().await?;
    let Filed::Waiting(waiting) = filed else { bail!("one person revoked licence {id}") };
    let mut work = product.database.begin(staff_context(product, department, now)).await?;
    revocation::approve(&mut work, &waiting.id).await?;
    Ok(work.commit().await?)
}

/// One application for the reviewer of the first department, and one for the market department's.
async fn apply(product: &Product, people: &People) -> anyhow::Result<()> {
    for (department, company) in [("service", 9), ("market", 10)] {
        let (department, company) = (people.department(department)?, company_at(people, company)?);
        let mut work = product.database.begin(clerk_context(product, department)).await?;
        let new = NewLicence {
            type_code: FOOD.to_owned(),
            holder: company.facts.clone(),
            fields: food(company),
            valid_from: None,
            valid_until: None,
            renews: None,
        };
        application::apply(&mut work, &product.app.library, &department.clerk, new).await?;
        work.commit().await?;
    }
    Ok(())
}

/// What the city holds. Those of the first department come first: its own system can reach them by the interface.
fn wanted(people: &People) -> anyhow::Result<Vec<Wanted>> {
    let mut all = Vec::new();
    let mut company = |department, place: usize, days_ago, after| -> anyhow::Result<()> {
        let company = company_at(people, place)?;
        let (holder, fields) = (company.facts.clone(), food(company));
        all.push(Wanted { department, type_code: FOOD, holder, fields, days_ago, after });
        Ok(())
    };
    company("service", 0, 3, After::Nothing)?;
    company("service", 1, 3, After::Suspend)?;
    company("service", 2, 120, After::Revoke)?;
    company("service", 3, FOOD_OVER_DAYS, After::Nothing)?;
    company("service", 4, 120, After::Renew)?;
    company("service", 18, 120, After::Nothing)?;
    company("market", 5, 30, After::Nothing)?;
    company("market", 6, 30, After::Nothing)?;
    company("market", 7, 30, After::Suspend)?;
    company("market", 8, FOOD_OVER_DAYS, After::Nothing)?;
    company("market", 19, 30, After::Nothing)?;
    let mut driver = |place: usize, days_ago, after| -> anyhow::Result<()> {
        let resident = people.citizens.get(place).context("a citizen")?;
        // Nobody drove before the age of eighteen.
        let of_age = resident.identity_number.birth_date().map(|day| day.plus_years(18).plus_days(100));
        let first = Date::parse("2012-06-18")?;
        let first = of_age.map_or(first, |day| first.max(day));
        let (holder, fields) = (resident.facts.clone(), driving(resident, first, place));
        all.push(Wanted { department: "traffic", type_code: DRIVING, holder, fields, days_ago, after });
        Ok(())
    };
    for place in 0..7 {
        driver(place, 60, After::Nothing)?;
    }
    driver(7, 60, After::Suspend)?;
    driver(8, 60, After::Revoke)?;
    driver(9, DRIVING_OVER_DAYS, After::Nothing)?;
    driver(10, 200, After::Renew)?;
    driver(11, 200, After::Nothing)?;
    for (place, (father, mother)) in names::PARENTS.into_iter().enumerate() {
        let citizen = |place: usize| people.citizens.get(place).context("a citizen");
        let child = citizen(names::CHILDREN_FROM + place)?;
        let fields = birth(child, citizen(father)?, citizen(mother)?);
        // Of a newborn the parents hold it.
        let holder = citizen(mother)?.facts.clone();
        all.push(Wanted {
            department: "health",
            type_code: BIRTH,
            holder,
            fields,
            days_ago: 15,
            after: After::Nothing,
        });
    }
    Ok(all)
}

fn company_at(people: &People, place: usize) -> anyhow::Result<&Company> {
    people.companies.get(place).context("a company")
}

fn fields<const N: usize>(pairs: [(&str, &str); N]) -> Fields {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn food(company: &Company) -> Fields {
    fields([
        ("legal_representative", &company.legal_representative),
        ("residence", &company.address),
        ("premises", &company.address),
        ("business_category", "餐饮服务经营者"),
        ("business_items", "热食类食品制售；冷食类食品制售；自制饮品制售"),
        ("supervisor", "滨江市市场监督管理局临江分局"),
    ])
}

fn driving(resident: &Resident, first: Date, place: usize) -> Fields {
    fields([
        ("nationality", "中国"),
        ("address", &resident.address),
        ("first_issue_date", &first.to_string()),
        ("vehicle_class", if place.is_multiple_of(3) { "C1E" } else { "C1" }),
        ("file_number", &format!("330199{:06}", 100_000 + 7 * place)),
    ])
}

fn birth(child: &Resident, father: &Resident, mother: &Resident) -> Fields {
    let day = child.identity_number.birth_date().map(|date| date.to_string()).unwrap_or_default();
    fields([
        ("newborn_name", &child.facts.name),
        ("sex", child.facts.sex.map_or("", licence::Sex::zh)),
        ("birth_time", &format!("{day} 08:30")),
        ("gestation", "39"),
        ("weight", "3250"),
        ("birth_place", "江海省滨江市临江区"),
        ("facility", "滨江市妇幼保健院"),
        ("mother_name", &mother.facts.name),
        ("mother_code", mother.identity_number.as_str()),
        ("father_name", &father.facts.name),
        ("father_code", father.identity_number.as_str()),
        ("family_address", &father.address),
    ])
}
