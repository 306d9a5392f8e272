//! The number of the decision by which a licence is revoked.

use identity::name;

use crate::{error::Error, limits};

/// The number of a decision (决定书文号) as its department writes it, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionNumber(String);

impl DecisionNumber {
    /// How long it may be.
    pub const CHARACTERS_MAX: usize = limits::DECISION_CHARACTERS_MAX;

    /// Reads a number. Departments number in ways of their own, so its form is theirs; what cannot be seen is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Decision`] when it is empty, too long, or holds what cannot be seen.
    pub fn parse(text: &str) -> Result<Self, Error> {
        name::parse(text, limits::DECISION_CHARACTERS_MAX).map(Self).map_err(|_| Error::Decision)
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_a_decision_is_one_line_of_at_most_60_characters_that_can_be_seen() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(DecisionNumber::parse(text).ok().as_ref().map(DecisionNumber::as_str), expected, "{text:?}");
        };
        check(" 滨市监吊销〔2026〕12号 ", Some("滨市监吊销〔2026〕12号"));
        check("(2026) BJ-Rev. 12", Some("(2026) BJ-Rev. 12"));
        for text in ["", "  ", "\u{3000}", "一\n二", "2026\u{202e}21", "12\u{200b}号", "12\0"] {
            check(text, None);
        }
        let (most, more) = ("号".repeat(60), "号".repeat(61));
        check(&most, Some(&most));
        check(&more, None);
    }
}
