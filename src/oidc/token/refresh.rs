//! A refresh token becomes the next one.
//!
//! The next token is computed from the one presented, so that a client which did not hear the answer gets the same
//! one again within ten seconds. Later, an old token is a stolen one.

use base::{Entropy, Instant};
use crypto::{
    digest::{hex, sha256},
    encoding::{base64url, base64url_decode},
};
use records::{Actor, Context, attempt};

use super::issue::{Issue, Tokens, sign};
use crate::{
    Client, Endpoint, Error, GrantFlaw, Parameters, Provider,
    code::Code,
    events::{FamilyChanged, RefreshReused, TokenRefreshed},
    family::{self, Family, Rotation, Standing},
    limits,
    scope::{self, ScopeSet},
};

/// A refresh token: family, secret, what the family is bound to ([`Family::bound`]), and a mark that only we can make, so
/// that nobody can end a family by inventing an "old" token of it.
pub(super) struct Refresh {
    family: String,
    secret: [u8; 32],
    /// As it is stored.
    pub hash: String,
}

impl Refresh {
    fn new(family: &str, secret: [u8; 32]) -> Self {
        Self { family: family.to_owned(), secret, hash: hex(&sha256(&secret)) }
    }

    /// The first refresh token of a family.
    pub(super) fn first(entropy: &dyn Entropy, code: &Code) -> Self {
        Self::new(&code.family, entropy.bytes::<32>())
    }

    /// As the client holds it, good for what the family is now.
    pub(super) fn token(&self, provider: &Provider, family: &Family) -> String {
        let bound = family.bound();
        let mark = mark(provider, MARK, &self.family, &self.secret, &bound);
        format!("{}.{}", self.family, base64url(&[&self.secret[..], &bound, &mark].concat()))
    }

    fn next(&self, provider: &Provider) -> Self {
        Self::new(&self.family, provider.refresh_mac(&[b"next\0", self.family.as_bytes(), b"\0", &self.secret]))
    }
}

/// A refresh token that a client presents.
struct Presented {
    refresh: Refresh,
    /// What the family was when the token was made.
    bound: [u8; 16],
    /// Whether an older version made it.
    is_older: bool,
}

impl Presented {
    fn parse(provider: &Provider, token: &str) -> Option<Self> {
        if token.len() > limits::TOKEN_LENGTH_MAX {
            return None;
        }
        let (family, rest) = token.split_once('.')?;
        let bytes = base64url_decode(rest)?;
        let (secret, rest) = bytes.split_first_chunk::<32>()?;
        let (bound, given) = rest.split_first_chunk::<16>()?;
        let is_ours = |label| base::secret::equal(&mark(provider, label, family, secret, bound), given);
        let is_older = !is_ours(MARK);
        let is_known = !is_older || is_ours(MARK_BEFORE);
        is_known.then(|| Self { refresh: Refresh::new(family, *secret), bound: *bound, is_older })
    }

    /// Whether the row of a family says what it said when the token was made: what the owner of the database writes into
    /// it gets no token.
    fn check(&self, family: &Family) -> Result<(), Error> {
        let bound = if self.is_older { family.bound_before() } else { family.bound() };
        if bound == self.bound { Ok(()) } else { Err(Error::GrantInvalid(GrantFlaw::FamilyChanged)) }
    }
}

/// What marks are made for: a token says in which words its family is told.
const MARK: &[u8] = b"mark 2\0";
const MARK_BEFORE: &[u8] = b"mark\0";

fn mark(provider: &Provider, label: &[u8], family: &str, secret: &[u8; 32], bound: &[u8; 16]) -> [u8; 16] {
    let mac = provider.refresh_mac(&[label, family.as_bytes(), b"\0", secret, bound]);
    mac.first_chunk::<16>().copied().unwrap_or_default()
}

pub(super) async fn exchange(endpoint: &Endpoint<'_>, client: &Client, form: &Parameters) -> Result<Tokens, Error> {
    let presented = form.need("refresh_token")?;
    let presented =
        Presented::parse(endpoint.provider, presented).ok_or(Error::GrantInvalid(GrantFlaw::RefreshUnreadable))?;
    let narrowed = form.get("scope").map(ScopeSet::asked).transpose()?;
    // Taken from the client since: what it has offline is dead.
    if !client.scopes.has(scope::OFFLINE_ACCESS) {
        return Err(Error::GrantInvalid(GrantFlaw::RefreshExpired));
    }
    let exchanged = attempt(async || exchange_once(endpoint, client, &presented, narrowed.as_ref()).await).await;
    if matches!(exchanged, Err(Error::GrantInvalid(GrantFlaw::FamilyChanged))) {
        attempt(async || end_changed(endpoint, client, &presented.refresh.family).await).await?;
    }
    exchanged
}

/// Nothing that came out of a family which was changed past the product counts any more.
async fn end_changed(endpoint: &Endpoint<'_>, client: &Client, family: &str) -> Result<(), Error> {
    let actor = Actor::Client(client.client_id.to_string());
    let mut work = endpoint.database.begin(Context { actor, ..endpoint.context.clone() }).await?;
    let at = work.at();
    if family::revoke(&mut work.tx, family, "row_changed", at).await? {
        work.record(FamilyChanged { family: family.to_owned(), client: client.client_id.clone() });
        work.commit().await?;
    }
    Ok(())
}

async fn exchange_once(
    endpoint: &Endpoint<'_>,
    client: &Client,
    presented: &Presented,
    narrowed: Option<&ScopeSet>,
) -> Result<Tokens, Error> {
    let mut context = endpoint.context.clone();
    context.actor = Actor::Client(client.client_id.to_string());
    let at = context.at;
    let Presented { refresh, .. } = presented;
    let next = refresh.next(endpoint.provider);
    let rotation = Rotation {
        family: &refresh.family,
        client: &client.client_id,
        presented_hash: &refresh.hash,
        next_hash: &next.hash,
        idle_until: at.plus_seconds(limits::REFRESH_IDLE_SECONDS),
    };
    // The usual case: everything the family holds, in one statement. What asks for less is looked at before it counts.
    if narrowed.is_none() {
        let event = refreshed(client, &refresh.family, None);
        if let Some(family) = family::rotate(endpoint.database, &context, &rotation, event).await? {
            presented.check(&family)?;
            let held = held(client, &family);
            let token = next.token(endpoint.provider, &family);
            let issue = Issue { family: &family, scopes: &held, nonce: None, refresh_token: Some(token) };
            return sign(endpoint, client, issue).await;
        }
    }
    let mut work = endpoint.database.begin(context).await?;
    let family = if let Some(family) = family::rotate_within(&mut work, &rotation).await? {
        work.record(refreshed(client, &family.name, None));
        family
    } else {
        let standing = family::standing(&mut work.tx, &refresh.family).await?;
        match judge(client, refresh, standing, at) {
            Judgement::Again(family) => {
                work.record(refreshed(client, &family.name, Some(true)));
                family
            }
            Judgement::Refused(flaw) => return Err(Error::GrantInvalid(flaw)),
            Judgement::Stolen => {
                family::revoke(&mut work.tx, &refresh.family, "refresh_reused", at).await?;
                work.record(RefreshReused { family: refresh.family.clone(), client: client.client_id.clone() });
                work.commit().await?;
                return Err(Error::GrantInvalid(GrantFlaw::RefreshReused));
            }
        }
    };
    presented.check(&family)?;
    // What it asks for beyond the family undoes the exchange.
    let held = held(client, &family);
    let scopes = match narrowed {
        Some(wanted) if wanted.is_empty() || !held.covers(wanted) => return Err(Error::ScopeNotAllowed),
        Some(wanted) => wanted,
        None => &held,
    };
    work.commit().await?;
    let token = next.token(endpoint.provider, &family);
    let issue = Issue { family: &family, scopes, nonce: None, refresh_token: Some(token) };
    sign(endpoint, client, issue).await
}

/// What a family holds; what the client may no longer ask for falls away.
fn refreshed(client: &Client, family: &str, again: Option<bool>) -> TokenRefreshed {
    TokenRefreshed { family: family.to_owned(), client: client.client_id.clone(), again }
}

fn held(client: &Client, family: &Family) -> ScopeSet {
    family.scopes.only(|name| client.scopes.has(name))
}

/// What a refresh token is worth that is not the current one of a live family.
enum Judgement {
    /// Its successor was lost on the way: once more the same.
    Again(Family),
    Refused(GrantFlaw),
    Stolen,
}

fn judge(client: &Client, presented: &Refresh, standing: Option<Standing>, at: Instant) -> Judgement {
    let Some(standing) = standing.filter(|standing| standing.client_id == client.client_id.as_str()) else {
        return Judgement::Refused(GrantFlaw::RefreshUnreadable);
    };
    let over = |until: Option<i64>| until.is_none_or(|until| until <= at.as_micros());
    if standing.live == 0 || over(Some(standing.expires_at)) || over(standing.idle_until) {
        return Judgement::Refused(GrantFlaw::RefreshExpired);
    }
    let is = |hash: &Option<String>| hash.as_deref() == Some(presented.hash.as_str());
    // The current one of a live family: it was rotated back and forth while we looked. The client may try again.
    if is(&standing.refresh_hash) {
        return Judgement::Refused(GrantFlaw::RefreshExpired);
    }
    let recent = standing
        .refreshed_at
        .is_some_and(|then| at.seconds_since(Instant::from_micros(then)) < limits::REFRESH_GRACE_SECONDS);
    if is(&standing.refresh_hash_before) && recent { Judgement::Again(standing.family()) } else { Judgement::Stolen }
}
