//! The client is registered and enabled, and says who it is.

use super::draft::{AuthorizationRequest, Draft};
use crate::Error;

pub(super) fn check(draft: &Draft<'_>, _: &mut AuthorizationRequest) -> Result<(), Error> {
    draft.client.as_ref().map(|_| ()).ok_or(Error::ClientUnknown)
}
