//! PDF objects in one revision, and the hole that a signature fills.

use std::{fmt::Write as _, io::Write as _, ops::Range, sync::Arc};

use base::Fault;
use crypto::digest::{Digest, DigestAlgorithm, Hasher, Sha256};
use flate2::{Compression, write::ZlibEncoder};

use crate::{Error, limits, packing::Piece};

/// Room for the four numbers of a byte range, filled up with spaces.
const RANGE_WIDTH: usize = 36;

/// Objects written one after another, and where each begins.
#[derive(Clone, Default)]
pub(crate) struct Objects {
    pub(crate) bytes: Vec<u8>,
    /// Where these bytes begin in the file.
    start: usize,
    /// Number and place of each object.
    places: Vec<(usize, usize)>,
}

impl Objects {
    /// The beginning of a file.
    pub(crate) fn new() -> Self {
        Self { bytes: b"%PDF-1.7\n%\xE5\x9B\xBD\xE6\x89\x80\n".to_vec(), ..Self::default() }
    }

    /// What follows these objects in the same file, `capacity` bytes or so.
    pub(crate) fn following(&self, capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), start: self.start + self.bytes.len(), places: self.places.clone() }
    }

    fn open(&mut self, number: usize) {
        self.places.push((number, self.start + self.bytes.len()));
        let _ = writeln!(self.bytes, "{number} 0 obj");
    }

    pub(crate) fn dictionary(&mut self, number: usize, entries: &str) {
        self.open(number);
        let _ = write!(self.bytes, "<<{entries}>>\nendobj\n");
    }

    pub(crate) fn stream(&mut self, number: usize, entries: &str, data: &[u8], compress: bool) {
        self.open(number);
        if compress {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
            let packed = encoder.write_all(data).and_then(|()| encoder.finish()).unwrap_or_default();
            let _ = write!(self.bytes, "<<{entries}/Filter/FlateDecode/Length {}>>\nstream\n", packed.len());
            self.bytes.extend_from_slice(&packed);
        } else {
            let _ = write!(self.bytes, "<<{entries}/Length {}>>\nstream\n", data.len());
            self.bytes.extend_from_slice(data);
        }
        self.bytes.extend_from_slice(b"\nendstream\nendobj\n");
    }

    /// A signature dictionary with an empty hole; the places of hole and byte range in these bytes.
    pub(crate) fn signature(&mut self, number: usize, entries: &str) -> Signature {
        self.open(number);
        let _ = write!(self.bytes, "<<{entries}/ByteRange[");
        let range = self.bytes.len()..self.bytes.len() + RANGE_WIDTH;
        self.bytes.resize(range.end, b' ');
        self.bytes.extend_from_slice(b"]/Contents<");
        let hole = self.bytes.len()..self.bytes.len() + limits::CMS_BYTES_MAX * 2;
        self.bytes.resize(hole.end, b'0');
        self.bytes.extend_from_slice(b">>>\nendobj\n");
        Signature { range, hole }
    }

    /// Cross-references and trailer.
    pub(crate) fn finish(&mut self, trailer: &str) {
        self.places.sort_unstable();
        let at = self.start + self.bytes.len();
        let size = self.places.last().map_or(1, |(number, _)| number + 1);
        let mut out = String::with_capacity(64 + self.places.len() * 20 + trailer.len());
        let _ = write!(out, "xref\n0 {size}\n0000000000 65535 f \n");
        for (_, place) in &self.places {
            let _ = writeln!(out, "{place:010} 00000 n ");
        }
        let _ = write!(out, "trailer\n<</Size {size}{trailer}>>\nstartxref\n{at}\n%%EOF\n");
        self.bytes.extend_from_slice(out.as_bytes());
    }
}

/// Where a signature goes, relative to the bytes that hold it.
pub(crate) struct Signature {
    range: Range<usize>,
    /// The hexadecimal digits between `<` and `>`.
    hole: Range<usize>,
}

/// What many files begin with, hashed once: for what is signed, and for the whole file.
pub(crate) struct Beginning {
    piece: Piece,
    signed: Hasher,
    whole: Sha256,
}

impl Beginning {
    pub(crate) fn new(bytes: Vec<u8>, algorithm: DigestAlgorithm) -> Self {
        let (mut signed, mut whole) = (Hasher::new(algorithm), Sha256::new());
        signed.update(&bytes);
        whole.update(&bytes);
        Self { piece: Piece::new(bytes), signed, whole }
    }
}

/// A whole file but for its signature.
#[derive(Clone)]
pub struct Prepared {
    file: Vec<u8>,
    hole: Range<usize>,
    digest: Digest,
    /// What of it others have: its beginning, and drawings of characters.
    beginning: Piece,
    drawings: Arc<[Piece]>,
    /// The digest of the beginning, which goes on with the rest.
    whole: Sha256,
}

/// A whole file.
pub struct Finished {
    bytes: Vec<u8>,
    /// How many bytes its beginning has, whose digest is known.
    beginning: usize,
    whole: Sha256,
}

impl Finished {
    /// The file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The file, to keep.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The SHA-256 of the file.
    pub fn sha256(&self) -> [u8; 32] {
        let mut digest = self.whole.clone();
        digest.update(self.bytes.get(self.beginning..).unwrap_or_default());
        digest.finish()
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("bytes", &self.file.len()).finish_non_exhaustive()
    }
}

impl Prepared {
    /// Joins the constant beginning, whose digest is known, and the rest.
    pub(crate) fn join(
        beginning: &Beginning,
        rest: &mut [u8],
        signature: &Signature,
        drawings: Arc<[Piece]>,
    ) -> Result<Self, Fault> {
        let broken = || Fault::broken("the hole for the signature is not where it was made");
        let start = beginning.piece.bytes().len();
        // The angle brackets belong to the hole: what is signed ends before `<` and goes on after `>`.
        let (before, after) = (signature.hole.start - 1, signature.hole.end + 1);
        let numbers = format!("0 {} {} {}", start + before, start + after, rest.len().saturating_sub(after));
        let target = rest.get_mut(signature.range.clone()).and_then(|room| room.get_mut(..numbers.len()));
        target.ok_or_else(broken)?.copy_from_slice(numbers.as_bytes());
        let mut digest = beginning.signed.clone();
        digest.update(rest.get(..before).ok_or_else(broken)?);
        digest.update(rest.get(after..).ok_or_else(broken)?);
        let mut file = Vec::with_capacity(start + rest.len());
        file.extend_from_slice(beginning.piece.bytes());
        file.extend_from_slice(rest);
        let hole = start + signature.hole.start..start + signature.hole.end;
        let (whole, beginning) = (beginning.whole.clone(), beginning.piece.clone());
        Ok(Self { file, hole, digest: digest.finish(), beginning, drawings, whole })
    }

    /// What the file has in common with others, its beginning first, for [`packing`](crate::packing).
    pub fn pieces(&self) -> impl Iterator<Item = &Piece> {
        std::iter::once(&self.beginning).chain(self.drawings.iter())
    }

    /// The digest of everything but the hole: what is to be signed.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The file with its signature, a CMS structure.
    ///
    /// # Errors
    ///
    /// [`Error::SignatureTooLarge`] when it is longer than the place that was kept for it.
    pub fn finish(mut self, cms: &[u8]) -> Result<Finished, Error> {
        let hole = self.file.get_mut(self.hole.clone()).unwrap_or_default();
        if cms.len() * 2 > hole.len() {
            return Err(Error::SignatureTooLarge { bytes: cms.len() });
        }
        for (target, byte) in hole.chunks_exact_mut(2).zip(cms) {
            target.copy_from_slice(
                &[byte >> 4, byte & 15].map(|digit| digit + if digit < 10 { b'0' } else { b'a' - 10 }),
            );
        }
        Ok(Finished { bytes: self.file, beginning: self.beginning.bytes().len(), whole: self.whole })
    }
}
