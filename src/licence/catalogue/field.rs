//! The fields of a licence: what a type asks for, and what may stand in them.

use base::{
    Date, Instant, Text,
    country::Country,
    mask, name,
    number::{IdentityNumber, NumberError},
};
use serde::{Deserialize, Serialize};

use super::vehicle;
pub use super::{
    limit::{Bound, Day, Limit, NamedPerson},
    problem::{Edge, FieldError, FieldProblem},
    vehicle::{ALL as VEHICLE_CLASSES, VehicleClass},
};
use crate::limits;

/// The printed field with the name of who issues, which every layout has.
pub(crate) const ISSUER: &str = "issuer";

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
    /// A country or region by its Chinese name (GB/T 2659).
    Country,
    /// A day, `2026-11-23`.
    Date,
    /// The number of a person's document: mostly a resident's, with its check digit.
    IdentityNumber,
    /// A minute of a day in the legal time zone, `2026-11-23 08:30`.
    Instant,
    /// The name of a person or organisation.
    Name,
    /// A decimal number.
    Number,
    /// Words.
    Text,
    /// Classes of vehicles, `C1D`.
    VehicleClasses,
}

/// Where the value of a field comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The clerk enters it.
    #[default]
    Entered,
    /// The holder's day of birth in the register.
    HolderBirthDate,
    /// The holder's name in the register.
    HolderName,
    /// The holder's identity number or credit code.
    HolderNumber,
    /// From which document the holder's number is: 持证主体代码类型 (GB/T 36903).
    HolderNumberKind,
    /// The holder's sex in the register.
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
    /// What its value must keep to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// That it names somebody in the register, and as whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<NamedPerson>,
}

impl FieldRule {
    /// The value as staff see it on a screen: identity numbers with their middle hidden, everything else in full.
    pub fn on_screen(&self, value: &str) -> Text {
        match self.kind {
            FieldKind::IdentityNumber => {
                let hidden = self.hidden(value);
                Text::new(hidden.clone(), hidden)
            }
            _ => self.said(value),
        }
    }

    /// The value as it is written down, identity numbers with their middle hidden: within a sentence in any language.
    pub(crate) fn hidden(&self, value: &str) -> String {
        if self.kind == FieldKind::IdentityNumber { mask::identity_number(value) } else { value.to_owned() }
    }

    /// The value in words: one of a few words has them in both languages, anything else is what was written down.
    pub fn said(&self, value: &str) -> Text {
        let words = match &self.kind {
            FieldKind::Choice(words) => words.iter().find(|word| word.zh == value).map(Label::text),
            _ => None,
        };
        words.unwrap_or_else(|| Text::new(value.to_owned(), value.to_owned()))
    }

    /// The most characters that are read: the register's names have a length of their own.
    pub fn length_max(&self) -> usize {
        match self.kind {
            FieldKind::Name => self.length_max.max(name::CHARACTERS_MAX),
            _ => self.length_max.min(limits::FIELD_LENGTH_MAX),
        }
    }

    /// The value as the register has it: a name that was registered before there was a rule for names stays the name.
    pub(crate) fn read_registered(&self, known: &str) -> Result<Option<String>, FieldProblem> {
        match self.kind {
            FieldKind::Name if !known.is_empty() => Ok(Some(known.to_owned())),
            _ => self.read(known),
        }
    }

    /// The value as it is stored and printed, or why it is refused. An empty value counts as none.
    pub(crate) fn read(&self, entered: &str) -> Result<Option<String>, FieldProblem> {
        let value = normalised(entered)?;
        if value.is_empty() {
            return if self.required { Err(FieldProblem::Missing) } else { Ok(None) };
        }
        let max = self.length_max();
        let typed = value.chars().count();
        if typed > max {
            return Err(FieldProblem::TooLong { most: max, typed });
        }
        if let Some(allowed) = &self.characters
            && let Some(character) = value.chars().find(|c| !allowed.contains(*c))
        {
            return Err(FieldProblem::OtherCharacter { character, allowed: allowed.clone() });
        }
        match &self.kind {
            FieldKind::Text => {}
            FieldKind::Choice(words) => {
                if !words.iter().any(|word| word.zh == value) {
                    return Err(FieldProblem::NotAChoice { typed: value, words: words.clone() });
                }
            }
            FieldKind::Country => {
                return match Country::named(&value) {
                    Some(country) => Ok(Some(country.zh.to_owned())),
                    None => Err(FieldProblem::NotACountry(value)),
                };
            }
            FieldKind::Date => {
                Date::parse(&value).map_err(|_| FieldProblem::NotADate(value.clone()))?;
            }
            FieldKind::IdentityNumber => {
                let number = IdentityNumber::parse(&value).map_err(|error| match error {
                    NumberError::CheckDigit => FieldProblem::CheckDigit(mask::identity_number(&value)),
                    NumberError::Form | NumberError::BirthDate => {
                        FieldProblem::NotAnIdentityNumber(mask::identity_number(&value))
                    }
                })?;
                return Ok(Some(number.as_str().to_owned()));
            }
            FieldKind::Instant => {
                let instant = Instant::parse_minute(&value).map_err(|_| FieldProblem::NotAnInstant(value.clone()))?;
                return Ok(Some(instant.minute_text()));
            }
            FieldKind::VehicleClasses => {
                let classes = vehicle::parse(&value).ok_or(FieldProblem::NotAVehicleClass(value))?;
                return Ok(Some(vehicle::text(&classes)));
            }
            FieldKind::Name => {
                return name::organisation(&value).map(Some).map_err(FieldProblem::Name);
            }
            FieldKind::Number => {
                let digits = value.strip_prefix('-').unwrap_or(&value);
                let well_formed = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                    && digits.starts_with(|c: char| c.is_ascii_digit())
                    && !digits.ends_with('.')
                    && digits.matches('.').count() <= 1;
                if !well_formed {
                    return Err(FieldProblem::NotANumber(value));
                }
            }
        }
        Ok(Some(value))
    }
}

/// The text in the form in which what looks alike is the same; refuses what could make a document read differently from
/// what was reviewed.
pub(crate) fn normalised(text: &str) -> Result<String, FieldProblem> {
    // Composing never makes a text longer than three times; refusing early keeps a megabyte from being composed.
    if text.len() > limits::FIELD_LENGTH_MAX * 16 {
        return Err(FieldProblem::TooLong { most: limits::FIELD_LENGTH_MAX, typed: text.chars().count() });
    }
    let text = name::folded_text(text);
    if let Some(c) = text.chars().find(|c| name::is_unseen(*c) || name::is_private(*c)) {
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
            limits: vec![],
            person: None,
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
        assert_eq!(rule.read("李\u{2f4a}\u{2f26}路１２号，东\u{3000}门"), Ok(Some("李木子路12号，东 门".to_owned())));
    }

    #[test]
    fn a_name_at_the_limit_is_taken_and_one_longer_is_not() {
        let rule = rule(FieldKind::Name, 50);
        assert!(rule.read(&"龘".repeat(120)).is_ok());
        let too_long = |most, typed| Err(FieldProblem::TooLong { most, typed });
        assert_eq!(rule.read(&"龘".repeat(121)), too_long(120, 121));
        assert_eq!(rule.read(&"a".repeat(100_000)), too_long(limits::FIELD_LENGTH_MAX, 100_000));
        let refused = rule.read("{{7*7}}");
        assert!(
            matches!(refused, Err(FieldProblem::Name(name::NameError::Character(refused))) if refused.character == '{')
        );
        assert_eq!(rule.read("李\u{2f4a}\u{2f26}"), Ok(Some("李木子".to_owned())));
        assert_eq!(rule.read(" "), Err(FieldProblem::Missing));
    }

    #[test]
    fn each_kind_reads_only_its_own() {
        let check = |kind: FieldKind, text: &str, expected: Result<&str, FieldProblem>| {
            let read = rule(kind, 30).read(text);
            assert_eq!(read, expected.map(|text| Some(text.to_owned())), "{text}");
        };
        let typed = |text: &str| text.to_owned();
        check(FieldKind::Date, "2026-02-30", Err(FieldProblem::NotADate(typed("2026-02-30"))));
        check(FieldKind::Date, "2026-02-28", Ok("2026-02-28"));
        check(FieldKind::Instant, "2026-11-20T08:45", Ok("2026-11-20 08:45"));
        check(FieldKind::Instant, "去年前后", Err(FieldProblem::NotAnInstant(typed("去年前后"))));
        check(FieldKind::Instant, "2026-11-20", Err(FieldProblem::NotAnInstant(typed("2026-11-20"))));
        check(FieldKind::Number, "3.25", Ok("3.25"));
        for text in ["3.2.5", "1e5", "."] {
            check(FieldKind::Number, text, Err(FieldProblem::NotANumber(typed(text))));
        }
        check(FieldKind::Number, "３", Ok("3"));
        check(FieldKind::IdentityNumber, "11010519491231002x", Ok("11010519491231002X"));
        let wrong = Err(FieldProblem::CheckDigit(typed("1101*************1")));
        check(FieldKind::IdentityNumber, "110105194912310021", wrong);
        let short = Err(FieldProblem::NotAnIdentityNumber(typed("110*****49")));
        check(FieldKind::IdentityNumber, "1101051949", short);
        check(FieldKind::IdentityNumber, "usa123456789", Ok("USA123456789"));
        check(FieldKind::IdentityNumber, "110105491231002", Ok("11010519491231002X"));
        check(FieldKind::Country, "china", Ok("中国"));
        check(FieldKind::Country, "火星", Err(FieldProblem::NotACountry(typed("火星"))));
        check(FieldKind::VehicleClasses, "d、c1", Ok("C1D"));
        check(FieldKind::VehicleClasses, "666", Err(FieldProblem::NotAVehicleClass(typed("666"))));
        let words = vec![Label::new("男", "male"), Label::new("女", "female")];
        check(FieldKind::Choice(words.clone()), "男", Ok("男"));
        let other = FieldProblem::NotAChoice { typed: typed("male"), words: words.clone() };
        check(FieldKind::Choice(words), "male", Err(other));
    }

    #[test]
    fn a_character_that_is_none_of_the_few_is_named_with_those() {
        let digits = FieldRule { characters: Some("0123456789".to_owned()), ..rule(FieldKind::Text, 12) };
        assert_eq!(digits.read("330100123456"), Ok(Some("330100123456".to_owned())));
        let problem = FieldProblem::OtherCharacter { character: 'A', allowed: "0123456789".to_owned() };
        assert_eq!(digits.read("33A"), Err(problem));
    }
}
