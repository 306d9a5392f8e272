//! What the API looks like, for programs (OpenAPI 3.1) and for people.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use licence::{
    Standing,
    field::{FieldKind, FieldRule, Source},
    licence_type::{LicenceType, Validity},
    reason::{RevocationReason, SuspensionReason},
};
use serde_json::{Value, json};

use crate::{App, Page, page::html};

/// One operation as the page shows it.
struct Operation {
    method: &'static str,
    path: String,
    summary: String,
    scope: String,
}

#[derive(askama::Template)]
#[template(path = "api/api.html")]
struct ApiPage {
    page: Page,
    operations: Vec<Operation>,
    types: Vec<TypeRow>,
    suspensions: Vec<(&'static str, String)>,
    revocations: Vec<(&'static str, String)>,
    example: String,
}

struct TypeRow {
    code: String,
    name: String,
    fields: Vec<(String, String, String)>,
}

/// `GET /openapi.json`.
pub async fn document(State(app): State<App>) -> Response {
    let mut response = description(&app).to_string().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// `GET /api`.
pub async fn page(State(app): State<App>, page: Page) -> Response {
    let described = description(&app);
    let mut operations = Vec::new();
    for (path, methods) in described.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            operations.push(Operation {
                method: if method == "get" { "GET" } else { "POST" },
                path: path.clone(),
                summary: crate::text::sentence(&text(operation.get("summary"), &page)),
                scope: operation.pointer("/security/0/oauth/0").and_then(Value::as_str).unwrap_or_default().to_owned(),
            });
        }
    }
    let types = app.library.catalogue().all_published().iter().map(|found| row(found, &page)).collect();
    let words = |text: base::Text| page.sentence(&text);
    let suspensions = SuspensionReason::ALL.iter().map(|reason| (reason.code(), words(reason.text()))).collect();
    let revocations = RevocationReason::ALL.iter().map(|reason| (reason.code(), words(reason.text()))).collect();
    let example = serde_json::to_string_pretty(&example()).unwrap_or_default();
    html(StatusCode::OK, &ApiPage { page, operations, types, suspensions, revocations, example })
}

fn row(found: &LicenceType, page: &Page) -> TypeRow {
    let fields = found.definition.fields.iter();
    TypeRow {
        code: found.code.clone(),
        name: page.say(&found.definition.name.text()).to_owned(),
        fields: fields
            .map(|rule| (rule.key.clone(), page.say(&rule.label.text()).to_owned(), note(rule, page)))
            .collect(),
    }
}

fn note(rule: &FieldRule, page: &Page) -> String {
    let source = if rule.source == Source::Entered {
        if rule.required { page.t("api.required") } else { page.t("api.optional") }
    } else {
        page.t("api.from_register")
    };
    let kind = match &rule.kind {
        FieldKind::Choice(words) => words.iter().map(|word| word.zh.as_str()).collect::<Vec<_>>().join(" | "),
        FieldKind::Date => "2026-11-23".to_owned(),
        FieldKind::IdentityNumber => "GB 11643".to_owned(),
        FieldKind::Number => "0-9 .".to_owned(),
        FieldKind::Name | FieldKind::Text => format!("≤ {}", rule.length_max),
    };
    format!("{source}; {kind}")
}

/// A summary is written `中文 / English`.
fn text(summary: Option<&Value>, page: &Page) -> String {
    let summary = summary.and_then(Value::as_str).unwrap_or_default();
    let (zh, en) = summary.split_once(" / ").unwrap_or((summary, summary));
    if page.is_chinese() { zh.to_owned() } else { en.to_owned() }
}

fn example() -> Value {
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

const KEY: &str = "重试时保持不变；24 小时内同一请求得到同一回答，回答带 Idempotency-Replayed: true / The same when repeated: the same request gets the same answer for 24 hours, marked Idempotency-Replayed: true";

/// The whole description.
pub(super) fn description(app: &App) -> Value {
    let url = &app.settings.public_url;
    let key = json!({ "type": "string", "minLength": 1, "maxLength": crate::limits::IDEMPOTENCY_KEY_BYTES_MAX });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "过所 Guosuo",
            "version": "1",
            "summary": "签发、查询、变更和核验电子证照 / Issue, read, change and verify electronic licences",
            "description": "错误以 application/problem+json（RFC 9457）回答，`code` 稳定不变。时间为 RFC 3339 UTC，日期为北京时间的日历日。新成员可能随时加入，已有的不会改变含义。\n\nErrors are application/problem+json (RFC 9457); `code` is stable. Instants are RFC 3339 in UTC, dates are days in the legal time zone. Members may be added at any time; those that exist keep their meaning.",
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
                        oidc::scope::LICENCE_ISSUE: "签发和变更本部门的证照 / issue and change licences of one's own department",
                        oidc::scope::LICENCE_VERIFY: "核验证照 / verify licences"
                    }
                } }
            } },
            "schemas": schemas(app),
            "responses": { "problem": {
                "description": "没有办成 / It was not done",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
            } },
            "parameters": {
                "id": { "name": "id", "in": "path", "required": true, "schema": { "type": "string", "pattern": "^lic_[0-9A-Z]{26}$" } },
                "idempotency_key": {
                    "name": "Idempotency-Key", "in": "header", "required": true,
                    "description": KEY, "schema": key.clone()
                },
                "repeatable": {
                    "name": "Idempotency-Key", "in": "header", "required": false,
                    "description": KEY, "schema": key
                }
            }
        }
    })
}

fn operation(summary: &str, scope: &str, parameters: &Value, body: Option<Value>, answer: &Value) -> Value {
    let mut operation = json!({
        "summary": summary,
        "security": [{ "oauth": [scope] }],
        "parameters": parameters,
        "responses": answer,
    });
    if let (Some(body), Some(object)) = (body, operation.as_object_mut()) {
        object.insert("requestBody".to_owned(), body);
    }
    operation
}

fn answers(status: &str, content: &Value) -> Value {
    let mut answers = json!({ "default": { "$ref": "#/components/responses/problem" } });
    if let Some(object) = answers.as_object_mut() {
        object.insert(status.to_owned(), json!({ "description": "OK", "content": content }));
    }
    answers
}

fn of(schema: &str) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } })
}

fn body(schema: &str) -> Value {
    json!({ "required": true, "content": of(schema) })
}

fn paths() -> Value {
    let issue = oidc::scope::LICENCE_ISSUE;
    let (id, key) =
        (json!({ "$ref": "#/components/parameters/id" }), json!({ "$ref": "#/components/parameters/idempotency_key" }));
    let act = |summary: &str, schema: &str| {
        operation(summary, issue, &json!([id, key]), Some(body(schema)), &answers("200", &of("Licence")))
    };
    let list = json!([
        { "name": "status", "in": "query", "schema": { "enum": ["valid", "suspended", "revoked", "superseded"] } },
        { "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 200, "default": 50 } },
        { "name": "cursor", "in": "query", "schema": { "type": "string" } }
    ]);
    let upload = json!({ "type": "object", "properties": { "file": { "type": "string", "contentMediaType": "application/pdf" } } });
    let verified = json!({ "required": true, "content": {
        "application/json": { "schema": { "$ref": "#/components/schemas/NewVerification" } },
        "multipart/form-data": { "schema": upload }
    } });
    json!({
        "/api/v1/licences": {
            "get": operation("本部门签发的证照，新的在前 / licences of one's own department, newest first", issue, &list, None, &answers("200", &of("LicencePage"))),
            "post": operation("签发一份证照 / issue a licence", issue, &json!([key]), Some(body("NewLicence")), &answers("201", &of("Licence")))
        },
        "/api/v1/licences/{id}": {
            "get": operation("一份证照 / one licence", issue, &json!([id]), None, &answers("200", &of("Licence")))
        },
        "/api/v1/licences/{id}/file.pdf": {
            "get": operation("签章文件 / the sealed document", issue, &json!([id]), None, &answers("200", &json!({ "application/pdf": {} })))
        },
        "/api/v1/licences/{id}/suspend": { "post": act("暂扣 / suspend", "Suspension") },
        "/api/v1/licences/{id}/reinstate": { "post": act("恢复 / reinstate", "Nothing") },
        "/api/v1/licences/{id}/revoke": { "post": act("吊销或注销，不可恢复 / revoke, for good", "Revocation") },
        "/api/v1/verifications": {
            "post": operation("核验代码、标识或文件；无效也回答 200 / verify a code, an identifier or a file; 200 also when invalid", oidc::scope::LICENCE_VERIFY, &json!([{ "$ref": "#/components/parameters/repeatable" }]), Some(verified), &answers("200", &of("Verdict")))
        }
    })
}

fn schemas(app: &App) -> Value {
    let text = json!({ "type": "object", "required": ["zh", "en"], "properties": { "zh": { "type": "string" }, "en": { "type": "string" } } });
    let reasons = |codes: Vec<&str>| {
        json!({
            "type": "object", "additionalProperties": false, "required": ["reason"],
            "properties": { "reason": { "enum": codes } }
        })
    };
    let standings: Vec<_> = Standing::ALL.iter().map(|standing| standing.as_str()).collect();
    let catalogue = app.library.catalogue();
    let types: Vec<_> = catalogue.all_published().iter().map(|found| type_schema(found)).collect();
    json!({
        "Text": text,
        "Licence": {
            "type": "object",
            "properties": {
                "id": { "type": "string" }, "identifier": { "type": "string", "description": "GB/T 36904" },
                "number": { "type": "string" }, "version": { "type": "integer" }, "code": { "type": "string", "pattern": "^[0-9]{21}$" },
                "type": { "type": "object" }, "status": { "enum": standings }, "reason": { "type": ["object", "null"] },
                "issuer": { "type": "object" }, "holder": { "type": "object", "description": "姓名已打码 / the name is masked" },
                "valid_from": { "type": "string", "format": "date" }, "valid_until": { "type": ["string", "null"], "format": "date" },
                "issued_at": { "type": "string", "format": "date-time" }, "changed_at": { "type": "string", "format": "date-time" },
                "renews": { "type": ["string", "null"] }, "pdf_url": { "type": "string" }, "verify_url": { "type": "string" }
            }
        },
        "LicencePage": {
            "type": "object", "required": ["items", "next_cursor"],
            "properties": { "items": { "type": "array", "items": { "$ref": "#/components/schemas/Licence" } }, "next_cursor": { "type": ["string", "null"] } }
        },
        "NewLicence": {
            "type": "object", "additionalProperties": false, "required": ["type", "holder", "fields", "clerk", "reviewer"],
            "properties": {
                "type": { "type": "string", "description": "证照类型代码 / the national type code" },
                "holder": { "oneOf": [
                    { "type": "object", "additionalProperties": false, "required": ["identity_number"], "properties": { "identity_number": { "type": "string" } } },
                    { "type": "object", "additionalProperties": false, "required": ["credit_code"], "properties": { "credit_code": { "type": "string" } } }
                ] },
                "fields": { "type": "object", "additionalProperties": { "type": ["string", "null"] } },
                "valid_from": { "type": ["string", "null"], "format": "date" }, "valid_until": { "type": ["string", "null"], "format": "date" },
                "renews": { "type": ["string", "null"], "description": "被换发的证照 / the licence it takes the place of" },
                "clerk": { "type": "string", "description": "经办人 stf_… / who applied" },
                "reviewer": { "type": "string", "description": "审核人 stf_…，须为另一人 / who approved: another person" }
            },
            "anyOf": types,
            "examples": [example()]
        },
        "Suspension": reasons(SuspensionReason::ALL.iter().map(|reason| reason.code()).collect()),
        "Revocation": reasons(RevocationReason::ALL.iter().map(|reason| reason.code()).collect()),
        "Nothing": { "type": "object", "additionalProperties": false },
        "NewVerification": { "oneOf": [
            { "type": "object", "additionalProperties": false, "required": ["code"], "properties": { "code": { "type": "string" } } },
            { "type": "object", "additionalProperties": false, "required": ["identifier"], "properties": { "identifier": { "type": "string" } } }
        ] },
        "Verdict": verdict_schema(),
        "Problem": {
            "type": "object", "required": ["type", "title", "status", "detail", "instance", "code"],
            "properties": {
                "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" }, "detail": { "type": "string" },
                "instance": { "type": "string", "description": "请求编号 / the number of the request" }, "code": { "type": "string" },
                "retry_after": { "type": "integer" },
                "errors": { "type": "array", "items": { "type": "object", "properties": {
                    "pointer": { "type": "string" }, "code": { "type": "string" }, "detail": { "$ref": "#/components/schemas/Text" }
                } } }
            }
        }
    })
}

fn verdict_schema() -> Value {
    json!({
        "type": "object", "required": ["outcome", "holds_at", "receipt", "checks"],
        "properties": {
            "outcome": { "enum": ["valid", "needs_review", "invalid", "unverifiable"] },
            "holds_at": { "type": "string", "format": "date-time" },
            "receipt": { "type": "string" },
            "licence": { "type": ["object", "null"] },
            "checks": { "type": "array", "items": { "type": "object", "properties": {
                "code": { "type": "string" }, "result": { "enum": ["passed", "failed", "not_done"] }, "text": { "$ref": "#/components/schemas/Text" }
            } } },
            "signatures": { "type": "array", "items": { "type": "object" } },
            "sources": { "type": "array", "items": { "type": "object", "properties": { "name": { "type": "string" }, "as_of": { "type": "string" } } } }
        }
    })
}

fn type_schema(found: &LicenceType) -> Value {
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
