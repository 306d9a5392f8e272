//! What pages of every surface are made with, and what stands around them.

pub mod access;
pub(crate) mod admission;
pub(crate) mod answer;
pub mod app;
pub(crate) mod asked;
pub(crate) mod assets;
mod awaited;
pub(crate) mod caller;
pub(crate) mod cookies;
pub(crate) mod document;
pub(crate) mod edge;
pub(crate) mod enforce;
pub mod events;
pub(crate) mod everywhere;
pub(crate) mod form;
pub mod health;
pub(crate) mod limits;
pub(crate) mod links;
mod metrics;
mod named;
pub(crate) mod once;
pub(crate) mod page;
pub(crate) mod pages;
pub(crate) mod preferences;
pub(crate) mod problem;
pub mod refusal;
pub(crate) mod rendering;
pub(crate) mod said;
pub(crate) mod security_headers;
pub(crate) mod session;
pub mod shares;
pub(crate) mod switched;
pub(crate) mod table;
pub(crate) mod upload;
pub(crate) mod visit;
pub(crate) mod wording;

#[cfg(test)]
pub(crate) mod markup_tests;
#[cfg(test)]
mod style_tests;
