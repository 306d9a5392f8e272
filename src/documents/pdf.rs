//! PDF: written for ourselves, read from anybody.

mod active;
mod budget;
pub(crate) mod colour_profile;
mod file;
pub mod findings;
pub(crate) mod font_objects;
pub(crate) mod ink;
mod object;
pub mod read;
pub mod signature;
pub mod write;
pub(crate) mod xmp;
