//! `/desk/resets`: a forgotten password, given anew by two members of staff.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    Instant, ListPage, Text,
    id::{AccountId, ResetId},
    number::IdentityNumber,
};
use http::StatusCode;
use identity::{
    Progress, Reason,
    account::{self, AccountState, AccountView},
    events::{PeopleSearched, PersonOpened},
    operator, password,
    person::{self, PersonView},
    reset::{self, Document, Filing, ResetView},
};
use records::{Tx, Work};

use super::searched;
use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Fields, Query},
        page::{html, see_other},
        session::Staff,
        wording::number_wrong,
    },
    staff::{
        again::Again,
        confirm::{self, Asked},
        proposed::progress_tag,
        shown,
    },
};

/// Resets on one page of the list.
const SHOWN: i64 = 20;

/// One reset in the list.
struct Line {
    id: String,
    when: String,
    name: String,
    username: String,
    filed_by: String,
    kind: &'static str,
    state: &'static str,
}

/// A reset that somebody filed before, and where it is decided.
struct Waits {
    words: String,
    /// Nothing when that is in another department.
    way: String,
}

impl Waits {
    fn of(page: &Page, staff: &Staff, waits: &ResetView) -> Self {
        let (account, at) = (waits.username.clone(), waits.filed_at.legal_text());
        let is_here = waits.organisation_id == staff.appointment.organisation_id;
        let words = if !is_here {
            words::reset::waits_elsewhere(account, at, waits.ends_at.legal_text())
        } else if waits.filed_by_person == staff.session.person_id {
            words::reset::waits_mine(account, at)
        } else {
            words::reset::waits_here(account, waits.filed_by_name.clone(), at)
        };
        let way = if is_here { format!("/desk/resets/{}", waits.reset_id) } else { String::new() };
        Self { words: page.say(&words).to_owned(), way }
    }
}

/// Somebody who was found by number.
struct Found {
    name: String,
    number: String,
    /// Identifiers of accounts and what they are called.
    accounts: Vec<(String, String)>,
    /// What was chosen among them.
    account: String,
    documents: Vec<(&'static str, &'static str)>,
    document: String,
    compared: bool,
    /// What was filed before and waits.
    waiting: Vec<Waits>,
    /// That the number was typed.
    searched: String,
    /// Why no reset can be filed here, whatever the form says; then there is none.
    refused: Option<&'static Text>,
}

/// Somebody with what decides whether a reset can be filed.
struct Known {
    person: PersonView,
    accounts: Vec<AccountView>,
    has_powers: bool,
    /// What was filed for these accounts and waits.
    waiting: Vec<ResetView>,
}

impl Known {
    async fn of(tx: &mut Tx, person: PersonView, at: Instant) -> Result<Self, Problem> {
        let accounts = account::of_person(tx, &person.person_id).await?;
        let has_powers = !operator::powers(tx, &person.person_id).await?.is_empty();
        let mut waiting = Vec::new();
        for view in &accounts {
            waiting.extend(reset::waiting_for(tx, &view.account_id, at).await?);
        }
        Ok(Self { person, accounts, has_powers, waiting })
    }
}

/// What stands above the list.
enum Shown {
    /// The field for a number, with what was typed and what is wrong with it.
    Form(String, &'static str),
    /// Who was found, with what is wrong with the form and its status.
    Found(Found, StatusCode, Vec<FieldError>),
}

#[derive(askama::Template)]
#[template(path = "staff/desk/resets.html")]
struct Resets {
    page: Page,
    lead: Text,
    found: Option<Found>,
    errors: Vec<FieldError>,
    /// The number that was typed, in the one answer to whoever typed it, and what is wrong with it.
    typed: String,
    wrong: &'static str,
    lines: Vec<Line>,
    next: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "staff/desk/reset.html")]
struct One {
    page: Page,
    id: String,
    name: String,
    number: String,
    username: String,
    document: &'static str,
    filed_by: String,
    filed_at: String,
    until: String,
    decided_by: String,
    kind: &'static str,
    state: &'static str,
    is_open: bool,
    is_own: bool,
    /// Why it was refused.
    refusal: String,
    again: Again,
}

#[derive(askama::Template)]
#[template(path = "staff/desk/handed_over.html")]
pub struct HandedOver {
    pub page: Page,
    /// The same, for whoever switches the language or the size.
    pub sealed: String,
    pub name: String,
    pub username: String,
    pub password: String,
    pub until: String,
}

/// `GET /desk/resets`: the form, and what was filed in the department.
pub async fn list(State(app): State<App>, staff: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let after = ResetId::parse(query.text("after")).ok();
    render(&app, &staff, page, after, Shown::Form(String::new(), "")).await
}

/// `POST /desk/resets/find`: whose number it is. The number is not left in an address.
pub async fn find(State(app): State<App>, staff: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let typed = fields.text("number");
    let wrong = match IdentityNumber::parse(typed) {
        Err(wrong) => page.say(number_wrong(wrong)),
        Ok(number) => {
            let mut tx = app.database.read().await?;
            let person = person::find_by_identity_number(&mut tx, &app.vault, &number).await?;
            let known = match &person {
                Some(person) => Some(Known::of(&mut tx, person.clone(), page.visit.at).await?),
                None => None,
            };
            // What is written down takes a connection of its own.
            drop(tx);
            staff.tell(PeopleSearched::new("identity_number", person.as_slice())).await?;
            if let Some(known) = known {
                let found = found((&app, &staff), &page, known, &fields)?;
                return render(&app, &staff, page, None, Shown::Found(found, StatusCode::OK, Vec::new())).await;
            }
            page.say(words::reset::NOT_FOUND)
        }
    };
    render(&app, &staff, page, None, Shown::Form(typed.to_owned(), wrong)).await
}

/// `POST /desk/resets`: files a reset of an account that was found by the number of its person, and of no other.
pub async fn file(State(app): State<App>, staff: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let account = AccountId::parse(fields.text("account")).map_err(|_| Problem::NotFound)?;
    let mut tx = app.database.read().await?;
    let view = account::find(&mut tx, &account).await?.ok_or(Problem::NotFound)?;
    drop(tx);
    let not_searched = Shown::Form(String::new(), page.say(words::reset::NOT_SEARCHED));
    let searched = searched::by_number(&app, &staff, &view.person_id, fields.text(searched::FIELD));
    let Some(searched_at) = searched else {
        return render(&app, &staff, page, None, not_searched).await;
    };
    let document = Document::parse(fields.text("document"));
    let mut errors = Vec::new();
    if document.is_none() {
        errors.push(FieldError::new(&page, "document", words::reset::DOCUMENT_MISSING));
    }
    if fields.text("compared") != "yes" {
        errors.push(FieldError::new(&page, "compared", words::reset::COMPARED_MISSING));
    }
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (Some(document), true) = (document, errors.is_empty()) {
        let filing = Filing { document, searched_at };
        let file = async |mut work: Work| {
            let reset = reset::file(&mut work, &app.vault, &account, &filing).await?;
            work.commit().await?;
            Ok(reset)
        };
        match staff.attempt(file).await {
            Ok(reset) => return Ok(see_other(&format!("/desk/resets/{reset}"))),
            Err(Problem::Domain { code: "reset_search_used", .. }) => {
                return render(&app, &staff, page, None, not_searched).await;
            }
            // What a rule says stands above the form, with what was chosen in it.
            Err(Problem::Domain { status: refused, code, text }) => {
                let field = if code == "document_of_child" { "document" } else { "found" };
                errors.push(FieldError::new(&page, field, &text));
                status = refused;
            }
            Err(problem) => return Err(problem),
        }
    }
    let mut tx = app.database.read().await?;
    let person = person::find(&mut tx, &view.person_id).await?.ok_or(Problem::NotFound)?;
    let known = Known::of(&mut tx, person, page.visit.at).await?;
    drop(tx);
    staff.tell(opened(&known.person)).await?;
    let found =
        Found { searched: fields.text(searched::FIELD).to_owned(), ..found((&app, &staff), &page, known, &fields)? };
    render(&app, &staff, page, None, Shown::Found(found, status, errors)).await
}

/// `GET /desk/resets/{id}`.
pub async fn show(
    State(app): State<App>,
    staff: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    one(&app, &staff, page, &id, Again::default()).await
}

/// `POST /desk/resets/{id}/approve`: the first password is in the answer and nowhere else.
pub async fn approve(
    State(app): State<App>,
    staff: Staff,
    page: Page,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    if fields.text("compared") != "yes" {
        let again = Again::wrong(&page, ("approve", fields), "compared", words::reset::COMPARED_MISSING);
        return one(&app, &staff, page, &id, again).await;
    }
    let view = view(&app, &staff, &page, &id).await?;
    match hand_over((&app, &staff), page.clone(), &view).await {
        Err(problem) => refused((&app, &staff), page, &id, ("approve", fields), problem).await,
        done => done,
    }
}

async fn hand_over((app, staff): (&App, &Staff), page: Page, view: &ResetView) -> Result<Response, Problem> {
    // Nobody makes this node hash passwords for what is decided already.
    if view.state == Progress::Approved {
        let places = [("/desk", page.say(words::desk::TITLE)), ("/desk/resets", page.say(words::reset::TITLE))];
        return Ok(confirm::was_shown(page.clone(), &places, words::confirm::WAS_SHOWN_COUNTER, "/desk/resets"));
    }
    if view.state != Progress::Open {
        return Err(identity::Error::ResetOver.into());
    }
    let (clear, hashed) = password::first(&app.gate, &app.entropy).await?;
    let approve = async |mut work: Work| {
        let done = reset::approve(&mut work, &app.vault, &view.reset_id, &hashed).await?;
        work.commit().await?;
        Ok(done)
    };
    let done = staff.attempt(approve).await?;
    let handed_over = shown::Shown::HandedOver {
        // A list is no look at people: it names them as far as one knows them already.
        name: base::mask::person_name(&view.name),
        username: done.username,
        password: clear.expose().clone(),
        until: done.until.legal_text(),
    };
    Ok(shown::show(app, page, handed_over))
}

/// `POST /desk/resets/{id}/refuse`, with a reason that whoever filed it is told.
pub async fn refuse((State(app), staff, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let view = view(&app, &staff, &page, &id).await?;
    let Ok(why) = Reason::parse(fields.text("reason")) else {
        let again = Again::wrong(&page, ("refuse", fields), "refuse-reason", words::proposal::REASON_MISSING);
        return one(&app, &staff, page, &id, again).await;
    };
    let refuse = async |mut work: Work| {
        reset::refuse(&mut work, &view.reset_id, &why).await?;
        Ok(work.commit().await?)
    };
    match staff.attempt(refuse).await {
        Ok(()) => Ok(see_other(&format!("/desk/resets/{id}"))),
        Err(problem) => refused((&app, &staff), page, &id, ("refuse", fields), problem).await,
    }
}

/// `POST /desk/resets/{id}/withdraw`.
pub async fn withdraw((State(app), staff, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let view = view(&app, &staff, &page, &id).await?;
    let withdraw = async |mut work: Work| {
        reset::withdraw(&mut work, &view.reset_id).await?;
        Ok(work.commit().await?)
    };
    match staff.attempt(withdraw).await {
        Ok(()) => Ok(see_other(&format!("/desk/resets/{id}"))),
        Err(problem) => refused((&app, &staff), page, &id, ("withdraw", fields), problem).await,
    }
}

/// What a rule says stands on the page of the reset, which shows what became of it and what was typed.
async fn refused(
    (app, staff): (&App, &Staff),
    page: Page,
    id: &str,
    form: (&'static str, Fields),
    problem: Problem,
) -> Result<Response, Problem> {
    let again = Again::after(problem, &page, form, |_| Some("reset"))?;
    one(app, staff, page, id, again).await
}

async fn view(app: &App, staff: &Staff, page: &Page, id: &str) -> Result<ResetView, Problem> {
    let id = ResetId::parse(id).map_err(|_| Problem::NotFound)?;
    let mut tx = app.database.read().await?;
    let found = reset::find(&mut tx, &staff.appointment.organisation_id, &id, page.visit.at).await?;
    found.ok_or(Problem::NotFound)
}

async fn one(app: &App, staff: &Staff, page: Page, id: &str, again: Again) -> Result<Response, Problem> {
    let view = view(app, staff, &page, id).await?;
    let mut tx = app.database.read().await?;
    let person = person::find(&mut tx, &view.person_id).await?.ok_or(Problem::NotFound)?;
    let refusal = reset::refusal(&mut tx, &view).await?.unwrap_or_default();
    drop(tx);
    staff.tell(opened(&person)).await?;
    let (kind, state) = progress_tag(&page, view.state);
    let shown = One {
        id: view.reset_id.to_string(),
        name: view.name,
        number: person.identity_number(&app.vault)?.masked(),
        username: view.username,
        document: view.document.map_or("", |document| page.say(called(document))),
        filed_by: view.filed_by_name,
        filed_at: view.filed_at.legal_text(),
        until: view.ends_at.legal_text(),
        decided_by: view.decided_by_name.unwrap_or_default(),
        kind,
        state,
        is_open: view.state == Progress::Open,
        is_own: view.filed_by_person == staff.session.person_id,
        refusal,
        again,
        page,
    };
    Ok(html(shown.again.status(), &shown))
}

async fn render(
    app: &App,
    staff: &Staff,
    page: Page,
    after: Option<ResetId>,
    shown: Shown,
) -> Result<Response, Problem> {
    let (found, status, errors, typed, wrong) = match shown {
        Shown::Form(typed, "") => (None, StatusCode::OK, Vec::new(), typed, ""),
        Shown::Form(typed, wrong) => (None, StatusCode::UNPROCESSABLE_ENTITY, Vec::new(), typed, wrong),
        Shown::Found(found, status, errors) => (Some(found), status, errors, String::new(), ""),
    };
    let mut tx = app.database.read().await?;
    let wanted = ListPage { after, limit: SHOWN };
    let resets = reset::list(&mut tx, &staff.appointment.organisation_id, &wanted, page.visit.at).await?;
    drop(tx);
    let next = resets.next.map(|next| format!("/desk/resets?after={next}"));
    let lines = resets.items.into_iter().map(|view| line(&page, view)).collect();
    let lead = words::reset::lead(reset::MINUTES);
    Ok(html(status, &Resets { page, lead, found, errors, typed, wrong, lines, next }))
}

fn line(page: &Page, view: ResetView) -> Line {
    let (kind, state) = progress_tag(page, view.state);
    Line {
        id: view.reset_id.to_string(),
        when: view.filed_at.legal_text(),
        // A list is no look at people: it tells those apart whom one has before oneself.
        name: base::mask::person_name(&view.name),
        username: view.username,
        filed_by: view.filed_by_name,
        kind,
        state,
    }
}

fn found((app, staff): (&App, &Staff), page: &Page, known: Known, fields: &Fields) -> Result<Found, Problem> {
    let Known { person, mut accounts, has_powers, waiting } = known;
    // For which one waits none is filed; when that is so of every account, there is no form.
    accounts.retain(|view| waiting.iter().all(|waits| waits.account_id != view.account_id));
    let waiting: Vec<Waits> = waiting.iter().map(|waits| Waits::of(page, staff, waits)).collect();
    let refused = if accounts.is_empty() && waiting.is_empty() {
        Some(words::reset::NO_ACCOUNT)
    } else if has_powers {
        Some(words::identity::HAS_POWERS)
    } else {
        (person.person_id == staff.session.person_id).then_some(words::reset::OWN_ACCOUNT)
    };
    let called_so = |view: &AccountView| match view.state {
        AccountState::Locked => format!("{} {}", view.username, page.say(words::reset::LOCKED)),
        _ => view.username.clone(),
    };
    Ok(Found {
        number: person.identity_number(&app.vault)?.masked(),
        documents: reset::documents(&app.vault, &person, page.visit.at)?
            .into_iter()
            .map(|document| (document.code(), page.say(called(document))))
            .collect(),
        name: person.name,
        accounts: accounts.iter().map(|view| (view.account_id.to_string(), called_so(view))).collect(),
        account: fields.text("account").to_owned(),
        document: fields.text("document").to_owned(),
        compared: fields.text("compared") == "yes",
        waiting,
        searched: searched::sent(app, staff, &person.person_id),
        refused,
    })
}

fn opened(person: &PersonView) -> PersonOpened {
    PersonOpened { person: person.person_id.clone(), what: "password_reset".to_owned() }
}

fn called(document: Document) -> &'static Text {
    match document {
        Document::HouseholdRegister => words::reset::HOUSEHOLD_REGISTER,
        Document::IdentityCard => words::reset::IDENTITY_CARD,
        Document::TemporaryIdentityCard => words::reset::TEMPORARY_IDENTITY_CARD,
    }
}
