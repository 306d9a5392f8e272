//! BER as DER: what other programs write with indefinite or long lengths and in pieces (X.690 §8), written again as one
//! encoding that [`crate::der::reader`] can read.

use crate::{
    der::{tag, writer},
    limits::DER_DEPTH_MAX,
};

/// The first element of some bytes in definite, shortest lengths and undivided strings; none when there is no element.
pub(super) fn to_der(bytes: &[u8]) -> Option<Vec<u8>> {
    element(bytes, 0).map(|(der, _)| der)
}

/// What stands before the content of an element.
struct Head<'a> {
    tag: &'a [u8],
    /// None when the end is marked, not counted.
    length: Option<usize>,
    content: &'a [u8],
}

fn head(bytes: &[u8]) -> Option<Head<'_>> {
    let first = *bytes.first()?;
    let mut tag_length = 1;
    if first & 0x1f == 0x1f {
        // A number of several bytes; all but the last have their high bit set.
        tag_length += bytes.get(1..)?.iter().take(4).position(|byte| *byte < 0x80)? + 1;
    }
    let (tag, rest) = bytes.split_at_checked(tag_length)?;
    let (&length, rest) = rest.split_first()?;
    let (length, content) = match length {
        0..0x80 => (Some(usize::from(length)), rest),
        0x80 => (None, rest),
        _ => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let length = digits.iter().try_fold(0_usize, |length, byte| {
                length.checked_mul(256).and_then(|length| length.checked_add(usize::from(*byte)))
            })?;
            (Some(length), rest)
        }
    };
    Some(Head { tag, length, content })
}

/// One element as DER, and what follows it.
fn element(bytes: &[u8], depth: usize) -> Option<(Vec<u8>, &[u8])> {
    let head = head(bytes)?;
    let first = *head.tag.first()?;
    let is_constructed = first & 0x20 != 0;
    if depth > DER_DEPTH_MAX {
        return None;
    }
    let (mut parts, rest) = match head.length {
        Some(length) => {
            let (content, rest) = head.content.split_at_checked(length)?;
            if !is_constructed {
                return Some((with_head(head.tag, &[content]), rest));
            }
            (elements(content, depth)?, rest)
        }
        None if is_constructed => until_end(head.content, depth)?,
        None => return None,
    };
    // A string in pieces is the string; so is one under a tag of its context, as CMS has it, when it holds nothing else.
    if first == tag::OCTET_STRING | 0x20 {
        for part in &mut parts {
            *part = content_of(part, tag::OCTET_STRING)?;
        }
        return Some((writer::element(tag::OCTET_STRING, &slices(&parts)), rest));
    }
    Some((with_head(head.tag, &slices(&parts)), rest))
}

fn elements(mut bytes: &[u8], depth: usize) -> Option<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let (part, rest) = element(bytes, depth + 1)?;
        parts.push(part);
        bytes = rest;
    }
    Some(parts)
}

/// Elements up to the mark of two zeros, and what follows it.
fn until_end(mut bytes: &[u8], depth: usize) -> Option<(Vec<Vec<u8>>, &[u8])> {
    let mut parts = Vec::new();
    loop {
        if let Some(rest) = bytes.strip_prefix(&[0, 0]) {
            return Some((parts, rest));
        }
        let (part, rest) = element(bytes, depth + 1)?;
        parts.push(part);
        bytes = rest;
    }
}

fn with_head(tag: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let (first, more) = tag.split_first().map_or((0, tag), |(first, more)| (*first, more));
    let mut written = writer::element(first, parts);
    written.splice(1..1, more.iter().copied());
    written
}

/// The content of an element of that tag that is DER already.
fn content_of(der: &[u8], tag: u8) -> Option<Vec<u8>> {
    let head = head(der)?;
    (head.tag == [tag]).then(|| head.content.to_vec())
}

fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_element_becomes_the_one_of_der() {
        let check = |bytes: &[u8], der: Option<&[u8]>| assert_eq!(to_der(bytes).as_deref(), der, "{bytes:02x?}");
        check(&[0x30, 0x80, 2, 1, 7, 0, 0], Some(&[0x30, 3, 2, 1, 7]));
        check(&[0x30, 0x82, 0, 3, 2, 1, 7], Some(&[0x30, 3, 2, 1, 7]));
        check(&[0x30, 3, 2, 1, 7, 9, 9], Some(&[0x30, 3, 2, 1, 7]));
        check(&[0x24, 0x80, 4, 1, 1, 4, 2, 2, 3, 0, 0], Some(&[4, 3, 1, 2, 3]));
        check(&[0x24, 6, 0x24, 4, 4, 2, 2, 3], Some(&[4, 2, 2, 3]));
        check(&[0xa0, 0x80, 0x24, 0x80, 4, 1, 1, 0, 0, 0, 0], Some(&[0xa0, 3, 4, 1, 1]));
        check(&[0x1f, 0x81, 1, 1, 5], Some(&[0x1f, 0x81, 1, 1, 5]));
        for broken in [&[][..], &[0x30], &[0x30, 2, 1], &[0x30, 0x80, 2, 1, 7], &[4, 0x80, 0, 0], &[0x24, 3, 2, 1, 7]] {
            check(broken, None);
        }
        check(&[&[0x30, 0x89][..], &[0xff; 20]].concat(), None);
        check(&vec![0x30; 100_000], None);
        check(&[0x30, 0x80].repeat(100_000), None);
    }
}
