//! `/audit`: whether the log is whole, and the way to what it says.

use axum::{extract::State, response::Response};
use base::{
    Instant, ListPage, Text,
    id::{EventId, PersonId, RequestId},
    number::{CreditCode, IdentityNumber},
};
use http::StatusCode;
use identity::{
    account,
    events::PeopleSearched,
    organisation,
    person::{self, PersonView},
};
use oidc::client::{self, ClientId};
use records::{
    Event, Tx,
    audit::{self, Audit},
    events::{LogAudited, LogRead},
    log,
};

use super::found::{self, Named};
use crate::{
    App, Page, Problem,
    kit::{
        form::Fields,
        page::{html, see_other},
        session::Staff,
    },
    staff::{operator::people::found_as, told::Names},
};

/// Entries at the end of the log that are checked whenever the page is shown.
const CHECKED: i64 = 1_000;

/// How the log stands: the worst of what was checked just now and of what the last audit found.
struct Soundness {
    kind: &'static str,
    words: &'static str,
    /// What was checked, what is wrong first.
    said: Vec<Said>,
}

/// What came of one check.
struct Said {
    id: &'static str,
    words: String,
    is_wrong: bool,
    findings: Vec<Named>,
}

#[derive(askama::Template)]
#[template(path = "staff/audit/home.html")]
struct Home {
    page: Page,
    /// The last entry that is in the archive; 0 when none is.
    archived: i64,
    state: Soundness,
    wanted: String,
    not_found: bool,
    /// Several of the name that was asked for, and what they are chosen by.
    choose_by: &'static str,
    namesakes: Vec<Namesake>,
}

struct Namesake {
    id: String,
    name: String,
    number: String,
}

/// What was asked for, and what came of it.
#[derive(Default)]
struct Asked {
    wanted: String,
    /// Several of this name: people, or organisations and seals.
    namesakes: Vec<Namesake>,
    are_people: bool,
}

/// `GET /audit`.
pub async fn home(State(app): State<App>, page: Page) -> Result<Response, Problem> {
    show(&app, page, StatusCode::OK, Asked::default()).await
}

async fn show(app: &App, page: Page, status: StatusCode, asked: Asked) -> Result<Response, Problem> {
    let end = audit::audit_end(&app.database, CHECKED).await?;
    let filter = log::Filter { kind: Some(LogAudited::KIND.name.to_owned()), ..log::Filter::default() };
    let found = log::list(&mut app.database.read().await?, &filter, &ListPage::<EventId>::first(1)).await?;
    let last = found.items.first().and_then(|entry| Some((entry.at(), entry.read::<LogAudited>()?)));
    let state = state(app, &page, &end, last).await?;
    let not_found = status == StatusCode::NOT_FOUND;
    let Asked { wanted, namesakes, are_people } = asked;
    let archived = end.archived;
    let choose_by = page.say(if are_people { words::audit::NAMESAKES } else { words::audit::OF_ONE_NAME });
    Ok(html(status, &Home { page, archived, state, wanted, not_found, choose_by, namesakes }))
}

async fn state(app: &App, page: &Page, end: &Audit, last: Option<(Instant, LogAudited)>) -> Result<Soundness, Problem> {
    let (is_new, mut names) = (last.is_none(), Names::default());
    let mut tx = app.database.read().await?;
    let now = checked_now(page, &mut tx, &mut names, end).await?;
    let last = match last {
        Some(last) => found_last(page, &mut tx, &mut names, last).await?,
        None => never(page),
    };
    drop(tx);
    let mut said = vec![now, last];
    // A sort that keeps the order of what is alike.
    said.sort_by_key(|one| !one.is_wrong);
    let (kind, words) = if said.iter().any(|one| one.is_wrong) {
        ("bad", words::audit::NOT_SOUND)
    } else if is_new {
        ("warning", words::audit::NEVER)
    } else {
        ("good", words::audit::SOUND)
    };
    Ok(Soundness { kind, words: page.say(words), said })
}

/// What came of the check of the log's end whenever the page is shown.
async fn checked_now(page: &Page, tx: &mut Tx, names: &mut Names, end: &Audit) -> Result<Said, Problem> {
    let text = match end.findings.len() {
        0 if end.archived == 0 && end.events <= CHECKED => words::audit::all_is_sound(end.events),
        0 => words::audit::end_is_sound(end.events),
        1 => words::audit::END_FOUND_ONE.clone(),
        n => words::audit::end_found(n),
    };
    let findings = found::named(page, tx, names, end.findings.iter().map(ToString::to_string)).await?;
    Ok(Said { id: "end", words: page.say(&text).to_owned(), is_wrong: !findings.is_empty(), findings })
}

/// That no command has looked at everything yet.
fn never(page: &Page) -> Said {
    let words = page.say(words::audit::NEVER_HELP).to_owned();
    Said { id: "last", words, is_wrong: false, findings: Vec::new() }
}

/// What came of the last audit.
async fn found_last(
    page: &Page,
    tx: &mut Tx,
    names: &mut Names,
    (at, audited): (Instant, LogAudited),
) -> Result<Said, Problem> {
    let LogAudited { events, rows, findings, checked, whole_at, named: found, .. } = audited;
    let at = at.legal_text();
    let whole_at = whole_at.map(|text| Instant::parse(&text).map_or(text, Instant::legal_text));
    let text = match (findings, checked, whole_at) {
        (0, Some(checked), Some(whole_at)) => words::audit::was_sound_since(at, checked, events, rows, whole_at),
        (0, ..) => words::audit::was_sound(at, events, rows),
        (1, ..) => words::audit::was_found_one(at),
        (n, ..) => words::audit::was_found(at, n),
    };
    let said = found::named(page, tx, names, found.unwrap_or_default().into_iter()).await?;
    Ok(Said { id: "last", words: page.say(&text).to_owned(), is_wrong: findings > 0, findings: said })
}

/// What was meant by what somebody typed.
pub(super) struct Meant {
    /// By which part of entries one finds it, and the identifier that stands there; none when it is not one thing.
    pub found: Option<(&'static str, String)>,
    /// Whose number, account or name it is.
    pub person: Option<PersonId>,
    people: Vec<PersonView>,
    others: Vec<Namesake>,
}

impl Meant {
    /// Why there is not one of it.
    pub fn none_or_many(&self) -> &'static Text {
        if !self.people.is_empty() {
            words::audit::NAMESAKES
        } else if !self.others.is_empty() {
            words::audit::OF_ONE_NAME
        } else {
            words::audit::NOTHING_FOUND
        }
    }
}

/// Looks for what somebody typed. Whom and what they looked for is written down before they hear of it, and that nobody
/// was found too.
pub(super) async fn meant(app: &App, auditor: &Staff, page: &Page, wanted: &str) -> Result<Meant, Problem> {
    let mut tx = app.database.read().await?;
    let (mut people, mut others) = (Vec::new(), Vec::new());
    let mut looked = look(app, &mut tx, wanted).await?;
    if looked.found.is_none() && looked.by == NAME {
        people = person::find_by_name(&mut tx, wanted).await?;
        others = if people.is_empty() { of_one_name(page, &mut tx, wanted).await? } else { vec![] };
        looked.person = if let [person] = people.as_slice() { Some(person.person_id.clone()) } else { None };
        let other = if let [one] = others.as_slice() { Some(one.id.clone()) } else { None };
        looked.found = looked.person.as_ref().map(ToString::to_string).or(other);
    }
    drop(tx);
    let Looked { by, found, person } = looked;
    let (what, count) = (by.to_owned(), people.len().max(others.len()).max(found.iter().count()));
    if others.is_empty() && PEOPLE.contains(&by) {
        let about = person.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        auditor.tell(PeopleSearched { about, by: what, count }).await?;
    } else {
        let about = found.clone().unwrap_or_else(|| "-".to_owned());
        auditor.tell(LogRead { about, by: what, count }).await?;
    }
    let part = if by == REQUEST { REQUEST } else { "object" };
    Ok(Meant { found: found.map(|id| (part, id)), person, people, others })
}

/// `POST /audit/find`: the way to the entries about a person, an organisation, a licence, an account, a client, a seal, or
/// of a request. A form and not a query, because numbers of persons do not belong into addresses and logs.
pub async fn find(State(app): State<App>, auditor: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let wanted = fields.text("q");
    let Meant { found, people, others, .. } = meant(&app, &auditor, &page, wanted).await?;
    if let Some((by, id)) = found {
        return Ok(see_other(&format!("/audit/entries?{by}={id}")));
    }
    if !people.is_empty() {
        let namesake = |person: PersonView| -> Result<Namesake, Problem> {
            let number = person.identity_number(&app.vault)?.masked();
            let name = found_as(&page, &person.name, wanted);
            Ok(Namesake { id: person.person_id.to_string(), name, number })
        };
        let namesakes = people.into_iter().map(namesake).collect::<Result<_, _>>()?;
        return show(&app, page, StatusCode::OK, Asked { wanted: wanted.to_owned(), namesakes, are_people: true })
            .await;
    }
    if !others.is_empty() {
        let asked = Asked { wanted: wanted.to_owned(), namesakes: others, are_people: false };
        return show(&app, page, StatusCode::OK, asked).await;
    }
    nothing_found(&app, page, wanted).await
}

/// That there is nobody and nothing of what was typed.
async fn nothing_found(app: &App, page: Page, wanted: &str) -> Result<Response, Problem> {
    show(app, page, StatusCode::NOT_FOUND, Asked { wanted: shown_again(wanted), ..Asked::default() }).await
}

/// What was looked for stays on the screen, but not somebody's number.
pub(super) fn shown_again(wanted: &str) -> String {
    match IdentityNumber::parse(wanted) {
        Ok(number) => base::mask::identity_number(number.as_str()),
        Err(_) => wanted.chars().take(100).collect(),
    }
}

/// Applications that are called so in one of their languages. There are not many: they are looked through.
async fn clients_named(page: &Page, tx: &mut Tx, name: &str) -> Result<Vec<Namesake>, Problem> {
    let (mut named, mut stretch) = (Vec::new(), ListPage::first(ListPage::<ClientId>::LIMIT_MAX));
    let key = base::name::key(name);
    loop {
        let found = client::list(tx, &stretch).await?;
        let is_meant = |one: &str| base::name::key(one) == key;
        let wanted = found.items.into_iter().filter(|one| is_meant(&one.name.zh) || is_meant(&one.name.en));
        named.extend(wanted.map(|one| Namesake {
            name: page.say(&one.name).to_owned(),
            number: one.client_id.to_string(),
            id: one.client_id.to_string(),
        }));
        match found.next {
            Some(next) => stretch = ListPage::after(next, stretch.limit),
            None => return Ok(named),
        }
    }
}

/// Organisations that have or had this name, and seals and applications that have it.
async fn of_one_name(page: &Page, tx: &mut Tx, name: &str) -> Result<Vec<Namesake>, Problem> {
    let organisations = organisation::find_by_name(tx, name).await?.into_iter().map(|one| Namesake {
        id: one.organisation_id.to_string(),
        name: found_as(page, &one.name, name),
        number: one.credit_code.to_string(),
    });
    let seals = seal::find_by_name(tx, name).await?.into_iter().map(|one| Namesake {
        id: one.seal_id.to_string(),
        name: one.name,
        number: one.number,
    });
    let clients = clients_named(page, tx, name).await?;
    Ok(organisations.chain(seals).chain(clients).collect())
}

/// By a name, an identity number or an account's name people are looked for.
const NAME: &str = "name";
const PEOPLE: [&str; 3] = ["identity_number", NAME, "username"];

/// By the number of a request one looks for what happened in it.
const REQUEST: &str = "request";

/// What somebody looked by, as the log says it.
struct Looked {
    by: &'static str,
    /// The identifier of what was found; also of a request.
    found: Option<String>,
    /// Whose account or number it is.
    person: Option<PersonId>,
}

impl Looked {
    fn by(by: &'static str, found: Option<String>) -> Self {
        Self { by, found, person: None }
    }
}

/// What is meant by what was typed, but for names.
async fn look(app: &App, tx: &mut Tx, wanted: &str) -> Result<Looked, Problem> {
    if let Ok(number) = IdentityNumber::parse(wanted) {
        let found = person::find_by_identity_number(tx, &app.library.vault, &number).await?;
        let person = found.map(|found| found.person_id);
        // What else is looked for may look like the number of a passport.
        if person.is_some() || number.has_check() {
            return Ok(Looked { by: "identity_number", found: person.as_ref().map(ToString::to_string), person });
        }
    }
    if let Ok(code) = CreditCode::parse(wanted) {
        let found = organisation::find_by_code(tx, &code).await?;
        return Ok(Looked::by("credit_code", found.map(|found| found.organisation_id.to_string())));
    }
    let number = app.library.number(wanted);
    if let Some(by) = number.named_by() {
        return Ok(Looked::by(by.as_str(), number.find(tx).await?.map(|found| found.id.to_string())));
    }
    if let Some(found) = seal::find_by_number(tx, &base::ungrouped(wanted)).await? {
        return Ok(Looked::by("identifier", Some(found.seal_id.to_string())));
    }
    if base::plain(wanted).to_ascii_lowercase().starts_with("req_") {
        return Ok(Looked::by(REQUEST, RequestId::typed(wanted).map(|id| id.to_string())));
    }
    if let Some(found) = account::find_by_username(tx, wanted).await? {
        let (account, person) = (found.account_id.to_string(), Some(found.person_id));
        return Ok(Looked { by: "username", found: Some(account), person });
    }
    // An identifier of ours, or a client's: whatever an entry is about.
    let is_plain = wanted.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let filter = log::Filter { object: Some(wanted.to_owned()), ..log::Filter::default() };
    let known = is_plain && !log::list(tx, &filter, &ListPage::<EventId>::first(1)).await?.items.is_empty();
    Ok(if known { Looked::by("object", Some(wanted.to_owned())) } else { Looked::by(NAME, None) })
}
