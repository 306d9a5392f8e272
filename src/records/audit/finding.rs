//! What an audit found.

use std::fmt;

use super::checked::CheckedPoint;

/// So many things are named; of more it is said that there are more.
const NAMED_MAX: usize = 100;

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// The number of the last event.
    pub events: i64,
    /// The event behind which it went on, because what is up to there was checked before.
    pub checked: Option<CheckedPoint>,
    /// The number of the last event that is in the archive.
    pub archived: i64,
    /// Events of the archive whose files are not there, the first and the last of each stretch.
    pub away: Vec<(i64, i64)>,
    /// How many rows it held against the log.
    pub rows: u64,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// Whether there is more of it than is named.
    pub is_more: bool,
    /// What is wrong and was acknowledged by somebody who answers for it.
    pub acknowledged: Vec<Finding>,
    /// Where the next one may go on, when this one is sound.
    pub next: Option<CheckedPoint>,
}

/// One thing that is not as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The entries with these numbers, the first and the last, are not there.
    Missing(i64, i64),
    /// The entry with this number is not as it was written, or not at its place, or the one before it is not.
    Changed(i64),
    /// The entry with this number was not written by the product, or changed since.
    Foreign(i64),
    /// An entry stands in the table with this number where none may: below the first, or beside those that are in the
    /// archive.
    Stray(i64),
    /// The entry with this number is a copy of one that is in the archive.
    Again(i64),
    /// So many entries wait for their number that the rows cannot be held against them.
    Unnumbered(usize),
    /// An event that waits for its number was not written by the product: its identifier.
    ForeignWaiting(String),
    /// The log ends at the first number although the head says the second: its end was cut off.
    Cut(i64, i64),
    /// There are entries with numbers above the head's, up to this one: the head was put back.
    Beyond(i64),
    /// The head is not as it was written.
    Head,
    /// A head that was kept outside says something else of this number than the log.
    Contradicted(i64),
    /// A head that was kept outside has this number, and the log ends before it, at the second: an older copy was put in
    /// its place, or its end was cut off and the head with it.
    PutBack(i64, i64),
    /// The event with this number names an actor who was not in office when it happened: the table, and who.
    Actor(i64, &'static str, String),
    /// Up to which event the log is archived was changed.
    Archived,
    /// A file of the archive is not as it was written.
    File(String),
    /// A file lies in the archive that the product did not write under this name, or of which the log says nothing.
    StrayFile(String),
    /// Heads of the log were kept outside, and none is there any more.
    HeadsGone,
    /// What guards the rows is not as the migrations made it, as a sentence.
    Guard(String),
    /// Rows of a table are not those that the log left there: one was taken away or put back, of which no event tells that
    /// was read.
    Rows(&'static str),
    /// A row was not left so by any act: its table and its key.
    Row(&'static str, String, RowFault),
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFault {
    /// It was changed past the product.
    Changed,
    /// It was put there past the product.
    Inserted,
    /// It is as an earlier act left it: what happened since was undone past the product.
    PutBack,
    /// It was taken away past the product.
    Removed,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(first, last) if first == last => write!(f, "event {first} is missing"),
            Self::Missing(first, last) => write!(f, "events {first} to {last} are missing"),
            Self::Changed(number) => write!(f, "event {number} was changed or moved, or stands behind one that was"),
            Self::Foreign(number) => write!(f, "event {number} was not written by the product, or was changed"),
            Self::Stray(number) => write!(f, "event {number} stands where the log has none: it was put there"),
            Self::Again(number) => {
                write!(f, "event {number} is a copy of one that is in the archive: it was put there again")
            }
            Self::Unnumbered(count) => {
                write!(f, "{count} events and more wait for their number: rows were not held against them")
            }
            Self::ForeignWaiting(id) => {
                write!(f, "event {id}, which has no number yet, was not written by the product")
            }
            Self::Cut(last, head) => write!(f, "the log was cut off: it ends at {last}, but its head says {head}"),
            Self::Beyond(number) => write!(f, "the head was put back: there are events up to {number} above it"),
            Self::Head => write!(f, "the head of the log was changed"),
            Self::Contradicted(number) => {
                write!(f, "event {number} is another one than when a head was kept: the log was written anew")
            }
            Self::PutBack(kept, last) => write!(
                f,
                "the log ends at {last}, and a head was kept of {kept}: an older copy was put in its place, or it was cut off"
            ),
            Self::Actor(number, table, name) => {
                write!(f, "event {number} was an act of {table} {name}, who was not in office then")
            }
            Self::Archived => write!(f, "what says up to which event the log is archived was changed"),
            Self::File(name) => write!(f, "the archive's file {name} is not as it was written"),
            Self::StrayFile(name) => {
                write!(f, "the archive's file {name} is none that the log names: it was put there")
            }
            Self::HeadsGone => {
                write!(f, "heads of the log were kept, and none is there any more: an older copy would not be known")
            }
            Self::Guard(told) => write!(f, "{told}"),
            Self::Rows(table) => write!(
                f,
                "the rows of {table} are not those that the log left: one was taken away or put back; the whole audit \
                 names it, with the archive's files at hand"
            ),
            Self::Row(table, key, fault) => match fault {
                RowFault::Changed => write!(f, "{table} {key} was changed past the product"),
                RowFault::Inserted => write!(f, "{table} {key} was put there past the product"),
                RowFault::PutBack => write!(f, "{table} {key} was put back to what it was before its last change"),
                RowFault::Removed => write!(f, "{table} {key} was taken away past the product"),
            },
        }
    }
}

impl Audit {
    /// Whether nothing is wrong that nobody answers for.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds what guards the rows and is not as the migrations made it.
    pub fn add_guards(&mut self, told: Vec<String>) {
        for told in told {
            self.find(Finding::Guard(told));
        }
        self.next = self.next.take().filter(|_| self.findings.is_empty());
    }

    /// Events of the archive are not there, from one number to another.
    pub(super) fn miss(&mut self, first: i64, last: i64) {
        if self.away.len() < NAMED_MAX {
            self.away.push((first, last));
        } else {
            self.is_more = true;
        }
    }

    pub(super) fn find(&mut self, finding: Finding) {
        // A row may be named by an event in a file and by one in the table.
        if self.findings.contains(&finding) {
            return;
        }
        if self.findings.len() < NAMED_MAX {
            self.findings.push(finding);
        } else {
            self.is_more = true;
        }
    }
}
