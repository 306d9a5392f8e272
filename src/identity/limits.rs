//! The most of everything.

/// How long a password counts that was handed out, in seconds: a week.
pub(crate) const HANDED_OUT_SECONDS: i64 = 7 * 86_400;

/// How long a key with which commands act for an operator counts, in seconds: half a year.
pub(crate) const COMMAND_KEY_SECONDS: i64 = 183 * 86_400;

/// How long a key for commands is told that has ended, in seconds, unless there is another one: a month.
pub(crate) const COMMAND_KEY_ENDED_TOLD_SECONDS: i64 = 30 * 86_400;

/// Keys for commands that one account has at the same time: one for each machine.
pub(crate) const COMMAND_KEYS_MAX: i64 = 16;

/// How long a reset at the counter waits for the second member of staff, in seconds: half an hour, for the person stands
/// there.
pub(crate) const RESET_SECONDS: i64 = 30 * 60;

/// Up to which age the household register is the document of a person, in whole years: from then on everybody has to have
/// an identity card (居民身份证法, articles 2 and 7).
pub(crate) const HOUSEHOLD_REGISTER_UNDER_YEARS: i32 = 16;

/// What "in a day" means for resets, in seconds.
pub(crate) const RESET_DAY_SECONDS: i64 = 86_400;

/// Resets that are filed for one person in a day.
pub(crate) const RESETS_OF_PERSON_MAX: usize = 3;

/// Resets of one member of staff that wait for somebody else.
pub(crate) const RESETS_WAITING_MAX: usize = 5;

/// How long a proposal waits for another operator, in seconds: a week, with a weekend in it.
pub(crate) const PROPOSAL_SECONDS: i64 = 7 * 86_400;

/// Proposals of one operator that wait for another one.
pub(crate) const PROPOSALS_WAITING_MAX: usize = 50;

/// A reason is a line that others read in a list, not a letter.
pub const REASON_CHARACTERS_MAX: usize = 200;

/// Characters of a first password without its hyphens: of 31 letters and digits that nobody confuses, 79 bits.
pub(crate) const FIRST_PASSWORD_CHARACTERS: usize = 16;

/// The first day on which anybody in the register can have been born. Whoever lived longest was 122 years old; a register
/// that began with the first census has nobody from before.
pub(crate) const BORN_FROM: (i16, i8, i8) = (1870, 1, 1);

/// How many years a mandate lasts at most when its end is given.
pub(crate) const MANDATE_YEARS_MAX: i32 = 50;

/// Rows of an older version that get the keys of their names in one transaction.
pub(crate) const KEYED_AT_ONCE: i64 = 500;

/// Characters of one field of a person's profile.
pub const PROFILE_FIELD_CHARACTERS_MAX: usize = 500;

pub const USERNAME_CHARACTERS_MIN: usize = 2;
pub const USERNAME_CHARACTERS_MAX: usize = 64;

/// Characters of a new password. It is the only proof that is asked for, so it is longer than one of two would be
/// (NIST SP 800-63B-4 §3.1.1.2).
pub const PASSWORD_CHARACTERS_MIN: usize = 15;

/// Bits of a new password, for a guesser who knows the commonest ones and its owner: two words of the list are less,
/// four are more. At a hundred guesses a day, or a thousand a second at the stored hash, that is out of reach.
pub const PASSWORD_BITS_MIN: f64 = 34.0;

/// Bytes of a password. Hashing a megabyte would cost the server more than the sender.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Sign-ins that wait at the gate; who comes after them is told to come again at once. A core checks about twenty-five
/// passwords a second, so that many more would wait in vain.
pub const PASSWORDS_WAITING_MAX: usize = 512;

/// When to come again who found no place at the gate.
pub const PASSWORD_RETRY_SECONDS: u32 = 3;

/// Characters kept of a browser's description.
pub const DEVICE_CHARACTERS_MAX: usize = 100;

/// Live sessions of one account; the oldest make room for the next.
pub const SESSIONS_MAX: i64 = 100;

/// A session is marked as used at most so often.
pub const SESSION_TOUCH_SECONDS: i64 = 60;

/// Failures in a row for one account that are answered at once; the next one waits.
pub const ACCOUNT_FAILURES_FREE: i64 = 5;

/// Failures in a row from one address, over all accounts, that are answered at once. An office behind one address
/// has many people who mistype.
pub const ADDRESS_FAILURES_FREE: i64 = 30;

/// The first wait; it doubles with each further failure.
pub const THROTTLE_DELAY_FIRST_SECONDS: i64 = 2;

/// The longest wait before the last one.
pub const THROTTLE_DELAY_MAX_SECONDS: i64 = 15 * 60;

/// Failures in a row for one account after which whoever failed is not looked at for
/// [`THROTTLE_STOP_SECONDS`] (NIST SP 800-63B-4 §3.2.2).
pub const ACCOUNT_FAILURES_STOP: i64 = 100;

/// The wait after so many: nobody is locked out for longer, whatever strangers do.
pub const THROTTLE_STOP_SECONDS: i64 = 24 * 3600;

/// Failures are forgotten after so long without another one.
pub const THROTTLE_MEMORY_SECONDS: i64 = 24 * 3600;

/// An address counts as one that signed in before for so long.
pub const KNOWN_ADDRESS_SECONDS: i64 = 90 * 24 * 3600;

/// Sessions, members of staff or organisations on one page of a list.
pub const LIST_PAGE: i64 = 50;

/// How many proposals for one object are shown beside it when they wait no more.
pub(crate) const PROPOSALS_OVER_SHOWN: i64 = 10;

/// The most by which clocks of nodes differ, in seconds: an instant that another node wrote down may be that much later than
/// now.
pub(crate) const CLOCKS_APART_SECONDS: i64 = 60;
