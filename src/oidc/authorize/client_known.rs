//! The client is registered and enabled, and says who it is.

use super::{Draft, Request};
use crate::Error;

pub(super) fn check(draft: &Draft<'_>, _: &mut Request) -> Result<(), Error> {
    draft.client.as_ref().map(|_| ()).ok_or(Error::ClientUnknown)
}
