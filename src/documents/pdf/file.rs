//! A file taken apart in one pass, within a budget: where the cross-references say its objects are, each object where it
//! stands, streams unpacked. What comes out is plain data that nothing has to be read for again: of the thousands of
//! objects that say how a long document is laid out, nothing is kept.

mod mend;
mod references;
mod unpack;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
};

use self::unpack::unpack;
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
    duplicates: Duplicates,
}

/// Whether a dictionary had one key twice, and with two values.
#[derive(Clone, Copy, Default)]
struct Duplicates {
    are_there: bool,
    differ: bool,
}

impl Duplicates {
    fn of(reader: &Reader<'_>) -> Self {
        Self { are_there: reader.has_duplicate_keys, differ: reader.has_conflicting_keys }
    }
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

impl<'a> File<'a> {
    /// Takes a file apart whose last cross-references begin at `start`.
    pub(crate) fn open(bytes: &'a [u8], start: usize) -> Result<Self, ReadError> {
        let mut file = Self::unread(bytes);
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
        file.begin_at(root)
    }

    fn unread(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            objects: HashMap::new(),
            catalogue: Dictionary::default(),
            metadata: Vec::new(),
            extents: Vec::new(),
            ambiguities: BTreeSet::new(),
            active_content: BTreeSet::new(),
            pages: Pages::default(),
            budget: Budget::new(bytes.len()),
        }
    }

    /// With its catalogue and what that names.
    fn begin_at(mut self, root: Option<&Object>) -> Result<Self, ReadError> {
        self.catalogue = self.resolve_dictionary(root).cloned().ok_or(ReadError::Damaged("it has no catalogue"))?;
        let packet = self.catalogue.reference("Metadata").and_then(|number| self.objects.get(&number));
        self.metadata = packet.and_then(|packet| unpack(self.bytes, packet, &mut self.budget).ok()).unwrap_or_default();
        Ok(self)
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
            self.note(indirect.duplicates);
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
                self.note(Duplicates::of(&reader));
                let packed = Indirect { number, value, stream: None, extent: 0..0, duplicates: Duplicates::default() };
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

    fn note(&mut self, duplicates: Duplicates) {
        if duplicates.are_there {
            self.ambiguities.insert(Ambiguity::DuplicateKeys);
        }
        if duplicates.differ {
            self.ambiguities.insert(Ambiguity::ConflictingKeys);
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
    Ok(Indirect { number, value, stream, extent: at..reader.at, duplicates: Duplicates::of(&reader) })
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
