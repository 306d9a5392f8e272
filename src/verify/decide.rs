//! The one place where checks become a verdict.

use base::Instant;

use crate::{
    check::{Check, CheckResult},
    finding::Finding,
    licence::{self, LicenceFacts},
    outcome::Outcome,
    pdf::{self, Examined, FileJudgement, Recorded, Trust},
    reason::Reason,
    verdict::{Source, Verdict},
};

/// What was asked about.
#[derive(Debug)]
pub enum Subject<'a> {
    /// A code or an identifier with the right check character.
    Number,
    /// A number with a digit that is wrong, missing or too many.
    MistypedNumber,
    /// A text with no number of ours in it, or with the address of somebody else.
    OtherText,
    /// A file, which need not be a licence or a PDF.
    File {
        /// What was found in it.
        examined: &'a Examined,
        /// Whom we trust.
        trust: &'a Trust,
        /// How many licences that the records know it is or says it is.
        known: usize,
    },
}

/// All that a verdict depends on.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// What was asked about.
    pub subject: Subject<'a>,
    /// What the records say of the licence that it names, or that it says it is; none when they know no such licence.
    pub licence: Option<LicenceFacts>,
    /// The instant for which the verdict is to hold.
    pub at: Instant,
}

/// Decides. The receipt's number is added by whoever records the verification.
pub fn decide(evidence: Evidence<'_>) -> Verdict {
    let Evidence { subject, licence, at } = evidence;
    let mut sources = vec![Source { name: "licence_register", as_of: at }];
    let checks = match subject {
        Subject::Number => number_checks(None, licence.as_ref()),
        Subject::MistypedNumber => number_checks(Some(Reason::Mistyped), None),
        Subject::OtherText => number_checks(Some(Reason::NotOurCode), None),
        Subject::File { examined, trust, known } => {
            let oldest = trust.lists.iter().map(|list| list.this_update).min();
            sources.extend(oldest.map(|as_of| Source { name: "revocation_list", as_of }));
            let recorded = Recorded { licence: licence.as_ref(), count: known };
            let judged = pdf::judge(examined, trust, recorded, at);
            return Verdict { sources, ..of_file(judged, licence, at) };
        }
    };
    Verdict { sources, ..settle(checks, licence, at) }
}

/// The verdict on a file that was judged.
pub(crate) fn of_file(judged: FileJudgement, licence: Option<LicenceFacts>, at: Instant) -> Verdict {
    let FileJudgement { checks, reports, is_of_one_licence } = judged;
    let verdict = settle(checks, licence.filter(|_| is_of_one_licence), at);
    Verdict { signatures: reports, ..verdict }
}

fn settle(mut checks: Vec<Check>, licence: Option<LicenceFacts>, at: Instant) -> Verdict {
    checks.extend(standing_checks(licence.as_ref(), &checks, at));
    let outcome = outcome(&checks);
    // What a damaged record says is shown to nobody, and what cannot be verified is nothing that a record speaks of.
    let licence = licence.filter(|licence| licence.is_intact && outcome != Outcome::Unverifiable);
    Verdict { outcome, holds_at: at, receipt: None, licence, checks, signatures: vec![], sources: vec![] }
}

/// Whether it is in force and within its period. Of a file that is not the recorded one, or of a number that nobody has,
/// neither is said: a forged file is not in force because the licence is that it copies.
fn standing_checks(licence: Option<&LicenceFacts>, before: &[Check], at: Instant) -> [Check; 2] {
    let Some(licence) = licence else {
        let unknown = before
            .iter()
            .filter_map(|check| check.reason)
            .find(|reason| matches!(reason, Reason::UnknownNumber | Reason::NotRecorded));
        let status = match unknown {
            Some(reason) => Check::failed("status_in_force", reason),
            None => Check::not_done("status_in_force", Finding::NoRecord),
        };
        return [status, Check::not_done("within_validity", Finding::NoRecord)];
    };
    let matches = |check: &Check| check.code == "matches_record" && check.result == CheckResult::Passed;
    let is_it = licence.file.is_none() || before.iter().any(matches);
    licence::judge(licence, at).map(|check| match check.result {
        CheckResult::Passed if !is_it => Check::not_done(check.code, Finding::OtherFile),
        _ => check,
    })
}

/// The worst that any check leads to.
fn outcome(checks: &[Check]) -> Outcome {
    checks
        .iter()
        .filter_map(|check| check.reason)
        .map(Reason::outcome)
        .max_by_key(|outcome| outcome.weight())
        .unwrap_or(Outcome::Valid)
}

fn number_checks(problem: Option<Reason>, licence: Option<&LicenceFacts>) -> Vec<Check> {
    let form = match problem {
        Some(reason) => Check::failed("number_well_formed", reason),
        None => Check::passed("number_well_formed", Finding::NumberWellFormed),
    };
    let known = match (problem, licence) {
        (None, Some(_)) => Check::passed("licence_known", Finding::LicenceKnown),
        (None, None) => Check::failed("licence_known", Reason::UnknownNumber),
        (Some(_), _) => Check::not_done("licence_known", Finding::RecordsNotAsked),
    };
    let issuer = match licence.filter(|licence| licence.is_intact) {
        Some(licence) => Check::passed("issuer_trusted", Finding::IssuedBy(licence.issuer_name.clone())),
        None => Check::not_done("issuer_trusted", Finding::NoIssuer),
    };
    let content = if licence.is_some() { Finding::StatusOnly } else { Finding::NoRecord };
    let content = Check::not_done("content_unaltered", content);
    vec![form, known, content, issuer]
}

#[cfg(test)]
pub(crate) mod tests {
    use base::Date;

    use super::*;
    use crate::{
        advice::Advice,
        licence::{Status, tests::facts},
        verdict::Facet,
    };

    fn at() -> Instant {
        Date::parse("2026-11-23").unwrap().start()
    }

    /// What holds of every verdict. The facets are what a counter looks at, so that none of them may say the opposite of
    /// the answer above them.
    pub(crate) fn check_that_nothing_contradicts(verdict: &Verdict, is_file: bool) {
        let facet = |facet| verdict.facet(facet).unwrap();
        let facets = Facet::ALL.map(facet);
        let worst =
            verdict.checks.iter().filter_map(|check| check.reason).map(Reason::outcome).max_by_key(|o| o.weight());
        assert_eq!(verdict.outcome, worst.unwrap_or(Outcome::Valid), "the worst finding leads: {verdict:#?}");
        let deciding = verdict.reason().map(Reason::outcome);
        assert_eq!(deciding, Some(verdict.outcome).filter(|outcome| *outcome != Outcome::Valid), "{verdict:#?}");
        let has = |result: CheckResult| facets.iter().any(|check| check.result == result);
        match verdict.outcome {
            Outcome::Valid => {
                assert!(!has(CheckResult::Failed), "{verdict:#?}");
                assert!(facets[1..].iter().all(|check| check.result == CheckResult::Passed), "{verdict:#?}");
                assert_eq!(facets[0].result == CheckResult::Passed, is_file, "{verdict:#?}");
            }
            Outcome::NeedsReview => assert!(facets.iter().any(|check| check.result != CheckResult::Passed)),
            Outcome::Unverifiable => {
                assert_ne!(facet(Facet::Status).result, CheckResult::Passed, "{verdict:#?}");
                assert_ne!(facet(Facet::Period).result, CheckResult::Passed, "{verdict:#?}");
                assert_eq!(verdict.licence, None);
            }
            Outcome::Invalid => assert!(has(CheckResult::Failed), "{verdict:#?}"),
        }
        for check in &verdict.checks {
            // What was not done and has no reason is no reason for anything; what passed has none.
            assert!(check.result != CheckResult::Passed || check.reason.is_none(), "{check:?}");
            assert!(check.result != CheckResult::Failed || check.reason.is_some(), "{check:?}");
        }
        let is_it =
            verdict.checks.iter().any(|check| check.code == "matches_record" && check.result == CheckResult::Passed);
        if is_file && !is_it {
            assert_ne!(facet(Facet::Status).result, CheckResult::Passed, "not this file: {verdict:#?}");
        }
        if is_file && facet(Facet::Issuer).result == CheckResult::Passed {
            assert!(verdict.signatures.iter().any(|report| report.is_signer_confirmed), "{verdict:#?}");
        }
    }

    fn by_number(subject: Subject<'_>, licence: Option<LicenceFacts>) -> Verdict {
        let verdict = decide(Evidence { subject, licence, at: at() });
        check_that_nothing_contradicts(&verdict, false);
        verdict
    }

    #[test]
    fn each_way_for_a_number_to_fail_has_its_own_answer() {
        let check = |subject, status: Option<Status>, outcome, reason| {
            let verdict = by_number(subject, status.map(facts));
            assert_eq!((verdict.outcome, verdict.reason()), (outcome, reason));
            let content = verdict.facet(Facet::Content).unwrap();
            assert_eq!(content.result, CheckResult::NotDone);
            assert_eq!(content.finding == Finding::StatusOnly, status.is_some());
        };
        check(Subject::Number, Some(Status::Valid), Outcome::Valid, None);
        check(Subject::Number, Some(Status::Suspended), Outcome::Invalid, Some(Reason::Suspended));
        check(Subject::Number, Some(Status::Revoked), Outcome::Invalid, Some(Reason::Revoked));
        check(Subject::Number, Some(Status::Superseded), Outcome::Invalid, Some(Reason::Superseded));
        check(Subject::Number, None, Outcome::Invalid, Some(Reason::UnknownNumber));
        check(Subject::MistypedNumber, None, Outcome::Unverifiable, Some(Reason::Mistyped));
        check(Subject::OtherText, None, Outcome::Unverifiable, Some(Reason::NotOurCode));
    }

    #[test]
    fn from_a_damaged_record_nothing_is_concluded_and_nothing_of_it_is_shown() {
        for status in [Status::Valid, Status::Suspended, Status::Revoked, Status::Superseded] {
            for valid_until in [None, Some(Date::parse("2020-01-01").unwrap())] {
                let damaged = LicenceFacts { is_intact: false, valid_until, ..facts(status) };
                let verdict = by_number(Subject::Number, Some(damaged));
                assert_eq!((verdict.outcome, verdict.reason()), (Outcome::Unverifiable, Some(Reason::RecordDamaged)));
                assert_eq!((verdict.licence, Advice::on(Some(Reason::RecordDamaged))), (None, Advice::ContactIssuer));
                assert!(verdict.checks.iter().all(|check| !matches!(check.finding, Finding::IssuedBy(_))));
            }
        }
    }

    #[test]
    fn what_is_not_valid_is_answered_with_what_to_do() {
        for reason in Reason::ALL {
            assert_ne!(Advice::on(Some(*reason)), Advice::GoOn);
        }
        let verdict = by_number(Subject::Number, Some(facts(Status::Suspended)));
        assert_eq!(verdict.advice(), Advice::ContactIssuer);
    }
}
