//! Only the code flow: everything else puts tokens into addresses.

use super::{Draft, Request};
use crate::{Error, client::GrantType};

pub(super) fn check(draft: &Draft<'_>, request: &mut Request) -> Result<(), Error> {
    if draft.parameters.get("response_type") != Some("code") {
        return Err(Error::ResponseTypeUnsupported);
    }
    if !request.client.may_use(GrantType::AuthorizationCode) {
        return Err(Error::ClientUnauthorized);
    }
    Ok(())
}
