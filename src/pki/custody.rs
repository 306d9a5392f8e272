//! Custody of keys: they sign for whoever names the right purpose, and are never given out.

mod file;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
};

use base::{
    Fault, Instant, ListPage, PageOf, Secret,
    id::{CertificateId, KeyId},
};
use crypto::{KeyHandle, Suite};
use records::{Database, Kept, Tx};

use crate::{
    REVISION,
    crl::Crl,
    error::Error,
    limits,
    purpose::{KeyState, Purpose},
    queries::{self, KeyRow},
};

pub(crate) use file::{KeyFolder, NewKey, derivation_check};

/// Where keys lie and what certificates say.
#[derive(Clone, Debug)]
pub struct CustodySettings {
    /// The folder of key files.
    pub folder: PathBuf,
    /// A folder in which the key files of roots are looked for that were taken off this machine, while it is there.
    pub root_folder: Option<PathBuf>,
    /// The key that every key file is sealed under.
    pub envelope: Secret<[u8; 32]>,
    /// Who runs the authorities, for their certificates: `滨江市政务服务`.
    pub organisation: String,
    /// What the URL of a revocation list begins with: `https://host/crl/`.
    pub crl_url: String,
    /// How many seconds before its making a certificate begins to count; the demonstration city needs years, because
    /// it has licences from the past.
    pub backdate_seconds: i64,
}

/// One key and its certificates, ready to sign.
pub struct Signer {
    /// The key's identifier: `kid` in JOSE.
    pub key_id: KeyId,
    /// The only thing it may be used for.
    pub purpose: Purpose,
    /// The key, which stays where it lies and is asked for signatures.
    pub key: KeyHandle,
    /// For an authority: the number of its revocation list in the list's URL.
    pub(crate) list_number: Option<u32>,
    /// Its certificate and those above it, without the root, DER.
    pub chain: Vec<Vec<u8>>,
    /// The identifier of its certificate.
    pub certificate_id: CertificateId,
    /// Whom its certificate names.
    pub(crate) subject: String,
    /// Where it is in its life.
    pub state: KeyState,
    /// Since when it is kept elsewhere.
    pub(crate) taken_out_at: Option<Instant>,
    /// Whether it can be asked for signatures: it was not taken off this machine, or is within reach for now.
    pub is_here: bool,
    /// When it was made, and published if it did not sign at once.
    pub(crate) made_at: Instant,
    /// From when it counts.
    pub not_before: Instant,
    /// Until when it counts.
    pub not_after: Instant,
    /// Since when its certificate, or the one of the authority above it, is revoked.
    pub revoked_at: Option<Instant>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key_id", &self.key_id).field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

impl Signer {
    fn summary(&self) -> KeySummary {
        KeySummary {
            key_id: self.key_id.clone(),
            purpose: self.purpose,
            algorithm: self.key.suite().name().to_owned(),
            state: self.state,
            subject: self.subject.clone(),
            made_at: self.made_at,
            not_before: self.not_before,
            not_after: self.not_after,
            is_revoked: self.revoked_at.is_some(),
            taken_out_at: self.taken_out_at,
        }
    }

    /// Refuses a key that was taken off this machine and is not within reach.
    pub(crate) fn check_here(&self) -> Result<(), Error> {
        if self.is_here { Ok(()) } else { Err(Error::KeyAway(self.key_id.clone())) }
    }

    /// Refuses unless this key may sign for `purpose` at `at`.
    ///
    /// # Errors
    ///
    /// [`Error::PurposeMismatch`] when it is for something else, [`Error::KeyUnusable`] when it is not active or not
    /// valid then.
    pub fn check_usable(&self, purpose: Purpose, at: Instant) -> Result<(), Error> {
        if self.purpose != purpose {
            return Err(Error::PurposeMismatch { key_id: self.key_id.clone(), actual: self.purpose, wanted: purpose });
        }
        let unusable = |state| Err(Error::KeyUnusable { key_id: self.key_id.clone(), state });
        match self.state {
            KeyState::Active => {}
            KeyState::PrePublished => return unusable("pre-published"),
            KeyState::Retired => return unusable("retired"),
            KeyState::Revoked => return unusable("revoked"),
        }
        if self.revoked_at.is_some() {
            return unusable("revoked");
        }
        if at < self.not_before {
            return unusable("not yet valid");
        }
        if at >= self.not_after {
            return unusable("expired");
        }
        Ok(())
    }
}

/// What an operator sees of a key.
#[derive(Clone, Debug)]
pub struct KeySummary {
    pub key_id: KeyId,
    pub purpose: Purpose,
    /// The name of its suite: `ES256`, `RS256`.
    pub algorithm: String,
    /// Where it is in its life.
    pub state: KeyState,
    /// Whom its certificate names.
    pub subject: String,
    /// When it was made, which may be later than from when it counts.
    pub made_at: Instant,
    /// From when it counts.
    pub not_before: Instant,
    /// Until when it counts.
    pub not_after: Instant,
    /// Whether its certificate was revoked.
    pub is_revoked: bool,
    /// Since when it is not on this machine any more.
    pub taken_out_at: Option<Instant>,
}

impl KeySummary {
    /// From when whoever verifies knows it, so that it may sign.
    pub fn known_from(&self) -> Instant {
        self.made_at.plus_seconds(limits::LEARNED_SECONDS)
    }
}

/// What is in memory: replaced as a whole, never changed.
#[derive(Default)]
pub(crate) struct Inventory {
    pub signers: HashMap<KeyId, Arc<Signer>>,
    pub current: HashMap<Purpose, Arc<Signer>>,
    pub crls: BTreeMap<u32, Arc<Crl>>,
}

/// All keys. Cloning is cheap.
#[derive(Clone)]
pub struct Custody(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub database: Database,
    pub folder: KeyFolder,
    pub settings: CustodySettings,
    inventory: Kept<Inventory>,
}

impl fmt::Debug for Custody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custody").field("folder", &self.0.settings.folder).finish_non_exhaustive()
    }
}

impl Custody {
    /// Opens the key folder (creating it when missing) and loads the keys. On a first start there are none:
    /// [`Custody::ensure`] makes them.
    ///
    /// # Errors
    ///
    /// [`Error::EnvelopeMismatch`] for the wrong envelope key; [`Error::KeyFileMissing`] or
    /// [`Error::KeyFileTampered`] naming the key.
    pub async fn open(database: &Database, settings: CustodySettings) -> Result<Self, Error> {
        if settings.crl_url.len() > limits::CRL_URL_BYTES_MAX {
            return Err(Fault::broken("the URL of the revocation list is too long").into());
        }
        let folder = KeyFolder::open(&settings).await?;
        let bound = queries::envelope_check(&mut database.read().await?).await?;
        if bound == folder.check() {
            folder.settle().await?;
        }
        let custody = Self(Arc::new_cyclic(|inner: &Weak<Inner>| {
            let inner = inner.clone();
            let inventory = Kept::new(&[REVISION], Inventory::default(), move |database| {
                let custody = inner.upgrade().map(Self);
                Box::pin(async move {
                    let custody = custody.ok_or_else(|| Fault::unavailable("custody was given up"))?;
                    let loaded = custody.inventory_from(&mut database.read().await?).await;
                    loaded.map_err(|error| match error {
                        Error::Fault(fault) => fault,
                        wrong => Fault::broken(wrong),
                    })
                })
            });
            Inner { database: database.clone(), folder, settings, inventory }
        }));
        // Said in its own words here, and a fault from now on.
        custody.inventory_from(&mut database.read().await?).await?;
        database.keep(&custody.0.inventory);
        database.refresh_kept().await?;
        Ok(custody)
    }

    /// The key that signs for `purpose` now. From memory.
    ///
    /// # Errors
    ///
    /// [`Error::NoCurrentKey`], [`Error::KeyUnusable`] when its time has passed. Seals have no current key: each has
    /// its own ([`Custody::seal_signer`]).
    pub fn current(&self, purpose: Purpose, at: Instant) -> Result<Arc<Signer>, Error> {
        let signer = self.inventory().current.get(&purpose).cloned().ok_or(Error::NoCurrentKey(purpose))?;
        signer.check_usable(purpose, at)?;
        Ok(signer)
    }

    /// The keys whose public halves verifiers of `purpose` need: those that will sign, sign, and have signed.
    /// From memory.
    pub fn published(&self, purpose: Purpose, at: Instant) -> Vec<Arc<Signer>> {
        let mut signers: Vec<_> = self
            .inventory()
            .signers
            .values()
            .filter(|signer| signer.purpose == purpose && signer.state != KeyState::Revoked && at < signer.not_after)
            .cloned()
            .collect();
        signers.sort_by(|a, b| b.key_id.cmp(&a.key_id));
        signers
    }

    /// A service key by its identifier, whatever its state: for checking what it signed. From memory.
    ///
    /// # Errors
    ///
    /// [`Error::KeyUnknown`] when there is no such key; [`Error::PurposeMismatch`] when it is for something else.
    pub fn signer(&self, purpose: Purpose, key_id: &KeyId) -> Result<Arc<Signer>, Error> {
        let signer = self.inventory().signers.get(key_id).cloned().ok_or_else(|| Error::KeyUnknown(key_id.clone()))?;
        if signer.purpose != purpose {
            return Err(Error::PurposeMismatch { key_id: key_id.clone(), actual: signer.purpose, wanted: purpose });
        }
        Ok(signer)
    }

    /// A seal's key, read from the database and its file; the caller keeps it.
    ///
    /// # Errors
    ///
    /// As [`Custody::signer`], and [`Error::KeyFileMissing`] or [`Error::KeyFileTampered`] when its file is not there
    /// or not as it was written.
    pub async fn seal_signer(&self, tx: &mut Tx, key_id: &KeyId) -> Result<Arc<Signer>, Error> {
        let row = queries::key(tx, key_id).await?.ok_or_else(|| Error::KeyUnknown(key_id.clone()))?;
        if !row.is_unchanged(tx).await? {
            return Err(Fault::broken(format!("key {key_id} was changed past the product: nothing is sealed")).into());
        }
        let authorities = self.inventory();
        let above = |issuer: &KeyId| {
            let signer = authorities.signers.get(issuer)?;
            Some(Above { chain: signer.chain.clone(), revoked_at: signer.revoked_at })
        };
        let signer = self.load(&row, above).await?;
        if signer.purpose == Purpose::Seal {
            Ok(Arc::new(signer))
        } else {
            Err(Error::PurposeMismatch { key_id: key_id.clone(), actual: signer.purpose, wanted: Purpose::Seal })
        }
    }

    /// What is known of one key, without its file being opened.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach.
    pub async fn find(tx: &mut Tx, key_id: &KeyId) -> Result<Option<KeySummary>, Fault> {
        queries::key(tx, key_id).await?.map(summary).transpose()
    }

    /// All keys but those of seals, purpose by purpose, the newest first. From memory.
    pub fn service_keys(&self) -> Vec<KeySummary> {
        let inventory = self.inventory();
        let mut keys: Vec<_> = inventory.signers.values().map(|signer| signer.summary()).collect();
        keys.sort_by(|a, b| a.purpose.cmp(&b.purpose).then_with(|| b.key_id.cmp(&a.key_id)));
        keys
    }

    /// The root certificates, DER: what a verifier trusts.
    pub fn roots(&self) -> Vec<Vec<u8>> {
        self.certificates_of(Purpose::Root)
    }

    /// The certificates of the authorities below the roots, DER: between a seal and a root of ours.
    pub fn authorities(&self) -> Vec<Vec<u8>> {
        self.certificates_of(Purpose::IssuingAuthority)
    }

    /// The certificates of one purpose that were not revoked, in the order of their keys.
    fn certificates_of(&self, purpose: Purpose) -> Vec<Vec<u8>> {
        let inventory = self.inventory();
        let mut found: Vec<_> = inventory
            .signers
            .values()
            .filter(|signer| signer.purpose == purpose && signer.state != KeyState::Revoked)
            .filter_map(|signer| Some((signer.key_id.clone(), signer.chain.first()?.clone())))
            .collect();
        found.sort();
        found.into_iter().map(|(_, der)| der).collect()
    }

    /// The root certificates, PEM.
    pub fn roots_pem(&self) -> String {
        self.roots().iter().map(|der| crypto::encoding::pem("CERTIFICATE", der)).collect()
    }

    /// The newest revocation list of an authority by its number: 1 is the first root's, 2 the first issuing authority's;
    /// authorities that come after them count on. From memory.
    pub fn crl(&self, authority: u32) -> Option<Arc<Crl>> {
        self.inventory().crls.get(&authority).cloned()
    }

    /// The newest revocation lists of all authorities, in the order of their numbers. From memory.
    pub fn crls(&self) -> Vec<Arc<Crl>> {
        self.inventory().crls.values().cloned().collect()
    }

    /// Keys of all purposes, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] when the database is out of reach.
    pub async fn list(tx: &mut Tx, page: &ListPage<KeyId>) -> Result<PageOf<KeySummary, KeyId>, Error> {
        let rows = queries::list(tx, page).await?;
        let summaries = rows.into_iter().map(summary).collect::<Result<Vec<_>, Fault>>()?;
        Ok(PageOf::from_rows(summaries, page.limit, |summary| summary.key_id.clone()))
    }

    /// Opens the file of every key that is to lie here, those of seals too, and tells how many there are and what is wrong
    /// with which.
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] when the database is out of reach.
    pub async fn open_every_file(&self, tx: &mut Tx) -> Result<(usize, Vec<Error>), Error> {
        let (mut count, mut wrong) = (0, Vec::new());
        let mut page = ListPage::<KeyId>::first(ListPage::<KeyId>::LIMIT_MAX);
        loop {
            let rows = queries::list(tx, &page).await?;
            for row in rows.iter().filter(|row| row.taken_out_at.is_none()) {
                count += 1;
                if let Err(error) = self.open_file_of(row).await {
                    wrong.push(error);
                }
            }
            match rows.last() {
                Some(last) => page = ListPage::after(KeyId::stored(last.key_id.clone()), page.limit),
                None => return Ok((count, wrong)),
            }
        }
    }

    async fn open_file_of(&self, row: &KeyRow) -> Result<(), Error> {
        let (purpose, suite, _) = words(row)?;
        let key_id = KeyId::stored(row.key_id.clone());
        let key = self.0.folder.find(&key_id, purpose, suite).await?;
        if key.public_key().spki_der() == row.spki { Ok(()) } else { Err(Error::KeyFileTampered(key_id)) }
    }

    /// What keys for other things are derived from: the envelope key of the first start, whatever has taken its place.
    ///
    /// # Errors
    ///
    /// [`Error::DerivationMismatch`] when it is another one than this database was founded with, because its file is
    /// missing or another installation's; [`Error::Fault`] when the file cannot be read.
    pub async fn derivation(&self) -> Result<Secret<[u8; 32]>, Error> {
        let found = self.0.folder.derivation().await?.unwrap_or_else(|| self.0.settings.envelope.clone());
        let bound = queries::derivation_check(&mut self.0.database.read().await?).await?;
        if bound.is_empty() || base::secret::equal(bound.as_bytes(), derivation_check(&found).as_bytes()) {
            Ok(found)
        } else {
            Err(Error::DerivationMismatch)
        }
    }

    /// What keys are derived from, as these files have it: no database says whether it is its own.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or was sealed under another envelope key.
    pub async fn derivation_in(folder: &Path, envelope: &Secret<[u8; 32]>) -> Result<Secret<[u8; 32]>, Error> {
        let found = KeyFolder::at(folder, envelope).derivation().await?;
        Ok(found.unwrap_or_else(|| envelope.clone()))
    }

    /// Roots that are kept elsewhere, and whose files lie here all the same.
    pub fn left_behind(&self) -> Vec<KeyId> {
        let inventory = self.inventory();
        let away = inventory.signers.values().filter(|signer| signer.taken_out_at.is_some());
        away.filter(|signer| self.0.folder.has(&signer.key_id)).map(|signer| signer.key_id.clone()).collect()
    }

    pub(crate) fn inventory(&self) -> Arc<Inventory> {
        self.0.inventory.now()
    }

    pub(crate) fn check_envelope(&self, stored: &str) -> Result<(), Error> {
        if stored.is_empty() || base::secret::equal(stored.as_bytes(), self.0.folder.check().as_bytes()) {
            Ok(())
        } else {
            Err(Error::EnvelopeMismatch)
        }
    }

    /// What the database has now. Files of keys already in memory are not read again.
    pub(crate) async fn inventory_from(&self, tx: &mut Tx) -> Result<Inventory, Error> {
        self.check_envelope(&queries::envelope_check(tx).await?)?;
        let mut rows = Vec::new();
        for row in queries::service_keys(tx).await? {
            // One that was put there or changed past the product is none of ours.
            if row.is_unchanged(tx).await? {
                rows.push(row);
            }
        }
        let certificates: HashMap<&str, &KeyRow> = rows.iter().map(|row| (row.key_id.as_str(), row)).collect();
        let above = |issuer: &KeyId| {
            let row = certificates.get(issuer.as_str())?;
            let chain = if row.issuer_key_id == row.key_id { vec![] } else { vec![row.der.clone()] };
            Some(Above { chain, revoked_at: row.revoked_at.map(Instant::from_micros) })
        };
        let mut inventory = Inventory::default();
        for row in &rows {
            let signer = Arc::new(self.load(row, above).await?);
            if signer.state == KeyState::Active {
                // The rows are ordered by age: of two active keys, which happens between the two halves of a
                // rotation on another node, the younger signs.
                inventory.current.insert(signer.purpose, Arc::clone(&signer));
            }
            inventory.signers.insert(signer.key_id.clone(), signer);
        }
        for row in queries::newest_crls(tx).await? {
            let issuer = inventory.signers.get(&KeyId::stored(row.issuer_key_id.clone()));
            if let Some(number) = issuer.and_then(|signer| signer.list_number) {
                inventory.crls.insert(number, Arc::new(Crl::from(row)));
            }
        }
        Ok(inventory)
    }

    async fn load(&self, row: &KeyRow, above: impl Fn(&KeyId) -> Option<Above>) -> Result<Signer, Error> {
        let (purpose, suite, state) = words(row)?;
        let key_id = KeyId::stored(row.key_id.clone());
        let is_taken_out = row.taken_out_at.is_some();
        // One that was taken off this machine comes and goes.
        let inventory = self.inventory();
        let loaded = inventory.signers.get(&key_id).filter(|signer| signer.is_here && !is_taken_out);
        let loaded = loaded.map(|signer| signer.key.clone());
        let found = match loaded {
            Some(key) => Some(key),
            None if is_taken_out => self.0.folder.find_taken_out(&key_id, purpose, suite).await,
            None => Some(self.0.folder.find(&key_id, purpose, suite).await?),
        };
        let is_here = found.is_some();
        let key = match found {
            Some(key) => key,
            None => KeyHandle::away(suite, &row.spki)?,
        };
        // The file could be a good file of the same key identifier from another installation.
        if key.public_key().spki_der() != row.spki || suite != key.suite() {
            return Err(Error::KeyFileTampered(key_id));
        }
        let (mut chain, mut revoked_at) = (vec![row.der.clone()], row.revoked_at.map(Instant::from_micros));
        if row.issuer_key_id != row.key_id {
            let above = above(&KeyId::stored(row.issuer_key_id.clone()));
            let above = above.ok_or_else(|| Fault::unavailable("a certificate's issuer is not among the keys yet"))?;
            chain.extend(above.chain);
            revoked_at = revoked_at.or(above.revoked_at);
        }
        Ok(Signer {
            key_id,
            purpose,
            key,
            chain,
            certificate_id: CertificateId::stored(row.certificate_id.clone()),
            subject: row.subject.clone(),
            state,
            taken_out_at: row.taken_out_at.map(Instant::from_micros),
            is_here,
            made_at: Instant::from_micros(row.created_at),
            not_before: Instant::from_micros(row.not_before),
            not_after: Instant::from_micros(row.not_after),
            revoked_at,
            list_number: row.list_number.and_then(|number| u32::try_from(number).ok()),
        })
    }
}

/// What stands above a certificate.
struct Above {
    chain: Vec<Vec<u8>>,
    revoked_at: Option<Instant>,
}

fn words(row: &KeyRow) -> Result<(Purpose, Suite, KeyState), Fault> {
    let read = || Some((Purpose::parse(&row.purpose)?, Suite::parse(&row.algorithm)?, KeyState::parse(&row.state)?));
    read().ok_or_else(|| Fault::broken(format!("key {} has an unknown purpose, suite or state", row.key_id)))
}

fn summary(row: KeyRow) -> Result<KeySummary, Fault> {
    let (purpose, _, state) = words(&row)?;
    Ok(KeySummary {
        key_id: KeyId::stored(row.key_id),
        purpose,
        algorithm: row.algorithm,
        state,
        subject: row.subject,
        made_at: Instant::from_micros(row.created_at),
        not_before: Instant::from_micros(row.not_before),
        not_after: Instant::from_micros(row.not_after),
        is_revoked: row.revoked_at.is_some(),
        taken_out_at: row.taken_out_at.map(Instant::from_micros),
    })
}

#[cfg(test)]
impl Custody {
    /// The certificates of the issuing authorities, DER.
    pub(crate) fn authorities(&self) -> Vec<Vec<u8>> {
        self.inventory()
            .signers
            .values()
            .filter(|signer| signer.purpose == Purpose::IssuingAuthority)
            .filter_map(|signer| signer.chain.first().cloned())
            .collect()
    }
}
