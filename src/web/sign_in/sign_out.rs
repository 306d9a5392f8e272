//! Signing out, by a person who asked for it on one of our own pages. What a relying party asks for is in `oidc`.

use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};
use records::Work;

use crate::{
    App, Page, Problem,
    kit::{
        form::Fields,
        page::{html, see_other},
        session,
    },
};

#[derive(askama::Template)]
#[template(path = "sign_in/sign_out.html")]
struct SignOut {
    page: Page,
}

#[derive(askama::Template)]
#[template(path = "sign_in/signed_out.html")]
struct SignedOut {
    page: Page,
}

/// `GET /sign-out`: asks first, because any site can make a browser send a GET.
pub async fn ask(page: Page) -> Response {
    if page.session.is_none() {
        return see_other("/signed-out");
    }
    html(StatusCode::OK, &SignOut { page })
}

/// `POST /sign-out`.
pub async fn submit(State(app): State<App>, page: Page, _: Fields) -> Result<Response, Problem> {
    if let Some(session) = &page.session {
        let close = async |mut work: Work| {
            identity::session::close(&mut work, &session.session_id, "signed_out").await?;
            work.commit().await
        };
        app.database.attempt(&app.context(page.visit(), session.person_actor()), close).await?;
    }
    let mut response = see_other("/signed-out");
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, session::no_cookie(&app));
    // Pages are never stored, but an old browser may keep one for its back button.
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// `GET /signed-out`.
pub async fn done(page: Page) -> Response {
    if page.session.is_some() {
        return see_other("/sign-out");
    }
    html(StatusCode::OK, &SignedOut { page })
}
