//! AuthorizationRequest objects are refused: ignoring one would mean answering another request than the one that was signed. A
//! client that registers itself on the way is refused too (OpenID Connect Core 1.0 §7.2.1): nobody approved it.

use super::draft::{AuthorizationRequest, Draft};
use crate::Error;

pub(super) fn check(draft: &Draft<'_>, _: &mut AuthorizationRequest) -> Result<(), Error> {
    if draft.parameters.get("request").is_some() {
        return Err(Error::RequestObject);
    }
    if draft.parameters.get("request_uri").is_some() {
        return Err(Error::RequestUri);
    }
    if draft.parameters.get("registration").is_some() {
        return Err(Error::RegistrationInRequest);
    }
    Ok(())
}
