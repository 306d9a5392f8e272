//! The certificate authorities: what each kind of certificate says, and issuing it.

use base::{
    Fault, Instant,
    id::{CertificateId, KeyId},
};
use crypto::sign::{PublicKey, SigningKey};
use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, DistinguishedName, DnType, DnValue, IsCa, Issuer,
    KeyIdMethod, KeyUsagePurpose, PublicKeyData, SerialNumber, SignatureAlgorithm, SubjectPublicKeyInfo,
};
use records::{Work, revision};

use crate::{
    REVISION,
    custody::{self, Custody, Signer},
    error::Error,
    events, limits, lint,
    purpose::{KeyState, Purpose},
    queries::{self, NewCertificate, NewKey},
};

/// Whom a seal's certificate names.
#[derive(Clone, Debug)]
pub struct SealSubject {
    /// The name of the department.
    pub organisation_name: String,
    /// Its unified social credit code.
    pub organisation_code: String,
    /// The name of the seal: `滨江市市场监督管理局电子证照专用章`.
    pub seal_name: String,
}

/// Which kind of certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    IssuingAuthority,
    Root,
    Seal,
    Service,
}

impl Kind {
    fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Root => Self::Root,
            Purpose::IssuingAuthority => Self::IssuingAuthority,
            Purpose::Seal => Self::Seal,
            Purpose::AccessToken | Purpose::IdTokenEs256 | Purpose::IdTokenRs256 => Self::Service,
        }
    }

    fn seconds(self) -> i64 {
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

    fn params(&self) -> Result<CertificateParams, Error> {
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

/// A key as the certificate writer sees it: it asks for signatures and never has the key.
pub(crate) struct Signing<'a> {
    key: &'a SigningKey,
    public: SubjectPublicKeyInfo,
}

impl<'a> Signing<'a> {
    pub fn new(key: &'a SigningKey) -> Result<Self, Error> {
        Ok(Self { key, public: SubjectPublicKeyInfo::from_der(&key.public_key().spki_der())? })
    }
}

impl PublicKeyData for Signing<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.public.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.public.algorithm()
    }
}

impl rcgen::SigningKey for Signing<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.key.sign_der(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// Who signs a certificate.
#[derive(Clone, Copy)]
pub(crate) enum By<'a> {
    /// An authority, with its certificate.
    Authority { key: &'a SigningKey, certificate: &'a [u8] },
    /// The subject itself: a root.
    Itself { key: &'a SigningKey },
}

/// Makes a certificate: first one with a throw-away key, which is checked against the profile; then, when that is
/// right, the real one, which must say the same.
pub(crate) fn certify(profile: &Profile, subject: &PublicKey, by: By<'_>) -> Result<Vec<u8>, Error> {
    for name in [&profile.organisation, &profile.common_name] {
        if name.is_empty()
            || name.chars().count() > limits::NAME_CHARACTERS_MAX
            || name.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))
        {
            return Err(Error::Name);
        }
    }
    let mut params = profile.params()?;
    let subject = SubjectPublicKeyInfo::from_der(&subject.spki_der())?;
    let throw_away = crypto::sign::generate_es256_pkcs8()?;
    let throw_away =
        SigningKey::from_pkcs8(crypto::sign::Algorithm::Es256, throw_away.expose()).map_err(Fault::broken)?;
    let (rehearsed, real) = match by {
        By::Authority { key, certificate } => {
            let certificate = certificate.into();
            let rehearsal = Issuer::from_ca_cert_der(&certificate, Signing::new(&throw_away)?)?;
            let rehearsed = params.signed_by(&subject, &rehearsal)?;
            lint::check(rehearsed.der(), profile, throw_away.public_key())?;
            let issuer = Issuer::from_ca_cert_der(&certificate, Signing::new(key)?)?;
            (rehearsed, params.signed_by(&subject, &issuer)?)
        }
        By::Itself { key } => {
            // The key identifier is given, so that the rehearsal differs from the real one only in its signature.
            let identifier = params.key_identifier(&subject);
            params.key_identifier_method = KeyIdMethod::PreSpecified(identifier);
            let rehearsal = Issuer::from_params(&params, Signing::new(&throw_away)?);
            let rehearsed = params.signed_by(&subject, &rehearsal)?;
            lint::check(rehearsed.der(), profile, throw_away.public_key())?;
            (rehearsed, params.self_signed(&Signing::new(key)?)?)
        }
    };
    let real_key = match by {
        By::Authority { key, .. } | By::Itself { key } => key.public_key(),
    };
    lint::check(real.der(), profile, real_key)?;
    if lint::signed_part(rehearsed.der())? != lint::signed_part(real.der())? {
        return Err(Error::CertificateProfile("it differs from its rehearsal".to_owned()));
    }
    Ok(real.der().to_vec())
}

/// Makes a seal's key and certificate as part of `work`.
///
/// # Errors
///
/// [`Error::NoCurrentKey`] before the authorities exist; [`Error::Name`].
pub async fn issue_seal(work: &mut Work, custody: &Custody, subject: &SealSubject) -> Result<KeyId, Error> {
    let authority = custody.current(Purpose::IssuingAuthority, work.at())?;
    let profile = custody.profile(
        work,
        Purpose::Seal,
        subject.organisation_name.clone(),
        Some(subject.organisation_code.clone()),
        subject.seal_name.clone(),
    );
    let key = create(work, custody, Purpose::Seal, KeyState::Active, (profile, Some(&authority))).await?;
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(key.key_id)
}

impl Custody {
    /// What a certificate made now is to say.
    pub(crate) fn profile(
        &self,
        work: &Work,
        purpose: Purpose,
        organisation: String,
        organisation_code: Option<String>,
        common_name: String,
    ) -> Profile {
        let kind = Kind::of(purpose);
        let settings = &self.0.settings;
        let issuer = match kind {
            Kind::Root => None,
            Kind::IssuingAuthority => crate::crl::authority_number(Purpose::Root),
            Kind::Seal | Kind::Service => crate::crl::authority_number(Purpose::IssuingAuthority),
        };
        Profile {
            kind,
            organisation,
            organisation_code,
            common_name,
            not_before: work.at().plus_seconds(-settings.backdate_seconds.max(limits::BACKDATE_SECONDS)),
            not_after: work.at().plus_seconds(kind.seconds()),
            serial: serial(work.entropy()),
            crl_url: issuer.map(|number| format!("{}{number}.crl", settings.crl_url)),
        }
    }
}

/// A seal's key and chain that nobody trusts and that is never written down: to rehearse a signature before the real
/// key is asked for it. The chain is as long as a real one, so what fits around this signature fits around that.
///
/// # Errors
///
/// [`Error::Name`], [`Error::Fault`].
pub fn throw_away_seal(subject: &SealSubject, at: Instant, entropy: &dyn base::Entropy) -> Result<Signer, Error> {
    let make = || -> Result<SigningKey, Error> {
        let pkcs8 = crypto::sign::generate_es256_pkcs8()?;
        Ok(SigningKey::from_pkcs8(crypto::sign::Algorithm::Es256, pkcs8.expose()).map_err(Fault::broken)?)
    };
    let profile = |kind, common_name: &str, crl_url: Option<&str>| Profile {
        kind,
        organisation: subject.organisation_name.clone(),
        organisation_code: (kind == Kind::Seal).then(|| subject.organisation_code.clone()),
        common_name: common_name.to_owned(),
        not_before: at.plus_seconds(-limits::BACKDATE_SECONDS),
        not_after: at.plus_seconds(kind.seconds()),
        serial: serial(entropy),
        crl_url: crl_url.map(str::to_owned),
    };
    let (root_key, issuing_key, key) = (make()?, make()?, make()?);
    let root = certify(&profile(Kind::Root, "试签根证书", None), root_key.public_key(), By::Itself { key: &root_key })?;
    let url = Some("http://rehearsal.invalid/crl/0.crl");
    let by_root = By::Authority { key: &root_key, certificate: &root };
    let issuing = certify(&profile(Kind::IssuingAuthority, "试签机构", url), issuing_key.public_key(), by_root)?;
    let seal = profile(Kind::Seal, &subject.seal_name, url);
    let by_issuing = By::Authority { key: &issuing_key, certificate: &issuing };
    let leaf = certify(&seal, key.public_key(), by_issuing)?;
    Ok(Signer {
        key_id: KeyId::new(at, entropy),
        purpose: Purpose::Seal,
        key: std::sync::Arc::new(key),
        chain: vec![leaf, issuing],
        certificate_id: CertificateId::new(at, entropy),
        state: KeyState::Active,
        not_before: seal.not_before,
        not_after: seal.not_after,
        revoked_at: None,
    })
}

/// A positive number of fixed length with 126 random bits.
fn serial(entropy: &dyn base::Entropy) -> [u8; limits::SERIAL_BYTES] {
    let mut serial = entropy.bytes::<{ limits::SERIAL_BYTES }>();
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    serial
}

/// Makes a key with its certificate, its file and its rows. Without an issuer the certificate is self-signed.
pub(crate) async fn create(
    work: &mut Work,
    custody: &Custody,
    purpose: Purpose,
    state: KeyState,
    (profile, issuer): (Profile, Option<&Signer>),
) -> Result<Signer, Error> {
    let (pkcs8, key) = custody::make_key(purpose.algorithm(), &work.context().entropy).await?;
    adopt(work, custody, (purpose, state), (pkcs8, key), (profile, issuer)).await
}

/// Takes a key just made into custody.
pub(crate) async fn adopt(
    work: &mut Work,
    custody: &Custody,
    (purpose, state): (Purpose, KeyState),
    (pkcs8, key): (base::Secret<Vec<u8>>, SigningKey),
    (profile, issuer): (Profile, Option<&Signer>),
) -> Result<Signer, Error> {
    let at = work.at();
    let (key_id, certificate_id): (KeyId, CertificateId) = (work.new_id(), work.new_id());
    let above = issuer.map(|issuer| issuer.chain.first().map(Vec::as_slice).unwrap_or_default());
    let by = match (issuer, above) {
        (Some(issuer), Some(certificate)) => By::Authority { key: &issuer.key, certificate },
        _ => By::Itself { key: &key },
    };
    let der = certify(&profile, key.public_key(), by)?;
    custody.0.folder.write(&key_id, purpose, &pkcs8, work.entropy()).await?;
    let spki = key.public_key().spki_der();
    let new_key = NewKey {
        key_id: &key_id,
        purpose,
        algorithm: key.algorithm().name(),
        state,
        spki: &spki,
        not_before: profile.not_before,
        not_after: profile.not_after,
    };
    queries::insert_key(&mut work.tx, &new_key, at).await?;
    let serial = crypto::digest::hex(&profile.serial);
    let new_certificate = NewCertificate {
        certificate_id: &certificate_id,
        key_id: &key_id,
        issuer_key_id: issuer.map_or(&key_id, |issuer| &issuer.key_id),
        serial: &serial,
        subject: &profile.subject_line(),
        der: &der,
        not_before: profile.not_before,
        not_after: profile.not_after,
    };
    queries::insert_certificate(&mut work.tx, &new_certificate).await?;
    work.record_with(
        events::KEY_CREATED,
        &key_id,
        serde_json::json!({ "purpose": purpose.as_str(), "state": state.as_str() }),
    );
    work.record_with(
        events::CERTIFICATE_ISSUED,
        &certificate_id,
        serde_json::json!({ "key": key_id.as_str(), "serial": serial, "subject": profile.subject_line() }),
    );
    let mut chain = vec![der];
    chain
        .extend(issuer.iter().filter(|issuer| issuer.purpose != Purpose::Root).flat_map(|issuer| issuer.chain.clone()));
    Ok(Signer {
        key_id,
        purpose,
        key: std::sync::Arc::new(key),
        chain,
        certificate_id,
        state,
        not_before: profile.not_before,
        not_after: profile.not_after,
        revoked_at: None,
    })
}

/// One certificate as PEM.
pub(crate) fn certificate_pem(der: &[u8]) -> String {
    crypto::encoding::pem("CERTIFICATE", der)
}

pub(crate) fn when(at: Instant) -> Result<time::OffsetDateTime, Fault> {
    time::OffsetDateTime::from_unix_timestamp(at.as_seconds()).map_err(Fault::broken)
}
