//! The certificate authorities: whom they name, and issuing.

use base::id::{CertificateId, KeyId};
use records::{Work, revision};

use crate::{
    REVISION,
    certify::{By, certify},
    custody::{Custody, NewKey, Signer},
    error::Error,
    events::{CertificateIssued, KeyCreated},
    limits,
    profile::{Kind, Profile},
    purpose::{KeyState, Purpose},
    queries::{self, NewCertificate, NewKeyRow},
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

/// Makes a seal's key and certificate as part of `work`.
///
/// # Errors
///
/// [`Error::NoCurrentKey`] before the authorities exist; [`Error::Name`] when a name cannot stand in a certificate.
pub async fn issue_seal(work: &mut Work, custody: &Custody, subject: &SealSubject) -> Result<KeyId, Error> {
    // Held until the commit: nothing is sealed under an envelope key that is replaced meanwhile.
    custody.check_envelope(&queries::take_turn(&mut work.tx).await?)?;
    let authority = custody.current(Purpose::IssuingAuthority, work.at())?;
    let profile = custody.profile(
        work,
        Purpose::Seal,
        (subject.organisation_name.clone(), Some(subject.organisation_code.clone())),
        subject.seal_name.clone(),
        Some(&*authority),
    );
    let new = custody.0.folder.make(Purpose::Seal.suite(), &work.context().entropy).await?;
    let place = (Purpose::Seal, KeyState::Active);
    let key = adopt(work, custody, place, new, (profile, Some(&authority))).await?;
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(key.key_id)
}

impl Custody {
    /// What a certificate made now is to say.
    pub(crate) fn profile(
        &self,
        work: &Work,
        purpose: Purpose,
        (organisation, organisation_code): (String, Option<String>),
        common_name: String,
        issuer: Option<&Signer>,
    ) -> Profile {
        let kind = Kind::of(purpose);
        let settings = &self.0.settings;
        let end = work.at().plus_seconds(kind.seconds());
        Profile {
            kind,
            organisation,
            organisation_code,
            common_name,
            not_before: work.at().plus_seconds(-settings.backdate_seconds.max(limits::BACKDATE_SECONDS)),
            // Below an authority that has ended nothing counts.
            not_after: issuer.map_or(end, |issuer| end.min(issuer.not_after)),
            serial: serial(work.entropy()),
            crl_url: issuer
                .and_then(|issuer| issuer.list_number)
                .map(|number| format!("{}{number}.crl", settings.crl_url)),
        }
    }
}

/// A positive number of fixed length with 126 random bits.
fn serial(entropy: &dyn base::Entropy) -> [u8; limits::SERIAL_BYTES] {
    let mut serial = entropy.bytes::<{ limits::SERIAL_BYTES }>();
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    serial
}

/// Takes a key just made into custody, with its certificate, its file and its rows. Without an issuer the certificate is
/// self-signed.
pub(crate) async fn adopt(
    work: &mut Work,
    custody: &Custody,
    (purpose, state): (Purpose, KeyState),
    new: NewKey,
    (profile, issuer): (Profile, Option<&Signer>),
) -> Result<Signer, Error> {
    let at = work.at();
    issuer.map_or(Ok(()), Signer::check_here)?;
    let (key_id, certificate_id): (KeyId, CertificateId) = (work.new_id(), work.new_id());
    let above = issuer.map(|issuer| issuer.chain.first().map(Vec::as_slice).unwrap_or_default());
    let by = match (issuer, above) {
        (Some(issuer), Some(certificate)) => By::Authority { key: &issuer.key, certificate },
        _ => By::Itself { key: &new.handle },
    };
    let der = certify(&profile, new.handle.public_key(), by).await?;
    custody.0.folder.keep(&key_id, purpose, &new, work.entropy()).await?;
    let spki = new.handle.public_key().spki_der();
    let list_number = match purpose {
        Purpose::IssuingAuthority | Purpose::Root => Some(queries::last_list_number(&mut work.tx).await? + 1),
        Purpose::AccessToken | Purpose::IdTokenEs256 | Purpose::IdTokenRs256 | Purpose::LogHead | Purpose::Seal => None,
    };
    let row = NewKeyRow {
        key_id: &key_id,
        purpose,
        algorithm: new.handle.suite().name(),
        state,
        spki: &spki,
        list_number,
        not_before: profile.not_before,
        not_after: profile.not_after,
    };
    queries::insert_key(&mut work.tx, &row, at).await?;
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
    let (purpose_name, state_name) = (purpose.as_str().to_owned(), state.as_str().to_owned());
    work.record(KeyCreated { key: key_id.clone(), purpose: purpose_name, state: state_name });
    let subject = profile.subject_line();
    work.record(CertificateIssued { certificate: certificate_id.clone(), key: key_id.clone(), serial, subject });
    let mut chain = vec![der];
    chain
        .extend(issuer.iter().filter(|issuer| issuer.purpose != Purpose::Root).flat_map(|issuer| issuer.chain.clone()));
    Ok(Signer {
        key_id,
        purpose,
        key: new.handle,
        list_number: list_number.and_then(|number| u32::try_from(number).ok()),
        chain,
        certificate_id,
        subject: profile.subject_line(),
        state,
        taken_out_at: None,
        is_here: true,
        made_at: at,
        not_before: profile.not_before,
        not_after: profile.not_after,
        revoked_at: None,
    })
}
