//! The number of the decision by which a licence is revoked.

use crate::{error::Error, limits};

/// The number of a decision (决定书文号) as its department writes it, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionNumber(String);

impl DecisionNumber {
    /// How short and how long it may be.
    pub const CHARACTERS_MIN: usize = limits::DECISION_CHARACTERS_MIN;
    pub const CHARACTERS_MAX: usize = limits::DECISION_CHARACTERS_MAX;

    /// Reads a number. Departments number in ways of their own, so its form is theirs; what cannot be seen is refused, and
    /// what is no number of anything: each has a numeral, of ours or of theirs, and says whose it is or of which year.
    ///
    /// # Errors
    ///
    /// [`Error::Decision`] when it is too short or too long, has no numeral, or holds what cannot be seen.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let number = base::line(text, limits::DECISION_CHARACTERS_MAX).ok_or(Error::Decision)?;
        let is_long_enough = number.chars().count() >= limits::DECISION_CHARACTERS_MIN;
        if is_long_enough && number.chars().any(is_numeral) { Ok(Self(number)) } else { Err(Error::Decision) }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_numeral(c: char) -> bool {
    c.is_numeric() || "一二三四五六七八九十百零".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_a_decision_is_one_line_of_4_to_60_characters_that_can_be_seen_with_a_numeral_among_them() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(DecisionNumber::parse(text).ok().as_ref().map(DecisionNumber::as_str), expected, "{text:?}");
        };
        check(" 滨市监吊销〔2026〕12号 ", Some("滨市监吊销〔2026〕12号"));
        check("(2026) BJ-Rev. 12", Some("(2026) BJ-Rev. 12"));
        check("法吊二〇二六第十二号", Some("法吊二〇二六第十二号"));
        check("吊字１２", Some("吊字１２"));
        check("12-3", Some("12-3"));
        for text in ["x", "12", "123", "决定书文号", "to be given"] {
            check(text, None);
        }
        for text in ["", "  ", "\u{3000}", "一\n二", "2026\u{202e}21", "12\u{200b}号", "12\0"] {
            check(text, None);
        }
        let (most, more) = (format!("7{}", "号".repeat(59)), format!("7{}", "号".repeat(60)));
        check(&most, Some(&most));
        check(&more, None);
    }
}
