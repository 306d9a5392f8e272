//! A verdict as the API says it: every check in both languages.

use ::licence::Standing;
use schemars::JsonSchema;
use serde::Serialize;
use verify::{Check, CheckResult, Outcome, Reason, SignatureReport, Source, Verdict};

use super::leaf::{Coded, Day, Moment, ReceiptRef};
use crate::kit::wording::{Both, Worded, both};

/// The answer to one verification.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Verdict", description = both(words::schema::VERDICT))]
pub struct Body<'a> {
    outcome: Coded<Outcome>,
    #[schemars(description = both(words::description::REASON))]
    reason: Option<Coded<Reason>>,
    holds_at: Moment,
    receipt: Option<ReceiptRef>,
    licence: Option<Licence<'a>>,
    checks: Vec<CheckBody>,
    signatures: Vec<Signature<'a>>,
    sources: Vec<SourceBody>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(inline)]
struct Licence<'a> {
    identifier: &'a str,
    #[schemars(description = both(words::description::TYPE_NAME))]
    r#type: &'a str,
    status: Coded<Standing>,
    #[schemars(description = both(words::description::MASKED))]
    holder: &'a str,
    issuer: &'a str,
    valid_from: Day,
    valid_until: Option<Day>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(inline)]
struct CheckBody {
    code: &'static str,
    result: Coded<CheckResult>,
    text: Both,
}

#[derive(JsonSchema, Serialize)]
#[schemars(inline)]
struct Signature<'a> {
    #[schemars(extend("enum" = SignatureReport::INDICATIONS))]
    indication: &'static str,
    sub_indication: Option<&'static str>,
    #[schemars(description = both(words::description::SIGNER))]
    signer: Option<&'a str>,
    #[schemars(description = both(words::description::SIGNER_CONFIRMED))]
    signer_confirmed: bool,
    covers_whole_file: bool,
}

#[derive(JsonSchema, Serialize)]
#[schemars(inline)]
struct SourceBody {
    name: &'static str,
    as_of: Moment,
}

impl<'a> Body<'a> {
    /// The body for a verdict.
    pub fn of(verdict: &'a Verdict) -> Self {
        Self {
            outcome: Coded(verdict.outcome),
            reason: verdict.reason().map(Coded),
            holds_at: Moment(verdict.holds_at),
            receipt: verdict.receipt.clone().map(ReceiptRef),
            licence: verdict.licence.as_ref().map(|licence| Licence {
                identifier: &licence.identifier,
                r#type: &licence.type_name.zh,
                status: Coded(licence.standing(verdict.holds_at)),
                holder: &licence.holder_shown,
                issuer: &licence.issuer_name,
                valid_from: Day(licence.valid_from),
                valid_until: licence.valid_until.map(Day),
            }),
            checks: verdict.checks.iter().map(check).collect(),
            signatures: verdict.signatures.iter().map(signature).collect(),
            sources: verdict.sources.iter().map(source).collect(),
        }
    }
}

fn check(check: &Check) -> CheckBody {
    CheckBody { code: check.code, result: Coded(check.result), text: Both(check.finding.text()) }
}

fn signature(report: &SignatureReport) -> Signature<'_> {
    Signature {
        indication: report.indication,
        sub_indication: report.sub_indication,
        signer: report.signer.as_deref(),
        signer_confirmed: report.is_signer_confirmed,
        covers_whole_file: report.covers_whole_file,
    }
}

fn source(source: &Source) -> SourceBody {
    SourceBody { name: source.name, as_of: Moment(source.as_of) }
}

#[cfg(test)]
mod tests {
    use base::{Date, Text, id::ReceiptId};
    use verify::{
        Evidence, Subject,
        licence::{LicenceFacts, Status},
    };

    use super::*;

    fn facts() -> LicenceFacts {
        let day = |text| Date::parse(text).unwrap();
        LicenceFacts {
            identifier: "1.2.156.3005.2.X".to_owned(),
            type_name: Text::fixed("食品经营许可证", "Food business licence"),
            status: Status::Valid,
            status_reason: None,
            changed_at: day("2026-06-01").start(),
            holder_shown: "滨江市龙***限公司".to_owned(),
            issuer_name: "滨江市市场监督管理局".to_owned(),
            issued_at: day("2026-01-01").start(),
            valid_from: day("2026-01-01"),
            valid_until: Some(day("2030-12-31")),
            file: None,
            is_intact: true,
        }
    }

    #[test]
    fn the_json_is_the_contract() {
        let at = Date::parse("2026-11-23").unwrap().start();
        let mut verdict = verify::decide(Evidence { subject: Subject::Number, licence: Some(facts()), at });
        verdict.receipt = Some(ReceiptId::stored("ver_1".to_owned()));
        let json = serde_json::to_value(Body::of(&verdict)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "outcome": "valid",
                "reason": null,
                "holds_at": "2026-11-22T16:00:00Z",
                "receipt": "ver_1",
                "licence": {
                    "identifier": "1.2.156.3005.2.X",
                    "type": "食品经营许可证",
                    "status": "valid",
                    "holder": "滨江市龙***限公司",
                    "issuer": "滨江市市场监督管理局",
                    "valid_from": "2026-01-01",
                    "valid_until": "2030-12-31",
                },
                "checks": [
                    { "code": "number_well_formed", "result": "passed", "text": {
                        "zh": "号码格式和校验位正确",
                        "en": "The number is well formed and its check character is right" } },
                    { "code": "licence_known", "result": "passed", "text": {
                        "zh": "发证记录中有该证照", "en": "The licence is in the records" } },
                    { "code": "content_unaltered", "result": "not_done", "text": {
                        "zh": "号码只能证明证照状态；请将纸面内容与记录核对",
                        "en": "A number proves the status only: compare what is printed with the record" } },
                    { "code": "issuer_trusted", "result": "passed", "text": {
                        "zh": "由滨江市市场监督管理局签发并登记",
                        "en": "Issued and recorded by 滨江市市场监督管理局" } },
                    { "code": "status_in_force", "result": "passed", "text": {
                        "zh": "证照状态正常", "en": "The licence is in force" } },
                    { "code": "within_validity", "result": "passed", "text": {
                        "zh": "有效期至 2030-12-31", "en": "Valid until 2030-12-31" } },
                ],
                "signatures": [],
                "sources": [{ "name": "licence_register", "as_of": "2026-11-22T16:00:00Z" }],
            })
        );
    }
}
