//! Certificates and revocation lists come to be in two steps: a throw-away key signs a rehearsal, which is checked; then
//! the very bytes that were checked are given to the real key.

use base::Fault;
use crypto::{
    KeyHandle, PublicKey, Suite,
    der::{
        reader::{NotDer, Reader},
        tag,
        writer::{bit_string, sequence},
    },
    sign::SigningKey,
};
use rcgen::{Issuer, KeyIdMethod, PublicKeyData, SignatureAlgorithm, SubjectPublicKeyInfo};

use crate::{error::Error, limits, lint, profile::Profile};

/// Who signs a certificate.
#[derive(Clone, Copy)]
pub(crate) enum By<'a> {
    /// An authority, with its certificate.
    Authority { key: &'a KeyHandle, certificate: &'a [u8] },
    /// The subject itself: a root.
    Itself { key: &'a KeyHandle },
}

/// Makes a certificate: the rehearsal is checked against the profile before the real key is asked, and the result after
/// it has signed.
pub(crate) async fn certify(profile: &Profile, subject: &PublicKey, by: By<'_>) -> Result<Vec<u8>, Error> {
    for name in [&profile.organisation, &profile.common_name] {
        if name.is_empty()
            || name.chars().count() > limits::NAME_CHARACTERS_MAX
            || name.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))
        {
            return Err(Error::Name);
        }
    }
    let (By::Authority { key, .. } | By::Itself { key }) = by;
    let rehearsed = rehearse(profile, subject, by)?;
    let real = sign_again(&rehearsed, key).await?;
    lint::check(&real, profile, (key.suite(), key.public_key()))?;
    Ok(real)
}

fn rehearse(profile: &Profile, subject: &PublicKey, by: By<'_>) -> Result<Vec<u8>, Error> {
    let mut params = profile.params()?;
    let subject = SubjectPublicKeyInfo::from_der(&subject.spki_der())?;
    let (By::Authority { key, .. } | By::Itself { key }) = by;
    let rehearsal = Rehearsal::new(key.suite())?;
    let throw_away = rehearsal.key.public_key().clone();
    let rehearsed = match by {
        By::Authority { certificate, .. } => {
            params.signed_by(&subject, &Issuer::from_ca_cert_der(&certificate.into(), rehearsal)?)?
        }
        By::Itself { .. } => {
            // The key identifier is the subject's, not the throw-away key's.
            params.key_identifier_method = KeyIdMethod::PreSpecified(params.key_identifier(&subject));
            params.signed_by(&subject, &Issuer::from_params(&params, rehearsal))?
        }
    };
    lint::check(rehearsed.der(), profile, (key.suite(), &throw_away))?;
    Ok(rehearsed.der().to_vec())
}

/// The same statement under the signature of a real key: what it signs is, byte for byte, what was rehearsed. The
/// statement names the suite, so the rehearsal was signed with the same one.
pub(crate) async fn sign_again(rehearsed: &[u8], key: &KeyHandle) -> Result<Vec<u8>, Fault> {
    let statement = || Ok::<_, NotDer>(Reader::new(rehearsed).sequence()?.expect(tag::SEQUENCE)?.raw);
    let statement = statement().map_err(Fault::broken)?;
    let signature = key.sign_der(statement).await?;
    Ok(sequence(&[statement, key.suite().identifier(), &bit_string(&signature)]))
}

/// A throw-away key as the certificate writer wants one. It never sees a real key: it cannot wait for one.
pub(crate) struct Rehearsal {
    key: SigningKey,
    public: SubjectPublicKeyInfo,
}

impl Rehearsal {
    /// Of the suite that the real key will sign with.
    pub fn new(suite: Suite) -> Result<Self, Error> {
        let key = SigningKey::generate(suite)?;
        let public = SubjectPublicKeyInfo::from_der(&key.public_key().spki_der())?;
        Ok(Self { key, public })
    }
}

impl PublicKeyData for Rehearsal {
    fn der_bytes(&self) -> &[u8] {
        self.public.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.public.algorithm()
    }
}

impl rcgen::SigningKey for Rehearsal {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.key.sign_der(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}
