//! Language and large type. A link is enough: being made to switch does no harm, and the pages stay free of forms. Only what
//! no address has again is sent again by a button, which says in what it is wanted.

use axum::{extract::State, response::Response};
use base::Language;
use http::{HeaderValue, header};

use crate::{
    App, Page, Problem,
    kit::{
        cookies,
        form::{Fields, Query},
        links,
        page::see_other,
        switched,
    },
};

const YEAR_SECONDS: i64 = 365 * 86_400;

/// The field by which a form is sent for nothing but to be shown again in another language or size.
const SWITCH: &str = "switch";

/// `GET /language?to=en&back=/path`.
pub async fn language(State(app): State<App>, Query(query): Query) -> Result<Response, Problem> {
    let to @ ("zh" | "en") = query.text("to") else { return Err(Problem::NotFound) };
    Ok(remember(&app, cookies::LANGUAGE, to, &query))
}

/// `GET /appearance?to=elder&back=/path`.
pub async fn appearance(State(app): State<App>, Query(query): Query) -> Result<Response, Problem> {
    let to @ ("elder" | "standard") = query.text("to") else { return Err(Problem::NotFound) };
    Ok(remember(&app, cookies::APPEARANCE, to, &query))
}

/// What a button asked for that sends a form again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    Elder,
    Language(Language),
    Standard,
}

impl Switch {
    /// What the form asks for, if it was sent for that.
    pub fn of(fields: &Fields) -> Option<Self> {
        match fields.text(SWITCH) {
            "elder" => Some(Self::Elder),
            "en" => Some(Self::Language(Language::English)),
            "standard" => Some(Self::Standard),
            "zh" => Some(Self::Language(Language::Chinese)),
            _ => None,
        }
    }

    /// The page as it was asked for.
    pub fn applied(self, page: Page) -> Page {
        match self {
            Self::Elder => page.in_size(true),
            Self::Language(language) => page.in_language(Some(language)),
            Self::Standard => page.in_size(false),
        }
    }

    /// The answer, after which the browser asks for all pages so.
    pub fn remembered(self, app: &App, mut response: Response) -> Response {
        let (name, value) = match self {
            Self::Elder => (cookies::APPEARANCE, "elder"),
            Self::Language(Language::Chinese) => (cookies::LANGUAGE, "zh"),
            Self::Language(Language::English) => (cookies::LANGUAGE, "en"),
            Self::Standard => (cookies::APPEARANCE, "standard"),
        };
        response.headers_mut().append(header::SET_COOKIE, cookie(app, name, value));
        response
    }
}

fn remember(app: &App, name: &str, value: &str, query: &Fields) -> Response {
    let back = links::same_origin_path(query.text("back")).unwrap_or("/");
    let back = switched::with(back, query.text(switched::SEEN));
    let mut response = see_other(links::same_origin_path(&back).unwrap_or("/"));
    response.headers_mut().append(header::SET_COOKIE, cookie(app, name, value));
    response
}

fn cookie(app: &App, name: &str, value: &str) -> HeaderValue {
    cookies::set(name, value, app.settings.is_secure(), Some(YEAR_SECONDS))
}
