//! The program: settings, wiring, listeners, jobs, commands.

pub mod commands;
#[cfg(feature = "demo")]
mod demo;
mod fetch;
mod foundation;
mod jobs;
mod limits;
mod listen;
mod pace;
mod places;
pub mod settings;
mod surfaces;
mod system;
pub mod telemetry;
mod watched;
mod wiring;
