//! The program: settings, wiring, listeners, jobs, commands.

pub mod commands;
#[cfg(feature = "demo")]
pub mod demo;
pub mod fetch;
pub mod foundation;
pub mod jobs;
pub mod listen;
pub mod pace;
pub mod settings;
pub mod surfaces;
pub mod system;
pub mod telemetry;
pub mod wiring;
