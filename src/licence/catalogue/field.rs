//! The fields of a licence: what a type asks for, and what may stand in them.

use base::{Date, Text, number::IdentityNumber};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::limits;

/// A text in both languages, as it stands in a type's definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Label {
    /// A label from two texts.
    pub fn new(zh: &str, en: &str) -> Self {
        Self { zh: zh.to_owned(), en: en.to_owned() }
    }

    pub fn text(&self) -> Text {
        Text::new(self.zh.clone(), self.en.clone())
    }
}

/// What may stand in a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One of a few words.
    Choice(Vec<Label>),
    /// A day, `2026-11-23`.
    Date,
    /// A resident identity number with its check digit.
    IdentityNumber,
    /// The name of a person or organisation.
    Name,
    /// A decimal number.
    Number,
    /// Words.
    Text,
}

/// Where the value of a field comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The clerk enters it.
    #[default]
    Entered,
    /// The holder's day of birth, out of the identity number.
    HolderBirthDate,
    /// The holder's name in the register.
    HolderName,
    /// The holder's identity number or credit code.
    HolderNumber,
    /// The holder's sex, out of the identity number.
    HolderSex,
}

/// What a type asks of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// Its stable name: in the API, in the document's metadata, in layouts.
    pub key: String,
    /// What people read beside it.
    pub label: Label,
    /// What may stand in it.
    pub kind: FieldKind,
    /// Whether it may be left out.
    pub required: bool,
    /// The most characters.
    pub length_max: usize,
    /// If given, the only characters that may occur.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) characters: Option<String>,
    /// Whether it is hidden by default where the licence is shown.
    #[serde(default)]
    pub masked: bool,
    /// Whether the counter is shown it, to compare it with the person or the paper before it.
    #[serde(default)]
    pub(crate) at_counter: bool,
    /// Where its value comes from.
    #[serde(default)]
    pub source: Source,
}

/// One field that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub key: String,
    /// Why.
    pub problem: FieldProblem,
}

/// Why a field was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldProblem {
    /// The check digit of an identity number is wrong.
    CheckDigit,
    /// A character that cannot be seen, changes the direction of reading, or looks like another one.
    Character(char),
    /// The typeface has no picture of this character.
    Glyph(char),
    /// It comes from the register and cannot be entered otherwise.
    Locked,
    Missing,
    /// It does not fit its place on the page, even small and wrapped.
    NoRoom,
    /// It is not one of the words offered.
    NotAChoice,
    /// It is not a day.
    NotADate,
    NotAnIdentityNumber,
    NotANumber,
    /// It has more characters than the field takes.
    TooLong(usize),
    /// The type has no such field.
    Unknown,
}

impl FieldProblem {
    /// A stable word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CheckDigit => "check_digit",
            Self::Character(_) => "character",
            Self::Glyph(_) => "glyph",
            Self::Locked => "locked",
            Self::Missing => "missing",
            Self::NoRoom => "no_room",
            Self::NotAChoice => "not_a_choice",
            Self::NotADate => "not_a_date",
            Self::NotAnIdentityNumber => "not_an_identity_number",
            Self::NotANumber => "not_a_number",
            Self::TooLong(_) => "too_long",
            Self::Unknown => "unknown_field",
        }
    }
}

impl FieldRule {
    /// The value as staff see it on a screen: identity numbers with their middle hidden, everything else in full.
    pub fn on_screen(&self, value: &str) -> Text {
        match self.kind {
            FieldKind::IdentityNumber => {
                let masked = base::mask::identity_number(value);
                Text::new(masked.clone(), masked)
            }
            _ => self.said(value),
        }
    }

    /// The value in words: one of a few words has them in both languages, anything else is what was written down.
    pub fn said(&self, value: &str) -> Text {
        match &self.kind {
            FieldKind::Choice(words) => words.iter().find(|word| word.zh == value).map(Label::text),
            FieldKind::Date | FieldKind::IdentityNumber | FieldKind::Name | FieldKind::Number | FieldKind::Text => None,
        }
        .unwrap_or_else(|| Text::new(value.to_owned(), value.to_owned()))
    }

    /// The value as it is stored and printed, or why it is refused. An empty value counts as none.
    pub(crate) fn read(&self, entered: &str) -> Result<Option<String>, FieldProblem> {
        let value = normalised(entered)?;
        if value.is_empty() {
            return if self.required { Err(FieldProblem::Missing) } else { Ok(None) };
        }
        let max = self.length_max.min(limits::FIELD_LENGTH_MAX);
        if value.chars().count() > max {
            return Err(FieldProblem::TooLong(max));
        }
        if let Some(allowed) = &self.characters
            && let Some(c) = value.chars().find(|c| !allowed.contains(*c))
        {
            return Err(FieldProblem::Character(c));
        }
        match &self.kind {
            FieldKind::Text => {}
            FieldKind::Choice(words) => {
                if !words.iter().any(|word| word.zh == value) {
                    return Err(FieldProblem::NotAChoice);
                }
            }
            FieldKind::Date => {
                Date::parse(&value).map_err(|_| FieldProblem::NotADate)?;
            }
            FieldKind::IdentityNumber => {
                use base::number::NumberError;
                let number = IdentityNumber::parse(&value).map_err(|error| match error {
                    NumberError::CheckDigit => FieldProblem::CheckDigit,
                    NumberError::Form | NumberError::BirthDate => FieldProblem::NotAnIdentityNumber,
                })?;
                return Ok(Some(number.as_str().to_owned()));
            }
            FieldKind::Name => {
                let stray =
                    |c: &char| !(c.is_alphabetic() || is_ideograph(*c) || "·•.-' （）()0123456789".contains(*c));
                if let Some(c) = value.chars().find(stray) {
                    return Err(FieldProblem::Character(c));
                }
            }
            FieldKind::Number => {
                let digits = value.strip_prefix('-').unwrap_or(&value);
                let well_formed = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                    && digits.starts_with(|c: char| c.is_ascii_digit())
                    && !digits.ends_with('.')
                    && digits.matches('.').count() <= 1;
                if !well_formed {
                    return Err(FieldProblem::NotANumber);
                }
            }
        }
        Ok(Some(value))
    }
}

/// The text in Unicode's composed form without spaces around it; refuses what could make a document read
/// differently from what was reviewed.
pub(crate) fn normalised(text: &str) -> Result<String, FieldProblem> {
    // Composing never makes a text longer than three times; refusing early keeps a megabyte from being composed.
    if text.len() > limits::FIELD_LENGTH_MAX * 16 {
        return Err(FieldProblem::TooLong(limits::FIELD_LENGTH_MAX));
    }
    let text: String = text.trim().nfc().collect();
    if let Some(c) = text.chars().find(|c| is_forbidden(*c)) {
        return Err(FieldProblem::Character(c));
    }
    // Latin beside Cyrillic or Greek is how one name is made to look like another.
    if text.chars().any(|c| c.is_ascii_alphabetic())
        && let Some(c) = text.chars().find(|c| matches!(*c, '\u{370}'..='\u{52F}' | '\u{1F00}'..='\u{1FFF}'))
    {
        return Err(FieldProblem::Character(c));
    }
    Ok(text)
}

fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFF}'
            | '\u{E0000}'..='\u{E0FFF}' | '\u{F0000}'..='\u{10FFFF}')
        || (u32::from(c) & 0xFFFE) == 0xFFFE
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{2FDF}' | '\u{3005}' | '\u{3007}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(kind: FieldKind, length_max: usize) -> FieldRule {
        FieldRule {
            key: "k".to_owned(),
            label: Label::new("项", "field"),
            kind,
            required: true,
            length_max,
            characters: None,
            masked: false,
            at_counter: false,
            source: Source::Entered,
        }
    }

    #[test]
    fn an_identity_number_has_its_middle_hidden_on_every_screen() {
        let number = "11010519491231002X";
        assert_eq!(rule(FieldKind::IdentityNumber, 18).on_screen(number).zh, "1101*************X");
        assert_eq!(rule(FieldKind::Text, 18).on_screen("热食类食品制售").en, "热食类食品制售");
    }

    #[test]
    fn one_of_a_few_words_is_said_in_both_languages() {
        let sex = rule(FieldKind::Choice(vec![Label::new("男", "male"), Label::new("女", "female")]), 1);
        assert_eq!(sex.on_screen("女"), Text::new("女", "female"));
        assert_eq!(sex.on_screen("其他"), Text::new("其他", "其他"));
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        let rule = rule(FieldKind::Text, 50);
        for text in [
            "张\u{200B}三",
            "\u{202E}三张",
            "张\u{0}三",
            "a\nb",
            "a\tb",
            "\u{E000}",
            "\u{F0001}",
            "p\u{430}y",
            "\u{FEFF}x",
            "龘\u{E0100}",
            "\u{1FFFF}",
        ] {
            assert!(matches!(rule.read(text), Err(FieldProblem::Character(_))), "{text:?}");
        }
        for text in ["龘㐂𠮷", "阿卜杜拉·买买提", "Café 12", "（二）", "Иван"] {
            assert_eq!(rule.read(text), Ok(Some(text.to_owned())));
        }
        assert_eq!(rule.read("  Cafe\u{301}  "), Ok(Some("Café".to_owned())));
    }

    #[test]
    fn a_name_at_the_limit_is_taken_and_one_longer_is_not() {
        let rule = rule(FieldKind::Name, 50);
        assert!(rule.read(&"龘".repeat(50)).is_ok());
        assert_eq!(rule.read(&"龘".repeat(51)), Err(FieldProblem::TooLong(50)));
        assert_eq!(rule.read(&"龘".repeat(200)), Err(FieldProblem::TooLong(50)));
        assert_eq!(rule.read(&"a".repeat(100_000)), Err(FieldProblem::TooLong(limits::FIELD_LENGTH_MAX)));
        assert_eq!(rule.read("{{7*7}}"), Err(FieldProblem::Character('{')));
        assert_eq!(rule.read(" "), Err(FieldProblem::Missing));
    }

    #[test]
    fn each_kind_reads_only_its_own() {
        let check = |kind: FieldKind, text: &str, expected: Result<&str, FieldProblem>| {
            let read = rule(kind, 30).read(text);
            assert_eq!(read, expected.map(|text| Some(text.to_owned())), "{text}");
        };
        check(FieldKind::Date, "2026-02-30", Err(FieldProblem::NotADate));
        check(FieldKind::Date, "2026-02-28", Ok("2026-02-28"));
        check(FieldKind::Number, "3.25", Ok("3.25"));
        check(FieldKind::Number, "3.2.5", Err(FieldProblem::NotANumber));
        check(FieldKind::Number, "1e5", Err(FieldProblem::NotANumber));
        check(FieldKind::Number, ".", Err(FieldProblem::NotANumber));
        check(FieldKind::Number, "３", Err(FieldProblem::NotANumber));
        check(FieldKind::IdentityNumber, "11010519491231002x", Ok("11010519491231002X"));
        check(FieldKind::IdentityNumber, "110105194912310021", Err(FieldProblem::CheckDigit));
        check(FieldKind::IdentityNumber, "1101051949", Err(FieldProblem::NotAnIdentityNumber));
        let words = vec![Label::new("男", "male"), Label::new("女", "female")];
        check(FieldKind::Choice(words.clone()), "男", Ok("男"));
        check(FieldKind::Choice(words), "male", Err(FieldProblem::NotAChoice));
    }
}
