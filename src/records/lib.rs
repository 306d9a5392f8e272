//! What is written down, and that it is: the database, the unit of work, the event log, the job queue.
//!
//! One SQL text runs on SQLite and PostgreSQL; everything the two do differently is in `dialect`.
#![deny(missing_docs)]

mod actor;
pub mod archive;
pub mod args;
mod attempt;
pub mod audit;
pub mod backups;
mod clock;
mod consequence;
pub mod copy;
pub mod damage;
mod database;
mod dialect;
pub mod disk;
mod driver;
mod entry;
pub mod event;
mod event_row;
pub mod events;

pub mod guards;
pub mod heads;
pub mod idempotency;
pub mod installation;
pub mod jobs;
mod kept;
mod limits;
pub mod log;
mod log_key;
mod mark;
pub mod migrate;
mod pool;
mod protect;
pub mod put_back;
pub mod revision;
mod servers;
mod settings;
mod strange;
mod tally;
mod tell;
mod tx;
mod work;
mod written;

pub use actor::Actor;
pub use args::Value;
pub use attempt::{MaybeFault, attempt};
pub use clock::SharedClock;
pub use consequence::{Consequence, Reacting};
pub use database::Database;
pub use event::{Event, EventKind};
pub use event_row::EventRow;
pub use kept::Kept;
pub use limits::REMOVED_AT_ONCE;
pub use log_key::LogKey;
pub use mark::{Acts, After, IfChanged, Marked, OBJECT, Older, Rule, Seen};
pub use protect::{mark_older, protect};
pub use settings::DatabaseSettings;
pub use sqlx::FromRow;
pub use tx::Tx;
pub use work::{Context, Work};

#[cfg(feature = "testing")]
pub mod testing;

#[cfg(test)]
mod tests;
