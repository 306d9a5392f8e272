//! All objects of a file, found through its cross-references.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use crate::{
    limits,
    pdf::{
        findings::{Ambiguity, ReadError},
        indirect::{BROKEN, Budget, Indirect, indirect_at, unpack},
        object::{Dictionary, Object, Reader},
        xref::{self, Location, References},
    },
};

/// A file with its objects.
pub(crate) struct File<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) objects: HashMap<u32, Indirect>,
    pub(crate) trailer: Dictionary,
    pub(crate) extents: Vec<Range<usize>>,
    pub(crate) ambiguities: Vec<Ambiguity>,
    pub(crate) budget: Budget,
}

impl<'a> File<'a> {
    pub(crate) fn open(bytes: &'a [u8], start: usize) -> Result<Self, ReadError> {
        let mut budget = Budget::new(bytes);
        let references = xref::read(bytes, start, &mut budget)?;
        if references.trailers.iter().any(|trailer| trailer.find("Encrypt").is_some()) {
            return Err(ReadError::Encrypted);
        }
        let trailer = references.trailers.first().cloned().unwrap_or_default();
        let mut file = Self {
            bytes,
            objects: HashMap::new(),
            trailer,
            extents: references.extents.clone(),
            ambiguities: references.ambiguities.clone(),
            budget,
        };
        file.load(&references)?;
        Ok(file)
    }

    pub(crate) fn find(&self, number: u32) -> Option<&Object> {
        self.objects.get(&number).map(|indirect| &indirect.value)
    }

    /// The object itself, or the one it refers to.
    pub(crate) fn resolve<'b>(&'b self, object: &'b Object) -> Option<&'b Object> {
        match object {
            Object::Reference(number) => self.find(*number),
            direct => Some(direct),
        }
    }

    pub(crate) fn resolve_dictionary<'b>(&'b self, object: Option<&'b Object>) -> Option<&'b Dictionary> {
        object.and_then(|object| self.resolve(object)).and_then(Object::dictionary)
    }

    fn load(&mut self, references: &References) -> Result<(), ReadError> {
        let mut places: HashMap<u32, Location> = HashMap::new();
        for section in &references.entries {
            for (number, place) in section {
                places.entry(*number).or_insert(*place);
            }
        }
        let length = |number: u32| match places.get(&number) {
            Some(Location::At(at)) => {
                let mut reader = Reader::new(self.bytes, *at);
                reader.object_header().filter(|found| *found == number)?;
                reader.skip_white();
                reader.unsigned().and_then(|value| usize::try_from(value).ok())
            }
            _ => None,
        };
        let mut seen = HashSet::new();
        let mut current = Vec::new();
        for (number, place) in references.entries.iter().flatten() {
            let Location::At(at) = *place else { continue };
            // An offset of zero is how some writers mark what they do not use.
            if at == 0 || !seen.insert((*number, at)) {
                continue;
            }
            let indirect = indirect_at(self.bytes, at, &mut self.budget, &length)?;
            if indirect.number != *number {
                return Err(BROKEN);
            }
            if indirect.has_duplicate_keys {
                self.ambiguities.push(Ambiguity::DuplicateKeys);
            }
            self.extents.push(indirect.extent.clone());
            if places.get(number) == Some(place) {
                current.push(indirect);
            }
        }
        self.objects = current.into_iter().map(|indirect| (indirect.number, indirect)).collect();
        self.load_packed(&places)
    }

    /// Objects inside of streams of objects.
    fn load_packed(&mut self, places: &HashMap<u32, Location>) -> Result<(), ReadError> {
        let mut wanted: Vec<u32> = places
            .values()
            .filter_map(|place| if let Location::Inside(stream, _) = place { Some(*stream) } else { None })
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        for stream in wanted {
            let Some(indirect) = self.objects.get(&stream) else { return Err(BROKEN) };
            let dictionary = indirect.value.dictionary().ok_or(BROKEN)?;
            let count = dictionary.find("N").and_then(Object::index).ok_or(BROKEN)?;
            let first = dictionary.find("First").and_then(Object::index).ok_or(BROKEN)?;
            if count > limits::PDF_OBJECTS_MAX {
                return Err(ReadError::Limit("objects"));
            }
            let data = unpack(self.bytes, indirect, &mut self.budget)?;
            let mut header = Reader::new(&data, 0);
            for position in 0..count {
                header.skip_white();
                let number = header.unsigned().and_then(|number| u32::try_from(number).ok()).ok_or(BROKEN)?;
                header.skip_white();
                let offset = header.unsigned().and_then(|offset| usize::try_from(offset).ok()).ok_or(BROKEN)?;
                if places.get(&number) != Some(&Location::Inside(stream, position)) {
                    continue;
                }
                let mut reader = Reader::new(&data, first.saturating_add(offset));
                let start = reader.at;
                reader.values = self.budget.values;
                let value = reader.object(0)?;
                self.budget.values = reader.values;
                self.budget.parsed(reader.at.saturating_sub(start) / 8)?;
                if reader.has_duplicate_keys {
                    self.ambiguities.push(Ambiguity::DuplicateKeys);
                }
                let packed = Indirect { number, value, stream: None, extent: 0..0, has_duplicate_keys: false };
                self.objects.insert(number, packed);
            }
        }
        Ok(())
    }
}
