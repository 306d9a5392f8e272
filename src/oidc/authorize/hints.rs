//! Hints: whom the client expects, in which language. All but `id_token_hint` may be wrong without harm.

use super::draft::{AuthorizationRequest, Draft};
use crate::{Error, id_token, limits};

pub(super) fn check(draft: &Draft<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    draft.parameters.at_most("ui_locales", limits::HINT_LENGTH_MAX)?;
    let login_hint = draft.parameters.at_most("login_hint", limits::LOGIN_HINT_LENGTH_MAX)?;
    request.login_hint = login_hint.map(str::to_owned);
    if let Some(token) = draft.parameters.get("id_token_hint") {
        // A hint that we cannot read names somebody we cannot find: never silently another person.
        let hint = id_token::hint(draft.provider, token).ok_or(Error::LoginRequired)?;
        if hint.client != request.client.client_id.as_str() {
            return Err(Error::LoginRequired);
        }
        request.expected_subject = Some(hint.subject);
    }
    Ok(())
}
