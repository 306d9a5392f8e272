//! What stands in the records about a licence, and how it is found.

pub mod content;
pub mod find;
pub mod holder;
pub mod licence;
pub mod number;
pub mod reason;
