//! `client`: applications of departments.

use anyhow::Context;
use base::{Page, Text, number::CreditCode};
use identity::organisation;
use oidc::client::{self, ClientId, ClientSettings, Consent, GrantType, Kind, Registration, TokenAlgorithm};
use records::Actor;

use crate::{
    settings::Settings,
    wiring::{self, World},
};

/// What may be done.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Register an application and print its secret, which is shown only once.
    Add(Box<NewClient>),
    /// List the registered applications.
    List,
    /// Give an application another secret; the old one stops counting at once.
    RenewSecret {
        /// The application.
        client_id: String,
    },
    /// Stop an application: it gets nothing until it is enabled again.
    Disable {
        /// The application.
        client_id: String,
    },
    /// Let a stopped application go on.
    Enable {
        /// The application.
        client_id: String,
    },
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
    #[arg(long)]
    name_en: String,
    /// What it needs people's data for, as the consent page says it.
    #[arg(long)]
    purpose: String,
    /// The same in English.
    #[arg(long)]
    purpose_en: String,
    /// The unified social credit code of its department.
    #[arg(long, value_name = "CODE")]
    organisation_code: String,
    /// Where browsers are sent with an answer; may be repeated.
    #[arg(long, value_name = "URL")]
    redirect_uri: Vec<String>,
    /// Where browsers are sent after signing out; may be repeated.
    #[arg(long, value_name = "URL")]
    post_logout_redirect_uri: Vec<String>,
    /// Where the application is told that a session ended.
    #[arg(long, value_name = "URL")]
    backchannel_logout_uri: Option<String>,
    /// The scopes it may ask for, separated by spaces.
    #[arg(long, default_value = "openid profile")]
    scopes: String,
    /// A public client, which has no secret.
    #[arg(long)]
    public: bool,
    /// It may go on acting for people after they left (refresh tokens).
    #[arg(long)]
    refresh: bool,
    /// It may get tokens for itself (client_credentials) instead of signing people in.
    #[arg(long, conflicts_with_all = ["public", "refresh"])]
    machine: bool,
    /// People are not asked: the law or the department's own rules already allow it.
    #[arg(long)]
    consent_implied: bool,
    /// Sign its ID tokens with ES256 instead of RS256.
    #[arg(long)]
    es256: bool,
}

/// Does it.
///
/// # Errors
///
/// What was given is not acceptable, or the database.
pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    let world = World::default();
    let product = wiring::build(settings, world.clone()).await?;
    if matches!(command, Command::List) {
        return list(&product).await;
    }
    let mut work = product.database.begin(world.context(Actor::Operator)).await?;
    let answer = match command {
        Command::List => String::new(),
        Command::Add(new) => {
            let code = CreditCode::parse(&new.organisation_code)?;
            let department = organisation::find_by_code(&mut work.tx, &code).await?;
            let department = department.context("no organisation has this credit code")?;
            let registration = registration(*new, department.organisation_id)?;
            let registered = client::register(&mut work, product.app.provider.uri_policy(), registration).await?;
            match registered.secret {
                Some(secret) => format!("{}\nclient_secret: {}\n", registered.client_id, secret.expose()),
                None => format!("{}\n", registered.client_id),
            }
        }
        Command::RenewSecret { client_id } => {
            let secret = client::renew_secret(&mut work, &ClientId::parse(&client_id)?).await?;
            format!("client_secret: {}\n", secret.expose())
        }
        Command::Disable { client_id } => {
            client::disable(&mut work, &ClientId::parse(&client_id)?).await?;
            "disabled\n".to_owned()
        }
        Command::Enable { client_id } => {
            client::enable(&mut work, &ClientId::parse(&client_id)?).await?;
            "enabled\n".to_owned()
        }
    };
    work.commit().await?;
    super::print(&answer)
}

async fn list(product: &wiring::Product) -> anyhow::Result<()> {
    let mut page = Page::first(Page::<ClientId>::LIMIT_MAX);
    loop {
        let clients = client::list(&mut product.database.read().await?, &page).await?;
        for client in clients.items {
            let state = if client.enabled { "enabled" } else { "disabled" };
            super::print(&format!("{:<32} {state:<9} {}\n", client.client_id.as_str(), client.name))?;
        }
        match clients.next {
            Some(next) => page = Page::after(next, page.limit),
            None => return Ok(()),
        }
    }
}

fn registration(new: NewClient, organisation_id: base::id::OrganisationId) -> anyhow::Result<Registration> {
    let grants = if new.machine {
        vec![GrantType::ClientCredentials]
    } else if new.refresh {
        vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
    } else {
        vec![GrantType::AuthorizationCode]
    };
    Ok(Registration {
        client_id: ClientId::parse(&new.client_id)?,
        name: Text::new(new.name, new.name_en),
        purpose: Text::new(new.purpose, new.purpose_en),
        organisation_id,
        backchannel_logout_uri: new.backchannel_logout_uri,
        settings: ClientSettings {
            kind: if new.public { Kind::Public } else { Kind::Confidential },
            redirect_uris: new.redirect_uri,
            post_logout_redirect_uris: new.post_logout_redirect_uri,
            grants,
            scopes: new.scopes,
            id_token_algorithm: if new.es256 { TokenAlgorithm::Es256 } else { TokenAlgorithm::Rs256 },
            consent: if new.consent_implied { Consent::Implied } else { Consent::Ask },
            ..ClientSettings::default()
        },
    })
}
