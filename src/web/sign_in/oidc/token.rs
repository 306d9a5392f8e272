//! `POST /token`.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use oidc::{
    Endpoint, Error,
    token::{self, TokenRequest, Tokens},
};
use records::Actor;

use super::{error, parameters};
use crate::{App, kit::visit};

/// Codes, refresh tokens and secrets become tokens.
pub async fn answer(State(app): State<App>, visit::Of(visit): visit::Of, request: Request) -> Response {
    match tokens(&app, &visit, request).await {
        Ok(tokens) => as_json(&tokens),
        Err(error) => error::json(&error),
    }
}

async fn tokens(app: &App, visit: &visit::Visit, request: Request) -> Result<Tokens, Error> {
    let query = request.uri().query().map(str::to_owned);
    let authorization = match request.headers().get(header::AUTHORIZATION) {
        None => None,
        Some(value) => Some(value.to_str().map_err(|_| Error::ClientAuthentication)?.to_owned()),
    };
    let form = parameters::form(request).await?;
    let endpoint = Endpoint {
        provider: &app.provider,
        database: &app.database,
        context: app.context(visit, Actor::Anonymous),
        address: visit.address.to_string(),
    };
    let request = TokenRequest { form: &form, query: query.as_deref(), authorization: authorization.as_deref() };
    token::answer(&endpoint, &request).await
}

fn as_json(tokens: &Tokens) -> Response {
    match serde_json::to_string(tokens) {
        Ok(body) => {
            let mut response = body.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
            response
        }
        Err(error) => error::json(&Error::Fault(base::Fault::broken(error))),
    }
}
