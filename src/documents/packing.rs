//! A file kept as what is its own: what many files have in common is kept once, in pieces that are named by their bytes.
//!
//! The first piece begins the file. The rest is compressed (LZ4 block format, then DEFLATE) with the other pieces as its
//! dictionary, so that what they have too costs a few bytes. Nothing but the pieces is needed to have the same bytes
//! again: no template, no font.

use std::{
    io::{Read, Write},
    sync::Arc,
};

use base::Fault;
use crypto::digest::{hex, sha256};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

use crate::limits;

/// The version of the form, its first byte.
const FORM: u8 = 1;
/// Bytes of a digest that name a piece.
const NAME_BYTES: usize = 12;
/// Bytes in front of the names: the form, how many names, how many bytes follow the first piece.
const HEAD_BYTES: usize = 1 + 2 + 4;

/// Bytes that many files have. Cloning shares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    digest: [u8; NAME_BYTES],
    bytes: Arc<[u8]>,
}

impl Piece {
    /// A piece with the name that its bytes give it.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let mut digest = [0; NAME_BYTES];
        digest.iter_mut().zip(sha256(&bytes)).for_each(|(target, byte)| *target = byte);
        Self { digest, bytes }
    }

    /// The beginning of the SHA-256 of its bytes, 24 hexadecimal digits.
    pub fn name(&self) -> String {
        hex(&self.digest)
    }

    /// What stands in each file that has it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Packs a file that begins with the first of these pieces.
///
/// # Errors
///
/// [`Fault`] when it begins with something else, or when there are more pieces or bytes than the form has room for.
pub fn pack(file: &[u8], pieces: &[Piece]) -> Result<Vec<u8>, Fault> {
    let own = pieces.first().and_then(|first| file.strip_prefix(first.bytes()));
    let own = own.ok_or_else(|| Fault::broken("a file does not begin with its first piece"))?;
    let (Ok(count), Ok(length)) = (u16::try_from(pieces.len()), u32::try_from(own.len())) else {
        return Err(Fault::broken("a file with too many pieces, or too long"));
    };
    if own.len() > limits::PACKED_BYTES_MAX || pieces.len() > limits::PIECES_MAX {
        return Err(Fault::broken("a file with too many pieces, or too long"));
    }
    let mut out = vec![FORM];
    out.extend_from_slice(&count.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    for piece in pieces {
        out.extend_from_slice(&piece.digest);
    }
    let blocks = lz4_flex::block::compress_with_dict(own, &dictionary(pieces));
    let mut encoder = DeflateEncoder::new(out, Compression::fast());
    encoder.write_all(&blocks).and_then(|()| encoder.finish()).map_err(Fault::broken)
}

/// The names of the pieces that a packed file is made with, in their order.
///
/// # Errors
///
/// [`Fault`] when it is no packed file.
pub fn names(packed: &[u8]) -> Result<Vec<String>, Fault> {
    let (names, ..) = parts(packed).ok_or_else(broken)?;
    Ok(names.chunks_exact(NAME_BYTES).map(hex).collect())
}

/// The file again, from the pieces that it was packed with, in their order.
///
/// # Errors
///
/// [`Fault`] when it is no packed file, or when these are not its pieces.
pub fn unpack(packed: &[u8], pieces: &[Piece]) -> Result<Vec<u8>, Fault> {
    let (names, length, body) = parts(packed).ok_or_else(broken)?;
    if !names.chunks_exact(NAME_BYTES).eq(pieces.iter().map(|piece| &piece.digest[..])) {
        return Err(Fault::broken("these are not the pieces of the packed file"));
    }
    // What is compressed at most doubles what cannot be: a body that unfolds further is none.
    let mut blocks = Vec::new();
    let mut decoder = DeflateDecoder::new(body).take(2 * length as u64 + 64);
    decoder.read_to_end(&mut blocks).map_err(Fault::broken)?;
    let own = lz4_flex::block::decompress_with_dict(&blocks, length, &dictionary(pieces)).map_err(Fault::broken)?;
    let beginning = pieces.first().map(Piece::bytes).unwrap_or_default();
    Ok([beginning, &own].concat())
}

/// All pieces but the first, those that are most like the file last: the window of the form is 64 KiB.
fn dictionary(pieces: &[Piece]) -> Vec<u8> {
    let mut dictionary = Vec::with_capacity(64 * 1024);
    for piece in pieces.iter().skip(1).rev() {
        dictionary.extend_from_slice(piece.bytes());
    }
    dictionary
}

/// The names, how many bytes follow the first piece, and what they are packed in.
fn parts(packed: &[u8]) -> Option<(&[u8], usize, &[u8])> {
    let (head, rest) = packed.split_at_checked(HEAD_BYTES)?;
    let [FORM, a, b, length @ ..] = head else { return None };
    let count = usize::from(u16::from_be_bytes([*a, *b]));
    let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
    let (names, body) = rest.split_at_checked(count.checked_mul(NAME_BYTES)?)?;
    (count <= limits::PIECES_MAX && length <= limits::PACKED_BYTES_MAX).then_some((names, length, body))
}

fn broken() -> Fault {
    Fault::broken("no packed file")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> Vec<Piece> {
        let noise: Vec<u8> = (0..9_000_u32).flat_map(|number| sha256(&number.to_be_bytes())).collect();
        vec![
            Piece::new(b"%PDF-1.7 the beginning ".as_slice()),
            Piece::new(b"what every licence of the type says".as_slice()),
            Piece::new(noise[..400].to_vec()),
            Piece::new(noise[1_000..1_700].to_vec()),
        ]
    }

    fn file(pieces: &[Piece]) -> Vec<u8> {
        let own = b" of somebody".as_slice();
        [pieces[0].bytes(), pieces[1].bytes(), own, pieces[3].bytes(), pieces[2].bytes(), own].concat()
    }

    #[test]
    fn a_file_comes_back_as_it_was_and_what_it_shares_costs_next_to_nothing() {
        let pieces = pieces();
        let file = file(&pieces);
        let packed = pack(&file, &pieces).unwrap();
        assert!(packed.len() < 150, "{} of {}", packed.len(), file.len());
        assert_eq!(names(&packed).unwrap(), pieces.iter().map(Piece::name).collect::<Vec<_>>());
        assert_eq!(unpack(&packed, &pieces).unwrap(), file);
        // Alone, and with nothing behind the first piece.
        for alone in [&file[..], pieces[0].bytes()] {
            assert_eq!(unpack(&pack(alone, &pieces[..1]).unwrap(), &pieces[..1]).unwrap(), alone);
        }
    }

    #[test]
    fn other_pieces_or_a_changed_form_give_no_file() {
        let pieces = pieces();
        let packed = pack(&file(&pieces), &pieces).unwrap();
        assert!(pack(b"something else", &pieces).is_err() && pack(b"", &[]).is_err());
        assert!(unpack(&packed, &pieces[..3]).is_err());
        let other = [pieces[..3].to_vec(), vec![Piece::new(b"another".as_slice())]].concat();
        assert!(unpack(&packed, &other).is_err());
        for cut in 0..packed.len() {
            assert!(unpack(&packed[..cut], &pieces).is_err(), "{cut}");
        }
        for (at, byte) in [(0, 2), (1, 0xff), (3, 0xff), (HEAD_BYTES, packed[HEAD_BYTES] ^ 1)] {
            let mut changed = packed.clone();
            changed[at] = byte;
            assert!(unpack(&changed, &pieces).is_err(), "{at}");
        }
    }
}
