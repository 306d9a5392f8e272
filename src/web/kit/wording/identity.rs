//! The words of what is wrong with a name.

use base::Text;
use identity::NameError;

use super::{Worded, code_of};

impl Worded for NameError {
    fn text(&self) -> Text {
        match self {
            Self::Empty => words::identity::NAME_EMPTY.clone(),
            // It cannot be seen, so that its number has to name it.
            Self::Forbidden(c) => words::identity::name_forbidden(code_of(*c)),
            Self::TooLong(max) => words::identity::name_too_long(max),
        }
    }
}
