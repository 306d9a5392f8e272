//! One file for each command.

use std::io::Write;

use anyhow::Context;
use base::number::CreditCode;

pub mod audit;
pub mod bootstrap;
pub mod client;
pub mod demo;
pub mod doctor;
pub mod keys;
pub mod migrate;
pub mod organisation;
pub mod person;
pub mod serve;

/// Writes to standard output; a reader that went away (`| head`) is no error.
///
/// # Errors
///
/// None so far; the type is what commands return.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
    Ok(())
}

/// Reads the credit code of a department.
fn credit_code(text: &str) -> anyhow::Result<CreditCode> {
    CreditCode::parse(text).with_context(|| format!("--organisation-code {text}"))
}
