//! One numbered object: read where it stands, its stream unpacked, within a budget.

use std::{io::Read as _, ops::Range};

use flate2::read::ZlibDecoder;

use crate::{
    limits,
    pdf::{
        findings::ReadError,
        object::{Dictionary, Object, Reader},
    },
};

/// One numbered object.
pub(crate) struct Indirect {
    pub(crate) number: u32,
    pub(crate) value: Object,
    /// The bytes of its stream, as they stand in the file.
    pub(crate) stream: Option<Range<usize>>,
    /// From its number to `endobj`.
    pub(crate) extent: Range<usize>,
    pub(crate) has_duplicate_keys: bool,
}

/// What reading a file may still cost: objects may overlap, and streams may unpack to anything.
pub(crate) struct Budget {
    parsed: usize,
    unpacked: usize,
    pub(crate) values: usize,
}

impl Budget {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self {
            parsed: bytes.len().saturating_mul(3) + 65_536,
            unpacked: limits::PDF_STREAMS_BYTES_MAX,
            values: limits::PDF_VALUES_MAX,
        }
    }

    pub(crate) fn parsed(&mut self, count: usize) -> Result<(), ReadError> {
        self.parsed = self.parsed.checked_sub(count).ok_or(ReadError::Damaged("objects overlap"))?;
        Ok(())
    }
}

/// What is not where it must be.
pub(crate) const BROKEN: ReadError = ReadError::Damaged("an object is not where the cross-references say");

/// The object that begins at a place. `length` finds the number that a stream's length refers to.
pub(crate) fn indirect_at(
    bytes: &[u8],
    at: usize,
    budget: &mut Budget,
    length: &dyn Fn(u32) -> Option<usize>,
) -> Result<Indirect, ReadError> {
    let mut reader = Reader::new(bytes, at);
    if reader.peek().is_none_or(|byte| !byte.is_ascii_digit()) {
        return Err(BROKEN);
    }
    let number = reader.object_header().ok_or(BROKEN)?;
    reader.values = budget.values;
    let value = reader.object(0)?;
    budget.values = reader.values;
    reader.skip_white();
    let mut stream = None;
    if let Object::Dictionary(dictionary) = &value
        && reader.keyword("stream")
    {
        if !reader.take(b"\r\n") && !reader.take(b"\n") {
            return Err(ReadError::Damaged("a stream does not begin where it must"));
        }
        let count = match dictionary.find("Length") {
            Some(Object::Reference(number)) => length(*number),
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
            return Err(ReadError::Damaged("a stream has a wrong length"));
        }
        reader.skip_white();
    }
    if !reader.keyword("endobj") {
        return Err(ReadError::Damaged("an object does not end"));
    }
    budget.parsed(reader.at - at)?;
    Ok(Indirect { number, value, stream, extent: at..reader.at, has_duplicate_keys: reader.has_duplicate_keys })
}

/// The contents of a stream that is plain or packed the usual way.
pub(crate) fn unpack(bytes: &[u8], indirect: &Indirect, budget: &mut Budget) -> Result<Vec<u8>, ReadError> {
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
        [] => Ok(raw.to_vec()),
        [filter] if *filter == b"FlateDecode" => {
            let limit = limits::PDF_STREAM_BYTES_MAX.min(budget.unpacked);
            let mut data = Vec::new();
            let count = ZlibDecoder::new(raw)
                .take(limit as u64 + 1)
                .read_to_end(&mut data)
                .map_err(|_| ReadError::Damaged("a stream cannot be unpacked"))?;
            if count > limit {
                return Err(ReadError::Limit("the size of an unpacked stream"));
            }
            budget.unpacked -= count;
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
        _ => Err(ReadError::Damaged("a stream is packed in an unknown way")),
    }
}

/// Undoes the row filters of PNG.
fn unpredict(data: &[u8], parameters: &Dictionary) -> Result<Vec<u8>, ReadError> {
    let columns = parameters.integer("Columns").and_then(|columns| usize::try_from(columns).ok()).unwrap_or(1);
    let predictor = parameters.integer("Predictor").unwrap_or(1);
    let simple =
        parameters.integer("Colors").unwrap_or(1) == 1 && parameters.integer("BitsPerComponent").unwrap_or(8) == 8;
    if predictor < 10 || !simple || columns == 0 || columns > 65_536 {
        return Err(ReadError::Damaged("a stream is packed in an unknown way"));
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
                _ => return Err(ReadError::Damaged("a stream is packed in an unknown way")),
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
