//! What each kind of certificate says.

use base::{Fault, Instant};
use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, DistinguishedName, DnType, DnValue, IsCa,
    KeyUsagePurpose, SerialNumber,
};

use crate::{error::Error, limits, purpose::Purpose};

/// Which kind of certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    IssuingAuthority,
    Root,
    Seal,
    Service,
}

impl Kind {
    pub fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Root => Self::Root,
            Purpose::IssuingAuthority => Self::IssuingAuthority,
            Purpose::Seal => Self::Seal,
            Purpose::AccessToken | Purpose::IdTokenEs256 | Purpose::IdTokenRs256 | Purpose::LogHead => Self::Service,
        }
    }

    pub fn seconds(self) -> i64 {
        match self {
            Self::Root => limits::ROOT_SECONDS,
            Self::IssuingAuthority => limits::AUTHORITY_SECONDS,
            Self::Seal => limits::SEAL_SECONDS,
            Self::Service => limits::SERVICE_SECONDS,
        }
    }
}

/// What a certificate is to say.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub kind: Kind,
    pub organisation: String,
    pub organisation_code: Option<String>,
    pub common_name: String,
    pub not_before: Instant,
    pub not_after: Instant,
    pub serial: [u8; limits::SERIAL_BYTES],
    /// Where the list is that will name this certificate if it is revoked; none for the root.
    pub crl_url: Option<String>,
}

impl Profile {
    /// The certificate's subject as one line, for lists.
    pub fn subject_line(&self) -> String {
        format!("CN={}, O={}, C=CN", self.common_name, self.organisation)
    }

    pub fn params(&self) -> Result<CertificateParams, Error> {
        let mut params = CertificateParams::default();
        params.not_before = when(self.not_before)?;
        params.not_after = when(self.not_after)?;
        params.serial_number = Some(SerialNumber::from_slice(&self.serial));
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, DnValue::PrintableString("CN".try_into()?));
        params.distinguished_name.push(DnType::OrganizationName, self.organisation.as_str());
        if let Some(code) = &self.organisation_code {
            // organizationIdentifier, 2.5.4.97
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), format!("NTRCN-{code}"));
        }
        params.distinguished_name.push(DnType::CommonName, self.common_name.as_str());
        params.use_authority_key_identifier_extension = true;
        params.crl_distribution_points =
            self.crl_url.iter().map(|url| CrlDistributionPoint { uris: vec![url.clone()] }).collect();
        (params.is_ca, params.key_usages) = match self.kind {
            Kind::Root => (
                IsCa::Ca(BasicConstraints::Constrained(1)),
                vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
            ),
            Kind::IssuingAuthority => (
                IsCa::Ca(BasicConstraints::Constrained(0)),
                vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
            ),
            Kind::Seal => {
                (IsCa::ExplicitNoCa, vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment])
            }
            Kind::Service => (IsCa::ExplicitNoCa, vec![KeyUsagePurpose::DigitalSignature]),
        };
        Ok(params)
    }
}

pub(crate) fn when(at: Instant) -> Result<time::OffsetDateTime, Fault> {
    time::OffsetDateTime::from_unix_timestamp(at.as_seconds()).map_err(Fault::broken)
}
