//! What is printed on one licence.

use base::Instant;

/// What one licence says, beside what its template says on all of them.
#[derive(Clone, Debug)]
pub struct Filling {
    /// The document's title, such as `食品经营许可证`.
    pub title: String,
    /// The licence identifier 证照标识, printed and put into the metadata.
    pub identifier: String,
    /// The printed fields.
    pub fields: Vec<Field>,
    /// The text of the QR code.
    pub qr_text: String,
    /// Further entries of the metadata; one that bears the key of a printed field replaces its value there.
    pub metadata: Vec<(String, String)>,
    /// Who signs, as the signature names it.
    pub signer_name: String,
    /// When the file is made.
    pub at: Instant,
}

/// One printed field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The key, as the layout has it.
    pub key: String,
    /// The text to print.
    pub value: String,
}

impl Field {
    /// A field from its key and text.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}
