//! The one mapping of `oidc`'s errors to OAuth codes and pages.

use axum::response::{IntoResponse, Response};
use base::{Text, fault::FaultKind};
use http::{HeaderValue, StatusCode, header};
use oidc::Error;

use crate::{
    Problem,
    kit::{problem::Reason, wording::registration_flaw},
};

/// The OAuth code of an error and the status of a JSON answer that says it.
pub fn code(error: &Error) -> (StatusCode, &'static str) {
    use StatusCode as S;
    match error {
        // The second: nobody changes a client by the protocol.
        Error::AccessDenied | Error::Identity(_) => (S::FORBIDDEN, "access_denied"),
        Error::AccessTokenInvalid => (S::UNAUTHORIZED, "invalid_token"),
        Error::AccessTokenMissing => (S::UNAUTHORIZED, "invalid_request"),
        Error::ClientAuthentication => (S::UNAUTHORIZED, "invalid_client"),
        Error::ClientExists => (S::CONFLICT, "invalid_client_metadata"),
        Error::ClientUnauthorized => (S::BAD_REQUEST, "unauthorized_client"),
        Error::ClientUnknown => (S::BAD_REQUEST, "invalid_client"),
        Error::ConsentRequired => (S::BAD_REQUEST, "consent_required"),
        Error::Fault(fault) if fault.kind() == FaultKind::Broken => (S::INTERNAL_SERVER_ERROR, "server_error"),
        Error::Fault(_) => (S::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
        Error::GrantInvalid(_) => (S::BAD_REQUEST, "invalid_grant"),
        Error::GrantTypeUnsupported => (S::BAD_REQUEST, "unsupported_grant_type"),
        Error::InteractionExpired => (S::BAD_REQUEST, "interaction_expired"),
        Error::InteractionForeign => (S::BAD_REQUEST, "session_mismatch"),
        Error::LoginRequired => (S::BAD_REQUEST, "login_required"),
        Error::RedirectUriUnregistered | Error::Registration { field: "redirect_uris", .. } => {
            (S::BAD_REQUEST, "invalid_redirect_uri")
        }
        Error::Registration { .. } => (S::BAD_REQUEST, "invalid_client_metadata"),
        Error::RegistrationInRequest => (S::BAD_REQUEST, "registration_not_supported"),
        Error::RequestObject => (S::BAD_REQUEST, "request_not_supported"),
        Error::RequestUri => (S::BAD_REQUEST, "request_uri_not_supported"),
        Error::ResponseTypeUnsupported => (S::BAD_REQUEST, "unsupported_response_type"),
        Error::ScopeMissing(_) => (S::FORBIDDEN, "insufficient_scope"),
        Error::ScopeNotAllowed | Error::ScopeOpenidMissing => (S::BAD_REQUEST, "invalid_scope"),
        Error::WrongSecrets => (S::TOO_MANY_REQUESTS, "invalid_client"),
        Error::AccessTokenTwice
        | Error::ClientAuthenticatedTwice
        | Error::ParameterMalformed(_)
        | Error::ParameterMissing(_)
        | Error::ParameterRepeated
        | Error::ParametersTooLong
        | Error::ParametersUnreadable
        | Error::ResponseModeUnsupported
        | Error::SecretInAddress => (S::BAD_REQUEST, "invalid_request"),
    }
}

/// What a program reads beside the code. Ours to repair stays ours.
pub fn description(error: &Error) -> String {
    match error {
        Error::Fault(_) => "something failed on our side".to_owned(),
        other => other.to_string(),
    }
}

/// An error as the token endpoint and userinfo answer it.
pub fn json(error: &Error) -> Response {
    let (status, code) = code(error);
    let body = serde_json::json!({ "error": code, "error_description": description(error) });
    let mut response = (status, body.to_string()).into_response();
    if let Error::Fault(fault) = error {
        response.extensions_mut().insert(Reason(fault.to_string()));
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    let challenge = match error {
        Error::ClientAuthentication => Some(r#"Basic realm="guosuo", charset="UTF-8""#.to_owned()),
        Error::AccessTokenMissing => Some(r#"Bearer realm="guosuo""#.to_owned()),
        Error::AccessTokenInvalid => Some(format!(r#"Bearer error="{code}""#)),
        Error::ScopeMissing(scope) => Some(format!(r#"Bearer error="{code}", scope="{scope}""#)),
        _ => None,
    };
    if let Some(challenge) = challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    let wait = match error {
        Error::WrongSecrets => Some(60),
        Error::Fault(_) if status == StatusCode::SERVICE_UNAVAILABLE => Some(1),
        _ => None,
    };
    if let Some(seconds) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

impl From<Error> for Problem {
    /// For pages and for the API, which answer in our own words.
    fn from(error: Error) -> Self {
        let (status, code) = code(&error);
        match error {
            Error::Fault(fault) => Self::Fault(fault),
            Error::Identity(error) => error.into(),
            Error::AccessTokenInvalid => Self::TokenInvalid,
            Error::AccessTokenMissing => Self::TokenMissing,
            Error::ScopeMissing(scope) => Self::TokenScope(scope),
            error => Self::Domain { status, code, text: words(&error) },
        }
    }
}

/// What a person reads: what is true, and what to do.
pub fn words(error: &Error) -> Text {
    match error {
        Error::ClientUnknown => words::oidc_problem::CLIENT_UNKNOWN.clone(),
        Error::RedirectUriUnregistered => words::oidc_problem::REDIRECT_URI_UNREGISTERED.clone(),
        Error::InteractionExpired => words::oidc_problem::INTERACTION_EXPIRED.clone(),
        Error::InteractionForeign => words::oidc_problem::INTERACTION_FOREIGN.clone(),
        Error::ParameterRepeated | Error::ParametersTooLong | Error::ParametersUnreadable => {
            words::oidc_problem::UNREADABLE.clone()
        }
        Error::Registration { field, flaw } => registration_flaw(field, flaw, &[]),
        error => {
            let (_, code) = code(error);
            words::oidc_problem::other(code, error)
        }
    }
}
