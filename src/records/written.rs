//! Entries that this process wrote and has not numbered yet: one that is read as it was written needs no code to be known
//! again, and a code costs as much as the statement that reads the entry.

use std::sync::{Mutex, PoisonError};

use crate::entry::Entry;

/// The last entries, each at the place that the beginning of its code names.
pub(crate) struct Written(Box<[Mutex<Option<Entry>>]>);

/// As many as the first three digits of a code can say, by fours.
const PLACES: usize = 16 * 16 * 4;

/// Bytes of an entry that is remembered: 2 MiB in all.
const DETAILS_MAX: usize = 2048;

impl Default for Written {
    fn default() -> Self {
        Self((0..PLACES).map(|_| Mutex::default()).collect())
    }
}

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Written(..)")
    }
}

impl Written {
    fn place(&self, entry: &Entry) -> Option<&Mutex<Option<Entry>>> {
        let digits = usize::from_str_radix(entry.mac.as_deref()?.get(..3)?, 16).ok()?;
        self.0.get(digits / 4)
    }

    /// Remembers an entry whose code was made with the key of the log.
    pub(crate) fn remember(&self, entry: &Entry) {
        if entry.data.len() + entry.marks.as_ref().map_or(0, String::len) > DETAILS_MAX {
            return;
        }
        if let Some(place) = self.place(entry) {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(entry.clone());
        }
    }

    /// Whether an entry without a number is one of these in every byte. Whoever asks numbers it: it is forgotten.
    pub(crate) fn take(&self, entry: &Entry) -> bool {
        let Some(place) = self.place(entry) else { return false };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = place.as_ref() == Some(entry);
        if is_known {
            *place = None;
        }
        is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(event_id: &str, mac: &str) -> Entry {
        Entry { event_id: event_id.to_owned(), mac: Some(mac.to_owned()), ..Entry::default() }
    }

    #[test]
    fn an_entry_is_known_once_and_only_as_it_was_written() {
        let written = Written::default();
        let own = entry("a", "abc0");
        written.remember(&own);
        assert!(!written.take(&Entry { data: "{}".to_owned(), ..own.clone() }));
        assert!(!written.take(&entry("b", "abc0")));
        assert!(written.take(&own));
        assert!(!written.take(&own));
        // What has no code, or one that is none, has no place.
        for strange in [entry("a", ""), entry("a", "xyz"), entry("a", "张三"), Entry::default()] {
            written.remember(&strange);
            assert!(!written.take(&strange));
        }
    }

    #[test]
    fn an_entry_that_is_too_long_is_not_remembered() {
        let written = Written::default();
        let of = |length: usize| Entry { data: "a".repeat(length), ..entry("a", "abc0") };
        written.remember(&of(DETAILS_MAX + 1));
        assert!(!written.take(&of(DETAILS_MAX + 1)));
        written.remember(&of(DETAILS_MAX));
        assert!(written.take(&of(DETAILS_MAX)));
    }
}
