//! The signatures of a file, also those that somebody tried to hide or to bend.

use std::{collections::HashSet, ops::Range, rc::Rc};

use crypto::digest::{Digest, DigestAlgorithm, Hasher};

use crate::{
    limits,
    pdf::{
        budget::Budget,
        file::File,
        findings::{Ambiguity, Limit, ReadError},
        object::{Dictionary, Object},
    },
};

/// What is wrong with the frame of a signature, before its mathematics is even looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureProblem {
    /// The byte range is missing, or is not everything around the signature.
    ByteRange,
    /// The signature is missing, empty, or is not hexadecimal in its place.
    Contents,
    /// Filter, sub-filter or type are missing.
    Incomplete,
    /// No form field shows it.
    NoField,
}

/// A signature as it stands in a file; whether it is good is decided elsewhere.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The name of its form field.
    pub field: String,
    /// Whether a form field shows it.
    has_field: bool,
    /// The bytes of the signature with the padding after them.
    pub contents: Vec<u8>,
    /// Where it stands, from `<` to behind `>`.
    pub hole: Option<Range<usize>>,
    /// Two ranges of bytes, each by its start and length.
    pub byte_range: Option<[usize; 4]>,
    /// The handler it wants, usually `Adobe.PPKLite`.
    pub filter: Option<String>,
    /// How it is encoded, such as `ETSI.CAdES.detached`.
    pub sub_filter: Option<String>,
    /// Who signed, in the words of the signer.
    pub name: Option<String>,
    /// The certificates that stand beside it and not in it (`/Cert`), the signer's first.
    pub certificates: Vec<Vec<u8>>,
    /// Whether it covers the whole file but exactly itself.
    pub covers_whole_file: bool,
    /// What is wrong with its frame.
    pub problem: Option<SignatureProblem>,
}

impl Signature {
    /// The bytes that it covers, in two parts; none when its range is not in the file.
    pub fn covered<'a>(&self, bytes: &'a [u8]) -> Option<[&'a [u8]; 2]> {
        let [first, before, second, after] = self.byte_range?;
        Some([bytes.get(first..first.checked_add(before)?)?, bytes.get(second..second.checked_add(after)?)?])
    }

    /// The digest of the bytes that it covers; none when its range is not in the file.
    pub fn digest(&self, algorithm: DigestAlgorithm, bytes: &[u8]) -> Option<Digest> {
        let mut digest = Hasher::new(algorithm);
        for part in self.covered(bytes)? {
            digest.update(part);
        }
        Some(digest.finish())
    }
}

/// How many times the bytes of a signature come to stand in memory until it was handed on.
const COPIES: usize = 8;

/// All signatures, in the order of the file.
pub(crate) fn find(file: &mut File<'_>) -> Result<Vec<Signature>, ReadError> {
    let mut budget = file.budget;
    let fields = fields(file, &mut budget)?;
    let mut signatures = Vec::new();
    let mut values = HashSet::new();
    let mut is_shared = false;
    for (name, value) in fields {
        match value {
            Object::Reference(number) => {
                if !values.insert(*number) {
                    is_shared = true;
                    continue;
                }
                let nothing = Dictionary::default();
                let dictionary = file.find(*number).and_then(Object::dictionary).unwrap_or(&nothing);
                signatures.push(read(file, dictionary, Some(name), &mut budget)?);
            }
            Object::Dictionary(dictionary) => signatures.push(read(file, dictionary, Some(name), &mut budget)?),
            _ => {}
        }
    }
    // A signature that no field shows is still one: a file must not lose it by losing the field.
    let mut numbers: Vec<u32> = file.objects.keys().copied().filter(|number| !values.contains(number)).collect();
    numbers.sort_unstable();
    for number in numbers {
        let Some(dictionary) = file.find(number).and_then(Object::dictionary).filter(|found| is_signature(found))
        else {
            continue;
        };
        signatures.push(read(file, dictionary, None, &mut budget)?);
        if signatures.len() > limits::PDF_SIGNATURES_MAX {
            return Err(ReadError::Limit(Limit::Signatures));
        }
    }
    signatures.sort_by_key(|signature| signature.hole.as_ref().map_or(0, |hole| hole.start));
    file.budget = budget;
    if is_shared {
        file.ambiguities.insert(Ambiguity::SharedSignature);
    }
    Ok(signatures)
}

pub(crate) fn is_signature(dictionary: &Dictionary) -> bool {
    let typed = dictionary.is_named("Type", "Sig") || dictionary.is_named("Type", "DocTimeStamp");
    typed || dictionary.find("ByteRange").is_some()
}

/// A form field that waits for its turn.
struct Waiting<'a> {
    field: &'a Object,
    depth: usize,
    /// The full name of the field above it, which all its kids share.
    above: Rc<str>,
    /// Whether the field above it is one for signatures.
    is_signature: bool,
}

/// Name and value of each signature field that has a value. A field and a list of fields are looked at once, whoever
/// names them.
fn fields<'a>(file: &'a File<'_>, budget: &mut Budget) -> Result<Vec<(String, &'a Object)>, ReadError> {
    let form = file.resolve_dictionary(file.catalogue.find("AcroForm"));
    let mut walk = Walk { file, waiting: Vec::new(), visited: HashSet::new() };
    let nothing = Rc::from("");
    walk.add(form.and_then(|form| form.find("Fields")), 0, &nothing, false, budget)?;
    let mut found = Vec::new();
    while let Some(Waiting { field, depth, above, is_signature }) = walk.waiting.pop() {
        if depth > limits::PDF_TREE_DEPTH_MAX {
            return Err(ReadError::Limit(Limit::Fields));
        }
        let Some(field) = file.resolve_dictionary(Some(field)) else { continue };
        let name = full_name(file, field, &above)?;
        budget.walk(name.len())?;
        let is_signature = field.name("FT").map_or(is_signature, |kind| kind == b"Sig");
        if let Some(value) = field.find("V").filter(|_| is_signature) {
            found.push((name.to_string(), value));
            if found.len() > limits::PDF_SIGNATURES_MAX {
                return Err(ReadError::Limit(Limit::Signatures));
            }
        }
        walk.add(field.find("Kids"), depth + 1, &name, is_signature, budget)?;
    }
    Ok(found)
}

/// The way through the fields of a form.
struct Walk<'a> {
    file: &'a File<'a>,
    /// The next one last.
    waiting: Vec<Waiting<'a>>,
    /// Lists and fields that somebody named.
    visited: HashSet<u32>,
}

impl<'a> Walk<'a> {
    /// Puts the fields of a list in front of those that wait, in their order, unless somebody else named the list or the
    /// field.
    fn add(
        &mut self,
        list: Option<&'a Object>,
        depth: usize,
        above: &Rc<str>,
        is_signature: bool,
        budget: &mut Budget,
    ) -> Result<(), ReadError> {
        let Some(list) = list else { return Ok(()) };
        if matches!(list, Object::Reference(_)) && !self.is_new(list) {
            return Ok(());
        }
        let Some(Object::Array(fields)) = self.file.resolve(list) else { return Ok(()) };
        budget.walk(fields.len())?;
        let from = self.waiting.len();
        for field in fields {
            if self.is_new(field) {
                budget.keep(2 * size_of::<Waiting<'_>>())?;
                self.waiting.push(Waiting { field, depth, above: Rc::clone(above), is_signature });
            }
        }
        if let Some(added) = self.waiting.get_mut(from..) {
            added.reverse();
        }
        Ok(())
    }

    /// Whether this is a field that nobody named before.
    fn is_new(&mut self, field: &Object) -> bool {
        match field {
            Object::Reference(number) => self.visited.insert(*number),
            Object::Dictionary(_) => true,
            _ => false,
        }
    }
}

/// `above.own`, as the standard names a field (ISO 32000-2 §12.7.4.2).
fn full_name(file: &File<'_>, field: &Dictionary, above: &Rc<str>) -> Result<Rc<str>, ReadError> {
    let name = match text(file, field, "T") {
        None if above.is_empty() => return Ok(Rc::clone(above)),
        own if above.is_empty() => own.unwrap_or_default(),
        own => format!("{above}.{}", own.unwrap_or_default()),
    };
    if name.len() > limits::PDF_FIELD_NAME_BYTES_MAX {
        return Err(ReadError::Limit(Limit::Fields));
    }
    Ok(Rc::from(name))
}

fn read(
    file: &File<'_>,
    dictionary: &Dictionary,
    field: Option<String>,
    budget: &mut Budget,
) -> Result<Signature, ReadError> {
    let name_of = |key: &str| dictionary.name(key).map(|name| String::from_utf8_lossy(name).into_owned());
    let (contents, hole) = match dictionary.find("Contents") {
        // It must stand in the signature itself: elsewhere it would not be the hole of this range.
        Some(Object::Text(text)) if text.bytes.len() > limits::PDF_CONTENTS_BYTES_MAX => {
            return Err(ReadError::Limit(Limit::Signatures));
        }
        Some(Object::Text(text)) if !text.at.is_empty() => {
            // It is kept here, with what it is parsed into, and once more on its way to whoever judges it.
            budget.keep(COPIES * text.bytes.len())?;
            (text.bytes.clone(), Some(text.at.clone()))
        }
        _ => (Vec::new(), None),
    };
    let range = byte_range(dictionary);
    let mut signature = Signature {
        has_field: field.is_some(),
        field: field.unwrap_or_default(),
        contents,
        hole,
        byte_range: range,
        filter: name_of("Filter"),
        sub_filter: name_of("SubFilter"),
        name: text(file, dictionary, "Name"),
        certificates: certificates(file, dictionary, budget)?,
        covers_whole_file: false,
        problem: None,
    };
    signature.problem = problem(file, &signature, dictionary);
    signature.covers_whole_file = signature.problem.is_none()
        && signature.byte_range.is_some_and(|[_, _, start, length]| start + length == file.bytes.len());
    Ok(signature)
}

/// What `/Cert` holds: one certificate, or a list.
fn certificates(file: &File<'_>, dictionary: &Dictionary, budget: &mut Budget) -> Result<Vec<Vec<u8>>, ReadError> {
    let one = dictionary.find("Cert").and_then(|object| file.resolve(object));
    let list = match one {
        Some(Object::Array(list)) => list.as_slice(),
        one => one.map_or(&[][..], std::slice::from_ref),
    };
    let mut certificates = Vec::new();
    for object in list.iter().take(limits::PDF_CERTIFICATES_MAX) {
        if let Some(Object::Text(text)) = file.resolve(object) {
            budget.keep(COPIES * text.bytes.len())?;
            certificates.push(text.bytes.clone());
        }
    }
    Ok(certificates)
}

fn byte_range(dictionary: &Dictionary) -> Option<[usize; 4]> {
    let items: Vec<usize> = dictionary.array("ByteRange")?.iter().map(Object::index).collect::<Option<_>>()?;
    items.try_into().ok()
}

fn problem(file: &File<'_>, signature: &Signature, dictionary: &Dictionary) -> Option<SignatureProblem> {
    let Some([first, before, second, after]) = signature.byte_range else {
        return Some(SignatureProblem::ByteRange);
    };
    let Some(hole) = &signature.hole else { return Some(SignatureProblem::Contents) };
    // What packed objects say of their place is not a place in the file.
    let is_there = file.bytes.get(hole.start) == Some(&b'<') && file.bytes.get(hole.end - 1) == Some(&b'>');
    let only_digits = file
        .bytes
        .get(hole.start + 1..hole.end - 1)
        .is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit));
    if !is_there || !only_digits || signature.contents.iter().all(|byte| *byte == 0) {
        return Some(SignatureProblem::Contents);
    }
    let inside = second.checked_add(after).is_some_and(|end| end <= file.bytes.len());
    if first != 0 || before != hole.start || second != hole.end || !inside {
        return Some(SignatureProblem::ByteRange);
    }
    if signature.filter.is_none() || signature.sub_filter.is_none() || dictionary.name("Type").is_none() {
        return Some(SignatureProblem::Incomplete);
    }
    (!signature.has_field).then_some(SignatureProblem::NoField)
}

/// A text in one of the two encodings of the standard.
fn text(file: &File<'_>, dictionary: &Dictionary, key: &str) -> Option<String> {
    let Object::Text(text) = dictionary.find(key).and_then(|object| file.resolve(object))? else { return None };
    let bytes = text.bytes.get(..text.bytes.len().min(limits::METADATA_CHARACTERS_MAX))?;
    Some(match bytes.strip_prefix(b"\xFE\xFF") {
        Some(units) => {
            let units = units.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(u16::from_be_bytes);
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        None => String::from_utf8_lossy(bytes).into_owned(),
    })
}
