//! Names as people write them, without what cannot be seen.

use thiserror::Error;

/// Why a name was refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing but spaces.
    #[error("the name is empty")]
    Empty,
    /// A control character, a change of writing direction, an invisible character or one of nobody's script.
    #[error("the character U+{:04X} cannot stand in a name", *.0 as u32)]
    Forbidden(char),
    /// More characters than the limit.
    #[error("the name is longer than {0} characters")]
    TooLong(usize),
}

/// Reads a name of at most `max` characters; spaces around it are dropped. Rare characters are welcome.
///
/// What cannot be seen is refused rather than removed: two names that look alike must be alike, and a name that is
/// printed on a licence must not be able to turn the text around it.
///
/// # Errors
///
/// [`NameError`] when it is empty, too long or has a character that no name has.
///
/// ```
/// assert_eq!(identity::name::parse(" 龘㐂𠮷 ", 100).as_deref(), Ok("龘㐂𠮷"));
/// assert!(identity::name::parse("张\u{202e}三", 100).is_err());
/// ```
pub fn parse(text: &str, max: usize) -> Result<String, NameError> {
    let name = text.trim_matches(' ');
    if let Some(forbidden) = name.chars().find(|c| is_forbidden(*c)) {
        return Err(NameError::Forbidden(forbidden));
    }
    let name = name.trim();
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.chars().count() > max {
        return Err(NameError::TooLong(max));
    }
    Ok(name.to_owned())
}

/// Reads the name of a person or an organisation. Nobody has one with angle brackets: whoever types them tries something.
///
/// # Errors
///
/// As for [`parse`].
pub(crate) fn of_somebody(text: &str, max: usize) -> Result<String, NameError> {
    match text.chars().find(|c| matches!(c, '<' | '>')) {
        Some(bracket) => Err(NameError::Forbidden(bracket)),
        None => parse(text, max),
    }
}

/// Whether a character cannot stand in a name or in any other text that is printed or shown.
pub fn is_forbidden(c: char) -> bool {
    if c.is_control() {
        return true;
    }
    matches!(u32::from(c),
        // Soft hyphen, combining grapheme joiner, Arabic letter mark, Hangul fillers, Mongolian separators.
        0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x3164 | 0xFFA0
        // Zero width, direction marks, line and paragraph separators, embeddings and overrides.
        | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0x2800
        // Variation selectors, interlinear marks, the replacement character, shorthand and musical controls, tags.
        | 0xFE00..=0xFE0F | 0xFFF0..=0xFFFF | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
        // Private use: every machine shows something else.
        | 0xE000..=0xF8FF | 0xF0000..=0x0010_FFFF)
        // The last two places of every plane and 32 in the first are not characters.
        || u32::from(c) & 0xFFFE == 0xFFFE
        || (0xFDD0..=0xFDEF).contains(&u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_characters_are_names_and_invisible_ones_are_not() {
        let check = |text: &str, expected: Result<&str, NameError>| {
            assert_eq!(parse(text, 100).as_deref().map_err(|error| *error), expected, "{text:?}");
        };
        check("张三", Ok("张三"));
        check("  欧阳小明 ", Ok("欧阳小明"));
        check("龘㐂𠮷", Ok("龘㐂𠮷"));
        check("阿卜杜拉·买买提", Ok("阿卜杜拉·买买提"));
        check("O'Neil-Smith", Ok("O'Neil-Smith"));
        check("〇", Ok("〇"));
        check("", Err(NameError::Empty));
        check("   ", Err(NameError::Empty));
        check("\u{3000}", Err(NameError::Empty));
        for c in [
            '\0',
            '\n',
            '\t',
            '\u{7f}',
            '\u{85}',
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{202e}',
            '\u{2028}',
            '\u{2066}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{e000}',
            '\u{f8ff}',
            '\u{f0000}',
            '\u{10fffd}',
            '\u{fffd}',
            '\u{fffe}',
            '\u{e0041}',
            '\u{3164}',
            '\u{fdd0}',
            '\u{1fffe}',
            '\u{61c}',
        ] {
            check(&format!("张{c}三"), Err(NameError::Forbidden(c)));
            check(&format!("{c}张三"), Err(NameError::Forbidden(c)));
        }
    }

    #[test]
    fn a_name_of_100_characters_is_read_and_one_of_101_is_not() {
        assert_eq!(parse(&"𠮷".repeat(100), 100), Ok("𠮷".repeat(100)));
        assert_eq!(parse(&"𠮷".repeat(101), 100), Err(NameError::TooLong(100)));
    }
}
