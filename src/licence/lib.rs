//! Licence types, applications, issue, lifecycle.
//!
//! Read [`issue`] first: the order there is what a crash at any point survives.

pub mod application;
pub mod built_in;
pub mod content;
pub mod error;
pub mod events;
pub mod field;
pub mod find;
pub mod holder;
pub mod issue;
pub mod library;
pub mod licence;
pub mod licence_type;
pub mod lifecycle;
pub mod limits;
pub mod number;
pub mod official;
pub mod page;
mod queries;
pub mod reason;
pub mod verification;

pub use content::{Content, Fields};
pub use error::Error;
pub use holder::{Holder, HolderFacts};
pub use library::Library;
pub use licence::{Licence, Status};
pub use number::Code;
pub use official::Official;
pub use verify::licence::Standing;

#[cfg(test)]
mod tests;
