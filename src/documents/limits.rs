//! Every limit of this crate.

/// Characters of the name on a seal's ring.
pub const SEAL_NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 4..=24;
/// Characters of the name below the star.
pub const SEAL_BELOW_CHARACTERS_MAX: usize = 16;
/// Characters of the number under a seal.
pub const SEAL_NUMBER_CHARACTERS_MAX: usize = 20;

/// Characters of one printed field.
pub const FIELD_CHARACTERS_MAX: usize = 1_000;
/// Fields of one licence, and entries of its metadata.
pub const FIELDS_MAX: usize = 64;
/// Characters of one metadata value.
pub const METADATA_CHARACTERS_MAX: usize = 2_000;
/// Characters of a text in a QR code.
pub const QR_CHARACTERS_MAX: usize = 600;

/// Bytes of a CMS signature that fit the hole in a file.
pub const CMS_BYTES_MAX: usize = 5_120;

/// Glyphs kept in memory; past this the cache starts again.
pub const GLYPHS_KEPT_MAX: usize = 12_000;
/// Bytes of one glyph program, far above the most crowded character.
pub const GLYPH_BYTES_MAX: usize = 65_536;
/// Depth of glyphs made of glyphs.
pub const GLYPH_DEPTH_MAX: usize = 5;

/// Bytes of a PDF file that is read for verification.
pub const PDF_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Objects of a PDF file, over all its revisions.
pub const PDF_OBJECTS_MAX: usize = 100_000;
/// Bytes of memory that the objects of a PDF file take, all together.
pub const PDF_MEMORY_BYTES_MAX: usize = 24 * 1024 * 1024;
/// Bytes of the full name of a form field.
pub const PDF_FIELD_NAME_BYTES_MAX: usize = 4_096;
/// Bytes of one text in brackets.
pub const PDF_TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of one signature, with the padding after it.
pub const PDF_CONTENTS_BYTES_MAX: usize = 256 * 1024;
/// Revisions of a PDF file.
pub const PDF_REVISIONS_MAX: usize = 64;
/// Depth of arrays and dictionaries inside each other.
pub const PDF_DEPTH_MAX: usize = 32;
/// Entries of one array or dictionary.
pub const PDF_ENTRIES_MAX: usize = 200_000;
/// Bytes that one compressed stream of cross-references, objects or metadata may unpack to.
pub const PDF_STREAM_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes that all streams together may unpack to.
pub const PDF_STREAMS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of a PDF's metadata that are looked at.
pub const PDF_METADATA_BYTES_MAX: usize = 1024 * 1024;
/// Signatures of one file.
pub const PDF_SIGNATURES_MAX: usize = 16;
/// Certificates that stand beside one signature.
pub const PDF_CERTIFICATES_MAX: usize = 16;
/// Depth of the tree of form fields and of pages.
pub const PDF_TREE_DEPTH_MAX: usize = 16;

/// Pieces that a packed file is made with.
pub(crate) const PIECES_MAX: usize = 4_096;

/// Bytes of a packed file behind its first piece.
pub(crate) const PACKED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A drawing of fewer bytes is no piece of its own.
pub(crate) const PIECE_BYTES_MIN: usize = 64;
