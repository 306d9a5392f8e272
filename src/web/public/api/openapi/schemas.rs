//! What goes in and what comes out.

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
    json!({
        "type": licence::built_in::FOOD,
        "holder": { "credit_code": "91350100M000100Y43" },
        "fields": {
            "legal_representative": "王小明",
            "residence": "滨江市江南区解放路 1 号",
            "premises": "滨江市江南区解放路 1 号一层",
            "business_category": "餐饮服务经营者",
            "business_items": "热食类食品制售"
        },
        "valid_from": "2026-11-23",
        "clerk": "stf_01K9Q3ZZZZZZZZZZZZZZZZZZZZ",
        "reviewer": "stf_01K9Q3YYYYYYYYYYYYYYYYYYYY"
    })
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
        "identifier": { "type": "string", "description": "证照标识，GB/T 36904" },
        "number": { "type": "string", "description": "证照编号 / its serial" },
        "version": { "type": "integer", "minimum": 1, "maximum": 999 },
        "code": { "type": "string", "pattern": "^[0-9]{21}$" },
        "type": object(&json!({ "code": text(), "version": { "type": "integer" }, "name": reference("Text") })),
        "status": { "enum": standings },
        "reason": or_null(object(&json!({ "code": text(), "text": reference("Text") }))),
        "issuer": object(&json!({ "id": id("org"), "name": text() })),
        "holder": object(&json!({
            "kind": { "enum": ["person", "organisation"] },
            "name": { "type": "string", "description": "已打码 / masked" }
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
    let only = |name: &str, about: &str| {
        json!({
            "type": "object", "additionalProperties": false, "required": [name],
            "properties": { name: { "type": "string", "description": about } }
        })
    };
    json!({
        "type": "object", "additionalProperties": false, "required": ["type", "holder", "fields", "clerk", "reviewer"],
        "properties": {
            "type": { "type": "string", "description": "证照类型代码 / the national type code" },
            "holder": { "oneOf": [
                only("identity_number", "GB 11643，18 位 / 18 characters"),
                only("credit_code", "GB 32100，18 位 / 18 characters")
            ] },
            "fields": { "type": "object", "additionalProperties": { "type": ["string", "null"] } },
            "valid_from": or_null(date()),
            "valid_until": or_null(date()),
            "renews": { "type": ["string", "null"], "description": "被换发的证照 lic_… / the licence it takes the place of" },
            "clerk": { "type": "string", "description": "经办人 stf_… / who applied" },
            "reviewer": { "type": "string", "description": "审核人 stf_…，须为另一人 / who approved: another person" }
        },
        "anyOf": types,
        "examples": [example()]
    })
}

fn new_verification() -> Value {
    let number = |about: &str| json!({ "type": "string", "pattern": "\\S", "maxLength": NUMBER_CHARACTERS_MAX, "description": about });
    let code = number("二维码的内容或其中的数字 / the content of a QR code or its digits");
    let identifier = number("证照标识 / the licence identifier");
    json!({ "oneOf": [
        { "type": "object", "additionalProperties": false, "required": ["code"], "properties": { "code": code } },
        { "type": "object", "additionalProperties": false, "required": ["identifier"], "properties": { "identifier": identifier } }
    ] })
}

fn verdict() -> Value {
    let standings: Vec<_> = Standing::ALL.iter().map(|standing| standing.as_str()).collect();
    let shown = object(&json!({
        "identifier": text(),
        "type": { "type": "string", "description": "类型名称 / the name of its type" },
        "status": { "enum": standings },
        "holder": { "type": "string", "description": "已打码 / masked" },
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
        "instance": { "type": "string", "description": "请求编号 / the number of the request" },
        "code": { "type": "string", "description": "稳定的错误代码 / stable, for programs" }
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
