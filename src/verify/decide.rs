//! The one place where checks become a verdict.

use base::{Instant, Text};

use crate::{
    check::Check,
    licence::{self, LicenceFacts},
    pdf::{self, Examined, Trust},
    reason::Reason,
    verdict::{Source, Verdict},
};

/// What was asked about.
#[derive(Debug)]
pub enum Subject<'a> {
    /// A code or an identifier with the right check character.
    Number,
    /// A code or an identifier whose check character is wrong.
    MistypedNumber,
    /// A text with no number of ours in it.
    OtherText,
    /// A file.
    File {
        /// What was found in it.
        examined: &'a Examined,
        /// Whom we trust.
        trust: &'a Trust,
    },
}

/// All that a verdict depends on.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// What was asked about.
    pub subject: Subject<'a>,
    /// What the records say of the licence that it names; none when they know no such licence.
    pub licence: Option<LicenceFacts>,
    /// The instant for which the verdict is to hold.
    pub at: Instant,
}

/// Decides. The receipt's number is added by whoever records the verification.
pub fn decide(evidence: Evidence<'_>) -> Verdict {
    let Evidence { subject, licence, at } = evidence;
    let mut sources = vec![Source { name: "licence_register", as_of: at }];
    let (mut checks, signatures) = match subject {
        Subject::Number => (number_checks(None, licence.as_ref()), vec![]),
        Subject::MistypedNumber => (number_checks(Some(Reason::Mistyped), None), vec![]),
        Subject::OtherText => (number_checks(Some(Reason::NotOurCode), None), vec![]),
        Subject::File { examined, trust } => {
            sources.extend(trust.as_of().map(|as_of| Source { name: "revocation_list", as_of }));
            let judged = pdf::judge(examined, trust, licence.as_ref(), at);
            (judged.checks, judged.reports)
        }
    };
    match &licence {
        Some(licence) => checks.extend(licence::judge(licence, at)),
        None => checks.extend(
            ["status_in_force", "within_validity"]
                .map(|code| Check::not_done(code, Text::fixed("没有可供核对的发证记录", "No record to compare with"))),
        ),
    }
    Verdict { outcome: Verdict::outcome_of(&checks), holds_at: at, receipt: None, licence, checks, signatures, sources }
}

fn number_checks(problem: Option<Reason>, licence: Option<&LicenceFacts>) -> Vec<Check> {
    let form = match problem {
        Some(reason) => Check::failed("number_well_formed", reason),
        None => Check::passed(
            "number_well_formed",
            Text::fixed("号码格式和校验位正确", "The number is well formed and its check character is right"),
        ),
    };
    let known = match (problem, licence) {
        (None, Some(_)) => {
            Check::passed("licence_known", Text::fixed("发证记录中有该证照", "The licence is in the records"))
        }
        (None, None) => Check::failed("licence_known", Reason::UnknownNumber),
        (Some(_), _) => Check::not_done("licence_known", Text::fixed("没有查询发证记录", "The records were not asked")),
    };
    let issuer = match licence {
        Some(licence) => Check::passed(
            "issuer_trusted",
            Text::new(
                format!("由{}签发并登记", licence.issuer_name),
                format!("Issued and recorded by {}", licence.issuer_name),
            ),
        ),
        None => Check::not_done("issuer_trusted", Text::fixed("没有可供核对的发证机关", "There is no issuer to check")),
    };
    let content = if licence.is_some() {
        Text::fixed(
            "号码只能证明证照状态；请将纸面内容与记录核对",
            "A number proves the status only: compare what is printed with the record",
        )
    } else {
        Text::fixed("没有可供核对的发证记录", "No record to compare with")
    };
    let content = Check::not_done("content_unaltered", content);
    vec![form, known, content, issuer]
}

#[cfg(test)]
mod tests {
    use base::{Date, id::ReceiptId};

    use super::*;
    use crate::{
        check::CheckResult,
        licence::{Status, tests::facts},
        outcome::Outcome,
        verdict::Facet,
    };

    fn at() -> Instant {
        Date::parse("2026-11-23").unwrap().start()
    }

    fn by_number(subject: Subject<'_>, licence: Option<LicenceFacts>) -> Verdict {
        decide(Evidence { subject, licence, at: at() })
    }

    #[test]
    fn each_way_for_a_number_to_fail_has_its_own_answer() {
        let check = |subject, status: Option<Status>, outcome, reason| {
            let verdict = by_number(subject, status.map(facts));
            assert_eq!((verdict.outcome, verdict.reason()), (outcome, reason));
            let (content, text) = verdict.facet(Facet::Content);
            assert_eq!((content, text.zh.contains("与记录核对")), (CheckResult::NotDone, status.is_some()));
        };
        check(Subject::Number, Some(Status::Valid), Outcome::Valid, None);
        check(Subject::Number, Some(Status::Suspended), Outcome::Invalid, Some(Reason::Suspended));
        check(Subject::Number, Some(Status::Revoked), Outcome::Invalid, Some(Reason::Revoked));
        check(Subject::Number, Some(Status::Superseded), Outcome::Invalid, Some(Reason::Superseded));
        check(Subject::Number, None, Outcome::Invalid, Some(Reason::UnknownNumber));
        check(Subject::MistypedNumber, None, Outcome::Invalid, Some(Reason::Mistyped));
        check(Subject::OtherText, None, Outcome::Unverifiable, Some(Reason::NotOurCode));
    }

    #[test]
    fn the_json_is_the_contract() {
        let mut verdict = by_number(Subject::Number, Some(facts(Status::Valid)));
        verdict.receipt = Some(ReceiptId::stored("ver_1".to_owned()));
        let json = serde_json::to_value(&verdict).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "outcome": "valid",
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

    #[test]
    fn what_is_not_valid_says_what_to_do() {
        for reason in Reason::ALL {
            assert!(!crate::advice::next_action(Some(*reason)).zh.is_empty());
        }
        let verdict = by_number(Subject::Number, Some(facts(Status::Suspended)));
        assert!(verdict.next_action().zh.contains("不得"));
    }
}
