//! How old the sign-in may be.

use super::draft::{AuthorizationRequest, Draft};
use crate::Error;

pub(super) fn check(draft: &Draft<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.max_age = match draft.parameters.get("max_age") {
        None => None,
        Some(text) => {
            let seconds = text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
            Some(i64::from(seconds.ok_or(Error::ParameterMalformed("max_age"))?))
        }
    };
    Ok(())
}
