//! What pages of every surface are made with, and what stands around them.

pub mod access;
pub mod answer;
pub mod app;
pub mod assets;
pub mod cookies;
pub mod document;
pub mod edge;
pub mod examination;
pub mod form;
pub mod limits;
pub mod links;
pub mod page;
pub mod preferences;
pub mod problem;
pub mod security_headers;
pub mod session;
pub mod text;
pub mod upload;
pub mod visit;

#[cfg(test)]
mod style_tests;
