//! What every page needs: language, who is signed in, the token for its forms, addresses of styles and scripts.
//!
//! A handler takes a [`Page`], puts it into its template as `page` and answers with [`html`]:
//!
//! ```text
//! #[derive(askama::Template)]
//! #[template(path = "me/home.html")]          // begins with {% extends "kit/base.html" %}
//! struct Home { page: Page }
//!
//! async fn home(page: Page) -> Response { page::html(StatusCode::OK, &Home { page }) }
//! ```

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use base::{Language, Text};
use http::{HeaderValue, StatusCode, header, request::Parts};
use identity::Role;

use crate::{
    App, Problem,
    kit::{
        access::DESK,
        app::Site,
        assets, named,
        session::{self, Session},
        switched,
        visit::{self, SharedVisit, Visit},
    },
};

/// A page's surroundings. In templates it is always the field `page`.
#[derive(Clone)]
pub struct Page {
    /// The language of the page.
    pub language: Language,
    /// Who is signed in.
    pub session: Option<Arc<Session>>,
    /// The request.
    pub visit: SharedVisit,
    /// Where the page is had again by opening it: what answers a form that acts, without what was typed; none of what is
    /// shown once, which would be lost.
    opened_at: Option<String>,
    /// Whether what is shown is what is had there, so that it was seen.
    is_seen_there: bool,
    /// The form that is sent again in another language or size, on a page that no address has again.
    sent_again_by: Option<&'static str>,
    elder: bool,
    app: App,
}

impl FromRequestParts<App> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let visit = visit::of(parts)?;
        let session = session::find(app, &visit).await?;
        Ok(Self { session, ..Self::of_visit(app, &visit) })
    }
}

impl Page {
    /// A page for a visit whose session nobody has looked for: error pages, which must not wait for a database.
    pub fn of_visit(app: &App, visit: &SharedVisit) -> Self {
        let session = session::known(visit);
        let visit = Arc::clone(visit);
        Self {
            language: visit.language,
            session,
            opened_at: visit.opened_at(),
            is_seen_there: visit.is_opened,
            sent_again_by: None,
            elder: visit.elder,
            visit,
            app: app.clone(),
        }
    }

    /// The same page in another language: what a client asks for with `ui_locales` in a sealed request.
    pub fn in_language(mut self, language: Option<Language>) -> Self {
        self.language = language.unwrap_or(self.language);
        self
    }

    /// The same page in large type, or not.
    pub fn in_size(self, elder: bool) -> Self {
        Self { elder, ..self }
    }

    /// The same page, of what no address may have: whoever switches sends this form again.
    pub fn sent_again_by(self, form: &'static str) -> Self {
        Self { opened_at: None, sent_again_by: Some(form), ..self }
    }

    /// The form that is sent again by whoever switches, if it is that.
    pub fn sends_again(&self) -> Option<&'static str> {
        self.sent_again_by
    }

    /// The same page, which is had again at this address although it answers a form: nothing on it is lost there but what
    /// was typed.
    pub fn opened_at(mut self, address: String) -> Self {
        self.opened_at = Some(address);
        self.is_seen_there = false;
        self
    }

    /// The same page, of what is had again at this address and was written down as it was made: to have it there in another
    /// language is no other look.
    pub fn seen_again_at(mut self, address: String) -> Self {
        self.opened_at = Some(address);
        self.is_seen_there = true;
        self.visit.looked();
        self
    }

    /// What the links that switch carry: nothing on a page that was no look, or whose look is not kept.
    pub fn seen(&self) -> String {
        match (self.opened_at.as_deref().filter(|_| self.is_seen_there), self.visit.looked_at()) {
            (Some(address), Some(at)) => {
                format!("&{}={}", switched::SEEN, switched::made(&self.app, &self.visit, address, at))
            }
            _ => String::new(),
        }
    }

    /// The same page, of what is shown once: nobody is led away from it.
    pub fn shown_once(mut self) -> Self {
        self.opened_at = None;
        self
    }

    /// A text in the page's language.
    pub fn say<'t>(&self, text: &'t Text) -> &'t str {
        text.in_language(self.language)
    }

    /// The same, for a text that stands alone.
    pub fn sentence(&self, text: &Text) -> String {
        sentence(self.say(text))
    }

    /// The language's tag, for `<html lang>`.
    pub fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// Whether the page is in Chinese.
    pub fn is_chinese(&self) -> bool {
        self.language == Language::Chinese
    }

    /// Whether large type was asked for.
    pub fn elder(&self) -> bool {
        self.elder
    }

    /// The address of a file under `static/`.
    #[allow(clippy::unused_self, reason = "templates ask their page")]
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// The token for a form's hidden field `csrf`.
    pub fn csrf(&self) -> String {
        self.visit.csrf(&self.app)
    }

    /// Whether the header offers to sign in: not to a browser with a session cookie, valid or not, and not on the
    /// sign-in page itself.
    pub fn invites(&self) -> bool {
        self.session.is_none() && self.visit.session_token.is_none() && !self.visit.target.starts_with("/sign-in")
    }

    /// Whether anything stands at the top on the right.
    pub fn has_switches(&self) -> bool {
        self.invites() || self.opened_at.is_some() || self.sent_again_by.is_some()
    }

    /// Whether to show the way to the console: to staff, and to visitors who have not said yet who they are.
    pub fn offers_console(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.staff.is_some())
    }

    /// Whether to show the way to the desk: not to those whom it would refuse.
    pub fn offers_desk(&self) -> bool {
        self.session
            .as_ref()
            .is_none_or(|session| session.staff.as_ref().is_some_and(|staff| staff.roles.has_any(DESK)))
    }

    /// Whether to show the way to the counter's other work: to those who see people and their documents.
    pub fn offers_resets(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.has(Role::Counter))
    }

    /// What the page is made with.
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// The number of this request.
    pub fn request_id(&self) -> &str {
        self.visit.request_id.as_str()
    }

    /// The instant of this request as people in the legal time zone read it.
    pub fn now(&self) -> String {
        self.visit.at.legal_text()
    }

    /// Where this page is had again in another language or size, encoded for the query of a link; none where it would be
    /// lost: a password that is shown once.
    pub fn here(&self) -> Option<String> {
        self.opened_at.as_deref().map(|address| crate::kit::links::percent_encode(address).to_string())
    }

    /// Where the product is reached.
    pub fn public_url(&self) -> &str {
        &self.app.settings.public_url
    }

    /// Where its owner signs in to an account.
    pub fn sign_in_url(&self) -> String {
        format!("{}/sign-in", self.public_url())
    }

    /// The city's words.
    pub fn site(&self) -> &Site {
        &self.app.settings.site
    }

    /// What a department is called: the register has a Chinese name alone, and whoever runs the site has one in each language.
    pub fn department<'n>(&'n self, name: &'n str) -> &'n str {
        let site = &self.site().organisation;
        if site.in_language(Language::Chinese) == name { self.say(site) } else { name }
    }

    /// How long an answer stays on the counter's screen, in seconds.
    #[allow(clippy::unused_self, reason = "templates ask their page")]
    pub fn answer_seconds(&self) -> &'static str {
        crate::kit::limits::ANSWER_SECONDS
    }

    /// The visit that the page answers.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }
}

/// A text that stands alone: in English it then begins with a capital letter.
pub fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// A page as an answer.
pub fn html(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => {
            let text = named::marked(&text).into_owned();
            #[cfg(test)]
            crate::kit::markup_tests::check(&text);
            let mut response = (status, text).into_response();
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(error) => Problem::Fault(base::Fault::broken(error)).into_response(),
    }
}

/// The answer after an act: go and look at this path (303, always GET).
pub fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::from_str(path) {
        Ok(value) => {
            response.headers_mut().insert(header::LOCATION, value);
            response
        }
        Err(error) => Problem::Fault(base::Fault::broken(error)).into_response(),
    }
}
