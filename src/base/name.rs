//! Names of persons and organisations: one rule for every place where one is typed, sent or searched by.
//!
//! What a register takes can be printed, two names that look alike are one name, and what cannot stand in a name is
//! refused with the character and, where there is one, the name that was meant.

use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

mod fold;
mod printed;

pub use fold::{folded, folded_text, key};
pub use printed::{also_prints, is_printed};

/// The most characters of a name: every layout has room for them.
pub const CHARACTERS_MAX: usize = 120;

/// No text of so many times the limit is taken apart: composing never makes one longer than three times.
const BYTES_MAX: usize = CHARACTERS_MAX * 16;

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// It has a character that cannot stand there.
    #[error("{0}")]
    Character(Refused),
    /// Nothing but spaces.
    #[error("the name is empty")]
    Empty,
    /// More characters than the limit.
    #[error("a name has at most {0} characters")]
    TooLong(usize),
}

/// A character that cannot stand where it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which one, counted from 1.
    pub place: usize,
    /// As it was typed.
    pub character: char,
    /// Why.
    pub flaw: Flaw,
    /// The name that was meant, as far as anybody can tell.
    pub offer: Option<String>,
}

/// Why a character cannot stand in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It looks like another one, which is the one that names have there.
    LooksLike,
    /// No font here has it, so that no licence could be issued to this name.
    NotPrinted,
    /// Every machine shows something else for it.
    PrivateUse,
    /// It belongs to a script that cannot stand beside Chinese characters and Latin letters in one line.
    Script,
    /// It is a sign, or a digit, which names of this kind do not have.
    Sign,
    /// Nobody sees it, or it turns the text around it.
    Unseen,
}

impl Flaw {
    fn words(self) -> &'static str {
        match self {
            Self::LooksLike => "looks like another one",
            Self::NotPrinted => "is in none of the fonts",
            Self::PrivateUse => "is one of private use, which every machine shows otherwise",
            Self::Script => "is of a script that cannot stand in this name",
            Self::Sign => "does not stand in such names",
            Self::Unseen => "cannot be seen",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {} of the name, ", self.place)?;
        if !matches!(self.flaw, Flaw::Unseen | Flaw::PrivateUse) {
            write!(f, "\u{201c}{}\u{201d} ", self.character)?;
        }
        write!(f, "(U+{:04X}), {}", u32::from(self.character), self.flaw.words())?;
        match &self.offer {
            Some(offer) => write!(f, "; is it \u{201c}{offer}\u{201d}?"),
            None => Ok(()),
        }
    }
}

/// Whose name it is: organisations have digits and a few signs that people have not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Person,
    Organisation,
}

/// The name of a person as it is registered, printed and compared.
///
/// # Errors
///
/// [`NameError`] when it is empty, too long or has a character that no name has.
///
/// ```
/// use base::name::person;
/// assert_eq!(person(" 李\u{2f4a}\u{2f26} ").as_deref(), Ok("李木子"));
/// assert_eq!(person("阿卜杜拉•买买提").as_deref(), Ok("阿卜杜拉·买买提"));
/// assert!(person("张\u{202e}三").is_err());
/// ```
pub fn person(text: &str) -> Result<String, NameError> {
    read(text, Whose::Person)
}

/// The name of an organisation as it is registered, printed and compared.
///
/// # Errors
///
/// As for [`person`].
///
/// ```
/// use base::name::organisation;
/// assert_eq!(organisation("滨江市(高新)大众《一品》餐馆").as_deref(), Ok("滨江市（高新）大众《一品》餐馆"));
/// assert!(organisation("滨江市—大众餐馆").is_err());
/// ```
pub fn organisation(text: &str) -> Result<String, NameError> {
    read(text, Whose::Organisation)
}

/// Whether nobody sees a character, or it changes how the text around it is read.
pub fn is_unseen(c: char) -> bool {
    if c.is_control() {
        return true;
    }
    matches!(u32::from(c),
        // Soft hyphen, combining grapheme joiner, Arabic letter mark, Hangul fillers, Mongolian separators.
        0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x3164 | 0xFFA0
        // Zero width, direction marks, line and paragraph separators, embeddings and overrides.
        | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0x2800
        // Variation selectors, interlinear marks, the replacement character, shorthand and musical controls, tags.
        | 0xFE00..=0xFE0F | 0xFFF0..=0xFFFF | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
        // The last two places of every plane and 32 in the first are not characters.
        || u32::from(c) & 0xFFFE == 0xFFFE
        || (0xFDD0..=0xFDEF).contains(&u32::from(c))
}

/// Whether every machine shows something else for a character.
pub fn is_private(c: char) -> bool {
    matches!(u32::from(c), 0xE000..=0xF8FF | 0xF0000..=0x0010_FFFF)
}

fn read(text: &str, whose: Whose) -> Result<String, NameError> {
    if text.len() > BYTES_MAX {
        return Err(NameError::TooLong(CHARACTERS_MAX));
    }
    let mut name = fold::styled(&folded(text));
    let Some(first) = find_flaw(&name, whose) else { return measured(name) };
    let (place, character, flaw) = (first.place, at(&name, first.place), first.flaw);
    // What else is wrong with it is mended as well, so that what is offered will be taken.
    let mut next = Some(first);
    for _ in 0..CHARACTERS_MAX {
        let Some(found) = next else { break };
        let Some(instead) = found.instead else { break };
        name = fold::styled(&folded(&replaced(&name, found.place, &instead)));
        next = find_flaw(&name, whose);
    }
    let offer = measured(name).ok().filter(|name| find_flaw(name, whose).is_none());
    let (place, character) = as_typed(text, character).unwrap_or((place, character));
    Err(NameError::Character(Refused { place: place + 1, character, flaw, offer }))
}

/// Where a character of a folded name was typed, and as what.
fn as_typed(text: &str, character: char) -> Option<(usize, char)> {
    let is_it = |c: char| c == character || folded(c.encode_utf8(&mut [0; 4])).contains(character);
    text.chars().enumerate().find(|(_, c)| is_it(*c))
}

fn measured(name: String) -> Result<String, NameError> {
    match name.chars().count() {
        0 => Err(NameError::Empty),
        count if count > CHARACTERS_MAX => Err(NameError::TooLong(CHARACTERS_MAX)),
        _ => Ok(name),
    }
}

/// A character that cannot stand where it is, and what can.
struct Found {
    place: usize,
    flaw: Flaw,
    instead: Option<String>,
}

fn find_flaw(name: &str, whose: Whose) -> Option<Found> {
    let characters: Vec<char> = name.chars().collect();
    let scripts = Scripts::of(&characters);
    characters.iter().enumerate().find_map(|(place, c)| {
        let before = place.checked_sub(1).and_then(|before| characters.get(before)).copied();
        let after = characters.get(place + 1).copied();
        let (flaw, instead) = flaw_of(*c, (before, after), &scripts, whose)?;
        Some(Found { place, flaw, instead })
    })
}

fn flaw_of(
    c: char,
    beside: (Option<char>, Option<char>),
    scripts: &Scripts,
    whose: Whose,
) -> Option<(Flaw, Option<String>)> {
    if is_unseen(c) {
        return Some((Flaw::Unseen, Some(String::new())));
    }
    if is_private(c) {
        return Some((Flaw::PrivateUse, None));
    }
    if let Some(sign) = meant_by(c, beside) {
        return Some((Flaw::LooksLike, Some(sign)));
    }
    let plain: String = std::iter::once(c).nfkc().collect();
    if !plain.chars().eq([c]) && !matches!(c, '（' | '）' | '，') {
        return Some((if c.is_alphabetic() { Flaw::LooksLike } else { Flaw::Sign }, Some(plain)));
    }
    if c.is_alphabetic() {
        if let Some(flaw) = scripts.flaw_of(c) {
            return Some(flaw);
        }
    } else if !is_sign_of(c, beside, whose) {
        return Some((Flaw::Sign, instead_of_sign(c, whose)));
    }
    (!is_printed(c)).then_some((Flaw::NotPrinted, None))
}

/// What somebody means who types a sign that looks like what names have.
fn meant_by(c: char, (before, after): (Option<char>, Option<char>)) -> Option<String> {
    let is_kana = |c: Option<char>| c.is_some_and(|c| matches!(c.script(), Script::Hiragana | Script::Katakana));
    let beside_han = before.is_some_and(fold::is_han) || after.is_some_and(fold::is_han);
    let meant = match c {
        // The sign of a long vowel stands behind one; the rest are strokes that are no character.
        '\u{30fc}' if is_kana(before) => return None,
        '\u{2014}' | '\u{2015}' | '\u{2500}' | '\u{2501}' | '\u{30fc}' | '\u{31d0}' | '\u{2e3a}' => {
            if beside_han {
                "一"
            } else {
                "-"
            }
        }
        '〔' | '【' | '〖' | '[' | '{' => "（",
        '〕' | '】' | '〗' | ']' | '}' => "）",
        '「' | '『' => "“",
        '」' | '』' => "”",
        '〈' | '«' => "《",
        '〉' | '»' => "》",
        // Quotation marks that are not those of titles and names.
        '\'' if beside_han => "\"",
        '№' => "No.",
        '\u{31c0}'..='\u{31e3}' => return fold::ideograph_alike(c).map(String::from),
        _ => return None,
    };
    Some(meant.to_owned())
}

/// Whether names of this kind have a sign, a space or a digit in such a place.
fn is_sign_of(c: char, (before, after): (Option<char>, Option<char>), whose: Whose) -> bool {
    let is_inside = before.is_some_and(|c| c != '·' && c != '-') && after.is_some();
    match c {
        '·' | '-' | ' ' => is_inside,
        '\'' => before.is_some() || after.is_some(),
        '.' => before.is_some_and(|c| c.is_alphabetic() || c.is_ascii_digit()),
        '（' | '）' | '(' | ')' | '“' | '”' | '《' | '》' | '、' | '，' | ',' | '&' | '+' | '/' | '0'..='9' => {
            whose == Whose::Organisation
        }
        _ => false,
    }
}

/// What is left when a sign is taken out that no name has; for one that says something, nobody can tell.
fn instead_of_sign(c: char, whose: Whose) -> Option<String> {
    match c {
        // It stands on the key of the dot.
        '。' if whose == Whose::Person => Some("·".to_owned()),
        '·' | '-' | ' ' | '\'' | '。' | '_' | '*' | '`' | '~' | '^' | '\\' | '|' | ';' => Some(String::new()),
        _ => None,
    }
}

/// Which scripts the letters of a name are of.
struct Scripts {
    is_latin: bool,
    /// Letters of Greek or Cyrillic that cannot be taken for Latin ones.
    is_plainly_foreign: bool,
    /// Kana that cannot be taken for ideographs.
    is_plainly_kana: bool,
}

impl Scripts {
    fn of(characters: &[char]) -> Self {
        let any = |is: &dyn Fn(char) -> bool| characters.iter().any(|c| is(*c));
        Self {
            is_latin: any(&|c| c.script() == Script::Latin),
            is_plainly_foreign: any(&|c| is_foreign(c) && fold::latin_alike(c).is_none()),
            is_plainly_kana: any(&|c| match c.script() {
                Script::Hiragana => true,
                Script::Katakana => fold::ideograph_alike(c).is_none(),
                _ => false,
            }),
        }
    }

    fn flaw_of(&self, c: char) -> Option<(Flaw, Option<String>)> {
        match c.script() {
            Script::Han | Script::Hangul | Script::Hiragana | Script::Common | Script::Yi => None,
            Script::Katakana if self.is_plainly_kana => None,
            Script::Katakana => fold::ideograph_alike(c).map(|meant| (Flaw::LooksLike, Some(meant.to_string()))),
            Script::Latin => (!is_latin_of_names(c)).then(|| (Flaw::LooksLike, fold::latin_alike(c).map(String::from))),
            Script::Cyrillic | Script::Greek if !self.is_latin && self.is_plainly_foreign => None,
            // Latin beside Cyrillic or Greek, or what reads as Latin throughout, is how one name is made to look like
            // another.
            Script::Cyrillic | Script::Greek => Some((Flaw::LooksLike, fold::latin_alike(c).map(String::from))),
            _ => Some((Flaw::Script, None)),
        }
    }
}

fn is_foreign(c: char) -> bool {
    matches!(c.script(), Script::Cyrillic | Script::Greek)
}

/// Letters that languages are written with; those of phonetics and the small capitals look like others.
fn is_latin_of_names(c: char) -> bool {
    matches!(u32::from(c), 0x41..=0x1BF | 0x1C4..=0x24F | 0x1E00..=0x1EFF)
}

fn at(name: &str, place: usize) -> char {
    name.chars().nth(place).unwrap_or_default()
}

fn replaced(name: &str, place: usize, instead: &str) -> String {
    let mut mended = String::with_capacity(name.len() + instead.len());
    for (index, c) in name.chars().enumerate() {
        if index == place { mended.push_str(instead) } else { mended.push(c) }
    }
    mended
}

#[cfg(test)]
mod tests;
