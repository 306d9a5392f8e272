//! The redirect URI is a registered one, byte for byte. It is always required: with one registered URI left out
//! today, the second one registered tomorrow would break the client.

use super::draft::{AuthorizationRequest, Draft};
use crate::Error;

pub(super) fn check(draft: &Draft<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let uri = draft.parameters.need("redirect_uri")?;
    if !request.client.redirects_to(uri) {
        return Err(Error::RedirectUriUnregistered);
    }
    uri.clone_into(&mut request.answer_to.redirect_uri);
    Ok(())
}
