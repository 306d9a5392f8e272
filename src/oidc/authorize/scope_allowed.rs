//! The client may ask for every scope that we have, and a person can give it; others are ignored.

use super::draft::{AuthorizationRequest, Draft};
use crate::{
    Error,
    scope::{self, Reach, ScopeSet},
};

pub(super) fn check(draft: &Draft<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let scopes = ScopeSet::asked(draft.parameters.get("scope").unwrap_or_default())?;
    let of_a_person = scopes.iter().all(|scope| scope.reach == Reach::Person);
    if !of_a_person || !request.client.scopes.covers(&scopes) {
        return Err(Error::ScopeNotAllowed);
    }
    // Without `openid` nothing would say who signed in, and every claim of ours is about that.
    if !scopes.has(scope::OPENID) {
        return Err(Error::ScopeOpenidMissing);
    }
    request.scopes = scopes;
    Ok(())
}
