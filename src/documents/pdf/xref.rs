//! Cross-references: where the file says its objects are.

use std::{collections::HashSet, ops::Range};

use crate::{
    limits,
    pdf::{
        findings::{Ambiguity, ReadError},
        indirect::{Budget, indirect_at, unpack},
        object::{Dictionary, Object, Reader},
    },
};

/// Where one object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Location {
    Free,
    At(usize),
    /// In a stream of objects, and which of them.
    Inside(u32, usize),
}

/// Every section of cross-references, the newest first.
#[derive(Default)]
pub(crate) struct References {
    pub(crate) entries: Vec<Vec<(u32, Location)>>,
    /// The trailers, the newest first.
    pub(crate) trailers: Vec<Dictionary>,
    /// Where the tables stand (streams are objects themselves).
    pub(crate) extents: Vec<Range<usize>>,
    pub(crate) ambiguities: Vec<Ambiguity>,
}

const BROKEN: ReadError = ReadError::Damaged("the cross-references cannot be read");

/// Follows the chain of sections from the last one.
pub(crate) fn read(bytes: &[u8], start: usize, budget: &mut Budget) -> Result<References, ReadError> {
    let mut references = References::default();
    let mut visited = HashSet::new();
    let mut next = Some(start);
    let mut count = 0;
    while let Some(at) = next {
        if !visited.insert(at) {
            return Err(ReadError::Damaged("the cross-references go round in a circle"));
        }
        if references.entries.len() >= limits::PDF_REVISIONS_MAX {
            return Err(ReadError::Limit("revisions"));
        }
        let mut reader = Reader::new(bytes, at);
        let (entries, trailer) = if reader.keyword("xref") {
            let section = table(&mut reader)?;
            references.extents.push(at..reader.at);
            if section.1.find("XRefStm").is_some() {
                references.ambiguities.push(Ambiguity::HybridReferences);
            }
            section
        } else {
            stream(bytes, at, budget)?
        };
        if reader.has_duplicate_keys {
            references.ambiguities.push(Ambiguity::DuplicateKeys);
        }
        count += entries.len();
        if count > limits::PDF_OBJECTS_MAX {
            return Err(ReadError::Limit("objects"));
        }
        next = match trailer.find("Prev") {
            None => None,
            Some(previous) => Some(previous.index().ok_or(BROKEN)?),
        };
        references.entries.push(entries);
        references.trailers.push(trailer);
    }
    Ok(references)
}

type Section = (Vec<(u32, Location)>, Dictionary);

fn table(reader: &mut Reader<'_>) -> Result<Section, ReadError> {
    let mut entries = Vec::new();
    loop {
        reader.skip_white();
        if reader.keyword("trailer") {
            break;
        }
        let first = reader.unsigned().ok_or(BROKEN)?;
        reader.skip_white();
        let count = reader.unsigned().ok_or(BROKEN)?;
        if count > limits::PDF_OBJECTS_MAX as u64 || first > u64::from(u32::MAX) / 2 {
            return Err(ReadError::Limit("objects"));
        }
        for number in first..first + count {
            reader.skip_white();
            let offset = reader.unsigned().ok_or(BROKEN)?;
            reader.skip_white();
            reader.unsigned().ok_or(BROKEN)?;
            reader.skip_white();
            let place = match reader.peek() {
                Some(b'n') => Location::At(usize::try_from(offset).map_err(|_| BROKEN)?),
                Some(b'f') => Location::Free,
                _ => return Err(BROKEN),
            };
            reader.at += 1;
            entries.push((u32::try_from(number).map_err(|_| BROKEN)?, place));
            if entries.len() > limits::PDF_OBJECTS_MAX {
                return Err(ReadError::Limit("objects"));
            }
        }
    }
    match reader.object(0)? {
        Object::Dictionary(trailer) => Ok((entries, trailer)),
        _ => Err(BROKEN),
    }
}

fn stream(bytes: &[u8], at: usize, budget: &mut Budget) -> Result<Section, ReadError> {
    let indirect = indirect_at(bytes, at, budget, &|_| None)?;
    let dictionary =
        indirect.value.dictionary().filter(|dictionary| dictionary.is_named("Type", "XRef")).ok_or(BROKEN)?;
    let data = unpack(bytes, &indirect, budget)?;
    let widths: Vec<usize> = dictionary.array("W").ok_or(BROKEN)?.iter().filter_map(Object::index).collect();
    let [kind_width, first_width, second_width] = widths.try_into().map_err(|_| BROKEN)?;
    if kind_width > 1 || first_width > 8 || second_width > 8 || first_width == 0 {
        return Err(BROKEN);
    }
    let size = dictionary.find("Size").and_then(Object::index).ok_or(BROKEN)?;
    let index: Vec<usize> = match dictionary.array("Index") {
        Some(index) => index.iter().map(|item| item.index().ok_or(BROKEN)).collect::<Result<_, _>>()?,
        None => vec![0, size],
    };
    let numbers = index.chunks(2).flat_map(|pair| match pair {
        [first, count] => *first..first.saturating_add(*count),
        _ => 0..0,
    });
    let mut rows = data.chunks_exact(kind_width + first_width + second_width);
    let mut entries = Vec::new();
    for number in numbers {
        if entries.len() > limits::PDF_OBJECTS_MAX {
            return Err(ReadError::Limit("objects"));
        }
        let row = rows.next().ok_or(BROKEN)?;
        let (kind, rest) = row.split_at_checked(kind_width).ok_or(BROKEN)?;
        let (first, second) = rest.split_at_checked(first_width).ok_or(BROKEN)?;
        let place = match kind.first().copied().unwrap_or(1) {
            1 => Location::At(whole(first)?),
            2 => Location::Inside(u32::try_from(whole(first)?).map_err(|_| BROKEN)?, whole(second)?),
            _ => Location::Free,
        };
        entries.push((u32::try_from(number).map_err(|_| BROKEN)?, place));
    }
    // The stream is an object of the file even when no row says so.
    entries.push((indirect.number, Location::At(at)));
    Ok((entries, dictionary.clone()))
}

fn whole(bytes: &[u8]) -> Result<usize, ReadError> {
    let value = bytes.iter().try_fold(0_usize, |value, byte| value.checked_mul(256)?.checked_add(usize::from(*byte)));
    value.ok_or(BROKEN)
}
