//! Seals in memory: what is needed to seal, ready, until a seal or a key changes.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use base::{
    Instant,
    id::{OrganisationId, SealId},
};
use documents::{Fonts, SealPicture, SealText};
use pki::{Custody, Purpose, Signer};
use records::{Database, Kept, Tx};

use crate::{Error, REVISION, SealKind, SealState, SealView, queries};

/// A seal ready to seal. Cloning it is cheap.
#[derive(Clone)]
pub struct ActiveSeal {
    pub seal_id: SealId,
    /// Its full name.
    pub name: String,
    /// Its 14 digits.
    pub number: String,
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
    /// Seals of departments that have sealed since a seal or a key changed.
    ready: Kept<Mutex<HashMap<OrganisationId, ActiveSeal>>>,
}

impl fmt::Debug for Cabinet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cabinet(..)")
    }
}

impl Cabinet {
    /// An empty cabinet.
    pub fn new(custody: Custody, fonts: Fonts) -> Self {
        Self(Arc::new(Inner { custody, fonts, ready: Kept::cache(&[REVISION, pki::REVISION]) }))
    }

    /// Where the keys are.
    pub fn custody(&self) -> &Custody {
        &self.0.custody
    }

    /// The seal that a department seals its licences with now. From memory but for the first time and after a
    /// seal or a key changed anywhere.
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
        // Before anything is read: what changes meanwhile puts another cache in the place of this one.
        let ready = self.0.ready.now();
        let known = ready.lock().unwrap_or_else(PoisonError::into_inner).get(organisation).cloned();
        let active = if let Some(active) = known {
            active
        } else {
            let active = self.take_out(tx, organisation).await?;
            ready.lock().unwrap_or_else(PoisonError::into_inner).insert(organisation.clone(), active.clone());
            active
        };
        active.signer.check_usable(Purpose::Seal, at)?;
        Ok(active)
    }

    /// Lets a database tell when a seal or a key changed.
    pub fn keep(&self, database: &Database) {
        database.keep(&self.0.ready);
    }

    /// The picture of a seal in any state.
    ///
    /// # Errors
    ///
    /// [`Error::Picture`] when no font has one of its characters.
    pub fn draw(&self, seal: &SealView) -> Result<SealPicture, Error> {
        self.draw_text(&seal.text())
    }

    pub(crate) fn draw_text(&self, text: &SealText) -> Result<SealPicture, Error> {
        Ok(SealPicture::draw(&self.0.fonts, text)?)
    }

    async fn take_out(&self, tx: &mut Tx, organisation: &OrganisationId) -> Result<ActiveSeal, Error> {
        let seal = queries::in_use(tx, organisation, SealKind::Licence)
            .await?
            .filter(|seal| seal.state == SealState::Enabled)
            .ok_or(Error::NoActiveSeal)?;
        queries::rely_on(tx, &seal).await?;
        let key = seal.key_id.as_ref().ok_or(Error::NoActiveSeal)?;
        Ok(ActiveSeal {
            picture: Arc::new(self.draw(&seal)?),
            signer: self.0.custody.seal_signer(tx, key).await?,
            seal_id: seal.seal_id,
            name: seal.name,
            number: seal.number,
        })
    }
}
