//! Reading a file once: its signatures, and which licences it names. Whatever the file alone can tell is found here;
//! what it is worth depends on others, and is judged later.

use base::number::LicenceIdentifier;
use crypto::{
    cms::{CmsError, SignedData},
    digest::{Digest, DigestAlgorithm, hex, sha256},
    encoding::{base64, base64_decode},
};
use documents::pdf::{
    findings::{Limit, ReadError},
    read::{SignedFile, read_tolerantly},
    signature::Signature,
};
use serde::{Deserialize, Serialize};

use super::stranger::{Stranger, is_cut_off};
use crate::limits::IDENTIFIERS_MAX;

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileProblem {
    /// It ends before its end.
    CutOff,
    /// It looks like a PDF, but its structure is broken or ambiguous.
    Damaged,
    /// It is encrypted, so that nothing in it can be told.
    Encrypted,
    /// It is no PDF.
    NotPdf,
    /// It has more of something than we read.
    OverLimit(Limit),
    /// It is longer than we read.
    TooLarge,
}

/// One signature, taken out of the file. On its way from one process to another it is its bytes, and is parsed again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "FoundOnTheWire", into = "FoundOnTheWire")]
pub struct Found {
    /// The signature as it stands in the file, with the padding after it.
    pub contents: Vec<u8>,
    /// The signature, or why it cannot be read.
    pub signed: Result<SignedData, CmsError>,
    /// Whether the mathematics holds: the signature is that of the certificate that came along.
    pub(crate) is_genuine: bool,
    /// The digest, of the signature's algorithm, of the bytes that it says it covers; none when there are no such bytes
    /// or no signature that can be read.
    pub digest: Option<Digest>,
    /// Whether its frame is as it must be: type, filter, field, and a byte range that is everything around it.
    pub(crate) is_framed: bool,
    /// Whether those are all bytes of the file but the signature itself.
    pub covers_whole_file: bool,
    /// Whether the bytes that it says it covers go on beyond the end of the file.
    pub(crate) is_cut_off: bool,
    /// Whether it says it is PAdES (`ETSI.CAdES.detached`).
    pub(crate) is_cades_detached: bool,
    /// What can be said of it with tolerance, unless it is all that one of ours has to be.
    pub(crate) stranger: Option<Stranger>,
}

/// What was found in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Examined {
    /// The digest of the whole file, hexadecimal.
    pub sha256: String,
    /// Why it could not be read.
    pub problem: Option<FileProblem>,
    /// Its signatures, in the order of the file.
    pub signatures: Vec<Found>,
    /// How many times it was saved.
    pub revisions: usize,
    /// Whether every program must see the same document in it.
    pub is_plain: bool,
    /// Whether it had to be put in order before it could be read.
    pub(crate) is_mended: bool,
    /// Whether it may show one document here and another one there, or later.
    pub(crate) hides: bool,
    /// Whether it runs something, or carries other files.
    pub(crate) is_active: bool,
    /// The licences that it names, in plain sight or in its metadata.
    #[serde(with = "identifiers")]
    pub named: Vec<LicenceIdentifier>,
}

/// Every licence identifier that stands readable in some bytes: our metadata is never compressed, so that a file can
/// be told to claim to be ours even when nothing else of it can be read.
pub(super) fn named_in(bytes: &[u8], named: &mut Vec<LicenceIdentifier>) {
    const BEGIN: &[u8] = b"1.2.156.3005.2.";
    const LONGEST: usize = 160;
    /// Characters of the code of a licence's type, which comes first (GB/T 36904).
    const TYPE_CHARACTERS: usize = 21;
    /// Characters of the issuer's unified social credit code, which comes next (GB 32100).
    const ISSUER_CHARACTERS: usize = 18;
    let mut rest = bytes;
    while let Some(place) = find(rest, BEGIN) {
        let tail = rest.get(place..).unwrap_or_default();
        // Most of what only begins like one ends here, so that a file full of beginnings costs no more than its size.
        let dot = |at: usize| tail.get(BEGIN.len() + at) == Some(&b'.');
        if !dot(TYPE_CHARACTERS) || !dot(TYPE_CHARACTERS + 1 + ISSUER_CHARACTERS) {
            rest = tail.get(BEGIN.len()..).unwrap_or_default();
            continue;
        }
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

/// Reads a file. It takes milliseconds of a core for a file of some megabytes: callers put it on a thread that may
/// block.
pub fn examine(bytes: &[u8]) -> Examined {
    Examined::unread(bytes).read(bytes)
}

impl Examined {
    /// What can be told of a file without reading it: enough to ask the records.
    pub fn unread(bytes: &[u8]) -> Self {
        let mut named = Vec::new();
        named_in(bytes, &mut named);
        Self {
            sha256: hex(&sha256(bytes)),
            problem: None,
            signatures: Vec::new(),
            revisions: 1,
            is_plain: true,
            is_mended: false,
            hides: false,
            is_active: false,
            named,
        }
    }

    /// With all that can be told of the file when it is read.
    pub fn read(mut self, bytes: &[u8]) -> Self {
        match read_tolerantly(bytes) {
            Ok(file) => self.learn(bytes, &file),
            Err(error) => {
                self.problem = Some(match error {
                    ReadError::CutOff => FileProblem::CutOff,
                    ReadError::Damaged(_) => FileProblem::Damaged,
                    ReadError::Encrypted => FileProblem::Encrypted,
                    ReadError::Limit(limit) => FileProblem::OverLimit(limit),
                    ReadError::NotPdf => FileProblem::NotPdf,
                    ReadError::TooLarge => FileProblem::TooLarge,
                });
            }
        }
        self
    }

    /// With the limit that the file went over when its reading was ended from outside.
    pub fn over_limit(self, limit: Limit) -> Self {
        Self { problem: Some(FileProblem::OverLimit(limit)), ..self }
    }

    fn learn(&mut self, bytes: &[u8], file: &SignedFile) {
        self.revisions = file.revisions;
        self.is_plain = file.ambiguities.is_empty() && !file.is_mended;
        self.is_mended = file.is_mended;
        self.hides = file.ambiguities.iter().any(|ambiguity| ambiguity.hides());
        self.is_active = !file.active_content.is_empty();
        let bytes = bytes.get(file.before..).unwrap_or_default();
        self.signatures = file.signatures.iter().map(|signature| found(bytes, signature)).collect();
        for (_, value) in &file.metadata {
            named_in(value.as_bytes(), &mut self.named);
        }
    }
}

fn found(bytes: &[u8], signature: &Signature) -> Found {
    let signed = SignedData::parse_padded(&signature.contents);
    let is_genuine = signed.as_ref().is_ok_and(SignedData::verify_signature);
    let digest = signed.as_ref().ok().and_then(|signed| signature.digest(signed.message_digest.algorithm(), bytes));
    let is_framed = signature.problem.is_none();
    let is_sound = is_genuine && is_framed && signed.as_ref().is_ok_and(|signed| digest == Some(signed.message_digest));
    Found {
        is_genuine,
        digest,
        signed,
        contents: signature.contents.clone(),
        is_framed,
        covers_whole_file: signature.covers_whole_file,
        is_cut_off: is_cut_off(signature, bytes.len()),
        is_cades_detached: signature.sub_filter.as_deref() == Some("ETSI.CAdES.detached"),
        stranger: (!is_sound).then(|| Stranger::read(bytes, signature)),
    }
}

/// A [`Found`] as JSON holds it.
#[derive(Serialize, Deserialize)]
struct FoundOnTheWire {
    contents: String,
    is_genuine: bool,
    digest: Option<(DigestAlgorithm, String)>,
    is_framed: bool,
    covers_whole_file: bool,
    is_cut_off: bool,
    is_cades_detached: bool,
    stranger: Option<Stranger>,
}

impl From<Found> for FoundOnTheWire {
    fn from(found: Found) -> Self {
        Self {
            contents: base64(&found.contents),
            is_genuine: found.is_genuine,
            digest: found.digest.map(|digest| (digest.algorithm(), base64(digest.as_bytes()))),
            is_framed: found.is_framed,
            covers_whole_file: found.covers_whole_file,
            is_cut_off: found.is_cut_off,
            is_cades_detached: found.is_cades_detached,
            stranger: found.stranger,
        }
    }
}

impl From<FoundOnTheWire> for Found {
    fn from(wire: FoundOnTheWire) -> Self {
        let contents = base64_decode(&wire.contents).unwrap_or_default();
        let digest = wire.digest.and_then(|(algorithm, bytes)| Digest::from_bytes(algorithm, &base64_decode(&bytes)?));
        Self {
            signed: SignedData::parse_padded(&contents),
            contents,
            is_genuine: wire.is_genuine,
            digest,
            is_framed: wire.is_framed,
            covers_whole_file: wire.covers_whole_file,
            is_cut_off: wire.is_cut_off,
            is_cades_detached: wire.is_cades_detached,
            stranger: wire.stranger,
        }
    }
}

/// Identifiers as texts.
mod identifiers {
    use base::number::LicenceIdentifier;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(named: &[LicenceIdentifier], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(named.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<LicenceIdentifier>, D::Error> {
        let texts: Vec<String> = Deserialize::deserialize(deserializer)?;
        texts.iter().map(|text| LicenceIdentifier::parse(text).map_err(D::Error::custom)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_found_wherever_they_stand_and_only_so_many() {
        let identifier = |n: usize| {
            LicenceIdentifier::compose("11100000000013338W032", "11220000013544541J", &format!("{n}"), 1).unwrap()
        };
        let check = |bytes: &[u8], expected: &[LicenceIdentifier]| {
            let mut named = Vec::new();
            named_in(bytes, &mut named);
            assert_eq!(named, expected, "{}", String::from_utf8_lossy(bytes));
        };
        let one = identifier(1);
        check(format!("<gs:id>{one}</gs:id>").as_bytes(), std::slice::from_ref(&one));
        check(format!("{one} {one}. \u{0}1.2.156.3005.2.x").as_bytes(), std::slice::from_ref(&one));
        check(b"1.2.156.3005.2.", &[]);
        check(b"1.2.156.3005.2.1.1.1.001.0", &[]);
        check(&[b"1.2.156.3005.2.".as_slice(), &[b'1'; 400]].concat(), &[]);
        let many: Vec<_> = (1..=IDENTIFIERS_MAX + 1).map(identifier).collect();
        let text = many.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        check(text.as_bytes(), &many[..IDENTIFIERS_MAX]);
    }
}
