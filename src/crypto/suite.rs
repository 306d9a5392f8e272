//! What a signature is made with: key, padding and digest under one name.
//!
//! A suite has everything that the encodings of it need, and every `match` on it is complete: a new one is named by the
//! compiler wherever something about it has to be said. SM2 with SM3 (GM/T 0003, GM/T 0004) gets its line below, a
//! digest beside SHA-2 in [`crate::digest`], and a kind of [`crate::public_key::PublicKey`]; until it signs and verifies
//! here it has no name here, so that nothing can advertise or accept it.

use crate::digest::DigestAlgorithm;

/// A signature algorithm with its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// Ed25519 (RFC 8032), which hashes by itself; what is signed with it is named by SHA-512 (RFC 8419).
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSA-PSS with SHA-256, the same in its mask, and a salt as long.
    Ps256,
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
}

/// `AlgorithmIdentifier`s, whole: those of RSA have parameters, which are always these.
mod identifier {
    pub const ECDSA_WITH_SHA256: &[u8] = &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    pub const ECDSA_WITH_SHA384: &[u8] = &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
    pub const ED25519: &[u8] = &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
    pub const SHA256_WITH_RSA: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b, 5, 0];
    pub const SHA256_WITH_RSA_BARE: &[u8] = &[0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b];
    pub const PSS_WITH_SHA256: &[u8] = &[
        0x30, 65, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0a, // id-RSASSA-PSS
        0x30, 52, // RSASSA-PSS-params
        0xa0, 15, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, // SHA-256
        0xa1, 28, 0x30, 26, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8, // MGF1 …
        0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, // … with SHA-256
        0xa2, 3, 2, 1, 32, // a salt of 32 bytes
    ];
}

impl Suite {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::EdDsa, Self::Es256, Self::Es384, Self::Ps256, Self::Rs256];

    /// The name in JOSE, which is also how a key's suite is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// What a document or a certificate is named by where this suite signs that name.
    pub fn digest(self) -> DigestAlgorithm {
        match self {
            Self::Es256 | Self::Ps256 | Self::Rs256 => DigestAlgorithm::Sha256,
            Self::Es384 => DigestAlgorithm::Sha384,
            Self::EdDsa => DigestAlgorithm::Sha512,
        }
    }

    /// Whether the signature is two numbers, which X.509 and CMS encode as an `ECDSA-Sig-Value`.
    pub(crate) fn is_ecdsa(self) -> bool {
        match self {
            Self::Es256 | Self::Es384 => true,
            Self::EdDsa | Self::Ps256 | Self::Rs256 => false,
        }
    }

    /// The `AlgorithmIdentifier` of a signature in X.509 and CMS, DER.
    pub fn identifier(self) -> &'static [u8] {
        match self {
            Self::EdDsa => identifier::ED25519,
            Self::Es256 => identifier::ECDSA_WITH_SHA256,
            Self::Es384 => identifier::ECDSA_WITH_SHA384,
            Self::Ps256 => identifier::PSS_WITH_SHA256,
            Self::Rs256 => identifier::SHA256_WITH_RSA,
        }
    }

    /// Reads an `AlgorithmIdentifier`: the very bytes that [`Self::identifier`] gives, and for PKCS#1 v1.5 the same
    /// without its NULL, which RFC 4055 §5 wants accepted.
    pub(crate) fn from_identifier(der: &[u8]) -> Option<Self> {
        if der == identifier::SHA256_WITH_RSA_BARE {
            return Some(Self::Rs256);
        }
        Self::ALL.into_iter().find(|suite| suite.identifier() == der)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{
        oid,
        writer::{element, oid as write_oid, sequence, unsigned},
    };

    #[test]
    fn a_suite_is_read_back_from_its_name_and_from_its_identifier() {
        for suite in Suite::ALL {
            assert_eq!(Suite::parse(suite.name()), Some(suite));
            assert_eq!(Suite::from_identifier(suite.identifier()), Some(suite));
        }
        for name in ["none", "HS256", "es256", "ES512", "RS512", "SM2", ""] {
            assert_eq!(Suite::parse(name), None, "{name}");
        }
    }

    #[test]
    fn identifiers_are_what_the_standards_write() {
        const NULL: &[u8] = &[5, 0];
        let sha256 = sequence(&[&write_oid(oid::SHA256), NULL]);
        // 1.2.840.113549.1.1.8 and .10, from RFC 4055.
        let (mgf1, pss) = ([&oid::RSA[..8], &[8]].concat(), [&oid::RSA[..8], &[10]].concat());
        let parameters = sequence(&[
            &element(0xa0, &[&sha256]),
            &element(0xa1, &[&sequence(&[&write_oid(&mgf1), &sha256])]),
            &element(0xa2, &[&unsigned(&[32])]),
        ]);
        assert_eq!(Suite::Ps256.identifier(), sequence(&[&write_oid(&pss), &parameters]));
        assert_eq!(Suite::Rs256.identifier(), sequence(&[&write_oid(oid::SHA256_WITH_RSA), NULL]));
        assert_eq!(Suite::Es256.identifier(), sequence(&[&write_oid(oid::ECDSA_WITH_SHA256)]));
    }

    #[test]
    fn an_identifier_with_other_parameters_is_another_one() {
        assert_eq!(Suite::from_identifier(&sequence(&[&write_oid(oid::SHA256_WITH_RSA)])), Some(Suite::Rs256));
        assert_eq!(Suite::from_identifier(&sequence(&[&write_oid(oid::ECDSA_WITH_SHA256), &[5, 0]])), None);
        let mut short_salt = Suite::Ps256.identifier().to_vec();
        *short_salt.last_mut().unwrap() = 20;
        assert_eq!(Suite::from_identifier(&short_salt), None);
        assert_eq!(Suite::from_identifier(&[]), None);
    }
}
