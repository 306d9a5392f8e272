//! A font program of just the characters that one text needs.

use std::collections::HashMap;

use base::Fault;

use super::{
    Fonts, Glyph,
    file::{FontFile, u32_at},
};

/// Offset of the check sum adjustment in the `head` table.
const ADJUSTMENT_AT: usize = 8;

/// Glyphs of one face, renumbered from 1 in the order in which they were first needed.
pub(crate) struct Subset {
    pub(crate) face: usize,
    /// By its place in the face and what it stands for: two characters that a face draws alike are read back as two.
    numbers: HashMap<(u16, Option<char>), u16>,
    glyf: Vec<u8>,
    offsets: Vec<u32>,
    /// Advance in thousandths of the type size and left bearing of each glyph.
    metrics: Vec<(u16, u16)>,
    /// What each number stands for; parts of other glyphs stand for nothing.
    characters: Vec<(u16, char)>,
}

impl Subset {
    pub(crate) fn new(fonts: &Fonts, face: usize) -> Result<Self, Fault> {
        let mut subset = Self {
            face,
            numbers: HashMap::new(),
            glyf: Vec::with_capacity(32_768),
            offsets: vec![0],
            metrics: Vec::new(),
            characters: Vec::new(),
        };
        subset.place(&fonts.no_character(face)?, None);
        Ok(subset)
    }

    /// The number under which texts print the character.
    pub(crate) fn number(&mut self, character: char, glyph: &Glyph) -> u16 {
        if let Some(number) = self.numbers.get(&(glyph.id, Some(character))) {
            return *number;
        }
        let number = self.place(glyph, Some(character));
        self.characters.push((number, character));
        number
    }

    fn place(&mut self, glyph: &Glyph, character: Option<char>) -> u16 {
        if let Some(number) = self.numbers.get(&(glyph.id, character)) {
            return *number;
        }
        // Parts come first: then the program can be written with their numbers.
        let parts: Vec<(usize, u16)> = glyph.parts.iter().map(|(at, part)| (*at, self.place(part, None))).collect();
        let number = self.metrics.len() as u16;
        let start = self.glyf.len();
        self.glyf.extend_from_slice(&glyph.program);
        for (at, part) in parts {
            if let Some(target) = self.glyf.get_mut(start + at..start + at + 2) {
                target.copy_from_slice(&part.to_be_bytes());
            }
        }
        self.glyf.resize(self.glyf.len().next_multiple_of(4), 0);
        self.offsets.push(self.glyf.len() as u32);
        let bearing = super::file::u16_at(&glyph.program, 2).unwrap_or_default();
        self.metrics.push((glyph.advance, bearing));
        self.numbers.insert((glyph.id, character), number);
        number
    }

    /// The drawings of its glyphs that are the same in every subset: one made of others names those by their numbers.
    pub(crate) fn drawings(&self) -> impl Iterator<Item = &[u8]> {
        let drawings = self.offsets.windows(2).filter_map(|range| match range {
            [from, to] => self.glyf.get(*from as usize..*to as usize),
            _ => None,
        });
        drawings.filter(|drawing| super::file::u16_at(drawing, 0).is_some_and(|contours| contours < 0x8000))
    }

    /// Numbers and the characters that they stand for.
    pub(crate) fn characters(&self) -> &[(u16, char)] {
        &self.characters
    }

    /// Number and advance of each glyph that is not one em wide.
    pub(crate) fn unusual_widths(&self) -> impl Iterator<Item = (usize, u16)> {
        self.metrics.iter().map(|metric| metric.0).enumerate().filter(|(_, advance)| *advance != 1000)
    }

    /// The TrueType file.
    pub(crate) fn program(&self, face: &FontFile) -> Vec<u8> {
        let count = (self.metrics.len() as u16).to_be_bytes();
        let mut head = face.head.clone();
        patch(&mut head, ADJUSTMENT_AT, &[0; 4]);
        patch(&mut head, 50, &1_u16.to_be_bytes());
        let mut hhea = face.hhea.clone();
        patch(&mut hhea, 34, &count);
        let mut maxp = face.maxp.clone();
        patch(&mut maxp, 4, &count);
        let hmtx: Vec<u8> = self
            .metrics
            .iter()
            .flat_map(|(advance, bearing)| [face.units(*advance), *bearing].map(u16::to_be_bytes).into_iter().flatten())
            .collect();
        let loca: Vec<u8> = self.offsets.iter().flat_map(|offset| offset.to_be_bytes()).collect();
        let tables: [(&[u8; 4], &[u8]); 6] = [
            (b"glyf", &self.glyf),
            (b"head", &head),
            (b"hhea", &hhea),
            (b"hmtx", &hmtx),
            (b"loca", &loca),
            (b"maxp", &maxp),
        ];
        assemble(&tables)
    }
}

fn assemble(tables: &[(&[u8; 4], &[u8]); 6]) -> Vec<u8> {
    let size: usize = tables.iter().map(|(_, bytes)| bytes.len().next_multiple_of(4)).sum();
    let mut out = Vec::with_capacity(12 + tables.len() * 16 + size);
    // Six tables: search range 64, entry selector 2, range shift 32.
    out.extend_from_slice(&[0, 1, 0, 0, 0, 6, 0, 64, 0, 2, 0, 32]);
    let mut at = 12 + tables.len() * 16;
    let mut head_at = 0;
    for (tag, bytes) in tables {
        if *tag == b"head" {
            head_at = at;
        }
        out.extend_from_slice(*tag);
        for number in [check_sum(bytes), at as u32, bytes.len() as u32] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        at += bytes.len().next_multiple_of(4);
    }
    for (_, bytes) in tables {
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    let adjustment = 0xB1B0_AFBA_u32.wrapping_sub(check_sum(&out));
    patch(&mut out, head_at + ADJUSTMENT_AT, &adjustment.to_be_bytes());
    out
}

fn patch(bytes: &mut [u8], at: usize, with: &[u8]) {
    if let Some(target) = bytes.get_mut(at..at + with.len()) {
        target.copy_from_slice(with);
    }
}

/// The sum of all big-endian words, a short last one filled up with zeros.
fn check_sum(bytes: &[u8]) -> u32 {
    let words = bytes.chunks_exact(4);
    let mut last = words.remainder().to_vec();
    last.resize(4, 0);
    words
        .filter_map(|word| word.try_into().ok())
        .map(u32::from_be_bytes)
        .fold(u32_at(&last, 0).unwrap_or_default(), u32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::fonts, *};

    #[test]
    fn a_subset_is_a_font_whose_outlines_are_those_of_the_face() {
        let fonts = fonts();
        let mut subset = Subset::new(&fonts, 0).unwrap();
        for character in "国印é龘1国".chars() {
            let glyph = fonts.glyph(character).unwrap().unwrap();
            subset.number(character, &glyph);
        }
        assert_eq!(subset.characters().len(), 5);
        let program = subset.program(fonts.face(0).unwrap());
        let whole = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fonts/noto-serif-sc-regular.ttf")).unwrap();
        let whole = ttf_parser::Face::parse(&whole, 0).unwrap();
        let table = |tag: &[u8; 4]| find(&program, *tag);
        let loca = ttf_parser::loca::Table::parse(
            std::num::NonZeroU16::new(subset.metrics.len() as u16).unwrap(),
            ttf_parser::head::IndexToLocationFormat::Long,
            table(b"loca"),
        )
        .unwrap();
        let glyf = ttf_parser::glyf::Table::parse(loca, table(b"glyf")).unwrap();
        for (number, character) in subset.characters() {
            let expected = whole.glyph_bounding_box(whole.glyph_index(*character).unwrap()).unwrap();
            let found = glyf.bbox(ttf_parser::GlyphId(*number)).unwrap();
            assert_eq!((found.x_min, found.y_max), (expected.x_min, expected.y_max), "{character}");
        }
        assert_eq!(check_sum(&program), 0xB1B0_AFBA);
    }

    #[test]
    fn two_characters_that_a_face_draws_alike_are_read_back_as_two() {
        let fonts = fonts();
        let mut subset = Subset::new(&fonts, 0).unwrap();
        let glyphs = ['木', '\u{2f4a}'].map(|character| (character, fonts.glyph(character).unwrap().unwrap()));
        assert_eq!(glyphs[0].1.id, glyphs[1].1.id);
        let numbers = glyphs.map(|(character, glyph)| (subset.number(character, &glyph), character));
        assert_ne!(numbers[0].0, numbers[1].0);
        assert_eq!(subset.characters(), numbers);
    }

    fn find(program: &[u8], tag: [u8; 4]) -> &[u8] {
        let record = program[12..].chunks(16).find(|record| record.starts_with(&tag)).unwrap();
        let at = u32_at(record, 8).unwrap() as usize;
        &program[at..at + u32_at(record, 12).unwrap() as usize]
    }
}
