//! In which versions the log left its rows, summed up in one code for each table.
//!
//! An event that leaves a row in its fifth version takes the code of the fourth out and puts that of the fifth in. What
//! remains, whatever the order, is the code of each row as the log left it last: the rows of the table have to give the
//! same. So a row that was taken away or put back is missed also when the events that name it are not at hand.

use std::collections::BTreeMap;

use crate::{log_key::LogKey, mark::Left};

/// A code for each table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, [u8; 32]>);

impl Tally {
    /// An event left this row so; or, a second time, it did not.
    pub fn left(&mut self, key: &LogKey, row: &Left) {
        self.row(key, &row.table, &row.name, row.version);
        if row.version > 1 {
            self.row(key, &row.table, &row.name, row.version - 1);
        }
    }

    /// There is a row of this version; or, a second time, there is none.
    pub fn row(&mut self, key: &LogKey, table: &str, name: &[String], version: i64) {
        let version = version.to_be_bytes();
        let mut parts = vec![Some(table.as_bytes()), Some(&version[..])];
        parts.extend(name.iter().map(|part| Some(part.as_bytes())));
        let sum = self.0.entry(table.to_owned()).or_default();
        for (sum, byte) in sum.iter_mut().zip(key.bytes("tally", &parts)) {
            *sum ^= byte;
        }
    }

    /// The code of a table; that of no rows when nothing is known of it.
    pub fn of(&self, table: &str) -> [u8; 32] {
        self.0.get(table).copied().unwrap_or_default()
    }

    /// As it is kept.
    pub fn text(&self) -> String {
        let codes: BTreeMap<&String, String> =
            self.0.iter().map(|(table, sum)| (table, crypto::digest::hex(sum))).collect();
        serde_json::to_string(&codes).unwrap_or_default()
    }

    /// Reads what was kept.
    pub fn read(text: &str) -> Option<Self> {
        let codes: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
        codes.into_iter().map(|(table, code)| Some((table, sum_of(&code)?))).collect::<Option<_>>().map(Self)
    }
}

fn sum_of(code: &str) -> Option<[u8; 32]> {
    if code.len() != 64 || !code.is_ascii() {
        return None;
    }
    let byte = |place: usize| u8::from_str_radix(code.get(place * 2..place * 2 + 2)?, 16).ok();
    (0..32).map(byte).collect::<Option<Vec<u8>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn left(name: &str, version: i64) -> Left {
        Left { table: "client".to_owned(), name: vec![name.to_owned()], version }
    }

    #[test]
    fn the_events_give_the_code_of_the_rows_that_they_left_in_whatever_order() {
        let key = testing::log_key();
        let sum = |told: &[(&str, i64)]| {
            let mut tally = Tally::default();
            for (name, version) in told {
                tally.left(&key, &left(name, *version));
            }
            tally
        };
        let rows = |rows: &[(&str, i64)]| {
            let mut tally = Tally::default();
            for (name, version) in rows {
                tally.row(&key, "client", &[(*name).to_owned()], *version);
            }
            tally
        };
        let told = sum(&[("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3)]);
        assert_eq!(told, sum(&[("a", 3), ("b", 2), ("a", 1), ("b", 1), ("a", 2)]));
        assert_eq!(told, rows(&[("b", 2), ("a", 3)]));
        for other in [&[("a", 3)][..], &[("a", 3), ("b", 1)], &[("a", 3), ("b", 2), ("c", 1)], &[]] {
            assert_ne!(told.of("client"), rows(other).of("client"), "{other:?}");
        }
        assert_eq!(Tally::read(&told.text()), Some(told));
    }

    #[test]
    fn what_is_no_tally_is_read_as_none() {
        for text in ["", "[]", "{\"client\":1}", "{\"client\":\"00\"}", "{\"client\":\"zz\"}", "{"] {
            assert_eq!(Tally::read(text), None, "{text}");
        }
        let odd = format!("{{\"client\":\"{}\"}}", "é".repeat(32));
        assert_eq!(Tally::read(&odd), None);
        assert_eq!(Tally::read("{}"), Some(Tally::default()));
    }
}
