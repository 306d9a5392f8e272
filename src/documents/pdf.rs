//! PDF: written for ourselves, read from anybody.

mod active;
pub(crate) mod colour_profile;
mod file;
pub(crate) mod font_objects;
mod gaps;
pub(crate) mod ink;
mod object;
pub mod read;
mod signature;
pub mod write;
pub(crate) mod xmp;
mod xref;
