//! The five objects by which a PDF embeds one subset.

use std::fmt::Write as _;

use base::Fault;

use crate::{
    Fonts,
    font::subset::Subset,
    pdf::{
        ink::{Ink, hex_digits},
        write::Objects,
    },
};

/// How many objects one subset takes.
pub(crate) const OBJECTS: usize = 5;

/// What the name of the font begins with that every page of ours has, and no page of anybody else: by it a page that was
/// taken out of its file is known.
pub(crate) const FIXED_TAG: &str = "GSFIXE";

/// Writes a subset as objects `first` to `first + 4`; texts name the first. `tag` makes the name unique in the file.
pub(crate) fn write(
    objects: &mut Objects,
    first: usize,
    tag: &str,
    (fonts, subset): (&Fonts, &Subset),
    compress: bool,
) -> Result<(), Fault> {
    let face = fonts.face(subset.face).ok_or_else(|| Fault::broken("no such face"))?;
    let [descendant, descriptor, file, to_unicode] = [1, 2, 3, 4].map(|step| first + step);
    let name = &face.name;
    objects.dictionary(
        first,
        &format!(
            "/Type/Font/Subtype/Type0/BaseFont/{tag}+{name}/Encoding/Identity-H/DescendantFonts[{descendant} 0 R]\
             /ToUnicode {to_unicode} 0 R"
        ),
    );
    let mut widths = String::with_capacity(256);
    for (number, advance) in subset.unusual_widths() {
        let _ = write!(widths, "{number}[{advance}]");
    }
    objects.dictionary(
        descendant,
        &format!(
            "/Type/Font/Subtype/CIDFontType2/BaseFont/{tag}+{name}/CIDSystemInfo<</Registry(Adobe)\
             /Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity/DW 1000/W[{widths}]\
             /FontDescriptor {descriptor} 0 R"
        ),
    );
    objects.dictionary(
        descriptor,
        &format!(
            "/Type/FontDescriptor/FontName/{tag}+{name}/Flags 4/FontBBox[-200 -300 1200 1100]/ItalicAngle 0\
             /Ascent 880/Descent -120/CapHeight 740/StemV 80/FontFile2 {file} 0 R"
        ),
    );
    let program = subset.program(face);
    objects.stream(file, &format!("/Length1 {}", program.len()), &program, compress);
    objects.stream(to_unicode, "", &unicode_map(subset), compress);
    Ok(())
}

/// What each glyph number means, so that text can be searched and copied.
fn unicode_map(subset: &Subset) -> Vec<u8> {
    let mut ink = Ink(Vec::with_capacity(512 + subset.characters().len() * 16));
    ink.text(
        "/CIDInit/ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo<</Registry(Adobe)\
         /Ordering(UCS)/Supplement 0>>def\n/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n\
         1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n",
    );
    // The format allows a hundred lines in one block.
    for block in subset.characters().chunks(100) {
        ink.integer(block.len() as u64);
        ink.text(" beginbfchar\n");
        for (number, character) in block {
            ink.0.push(b'<');
            ink.hex(*number);
            ink.text("><");
            for unit in character.encode_utf16(&mut [0; 2]) {
                ink.0.extend(hex_digits(*unit));
            }
            ink.text(">\n");
        }
        ink.text("endbfchar\n");
    }
    ink.text("endcmap\nCMapName currentdict/CMap defineresource pop\nend\nend\n");
    ink.0
}
