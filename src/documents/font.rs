//! The faces documents are printed in, and the chain of faces tried for a rare character.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use base::Fault;

use crate::{Error, limits};

mod file;
pub(crate) mod outline;
pub(crate) mod subset;

use file::FontFile;

/// File and PostScript name of each face, in the order in which a character is looked for: Song type, what Song
/// type has beyond the basic plane, Kai type.
const FACES: [(&str, &str); 3] = [
    ("noto-serif-sc-regular.ttf", "NotoSerifSC-Regular"),
    ("song-supplement-regular.ttf", "GuosuoSongSupplement-Regular"),
    ("lxgw-wenkai-regular.ttf", "LXGWWenKai-Regular"),
];

/// How many faces there are.
pub(crate) const FACE_COUNT: usize = FACES.len();

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
        let faces = FACES.iter().map(|(file, name)| FontFile::open(folder, file, name)).collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Opened { faces, glyphs: RwLock::default() })))
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
        Ok(Glyph { face, id, advance: file.advance(id), program, parts })
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
