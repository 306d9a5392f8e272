//! Reading one, strictly.

use thiserror::Error;

use super::sign::issuer_and_serial;
use crate::{
    der::{
        oid,
        reader::{NotDer, Reader},
        tag, writer,
    },
    limits::{CMS_ATTRIBUTES_MAX, CMS_BYTES_MAX, CMS_CERTIFICATES_MAX},
    sign::Algorithm,
    x509::Certificate,
};

/// Why a CMS structure is not one that we accept.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CmsError {
    /// A digest or signature algorithm other than SHA-256 with RSA PKCS#1 v1.5 or ECDSA P-256.
    #[error("an algorithm that is not accepted")]
    Algorithm,
    /// A signed attribute is missing, stands twice, or is not what it must be.
    #[error("the signed attribute {0} is missing, doubled or wrong")]
    Attribute(&'static str),
    /// Not the strict DER of a SignedData with limits.
    #[error("not a well-formed CMS signature")]
    Form,
    /// No signer, or more than one.
    #[error("not exactly one signer")]
    Signers,
    /// The certificate that the signer vouches for is not among those that came along, or is another than the one
    /// named by issuer and number.
    #[error("the signer's certificate is missing or is not the one that was signed")]
    SignerCertificate,
}

impl From<NotDer> for CmsError {
    fn from(NotDer: NotDer) -> Self {
        Self::Form
    }
}

/// A parsed signature. Nothing has been verified but its form.
#[derive(Clone, Debug)]
pub struct SignedData {
    /// The signer's certificate: the one whose digest was signed, or the one named by issuer and number where no digest
    /// was.
    pub signer: Certificate,
    /// The certificates that came along, without the signer's.
    pub others: Vec<Certificate>,
    /// The digest of the document that was signed.
    pub message_digest: [u8; 32],
    /// Whether the signer vouches for the certificate itself (`signingCertificateV2`), as PAdES demands, and does not
    /// only name it by issuer and number, as most programs of others do.
    pub names_certificate: bool,
    /// Whether there are attributes that the signature does not cover (a time stamp, or anything anybody added).
    pub has_unsigned_attributes: bool,
    attributes: Vec<u8>,
    signature: Vec<u8>,
    algorithm: Algorithm,
}

impl SignedData {
    /// Parses a detached signature; nothing may follow it.
    ///
    /// # Errors
    ///
    /// [`CmsError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CmsError> {
        if bytes.len() > CMS_BYTES_MAX {
            return Err(CmsError::Form);
        }
        let mut outer = Reader::new(bytes);
        let mut content_info = outer.sequence()?;
        outer.finish()?;
        if content_info.oid()? != oid::SIGNED_DATA {
            return Err(CmsError::Form);
        }
        let mut explicit = content_info.enter(tag::CONTEXT_0)?;
        content_info.finish()?;
        let mut signed_data = explicit.sequence()?;
        explicit.finish()?;

        if !matches!(signed_data.unsigned()?, [1 | 3]) {
            return Err(CmsError::Form);
        }
        let mut digest_algorithms = signed_data.enter(tag::SET)?;
        let digest_algorithm = digest_algorithms.expect(tag::SEQUENCE)?;
        if !digest_algorithms.is_empty() {
            return Err(CmsError::Algorithm);
        }
        check_sha256(digest_algorithm.content)?;
        let mut content = signed_data.sequence()?;
        if content.oid()? != oid::DATA {
            return Err(CmsError::Form);
        }
        // The document stays outside: content inside would be a second document.
        content.finish()?;
        let certificates = parse_certificates(signed_data.expect(tag::CONTEXT_0)?.content)?;
        signed_data.optional(tag::CONTEXT_1)?;
        let mut signers = signed_data.enter(tag::SET)?;
        signed_data.finish()?;
        if signers.is_empty() {
            return Err(CmsError::Signers);
        }
        let signer = signers.sequence()?;
        if !signers.is_empty() {
            return Err(CmsError::Signers);
        }
        parse_signer(signer, certificates)
    }

    /// Whether the signature over the signed attributes is the signer's. The caller compares
    /// [`Self::message_digest`] with the document's.
    pub fn verify_signature(&self) -> bool {
        self.signer
            .public_key
            .as_ref()
            .is_some_and(|key| key.algorithm() == self.algorithm && key.verify_der(&self.attributes, &self.signature))
    }
}

/// Splits what a PDF keeps in `/Contents` into the structure and the padding after it; none when there is no
/// structure at the beginning or the padding is not all zeros.
pub fn split_padding(contents: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(contents);
    let structure = reader.expect(tag::SEQUENCE).ok()?.raw;
    contents.get(structure.len()..)?.iter().all(|byte| *byte == 0).then_some(structure)
}

fn parse_certificates(bytes: &[u8]) -> Result<Vec<&[u8]>, CmsError> {
    let mut reader = Reader::new(bytes);
    let mut certificates = Vec::new();
    while !reader.is_empty() {
        if certificates.len() == CMS_CERTIFICATES_MAX {
            return Err(CmsError::Form);
        }
        certificates.push(reader.expect(tag::SEQUENCE)?.raw);
    }
    Ok(certificates)
}

fn parse_signer(mut signer: Reader<'_>, certificates: Vec<&[u8]>) -> Result<SignedData, CmsError> {
    // Version 1 names the certificate by issuer and number; version 3 by a key identifier, which PAdES does not use.
    if signer.unsigned()? != [1] {
        return Err(CmsError::Form);
    }
    let mut sid = signer.sequence()?;
    let (issuer, serial) = (sid.expect(tag::SEQUENCE)?.raw, sid.expect(tag::INTEGER)?.raw);
    sid.finish()?;
    check_sha256(signer.expect(tag::SEQUENCE)?.content)?;
    let signed = signer.optional(tag::CONTEXT_0)?.ok_or(CmsError::Attribute("contentType"))?;
    let attributes = Attributes::parse(signed.content)?;
    let algorithm = parse_signature_algorithm(signer.sequence()?)?;
    let signature = signer.expect(tag::OCTET_STRING)?.content.to_vec();
    let has_unsigned_attributes = signer.optional(tag::CONTEXT_1)?.is_some();
    signer.finish()?;

    let mut own = None;
    let mut others = Vec::new();
    for der in certificates {
        let is_own = match attributes.certificate_digest {
            Some(digest) => crate::digest::sha256(der) == digest,
            None => issuer_and_serial(der).ok() == Some((issuer, serial)),
        };
        if is_own {
            // Some programs enclose it twice; two different ones would let the reader choose.
            if own.replace(der).is_some_and(|known| known != der) {
                return Err(CmsError::SignerCertificate);
            }
        } else if let Ok(other) = Certificate::parse(der) {
            // One that we cannot read is not needed by us; if it is, there will be no chain.
            others.push(other);
        }
    }
    let own = own.ok_or(CmsError::SignerCertificate)?;
    if issuer_and_serial(own).ok() != Some((issuer, serial)) {
        return Err(CmsError::SignerCertificate);
    }
    let signer = Certificate::parse(own).map_err(|_| CmsError::SignerCertificate)?;
    Ok(SignedData {
        signer,
        others,
        message_digest: attributes.message_digest,
        names_certificate: attributes.certificate_digest.is_some(),
        has_unsigned_attributes,
        attributes: writer::element(tag::SET, &[signed.content]),
        signature,
        algorithm,
    })
}

struct Attributes {
    message_digest: [u8; 32],
    certificate_digest: Option<[u8; 32]>,
}

impl Attributes {
    fn parse(bytes: &[u8]) -> Result<Self, CmsError> {
        let (mut content_type, mut message_digest, mut certificate_digest) = (None, None, None);
        let mut reader = Reader::new(bytes);
        let (mut count, mut previous): (usize, &[u8]) = (0, &[]);
        while !reader.is_empty() {
            let element = reader.expect(tag::SEQUENCE)?;
            count += 1;
            // DER sorts a SET OF; what is signed must have one encoding.
            if count > CMS_ATTRIBUTES_MAX || element.raw < previous {
                return Err(CmsError::Form);
            }
            previous = element.raw;
            let mut attribute = Reader::new(element.content);
            let kind = attribute.oid()?;
            let values = attribute.expect(tag::SET)?.content;
            attribute.finish()?;
            let (slot, name) = if kind == oid::CONTENT_TYPE {
                (&mut content_type, "contentType")
            } else if kind == oid::MESSAGE_DIGEST {
                (&mut message_digest, "messageDigest")
            } else if kind == oid::SIGNING_CERTIFICATE_V2 {
                (&mut certificate_digest, "signingCertificateV2")
            } else {
                continue;
            };
            if slot.replace(values).is_some() {
                return Err(CmsError::Attribute(name));
            }
        }
        let content_type = content_type.ok_or(CmsError::Attribute("contentType"))?;
        if content_type != writer::oid(oid::DATA) {
            return Err(CmsError::Attribute("contentType"));
        }
        let message_digest = message_digest
            .and_then(|values| {
                let mut reader = Reader::new(values);
                let digest = reader.expect(tag::OCTET_STRING).ok()?.content;
                reader.is_empty().then_some(digest)?.try_into().ok()
            })
            .ok_or(CmsError::Attribute("messageDigest"))?;
        let certificate_digest = certificate_digest
            .map(|values| certificate_digest_of(values).map_err(|_| CmsError::Attribute("signingCertificateV2")))
            .transpose()?;
        Ok(Self { message_digest, certificate_digest })
    }
}

/// The digest in `SigningCertificateV2 { certs SEQUENCE OF ESSCertIDv2, policies OPTIONAL }`; the first entry is the
/// signer's.
fn certificate_digest_of(values: &[u8]) -> Result<[u8; 32], NotDer> {
    let mut reader = Reader::new(values);
    let mut attribute = reader.sequence()?;
    reader.finish()?;
    let mut id = attribute.sequence()?.sequence()?;
    if let Some(algorithm) = id.optional(tag::SEQUENCE)? {
        check_sha256(algorithm.content).map_err(|_| NotDer)?;
    }
    let digest = id.expect(tag::OCTET_STRING)?.content;
    digest.try_into().map_err(|_| NotDer)
}

fn check_sha256(identifier: &[u8]) -> Result<(), CmsError> {
    let mut reader = Reader::new(identifier);
    let kind = reader.oid()?;
    check_null_or_nothing(reader)?;
    if kind == oid::SHA256 { Ok(()) } else { Err(CmsError::Algorithm) }
}

fn parse_signature_algorithm(mut reader: Reader<'_>) -> Result<Algorithm, CmsError> {
    let kind = reader.oid()?;
    if kind == oid::ECDSA_WITH_SHA256 {
        check_null_or_nothing(reader)?;
        Ok(Algorithm::Es256)
    } else if kind == oid::RSA || kind == oid::SHA256_WITH_RSA {
        check_null_or_nothing(reader)?;
        Ok(Algorithm::Rs256)
    } else {
        Err(CmsError::Algorithm)
    }
}

fn check_null_or_nothing(mut reader: Reader<'_>) -> Result<(), CmsError> {
    if let Some(null) = reader.optional(tag::NULL)?
        && !null.content.is_empty()
    {
        return Err(CmsError::Form);
    }
    if reader.is_empty() { Ok(()) } else { Err(CmsError::Algorithm) }
}
