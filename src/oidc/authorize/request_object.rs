//! Request objects are refused: ignoring one would mean answering another request than the one that was signed.

use super::{Draft, Request};
use crate::Error;

pub(super) fn check(draft: &Draft<'_>, _: &mut Request) -> Result<(), Error> {
    if draft.parameters.get("request").is_some() {
        return Err(Error::RequestObject);
    }
    if draft.parameters.get("request_uri").is_some() {
        return Err(Error::RequestUri);
    }
    Ok(())
}
