//! What can be wrong, said as it is.

use base::{Fault, Instant, number::NumberError};
use records::MaybeFault;
use thiserror::Error;

use crate::name::NameError;

/// What can be wrong with an act of this crate.
#[derive(Debug, Error)]
pub enum Error {
    /// The caller named an account that does not exist.
    #[error("there is no such account")]
    AccountUnknown,
    /// The person already has an appointment; it must end first.
    #[error("the person is already appointed")]
    AlreadyAppointed,
    /// Too many sign-ins at once: nobody's fault, try again.
    #[error("too many passwords are being checked")]
    Busy {
        /// When trying again makes sense.
        retry_after_seconds: u32,
    },
    /// The caller registered an organisation a second time.
    #[error("an organisation with this credit code is already registered")]
    CreditCodeTaken,
    /// Ours to fix.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The caller typed a field that is too long or badly formed.
    #[error("the field {field} is not well formed")]
    Field { field: &'static str },
    /// The caller registered a person a second time.
    #[error("a person with this identity number is already registered")]
    IdentityNumberTaken,
    /// The caller typed a name that cannot be accepted.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The caller typed a number with a mistake in it.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The caller named an organisation that does not exist.
    #[error("there is no such organisation")]
    OrganisationUnknown,
    /// The password was right, and was handed out so long ago that it counts no more.
    #[error("the password was handed out too long ago")]
    PasswordEnded,
    /// The caller chose a password that anyone would try first, or one that contains the username.
    #[error("the password is too easy to guess")]
    PasswordGuessable,
    /// The caller chose the password that there is.
    #[error("the password is the same as before")]
    PasswordSame,
    /// The password was right, and was handed out by somebody else: another one has to be chosen first.
    #[error("another password has to be chosen")]
    PasswordToChoose,
    /// The caller typed a password longer than any we accept.
    #[error("the password is longer than {max} bytes")]
    PasswordTooLong {
        /// The most bytes.
        max: usize,
    },
    /// The caller chose a password that is too short.
    #[error("the password is shorter than {min} characters")]
    PasswordTooShort {
        /// The fewest characters.
        min: usize,
    },
    /// The caller named a person who has died: nobody acts in that name any more.
    #[error("the person has died")]
    PersonDeceased,
    /// The caller named a person that does not exist.
    #[error("there is no such person")]
    PersonUnknown,
    /// Wrong username, wrong password or an account that is not open: the caller is not told which.
    #[error("the sign-in was refused")]
    Refused,
    /// An appointment needs at least one role.
    #[error("an appointment needs a role")]
    RoleMissing,
    /// The caller named an appointment that does not exist or has ended.
    #[error("there is no such appointment")]
    StaffUnknown,
    /// Too many failures in a row: the caller must wait.
    #[error("too many failed sign-ins")]
    Throttled {
        /// The first instant at which a try is looked at again.
        retry_at: Instant,
        /// How long that is from now, rounded up.
        retry_after_seconds: u32,
    },
    /// The caller chose a username with characters or a length that are not allowed.
    #[error("the username is not well formed")]
    UsernameForm,
    /// The caller chose a username that another account has.
    #[error("the username is taken")]
    UsernameTaken,
}

impl MaybeFault for Error {
    fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}
