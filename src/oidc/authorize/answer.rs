//! The answer to an authorization request, as it travels back through the browser.

use crate::{Provider, parameters::append};

/// How an answer travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResponseMode {
    /// In a form that the browser sends.
    FormPost,
    /// In the query of the redirect.
    #[default]
    Query,
}

/// Where an answer goes, and what it repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerTo {
    /// The registered address.
    pub redirect_uri: String,
    /// What the client sent along, byte for byte.
    pub state: Option<String>,
    /// How it travels.
    pub mode: ResponseMode,
}

/// What the answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    Code(&'a str),
    /// An error code and a sentence about it.
    Error(&'a str, &'a str),
}

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizationResponse {
    /// Go there.
    Redirect(String),
    /// Send this form there.
    Form {
        /// Where.
        action: String,
        fields: Vec<(&'static str, String)>,
    },
}

impl AnswerTo {
    /// Puts an answer together. Every answer names its issuer (RFC 9207), also an error.
    pub fn answer(&self, provider: &Provider, reply: &Reply<'_>) -> AuthorizationResponse {
        let mut fields: Vec<(&'static str, String)> = Vec::with_capacity(4);
        match reply {
            Reply::Code(code) => fields.push(("code", (*code).to_owned())),
            Reply::Error(error, description) => {
                fields.push(("error", (*error).to_owned()));
                fields.push(("error_description", (*description).to_owned()));
            }
        }
        if let Some(state) = &self.state {
            fields.push(("state", state.clone()));
        }
        fields.push(("iss", provider.issuer_url().to_owned()));
        match self.mode {
            ResponseMode::FormPost => AuthorizationResponse::Form { action: self.redirect_uri.clone(), fields },
            ResponseMode::Query => {
                let mut query = String::new();
                for (name, value) in &fields {
                    append(&mut query, name, value);
                }
                let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
                AuthorizationResponse::Redirect(format!("{}{joint}{query}", self.redirect_uri))
            }
        }
    }
}
