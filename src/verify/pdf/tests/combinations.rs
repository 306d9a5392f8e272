//! Every combination of what can be found of a file: the worst finding leads, and no facet contradicts the answer.

use documents::pdf::findings::{Limit, Pages};

use super::{
    judged::{ChainTrouble, Judged, Trouble},
    *,
};
use crate::{
    Facet,
    decide::{of_file, tests::check_that_nothing_contradicts},
    verdict::SignatureReport,
};

const TROUBLES: [Option<Trouble>; 13] = [
    None,
    Some(Trouble::Algorithm),
    Some(Trouble::Constraints),
    Some(Trouble::CutOff),
    Some(Trouble::Empty),
    Some(Trouble::Forged),
    Some(Trouble::Form),
    Some(Trouble::Hash),
    Some(Trouble::LeavesOut),
    Some(Trouble::Misplaced),
    Some(Trouble::NoCertificate),
    Some(Trouble::Unreadable),
    Some(Trouble::Weak),
];

const CHAINS: [Option<Result<(), ChainTrouble>>; 6] = [
    None,
    Some(Ok(())),
    Some(Err(ChainTrouble::ListOld)),
    Some(Err(ChainTrouble::OutOfPeriod)),
    Some(Err(ChainTrouble::Revoked)),
    Some(Err(ChainTrouble::Stranger)),
];

/// What one signature can be found to be, as its parts say.
#[derive(Clone, Copy, Debug)]
struct Parts {
    trouble: Option<Trouble>,
    chain: Option<Result<(), ChainTrouble>>,
    covers: bool,
    imitates: bool,
}

impl Parts {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for trouble in TROUBLES {
            for chain in CHAINS {
                for (covers, imitates) in [(true, false), (false, false), (true, true), (false, true)] {
                    let parts = Self { trouble, chain, covers, imitates };
                    all.extend(parts.can_be().then_some(parts));
                }
            }
        }
        all
    }

    /// Without a certificate nothing is known but the trouble; who is ours imitates nobody, and is read strictly.
    fn can_be(self) -> bool {
        let of_intact = [Trouble::Hash, Trouble::LeavesOut, Trouble::Weak].map(Some);
        let of_strangers = [Trouble::Empty, Trouble::LeavesOut, Trouble::Misplaced, Trouble::NoCertificate];
        let of_strangers = [&of_strangers[..], &[Trouble::Unreadable, Trouble::Weak]].concat();
        match self.chain {
            None => self.trouble.is_some() && !of_intact.contains(&self.trouble),
            Some(Err(ChainTrouble::Stranger)) => true,
            Some(_) => !self.imitates && self.trouble.is_none_or(|trouble| !of_strangers.contains(&trouble)),
        }
    }

    fn judged(self, place: u8) -> Judged {
        let is_not = [Trouble::Algorithm, Trouble::Empty, Trouble::Forged, Trouble::Misplaced].map(Some);
        let is_unread = [Trouble::NoCertificate, Trouble::Unreadable].map(Some);
        let is_genuine = self.chain.is_some() && !is_not.contains(&self.trouble) && !is_unread.contains(&self.trouble);
        let trusted = is_genuine && self.chain != Some(Err(ChainTrouble::Stranger));
        let report = SignatureReport {
            indication: "INDETERMINATE",
            sub_indication: None,
            signer: self.chain.map(|_| "某某".to_owned()),
            is_signer_confirmed: trusted,
            covers_whole_file: self.covers,
        };
        Judged {
            report,
            trouble: self.trouble,
            is_genuine,
            intact: is_genuine && !matches!(self.trouble, Some(Trouble::Hash | Trouble::CutOff)),
            chain: self.chain,
            trusted,
            sealed: is_genuine.then(|| Digest::of(DigestAlgorithm::Sha256, &[place])),
            imitates: self.imitates,
        }
    }
}

fn records() -> Vec<Option<LicenceFacts>> {
    let mut all = vec![None];
    for status in [Status::Valid, Status::Revoked] {
        for (valid_until, is_intact) in [(None, true), (Date::parse("2026-02-01").ok(), true), (None, false)] {
            for file in [Likeness::Same, Likeness::Beginning, Likeness::Other] {
                all.push(Some(LicenceFacts { valid_until, is_intact, file: Some(file), ..facts(status) }));
            }
        }
    }
    all
}

fn file(
    problem: Option<FileProblem>,
    (revisions, is_plain, is_active): (usize, bool, bool),
    pages: (usize, usize),
) -> Examined {
    let mut file = Examined::unread(b"");
    file.problem = problem;
    file.revisions = revisions;
    file.is_plain = is_plain;
    file.hides = !is_plain;
    file.is_active = is_active;
    file.pages = Pages { all: pages.0, of_licences: pages.1 };
    file
}

fn check(examined: &Examined, signatures: &[Parts], record: Option<&LicenceFacts>, known: usize) -> Outcome {
    let judged = || signatures.iter().zip(0..).map(|(parts, place)| parts.judged(place)).collect::<Vec<_>>();
    let recorded = Recorded { licence: record, count: known };
    let verdict = of_file(conclude(examined, judged(), &Trust::default(), recorded), record.cloned(), now());
    let caught = std::panic::catch_unwind(|| check_that_nothing_contradicts(&verdict, true));
    assert!(caught.is_ok(), "{signatures:?} {record:?} {examined:?}");
    if verdict.outcome == Outcome::Valid {
        let [only] = signatures else { panic!("{signatures:?}") };
        assert!(only.trouble.is_none() && only.chain == Some(Ok(())) && only.covers, "{only:?}");
        assert_eq!(record.unwrap().file, Some(Likeness::Same));
    }
    if verdict.facet(Facet::Content).unwrap().result == crate::CheckResult::Passed {
        assert!(signatures.iter().all(|parts| parts.trouble.is_none() && parts.covers), "{signatures:?}");
    }
    // What nobody looked at has not failed, unless it says it is ours, whose form is known.
    let claim = claim::of(examined, &judged(), &Trust::default(), recorded);
    for (report, parts) in verdict.signatures.iter().zip(signatures) {
        let has_failed = match parts.trouble {
            Some(Trouble::Forged | Trouble::Hash) => claim == claim::Claim::Licence,
            Some(Trouble::Form | Trouble::Empty | Trouble::Misplaced | Trouble::Unreadable) => {
                claim == claim::Claim::Licence
            }
            _ => false,
        };
        assert_eq!(report.indication == "TOTAL-FAILED", has_failed, "{parts:?}");
    }
    verdict.outcome
}

#[test]
fn no_combination_of_findings_gives_a_verdict_that_contradicts_itself() {
    let parts = Parts::all();
    let mut outcomes = std::collections::HashMap::new();
    let states = [(1, true, false), (2, true, false), (1, false, false), (1, true, true)];
    let pages = [(1, 0), (1, 1), (2, 1), (2, 2)];
    for record in &records() {
        let known = usize::from(record.is_some());
        for state in states {
            for pages in pages {
                let examined = file(None, state, pages);
                for signatures in std::iter::once(&[][..]).chain(parts.chunks(1)) {
                    *outcomes.entry(check(&examined, signatures, record.as_ref(), known)).or_insert(0) += 1;
                }
            }
        }
        let problems = [
            FileProblem::CutOff,
            FileProblem::Damaged,
            FileProblem::Encrypted,
            FileProblem::NotPdf,
            FileProblem::OverLimit(Limit::Time),
            FileProblem::TooLarge,
        ];
        for problem in problems {
            for known in known..=2 * known {
                let examined = file(Some(problem), (1, true, false), (0, 0));
                *outcomes.entry(check(&examined, &[], record.as_ref(), known)).or_insert(0) += 1;
            }
        }
    }
    for outcome in Outcome::ALL {
        assert!(outcomes.contains_key(&outcome), "{outcome:?} is reached: {outcomes:?}");
    }
}

#[test]
fn no_two_signatures_give_a_verdict_that_contradicts_itself() {
    let parts = Parts::all();
    let records = [None, Some(LicenceFacts { file: Some(Likeness::Other), ..facts(Status::Valid) })];
    for record in &records {
        for pages in [(1, 0), (2, 2)] {
            let examined = file(None, (2, true, false), pages);
            for first in &parts {
                for second in &parts {
                    let outcome = check(&examined, &[*first, *second], record.as_ref(), usize::from(record.is_some()));
                    assert_ne!(outcome, Outcome::Valid, "{first:?} {second:?}");
                }
            }
        }
    }
}

#[test]
fn no_number_gets_a_verdict_that_contradicts_itself() {
    for record in records().into_iter().map(|record| record.map(|record| LicenceFacts { file: None, ..record })) {
        let verdict = decide(Evidence { subject: Subject::Number, licence: record, at: now() });
        check_that_nothing_contradicts(&verdict, false);
    }
    for subject in [Subject::MistypedNumber, Subject::OtherText] {
        let verdict = decide(Evidence { subject, licence: None, at: now() });
        check_that_nothing_contradicts(&verdict, false);
        assert_eq!(verdict.outcome, Outcome::Unverifiable);
    }
}
