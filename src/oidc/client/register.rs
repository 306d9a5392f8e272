//! Registering, disabling and enabling applications.

use base::{Fault, ListPage, PageOf, Secret, Text, id::OrganisationId};
use crypto::{digest, encoding::base64url};
use records::{Actor, Tx, Work, revision};

use super::{Client, ClientId, ClientKind, ClientSettings, GrantType, queries, uri, uri::Use};
use crate::{
    Error,
    events::{ClientDisabled, ClientEnabled, ClientRegistered, ClientSecretRenewed},
    limits,
    scope::{self, Reach, Scope, ScopeSet},
};

/// What an application is registered with.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its identifier.
    pub client_id: ClientId,
    /// What it is called.
    pub name: Text,
    /// What it needs the data for.
    pub purpose: Text,
    /// The department it belongs to.
    pub organisation_id: OrganisationId,
    /// Where we tell it that a session ended.
    pub backchannel_logout_uri: Option<String>,
    /// What it may do and how.
    pub settings: ClientSettings,
}

/// A registered application with its secret, which is shown once and kept only as a digest.
#[derive(Debug)]
pub struct Registered {
    /// Its identifier.
    pub client_id: ClientId,
    /// Its secret; public clients have none.
    pub secret: Option<Secret<String>>,
}

/// Registers an application. Nodes see it within a second.
///
/// # Errors
///
/// [`Error::Registration`] naming the field, [`Error::ClientExists`].
pub async fn register(work: &mut Work, policy: &uri::UriPolicy, new: Registration) -> Result<Registered, Error> {
    let scopes = check(&new, policy)?;
    let secret = (new.settings.kind == ClientKind::Confidential).then(|| fresh_secret(work));
    let client = Client {
        client_id: new.client_id,
        name: as_shown(&new.name),
        purpose: as_shown(&new.purpose),
        organisation_id: new.organisation_id,
        settings: new.settings,
        scopes,
        backchannel_logout_uri: new.backchannel_logout_uri,
        enabled: true,
        secret_hash: secret.as_ref().map(hash_of),
    };
    let at = work.at();
    if !queries::insert(&mut work.tx, &client, at).await? {
        return Err(Error::ClientExists);
    }
    revision::bump(&mut work.tx, crate::REVISION).await?;
    work.record(ClientRegistered {
        client: client.client_id.clone(),
        name: client.name.zh.into_owned(),
        organisation: client.organisation_id,
        scopes: client.scopes.text(),
        pkce_exempted_by: client.settings.pkce_exempted_by,
        identity_number_approved: client.settings.identity_number_approved,
        acts_for: client.settings.acts_for,
    });
    Ok(Registered { client_id: client.client_id, secret })
}

/// Disables an application: within a second it gets no tokens, and those it has no longer count.
///
/// # Errors
///
/// [`Error::ClientUnknown`] when there is no such client.
pub async fn disable(work: &mut Work, client: &ClientId) -> Result<(), Error> {
    set_enabled(work, client, false).await?;
    work.record(ClientDisabled { client: client.clone() });
    Ok(())
}

/// Enables an application again: a matter of the machine's operator, or of two on a page.
///
/// # Errors
///
/// [`Error::ClientUnknown`] when there is no such client; [`identity::Error::TwoNeeded`] for anybody else alone.
pub async fn enable(work: &mut Work, client: &ClientId) -> Result<(), Error> {
    check_alone(work)?;
    start(work, client).await
}

/// Enables an application again, for whoever has been found to be allowed to.
pub(super) async fn start(work: &mut Work, client: &ClientId) -> Result<(), Error> {
    set_enabled(work, client, true).await?;
    work.record(ClientEnabled { client: client.clone() });
    Ok(())
}

async fn set_enabled(work: &mut Work, client: &ClientId, enabled: bool) -> Result<(), Error> {
    if !queries::set_enabled(&mut work.tx, client, enabled).await? {
        return Err(Error::ClientUnknown);
    }
    Ok(revision::bump(&mut work.tx, crate::REVISION).await?)
}

/// Gives a confidential client a new secret; the old one no longer counts. Whoever sees it can be the client: a matter of
/// the machine's operator, or of two on a page.
///
/// # Errors
///
/// [`Error::ClientUnknown`] when there is no such client or it has no secret; [`identity::Error::TwoNeeded`] for anybody
/// else alone.
pub async fn renew_secret(work: &mut Work, client: &ClientId) -> Result<Secret<String>, Error> {
    check_alone(work)?;
    give_secret(work, client).await
}

fn check_alone(work: &Work) -> Result<(), Error> {
    if matches!(work.actor(), Actor::Operator { .. }) { Ok(()) } else { Err(identity::Error::TwoNeeded.into()) }
}

/// Gives a new secret, for whoever has been found to be allowed to.
pub(super) async fn give_secret(work: &mut Work, client: &ClientId) -> Result<Secret<String>, Error> {
    let secret = fresh_secret(work);
    if !queries::set_secret_hash(&mut work.tx, client, &hash_of(&secret)).await? {
        return Err(Error::ClientUnknown);
    }
    revision::bump(&mut work.tx, crate::REVISION).await?;
    work.record(ClientSecretRenewed { client: client.clone() });
    Ok(secret)
}

/// One client, enabled or not, as the database has it.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn find(tx: &mut Tx, client: &ClientId) -> Result<Option<Client>, Fault> {
    queries::by_id(tx, client.as_str()).await
}

/// Clients in the order of their identifiers.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn list(tx: &mut Tx, page: &ListPage<ClientId>) -> Result<PageOf<Client, ClientId>, Fault> {
    let rows = queries::list(tx, page).await?;
    Ok(PageOf::from_rows(rows, page.limit, |client| client.client_id.clone()))
}

fn fresh_secret(work: &Work) -> Secret<String> {
    Secret::new(base64url(&work.entropy().bytes::<32>()))
}

fn hash_of(secret: &Secret<String>) -> String {
    digest::hex(&digest::sha256(secret.expose().as_bytes()))
}

/// The rules of registration, one after the other. Returns the scopes.
pub(super) fn check(new: &Registration, policy: &uri::UriPolicy) -> Result<ScopeSet, Error> {
    let settings = &new.settings;
    check_text("name", &new.name)?;
    check_text("purpose", &new.purpose)?;
    check_uris(new, policy)?;
    let scopes = ScopeSet::parse(&settings.scopes).map_err(|_| flaw("scopes", "a scope is unknown"))?;
    let confidential = settings.kind == ClientKind::Confidential;
    let codes = settings.grants.contains(&GrantType::AuthorizationCode);
    let machine = settings.grants.contains(&GrantType::ClientCredentials);
    let rules: &[(bool, &'static str, &'static str)] = &[
        (!settings.grants.is_empty(), "grants", "a client without a grant type can do nothing"),
        (!codes || !settings.redirect_uris.is_empty(), "redirect_uris", "the code flow needs one"),
        (codes || settings.redirect_uris.is_empty(), "redirect_uris", "only the code flow redirects"),
        (!machine || confidential, "grants", "a client without a secret cannot act for itself"),
        (
            codes || !settings.grants.contains(&GrantType::RefreshToken),
            "grants",
            "refresh tokens come out of the code flow",
        ),
        (
            settings.pkce_exempted_by.as_ref().is_none_or(|who| confidential && !who.trim().is_empty()),
            "pkce_exempted_by",
            "only a confidential client can do without PKCE, and somebody must have allowed it",
        ),
        (machine || settings.acts_for.is_empty(), "acts_for", "only a system of its own handles licences"),
        (settings.acts_for.len() <= limits::ACTS_FOR_MAX, "acts_for", "there are too many departments"),
        (!settings.native || !confidential, "native", "a program on a person's machine keeps no secret"),
    ];
    if let Some((_, field, what)) = rules.iter().find(|(holds, _, _)| !holds) {
        return Err(flaw(field, what));
    }
    for scope in scopes.iter() {
        check_scope(settings, scope).map_err(|what| flaw("scopes", what))?;
    }
    Ok(scopes)
}

/// The scopes that a client with these settings may have, by their names.
pub fn allowed_scopes(settings: &ClientSettings) -> Vec<&'static str> {
    scope::SCOPES.iter().filter(|scope| check_scope(settings, scope).is_ok()).map(|scope| scope.name).collect()
}

/// Whether a client with these settings may have a scope, or why not.
fn check_scope(settings: &ClientSettings, scope: &Scope) -> Result<(), &'static str> {
    let has = |grant| settings.grants.contains(&grant);
    let numbers = settings.identity_number_approved && settings.kind == ClientKind::Confidential;
    let rules: &[(bool, &'static str)] = &[
        (
            scope.name != scope::IDENTITY_NUMBER || numbers,
            "identity numbers need an approval and a confidential client",
        ),
        (
            scope.reach == Reach::Person || has(GrantType::ClientCredentials),
            "a scope of the client itself needs client_credentials",
        ),
        (scope.reach == Reach::Machine || has(GrantType::AuthorizationCode), "a person's scope needs codes"),
        (scope.name != scope::OFFLINE_ACCESS || has(GrantType::RefreshToken), "offline_access needs refresh tokens"),
    ];
    rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, what)| Err(what))
}

fn check_uris(new: &Registration, policy: &uri::UriPolicy) -> Result<(), Error> {
    let settings = &new.settings;
    let browser = if settings.native { Use::Native } else { Use::Browser };
    for (field, uris) in
        [("redirect_uris", &settings.redirect_uris), ("post_logout_redirect_uris", &settings.post_logout_redirect_uris)]
    {
        if uris.len() > limits::URIS_MAX {
            return Err(flaw(field, "too many"));
        }
        for uri in uris {
            uri::check(field, uri, browser, policy)?;
        }
    }
    match &new.backchannel_logout_uri {
        Some(uri) => uri::check("backchannel_logout_uri", uri, Use::BackChannel, policy),
        None => Ok(()),
    }
}

/// A text of a client in the form in which what looks alike is the same: people decide by it whom they trust.
pub(super) fn as_shown(text: &Text) -> Text {
    Text::new(base::name::folded_text(&text.zh), base::name::folded_text(&text.en))
}

fn check_text(field: &'static str, text: &Text) -> Result<(), Error> {
    for text in [&text.zh, &text.en] {
        let length = text.chars().count();
        let is_shown = |c: char| !base::name::is_unseen(c) && !base::name::is_private(c);
        if text.trim().is_empty() || length > limits::CLIENT_TEXT_LENGTH_MAX || !text.chars().all(is_shown) {
            return Err(flaw(field, "it is needed in both languages, on one line, not too long"));
        }
    }
    Ok(())
}

fn flaw(field: &'static str, flaw: &'static str) -> Error {
    Error::Registration { field, flaw }
}
