//! In which versions the log left its rows, summed up in one code for each table.
//!
//! An event that leaves a row in its fifth version takes the code of the fourth out and puts that of the fifth in. What
//! remains, whatever the order, is the code of each row as the log left it last: the rows of the table have to give the
//! same. So a row that was taken away or put back is missed also when the events that name it are not at hand. It is a sum
//! of numbers of 256 bits: an event that is told twice counts twice, and takes nothing back.

use std::collections::BTreeMap;

use crate::{log_key::LogKey, mark::Left};

/// A code for each table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, [u8; 32]>);

impl Tally {
    /// An event left this row so.
    pub fn left(&mut self, key: &LogKey, row: &Left) {
        self.count(key, (&row.table, &row.name, row.version), add);
        if row.version > 1 {
            self.count(key, (&row.table, &row.name, row.version - 1), subtract);
        }
    }

    /// As if that event had not been.
    pub fn unleft(&mut self, key: &LogKey, row: &Left) {
        self.count(key, (&row.table, &row.name, row.version), subtract);
        if row.version > 1 {
            self.count(key, (&row.table, &row.name, row.version - 1), add);
        }
    }

    /// There is a row of this version.
    pub fn row(&mut self, key: &LogKey, table: &str, name: &[String], version: i64) {
        self.count(key, (table, name, version), add);
    }

    fn count(
        &mut self,
        key: &LogKey,
        (table, name, version): (&str, &[String], i64),
        with: impl Fn(&mut [u8; 32], &[u8; 32]),
    ) {
        let version = version.to_be_bytes();
        let mut parts = vec![Some(table.as_bytes()), Some(&version[..])];
        parts.extend(name.iter().map(|part| Some(part.as_bytes())));
        with(self.0.entry(table.to_owned()).or_default(), &key.bytes("tally", &parts));
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

/// Adds a number of 256 bits to another one, the first byte the highest; what is over is lost.
fn add(sum: &mut [u8; 32], number: &[u8; 32]) {
    let mut carry = false;
    for (sum, byte) in sum.iter_mut().zip(number).rev() {
        let (with, over) = sum.overflowing_add(*byte);
        let (with, more) = with.overflowing_add(u8::from(carry));
        (*sum, carry) = (with, over || more);
    }
}

/// Takes it away again.
fn subtract(sum: &mut [u8; 32], number: &[u8; 32]) {
    let mut borrow = false;
    for (sum, byte) in sum.iter_mut().zip(number).rev() {
        let (with, under) = sum.overflowing_sub(*byte);
        let (with, more) = with.overflowing_sub(u8::from(borrow));
        (*sum, borrow) = (with, under || more);
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
        Left { table: "client".to_owned(), name: vec![name.to_owned()], version, mark: String::new() }
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
        assert_eq!(Tally::read(&told.text()).as_ref(), Some(&told));
        let mut again = told.clone();
        again.left(&key, &left("b", 2));
        again.unleft(&key, &left("b", 2));
        assert_eq!(again, told);
    }

    #[test]
    fn an_event_that_is_told_twice_does_not_take_itself_back() {
        let key = testing::log_key();
        let mut tally = Tally::default();
        for version in [1, 2, 1, 2, 1] {
            tally.left(&key, &left("a", version));
            assert_ne!(tally.of("client"), [0; 32]);
        }
    }

    #[test]
    fn numbers_of_256_bits_are_added_and_taken_away_with_what_is_carried() {
        let (mut one, mut sum) = ([0; 32], [0xff; 32]);
        one[31] = 1;
        sum[0] = 0;
        add(&mut sum, &one);
        assert_eq!((sum[0], &sum[1..]), (1, &[0; 31][..]));
        subtract(&mut sum, &one);
        assert_eq!((sum[0], &sum[1..]), (0, &[0xff; 31][..]));
        let mut nothing = [0; 32];
        subtract(&mut nothing, &one);
        assert_eq!(nothing, [0xff; 32]);
        add(&mut nothing, &one);
        assert_eq!(nothing, [0; 32]);
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
