//! What every other crate may use: identifiers, numbers printed on documents, instants and dates,
//! the `Clock` and `Entropy` a program is given, secrets, languages.
//!
//! Nothing here waits, reads a file or asks what time it is.
#![deny(missing_docs)]

mod address;
mod clock;
pub mod country;
pub mod entropy;
pub mod fault;
pub mod id;
mod language;
mod list_page;
pub mod mask;
pub mod name;
pub mod number;
pub mod secret;
pub mod time;
mod typed;

pub use address::network;
pub use clock::{Clock, ManualClock};
pub use entropy::{Entropy, SeededEntropy};
pub use fault::Fault;
pub use language::{Language, Text};
pub use list_page::{ListPage, PageOf};
pub use secret::Secret;
pub use time::{Date, Instant, Period};
pub use typed::{dotted, is_dot, is_hyphen, keyed, line, plain, shown, ungrouped};
