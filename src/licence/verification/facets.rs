//! The four things that people at a counter ask, as a receipt keeps them: how each of them stood, and why. They name nobody.

use base::Fault;
use serde::{Deserialize, Serialize};
use verify::{CheckResult, Facet, Reason, Verdict};

/// How one of them stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptFacet {
    pub facet: Facet,
    pub result: CheckResult,
    /// Why, unless it passed or was not asked.
    pub reason: Option<Reason>,
}

/// As stored: codes by the names of the four.
#[derive(Serialize, Deserialize)]
struct Stored {
    content: Standing,
    issuer: Standing,
    status: Standing,
    period: Standing,
}

#[derive(Serialize, Deserialize)]
struct Standing {
    result: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The four of a verdict as they are stored.
pub(super) fn stored(verdict: &Verdict) -> Result<String, Fault> {
    let of = |facet| {
        let check = verdict.facet(facet);
        let result = check.map_or(CheckResult::NotDone, |check| check.result).as_str().to_owned();
        let reason = check.and_then(|check| check.reason).map(|reason| reason.code().to_owned());
        Standing { result, reason }
    };
    let all = Stored {
        content: of(Facet::Content),
        issuer: of(Facet::Issuer),
        status: of(Facet::Status),
        period: of(Facet::Period),
    };
    serde_json::to_string(&all).map_err(Fault::broken)
}

/// The four as a receipt keeps them; none of a receipt from before they were kept, and none of what cannot be read.
pub(super) fn read(stored: Option<&str>) -> Vec<KeptFacet> {
    let Some(all) = stored.and_then(|text| serde_json::from_str::<Stored>(text).ok()) else { return Vec::new() };
    Facet::ALL
        .into_iter()
        .filter_map(|facet| {
            let standing = match facet {
                Facet::Content => &all.content,
                Facet::Issuer => &all.issuer,
                Facet::Status => &all.status,
                Facet::Period => &all.period,
            };
            let result = CheckResult::ALL.into_iter().find(|result| result.as_str() == standing.result)?;
            let known = |code: &str| Reason::ALL.iter().copied().find(|reason| reason.code() == code);
            Some(KeptFacet { facet, result, reason: standing.reason.as_deref().and_then(known) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use base::Instant;
    use verify::{Evidence, Subject, decide};

    use super::*;

    #[test]
    fn what_is_stored_of_the_four_is_read_again_and_what_is_not_ours_is_none() {
        let at = Instant::from_seconds(1_795_417_200);
        let verdict = decide(Evidence { subject: Subject::Number, licence: None, at });
        let read_again = read(Some(&stored(&verdict).unwrap()));
        assert_eq!(read_again.iter().map(|kept| kept.facet).collect::<Vec<_>>(), Facet::ALL);
        for kept in read_again {
            let check = verdict.facet(kept.facet).unwrap();
            assert_eq!((kept.result, kept.reason), (check.result, check.reason));
        }
        for other in [None, Some(""), Some("{}"), Some("[1]")] {
            assert_eq!(read(other), []);
        }
        let unknown = r#"{"content":{"result":"maybe"},"issuer":{"result":"passed"},"status":{"result":"failed","reason":"gone"},"period":{"result":"not_done"}}"#;
        let results: Vec<_> = read(Some(unknown)).iter().map(|kept| (kept.result, kept.reason)).collect();
        assert_eq!(results, [(CheckResult::Passed, None), (CheckResult::Failed, None), (CheckResult::NotDone, None)]);
    }
}
