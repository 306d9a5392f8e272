//! Where the objects of a file are, as its cross-references say.

use std::collections::HashSet;

use super::{Duplicates, ENTRY, File, Location, Section, indirect_at, unpack::unpack};
use crate::{
    limits,
    pdf::{
        budget::Budget,
        findings::{Ambiguity, Limit, ReadError},
        object::{Object, Reader},
    },
};

const BROKEN_REFERENCES: ReadError = ReadError::Damaged("the cross-references cannot be read");

impl File<'_> {
    /// Follows the chain of cross-references from the last one; the newest section is the first.
    pub(super) fn sections(&mut self, start: usize) -> Result<Vec<Section>, ReadError> {
        let mut sections: Vec<Section> = Vec::new();
        let mut visited = HashSet::new();
        let mut next = Some(start);
        let mut count = 0;
        while let Some(at) = next {
            if !visited.insert(at) {
                return Err(ReadError::Damaged("the cross-references go round in a circle"));
            }
            if sections.len() >= limits::PDF_REVISIONS_MAX {
                return Err(ReadError::Limit(Limit::Revisions));
            }
            let mut reader = Reader::new(self.bytes, at, self.budget);
            let section = if reader.keyword("xref") {
                let section = table(&mut reader)?;
                self.budget = reader.budget;
                self.budget.walk(reader.at.saturating_sub(at))?;
                // A stream is an object itself; a table is none.
                self.extents.push(at..reader.at);
                self.with_hidden(section)
            } else {
                stream(self.bytes, at, &mut self.budget)?
            };
            self.note(Duplicates::of(&reader));
            count += section.entries.len();
            self.budget.keep(section.entries.len() * ENTRY)?;
            if count > limits::PDF_OBJECTS_MAX {
                return Err(ReadError::Limit(Limit::Objects));
            }
            next = match section.trailer.find("Prev") {
                None => None,
                Some(previous) => Some(previous.index().ok_or(BROKEN_REFERENCES)?),
            };
            sections.push(section);
        }
        Ok(sections)
    }

    /// With the objects that a hybrid file hides from programs older than streams of objects: a stream beside the table
    /// says where they are (ISO 32000-2 §7.5.8.4).
    fn with_hidden(&mut self, mut section: Section) -> Section {
        let Some(beside) = section.trailer.find("XRefStm") else { return section };
        self.ambiguities.insert(Ambiguity::HybridReferences);
        if let Some(Ok(hidden)) = beside.index().map(|at| stream(self.bytes, at, &mut self.budget)) {
            // The table marks as free what it hides.
            let (free, mut entries): (Vec<_>, Vec<_>) =
                section.entries.into_iter().partition(|(_, place)| *place == Location::Free);
            entries.extend(hidden.entries);
            entries.extend(free);
            section.entries = entries;
        }
        section
    }
}

/// A table of cross-references, behind its first word, and the trailer.
fn table(reader: &mut Reader<'_>) -> Result<Section, ReadError> {
    let mut entries = Vec::new();
    loop {
        reader.skip_white();
        if reader.keyword("trailer") {
            break;
        }
        let first = reader.unsigned().ok_or(BROKEN_REFERENCES)?;
        reader.skip_white();
        let count = reader.unsigned().ok_or(BROKEN_REFERENCES)?;
        if count > limits::PDF_OBJECTS_MAX as u64 || first > u64::from(u32::MAX) / 2 {
            return Err(ReadError::Limit(Limit::Objects));
        }
        for number in first..first + count {
            reader.skip_white();
            let offset = reader.unsigned().ok_or(BROKEN_REFERENCES)?;
            reader.skip_white();
            reader.unsigned().ok_or(BROKEN_REFERENCES)?;
            reader.skip_white();
            let place = match reader.peek() {
                Some(b'n') => Location::At(usize::try_from(offset).map_err(|_| BROKEN_REFERENCES)?),
                Some(b'f') => Location::Free,
                _ => return Err(BROKEN_REFERENCES),
            };
            reader.at += 1;
            entries.push((u32::try_from(number).map_err(|_| BROKEN_REFERENCES)?, place));
            if entries.len() > limits::PDF_OBJECTS_MAX {
                return Err(ReadError::Limit(Limit::Objects));
            }
        }
    }
    match reader.object(0)? {
        Object::Dictionary(trailer) => Ok(Section { entries, trailer }),
        _ => Err(BROKEN_REFERENCES),
    }
}

/// A stream of cross-references, whose dictionary is the trailer.
fn stream(bytes: &[u8], at: usize, budget: &mut Budget) -> Result<Section, ReadError> {
    let indirect = indirect_at(bytes, at, budget, &|_, _| Ok(None))?;
    let dictionary = indirect
        .value
        .dictionary()
        .filter(|dictionary| dictionary.is_named("Type", "XRef"))
        .ok_or(BROKEN_REFERENCES)?;
    let data = unpack(bytes, &indirect, budget)?;
    let widths: Vec<usize> = dictionary.array("W").ok_or(BROKEN_REFERENCES)?.iter().filter_map(Object::index).collect();
    let [kind_width, first_width, second_width] = widths.try_into().map_err(|_| BROKEN_REFERENCES)?;
    if kind_width > 1 || first_width > 8 || second_width > 8 || first_width == 0 {
        return Err(BROKEN_REFERENCES);
    }
    let size = dictionary.find("Size").and_then(Object::index).ok_or(BROKEN_REFERENCES)?;
    let index: Vec<usize> = match dictionary.array("Index") {
        Some(index) => index.iter().map(|item| item.index().ok_or(BROKEN_REFERENCES)).collect::<Result<_, _>>()?,
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
            return Err(ReadError::Limit(Limit::Objects));
        }
        let row = rows.next().ok_or(BROKEN_REFERENCES)?;
        let (kind, rest) = row.split_at_checked(kind_width).ok_or(BROKEN_REFERENCES)?;
        let (first, second) = rest.split_at_checked(first_width).ok_or(BROKEN_REFERENCES)?;
        let place = match kind.first().copied().unwrap_or(1) {
            1 => Location::At(whole(first)?),
            2 => Location::Inside(u32::try_from(whole(first)?).map_err(|_| BROKEN_REFERENCES)?, whole(second)?),
            _ => Location::Free,
        };
        entries.push((u32::try_from(number).map_err(|_| BROKEN_REFERENCES)?, place));
    }
    // The stream is an object of the file even when no row says so.
    entries.push((indirect.number, Location::At(at)));
    Ok(Section { entries, trailer: dictionary.clone() })
}

fn whole(bytes: &[u8]) -> Result<usize, ReadError> {
    let value = bytes.iter().try_fold(0_usize, |value, byte| value.checked_mul(256)?.checked_add(usize::from(*byte)));
    value.ok_or(BROKEN_REFERENCES)
}
