//! What reading can come to: why a file cannot be read, and what is found in one that can.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits;

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// It ends before its end.
    #[error("the file is cut off")]
    CutOff,
    /// It begins as a PDF, but its structure is broken.
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    /// It is encrypted, so that nothing in it can be told.
    #[error("the file is encrypted")]
    Encrypted,
    /// It has more of something than any document needs.
    #[error("the file goes over a limit: {0:?}")]
    Limit(Limit),
    /// It is something else.
    #[error("the file is no PDF")]
    NotPdf,
    /// It is longer than we read.
    #[error("the file is longer than {} bytes", limits::PDF_BYTES_MAX)]
    TooLarge,
}

/// What a file has more of than any document needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// Objects inside each other.
    Depth,
    /// Entries of one array or dictionary.
    Entries,
    /// Form fields inside each other, or the length of their names.
    Fields,
    /// The memory that it takes.
    Memory,
    /// The size of its metadata, or of its entries.
    Metadata,
    /// The length of a name.
    Names,
    /// Its objects.
    Objects,
    /// How many times it was saved.
    Revisions,
    /// Its signatures, or the size of one.
    Signatures,
    /// What its streams unpack to.
    Streams,
    /// The time that it takes.
    Time,
    /// How often its parts have to be walked over.
    Work,
}

impl Limit {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Depth,
        Self::Entries,
        Self::Fields,
        Self::Memory,
        Self::Metadata,
        Self::Names,
        Self::Objects,
        Self::Revisions,
        Self::Signatures,
        Self::Streams,
        Self::Time,
        Self::Work,
    ];
}

/// How many pages a file has, and how many of them are of our licences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// All of them.
    pub all: usize,
    /// Those that are typeset as our licences are, whatever became of the file they were in.
    pub of_licences: usize,
}

/// A reason why two programs could see two different documents in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ambiguity {
    /// A dictionary has one key twice, with two values.
    ConflictingKeys,
    /// A dictionary has one key twice.
    DuplicateKeys,
    /// Bytes between the objects that nothing refers to.
    HiddenBytes,
    /// A whole object among them, which a later change may show.
    HiddenObjects,
    /// Two kinds of cross-references at once.
    HybridReferences,
    /// One object begins inside of another.
    OverlappingObjects,
    /// Two fields show one signature.
    SharedSignature,
    /// Two metadata entries with one name.
    TwiceInMetadata,
    /// Bytes after the end of the file.
    TrailingBytes,
}

impl Ambiguity {
    /// Whether two programs that follow the standard can show two documents, or a document lies ready to be shown later.
    /// The others are untidy: we never write them, and others do.
    pub fn hides(self) -> bool {
        match self {
            Self::ConflictingKeys | Self::HiddenObjects | Self::OverlappingObjects | Self::SharedSignature => true,
            Self::DuplicateKeys
            | Self::HiddenBytes
            | Self::HybridReferences
            | Self::TwiceInMetadata
            | Self::TrailingBytes => false,
        }
    }
}

/// Filling that does something, or that is another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActiveContent {
    /// Files inside of the file.
    EmbeddedFile,
    /// A stream that is kept in another file.
    ExternalStream,
    /// A form that sends or fetches data.
    FormAction,
    /// A script, which a reader may run when the file is opened.
    JavaScript,
    /// A program to be started.
    Launch,
    /// Sound or film.
    Media,
    /// A link into another file.
    RemoteGoTo,
    /// A form in XML that replaces the pages.
    Xfa,
}
