//! What stands between the objects: nothing but tables, comments and white space may.

use std::ops::Range;

use crate::pdf::{findings::Ambiguity, object::Reader};

/// What the bytes outside of all objects and tables say.
#[derive(Default)]
pub(crate) struct Gaps {
    /// How many times an end of file is marked.
    pub(crate) ends: usize,
    pub(crate) ambiguities: Vec<Ambiguity>,
}

/// Looks at every byte that no object and no table covers.
pub(crate) fn read(bytes: &[u8], mut extents: Vec<Range<usize>>) -> Gaps {
    let mut gaps = Gaps::default();
    extents.sort_unstable_by_key(|extent| (extent.start, extent.end));
    extents.dedup();
    let mut at = 0;
    for extent in extents.into_iter().chain(std::iter::once(bytes.len()..bytes.len())) {
        if extent.start < at {
            note(&mut gaps, Ambiguity::OverlappingObjects);
        } else {
            gap(bytes.get(at..extent.start).unwrap_or_default(), &mut gaps);
        }
        at = at.max(extent.end);
    }
    gaps
}

fn gap(bytes: &[u8], gaps: &mut Gaps) {
    let mut reader = Reader::new(bytes, 0);
    while let Some(byte) = reader.peek() {
        if byte == b'%' {
            if reader.take(b"%%EOF") {
                gaps.ends += 1;
            }
            while reader.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                reader.at += 1;
            }
        } else if super::object::is_white(byte) {
            reader.at += 1;
        } else if reader.keyword("startxref") {
            reader.skip_white();
            if reader.unsigned().is_none() {
                return note(gaps, Ambiguity::HiddenBytes);
            }
        } else {
            // An end mark may still follow; files that hide bytes also hide revisions.
            note(gaps, Ambiguity::HiddenBytes);
            while reader.peek().is_some_and(|byte| byte != b'%' && !super::object::is_white(byte)) {
                reader.at += 1;
            }
        }
    }
}

fn note(gaps: &mut Gaps, ambiguity: Ambiguity) {
    if !gaps.ambiguities.contains(&ambiguity) {
        gaps.ambiguities.push(ambiguity);
    }
}
