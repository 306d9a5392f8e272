//! What the checks look at, and what they make of it.

use std::sync::Arc;

use super::{answer::AnswerTo, prompt::Prompt};
use crate::{Client, Parameters, Provider, scope::ScopeSet};

/// What the checks look at.
pub(crate) struct Draft<'a> {
    pub(super) provider: &'a Provider,
    pub(super) client: Option<Arc<Client>>,
    pub(super) parameters: &'a Parameters,
}

/// An authorization request that passed the checks.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client: Arc<Client>,
    /// Where the answer goes.
    pub answer_to: AnswerTo,
    /// What is asked for.
    pub scopes: ScopeSet,
    /// What the ID token repeats.
    pub(crate) nonce: Option<String>,
    /// The PKCE challenge.
    pub challenge: Option<[u8; 32]>,
    /// What may be shown.
    pub(crate) prompt: Prompt,
    /// How long ago the person may have proved who they are, in seconds.
    pub(crate) max_age: Option<i64>,
    /// Whom the client expects, as it knows them.
    pub(crate) expected_subject: Option<String>,
    /// What to put into the field for the name.
    pub login_hint: Option<String>,
    /// The parameters to park while the person is busy.
    pub(crate) kept: String,
}
