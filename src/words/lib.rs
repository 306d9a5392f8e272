//! Every word that a person reads, in both languages: one module for each section of `text/*.toml`, written when the
//! crate is built.
//!
//! A sentence is a constant, `words::console::BEING_ISSUED`; one with places for values is a function with an argument
//! for each, `words::console::at_most(30)`. How to add one: `README.md`.

#![deny(missing_docs)]

#[cfg(test)]
mod generate;

include!(concat!(env!("OUT_DIR"), "/words.rs"));
