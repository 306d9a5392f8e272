//! Seals in memory: what is needed to seal, ready, until a seal or a key changes.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use base::{
    Instant,
    id::{OrganisationId, SealId},
};
use documents::{Fonts, SealPicture};
use pki::{Custody, Purpose, Signer};
use records::Tx;

use crate::{Error, Kind, REVISION, SealView, State, queries};

/// A seal ready to seal. Cloning it is cheap.
#[derive(Clone)]
pub struct ActiveSeal {
    /// The seal.
    pub seal_id: SealId,
    /// Its full name.
    pub name: String,
    /// Its 14 digits.
    pub number: String,
    /// Its picture.
    pub picture: Arc<SealPicture>,
    /// Its key and certificates.
    pub signer: Arc<Signer>,
}

impl fmt::Debug for ActiveSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveSeal").field("seal_id", &self.seal_id).finish_non_exhaustive()
    }
}

/// The seals of this node. Cloning it is cheap.
#[derive(Clone)]
pub struct Cabinet(Arc<Inner>);

struct Inner {
    custody: Custody,
    fonts: Fonts,
    ready: RwLock<Ready>,
}

#[derive(Default)]
struct Ready {
    /// The revisions of seals and keys that `seals` was read under.
    revisions: (i64, i64),
    seals: HashMap<OrganisationId, ActiveSeal>,
}

impl fmt::Debug for Cabinet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cabinet(..)")
    }
}

impl Cabinet {
    /// An empty cabinet.
    pub fn new(custody: Custody, fonts: Fonts) -> Self {
        Self(Arc::new(Inner { custody, fonts, ready: RwLock::default() }))
    }

    /// Where the keys are.
    pub fn custody(&self) -> &Custody {
        &self.0.custody
    }

    /// The seal that a department seals its licences with now. From memory; three statements the first time and after
    /// a seal or a key changed anywhere.
    ///
    /// # Errors
    ///
    /// [`Error::NoActiveSeal`] when it has none or it is frozen; [`Error::Pki`] when its certificate does not count
    /// now.
    pub async fn active_for(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        at: Instant,
    ) -> Result<ActiveSeal, Error> {
        let (known, revisions) = {
            let ready = self.0.ready.read().unwrap_or_else(PoisonError::into_inner);
            (ready.seals.get(organisation).cloned(), ready.revisions)
        };
        let active = match known {
            Some(active) => active,
            None => self.take_out(tx, organisation, revisions).await?,
        };
        active.signer.check_usable(Purpose::Seal, at)?;
        Ok(active)
    }

    /// Told all revisions twice a second; forgets everything when a seal or a key changed on any node.
    pub fn see(&self, revisions: &[(String, i64)]) {
        let of = |wanted: &str| revisions.iter().find(|(name, _)| name == wanted).map_or(0, |(_, value)| *value);
        let seen = (of(REVISION), of(pki::REVISION));
        let is_new = self.0.ready.read().unwrap_or_else(PoisonError::into_inner).revisions != seen;
        if is_new {
            *self.0.ready.write().unwrap_or_else(PoisonError::into_inner) =
                Ready { revisions: seen, seals: HashMap::new() };
        }
    }

    /// The picture of a seal in any state.
    ///
    /// # Errors
    ///
    /// [`Error::Picture`] when no font has one of its characters.
    pub fn draw(&self, seal: &SealView) -> Result<SealPicture, Error> {
        Ok(SealPicture::draw(&self.0.fonts, &seal.text())?)
    }

    async fn take_out(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        revisions: (i64, i64),
    ) -> Result<ActiveSeal, Error> {
        let seal = queries::in_use(tx, organisation, Kind::Licence)
            .await?
            .filter(|seal| seal.state == State::Enabled)
            .ok_or(Error::NoActiveSeal)?;
        let key = seal.key_id.as_ref().ok_or(Error::NoActiveSeal)?;
        let active = ActiveSeal {
            picture: Arc::new(self.draw(&seal)?),
            signer: self.0.custody.seal_signer(tx, key).await?,
            seal_id: seal.seal_id,
            name: seal.name,
            number: seal.number,
        };
        let mut ready = self.0.ready.write().unwrap_or_else(PoisonError::into_inner);
        // What was read may be older than a change that was seen meanwhile; then it is used once and not kept.
        if ready.revisions == revisions {
            ready.seals.insert(organisation.clone(), active.clone());
        }
        Ok(active)
    }
}
