//! The page as a picture for screens, before it is sealed: drawn from the very operators that the file would have.

#![allow(clippy::many_single_char_names, reason = "the numbers of a transformation are named as in ISO 32000-2 §8.3.4")]

use std::{collections::HashMap, fmt::Write as _};

use base::Fault;

use super::{Sheet, Template, check_fields, point};
use crate::{
    Error, Filling, Fonts,
    font::{
        outline::{self, Step},
        subset::Subset,
    },
    layout::{PAGE_HEIGHT, PAGE_WIDTH},
    pdf::ink::POINTS_PER_MM,
    seal_picture,
};

/// Operands that an operator of ours has at most.
const OPERANDS_MAX: usize = 8;

impl Template {
    /// Finds out whether everything has its place on the page, without making a file or a picture.
    ///
    /// # Errors
    ///
    /// As [`Template::typeset`], when a field is missing or unknown, has no room, or has a character that no face has.
    pub fn check(&self, content: &Filling) -> Result<(), Error> {
        check_fields(&self.0.layout, content)?;
        Sheet::of(&self.0).words(content)
    }

    /// What the page of a licence will look like, as an SVG picture of 210 × 297 mm, for those who decide whether it is
    /// sealed. Where the seal and the QR code will be there is an empty frame: nothing in the picture can be scanned, and
    /// nothing in it looks sealed.
    ///
    /// # Errors
    ///
    /// As [`Template::typeset`]: what cannot be printed has no picture.
    pub fn picture(&self, content: &Filling, label: &str) -> Result<String, Error> {
        let typeset = &*self.0;
        check_fields(&typeset.layout, content)?;
        let mut page = Sheet::of(typeset);
        page.words(content)?;
        let mut characters: HashMap<(usize, u16), char> =
            typeset.carried.iter().map(|(character, (number, _))| ((0, *number), *character)).collect();
        for (face, subset) in page.own.iter().enumerate() {
            let own = subset.iter().flat_map(Subset::characters);
            characters.extend(own.map(|(number, character)| ((face + 1, *number), *character)));
        }
        let mut drawing = Drawing::new(&typeset.fonts, &characters);
        drawing.draw(&typeset.fixed)?;
        drawing.draw(&page.ink.0)?;
        drawing.frames(typeset);
        Ok(drawing.svg(label))
    }
}

/// A transformation as PDF writes it.
type Matrix = [f32; 6];

/// What comes first, seen through what it is in.
fn within([a, b, c, d, e, f]: Matrix, outer: Matrix) -> Matrix {
    let [x, y] = apply(outer, [e, f]);
    let direction = |u: f32, v: f32| [u * outer[0] + v * outer[2], u * outer[1] + v * outer[3]];
    let ([a, b], [c, d]) = (direction(a, b), direction(c, d));
    [a, b, c, d, x, y]
}

fn apply([a, b, c, d, e, f]: Matrix, [x, y]: [f32; 2]) -> [f32; 2] {
    [a * x + c * y + e, b * x + d * y + f]
}

/// What the operators set.
#[derive(Clone)]
struct State {
    matrix: Matrix,
    fill: String,
    stroke: String,
    width: f32,
    is_outlined: bool,
    font: usize,
    size: f32,
}

/// A picture in the making.
struct Drawing<'a> {
    fonts: &'a Fonts,
    characters: &'a HashMap<(usize, u16), char>,
    state: State,
    kept: Vec<State>,
    at: [f32; 2],
    path: String,
    /// What the last element is painted with, and its path: the next one with the same paint goes on with it.
    painted: (String, String),
    body: String,
    glyphs: String,
    known: HashMap<(usize, u16), (String, f32)>,
}

impl<'a> Drawing<'a> {
    fn new(fonts: &'a Fonts, characters: &'a HashMap<(usize, u16), char>) -> Self {
        let black = || "#000000".to_owned();
        Self {
            fonts,
            characters,
            state: State {
                // PDF counts upwards from the lower edge, SVG downwards from the upper one.
                matrix: [1.0, 0.0, 0.0, -1.0, 0.0, PAGE_HEIGHT * POINTS_PER_MM],
                fill: black(),
                stroke: black(),
                width: 1.0,
                is_outlined: false,
                font: 0,
                size: 0.0,
            },
            kept: Vec::new(),
            at: [0.0; 2],
            path: String::new(),
            painted: Default::default(),
            body: String::with_capacity(65_536),
            glyphs: String::with_capacity(131_072),
            known: HashMap::new(),
        }
    }

    /// Carries out operators of ours. One that no page of ours has would be left out of the picture: it is a fault.
    fn draw(&mut self, ink: &[u8]) -> Result<(), Error> {
        let text = std::str::from_utf8(ink).map_err(Fault::broken)?;
        let mut operands: Vec<f32> = Vec::with_capacity(OPERANDS_MAX);
        for token in text.split_ascii_whitespace() {
            if let Some(name) = token.strip_prefix("/F") {
                self.state.font = name.parse().map_err(Fault::broken)?;
            } else if let Some(shown) = token.strip_prefix('<') {
                let numbers = shown.strip_suffix(">Tj").ok_or_else(|| unknown(token))?;
                self.show(numbers)?;
            } else if let Ok(number) = token.parse() {
                operands.push(number);
            } else {
                self.operator(token, &operands)?;
                operands.clear();
            }
        }
        Ok(())
    }

    fn operator(&mut self, operator: &str, operands: &[f32]) -> Result<(), Error> {
        match (operator, operands) {
            ("q", []) => self.kept.push(self.state.clone()),
            ("Q", []) => self.state = self.kept.pop().ok_or_else(|| unknown(operator))?,
            ("cm", &[a, b, c, d, e, f]) => self.state.matrix = within([a, b, c, d, e, f], self.state.matrix),
            ("rg", &[r, g, b]) => self.state.fill = colour([r, g, b]),
            ("RG", &[r, g, b]) => self.state.stroke = colour([r, g, b]),
            ("w", &[width]) => self.state.width = width,
            ("Tr", &[mode]) => self.state.is_outlined = mode != 0.0,
            ("BT" | "ET", []) => {}
            ("Tf", &[size]) => self.state.size = size,
            ("Td", &[x, y]) => self.at = [x, y],
            ("m", &[x, y]) => self.step('M', &[[x, y]]),
            ("l", &[x, y]) => self.step('L', &[[x, y]]),
            ("c", &[a, b, c, d, x, y]) => self.step('C', &[[a, b], [c, d], [x, y]]),
            ("h", []) => self.path.push('Z'),
            ("re", &[x, y, width, height]) => {
                let (right, top) = (x + width, y + height);
                self.step('M', &[[x, y]]);
                self.step('L', &[[right, y], [right, top], [x, top]]);
                self.path.push('Z');
            }
            ("S", []) => self.paint(false, true),
            ("f", []) => self.paint(true, false),
            ("B", []) => self.paint(true, true),
            _ => return Err(unknown(operator).into()),
        }
        Ok(())
    }

    fn step(&mut self, letter: char, points: &[[f32; 2]]) {
        self.path.push(letter);
        write_points(&mut self.path, points, |place| apply(self.state.matrix, place));
    }

    /// How much longer a line is on the page than where it is drawn.
    fn scale(&self) -> f32 {
        let [a, b, c, d, ..] = self.state.matrix;
        (a * d - b * c).abs().sqrt()
    }

    fn paint(&mut self, fills: bool, strokes: bool) {
        let State { fill, stroke, width, .. } = &self.state;
        let mut paint = format!("fill=\"{}\"", if fills { fill } else { "none" });
        if strokes {
            let _ = write!(paint, " stroke=\"{stroke}\" stroke-width=\"{:.3}\"", width * self.scale());
        }
        if self.painted.0 != paint {
            self.end();
            self.painted.0 = paint;
        }
        self.painted.1.push_str(&std::mem::take(&mut self.path));
    }

    /// Writes down what was painted last.
    fn end(&mut self) {
        let (paint, path) = std::mem::take(&mut self.painted);
        if !path.is_empty() {
            let _ = write!(self.body, "<path {paint} d=\"{path}\"/>");
        }
    }

    fn show(&mut self, numbers: &str) -> Result<(), Error> {
        self.end();
        let scale = self.state.size / 1000.0;
        for number in numbers.as_bytes().chunks(4) {
            let number = std::str::from_utf8(number).map_err(Fault::broken)?;
            let number = u16::from_str_radix(number, 16).map_err(Fault::broken)?;
            let (name, advance) = self.glyph((self.state.font, number))?;
            let [a, b, c, d, e, f] = within([scale, 0.0, 0.0, scale, self.at[0], self.at[1]], self.state.matrix);
            let _ = write!(self.body, "<use href=\"#{name}\" transform=\"matrix({a:.5} {b:.5} {c:.5} {d:.5} {e:.2} ");
            let _ = write!(self.body, "{f:.2})\" fill=\"{}\"", self.state.fill);
            if self.state.is_outlined {
                let width = self.state.width / scale.max(f32::EPSILON);
                let _ = write!(self.body, " stroke=\"{}\" stroke-width=\"{width:.1}\"", self.state.stroke);
            }
            self.body.push_str("/>");
            self.at[0] += advance * scale;
        }
        Ok(())
    }

    /// The name of a glyph in the picture, and how far it reaches: thousandths of the type size.
    fn glyph(&mut self, of: (usize, u16)) -> Result<(String, f32), Error> {
        if let Some(known) = self.known.get(&of) {
            return Ok(known.clone());
        }
        let character = self.characters.get(&of).ok_or_else(|| unknown("a glyph"))?;
        let glyph = self.fonts.glyph(*character)?.ok_or_else(|| unknown("a character"))?;
        let name = format!("glyph-{}-{}", of.0, of.1);
        let _ = write!(self.glyphs, "<path id=\"{name}\" d=\"");
        for step in outline::steps(&glyph) {
            let (letter, points): (char, &[[f32; 2]]) = match &step {
                Step::Move(to) => ('M', std::slice::from_ref(to)),
                Step::Line(to) => ('L', std::slice::from_ref(to)),
                Step::Quad(points) => ('Q', points),
                Step::Close => ('Z', &[]),
            };
            self.glyphs.push(letter);
            write_points(&mut self.glyphs, points, |place| place);
        }
        self.glyphs.push_str("\"/>");
        let known = (name, f32::from(glyph.advance));
        self.known.insert(of, known.clone());
        Ok(known)
    }

    /// Frames where the seal and the QR code will be.
    fn frames(&mut self, typeset: &super::Typeset) {
        let (seal, code) = (&typeset.layout.seal, &typeset.layout.qr);
        self.end();
        let [x, y] = apply(self.state.matrix, point(seal.x, seal.y));
        let radius = seal_picture::SIDE / 2.0 * POINTS_PER_MM;
        let dashed = "fill=\"none\" stroke=\"#666666\" stroke-width=\"0.6\" stroke-dasharray=\"4 3\"";
        let _ = write!(self.body, "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius:.2}\" {dashed}/>");
        let [x, y] = apply(self.state.matrix, point(code.x, code.y));
        let side = code.side * POINTS_PER_MM;
        let _ =
            write!(self.body, "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{side:.2}\" height=\"{side:.2}\" {dashed}/>");
    }

    fn svg(mut self, label: &str) -> String {
        self.end();
        let (width, height) = (PAGE_WIDTH * POINTS_PER_MM, PAGE_HEIGHT * POINTS_PER_MM);
        let label = label.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.2} {height:.2}\" role=\"img\" \
             aria-label=\"{label}\"><defs>{}</defs><rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>{}</svg>",
            self.glyphs, self.body
        )
    }
}

/// Points with one decimal of a point of the page: finer than a screen shows.
fn write_points(out: &mut String, points: &[[f32; 2]], place: impl Fn([f32; 2]) -> [f32; 2]) {
    for (index, point) in points.iter().enumerate() {
        let [x, y] = place(*point).map(|part| (part * 100.0).round() / 100.0);
        let _ = write!(out, "{}{x} {y}", if index == 0 { "" } else { " " });
    }
}

fn colour(parts: [f32; 3]) -> String {
    let [r, g, b] = parts.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn unknown(what: &str) -> Fault {
    Fault::broken(format!("{what} is nothing that our pages are drawn with"))
}
