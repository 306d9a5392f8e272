//! Signatures over documents: CMS as PAdES B-B has it (RFC 5652, RFC 5035, EN 319 142-1).

mod parse;
mod sign;

pub use parse::{CmsError, SignedData};
pub use sign::sign_detached;

#[cfg(test)]
mod tests;
