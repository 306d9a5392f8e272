//! What is written down, and that it is: the database, the unit of work, the event log, the job queue.
//!
//! One SQL text runs on SQLite and PostgreSQL; everything the two do differently is in `dialect`.
#![deny(missing_docs)]

mod actor;
pub mod args;
mod attempt;
mod clock;
mod consequence;
mod database;
mod dialect;
mod driver;
mod entry;
pub mod event;
pub mod events;
pub mod idempotency;
pub mod jobs;
mod kept;
mod limits;
pub mod log;
pub mod migrate;
mod pool;
pub mod revision;
mod servers;
mod settings;
mod tx;
mod work;

pub use actor::Actor;
pub use args::Value;
pub use attempt::{MaybeFault, attempt};
pub use clock::SharedClock;
pub use consequence::{Consequence, Reacting};
pub use database::Database;
pub use event::{Event, EventKind};
pub use kept::Kept;
pub use settings::DatabaseSettings;
pub use sqlx::FromRow;
pub use tx::Tx;
pub use work::{Context, EventRow, Work};

#[cfg(feature = "testing")]
pub mod testing;

#[cfg(test)]
mod tests;
