//! The objects of a PDF file, read from bytes that anybody may have written.

use std::ops::Range;

use crate::{
    limits,
    pdf::{
        budget::Budget,
        findings::{Limit, ReadError},
    },
};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Object {
    Null,
    Bool(bool),
    Integer(i64),
    Real,
    Name(Vec<u8>),
    /// Boxed, because most objects are numbers and should stay small.
    Text(Box<TextObject>),
    Array(Vec<Object>),
    Dictionary(Dictionary),
    Reference(u32),
}

/// A string, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TextObject {
    pub(crate) bytes: Vec<u8>,
    /// From the opening to behind the closing bracket.
    pub(crate) at: Range<usize>,
    pub(crate) is_hexadecimal: bool,
}

/// Keys and values in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Dictionary(pub(crate) Vec<(Vec<u8>, Object)>);

impl Dictionary {
    pub(crate) fn find(&self, key: &str) -> Option<&Object> {
        self.0.iter().find(|(name, _)| name == key.as_bytes()).map(|(_, value)| value)
    }

    pub(crate) fn integer(&self, key: &str) -> Option<i64> {
        match self.find(key) {
            Some(Object::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn name(&self, key: &str) -> Option<&[u8]> {
        match self.find(key) {
            Some(Object::Name(name)) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn array(&self, key: &str) -> Option<&[Object]> {
        match self.find(key) {
            Some(Object::Array(items)) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn reference(&self, key: &str) -> Option<u32> {
        match self.find(key) {
            Some(Object::Reference(number)) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn is_named(&self, key: &str, name: &str) -> bool {
        self.name(key) == Some(name.as_bytes())
    }
}

impl Object {
    pub(crate) fn dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }

    pub(crate) fn index(&self) -> Option<usize> {
        match self {
            Self::Integer(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }
}

pub(crate) fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

/// Reads objects from a place onwards.
pub(crate) struct Reader<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
    /// A dictionary had one key twice: two readers may see two documents.
    pub(crate) has_duplicate_keys: bool,
    /// And with two values: they do.
    pub(crate) has_conflicting_keys: bool,
    /// Whether what cannot be read is left out, as the programs do that show such files.
    is_tolerant: bool,
    /// What reading may still cost: an object takes more memory than it takes bytes in the file.
    pub(crate) budget: Budget,
}

type Read<T> = Result<T, ReadError>;

const BROKEN: ReadError = ReadError::Damaged("an object cannot be read");

/// What a piece of memory costs at least, however little is in it.
const ALLOCATION: usize = 16;

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize, budget: Budget) -> Self {
        Self { bytes, at, has_duplicate_keys: false, has_conflicting_keys: false, is_tolerant: false, budget }
    }

    /// One that leaves out what cannot be read.
    pub(crate) fn tolerant(bytes: &'a [u8], at: usize, budget: Budget) -> Self {
        Self { is_tolerant: true, ..Self::new(bytes, at, budget) }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(crate) fn skip_white(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                    self.at += 1;
                }
            } else if is_white(byte) {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// Takes these exact bytes, if they come next.
    pub(crate) fn take(&mut self, word: &[u8]) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if found {
            self.at += word.len();
        }
        found
    }

    /// Takes a keyword that ends where a word ends.
    pub(crate) fn keyword(&mut self, word: &str) -> bool {
        let start = self.at;
        if self.take(word.as_bytes()) && self.peek().is_none_or(|byte| is_white(byte) || is_delimiter(byte)) {
            return true;
        }
        self.at = start;
        false
    }

    /// A number of digits only.
    pub(crate) fn unsigned(&mut self) -> Option<u64> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) && self.at - start < 18 {
            self.at += 1;
        }
        let digits = self.bytes.get(start..self.at)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// `12 0 obj`: the object's number.
    pub(crate) fn object_header(&mut self) -> Option<u32> {
        let number = u32::try_from(self.unsigned()?).ok()?;
        self.skip_white();
        self.unsigned()?;
        self.skip_white();
        self.keyword("obj").then_some(number)
    }

    pub(crate) fn object(&mut self, depth: usize) -> Read<Object> {
        if depth > limits::PDF_DEPTH_MAX {
            return Err(ReadError::Limit(Limit::Depth));
        }
        // Twice, because a list that grows has room for as much again.
        self.budget.keep(2 * size_of::<Object>())?;
        self.skip_white();
        match self.peek().ok_or(BROKEN)? {
            b'/' => self.name().map(Object::Name),
            b'(' => self.literal_text(),
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => self.dictionary(depth).map(Object::Dictionary),
            b'<' => self.hexadecimal_text(),
            b'[' => self.array(depth),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number(),
            _ if self.is_at_end() => Err(BROKEN),
            _ if self.keyword("null") => Ok(Object::Null),
            _ if self.keyword("true") => Ok(Object::Bool(true)),
            _ if self.keyword("false") => Ok(Object::Bool(false)),
            _ if self.is_tolerant => {
                self.skip_word();
                Ok(Object::Null)
            }
            _ => Err(BROKEN),
        }
    }

    /// Passes over what is no object: a word, or a bracket that closes nothing.
    fn skip_word(&mut self) {
        self.at += 1;
        while self.peek().is_some_and(|byte| !is_white(byte) && !is_delimiter(byte)) {
            self.at += 1;
        }
    }

    /// Whether an object ends here that others say is still open; only those are asked that leave out what is missing.
    fn is_at_end(&self) -> bool {
        const ENDS: [&[u8]; 3] = [b"endobj", b"endstream", b"stream"];
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.is_tolerant && (rest.is_empty() || ENDS.iter().any(|end| rest.starts_with(end)))
    }

    fn name(&mut self) -> Read<Vec<u8>> {
        self.at += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| !is_white(*byte) && !is_delimiter(*byte)) {
            self.at += 1;
            if byte == b'#' {
                let mut digits = self.bytes.get(self.at..).unwrap_or_default().iter().copied().map(hexadecimal);
                match (digits.next().flatten(), digits.next().flatten()) {
                    (Some(high), Some(low)) => {
                        self.at += 2;
                        name.push(high << 4 | low);
                    }
                    // Before PDF 1.2 it was a character like the others.
                    _ if self.is_tolerant => name.push(byte),
                    _ => return Err(BROKEN),
                }
            } else {
                name.push(byte);
            }
            if name.len() > 127 * 4 {
                return Err(ReadError::Limit(Limit::Names));
            }
        }
        self.budget.keep(ALLOCATION + name.len())?;
        Ok(name)
    }

    /// A number, or a reference when two more words say so.
    fn number(&mut self) -> Read<Object> {
        let start = self.at;
        while self.peek().is_some_and(|byte| matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9')) {
            self.at += 1;
        }
        if self.peek().is_some_and(|byte| !is_white(byte) && !is_delimiter(byte)) && !self.is_tolerant {
            return Err(BROKEN);
        }
        let text = self.bytes.get(start..self.at).and_then(|text| std::str::from_utf8(text).ok()).ok_or(BROKEN)?;
        if text.contains('.') {
            let is_number = self.is_tolerant || text.parse::<f64>().is_ok();
            return if is_number { Ok(Object::Real) } else { Err(BROKEN) };
        }
        let value: i64 = match text.parse() {
            Ok(value) => value,
            Err(_) if self.is_tolerant => return Ok(Object::Real),
            Err(_) => return Err(BROKEN),
        };
        let after = self.at;
        if let Ok(number) = u32::try_from(value) {
            self.skip_white();
            if self.unsigned().is_some() {
                self.skip_white();
                if self.keyword("R") {
                    return Ok(Object::Reference(number));
                }
            }
        }
        self.at = after;
        Ok(Object::Integer(value))
    }

    fn literal_text(&mut self) -> Read<Object> {
        let start = self.at;
        self.at += 1;
        let mut bytes = Vec::new();
        let mut depth = 1;
        loop {
            match self.next().ok_or(BROKEN)? {
                b'(' => {
                    depth += 1;
                    self.add(&mut bytes, b'(')?;
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                    self.add(&mut bytes, b')')?;
                }
                b'\\' => self.escape(&mut bytes)?,
                byte => self.add(&mut bytes, byte)?,
            }
        }
        self.text(bytes, start, false)
    }

    /// Adds a byte to a text, which is charged as it grows: one that never ends must not grow until it is known to end.
    fn add(&mut self, bytes: &mut Vec<u8>, byte: u8) -> Read<()> {
        if bytes.len() == bytes.capacity() {
            if bytes.len() >= limits::PDF_TEXT_BYTES_MAX {
                return Err(ReadError::Limit(Limit::Memory));
            }
            self.budget.keep(bytes.capacity().max(ALLOCATION))?;
        }
        bytes.push(byte);
        Ok(())
    }

    fn text(&mut self, bytes: Vec<u8>, start: usize, is_hexadecimal: bool) -> Read<Object> {
        self.budget.keep(ALLOCATION + size_of::<TextObject>())?;
        Ok(Object::Text(Box::new(TextObject { bytes, at: start..self.at, is_hexadecimal })))
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) -> Read<()> {
        match self.next().ok_or(BROKEN)? {
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'b' => bytes.push(8),
            b'f' => bytes.push(12),
            b'\r' => {
                self.take(b"\n");
            }
            b'\n' => {}
            digit @ b'0'..=b'7' => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    let Some(digit) = self.peek().filter(|byte| matches!(byte, b'0'..=b'7')) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                bytes.push(value as u8);
            }
            byte => bytes.push(byte),
        }
        Ok(())
    }

    fn hexadecimal_text(&mut self) -> Read<Object> {
        let start = self.at;
        let rest = self.bytes.get(start + 1..).unwrap_or_default();
        let Some(length) = rest.iter().position(|byte| *byte == b'>') else {
            // What was looked through is charged.
            self.at = self.bytes.len();
            return Err(BROKEN);
        };
        let digits = rest.get(..length).unwrap_or_default();
        self.at = start + length + 2;
        self.budget.keep(length / 2 + 1)?;
        let mut bytes = Vec::with_capacity(length / 2 + 1);
        let mut half = None;
        for byte in digits.iter().filter(|byte| !is_white(**byte)) {
            let digit = match hexadecimal(*byte) {
                Some(digit) => digit,
                None if self.is_tolerant => continue,
                None => return Err(BROKEN),
            };
            match half.take() {
                Some(high) => bytes.push(high << 4 | digit),
                None => half = Some(digit),
            }
        }
        bytes.extend(half.map(|high: u8| high << 4));
        self.text(bytes, start, true)
    }

    fn array(&mut self, depth: usize) -> Read<Object> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_white();
            if self.take(b"]") || self.is_at_end() {
                return Ok(Object::Array(items));
            }
            if items.len() >= limits::PDF_ENTRIES_MAX {
                return Err(ReadError::Limit(Limit::Entries));
            }
            items.push(self.object(depth + 1)?);
        }
    }

    fn dictionary(&mut self, depth: usize) -> Read<Dictionary> {
        self.at += 2;
        let mut entries: Vec<(Vec<u8>, Object)> = Vec::new();
        loop {
            self.skip_white();
            if self.take(b">>") || self.is_at_end() {
                break;
            }
            if self.peek() != Some(b'/') {
                if !self.is_tolerant {
                    return Err(BROKEN);
                }
                self.object(depth + 1)?;
                continue;
            }
            if entries.len() >= limits::PDF_ENTRIES_MAX {
                return Err(ReadError::Limit(Limit::Entries));
            }
            let name = self.name()?;
            self.budget.keep(2 * size_of::<Vec<u8>>())?;
            self.skip_white();
            // A key without a value.
            let is_alone = self.is_tolerant && self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b">>"));
            let value = if is_alone || self.is_at_end() { Object::Null } else { self.object(depth + 1)? };
            entries.push((name, value));
        }
        let mut sorted: Vec<&(Vec<u8>, Object)> = entries.iter().collect();
        sorted.sort_by_key(|(name, _)| name);
        for pair in sorted.windows(2) {
            if let [first, second] = pair
                && first.0 == second.0
            {
                self.has_duplicate_keys = true;
                self.has_conflicting_keys |= first.1 != second.1;
            }
        }
        Ok(Dictionary(entries))
    }
}

fn hexadecimal(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(text: &str) -> Reader<'_> {
        Reader::new(text.as_bytes(), 0, Budget::new(text.len()))
    }

    fn read(text: &str) -> Read<Object> {
        reader(text).object(0)
    }

    #[test]
    fn objects_are_read_as_the_standard_writes_them() {
        let check = |text: &str, expected: Object| assert_eq!(read(text).unwrap(), expected, "{text}");
        check("12 0 R", Object::Reference(12));
        check("12 0 Rx", Object::Integer(12));
        check("-7", Object::Integer(-7));
        check("3.14", Object::Real);
        check("/A#42c", Object::Name(b"ABc".to_vec()));
        check("[1 null true]", Object::Array(vec![Object::Integer(1), Object::Null, Object::Bool(true)]));
        let text = |bytes: &[u8], end, is_hexadecimal| {
            Object::Text(Box::new(TextObject { bytes: bytes.to_vec(), at: 0..end, is_hexadecimal }))
        };
        check("(a(b)\\)\\101\\\n)", text(b"a(b))A", 14, false));
        check("<48 656>", text(b"He`", 8, true));
        for broken in ["", "<<", "<</A>>", "(a", "<4x>", "[1", "nul", "1x", "--1", "/A#4", "<</A 1 2>>"] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn nesting_is_read_to_the_limit_and_not_beyond() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(limits::PDF_DEPTH_MAX)).is_ok());
        assert!(matches!(read(&nested(limits::PDF_DEPTH_MAX + 1)), Err(ReadError::Limit(_))));
        assert!(matches!(read(&nested(1_000_000)), Err(ReadError::Limit(_))));
    }

    #[test]
    fn a_key_that_occurs_twice_is_noticed() {
        let mut reader = reader("<</A 1/B<</C 1/C 2>>>>");
        reader.object(0).unwrap();
        assert!(reader.has_duplicate_keys);
    }
}
