//! The catalogue in memory: read at the start, and again when a revision says that it changed on any node.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicI64, Ordering},
};

use base::Fault;
use records::Database;

use super::{Catalogue, licence_type::REVISION};

/// Where the catalogue lies. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Shelf(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    catalogue: RwLock<Arc<Catalogue>>,
    seen: AtomicI64,
}

impl Default for Shelf {
    /// An empty catalogue: [`Shelf::refresh`] reads it.
    fn default() -> Self {
        Self(Arc::new(Inner { catalogue: RwLock::default(), seen: AtomicI64::new(-1) }))
    }
}

impl Shelf {
    /// The catalogue as it was read last.
    pub fn now(&self) -> Arc<Catalogue> {
        Arc::clone(&self.0.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the catalogue again.
    ///
    /// # Errors
    ///
    /// As [`Catalogue::load`]; what was read before stays.
    pub async fn refresh(&self, database: &Database) -> Result<(), Fault> {
        let catalogue = Catalogue::load(&mut database.read().await?).await?;
        *self.0.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
        Ok(())
    }

    /// Told all revisions twice a second; reads again when [`REVISION`] has grown.
    ///
    /// # Errors
    ///
    /// As [`Shelf::refresh`]; then the next call tries again.
    pub async fn see(&self, database: &Database, revisions: &[(String, i64)]) -> Result<(), Fault> {
        let now = revisions.iter().find(|(name, _)| name == REVISION).map_or(0, |(_, value)| *value);
        if self.0.seen.load(Ordering::Acquire) != now {
            self.refresh(database).await?;
            self.0.seen.store(now, Ordering::Release);
        }
        Ok(())
    }
}
