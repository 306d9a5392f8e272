//! Reading the parameters of protocol requests.

use axum::extract::Request;
use http::header;
use oidc::{Error, Parameters, limits};

use crate::kit::form::read_body;

/// The form of a request, as text: what came in the body and nothing else.
///
/// # Errors
///
/// [`Error::ParametersUnreadable`] when it is no urlencoded form, too long or not UTF-8. Nothing at all is a form
/// without fields.
pub async fn form_text(request: Request) -> Result<String, Error> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if !is_form && !kind.is_empty() {
        return Err(Error::ParametersUnreadable);
    }
    let body = read_body(request, limits::PARAMETERS_LENGTH_MAX).await.map_err(|_| Error::ParametersUnreadable)?;
    if !is_form && !body.is_empty() {
        return Err(Error::ParametersUnreadable);
    }
    String::from_utf8(body.to_vec()).map_err(|_| Error::ParametersUnreadable)
}

/// The parameters of the form of a request.
///
/// # Errors
///
/// As [`form_text`], and [`Error::ParameterRepeated`] when a name stands there twice.
pub async fn form(request: Request) -> Result<Parameters, Error> {
    Parameters::parse(&form_text(request).await?)
}
