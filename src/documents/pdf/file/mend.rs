//! A file whose cross-references lead nowhere, read as the programs do that show it: every object where one stands.

use std::{collections::HashMap, ops::Range};

use super::{BROKEN, Duplicates, File, INDIRECT, Indirect, unpack::unpack};
use crate::{
    limits,
    pdf::{
        budget::Budget,
        findings::{Limit, ReadError},
        object::{Dictionary, Object, Reader, is_white},
    },
};

/// What was found by looking at every byte.
#[derive(Default)]
struct Found {
    /// Where the object of a number stands that counts: the last one.
    places: HashMap<u32, usize>,
    /// Streams of objects, in their order.
    packed: Vec<(u32, usize)>,
    /// The last dictionary that says it is the catalogue.
    catalogue: Option<u32>,
    /// What trailers name as the catalogue, the last one first where it is asked.
    roots: Vec<Object>,
    /// Where the last object ends, and whether it has its end.
    last: Option<(usize, bool)>,
}

impl<'a> File<'a> {
    /// Takes a file apart without its cross-references.
    pub(crate) fn mend(bytes: &'a [u8]) -> Result<Self, ReadError> {
        let mut file = Self::unread(bytes);
        let mut found = Found::default();
        file.budget.walk(bytes.len())?;
        file.read_trailers(&mut found)?;
        let roots: Vec<Option<u32>> = found.roots.iter().map(reference).collect();
        let mut at = 0;
        while let Some(start) = next_object(bytes, at) {
            at = match file.mend_object(start, &roots, &mut found)? {
                Some(end) => end,
                None => start + 1,
            };
            if file.extents.len() > limits::PDF_OBJECTS_MAX {
                return Err(ReadError::Limit(Limit::Objects));
            }
        }
        // A file that ends in the middle of an object is not all there, whatever can still be shown of it.
        if found.last.is_some_and(|(end, has_end)| !has_end && end + 64 > bytes.len()) {
            return Err(ReadError::CutOff);
        }
        file.mend_packed(&found)?;
        let by_trailer = found.roots.iter().rev().find(|root| file.resolve_dictionary(Some(root)).is_some()).cloned();
        let root = by_trailer.or(found.catalogue.map(Object::Reference));
        file.begin_at(root.as_ref())
    }

    /// What trailers say wherever one stands.
    fn read_trailers(&mut self, found: &mut Found) -> Result<(), ReadError> {
        let mut at = 0;
        while let Some(place) = find(self.bytes, at, b"trailer") {
            at = place + 7;
            let mut reader = Reader::tolerant(self.bytes, at, self.budget);
            let before = self.budget;
            let trailer = reader.object(0);
            self.budget = reader.budget;
            self.budget.walk(reader.at.saturating_sub(place))?;
            self.budget.give_back(before);
            if let Ok(Object::Dictionary(trailer)) = trailer {
                learn(&trailer, found)?;
            }
        }
        Ok(())
    }

    /// Reads the object that begins at a place; where it ends, if one does.
    fn mend_object(&mut self, at: usize, roots: &[Option<u32>], found: &mut Found) -> Result<Option<usize>, ReadError> {
        let before = self.budget;
        let mut reader = Reader::tolerant(self.bytes, at, self.budget);
        let read = indirect(&mut reader);
        self.budget = reader.budget;
        self.budget.walk(reader.at.saturating_sub(at))?;
        let (indirect, has_end) = match read {
            Ok(read) => read,
            Err(ReadError::Damaged(_)) => {
                found.last = Some((reader.at, reader.at < self.bytes.len()));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        self.budget.keep(INDIRECT)?;
        self.note(indirect.duplicates);
        self.extents.push(indirect.extent.clone());
        let (number, end) = (indirect.number, indirect.extent.end);
        found.last = Some((end, has_end));
        found.places.insert(number, at);
        self.objects.remove(&number);
        if let Some(dictionary) = indirect.value.dictionary() {
            if dictionary.is_named("Type", "XRef") {
                learn(dictionary, found)?;
            } else if dictionary.is_named("Type", "ObjStm") {
                found.packed.push((number, at));
            }
            if dictionary.is_named("Type", "Catalog") {
                found.catalogue = Some(number);
            }
        }
        let is_root = found.catalogue == Some(number) || roots.contains(&Some(number));
        let root = is_root.then_some(number);
        self.take(indirect, root, before);
        Ok(Some(end))
    }

    /// Objects inside of streams of objects, unless one of that number stands behind the stream.
    fn mend_packed(&mut self, found: &Found) -> Result<(), ReadError> {
        let mut places = found.places.clone();
        for (stream, at) in &found.packed {
            // A stream in whose place another object has come holds nothing any more; one that cannot be unpacked neither.
            let Some(indirect) = self.objects.get(stream).filter(|_| found.places.get(stream) == Some(at)) else {
                continue;
            };
            let data = match unpack(self.bytes, indirect, &mut self.budget) {
                Ok(data) => data,
                Err(ReadError::Damaged(_)) => continue,
                Err(error) => return Err(error),
            };
            let Some(inside) = indirect.value.dictionary().map(|dictionary| inside(dictionary, &data, self.budget))
            else {
                continue;
            };
            for (number, start) in inside? {
                if places.get(&number).is_some_and(|known| known > at) {
                    continue;
                }
                places.insert(number, *at);
                self.objects.remove(&number);
                let before = self.budget;
                let mut reader = Reader::tolerant(&data, start, self.budget);
                let value = reader.object(0);
                self.budget = reader.budget;
                self.budget.walk(reader.at.saturating_sub(start))?;
                let Ok(value) = value else { continue };
                self.budget.keep(INDIRECT)?;
                self.note(Duplicates::of(&reader));
                let packed = Indirect { number, value, stream: None, extent: 0..0, duplicates: Duplicates::default() };
                let is_root =
                    packed.value.dictionary().is_some_and(|dictionary| dictionary.is_named("Type", "Catalog"));
                self.take(packed, is_root.then_some(number), before);
            }
        }
        Ok(())
    }
}

fn reference(object: &Object) -> Option<u32> {
    if let Object::Reference(number) = object { Some(*number) } else { None }
}

fn learn(trailer: &Dictionary, found: &mut Found) -> Result<(), ReadError> {
    if trailer.find("Encrypt").is_some_and(|encrypt| *encrypt != Object::Null) {
        return Err(ReadError::Encrypted);
    }
    if found.roots.len() >= limits::PDF_REVISIONS_MAX {
        return Err(ReadError::Limit(Limit::Revisions));
    }
    found.roots.extend(trailer.find("Root").cloned());
    Ok(())
}

/// Number and place of each object in a stream of objects, as its head says; nothing when it has none.
fn inside(dictionary: &Dictionary, data: &[u8], budget: Budget) -> Result<Vec<(u32, usize)>, ReadError> {
    let mut objects = Vec::new();
    let Some(first) = dictionary.find("First").and_then(Object::index) else { return Ok(objects) };
    let mut head = Reader::new(data.get(..first.min(data.len())).unwrap_or_default(), 0, budget);
    loop {
        head.skip_white();
        let Some(number) = head.unsigned().and_then(|number| u32::try_from(number).ok()) else { break };
        head.skip_white();
        let Some(offset) = head.unsigned().and_then(|offset| usize::try_from(offset).ok()) else { break };
        if objects.len() >= limits::PDF_OBJECTS_MAX {
            return Err(ReadError::Limit(Limit::Objects));
        }
        objects.push((number, first.saturating_add(offset)));
    }
    Ok(objects)
}

/// The object at the reader, and whether it has its end. The reader is left where it came to.
fn indirect(reader: &mut Reader<'_>) -> Result<(Indirect, bool), ReadError> {
    let at = reader.at;
    let number = reader.object_header().ok_or(BROKEN)?;
    reader.skip_white();
    let is_empty = reader.bytes.get(reader.at..).is_some_and(|rest| rest.starts_with(b"endobj"));
    let value = if is_empty { Object::Null } else { reader.object(0)? };
    reader.skip_white();
    let (mut stream, mut has_end) = (None, true);
    if let Object::Dictionary(dictionary) = &value
        && reader.take(b"stream")
    {
        let (range, ends) = stream_at(reader, dictionary);
        (stream, has_end) = (Some(range), ends);
        reader.skip_white();
    }
    let ends = reader.keyword("endobj") || reader.take(b"endobj");
    // One that only lacks its last word is followed by something.
    has_end &= ends || reader.at < reader.bytes.len();
    let extent = at..reader.at;
    Ok((Indirect { number, value, stream, extent, duplicates: Duplicates::of(reader) }, has_end))
}

/// Where a stream is, by its length where that is right and else by its last word, and whether it has one.
fn stream_at(reader: &mut Reader<'_>, dictionary: &Dictionary) -> (Range<usize>, bool) {
    if !reader.take(b"\r\n") && !reader.take(b"\n") {
        reader.take(b"\r");
    }
    let start = reader.at;
    let said = dictionary.find("Length").and_then(Object::index).and_then(|length| start.checked_add(length));
    if let Some(end) = said.filter(|end| *end <= reader.bytes.len()) {
        reader.at = end;
        reader.skip_white();
        if reader.take(b"endstream") {
            return (start..end, true);
        }
    }
    let found = find(reader.bytes, start, b"endstream");
    let end = found.unwrap_or(reader.bytes.len());
    reader.at = found.map_or(end, |end| end + 9);
    (start..end, found.is_some())
}

/// Where the next object begins whose number can be read: two numbers and `obj`.
fn next_object(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(place) = find(bytes, at, b"obj") {
        if let Some(start) = begin_of(bytes, place).filter(|start| *start >= from) {
            return Some(start);
        }
        at = place + 3;
    }
    None
}

/// Where `12 0 ` in front of a place begins.
fn begin_of(bytes: &[u8], place: usize) -> Option<usize> {
    /// Longer numbers and gaps stand in front of no object.
    const LONGEST: usize = 64;
    let before = bytes.get(place.saturating_sub(LONGEST)..place)?;
    let mut rest = before;
    let mut take = |wanted: fn(u8) -> bool| {
        let count = rest.iter().rev().take_while(|byte| wanted(**byte)).count();
        rest = rest.get(..rest.len() - count).unwrap_or_default();
        count
    };
    let is_digit: fn(u8) -> bool = |byte| byte.is_ascii_digit();
    take(is_white);
    let has_numbers = take(is_digit) > 0 && take(is_white) > 0 && take(is_digit) > 0;
    has_numbers.then_some(place - (before.len() - rest.len()))
}

fn find(bytes: &[u8], from: usize, word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut at = from;
    while let Some(place) = bytes.get(at..)?.iter().position(|byte| *byte == first) {
        at += place;
        if bytes.get(at..)?.starts_with(word) {
            return Some(at);
        }
        at += 1;
    }
    None
}
