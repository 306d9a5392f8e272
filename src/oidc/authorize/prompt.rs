//! What the client wants shown.

use super::draft::{AuthorizationRequest, Draft};
use crate::{Error, discovery::PROMPTS};

/// What may or must be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// Nothing: answer at once.
    pub none: bool,
    /// The person proves again who they are. Choosing an account is that too: one browser holds one session.
    pub login: bool,
    /// The person is asked again.
    pub consent: bool,
}

pub(super) fn check(draft: &Draft<'_>, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let words: Vec<&str> =
        draft.parameters.get("prompt").unwrap_or_default().split(' ').filter(|word| !word.is_empty()).collect();
    if words.iter().any(|word| !PROMPTS.contains(word)) || (words.contains(&"none") && words.len() > 1) {
        return Err(Error::ParameterMalformed("prompt"));
    }
    request.prompt = Prompt {
        none: words.contains(&"none"),
        login: words.contains(&"login") || words.contains(&"select_account"),
        consent: words.contains(&"consent"),
    };
    Ok(())
}
