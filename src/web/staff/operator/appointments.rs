//! `/operator/people/{id}/…`: appointing somebody, and ending that.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::number::CreditCode;
use identity::{
    Reason, Role,
    appointment::{self, Place},
    operator,
    organisation::{self, OrganisationKind},
    staff,
};
use records::Work;

use super::{
    found::{find_person, way},
    people,
};
use crate::{
    App, Page, Problem,
    kit::{form::Fields, session::Staff, wording::role_words},
    staff::{
        again::Again,
        confirm::{self, Act, Asked, Change},
    },
};

/// The fields of the roles, among which at least one is ticked.
const ROLES: &str = "roles";

/// `POST /operator/people/{id}/appoint`: proposes a place in a department.
pub async fn appoint((State(app), by, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let place = |code: &str| match code {
        "organisation_unknown" => Some("code"),
        "role_missing" | "roles_exclude" => Some(ROLES),
        _ => None,
    };
    match propose_place(&app, &by, page.clone(), &id, &fields).await {
        Err(problem) => {
            let again = Again::after(problem, &page, ("appoint", fields), place)?;
            people::render((&app, &by), page, &id, "", again).await
        }
        done => done,
    }
}

async fn propose_place(app: &App, by: &Staff, page: Page, id: &str, fields: &Fields) -> Result<Response, Problem> {
    let person = find_person(app, id).await?;
    let reason = Reason::parse(fields.text("reason"))?;
    let code = fields.text("code");
    let department = match CreditCode::parse(code) {
        Ok(code) => organisation::find_by_code(&mut app.database.read().await?, &code).await?,
        Err(_) => None,
    };
    let department = department
        .filter(|found| found.kind == OrganisationKind::Department)
        .ok_or(identity::Error::OrganisationUnknown)?;
    let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| fields.has(&role_field(*role))).collect();
    if roles.is_empty() {
        return Err(identity::Error::RoleMissing.into());
    }
    let place = Place::new(&department.organisation_id, &roles);
    let mut again = vec![("code".to_owned(), code.to_owned())];
    again.extend(roles.iter().map(|role| (role_field(*role), "yes".to_owned())));
    let after = described(&page, &department.name, &roles);
    let change = change(&page, page.say(words::confirm::NOTHING).to_owned(), after);
    let propose = async |mut work: Work| {
        appointment::propose(&mut work, &person.person_id, &place, &reason).await?;
        Ok(work.commit().await?)
    };
    let act = Act::new(&way(id), "appoint", &person.name, (words::people::APPOINT, words::people::APPOINT_FOLLOWS));
    let act = act.showing(&person.person_id, "page").proposed().changing(vec![change]).with(again);
    confirm::perform(by, page, fields, act, &reason, propose).await
}

/// `POST /operator/people/{id}/dismiss`: ends the place that somebody has.
pub async fn dismiss((State(app), by, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    match end_place(&app, &by, page.clone(), &id, &fields).await {
        Err(problem) => {
            let again = Again::after(problem, &page, ("dismiss", fields), |_| None)?;
            people::render((&app, &by), page, &id, "", again).await
        }
        done => done,
    }
}

async fn end_place(app: &App, by: &Staff, page: Page, id: &str, fields: &Fields) -> Result<Response, Problem> {
    let person = find_person(app, id).await?;
    let reason = Reason::parse(fields.text("reason"))?;
    let mut tx = app.database.read().await?;
    let now = staff::of_person(&mut tx, &person.person_id).await?.ok_or(identity::Error::StaffUnknown)?;
    let is_last_but_one = !confirm::is_confirmed(fields)
        && now.roles.has(Role::Operator)
        && operator::left_without(&mut tx, &person.person_id, page.visit.at).await? < 2;
    drop(tx);
    let roles: Vec<Role> = now.roles.iter().collect();
    let before = described(&page, &now.organisation_name, &roles);
    let change = change(&page, before, page.say(words::confirm::NOTHING).to_owned());
    let end = async |mut work: Work| {
        appointment::end(&mut work, &person.person_id, &reason).await?;
        Ok(work.commit().await?)
    };
    let act = Act::new(&way(id), "dismiss", &person.name, (words::people::DISMISS, words::people::DISMISS_FOLLOWS));
    let act = act.showing(&person.person_id, "page").danger().changing(vec![change]);
    let act = act.warning(is_last_but_one.then_some(words::people::ONE_LEFT));
    confirm::perform(by, page, fields, act, &reason, end).await
}

/// What a proposed appointment gives, for the page of the proposal.
pub async fn proposed(app: &App, page: &Page, place: &Place) -> Result<Vec<Change>, Problem> {
    let found = organisation::find(&mut app.database.read().await?, &place.organisation()).await?;
    let name = found.map(|found| found.name).unwrap_or_default();
    let after = described(page, &name, &place.roles());
    Ok(vec![change(page, page.say(words::confirm::NOTHING).to_owned(), after)])
}

/// A department, and the roles in words.
pub fn described(page: &Page, department: &str, roles: &[Role]) -> String {
    format!("{department} · {}", roles_said(page, roles))
}

/// Roles in words.
pub fn roles_said(page: &Page, roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(|role| page.say(role_words(*role))).collect();
    names.join(page.say(words::consent::AND))
}

/// The field of a role in the form.
pub fn role_field(role: Role) -> String {
    format!("role_{}", role.code())
}

fn change(page: &Page, before: String, after: String) -> Change {
    Change { label: page.say(words::people::APPOINTMENT).to_owned(), before, after }
}
