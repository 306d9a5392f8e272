//! Reading what somebody says is a signed PDF.
//!
//! The reader is strict: where two programs could see two documents, it says so. It never runs anything, follows
//! nothing out of the file, and works in a memory and time that the size of the file bounds.

use std::{collections::BTreeSet, ops::Range};

use crate::{
    layout::is_metadata_name,
    limits,
    pdf::{
        budget::Budget,
        file::File,
        findings::{ActiveContent, Ambiguity, Limit, Pages, ReadError},
        object::{Reader, is_white},
        signature::{self, Signature},
        xmp,
    },
};

/// What a verification wants to know of a file, whoever made it.
#[derive(Clone, Debug)]
pub struct SignedFile {
    /// How many times it was saved; 1 for a file that nobody touched after it was made.
    pub revisions: usize,
    /// Its signatures, in the order of the file.
    pub signatures: Vec<Signature>,
    /// What it does, or carries.
    pub active_content: Vec<ActiveContent>,
    /// The licence entries of its metadata.
    pub metadata: Vec<(String, String)>,
    /// Why two programs could see two documents.
    pub ambiguities: Vec<Ambiguity>,
    /// How many pages it has, and how many of those are of our licences.
    pub pages: Pages,
    /// Whether it had to be put in order before it could be read.
    pub is_mended: bool,
    /// How many bytes stand before it, which no place in it counts.
    pub before: usize,
}

impl SignedFile {
    /// One entry of the metadata.
    pub fn entry(&self, name: &str) -> Option<&str> {
        self.metadata.iter().find(|entry| entry.0 == name).map(|entry| entry.1.as_str())
    }
}

/// How far from the beginning programs look for the header.
const HEAD: usize = 1_024;

/// How far from the end the last cross-references must be named.
const TAIL: usize = 2_048;

/// Reads a file as strictly as one that claims to be ours has to be read.
///
/// # Errors
///
/// [`ReadError`] when it is too large, damaged, encrypted, or no PDF at all.
pub fn read(bytes: &[u8]) -> Result<SignedFile, ReadError> {
    if bytes.len() > limits::PDF_BYTES_MAX {
        return Err(ReadError::TooLarge);
    }
    check_header(bytes)?;
    let start = last_references(bytes)?;
    learn(File::open(bytes, start)?)
}

/// Reads a file that anybody may have made. One that cannot be read strictly is put in order, as the programs do that show
/// it all the same, unless it carries metadata of ours: a licence was in order when it was issued.
///
/// # Errors
///
/// [`ReadError`] when it is too large, encrypted, no PDF, cut off in the middle of an object, or nothing in it says what
/// the document is; also when it carries metadata of ours and is not in order.
pub fn read_tolerantly(bytes: &[u8]) -> Result<SignedFile, ReadError> {
    let error = match read(bytes) {
        Err(error @ (ReadError::Damaged(_) | ReadError::CutOff)) if !has_metadata_of_ours(bytes) => error,
        read => return read,
    };
    let before = header_at(bytes).unwrap_or(0);
    match File::mend(bytes.get(before..).unwrap_or_default()).and_then(learn) {
        Ok(mended) => Ok(SignedFile { is_mended: true, before, ..mended }),
        // What was wrong at first is what is wrong.
        Err(ReadError::Damaged(_)) => Err(error),
        Err(other) => Err(other),
    }
}

/// Whether our name space stands anywhere: we never compress what it stands in.
fn has_metadata_of_ours(bytes: &[u8]) -> bool {
    let first = xmp::NAMESPACE.as_bytes().first().copied().unwrap_or_default();
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| *byte == first) {
        rest = rest.get(place..).unwrap_or_default();
        if rest.starts_with(xmp::NAMESPACE.as_bytes()) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

fn learn(mut file: File<'_>) -> Result<SignedFile, ReadError> {
    let signatures = signature::find(&mut file)?;
    let metadata = metadata(&mut file)?;
    let File { bytes, extents, mut ambiguities, active_content, pages, .. } = file;
    let ends = read_gaps(bytes, extents, &mut ambiguities);
    let ending: &[u8] = bytes.trim_ascii_end();
    if !ending.ends_with(b"%%EOF") || bytes.len() - ending.len() > 2 {
        ambiguities.insert(Ambiguity::TrailingBytes);
    }
    let ambiguities = ambiguities.into_iter().collect();
    let active_content = active_content.into_iter().collect();
    let revisions = ends.max(1);
    let (is_mended, before) = (false, 0);
    Ok(SignedFile { revisions, signatures, active_content, metadata, ambiguities, pages, is_mended, before })
}

fn check_header(bytes: &[u8]) -> Result<(), ReadError> {
    if bytes.starts_with(b"%PDF-1.") || bytes.starts_with(b"%PDF-2.") {
        return Ok(());
    }
    match header_at(bytes) {
        Some(_) => Err(ReadError::Damaged("it does not begin as a PDF")),
        None => Err(ReadError::NotPdf),
    }
}

/// Where the header is, if it is where programs look for one.
fn header_at(bytes: &[u8]) -> Option<usize> {
    let head = bytes.get(..bytes.len().min(HEAD))?;
    head.windows(5).position(|part| part == b"%PDF-")
}

/// What the last `startxref` says.
fn last_references(bytes: &[u8]) -> Result<usize, ReadError> {
    let tail_at = bytes.len().saturating_sub(TAIL);
    let tail = bytes.get(tail_at..).unwrap_or_default();
    let place = tail.windows(9).rposition(|part| part == b"startxref").ok_or(ReadError::CutOff)?;
    let mut reader = Reader::new(bytes, tail_at + place + 9, Budget::new(bytes.len()));
    reader.skip_white();
    let at = reader.unsigned().and_then(|at| usize::try_from(at).ok()).ok_or(ReadError::CutOff)?;
    let rest = bytes.get(reader.at..).unwrap_or_default();
    if !rest.windows(5).any(|part| part == b"%%EOF") {
        return Err(ReadError::CutOff);
    }
    Ok(at)
}

fn metadata(file: &mut File<'_>) -> Result<Vec<(String, String)>, ReadError> {
    if file.metadata.len() > limits::PDF_METADATA_BYTES_MAX {
        return Err(ReadError::Limit(Limit::Metadata));
    }
    let entries = entries(&String::from_utf8_lossy(&file.metadata));
    if entries.len() > limits::FIELDS_MAX * 2 {
        return Err(ReadError::Limit(Limit::Metadata));
    }
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.0.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        file.ambiguities.insert(Ambiguity::TwiceInMetadata);
    }
    Ok(entries)
}

/// The elements of our name space, as we write them.
fn entries(packet: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if !packet.contains(&format!("xmlns:gs=\"{}\"", xmp::NAMESPACE)) {
        return found;
    }
    let mut rest = packet;
    while let Some((_, after)) = rest.split_once("<gs:") {
        rest = after;
        // Looking no further than a name or a value can be long keeps the work in proportion to the packet.
        let Some((name, after)) =
            begin(after, 65).split_once('>').map(|(name, _)| (name, after.get(name.len() + 1..).unwrap_or_default()))
        else {
            continue;
        };
        let Some((value, _)) = begin(after, limits::METADATA_CHARACTERS_MAX * 5).split_once('<') else { continue };
        let close = after.strip_prefix(value).and_then(|close| close.strip_prefix("</gs:"));
        let closes = close.and_then(|close| close.strip_prefix(name)).is_some_and(|close| close.starts_with('>'));
        if is_metadata_name(name) && closes {
            let value = value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            found.push((name.to_owned(), value));
        }
        if found.len() > limits::FIELDS_MAX * 2 {
            break;
        }
    }
    found
}

/// At most so many bytes of a text.
fn begin(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// Looks at every byte that no object and no table covers; how many times an end of file is marked there.
fn read_gaps(bytes: &[u8], mut extents: Vec<Range<usize>>, ambiguities: &mut BTreeSet<Ambiguity>) -> usize {
    extents.sort_unstable_by_key(|extent| (extent.start, extent.end));
    extents.dedup();
    let (mut ends, mut at) = (0, 0);
    for extent in extents.into_iter().chain(std::iter::once(bytes.len()..bytes.len())) {
        if extent.start < at {
            ambiguities.insert(Ambiguity::OverlappingObjects);
        } else {
            ends += read_gap(bytes.get(at..extent.start).unwrap_or_default(), ambiguities);
        }
        at = at.max(extent.end);
    }
    ends
}

/// Between the objects stand end marks, comments and white space, and nothing else.
fn read_gap(bytes: &[u8], ambiguities: &mut BTreeSet<Ambiguity>) -> usize {
    let mut reader = Reader::new(bytes, 0, Budget::new(bytes.len()));
    let mut ends = 0;
    while let Some(byte) = reader.peek() {
        if byte == b'%' {
            if reader.take(b"%%EOF") {
                ends += 1;
            }
            while reader.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                reader.at += 1;
            }
        } else if is_white(byte) {
            reader.at += 1;
        } else if reader.keyword("startxref") {
            reader.skip_white();
            if reader.unsigned().is_none() {
                ambiguities.insert(Ambiguity::HiddenBytes);
                break;
            }
        } else {
            // An end mark may still follow; files that hide bytes also hide revisions.
            ambiguities.insert(Ambiguity::HiddenBytes);
            if Reader::new(bytes, reader.at, reader.budget).object_header().is_some() {
                ambiguities.insert(Ambiguity::HiddenObjects);
            }
            while reader.peek().is_some_and(|byte| byte != b'%' && !is_white(byte)) {
                reader.at += 1;
            }
        }
    }
    ends
}

#[cfg(test)]
mod tests;
