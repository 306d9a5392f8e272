//! A code becomes tokens, once.

use base::secret;
use crypto::digest::sha256;
use records::{Actor, attempt};

use super::{
    issue::{Issue, Tokens, refresh_limits, sign},
    refresh::Refresh,
};
use crate::{
    Client, Endpoint, Error, GrantFlaw, Parameters,
    client::GrantType,
    code::Code,
    events::{CodeBurnt, CodeRedeemed, CodeReused},
    family::{self, Family, Redemption},
    limits, scope,
    tally::What,
};

pub(super) async fn redeem(endpoint: &Endpoint<'_>, client: &Client, form: &Parameters) -> Result<Tokens, Error> {
    let code = Code::open(endpoint.provider, form.need("code")?).ok_or(flaw(GrantFlaw::CodeUnreadable))?;
    // A challenge is made for one request; a second code for the same one says that the client, or somebody who read
    // its request, uses it again (RFC 9700 §2.1.1). It is written down, not refused: that is for stricter profiles.
    let challenge_reused =
        code.challenge.is_some_and(|challenge| endpoint.provider.challenges().seen_elsewhere(&challenge, &code.family));
    attempt(async || match mistake(endpoint, client, form, &code) {
        None => redeem_once(endpoint, client, &code, challenge_reused).await,
        Some(mistake) => burn(endpoint, client, &code, mistake).await,
    })
    .await
}

/// What is wrong with the request, whoever it comes from. A code that was shown with a mistake is burnt: somebody
/// has it who should not.
fn mistake(endpoint: &Endpoint<'_>, client: &Client, form: &Parameters, code: &Code) -> Option<GrantFlaw> {
    let redirect = sha256(form.get("redirect_uri").unwrap_or_default().as_bytes());
    if code.client != client.client_id.as_str() {
        Some(GrantFlaw::CodeForeign)
    } else if code.expires_at <= endpoint.context.at {
        Some(GrantFlaw::CodeExpired)
    } else if !secret::equal(&redirect, &code.redirect) {
        Some(GrantFlaw::RedirectUriDiffers)
    } else if !verifier_fits(code.challenge.as_ref(), form.get("code_verifier")) {
        Some(GrantFlaw::VerifierWrong)
    } else {
        None
    }
}

/// RFC 7636 §4.6. A verifier without a challenge means that somebody took the challenge away on the way
/// (RFC 9700 §4.8.2).
fn verifier_fits(challenge: Option<&[u8; 32]>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            (43..=128).contains(&verifier.len())
                && verifier.bytes().all(unreserved)
                && secret::equal(&sha256(verifier.as_bytes()), challenge)
        }
        _ => false,
    }
}

async fn redeem_once(
    endpoint: &Endpoint<'_>,
    client: &Client,
    code: &Code,
    challenge_reused: bool,
) -> Result<Tokens, Error> {
    let mut context = endpoint.context.clone();
    context.actor = Actor::Client(client.client_id.to_string());
    let at = context.at;
    let offline = code.scopes.has(scope::OFFLINE_ACCESS) && client.may_use(GrantType::RefreshToken);
    let first = offline.then(|| Refresh::first(&*context.entropy, code));
    let (absolute, idle) = refresh_limits(at);
    let expires_at = if offline { absolute } else { at.plus_seconds(limits::FAMILY_SECONDS) };
    let redemption = Redemption { code, expires_at, refresh: first.as_ref().map(|first| (first.hash.as_str(), idle)) };
    let event = CodeRedeemed {
        family: code.family.clone(),
        client: client.client_id.clone(),
        person: code.person.clone(),
        session: code.session.clone(),
        scopes: code.scopes.text(),
        pkce_reuse: challenge_reused.then_some(true),
    };
    let Some(account) = family::begin(endpoint.database, &context, &redemption, event).await? else {
        let mut work = endpoint.database.begin(context).await?;
        if !family::exists(&mut work.tx, &code.family).await? {
            return Err(flaw(GrantFlaw::SessionOver));
        }
        // Of two who have the same code one has stolen it, and we cannot tell which (RFC 6749 §4.1.2).
        let is_new = family::revoke(&mut work.tx, &code.family, "code_reused", at).await?;
        let (what, owner) = (What::DeadCode(code.family.clone()), client.client_id.as_str());
        let counted = endpoint.provider.tally().count(what, owner, &endpoint.address, at);
        if is_new || counted.tell.is_some() {
            let (family, client) = (code.family.clone(), client.client_id.clone());
            work.record(CodeReused { family, client, count: Some(counted.tell.unwrap_or(1)) });
            work.commit().await?;
        }
        return Err(flaw(GrantFlaw::CodeReused));
    };
    let family = Family {
        name: code.family.clone(),
        client: code.client.clone(),
        person: code.person.clone(),
        account,
        session: code.session.clone(),
        scopes: code.scopes.clone(),
        scopes_stored: code.scopes.text(),
        authenticated_at: code.authenticated_at,
        expires_at,
    };
    let issue = Issue {
        family: &family,
        scopes: &family.scopes,
        nonce: code.nonce.as_deref(),
        refresh_token: first.map(|first| first.token(endpoint.provider, &family)),
    };
    sign(endpoint, client, issue).await
}

async fn burn(endpoint: &Endpoint<'_>, client: &Client, code: &Code, mistake: GrantFlaw) -> Result<Tokens, Error> {
    let mut context = endpoint.context.clone();
    context.actor = Actor::Client(client.client_id.to_string());
    let mut work = endpoint.database.begin(context).await?;
    let at = work.at();
    if family::burn(&mut work.tx, code, "code_burnt", at).await? {
        // Whose code it was, whoever sent it.
        let owner = crate::ClientId::stored(code.client.clone());
        work.record(CodeBurnt { family: code.family.clone(), client: owner, why: mistake.to_string() });
        work.commit().await?;
    }
    Err(flaw(mistake))
}

fn flaw(flaw: GrantFlaw) -> Error {
    Error::GrantInvalid(flaw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_fits_its_own_challenge_only() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            crypto::encoding::base64url(&sha256(verifier.as_bytes())),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        let digest = sha256(verifier.as_bytes());
        let check = |verifier: Option<&str>, fits| assert_eq!(verifier_fits(Some(&digest), verifier), fits);
        check(Some(verifier), true);
        check(None, false);
        check(Some(""), false);
        check(Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), false);
        let fits = |verifier: &str| verifier_fits(Some(&sha256(verifier.as_bytes())), Some(verifier));
        assert!(!fits(&"a".repeat(42)));
        assert!(fits(&"a".repeat(43)));
        assert!(fits(&"a".repeat(128)));
        assert!(!fits(&"a".repeat(129)));
        assert!(!fits(&format!("{} ", "a".repeat(60))));
        assert!(!fits(&format!("{}é", "a".repeat(60))));
        assert!(verifier_fits(None, None));
        assert!(!verifier_fits(None, Some(verifier)));
    }
}
