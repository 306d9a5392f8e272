//! The operations with everything they answer.

use serde_json::{Value, json};

use super::schemas;
use crate::{App, kit::limits::IDEMPOTENCY_KEY_BYTES_MAX};

const ISSUE: &str = oidc::scope::LICENCE_ISSUE;
const VERIFY: &str = oidc::scope::LICENCE_VERIFY;

const ABOUT: &str = "错误以 application/problem+json（RFC 9457）回答，`code` 稳定不变。时间为 RFC 3339 UTC，日期为北京时间的日历日。新成员可能随时加入，已有的不会改变含义。\n\nErrors are application/problem+json (RFC 9457); `code` is stable. Instants are RFC 3339 in UTC, dates are days in the legal time zone. Members may be added at any time; those that exist keep their meaning.";

const KEY: &str = "重试时保持不变；24 小时内同一请求得到同一回答，回答带 Idempotency-Replayed: true / The same when repeated: the same request gets the same answer for 24 hours, marked Idempotency-Replayed: true";

const KEY_OPTIONAL: &str = "核验可以不带：除回执外它不改变任何内容。带了就同样在 24 小时内同一请求得到同一回答；文件按内容识别，分隔符可以不同 / A verification may come without: it changes nothing but its receipt. With one, the same request gets the same answer for 24 hours here too; a file is known by its content, and the boundary may differ";

/// What may go wrong, by status: its name here, what it means, a header that comes with it.
const PROBLEMS: &[(&str, &str, &str, &str)] = &[
    (
        "400",
        "Unreadable",
        "读不懂：编码、JSON、请求头 Idempotency-Key / It cannot be read: encoding, JSON, Idempotency-Key",
        "",
    ),
    ("401", "Unauthorised", "没有访问令牌，或令牌无效 / No access token, or one that is not valid", "WWW-Authenticate"),
    (
        "403",
        "Forbidden",
        "令牌没有所需的权限，或不许这样做 / The token lacks the scope, or this is not allowed",
        "WWW-Authenticate",
    ),
    ("404", "NotFound", "没有这份证照，或属于其他部门 / No such licence, or another department's", ""),
    (
        "409",
        "Conflict",
        "证照的状态不允许，或同一请求正在处理 / The licence's state does not allow it, or the same request is being worked on",
        "",
    ),
    ("413", "TooLarge", "请求体过大 / The body is too large", ""),
    ("415", "MediaType", "不读这种类型、编码或压缩 / This type, charset or compression is not read", ""),
    (
        "422",
        "Refused",
        "读懂了，但不能照办；`errors` 逐项指出 / It was read and cannot be done; `errors` names each mistake",
        "",
    ),
    ("500", "Broken", "我们的故障 / A fault of ours", ""),
    ("503", "Unavailable", "暂时不可用，请稍后重试 / Not available now; try again later", "Retry-After"),
];

/// The whole description.
pub fn whole(app: &App) -> Value {
    let url = &app.settings.public_url;
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "过所 Guosuo",
            "version": "1",
            "summary": "签发、查询、变更和核验电子证照 / Issue, read, change and verify electronic licences",
            "description": ABOUT,
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
                        ISSUE: "签发和变更本部门的证照 / issue and change licences of one's own department",
                        VERIFY: "核验证照 / verify licences"
                    }
                } }
            } },
            "schemas": schemas::all(app),
            "responses": responses(),
            "headers": {
                "WWW-Authenticate": { "description": "RFC 6750", "schema": { "type": "string" } },
                "Retry-After": { "description": "多少秒后重试 / after how many seconds to try again", "schema": { "type": "integer" } },
                "Idempotency-Replayed": { "description": "这是先前的回答 / this is the first answer again", "schema": { "const": "true" } }
            },
            "parameters": {
                "id": { "name": "id", "in": "path", "required": true, "schema": schemas::id("lic") },
                "idempotency_key": key(true, KEY),
                "idempotency_key_optional": key(false, KEY_OPTIONAL)
            }
        }
    })
}

fn key(required: bool, about: &str) -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": required, "description": about,
        "schema": { "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_BYTES_MAX, "pattern": "^[!#-~]+$" }
    })
}

fn responses() -> Value {
    let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let mut all = serde_json::Map::new();
    for (_, name, description, header) in PROBLEMS {
        let mut response = json!({ "description": description, "content": content });
        if let (Some(object), false) = (response.as_object_mut(), header.is_empty()) {
            let reference = json!({ *header: { "$ref": format!("#/components/headers/{header}") } });
            object.insert("headers".to_owned(), reference);
        }
        all.insert((*name).to_owned(), response);
    }
    all.insert("problem".to_owned(), json!({ "description": "没有办成 / It was not done", "content": content }));
    Value::Object(all)
}

/// One operation: what it is called, who may call it, what it takes.
struct Operation {
    id: &'static str,
    summary: &'static str,
    scope: &'static str,
    parameters: Value,
    body: Option<Value>,
}

impl Operation {
    /// With the answer that it gives when all went well, and the statuses of what may go wrong.
    fn answers(self, (status, response): (&str, Value), problems: &[&str]) -> Value {
        let mut answers = json!({ "default": { "$ref": "#/components/responses/problem" }, status: response });
        if let Some(object) = answers.as_object_mut() {
            for (code, name, ..) in PROBLEMS.iter().filter(|(code, ..)| problems.contains(code)) {
                let reference = json!({ "$ref": format!("#/components/responses/{name}") });
                object.insert((*code).to_owned(), reference);
            }
        }
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
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

fn schema(name: &str) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } })
}

fn ok(content: &Value) -> Value {
    json!({ "description": "OK", "content": content })
}

/// An answer that is given again to a repeated request.
fn kept(content: &Value, more: &[(&str, &str)]) -> Value {
    let mut headers = json!({ "Idempotency-Replayed": { "$ref": "#/components/headers/Idempotency-Replayed" } });
    if let Some(object) = headers.as_object_mut() {
        for (name, description) in more {
            object.insert((*name).to_owned(), json!({ "description": description, "schema": { "type": "string" } }));
        }
    }
    json!({ "description": "OK", "content": content, "headers": headers })
}

fn body(name: &str) -> Value {
    json!({ "required": true, "content": schema(name) })
}

fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn read(id: &'static str, summary: &'static str, parameters: Value) -> Operation {
    Operation { id, summary, scope: ISSUE, parameters, body: None }
}

fn act(id: &'static str, summary: &'static str, schema_of_body: &str) -> Value {
    let parameters = json!([parameter("id"), parameter("idempotency_key")]);
    let operation = Operation { id, summary, scope: ISSUE, parameters, body: Some(body(schema_of_body)) };
    let problems = ["400", "401", "403", "404", "409", "413", "415", "422", "500", "503"];
    operation.answers(("200", kept(&schema("Licence"), &[])), &problems)
}

fn paths() -> Value {
    let list = json!([
        { "name": "status", "in": "query", "description": "登记的状态；已过期和未生效的登记为 valid / the recorded status; expired licences and those not yet valid are recorded as valid", "schema": { "enum": ["valid", "suspended", "revoked", "superseded"] } },
        { "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 200, "default": 50 } },
        { "name": "cursor", "in": "query", "description": "上一页的 next_cursor / next_cursor of the page before; empty for the first page", "schema": { "type": "string" } }
    ]);
    json!({
        "/api/v1/licences": {
            "get": read("listLicences", "本部门签发的证照，新的在前 / licences of one's own department, newest first", list)
                .answers(("200", ok(&schema("LicencePage"))), &["400", "401", "403", "422", "500", "503"]),
            "post": issue()
        },
        "/api/v1/licences/{id}": {
            "get": read("readLicence", "一份证照 / one licence", json!([parameter("id")]))
                .answers(("200", ok(&schema("Licence"))), &["401", "403", "404", "500", "503"])
        },
        "/api/v1/licences/{id}/file.pdf": {
            "get": read("readFile", "签章文件 / the sealed document", json!([parameter("id")]))
                .answers(("200", ok(&json!({ "application/pdf": {} }))), &["401", "403", "404", "500", "503"])
        },
        "/api/v1/licences/{id}/suspend": { "post": act("suspend", "暂扣 / suspend", "Suspension") },
        "/api/v1/licences/{id}/reinstate": { "post": act("reinstate", "恢复 / reinstate", "Nothing") },
        "/api/v1/licences/{id}/revoke": { "post": act("revoke", "吊销或注销，不可恢复 / revoke, for good", "Revocation") },
        "/api/v1/verifications": { "post": verify() }
    })
}

fn issue() -> Value {
    let parameters = json!([parameter("idempotency_key")]);
    let summary = "签发一份证照 / issue a licence";
    let operation = Operation { id: "issue", summary, scope: ISSUE, parameters, body: Some(body("NewLicence")) };
    let problems = ["400", "401", "403", "409", "413", "415", "422", "500", "503"];
    let location = ("Location", "新证照的地址 / the address of the new licence");
    operation.answers(("201", kept(&schema("Licence"), &[location])), &problems)
}

fn verify() -> Value {
    let upload = json!({
        "type": "object", "required": ["file"], "additionalProperties": false,
        "properties": { "file": { "type": "string", "minLength": 1, "contentMediaType": "application/pdf" } }
    });
    let body = json!({ "required": true, "content": {
        "application/json": { "schema": { "$ref": "#/components/schemas/NewVerification" } },
        "multipart/form-data": { "schema": upload }
    } });
    let operation = Operation {
        id: "verify",
        summary: "核验代码、标识或文件；无效也回答 200 / verify a code, an identifier or a file; 200 also when invalid",
        scope: VERIFY,
        parameters: json!([parameter("idempotency_key_optional")]),
        body: Some(body),
    };
    let problems = ["400", "401", "403", "413", "415", "422", "500", "503"];
    operation.answers(("200", kept(&schema("Verdict"), &[])), &problems)
}
