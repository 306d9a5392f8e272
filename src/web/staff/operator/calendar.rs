//! `/operator/calendar`: what ends, and what takes its place.

use axum::{extract::State, response::Response};
use http::StatusCode;
use pki::{Ending, calendar::Ends};

use crate::{
    App, Page, Problem,
    kit::{page::html, wording::purpose_words},
};

/// Something that ends.
struct Line {
    what: String,
    name: String,
    on: String,
    kind: &'static str,
    when: String,
    next: String,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/calendar.html")]
struct Calendar {
    page: Page,
    lines: Vec<Line>,
    urgent: usize,
}

/// `GET /operator/calendar`.
pub async fn list(State(app): State<App>, page: Page) -> Result<Response, Problem> {
    let now = page.visit.at;
    let endings = seal::calendar::endings(&mut app.database.read().await?, &app.custody, now).await?;
    let urgent = endings.iter().filter(|ending| ending.is_urgent(now)).count();
    let lines = endings.iter().map(|ending| line(&app, &page, ending)).collect();
    Ok(html(StatusCode::OK, &Calendar { page, lines, urgent }))
}

fn line(app: &App, page: &Page, ending: &Ending) -> Line {
    let now = page.visit.at;
    let what = match &ending.what {
        Ends::CommandKey(_) => page.say(words::operator::COMMAND_KEY).to_owned(),
        Ends::Key(of, _) => format!("{} {}", page.say(purpose_words(*of)), of.suite().name()),
        Ends::List(_) => page.say(words::operator::LIST).to_owned(),
        Ends::Seal(_) => page.say(words::operator::SEAL).to_owned(),
    };
    let days = ending.at.seconds_since(now).div_euclid(86_400);
    let when = match days {
        ..0 => words::operator::ENDED.clone(),
        0 => words::operator::WITHIN_A_DAY.clone(),
        days => words::operator::in_days(days),
    };
    let kind = match ending.within_days(now) {
        _ if ending.is_urgent(now) => "bad",
        Some(_) => "warning",
        None => "good",
    };
    let next = match ending.replaced_at {
        Some(at) if ending.is_overdue(now) => words::operator::overdue(at.date()),
        Some(at) => words::operator::by_itself(at.date()),
        None if matches!(ending.what, Ends::CommandKey(_)) => words::operator::BY_BINDING.clone(),
        None if ending.is_away => words::operator::BY_SOMEBODY.clone(),
        None => words::operator::NOT_RENEWED.clone(),
    };
    Line {
        what,
        name: named(app, page, ending),
        on: ending.at.date().to_string(),
        kind,
        when: page.say(&when).to_owned(),
        next: page.say(&next).to_owned(),
    }
}

/// Whose it is, and of a list, of which authority. Certificates name keys by their purpose in Chinese, which is said already,
/// in the language of the page; what else is in their names is the organisation.
fn named(app: &App, page: &Page, ending: &Ending) -> String {
    let authority = match &ending.what {
        Ends::CommandKey(_) | Ends::Seal(_) => return ending.name.clone(),
        Ends::Key(..) => None,
        Ends::List(of) => app.custody.service_keys().into_iter().find(|key| key.key_id == *of).map(|key| key.purpose),
    };
    let Some((_, organisation)) = ending.name.rsplit_once(" · ") else { return ending.name.clone() };
    let ours = &page.site().organisation;
    let organisation = if ours.zh == organisation { page.say(ours) } else { organisation };
    authority.map_or_else(
        || organisation.to_owned(),
        |purpose| format!("{} · {organisation}", page.say(purpose_words(purpose))),
    )
}
