//! `/operator/people`: finding somebody, and what can be done to an account. Nobody sees a list of everybody.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    Fault, Instant, ListPage, Text,
    id::{AccountId, PersonId},
    number::IdentityNumber,
};
use http::StatusCode;
use identity::{
    Reason, Role,
    account::{self, AccountState, AccountView},
    appointment,
    events::{PeopleSearched, PersonOpened},
    operator,
    password::{self, PasswordState},
    person::{
        self, PersonView,
        change::{self, Contact, Former},
    },
    proposal,
    reset::HandedOver,
    session, staff,
};
use records::{Tx, Work};

use super::{appointments, found::way};
use crate::{
    App, Page, Problem,
    kit::{
        form::{Fields, Query},
        page::{html, see_other},
        session::Staff,
        wording::role_words,
    },
    staff::{
        again::Again,
        confirm::{self, Act, Asked, Change},
        proposed::{self, Waiting},
        shown::{self, Shown},
        told::{Names, who},
    },
};

/// Sessions on the page of a person.
const SESSIONS: i64 = 20;

/// One of several people with a name.
struct Namesake {
    id: String,
    name: String,
    number: String,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/people.html")]
struct People {
    page: Page,
    /// What was looked for, in the one answer to whoever typed it.
    wanted: String,
    wrong: &'static str,
    found: Vec<Namesake>,
}

struct Account {
    id: String,
    /// The address below which its acts are.
    way: String,
    username: String,
    kind: &'static str,
    state: &'static str,
    password: String,
    last: String,
    is_open: bool,
    is_closed: bool,
}

struct Browser {
    device: String,
    address: String,
    seen: String,
}

/// How somebody is reached, as a form has it.
struct Reached {
    phone: String,
    email: String,
    address: String,
}

impl Reached {
    fn typed(again: &Again, now: Contact) -> Self {
        let field = |name: &str, now: Option<String>| {
            again.typed("contact", name, now.as_deref().unwrap_or_default()).to_owned()
        };
        Self {
            phone: field("phone", now.phone_number),
            email: field("email", now.email),
            address: field("address", now.address),
        }
    }
}

#[derive(askama::Template)]
#[template(path = "staff/operator/person.html")]
struct One {
    page: Page,
    name: String,
    number: String,
    died: String,
    /// Names of before, each with its time.
    former: Vec<String>,
    appointment: String,
    /// The address of this page, below which its acts are.
    way: String,
    /// How the person is reached: as it is or as it was typed, and as the form sends back what it was made from.
    contact: Reached,
    before: String,
    /// The field of each role, its name, and whether it is ticked.
    roles: Vec<(String, &'static str, bool)>,
    is_self: bool,
    accounts: Vec<Account>,
    sessions: Vec<Browser>,
    waiting: Vec<Waiting>,
    done: &'static str,
    again: Again,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/account.html")]
struct OneAccount {
    page: Page,
    account: Account,
    /// Whose it is, and the page of that person.
    name: String,
    person: String,
    /// That two operators open it, and for which roles; empty when one does.
    needs_two: String,
    locking: Option<Locking>,
    is_self: bool,
    waiting: Vec<Waiting>,
    done: &'static str,
    again: Again,
}

/// How an account came to be locked.
struct Locking {
    by: String,
    at: String,
    reason: String,
}

/// What can be done to an account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Close,
    Lock,
    Rename,
    Reset,
    Unlock,
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Lock => "lock",
            Self::Rename => "rename",
            Self::Reset => "reset",
            Self::Unlock => "unlock",
        }
    }

    fn words(self) -> (&'static Text, &'static Text) {
        match self {
            Self::Close => (words::people::CLOSE, words::people::CLOSE_FOLLOWS),
            Self::Lock => (words::people::LOCK, words::people::LOCK_FOLLOWS),
            Self::Rename => (words::people::RENAME, words::people::RENAME_FOLLOWS),
            Self::Reset => (words::people::RESET, words::people::RESET_FOLLOWS),
            Self::Unlock => (words::people::UNLOCK, words::people::UNLOCK_FOLLOWS),
        }
    }

    /// As what it is proposed, when the account is one with powers.
    fn kind(self) -> Option<&'static str> {
        match self {
            Self::Reset => Some(operator::RESET),
            Self::Unlock => Some(operator::UNLOCK),
            Self::Close | Self::Lock | Self::Rename => None,
        }
    }
}

/// `GET /operator/people`.
pub async fn ask(_: Staff, page: Page) -> Response {
    html(StatusCode::OK, &People { page, wanted: String::new(), wrong: "", found: Vec::new() })
}

/// `POST /operator/people`: whom a number, an account's name or a whole name means. A number is not left in an address.
pub async fn find(State(app): State<App>, by: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let wanted = fields.text("q");
    let mut tx = app.database.read().await?;
    let (what, people) = if let Ok(number) = IdentityNumber::parse(wanted) {
        let found = person::find_by_identity_number(&mut tx, &app.vault, &number).await?;
        ("identity_number", found.into_iter().collect())
    } else if let Some(account) = account::find_by_username(&mut tx, wanted).await? {
        ("username", person::find(&mut tx, &account.person_id).await?.into_iter().collect())
    } else {
        ("name", person::find_by_name(&mut tx, wanted).await?)
    };
    drop(tx);
    by.tell(PeopleSearched::new(what, &people)).await?;
    if let [person] = people.as_slice() {
        return Ok(see_other(&way(person.person_id.as_str())));
    }
    let namesake = |person: &PersonView| -> Result<Namesake, Problem> {
        let number = person.identity_number(&app.vault)?.masked();
        Ok(Namesake { id: person.person_id.to_string(), name: found_as(&page, &person.name, wanted), number })
    };
    let found = people.iter().map(namesake).collect::<Result<Vec<_>, _>>()?;
    let (status, wrong) = if found.is_empty() {
        (StatusCode::NOT_FOUND, page.say(words::people::NOT_FOUND))
    } else {
        (StatusCode::OK, "")
    };
    Ok(html(status, &People { page, wanted: wanted.to_owned(), wrong, found }))
}

/// `GET /operator/people/{id}`.
pub async fn show(
    State(app): State<App>,
    by: Staff,
    page: Page,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    let done = confirm::what_was_done(&page, &query);
    render((&app, &by), page, &id, done, Again::default()).await
}

/// The page of a person, with what was refused of what was asked for on it.
pub(super) async fn render(
    (app, by): (&App, &Staff),
    page: Page,
    id: &str,
    done: &'static str,
    again: Again,
) -> Result<Response, Problem> {
    let id = PersonId::parse(id).map_err(|_| Problem::NotFound)?;
    let mut tx = app.database.read().await?;
    let person = person::find(&mut tx, &id).await?.ok_or(Problem::NotFound)?;
    let appointment = staff::of_person(&mut tx, &id).await?;
    let mut accounts = Vec::new();
    for view in account::of_person(&mut tx, &id).await? {
        accounts.push(described(&mut tx, &page, view).await?);
    }
    let former = change::history(&mut tx, &id).await?;
    let sessions = session::list(&mut tx, &id, page.visit.at, &ListPage::first(SESSIONS)).await?;
    let waiting = proposal::waiting(&mut tx, &[change::NAME, appointment::APPOINT], id.as_str(), page.visit.at).await?;
    drop(tx);
    by.tell(PersonOpened { person: id.clone(), what: "page".to_owned() }).await?;
    let browser = |session: session::SessionView| Browser {
        device: session.device,
        address: session.address,
        seen: session.seen_at.legal_text(),
    };
    let contact = Contact::of(&person);
    let before = serde_json::to_string(&contact).map_err(Fault::broken)?;
    let is_self = by.session.person_id == id;
    let offered: &[&str] = match &appointment {
        _ if is_self => &[],
        Some(_) => &["contact", "name", "dismiss"],
        None => &["contact", "name", "appoint"],
    };
    let one = One {
        way: way(id.as_str()),
        before: again.before("contact", &before).to_owned(),
        contact: Reached::typed(&again, contact),
        is_self,
        waiting: waiting.iter().map(|one| proposed::waiting(&page, one)).collect(),
        done,
        number: person.identity_number(&app.vault)?.masked(),
        former: former.into_iter().map(|one| page.say(&former_name(one)).to_owned()).collect(),
        name: person.name,
        died: person.died_on.map(|day| day.to_string()).unwrap_or_default(),
        appointment: appointment
            .map(|one| {
                let roles: Vec<Role> = one.roles.iter().collect();
                appointments::described(&page, &one.organisation_name, &roles)
            })
            .unwrap_or_default(),
        roles: Role::ALL
            .map(|role| {
                let field = appointments::role_field(role);
                let is_ticked = again.ticked("appoint", &field);
                (field, page.say(role_words(role)), is_ticked)
            })
            .to_vec(),
        accounts,
        sessions: sessions.items.into_iter().map(browser).collect(),
        again: again.among(offered),
        page,
    };
    Ok(html(one.again.status(), &one))
}

/// A name of before with its time.
pub(in crate::staff) fn former_name(one: Former) -> Text {
    match one.since {
        Some(since) => words::people::former_one(one.name, since.legal_text(), one.until.legal_text()),
        None => words::people::former_first(one.name, one.until.legal_text()),
    }
}

/// What somebody or something is called who was found by this name.
pub(in crate::staff) fn found_as(page: &Page, name: &str, wanted: &str) -> String {
    if name == wanted.trim() {
        return name.to_owned();
    }
    page.say(&words::people::now_called(name, wanted.trim())).to_owned()
}

/// `GET /operator/accounts/{id}`.
pub async fn show_account(
    State(app): State<App>,
    by: Staff,
    page: Page,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    let done = confirm::what_was_done(&page, &query);
    render_account((&app, &by), page, &id, done, Again::default()).await
}

/// The page of an account, with what was refused of what was asked for on it.
async fn render_account(
    (app, by): (&App, &Staff),
    page: Page,
    id: &str,
    done: &'static str,
    again: Again,
) -> Result<Response, Problem> {
    let view = find_account(app, id).await?;
    let mut tx = app.database.read().await?;
    let person = person::find(&mut tx, &view.person_id).await?.ok_or(Problem::NotFound)?;
    let powers = operator::powers(&mut tx, &view.person_id).await?;
    let locking = match view.state {
        AccountState::Locked => operator::locking(&mut tx, &view.account_id).await?,
        AccountState::Closed | AccountState::Open => None,
    };
    let locking = match locking {
        Some(found) => Some(Locking {
            by: who(&page, &mut tx, &mut Names::default(), &found.entry).await?,
            at: found.entry.at().legal_text(),
            reason: found.reason.unwrap_or_default(),
        }),
        None => None,
    };
    let waiting = proposal::waiting(&mut tx, &operator::KINDS, view.account_id.as_str(), page.visit.at).await?;
    let is_self = by.session.person_id == person.person_id;
    let offered: &[&str] = match view.state {
        AccountState::Open if !is_self => &["reset", "lock", "rename", "close"],
        AccountState::Locked if !is_self => &["unlock", "rename", "close"],
        AccountState::Closed | AccountState::Locked | AccountState::Open => &[],
    };
    let account = described(&mut tx, &page, view).await?;
    drop(tx);
    by.tell(PersonOpened { person: person.person_id.clone(), what: "account".to_owned() }).await?;
    let one = OneAccount {
        account,
        name: person.name,
        is_self,
        person: way(person.person_id.as_str()),
        needs_two: needs_two(&page, &powers),
        locking,
        waiting: waiting.iter().map(|one| proposed::waiting(&page, one)).collect(),
        done,
        again: again.among(offered),
        page,
    };
    Ok(html(one.again.status(), &one))
}

/// That two operators open an account, and for which roles of its owner; empty when one does.
fn needs_two(page: &Page, powers: &[Role]) -> String {
    if powers.is_empty() {
        return String::new();
    }
    page.say(&words::people::needs_two(appointments::roles_said(page, powers))).to_owned()
}

/// `POST /operator/accounts/{id}/…`, one for each deed: shows what follows, then does or proposes it.
pub async fn act(deed: Deed, (State(app), by, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let view = find_account(&app, &id).await?;
    match perform((&app, &by), page.clone(), &view, &fields, deed).await {
        Err(problem) => {
            let place = |code: &str| (deed == Deed::Rename && code.starts_with("username")).then_some("to");
            let again = Again::after(problem, &page, (deed.name(), fields), place)?;
            render_account((&app, &by), page, &id, "", again).await
        }
        done => done,
    }
}

async fn perform(
    (app, by): (&App, &Staff),
    page: Page,
    view: &AccountView,
    fields: &Fields,
    deed: Deed,
) -> Result<Response, Problem> {
    // On a page from before somebody else did it.
    let is_open = view.state == AccountState::Open;
    if view.state == AccountState::Closed || (deed == Deed::Lock && !is_open) || (deed == Deed::Unlock && is_open) {
        return Err(identity::Error::Stale.into());
    }
    let reason = Reason::parse(fields.text("reason"))?;
    let mut tx = app.database.read().await?;
    let powers = operator::powers(&mut tx, &view.person_id).await?;
    let needs_two = !powers.is_empty();
    let takes_away = matches!(deed, Deed::Close | Deed::Lock) && !confirm::is_confirmed(fields);
    let is_last_but_one = takes_away
        && powers.contains(&Role::Operator)
        && operator::left_without_account(&mut tx, &view.account_id, page.visit.at).await? < 2;
    let since = password::since(&mut tx, &view.account_id).await?;
    drop(tx);
    let proposed = deed.kind().filter(|_| needs_two);
    let act = act_on(&page, view, fields, deed).warning(is_last_but_one.then_some(words::people::ONE_LEFT));
    let account = &view.account_id;
    if let Some(kind) = proposed {
        let propose = async |mut work: Work| {
            operator::propose(&mut work, kind, account, &reason).await?;
            Ok(work.commit().await?)
        };
        return confirm::perform(by, page, fields, act.proposed(), &reason, propose).await;
    }
    // What a reset leads to is a password, and not the page of the account.
    if deed == Deed::Reset && confirm::is_confirmed(fields) {
        return reset((app, by), page, view, fields, &reason).await;
    }
    let act = if deed == Deed::Reset { act.with(vec![(SINCE.to_owned(), seen(since))]) } else { act };
    let to = fields.text("to");
    let carry_out = async |mut work: Work| {
        match deed {
            Deed::Close => operator::close(&mut work, account, &reason).await?,
            Deed::Lock => operator::lock(&mut work, account, &reason).await?,
            Deed::Rename => operator::rename(&mut work, account, to, &reason).await?,
            // Until it is confirmed, no password is hashed.
            Deed::Reset => {
                operator::check_reset(&mut work, account).await?;
                return Ok(());
            }
            Deed::Unlock => operator::unlock(&mut work, account, &reason).await?,
        }
        Ok(work.commit().await?)
    };
    confirm::perform(by, page, fields, act, &reason, carry_out).await
}

/// The field that says since when an account has the password that it had when the form was made.
const SINCE: &str = "since";

fn seen(since: Option<Instant>) -> String {
    since.map(|at| at.as_micros().to_string()).unwrap_or_default()
}

/// Hands a first password over: once for each page on which it was confirmed, so that loading the answer again hands no
/// other one over.
async fn reset(
    (app, by): (&App, &Staff),
    page: Page,
    view: &AccountView,
    fields: &Fields,
    reason: &Reason,
) -> Result<Response, Problem> {
    let account = &view.account_id;
    let mut tx = app.database.read().await?;
    let since = password::since(&mut tx, account).await?;
    drop(tx);
    if fields.text(SINCE) != seen(since) {
        return Ok(was_handed_over(&page, &account_way(view)));
    }
    let name = owner(app, by, &view.person_id).await?;
    let (clear, first) = password::first(&app.gate, &app.entropy).await?;
    let hand_over = async |mut work: Work| {
        let done = operator::reset(&mut work, &app.vault, account, (&first, since), reason).await?;
        work.commit().await?;
        Ok(done)
    };
    let done = by.attempt(hand_over).await?;
    Ok(handed_over((app, page), name, done, clear.expose().clone(), account_way(view)))
}

/// The name of who owns an account: whoever hands a password over is shown it, and that is a look.
pub(super) async fn owner(app: &App, by: &Staff, person: &PersonId) -> Result<String, Problem> {
    let found = person::find(&mut app.database.read().await?, person).await?.ok_or(Problem::NotFound)?;
    by.tell(PersonOpened { person: person.clone(), what: "password_reset".to_owned() }).await?;
    Ok(found.name)
}

/// A first password, shown once.
pub(super) fn handed_over(
    (app, page): (&App, Page),
    name: String,
    done: HandedOver,
    value: String,
    back: String,
) -> Response {
    let facts = vec![(words::people::NAME.into(), name), (words::reset::SIGN_IN_AT.into(), page.sign_in_url())];
    let then = (&words::reset::done_until(done.until.legal_text())).into();
    let label = words::reset::DONE.into();
    shown::show(app, page, Shown::Once { label, about: done.username, facts, value, then, back })
}

/// That a first password was shown already.
pub(super) fn was_handed_over(page: &Page, back: &str) -> Response {
    let console = page.say(words::console::TITLE);
    let people = page.say(words::people::TITLE);
    let places = [("/console", console), ("/operator/people", people)];
    confirm::was_shown(page.clone(), &places, words::confirm::WAS_SHOWN_PASSWORD, back)
}

fn act_on(page: &Page, view: &AccountView, fields: &Fields, deed: Deed) -> Act<'static> {
    let act = Act::new(&account_way(view), deed.name(), &view.username, deed.words());
    let act = act.showing(&view.person_id, "account");
    match deed {
        Deed::Close | Deed::Lock => act.danger(),
        Deed::Rename => {
            let (before, to) = (view.username.clone(), fields.text("to").to_owned());
            let again = vec![("to".to_owned(), to.clone())];
            let label = page.say(words::people::ACCOUNT).to_owned();
            act.changing(vec![Change { label, before, after: to }]).with(again)
        }
        Deed::Reset | Deed::Unlock => act,
    }
}

/// The page of an account.
fn account_way(view: &AccountView) -> String {
    format!("/operator/accounts/{}", view.account_id)
}

async fn find_account(app: &App, id: &str) -> Result<AccountView, Problem> {
    let id = AccountId::parse(id).map_err(|_| Problem::NotFound)?;
    let found = account::find(&mut app.database.read().await?, &id).await?;
    found.ok_or(Problem::NotFound)
}

async fn described(tx: &mut Tx, page: &Page, view: AccountView) -> Result<Account, Problem> {
    let (kind, state) = match view.state {
        AccountState::Closed => ("neutral", page.say(words::people::CLOSED)),
        AccountState::Locked => ("bad", page.say(words::people::LOCKED)),
        AccountState::Open => ("good", page.say(words::people::OPEN)),
    };
    let password = match password::state(tx, &view.account_id).await? {
        PasswordState::HandedOut(until) => page.say(&words::people::password_handed_out(until.legal_text())).to_owned(),
        PasswordState::Missing => page.say(words::people::PASSWORD_MISSING).to_owned(),
        PasswordState::Own => page.say(words::people::PASSWORD_OWN).to_owned(),
    };
    let last = session::last_of_account(tx, &view.account_id).await?;
    Ok(Account {
        id: view.account_id.to_string(),
        way: account_way(&view),
        kind,
        state,
        password,
        last: last.map_or_else(|| page.say(words::people::NEVER).to_owned(), Instant::legal_text),
        is_open: view.state == AccountState::Open,
        is_closed: view.state == AccountState::Closed,
        username: view.username,
    })
}
