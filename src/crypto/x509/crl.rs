//! Revocation lists.

use std::collections::HashMap;

use base::Instant;
use thiserror::Error;
use x509_parser::{
    extensions::ParsedExtension, prelude::FromDer, revocation_list::CertificateRevocationList, x509::ReasonCode,
};

use super::{Certificate, certificate::check_frame};
use crate::{
    limits::{CRL_BYTES_MAX, CRL_ENTRIES_MAX},
    suite::Suite,
};

/// Bytes that are not a revocation list we read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a well-formed revocation list")]
pub struct NotACrl;

/// One revoked certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Since when.
    pub at: Instant,
    /// Whether the key may be in other hands: then nothing it ever signed can be relied upon without other proof.
    pub(crate) compromised: bool,
}

/// A parsed revocation list.
#[derive(Clone, Debug)]
pub struct Crl {
    /// The encoded name of who issued it.
    pub issuer: Vec<u8>,
    /// When it was made.
    pub this_update: Instant,
    /// When the next one is due.
    pub next_update: Option<Instant>,
    entries: HashMap<Vec<u8>, Revoked>,
    authority_key_id: Option<Vec<u8>>,
    signed: Vec<u8>,
    signature: Vec<u8>,
    suite: Option<Suite>,
}

impl Crl {
    /// Parses one complete list; delta lists and lists of a limited scope are refused.
    ///
    /// # Errors
    ///
    /// [`NotACrl`] when the bytes are anything else.
    pub fn parse(der: &[u8]) -> Result<Self, NotACrl> {
        if der.len() > CRL_BYTES_MAX {
            return Err(NotACrl);
        }
        let suite = check_frame(der).map_err(|_| NotACrl)?;
        let (rest, parsed) = CertificateRevocationList::from_der(der).map_err(|_| NotACrl)?;
        let tbs = &parsed.tbs_cert_list;
        if !rest.is_empty() || tbs.revoked_certificates.len() > CRL_ENTRIES_MAX {
            return Err(NotACrl);
        }
        let mut authority_key_id = None;
        for extension in parsed.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
                }
                ParsedExtension::CRLNumber(_) => {}
                // Among these the delta indicator and the issuing distribution point, which limit the scope.
                _ if extension.critical => return Err(NotACrl),
                _ => {}
            }
        }
        let mut entries = HashMap::new();
        for entry in parsed.iter_revoked_certificates() {
            if entry.extensions().iter().any(|extension| {
                extension.critical && !matches!(extension.parsed_extension(), ParsedExtension::ReasonCode(_))
            }) {
                return Err(NotACrl);
            }
            let reason = entry.reason_code().map_or(ReasonCode::Unspecified, |(_, reason)| reason);
            let revoked = Revoked {
                at: Instant::from_seconds(entry.revocation_date.timestamp()),
                compromised: matches!(reason, ReasonCode::KeyCompromise | ReasonCode::CACompromise),
            };
            entries.insert(entry.raw_serial().to_vec(), revoked);
        }
        Ok(Self {
            issuer: tbs.issuer.as_raw().to_vec(),
            this_update: Instant::from_seconds(tbs.this_update.timestamp()),
            next_update: tbs.next_update.map(|time| Instant::from_seconds(time.timestamp())),
            entries,
            authority_key_id,
            signed: tbs.as_ref().to_vec(),
            signature: parsed.signature_value.data.to_vec(),
            suite,
        })
    }

    /// Whether this list was issued and signed by that authority, which must be allowed to.
    pub(crate) fn is_signed_by(&self, authority: &Certificate) -> bool {
        self.issuer == authority.subject
            && match (&self.authority_key_id, &authority.subject_key_id) {
                (Some(wanted), Some(found)) => wanted == found,
                _ => true,
            }
            && authority.key_usage.is_none_or(|usage| usage.revocation_lists)
            && authority
                .public_key
                .as_ref()
                .zip(self.suite)
                .is_some_and(|(key, suite)| key.verify_der(suite, &self.signed, &self.signature))
    }

    /// Whether the list may be relied upon at an instant.
    pub fn is_current(&self, at: Instant) -> bool {
        self.this_update <= at && self.next_update.is_none_or(|next| at < next)
    }

    /// The entry of a serial number.
    pub fn find(&self, serial: &[u8]) -> Option<Revoked> {
        self.entries.get(serial).copied()
    }
}
