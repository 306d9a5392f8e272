//! Checks a certificate against its profile before it is signed with a real key.

use crypto::{PublicKey, Suite};
use x509_parser::{
    certificate::X509Certificate,
    extensions::{DistributionPointName, GeneralName, ParsedExtension},
    prelude::FromDer,
};

use crate::{
    error::Error,
    limits,
    profile::{Kind, Profile},
};

/// Refuses a certificate that does not say exactly what the profile wants, or is not signed by `issuer`.
pub(crate) fn check(der: &[u8], profile: &Profile, issuer: (Suite, &PublicKey)) -> Result<(), Error> {
    match violation(der, profile, issuer) {
        None => Ok(()),
        Some(rule) => Err(Error::CertificateProfile(rule.to_owned())),
    }
}

fn violation(der: &[u8], profile: &Profile, (suite, issuer): (Suite, &PublicKey)) -> Option<&'static str> {
    let Ok((rest, certificate)) = X509Certificate::from_der(der) else { return Some("it is not a certificate") };
    let is_authority = matches!(profile.kind, Kind::Root | Kind::IssuingAuthority);
    let path_length = match profile.kind {
        Kind::Root => Some(1),
        Kind::IssuingAuthority => Some(0),
        Kind::Seal | Kind::Service => None,
    };
    let validity = certificate.validity();
    let name = |mut attributes: Box<dyn Iterator<Item = String> + '_>| attributes.next().unwrap_or_default();
    let common_name =
        name(Box::new(certificate.subject().iter_common_name().filter_map(|a| Some(a.as_str().ok()?.to_owned()))));
    let organisation =
        name(Box::new(certificate.subject().iter_organization().filter_map(|a| Some(a.as_str().ok()?.to_owned()))));
    let rules: [(bool, &'static str); 15] = [
        (rest.is_empty(), "bytes follow the certificate"),
        (certificate.version().0 == 2, "it is not of version 3"),
        (certificate.raw_serial() == profile.serial, "the serial number is another"),
        (
            profile.serial.len() == limits::SERIAL_BYTES
                && profile.serial.first().is_some_and(|b| (0x40..0x80).contains(b)),
            "the serial number is not positive or too short",
        ),
        (
            validity.not_before.timestamp() == profile.not_before.as_seconds()
                && validity.not_after.timestamp() == profile.not_after.as_seconds()
                && profile.not_before < profile.not_after,
            "the validity is another",
        ),
        (common_name == profile.common_name && organisation == profile.organisation, "the subject is another"),
        (certificate.is_ca() == is_authority, "basic constraints are wrong"),
        (
            certificate.basic_constraints().ok().flatten().is_some_and(|constraints| {
                constraints.value.path_len_constraint == path_length && (constraints.critical || !is_authority)
            }),
            "the path length is wrong",
        ),
        (key_usage_is_right(&certificate, profile.kind), "the key usage is wrong"),
        (key_identifiers_are_there(&certificate), "a key identifier is missing"),
        (
            crl_urls(&certificate) == profile.crl_url.iter().map(String::as_str).collect::<Vec<_>>(),
            "the address of the revocation list is wrong",
        ),
        (
            profile.crl_url.as_ref().is_none_or(|url| url.starts_with("http://") || url.starts_with("https://")),
            "the address of the revocation list is not a URL",
        ),
        (certificate.subject_alternative_name().is_ok_and(|names| names.is_none()), "there are other names"),
        (
            certificate.signature_algorithm == certificate.tbs_certificate.signature,
            "the two signature algorithms differ",
        ),
        (
            issuer.verify_der(suite, certificate.tbs_certificate.as_ref(), &certificate.signature_value.data),
            "the signature does not verify",
        ),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map(|(_, rule)| rule)
}

fn key_usage_is_right(certificate: &X509Certificate<'_>, kind: Kind) -> bool {
    let Ok(Some(usage)) = certificate.key_usage() else { return false };
    let wanted = match kind {
        // digitalSignature is bit 0, nonRepudiation 1, keyCertSign 5, cRLSign 6
        Kind::Root | Kind::IssuingAuthority => 1 << 5 | 1 << 6,
        Kind::Seal => 1 | 1 << 1,
        Kind::Service => 1,
    };
    usage.critical && usage.value.flags == wanted
}

fn key_identifiers_are_there(certificate: &X509Certificate<'_>) -> bool {
    let has = |wanted: fn(&ParsedExtension<'_>) -> bool| {
        certificate.extensions().iter().any(|extension| wanted(extension.parsed_extension()))
    };
    has(|extension| matches!(extension, ParsedExtension::SubjectKeyIdentifier(_)))
        && has(
            |extension| matches!(extension, ParsedExtension::AuthorityKeyIdentifier(a) if a.key_identifier.is_some()),
        )
}

fn crl_urls<'a>(certificate: &'a X509Certificate<'_>) -> Vec<&'a str> {
    certificate
        .extensions()
        .iter()
        .filter_map(|extension| match extension.parsed_extension() {
            ParsedExtension::CRLDistributionPoints(points) => Some(points),
            _ => None,
        })
        .flat_map(|points| points.points.iter())
        .filter_map(|point| match &point.distribution_point {
            Some(DistributionPointName::FullName(names)) => Some(names),
            _ => None,
        })
        .flatten()
        .filter_map(|name| match name {
            GeneralName::URI(url) => Some(*url),
            _ => None,
        })
        .collect()
}
