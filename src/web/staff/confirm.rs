//! What cannot be taken back lightly takes a reason and a look at what follows, on a page of its own.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{Text, id::PersonId};
use http::StatusCode;
use identity::{Reason, events::PersonOpened, operator};

use records::Work;

use crate::{
    App, Page, Problem,
    kit::{asked::CONFIRMED, form::Fields, page::html, session::Staff},
};

/// What an act on an object comes with: who asks, on which page, for which object, with which form.
pub type Asked = (State<App>, Staff, Page, Path<String>, Fields);

/// One value that would be another one.
pub struct Change {
    pub label: String,
    pub before: String,
    pub after: String,
}

/// An act that is about to be done.
pub struct Act<'a> {
    /// What it is called; the button that does it is called so too.
    title: &'a Text,
    /// To whom or what.
    about: String,
    /// What follows from it.
    follows: &'a Text,
    /// Who has to approve it, when somebody has to.
    approval: Option<&'static Text>,
    /// What cannot be done any more afterwards, when that is more than what follows.
    warning: Option<&'static Text>,
    /// Whether it takes something away.
    is_danger: bool,
    facts: Vec<(String, String)>,
    changes: Vec<Change>,
    /// Where the form goes, which is where it came from.
    action: String,
    /// Where the object is.
    back: String,
    /// What is asked of its page afterwards, which then says that it is done.
    then: &'static str,
    /// Fields of the form that are sent again.
    fields: Vec<(String, String)>,
    /// Whom the page shows, and as what.
    shown: Vec<(PersonId, &'static str)>,
}

impl<'a> Act<'a> {
    /// An act on what is at an address, below which the act has its own; it is called so, and that follows.
    pub fn new(way: &str, name: &str, about: &str, words: (&'a Text, &'a Text)) -> Self {
        Self::at(&format!("{way}/{name}"), way, about, words)
    }

    /// An act at an address of its own, which leads back to another one.
    pub fn at(action: &str, back: &str, about: &str, (title, follows): (&'a Text, &'a Text)) -> Self {
        Self {
            title,
            about: about.to_owned(),
            follows,
            approval: None,
            warning: None,
            is_danger: false,
            facts: Vec::new(),
            changes: Vec::new(),
            action: action.to_owned(),
            back: back.to_owned(),
            then: DONE,
            fields: Vec::new(),
            shown: Vec::new(),
        }
    }

    /// That the page shows somebody, by name or by the name of an account: whoever is asked has looked at that person.
    pub fn showing(mut self, person: &PersonId, what: &'static str) -> Self {
        self.shown.push((person.clone(), what));
        self
    }

    /// That another operator has to approve it.
    pub fn proposed(self) -> Self {
        Self { approval: Some(words::confirm::TWO), then: PROPOSED, ..self }
    }

    /// When it follows: what only gets proposed follows once somebody has approved it.
    fn follows_label(&self) -> &'static Text {
        if self.approval.is_some() { words::confirm::FOLLOWS_APPROVED } else { words::confirm::FOLLOWS }
    }

    /// That an operator has to approve it, which whoever does it is not.
    pub fn proposed_to_operators(self) -> Self {
        Self { approval: Some(words::confirm::BY_OPERATOR), then: PROPOSED, ..self }
    }

    /// Who else has to approve it.
    pub fn approved_by(self, approval: &'static Text) -> Self {
        Self { approval: Some(approval), ..self }
    }

    /// What else has to be looked at before it is done.
    pub fn facts(self, facts: Vec<(String, String)>) -> Self {
        Self { facts, ..self }
    }

    /// What whoever confirms it has to know first.
    pub fn warning(self, warning: Option<&'static Text>) -> Self {
        Self { warning, ..self }
    }

    /// That it takes something away.
    pub fn danger(self) -> Self {
        Self { is_danger: true, ..self }
    }

    /// That afterwards the object is said to be changed.
    pub fn changed(self) -> Self {
        Self { then: CHANGED, ..self }
    }

    /// What would be different.
    pub fn changing(self, changes: Vec<Change>) -> Self {
        Self { changes, ..self }
    }

    /// Which fields of the form are sent again.
    pub fn with(self, fields: Vec<(String, String)>) -> Self {
        Self { fields, ..self }
    }
}

const CHANGED: &str = "changed";
const DONE: &str = "done";
const PROPOSED: &str = "proposed";

/// The same for who proposes to operators.
pub fn what_was_done_or_proposed_to_operators(page: &Page, query: &Fields) -> &'static str {
    if page.says(query, PROPOSED) { page.say(words::seals::PROPOSED) } else { what_was_done(page, query) }
}

/// What the page of an object says of the act that led back to it.
pub fn what_was_done(page: &Page, query: &Fields) -> &'static str {
    if page.says(query, CHANGED) {
        page.say(words::clients::CHANGED)
    } else if page.says(query, DONE) {
        page.say(words::people::DONE)
    } else if page.says(query, PROPOSED) {
        page.say(words::clients::PROPOSED)
    } else {
        ""
    }
}

#[derive(askama::Template)]
#[template(path = "staff/confirm.html")]
struct Confirm<'a> {
    page: Page,
    act: Act<'a>,
    reason: String,
    /// Whether operators have to approve it and nobody can.
    is_in_vain: bool,
}

/// A secret that is shown once.
#[derive(askama::Template)]
#[template(path = "staff/shown_once.html")]
pub struct ShownOnce {
    pub page: Page,
    /// The same, for whoever switches the language or the size.
    pub sealed: String,
    /// What kind of secret stands beside it.
    pub label: Text,
    /// Of whom or what it is.
    pub about: String,
    /// What else its owner is told with it.
    pub facts: Vec<(Text, String)>,
    pub value: String,
    /// What to do with it.
    pub then: Text,
    pub back: String,
}

#[derive(askama::Template)]
#[template(path = "staff/was_shown.html")]
struct WasShown<'a> {
    page: Page,
    /// The way to the page.
    places: &'a [(&'a str, &'a str)],
    /// How to get another one.
    another: &'static Text,
    back: &'a str,
}

/// Whether the page that says what follows was seen.
pub fn is_confirmed(fields: &Fields) -> bool {
    fields.text(CONFIRMED) == "yes"
}

/// Says what follows, until that was seen; then does or proposes it, and goes back to the object.
pub async fn perform<F>(
    by: &Staff,
    page: Page,
    fields: &Fields,
    act: Act<'_>,
    reason: &Reason,
    operation: impl Fn(Work) -> F,
) -> Result<Response, Problem>
where
    F: Future<Output = Result<(), Problem>>,
{
    if !is_confirmed(fields) {
        // What cannot be done is said before anybody is asked to confirm it.
        by.rehearse(operation).await?;
        for (person, what) in &act.shown {
            by.tell(PersonOpened { person: person.clone(), what: (*what).to_owned() }).await?;
        }
        let is_in_vain = act.then == PROPOSED && can_nobody_approve(by, &page).await?;
        return Ok(html(StatusCode::OK, &Confirm { page, act, reason: reason.as_str().to_owned(), is_in_vain }));
    }
    by.attempt(operation).await?;
    Ok(page.leads_back(&act.back, act.then))
}

/// Whether no operator but who proposes can sign in: commands say so too, by asking for the second one at once.
pub async fn can_nobody_approve(by: &Staff, page: &Page) -> Result<bool, Problem> {
    let mut tx = page.app().database.read().await?;
    Ok(operator::left_without(&mut tx, &by.session.person_id, page.visit.at).await? == 0)
}

/// The page that says what follows from an act whose reason is among its facts.
pub fn ask(page: Page, act: Act<'_>) -> Response {
    html(StatusCode::OK, &Confirm { page, act, reason: String::new(), is_in_vain: false })
}

/// That a secret was shown before: a page that had it is loaded again, and nothing is done again.
pub fn was_shown(page: Page, places: &[(&str, &str)], another: &'static Text, back: &str) -> Response {
    let page = page.opened_at(back.to_owned());
    html(StatusCode::CONFLICT, &WasShown { page, places, another, back })
}
