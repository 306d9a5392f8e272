//! What is wrong with what was typed where a password is asked for: the form says it, and says it again in another language
//! or size. It goes with the form as a code; a password goes nowhere and is typed again.

use base::{Instant, Text};
use identity::Error;

use crate::{
    Page,
    kit::{form::Fields, rendering},
};

/// The field of a form that holds the code.
pub const FIELD: &str = "wrong";

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// No turn came.
    Busy,
    /// The password that was proved is forgotten by now.
    ChooseLate,
    Empty,
    /// A password that was handed out too long ago.
    Ended,
    Guessable,
    /// The password that there is, where another one is chosen.
    NotThisOne,
    Refused,
    Same,
    /// Until then.
    Throttled(Instant),
    /// The new one.
    TooLong,
    TooShort,
    /// The one that there is: more bytes than any password has.
    TypedTooLong,
    /// The database does not answer.
    Unavailable,
}

impl Wrong {
    /// What is wrong with a new password, if it is that.
    pub fn with_new(error: &Error) -> Option<Self> {
        match error {
            Error::PasswordGuessable => Some(Self::Guessable),
            Error::PasswordSame => Some(Self::Same),
            Error::PasswordTooLong { .. } => Some(Self::TooLong),
            Error::PasswordTooShort { .. } => Some(Self::TooShort),
            _ => None,
        }
    }

    /// What a form said that is sent for nothing but to be shown again.
    pub fn said(fields: &Fields) -> Option<Self> {
        let code = fields.text(FIELD);
        if let Some(until) = code.strip_prefix("throttled.") {
            return Some(Self::Throttled(Instant::from_micros(until.parse().ok()?)));
        }
        let plain = [
            Self::Busy,
            Self::ChooseLate,
            Self::Empty,
            Self::Ended,
            Self::Guessable,
            Self::NotThisOne,
            Self::Refused,
            Self::Same,
            Self::TooLong,
            Self::TooShort,
            Self::TypedTooLong,
            Self::Unavailable,
        ];
        plain.into_iter().find(|wrong| wrong.code() == code)
    }

    /// As it goes with the form, in which it is read by [`Wrong::said`].
    pub fn code(self) -> String {
        let code = match self {
            Self::Busy => "busy",
            Self::ChooseLate => "choose_late",
            Self::Empty => "empty",
            Self::Ended => "ended",
            Self::Guessable => "guessable",
            Self::NotThisOne => "not_this_one",
            Self::Refused => "refused",
            Self::Same => "same",
            Self::Throttled(until) => return format!("throttled.{}", until.as_micros()),
            Self::TooLong => "too_long",
            Self::TooShort => "too_short",
            Self::TypedTooLong => "typed_too_long",
            Self::Unavailable => "unavailable",
        };
        code.to_owned()
    }

    /// Whether it is about the new one of two passwords.
    pub fn is_about_new(self) -> bool {
        matches!(self, Self::Guessable | Self::Same | Self::TooLong | Self::TooShort)
    }

    /// As the page says it.
    pub fn words(self, page: &Page) -> String {
        let words: Text = match self {
            Self::Busy => words::sign_in::BUSY.clone(),
            Self::ChooseLate => words::sign_in::CHOOSE_LATE.clone(),
            Self::Empty => words::sign_in::EMPTY.clone(),
            Self::Ended => words::sign_in::PASSWORD_ENDED.clone(),
            Self::Guessable => words::identity::PASSWORD_GUESSABLE.clone(),
            Self::NotThisOne => words::me::PASSWORD_WRONG.clone(),
            Self::Refused => words::sign_in::REFUSED.clone(),
            Self::Same => words::identity::PASSWORD_SAME.clone(),
            Self::Throttled(until) => return throttled(page, until),
            Self::TooLong => words::identity::password_too_long(identity::PASSWORD_BYTES_MAX),
            Self::TooShort => words::identity::password_too_short(identity::PASSWORD_CHARACTERS_MIN),
            Self::TypedTooLong => words::sign_in::too_long(identity::PASSWORD_BYTES_MAX),
            Self::Unavailable => words::problem::UNAVAILABLE_HELP.clone(),
        };
        page.say(&words).to_owned()
    }
}

/// When to try again, by the clock and as a duration: a page may have been open for a while.
fn throttled(page: &Page, until: Instant) -> String {
    let at = page.visit.at;
    // A second is rounded up, or a visitor who takes the page at its word comes a moment too early.
    let clock = until.plus_seconds(i64::from(until.as_micros() % 1_000_000 != 0)).legal_text();
    let clock = if until.date() == at.date() { clock.get(11..).unwrap_or(&clock) } else { &clock };
    let micros = until.as_micros().saturating_sub(at.as_micros()).max(0);
    let seconds = u32::try_from(micros.saturating_add(999_999) / 1_000_000).unwrap_or(u32::MAX);
    let wait = page.say(&rendering::wait(seconds)).to_owned();
    page.say(&words::sign_in::throttled(clock, wait)).to_owned()
}
