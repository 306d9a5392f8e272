//! What a signature of a stranger is made with, as its `AlgorithmIdentifier` says.

use super::hash::Hash;
use crate::der::{
    oid,
    reader::{NotDer, Reader},
    tag,
};

/// Padding or group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Dsa,
    Ecdsa,
    /// Ed25519, which hashes by itself.
    Ed25519,
    Pkcs1,
    Pss {
        /// What its mask is made with.
        mask: Hash,
    },
}

/// How a message was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scheme {
    pub(super) kind: Kind,
    pub(super) hash: Hash,
}

/// 1.2.840.113549.1.1: RSA, with one number behind it.
const PKCS_1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
/// 1.2.840.10045: elliptic curves.
const X9_62: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d];
/// 1.2.840.10040.4: DSA.
const X9_57: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4];
/// 2.16.840.1.101.3.4.3: what NIST named since.
const NIST: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3];
/// 0.4.0.127.0.7.1.1.4.1: ECDSA as the BSI writes it, two numbers of one length (TR-03111 §5.2.1).
const BSI: &[u8] = &[4, 0, 0x7f, 0, 7, 1, 1, 4, 1];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// 1.3.14.3.2.29, the first name of SHA-1 with RSA.
const OIW_SHA1_WITH_RSA: &[u8] = &[0x2b, 14, 3, 2, 29];

impl Scheme {
    /// Reads an identifier from its content. `hash` is what the document was named by, which counts where the identifier
    /// names none. None for what we do not know.
    pub(super) fn from_identifier(content: &[u8], hash: Option<Hash>) -> Result<Option<Self>, NotDer> {
        let mut reader = Reader::new(content);
        let oid = reader.oid()?;
        if oid.strip_prefix(PKCS_1) == Some(&[10]) {
            return Ok(pss(reader));
        }
        let known = named(oid).or_else(|| Some((bare(oid)?, hash?)));
        Ok(known.map(|(kind, hash)| Self { kind, hash }))
    }

    /// The hash inside of the name of a signature, which some programs write where the name of a hash belongs.
    pub(super) fn hash_of(content: &[u8]) -> Option<Hash> {
        named(Reader::new(content).oid().ok()?).map(|(_, hash)| hash)
    }
}

/// Names that leave the hash open: of a key.
fn bare(oid: &[u8]) -> Option<Kind> {
    if oid == oid::RSA {
        Some(Kind::Pkcs1)
    } else if oid.strip_prefix(X9_62) == Some(&[2, 1]) {
        Some(Kind::Ecdsa)
    } else if oid.strip_prefix(X9_57) == Some(&[1]) {
        Some(Kind::Dsa)
    } else {
        None
    }
}

fn named(oid: &[u8]) -> Option<(Kind, Hash)> {
    if oid == ED25519 {
        return Some((Kind::Ed25519, Hash::Sha512));
    }
    if oid == OIW_SHA1_WITH_RSA {
        return Some((Kind::Pkcs1, Hash::Sha1));
    }
    if let Some(rest) = oid.strip_prefix(PKCS_1) {
        let hash = match rest {
            [5] => Hash::Sha1,
            [11] => Hash::Sha256,
            [12] => Hash::Sha384,
            [13] => Hash::Sha512,
            [14] => Hash::Sha224,
            _ => return None,
        };
        return Some((Kind::Pkcs1, hash));
    }
    if let Some(rest) = oid.strip_prefix(X9_62) {
        let hash = match rest {
            [4, 1] => Hash::Sha1,
            [4, 3, second] => sha_2(*second)?,
            _ => return None,
        };
        return Some((Kind::Ecdsa, hash));
    }
    if oid.strip_prefix(X9_57) == Some(&[3]) {
        return Some((Kind::Dsa, Hash::Sha1));
    }
    if let Some([which]) = oid.strip_prefix(NIST) {
        return match which {
            1..=4 => Some((Kind::Dsa, sha_2(*which)?)),
            5..=8 => Some((Kind::Dsa, sha_3(which - 4)?)),
            9..=12 => Some((Kind::Ecdsa, sha_3(which - 8)?)),
            13..=16 => Some((Kind::Pkcs1, sha_3(which - 12)?)),
            _ => None,
        };
    }
    if let Some([which]) = oid.strip_prefix(BSI) {
        let hash = if *which == 1 { Hash::Sha1 } else { sha_2(which.checked_sub(1)?)? };
        return Some((Kind::Ecdsa, hash));
    }
    None
}

/// SHA-2 in the order in which every list of names has it.
fn sha_2(place: u8) -> Option<Hash> {
    [Hash::Sha224, Hash::Sha256, Hash::Sha384, Hash::Sha512].get(usize::from(place).checked_sub(1)?).copied()
}

fn sha_3(place: u8) -> Option<Hash> {
    [Hash::Sha3_224, Hash::Sha3_256, Hash::Sha3_384, Hash::Sha3_512].get(usize::from(place).checked_sub(1)?).copied()
}

/// The parameters of RSASSA-PSS (RFC 4055 §3.1), of which each has a default; the length of the salt is seen in the
/// signature itself.
fn pss(mut reader: Reader<'_>) -> Option<Scheme> {
    let mut scheme = Scheme { kind: Kind::Pss { mask: Hash::Sha1 }, hash: Hash::Sha1 };
    let Some(parameters) = reader.optional(tag::SEQUENCE).ok()? else { return Some(scheme) };
    let mut parameters = Reader::new(parameters.content);
    if let Some(hash) = parameters.optional(tag::CONTEXT_0).ok()? {
        scheme.hash = hash_in(hash.content)?;
    }
    if let Some(mask) = parameters.optional(tag::CONTEXT_1).ok()? {
        let mut mask = Reader::new(mask.content).sequence().ok()?;
        // MGF1 is the only mask there is.
        if mask.oid().ok()?.strip_prefix(PKCS_1) != Some(&[8]) {
            return None;
        }
        scheme.kind = Kind::Pss { mask: hash_in(mask.expect(tag::SEQUENCE).ok()?.raw)? };
    }
    Some(scheme)
}

fn hash_in(identifier: &[u8]) -> Option<Hash> {
    let content = Reader::new(identifier).expect(tag::SEQUENCE).ok()?.content;
    Hash::from_identifier(content).ok()?
}
