//! Glyph outlines as steps of a pen.

use std::num::NonZeroU16;

use ttf_parser::{GlyphId, OutlineBuilder, glyf, loca};

use super::{
    Glyph,
    file::{THOUSANDTHS, u16_at},
};

/// One step of a pen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    Move([f32; 2]),
    Line([f32; 2]),
    Quad([[f32; 2]; 2]),
    Close,
}

impl Step {
    /// The same step somewhere else.
    pub(crate) fn placed(&self, at: impl Fn([f32; 2]) -> [f32; 2]) -> Self {
        match *self {
            Self::Move(to) => Self::Move(at(to)),
            Self::Line(to) => Self::Line(at(to)),
            Self::Quad([control, to]) => Self::Quad([at(control), at(to)]),
            Self::Close => Self::Close,
        }
    }
}

/// The outline in thousandths of the type size, y upwards.
pub(crate) fn steps(glyph: &Glyph) -> Vec<Step> {
    let mut programs = Vec::new();
    gather(glyph, &mut programs);
    let mut offsets = vec![0_u32];
    let mut bytes: Vec<u8> = Vec::new();
    for program in &programs {
        bytes.extend_from_slice(program);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        offsets.push(bytes.len() as u32);
    }
    let places: Vec<u8> = offsets.iter().flat_map(|offset| offset.to_be_bytes()).collect();
    let mut pen = Pen(Vec::new());
    if let Some(count) = NonZeroU16::new(programs.len() as u16)
        && let Some(table) = loca::Table::parse(count, ttf_parser::head::IndexToLocationFormat::Long, &places)
        && let Some(table) = glyf::Table::parse(table, &bytes)
    {
        table.outline(GlyphId(0), &mut pen);
    }
    let scale = f32::from(THOUSANDTHS) / f32::from(glyph.em);
    let at = |[x, y]: [f32; 2]| [x * scale, y * scale];
    pen.0.iter().map(|step| step.placed(at)).collect()
}

/// The programs of a glyph and all its parts, the glyph first, each naming its parts by their place in the list.
fn gather(glyph: &Glyph, programs: &mut Vec<Vec<u8>>) {
    let mine = programs.len();
    programs.push(glyph.program.to_vec());
    for (at, part) in &glyph.parts {
        let place = programs.len() as u16;
        if let Some(target) = programs.get_mut(mine).and_then(|program| program.get_mut(*at..*at + 2)) {
            target.copy_from_slice(&place.to_be_bytes());
        }
        gather(part, programs);
    }
}

/// Where a program names other glyphs, and which (empty for one that draws its own outline).
pub(crate) fn part_places(program: &[u8]) -> Vec<(usize, u16)> {
    let mut places = Vec::new();
    if u16_at(program, 0).is_none_or(|contours| contours < 0x8000) {
        return places;
    }
    let mut at = 10;
    while let (Some(flags), Some(id)) = (u16_at(program, at), u16_at(program, at + 2)) {
        places.push((at + 2, id));
        let words = if flags & 0x0001 != 0 { 4 } else { 2 };
        let scale = match flags {
            flags if flags & 0x0008 != 0 => 2,
            flags if flags & 0x0040 != 0 => 4,
            flags if flags & 0x0080 != 0 => 8,
            _ => 0,
        };
        at += 4 + words + scale;
        if flags & 0x0020 == 0 {
            break;
        }
    }
    places
}

struct Pen(Vec<Step>);

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.push(Step::Move([x, y]));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.push(Step::Line([x, y]));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.push(Step::Quad([[x1, y1], [x, y]]));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        // TrueType has no cubic curves; a straight line through the control points would still stay inside them.
        self.0.extend([Step::Line([x1, y1]), Step::Line([x2, y2]), Step::Line([x, y])]);
    }

    fn close(&mut self) {
        self.0.push(Step::Close);
    }
}
