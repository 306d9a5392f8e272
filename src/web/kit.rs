//! What pages of every surface are made with, and what stands around them.

pub mod access;
pub mod admission;
pub mod answer;
pub mod app;
pub mod assets;
pub mod caller;
pub mod cookies;
pub mod document;
pub mod edge;
pub mod enforce;
pub mod events;
pub mod everywhere;
pub mod form;
pub mod limits;
pub mod links;
pub mod page;
pub mod preferences;
pub mod problem;
pub mod rendering;
pub mod security_headers;
pub mod session;
pub mod table;
pub mod upload;
pub mod visit;
pub mod wording;

#[cfg(test)]
mod style_tests;
