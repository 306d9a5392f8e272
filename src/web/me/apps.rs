//! `/me/apps`: the applications that have something of the person, and taking it back.

use axum::{extract::State, response::Response};
use http::StatusCode;
use oidc::{ClientId, grant};
use records::Work;

use crate::{
    App, Page, Problem,
    kit::{
        form::{Fields, Query},
        page::html,
        session::Citizen,
        wording::Worded,
    },
};

struct Connected {
    id: String,
    name: String,
    what: Vec<String>,
    since: String,
    consented: bool,
}

#[derive(askama::Template)]
#[template(path = "me/apps.html")]
struct AppsPage {
    page: Page,
    apps: Vec<Connected>,
    withdrawn: bool,
}

/// `GET /me/apps`.
pub async fn list(
    State(app): State<App>,
    citizen: Citizen,
    page: Page,
    Query(query): Query,
) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let found = grant::connected_apps(&mut tx, &citizen.session.person_id, page.visit.at).await?;
    drop(tx);
    let apps = found
        .into_iter()
        .map(|found| Connected {
            id: found.client_id.to_string(),
            name: if page.is_chinese() { found.name_zh } else { found.name_en },
            what: found.scopes.iter().map(|scope| page.say(&scope.permission.text()).to_owned()).collect(),
            since: found.since.legal_text(),
            consented: found.consented,
        })
        .collect();
    let withdrawn = page.says(&query, "withdrawn");
    Ok(html(StatusCode::OK, &AppsPage { page, apps, withdrawn }))
}

/// `POST /me/apps/withdraw`: the consent and every token are gone when this is answered.
pub async fn withdraw(citizen: Citizen, page: Page, fields: Fields) -> Result<Response, Problem> {
    let client = ClientId::parse(fields.text("client")).map_err(|_| Problem::NotFound)?;
    let withdraw = async |mut work: Work| {
        // Nothing left to take back is as good as taken back.
        grant::withdraw(&mut work, &citizen.session.person_id, &client).await?;
        Ok(work.commit().await?)
    };
    citizen.attempt(withdraw).await?;
    Ok(page.leads_back("/me/apps", "withdrawn"))
}
