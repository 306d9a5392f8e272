//! One TrueType file, of which only the small tables are kept in memory: outlines are read when first wanted.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    sync::{Mutex, PoisonError},
};

use base::Fault;
use ttf_parser::{GlyphId, cmap, hmtx};

use crate::{Error, limits};

/// Printed sizes count in thousandths of the type size; the faces in the repository are drawn on that grid.
pub(crate) const THOUSANDTHS: u16 = 1000;
/// The grids that a face may be drawn on (OpenType, `head`).
const UNITS_PER_EM: std::ops::RangeInclusive<u16> = 16..=16_384;

pub(crate) struct FontFile {
    file: Mutex<File>,
    glyf_at: u64,
    glyf_length: u64,
    pub(crate) name: String,
    /// Units of its grid in the type size.
    pub(crate) em: u16,
    pub(crate) head: Vec<u8>,
    pub(crate) hhea: Vec<u8>,
    pub(crate) maxp: Vec<u8>,
    cmap: Vec<u8>,
    hmtx: Vec<u8>,
    loca: Vec<u8>,
    metric_count: std::num::NonZeroU16,
    glyph_count: std::num::NonZeroU16,
    long_offsets: bool,
}

impl FontFile {
    pub(crate) fn open(folder: &Path, file_name: &str, name: &str) -> Result<Self, Error> {
        let refuse = |what: &str| Error::FontFile { file: file_name.to_owned(), what: what.to_owned() };
        let mut file = File::open(folder.join(file_name)).map_err(|error| refuse(&error.to_string()))?;
        let mut table =
            |tag: &[u8; 4]| find_table(&mut file, *tag).ok_or_else(|| refuse("it has no TrueType outlines"));
        let (glyf_at, glyf_length) = table(b"glyf")?;
        let places = [b"head", b"hhea", b"maxp", b"cmap", b"hmtx", b"loca"].map(&mut table);
        let mut tables = Vec::with_capacity(places.len());
        for place in places {
            let (at, length) = place?;
            if length > limits::FONT_TABLE_BYTES_MAX {
                return Err(refuse("a table is larger than any font needs"));
            }
            tables.push(read_at(&mut file, at, length).map_err(|error| refuse(&error.to_string()))?);
        }
        let mut tables = tables.into_iter();
        let mut next = || tables.next().unwrap_or_default();
        let (head, hhea, maxp, cmap, hmtx, loca) = (next(), next(), next(), next(), next(), next());
        let em = u16_at(&head, 18).filter(|em| UNITS_PER_EM.contains(em));
        let em = em.ok_or_else(|| refuse("it says not on which grid it is drawn"))?;
        let count = |value: Option<u16>| value.and_then(std::num::NonZeroU16::new).ok_or_else(|| refuse("it is empty"));
        Ok(Self {
            metric_count: count(u16_at(&hhea, 34))?,
            glyph_count: count(u16_at(&maxp, 4))?,
            long_offsets: u16_at(&head, 50) == Some(1),
            file: Mutex::new(file),
            glyf_at,
            glyf_length,
            name: name.to_owned(),
            em,
            head,
            hhea,
            maxp,
            cmap,
            hmtx,
            loca,
        })
    }

    /// The glyph of a character, if the face has it.
    pub(crate) fn glyph_id(&self, character: char) -> Option<u16> {
        let table = cmap::Table::parse(&self.cmap)?;
        table
            .subtables
            .into_iter()
            .filter(cmap::Subtable::is_unicode)
            .find_map(|subtable| subtable.glyph_index(u32::from(character)))
            .map(|id| id.0)
            .filter(|id| *id != 0)
    }

    /// How far the glyph moves the pen, in units of the grid.
    pub(crate) fn advance(&self, id: u16) -> u16 {
        hmtx::Table::parse(self.metric_count.get(), self.glyph_count, &self.hmtx)
            .and_then(|table| table.advance(GlyphId(id)))
            .unwrap_or(self.em)
    }

    /// A length on its grid in thousandths of the type size.
    pub(crate) fn thousandths(&self, units: u16) -> u16 {
        (u32::from(units) * u32::from(THOUSANDTHS) / u32::from(self.em)).try_into().unwrap_or(u16::MAX)
    }

    /// How much of the file is kept in memory.
    #[cfg(test)]
    pub(crate) fn kept_bytes(&self) -> usize {
        [&self.head, &self.hhea, &self.maxp, &self.cmap, &self.hmtx, &self.loca].map(Vec::len).iter().sum()
    }

    /// Thousandths of the type size on its grid.
    pub(crate) fn units(&self, thousandths: u16) -> u16 {
        (u32::from(thousandths) * u32::from(self.em) / u32::from(THOUSANDTHS)).try_into().unwrap_or(u16::MAX)
    }

    /// The characters that it has, in no order.
    pub(crate) fn characters(&self) -> Vec<u32> {
        let Some(table) = cmap::Table::parse(&self.cmap) else { return Vec::new() };
        let mut characters = Vec::new();
        for subtable in table.subtables.into_iter().filter(cmap::Subtable::is_unicode) {
            subtable.codepoints(|code| {
                if subtable.glyph_index(code).is_some_and(|id| id.0 != 0) {
                    characters.push(code);
                }
            });
        }
        characters
    }

    /// The glyph's outline program; empty for a space.
    pub(crate) fn program(&self, id: u16) -> Result<Vec<u8>, Fault> {
        let broken = || Fault::broken(format!("the font {} has no outline {id}", self.name));
        let offset = |index: usize| {
            if self.long_offsets {
                u32_at(&self.loca, index * 4).map(u64::from)
            } else {
                u16_at(&self.loca, index * 2).map(|half| u64::from(half) * 2)
            }
        };
        let start = offset(usize::from(id)).ok_or_else(broken)?;
        let end = offset(usize::from(id) + 1).ok_or_else(broken)?;
        let length = end.checked_sub(start).ok_or_else(broken)?;
        if end > self.glyf_length || length > limits::GLYPH_BYTES_MAX as u64 {
            return Err(broken());
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        read_at(&mut file, self.glyf_at + start, length)
            .map_err(|error| Fault::unavailable(format!("reading the font {}: {error}", self.name)))
    }
}

/// Offset and length of a table.
fn find_table(file: &mut File, tag: [u8; 4]) -> Option<(u64, u64)> {
    let header = read_at(file, 0, 12).ok()?;
    let count = u16_at(&header, 4)?;
    let directory = read_at(file, 12, u64::from(count) * 16).ok()?;
    let record = directory.chunks_exact(16).find(|record| record.starts_with(&tag))?;
    Some((u64::from(u32_at(record, 8)?), u64::from(u32_at(record, 12)?)))
}

fn read_at(file: &mut File, at: u64, length: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}
