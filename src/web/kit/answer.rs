//! A verdict in the words and colours of a page.

use base::{Language, Text};
use verify::{CheckResult, Facet, Outcome, Verdict};

use crate::kit::wording::{self, Worded};

/// What a page shows of a verdict.
pub(crate) struct ShownVerdict {
    /// The outcome, for scripts.
    pub outcome: &'static str,
    /// The class that chooses the colour; the icon goes with it.
    pub class: &'static str,
    pub word: String,
    /// Why, or what was found.
    pub reason: String,
    /// What to do now.
    pub next: String,
    /// The four questions.
    pub facets: Vec<Line>,
    pub checks: Vec<Line>,
    /// The licence, if the records know it.
    pub licence: Option<Shown>,
    /// The signatures of a file.
    pub signatures: Vec<Signature>,
    /// The receipt's number; empty when there is none.
    pub receipt: String,
    /// The instant the answer holds for.
    pub holds_at: String,
}

/// One check.
pub(crate) struct Line {
    /// Its name; empty for a plain check.
    pub label: String,
    /// passed, failed or not-done.
    pub class: &'static str,
    /// The sign that stands for it.
    pub sign: &'static str,
    /// The sentence.
    pub text: String,
}

/// The facts of a licence that anyone may see.
pub(crate) struct Shown {
    pub name: String,
    pub identifier: String,
    pub issuer: String,
    pub holder: String,
    pub status: String,
    pub period: String,
}

pub(crate) struct Signature {
    pub signer: String,
    /// Whether it is good, in words.
    pub indication: String,
    pub covers: bool,
}

impl ShownVerdict {
    /// The answer in a language.
    pub fn new(verdict: &Verdict, language: Language) -> Self {
        let say = |text: &Text| text.in_language(language).to_owned();
        Self {
            outcome: verdict.outcome.as_str(),
            class: class(verdict.outcome),
            word: say(&verdict.outcome.text()),
            reason: say(&wording::verdict::why(verdict)),
            next: say(&verdict.advice().text()),
            facets: Facet::ALL
                .into_iter()
                .map(|facet| {
                    let (result, text) = wording::verdict::facet(verdict.facet(facet));
                    line(say(&facet.text()), result, say(&text))
                })
                .collect(),
            checks: verdict
                .checks
                .iter()
                .map(|check| line(String::new(), check.result, say(&check.finding.text())))
                .collect(),
            licence: verdict.licence.as_ref().map(|licence| Shown {
                name: say(&licence.type_name),
                identifier: licence.identifier.clone(),
                issuer: licence.issuer_name.clone(),
                holder: licence.holder_shown.clone(),
                status: say(&wording::verdict::standing(verdict, licence)),
                period: match licence.valid_until {
                    Some(until) => format!("{} – {until}", licence.valid_from),
                    None => format!("{} – {}", licence.valid_from, say(words::answer::NO_END)),
                },
            }),
            signatures: verdict
                .signatures
                .iter()
                .map(|report| Signature {
                    signer: wording::signer(report).map(|signer| say(&signer)).unwrap_or_default(),
                    indication: say(&wording::signature(report)),
                    covers: report.covers_whole_file,
                })
                .collect(),
            receipt: verdict.receipt.as_ref().map(ToString::to_string).unwrap_or_default(),
            holds_at: verdict.holds_at.legal_text(),
        }
    }
}

/// The class that chooses the colour and the icon.
pub(crate) fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Valid => "is-valid",
        Outcome::NeedsReview => "is-review",
        Outcome::Invalid => "is-invalid",
        Outcome::Unverifiable => "is-unverifiable",
    }
}

pub(crate) fn line(label: String, result: CheckResult, text: String) -> Line {
    let (class, sign) = match result {
        CheckResult::Passed => ("passed", "✓"),
        CheckResult::Failed => ("failed", "✕"),
        CheckResult::NotDone => ("not-done", "–"),
    };
    Line { label, class, sign, text }
}
