//! Verdicts on codes, numbers and files: one implementation for the server, the counter and the auditor.
//!
//! Nothing here reaches a network, a database or a clock. The caller brings what its records say and the instant for
//! which the verdict holds; everything is then decided in [`decide`], so that a code, a number and a file of one
//! licence can never be answered differently.
#![deny(missing_docs)]

mod advice;
mod check;
mod decide;
mod finding;
pub mod licence;
pub mod limits;
mod outcome;
pub mod pdf;
pub mod qr;
mod reason;
mod verdict;

pub use advice::Advice;
pub use check::{Check, CheckResult};
pub use decide::{Evidence, Subject, decide};
pub use finding::Finding;
pub use outcome::Outcome;
pub use reason::Reason;
pub use verdict::{Facet, SignatureReport, Source, Verdict};
