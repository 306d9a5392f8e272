//! The operations with everything they answer.

use base::Text;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::schemas;
use crate::{
    App,
    kit::{limits::IDEMPOTENCY_KEY_BYTES_MAX, rendering, wording::both},
    public::api::{
        applications,
        bodies::{IssueBody, ListQuery, NewVerification, Nothing, Revocation, Suspension},
        leaf::LicenceRef,
        licence, revocations, verdict,
    },
};

const ISSUE: &str = oidc::scope::LICENCE_ISSUE;
const VERIFY: &str = oidc::scope::LICENCE_VERIFY;

/// What may go wrong, by status: its name here, what it means, a header that comes with it.
const PROBLEMS: &[(&str, &str, &Text, &str)] = &[
    ("400", "Unreadable", words::description::UNREADABLE, ""),
    ("401", "Unauthorised", words::description::UNAUTHORISED, "WWW-Authenticate"),
    ("403", "Forbidden", words::description::FORBIDDEN, "WWW-Authenticate"),
    ("404", "NotFound", words::description::NOT_FOUND, ""),
    ("409", "Conflict", words::description::CONFLICT, ""),
    ("413", "TooLarge", words::description::TOO_LARGE, ""),
    ("415", "MediaType", words::description::MEDIA_TYPE, ""),
    ("422", "Refused", words::description::REFUSED, ""),
    ("429", "TooMany", words::description::TOO_MANY, "Retry-After"),
    ("500", "Broken", words::description::BROKEN, ""),
    ("503", "Unavailable", words::description::UNAVAILABLE, "Retry-After"),
];

/// What may go wrong wherever a token is asked for.
const EVERYWHERE: &[&str] = &["401", "403", "429", "500", "503"];

/// The whole description.
pub fn whole(app: &App) -> Value {
    let url = &app.settings.public_url;
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": product(),
            "version": "1",
            "summary": both(words::description::SUMMARY),
            "description": about(),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": url }],
        "paths": paths(),
        "components": {
            "securitySchemes": { "oauth": {
                "type": "oauth2",
                "flows": { "clientCredentials": {
                    "tokenUrl": format!("{url}/token"),
                    "scopes": {
                        ISSUE: both(words::description::SCOPE_ISSUE),
                        VERIFY: both(words::description::SCOPE_VERIFY)
                    }
                } }
            } },
            "schemas": schemas::all(app),
            "responses": responses(),
            "headers": {
                "WWW-Authenticate": { "description": "RFC 6750", "schema": { "type": "string" } },
                "Retry-After": { "description": both(words::description::RETRY_AFTER), "schema": { "type": "integer" } },
                "Idempotency-Replayed": { "description": both(words::description::REPLAYED), "schema": { "const": "true" } }
            },
            "parameters": {
                "id": { "name": "id", "in": "path", "required": true, "schema": schemas::inline::<LicenceRef>() },
                "application_id": {
                    "name": "id", "in": "path", "required": true,
                    "schema": { "type": "string", "pattern": "^app_[0-9A-HJKMNP-TV-Z]{26}$" }
                },
                "revocation_id": {
                    "name": "id", "in": "path", "required": true,
                    "schema": { "type": "string", "pattern": "^rev_[0-9A-HJKMNP-TV-Z]{26}$" }
                },
                "idempotency_key": key(true, words::description::KEY),
                "idempotency_key_optional": key(false, words::description::KEY_OPTIONAL)
            }
        }
    })
}

/// `过所 Guosuo`
fn product() -> String {
    format!("{} {}", words::base::PRODUCT.zh, words::base::PRODUCT.en)
}

fn about() -> String {
    format!("{}\n\n{}", words::description::ABOUT.zh, words::description::ABOUT.en)
}

fn key(required: bool, about: &Text) -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": required, "description": both(about),
        "schema": { "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_BYTES_MAX, "pattern": "^[!#-~]+$" }
    })
}

fn responses() -> Value {
    let content = json!({ "application/problem+json": { "schema": schemas::reference::<rendering::ProblemBody>() } });
    let mut all = serde_json::Map::new();
    for (_, name, description, header) in PROBLEMS {
        let mut response = json!({ "description": both(description), "content": content });
        if let (Some(object), false) = (response.as_object_mut(), header.is_empty()) {
            let reference = json!({ *header: { "$ref": format!("#/components/headers/{header}") } });
            object.insert("headers".to_owned(), reference);
        }
        all.insert((*name).to_owned(), response);
    }
    all.insert("problem".to_owned(), json!({ "description": both(words::description::PROBLEM), "content": content }));
    Value::Object(all)
}

/// One operation: what it is called, who may call it, what it takes.
struct Operation {
    id: &'static str,
    summary: &'static Text,
    scope: &'static str,
    parameters: Value,
    body: Option<Value>,
}

impl Operation {
    /// With the answer that it gives when all went well, and the statuses of what may go wrong besides [`EVERYWHERE`].
    fn answers(self, (status, response): (&str, Value), problems: &[&str]) -> Value {
        let mut answers = json!({ "default": { "$ref": "#/components/responses/problem" }, status: response });
        if let Some(object) = answers.as_object_mut() {
            let may = |code: &str| problems.contains(&code) || EVERYWHERE.contains(&code);
            for (code, name, ..) in PROBLEMS.iter().filter(|(code, ..)| may(code)) {
                let reference = json!({ "$ref": format!("#/components/responses/{name}") });
                object.insert((*code).to_owned(), reference);
            }
        }
        let mut operation = json!({
            "operationId": self.id,
            "summary": both(self.summary),
            "security": [{ "oauth": [self.scope] }],
            "parameters": self.parameters,
            "responses": answers,
        });
        if let (Some(body), Some(object)) = (self.body, operation.as_object_mut()) {
            object.insert("requestBody".to_owned(), body);
        }
        operation
    }
}

fn content<T: JsonSchema>() -> Value {
    json!({ "application/json": { "schema": schemas::reference::<T>() } })
}

fn ok(content: &Value) -> Value {
    json!({ "description": "OK", "content": content })
}

/// An answer that is given again to a repeated request.
fn kept(content: &Value, more: &[(&str, &Text)]) -> Value {
    let mut headers = json!({ "Idempotency-Replayed": { "$ref": "#/components/headers/Idempotency-Replayed" } });
    if let Some(object) = headers.as_object_mut() {
        for (name, description) in more {
            object.insert(
                (*name).to_owned(),
                json!({ "description": both(description), "schema": { "type": "string" } }),
            );
        }
    }
    json!({ "description": "OK", "content": content, "headers": headers })
}

fn body<T: JsonSchema>() -> Value {
    json!({ "required": true, "content": content::<T>() })
}

fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn read(id: &'static str, summary: &'static Text, parameters: Value) -> Operation {
    Operation { id, summary, scope: ISSUE, parameters, body: None }
}

fn act<T: JsonSchema>(id: &'static str, summary: &'static Text) -> Value {
    let parameters = json!([parameter("id"), parameter("idempotency_key")]);
    let operation = Operation { id, summary, scope: ISSUE, parameters, body: Some(body::<T>()) };
    let problems = ["400", "404", "409", "413", "415", "422"];
    operation.answers(("200", kept(&content::<licence::Body>(), &[])), &problems)
}

fn paths() -> Value {
    let list = query_parameters::<ListQuery>();
    json!({
        "/api/v1/applications/{id}": {
            "get": read("readApplication", words::description::APPLICATION, json!([parameter("application_id")]))
                .answers(("200", ok(&content::<applications::Body>())), &["404"])
        },
        "/api/v1/licences": {
            "get": read("listLicences", words::description::LIST, list)
                .answers(("200", ok(&content::<licence::List>())), &["400", "422"]),
            "post": issue()
        },
        "/api/v1/licences/{id}": {
            "get": read("readLicence", words::description::SHOW, json!([parameter("id")]))
                .answers(("200", ok(&content::<licence::Body>())), &["404"])
        },
        "/api/v1/licences/{id}/file.pdf": {
            "get": read("readFile", words::description::FILE, json!([parameter("id")]))
                .answers(("200", ok(&json!({ "application/pdf": {} }))), &["404"])
        },
        "/api/v1/licences/{id}/suspend": { "post": act::<Suspension>("suspend", words::description::SUSPEND) },
        "/api/v1/licences/{id}/reinstate": { "post": act::<Nothing>("reinstate", words::description::REINSTATE) },
        "/api/v1/licences/{id}/revoke": { "post": revoke() },
        "/api/v1/revocations/{id}": {
            "get": read("readRevocation", words::description::REVOCATION, json!([parameter("revocation_id")]))
                .answers(("200", ok(&content::<revocations::Body>())), &["404"])
        },
        "/api/v1/verifications": { "post": verify() }
    })
}

/// The parameters of a query, from the type that reads it.
fn query_parameters<T: JsonSchema>() -> Value {
    let schema = schemas::inline::<T>();
    let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let parameters = members.map(|(name, schema)| {
        let mut schema = schema.clone();
        let mut parameter = json!({ "name": name, "in": "query" });
        if let (Some(whole), Some(own)) = (parameter.as_object_mut(), schema.as_object_mut()) {
            whole.extend(own.remove_entry("description"));
            // What is not in a query is left out; there is no null in an address.
            if let Some(kinds) = own.get_mut("type").filter(|kinds| kinds.is_array()) {
                *kinds = kinds.get(0).cloned().unwrap_or_default();
            }
            if let Some(choices) = own.get_mut("enum").and_then(Value::as_array_mut) {
                choices.retain(|choice| !choice.is_null());
            }
            whole.insert("schema".to_owned(), schema);
        }
        parameter
    });
    parameters.collect()
}

fn issue() -> Value {
    let parameters = json!([parameter("idempotency_key")]);
    let summary = words::description::ISSUE;
    let operation = Operation { id: "issue", summary, scope: ISSUE, parameters, body: Some(body::<IssueBody>()) };
    let problems = ["400", "409", "413", "415", "422"];
    let location = ("Location", words::description::LOCATION);
    let operation = operation.answers(("201", kept(&content::<licence::Body>(), &[location])), &problems);
    or_accepted::<applications::Body>(operation, (words::description::PROPOSED, words::description::LOCATION))
}

fn revoke() -> Value {
    let operation = act::<Revocation>("revoke", words::description::REVOKE);
    let location = words::description::REVOCATION_LOCATION;
    or_accepted::<revocations::Body>(operation, (words::description::REVOCATION_PROPOSED, location))
}

/// With the other answer of an operation that two people may have to decide.
fn or_accepted<T: JsonSchema>(mut operation: Value, (about, location): (&Text, &Text)) -> Value {
    let mut accepted = kept(&content::<T>(), &[("Location", location)]);
    if let Some(object) = accepted.as_object_mut() {
        object.insert("description".to_owned(), json!(both(about)));
    }
    if let Some(answers) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        answers.insert("202".to_owned(), accepted);
    }
    operation
}

fn verify() -> Value {
    let upload = json!({
        "type": "object", "required": ["file"], "additionalProperties": false,
        "properties": { "file": { "type": "string", "minLength": 1, "contentMediaType": "application/pdf" } }
    });
    let body = json!({ "required": true, "content": {
        "application/json": { "schema": schemas::reference::<NewVerification>() },
        "multipart/form-data": { "schema": upload }
    } });
    let operation = Operation {
        id: "verify",
        summary: words::description::VERIFY,
        scope: VERIFY,
        parameters: json!([parameter("idempotency_key_optional")]),
        body: Some(body),
    };
    let problems = ["400", "413", "415", "422"];
    operation.answers(("200", kept(&content::<verdict::Body>(), &[])), &problems)
}
