//! Only the code flow: everything else puts tokens into addresses.

use super::draft::{AuthorizationRequest, Draft};
use crate::{Error, client::GrantType};

pub(super) fn check(draft: &Draft<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    // Missing is another mistake than unsupported (RFC 6749 §4.1.2.1).
    if draft.parameters.need("response_type")? != "code" {
        return Err(Error::ResponseTypeUnsupported);
    }
    if !request.client.may_use(GrantType::AuthorizationCode) {
        return Err(Error::ClientUnauthorized);
    }
    Ok(())
}
