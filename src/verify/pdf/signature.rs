//! One signature of a file.

use base::Instant;
use crypto::{
    cms::{CmsError, SignedData},
    strangers::{Integrity, Obstacle},
    x509::{ChainError, Revocation, chain::build_and_check},
};

use super::{
    Trust,
    examine::Found,
    stranger::{State, Stranger},
};
use crate::verdict::SignatureReport;

/// What is wrong with the signature itself.
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
    /// Genuine, and what it says it covers is what was signed, whatever stands around that.
    pub(super) intact: bool,
    /// None when there was no certificate to look at.
    pub(super) chain: Option<Result<(), ChainTrouble>>,
    /// A genuine signature by a seal of ours, whatever became of the rest of the file or of the certificate.
    pub(super) trusted: bool,
}

pub(super) fn judge(found: &Found, trust: &Trust, signed_at: Instant, now: Instant) -> Judged {
    let is_of_our_seal = match &found.stranger {
        None => false,
        Some(stranger) if stranger.is_of_seal_under(&trust.roots) => true,
        Some(stranger) => return judge_stranger(stranger),
    };
    let covers_whole_file = found.covers_whole_file;
    let report =
        |indication, sub_indication, signer| SignatureReport { indication, sub_indication, signer, covers_whole_file };
    let signed = match &found.signed {
        Ok(signed) => signed,
        Err(error) => {
            let trouble = match error {
                CmsError::Algorithm => Trouble::Algorithm,
                CmsError::Attribute(_) | CmsError::SignerCertificate => Trouble::Constraints,
                CmsError::Form | CmsError::Signers if found.is_cut_off => Trouble::CutOff,
                CmsError::Form | CmsError::Signers => Trouble::Form,
            };
            let (indication, sub_indication) = trouble.indication();
            let report = report(indication, Some(sub_indication), None);
            return Judged { report, trouble: Some(trouble), intact: false, chain: None, trusted: is_of_our_seal };
        }
    };
    let chain = check_chain(signed, trust, signed_at, now);
    let is_ours = chain != Err(ChainTrouble::Stranger);
    let trouble = if !found.is_genuine {
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
    };
    let (indication, sub_indication) = match (trouble, chain) {
        (Some(trouble), _) => {
            let (indication, sub_indication) = trouble.indication();
            (indication, Some(sub_indication))
        }
        (None, Err(ChainTrouble::Revoked)) => ("TOTAL-FAILED", Some("REVOKED")),
        (None, Err(ChainTrouble::Stranger)) => ("INDETERMINATE", Some("NO_CERTIFICATE_CHAIN_FOUND")),
        (None, Err(ChainTrouble::OutOfPeriod)) => ("INDETERMINATE", Some("OUT_OF_BOUNDS_NO_POE")),
        (None, Err(ChainTrouble::ListOld)) => ("INDETERMINATE", Some("TRY_LATER")),
        (None, Ok(())) if !covers_whole_file => ("TOTAL-FAILED", Some("FORMAT_FAILURE")),
        (None, Ok(())) => ("TOTAL-PASSED", None),
    };
    let signer = signed.signer.display_name().to_owned();
    Judged {
        report: report(indication, sub_indication, Some(signer)),
        trouble,
        intact: found.is_genuine && found.digest == Some(signed.message_digest),
        chain: Some(chain),
        trusted: found.is_genuine && is_ours,
    }
}

/// What is said of a signature that is not made as ours, once it is known to be a stranger's.
fn judge_stranger(stranger: &Stranger) -> Judged {
    let trouble = match stranger.state {
        State::Read(Integrity::Altered) => Some(Trouble::Hash),
        State::Read(Integrity::Forged) => Some(Trouble::Forged),
        State::Read(Integrity::Unchecked(Obstacle::Algorithm)) => Some(Trouble::Algorithm),
        State::Read(Integrity::Unchecked(Obstacle::Certificate)) => Some(Trouble::NoCertificate),
        State::Read(Integrity::Unchecked(Obstacle::Form)) | State::NoRange => Some(Trouble::Unreadable),
        State::CutOff => Some(Trouble::CutOff),
        State::Misplaced => Some(Trouble::Misplaced),
        State::Empty => Some(Trouble::Empty),
        State::Read(Integrity::Intact) if stranger.leaves_out => Some(Trouble::LeavesOut),
        State::Read(Integrity::Intact) if stranger.is_weak => Some(Trouble::Weak),
        State::Read(Integrity::Intact) => None,
    };
    let (indication, sub_indication) = match trouble {
        // What is missing may be all that it takes.
        Some(Trouble::CutOff) => ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND"),
        Some(trouble) => trouble.indication(),
        None => ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"),
    };
    let report = SignatureReport {
        indication,
        sub_indication: Some(sub_indication),
        signer: stranger.signer.clone().filter(|name| !name.is_empty()),
        covers_whole_file: stranger.covers_whole_file,
    };
    let is_checked = matches!(stranger.state, State::Read(Integrity::Intact | Integrity::Altered));
    Judged {
        report,
        trouble,
        intact: stranger.state == State::Read(Integrity::Intact),
        chain: is_checked.then_some(Err(ChainTrouble::Stranger)),
        trusted: false,
    }
}

impl Trouble {
    /// The words of EN 319 102-1 §5.1.3 for it: what we could not check is indeterminate, what is wrong has failed.
    pub(super) fn indication(self) -> (&'static str, &'static str) {
        match self {
            Self::Algorithm | Self::Weak => ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE"),
            Self::Constraints | Self::LeavesOut => ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
            Self::NoCertificate => ("INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND"),
            Self::Empty | Self::Misplaced | Self::Unreadable => ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND"),
            Self::CutOff | Self::Form => ("TOTAL-FAILED", "FORMAT_FAILURE"),
            Self::Forged => ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE"),
            Self::Hash => ("TOTAL-FAILED", "HASH_FAILURE"),
        }
    }
}

fn check_chain(signed: &SignedData, trust: &Trust, signed_at: Instant, now: Instant) -> Result<(), ChainTrouble> {
    // Our services have certificates under the same root; only a seal's says that what it signs is a declaration.
    if !signed.signer.key_usage.is_some_and(|usage| usage.commitments) {
        return Err(ChainTrouble::Stranger);
    }
    let revocation = Revocation { lists: &trust.lists, now, required: true };
    build_and_check(&signed.signer, &signed.others, &trust.roots, signed_at, &revocation).map(|_| ()).map_err(|error| {
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
    build_and_check(&signed.signer, &signed.others, &trust.roots, at, &Revocation::not_asked()).is_ok()
}
