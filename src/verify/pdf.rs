//! Verdicts on PDF files: every signature, what it covers, who made it, and whether it is the document we recorded.
//!
//! Two steps, because between them the caller asks its records: [`examine`] reads the file once, [`judge`] decides.

mod examine;
mod signature;
mod stranger;

#[cfg(test)]
mod tests;

use base::Instant;
use crypto::x509::{Certificate, Crl};

pub use examine::{Examined, FileProblem, Found, examine};

use crate::{check::Check, finding::Finding, licence::LicenceFacts, reason::Reason, verdict::SignatureReport};
use signature::{Judged, Trouble};

/// Whom we trust, and what is known of revocation.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Certificates under which everything counts and above which nothing is asked.
    pub roots: Vec<Certificate>,
    /// The revocation lists at hand.
    pub lists: Vec<Crl>,
}

/// The checks on a file and the report on each of its signatures.
#[derive(Debug)]
pub struct FileJudgement {
    /// The checks, in order, without those on the licence itself.
    pub checks: Vec<Check>,
    /// One report for each signature.
    pub(crate) reports: Vec<SignatureReport>,
}

/// Decides about a file. `record` is the licence that the file names or is, if our records know it.
pub fn judge(examined: &Examined, trust: &Trust, record: Option<&LicenceFacts>, at: Instant) -> FileJudgement {
    if let Some(problem) = &examined.problem {
        return unreadable(*problem, record.is_some());
    }
    // A record proves when the signature was made; otherwise only the signer says so, and only now is certain.
    let signed_at = record.map_or(at, |record| record.issued_at);
    let judged: Vec<Judged> =
        examined.signatures.iter().map(|found| signature::judge(found, trust, signed_at, at)).collect();
    let is_ours = record.is_some() || judged.iter().any(|judged| judged.trusted);
    let readable = if examined.is_mended { Finding::FileMended } else { Finding::FileReadable };
    let readable = Check::passed("file_readable", readable);
    let mut checks = vec![readable];
    if is_ours {
        checks.extend(checks_of_ours(examined, &judged, record));
    } else {
        checks.extend(checks_of_theirs(&judged));
    }
    checks.push(plain_check(examined, is_ours));
    checks.extend(record_checks(examined, &judged, record));
    let reports = judged.into_iter().map(|judged| judged.report).collect();
    FileJudgement { checks, reports }
}

/// A file of ours, or one that says so: exactly one signature, over all of it, by a seal of ours.
fn checks_of_ours(examined: &Examined, judged: &[Judged], record: Option<&LicenceFacts>) -> Vec<Check> {
    let Some(first) = judged.iter().find(|judged| judged.trusted).or_else(|| judged.first()) else {
        return not_signed(Reason::NoSealOfOurs);
    };
    let mut checks = vec![if judged.len() == 1 {
        Check::passed("file_signed", Finding::OneSignature)
    } else {
        Check::failed("file_signed", Reason::SeveralSignatures)
    }];
    // Whoever signs a copy of ours signs what is there; that it is not ours is said of the issuer.
    let whole = first.report.covers_whole_file && (examined.revisions == 1 || !first.trusted);
    checks.push(match first.trouble {
        Some(Trouble::Hash) => Check::failed("content_unaltered", Reason::ContentAltered),
        Some(Trouble::CutOff) => Check::failed("content_unaltered", Reason::FileIncomplete),
        // What was signed is all there; a later revision took the signature out of its frame.
        Some(Trouble::Form) if first.intact && examined.revisions > 1 => {
            Check::failed("content_unaltered", Reason::ChangedAfterSigning)
        }
        Some(
            Trouble::Form
            | Trouble::Constraints
            | Trouble::Algorithm
            | Trouble::NoCertificate
            | Trouble::Unreadable
            | Trouble::Empty
            | Trouble::Misplaced
            | Trouble::LeavesOut,
        ) => Check::failed("content_unaltered", Reason::SignatureBroken),
        Some(Trouble::Forged) => Check::not_done("content_unaltered", Finding::SignatureProvesNothing),
        _ if !whole => Check::failed("content_unaltered", Reason::ChangedAfterSigning),
        _ => unaltered(),
    });
    checks.extend(signer_checks(first, if record.is_some() { Reason::NoSealOfOurs } else { Reason::UnknownIssuer }));
    checks
}

/// A file that others signed. We can say whether it was altered; who they are, a person must find out.
fn checks_of_theirs(judged: &[Judged]) -> Vec<Check> {
    let Some(first) = judged.iter().max_by_key(|judged| match judged.trouble {
        Some(Trouble::Hash) => 3,
        Some(Trouble::Forged) => 2,
        Some(_) => 1,
        None => 0,
    }) else {
        return not_signed(Reason::Unsigned);
    };
    let covered = judged.iter().any(|judged| judged.report.covers_whole_file);
    let mut checks = vec![Check::passed("file_signed", Finding::Signed)];
    checks.push(match first.trouble {
        Some(Trouble::Hash) => Check::failed("content_unaltered", Reason::ContentAltered),
        Some(Trouble::Forged) => Check::not_done("content_unaltered", Finding::SignatureProvesNothing),
        Some(Trouble::CutOff) => Check::failed("content_unaltered", Reason::FileCutOff),
        Some(Trouble::LeavesOut) => Check::failed("content_unaltered", Reason::SignatureLeavesOut),
        Some(Trouble::Empty) => Check::missing("content_unaltered", Reason::NotYetSigned),
        Some(Trouble::Misplaced) => Check::missing("content_unaltered", Reason::SignatureMisplaced),
        Some(Trouble::NoCertificate) => Check::missing("content_unaltered", Reason::SignerCertificateMissing),
        Some(Trouble::Unreadable) => Check::missing("content_unaltered", Reason::SignatureUnreadable),
        Some(Trouble::Weak) => Check::missing("content_unaltered", Reason::WeakSignature),
        Some(Trouble::Form | Trouble::Constraints | Trouble::Algorithm) => {
            Check::missing("content_unaltered", Reason::UnsupportedSignature)
        }
        _ if !covered => Check::failed("content_unaltered", Reason::CoversPart),
        _ => unaltered(),
    });
    checks.extend(signer_checks(first, Reason::UnknownIssuer));
    checks
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

fn unaltered() -> Check {
    Check::passed("content_unaltered", Finding::Unaltered)
}

fn not_signed(reason: Reason) -> Vec<Check> {
    let mut checks = vec![Check::failed("file_signed", reason)];
    checks.extend(
        ["content_unaltered", "signature_genuine", "issuer_trusted", "certificate_not_revoked"]
            .map(|code| Check::not_done(code, Finding::NotSigned)),
    );
    checks
}

/// Who signed: the mathematics, the chain, revocation. `stranger` is the reason when the chain does not lead to us.
fn signer_checks(judged: &Judged, stranger: Reason) -> [Check; 3] {
    let not_checked = |code| Check::not_done(code, Finding::SignatureUnchecked);
    let genuine = match judged.trouble {
        Some(Trouble::Forged) => Check::failed("signature_genuine", Reason::SignatureForged),
        Some(
            Trouble::CutOff
            | Trouble::Form
            | Trouble::Constraints
            | Trouble::Algorithm
            | Trouble::Empty
            | Trouble::Misplaced
            | Trouble::NoCertificate
            | Trouble::Unreadable,
        ) => not_checked("signature_genuine"),
        _ => Check::passed("signature_genuine", Finding::SignatureGenuine),
    };
    let signer = judged.report.signer.clone().unwrap_or_default();
    let trusted = Check::passed("issuer_trusted", Finding::SealedBy(signer));
    let not_revoked = Check::passed("certificate_not_revoked", Finding::CertificateNotRevoked);
    let [issuer, revoked] = match &judged.chain {
        None => [not_checked("issuer_trusted"), not_checked("certificate_not_revoked")],
        Some(Ok(())) => [trusted, not_revoked],
        Some(Err(signature::ChainTrouble::Revoked)) => {
            [trusted, Check::failed("certificate_not_revoked", Reason::CertificateRevoked)]
        }
        Some(Err(signature::ChainTrouble::ListOld)) => {
            [trusted, Check::missing("certificate_not_revoked", Reason::RevocationListOld)]
        }
        Some(Err(signature::ChainTrouble::OutOfPeriod)) => {
            [Check::failed("issuer_trusted", Reason::CertificateOutOfPeriod), not_checked("certificate_not_revoked")]
        }
        Some(Err(signature::ChainTrouble::Stranger)) => {
            [Check::failed("issuer_trusted", stranger), not_checked("certificate_not_revoked")]
        }
    };
    [genuine, issuer, revoked]
}

/// Whether the records know the licence, and whether this file is the document they hold.
fn record_checks(examined: &Examined, judged: &[Judged], record: Option<&LicenceFacts>) -> [Check; 2] {
    let nothing = || Check::not_done("matches_record", Finding::NoRecord);
    if let Some(record) = record {
        let known = Check::passed("licence_known", Finding::LicenceKnown);
        let matches = if !record.is_intact {
            Check::missing("matches_record", Reason::RecordDamaged)
        } else if record.file_sha256.as_deref() == Some(examined.sha256.as_str()) {
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

fn unreadable(problem: FileProblem, names_a_licence: bool) -> FileJudgement {
    let reason = match problem {
        // The metadata of one of our licences inside of a broken structure: somebody changed it.
        FileProblem::Damaged if names_a_licence => Reason::SignatureBroken,
        FileProblem::CutOff if names_a_licence => Reason::FileIncomplete,
        FileProblem::CutOff => Reason::FileCutOff,
        FileProblem::Damaged => Reason::FileDamaged,
        FileProblem::Encrypted => Reason::FileEncrypted,
        FileProblem::NotPdf => Reason::FileNotPdf,
        FileProblem::OverLimit(_) => Reason::FileOverLimit,
        FileProblem::TooLarge => Reason::FileTooLarge,
    };
    // The identifier stands readable in it, so the records were asked. They know the licence; whether this file is it,
    // nobody can say.
    let known = if names_a_licence {
        Check::passed("licence_known", Finding::LicenceNamed)
    } else {
        Check::not_done("licence_known", Finding::FileUnreadable)
    };
    let mut checks = vec![match problem {
        FileProblem::OverLimit(limit) => Check::failed_with("file_readable", reason, Finding::OverLimit(limit)),
        _ => Check::failed("file_readable", reason),
    }];
    checks.extend(
        [
            "file_signed",
            "content_unaltered",
            "signature_genuine",
            "issuer_trusted",
            "certificate_not_revoked",
            "no_hidden_content",
        ]
        .map(|code| Check::not_done(code, Finding::FileUnreadable)),
    );
    checks.extend([known, Check::not_done("matches_record", Finding::FileUnreadable)]);
    let report = SignatureReport {
        indication: "TOTAL-FAILED",
        sub_indication: Some("FORMAT_FAILURE"),
        signer: None,
        covers_whole_file: false,
    };
    let reports = if names_a_licence && problem == FileProblem::Damaged { vec![report] } else { vec![] };
    FileJudgement { checks, reports }
}
