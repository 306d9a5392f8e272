//! Product tests: the whole program, from outside. One binary, folders as surfaces and specifications.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what supports a test may stop it, as the test itself may"
)]

mod console;
mod licences;
mod oidc;
mod operator;
mod records_kept;
mod storage;
mod tidy;
mod verification;
