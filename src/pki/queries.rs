//! The SQL of this crate.

use base::{Fault, Instant, ListPage, id::CertificateId, id::KeyId};
use records::{FromRow, Tx, args};

use crate::purpose::{KeyState, Purpose};

/// A statement that reads keys as [`KeyRow`] takes them: the columns, and then what is asked for.
macro_rules! keys {
    ($rest:literal) => {
        concat!(
            "select k.key_id, k.purpose, k.algorithm, k.state, k.spki, k.list_number, k.not_before, k.not_after, k.created_at, k.taken_out_at, \
                    c.certificate_id, c.issuer_key_id, c.subject, c.der, c.revoked_at, \
                    k.marked, k.mark, c.serial, c.not_before as valid_from, c.not_after as valid_to, c.revocation_reason, \
                    c.marked as certificate_marked, c.mark as certificate_mark
               from pki_key k join pki_certificate c on c.key_id = k.key_id ",
            $rest
        )
    };
}

/// A statement that reads revocation lists as [`CrlRow`] takes them: the columns, and then where they are asked of.
macro_rules! lists {
    ($rest:literal) => {
        concat!("select l.issuer_key_id, l.number, l.this_update, l.next_update, l.der ", $rest)
    };
}

/// A key with its certificate.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct KeyRow {
    pub key_id: String,
    pub purpose: String,
    pub algorithm: String,
    pub state: String,
    pub spki: Vec<u8>,
    pub list_number: Option<i64>,
    pub not_before: i64,
    pub not_after: i64,
    pub created_at: i64,
    pub taken_out_at: Option<i64>,
    pub certificate_id: String,
    pub issuer_key_id: String,
    pub subject: String,
    pub der: Vec<u8>,
    pub revoked_at: Option<i64>,
    marked: i64,
    mark: Option<String>,
    serial: String,
    valid_from: i64,
    valid_to: i64,
    revocation_reason: Option<String>,
    certificate_marked: i64,
    certificate_mark: Option<String>,
}

impl KeyRow {
    /// Whether the key and its certificate are as the last acts left them.
    pub(crate) async fn is_unchanged(&self, tx: &mut Tx) -> Result<bool, Fault> {
        let key = args![
            &self.key_id,
            &self.purpose,
            &self.algorithm,
            &self.state,
            &self.spki,
            self.not_before,
            self.not_after,
            self.created_at,
            self.taken_out_at
        ];
        let certificate = CertificateRow {
            certificate_id: self.certificate_id.clone(),
            key_id: self.key_id.clone(),
            issuer_key_id: self.issuer_key_id.clone(),
            serial: self.serial.clone(),
            subject: self.subject.clone(),
            der: self.der.clone(),
            not_before: self.valid_from,
            not_after: self.valid_to,
            revoked_at: self.revoked_at,
            revocation_reason: self.revocation_reason.clone(),
            marked: self.certificate_marked,
            mark: self.certificate_mark.clone(),
        };
        Ok(tx.is_as_left_before("pki_key", key, (self.marked, self.mark.as_deref())).await?
            && certificate.is_unchanged(tx).await?)
    }
}

#[derive(FromRow)]
struct CertificateRow {
    certificate_id: String,
    key_id: String,
    issuer_key_id: String,
    serial: String,
    subject: String,
    der: Vec<u8>,
    not_before: i64,
    not_after: i64,
    revoked_at: Option<i64>,
    revocation_reason: Option<String>,
    marked: i64,
    mark: Option<String>,
}

impl CertificateRow {
    async fn is_unchanged(&self, tx: &mut Tx) -> Result<bool, Fault> {
        let fields = args![
            &self.certificate_id,
            &self.key_id,
            &self.issuer_key_id,
            &self.serial,
            &self.subject,
            &self.der,
            self.not_before,
            self.not_after,
            self.revoked_at,
            self.revocation_reason.as_deref()
        ];
        tx.is_as_left_before("pki_certificate", fields, (self.marked, self.mark.as_deref())).await
    }
}

/// A key to be written down.
pub(crate) struct NewKeyRow<'a> {
    pub key_id: &'a KeyId,
    pub purpose: Purpose,
    pub algorithm: &'static str,
    pub state: KeyState,
    pub spki: &'a [u8],
    /// For an authority.
    pub list_number: Option<i64>,
    pub not_before: Instant,
    pub not_after: Instant,
}

/// A certificate to be written down.
pub(crate) struct NewCertificate<'a> {
    pub certificate_id: &'a CertificateId,
    pub key_id: &'a KeyId,
    pub issuer_key_id: &'a KeyId,
    pub serial: &'a str,
    pub subject: &'a str,
    pub der: &'a [u8],
    pub not_before: Instant,
    pub not_after: Instant,
}

#[derive(Clone, Debug, FromRow)]
pub(crate) struct CrlRow {
    pub issuer_key_id: String,
    pub number: i64,
    pub this_update: i64,
    pub next_update: i64,
    pub der: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct RevokedRow {
    pub serial: String,
    pub revoked_at: i64,
    pub revocation_reason: String,
}

/// Waits for one's turn to create keys; the turn ends with the transaction. Returns the envelope check.
pub(crate) async fn take_turn(tx: &mut Tx) -> Result<String, Fault> {
    let rows: Vec<(String,)> =
        tx.change("update pki_ceremony set turns = turns + 1 where one = 1 returning envelope_check", vec![]).await?;
    rows.into_iter().next().map(|(check,)| check).ok_or_else(|| Fault::broken("the ceremony row is missing"))
}

pub(crate) async fn envelope_check(tx: &mut Tx) -> Result<String, Fault> {
    let (check,): (String,) = tx.one("select envelope_check from pki_ceremony where one = 1", vec![]).await?;
    Ok(check)
}

/// Says that another envelope key counts from now on. Whoever does it has taken the turn ([`take_turn`]).
pub(crate) async fn rebind_envelope(tx: &mut Tx, check: &str, derivation_check: &str) -> Result<(), Fault> {
    tx.run(
        "update pki_ceremony set envelope_check = $1, derivation_check = $2 where one = 1",
        args![check, derivation_check],
    )
    .await?;
    Ok(())
}

/// Empty when the envelope key was never replaced.
pub(crate) async fn derivation_check(tx: &mut Tx) -> Result<String, Fault> {
    let (check,): (String,) = tx.one("select derivation_check from pki_ceremony where one = 1", vec![]).await?;
    Ok(check)
}

pub(crate) async fn bind_envelope(tx: &mut Tx, check: &str) -> Result<(), Fault> {
    tx.run("update pki_ceremony set envelope_check = $1 where one = 1 and envelope_check = ''", args![check]).await?;
    Ok(())
}

/// All keys but those of seals, which are read when they are needed: there may be thousands.
pub(crate) async fn service_keys(tx: &mut Tx) -> Result<Vec<KeyRow>, Fault> {
    tx.all(
        keys!(
            "where k.purpose <> 'seal'
          order by k.key_id"
        ),
        vec![],
    )
    .await
}

/// One key of any purpose.
pub(crate) async fn key(tx: &mut Tx, key_id: &KeyId) -> Result<Option<KeyRow>, Fault> {
    tx.first(keys!("where k.key_id = $1"), args![key_id]).await
}

/// Keys of all purposes after a cursor, without their certificates' bytes being used.
pub(crate) async fn list(tx: &mut Tx, page: &ListPage<KeyId>) -> Result<Vec<KeyRow>, Fault> {
    tx.all(
        keys!(
            "where k.key_id > $1
          order by k.key_id
          limit $2"
        ),
        args![page.above(), page.limit + 1],
    )
    .await
}

/// Keys of seals that seal and end before this, the first to end first.
pub(crate) async fn seal_keys_ending(tx: &mut Tx, before: Instant, limit: i64) -> Result<Vec<KeyRow>, Fault> {
    tx.all(
        keys!(
            "where k.purpose = 'seal' and k.state = 'active' and k.not_after < $1
          order by k.not_after, k.key_id
          limit $2"
        ),
        args![before, limit],
    )
    .await
}

pub(crate) async fn insert_key(tx: &mut Tx, key: &NewKeyRow<'_>, at: Instant) -> Result<(), Fault> {
    tx.run(
        "insert into pki_key (key_id, purpose, algorithm, state, spki, list_number, not_before, not_after, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        args![
            key.key_id,
            key.purpose.as_str(),
            key.algorithm,
            key.state.as_str(),
            key.spki,
            key.list_number,
            key.not_before,
            key.not_after,
            at
        ],
    )
    .await?;
    Ok(())
}

/// The highest number of a revocation list. Whoever counts on has taken the turn ([`take_turn`]).
pub(crate) async fn last_list_number(tx: &mut Tx) -> Result<i64, Fault> {
    let (number,): (i64,) = tx.one("select coalesce(cast(max(list_number) as bigint), 0) from pki_key", vec![]).await?;
    Ok(number)
}

pub(crate) async fn insert_certificate(tx: &mut Tx, certificate: &NewCertificate<'_>) -> Result<(), Fault> {
    tx.run(
        "insert into pki_certificate
                (certificate_id, key_id, issuer_key_id, serial, subject, der, not_before, not_after)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            certificate.certificate_id,
            certificate.key_id,
            certificate.issuer_key_id,
            certificate.serial,
            certificate.subject,
            certificate.der,
            certificate.not_before,
            certificate.not_after
        ],
    )
    .await?;
    Ok(())
}

/// Moves a key from one state to another; zero rows when it is not in the first.
pub(crate) async fn change_state(tx: &mut Tx, key_id: &KeyId, from: KeyState, to: KeyState) -> Result<u64, Fault> {
    tx.run("update pki_key set state = $3 where key_id = $1 and state = $2", args![key_id, from.as_str(), to.as_str()])
        .await
}

/// Writes down since when a key is not on this machine, or that it is here again.
pub(crate) async fn set_taken_out(tx: &mut Tx, key_id: &KeyId, at: Option<Instant>) -> Result<(), Fault> {
    tx.run("update pki_key set taken_out_at = $2 where key_id = $1", args![key_id, at]).await?;
    Ok(())
}

/// Marks a certificate revoked and tells whose issuer must sign a new list.
pub(crate) async fn revoke_certificate(
    tx: &mut Tx,
    certificate_id: &CertificateId,
    at: Instant,
    reason: &str,
) -> Result<Option<(String, String)>, Fault> {
    let rows: Vec<(String, String)> = tx
        .change(
            "update pki_certificate
                set revoked_at = $2, revocation_reason = $3
              where certificate_id = $1 and revoked_at is null
          returning key_id, issuer_key_id",
            args![certificate_id, at, reason],
        )
        .await?;
    Ok(rows.into_iter().next())
}

/// What a revocation list of an issuer names, also certificates that have ended since: what they sealed is judged by the
/// instant at which it was sealed, for as long as there are documents.
pub(crate) async fn revoked(tx: &mut Tx, issuer: &KeyId) -> Result<Vec<RevokedRow>, Fault> {
    let rows: Vec<CertificateRow> = tx
        .all(
            "select certificate_id, key_id, issuer_key_id, serial, subject, der, not_before, not_after, revoked_at,
                    revocation_reason, marked, mark
               from pki_certificate
              where issuer_key_id = $1 and revoked_at is not null
              order by revoked_at, serial",
            args![issuer],
        )
        .await?;
    let mut revoked = Vec::with_capacity(rows.len());
    for row in rows {
        if !row.is_unchanged(tx).await? {
            let id = row.certificate_id;
            return Err(Fault::broken(format!("certificate {id} was changed past the product: no list is signed")));
        }
        let (Some(revoked_at), Some(revocation_reason)) = (row.revoked_at, row.revocation_reason) else {
            return Err(Fault::broken("a certificate was revoked for no reason"));
        };
        revoked.push(RevokedRow { serial: row.serial, revoked_at, revocation_reason });
    }
    Ok(revoked)
}

/// The newest list of each authority; there is one row more for each list that was ever signed.
pub(crate) async fn newest_crls(tx: &mut Tx) -> Result<Vec<CrlRow>, Fault> {
    tx.all(
        lists!(
            "from pki_key k
               join pki_crl l
                 on l.issuer_key_id = k.key_id
                and l.number = (select max(n.number) from pki_crl n where n.issuer_key_id = k.key_id)
              where k.list_number > 0
              order by k.list_number"
        ),
        vec![],
    )
    .await
}

pub(crate) async fn last_crl_number(tx: &mut Tx, issuer: &KeyId) -> Result<i64, Fault> {
    let (number,): (i64,) = tx
        .one(
            "select coalesce(cast(max(number) as bigint), 0)
               from pki_crl
              where issuer_key_id = $1",
            args![issuer],
        )
        .await?;
    Ok(number)
}

pub(crate) async fn insert_crl(tx: &mut Tx, row: CrlRow) -> Result<u64, Fault> {
    tx.run(
        "insert into pki_crl (issuer_key_id, number, this_update, next_update, der)
         values ($1, $2, $3, $4, $5)
             on conflict (issuer_key_id, number) do nothing",
        args![row.issuer_key_id, row.number, row.this_update, row.next_update, row.der],
    )
    .await
}

/// Lists of an issuer behind one, the oldest first, but for the newest.
pub(crate) async fn older_crls(tx: &mut Tx, issuer: &KeyId, after: i64, limit: i64) -> Result<Vec<CrlRow>, Fault> {
    tx.all(
        lists!(
            "from pki_crl l
              where l.issuer_key_id = $1
                and l.number > $2
                and l.number < (select max(n.number) from pki_crl n where n.issuer_key_id = $1)
              order by l.number
              limit $3"
        ),
        args![issuer, after, limit],
    )
    .await
}

/// Removes the oldest lists of an issuer up to one, but never the newest.
pub(crate) async fn remove_crls(tx: &mut Tx, issuer: &KeyId, to: i64) -> Result<u64, Fault> {
    tx.run(
        "delete from pki_crl
          where issuer_key_id = $1
            and number in (select over.number
                             from pki_crl over
                            where over.issuer_key_id = $1
                              and over.number <= $2
                              and over.number < (select max(n.number) from pki_crl n where n.issuer_key_id = $1)
                            order by over.number
                            limit 500)",
        args![issuer, to],
    )
    .await
}
