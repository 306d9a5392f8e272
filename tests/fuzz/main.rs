//! What strangers send, changed a thousand ways a second: a target for each form that we read. Every run begins with the
//! inputs that are kept in `corpus/`, and goes on for `FUZZ_SECONDS`. `cargo xtask fuzz` runs them for hours, in a
//! build that counts which branches were taken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a target that cannot go on should say so at once"
)]

mod chance;
mod change;
mod coverage;
mod engine;
mod ours;
mod targets;
mod tree;
