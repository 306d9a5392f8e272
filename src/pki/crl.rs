//! Revocation lists: which certificates of an authority must no longer be trusted.

use base::{
    Fault, Instant,
    id::{CertificateId, KeyId},
};
use rcgen::{CertificateRevocationListParams, Issuer, KeyIdMethod, RevokedCertParams, SerialNumber};
use records::{
    Context, Tx, Work,
    archive::{OverRow, Shelved},
    revision,
};
use serde_json::json;
use x509_parser::prelude::FromDer;

use crate::{
    REVISION,
    certify::{Rehearsal, sign_again},
    custody::{Custody, Signer},
    error::Error,
    events::{CertificateRevoked, CrlSigned, KeyRevoked},
    limits,
    profile::when,
    purpose::{KeyState, Purpose},
    queries::{self, CrlRow},
};

/// A signed list.
#[derive(Clone, PartialEq, Eq)]
pub struct Crl {
    /// Its number; each list of an authority has a higher one.
    pub number: i64,
    /// When it was signed.
    pub(crate) this_update: Instant,
    /// Until when it counts.
    pub(crate) next_update: Instant,
    /// The list, DER.
    pub der: Vec<u8>,
}

impl std::fmt::Debug for Crl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crl")
            .field("number", &self.number)
            .field("next_update", &self.next_update)
            .finish_non_exhaustive()
    }
}

impl From<CrlRow> for Crl {
    fn from(row: CrlRow) -> Self {
        Self {
            number: row.number,
            this_update: Instant::from_micros(row.this_update),
            next_update: Instant::from_micros(row.next_update),
            der: row.der,
        }
    }
}

/// Lists of one authority that are over: another one took their place, and they ended long ago. The newest is never over:
/// what the authority issued is judged by it for as long as there are documents.
#[derive(Clone, Debug)]
pub struct OldLists {
    issuer: KeyId,
}

impl OldLists {
    /// Those of every authority that ever signed a list.
    pub fn all(custody: &Custody) -> Vec<Self> {
        let inventory = custody.inventory();
        let authorities = inventory.signers.values().filter(|signer| signer.list_number.is_some());
        authorities.map(|authority| Self { issuer: authority.key_id.clone() }).collect()
    }
}

impl Shelved for OldLists {
    fn what(&self) -> String {
        format!("lists.{}", self.issuer)
    }

    async fn over(&self, tx: &mut Tx, after: &str, before: Instant, limit: i64) -> Result<Vec<OverRow>, Fault> {
        let rows = queries::older_crls(tx, &self.issuer, after.parse().unwrap_or_default(), limit).await?;
        let over = rows.into_iter().take_while(|row| row.next_update < before.as_micros());
        let line = |row: CrlRow| {
            let CrlRow { issuer_key_id, number, this_update, next_update, der } = row;
            let line = json!({
                "issuer_key_id": issuer_key_id,
                "number": number,
                "this_update": this_update,
                "next_update": next_update,
                "der": crypto::encoding::base64(&der),
            });
            OverRow { key: format!("{number:012}"), line: line.to_string() }
        };
        Ok(over.map(line).collect())
    }

    async fn remove(&self, tx: &mut Tx, to: &str) -> Result<u64, Fault> {
        queries::remove_crls(tx, &self.issuer, to.parse().unwrap_or_default()).await
    }
}

/// Why a certificate is revoked (RFC 5280 §5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationReason {
    /// What the certificate names has ended.
    CessationOfOperation,
    /// Somebody else may have the key.
    KeyCompromise,
    /// The right to use it was withdrawn.
    PrivilegeWithdrawn,
    /// Another certificate took its place.
    Superseded,
}

impl RevocationReason {
    const ALL: [Self; 4] =
        [Self::CessationOfOperation, Self::KeyCompromise, Self::PrivilegeWithdrawn, Self::Superseded];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CessationOfOperation => "cessation_of_operation",
            Self::KeyCompromise => "key_compromise",
            Self::PrivilegeWithdrawn => "privilege_withdrawn",
            Self::Superseded => "superseded",
        }
    }

    /// Reads what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    fn on_the_list(self) -> rcgen::RevocationReason {
        match self {
            Self::CessationOfOperation => rcgen::RevocationReason::CessationOfOperation,
            Self::KeyCompromise => rcgen::RevocationReason::KeyCompromise,
            Self::PrivilegeWithdrawn => rcgen::RevocationReason::PrivilegeWithdrawn,
            Self::Superseded => rcgen::RevocationReason::Superseded,
        }
    }
}

/// Revokes a certificate and its key, and signs the new list, as part of `work`.
///
/// # Errors
///
/// [`Error::CertificateUnknown`] when there is none or it was revoked before.
pub async fn revoke(
    work: &mut Work,
    custody: &Custody,
    certificate_id: &CertificateId,
    reason: RevocationReason,
) -> Result<(), Error> {
    let at = work.at();
    let (key, issuer) = queries::revoke_certificate(&mut work.tx, certificate_id, at, reason.as_str())
        .await?
        .ok_or_else(|| Error::CertificateUnknown(certificate_id.clone()))?;
    let (key, issuer) = (KeyId::stored(key), KeyId::stored(issuer));
    for from in [KeyState::PrePublished, KeyState::Active, KeyState::Retired] {
        queries::change_state(&mut work.tx, &key, from, KeyState::Revoked).await?;
    }
    let reason = reason.as_str().to_owned();
    work.record(CertificateRevoked { certificate: certificate_id.clone(), key: key.clone(), reason });
    work.record(KeyRevoked { key: key.clone() });
    let inventory = custody.inventory();
    if let Some(authority) = inventory.signers.get(&key).filter(|signer| signer.list_number.is_some()) {
        // What it issued before is judged by its list for as long as there are documents.
        sign_last_list(work, authority).await?;
    }
    let issuer = inventory.signers.get(&issuer).ok_or(Error::KeyUnknown(issuer))?;
    if issuer.key_id != key {
        sign_list(work, issuer).await?;
    }
    revision::bump(&mut work.tx, REVISION).await?;
    Ok(())
}

/// Signs lists of which half the time has passed, also those of authorities that issue no more; before an authority's
/// certificate ends, its last list, which counts for ever: what was sealed under it is judged long after. Run every few
/// minutes; it does nothing most of the time.
///
/// # Errors
///
/// [`Error::Fault`] when the database is out of reach or a key does not sign; the old lists stay.
pub(crate) async fn renew_due(custody: &Custody, context: Context) -> Result<(), Error> {
    let at = context.at;
    let inventory = custody.inventory();
    let mut authorities: Vec<_> = inventory.signers.values().filter(|signer| signer.list_number.is_some()).collect();
    authorities.sort_by_key(|authority| authority.list_number);
    for authority in authorities {
        let list = authority.list_number.and_then(|number| custody.crl(number));
        // A root that is kept elsewhere signs when it is brought here; the calendar tells when that has to be.
        if !authority.is_here || !list.is_none_or(|list| is_due(authority, &list, at)) {
            continue;
        }
        // When another process was faster, one more list does no harm.
        let renew = async |mut work: Work| {
            sign_list(&mut work, authority).await?;
            revision::bump(&mut work.tx, REVISION).await?;
            Ok::<_, Error>(work.commit().await?)
        };
        custody.0.database.attempt(&context, renew).await?;
    }
    Ok(())
}

/// Whether an authority has to sign another list after this one.
fn is_due(authority: &Signer, list: &Crl, at: Instant) -> bool {
    let life = list.next_update.seconds_since(list.this_update);
    list.next_update < limits::NO_NEXT_UPDATE
        && (at.seconds_since(list.this_update) >= life / 2 || ends_before_its_list(authority, at))
}

/// Whether a list that an authority signs now would count longer than the authority.
fn ends_before_its_list(authority: &Signer, at: Instant) -> bool {
    ends_within(authority, list_seconds(authority), at)
}

fn ends_within(authority: &Signer, seconds: i64, at: Instant) -> bool {
    authority.state == KeyState::Revoked || at.plus_seconds(seconds) >= authority.not_after
}

fn list_seconds(authority: &Signer) -> i64 {
    match authority.purpose {
        Purpose::Root if authority.taken_out_at.is_some() => limits::ROOT_AWAY_CRL_SECONDS,
        Purpose::Root => limits::ROOT_CRL_SECONDS,
        _ => limits::CRL_SECONDS,
    }
}

/// Signs the next list of an authority, which is the last one when the authority ends before it would.
pub(crate) async fn sign_list(work: &mut Work, authority: &Signer) -> Result<(), Error> {
    sign_for(work, authority, list_seconds(authority)).await
}

/// Signs the next list of a root whose key is about to be taken off this machine.
pub(crate) async fn sign_list_for_long(work: &mut Work, root: &Signer) -> Result<(), Error> {
    sign_for(work, root, limits::ROOT_AWAY_CRL_SECONDS).await
}

async fn sign_for(work: &mut Work, authority: &Signer, seconds: i64) -> Result<(), Error> {
    if ends_within(authority, seconds, work.at()) {
        return sign_last_list(work, authority).await;
    }
    let next_update = work.at().plus_seconds(seconds);
    sign(work, authority, Instant::from_seconds(next_update.as_seconds())).await
}

/// Signs the list of an authority after which there is no other.
async fn sign_last_list(work: &mut Work, authority: &Signer) -> Result<(), Error> {
    sign(work, authority, limits::NO_NEXT_UPDATE).await
}

async fn sign(work: &mut Work, authority: &Signer, next_update: Instant) -> Result<(), Error> {
    let at = work.at();
    authority.check_here()?;
    // Only whole seconds fit into a list; what is stored must be what was signed.
    let this_update = Instant::from_seconds(at.as_seconds());
    let number = queries::last_crl_number(&mut work.tx, &authority.key_id).await? + 1;
    let mut revoked = Vec::new();
    for row in queries::revoked(&mut work.tx, &authority.key_id).await? {
        revoked.push(RevokedCertParams {
            serial_number: SerialNumber::from_slice(&from_hex(&row.serial)?),
            revocation_time: when(Instant::from_micros(row.revoked_at))?,
            reason_code: RevocationReason::parse(&row.revocation_reason).map(RevocationReason::on_the_list),
            invalidity_date: None,
        });
    }
    let count = revoked.len();
    let certificate = authority.chain.first().cloned().unwrap_or_default();
    let params = CertificateRevocationListParams {
        this_update: when(this_update)?,
        next_update: when(next_update)?,
        crl_number: SerialNumber::from_slice(&number.to_be_bytes()),
        issuing_distribution_point: None,
        revoked_certs: revoked,
        key_identifier_method: KeyIdMethod::PreSpecified(subject_key_identifier(&certificate)?),
    };
    let issuer = Issuer::from_ca_cert_der(&certificate.into(), Rehearsal::new(authority.key.suite())?)?;
    let rehearsed = params.signed_by(&issuer)?;
    let der = sign_again(rehearsed.der(), &authority.key).await?;
    check_own_signature(&der, authority)?;
    let row = CrlRow {
        issuer_key_id: authority.key_id.as_str().to_owned(),
        number,
        this_update: this_update.as_micros(),
        next_update: next_update.as_micros(),
        der,
    };
    if queries::insert_crl(&mut work.tx, row).await? == 0 {
        return Err(Fault::conflict("another node signed a revocation list with this number").into());
    }
    work.record(CrlSigned { key: authority.key_id.clone(), number, revoked: count });
    Ok(())
}

/// No signature leaves without having been verified.
fn check_own_signature(der: &[u8], authority: &Signer) -> Result<(), Error> {
    let holds = x509_parser::revocation_list::CertificateRevocationList::from_der(der).is_ok_and(|(rest, list)| {
        rest.is_empty()
            && authority.key.public_key().verify_der(
                authority.key.suite(),
                list.tbs_cert_list.as_ref(),
                &list.signature_value.data,
            )
    });
    if holds { Ok(()) } else { Err(Fault::broken("a revocation list's own signature does not verify").into()) }
}

fn subject_key_identifier(der: &[u8]) -> Result<Vec<u8>, Error> {
    use x509_parser::{certificate::X509Certificate, extensions::ParsedExtension};
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| Fault::broken("a stored certificate cannot be read"))?;
    certificate
        .extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0.to_vec()),
            _ => None,
        })
        .ok_or_else(|| Fault::broken("an authority's certificate has no key identifier").into())
}

fn from_hex(text: &str) -> Result<Vec<u8>, Fault> {
    (0..text.len() / 2)
        .map(|place| text.get(place * 2..place * 2 + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect::<Option<Vec<u8>>>()
        .ok_or_else(|| Fault::broken("a stored serial number is not hexadecimal"))
}
