//! A signature that is not made as we make ours: what can be said of it all the same.

use base::Instant;
use crypto::{
    encoding::{base64, base64_decode},
    strangers::{Integrity, Obstacle, Reading, read_bare, read_cms},
    x509::{Certificate, Revocation, chain::build_and_check},
};
use documents::pdf::signature::Signature;
use serde::{Deserialize, Serialize};

use super::trust::Trust;
use crate::limits::{CERTIFICATE_OF_STRANGERS_BYTES_MAX, CERTIFICATES_OF_STRANGERS_MAX};

/// What the tolerant reader says of a signature. It makes nothing valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stranger {
    pub(super) state: State,
    pub(super) is_weak: bool,
    /// Whether bytes that it should cover are left out.
    pub(super) leaves_out: bool,
    pub(super) covers_whole_file: bool,
    pub(super) signer: Option<String>,
    /// The certificate whose key is asked and then the others, base64; none when nobody knows whose key it is.
    certificates: Vec<String>,
}

/// What became of reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
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
                certificates: reading
                    .filter(|reading| reading.signer.is_some())
                    .map_or_else(Vec::new, |reading| kept(&reading.certificates)),
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

    /// Whether the key that signed is that of a seal of ours: then it is no stranger's, and we never write it like this.
    pub(super) fn is_of_our_seal(&self, trust: &Trust) -> bool {
        self.is_signed() && self.encloses_our_seal(trust)
    }

    /// Whether it encloses the certificate of one of our seals as the signer's, whoever signed.
    pub(super) fn encloses_our_seal(&self, trust: &Trust) -> bool {
        let Some(signer) = self.signer_certificate() else { return false };
        let others: Vec<Certificate> = self.certificates.iter().skip(1).filter_map(|text| parsed(text)).collect();
        let at: Instant = signer.not_before;
        let others = trust.intermediates(&others);
        signer.key_usage.is_some_and(|usage| usage.commitments)
            && build_and_check(&signer, &others, &trust.roots, at, &Revocation::not_asked()).is_ok()
    }

    /// The certificate that it encloses as the signer's.
    pub(super) fn signer_certificate(&self) -> Option<Certificate> {
        self.certificates.first().and_then(|text| parsed(text))
    }

    /// Whether its mathematics holds.
    pub(super) fn is_signed(&self) -> bool {
        matches!(self.state, State::Read(Integrity::Intact | Integrity::Altered))
    }
}

fn parsed(certificate: &str) -> Option<Certificate> {
    Certificate::parse(&base64_decode(certificate)?).ok()
}

/// The range fits the hole and goes on beyond the end. In a file that another program saved anew it fits nothing.
pub(super) fn is_cut_off(signature: &Signature, length: usize) -> bool {
    let (Some([_, before, second, after]), Some(hole)) = (signature.byte_range, &signature.hole) else { return false };
    before == hole.start && second == hole.end && second.checked_add(after).is_none_or(|end| end > length)
}

fn is_known(signature: &Signature) -> bool {
    signature.sub_filter.as_deref().is_none_or(|name| name == BARE || CMS.contains(&name))
}

/// As many of the certificates as can matter.
fn kept(certificates: &[Vec<u8>]) -> Vec<String> {
    let first = certificates.iter().take(CERTIFICATES_OF_STRANGERS_MAX);
    first.take_while(|der| der.len() <= CERTIFICATE_OF_STRANGERS_BYTES_MAX).map(|der| base64(der)).collect()
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
