//! Why somebody does something to others, in their own words.

use base::id::{AccountId, PersonId};
use records::Work;

use crate::{Error, events::ReasonGiven, limits};

/// A reason on one line, neither empty nor long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Reads a reason.
    ///
    /// # Errors
    ///
    /// [`Error::Reason`] when it is empty, too long, or holds what cannot be seen.
    pub fn parse(text: &str) -> Result<Self, Error> {
        base::line(text, limits::REASON_CHARACTERS_MAX).map(Self).ok_or(Error::Reason)
    }

    /// The reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes the reason down beside what is done for it, in the same unit of work.
    pub fn record(&self, work: &mut Work, object: &str) {
        work.record(ReasonGiven { object: object.to_owned(), reason: self.0.clone(), person: None });
    }

    /// The same, of an account that one operator alone opens: of somebody who has no powers.
    pub(crate) fn record_alone(&self, work: &mut Work, account: &AccountId, person: &PersonId) {
        let (object, person) = (account.as_str().to_owned(), Some(person.clone()));
        work.record(ReasonGiven { object, reason: self.0.clone(), person });
    }
}
