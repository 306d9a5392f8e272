//! Verdicts on PDF files: every signature, what it covers, who made it, and whether it is the document we recorded.
//!
//! Two steps, because between them the caller asks its records: [`examine`] reads the file once, [`judge`] decides.

mod claim;
mod examine;
mod judged;
mod named;
mod signature;
mod stranger;
mod trust;

#[cfg(test)]
mod tests;

use base::Instant;

pub use examine::{Examined, FileProblem, Found, examine};
pub use named::folded;
pub use trust::{Recorded, Trust};

use crate::{
    check::Check,
    finding::Finding,
    licence::{LicenceFacts, Likeness},
    limits::SIGNERS_NAMED_MAX,
    outcome::Outcome,
    reason::Reason,
    verdict::SignatureReport,
};
use claim::Claim;
use judged::{ChainTrouble, Judged, Trouble};

/// The checks on a file and the report on each of its signatures.
#[derive(Debug)]
pub struct FileJudgement {
    /// The checks, in order, without those on the licence itself.
    pub checks: Vec<Check>,
    /// One report for each signature.
    pub(crate) reports: Vec<SignatureReport>,
    /// Whether the file speaks of one licence that the records know.
    pub(crate) is_of_one_licence: bool,
}

/// Decides about a file.
pub fn judge(examined: &Examined, trust: &Trust, recorded: Recorded<'_>, at: Instant) -> FileJudgement {
    // A record proves when the signature was made; otherwise only the signer says so, and only now is certain.
    let signed_at = recorded.licence.map_or(at, |record| record.issued_at);
    let judged = examined.signatures.iter().map(|found| signature::judge(found, trust, signed_at, at)).collect();
    conclude(examined, judged, trust, recorded)
}

/// What follows from what was found of the file, its signatures and the records.
fn conclude(examined: &Examined, mut judged: Vec<Judged>, trust: &Trust, recorded: Recorded<'_>) -> FileJudgement {
    let claim = claim::of(examined, &judged, trust, recorded);
    let record = recorded.licence.filter(|_| claim == Claim::Licence);
    if claim == Claim::Licence {
        judged = judged.into_iter().map(Judged::held_to_our_form).collect();
    }
    let checks = match (claim, examined.problem) {
        (Claim::Several, _) => several(),
        (_, Some(problem)) => unreadable(problem, record),
        (_, None) => readable(examined, &judged, (claim, record)),
    };
    let reports = judged.into_iter().map(|judged| judged.report).collect();
    FileJudgement { checks, reports, is_of_one_licence: record.is_some() }
}

fn readable(examined: &Examined, judged: &[Judged], (claim, record): (Claim, Option<&LicenceFacts>)) -> Vec<Check> {
    let is_ours = claim == Claim::Licence;
    let readable = if examined.is_mended { Finding::FileMended } else { Finding::FileReadable };
    let mut checks = vec![Check::passed("file_readable", readable)];
    checks.extend(if is_ours { checks_of_ours(examined, judged, record) } else { checks_of_theirs(examined, judged) });
    checks.push(plain_check(examined, is_ours));
    checks.extend(record_checks(judged, record));
    checks
}

/// A file that says it is ours: exactly one signature, over all of it, by a seal of ours.
fn checks_of_ours(examined: &Examined, judged: &[Judged], record: Option<&LicenceFacts>) -> Vec<Check> {
    let Some(first) = judged.iter().find(|judged| judged.trusted).or_else(|| judged.first()) else {
        return not_signed(Reason::NoSealOfOurs);
    };
    let signed = if judged.len() == 1 {
        Check::passed("file_signed", Finding::OneSignature)
    } else {
        Check::failed("file_signed", Reason::SeveralSignatures)
    };
    let mut checks = vec![signed, content_of_ours(examined, first, record)];
    checks.extend(signer_checks(first, stranger(judged, Reason::NoSealOfOurs)));
    checks
}

fn content_of_ours(examined: &Examined, first: &Judged, record: Option<&LicenceFacts>) -> Check {
    const CODE: &str = "content_unaltered";
    let is_whole = first.report.covers_whole_file && examined.revisions == 1;
    let is_plain = examined.is_plain && !examined.is_active;
    let is_cut = record.is_some_and(|record| record.file == Some(Likeness::Beginning));
    let is_another = record.is_some_and(|record| record.is_intact && record.file != Some(Likeness::Same));
    let reason = match first.trouble {
        Some(Trouble::Hash) => Reason::ContentAltered,
        Some(Trouble::Forged) => return Check::not_done(CODE, Finding::SignatureProvesNothing),
        // A range that goes on beyond the end is what a download that broke off leaves, or somebody who bent it.
        Some(Trouble::CutOff) if is_cut => Reason::FileIncomplete,
        // What was signed is all there; a later revision took the signature out of its frame.
        Some(Trouble::Form) if first.intact && examined.revisions > 1 => Reason::ChangedAfterSigning,
        Some(_) if first.chain != Some(Err(ChainTrouble::Stranger)) => Reason::SignatureBroken,
        // Whoever signs a copy of ours signs what is there; that it is not ours is said of the issuer.
        _ if !first.trusted => return Check::not_done(CODE, Finding::SignatureProvesNothing),
        _ if !is_whole || !is_plain => Reason::ChangedAfterSigning,
        _ if is_another => Reason::RecordDiffers,
        _ => return Check::passed(CODE, Finding::Unaltered),
    };
    Check::failed(CODE, reason)
}

/// A file that others signed. We can say what each signature covers, and whether that was altered; who they are, a person
/// must find out.
fn checks_of_theirs(examined: &Examined, judged: &[Judged]) -> Vec<Check> {
    let Some(worst) = judged.iter().map(weight).max() else { return not_signed(Reason::Unsigned) };
    let Some(first) = judged.iter().find(|judged| weight(judged) == worst) else { return vec![] };
    let mut checks = vec![Check::passed("file_signed", Finding::Signed), content_of_theirs(examined, first)];
    checks.extend(signer_checks(first, stranger(judged, Reason::UnknownIssuer)));
    checks
}

/// Which signature of several is spoken of: the worst, and of those that are good the one after which something was added.
fn weight(judged: &Judged) -> u8 {
    match judged.trouble {
        Some(Trouble::Hash) => 5,
        Some(Trouble::Forged) => 4,
        // Nothing of what it covers can be told, and the whole may tell.
        Some(Trouble::CutOff) => 3,
        Some(_) => 2,
        None => u8::from(!judged.report.covers_whole_file),
    }
}

fn content_of_theirs(examined: &Examined, first: &Judged) -> Check {
    const CODE: &str = "content_unaltered";
    let signer = first.report.signer.clone().unwrap_or_default();
    match first.trouble {
        Some(Trouble::Hash) => Check::failed_with(CODE, Reason::ContentAltered, Finding::AlteredSince(signer)),
        Some(Trouble::Forged) => Check::not_done(CODE, Finding::SignatureProvesNothing),
        Some(Trouble::CutOff) => Check::failed(CODE, Reason::FileCutOff),
        Some(Trouble::LeavesOut) => Check::failed(CODE, Reason::SignatureLeavesOut),
        Some(Trouble::Empty) => Check::missing(CODE, Reason::NotYetSigned),
        Some(Trouble::Misplaced) => Check::missing(CODE, Reason::SignatureMisplaced),
        Some(Trouble::NoCertificate) => Check::missing(CODE, Reason::SignerCertificateMissing),
        Some(Trouble::Unreadable) => Check::missing(CODE, Reason::SignatureUnreadable),
        Some(Trouble::Weak) => Check::missing(CODE, Reason::WeakSignature),
        Some(Trouble::Form | Trouble::Constraints | Trouble::Algorithm) => {
            Check::missing(CODE, Reason::UnsupportedSignature)
        }
        None if !first.report.covers_whole_file => {
            Check::failed_with(CODE, Reason::CoversPart, Finding::AddedAfter(signer))
        }
        None if examined.hides => Check::missing(CODE, Reason::HiddenContent),
        None => Check::passed(CODE, Finding::UnalteredSince(signer)),
    }
}

/// Whether everybody sees the same in it, and nothing in it acts. Our own files are plain; one that is not was changed.
/// Those of others may be untidy.
fn plain_check(examined: &Examined, is_ours: bool) -> Check {
    const CODE: &str = "no_hidden_content";
    let is_plain = if is_ours { examined.is_plain } else { !examined.hides };
    if is_plain && !examined.is_active {
        return Check::passed(CODE, Finding::NothingHidden);
    }
    let reason = match (is_ours, is_plain) {
        (true, _) => Reason::ChangedAfterSigning,
        (false, false) => Reason::HiddenContent,
        (false, true) => Reason::ActiveContent,
    };
    Check::failed(CODE, reason)
}

fn not_signed(reason: Reason) -> Vec<Check> {
    let nobody = |code| Check::not_done(code, Finding::NotSigned);
    let issuer = match reason {
        Reason::NoSealOfOurs => Check::failed("issuer_trusted", reason),
        _ => nobody("issuer_trusted"),
    };
    let signed = Check::failed("file_signed", reason);
    vec![signed, nobody("content_unaltered"), nobody("signature_genuine"), issuer, nobody("certificate_not_revoked")]
}

/// What is said of the issuer when a chain does not lead to us: who imitates us is told from who is only unknown, and
/// whoever signed is named as they call themselves.
fn stranger(judged: &[Judged], otherwise: Reason) -> Check {
    let mut signers: Vec<String> = Vec::new();
    for signer in judged.iter().filter_map(|judged| judged.report.signer.as_ref()) {
        if !signers.contains(signer) && signers.len() < SIGNERS_NAMED_MAX {
            signers.push(signer.clone());
        }
    }
    let reason = if judged.iter().any(|judged| judged.imitates) { Reason::SealImitated } else { otherwise };
    match reason {
        Reason::UnknownIssuer if !signers.is_empty() => {
            Check::failed_with("issuer_trusted", reason, Finding::SignedByStrangers(signers))
        }
        _ => Check::failed("issuer_trusted", reason),
    }
}

/// Who signed: the mathematics, the chain, revocation. `stranger` is what is said when the chain does not lead to us.
fn signer_checks(judged: &Judged, stranger: Check) -> [Check; 3] {
    const ISSUER: &str = "issuer_trusted";
    const REVOKED: &str = "certificate_not_revoked";
    let not_checked = |code| Check::not_done(code, Finding::SignatureUnchecked);
    if judged.trouble == Some(Trouble::Forged) {
        // The certificate names somebody who did not sign.
        let forged = |code| Check::failed(code, Reason::SignatureForged);
        let issuer = if stranger.reason == Some(Reason::SealImitated) { stranger } else { forged(ISSUER) };
        return [forged("signature_genuine"), issuer, not_checked(REVOKED)];
    }
    let genuine = if judged.is_genuine {
        Check::passed("signature_genuine", Finding::SignatureGenuine)
    } else {
        not_checked("signature_genuine")
    };
    let trusted = || Check::passed(ISSUER, Finding::SealedBy(judged.report.signer.clone().unwrap_or_default()));
    let [issuer, revoked] = match &judged.chain {
        Some(Err(ChainTrouble::Stranger)) => [stranger, not_checked(REVOKED)],
        None if stranger.reason == Some(Reason::SealImitated) => [stranger, not_checked(REVOKED)],
        Some(_) if !judged.is_genuine => [not_checked(ISSUER), not_checked(REVOKED)],
        None => [not_checked(ISSUER), not_checked(REVOKED)],
        Some(Ok(())) => [trusted(), Check::passed(REVOKED, Finding::CertificateNotRevoked)],
        Some(Err(ChainTrouble::Revoked)) => {
            [ISSUER, REVOKED].map(|code| Check::failed(code, Reason::CertificateRevoked))
        }
        Some(Err(ChainTrouble::ListOld)) => {
            [ISSUER, REVOKED].map(|code| Check::missing(code, Reason::RevocationListOld))
        }
        Some(Err(ChainTrouble::OutOfPeriod)) => {
            [Check::failed(ISSUER, Reason::CertificateOutOfPeriod), not_checked(REVOKED)]
        }
    };
    [genuine, issuer, revoked]
}

/// Whether the records know the licence, and whether this file is the document they hold.
fn record_checks(judged: &[Judged], record: Option<&LicenceFacts>) -> [Check; 2] {
    let nothing = || Check::not_done("matches_record", Finding::NoRecord);
    if let Some(record) = record {
        let known = Check::passed("licence_known", Finding::LicenceKnown);
        let matches = if !record.is_intact {
            Check::missing("matches_record", Reason::RecordDamaged)
        } else if record.file == Some(Likeness::Same) {
            Check::passed("matches_record", Finding::MatchesRecord)
        } else {
            Check::failed("matches_record", Reason::RecordDiffers)
        };
        [known, matches]
    } else if judged.iter().any(|judged| judged.trusted && judged.intact) {
        [Check::failed("licence_known", Reason::NotRecorded), nothing()]
    } else {
        [Check::not_done("licence_known", Finding::NotOurs), nothing()]
    }
}

/// What is asked of a file beside whether it can be read.
const AFTER_READING: [&str; 7] = [
    "file_signed",
    "content_unaltered",
    "signature_genuine",
    "issuer_trusted",
    "certificate_not_revoked",
    "no_hidden_content",
    "matches_record",
];

/// Each licence in it can be verified by itself, and all together cannot: whoever merged them broke every seal.
fn several() -> Vec<Check> {
    let mut checks = vec![Check::failed("one_licence", Reason::HoldsLicences)];
    let not_done = |code| Check::not_done(code, Finding::Reason(Reason::HoldsLicences));
    checks.extend(AFTER_READING.map(not_done));
    checks
}

fn unreadable(problem: FileProblem, record: Option<&LicenceFacts>) -> Vec<Check> {
    let likeness = record.map(|record| record.file.unwrap_or(Likeness::Other)).filter(|file| *file != Likeness::Same);
    let reason = match (problem, likeness) {
        (FileProblem::CutOff | FileProblem::Damaged, Some(Likeness::Beginning)) => Reason::FileIncomplete,
        // The metadata of one of our licences inside of a broken structure: somebody changed it.
        (FileProblem::Damaged, Some(_)) => Reason::SignatureBroken,
        (FileProblem::CutOff, Some(_)) => Reason::RecordDiffers,
        // None of ours is encrypted, and what is encrypted hides what it says it is.
        (FileProblem::Encrypted, Some(_)) => Reason::ChangedAfterSigning,
        (FileProblem::CutOff, None) => Reason::FileCutOff,
        (FileProblem::Damaged, None) => Reason::FileDamaged,
        (FileProblem::Encrypted, None) => Reason::FileEncrypted,
        (FileProblem::NotPdf, _) => Reason::FileNotPdf,
        (FileProblem::OverLimit(_), _) => Reason::FileOverLimit,
        (FileProblem::TooLarge, _) => Reason::FileTooLarge,
    };
    // The identifier stands readable in it, so the records were asked. They know the licence; whether this file is it,
    // the reason says.
    let known = match record {
        Some(_) => Check::passed("licence_known", Finding::LicenceNamed),
        None => Check::not_done("licence_known", Finding::FileUnreadable),
    };
    let readable = match problem {
        FileProblem::OverLimit(limit) => Check::failed_with("file_readable", reason, Finding::OverLimit(limit)),
        _ => Check::failed("file_readable", reason),
    };
    let mut checks = vec![readable, known];
    checks.extend(AFTER_READING.map(|code| {
        if code == "content_unaltered" && reason.outcome() == Outcome::Invalid {
            Check::failed(code, reason)
        } else {
            Check::not_done(code, Finding::FileUnreadable)
        }
    }));
    checks
}
