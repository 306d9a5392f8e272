//! What a file says it is. Whoever writes of a licence names it; only a file that says it *is* a licence of ours can be a
//! forged one, and says so in one of three ways: by metadata with the identifier of a licence of ours or of an issuer of
//! ours, by the page of a licence without metadata, or by the name of our seal.

use std::collections::HashSet;

use super::{
    examine::Examined,
    judged::Judged,
    trust::{Recorded, Trust},
};
use crate::licence::Likeness;

/// What a file says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// A licence of ours.
    Licence,
    /// Several licences in one file, or a licence among other pages: no licence, and nobody's forgery.
    Several,
    /// Nothing of ours.
    Nothing,
}

/// What it says, with what the records know: the licence that it names first, and how many licences it names.
pub(super) fn of(examined: &Examined, judged: &[Judged], trust: &Trust, recorded: Recorded<'_>) -> Claim {
    let Recorded { licence: record, count: known } = recorded;
    let pages = examined.pages;
    let seals = distinct_seals(judged);
    let imitates = judged.iter().any(|judged| judged.imitates);
    // Whatever was put behind what a seal of ours covers, it is that licence, changed.
    let is_whole = judged.iter().any(|judged| judged.trusted && judged.intact);
    let is_recorded = record.is_some_and(|record| record.file == Some(Likeness::Same));
    let is_joined = (examined.is_joined || examined.problem.is_some()) && known > 1;
    let is_merged = pages.of_licences > 1 || (pages.all > 1 && (known > 1 || seals > 1));
    if (is_joined || (is_merged && !is_whole)) && !imitates && !is_recorded {
        return Claim::Several;
    }
    let is_by_issuer = examined.claimed.iter().any(|claimed| trust.issuer_codes.contains(claimed.issuer_code()));
    let is_sealed = judged.iter().any(|judged| judged.trusted);
    if known > 0 || is_by_issuer || is_sealed || imitates || examined.claims_too_many {
        return Claim::Licence;
    }
    match pages.of_licences {
        0 => Claim::Nothing,
        // Typeset by this program for the issuer that its metadata names, who is none of ours.
        _ if !examined.claimed.is_empty() => Claim::Nothing,
        // Among other pages it is a copy in somebody's papers.
        _ if pages.all > 1 => Claim::Several,
        _ => Claim::Licence,
    }
}

/// How many acts of sealing there are in a file: of each the seal is ours and genuine, over documents that differ.
fn distinct_seals(judged: &[Judged]) -> usize {
    let sealed = judged.iter().filter(|judged| judged.trusted).filter_map(|judged| judged.sealed);
    sealed.collect::<HashSet<_>>().len()
}
