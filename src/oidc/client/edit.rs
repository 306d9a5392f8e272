//! Changing a registered application: by itself where it gets less, by two operators where it gets more.

use base::{Fault, Secret, Text};
use identity::{
    Reason,
    proposal::{self, Approved},
};
use records::{Actor, Work, revision};
use serde::{Deserialize, Serialize};

use super::{Client, ClientId, Registration, queries, register, uri::UriPolicy};
use crate::{Error, events::ClientChanged, scope::ScopeSet};

/// What is proposed for clients, as proposals name it.
pub const KINDS: [&str; 3] = [EDIT, ENABLE, RENEW_SECRET];

/// Another registration.
pub const EDIT: &str = "client.edit";

/// A stopped client goes on.
pub const ENABLE: &str = "client.enable";

/// A client gets another secret, which somebody sees.
pub const RENEW_SECRET: &str = "client.renew_secret";

/// What of a registration can be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub name_zh: String,
    pub name_en: String,
    pub purpose_zh: String,
    pub purpose_en: String,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub backchannel_logout_uri: Option<String>,
    /// Separated by spaces.
    pub scopes: String,
    /// Whether it may say itself that two people decided on a licence.
    #[serde(default)]
    pub attests_review: bool,
}

impl Terms {
    /// Those of a client now.
    pub fn of(client: &Client) -> Self {
        Self {
            name_zh: client.name.zh.clone().into_owned(),
            name_en: client.name.en.clone().into_owned(),
            purpose_zh: client.purpose.zh.clone().into_owned(),
            purpose_en: client.purpose.en.clone().into_owned(),
            redirect_uris: client.settings.redirect_uris.clone(),
            post_logout_redirect_uris: client.settings.post_logout_redirect_uris.clone(),
            backchannel_logout_uri: client.backchannel_logout_uri.clone(),
            scopes: client.scopes.text(),
            attests_review: client.settings.attests_review,
        }
    }
}

/// From what was looked at to what is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    pub before: Terms,
    pub after: Terms,
}

impl Edit {
    /// Whether the client gets more than it has: an address where it had none, or a scope.
    pub fn widens(&self) -> bool {
        let (before, after) = (&self.before, &self.after);
        let adds = |before: &[String], after: &[String]| after.iter().any(|uri| !before.contains(uri));
        let had = ScopeSet::stored(&before.scopes);
        adds(&before.redirect_uris, &after.redirect_uris)
            || adds(&before.post_logout_redirect_uris, &after.post_logout_redirect_uris)
            || after.backchannel_logout_uri.is_some() && after.backchannel_logout_uri != before.backchannel_logout_uri
            || after.attests_review && !before.attests_review
            || after.scopes.split(' ').any(|scope| !scope.is_empty() && !had.has(scope))
    }
}

/// Changes a client at once. Nodes see it within a second.
///
/// # Errors
///
/// [`identity::Error::TwoNeeded`] when the client would get more and a member of staff acts alone; else as for
/// [`propose_edit`].
pub async fn edit(work: &mut Work, policy: &UriPolicy, client: &ClientId, edit: &Edit) -> Result<(), Error> {
    if edit.widens() && !matches!(work.actor(), Actor::Operator { .. }) {
        return Err(identity::Error::TwoNeeded.into());
    }
    apply(work, policy, client, edit).await
}

/// Proposes a change by which a client gets more.
///
/// # Errors
///
/// [`Error::ClientUnknown`] when there is none; [`identity::Error::Stale`] when it is not any more as it was looked at,
/// [`identity::Error::Unchanged`] when nothing is different; [`Error::Registration`] naming the field; else as for
/// [`proposal::propose`].
pub async fn propose_edit(
    work: &mut Work,
    policy: &UriPolicy,
    client: &ClientId,
    edit: &Edit,
    reason: &Reason,
) -> Result<(), Error> {
    prepare(work, policy, client, edit).await?;
    proposal::propose(work, EDIT, client.as_str(), edit, reason).await?;
    Ok(())
}

/// Proposes that a stopped client goes on.
///
/// # Errors
///
/// [`Error::ClientUnknown`] when there is none or it goes on; else as for [`proposal::propose`].
pub async fn propose_enable(work: &mut Work, client: &ClientId, reason: &Reason) -> Result<(), Error> {
    let found = queries::by_id(&mut work.tx, client.as_str()).await?;
    if found.is_none_or(|found| found.enabled) {
        return Err(Error::ClientUnknown);
    }
    proposal::propose(work, ENABLE, client.as_str(), &(), reason).await?;
    Ok(())
}

/// Proposes that a client gets another secret.
///
/// # Errors
///
/// [`Error::ClientUnknown`] when there is none or it has no secret; else as for [`proposal::propose`].
pub async fn propose_secret(work: &mut Work, client: &ClientId, reason: &Reason) -> Result<(), Error> {
    let found = queries::by_id(&mut work.tx, client.as_str()).await?;
    if found.is_none_or(|found| found.secret_hash.is_none()) {
        return Err(Error::ClientUnknown);
    }
    proposal::propose(work, RENEW_SECRET, client.as_str(), &(), reason).await?;
    Ok(())
}

/// Does what two operators want of a client. A new secret comes back, to be shown once.
///
/// # Errors
///
/// As for what was proposed, when it cannot be done any more; [`Fault`] when it is none of [`KINDS`].
pub async fn carry_out(
    work: &mut Work,
    policy: &UriPolicy,
    approved: &Approved,
) -> Result<Option<Secret<String>>, Error> {
    let proposal = approved.proposal();
    let client = ClientId::stored(proposal.object.clone());
    match proposal.kind.as_str() {
        EDIT => apply(work, policy, &client, &proposal.change()?).await.map(|()| None),
        ENABLE => register::start(work, &client).await.map(|()| None),
        RENEW_SECRET => register::give_secret(work, &client).await.map(Some),
        other => Err(Fault::broken(format!("{other} is no matter of clients")).into()),
    }
}

async fn apply(work: &mut Work, policy: &UriPolicy, client: &ClientId, edit: &Edit) -> Result<(), Error> {
    let changed = prepare(work, policy, client, edit).await?;
    queries::update(&mut work.tx, &changed).await?;
    revision::bump(&mut work.tx, crate::REVISION).await?;
    let told = |terms: &Terms| serde_json::to_string(terms).map_err(Fault::broken);
    let (before, after) = (told(&edit.before)?, told(&edit.after)?);
    work.record(ClientChanged { client: client.clone(), before, after });
    Ok(())
}

/// The client as it would be, held until the commit.
async fn prepare(work: &mut Work, policy: &UriPolicy, client: &ClientId, edit: &Edit) -> Result<Client, Error> {
    queries::hold(&mut work.tx, client).await?;
    let found = queries::by_id(&mut work.tx, client.as_str()).await?.ok_or(Error::ClientUnknown)?;
    changed(found, policy, edit)
}

/// The client with other terms, if it is still as it was looked at and the rules of registration allow it.
///
/// # Errors
///
/// As for [`propose_edit`].
pub fn changed(found: Client, policy: &UriPolicy, edit: &Edit) -> Result<Client, Error> {
    if Terms::of(&found) != edit.before {
        return Err(identity::Error::Stale.into());
    }
    if edit.before == edit.after {
        return Err(identity::Error::Unchanged.into());
    }
    let after = edit.after.clone();
    let mut settings = found.settings;
    settings.redirect_uris = after.redirect_uris;
    settings.post_logout_redirect_uris = after.post_logout_redirect_uris;
    settings.scopes = after.scopes;
    settings.attests_review = after.attests_review;
    let registration = Registration {
        client_id: found.client_id,
        name: Text::new(after.name_zh, after.name_en),
        purpose: Text::new(after.purpose_zh, after.purpose_en),
        organisation_id: found.organisation_id,
        backchannel_logout_uri: after.backchannel_logout_uri,
        settings,
    };
    let scopes = register::check(&registration, policy)?;
    Ok(Client {
        client_id: registration.client_id,
        name: register::as_shown(&registration.name),
        purpose: register::as_shown(&registration.purpose),
        organisation_id: registration.organisation_id,
        settings: registration.settings,
        scopes,
        backchannel_logout_uri: registration.backchannel_logout_uri,
        enabled: found.enabled,
        secret_hash: found.secret_hash,
    })
}
