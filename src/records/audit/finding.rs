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
    /// The event with this number cannot be after what the log says of an object: of which table, and which one.
    Contrary(i64, &'static str, String),
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

/// Declares what findings say: a sentence of each kind, with places for whom or what it says it of.
macro_rules! said {
    ($($(#[$doc:meta])* $name:ident = $sentence:literal;)+) => {
        /// What a finding says, whatever it says it of. Pages have words of their own for each; commands and the log have
        /// this sentence, and it is read back from there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Said {
            $($(#[$doc])* $name,)+
        }

        impl Said {
            /// Everything that a finding can say.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The sentence, in which `{}` is a place.
            fn sentence(self) -> &'static str {
                match self {
                    $(Self::$name => $sentence,)+
                }
            }
        }
    };
}

said! {
    /// One event: its number.
    Missing = "event {} is missing";
    /// A stretch of events: the first and the last.
    MissingStretch = "events {} to {} are missing";
    /// Its number.
    Changed = "event {} was changed or moved, or stands behind one that was";
    /// Its number.
    Foreign = "event {} was not written by the product, or was changed";
    /// Its number.
    Stray = "event {} stands where the log has none: it was put there";
    /// Its number.
    Again = "event {} is a copy of one that is in the archive: it was put there again";
    /// How many.
    Unnumbered = "{} events and more wait for their number: rows were not held against them";
    /// Its identifier.
    ForeignWaiting = "event {}, which has no number yet, was not written by the product";
    /// The last number that is there, and the head's.
    Cut = "the log was cut off: it ends at {}, but its head says {}";
    /// The highest number that is there.
    Beyond = "the head was put back: there are events up to {} above it";
    /// Nothing more.
    Head = "the head of the log was changed";
    /// Its number.
    Contradicted = "event {} is another one than when a head was kept: the log was written anew";
    /// The last number that is there, and that of the head.
    PutBack = "the log ends at {}, and a head was kept of {}: an older copy was put in its place, or it was cut off";
    /// Nothing more.
    Archived = "what says up to which event the log is archived was changed";
    /// Its number, the table and who.
    Actor = "event {} was an act of {} {}, who was not in office then";
    /// Its number, the table and what it is of.
    Contrary = "event {} cannot be after what the log says of {} {}";
    /// The name of the file.
    File = "the archive's file {} is not as it was written";
    /// The name of the file.
    StrayFile = "the archive's file {} is none that the log names: it was put there";
    /// Nothing more.
    HeadsGone = "heads of the log were kept, and none is there any more: an older copy would not be known";
    /// What is wrong with which guard.
    Guard = "a guard of the database is not as it was made: {}";
    /// The table.
    Rows = "the rows of {} are not those that the log left: one was taken away or put back; the whole audit names it, with \
            the archive's files at hand";
    /// The table and the key.
    RowChanged = "{} {} was changed past the product";
    /// The table and the key.
    RowInserted = "{} {} was put there past the product";
    /// The table and the key.
    RowPutBack = "{} {} was put back to what it was before its last change";
    /// The table and the key.
    RowRemoved = "{} {} was taken away past the product";
}

impl Said {
    /// Reads the sentence of a finding as it stands in the log: what it says, and of what. None for one that this version
    /// does not write.
    pub fn read(text: &str) -> Option<(Self, Vec<String>)> {
        Self::ALL.iter().find_map(|said| Some((*said, values(said.sentence(), text)?)))
    }

    /// Whether it is of one row: its table and its key.
    pub fn is_of_row(self) -> bool {
        matches!(self, Self::RowChanged | Self::RowInserted | Self::RowPutBack | Self::RowRemoved)
    }
}

/// What stands in the places of a sentence.
fn values(sentence: &str, text: &str) -> Option<Vec<String>> {
    let mut pieces = sentence.split("{}");
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut pieces = pieces.peekable();
    let mut values = Vec::new();
    while let Some(piece) = pieces.next() {
        let (value, behind) = match pieces.peek() {
            // The last piece ends the sentence.
            None => (rest.strip_suffix(piece)?, ""),
            Some(_) => rest.split_once(piece)?,
        };
        values.push(value.to_owned());
        rest = behind;
    }
    rest.is_empty().then_some(values)
}

impl Finding {
    /// What it says, and of what.
    pub fn said(&self) -> (Said, Vec<String>) {
        let (said, values): (Said, &[&dyn fmt::Display]) = match self {
            Self::Missing(first, last) if first == last => (Said::Missing, &[first]),
            Self::Missing(first, last) => (Said::MissingStretch, &[first, last]),
            Self::Changed(number) => (Said::Changed, &[number]),
            Self::Foreign(number) => (Said::Foreign, &[number]),
            Self::Stray(number) => (Said::Stray, &[number]),
            Self::Again(number) => (Said::Again, &[number]),
            Self::Unnumbered(count) => (Said::Unnumbered, &[count]),
            Self::ForeignWaiting(id) => (Said::ForeignWaiting, &[id]),
            Self::Cut(last, head) => (Said::Cut, &[last, head]),
            Self::Beyond(number) => (Said::Beyond, &[number]),
            Self::Head => (Said::Head, &[]),
            Self::Contradicted(number) => (Said::Contradicted, &[number]),
            Self::PutBack(kept, last) => (Said::PutBack, &[last, kept]),
            Self::Archived => (Said::Archived, &[]),
            Self::Actor(number, table, name) => (Said::Actor, &[number, table, name]),
            Self::Contrary(number, what, name) => (Said::Contrary, &[number, what, name]),
            Self::File(name) => (Said::File, &[name]),
            Self::StrayFile(name) => (Said::StrayFile, &[name]),
            Self::HeadsGone => (Said::HeadsGone, &[]),
            Self::Guard(told) => (Said::Guard, &[told]),
            Self::Rows(table) => (Said::Rows, &[table]),
            Self::Row(table, key, RowFault::Changed) => (Said::RowChanged, &[table, key]),
            Self::Row(table, key, RowFault::Inserted) => (Said::RowInserted, &[table, key]),
            Self::Row(table, key, RowFault::PutBack) => (Said::RowPutBack, &[table, key]),
            Self::Row(table, key, RowFault::Removed) => (Said::RowRemoved, &[table, key]),
        };
        (said, values.iter().map(ToString::to_string).collect())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (said, values) = self.said();
        let mut values = values.into_iter();
        for (place, piece) in said.sentence().split("{}").enumerate() {
            if place > 0 {
                f.write_str(&values.next().unwrap_or_default())?;
            }
            f.write_str(piece)?;
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_finding_says_in_the_log_is_read_back_with_what_it_says_it_of() {
        let row = |fault| Finding::Row("mandate", "per_1 org_1".to_owned(), fault);
        let all = [
            (Finding::Missing(7, 7), "event 7 is missing"),
            (Finding::Missing(7, 9), "events 7 to 9 are missing"),
            (Finding::Changed(7), "event 7 was changed or moved, or stands behind one that was"),
            (Finding::Foreign(7), "event 7 was not written by the product, or was changed"),
            (Finding::Stray(7), "event 7 stands where the log has none: it was put there"),
            (Finding::Again(7), "event 7 is a copy of one that is in the archive: it was put there again"),
            (Finding::Unnumbered(7), "7 events and more wait for their number: rows were not held against them"),
            (
                Finding::ForeignWaiting("evt_1".to_owned()),
                "event evt_1, which has no number yet, was not written by the product",
            ),
            (Finding::Cut(7, 9), "the log was cut off: it ends at 7, but its head says 9"),
            (Finding::Beyond(9), "the head was put back: there are events up to 9 above it"),
            (Finding::Head, "the head of the log was changed"),
            (Finding::Contradicted(7), "event 7 is another one than when a head was kept: the log was written anew"),
            (
                Finding::PutBack(9, 7),
                "the log ends at 7, and a head was kept of 9: an older copy was put in its place, or it was cut off",
            ),
            (Finding::Archived, "what says up to which event the log is archived was changed"),
            (
                Finding::Actor(7, "staff", "stf_1".to_owned()),
                "event 7 was an act of staff stf_1, who was not in office then",
            ),
            (
                Finding::Contrary(7, "account", "acc_1".to_owned()),
                "event 7 cannot be after what the log says of account acc_1",
            ),
            (Finding::File("events 1".to_owned()), "the archive's file events 1 is not as it was written"),
            (
                Finding::StrayFile("events 1".to_owned()),
                "the archive's file events 1 is none that the log names: it was put there",
            ),
            (
                Finding::HeadsGone,
                "heads of the log were kept, and none is there any more: an older copy would not be known",
            ),
            (
                Finding::Guard("the trigger x is missing".to_owned()),
                "a guard of the database is not as it was made: the trigger x is missing",
            ),
            (
                Finding::Rows("licence"),
                "the rows of licence are not those that the log left: one was taken away or put back; the whole audit names \
                 it, with the archive's files at hand",
            ),
            (row(RowFault::Changed), "mandate per_1 org_1 was changed past the product"),
            (row(RowFault::Inserted), "mandate per_1 org_1 was put there past the product"),
            (row(RowFault::PutBack), "mandate per_1 org_1 was put back to what it was before its last change"),
            (row(RowFault::Removed), "mandate per_1 org_1 was taken away past the product"),
        ];
        for (finding, sentence) in &all {
            // As logs have it since there are audits: what was written once is read for ever.
            assert_eq!(finding.to_string(), *sentence);
            assert_eq!(Said::read(sentence), Some(finding.said()), "{sentence}");
        }
        let said: Vec<Said> = all.iter().map(|(finding, _)| finding.said().0).collect();
        assert_eq!(said, Said::ALL, "each is among these");
        assert_eq!(Said::read("licence lic_1 was eaten"), None);
    }
}
