//! One signature of a file.

use base::Instant;
use crypto::{
    Digest,
    cms::{CmsError, SignedData},
    x509::{Certificate, ChainError, Revocation, chain::build_and_check},
};

use super::{Trust, claim::folded, examine::Found, stranger::Stranger};
use crate::{limits::SIGNER_CHARACTERS_MAX, verdict::SignatureReport};

/// What is wrong with the signature itself, or why that cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Made with something that we do not know.
    Algorithm,
    /// A signed attribute or the signer's certificate is missing or wrong.
    Constraints,
    /// What it covers goes on beyond the end of the file.
    CutOff,
    /// Room was left for a signature, and nobody has signed.
    Empty,
    /// The mathematics does not hold.
    Forged,
    /// The structure is malformed.
    Form,
    /// The document is another one than was signed.
    Hash,
    /// A stranger's, and intact, but bytes that it should cover are left out.
    LeavesOut,
    /// A stranger's, and what it says it covers is not in the file.
    Misplaced,
    /// The signer's certificate did not come along.
    NoCertificate,
    /// A stranger's, of a form that nobody can read, or that says not what it covers.
    Unreadable,
    /// A stranger's, and intact, but made with what can be forged today.
    Weak,
}

/// What is wrong with the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChainTrouble {
    /// No current revocation list.
    ListOld,
    /// Not within its period when it signed.
    OutOfPeriod,
    Revoked,
    /// It does not lead to a root of ours, or breaks the rules on the way.
    Stranger,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) report: SignatureReport,
    pub(super) trouble: Option<Trouble>,
    /// The mathematics holds, whatever the document is.
    pub(super) is_genuine: bool,
    /// Genuine, and what it says it covers is what was signed, whatever stands around that.
    pub(super) intact: bool,
    /// None when there was no certificate to look at.
    pub(super) chain: Option<Result<(), ChainTrouble>>,
    /// A genuine signature by a seal of ours, whatever became of the rest of the file or of the certificate.
    pub(super) trusted: bool,
    /// Of what a genuine signature in the form of ours was made.
    pub(super) sealed: Option<Digest>,
    /// A stranger's, under the name of a seal of ours or of our authority.
    pub(super) imitates: bool,
}

pub(super) fn judge(found: &Found, trust: &Trust, signed_at: Instant, now: Instant) -> Judged {
    let strict = found.signed.as_ref().map(|signed| (signed, check_chain(signed, trust, signed_at, now)));
    let is_sealed = found.is_genuine && strict.is_ok_and(|(_, chain)| chain != Err(ChainTrouble::Stranger));
    let is_of_our_seal = match &found.stranger {
        _ if is_sealed => true,
        None => false,
        Some(stranger) if stranger.is_of_our_seal(trust) => true,
        Some(stranger) => return of_stranger(found, stranger, trust),
    };
    let (signed, chain) = match strict {
        Ok(strict) => strict,
        Err(error) => return unread(found, *error, is_of_our_seal, trust),
    };
    let is_ours = chain != Err(ChainTrouble::Stranger);
    let trusted = found.is_genuine && is_ours;
    let trouble = trouble_of(found, signed, is_ours);
    let (indication, sub_indication) = match (trouble, chain) {
        (Some(trouble), _) => indication_of(trouble, is_ours),
        (None, Err(ChainTrouble::Revoked)) => ("TOTAL-FAILED", Some("REVOKED")),
        (None, Err(ChainTrouble::Stranger)) => ("INDETERMINATE", Some("NO_CERTIFICATE_CHAIN_FOUND")),
        (None, Err(ChainTrouble::OutOfPeriod)) => ("INDETERMINATE", Some("OUT_OF_BOUNDS_NO_POE")),
        (None, Err(ChainTrouble::ListOld)) => ("INDETERMINATE", Some("TRY_LATER")),
        (None, Ok(())) if !found.covers_whole_file => ("TOTAL-FAILED", Some("FORMAT_FAILURE")),
        (None, Ok(())) => ("TOTAL-PASSED", None),
    };
    let report = SignatureReport {
        indication,
        sub_indication,
        signer: shown(signed.signer.display_name()),
        is_signer_confirmed: trusted,
        covers_whole_file: found.covers_whole_file,
    };
    Judged {
        report,
        trouble,
        is_genuine: found.is_genuine,
        intact: found.is_genuine && found.digest == Some(signed.message_digest),
        chain: Some(chain),
        trusted,
        sealed: found.is_genuine.then_some(signed.message_digest),
        imitates: !is_ours && (borrows_name(found, trust) || borrows_names_of_certificate(&signed.signer, trust)),
    }
}

/// A structure that we do not read. Whatever it is worth, nobody looked.
fn unread(found: &Found, error: CmsError, is_ours: bool, trust: &Trust) -> Judged {
    let trouble = match error {
        CmsError::Algorithm => Trouble::Algorithm,
        CmsError::Attribute(_) | CmsError::SignerCertificate => Trouble::Constraints,
        CmsError::Form | CmsError::Signers if found.is_cut_off => Trouble::CutOff,
        CmsError::Form | CmsError::Signers => Trouble::Form,
    };
    let (indication, sub_indication) = indication_of(trouble, is_ours);
    let report = SignatureReport {
        indication,
        sub_indication,
        signer: None,
        is_signer_confirmed: is_ours,
        covers_whole_file: found.covers_whole_file,
    };
    Judged {
        report,
        trouble: Some(trouble),
        is_genuine: false,
        intact: false,
        chain: None,
        trusted: is_ours,
        sealed: None,
        imitates: !is_ours && borrows_name(found, trust),
    }
}

/// What is said with tolerance of a signature that is no seal's of ours. One that encloses a seal's certificate of ours and
/// was not made with its key is forged or damaged, and imitates nothing.
fn of_stranger(found: &Found, stranger: &Stranger, trust: &Trust) -> Judged {
    let signer = stranger.signer_certificate();
    let is_borrowed = signer.as_ref().is_some_and(|signer| borrows_names_of_certificate(signer, trust));
    let imitates = !stranger.encloses_our_seal(trust) && (is_borrowed || borrows_name(found, trust));
    Judged { imitates, ..stranger.judge() }
}

fn trouble_of(found: &Found, signed: &SignedData, is_ours: bool) -> Option<Trouble> {
    if !found.is_genuine {
        // Without a genuine signature the digest inside says nothing.
        Some(if signed.signer.public_key.is_some() { Trouble::Forged } else { Trouble::Algorithm })
    } else if found.digest.is_some_and(|digest| digest != signed.message_digest) {
        Some(Trouble::Hash)
    } else if found.is_cut_off {
        Some(Trouble::CutOff)
    } else if !found.is_framed || found.digest.is_none() {
        Some(Trouble::Form)
    } else if is_ours && !signed.names_certificate {
        Some(Trouble::Constraints)
    } else if is_ours && (!found.is_cades_detached || signed.has_unsigned_attributes) {
        // We write PAdES B-B: anything unsigned in a signature of ours was put there by somebody else.
        Some(Trouble::Form)
    } else {
        None
    }
}

/// The words of EN 319 102-1 §5.1.3 for it: what is wrong has failed, what was not checked is indeterminate. Of ours the
/// form is known, so that another one has failed; what a stranger's form means, somebody else may know.
pub(super) fn indication_of(trouble: Trouble, is_ours: bool) -> (&'static str, Option<&'static str>) {
    let (indication, sub_indication) = match trouble {
        Trouble::Form | Trouble::Empty | Trouble::Misplaced | Trouble::Unreadable if is_ours => {
            ("TOTAL-FAILED", "FORMAT_FAILURE")
        }
        Trouble::Algorithm | Trouble::Weak => ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE"),
        Trouble::Constraints | Trouble::LeavesOut => ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
        Trouble::NoCertificate => ("INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND"),
        Trouble::CutOff | Trouble::Empty | Trouble::Misplaced | Trouble::Unreadable => {
            ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
        }
        Trouble::Form => ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
        Trouble::Forged => ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE"),
        Trouble::Hash => ("TOTAL-FAILED", "HASH_FAILURE"),
    };
    (indication, Some(sub_indication))
}

impl Judged {
    /// The report in a file that says it is ours: what cannot be read there has not the form that ours have.
    pub(super) fn as_of_ours(mut self) -> Self {
        if let Some(trouble) = self.trouble {
            (self.report.indication, self.report.sub_indication) = indication_of(trouble, true);
        }
        self
    }
}

pub(super) fn shown(name: &str) -> Option<String> {
    Some(base::shown(name, SIGNER_CHARACTERS_MAX)).filter(|name| !name.is_empty())
}

/// Whether the signature says beside its certificate that it is by a seal of ours.
fn borrows_name(found: &Found, trust: &Trust) -> bool {
    found.name.as_deref().is_some_and(|name| trust.seal_names.contains(&folded(name)))
}

/// Whether a certificate bears the name of a seal of ours, or says that an authority of ours issued it.
fn borrows_names_of_certificate(certificate: &Certificate, trust: &Trust) -> bool {
    let names = [&certificate.common_name, &certificate.organisation];
    let is_named_so = names.into_iter().flatten().any(|name| trust.seal_names.contains(&folded(name)));
    is_named_so || trust.roots.iter().chain(&trust.authorities).any(|ours| ours.subject == certificate.issuer)
}

fn check_chain(signed: &SignedData, trust: &Trust, signed_at: Instant, now: Instant) -> Result<(), ChainTrouble> {
    // Our services have certificates under the same root; only a seal's says that what it signs is a declaration.
    if !signed.signer.key_usage.is_some_and(|usage| usage.commitments) {
        return Err(ChainTrouble::Stranger);
    }
    let revocation = Revocation { lists: &trust.lists, now, required: true };
    let others = intermediates(&signed.others, trust);
    build_and_check(&signed.signer, &others, &trust.roots, signed_at, &revocation).map(|_| ()).map_err(|error| {
        match error {
            ChainError::Revoked { .. } => ChainTrouble::Revoked,
            ChainError::RevocationUnknown(_) => ChainTrouble::ListOld,
            // The period of a stranger's certificate is not our concern; only a chain that leads to us counts.
            ChainError::Expired(_) | ChainError::NotYetValid(_) if leads_to_us(signed, trust) => {
                ChainTrouble::OutOfPeriod
            }
            _ => ChainTrouble::Stranger,
        }
    })
}

/// Whether there is an instant at which the chain held: the beginning of the signer's certificate.
fn leads_to_us(signed: &SignedData, trust: &Trust) -> bool {
    let at = signed.signer.not_before;
    let others = intermediates(&signed.others, trust);
    build_and_check(&signed.signer, &others, &trust.roots, at, &Revocation::not_asked()).is_ok()
}

/// Our authorities, which a signature may leave out because everybody who trusts us has them, and what came along.
pub(super) fn intermediates(others: &[Certificate], trust: &Trust) -> Vec<Certificate> {
    trust.authorities.iter().chain(others).cloned().collect()
}
