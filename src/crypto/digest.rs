//! Digests: SHA-256 where nothing else can stand, and a [`Digest`] that says which it is where the suite decides.

use std::fmt;

use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};

use crate::der::oid;

/// What digests are made with: the SHA-2 of every suite that we read (FIPS 180-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// How many bytes a digest has.
    pub fn length(self) -> usize {
        self.of_ring().output_len()
    }

    /// The content of its OBJECT IDENTIFIER.
    pub(crate) fn oid(self) -> &'static [u8] {
        match self {
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
        }
    }

    fn of_ring(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// The longest digest there is.
const LENGTH_MAX: usize = 64;

/// A digest, with the algorithm that made it: digests of two algorithms are never equal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    /// Zeros after the length of the algorithm.
    bytes: [u8; LENGTH_MAX],
}

impl Digest {
    /// The digest of one byte string.
    pub fn of(algorithm: DigestAlgorithm, bytes: &[u8]) -> Self {
        let mut hash = Hasher::new(algorithm);
        hash.update(bytes);
        hash.finish()
    }

    /// Takes a digest that somebody else made; none when it has not the length of its algorithm.
    pub fn from_bytes(algorithm: DigestAlgorithm, digest: &[u8]) -> Option<Self> {
        (digest.len() == algorithm.length()).then_some(())?;
        let mut bytes = [0; LENGTH_MAX];
        bytes.get_mut(..digest.len())?.copy_from_slice(digest);
        Some(Self { algorithm, bytes })
    }

    /// What made it.
    pub fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// As many bytes as the algorithm gives.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.algorithm.length()).unwrap_or(&self.bytes)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({})", self.algorithm, hex(self.as_bytes()))
    }
}

/// A digest in progress. Cloning it keeps the state, so that a long constant beginning is hashed once.
#[derive(Clone)]
pub struct Hasher {
    algorithm: DigestAlgorithm,
    context: digest::Context,
}

impl Hasher {
    /// An empty digest.
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self { algorithm, context: digest::Context::new(algorithm.of_ring()) }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// The digest.
    pub fn finish(self) -> Digest {
        let digest = self.context.finish();
        let mut bytes = [0; LENGTH_MAX];
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Digest { algorithm: self.algorithm, bytes }
    }
}

/// The SHA-256 digest of one byte string.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(bytes);
    hash.finish()
}

/// A SHA-256 digest in progress, where our own formats fix the algorithm.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Sha256 {
    /// An empty digest.
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest.
    pub fn finish(self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.finish().as_ref());
        out
    }

    /// The digest in lower-case hexadecimal.
    pub fn finish_hex(self) -> String {
        hex(&self.finish())
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fips_180_4_digests_of_abc() {
        let check = |algorithm, expected: &str| {
            let mut parts = Hasher::new(algorithm);
            parts.update(b"a");
            parts.clone().update(b"forgotten");
            parts.update(b"bc");
            let digest = parts.finish();
            assert_eq!(hex(digest.as_bytes()), expected);
            assert_eq!(digest, Digest::of(algorithm, b"abc"));
            assert_eq!(Digest::from_bytes(algorithm, digest.as_bytes()), Some(digest));
        };
        check(DigestAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check(
            DigestAlgorithm::Sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        );
        check(
            DigestAlgorithm::Sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd\
             454d4423643ce80e2a9ac94fa54ca49f",
        );
    }

    #[test]
    fn a_digest_has_the_length_of_its_algorithm_and_equals_none_of_another() {
        let long = [0; LENGTH_MAX + 1];
        for algorithm in DigestAlgorithm::ALL {
            for length in 0..long.len() {
                let taken = Digest::from_bytes(algorithm, &long[..length]);
                assert_eq!(taken.is_some(), length == algorithm.length(), "{algorithm:?} {length}");
            }
        }
        let zeros = |algorithm: DigestAlgorithm| Digest::from_bytes(algorithm, &long[..algorithm.length()]).unwrap();
        assert_ne!(zeros(DigestAlgorithm::Sha256), zeros(DigestAlgorithm::Sha384));
    }
}
