//! The sign-in page.

use axum::{extract::State, response::Response};
use base::Text;
use http::StatusCode;

use super::{
    requesting::{self, Requesting},
    wrong::Wrong,
};
use crate::{
    App, Page,
    kit::{form::Query, links, page::html},
};

/// Where those go who came from nowhere.
const HOME: &str = "/me";

/// The form, empty or with what went wrong.
#[derive(askama::Template)]
#[template(path = "sign_in/sign_in.html")]
pub struct SignInPage {
    page: Page,
    to: String,
    username: String,
    requesting: Option<Requesting>,
    /// Who is signed in in this browser already.
    signed_in_as: Option<String>,
    wrong: Option<Wrong>,
}

impl SignInPage {
    /// The form for a path to return to; any other text leads to the visitor's own pages.
    pub async fn new(app: &App, page: Page, to: &str) -> Self {
        let to = links::same_origin_path(to).unwrap_or(HOME).to_owned();
        let requesting = requesting::behind(app, &page, &to).await;
        let language = requesting.as_ref().and_then(|requesting| requesting.language);
        let signed_in_as = page.session.as_ref().map(|session| session.name.clone());
        let known = page.session.as_ref().map(|session| session.username.clone());
        let hinted = requesting.as_ref().and_then(|requesting| requesting.login_hint.clone());
        Self {
            page: page.in_language(language),
            to,
            username: hinted.or(known).unwrap_or_default(),
            requesting,
            signed_in_as,
            wrong: None,
        }
    }

    /// Where to go after the sign-in.
    pub fn to(&self) -> &str {
        &self.to
    }

    /// The page that waits, with what was typed.
    pub fn waits(self, username: &str, typed: String) -> Response {
        let page = self.page.sent_again_by("waiting");
        let waiting = WaitingPage { page, to: self.to, username: username.to_owned(), typed };
        html(StatusCode::SERVICE_UNAVAILABLE, &waiting)
    }

    /// The page on which another password is chosen, with what was typed and what is wrong with the choice.
    pub fn chooses(self, status: StatusCode, username: &str, typed: String, wrong: Option<Wrong>) -> Response {
        let rule = password_rule();
        let page = self.page.sent_again_by("choosing");
        let error = wrong.map(|wrong| wrong.words(&page)).unwrap_or_default();
        let choosing = ChoosePage { page, to: self.to, username: username.to_owned(), typed, rule, wrong, error };
        html(status, &choosing)
    }

    /// The form once more, with the name that was typed and what is wrong.
    pub fn again(mut self, status: StatusCode, username: &str, wrong: Option<Wrong>) -> Response {
        username.clone_into(&mut self.username);
        self.wrong = wrong;
        self.page = self.page.sent_again_by("signing-in");
        html(status, &self)
    }
}

/// The page that waits for a turn and then sends the form again by itself.
#[derive(askama::Template)]
#[template(path = "sign_in/waiting.html")]
struct WaitingPage {
    page: Page,
    to: String,
    username: String,
    typed: String,
}

/// The page on which a password of one's own takes the place of one that was handed out.
#[derive(askama::Template)]
#[template(path = "sign_in/choose.html")]
struct ChoosePage {
    page: Page,
    to: String,
    username: String,
    typed: String,
    rule: Text,
    wrong: Option<Wrong>,
    error: String,
}

/// What a new password has to be.
pub fn password_rule() -> Text {
    words::sign_in::new_password_rule(identity::PASSWORD_CHARACTERS_MIN)
}

/// `GET /sign-in?to=PATH`.
pub async fn show(State(app): State<App>, page: Page, Query(query): Query) -> Response {
    html(StatusCode::OK, &SignInPage::new(&app, page, query.text("to")).await)
}
