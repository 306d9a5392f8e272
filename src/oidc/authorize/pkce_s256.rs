//! PKCE with S256 (RFC 7636). `plain` protects nothing once the request has been read.

use crypto::encoding::base64url_decode;

use super::draft::{AuthorizationRequest, Draft};
use crate::Error;

pub(super) fn check(draft: &Draft<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let method = draft.parameters.get("code_challenge_method");
    request.challenge = match draft.parameters.get("code_challenge") {
        None if request.client.needs_pkce() => return Err(Error::ParameterMissing("code_challenge")),
        None if method.is_some() => return Err(Error::ParameterMissing("code_challenge")),
        None => None,
        Some(_) if method != Some("S256") => return Err(Error::ParameterMalformed("code_challenge_method")),
        Some(challenge) => {
            let digest = base64url_decode(challenge).and_then(|bytes| bytes.try_into().ok());
            Some(digest.ok_or(Error::ParameterMalformed("code_challenge"))?)
        }
    };
    Ok(())
}
