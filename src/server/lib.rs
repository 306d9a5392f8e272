//! The program: settings, wiring, listeners, jobs, commands.

mod archive;
mod backup;
pub mod commands;
#[cfg(feature = "demo")]
mod demo;
mod fetch;
mod foundation;
mod heads;
mod jobs;
mod kept_heads;
mod limits;
mod listen;
mod name_keys;
mod pace;
mod places;
mod removal;
mod report;
pub mod safety;
pub mod settings;
mod strict;
mod surfaces;
mod system;
pub mod telemetry;
#[cfg(test)]
mod testing;
mod watched;
mod wiring;
mod witness;
