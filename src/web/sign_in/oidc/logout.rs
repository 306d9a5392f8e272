//! `/logout`: what a client asks for (RP-Initiated Logout 1.0). A person's own way out is `/sign-out`.

use axum::{
    extract::{Request, State},
    response::Response,
};
use base::Fault;
use http::{HeaderValue, StatusCode, Uri, header};
use oidc::{
    Parameters,
    discovery::path,
    logout::{self, SignOut},
};
use records::{Actor, Work};

use super::parameters;
use crate::{
    App, Page, Problem,
    kit::{
        form::Fields,
        page::{html, see_other},
        session,
    },
};

/// The parameters that we understand.
const KNOWN: [&str; 5] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];

#[derive(askama::Template)]
#[template(path = "sign_in/oidc/logout.html")]
struct Confirm {
    page: Page,
    /// Who asks, when that is known.
    client: Option<String>,
    /// The request, to be judged again when the person has confirmed.
    query: String,
}

/// `GET /logout`.
pub async fn ask(State(app): State<App>, page: Page, uri: Uri) -> Result<Response, Problem> {
    let query = uri.query().unwrap_or_default();
    // A request that cannot be read is one that proves nothing: the person decides.
    let parameters = Parameters::parse(query).unwrap_or_default();
    let judged = logout::judge(&app.provider, &app.database, &parameters, page.session.as_deref()).await?;
    if judged.confirm && page.session.is_some() {
        let client = judged.client.map(|client| page.say(&client.name).to_owned());
        return Ok(html(StatusCode::OK, &Confirm { page, client, query: parameters.query_of(&KNOWN) }));
    }
    end(&app, page, &parameters, judged).await
}

/// `POST /logout`: a form from another site brings no session cookie, a GET does.
pub async fn by_post(request: Request) -> Response {
    // As with GET: what cannot be read proves nothing, and every parameter may be left out.
    let form = parameters::form(request).await.unwrap_or_default();
    see_other(&format!("{}?{}", path::END_SESSION, form.query_of(&KNOWN)))
}

/// `POST /logout/confirm`: the person said yes.
pub async fn confirm(State(app): State<App>, page: Page, fields: Fields) -> Result<Response, Problem> {
    let parameters = Parameters::parse(fields.text("query")).unwrap_or_default();
    let judged = logout::judge(&app.provider, &app.database, &parameters, page.session.as_deref()).await?;
    end(&app, page, &parameters, judged).await
}

async fn end(app: &App, page: Page, parameters: &Parameters, judged: SignOut) -> Result<Response, Problem> {
    let SignOut { client, elsewhere, redirect, .. } = judged;
    let ended = match (&page.session, elsewhere, client) {
        (Some(session), ..) => Some((session.session_id.clone(), session.person_actor())),
        // Nobody is here: it is the application that acts, by the token it got in that session.
        (None, Some(session), Some(client)) => Some((session, Actor::Client(client.client_id.to_string()))),
        _ => None,
    };
    if let Some((session, actor)) = ended {
        let close = async |mut work: Work| {
            if identity::session::close(&mut work, &session, "signed_out_by_client").await? {
                work.commit().await?;
            }
            Ok::<(), Fault>(())
        };
        app.database.attempt(&app.context(page.visit(), actor), close).await?;
    }
    let mut response = match redirect {
        Some(redirect) => see_other(&redirect),
        // Our own page speaks the language that the client asked for.
        None => see_other(format!("/signed-out?{}", parameters.query_of(&["ui_locales"])).trim_end_matches('?')),
    };
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, session::no_cookie(app));
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}
