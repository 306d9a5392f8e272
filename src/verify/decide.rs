//! The one place where checks become a verdict.

use base::Instant;

use crate::{
    check::Check,
    finding::Finding,
    licence::{self, LicenceFacts},
    outcome::Outcome,
    pdf::{self, Examined, Trust},
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
            let oldest = trust.lists.iter().map(|list| list.this_update).min();
            sources.extend(oldest.map(|as_of| Source { name: "revocation_list", as_of }));
            let judged = pdf::judge(examined, trust, licence.as_ref(), at);
            (judged.checks, judged.reports)
        }
    };
    match &licence {
        Some(licence) => checks.extend(licence::judge(licence, at)),
        None => {
            checks.extend(["status_in_force", "within_validity"].map(|code| Check::not_done(code, Finding::NoRecord)));
        }
    }
    // What a damaged record says is shown to nobody.
    let licence = licence.filter(|licence| licence.is_intact);
    Verdict { outcome: outcome(&checks), holds_at: at, receipt: None, licence, checks, signatures, sources }
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
mod tests {
    use base::Date;

    use super::*;
    use crate::{
        advice::Advice,
        check::CheckResult,
        licence::{Status, tests::facts},
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
