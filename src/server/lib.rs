//! The program: settings, wiring, listeners, jobs, commands.

pub mod listen;
pub mod settings;
pub mod system;
pub mod telemetry;
