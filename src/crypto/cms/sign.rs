//! Making one.

use base::Fault;

use crate::{
    der::{
        oid,
        reader::{NotDer, Reader},
        tag,
        writer::{element, octet_string, oid as write_oid, sequence, set_of, unsigned},
    },
    digest::{Digest, DigestAlgorithm},
    handle::KeyHandle,
};

/// Signs the digest of a document that stays outside: one signer, three signed attributes (`contentType`,
/// `messageDigest`, `signingCertificateV2`) and the certificates. There is no signing time: PAdES keeps it in the PDF.
///
/// # Errors
///
/// [`Fault`] when the digest is not of the key's suite, the certificate cannot be read or the key would not sign: all
/// are ours.
pub async fn sign_detached(
    digest: Digest,
    key: &KeyHandle,
    certificate: &[u8],
    chain: &[Vec<u8>],
) -> Result<Vec<u8>, Fault> {
    let (issuer, serial) = issuer_and_serial(certificate)
        .map_err(|_| Fault::broken("the certificate of a signing key is not a certificate"))?;
    let algorithm = key.suite().digest();
    if digest.algorithm() != algorithm {
        return Err(Fault::broken("a document's digest is not of the suite of the key that is to sign it"));
    }
    let digest_identifier = sequence(&[&write_oid(algorithm.oid())]);
    let certificate_digest = octet_string(Digest::of(algorithm, certificate).as_bytes());
    // SEQUENCE { SEQUENCE OF ESSCertIDv2 { hashAlgorithm DEFAULT SHA-256, certHash } }: a default must not be written.
    let certificate_id = match algorithm {
        DigestAlgorithm::Sha256 => sequence(&[&certificate_digest]),
        DigestAlgorithm::Sha384 | DigestAlgorithm::Sha512 => sequence(&[&digest_identifier, &certificate_digest]),
    };
    let attributes = set_of(vec![
        attribute(oid::CONTENT_TYPE, &write_oid(oid::DATA)),
        attribute(oid::MESSAGE_DIGEST, &octet_string(digest.as_bytes())),
        attribute(oid::SIGNING_CERTIFICATE_V2, &sequence(&[&sequence(&[&certificate_id])])),
    ]);
    let signature = key.sign_der(&attributes).await?;
    let mut implicit_attributes = attributes;
    if let Some(first) = implicit_attributes.first_mut() {
        // Signed as a SET, carried as [0].
        *first = tag::CONTEXT_0;
    }
    let signer_info = sequence(&[
        &unsigned(&[1]),
        &sequence(&[issuer, serial]),
        &digest_identifier,
        &implicit_attributes,
        key.suite().identifier(),
        &octet_string(&signature),
    ]);
    let mut certificates: Vec<&[u8]> = vec![certificate];
    for other in chain {
        if !certificates.contains(&other.as_slice()) {
            certificates.push(other);
        }
    }
    certificates.sort_unstable();
    let signed_data = sequence(&[
        &unsigned(&[1]),
        &element(tag::SET, &[&digest_identifier]),
        &sequence(&[&write_oid(oid::DATA)]),
        &element(tag::CONTEXT_0, &certificates),
        &element(tag::SET, &[&signer_info]),
    ]);
    Ok(sequence(&[&write_oid(oid::SIGNED_DATA), &element(tag::CONTEXT_0, &[&signed_data])]))
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&write_oid(kind), &element(tag::SET, &[value])])
}

/// The encoded issuer name and serial number of a certificate.
pub(super) fn issuer_and_serial(certificate: &[u8]) -> Result<(&[u8], &[u8]), NotDer> {
    let mut tbs = Reader::new(certificate).sequence()?.sequence()?;
    tbs.optional(tag::CONTEXT_0)?;
    let serial = tbs.expect(tag::INTEGER)?.raw;
    tbs.expect(tag::SEQUENCE)?;
    let issuer = tbs.expect(tag::SEQUENCE)?.raw;
    Ok((issuer, serial))
}
