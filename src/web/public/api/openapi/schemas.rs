//! What goes in and what comes out.

use base::Text;
use licence::{
    Standing,
    field::{FieldKind, Source},
    licence_type::{LicenceType, Validity},
    reason::{RevocationReason, SuspensionReason},
};
use serde_json::{Value, json};

use crate::{App, kit::limits::NUMBER_CHARACTERS_MAX};

/// A body that issues a licence.
pub fn example() -> Value {
    serde_json::from_str(include_str!("example.json")).unwrap_or_default()
}

/// A description in both languages.
pub fn both(text: &Text) -> String {
    format!("{} / {}", text.zh, text.en)
}

/// The identifier of one of our objects.
pub fn id(prefix: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^{prefix}_[0-9A-HJKMNP-TV-Z]{{26}}$") })
}

/// An object whose members are all there.
fn object(properties: &Value) -> Value {
    let names: Vec<String> = properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

/// The same, or null.
fn or_null(mut schema: Value) -> Value {
    if let Some(members) = schema.as_object_mut() {
        let kind = members.get("type").cloned().unwrap_or_default();
        members.insert("type".to_owned(), json!([kind, "null"]));
    }
    schema
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn date() -> Value {
    json!({ "type": "string", "format": "date" })
}

fn instant() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// All of them by their names.
pub fn all(app: &App) -> Value {
    let reasons = |codes: Vec<&str>| {
        json!({
            "type": "object", "additionalProperties": false, "required": ["reason"],
            "properties": { "reason": { "enum": codes } }
        })
    };
    json!({
        "Text": object(&json!({ "zh": text(), "en": text() })),
        "Licence": licence(),
        "LicencePage": object(&json!({
            "items": { "type": "array", "items": reference("Licence") }, "next_cursor": or_null(id("lic"))
        })),
        "NewLicence": new_licence(app),
        "Suspension": reasons(SuspensionReason::ALL.iter().map(|reason| reason.code()).collect()),
        "Revocation": reasons(RevocationReason::ALL.iter().map(|reason| reason.code()).collect()),
        "Nothing": { "type": "object", "additionalProperties": false },
        "NewVerification": new_verification(),
        "Verdict": verdict(),
        "Problem": problem()
    })
}

fn licence() -> Value {
    let standings: Vec<_> = Standing::ALL.iter().map(|standing| standing.as_str()).collect();
    object(&json!({
        "id": id("lic"),
        "identifier": { "type": "string", "description": both(words::description::LICENCE_IDENTIFIER) },
        "number": { "type": "string", "description": both(words::description::NUMBER) },
        "version": { "type": "integer", "minimum": 1, "maximum": 999 },
        "code": { "type": "string", "pattern": "^[0-9]{21}$" },
        "type": object(&json!({ "code": text(), "version": { "type": "integer" }, "name": reference("Text") })),
        "status": { "enum": standings },
        "reason": or_null(object(&json!({ "code": text(), "text": reference("Text") }))),
        "issuer": object(&json!({ "id": id("org"), "name": text() })),
        "holder": object(&json!({
            "kind": { "enum": ["person", "organisation"] },
            "name": { "type": "string", "description": both(words::description::MASKED) }
        })),
        "valid_from": date(),
        "valid_until": or_null(date()),
        "issued_at": instant(),
        "changed_at": instant(),
        "renews": or_null(id("lic")),
        "pdf_url": text(),
        "verify_url": text()
    }))
}

fn new_licence(app: &App) -> Value {
    let catalogue = app.library.catalogue.now();
    let types: Vec<_> = catalogue.all_published().iter().map(|found| of_type(found)).collect();
    let only = |name: &str, about: &Text| {
        json!({
            "type": "object", "additionalProperties": false, "required": [name],
            "properties": { name: { "type": "string", "description": both(about) } }
        })
    };
    json!({
        "type": "object", "additionalProperties": false, "required": ["type", "holder", "fields", "clerk", "reviewer"],
        "properties": {
            "type": { "type": "string", "description": both(words::description::TYPE_CODE) },
            "holder": { "oneOf": [
                only("identity_number", words::description::IDENTITY_NUMBER),
                only("credit_code", words::description::CREDIT_CODE)
            ] },
            "fields": { "type": "object", "additionalProperties": { "type": ["string", "null"] } },
            "valid_from": or_null(date()),
            "valid_until": or_null(date()),
            "renews": { "type": ["string", "null"], "description": both(words::description::RENEWS) },
            "clerk": { "type": "string", "description": both(words::description::CLERK) },
            "reviewer": { "type": "string", "description": both(words::description::REVIEWER) }
        },
        "anyOf": types,
        "examples": [example()]
    })
}

fn new_verification() -> Value {
    let number = |about: &Text| json!({ "type": "string", "pattern": "\\S", "maxLength": NUMBER_CHARACTERS_MAX, "description": both(about) });
    let code = number(words::description::CODE);
    let identifier = number(words::description::IDENTIFIER);
    json!({ "oneOf": [
        { "type": "object", "additionalProperties": false, "required": ["code"], "properties": { "code": code } },
        { "type": "object", "additionalProperties": false, "required": ["identifier"], "properties": { "identifier": identifier } }
    ] })
}

fn verdict() -> Value {
    let standings: Vec<_> = Standing::ALL.iter().map(|standing| standing.as_str()).collect();
    let shown = object(&json!({
        "identifier": text(),
        "type": { "type": "string", "description": both(words::description::TYPE_NAME) },
        "status": { "enum": standings },
        "holder": { "type": "string", "description": both(words::description::MASKED) },
        "issuer": text(),
        "valid_from": date(),
        "valid_until": or_null(date())
    }));
    let check = object(&json!({
        "code": text(), "result": { "enum": ["passed", "failed", "not_done"] }, "text": reference("Text")
    }));
    let signature = object(&json!({
        "indication": { "enum": ["TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"] },
        "sub_indication": or_null(text()),
        "signer": or_null(text()),
        "covers_whole_file": { "type": "boolean" }
    }));
    let outcomes = verify::Outcome::ALL.map(verify::Outcome::as_str);
    object(&json!({
        "outcome": { "enum": outcomes },
        "holds_at": instant(),
        "receipt": id("ver"),
        "licence": or_null(shown),
        "checks": { "type": "array", "items": check },
        "signatures": { "type": "array", "items": signature },
        "sources": { "type": "array", "items": object(&json!({ "name": text(), "as_of": instant() })) }
    }))
}

fn problem() -> Value {
    let mut problem = object(&json!({
        "type": text(),
        "title": text(),
        "status": { "type": "integer" },
        "detail": text(),
        "instance": { "type": "string", "description": both(words::description::INSTANCE) },
        "code": { "type": "string", "description": both(words::description::PROBLEM_CODE) }
    }));
    let mistake = object(&json!({
        "pointer": { "type": "string", "description": "RFC 6901" }, "code": text(), "detail": reference("Text")
    }));
    if let Some(properties) = problem.pointer_mut("/properties").and_then(Value::as_object_mut) {
        properties.insert("retry_after".to_owned(), json!({ "type": "integer" }));
        properties.insert("errors".to_owned(), json!({ "type": "array", "items": mistake }));
    }
    problem
}

fn of_type(found: &LicenceType) -> Value {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for rule in &found.definition.fields {
        let mut schema = json!({ "type": "string", "maxLength": rule.length_max, "title": format!("{} / {}", rule.label.zh, rule.label.en) });
        if let (FieldKind::Choice(words), Some(object)) = (&rule.kind, schema.as_object_mut()) {
            object.insert("enum".to_owned(), words.iter().map(|word| word.zh.clone()).collect());
        }
        properties.insert(rule.key.clone(), schema);
        if rule.required && rule.source == Source::Entered {
            required.push(rule.key.clone());
        }
    }
    let mut wanted = vec!["fields"];
    if found.definition.validity == Validity::UntilDate {
        wanted.push("valid_until");
    }
    json!({
        "title": format!("{} / {}", found.definition.name.zh, found.definition.name.en),
        "required": wanted,
        "properties": {
            "type": { "const": found.code },
            "fields": { "type": "object", "properties": properties, "required": required }
        }
    })
}
