//! State and nonce come back byte for byte, so they may only be so long; and the whole request waits in an address.

use super::draft::{AuthorizationRequest, Draft};
use crate::{Error, limits};

pub(super) fn check(draft: &Draft<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    draft.parameters.at_most("state", limits::STATE_LENGTH_MAX)?;
    request.nonce = draft.parameters.at_most("nonce", limits::NONCE_LENGTH_MAX)?.map(str::to_owned);
    if request.kept.len() > limits::PARKED_LENGTH_MAX {
        return Err(Error::ParametersTooLong);
    }
    Ok(())
}
