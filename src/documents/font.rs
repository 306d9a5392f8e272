//! The faces documents are printed in, and the chain of faces tried for a rare character.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use base::Fault;

use crate::{Error, limits};

mod file;
mod further;
pub(crate) mod outline;
pub mod repertoire;
pub(crate) mod subset;

use file::FontFile;

/// File and PostScript name of each face, in the order in which a character is looked for: Song type, what Song
/// type has beyond the basic plane, Kai type.
const FACES: [(&str, &str); 3] = [
    ("noto-serif-sc-regular.ttf", "NotoSerifSC-Regular"),
    ("song-supplement-regular.ttf", "GuosuoSongSupplement-Regular"),
    ("lxgw-wenkai-regular.ttf", "LXGWWenKai-Regular"),
];

/// The faces, opened once. Cloning shares them.
///
/// The files stay on disk: about a megabyte of tables is kept, and outlines are read when a character is first used.
#[derive(Clone)]
pub struct Fonts(Arc<Opened>);

struct Opened {
    faces: Vec<FontFile>,
    glyphs: RwLock<HashMap<char, Arc<Glyph>>>,
}

/// One character as one face draws it.
pub(crate) struct Glyph {
    pub(crate) face: usize,
    pub(crate) id: u16,
    /// Units of its grid in the type size.
    pub(crate) em: u16,
    /// Thousandths of the type size.
    pub(crate) advance: u16,
    pub(crate) program: Box<[u8]>,
    /// For a glyph made of glyphs: where its program names a part, and the part.
    pub(crate) parts: Vec<(usize, Glyph)>,
}

impl Fonts {
    /// Opens the faces in a folder.
    ///
    /// # Errors
    ///
    /// [`Error::FontFile`] when one is missing or unusable.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        Self::load_with(folder, None)
    }

    /// Opens the faces in a folder, and behind them every TrueType file (`*.ttf`) of a further one, by their names: in them
    /// is looked for what the first have not.
    ///
    /// # Errors
    ///
    /// [`Error::FontFile`] when one is missing or unusable, and for a further folder that cannot be read, has no such file
    /// or too many.
    pub fn load_with(folder: &Path, further: Option<&Path>) -> Result<Self, Error> {
        let ours = FACES.iter().map(|(file, name)| FontFile::open(folder, file, name));
        let mut faces = ours.collect::<Result<Vec<_>, _>>()?;
        if let Some(further) = further {
            for file in further::files(further)? {
                faces.push(FontFile::open(further, &file, &further::name_of(&file))?);
            }
        }
        Ok(Self(Arc::new(Opened { faces, glyphs: RwLock::default() })))
    }

    /// What can be printed, in runs of Unicode's numbers and in order.
    pub fn printed(&self) -> Vec<RangeInclusive<u32>> {
        let mut codes: Vec<u32> = self.0.faces.iter().flat_map(FontFile::characters).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.chunk_by(|left, right| *left + 1 == *right).filter_map(|run| Some(*run.first()?..=*run.last()?)).collect()
    }

    /// How many characters of a repertoire no face has.
    pub fn missing_of(&self, repertoire: impl Iterator<Item = char>) -> usize {
        let runs = self.printed();
        let is_printed = |c: char| {
            let behind = runs.partition_point(|run| *run.start() <= u32::from(c));
            behind.checked_sub(1).and_then(|at| runs.get(at)).is_some_and(|run| run.contains(&u32::from(c)))
        };
        repertoire.filter(|c| !is_printed(*c)).count()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.faces.len()
    }

    /// The first character of the text that no face has.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when a font file cannot be read.
    pub fn missing(&self, text: &str) -> Result<Option<char>, Fault> {
        for character in text.chars() {
            if self.glyph(character)?.is_none() {
                return Ok(Some(character));
            }
        }
        Ok(None)
    }

    pub(crate) fn face(&self, index: usize) -> Option<&FontFile> {
        self.0.faces.get(index)
    }

    /// The glyph that stands for "no character"; every font program begins with one.
    pub(crate) fn no_character(&self, face: usize) -> Result<Glyph, Fault> {
        self.read(face, 0, 0)
    }

    /// The character as the first face that has it draws it.
    pub(crate) fn glyph(&self, character: char) -> Result<Option<Arc<Glyph>>, Fault> {
        if let Some(glyph) = self.0.glyphs.read().unwrap_or_else(PoisonError::into_inner).get(&character) {
            return Ok(Some(Arc::clone(glyph)));
        }
        if character.is_control() {
            return Ok(None);
        }
        let found = self.0.faces.iter().enumerate().find_map(|(face, file)| Some((face, file.glyph_id(character)?)));
        let Some((face, id)) = found else { return Ok(None) };
        let glyph = Arc::new(self.read(face, id, 0)?);
        let mut glyphs = self.0.glyphs.write().unwrap_or_else(PoisonError::into_inner);
        if glyphs.len() >= limits::GLYPHS_KEPT_MAX {
            glyphs.clear();
        }
        glyphs.insert(character, Arc::clone(&glyph));
        Ok(Some(glyph))
    }

    /// The glyphs of a text; a character that no face has is an error that names the field.
    pub(crate) fn glyphs(&self, field: &str, text: &str) -> Result<Vec<Arc<Glyph>>, Error> {
        text.chars()
            .map(|character| {
                self.glyph(character)?.ok_or_else(|| Error::MissingGlyph { field: field.to_owned(), character })
            })
            .collect()
    }

    fn read(&self, face: usize, id: u16, depth: usize) -> Result<Glyph, Fault> {
        let file = self.face(face).ok_or_else(|| Fault::broken("no such face"))?;
        if depth > limits::GLYPH_DEPTH_MAX {
            return Err(Fault::broken(format!("the glyph {id} of {} is made of itself", file.name)));
        }
        let program = file.program(id)?.into_boxed_slice();
        let parts = outline::part_places(&program)
            .into_iter()
            .map(|(at, part)| Ok((at, self.read(face, part, depth + 1)?)))
            .collect::<Result<_, Fault>>()?;
        Ok(Glyph { face, id, em: file.em, advance: file.thousandths(file.advance(id)), program, parts })
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::Fonts;

    pub(crate) fn fonts() -> Fonts {
        Fonts::load(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts")).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{testing::fonts, *};

    #[test]
    fn rare_characters_are_found_along_the_chain_song_supplement_kai() {
        let fonts = fonts();
        for (character, face) in [('国', 0), ('龘', 0), ('㐂', 0), ('〇', 0), ('A', 0), ('𠮷', 1), ('𬭊', 0)] {
            assert_eq!(fonts.glyph(character).unwrap().unwrap().face, face, "{character}");
        }
        assert_eq!(fonts.missing("张𠮷龘㐂").unwrap(), None);
    }

    #[test]
    fn every_ideograph_of_the_basic_block_and_extension_a_is_covered() {
        let fonts = fonts();
        for code in (0x4e00..=0x9fa5).chain(0x3400..=0x4db5) {
            let character = char::from_u32(code).unwrap();
            let found = fonts.0.faces.iter().any(|face| face.glyph_id(character).is_some());
            assert!(found, "{character} U+{code:04X}");
        }
    }

    #[test]
    fn the_list_by_which_names_are_judged_is_what_these_fonts_print() {
        let mut list = String::new();
        for run in fonts().printed() {
            let (first, last) = (run.start(), run.end());
            let _ = if first == last { writeln!(list, "{first:x}") } else { writeln!(list, "{first:x}-{last:x}") };
        }
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../base/name/printed.txt");
        if std::env::var_os("GUOSUO_WRITE_REFERENCE").is_some() {
            std::fs::write(kept, &list).unwrap();
        }
        let is_kept = std::fs::read_to_string(kept).unwrap() == list;
        assert!(is_kept, "src/base/name/printed.txt: run `cargo xtask reference` and keep what it writes");
    }

    #[test]
    fn every_character_of_level_two_of_gb_18030_is_printed_from_the_repository() {
        assert_eq!(repertoire::OF_GENERAL_TABLE.chars().collect::<std::collections::BTreeSet<_>>().len(), 196);
        assert_eq!(fonts().missing_of(repertoire::level_two()), 0);
        assert_eq!(repertoire::ideographs_of_level_three().count(), 87_875);
    }

    /// Where Debian's `fonts-hanazono` puts its files; `cargo xtask install` sees to it.
    const HANAZONO: &str = "/usr/share/fonts/truetype/hanazono";

    #[test]
    fn every_ideograph_of_level_three_is_printed_with_a_folder_of_further_fonts() {
        let ours = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts");
        let fonts = Fonts::load_with(&ours, Some(std::path::Path::new(HANAZONO))).unwrap();
        assert_eq!(fonts.missing_of(repertoire::ideographs_of_level_three()), 0);
        for (count, character) in repertoire::ideographs_of_level_three().enumerate().step_by(251) {
            let glyph = fonts.glyph(character).unwrap().unwrap();
            assert!(!outline::steps(&glyph).is_empty(), "{count}: {character} has no outline");
        }
        let rare = fonts.glyph('\u{2ceb0}').unwrap().unwrap();
        assert_eq!((rare.face, rare.em, rare.advance), (4, 1024, 1000));
        let kept: usize = fonts.0.faces.iter().map(FontFile::kept_bytes).sum();
        assert!(kept < 6 * 1024 * 1024, "{kept} bytes of fonts are kept in memory");
    }

    #[test]
    fn a_further_font_is_looked_in_last_on_whatever_grid_it_is_drawn() {
        let folder = std::env::temp_dir().join(format!("guosuo-further-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let ours = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts");
        let load = || Fonts::load_with(&ours, Some(&folder));
        assert!(load().err().unwrap().to_string().contains("no file that ends with .ttf"));
        std::fs::write(folder.join("empty.ttf"), b"").unwrap();
        assert!(load().err().unwrap().to_string().contains("empty.ttf"));
        std::fs::remove_file(folder.join("empty.ttf")).unwrap();
        std::fs::write(folder.join("Two Thousand.ttf"), on_another_grid(&ours.join(FACES[2].0), 2000)).unwrap();
        let fonts = load().unwrap();
        let (ours, further) = (
            fonts.glyph('国').unwrap().unwrap(),
            fonts.read(3, fonts.face(3).unwrap().glyph_id('国').unwrap(), 0).unwrap(),
        );
        assert_eq!((ours.face, further.face, fonts.face(3).unwrap().name.as_str()), (0, 3, "TwoThousand"));
        // Drawn on a grid twice as fine, the same outline is half as large.
        assert_eq!(further.advance, 500);
        let height = |glyph: &Glyph| {
            outline::steps(glyph).iter().fold(0.0_f32, |height, step| match step {
                outline::Step::Move([_, y]) | outline::Step::Line([_, y]) => height.max(*y),
                _ => height,
            })
        };
        let kai = fonts.read(2, fonts.face(2).unwrap().glyph_id('国').unwrap(), 0).unwrap();
        assert!((height(&kai) - 2.0 * height(&further)).abs() < 0.01);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    /// The file of a font that says that its grid has so many units.
    fn on_another_grid(file: &std::path::Path, em: u16) -> Vec<u8> {
        let mut bytes = std::fs::read(file).unwrap();
        let record = bytes[12..].chunks(16).find(|record| record.starts_with(b"head")).unwrap();
        let at = file::u32_at(record, 8).unwrap() as usize;
        bytes[at + 18..at + 20].copy_from_slice(&em.to_be_bytes());
        bytes
    }

    #[test]
    fn a_character_that_no_face_has_is_named() {
        let error = fonts().glyphs("holder_name", "张\u{10ffff}").err().unwrap();
        assert!(matches!(error, Error::MissingGlyph { field, character: '\u{10ffff}' } if field == "holder_name"));
    }

    #[test]
    fn a_folder_without_fonts_is_refused_by_name() {
        let error = Fonts::load(std::path::Path::new("/nowhere")).err().unwrap();
        assert!(error.to_string().contains("noto-serif-sc-regular.ttf"), "{error}");
    }
}
