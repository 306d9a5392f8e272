//! Writing DER.

use super::tag;

/// One element: tag, length, and the parts joined as its content.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    if let Ok(short) = u8::try_from(length)
        && short < 0x80
    {
        out.push(short);
    } else {
        let bytes = length.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        out.push(0x80 | (bytes.len() - zeros) as u8);
        out.extend(bytes.iter().skip(zeros));
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// A SEQUENCE of encoded elements.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(tag::SEQUENCE, parts)
}

/// A SET OF: the encoded elements in the order that DER asks for.
pub(crate) fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    element(tag::SET, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// An OBJECT IDENTIFIER from its content.
pub(crate) fn oid(content: &[u8]) -> Vec<u8> {
    element(tag::OID, &[content])
}

/// A non-negative INTEGER from big-endian bytes.
pub fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeros..).unwrap_or_default();
    match digits.first() {
        None => element(tag::INTEGER, &[&[0]]),
        Some(first) if *first >= 0x80 => element(tag::INTEGER, &[&[0], digits]),
        Some(_) => element(tag::INTEGER, &[digits]),
    }
}

/// A BIT STRING of whole bytes.
pub fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(tag::BIT_STRING, &[&[0], bytes])
}

pub(crate) fn octet_string(bytes: &[u8]) -> Vec<u8> {
    element(tag::OCTET_STRING, &[bytes])
}
