//! PDF: written for ourselves, read from anybody.

pub(crate) mod colour_profile;
pub(crate) mod font_objects;
pub(crate) mod ink;
pub mod write;
pub(crate) mod xmp;
