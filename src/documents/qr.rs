//! QR codes.

use std::fmt::Write as _;

use fast_qr::{ECL, Mode, QRBuilder};

use crate::{Error, limits};

/// Empty modules around a code, without which scanners do not find it.
const QUIET: usize = 4;

/// The black squares of a QR code, as runs along its rows.
pub(crate) struct Runs {
    /// Modules along one side.
    pub(crate) size: usize,
    /// Column, row and length of each run.
    pub(crate) runs: Vec<(usize, usize, usize)>,
}

/// The code in the smallest version that holds the text and can lose 15 % of itself. Digits alone and upper-case
/// texts such as `HTTPS://HOST/V/123` take the compact modes of QR.
pub(crate) fn runs(text: &str) -> Result<Runs, Error> {
    if text.is_empty() || text.chars().count() > limits::QR_CHARACTERS_MAX {
        return Err(Error::QrTooLong);
    }
    let code = QRBuilder::new(text).ecl(ECL::M).mode(mode(text)).build().map_err(|_| Error::QrTooLong)?;
    let mut runs = Vec::with_capacity(code.size * code.size / 4);
    for (row, modules) in code.data.chunks(code.size).take(code.size).enumerate() {
        let mut start = None;
        for (column, dark) in modules.iter().map(|module| module.value()).chain([false]).enumerate() {
            match (start, dark) {
                (None, true) => start = Some(column),
                (Some(first), false) => {
                    runs.push((first, row, column - first));
                    start = None;
                }
                _ => {}
            }
        }
    }
    Ok(Runs { size: code.size, runs })
}

fn mode(text: &str) -> Mode {
    let compact = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase() || b" $%*+-./:".contains(&byte);
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Mode::Numeric
    } else if text.bytes().all(compact) {
        Mode::Alphanumeric
    } else {
        Mode::Byte
    }
}

/// The QR code as an SVG picture with its quiet zone, one unit per module, to be sized by the page.
///
/// # Errors
///
/// [`Error::QrTooLong`] for a text that is empty or that no code holds.
pub fn svg(text: &str) -> Result<String, Error> {
    let code = runs(text)?;
    let side = code.size + 2 * QUIET;
    let mut path = String::with_capacity(code.runs.len() * 14);
    for (column, row, length) in &code.runs {
        let _ = write!(path, "M{} {}h{length}v1h-{length}z", column + QUIET, row + QUIET);
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"QR\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upper_case_address_with_digits_takes_a_small_code() {
        // 46 characters: version 3 holds 61 alphanumeric ones at this level, but only 42 bytes.
        let text = "HTTPS://EG.EXAMPLE.GOV.CN/V/440100202611220018";
        assert_eq!(runs(text).unwrap().size, 29);
        assert_eq!(runs(&text.to_lowercase()).unwrap().size, 33);
        assert!(matches!(mode("123"), Mode::Numeric));
    }

    #[test]
    fn a_text_at_the_limit_is_drawn_and_one_past_it_is_refused() {
        assert!(svg(&"A".repeat(limits::QR_CHARACTERS_MAX)).is_ok());
        assert!(matches!(svg(&"A".repeat(limits::QR_CHARACTERS_MAX + 1)), Err(Error::QrTooLong)));
        assert!(matches!(svg(""), Err(Error::QrTooLong)));
    }
}
