//! Making one.

use base::Fault;

use crate::{
    der::{
        oid,
        reader::{NotDer, Reader},
        tag,
        writer::{element, octet_string, oid as write_oid, sequence, set_of, unsigned},
    },
    digest::sha256,
    sign::{Algorithm, SigningKey},
};

/// Signs the SHA-256 digest of a document that stays outside: one signer, three signed attributes (`contentType`,
/// `messageDigest`, `signingCertificateV2`) and the certificates. There is no signing time: PAdES keeps it in the PDF.
///
/// # Errors
///
/// [`Fault`] when the certificate cannot be read or the key would not sign: both are ours.
pub fn sign_detached(
    digest: [u8; 32],
    key: &SigningKey,
    certificate: &[u8],
    chain: &[Vec<u8>],
) -> Result<Vec<u8>, Fault> {
    let (issuer, serial) = issuer_and_serial(certificate)
        .map_err(|_| Fault::broken("the certificate of a signing key is not a certificate"))?;
    let attributes = set_of(vec![
        attribute(oid::CONTENT_TYPE, &write_oid(oid::DATA)),
        attribute(oid::MESSAGE_DIGEST, &octet_string(&digest)),
        // SEQUENCE { SEQUENCE OF ESSCertIDv2 { certHash } }: SHA-256 is the default and must not be written.
        attribute(
            oid::SIGNING_CERTIFICATE_V2,
            &sequence(&[&sequence(&[&sequence(&[&octet_string(&sha256(certificate))])])]),
        ),
    ]);
    let signature = key.sign_der(&attributes)?;
    let sha256_identifier = sequence(&[&write_oid(oid::SHA256)]);
    let signature_algorithm = match key.algorithm() {
        Algorithm::Es256 => sequence(&[&write_oid(oid::ECDSA_WITH_SHA256)]),
        Algorithm::Rs256 => sequence(&[&write_oid(oid::SHA256_WITH_RSA), &[tag::NULL, 0]]),
    };
    let mut implicit_attributes = attributes;
    if let Some(first) = implicit_attributes.first_mut() {
        // Signed as a SET, carried as [0].
        *first = tag::CONTEXT_0;
    }
    let signer_info = sequence(&[
        &unsigned(&[1]),
        &sequence(&[issuer, serial]),
        &sha256_identifier,
        &implicit_attributes,
        &signature_algorithm,
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
        &element(tag::SET, &[&sha256_identifier]),
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
