use base::{Entropy, SeededEntropy};
use rcgen::{CertificateParams, KeyPair};

use super::{CmsError, SignedData, parse::split_padding, sign_detached};
use crate::{
    der::{oid, tag, writer::*},
    digest::{Digest, DigestAlgorithm, sha256},
    handle::{KeyHandle, at_once},
    sign::SigningKey,
    suite::Suite,
};

struct Signer {
    key: KeyHandle,
    certificate: Vec<u8>,
}

fn signer() -> Signer {
    let pair = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap().der().to_vec();
    Signer { key: SigningKey::from_pkcs8(Suite::Es256, &pair.serialize_der()).unwrap().into(), certificate }
}

/// A digest of that algorithm.
fn sevens(algorithm: DigestAlgorithm) -> Digest {
    Digest::from_bytes(algorithm, &vec![7; algorithm.length()]).unwrap()
}

impl Signer {
    fn sign(&self, others: &[Vec<u8>]) -> Vec<u8> {
        at_once(sign_detached(sevens(self.key.suite().digest()), &self.key, &self.certificate, others)).unwrap()
    }
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(kind), &element(tag::SET, &[value])])
}

use crate::der::writer::oid;

fn certificate_attribute(certificate: &[u8]) -> Vec<u8> {
    let id = sequence(&[&octet_string(&sha256(certificate))]);
    attribute(oid::SIGNING_CERTIFICATE_V2, &sequence(&[&sequence(&[&id])]))
}

/// Puts a structure together from its parts, so that each can be wrong.
struct Parts {
    attributes: Vec<Vec<u8>>,
    signers: usize,
    digest_algorithm: Vec<u8>,
    certificates: Vec<Vec<u8>>,
    content: Vec<u8>,
}

impl Parts {
    fn good(signer: &Signer, digest: [u8; 32]) -> Self {
        Self {
            attributes: vec![
                attribute(oid::CONTENT_TYPE, &oid(oid::DATA)),
                attribute(oid::MESSAGE_DIGEST, &octet_string(&digest)),
                certificate_attribute(&signer.certificate),
            ],
            signers: 1,
            digest_algorithm: sequence(&[&oid(oid::SHA256)]),
            certificates: vec![signer.certificate.clone()],
            content: vec![],
        }
    }

    fn build(self, signer: &Signer) -> Vec<u8> {
        let signed = set_of(self.attributes);
        let mut carried = signed.clone();
        carried[0] = tag::CONTEXT_0;
        let (issuer, serial) = super::sign::issuer_and_serial(&signer.certificate).unwrap();
        let info = sequence(&[
            &unsigned(&[1]),
            &sequence(&[issuer, serial]),
            &self.digest_algorithm,
            &carried,
            &sequence(&[&oid(oid::ECDSA_WITH_SHA256)]),
            &octet_string(&at_once(signer.key.sign_der(&signed)).unwrap()),
        ]);
        let certificates: Vec<&[u8]> = self.certificates.iter().map(Vec::as_slice).collect();
        let signed_data = sequence(&[
            &unsigned(&[1]),
            &element(tag::SET, &[&self.digest_algorithm]),
            &sequence(&[&oid(oid::DATA), &self.content]),
            &element(tag::CONTEXT_0, &certificates),
            &element(tag::SET, &vec![info.as_slice(); self.signers]),
        ]);
        sequence(&[&oid(oid::SIGNED_DATA), &element(tag::CONTEXT_0, &[&signed_data])])
    }
}

#[test]
fn a_signature_is_read_back_with_its_digest_and_its_signer() {
    let signer = signer();
    let other = self::signer().certificate;
    let cms = signer.sign(std::slice::from_ref(&other));
    let parsed = SignedData::parse(&cms).unwrap();
    assert_eq!(parsed.message_digest, sevens(DigestAlgorithm::Sha256));
    assert_eq!(parsed.signer.der, signer.certificate);
    assert_eq!(parsed.others.len(), 1);
    assert!(parsed.verify_signature());
    assert!(!parsed.has_unsigned_attributes);
    assert!(SignedData::parse(&Parts::good(&signer, [7; 32]).build(&signer)).unwrap().verify_signature());
}

/// A self-signed certificate of a key of this suite.
fn signer_with(suite: Suite) -> Signer {
    let rsa = include_bytes!("../vectors/rfc-7515-a-2.pkcs8");
    let (algorithm, pkcs8) = match suite {
        Suite::EdDsa => (&rcgen::PKCS_ED25519, crate::sign::generate_pkcs8(suite).unwrap().expose().clone()),
        Suite::Es256 => (&rcgen::PKCS_ECDSA_P256_SHA256, crate::sign::generate_pkcs8(suite).unwrap().expose().clone()),
        Suite::Es384 => (&rcgen::PKCS_ECDSA_P384_SHA384, crate::sign::generate_pkcs8(suite).unwrap().expose().clone()),
        Suite::Ps256 | Suite::Rs256 => (&rcgen::PKCS_RSA_SHA256, rsa.to_vec()),
    };
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.as_slice().into(), algorithm).unwrap();
    let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap().der().to_vec();
    Signer { key: SigningKey::from_pkcs8(suite, &pkcs8).unwrap().into(), certificate }
}

#[test]
fn every_suite_signs_a_document_under_its_own_digest() {
    for suite in Suite::ALL {
        let signer = signer_with(suite);
        let parsed = SignedData::parse(&signer.sign(&[])).unwrap();
        assert_eq!(parsed.message_digest, sevens(suite.digest()), "{suite:?}");
        assert!(parsed.verify_signature() && parsed.names_certificate, "{suite:?}");
        for algorithm in DigestAlgorithm::ALL.into_iter().filter(|algorithm| *algorithm != suite.digest()) {
            let refused = sign_detached(sevens(algorithm), &signer.key, &signer.certificate, &[]);
            assert!(at_once(refused).is_err(), "{suite:?} over {algorithm:?}");
        }
    }
}

#[test]
fn openssl_accepts_the_signatures_of_the_suites_it_knows() {
    let folder = std::env::temp_dir().join(format!("guosuo-cms-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // The OpenSSL of Debian 12 has no CMS with Ed25519, which came with its version 3.2.
    for suite in Suite::ALL.into_iter().filter(|suite| *suite != Suite::EdDsa) {
        let signer = signer_with(suite);
        let digest = Digest::of(suite.digest(), b"a document");
        let cms = at_once(sign_detached(digest, &signer.key, &signer.certificate, &[])).unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.join(format!("{}-{name}", suite.name()));
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let output = std::process::Command::new("openssl")
            .args(["cms", "-verify", "-binary", "-noverify", "-inform", "DER", "-in"])
            .arg(file("signature", &cms))
            .arg("-content")
            .arg(file("document", b"a document"))
            .output()
            .expect("this test needs the openssl command on the PATH");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && output.stdout == b"a document", "{suite:?}: {said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn each_wrong_part_has_its_own_refusal() {
    let signer = signer();
    let check = |change: &dyn Fn(&mut Parts), error: CmsError| {
        let mut parts = Parts::good(&signer, [7; 32]);
        change(&mut parts);
        assert_eq!(SignedData::parse(&parts.build(&signer)).err(), Some(error));
    };
    check(&|parts| parts.signers = 0, CmsError::Signers);
    check(&|parts| parts.signers = 2, CmsError::Signers);
    check(&|parts| drop(parts.attributes.remove(0)), CmsError::Attribute("contentType"));
    check(&|parts| drop(parts.attributes.remove(1)), CmsError::Attribute("messageDigest"));
    check(&|parts| parts.attributes.push(parts.attributes[1].clone()), CmsError::Attribute("messageDigest"));
    check(&|parts| parts.attributes.push(certificate_attribute(b"x")), CmsError::Attribute("signingCertificateV2"));
    check(&|parts| parts.attributes[2] = certificate_attribute(b"another"), CmsError::SignerCertificate);
    check(
        &|parts| parts.attributes[1] = attribute(oid::MESSAGE_DIGEST, &octet_string(&[7; 20])),
        CmsError::Attribute("messageDigest"),
    );
    check(
        &|parts| parts.attributes[0] = attribute(oid::CONTENT_TYPE, &oid(oid::SIGNED_DATA)),
        CmsError::Attribute("contentType"),
    );
    check(&|parts| parts.certificates.clear(), CmsError::SignerCertificate);
    check(&|parts| parts.content = element(tag::CONTEXT_0, &[&octet_string(b"x")]), CmsError::Form);
    // A digest that is not the suite's.
    check(&|parts| parts.digest_algorithm = sequence(&[&oid(oid::SHA384)]), CmsError::Attribute("messageDigest"));
    check(
        &|parts| {
            parts.digest_algorithm = sequence(&[&oid(oid::SHA384)]);
            parts.attributes[1] = attribute(oid::MESSAGE_DIGEST, &octet_string(&[7; 48]));
        },
        CmsError::Algorithm,
    );
    // SHA-1.
    check(&|parts| parts.digest_algorithm = sequence(&[&oid(&[0x2b, 14, 3, 2, 26])]), CmsError::Algorithm);
}

#[test]
fn what_other_programs_leave_out_or_enclose_twice_is_read_and_said() {
    let signer = signer();
    let mut twice = Parts::good(&signer, [7; 32]);
    twice.certificates = vec![signer.certificate.clone(); 2];
    let parsed = SignedData::parse(&twice.build(&signer)).unwrap();
    assert!(parsed.verify_signature() && parsed.names_certificate && parsed.others.is_empty());
    let mut unnamed = Parts::good(&signer, [7; 32]);
    unnamed.attributes.truncate(2);
    unnamed.certificates.insert(0, self::signer().certificate);
    let parsed = SignedData::parse(&unnamed.build(&signer)).unwrap();
    assert!(parsed.verify_signature() && !parsed.names_certificate);
    assert_eq!(parsed.signer.der, signer.certificate);
}

#[test]
fn the_most_certificates_are_read_and_one_more_is_not() {
    let signer = signer();
    let check = |count: usize, sound: bool| {
        let mut parts = Parts::good(&signer, [7; 32]);
        parts.certificates.extend((1..count).map(|n| sequence(&[&unsigned(&[n as u8])])));
        assert_eq!(SignedData::parse(&parts.build(&signer)).is_ok(), sound, "{count}");
    };
    check(crate::limits::CMS_CERTIFICATES_MAX, true);
    check(crate::limits::CMS_CERTIFICATES_MAX + 1, false);
}

#[test]
fn padding_is_zeros_or_there_is_no_structure() {
    let signer = signer();
    let cms = signer.sign(&[]);
    let mut padded = [cms.clone(), vec![0; 100]].concat();
    assert_eq!(split_padding(&padded), Some(cms.as_slice()));
    assert_eq!(split_padding(&cms), Some(cms.as_slice()));
    *padded.last_mut().unwrap() = 1;
    assert_eq!(split_padding(&padded), None);
    assert_eq!(split_padding(&[0; 20]), None);
    assert_eq!(split_padding(&[]), None);
}

#[test]
fn no_changed_bit_leaves_a_signature_that_verifies_for_the_signer() {
    let signer = signer();
    let cms = signer.sign(&[]);
    for place in 0..cms.len() {
        assert!(SignedData::parse(&cms[..place]).is_err(), "cut at {place}");
        for bit in 0..8 {
            let mut changed = cms.clone();
            changed[place] ^= 1 << bit;
            if let Ok(parsed) = SignedData::parse(&changed) {
                let sound = parsed.verify_signature() && parsed.signer.der == signer.certificate;
                // The version numbers outside of what is signed are the only freedom there is.
                if sound {
                    assert_eq!(parsed.message_digest, sevens(DigestAlgorithm::Sha256), "byte {place} bit {bit}");
                }
            }
        }
    }
}

#[test]
fn random_bytes_never_panic() {
    let entropy = SeededEntropy::new(11);
    let signer = signer();
    let cms = signer.sign(&[]);
    for _ in 0..5000 {
        let mut bytes = cms.clone();
        for _ in 0..=entropy.next() % 6 {
            let place = entropy.next() as usize % bytes.len();
            let mut byte = [0];
            entropy.fill(&mut byte);
            bytes[place] = byte[0];
        }
        let cut = entropy.next() as usize % bytes.len();
        let _ = SignedData::parse(&bytes);
        let _ = SignedData::parse(&bytes[cut..]);
        let _ = split_padding(&bytes[cut..]);
    }
}
