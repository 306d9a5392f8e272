//! One licence type with one seal, typeset once; each licence appends its own part.

mod picture;

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use base::Fault;
use crypto::digest::{DigestAlgorithm, sha256};

use crate::{
    Error, Field, Filling, Fonts, Layout, Prepared, SealPicture,
    font::{Glyph, subset::Subset},
    layout::{Cell, PAGE_HEIGHT, PAGE_WIDTH},
    limits,
    line::{self, Room},
    ornament,
    packing::Piece,
    pdf::{
        colour_profile, font_objects,
        ink::{Ink, POINTS_PER_MM, text_string},
        write::{Beginning, Objects},
        xmp,
    },
    qr, seal_picture,
};

/// Numbers of the objects, the same in every file.
mod object {
    pub(super) const CATALOG: usize = 1;
    pub(super) const PAGES: usize = 2;
    pub(super) const COLOURS: usize = 3;
    pub(super) const FIXED_FONT: usize = 4;
    pub(super) const FIXED_TEXT: usize = 9;
    pub(super) const SEAL: usize = 10;
    pub(super) const WIDGET: usize = 11;
    pub(super) const PAGE: usize = 12;
    pub(super) const TEXT: usize = 13;
    pub(super) const METADATA: usize = 14;
    pub(super) const INFORMATION: usize = 15;
    pub(super) const SIGNATURE: usize = 16;
    pub(super) const FONTS: usize = 17;
}

/// Characters that most licences print and that the constant part therefore carries.
const COMMON: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ .-/:()（），。、；·\
    年月日至中国省市县区镇街道路号楼室公司有限责任食品餐饮销售制热类管理监督局";

/// Size of the caption under the QR code.
const CAPTION_SIZE: f32 = 8.0;
/// Size of the digits between the two, for whoever has to type them.
const DIGITS_SIZE: f32 = 8.5;
/// Digits that stand together.
const DIGITS_TOGETHER: usize = 4;
/// Room between a label or a value and the edge of its cell: millimetres.
const PADDING: f32 = 2.0;

/// A typeset page that waits for the words of one licence. Cloning shares it.
#[derive(Clone)]
pub struct Template(Arc<Typeset>);

struct Typeset {
    fonts: Fonts,
    layout: Layout,
    /// What is drawn on every page.
    fixed: Vec<u8>,
    /// The file up to where the first licence differs from the second, and what follows it.
    beginning: Beginning,
    following: Objects,
    /// What the constant part's font already has.
    carried: HashMap<char, (u16, u16)>,
}

impl Template {
    /// Typesets what is the same on every licence, whose digest the seal's suite wants.
    ///
    /// # Errors
    ///
    /// [`Error::Layout`], [`Error::MissingGlyph`] for a label, [`Error::FontFile`].
    pub fn new(fonts: &Fonts, layout: &Layout, seal: &SealPicture, digest: DigestAlgorithm) -> Result<Self, Error> {
        layout.check()?;
        let mut carried = Carried::new(fonts)?;
        let text = carried.page(layout)?;
        carried.add("common", COMMON)?;
        let mut objects = Objects::new();
        objects.dictionary(
            object::CATALOG,
            &format!(
                "/Type/Catalog/Pages {pages} 0 R/Metadata {metadata} 0 R/Lang(zh-CN)/ViewerPreferences\
                 <</DisplayDocTitle true>>/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1\
                 /OutputConditionIdentifier(sRGB)/Info(sRGB)/DestOutputProfile {colours} 0 R>>]\
                 /AcroForm<</SigFlags 3/Fields[{widget} 0 R]>>/Perms<</DocMDP {signature} 0 R>>",
                pages = object::PAGES,
                metadata = object::METADATA,
                colours = object::COLOURS,
                widget = object::WIDGET,
                signature = object::SIGNATURE,
            ),
        );
        objects.dictionary(object::PAGES, &format!("/Type/Pages/Count 1/Kids[{} 0 R]", object::PAGE));
        objects.stream(object::COLOURS, "/N 3", &colour_profile::srgb(), true);
        font_objects::write(&mut objects, object::FIXED_FONT, font_objects::FIXED_TAG, (fonts, &carried.subset), true)?;
        objects.stream(object::FIXED_TEXT, "", &text, true);
        write_seal(&mut objects, layout, seal);
        let following = objects.following(0);
        Ok(Self(Arc::new(Typeset {
            fonts: fonts.clone(),
            layout: layout.clone(),
            fixed: text,
            beginning: Beginning::new(objects.bytes, digest),
            following,
            carried: carried.characters,
        })))
    }

    /// Typesets one licence; the same content gives the same bytes.
    ///
    /// # Errors
    ///
    /// [`Error::MissingField`] or [`Error::UnknownField`] when the content is not what the layout asks for;
    /// [`Error::TooLong`] when a text does not fit its place, [`Error::MissingGlyph`] when no typeface has a character;
    /// [`Error::MetadataName`] and [`Error::QrTooLong`] when the file could not carry what it should.
    pub fn typeset(&self, content: &Filling) -> Result<Prepared, Error> {
        let typeset = &*self.0;
        check_fields(&typeset.layout, content)?;
        let mut page = Sheet::of(typeset);
        page.print(content)?;
        let mut objects = typeset.following.following(90_000);
        objects.stream(object::TEXT, "", &page.ink.0, false);
        let mut fonts = String::new();
        let mut number = object::FONTS;
        for (index, subset) in page.own.iter().enumerate() {
            let Some(subset) = subset else { continue };
            font_objects::write(&mut objects, number, &font_tag(index), (&typeset.fonts, subset), false)?;
            let _ = write!(fonts, "/F{} {number} 0 R", index + 1);
            number += font_objects::OBJECTS;
        }
        objects.dictionary(
            object::PAGE,
            &format!(
                "/Type/Page/Parent {} 0 R/MediaBox[0 0 595.28 841.89]/Contents[{} 0 R {} 0 R]/Resources<</Font\
                 <</F0 {} 0 R{fonts}>>>>/Annots[{} 0 R]",
                object::PAGES,
                object::FIXED_TEXT,
                object::TEXT,
                object::FIXED_FONT,
                object::WIDGET
            ),
        );
        objects.stream(object::METADATA, "/Type/Metadata/Subtype/XML", &metadata(content)?, false);
        let date = pdf_date(content);
        let title = text_string(&content.title);
        objects.dictionary(
            object::INFORMATION,
            &format!("/Title{title}/Creator(Guosuo)/Producer(Guosuo)/CreationDate({date})/ModDate({date})"),
        );
        let signature = objects.signature(
            object::SIGNATURE,
            &format!(
                "/Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/Name{}/M({date})/Reference[<</Type\
                 /SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]",
                text_string(&content.signer_name)
            ),
        );
        let identity: String = crypto::digest::hex(&sha256(format!("{}\n{date}", content.identifier).as_bytes()))
            .chars()
            .take(32)
            .collect();
        objects.finish(&format!(
            "/Root {} 0 R/Info {} 0 R/ID[<{identity}><{identity}>]",
            object::CATALOG,
            object::INFORMATION
        ));
        let drawings = page.own.iter().flatten().flat_map(Subset::drawings);
        let drawings = drawings.filter(|drawing| drawing.len() >= limits::PIECE_BYTES_MIN).map(Piece::new).collect();
        Ok(Prepared::join(&typeset.beginning, &mut objects.bytes, &signature, drawings)?)
    }
}

/// Six capital letters, of each face others (ISO 32000-1, 9.6.4).
fn font_tag(face: usize) -> String {
    match face {
        0 => "GSSONG".to_owned(),
        1 => "GSSUPP".to_owned(),
        2 => "GSKAIT".to_owned(),
        further => format!("GSFUR{}", (b'A' + (further % 26) as u8) as char),
    }
}

fn check_fields(layout: &Layout, content: &Filling) -> Result<(), Error> {
    let known = |field: &Field| layout.cells.iter().any(|cell| cell.key == field.key);
    if let Some(field) = content.fields.iter().find(|field| !known(field)) {
        return Err(Error::UnknownField { field: field.key.clone() });
    }
    let given = |cell: &Cell| content.fields.iter().any(|field| field.key == cell.key && !field.value.is_empty());
    if let Some(cell) = layout.cells.iter().find(|cell| !cell.optional && !given(cell)) {
        return Err(Error::MissingField { field: cell.key.clone() });
    }
    Ok(())
}

fn metadata(content: &Filling) -> Result<Vec<u8>, Error> {
    let mut entries: Vec<(&str, &str)> =
        vec![("certificate_name", &content.title), ("certificate_identifier", &content.identifier)];
    let fields = content.fields.iter().map(|field| (field.key.as_str(), field.value.as_str()));
    let further = content.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in fields.chain(further) {
        match entries.iter_mut().find(|entry| entry.0 == name) {
            Some(entry) => entry.1 = value,
            None => entries.push((name, value)),
        }
    }
    xmp::packet(&xmp::Metadata {
        title: &content.title,
        creator: &content.signer_name,
        at: content.at,
        entries: &entries,
    })
}

fn pdf_date(content: &Filling) -> String {
    let digits: String = content.at.legal_text().chars().filter(char::is_ascii_digit).collect();
    format!("D:{digits}+08'00'")
}

fn write_seal(objects: &mut Objects, layout: &Layout, seal: &SealPicture) {
    let side = seal_picture::SIDE * POINTS_PER_MM;
    let left = (layout.seal.x - seal_picture::SIDE / 2.0) * POINTS_PER_MM;
    let bottom = (PAGE_HEIGHT - layout.seal.y - seal_picture::SIDE / 2.0) * POINTS_PER_MM;
    // The red goes under black text: a date below the seal stays readable.
    objects.stream(
        object::SEAL,
        &format!(
            "/Type/XObject/Subtype/Form/BBox[0 0 {side:.2} {side:.2}]/Resources<</ExtGState\
             <</Under<</Type/ExtGState/BM/Multiply>>>>>>"
        ),
        &seal.ink(),
        true,
    );
    objects.dictionary(
        object::WIDGET,
        &format!(
            "/Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/F 132/Rect[{left:.2} {bottom:.2} {:.2} {:.2}]/P {} 0 R\
             /V {} 0 R/AP<</N {} 0 R>>",
            left + side,
            bottom + side,
            object::PAGE,
            object::SIGNATURE,
            object::SEAL
        ),
    );
}

/// The constant part's text and font.
struct Carried<'a> {
    fonts: &'a Fonts,
    subset: Subset,
    characters: HashMap<char, (u16, u16)>,
}

impl<'a> Carried<'a> {
    fn new(fonts: &'a Fonts) -> Result<Self, Fault> {
        Ok(Self { fonts, subset: Subset::new(fonts, 0)?, characters: HashMap::new() })
    }

    /// Takes characters into the font. A label in a rare character must wait until somebody needs one.
    fn add(&mut self, field: &str, text: &str) -> Result<(), Error> {
        for (character, glyph) in text.chars().zip(self.fonts.glyphs(field, text)?) {
            if glyph.face != 0 {
                return Err(Error::MissingGlyph { field: field.to_owned(), character });
            }
            let number = self.subset.number(character, &glyph);
            self.characters.insert(character, (number, glyph.advance));
        }
        Ok(())
    }

    /// Frame, title, labels, captions and notes.
    fn page(&mut self, layout: &Layout) -> Result<Vec<u8>, Error> {
        let tint = layout.colour().ok_or_else(|| Error::Layout("its tint is not a colour".to_owned()))?;
        let dark = tint.map(|part| part * 0.75);
        let mut ink = Ink::default();
        ink.text("q\n");
        // Three decimals, because this scale applies to the whole page.
        ink.text(&format!("{POINTS_PER_MM:.5} 0 0 {POINTS_PER_MM:.5} 0 0 cm\n"));
        ornament::draw(&mut ink, tint);
        ink.text("Q\n");
        self.title(&mut ink, layout, dark)?;
        for cell in &layout.cells {
            let Some(label) = &cell.label else { continue };
            ink.op(&dark, "rg");
            let middle = cell.y + cell.height / 2.0;
            let (zh, en) = (&label.zh, &label.en);
            let lift = if en.is_empty() { 1.3 } else { 0.4 };
            self.fitted(&mut ink, "label", zh, [cell.x, middle + lift], (10.5, cell.label_width - PADDING))?;
            self.fitted(&mut ink, "label", en, [cell.x, middle + 3.6], (6.5, cell.label_width - PADDING))?;
            ink.op(&tint, "RG");
            ink.op(&[0.3], "w");
            let (from, to) = (cell.x + cell.label_width, cell.x + cell.width - PADDING);
            let base = cell.y + cell.height - 1.0;
            ink.op(&point(from, base), "m");
            ink.op(&point(to, base), "l");
            ink.text("S\n");
        }
        ink.op(&dark, "rg");
        let middle = layout.qr.x + layout.qr.side / 2.0;
        let under = layout.qr.y + layout.qr.side;
        self.centred(&mut ink, "qr", &layout.qr.caption.zh, [middle, under + 7.6], CAPTION_SIZE)?;
        self.centred(&mut ink, "qr", &layout.qr.caption.en, [middle, under + 10.4], CAPTION_SIZE * 0.7)?;
        for note in &layout.notes {
            self.show(&mut ink, "note", &note.text, [note.x, note.y], note.size)?;
        }
        let identifier = &layout.identifier;
        self.show(&mut ink, "identifier", &identifier.label, [identifier.x, identifier.y], identifier.size)?;
        Ok(ink.0)
    }

    fn title(&mut self, ink: &mut Ink, layout: &Layout, dark: [f32; 3]) -> Result<(), Error> {
        let middle = PAGE_WIDTH / 2.0;
        ink.op(&dark, "rg");
        ink.op(&dark, "RG");
        // A thin outline in the same colour makes the regular face a bold one.
        ink.text("q\n2 Tr\n");
        ink.op(&[layout.title_size * 0.022], "w");
        self.centred(ink, "title", &layout.title.zh, [middle, layout.title_y], layout.title_size)?;
        ink.text("Q\n");
        self.centred(ink, "title", &layout.title.en, [middle, layout.title_y + layout.title_size * 0.15 + 3.4], 11.0)
    }

    fn width(&self, text: &str) -> f32 {
        text.chars()
            .filter_map(|character| self.characters.get(&character))
            .map(|(_, advance)| f32::from(*advance))
            .sum()
    }

    fn centred(&mut self, ink: &mut Ink, field: &str, text: &str, at: [f32; 2], size: f32) -> Result<(), Error> {
        self.add(field, text)?;
        let width = self.width(text) / 1000.0 * size / POINTS_PER_MM;
        self.show(ink, field, text, [at[0] - width / 2.0, at[1]], size)
    }

    /// A label, made smaller when it is wider than its place.
    fn fitted(&mut self, ink: &mut Ink, field: &str, text: &str, at: [f32; 2], room: (f32, f32)) -> Result<(), Error> {
        self.add(field, text)?;
        let (size, width) = room;
        let natural = self.width(text) / 1000.0 * size / POINTS_PER_MM;
        self.show(ink, field, text, at, size * (width / natural.max(0.1)).min(1.0))
    }

    fn show(&mut self, ink: &mut Ink, field: &str, text: &str, at: [f32; 2], size: f32) -> Result<(), Error> {
        self.add(field, text)?;
        let [x, y] = point(at[0], at[1]);
        ink.text("BT\n/F0 ");
        ink.op(&[size], "Tf");
        ink.op(&[x, y], "Td");
        ink.text("<");
        for character in text.chars() {
            ink.hex(self.characters.get(&character).map_or(0, |(number, _)| *number));
        }
        ink.text(">Tj\nET\n");
        Ok(())
    }
}

/// The digits at the end of a QR code's text, in groups; the last one takes what would stand alone.
fn grouped(text: &str) -> String {
    let digits = text.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let breaks = |place: usize| place > 0 && place.is_multiple_of(DIGITS_TOGETHER) && place + 1 < digits.len();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / DIGITS_TOGETHER);
    for (place, digit) in digits.chars().enumerate() {
        if breaks(place) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// A point of the layout (millimetres from the top left) as a point of the page.
fn point(x: f32, y: f32) -> [f32; 2] {
    [x * POINTS_PER_MM, (PAGE_HEIGHT - y) * POINTS_PER_MM]
}

/// One character of a licence's own text: font (0 is the constant part's), number in it, advance.
#[derive(Clone, Copy)]
struct Set {
    font: usize,
    number: u16,
    advance: u16,
}

/// The words of one licence.
struct Sheet<'a> {
    typeset: &'a Typeset,
    own: Vec<Option<Subset>>,
    ink: Ink,
}

impl<'a> Sheet<'a> {
    /// An empty one, with room for characters of every face there is.
    fn of(typeset: &'a Typeset) -> Self {
        let own = (0..typeset.fonts.count()).map(|_| None).collect();
        Self { typeset, own, ink: Ink(Vec::with_capacity(8_192)) }
    }

    fn print(&mut self, content: &Filling) -> Result<(), Error> {
        self.words(content)?;
        self.code(&content.qr_text)?;
        self.digits(&content.qr_text)
    }

    fn words(&mut self, content: &Filling) -> Result<(), Error> {
        let layout = &self.typeset.layout;
        self.ink.op(&[0.08, 0.08, 0.08], "rg");
        for field in &content.fields {
            let cell = layout.cells.iter().find(|cell| cell.key == field.key);
            if let Some(cell) = cell.filter(|_| !field.value.is_empty()) {
                self.cell(cell, &field.value)?;
            }
        }
        let place = &layout.identifier;
        let label: usize = place.label.chars().count() + 1;
        let text = self.set("identifier", &content.identifier)?;
        let x = place.x + label as f32 * place.size / POINTS_PER_MM;
        let width: f32 = text.iter().map(|set| f32::from(set.advance)).sum::<f32>() / 1000.0 * place.size;
        if x + width / POINTS_PER_MM > PAGE_WIDTH - crate::layout::FRAME {
            return Err(Error::TooLong { field: "identifier".to_owned() });
        }
        self.show(&text, [x, place.y], place.size);
        Ok(())
    }

    /// The digits that the QR code ends with, below it and in groups: where nothing scans, they are typed.
    fn digits(&mut self, text: &str) -> Result<(), Error> {
        let place = &self.typeset.layout.qr;
        let (middle, base) = (place.x + place.side / 2.0, place.y + place.side + 3.6);
        let text = self.set("qr", &grouped(text))?;
        let width: f32 = text.iter().map(|set| f32::from(set.advance)).sum::<f32>() / 1000.0 * DIGITS_SIZE;
        self.show(&text, [middle - width / POINTS_PER_MM / 2.0, base], DIGITS_SIZE);
        Ok(())
    }

    fn cell(&mut self, cell: &Cell, value: &str) -> Result<(), Error> {
        let too_long = || Error::TooLong { field: cell.key.clone() };
        if value.chars().count() > limits::FIELD_CHARACTERS_MAX {
            return Err(too_long());
        }
        let text = self.set(&cell.key, value)?;
        let label = if cell.label.is_some() { cell.label_width } else { 0.0 };
        let room = Room {
            width: (cell.width - label - 2.0 * PADDING) * POINTS_PER_MM,
            height: (cell.height - PADDING) * POINTS_PER_MM,
            size: cell.size,
            size_min: cell.size_min,
            lines_max: cell.lines_max,
        };
        let widths: Vec<(char, u16)> = value.chars().zip(text.iter().map(|set| set.advance)).collect();
        let fitted = line::fit(&widths, &room).ok_or_else(too_long)?;
        let leading = fitted.size * line::LEADING / POINTS_PER_MM;
        let count = fitted.lines.len() as f32;
        // One line stands near the rule under it; several are spread around the middle of the cell.
        let block = leading * (count - 1.0);
        let cap = fitted.size * 0.36 / POINTS_PER_MM;
        let mut base = cell.y + cell.height / 2.0 - block / 2.0 + cap;
        for range in fitted.lines {
            let line = text.get(range).unwrap_or_default();
            let mut x = cell.x + label + PADDING;
            if cell.centred {
                let width: f32 = line.iter().map(|set| f32::from(set.advance)).sum::<f32>() / 1000.0 * fitted.size;
                x += (room.width - width) / 2.0 / POINTS_PER_MM;
            }
            self.show(line, [x, base], fitted.size);
            base += leading;
        }
        Ok(())
    }

    /// Chooses font and number for each character.
    fn set(&mut self, field: &str, text: &str) -> Result<Vec<Set>, Error> {
        text.chars()
            .map(|character| {
                if let Some((number, advance)) = self.typeset.carried.get(&character) {
                    return Ok(Set { font: 0, number: *number, advance: *advance });
                }
                let glyph: Arc<Glyph> = self
                    .typeset
                    .fonts
                    .glyph(character)?
                    .ok_or_else(|| Error::MissingGlyph { field: field.to_owned(), character })?;
                let Some(own) = self.own.get_mut(glyph.face) else {
                    return Err(Fault::broken("no such face").into());
                };
                let subset = match own {
                    Some(subset) => subset,
                    None => own.insert(Subset::new(&self.typeset.fonts, glyph.face)?),
                };
                let number = subset.number(character, &glyph);
                Ok(Set { font: glyph.face + 1, number, advance: glyph.advance })
            })
            .collect()
    }

    /// Shows one line, changing the font where it must.
    fn show(&mut self, line: &[Set], at: [f32; 2], size: f32) {
        self.ink.text("BT\n");
        self.ink.op(&point(at[0], at[1]), "Td");
        for run in line.chunk_by(|left, right| left.font == right.font) {
            self.ink.text("/F");
            self.ink.integer(run.first().map_or(0, |set| set.font as u64));
            self.ink.text(" ");
            self.ink.op(&[size], "Tf");
            self.ink.text("<");
            for set in run {
                self.ink.hex(set.number);
            }
            self.ink.text(">Tj\n");
        }
        self.ink.text("ET\n");
    }

    fn code(&mut self, text: &str) -> Result<(), Error> {
        let place = &self.typeset.layout.qr;
        let code = qr::runs(text)?;
        // The quiet zone is inside the place, so that nothing can be printed into it.
        let module = place.side / (code.size + 8) as f32 * POINTS_PER_MM;
        let [x, y] = point(place.x, place.y);
        self.ink.text(&format!(
            "q\n{module:.4} 0 0 {:.4} {:.2} {:.2} cm\n",
            -module,
            x + 4.0 * module,
            y - 4.0 * module
        ));
        self.ink.text("0 0 0 rg\n");
        for (column, row, length) in &code.runs {
            for number in [column, row, length] {
                self.ink.integer(*number as u64);
                self.ink.text(" ");
            }
            self.ink.text("1 re\n");
        }
        self.ink.text("f\nQ\n");
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
