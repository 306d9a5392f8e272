//! A file taken apart in one pass, within a budget: where the cross-references say its objects are, each object where it
//! stands, streams unpacked. What comes out is plain data that nothing has to be read for again: of the thousands of
//! objects that say how a long document is laid out, nothing is kept.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io::Read as _,
    ops::Range,
};

use flate2::read::ZlibDecoder;

use crate::{
    limits,
    pdf::{
        active::{count, look_at},
        budget::Budget,
        findings::{ActiveContent, Ambiguity, Limit, Pages, ReadError},
        object::{Dictionary, Object, Reader},
        signature::is_signature,
    },
};

/// A file with those of its objects that somebody asks for later.
pub(crate) struct File<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) objects: HashMap<u32, Indirect>,
    pub(crate) catalogue: Dictionary,
    /// The packet that the catalogue names; empty when there is none, or none that can be unpacked.
    pub(crate) metadata: Vec<u8>,
    /// The bytes that an object or a table covers.
    pub(crate) extents: Vec<Range<usize>>,
    pub(crate) ambiguities: BTreeSet<Ambiguity>,
    /// What the file does or carries.
    pub(crate) active_content: BTreeSet<ActiveContent>,
    /// Its pages.
    pub(crate) pages: Pages,
    /// What looking at it may still cost.
    pub(crate) budget: Budget,
}

/// One numbered object.
pub(crate) struct Indirect {
    number: u32,
    pub(crate) value: Object,
    /// The bytes of its stream, as they stand in the file.
    pub(crate) stream: Option<Range<usize>>,
    /// From its number to `endobj`.
    extent: Range<usize>,
    has_duplicate_keys: bool,
}

/// Where one object is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Location {
    Free,
    At(usize),
    /// In a stream of objects, and which of them.
    Inside(u32, usize),
}

/// One section of cross-references: a table with its trailer, or a stream that is both.
struct Section {
    entries: Vec<(u32, Location)>,
    trailer: Dictionary,
}

/// What a line of the cross-references takes in memory, in every list that it comes to stand in.
const ENTRY: usize = 96;
/// What an object takes in memory besides its value.
const INDIRECT: usize = 192;

const BROKEN: ReadError = ReadError::Damaged("an object is not where the cross-references say");
const BROKEN_REFERENCES: ReadError = ReadError::Damaged("the cross-references cannot be read");
const UNKNOWN_PACKING: ReadError = ReadError::Damaged("a stream is packed in an unknown way");

impl<'a> File<'a> {
    /// Takes a file apart whose last cross-references begin at `start`.
    pub(crate) fn open(bytes: &'a [u8], start: usize) -> Result<Self, ReadError> {
        let mut file = Self {
            bytes,
            objects: HashMap::new(),
            catalogue: Dictionary::default(),
            metadata: Vec::new(),
            extents: Vec::new(),
            ambiguities: BTreeSet::new(),
            active_content: BTreeSet::new(),
            pages: Pages::default(),
            budget: Budget::new(bytes.len()),
        };
        let sections = file.sections(start)?;
        if sections.iter().any(|section| section.trailer.find("Encrypt").is_some()) {
            return Err(ReadError::Encrypted);
        }
        let mut places: HashMap<u32, Location> = HashMap::new();
        for (number, place) in sections.iter().flat_map(|section| &section.entries) {
            places.entry(*number).or_insert(*place);
        }
        let root = sections.first().and_then(|newest| newest.trailer.find("Root"));
        let root_number = if let Some(Object::Reference(number)) = root { Some(*number) } else { None };
        file.load(&sections, &places, root_number)?;
        file.load_packed(&places, root_number)?;
        let catalogue = file.resolve_dictionary(root).cloned();
        file.catalogue = catalogue.ok_or(ReadError::Damaged("it has no catalogue"))?;
        let packet = file.catalogue.reference("Metadata").and_then(|number| file.objects.get(&number));
        file.metadata = packet.and_then(|packet| unpack(bytes, packet, &mut file.budget).ok()).unwrap_or_default();
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

    /// Follows the chain of cross-references from the last one; the newest section is the first.
    fn sections(&mut self, start: usize) -> Result<Vec<Section>, ReadError> {
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
                if section.trailer.find("XRefStm").is_some() {
                    self.ambiguities.insert(Ambiguity::HybridReferences);
                }
                section
            } else {
                stream(self.bytes, at, &mut self.budget)?
            };
            self.note_duplicate_keys(reader.has_duplicate_keys);
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

    /// Every object that stands in the file itself, also those that a later revision replaced: they are read for what
    /// they cover, and only the newest is kept.
    fn load(
        &mut self,
        sections: &[Section],
        places: &HashMap<u32, Location>,
        root: Option<u32>,
    ) -> Result<(), ReadError> {
        let bytes = self.bytes;
        let length = |number: u32, budget: &mut Budget| match places.get(&number) {
            Some(Location::At(at)) => length_at(bytes, *at, number, budget),
            _ => Ok(None),
        };
        let mut seen = HashSet::new();
        for (number, place) in sections.iter().flat_map(|section| &section.entries) {
            let Location::At(at) = *place else { continue };
            // An offset of zero is how some writers mark what they do not use.
            if at == 0 || !seen.insert((*number, at)) {
                continue;
            }
            let before = self.budget;
            let indirect = indirect_at(bytes, at, &mut self.budget, &length)?;
            if indirect.number != *number {
                return Err(BROKEN);
            }
            self.note_duplicate_keys(indirect.has_duplicate_keys);
            self.extents.push(indirect.extent.clone());
            if places.get(number) == Some(place) {
                self.take(indirect, root, before);
            } else {
                self.budget.give_back(before);
            }
        }
        Ok(())
    }

    /// Objects inside of streams of objects.
    fn load_packed(&mut self, places: &HashMap<u32, Location>, root: Option<u32>) -> Result<(), ReadError> {
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
                return Err(ReadError::Limit(Limit::Objects));
            }
            let data = unpack(self.bytes, indirect, &mut self.budget)?;
            let mut header = Reader::new(&data, 0, self.budget);
            for position in 0..count {
                header.skip_white();
                let number = header.unsigned().and_then(|number| u32::try_from(number).ok()).ok_or(BROKEN)?;
                header.skip_white();
                let offset = header.unsigned().and_then(|offset| usize::try_from(offset).ok()).ok_or(BROKEN)?;
                if places.get(&number) != Some(&Location::Inside(stream, position)) {
                    continue;
                }
                let start = first.saturating_add(offset);
                let before = self.budget;
                let mut reader = Reader::new(&data, start, self.budget);
                let value = reader.object(0)?;
                self.budget = reader.budget;
                self.budget.walk(reader.at.saturating_sub(start))?;
                self.budget.keep(INDIRECT)?;
                self.note_duplicate_keys(reader.has_duplicate_keys);
                let packed = Indirect { number, value, stream: None, extent: 0..0, has_duplicate_keys: false };
                self.take(packed, root, before);
            }
        }
        Ok(())
    }

    /// Looks at what an object does, and keeps it if somebody asks for it later; `before` it was read, the budget was this.
    fn take(&mut self, indirect: Indirect, root: Option<u32>, before: Budget) {
        look_at(&indirect.value, indirect.stream.is_some(), &mut self.active_content);
        count(&indirect.value, &mut self.pages);
        if indirect.is_asked_for() || root == Some(indirect.number) {
            self.objects.insert(indirect.number, indirect);
        } else {
            self.budget.give_back(before);
        }
    }

    fn note_duplicate_keys(&mut self, has_duplicate_keys: bool) {
        if has_duplicate_keys {
            self.ambiguities.insert(Ambiguity::DuplicateKeys);
        }
    }
}

impl Indirect {
    /// Whether anything in it can matter to what is looked for: streams, signatures, fields with a value or with fields
    /// below them, lists of fields, texts.
    fn is_asked_for(&self) -> bool {
        const KEYS: [&str; 3] = ["Fields", "Kids", "V"];
        match &self.value {
            Object::Array(_) | Object::Text(_) => true,
            Object::Dictionary(dictionary) => {
                self.stream.is_some()
                    || KEYS.iter().any(|key| dictionary.find(key).is_some())
                    || is_signature(dictionary)
            }
            Object::Null
            | Object::Bool(_)
            | Object::Integer(_)
            | Object::Real
            | Object::Name(_)
            | Object::Reference(_) => false,
        }
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

/// Finds the number that a stream's length refers to.
type LengthOf<'a> = dyn Fn(u32, &mut Budget) -> Result<Option<usize>, ReadError> + 'a;

/// The object that begins at a place. `length` finds the number that a stream's length refers to.
fn indirect_at(bytes: &[u8], at: usize, budget: &mut Budget, length: &LengthOf<'_>) -> Result<Indirect, ReadError> {
    let mut reader = Reader::new(bytes, at, *budget);
    if reader.peek().is_none_or(|byte| !byte.is_ascii_digit()) {
        return Err(BROKEN);
    }
    let number = reader.object_header().ok_or(BROKEN)?;
    let value = reader.object(0)?;
    *budget = reader.budget;
    reader.skip_white();
    let mut stream = None;
    if let Object::Dictionary(dictionary) = &value
        && reader.keyword("stream")
    {
        if !reader.take(b"\r\n") && !reader.take(b"\n") {
            return Err(ReadError::Damaged("a stream does not begin where it must"));
        }
        let count = match dictionary.find("Length") {
            Some(Object::Reference(number)) => length(*number, budget)?,
            Some(direct) => direct.index(),
            None => None,
        };
        let wrong = ReadError::Damaged("a stream has a wrong length");
        let end =
            count.and_then(|count| reader.at.checked_add(count)).filter(|end| *end <= bytes.len()).ok_or(wrong)?;
        stream = Some(reader.at..end);
        reader.at = end;
        reader.skip_white();
        if !reader.keyword("endstream") {
            return Err(wrong);
        }
        reader.skip_white();
    }
    if !reader.keyword("endobj") {
        return Err(ReadError::Damaged("an object does not end"));
    }
    budget.walk(reader.at.saturating_sub(at))?;
    budget.keep(INDIRECT)?;
    Ok(Indirect { number, value, stream, extent: at..reader.at, has_duplicate_keys: reader.has_duplicate_keys })
}

/// The number that stands as the object `number` at a place: the length of a stream.
fn length_at(bytes: &[u8], at: usize, number: u32, budget: &mut Budget) -> Result<Option<usize>, ReadError> {
    let mut reader = Reader::new(bytes, at, *budget);
    let found = reader.object_header().filter(|found| *found == number);
    reader.skip_white();
    let length = found.and_then(|_| reader.unsigned()).and_then(|value| usize::try_from(value).ok());
    // Many streams may name one length, and a comment before it may be long.
    budget.walk(reader.at.saturating_sub(at))?;
    Ok(length)
}

/// The contents of a stream that is plain or packed the usual way.
fn unpack(bytes: &[u8], indirect: &Indirect, budget: &mut Budget) -> Result<Vec<u8>, ReadError> {
    let broken = ReadError::Damaged("a stream cannot be unpacked");
    let raw = indirect.stream.clone().and_then(|range| bytes.get(range)).ok_or(broken)?;
    let dictionary = indirect.value.dictionary().ok_or(BROKEN)?;
    let filters: Vec<&[u8]> = match dictionary.find("Filter") {
        None | Some(Object::Null) => vec![],
        Some(Object::Name(name)) => vec![name],
        Some(Object::Array(names)) => names
            .iter()
            .filter_map(|name| if let Object::Name(name) = name { Some(name.as_slice()) } else { None })
            .collect(),
        Some(_) => return Err(BROKEN),
    };
    match filters.as_slice() {
        [] if raw.len() > budget.stream() => return Err(ReadError::Limit(Limit::Streams)),
        [] => {
            budget.unpack(raw.len())?;
            return Ok(raw.to_vec());
        }
        [filter] if *filter == b"FlateDecode" => {}
        _ => return Err(UNKNOWN_PACKING),
    }
    // Looking through what is packed costs time even when nothing comes out of it.
    budget.walk(raw.len())?;
    let limit = budget.stream();
    let mut data = Vec::new();
    let count = ZlibDecoder::new(raw).take(limit as u64 + 1).read_to_end(&mut data).map_err(|_| broken)?;
    if count > limit {
        return Err(ReadError::Limit(Limit::Streams));
    }
    budget.unpack(count)?;
    let parameters = match dictionary.find("DecodeParms") {
        Some(Object::Array(items)) => items.first().and_then(Object::dictionary),
        Some(object) => object.dictionary(),
        None => None,
    };
    match parameters {
        Some(parameters) if parameters.integer("Predictor").unwrap_or(1) > 1 => unpredict(&data, parameters),
        _ => Ok(data),
    }
}

/// Undoes the row filters of PNG.
fn unpredict(data: &[u8], parameters: &Dictionary) -> Result<Vec<u8>, ReadError> {
    let columns = parameters.integer("Columns").and_then(|columns| usize::try_from(columns).ok()).unwrap_or(1);
    let predictor = parameters.integer("Predictor").unwrap_or(1);
    let simple =
        parameters.integer("Colors").unwrap_or(1) == 1 && parameters.integer("BitsPerComponent").unwrap_or(8) == 8;
    if predictor < 10 || !simple || columns == 0 || columns > 65_536 {
        return Err(UNKNOWN_PACKING);
    }
    let mut out = Vec::with_capacity(data.len());
    let mut above = vec![0_u8; columns];
    for row in data.chunks_exact(columns + 1) {
        let (kind, values) = row.split_first().ok_or(BROKEN)?;
        let (mut left, mut corner) = (0_u8, 0_u8);
        for (value, up) in values.iter().zip(above.iter_mut()) {
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => *up,
                3 => u8::midpoint(left, *up),
                4 => paeth(left, *up, corner),
                _ => return Err(UNKNOWN_PACKING),
            };
            corner = *up;
            left = value.wrapping_add(guess);
            *up = left;
            out.push(left);
        }
    }
    Ok(out)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let far = |value: u8| (guess - i16::from(value)).abs();
    if far(left) <= far(up) && far(left) <= far(corner) {
        left
    } else if far(up) <= far(corner) {
        up
    } else {
        corner
    }
}
