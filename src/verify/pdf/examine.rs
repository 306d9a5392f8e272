//! Reading a file once: its signatures, and which licences it says it is. Whatever the file alone can tell is found here;
//! what it is worth depends on others, and is judged later.

use base::number::LicenceIdentifier;
use crypto::{
    cms::{CmsError, SignedData},
    digest::{Digest, DigestAlgorithm, hex, sha256},
    encoding::{base64, base64_decode},
};
use documents::pdf::{
    findings::{Limit, Pages, ReadError},
    read::{SignedFile, read_tolerantly},
    signature::Signature,
};
use serde::{Deserialize, Serialize};

use super::{
    named,
    stranger::{Stranger, is_cut_off},
};
use crate::{licence::Likeness, limits::IDENTIFIERS_MAX};

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
    /// Who signed, as the signature says beside its certificate.
    pub(crate) name: Option<String>,
    /// What can be said of it with tolerance, unless it is all that one of ours has to be.
    pub(crate) stranger: Option<Stranger>,
}

/// What was found in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Examined {
    /// The digest of the whole file, hexadecimal.
    pub sha256: String,
    /// How many bytes it has.
    length: usize,
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
    /// Whether it is whole files one behind the other.
    pub(crate) is_joined: bool,
    /// Its pages.
    pub(crate) pages: Pages,
    /// The licences that its metadata says it is, as far as they are looked up.
    #[serde(with = "identifiers")]
    pub claimed: Vec<LicenceIdentifier>,
    /// Whether it says that it is more licences than are looked up.
    pub(crate) claims_too_many: bool,
}

/// Reads a file. It takes milliseconds of a core for a file of some megabytes: callers put it on a thread that may
/// block.
pub fn examine(bytes: &[u8]) -> Examined {
    Examined::unread(bytes).read(bytes)
}

impl Examined {
    /// What can be told of a file without reading it: enough to ask the records.
    pub fn unread(bytes: &[u8]) -> Self {
        let mut examined = Self {
            sha256: hex(&sha256(bytes)),
            length: bytes.len(),
            problem: None,
            signatures: Vec::new(),
            revisions: 1,
            is_plain: true,
            is_mended: false,
            hides: false,
            is_active: false,
            is_joined: named::is_joined(bytes),
            pages: Pages::default(),
            claimed: Vec::new(),
            claims_too_many: false,
        };
        examined.claim(named::in_packets(bytes));
        examined
    }

    fn claim(&mut self, identifiers: Vec<LicenceIdentifier>) {
        self.claims_too_many = identifiers.len() > IDENTIFIERS_MAX;
        self.claimed = identifiers;
        self.claimed.truncate(IDENTIFIERS_MAX);
    }

    /// How this file compares with the document that was recorded.
    pub fn likeness(&self, document: &[u8]) -> Likeness {
        let is_beginning_of = |document: &[u8]| {
            document.get(..self.length).is_some_and(|beginning| hex(&sha256(beginning)) == self.sha256)
        };
        match self.length == document.len() {
            _ if !is_beginning_of(document) => Likeness::Other,
            true => Likeness::Same,
            false => Likeness::Beginning,
        }
    }

    /// Whether it may be the beginning of something longer.
    pub fn may_be_cut_off(&self) -> bool {
        self.problem == Some(FileProblem::CutOff) || self.signatures.iter().any(|signature| signature.is_cut_off)
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
        self.pages = file.pages;
        // What reads the first of several files, or the last, says nothing of the others.
        if !self.is_joined {
            self.claim(named::in_metadata(&file.metadata));
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
        name: signature.name.clone(),
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
    name: Option<String>,
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
            name: found.name,
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
            name: wire.name,
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
