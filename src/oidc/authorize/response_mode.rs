//! The answer travels in the query or in a form; a fragment is for flows that we do not have.

use super::{
    answer::ResponseMode,
    draft::{AuthorizationRequest, Draft},
};
use crate::Error;

pub(super) fn check(draft: &Draft<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    // The state is taken here already, so that even this refusal carries it, and that of a state which is too long: by it
    // the client finds its request again (RFC 6749 §4.1.2.1).
    request.answer_to.state = draft.parameters.get("state").map(str::to_owned);
    request.answer_to.mode = match draft.parameters.get("response_mode") {
        None | Some("query") => ResponseMode::Query,
        Some("form_post") => ResponseMode::FormPost,
        Some(_) => return Err(Error::ResponseModeUnsupported),
    };
    Ok(())
}
