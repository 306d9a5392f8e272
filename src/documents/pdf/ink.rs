//! The drawing operators of PDF, written into a buffer.

use crate::font::outline::Step;

/// Points in a millimetre.
pub(crate) const POINTS_PER_MM: f32 = 72.0 / 25.4;

/// A content stream in the making. Numbers carry two decimals, a 140th of a millimetre.
#[derive(Default)]
pub(crate) struct Ink(pub(crate) Vec<u8>);

impl Ink {
    pub(crate) fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// The numbers, each followed by a space, then the operator and a line end.
    pub(crate) fn op(&mut self, numbers: &[f32], operator: &str) {
        for number in numbers {
            self.number(*number);
        }
        self.text(operator);
        self.0.push(b'\n');
    }

    fn number(&mut self, number: f32) {
        let hundredths = (number * 100.0).round() as i64;
        if hundredths.is_negative() {
            self.0.push(b'-');
        }
        let hundredths = hundredths.unsigned_abs();
        self.integer(hundredths / 100);
        let rest = hundredths % 100;
        if rest != 0 {
            self.0.push(b'.');
            self.0.push(b'0' + (rest / 10) as u8);
            if !rest.is_multiple_of(10) {
                self.0.push(b'0' + (rest % 10) as u8);
            }
        }
        self.0.push(b' ');
    }

    /// A whole number without a space.
    pub(crate) fn integer(&mut self, number: u64) {
        let mut digits = [0_u8; 20];
        let mut rest = number;
        let mut count = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            count += 1;
            if rest == 0 {
                break;
            }
        }
        self.0.extend_from_slice(digits.get(digits.len() - count..).unwrap_or_default());
    }

    /// A glyph number of a text, as four hexadecimal digits.
    pub(crate) fn hex(&mut self, number: u16) {
        self.0.extend(hex_digits(number));
    }

    /// A path of glyph steps; quadratic curves are raised to the cubic ones that PDF has.
    pub(crate) fn path(&mut self, steps: &[Step], place: impl Fn([f32; 2]) -> [f32; 2]) {
        let mut last = [0.0; 2];
        for step in steps {
            match *step {
                Step::Move(to) => {
                    last = place(to);
                    self.op(&last, "m");
                }
                Step::Line(to) => {
                    last = place(to);
                    self.op(&last, "l");
                }
                Step::Quad([control, to]) => {
                    let (control, to) = (place(control), place(to));
                    let toward = |from: [f32; 2]| {
                        [from[0] + (control[0] - from[0]) * 2.0 / 3.0, from[1] + (control[1] - from[1]) * 2.0 / 3.0]
                    };
                    let (first, second) = (toward(last), toward(to));
                    self.op(&[first[0], first[1], second[0], second[1], to[0], to[1]], "c");
                    last = to;
                }
                Step::Close => self.text("h\n"),
            }
        }
    }

    /// A circle as four curves.
    pub(crate) fn circle(&mut self, x: f32, y: f32, radius: f32) {
        self.ellipse([x, y], [radius, radius], 0.0);
    }

    /// An ellipse turned by an angle (radians).
    pub(crate) fn ellipse(&mut self, centre: [f32; 2], radii: [f32; 2], turn: f32) {
        const ARM: f32 = 0.552_285;
        let (sin, cos) = turn.sin_cos();
        let at = |x: f32, y: f32| {
            let (x, y) = (x * radii[0], y * radii[1]);
            [centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos]
        };
        self.op(&at(1.0, 0.0), "m");
        for (x, y) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0_f32)] {
            // A quarter from (x, y) to (-y, x).
            let first = at(x - y * ARM, y + x * ARM);
            let second = at(-y + x * ARM, x + y * ARM);
            let to = at(-y, x);
            self.op(&[first[0], first[1], second[0], second[1], to[0], to[1]], "c");
        }
        self.text("h\n");
    }
}

pub(crate) fn hex_digits(number: u16) -> [u8; 4] {
    [12, 8, 4, 0].map(|shift| match (number >> shift) as u8 & 15 {
        digit @ 0..=9 => b'0' + digit,
        digit => b'A' + digit - 10,
    })
}

/// A text string in UTF-16, as a PDF object.
pub(crate) fn text_string(text: &str) -> String {
    let mut out = String::with_capacity(6 + text.len() * 4);
    out.push_str("<FEFF");
    for unit in text.encode_utf16() {
        out.extend(hex_digits(unit).map(char::from));
    }
    out.push('>');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_at_most_two_decimals_and_no_empty_ones() {
        let check = |number: f32, expected: &str| {
            let mut ink = Ink::default();
            ink.op(&[number], "w");
            assert_eq!(String::from_utf8(ink.0).unwrap(), format!("{expected} w\n"));
        };
        check(0.0, "0");
        check(-0.001, "0");
        check(1.5, "1.5");
        check(-12.345, "-12.35");
        check(841.89, "841.89");
        check(3.004, "3");
        check(0.05, "0.05");
    }
}
