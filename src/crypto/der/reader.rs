//! Reading DER: definite, shortest lengths and low tag numbers only, every byte accounted for.

use thiserror::Error;

use super::tag;
use crate::limits::DER_DEPTH_MAX;

/// Bytes that are not the DER that was expected.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not the DER structure that was expected")]
pub struct NotDer;

/// A tag, a length and a content (X.690, 8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The content octets.
    pub content: &'a [u8],
    /// All octets of the element.
    pub raw: &'a [u8],
}

/// Reads the elements of one level in order. Nesting is followed by the caller, who asks for a fixed structure, so
/// that no input decides how deep we go.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader over elements.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all has been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element.
    ///
    /// # Errors
    ///
    /// [`NotDer`] when the bytes end first, or a tag or a length is not in its shortest form.
    pub(crate) fn element(&mut self) -> Result<Element<'a>, NotDer> {
        let (&tag, after_tag) = self.rest.split_first().ok_or(NotDer)?;
        if tag & 0x1f == 0x1f {
            return Err(NotDer);
        }
        let (&first, after_length) = after_tag.split_first().ok_or(NotDer)?;
        let (length, body) = if first < 0x80 {
            (usize::from(first), after_length)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return Err(NotDer);
            }
            let digits = after_length.get(..count).ok_or(NotDer)?;
            let length = digits.iter().fold(0_u64, |length, byte| (length << 8) | u64::from(*byte));
            // The shortest form is the only one.
            if digits.first() == Some(&0) || length < 0x80 {
                return Err(NotDer);
            }
            (usize::try_from(length).map_err(|_| NotDer)?, after_length.get(count..).ok_or(NotDer)?)
        };
        let content = body.get(..length).ok_or(NotDer)?;
        let rest = body.get(length..).ok_or(NotDer)?;
        let raw = self.rest.get(..self.rest.len() - rest.len()).ok_or(NotDer)?;
        self.rest = rest;
        Ok(Element { tag, content, raw })
    }

    /// The next element, which must have this tag.
    ///
    /// # Errors
    ///
    /// [`NotDer`] when there is none or it has another tag.
    pub fn expect(&mut self, tag: u8) -> Result<Element<'a>, NotDer> {
        let element = self.element()?;
        if element.tag == tag { Ok(element) } else { Err(NotDer) }
    }

    /// The next element if it has this tag.
    ///
    /// # Errors
    ///
    /// [`NotDer`] when it has this tag and is cut short.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, NotDer> {
        if self.peek() == Some(tag) { self.element().map(Some) } else { Ok(None) }
    }

    /// A reader over the content of the next element, which must have this tag.
    ///
    /// # Errors
    ///
    /// [`NotDer`] when there is none or it has another tag.
    pub fn enter(&mut self, tag: u8) -> Result<Reader<'a>, NotDer> {
        self.expect(tag).map(|element| Reader::new(element.content))
    }

    /// A reader over the SEQUENCE that comes next.
    ///
    /// # Errors
    ///
    /// [`NotDer`] when something else comes.
    pub fn sequence(&mut self) -> Result<Reader<'a>, NotDer> {
        self.enter(tag::SEQUENCE)
    }

    /// The content of the OBJECT IDENTIFIER that comes next.
    ///
    /// # Errors
    ///
    /// [`NotDer`] when something else comes.
    pub(crate) fn oid(&mut self) -> Result<&'a [u8], NotDer> {
        self.expect(tag::OID).map(|element| element.content)
    }

    /// The digits of the non-negative INTEGER that comes next, without the leading zero.
    ///
    /// # Errors
    ///
    /// [`NotDer`], also when the number is negative or not in its shortest form.
    pub fn unsigned(&mut self) -> Result<&'a [u8], NotDer> {
        let content = self.expect(tag::INTEGER)?.content;
        match content {
            [] => Err(NotDer),
            [first, ..] if *first >= 0x80 => Err(NotDer),
            [0, second, ..] if *second < 0x80 => Err(NotDer),
            [0, rest @ ..] if !rest.is_empty() => Ok(rest),
            _ => Ok(content),
        }
    }

    /// The bytes of the BIT STRING of whole bytes that comes next.
    ///
    /// # Errors
    ///
    /// [`NotDer`] when something else comes, or bits of the last byte are unused.
    pub fn bit_string(&mut self) -> Result<&'a [u8], NotDer> {
        match self.expect(tag::BIT_STRING)?.content {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(NotDer),
        }
    }

    /// The end: nothing may follow.
    ///
    /// # Errors
    ///
    /// [`NotDer`] when something does.
    pub fn finish(self) -> Result<(), NotDer> {
        if self.rest.is_empty() { Ok(()) } else { Err(NotDer) }
    }
}

/// Checks that the bytes are exactly one element and that every constructed element inside is strict DER too, no
/// deeper than [`DER_DEPTH_MAX`]. For structures that a more lenient parser reads afterwards.
///
/// # Errors
///
/// [`NotDer`] when they are not, or are nested deeper.
pub(crate) fn check_strict(bytes: &[u8]) -> Result<(), NotDer> {
    let mut outer = Reader::new(bytes);
    let mut levels = vec![Reader::new(outer.element()?.raw)];
    outer.finish()?;
    while let Some(level) = levels.last_mut() {
        if level.is_empty() {
            levels.pop();
            continue;
        }
        let element = level.element()?;
        let sound = match element.tag {
            tag::BOOLEAN => matches!(element.content, [0 | 0xff]),
            tag::NULL => element.content.is_empty(),
            // The last byte of an arc has its high bit clear, and no arc begins with padding.
            tag::OID => is_oid(element.content),
            // SEQUENCE and SET are always constructed.
            0x10 | 0x11 => false,
            _ => true,
        };
        if !sound {
            return Err(NotDer);
        }
        if element.tag & 0x20 != 0 {
            if levels.len() >= DER_DEPTH_MAX {
                return Err(NotDer);
            }
            levels.push(Reader::new(element.content));
        }
    }
    Ok(())
}

fn is_oid(content: &[u8]) -> bool {
    let mut start_of_arc = true;
    for byte in content {
        if start_of_arc && *byte == 0x80 {
            return false;
        }
        start_of_arc = *byte < 0x80;
    }
    start_of_arc && !content.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::writer;

    #[test]
    fn only_the_shortest_definite_form_is_read() {
        let check = |bytes: &[u8], sound: bool| {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.element().and_then(|_| reader.finish()).is_ok(), sound, "{bytes:02x?}");
        };
        check(&[0x04, 0x00], true);
        check(&[0x04, 0x01, 0x00], true);
        check(&[0x04, 0x81, 0x01, 0x00], false);
        check(&[0x04, 0x80, 0x00, 0x00], false);
        check(&[0x04, 0x82, 0x00, 0x81], false);
        check(&[0x1f, 0x01, 0x00], false);
        check(&[0x04, 0x02, 0x00], false);
        check(&[0x04, 0x00, 0x00], false);
        check(&[0x04, 0x85, 1, 1, 1, 1, 1], false);
        check(&[0x04, 0xff], false);
        check(&[0x04], false);
        check(&[], false);
        check(&writer::octet_string(&[7; 127]), true);
        check(&writer::octet_string(&[7; 128]), true);
        check(&writer::octet_string(&vec![7; 70_000]), true);
    }

    #[test]
    fn integers_are_read_in_their_shortest_form() {
        let check = |content: &[u8], digits: Option<&[u8]>| {
            let bytes = writer::element(tag::INTEGER, &[content]);
            assert_eq!(Reader::new(&bytes).unsigned().ok(), digits, "{content:02x?}");
        };
        check(&[0], Some(&[0]));
        check(&[1], Some(&[1]));
        check(&[0, 0x80], Some(&[0x80]));
        check(&[0, 0x7f], None);
        check(&[0x80], None);
        check(&[], None);
        assert_eq!(writer::unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(writer::unsigned(&[]), [2, 1, 0]);
    }

    #[test]
    fn structures_are_followed_to_the_deepest_level_allowed_and_no_further() {
        let nested = |levels: usize| (1..levels).fold(writer::sequence(&[]), |inner, _| writer::sequence(&[&inner]));
        assert_eq!(check_strict(&nested(DER_DEPTH_MAX - 1)), Ok(()));
        assert_eq!(check_strict(&nested(DER_DEPTH_MAX)), Err(NotDer));
        assert_eq!(check_strict(&[0x30, 0x80, 0, 0]), Err(NotDer));
        assert_eq!(check_strict(&writer::sequence(&[&[1, 1, 1]])), Err(NotDer));
        assert_eq!(check_strict(&writer::sequence(&[&[6, 1, 0x80]])), Err(NotDer));
        assert_eq!(check_strict(&writer::sequence(&[&[4, 0x81, 1, 0]])), Err(NotDer));
        assert_eq!(check_strict(&[0x05, 0, 0x05, 0]), Err(NotDer));
    }
}
