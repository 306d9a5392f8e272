//! Where a licence type prints what.

use serde::{Deserialize, Serialize};

use crate::{Error, limits};

/// 食品经营许可证, for an organisation.
pub const FOOD_BUSINESS: &str = include_str!("layouts/food-business.json");
/// 机动车驾驶证, for a person.
pub const DRIVING_LICENCE: &str = include_str!("layouts/driving-licence.json");
/// 出生医学证明, for a person with parents.
pub const BIRTH_CERTIFICATE: &str = include_str!("layouts/birth-certificate.json");

/// Width of the page, A4: millimetres.
pub(crate) const PAGE_WIDTH: f32 = 210.0;
/// Height of the page, A4: millimetres.
pub(crate) const PAGE_HEIGHT: f32 = 297.0;
/// Everything is printed inside a frame this far from the edge of the page.
pub(crate) const FRAME: f32 = 20.0;

/// What the digits and the caption under the QR code take: millimetres.
const UNDER_THE_CODE: f32 = 11.0;

/// A page. Lengths are millimetres from the top left corner of an A4 page, type sizes are points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// The title, large and in the middle.
    pub title: Words,
    /// Base line of the title.
    pub(crate) title_y: f32,
    /// Type size of the title.
    #[serde(default = "title_size")]
    pub(crate) title_size: f32,
    /// Colour of frame and labels, such as `#7a5c1e`.
    pub(crate) tint: String,
    /// The printed fields.
    pub cells: Vec<Cell>,
    /// Sentences that are the same on every licence.
    #[serde(default)]
    pub(crate) notes: Vec<Note>,
    /// The middle of the seal.
    pub seal: Spot,
    /// Where the QR code stands, and how large.
    pub qr: Code,
    /// Where the licence identifier is printed.
    pub identifier: Identifier,
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English, printed small below; may be empty.
    pub en: String,
}

/// One field: a label on the left, the value beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The key of the field.
    pub key: String,
    /// The label; without one the value has the whole cell.
    #[serde(default)]
    pub label: Option<Words>,
    /// Left edge.
    pub(crate) x: f32,
    /// Upper edge.
    pub(crate) y: f32,
    /// Width, label and value together.
    pub width: f32,
    /// Height; several lines must fit into it.
    pub height: f32,
    #[serde(default = "label_width")]
    pub(crate) label_width: f32,
    /// Type size wanted.
    #[serde(default = "size")]
    pub size: f32,
    /// Smallest type size allowed.
    #[serde(default = "size_min")]
    pub(crate) size_min: f32,
    /// Most lines allowed.
    #[serde(default = "lines_max")]
    pub(crate) lines_max: usize,
    /// Whether the value stands in the middle of its place.
    #[serde(default)]
    pub(crate) centred: bool,
    /// Whether a licence may leave the field out.
    #[serde(default)]
    pub optional: bool,
}

/// A sentence that never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    /// Left edge.
    pub x: f32,
    /// Base line.
    pub y: f32,
    /// Type size.
    pub size: f32,
    /// The sentence.
    pub text: String,
}

/// A point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spot {
    /// From the left.
    pub(crate) x: f32,
    /// From the top.
    pub(crate) y: f32,
}

/// The place of the QR code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Left edge.
    pub(crate) x: f32,
    /// Upper edge.
    pub(crate) y: f32,
    /// Length of a side.
    pub(crate) side: f32,
    /// What the code is for.
    pub(crate) caption: Words,
}

/// The place of the licence identifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// Left edge.
    pub(crate) x: f32,
    /// Base line.
    pub(crate) y: f32,
    /// Type size.
    pub size: f32,
    /// The word before it.
    pub label: String,
}

fn title_size() -> f32 {
    34.0
}

fn label_width() -> f32 {
    42.0
}

fn size() -> f32 {
    13.0
}

fn size_min() -> f32 {
    8.0
}

fn lines_max() -> usize {
    1
}

impl Layout {
    /// Reads a layout from JSON and checks it.
    ///
    /// # Errors
    ///
    /// [`Error::Layout`] when it is not a layout, or prints outside its frame.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let layout: Self = serde_json::from_str(json).map_err(|error| Error::Layout(error.to_string()))?;
        layout.check()?;
        Ok(layout)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |what: String| Err(Error::Layout(what));
        if self.cells.len() > limits::FIELDS_MAX {
            return refuse("it has too many fields".to_owned());
        }
        for (place, cell) in self.cells.iter().enumerate() {
            let value_width = cell.width - if cell.label.is_some() { cell.label_width } else { 0.0 };
            let sane = value_width >= 5.0
                && cell.height >= 4.0
                && cell.size_min >= 5.0
                && cell.size >= cell.size_min
                && cell.size <= 60.0
                && cell.lines_max >= 1;
            if !sane {
                return refuse(format!("the field {} has no room", cell.key));
            }
            if !inside(cell.x, cell.y, cell.width, cell.height) {
                return refuse(format!("the field {} is printed over the frame", cell.key));
            }
            if !is_metadata_name(&cell.key) || self.cells.iter().take(place).any(|other| other.key == cell.key) {
                return refuse(format!("the field {} is not a name or occurs twice", cell.key));
            }
        }
        let seal = crate::seal_picture::SIDE;
        if !inside(self.seal.x - seal / 2.0, self.seal.y - seal / 2.0, seal, seal) {
            return refuse("the seal is printed over the frame".to_owned());
        }
        if self.qr.side < 15.0 || !inside(self.qr.x, self.qr.y, self.qr.side, self.qr.side + UNDER_THE_CODE) {
            return refuse("the QR code is too small or over the frame".to_owned());
        }
        if self.colour().is_none() {
            return refuse(format!("{:?} is not a colour", self.tint));
        }
        Ok(())
    }

    /// Red, green and blue of the tint, 0 to 1.
    pub(crate) fn colour(&self) -> Option<[f32; 3]> {
        let digits = self.tint.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some([part(0)?, part(2)?, part(4)?].map(|value| f32::from(value) / 255.0))
    }
}

fn inside(x: f32, y: f32, width: f32, height: f32) -> bool {
    x >= FRAME && y >= FRAME && x + width <= PAGE_WIDTH - FRAME && y + height <= PAGE_HEIGHT - FRAME
}

/// Names of metadata entries become names of XML elements: letters, digits, `_`.
pub(crate) fn is_metadata_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_layouts_can_be_printed() {
        for json in [FOOD_BUSINESS, DRIVING_LICENCE, BIRTH_CERTIFICATE] {
            Layout::parse(json).unwrap();
        }
    }

    #[test]
    fn a_layout_that_prints_over_its_frame_is_refused() {
        let mut layout = Layout::parse(FOOD_BUSINESS).unwrap();
        layout.cells[0].width = 200.0;
        assert!(matches!(layout.check(), Err(Error::Layout(_))));
        let mut layout = Layout::parse(FOOD_BUSINESS).unwrap();
        layout.seal.x = 180.0;
        assert!(matches!(layout.check(), Err(Error::Layout(_))));
    }

    #[test]
    fn two_fields_with_one_key_are_refused() {
        let mut layout = Layout::parse(FOOD_BUSINESS).unwrap();
        layout.cells[1].key = layout.cells[0].key.clone();
        assert!(matches!(layout.check(), Err(Error::Layout(_))));
    }
}
