//! One signature of a file.

use base::Instant;
use crypto::{
    cms::{CmsError, SignedData},
    strangers::{Integrity, Obstacle},
    x509::{Certificate, ChainError, Revocation, chain::build_and_check},
};

use super::{
    examine::Found,
    judged::{ChainTrouble, Judged, Trouble, indication_of, shown},
    named::folded,
    stranger::{State, Stranger},
    trust::Trust,
};
use crate::verdict::SignatureReport;

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
    Judged { imitates, ..judge_stranger(stranger) }
}

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
        Some(trouble) => indication_of(trouble, false),
        None => ("INDETERMINATE", Some("NO_CERTIFICATE_CHAIN_FOUND")),
    };
    let report = SignatureReport {
        indication,
        sub_indication,
        signer: stranger.signer.as_deref().and_then(shown),
        is_signer_confirmed: false,
        covers_whole_file: stranger.covers_whole_file,
    };
    Judged {
        report,
        trouble,
        is_genuine: stranger.is_signed(),
        intact: stranger.state == State::Read(Integrity::Intact),
        chain: stranger.is_signed().then_some(Err(ChainTrouble::Stranger)),
        trusted: false,
        sealed: None,
        imitates: false,
    }
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
    let others = trust.intermediates(&signed.others);
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
    let others = trust.intermediates(&signed.others);
    build_and_check(&signed.signer, &others, &trust.roots, at, &Revocation::not_asked()).is_ok()
}
