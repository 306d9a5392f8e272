//! SignedData as anybody writes it (RFC 2315, RFC 5652), and the bare signature that came before it.

use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    Integrity, Obstacle, Reading,
    ber::to_der,
    hash::Hash,
    key::{Answer, Key, hash_inside},
    scheme::{Kind, Scheme},
};
use crate::{
    der::{
        oid,
        reader::{Element, NotDer, Reader},
        tag, writer,
    },
    limits::{CMS_CERTIFICATES_MAX, STRANGERS_CMS_BYTES_MAX, STRANGERS_KEYS_MAX},
};

/// `[0]`, primitive: a certificate named by its key.
const KEY_IDENTIFIER: u8 = 0x80;
/// 1.2.840.113549.1.9.16.1.4, what a time stamp signs (RFC 3161 §2.4.2).
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
/// 1.2.156.10197.6.1.4.2.2, the same structure under a name of its own, with SM2 and SM3 (GB/T 35275).
const SIGNED_DATA_OF_SM2: &[u8] = &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x06, 0x01, 0x04, 0x02, 0x02];

/// Reads a CMS signature over a document that lies beside it in parts. Whatever follows the structure is room that was
/// left for it.
pub fn read_cms(contents: &[u8], document: &[&[u8]]) -> Reading {
    let der = contents.get(..contents.len().min(STRANGERS_CMS_BYTES_MAX)).and_then(to_der);
    let read = der.as_deref().ok_or(NotDer).and_then(SignedData::read);
    match read {
        Ok(Some(signed)) => signed.judge(document),
        Ok(None) => Reading::unchecked(Obstacle::Algorithm),
        Err(NotDer) => Reading::unchecked(Obstacle::Form),
    }
}

/// Reads a bare RSA signature in an OCTET STRING over a document, whose certificate lies beside it (ISO 32000-1
/// §12.8.3.2, `adbe.x509.rsa_sha1`).
pub fn read_bare(contents: &[u8], certificates: &[Vec<u8>], document: &[&[u8]]) -> Reading {
    let read = || {
        let der = to_der(contents.get(..contents.len().min(STRANGERS_CMS_BYTES_MAX))?)?;
        Some(Reader::new(&der).expect(tag::OCTET_STRING).ok()?.content.to_vec())
    };
    let Some(signature) = read() else { return Reading::unchecked(Obstacle::Form) };
    let Some(certificate) = certificates.first() else { return Reading::unchecked(Obstacle::Certificate) };
    let certificates = certificates.iter().take(CMS_CERTIFICATES_MAX).cloned().collect();
    let key = key_of(certificate);
    let hash = key.as_ref().and_then(|key| hash_inside(key, &signature)).unwrap_or(Hash::Sha1);
    let scheme = Scheme { kind: Kind::Pkcs1, hash };
    let integrity = match key.as_ref().map(|key| key.ask(scheme, document, &signature)) {
        None | Some(Answer::Unknown) => Integrity::Unchecked(Obstacle::Algorithm),
        Some(Answer::Holds) => Integrity::Intact,
        Some(Answer::OtherMessage) => Integrity::Altered,
        Some(Answer::Fails) => Integrity::Forged,
    };
    let is_weak = hash.is_weak() || key.is_some_and(|key| key.is_weak());
    let signer = Some(name_of(certificate));
    Reading { integrity, is_weak, signer, certificates }
}

/// The parts of a SignedData that matter.
struct SignedData<'a> {
    content_type: &'a [u8],
    /// The content that is signed where it is not the document itself.
    content: Option<&'a [u8]>,
    certificates: Vec<&'a [u8]>,
    signer: Signer<'a>,
}

struct Signer<'a> {
    /// How it names its certificate: the whole element.
    named: Element<'a>,
    /// What the content is named by; none when we do not know it.
    hash: Option<Hash>,
    /// The content of the set.
    attributes: Option<&'a [u8]>,
    /// None when we do not know it.
    scheme: Option<Scheme>,
    signature: &'a [u8],
}

impl<'a> SignedData<'a> {
    /// None for a structure whose algorithms we do not know.
    fn read(der: &'a [u8]) -> Result<Option<Self>, NotDer> {
        let mut content_info = Reader::new(der).sequence()?;
        match content_info.oid()? {
            oid::SIGNED_DATA => {}
            SIGNED_DATA_OF_SM2 => return Ok(None),
            _ => return Err(NotDer),
        }
        let mut signed_data = content_info.enter(tag::CONTEXT_0)?.sequence()?;
        signed_data.expect(tag::INTEGER)?;
        signed_data.expect(tag::SET)?;
        let mut inner = signed_data.sequence()?;
        let content_type = inner.oid()?;
        let content = match inner.optional(tag::CONTEXT_0)? {
            // RFC 2315 signs the content of whatever element stands here, which is this one in every file.
            Some(explicit) => Some(Reader::new(explicit.content).expect(tag::OCTET_STRING)?.content),
            None => None,
        };
        let mut certificates = Vec::new();
        if let Some(set) = signed_data.optional(tag::CONTEXT_0)? {
            let mut set = Reader::new(set.content);
            while !set.is_empty() && certificates.len() < CMS_CERTIFICATES_MAX {
                let element = set.element()?;
                // Attribute certificates and others stand here too.
                if element.tag == tag::SEQUENCE {
                    certificates.push(element.raw);
                }
            }
        }
        signed_data.optional(tag::CONTEXT_1)?;
        let mut signers = signed_data.enter(tag::SET)?;
        let signer = Signer::read(signers.sequence()?)?;
        // A PDF has one signer in each signature; of two, nobody could say whose it is.
        signers.finish()?;
        Ok(Some(Self { content_type, content, certificates, signer }))
    }

    fn judge(&self, document: &[&[u8]]) -> Reading {
        let (own, answer, is_weak_key) = self.ask(document);
        let (is_bound, is_weak_digest) = match self.is_bound(document) {
            Some((is_bound, is_weak)) => (Some(is_bound), is_weak),
            None => (None, false),
        };
        let integrity = match (answer, is_bound) {
            (Ok(Answer::Fails), _) if self.signer.attributes.is_some() => Integrity::Forged,
            // Nothing stands between the document and the signature: one of them is another one.
            (Ok(Answer::Fails | Answer::OtherMessage), _) | (_, Some(false)) => Integrity::Altered,
            (Ok(Answer::Holds), Some(true)) => Integrity::Intact,
            (Ok(Answer::Unknown), _) => Integrity::Unchecked(Obstacle::Algorithm),
            (Err(obstacle), Some(true)) => Integrity::Unchecked(obstacle),
            (_, None) if self.signer.hash.is_none() => Integrity::Unchecked(Obstacle::Algorithm),
            (_, None) => Integrity::Unchecked(Obstacle::Form),
        };
        let is_weak = is_weak_key || is_weak_digest || self.signer.scheme.is_some_and(|scheme| scheme.hash.is_weak());
        let mut certificates: Vec<Vec<u8>> = self.certificates.iter().map(|der| der.to_vec()).collect();
        certificates.sort_by_key(|der| Some(der.as_slice()) != own);
        Reading { integrity, is_weak, signer: own.map(name_of), certificates }
    }

    fn is_time_stamp(&self) -> bool {
        self.content_type == TST_INFO
    }

    /// The signer's certificate, what its key says of the signature, and whether that key is weak. Where the one that is
    /// named is not there, the one whose key it is.
    fn ask(&self, document: &[&[u8]]) -> (Option<&'a [u8]>, Result<Answer, Obstacle>, bool) {
        let signer = &self.signer;
        let named = self.certificates.iter().copied().find(|der| is_named(der, signer.named));
        let others = if named.is_some() { 0 } else { STRANGERS_KEYS_MAX };
        let others = self.certificates.iter().copied().take(others);
        let Some(scheme) = signer.scheme else {
            return (named, Ok(Answer::Unknown), false);
        };
        let mut best = (named, Err(Obstacle::Certificate), false);
        for der in named.into_iter().chain(others) {
            let Some(key) = key_of(der) else {
                if Some(der) == named {
                    best.1 = Ok(Answer::Unknown);
                }
                continue;
            };
            let answer = self.answer(&key, scheme, document);
            if matches!(answer, Answer::Holds | Answer::OtherMessage) {
                return (Some(der), Ok(answer), key.is_weak());
            }
            if Some(der) == named {
                best = (named, Ok(answer), key.is_weak());
            }
        }
        best
    }

    fn answer(&self, key: &Key, scheme: Scheme, document: &[&[u8]]) -> Answer {
        let signature = self.signer.signature;
        match (self.signer.attributes, self.content) {
            // What is signed is the set in DER, which sorts it; some sign it as they wrote it.
            (Some(attributes), _) => {
                let written = writer::element(tag::SET, &[attributes]);
                let answer = key.ask(scheme, &[&written], signature);
                match (answer, sorted(attributes)) {
                    (Answer::Fails | Answer::OtherMessage, Some(sorted)) if sorted != written => {
                        match key.ask(scheme, &[&sorted], signature) {
                            Answer::Holds => Answer::Holds,
                            _ => answer,
                        }
                    }
                    _ => answer,
                }
            }
            (None, Some(content)) => key.ask(scheme, &[content], signature),
            (None, None) => key.ask(scheme, document, signature),
        }
    }

    /// Whether what is signed is this document, and whether one of the digests on the way is weak; none when nothing says
    /// which document it is.
    fn is_bound(&self, document: &[&[u8]]) -> Option<(bool, bool)> {
        let own = [self.content.unwrap_or_default()];
        let signed: &[&[u8]] = if self.content.is_some() { &own } else { document };
        let (mut is_bound, mut is_weak) = (true, false);
        if let Some(attributes) = self.signer.attributes {
            let hash = self.signer.hash?;
            is_bound = message_digest(attributes)? == hash.digest(signed);
            is_weak = hash.is_weak();
        }
        let Some(content) = self.content else { return Some((is_bound, is_weak)) };
        if content.len() == document.iter().map(|part| part.len()).sum::<usize>() {
            return Some((is_bound && document.concat() == content, is_weak));
        }
        let (hash, digest) = if self.is_time_stamp() { imprint(content)? } else { (digest_of(content)?, content) };
        Some((is_bound && hash.digest(document) == digest, is_weak || hash.is_weak()))
    }
}

impl<'a> Signer<'a> {
    fn read(mut info: Reader<'a>) -> Result<Self, NotDer> {
        info.expect(tag::INTEGER)?;
        let named = info.element()?;
        let algorithm = info.expect(tag::SEQUENCE)?.content;
        let hash = Hash::from_identifier(algorithm)?.or_else(|| Scheme::hash_of(algorithm));
        let attributes = info.optional(tag::CONTEXT_0)?.map(|set| set.content);
        let scheme = Scheme::from_identifier(info.expect(tag::SEQUENCE)?.content, hash)?;
        let signature = info.expect(tag::OCTET_STRING)?.content;
        Ok(Self { named, hash, attributes, scheme, signature })
    }
}

/// The attributes as a SET in the order of DER.
fn sorted(attributes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(attributes);
    let mut parts = Vec::new();
    while !reader.is_empty() {
        parts.push(reader.element().ok()?.raw.to_vec());
    }
    Some(writer::set_of(parts))
}

/// What the attribute `messageDigest` says; none when there is none, or two that differ.
fn message_digest(attributes: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(attributes);
    let mut found = None;
    while !reader.is_empty() {
        let mut attribute = reader.sequence().ok()?;
        if attribute.oid().ok()? != oid::MESSAGE_DIGEST {
            continue;
        }
        let digest = attribute.enter(tag::SET).ok()?.expect(tag::OCTET_STRING).ok()?.content;
        if found.replace(digest).is_some_and(|known| known != digest) {
            return None;
        }
    }
    found
}

/// The digest that a time stamp was asked for (`messageImprint`).
fn imprint(content: &[u8]) -> Option<(Hash, &[u8])> {
    let mut info = Reader::new(content).sequence().ok()?;
    info.expect(tag::INTEGER).ok()?;
    info.oid().ok()?;
    let mut imprint = info.sequence().ok()?;
    let hash = Hash::from_identifier(imprint.expect(tag::SEQUENCE).ok()?.content).ok()??;
    Some((hash, imprint.expect(tag::OCTET_STRING).ok()?.content))
}

/// What a content that is itself a digest of the document was made with (`adbe.pkcs7.sha1`), told by its length.
fn digest_of(content: &[u8]) -> Option<Hash> {
    Some(match content.len() {
        20 => Hash::Sha1,
        28 => Hash::Sha224,
        32 => Hash::Sha256,
        48 => Hash::Sha384,
        64 => Hash::Sha512,
        _ => return None,
    })
}

/// Whether a certificate is the one that is named: by issuer and number, or by its key.
fn is_named(certificate: &[u8], named: Element<'_>) -> bool {
    if named.tag == tag::SEQUENCE {
        let mut wanted = Reader::new(named.content);
        let wanted = (wanted.element().map(|issuer| issuer.raw), wanted.element().map(|serial| serial.content));
        return frame(certificate).is_ok_and(|frame| wanted == (Ok(frame.issuer), Ok(frame.serial)));
    }
    named.tag & 0xdf == KEY_IDENTIFIER && key_identifier(certificate).is_some_and(|id| id == named.content)
}

/// What is needed of a certificate, however odd the rest of it is.
struct Frame<'a> {
    serial: &'a [u8],
    issuer: &'a [u8],
    spki: &'a [u8],
}

fn frame(certificate: &[u8]) -> Result<Frame<'_>, NotDer> {
    let mut tbs = Reader::new(certificate).sequence()?.sequence()?;
    tbs.optional(tag::CONTEXT_0)?;
    let serial = tbs.expect(tag::INTEGER)?.content;
    tbs.expect(tag::SEQUENCE)?;
    let issuer = tbs.expect(tag::SEQUENCE)?.raw;
    tbs.expect(tag::SEQUENCE)?;
    tbs.expect(tag::SEQUENCE)?;
    let spki = tbs.expect(tag::SEQUENCE)?.raw;
    Ok(Frame { serial, issuer, spki })
}

fn key_of(certificate: &[u8]) -> Option<Key> {
    Key::from_spki(frame(certificate).ok()?.spki)
}

fn key_identifier(certificate: &[u8]) -> Option<Vec<u8>> {
    use x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier;
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

/// The best name for a person to read; empty when there is none that can be read.
fn name_of(certificate: &[u8]) -> String {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return String::new() };
    let subject = &parsed.tbs_certificate.subject;
    let mut names = subject.iter_common_name().chain(subject.iter_organization());
    names.find_map(|name| name.as_str().ok()).unwrap_or_default().to_owned()
}
