//! `client`: applications of departments.

use anyhow::Context;
use base::{ListPage, Text, id::OrganisationId};
use identity::{Reason, events::CommandApproved};
use oidc::{
    client::{
        self, ClientId, ClientKind, ClientSettings, Consent, GrantType, Registration, SubjectType, TokenAlgorithm,
        edit::{Edit, Terms},
    },
    scope::{self, ScopeSet},
};
use records::Database;
use serde_json::{Value, json};

use super::operator;
use crate::{
    foundation,
    settings::Settings,
    wiring::{self, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Register an application and print its secret, which is shown only once.
    Add(Box<NewClient>),
    /// Change what an application is registered with: names, addresses, scopes.
    Edit(Box<Changes>),
    /// List the registered applications.
    List,
    /// Give an application another secret; the old one stops counting at once.
    RenewSecret(Named),
    /// Stop an application: it gets nothing until it is enabled again.
    Disable(Named),
    /// Let a stopped application go on.
    Enable(Named),
    /// Show what an application is registered with.
    Show {
        /// The application.
        client_id: String,
    },
}

/// An application, and why.
#[derive(clap::Args)]
pub struct Named {
    /// The application.
    client_id: String,
    /// Why: kept in the event log.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What of a registration is to be different.
#[derive(clap::Args)]
pub struct Changes {
    /// The application.
    client_id: String,
    /// Why: kept in the event log.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Its name, as people see it.
    #[arg(long)]
    name: Option<String>,
    /// Its name in English.
    #[arg(long, value_name = "NAME")]
    name_en: Option<String>,
    /// What it needs people's data for.
    #[arg(long)]
    purpose: Option<String>,
    /// The same in English.
    #[arg(long, value_name = "PURPOSE")]
    purpose_en: Option<String>,
    /// `true`: it says itself that two people decided on a licence; `false`: its requests become applications.
    #[arg(long, value_name = "true|false", hide_possible_values = true)]
    attests_review: Option<bool>,
    /// The second operator, who approves that it does.
    #[arg(long, value_name = "USERNAME")]
    approved_by: Option<String>,
    /// Another address for answers; may be repeated.
    #[arg(long, value_name = "URL")]
    add_redirect_uri: Vec<String>,
    /// An address that gets no answers any more; may be repeated.
    #[arg(long, value_name = "URL")]
    remove_redirect_uri: Vec<String>,
    /// Another address after signing out; may be repeated.
    #[arg(long, value_name = "URL")]
    add_post_logout_redirect_uri: Vec<String>,
    /// An address that nobody is sent to after signing out any more; may be repeated.
    #[arg(long, value_name = "URL")]
    remove_post_logout_redirect_uri: Vec<String>,
    /// Where the application is told that a session ended.
    #[arg(long, value_name = "URL", conflicts_with = "no_backchannel_logout_uri")]
    backchannel_logout_uri: Option<String>,
    /// It is not told any more.
    #[arg(long)]
    no_backchannel_logout_uri: bool,
    #[arg(long, value_name = "SCOPES", help = scopes_help("all of them, separated by spaces"))]
    scopes: Option<String>,
}

/// An application to be registered.
#[derive(clap::Args)]
pub struct NewClient {
    /// Its identifier: letters, digits, dots, hyphens.
    client_id: String,
    /// Its name, as people see it.
    #[arg(long)]
    name: String,
    /// Its name in English.
    #[arg(long, value_name = "NAME")]
    name_en: String,
    /// What it needs people's data for, as the consent page says it.
    #[arg(long)]
    purpose: String,
    /// The same in English.
    #[arg(long, value_name = "PURPOSE")]
    purpose_en: String,
    /// The unified social credit code of its department.
    #[arg(long, value_name = "CODE")]
    organisation_code: String,
    /// Another department whose licences it handles (its credit code); repeatable.
    #[arg(long, value_name = "CODE", requires = "machine")]
    acts_for: Vec<String>,
    /// Where browsers are sent with an answer; may be repeated.
    #[arg(long, value_name = "URL")]
    redirect_uri: Vec<String>,
    /// Where browsers are sent after signing out; may be repeated.
    #[arg(long, value_name = "URL")]
    post_logout_redirect_uri: Vec<String>,
    /// Where the application is told that a session ended.
    #[arg(long, value_name = "URL")]
    backchannel_logout_uri: Option<String>,
    #[arg(
        long,
        value_name = "SCOPES",
        help = scopes_help("separated by spaces, without it `openid profile`")
    )]
    scopes: Option<String>,
    /// A public client, which has no secret.
    #[arg(long)]
    public: bool,
    /// A program on the person's own machine, which listens on whatever port is free.
    #[arg(long, requires = "public")]
    native: bool,
    /// It may go on acting for people after they left (refresh tokens).
    #[arg(long)]
    refresh: bool,
    /// It may get tokens for itself (client_credentials) instead of signing people in.
    #[arg(long, conflicts_with_all = ["public", "refresh"], requires = "scopes")]
    machine: bool,
    /// People are not asked: the law or the department's own rules already allow it.
    #[arg(long)]
    consent_implied: bool,
    /// It was approved to ask for identity numbers.
    #[arg(long)]
    identity_number_approved: bool,
    /// It was approved to know people by the same subject as all other applications.
    #[arg(long)]
    public_subject: bool,
    /// Who approved that it does without PKCE; never for public clients.
    #[arg(long, value_name = "WHO", conflicts_with = "public")]
    pkce_exempted_by: Option<String>,
    /// Sign its ID tokens with ES256 instead of RS256.
    #[arg(long)]
    es256: bool,
    /// Sign userinfo's answers as well.
    #[arg(long)]
    signed_userinfo: bool,
}

/// Does it.
///
/// # Errors
///
/// When what was given is not acceptable, or the database is out of reach.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Add(new) => add(settings, *new).await,
        Command::Edit(changes) => edit(settings, *changes).await,
        Command::Show { client_id } => show(settings, &client_id).await,
        Command::List => list(&foundation::find_database(settings).await?).await,
        Command::RenewSecret(named) => change(settings, &named, Change::RenewSecret).await,
        Command::Disable(named) => change(settings, &named, Change::Disable).await,
        Command::Enable(named) => change(settings, &named, Change::Enable).await,
    }
}

async fn add(settings: &Settings, mut new: NewClient) -> anyhow::Result<()> {
    new.scopes = new.scopes.as_deref().map(known_scopes).transpose()?;
    let code = super::credit_code(&new.organisation_code)?;
    let client_id = ClientId::parse(&new.client_id).ok().with_context(|| {
        format!("{:?} is no client identifier: letters, digits, dots, hyphens and underscores", new.client_id)
    })?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let department = super::organisation_with(&mut work.tx, &code).await?;
    let mut acts_for = Vec::new();
    for code in &new.acts_for {
        let department = super::organisation_with(&mut work.tx, &super::credit_code(code)?).await?;
        acts_for.push(department.organisation_id.to_string());
    }
    let mut registration = registration(new, client_id, department.organisation_id);
    registration.settings.acts_for = acts_for;
    let registered = client::register(&mut work, product.app.provider.uri_policy(), registration).await;
    let registered = registered.map_err(|error| super::by_option(error, &OF_NEW))?;
    work.commit().await?;
    let (id, secret) = (registered.client_id, registered.secret.map(|secret| secret.expose().clone()));
    let words = secret.as_ref().map_or_else(|| id.to_string(), |secret| format!("{id}\nclient_secret: {secret}"));
    super::tell(&words, &json!({ "client_id": id.as_str(), "client_secret": secret }))
}

/// The options of `add`, by the fields that rules speak of.
const OF_NEW: [(&str, &str); 9] = [
    ("name", "--name and --name-en"),
    ("purpose", "--purpose and --purpose-en"),
    ("redirect_uris", "--redirect-uri"),
    ("post_logout_redirect_uris", "--post-logout-redirect-uri"),
    ("backchannel_logout_uri", "--backchannel-logout-uri"),
    ("scopes", "--scopes"),
    ("pkce_exempted_by", "--pkce-exempted-by"),
    ("acts_for", "--acts-for"),
    ("grants", "--machine, --refresh and --public"),
];

/// Those of `edit`.
const OF_CHANGES: [(&str, &str); 7] = [
    ("name", "--name and --name-en"),
    ("purpose", "--purpose and --purpose-en"),
    ("redirect_uris", "--add-redirect-uri and --remove-redirect-uri"),
    ("post_logout_redirect_uris", "--add-post-logout-redirect-uri and --remove-post-logout-redirect-uri"),
    ("backchannel_logout_uri", "--backchannel-logout-uri"),
    ("scopes", "--scopes"),
    ("acts_for", "--attests-review"),
];

fn scopes_help(how: &str) -> String {
    let names: Vec<_> = scope::names().collect();
    let lines: Vec<_> = names.chunks(5).map(|some| some.join(", ")).collect();
    format!("The scopes it may ask for, {how};\npossible are {}", lines.join(",\n"))
}

/// Scopes that there are, in their order.
fn known_scopes(typed: &str) -> anyhow::Result<String> {
    let unknown: Vec<_> = typed.split(' ').filter(|name| !name.is_empty() && scope::find(name).is_none()).collect();
    let names: Vec<_> = scope::names().collect();
    anyhow::ensure!(
        unknown.is_empty(),
        "--scopes: there is no scope {}; there are {}",
        unknown.join(", "),
        names.join(", ")
    );
    Ok(ScopeSet::parse(typed).context("--scopes")?.text())
}

async fn edit(settings: &Settings, changes: Changes) -> anyhow::Result<()> {
    let client_id = ClientId::parse(&changes.client_id).with_context(|| changes.client_id.clone())?;
    let reason = Reason::parse(&changes.reason).context("--reason")?;
    let product = wiring::find(settings, World::default()).await?;
    let context = operator::context(settings, &product).await?;
    let attests = changes.attests_review == Some(true);
    let second = operator::second(settings, &product, &context, changes.approved_by.as_deref(), attests).await?;
    let mut work = product.database.begin(context).await?;
    let found = client::find(&mut work.tx, &client_id).await?;
    let before = Terms::of(&found.with_context(|| format!("no application is registered as {client_id}"))?);
    let after = changes.applied(before.clone())?;
    let edit = Edit { before, after };
    let edited = client::edit::edit(&mut work, product.app.provider.uri_policy(), &client_id, &edit).await;
    edited.map_err(|error| super::by_option(error, &OF_CHANGES)).with_context(|| client_id.to_string())?;
    reason.record(&mut work, client_id.as_str());
    if let Some(second) = second {
        work.record(CommandApproved { staff: second, about: client_id.to_string() });
    }
    work.commit().await?;
    super::tell(&shown(&client_id, &edit.after), &object(&client_id, &edit.after)?)
}

async fn show(settings: &Settings, client_id: &str) -> anyhow::Result<()> {
    let client_id = ClientId::parse(client_id).with_context(|| client_id.to_owned())?;
    let database = foundation::find_database(settings).await?;
    let found = client::find(&mut database.read().await?, &client_id).await?;
    let found = found.with_context(|| format!("no application is registered as {client_id}"))?;
    let terms = Terms::of(&found);
    super::tell(&shown(&client_id, &terms), &object(&client_id, &terms)?)
}

/// What an application is registered with, for a program.
fn object(client_id: &ClientId, terms: &Terms) -> anyhow::Result<Value> {
    let mut object = serde_json::to_value(terms)?;
    if let Some(members) = object.as_object_mut() {
        members.insert("client_id".to_owned(), client_id.as_str().into());
    }
    Ok(object)
}

fn shown(client_id: &ClientId, terms: &Terms) -> String {
    let none = String::new();
    let single = [
        ("name", &terms.name_zh),
        ("name_en", &terms.name_en),
        ("purpose", &terms.purpose_zh),
        ("purpose_en", &terms.purpose_en),
        ("backchannel_logout_uri", terms.backchannel_logout_uri.as_ref().unwrap_or(&none)),
        ("scopes", &terms.scopes),
    ];
    let many = [("redirect_uri", &terms.redirect_uris), ("post_logout_redirect_uri", &terms.post_logout_redirect_uris)];
    let many = many.into_iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    let lines = single.into_iter().chain(many).map(|(name, value)| format!("\n{name}: {value}"));
    format!("{client_id}{}", lines.collect::<String>())
}

impl Changes {
    /// The terms with these changes.
    fn applied(self, mut terms: Terms) -> anyhow::Result<Terms> {
        let set = |place: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *place = value;
            }
        };
        set(&mut terms.name_zh, self.name);
        set(&mut terms.name_en, self.name_en);
        set(&mut terms.purpose_zh, self.purpose);
        set(&mut terms.purpose_en, self.purpose_en);
        set(&mut terms.scopes, self.scopes.as_deref().map(known_scopes).transpose()?);
        terms.attests_review = self.attests_review.unwrap_or(terms.attests_review);
        exchange(&mut terms.redirect_uris, self.add_redirect_uri, &self.remove_redirect_uri)?;
        let (add, remove) = (self.add_post_logout_redirect_uri, self.remove_post_logout_redirect_uri);
        exchange(&mut terms.post_logout_redirect_uris, add, &remove)?;
        if self.no_backchannel_logout_uri {
            terms.backchannel_logout_uri = None;
        } else if self.backchannel_logout_uri.is_some() {
            terms.backchannel_logout_uri = self.backchannel_logout_uri;
        }
        Ok(terms)
    }
}

/// Takes addresses out, which have to be there, and puts others in.
fn exchange(uris: &mut Vec<String>, add: Vec<String>, remove: &[String]) -> anyhow::Result<()> {
    for uri in remove {
        anyhow::ensure!(uris.contains(uri), "{uri} is not registered");
    }
    uris.retain(|uri| !remove.contains(uri));
    for uri in add {
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(())
}

enum Change {
    Disable,
    Enable,
    RenewSecret,
}

async fn change(settings: &Settings, named: &Named, change: Change) -> anyhow::Result<()> {
    let client_id = ClientId::parse(&named.client_id).with_context(|| named.client_id.clone())?;
    let reason = Reason::parse(&named.reason).context("--reason")?;
    let product = wiring::find(settings, World::default()).await?;
    let mut work = product.database.begin(operator::context(settings, &product).await?).await?;
    let done = match change {
        Change::Disable => client::disable(&mut work, &client_id).await.map(|()| ("disabled".to_owned(), None)),
        Change::Enable => client::enable(&mut work, &client_id).await.map(|()| ("enabled".to_owned(), None)),
        Change::RenewSecret => {
            let secret = client::renew_secret(&mut work, &client_id).await;
            secret.map(|secret| (format!("client_secret: {}", secret.expose()), Some(secret.expose().clone())))
        }
    };
    let (words, secret) = done.with_context(|| client_id.to_string())?;
    reason.record(&mut work, client_id.as_str());
    work.commit().await?;
    super::tell(&words, &json!({ "client_id": client_id.as_str(), "client_secret": secret }))
}

async fn list(database: &Database) -> anyhow::Result<()> {
    let mut page = ListPage::first(ListPage::<ClientId>::LIMIT_MAX);
    loop {
        let clients = client::list(&mut database.read().await?, &page).await?;
        for client in clients.items {
            let state = if client.enabled { "enabled" } else { "disabled" };
            let words = format!("{:<32} {state:<9} {}", client.client_id.as_str(), client.name);
            let Text { zh, en } = &client.name;
            super::tell(
                &words,
                &json!({ "client_id": client.client_id.as_str(), "enabled": client.enabled, "name": zh, "name_en": en }),
            )?;
        }
        match clients.next {
            Some(next) => page = ListPage::after(next, page.limit),
            None => return Ok(()),
        }
    }
}

fn registration(new: NewClient, client_id: ClientId, organisation_id: OrganisationId) -> Registration {
    let grants = if new.machine {
        vec![GrantType::ClientCredentials]
    } else if new.refresh {
        vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
    } else {
        vec![GrantType::AuthorizationCode]
    };
    let algorithm = if new.es256 { TokenAlgorithm::Es256 } else { TokenAlgorithm::Rs256 };
    Registration {
        client_id,
        name: Text::new(new.name, new.name_en),
        purpose: Text::new(new.purpose, new.purpose_en),
        organisation_id,
        backchannel_logout_uri: new.backchannel_logout_uri,
        settings: ClientSettings {
            kind: if new.public { ClientKind::Public } else { ClientKind::Confidential },
            redirect_uris: new.redirect_uri,
            post_logout_redirect_uris: new.post_logout_redirect_uri,
            grants,
            scopes: new.scopes.unwrap_or_else(|| "openid profile".to_owned()),
            id_token_algorithm: algorithm,
            userinfo_algorithm: new.signed_userinfo.then_some(algorithm),
            pkce_exempted_by: new.pkce_exempted_by,
            consent: if new.consent_implied { Consent::Implied } else { Consent::Ask },
            subject: if new.public_subject { SubjectType::Public } else { SubjectType::Pairwise },
            identity_number_approved: new.identity_number_approved,
            native: new.native,
            acts_for: Vec::new(),
            attests_review: false,
        },
    }
}
