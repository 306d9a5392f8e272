//! Documents: fonts, the seal picture, licence pages, PDF written and read strictly, QR codes.
//!
//! A [`Template`] typesets what never changes for one licence type and one seal, once. Each licence then only
//! appends what is its own, so that making a file costs far less than signing it.
#![deny(missing_docs)]

mod error;
mod filling;
pub mod font;
pub mod layout;
mod limits;
mod line;
mod ornament;
pub mod packing;
pub mod pdf;
pub mod qr;
mod seal_picture;
mod template;

pub use error::Error;
pub use filling::{Field, Filling};
pub use font::Fonts;
pub use layout::Layout;
pub use pdf::write::{Finished, Prepared};
pub use seal_picture::{SealPicture, SealText};
pub use template::Template;
