//! What product tests stand on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this crate is compiled for tests only, and a test that cannot go on should say so at once"
)]

pub mod balancer;
pub mod bombs;
pub mod browser;
pub mod city;
pub mod clocks;
pub mod crowd;
pub mod flow;
pub mod html;
pub mod installation;
pub mod items;
pub mod lists;
pub mod load;
pub mod paths;
pub mod pooler;
pub mod postgres;
pub mod process;
pub mod relay;
pub mod source;
pub mod wait;
