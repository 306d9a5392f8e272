//! Reading one, strictly.

use thiserror::Error;

use super::sign::issuer_and_serial;
use crate::{
    der::{
        oid,
        reader::{NotDer, Reader},
        tag, writer,
    },
    digest::{Digest, DigestAlgorithm},
    limits::{CMS_ATTRIBUTES_MAX, CMS_BYTES_MAX, CMS_CERTIFICATES_MAX},
    suite::Suite,
    x509::Certificate,
};

/// Why a CMS structure is not one that we accept.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CmsError {
    /// A suite that we do not use, or a digest that is not the suite's.
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
    pub message_digest: Digest,
    /// Whether the signer vouches for the certificate itself (`signingCertificateV2`), as PAdES demands, and does not
    /// only name it by issuer and number, as most programs of others do.
    pub names_certificate: bool,
    /// Whether there are attributes that the signature does not cover (a time stamp, or anything anybody added).
    pub has_unsigned_attributes: bool,
    attributes: Vec<u8>,
    signature: Vec<u8>,
    suite: Suite,
}

impl SignedData {
    /// Parses a detached signature; nothing may follow it.
    ///
    /// # Errors
    ///
    /// [`CmsError`] when it is too long, not of that form, or says what we do not understand.
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
        let digest_algorithm = parse_digest_algorithm(digest_algorithm.content)?;
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
        parse_signer(signer, digest_algorithm, certificates)
    }

    /// Parses what a PDF keeps in `/Contents`: one that zeros fill up to the room that was left for it.
    ///
    /// # Errors
    ///
    /// [`CmsError`] when it is too long, not of that form, or says what we do not understand.
    pub fn parse_padded(contents: &[u8]) -> Result<Self, CmsError> {
        split_padding(contents).ok_or(CmsError::Form).and_then(Self::parse)
    }

    /// Whether the signature over the signed attributes is the signer's. The caller compares
    /// [`Self::message_digest`] with the document's.
    pub fn verify_signature(&self) -> bool {
        self.signer.public_key.as_ref().is_some_and(|key| key.verify_der(self.suite, &self.attributes, &self.signature))
    }
}

/// The structure before the padding; none when there is no structure at the beginning or the padding is not all zeros.
pub(super) fn split_padding(contents: &[u8]) -> Option<&[u8]> {
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

fn parse_signer(
    mut signer: Reader<'_>,
    digest_algorithm: DigestAlgorithm,
    certificates: Vec<&[u8]>,
) -> Result<SignedData, CmsError> {
    // Version 1 names the certificate by issuer and number; version 3 by a key identifier, which PAdES does not use.
    if signer.unsigned()? != [1] {
        return Err(CmsError::Form);
    }
    let mut sid = signer.sequence()?;
    let (issuer, serial) = (sid.expect(tag::SEQUENCE)?.raw, sid.expect(tag::INTEGER)?.raw);
    sid.finish()?;
    if parse_digest_algorithm(signer.expect(tag::SEQUENCE)?.content)? != digest_algorithm {
        return Err(CmsError::Algorithm);
    }
    let signed = signer.optional(tag::CONTEXT_0)?.ok_or(CmsError::Attribute("contentType"))?;
    let attributes = Attributes::parse(signed.content, digest_algorithm)?;
    let suite = parse_signature_algorithm(signer.expect(tag::SEQUENCE)?.raw)?;
    if suite.digest() != digest_algorithm {
        return Err(CmsError::Algorithm);
    }
    let signature = signer.expect(tag::OCTET_STRING)?.content.to_vec();
    let has_unsigned_attributes = signer.optional(tag::CONTEXT_1)?.is_some();
    signer.finish()?;

    let mut own = None;
    let mut others = Vec::new();
    for der in certificates {
        let is_own = match attributes.certificate_digest {
            Some(digest) => Digest::of(digest.algorithm(), der) == digest,
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
        suite,
    })
}

struct Attributes {
    message_digest: Digest,
    certificate_digest: Option<Digest>,
}

impl Attributes {
    fn parse(bytes: &[u8], digest_algorithm: DigestAlgorithm) -> Result<Self, CmsError> {
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
                reader.is_empty().then(|| Digest::from_bytes(digest_algorithm, digest))?
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
fn certificate_digest_of(values: &[u8]) -> Result<Digest, NotDer> {
    let mut reader = Reader::new(values);
    let mut attribute = reader.sequence()?;
    reader.finish()?;
    let mut id = attribute.sequence()?.sequence()?;
    let algorithm = match id.optional(tag::SEQUENCE)? {
        Some(algorithm) => parse_digest_algorithm(algorithm.content).map_err(|_| NotDer)?,
        None => DigestAlgorithm::Sha256,
    };
    let digest = id.expect(tag::OCTET_STRING)?.content;
    Digest::from_bytes(algorithm, digest).ok_or(NotDer)
}

fn parse_digest_algorithm(identifier: &[u8]) -> Result<DigestAlgorithm, CmsError> {
    let mut reader = Reader::new(identifier);
    let kind = reader.oid()?;
    check_null_or_nothing(reader)?;
    DigestAlgorithm::ALL.into_iter().find(|algorithm| algorithm.oid() == kind).ok_or(CmsError::Algorithm)
}

/// A suite's own identifier, and what other programs write in place of two of them: an RSA key's, which RFC 3370 §3.2
/// allows, and ECDSA with a NULL.
fn parse_signature_algorithm(identifier: &[u8]) -> Result<Suite, CmsError> {
    if let Some(suite) = Suite::from_identifier(identifier) {
        return Ok(suite);
    }
    let mut reader = Reader::new(identifier).sequence()?;
    let kind = reader.oid()?;
    check_null_or_nothing(reader)?;
    if kind == oid::RSA {
        return Ok(Suite::Rs256);
    }
    let bare = writer::sequence(&[&writer::oid(kind)]);
    Suite::from_identifier(&bare).filter(|suite| suite.is_ecdsa()).ok_or(CmsError::Algorithm)
}

fn check_null_or_nothing(mut reader: Reader<'_>) -> Result<(), CmsError> {
    if let Some(null) = reader.optional(tag::NULL)?
        && !null.content.is_empty()
    {
        return Err(CmsError::Form);
    }
    if reader.is_empty() { Ok(()) } else { Err(CmsError::Algorithm) }
}
