//! One certificate and the facts that a chain is checked by.

use base::Instant;
use thiserror::Error;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{ParsedExtension, X509Extension},
    prelude::FromDer,
    x509::{X509Name, X509Version},
};

use crate::{
    der::{reader, tag},
    limits::CERTIFICATE_BYTES_MAX,
    public_key::PublicKey,
    suite::Suite,
};

/// Bytes that are not a certificate we read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a well-formed certificate")]
pub struct NotACertificate;

/// What a key may be used for; `None` in a certificate means it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// `digitalSignature` or `contentCommitment`: it may sign documents.
    pub signatures: bool,
    /// `contentCommitment`: its signatures are declarations of the subject, as a seal's are.
    pub commitments: bool,
    /// `keyCertSign`.
    pub certificates: bool,
    /// `cRLSign`.
    pub(crate) revocation_lists: bool,
}

/// A parsed certificate. It owns its bytes.
///
/// Parsing says nothing about trust: see [`super::chain::build_and_check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// All its bytes.
    pub der: Vec<u8>,
    /// The serial number's content octets.
    pub serial: Vec<u8>,
    /// The encoded name of who issued it.
    pub issuer: Vec<u8>,
    /// The encoded name of whom it is about.
    pub subject: Vec<u8>,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// The subject's organisation.
    pub organisation: Option<String>,
    /// The first second it is good for.
    pub not_before: Instant,
    /// The last second it is good for.
    pub not_after: Instant,
    /// The key; none when it is of a kind that we do not use.
    pub public_key: Option<PublicKey>,
    /// Whether it may issue certificates.
    pub is_authority: bool,
    /// How many authorities may stand below it.
    pub path_length: Option<u32>,
    /// What the key may be used for.
    pub key_usage: Option<KeyUsage>,
    /// The name of its key.
    pub(crate) subject_key_id: Option<Vec<u8>>,
    /// The name of the key that signed it.
    pub(crate) authority_key_id: Option<Vec<u8>>,
    /// A critical extension that we do not understand, or one whose rules we do not follow.
    pub(crate) has_unknown_critical: bool,
    pub(super) signed: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) suite: Option<Suite>,
}

impl Certificate {
    /// Parses one certificate: strict DER, version 3, nothing after it.
    ///
    /// # Errors
    ///
    /// [`NotACertificate`] when the bytes are anything else.
    pub fn parse(der: &[u8]) -> Result<Self, NotACertificate> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(NotACertificate);
        }
        let suite = check_frame(der).map_err(|_| NotACertificate)?;
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| NotACertificate)?;
        let tbs = &parsed.tbs_certificate;
        let serial = tbs.raw_serial();
        let serial_is_positive = serial.first().is_some_and(|first| *first < 0x80) && serial.iter().any(|b| *b != 0);
        if !rest.is_empty() || tbs.version != X509Version::V3 || !serial_is_positive || serial.len() > 20 {
            return Err(NotACertificate);
        }
        if is_empty(&tbs.issuer) {
            return Err(NotACertificate);
        }
        let mut certificate = Self {
            der: der.to_vec(),
            serial: serial.to_vec(),
            issuer: tbs.issuer.as_raw().to_vec(),
            subject: tbs.subject.as_raw().to_vec(),
            common_name: first_text(tbs.subject.iter_common_name()),
            organisation: first_text(tbs.subject.iter_organization()),
            not_before: Instant::from_seconds(tbs.validity.not_before.timestamp()),
            not_after: Instant::from_seconds(tbs.validity.not_after.timestamp()),
            public_key: PublicKey::from_spki_der(tbs.subject_pki.raw).ok(),
            is_authority: false,
            path_length: None,
            key_usage: None,
            subject_key_id: None,
            authority_key_id: None,
            has_unknown_critical: false,
            signed: tbs.as_ref().to_vec(),
            signature: parsed.signature_value.data.to_vec(),
            suite,
        };
        let extensions = tbs.extensions();
        for (place, extension) in extensions.iter().enumerate() {
            if extensions.iter().skip(place + 1).any(|other| other.oid == extension.oid) {
                return Err(NotACertificate);
            }
            certificate.learn(extension)?;
        }
        Ok(certificate)
    }

    fn learn(&mut self, extension: &X509Extension<'_>) -> Result<(), NotACertificate> {
        match extension.parsed_extension() {
            ParsedExtension::ParseError { .. } => return Err(NotACertificate),
            ParsedExtension::BasicConstraints(constraints) => {
                self.is_authority = constraints.ca;
                self.path_length = constraints.path_len_constraint;
            }
            ParsedExtension::KeyUsage(usage) => {
                self.key_usage = Some(KeyUsage {
                    signatures: usage.digital_signature() || usage.non_repudiation(),
                    commitments: usage.non_repudiation(),
                    certificates: usage.key_cert_sign(),
                    revocation_lists: usage.crl_sign(),
                });
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(id.0.to_vec()),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            // Read by others or harmless here; what they restrict (servers, clients) is not what we ask.
            ParsedExtension::SubjectAlternativeName(_)
            | ParsedExtension::ExtendedKeyUsage(_)
            | ParsedExtension::CertificatePolicies(_) => {}
            // We do not follow the rules of these, so a certificate that restricts by them cannot be relied upon.
            ParsedExtension::NameConstraints(_)
            | ParsedExtension::PolicyConstraints(_)
            | ParsedExtension::InhibitAnyPolicy(_) => self.has_unknown_critical = true,
            _ => self.has_unknown_critical |= extension.critical,
        }
        Ok(())
    }

    /// The best name for a person to read.
    pub fn display_name(&self) -> &str {
        self.common_name.as_deref().or(self.organisation.as_deref()).unwrap_or("")
    }

    /// Whether this certificate names that one as its issuer and was signed by its key.
    pub(crate) fn is_signed_by(&self, issuer: &Self) -> bool {
        self.names_as_issuer(issuer)
            && issuer
                .public_key
                .as_ref()
                .zip(self.suite)
                .is_some_and(|(key, suite)| key.verify_der(suite, &self.signed, &self.signature))
    }

    pub(super) fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject
            && match (&self.authority_key_id, &issuer.subject_key_id) {
                (Some(wanted), Some(found)) => wanted == found,
                _ => true,
            }
    }

    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }
}

/// Strict DER, the outermost three elements, and the algorithm standing twice: inside and outside of what is signed. An
/// attacker can only change the outer one. The parser behind is more lenient about all of these. Gives the suite of the
/// signature, if it is one of ours.
pub(super) fn check_frame(der: &[u8]) -> Result<Option<Suite>, reader::NotDer> {
    reader::check_strict(der)?;
    let mut outer = reader::Reader::new(der).sequence()?;
    let mut signed = outer.sequence()?;
    let algorithm = outer.expect(tag::SEQUENCE)?.raw;
    outer.bit_string()?;
    outer.finish()?;
    // A certificate's version and serial number, or a revocation list's version.
    signed.optional(tag::CONTEXT_0)?;
    signed.optional(tag::INTEGER)?;
    if signed.expect(tag::SEQUENCE)?.raw == algorithm {
        Ok(Suite::from_identifier(algorithm))
    } else {
        Err(reader::NotDer)
    }
}

fn is_empty(name: &X509Name<'_>) -> bool {
    name.iter().next().is_none()
}

fn first_text<'a>(
    mut values: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'a>>,
) -> Option<String> {
    values.next()?.as_str().ok().map(str::to_owned)
}
