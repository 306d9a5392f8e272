//! Licence types, applications, issue, lifecycle, verification.
//!
//! Read [`issue`] first: the order there is what a crash at any point survives.

pub mod application;
mod catalogue;
pub mod error;
pub mod events;
pub mod issue;
pub mod library;
pub mod lifecycle;
mod limits;
pub mod marked;
pub mod notice;
pub mod own_affair;
pub mod register;
pub mod revocation;
pub mod verification;

pub use catalogue::{Catalogue, built_in, field, licence_type};
pub use error::Error;
pub use issue::official::Official;
pub use library::Library;
pub use register::{
    content::{self, Content, Fields},
    decision::DecisionNumber,
    holder::{self, Holder, HolderFacts},
    licence::{Licence, Status},
    number::Code,
    reason,
    sex::Sex,
    suggested::suggested,
};
pub use verify::licence::Standing;

#[cfg(test)]
mod tests;
