//! A signature that is not made as we make ours: what can be said of it all the same.

use base::Instant;
use crypto::{
    encoding::{base64, base64_decode},
    strangers::{Integrity, Obstacle, Reading, read_bare, read_cms},
    x509::{Certificate, Revocation, chain::build_and_check},
};
use documents::pdf::signature::Signature;
use serde::{Deserialize, Serialize};

use super::{
    examine::is_cut_off,
    judged::{ChainTrouble, Judged, Trouble, indication_of, shown},
    trust::Trust,
};
use crate::{
    limits::{CERTIFICATE_OF_STRANGERS_BYTES_MAX, CERTIFICATES_OF_STRANGERS_MAX},
    verdict::SignatureReport,
};

/// What the tolerant reader says of a signature. It makes nothing valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stranger {
    state: State,
    is_weak: bool,
    /// Whether bytes that it should cover are left out.
    leaves_out: bool,
    covers_whole_file: bool,
    signer: Option<String>,
    /// Its certificates, the signer's first, base64.
    certificates: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Read(Integrity),
    /// What it covers goes on beyond the end of the file.
    CutOff,
    /// Room was left for it, and nobody has signed.
    Empty,
    /// What it says it covers is not in the file, as when a program saved the file anew.
    Misplaced,
    /// It does not say what it covers.
    NoRange,
}

/// How a signature without CMS is named.
const BARE: &str = "adbe.x509.rsa_sha1";
/// How those with CMS are named (ISO 32000-2 §12.8.3, EN 319 142-1).
const CMS: [&str; 4] = ["adbe.pkcs7.detached", "adbe.pkcs7.sha1", "ETSI.CAdES.detached", "ETSI.RFC3161"];

impl Stranger {
    pub(super) fn read(bytes: &[u8], signature: &Signature) -> Self {
        let read = |state, reading: Option<Reading>| {
            let reading = reading.as_ref();
            Self {
                state,
                is_weak: reading.is_some_and(|reading| reading.is_weak),
                leaves_out: leaves_out(bytes, signature),
                covers_whole_file: covers_whole_file(bytes, signature),
                signer: reading.and_then(|reading| reading.signer.clone()),
                certificates: reading.map_or_else(Vec::new, |reading| kept(&reading.certificates)),
            }
        };
        if signature.contents.iter().all(|byte| *byte == 0) {
            return read(State::Empty, None);
        }
        let Some(covered) = signature.covered(bytes) else {
            let state = match signature.byte_range {
                None => State::NoRange,
                Some(_) if is_cut_off(signature, bytes.len()) => State::CutOff,
                Some(_) => State::Misplaced,
            };
            return read(state, None);
        };
        let reading = if signature.sub_filter.as_deref() == Some(BARE) {
            read_bare(&signature.contents, &signature.certificates, &covered)
        } else {
            read_cms(&signature.contents, &covered)
        };
        let integrity = match reading.integrity {
            // No structure at all, under a name that promises none that we know.
            Integrity::Unchecked(Obstacle::Form) if !is_known(signature) => Integrity::Unchecked(Obstacle::Algorithm),
            integrity => integrity,
        };
        read(State::Read(integrity), Some(reading))
    }

    /// Whether the key that signed is one of our seals': then it is no stranger's, and we never write it like this.
    pub(super) fn is_of_our_seal(&self, trust: &Trust) -> bool {
        self.is_signed() && self.encloses_our_seal(trust)
    }

    /// Whether it encloses the certificate of one of our seals as the signer's, whoever signed.
    pub(super) fn encloses_our_seal(&self, trust: &Trust) -> bool {
        let certificates: Vec<Certificate> = self.certificates.iter().filter_map(|text| parsed(text)).collect();
        let Some((signer, others)) = certificates.split_first() else { return false };
        let at: Instant = signer.not_before;
        let others = trust.intermediates(others);
        signer.key_usage.is_some_and(|usage| usage.commitments)
            && build_and_check(signer, &others, &trust.roots, at, &Revocation::not_asked()).is_ok()
    }

    /// The certificate that it encloses as the signer's.
    pub(super) fn signer_certificate(&self) -> Option<Certificate> {
        self.certificates.first().and_then(|text| parsed(text))
    }

    /// Whether its mathematics holds.
    fn is_signed(&self) -> bool {
        matches!(self.state, State::Read(Integrity::Intact | Integrity::Altered))
    }

    /// What is said of it, once it is known to be a stranger's.
    pub(super) fn judge(&self) -> Judged {
        let trouble = match self.state {
            State::Read(Integrity::Altered) => Some(Trouble::Hash),
            State::Read(Integrity::Forged) => Some(Trouble::Forged),
            State::Read(Integrity::Unchecked(Obstacle::Algorithm)) => Some(Trouble::Algorithm),
            State::Read(Integrity::Unchecked(Obstacle::Certificate)) => Some(Trouble::NoCertificate),
            State::Read(Integrity::Unchecked(Obstacle::Form)) | State::NoRange => Some(Trouble::Unreadable),
            State::CutOff => Some(Trouble::CutOff),
            State::Misplaced => Some(Trouble::Misplaced),
            State::Empty => Some(Trouble::Empty),
            State::Read(Integrity::Intact) if self.leaves_out => Some(Trouble::LeavesOut),
            State::Read(Integrity::Intact) if self.is_weak => Some(Trouble::Weak),
            State::Read(Integrity::Intact) => None,
        };
        let (indication, sub_indication) = match trouble {
            Some(trouble) => indication_of(trouble, false),
            None => ("INDETERMINATE", Some("NO_CERTIFICATE_CHAIN_FOUND")),
        };
        let report = SignatureReport {
            indication,
            sub_indication,
            signer: self.signer.as_deref().and_then(shown),
            is_signer_confirmed: false,
            covers_whole_file: self.covers_whole_file,
        };
        Judged {
            report,
            trouble,
            is_genuine: self.is_signed(),
            intact: self.state == State::Read(Integrity::Intact),
            chain: self.is_signed().then_some(Err(ChainTrouble::Stranger)),
            trusted: false,
            sealed: None,
            imitates: false,
        }
    }
}

fn parsed(certificate: &str) -> Option<Certificate> {
    Certificate::parse(&base64_decode(certificate)?).ok()
}

fn is_known(signature: &Signature) -> bool {
    signature.sub_filter.as_deref().is_none_or(|name| name == BARE || CMS.contains(&name))
}

/// As many of the certificates as can matter.
fn kept(certificates: &[Vec<u8>]) -> Vec<String> {
    let readable = certificates.iter().filter(|der| der.len() <= CERTIFICATE_OF_STRANGERS_BYTES_MAX);
    readable.take(CERTIFICATES_OF_STRANGERS_MAX).map(|der| base64(der)).collect()
}

/// Whether anything but the signature itself stands in the gap of its range, or before the range. White space and the
/// brackets on either side of the gap change nothing.
fn leaves_out(bytes: &[u8], signature: &Signature) -> bool {
    let (Some([first, before, second, _]), Some(hole)) = (signature.byte_range, &signature.hole) else { return true };
    let is_white =
        |from: usize, to: usize| bytes.get(from.min(to)..to).is_some_and(|gap| gap.iter().all(u8::is_ascii_whitespace));
    // The gap ends at the brackets, inside of them, or in the white space around them.
    let begins = (hole.start..=hole.start + 1).contains(&before) || is_white(before, hole.start);
    let ends = second == hole.end || second + 1 == hole.end || is_white(hole.end, second);
    first != 0 || !begins || !ends || before > hole.start + 1 || second + 1 < hole.end
}

fn covers_whole_file(bytes: &[u8], signature: &Signature) -> bool {
    !leaves_out(bytes, signature)
        && signature.byte_range.is_some_and(|[_, _, second, after]| second.checked_add(after) == Some(bytes.len()))
}
