//! Digests that strangers name documents by.

use ring::digest;

use crate::der::reader::{NotDer, Reader};

/// A hash function in common use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
}

impl Hash {
    const ALL: [Self; 9] = [
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
    ];

    /// The content of its OBJECT IDENTIFIER: 1.3.14.3.2.26, or below 2.16.840.1.101.3.4.2.
    pub(super) fn oid(self) -> &'static [u8] {
        match self {
            Self::Sha1 => &[0x2b, 14, 3, 2, 26],
            Self::Sha224 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4],
            Self::Sha256 => crate::der::oid::SHA256,
            Self::Sha384 => crate::der::oid::SHA384,
            Self::Sha512 => crate::der::oid::SHA512,
            Self::Sha3_224 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 7],
            Self::Sha3_256 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 8],
            Self::Sha3_384 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 9],
            Self::Sha3_512 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 10],
        }
    }

    pub(super) fn from_oid(oid: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.oid() == oid)
    }

    /// The hash that an `AlgorithmIdentifier` names, from its content; whatever parameters stand behind the name.
    pub(super) fn from_identifier(content: &[u8]) -> Result<Option<Self>, NotDer> {
        Ok(Self::from_oid(Reader::new(content).oid()?))
    }

    pub(super) fn is_weak(self) -> bool {
        self == Self::Sha1
    }

    /// The digest of these parts, one behind the other.
    pub(super) fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Sha1 => by_ring(&digest::SHA1_FOR_LEGACY_USE_ONLY, parts),
            Self::Sha224 => by::<sha2::Sha224>(parts),
            Self::Sha256 => by_ring(&digest::SHA256, parts),
            Self::Sha384 => by_ring(&digest::SHA384, parts),
            Self::Sha512 => by_ring(&digest::SHA512, parts),
            Self::Sha3_224 => by::<sha3::Sha3_224>(parts),
            Self::Sha3_256 => by::<sha3::Sha3_256>(parts),
            Self::Sha3_384 => by::<sha3::Sha3_384>(parts),
            Self::Sha3_512 => by::<sha3::Sha3_512>(parts),
        }
    }

    /// Finds the hash and the digest of a `DigestInfo` (RFC 8017 §9.2), with its NULL or without, and nothing behind it.
    pub(super) fn from_digest_info(der: &[u8]) -> Option<(Self, &[u8])> {
        let read = || {
            let mut outer = Reader::new(der);
            let mut info = outer.sequence()?;
            outer.finish()?;
            let mut algorithm = info.sequence()?;
            let hash = Self::from_oid(algorithm.oid()?).ok_or(NotDer)?;
            // Bytes that could stand here are how signatures under small exponents are forged.
            if !algorithm.is_empty() && !algorithm.expect(crate::der::tag::NULL)?.content.is_empty() {
                return Err(NotDer);
            }
            algorithm.finish()?;
            let digest = info.expect(crate::der::tag::OCTET_STRING)?.content;
            info.finish()?;
            Ok::<_, NotDer>((hash, digest))
        };
        read().ok()
    }
}

fn by_ring(algorithm: &'static digest::Algorithm, parts: &[&[u8]]) -> Vec<u8> {
    let mut context = digest::Context::new(algorithm);
    for part in parts {
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}

fn by<H: sha2::Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = H::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::hex;

    /// FIPS 180-4 and FIPS 202, of `abc`; the longer ones by their beginning.
    #[test]
    fn digests_are_what_the_standards_give() {
        let check = |hash: Hash, expected: &str| {
            let digest = hex(&hash.digest(&[b"a", b"", b"bc"]));
            assert!(digest.starts_with(expected), "{hash:?}: {digest}");
            assert_eq!(Hash::from_oid(hash.oid()), Some(hash));
        };
        check(Hash::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        check(Hash::Sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
        check(Hash::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check(Hash::Sha384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163");
        check(Hash::Sha512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2");
        check(Hash::Sha3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf");
        check(Hash::Sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
        check(Hash::Sha3_384, "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c25");
        check(Hash::Sha3_512, "b751850b1a57168a5693cd924b6b096e08f621827444f70d");
    }
}
