//! The round picture of a seal: ring, star, the name along the ring in Song type, a second line, the number.

use std::{f32::consts::PI, fmt::Write as _, sync::Arc};

use crate::{
    Error, Fonts,
    font::{Glyph, outline, outline::Step},
    limits,
    pdf::ink::{Ink, POINTS_PER_MM},
};

/// Width and height of every seal: millimetres.
pub const SIDE: f32 = 42.0;
const MIDDLE: f32 = SIDE / 2.0;
const RING_WIDTH: f32 = 1.2;
/// Outer tips of the star.
const STAR_RADIUS: f32 = 7.0;
/// Where a name of common length stands.
const ONE_ARC: NameArc = NameArc { top: 18.7, height: 4.7, span: 240.0 * PI / 180.0 };
/// Where the first and the second part of a long one stand, so that each character stays wide enough to be read.
const OUTER_ARC: NameArc = NameArc { top: 18.7, height: 3.7, span: 246.0 * PI / 180.0 };
const INNER_ARC: NameArc = NameArc { top: 14.5, height: 3.4, span: 220.0 * PI / 180.0 };
/// The longest name on one arc.
const ONE_ARC_CHARACTERS_MAX: usize = 24;
/// The longest part on the inner arc.
const INNER_CHARACTERS_MAX: usize = 18;
/// The longest part on the outer arc.
const OUTER_CHARACTERS_MAX: usize = 22;
/// Behind these, which end the name of a place or of an office, a long name is parted where it can be.
const ENDS_OF_NAMES: &str = "省市县区州盟旗镇乡局厅委会院部署处司府";
/// The widest angle from one character to the next.
const NAME_PITCH: f32 = 31.0 * PI / 180.0;
/// The part of the room of one character that its box may fill.
const FILLED: f32 = 0.95;
const BELOW_HEIGHT: f32 = 3.7;
const BELOW_BASE: f32 = MIDDLE + 13.0;
const BELOW_WIDTH: f32 = 22.0;
const NUMBER_HEIGHT: f32 = 2.0;
const NUMBER_RADIUS: f32 = 18.7;
/// Type is drawn from 120 units below its base line to 880 above it.
const ASCENT: f32 = 0.88;
/// A line around all outlines that makes the regular face a bold one.
const BOLD: f32 = 0.11;
/// The red of official seals.
const RED: [f32; 3] = [0.8, 0.047, 0.11];
const RED_HEX: &str = "#cc0c1c";

/// The words on a seal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SealText {
    /// The name of the organisation, 4 to 40 characters along the ring: on one arc up to 24, else on two.
    pub ring: String,
    /// The line below the star, such as `电子证照专用章`; may be empty.
    pub below: String,
    /// The seal's number along the lower ring; may be empty.
    pub number: String,
}

/// A seal as outlines: it prints and shows alike everywhere, and nobody needs its font again. Cloning shares it.
#[derive(Clone)]
pub struct SealPicture(Arc<Drawn>);

struct Drawn {
    text: SealText,
    /// Millimetres, y downwards.
    steps: Vec<Step>,
    /// Corners of the boxes of the name's characters.
    #[cfg_attr(not(test), allow(dead_code, reason = "only the test that boxes never overlap reads them"))]
    boxes: Vec<[[f32; 2]; 4]>,
}

impl SealPicture {
    /// Draws a seal.
    ///
    /// # Errors
    ///
    /// [`Error::SealNameLength`], [`Error::TooLong`] for the other two lines, [`Error::MissingGlyph`].
    pub fn draw(fonts: &Fonts, text: &SealText) -> Result<Self, Error> {
        let characters = text.ring.chars().count();
        if !limits::SEAL_NAME_CHARACTERS.contains(&characters) {
            return Err(Error::SealNameLength { characters });
        }
        let too_long = |field: &str| Error::TooLong { field: field.to_owned() };
        if text.below.chars().count() > limits::SEAL_BELOW_CHARACTERS_MAX {
            return Err(too_long("below"));
        }
        if text.number.chars().count() > limits::SEAL_NUMBER_CHARACTERS_MAX {
            return Err(too_long("number"));
        }
        let mut steps = star();
        let boxes = ring(&text.ring, &fonts.glyphs("ring", &text.ring)?, &mut steps);
        below(&fonts.glyphs("below", &text.below)?, &mut steps);
        number(&fonts.glyphs("number", &text.number)?, &mut steps);
        Ok(Self(Arc::new(Drawn { text: text.clone(), steps, boxes })))
    }

    /// The words on the seal.
    pub fn text(&self) -> &SealText {
        &self.0.text
    }

    /// The seal as an SVG picture for screens, 42 mm wide unless the page says otherwise.
    pub fn svg(&self) -> String {
        let mut out = String::with_capacity(self.0.steps.len() * 14 + 400);
        let radius = MIDDLE - RING_WIDTH / 2.0;
        let label = self.0.text.ring.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SIDE} {SIDE}\" width=\"{SIDE}mm\" \
             height=\"{SIDE}mm\" role=\"img\" aria-label=\"{label}\"><circle cx=\"{MIDDLE}\" cy=\"{MIDDLE}\" \
             r=\"{radius}\" fill=\"none\" stroke=\"{RED_HEX}\" stroke-width=\"{RING_WIDTH}\"/>\
             <path fill=\"{RED_HEX}\" stroke=\"{RED_HEX}\" stroke-width=\"{BOLD}\" d=\""
        );
        let round = |value: f32| (value * 100.0).round() / 100.0;
        for step in &self.0.steps {
            let _ = match *step {
                Step::Move([x, y]) => write!(out, "M{} {}", round(x), round(y)),
                Step::Line([x, y]) => write!(out, "L{} {}", round(x), round(y)),
                Step::Quad([[a, b], [x, y]]) => write!(out, "Q{} {} {} {}", round(a), round(b), round(x), round(y)),
                Step::Close => out.write_str("Z"),
            };
        }
        out.push_str("\"/></svg>");
        out
    }

    /// The seal as drawing operators, in points, y upwards, from the lower left corner of its square.
    pub(crate) fn ink(&self) -> Vec<u8> {
        let mut ink = Ink::default();
        // Whole steps of a twentieth of a point, which no printer resolves, keep the numbers short.
        let scale = POINTS_PER_MM * 20.0;
        let place = |[x, y]: [f32; 2]| [(x * scale).round(), ((SIDE - y) * scale).round()];
        ink.text("/Under gs\n");
        ink.op(&[0.05, 0.0, 0.0, 0.05, 0.0, 0.0], "cm");
        ink.op(&RED, "RG");
        ink.op(&RED, "rg");
        ink.op(&[RING_WIDTH * scale], "w");
        ink.circle(MIDDLE * scale, MIDDLE * scale, (MIDDLE - RING_WIDTH / 2.0) * scale);
        ink.text("S\n");
        ink.op(&[BOLD * scale], "w");
        ink.path(&self.0.steps, place);
        ink.text("B\n");
        ink.0
    }
}

impl std::fmt::Debug for SealPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SealPicture").field(&self.0.text).finish()
    }
}

fn star() -> Vec<Step> {
    // The inner corners of a star whose edges run straight from tip to tip.
    let inner = STAR_RADIUS * (PI / 10.0).sin() / (3.0 * PI / 10.0).sin();
    let mut steps = Vec::with_capacity(11);
    for corner in 0..10 {
        let radius = if corner % 2 == 0 { STAR_RADIUS } else { inner };
        let (sin, cos) = (PI * corner as f32 / 5.0).sin_cos();
        let point = [MIDDLE + radius * sin, MIDDLE - radius * cos];
        steps.push(if corner == 0 { Step::Move(point) } else { Step::Line(point) });
    }
    steps.push(Step::Close);
    steps
}

/// A circle on which characters of the name stand, and how far they may go round: millimetres, from the middle.
struct NameArc {
    /// The tops of the characters.
    top: f32,
    height: f32,
    /// The widest angle from the first to the last character.
    span: f32,
}

/// The name along the ring, a long one in two parts, the outer one first.
fn ring(name: &str, glyphs: &[Arc<Glyph>], steps: &mut Vec<Step>) -> Vec<[[f32; 2]; 4]> {
    if glyphs.len() <= ONE_ARC_CHARACTERS_MAX {
        return arc(&ONE_ARC, glyphs, steps);
    }
    let (outer, inner) = glyphs.split_at(parted(name).min(glyphs.len()));
    let mut boxes = arc(&OUTER_ARC, outer, steps);
    boxes.extend(arc(&INNER_ARC, inner, steps));
    boxes
}

/// How many characters of a long name stand on the outer arc: up to the end of a name of a place or of an office, the one
/// that parts it most evenly for the room that the arcs have.
fn parted(name: &str) -> usize {
    let characters: Vec<char> = name.chars().collect();
    let even = (characters.len() * OUTER_CHARACTERS_MAX).div_ceil(OUTER_CHARACTERS_MAX + INNER_CHARACTERS_MAX);
    let least = characters.len().saturating_sub(INNER_CHARACTERS_MAX).max(even.saturating_sub(4));
    let is_end = |at: usize| characters.get(at).is_some_and(|c| ENDS_OF_NAMES.contains(*c));
    // The second of two begins the next name: 滨江市, 市场监督管理局.
    let parts = |at: &usize| is_end(at.saturating_sub(1)) && !is_end(at.saturating_sub(2));
    (least..=OUTER_CHARACTERS_MAX).filter(parts).min_by_key(|at| at.abs_diff(even)).unwrap_or(even)
}

/// The more characters, the narrower each: the feet of neighbours, nearest to the middle, are where their boxes would touch
/// first.
fn arc(place: &NameArc, glyphs: &[Arc<Glyph>], steps: &mut Vec<Step>) -> Vec<[[f32; 2]; 4]> {
    let count = glyphs.len() as f32;
    let pitch = (place.span / (count - 1.0)).min(NAME_PITCH);
    let feet = place.top - place.height;
    let width = (2.0 * feet * (pitch / 2.0).tan() * FILLED).min(place.height);
    let base = place.top - place.height * ASCENT;
    let mut boxes = Vec::with_capacity(glyphs.len());
    for (index, glyph) in glyphs.iter().enumerate() {
        let (sin, cos) = ((index as f32 - (count - 1.0) / 2.0) * pitch).sin_cos();
        let at = |along: f32, out: f32| [MIDDLE + out * sin + along * cos, MIDDLE - out * cos + along * sin];
        draw(glyph, steps, |x, y| at((x - 0.5) * width, base + y * place.height));
        let half = width / 2.0;
        boxes.push([at(-half, feet), at(half, feet), at(half, place.top), at(-half, place.top)]);
    }
    boxes
}

fn below(glyphs: &[Arc<Glyph>], steps: &mut Vec<Step>) {
    if glyphs.is_empty() {
        return;
    }
    let width = (BELOW_WIDTH / glyphs.len() as f32).min(BELOW_HEIGHT);
    let start = MIDDLE - width * glyphs.len() as f32 / 2.0;
    for (index, glyph) in glyphs.iter().enumerate() {
        let left = start + width * index as f32;
        draw(glyph, steps, |x, y| [left + x * width, BELOW_BASE - y * BELOW_HEIGHT]);
    }
}

/// The number along the lower ring, its digits standing upright at the lowest point.
fn number(glyphs: &[Arc<Glyph>], steps: &mut Vec<Step>) {
    let width = NUMBER_HEIGHT * 0.62;
    let pitch = width * 1.25 / NUMBER_RADIUS;
    let count = glyphs.len() as f32;
    for (index, glyph) in glyphs.iter().enumerate() {
        let angle = PI - (index as f32 - (count - 1.0) / 2.0) * pitch;
        let (sin, cos) = angle.sin_cos();
        draw(glyph, steps, |x, y| {
            let (along, out) = ((x - 0.5) * width, NUMBER_RADIUS - y * NUMBER_HEIGHT);
            [MIDDLE + out * sin - along * cos, MIDDLE - out * cos - along * sin]
        });
    }
}

/// Adds an outline; `place` takes x from 0 (left edge) to 1 (right edge) and y in heights above the base line.
fn draw(glyph: &Glyph, steps: &mut Vec<Step>, place: impl Fn(f32, f32) -> [f32; 2]) {
    let at = |[x, y]: [f32; 2]| place(x / f32::from(glyph.advance.max(1)), y / 1000.0);
    steps.extend(outline::steps(glyph).iter().map(|step| step.placed(at)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::testing::fonts;

    const NAME: &str = "某某省某某自治州某某市某某经济技术开发区市场监督管理局行政审批和政务服务管理处";

    fn seal(count: usize) -> Result<SealPicture, Error> {
        let ring: String = NAME.chars().cycle().take(count).collect();
        SealPicture::draw(&fonts(), &SealText { ring, below: "电子证照专用章".into(), number: "33010600000001".into() })
    }

    #[test]
    fn no_two_characters_of_a_name_overlap_whatever_its_length() {
        for count in limits::SEAL_NAME_CHARACTERS {
            let boxes = seal(count).unwrap().0.boxes.clone();
            for (index, one) in boxes.iter().enumerate() {
                for other in boxes.iter().skip(index + 1) {
                    assert!(apart(one, other), "{count} characters");
                }
                for corner in one {
                    let distance = (corner[0] - MIDDLE).hypot(corner[1] - MIDDLE);
                    assert!(distance < MIDDLE - RING_WIDTH, "{count} characters: over the ring");
                    assert!(distance > STAR_RADIUS + 1.0, "{count} characters: over the star");
                    let is_over_below =
                        (corner[0] - MIDDLE).abs() < BELOW_WIDTH / 2.0 && corner[1] > BELOW_BASE - BELOW_HEIGHT;
                    assert!(!is_over_below, "{count} characters: over the line below");
                }
            }
        }
    }

    #[test]
    fn outlines_stay_inside_the_ring() {
        for step in [24, 40].iter().flat_map(|count| seal(*count).unwrap().0.steps.clone()) {
            if let Step::Move(to) | Step::Line(to) | Step::Quad([_, to]) = step {
                assert!((to[0] - MIDDLE).hypot(to[1] - MIDDLE) < MIDDLE - RING_WIDTH + 0.05, "{to:?}");
            }
        }
    }

    #[test]
    fn every_character_of_a_name_is_at_least_two_millimetres_wide() {
        for count in limits::SEAL_NAME_CHARACTERS {
            for [left, right, ..] in &seal(count).unwrap().0.boxes {
                let width = (right[0] - left[0]).hypot(right[1] - left[1]);
                assert!(width >= 2.0, "{count} characters: {width} mm");
            }
        }
    }

    #[test]
    fn a_long_name_is_parted_where_the_name_of_a_place_or_an_office_ends() {
        let check = |name: &str, outer: &str| {
            assert_eq!(name.chars().take(parted(name)).collect::<String>(), outer);
        };
        check("某某省某某自治州某某市市场监督管理局行政审批和服务处", "某某省某某自治州某某市市场监督管理局");
        check("滨江市临江经济技术开发区市场监督管理局行政审批服务处二科", "滨江市临江经济技术开发区市场监督管理局");
        let unparted = "一".repeat(40);
        check(&unparted, &"一".repeat(22));
    }

    #[test]
    fn names_of_4_to_40_characters_are_drawn_and_others_refused() {
        assert!(matches!(seal(3), Err(Error::SealNameLength { characters: 3 })));
        assert!(matches!(seal(41), Err(Error::SealNameLength { characters: 41 })));
        for count in [4, 24, 40] {
            let svg = seal(count).unwrap().svg();
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>") && svg.len() < 150_000, "{}", svg.len());
        }
    }

    /// Two boxes are apart when a line along one of their edges separates them.
    fn apart(one: &[[f32; 2]; 4], other: &[[f32; 2]; 4]) -> bool {
        [one, other].iter().any(|edges| {
            (0..4).any(|index| {
                let (from, to) = (edges[index], edges[(index + 1) % 4]);
                let normal = [to[1] - from[1], from[0] - to[0]];
                let reach = |corners: &[[f32; 2]; 4]| {
                    corners
                        .iter()
                        .map(|corner| corner[0] * normal[0] + corner[1] * normal[1])
                        .fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(value), high.max(value)))
                };
                let (a, b) = (reach(one), reach(other));
                a.1 <= b.0 || b.1 <= a.0
            })
        })
    }
}
