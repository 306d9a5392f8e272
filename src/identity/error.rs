//! What can be wrong, said as it is.

use base::{Date, Fault, Instant, number::NumberError};
use records::MaybeFault;
use thiserror::Error;

use base::name::NameError;

/// What can be wrong with an act of this crate.
#[derive(Debug, Error)]
pub enum Error {
    /// The caller named an account that is locked: whoever locked it unlocks it first.
    #[error("the account is locked")]
    AccountLocked,
    /// The caller named an account that does not exist.
    #[error("there is no such account")]
    AccountUnknown,
    /// The person already has an appointment; it must end first.
    #[error("the person is already appointed")]
    AlreadyAppointed,
    /// The caller gave a day of birth that has not come, or one on which nobody was born who is alive in the register's time.
    #[error("born on {born}, which is not from {earliest} to {latest}")]
    BornOn { born: Date, earliest: Date, latest: Date },
    /// Too many sign-ins at once: nobody's fault, try again.
    #[error("too many passwords are being checked")]
    Busy {
        /// When trying again makes sense.
        retry_after_seconds: u32,
    },
    /// The caller registered an organisation a second time.
    #[error("an organisation with this credit code is already registered")]
    CreditCodeTaken,
    /// The caller gave a day of birth or a sex that is not the one in the identity number.
    #[error("the field {field} says {given}, and the identity number {number}")]
    Contradiction {
        field: &'static str,
        given: String,
        /// What the number says.
        number: String,
    },
    /// The caller gave a day of death that has not come, or one before the birth.
    #[error("died on {on}, which is not from {earliest} to {latest}")]
    DiedOn { on: Date, earliest: Date, latest: Date },
    /// The caller was shown the document of a child, and the person is none: another document is needed.
    #[error("this document is for those under {years}")]
    DocumentOfChild {
        /// From which age on it is none.
        years: i32,
    },
    /// The caller was shown a document that has another number than the one under which the person is registered.
    #[error("this document is not the one whose number is registered")]
    DocumentOfOthers,
    /// Ours to fix.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The caller typed a field that is too long or badly formed.
    #[error("the field {field} is not well formed")]
    Field { field: &'static str },
    /// The caller left something out of a person that the number of this kind does not say.
    #[error("the field {field} is needed, for the number does not say it")]
    FieldMissing { field: &'static str },
    /// Whoever brought in what the caller decides has not the role for it any more: it is refused and brought in anew.
    #[error("whoever brought this in has left")]
    FirstLeft,
    /// The caller decides what the same person brought in: somebody else has to.
    #[error("two people are needed, and this is one")]
    FourEyes,
    /// The person has powers over others' affairs: two operators see to the account, and no counter.
    #[error("the account is that of somebody with powers")]
    HasPowers,
    /// The caller registered a person a second time.
    #[error("a person with this identity number is already registered")]
    IdentityNumberTaken,
    /// The caller typed a name that cannot be accepted.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The caller's appointment does not say that they may.
    #[error("the one who acts may not do this")]
    NotAllowed,
    /// The caller typed a number with a mistake in it.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The caller named an organisation that does not exist.
    #[error("there is no such organisation")]
    OrganisationUnknown,
    /// The caller acts on their own account, which somebody else has to do.
    #[error("nobody does this for themselves")]
    Own,
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
    /// The caller gave a period that is over, ends before it begins, or is longer than any.
    #[error(
        "from {start} to {end} is no period that begins before it ends, is not over, and lasts at most {years} years"
    )]
    Period {
        start: Date,
        end: Date,
        /// How long at most.
        years: i32,
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
    /// The same is proposed for this object already.
    #[error("the same waits for approval already")]
    ProposalOpen,
    /// The proposal was decided, or nobody decided it in time.
    #[error("the proposal is decided or over")]
    ProposalOver,
    /// The caller named a proposal that does not exist.
    #[error("there is no such proposal")]
    ProposalUnknown,
    /// Too many proposals of one operator wait for another one.
    #[error("{max} proposals wait for another operator")]
    ProposalsWaiting {
        /// The most that wait.
        max: usize,
    },
    /// The caller gave no reason, or one that is too long or cannot be read.
    #[error("a reason is needed, on one line")]
    Reason,
    /// A reset waits for this account already.
    #[error("a reset waits for this account")]
    ResetOpen,
    /// The reset was decided, or nobody decided it in time.
    #[error("the reset is decided or over")]
    ResetOver,
    /// The caller named a reset that does not exist in their department.
    #[error("there is no such reset")]
    ResetUnknown,
    /// Too many resets of one person in a day.
    #[error("the person had {max} resets within a day")]
    ResetsOften {
        /// The most in a day.
        max: usize,
    },
    /// Too many resets of one member of staff wait for somebody.
    #[error("{max} resets wait for a second member of staff")]
    ResetsWaiting {
        /// The most that wait.
        max: usize,
    },
    /// The caller files a second reset after one search: the number has to be typed again.
    #[error("a reset was filed after this search already")]
    ResetSearchUsed,
    /// An appointment needs at least one role.
    #[error("an appointment needs a role")]
    RoleMissing,
    /// The caller gave one person roles of which one checks the other.
    #[error("nobody is both {one} and {other}")]
    RolesExclude { one: &'static str, other: &'static str },
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
    /// An operator asked for another key for commands, and has as many as there may be.
    #[error("there are {max} keys for commands already")]
    TooManyKeys {
        /// The most keys.
        max: i64,
    },
    /// What the caller looked at has changed since.
    #[error("somebody changed it meanwhile")]
    Stale,
    /// It widens trust, and one operator does not do that alone.
    #[error("another operator has to approve this")]
    TwoNeeded,
    /// There is nothing to change.
    #[error("nothing is different")]
    Unchanged,
    /// The caller chose a username with characters or a length that are not allowed.
    #[error("the username is not well formed")]
    UsernameForm,
    /// The caller chose an identity number as a username: nobody else should see it, and its owner can type it at the
    /// sign-in without.
    #[error("an identity number is no username")]
    UsernameNumber,
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
