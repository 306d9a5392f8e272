//! What streams hold.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::{BROKEN, Indirect};
use crate::pdf::{
    budget::Budget,
    findings::{Limit, ReadError},
    object::{Dictionary, Object},
};

const UNKNOWN_PACKING: ReadError = ReadError::Damaged("a stream is packed in an unknown way");

/// The contents of a stream that is plain or packed the usual way.
pub(super) fn unpack(bytes: &[u8], indirect: &Indirect, budget: &mut Budget) -> Result<Vec<u8>, ReadError> {
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
        [filter] if [&b"FlateDecode"[..], b"Fl"].contains(filter) => {}
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
