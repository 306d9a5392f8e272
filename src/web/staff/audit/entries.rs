//! `/audit/entries`: what the log says about one person or thing, of one actor, of one request or of one kind.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use base::{
    ListPage, Text,
    id::{AccountId, EventId, LicenceId, OrganisationId, PersonId, ProposalId, SealId, StaffId},
};
use http::{HeaderValue, StatusCode, header};
use identity::{
    account, organisation, person,
    proposal::{self, ProposalView},
    staff,
};
use licence::{Holder, Licence, events::LicenceOpened, register};
use records::{
    Event, Tx, archive,
    events::LogRead,
    log::{self, Entry, Filter},
};

use crate::{
    App, Page, Problem,
    kit::{
        form::{FieldError, Fields, Query},
        page::{html, see_other},
        session::Staff,
        wording::{event, event_groups, event_kinds, object},
    },
    staff::{
        audit::home::{meant, shown_again},
        operator::people::former_name,
        proposed::{called, progress_tag},
        told::{Line, Names, is_plain, line},
    },
};

/// Entries on one page.
const PAGE: i64 = 50;
/// Looks at a holder's licences that are shown.
const LOOKS_MAX: i64 = 100;
/// Entries in one file.
const FILE_MAX: usize = 10_000;
/// Licences of a holder whose entries are led to.
const LICENCES_MAX: i64 = 50;
/// Seals of a department whose entries are led to.
const SEALS_MAX: i64 = 50;

#[derive(askama::Template)]
#[template(path = "staff/audit/entries.html")]
struct Entries {
    page: Page,
    title: String,
    /// The identifier of what has a name; empty for what has none.
    id: String,
    /// The filter as a query, for the next page and the file.
    query: String,
    lines: Vec<Line>,
    next: Option<String>,
    /// Of a person or an organisation: its licences, which have entries of their own.
    licences: Vec<(String, String)>,
    /// Whose or what other entries belong to it: the query and the words.
    related: Vec<(String, String)>,
    /// Who looked at one of them, the newest first.
    looks: Vec<Line>,
    /// Names of before of a person or an organisation, each with its time.
    former: Vec<String>,
    /// The last entry that is in the archive; 0 when none is.
    archived: i64,
    /// Whether the entries are about different things.
    is_mixed: bool,
    /// What the form to choose others begins with: of what kind, by whom, about what.
    kinds: Vec<Group>,
    kind: String,
    actor: String,
    object: String,
    /// Why the form chooses nothing; then there are no entries.
    errors: Vec<FieldError>,
}

/// What a group of kinds of events is called, and the kinds.
type Group = (&'static str, Vec<(String, String)>);

/// What entries can be chosen by, the one that says most first.
const PARTS: [&str; 4] = ["object", "actor", "request", "kind"];

/// What is asked for: by some of these, or everything.
struct Wanted {
    /// The first of them, by which the page is called.
    by: &'static str,
    id: String,
    parts: BTreeMap<&'static str, String>,
}

impl Wanted {
    fn read(query: &Fields) -> Result<Self, Problem> {
        let given = PARTS.into_iter().filter(|name| !query.text(name).is_empty());
        let parts: BTreeMap<_, _> = given.map(|name| (name, query.text(name).to_owned())).collect();
        if !parts.values().all(|id| is_plain(id)) {
            return Err(Problem::NotFound);
        }
        let by = PARTS.into_iter().find(|name| parts.contains_key(name)).unwrap_or("everything");
        let id = parts.get(by).cloned().unwrap_or_default();
        Ok(Self { by, id, parts })
    }

    fn part(&self, name: &str) -> Option<String> {
        self.parts.get(name).cloned()
    }

    fn filter(&self) -> Result<Filter, Problem> {
        let request = self.part("request").map(|id| base::id::RequestId::parse(&id).map_err(|_| Problem::NotFound));
        let (object, actor, kind) = (self.part("object"), self.part("actor"), self.part("kind"));
        Ok(Filter { object, actor, request: request.transpose()?, kind })
    }

    /// Whether everything about one thing is asked for, and not some of it.
    fn is_whole_object(&self) -> bool {
        self.by == "object" && self.parts.len() == 1
    }

    fn query(&self) -> String {
        self.parts.iter().map(|(name, id)| format!("{name}={id}")).collect::<Vec<_>>().join("&")
    }

    /// As the log says that it was read.
    fn read_by(&self, count: usize) -> LogRead {
        let about = if self.id.is_empty() { "-".to_owned() } else { self.id.clone() };
        LogRead { about, by: self.by.to_owned(), count }
    }
}

/// `GET /audit/entries`.
pub async fn list(
    State(app): State<App>,
    auditor: Staff,
    page: Page,
    Query(query): Query,
) -> Result<Response, Problem> {
    let wanted = Wanted::read(&query)?;
    let stretch = match query.text("after") {
        "" => ListPage::first(PAGE),
        text => ListPage::after(EventId::parse(text).map_err(|_| Problem::NotFound)?, PAGE),
    };
    let mut tx = app.database.read().await?;
    // Whoever audits sees what somebody put there who has the database alone, too, and that it is that.
    let found = log::all(&mut tx, &wanted.filter()?, &stretch).await?;
    let is_ours = log::ours(&mut tx, &found.items).await?;
    let mut names = Names::default();
    let mut lines = Vec::new();
    for (entry, is_ours) in found.items.iter().zip(is_ours) {
        let line = line(&page, &mut tx, &mut names, entry).await?;
        lines.push(if is_ours { line } else { not_ours(&page, line) });
    }
    let held = held_by(&mut tx, &wanted).await?;
    let mut looks = Vec::new();
    for entry in &looks_at(&mut tx, &held).await? {
        looks.push(line(&page, &mut tx, &mut names, entry).await?);
    }
    let licences = held.iter().map(|licence| named(&app, &page, licence)).collect::<Result<Vec<_>, _>>()?;
    let title = title(&app, &mut tx, &page, &wanted, &mut names).await?;
    let related = related(&mut tx, &page, &wanted, &mut names).await?;
    let former = former(&mut tx, &page, &wanted).await?;
    let archived = archive::last(&mut tx).await?;
    drop(tx);
    auditor.tell(wanted.read_by(lines.len() + looks.len())).await?;
    let id = if title == wanted.id { String::new() } else { wanted.id.clone() };
    let next = found.next.map(|id| id.to_string());
    let is_mixed = wanted.by != "object";
    let query = wanted.query();
    let part = |name| wanted.part(name).unwrap_or_default();
    let (kind, actor, object) = (part("kind"), part("actor"), part("object"));
    let entries = Entries {
        kinds: kinds(&page),
        errors: Vec::new(),
        page,
        title,
        id,
        query,
        lines,
        next,
        licences,
        related,
        looks,
        former,
        archived,
        is_mixed,
        kind,
        actor,
        object,
    };
    Ok(html(StatusCode::OK, &entries))
}

/// `POST /audit/entries`: the way to entries of a kind, of an actor, about something, or of several of these at once. A form
/// and not a query, because somebody may type the number of a person; what finds nothing is had again with what was typed.
pub async fn choose(State(app): State<App>, auditor: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let mut chosen = Vec::new();
    if let Some((kind, _)) = event_kinds().find(|(kind, _)| *kind == fields.text("kind")) {
        chosen.push(("kind", kind.to_owned()));
    }
    let (actor, object) = (fields.text("actor"), fields.text("object"));
    if !actor.is_empty() {
        match actor_meant(&app, &auditor, &page, actor).await? {
            Ok(id) => chosen.push(("actor", id.to_string())),
            Err(wrong) => return Ok(Entries::again(page, &fields, "actor", wrong)),
        }
    }
    if !object.is_empty() {
        let meant = meant(&app, &auditor, &page, object).await?;
        let wrong = meant.none_or_many();
        match meant.found {
            Some(found) => chosen.push(found),
            None => return Ok(Entries::again(page, &fields, "object", wrong)),
        }
    }
    let query = chosen.iter().map(|(name, id)| format!("{name}={id}")).collect::<Vec<_>>().join("&");
    Ok(see_other(&format!("/audit/entries?{query}")))
}

impl Entries {
    /// The form with what was typed, and why it chooses nothing.
    fn again(page: Page, fields: &Fields, field: &str, wrong: &Text) -> Response {
        let typed = |name: &str| shown_again(fields.text(name));
        let entries = Self {
            title: page.say(words::audit::EVERYTHING).to_owned(),
            id: String::new(),
            query: String::new(),
            lines: Vec::new(),
            next: None,
            licences: Vec::new(),
            related: Vec::new(),
            looks: Vec::new(),
            former: Vec::new(),
            archived: 0,
            is_mixed: true,
            kinds: kinds(&page),
            kind: fields.text("kind").to_owned(),
            actor: typed("actor"),
            object: typed("object"),
            errors: vec![FieldError::new(&page, field, wrong)],
            page,
        };
        html(StatusCode::NOT_FOUND, &entries)
    }
}

/// Every kind of events in its group, as people look for them: by the words that they read.
fn kinds(page: &Page) -> Vec<Group> {
    let groups = event_groups().map(|(name, kinds)| {
        let mut kinds: Vec<_> = kinds.map(|(kind, words)| (kind.to_owned(), page.sentence(words))).collect();
        kinds.sort_by(|(_, a), (_, b)| a.cmp(b));
        (page.say(name), kinds)
    });
    groups.collect()
}

/// Under which appointment somebody acts or acted last: whoever was typed, or the appointment itself.
async fn actor_meant(
    app: &App,
    auditor: &Staff,
    page: &Page,
    typed: &str,
) -> Result<Result<StaffId, &'static Text>, Problem> {
    if let Ok(id) = StaffId::parse(typed) {
        return Ok(Ok(id));
    }
    let meant = meant(app, auditor, page, typed).await?;
    let wrong = meant.none_or_many();
    let Some(person) = meant.person else { return Ok(Err(wrong)) };
    let offices = staff::all_of_person(&mut app.database.read().await?, &person).await?;
    let last = offices.into_iter().max_by_key(|office| (office.ended_at.is_none(), office.appointed_at));
    Ok(last.map(|office| office.staff_id).ok_or(words::audit::NEVER_STAFF))
}

/// A line that says that the product did not write its entry.
fn not_ours(page: &Page, line: Line) -> Line {
    Line { what: format!("{}{}", page.say(words::audit::NOT_OURS), line.what), ..line }
}

/// Whom or what the page is about.
async fn title(app: &App, tx: &mut Tx, page: &Page, wanted: &Wanted, names: &mut Names) -> Result<String, Problem> {
    if wanted.id.is_empty() {
        return Ok(page.say(words::audit::EVERYTHING).to_owned());
    }
    if let Ok(id) = LicenceId::parse(&wanted.id)
        && let Some(licence) = register::by_id(tx, &id).await?
    {
        return named(app, page, &licence).map(|(_, name)| name);
    }
    if wanted.by == "kind" {
        return Ok(event(&wanted.id).map_or_else(|| wanted.id.clone(), |words| page.say(words).to_owned()));
    }
    if wanted.by == "object" {
        let name = names.of_object(page, tx, &wanted.id).await?;
        let code = ["log.", "rows."].iter().find_map(|kinds| object(kinds, &wanted.id)).filter(|_| name == wanted.id);
        Ok(code.map_or(name, |words| page.say(&words).to_owned()))
    } else {
        names.of(page, tx, &wanted.id).await
    }
}

/// Whose or what other entries belong to these: of a person its accounts and what was done in office, of a department its
/// seals, of the others whose they are; and what was proposed of each.
async fn related(
    tx: &mut Tx,
    page: &Page,
    wanted: &Wanted,
    names: &mut Names,
) -> Result<Vec<(String, String)>, Problem> {
    let mut related = Vec::new();
    let mut add = |query: String, words: &Text| related.push((query, page.say(words).to_owned()));
    if let Ok(id) = PersonId::parse(&wanted.id) {
        for account in account::of_person(tx, &id).await? {
            add(format!("object={}", account.account_id), &words::audit::of_account(account.username));
        }
        for office in staff::all_of_person(tx, &id).await? {
            let (name, from) = (office.organisation_name, office.appointed_at.legal_text());
            let words = match office.ended_at {
                None => words::audit::of_appointment(name, from),
                Some(until) => words::audit::of_appointment_before(name, from, until.legal_text()),
            };
            add(format!("actor={}", office.staff_id), &words);
        }
    } else if let Ok(id) = AccountId::parse(&wanted.id)
        && let Some(account) = account::find(tx, &id).await?
        && let Some(person) = person::find(tx, &account.person_id).await?
    {
        add(format!("object={}", person.person_id), &words::audit::of_person(person.name));
    } else if let Ok(id) = StaffId::parse(&wanted.id)
        && let Some(member) = staff::ever(tx, &id).await?
    {
        add(format!("object={}", member.person_id), &words::audit::of_person(member.name));
    } else if let Ok(id) = LicenceId::parse(&wanted.id)
        && let Some(licence) = register::by_id(tx, &id).await?
    {
        add(format!("object={}", licence.holder.id()), &words::audit::of_holder(licence.holder_shown));
    } else if let Ok(id) = OrganisationId::parse(&wanted.id) {
        for seal in seal::list(tx, &id, &ListPage::first(SEALS_MAX)).await?.items {
            add(format!("object={}", seal.seal_id), &words::audit::of_seal(seal.name, seal.number));
        }
    } else if let Ok(id) = SealId::parse(&wanted.id)
        && let Some(seal) = seal::find(tx, &id).await?
    {
        let department = names.of(page, tx, seal.organisation_id.as_str()).await?;
        add(format!("object={}", seal.organisation_id), &words::audit::of_department(department));
    } else if let Ok(id) = ProposalId::parse(&wanted.id)
        && let Some(found) = proposal::find(tx, &id, page.visit.at).await?
    {
        let about = names.of_object(page, tx, &found.object).await?;
        add(format!("object={}", found.object), &words::audit::of_proposed(about));
    }
    if wanted.by == "object" {
        for found in proposal::of_object(tx, &wanted.id, page.visit.at).await? {
            add(format!("object={}", found.proposal_id), &proposed(page, found));
        }
    }
    Ok(related)
}

/// What a person or an organisation was called before.
async fn former(tx: &mut Tx, page: &Page, wanted: &Wanted) -> Result<Vec<String>, Problem> {
    let names = if let Ok(id) = PersonId::parse(&wanted.id) {
        person::change::history(tx, &id).await?
    } else if let Ok(id) = OrganisationId::parse(&wanted.id) {
        organisation::change::former_names(tx, &id).await?
    } else {
        vec![]
    };
    Ok(names.into_iter().map(|one| page.say(&former_name(one)).to_owned()).collect())
}

/// What was proposed, by whom and why, and what came of it.
fn proposed(page: &Page, one: ProposalView) -> Text {
    let (what, at) = (page.say(called(&one.kind)), one.proposed_at.legal_text());
    let (_, state) = progress_tag(page, one.state);
    match one.decided_by_name {
        Some(other) => words::audit::of_decided(what, one.proposed_by_name, at, one.reason, state, other),
        None => words::audit::of_proposal(what, one.proposed_by_name, at, one.reason, state),
    }
}

/// A licence and what it is called.
fn named(app: &App, page: &Page, licence: &Licence) -> Result<(String, String), Problem> {
    let catalogue = app.library.catalogue.now();
    let name = page.say(&catalogue.of(licence)?.definition.name.text()).to_owned();
    Ok((licence.id.to_string(), format!("{name} {}", licence.number())))
}

/// Who looked at one of these licences, the newest first.
async fn looks_at(tx: &mut Tx, licences: &[Licence]) -> Result<Vec<Entry>, Problem> {
    let mut looks = Vec::new();
    for licence in licences {
        let (object, kind) = (Some(licence.id.to_string()), Some(LicenceOpened::KIND.name.to_owned()));
        let filter = Filter { object, kind, ..Filter::default() };
        looks.extend(log::list(tx, &filter, &ListPage::<EventId>::first(LOOKS_MAX)).await?.items);
    }
    looks.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    looks.truncate(LOOKS_MAX as usize);
    Ok(looks)
}

/// The licences of who is asked for.
async fn held_by(tx: &mut Tx, wanted: &Wanted) -> Result<Vec<Licence>, Problem> {
    let holder = if !wanted.is_whole_object() {
        None
    } else if let Ok(person) = PersonId::parse(&wanted.id) {
        Some(Holder::Person(person))
    } else {
        OrganisationId::parse(&wanted.id).ok().map(Holder::Organisation)
    };
    match holder {
        Some(holder) => {
            Ok(register::held_by(tx, std::slice::from_ref(&holder), &ListPage::<LicenceId>::first(LICENCES_MAX))
                .await?
                .items)
        }
        None => Ok(vec![]),
    }
}

/// `GET /audit/entries.csv`: the same as a file, both lists of the page, the newest first, as many as one file holds.
pub async fn export(
    State(app): State<App>,
    auditor: Staff,
    page: Page,
    Query(query): Query,
) -> Result<Response, Problem> {
    let wanted = Wanted::read(&query)?;
    let filter = wanted.filter()?;
    let mut rows = vec![COLUMNS.map(|words| page.say(words).to_owned())];
    let mut names = Names::default();
    let mut stretch = ListPage::<EventId>::first(ListPage::<EventId>::LIMIT_MAX);
    let mut tx = app.database.read().await?;
    let held = held_by(&mut tx, &wanted).await?;
    for entry in &looks_at(&mut tx, &held).await? {
        let line = line(&page, &mut tx, &mut names, entry).await?;
        rows.push(row(&page, line, (words::audit::LIST_LOOKS, entry)));
    }
    while rows.len() <= FILE_MAX {
        let found = log::all(&mut tx, &filter, &stretch).await?;
        let is_ours = log::ours(&mut tx, &found.items).await?;
        for (entry, is_ours) in found.items.iter().zip(is_ours) {
            let line = line(&page, &mut tx, &mut names, entry).await?;
            let line = if is_ours { line } else { not_ours(&page, line) };
            rows.push(row(&page, line, (words::audit::LIST_ENTRIES, entry)));
        }
        match found.next {
            Some(next) => stretch = ListPage::after(next, stretch.limit),
            None => break,
        }
    }
    let count = rows.len() - 1;
    let archived = archive::last(&mut tx).await?;
    drop(tx);
    if archived > 0 && count < FILE_MAX {
        rows.push(closing(page.say(&words::audit::archived(archived))));
    }
    auditor.tell(wanted.read_by(count)).await?;
    let text = rows.iter().map(|row| row.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\r\n");
    // Spreadsheets take the encoding from the mark at the beginning.
    let body = std::iter::once("\u{feff}".to_owned()).chain(text).collect::<String>();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.csv\"")),
    ];
    Ok((headers, body).into_response())
}

/// What stands above the columns of a file.
const COLUMNS: [&Text; 17] = [
    words::audit::COLUMN_NUMBER,
    words::audit::WHEN,
    words::audit::WHO,
    words::audit::COLUMN_OFFICE,
    words::audit::WHAT,
    words::audit::COLUMN_OBJECT_NAME,
    words::audit::DETAIL,
    words::audit::COLUMN_REQUEST,
    words::audit::COLUMN_LIST,
    words::audit::COLUMN_ACTOR_KIND,
    words::audit::COLUMN_ACTOR,
    words::audit::COLUMN_ON_BEHALF,
    words::audit::COLUMN_KIND,
    words::audit::COLUMN_OBJECT,
    words::audit::COLUMN_AT,
    words::audit::COLUMN_DATA,
    words::audit::COLUMN_HASH,
];

/// As the page says it, and then as the log does.
fn row(page: &Page, line: Line, (list, entry): (&Text, &Entry)) -> [String; COLUMNS.len()] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let said = std::iter::once(line.detail).chain(line.changes).filter(|said| !said.is_empty());
    [
        line.number,
        line.when,
        line.who,
        line.office,
        line.what,
        line.about_name,
        said.collect::<Vec<_>>().join(page.say(words::audit::AND)),
        text(&entry.request_id),
        page.say(list).to_owned(),
        entry.actor_kind.clone(),
        entry.actor.clone(),
        text(&entry.on_behalf),
        entry.kind.clone(),
        entry.object.clone(),
        entry.at().rfc3339(),
        entry.data.clone(),
        text(&entry.hash),
    ]
}

/// A last row that says where older entries are, in the column that says what happened.
fn closing(text: &str) -> [String; COLUMNS.len()] {
    let mut row = [const { String::new() }; COLUMNS.len()];
    if let Some(what) = row.get_mut(4) {
        text.clone_into(what);
    }
    row
}

/// A field of a file (RFC 4180) that no spreadsheet takes for a formula.
fn quoted(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.len() > 1;
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_of_a_file_is_taken_for_a_formula_or_ends_before_its_end() {
        assert_eq!(quoted("plain"), "\"plain\"");
        assert_eq!(quoted("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(quoted("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(quoted("-"), "\"-\"");
        assert_eq!(quoted("a \"b\", c\r\nd"), "\"a \"\"b\"\", c\r\nd\"");
    }
}
