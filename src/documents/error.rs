//! Why a document could not be made.

use thiserror::Error;

/// Why a font, a seal picture or a licence page could not be made.
#[derive(Debug, Error)]
pub enum Error {
    /// Ours: a disk or a file that changed under us.
    #[error(transparent)]
    Fault(#[from] base::Fault),
    /// The operator's: a font file is missing from the folder or is not the kind we can use.
    #[error("the font file {file}: {what}")]
    FontFile {
        /// The file name.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// The designer's: a layout that cannot be printed.
    #[error("the layout cannot be printed: {0}")]
    Layout(String),
    /// The caller's: a name that cannot be a name in the metadata.
    #[error("{name:?} cannot name a metadata entry")]
    MetadataName {
        /// The refused name.
        name: String,
    },
    /// The caller's: the layout prints a field that was not given.
    #[error("the field {field} is missing")]
    MissingField {
        /// The key of the field.
        field: String,
    },
    /// Nobody's: no font here has the character.
    #[error("no font has the character {character:?} of the field {field}")]
    MissingGlyph {
        /// The key of the field.
        field: String,
        /// The character that cannot be printed.
        character: char,
    },
    /// The caller's: a text for a QR code that no QR code can hold.
    #[error("the text is too long for a QR code")]
    QrTooLong,
    /// The caller's: a seal name must have 4 to 40 characters.
    #[error("a seal name has 4 to 40 characters, this one has {characters}")]
    SealNameLength {
        /// The number of characters that the name has.
        characters: usize,
    },
    /// Ours: the signature does not fit the room left for it.
    #[error("the signature has {bytes} bytes, more than the room left for it")]
    SignatureTooLarge {
        /// The size of the signature.
        bytes: usize,
    },
    /// The caller's: a text that does not fit its place even small and wrapped.
    #[error("the text of the field {field} does not fit its place")]
    TooLong {
        /// The key of the field.
        field: String,
    },
    /// The caller's: a field that the layout does not print.
    #[error("the layout has no place for the field {field}")]
    UnknownField {
        /// The key of the field.
        field: String,
    },
}
