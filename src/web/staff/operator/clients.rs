//! `/operator/clients`: registered applications, and changing them.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{ListPage, Text};
use http::StatusCode;
use identity::{Reason, organisation, proposal};
use oidc::client::{
    self, Client, ClientId, ClientKind,
    edit::{self, Edit, Terms},
};
use records::Work;

use crate::{
    App, Page, Problem,
    kit::{
        form::{Fields, Query},
        page::{html, see_other},
        session::Staff,
        wording::registration_flaw,
    },
    staff::{
        again::Again,
        confirm::{self, Act, Asked, Change},
        proposed::{self, Waiting},
        shown::{self, Shown},
    },
};

/// Clients on one page of the list.
const SHOWN: i64 = 50;

struct Line {
    id: String,
    name: String,
    kind: &'static str,
    state: &'static str,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/clients.html")]
struct Clients {
    page: Page,
    wanted: String,
    wrong: &'static str,
    lines: Vec<Line>,
    next: Option<String>,
}

/// What stands in the form: as it is, or as it was typed.
struct Typed {
    before: String,
    name_zh: String,
    name_en: String,
    purpose_zh: String,
    purpose_en: String,
    redirect_uris: String,
    post_logout_redirect_uris: String,
    backchannel_logout_uri: String,
    scopes: String,
    attests_review: bool,
    reason: String,
}

#[derive(askama::Template)]
#[template(path = "staff/operator/client.html")]
struct One {
    page: Page,
    id: String,
    /// The address of this page, below which its acts are.
    way: String,
    name: String,
    department: String,
    is_confidential: bool,
    is_enabled: bool,
    /// The scopes that it may have.
    scopes: Vec<&'static str>,
    typed: Typed,
    waiting: Vec<Waiting>,
    done: &'static str,
    again: Again,
}

/// What is done to a client as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Disable,
    Enable,
    Secret,
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Secret => "secret",
        }
    }

    fn words(self) -> (&'static Text, &'static Text) {
        match self {
            Self::Disable => (words::clients::DISABLE, words::clients::DISABLE_FOLLOWS),
            Self::Enable => (words::clients::ENABLE, words::clients::ENABLE_FOLLOWS),
            Self::Secret => (words::clients::SECRET, words::clients::SECRET_FOLLOWS),
        }
    }

    fn is_offered(self, client: &Client) -> bool {
        match self {
            Self::Disable => client.enabled,
            Self::Enable => !client.enabled,
            Self::Secret => client.settings.kind == ClientKind::Confidential,
        }
    }
}

/// `GET /operator/clients`, with `id=…` for one of them.
pub async fn list(State(app): State<App>, _: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let wanted = query.text("id").to_owned();
    let mut tx = app.database.read().await?;
    let mut wrong = "";
    if !wanted.is_empty() {
        let found = match ClientId::parse(&wanted) {
            Ok(id) => client::find(&mut tx, &id).await?,
            Err(_) => None,
        };
        match found {
            Some(found) => return Ok(see_other(&way(found.client_id.as_str()))),
            None => wrong = page.say(words::clients::UNKNOWN),
        }
    }
    let list = ListPage { after: ClientId::parse(query.text("after")).ok(), limit: SHOWN };
    let found = client::list(&mut tx, &list).await?;
    drop(tx);
    let next = found.next.map(|next| format!("/operator/clients?after={next}"));
    let lines = found.items.iter().map(|client| line(&page, client)).collect();
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    Ok(html(status, &Clients { page, wanted, wrong, lines, next }))
}

/// `GET /operator/clients/{id}`.
pub async fn show(
    State(app): State<App>,
    _: Staff,
    page: Page,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    let client = find(&app, &id).await?;
    let done = confirm::what_was_done(&page, &query);
    render(&app, page, client, done, Again::default()).await
}

/// `POST /operator/clients/{id}/edit`: shows what would be different, then does or proposes it.
pub async fn edit((State(app), operator, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let client = find(&app, &id).await?;
    let policy = app.provider.uri_policy();
    let typed = Typed::read(&fields);
    let edit = Edit {
        before: serde_json::from_str(fields.text("before")).map_err(|_| Problem::FormBroken)?,
        after: typed.terms(),
    };
    let form = ("edit", fields.clone());
    let Ok(reason) = Reason::parse(fields.text("reason")) else {
        let again = Again::wrong(&page, form, "reason", words::proposal::REASON_MISSING);
        return render(&app, page, client, "", again).await;
    };
    if let Err(oidc::Error::Registration { field, flaw }) = edit::changed(client.clone(), policy, &edit) {
        let allowed = client::allowed_scopes(&client.settings);
        let is_wrong = |scope: &&str| field == "scopes" && !allowed.contains(scope);
        let which: Vec<&str> = typed.scopes.split_whitespace().filter(is_wrong).collect();
        let again = Again::wrong(&page, form, in_form(field), &registration_flaw(field, flaw, &which));
        return render(&app, page, client, "", again).await;
    }
    let widens = edit.widens();
    let change = async |mut work: Work| {
        if widens {
            edit::propose_edit(&mut work, policy, &client.client_id, &edit, &reason).await?;
        } else {
            edit::edit(&mut work, policy, &client.client_id, &edit).await?;
            reason.record(&mut work, client.client_id.as_str());
        }
        Ok(work.commit().await?)
    };
    let act =
        Act::new(&way(&id), "edit", &called(&page, &client), (words::clients::EDIT, words::clients::EDIT_FOLLOWS));
    let act = act.changing(changes(&page, &edit)).with(typed.fields());
    let act = if widens { act.proposed() } else { act.changed() };
    match confirm::perform(&operator, page.clone(), &fields, act, &reason, change).await {
        Err(problem) => {
            let place = |code: &str| Some(if code == "unchanged" { "name_zh" } else { "reason" });
            let again = Again::after(problem, &page, form, place)?;
            render(&app, page, find(&app, &id).await?, "", again).await
        }
        done => done,
    }
}

/// The field of the form in which a value of a registration stands.
fn in_form(field: &str) -> &str {
    match field {
        "name" => "name_zh",
        "purpose" => "purpose_zh",
        field => field,
    }
}

/// `POST /operator/clients/{id}/…`, one for each deed: shows what follows, then does or proposes it.
pub async fn act(deed: Deed, (State(app), operator, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let client = find(&app, &id).await?;
    match perform(deed, &operator, page.clone(), &client, &fields).await {
        Err(problem) => {
            let again = Again::after(problem, &page, (deed.name(), fields), |_| None)?;
            render(&app, page, find(&app, &id).await?, "", again).await
        }
        done => done,
    }
}

async fn perform(
    deed: Deed,
    operator: &Staff,
    page: Page,
    found: &Client,
    fields: &Fields,
) -> Result<Response, Problem> {
    // On a page from before somebody else did it.
    if !deed.is_offered(found) {
        return Err(identity::Error::Stale.into());
    }
    let client = &found.client_id;
    let reason = Reason::parse(fields.text("reason"))?;
    let operation = async |mut work: Work| {
        match deed {
            Deed::Disable => {
                client::disable(&mut work, client).await?;
                reason.record(&mut work, client.as_str());
            }
            Deed::Enable => edit::propose_enable(&mut work, client, &reason).await?,
            Deed::Secret => edit::propose_secret(&mut work, client, &reason).await?,
        }
        Ok(work.commit().await?)
    };
    let act = Act::new(&way(client.as_str()), deed.name(), &called(&page, found), deed.words());
    let act = if deed == Deed::Disable { act.danger().changed() } else { act.proposed() };
    confirm::perform(operator, page, fields, act, &reason, operation).await
}

/// A new secret, shown once.
pub(super) fn shown_once(app: &App, page: Page, about: String, value: String, back: String) -> Response {
    let (label, then) = (words::clients::SECRET_VALUE.into(), words::clients::SECRET_FOLLOWS.into());
    shown::show(app, page, Shown::Once { label, about, facts: Vec::new(), value, then, back })
}

/// That a new secret was shown already.
pub(super) fn was_shown(page: &Page, back: &str) -> Response {
    let (console, clients) = (page.say(words::console::TITLE), page.say(words::clients::TITLE));
    let places = [("/console", console), ("/operator/clients", clients)];
    confirm::was_shown(page.clone(), &places, words::confirm::WAS_SHOWN_SECRET, back)
}

/// What would be different, field by field.
pub(super) fn changes(page: &Page, edit: &Edit) -> Vec<Change> {
    let (before, after) = (Typed::of(&edit.before), Typed::of(&edit.after));
    let shown = |text: String| if text.is_empty() { page.say(words::confirm::NOTHING).to_owned() } else { text };
    before
        .labelled(page)
        .into_iter()
        .zip(after.labelled(page))
        .filter(|((_, before), (_, after))| before != after)
        .map(|((label, before), (_, after))| Change {
            label: page.say(label).to_owned(),
            before: shown(before),
            after: shown(after),
        })
        .collect()
}

/// A client by its name and its identifier, where both say what is about to be done to which.
fn called(page: &Page, client: &Client) -> String {
    page.say(&words::clients::called(page.say(&client.name), client.client_id.as_str())).to_owned()
}

/// The page of a client.
fn way(id: &str) -> String {
    format!("/operator/clients/{id}")
}

async fn find(app: &App, id: &str) -> Result<Client, Problem> {
    let id = ClientId::parse(id).map_err(|_| Problem::NotFound)?;
    let found = client::find(&mut app.database.read().await?, &id).await?;
    found.ok_or(Problem::NotFound)
}

async fn render(app: &App, page: Page, client: Client, done: &'static str, again: Again) -> Result<Response, Problem> {
    let mut tx = app.database.read().await?;
    let department = organisation::find(&mut tx, &client.organisation_id).await?;
    let waiting = proposal::waiting(&mut tx, &edit::KINDS, client.client_id.as_str(), page.visit.at).await?;
    drop(tx);
    let offered = [Deed::Disable, Deed::Enable, Deed::Secret].into_iter().filter(|deed| deed.is_offered(&client));
    let offered: Vec<_> = std::iter::once("edit").chain(offered.map(Deed::name)).collect();
    let now = Typed::of(&Terms::of(&client));
    let typed = match again.of("edit") {
        Some(fields) => Typed { before: again.before("edit", &now.before).to_owned(), ..Typed::read(fields) },
        None => now,
    };
    let one = One {
        id: client.client_id.to_string(),
        way: way(client.client_id.as_str()),
        name: page.say(&client.name).to_owned(),
        department: department.map(|found| found.name).unwrap_or_default(),
        is_confidential: client.settings.kind == ClientKind::Confidential,
        is_enabled: client.enabled,
        scopes: client::allowed_scopes(&client.settings),
        typed,
        waiting: waiting.iter().map(|one| proposed::waiting(&page, one)).collect(),
        done,
        again: again.among(&offered),
        page,
    };
    Ok(html(one.again.status(), &one))
}

fn line(page: &Page, client: &Client) -> Line {
    let (kind, state) = if client.enabled {
        ("good", page.say(words::clients::ENABLED))
    } else {
        ("bad", page.say(words::clients::DISABLED))
    };
    Line { id: client.client_id.to_string(), name: page.say(&client.name).to_owned(), kind, state }
}

impl Typed {
    fn of(terms: &Terms) -> Self {
        Self {
            before: serde_json::to_string(terms).unwrap_or_default(),
            name_zh: terms.name_zh.clone(),
            name_en: terms.name_en.clone(),
            purpose_zh: terms.purpose_zh.clone(),
            purpose_en: terms.purpose_en.clone(),
            redirect_uris: terms.redirect_uris.join("\n"),
            post_logout_redirect_uris: terms.post_logout_redirect_uris.join("\n"),
            backchannel_logout_uri: terms.backchannel_logout_uri.clone().unwrap_or_default(),
            scopes: terms.scopes.clone(),
            attests_review: terms.attests_review,
            reason: String::new(),
        }
    }

    fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).to_owned();
        Self {
            before: text("before"),
            name_zh: text("name_zh"),
            name_en: text("name_en"),
            purpose_zh: text("purpose_zh"),
            purpose_en: text("purpose_en"),
            redirect_uris: text("redirect_uris"),
            post_logout_redirect_uris: text("post_logout_redirect_uris"),
            backchannel_logout_uri: text("backchannel_logout_uri"),
            scopes: text("scopes"),
            attests_review: text("attests_review") == "yes",
            reason: text("reason"),
        }
    }

    fn terms(&self) -> Terms {
        let lines =
            |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let scopes: Vec<&str> = self.scopes.split_whitespace().collect();
        // In the order in which they are kept, so that another order is no change.
        let scopes =
            oidc::scope::ScopeSet::parse(&scopes.join(" ")).map_or_else(|_| scopes.join(" "), |set| set.text());
        Terms {
            name_zh: self.name_zh.clone(),
            name_en: self.name_en.clone(),
            purpose_zh: self.purpose_zh.clone(),
            purpose_en: self.purpose_en.clone(),
            redirect_uris: lines(&self.redirect_uris),
            post_logout_redirect_uris: lines(&self.post_logout_redirect_uris),
            backchannel_logout_uri: Some(self.backchannel_logout_uri.clone()).filter(|uri| !uri.is_empty()),
            scopes,
            attests_review: self.attests_review,
        }
    }

    fn labelled(self, page: &Page) -> [(&'static Text, String); 9] {
        let attests = if self.attests_review { words::clients::ATTESTS } else { words::clients::ATTESTS_NOT };
        [
            (words::clients::NAME_ZH, self.name_zh),
            (words::clients::NAME_EN, self.name_en),
            (words::clients::PURPOSE_ZH, self.purpose_zh),
            (words::clients::PURPOSE_EN, self.purpose_en),
            (words::clients::REDIRECT_URIS, self.redirect_uris),
            (words::clients::POST_LOGOUT_REDIRECT_URIS, self.post_logout_redirect_uris),
            (words::clients::BACKCHANNEL_LOGOUT_URI, self.backchannel_logout_uri),
            (words::clients::SCOPES, self.scopes),
            (words::clients::ATTESTS_REVIEW, page.say(attests).to_owned()),
        ]
    }

    fn fields(self) -> Vec<(String, String)> {
        [
            ("before", self.before),
            ("name_zh", self.name_zh),
            ("name_en", self.name_en),
            ("purpose_zh", self.purpose_zh),
            ("purpose_en", self.purpose_en),
            ("redirect_uris", self.redirect_uris),
            ("post_logout_redirect_uris", self.post_logout_redirect_uris),
            ("backchannel_logout_uri", self.backchannel_logout_uri),
            ("scopes", self.scopes),
            ("attests_review", if self.attests_review { "yes" } else { "" }.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}
