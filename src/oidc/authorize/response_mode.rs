//! The answer travels in the query or in a form; a fragment is for flows that we do not have.

use super::{
    answer::ResponseMode,
    draft::{AuthorizationRequest, Draft},
};
use crate::Error;

pub(super) fn check(draft: &Draft<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    // The state is taken here already, so that even this refusal carries it.
    let state = draft.parameters.at_most("state", crate::limits::STATE_LENGTH_MAX);
    request.answer_to.state = state.ok().flatten().map(str::to_owned);
    request.answer_to.mode = match draft.parameters.get("response_mode") {
        None | Some("query") => ResponseMode::Query,
        Some("form_post") => ResponseMode::FormPost,
        Some(_) => return Err(Error::ResponseModeUnsupported),
    };
    Ok(())
}
