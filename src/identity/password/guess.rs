//! How long a password withstands whoever tries first what others chose before.
//!
//! A password is read as pieces: common passwords, what belongs to its owner, rows of the keyboard, dates, repetitions,
//! and single characters. What counts is the cheapest reading, in bits: how many halvings separate a guesser who knows
//! all of these from it (decision 0048).

use std::{collections::HashMap, sync::LazyLock};

use super::Owner;

/// Passwords that were found in breaches, the most frequent first.
const COMMON: &str = include_str!("common.txt");

/// What people here put together, and what this place is called.
const LOCAL: &[&str] = &[
    "guosuo",
    "过所",
    "mima",
    "woaini",
    "wodemima",
    "zhengwu",
    "administrator",
    "password",
    "p@ssw0rd",
    "密码",
    "我爱你",
    "一生一世",
    "中国",
    "祖国",
    "政务",
];

/// What a hand types without thinking, in either direction.
const ROWS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "12345678901234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "123qweasdzxc",
];

/// Characters that are looked at: what begins like this is not saved by its end.
const LOOKED_AT: usize = 128;

/// Characters of the longest word of a list.
const WORD_CHARACTERS_MAX: usize = 24;

/// Bits of a piece that is known without looking: the owner's name or number, this place.
const KNOWN: f64 = 2.0;

/// Bits of a part of a row: which one, from where, how far.
const ROW: f64 = 9.0;

/// Bits of a year, and of a day.
const YEAR: f64 = 7.0;
const DAY: f64 = 15.0;

/// Bits of repeating what stands before, as often as it fits.
const AGAIN: f64 = 2.0;

/// Characters of a piece that is looked for again.
const AGAIN_CHARACTERS_MAX: usize = 32;

/// The rows in both directions, by the character that they are entered at.
static ENTRIES: LazyLock<HashMap<char, Vec<Vec<char>>>> = LazyLock::new(|| {
    let mut entries: HashMap<char, Vec<Vec<char>>> = HashMap::new();
    for row in ROWS {
        for from_there in both_ways(row) {
            if let Some(first) = from_there.first() {
                entries.entry(*first).or_default().push(from_there);
            }
        }
    }
    entries
});

/// The place of each common password in its list.
static RANKS: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let local = LOCAL.iter().map(|word| (*word, 1));
    COMMON.lines().zip(1..).chain(local).collect()
});

/// The bits of a password.
pub fn bits(password: &str, owner: &Owner) -> f64 {
    let text: Vec<char> = password.chars().flat_map(char::to_lowercase).take(LOOKED_AT).collect();
    // Signs that stand for letters, read in both ways in which people write them.
    let readings =
        [text.clone(), text.iter().map(|c| letter(*c, 'i')).collect(), text.iter().map(|c| letter(*c, 'l')).collect()];
    let mut best = vec![f64::INFINITY; text.len() + 1];
    if let Some(first) = best.first_mut() {
        *first = 0.0;
    }
    let numbers: Vec<Vec<char>> = owner.numbers.iter().flat_map(|number| both_ways(number)).collect();
    let own: Vec<Vec<char>> = owner.words.iter().map(|word| word.chars().collect()).collect();
    for from in 0..text.len() {
        let before = best.get(from).copied().unwrap_or_default();
        let mut reach = |length: usize, cost: f64| {
            if let Some(best) = best.get_mut(from + length) {
                *best = best.min(before + cost);
            }
        };
        let rest = text.get(from..).unwrap_or_default();
        reach(1, rest.first().map_or(0.0, |c| character(*c)));
        for reading in &readings {
            words(reading.get(from..).unwrap_or_default(), &own, &mut reach);
        }
        rows(rest, &numbers, &mut reach);
        dates(rest, &mut reach);
        repetitions(&text, from, &mut reach);
    }
    best.last().copied().unwrap_or_default()
}

/// Bits of one character among those of its kind.
fn character(c: char) -> f64 {
    match c {
        '0'..='9' => 10.0_f64.log2(),
        'a'..='z' => 26.0_f64.log2(),
        c if c.is_ascii() => 32.0_f64.log2(),
        _ => 8.0,
    }
}

/// The letter that a sign stands for.
fn letter(c: char, one: char) -> char {
    match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => one,
        '0' => 'o',
        '$' | '5' => 's',
        '7' | '+' => 't',
        c => c,
    }
}

/// Words of the list, and the owner's own.
fn words(rest: &[char], own: &[Vec<char>], reach: &mut impl FnMut(usize, f64)) {
    let mut word = String::new();
    for (length, c) in (1..).zip(rest.iter().take(WORD_CHARACTERS_MAX)) {
        word.push(*c);
        if let Some(rank) = RANKS.get(word.as_str()) {
            reach(length, f64::from(*rank).log2() + 1.0);
        }
    }
    for own in own.iter().filter(|own| own.len() > 1 && rest.starts_with(own)) {
        reach(own.len(), KNOWN);
    }
}

/// Parts of rows of the keyboard, and of the owner's numbers.
fn rows(rest: &[char], numbers: &[Vec<char>], reach: &mut impl FnMut(usize, f64)) {
    let mut along = |row: &[char], cost: f64, shortest: usize| {
        let length = row.iter().zip(rest).take_while(|(one, two)| one == two).count();
        for length in shortest..=length {
            reach(length, cost);
        }
    };
    for row in rest.first().and_then(|first| ENTRIES.get(first)).into_iter().flatten() {
        along(row, ROW, 3);
    }
    for number in numbers {
        along(number, KNOWN, 4);
    }
}

/// What a row or a number reads like from each of its places, forwards and backwards.
fn both_ways(row: &str) -> Vec<Vec<char>> {
    let forwards: Vec<char> = row.chars().collect();
    let backwards: Vec<char> = forwards.iter().rev().copied().collect();
    let from_each = |row: Vec<char>| {
        let from = |start: usize| row.get(start..).unwrap_or_default().to_vec();
        (0..row.len()).map(from).collect::<Vec<_>>()
    };
    [forwards, backwards].into_iter().flat_map(from_each).collect()
}

/// Years and days, as they stand in birthdays.
fn dates(rest: &[char], reach: &mut impl FnMut(usize, f64)) {
    let digits: String = rest.iter().take(8).take_while(|c| c.is_ascii_digit()).collect();
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|text| text.parse::<u32>().ok()).unwrap_or(99);
    let is_day = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
    if digits.len() >= 4 && (1900..2100).contains(&number(0, 4)) {
        reach(4, YEAR);
    }
    if digits.len() >= 6 && (is_day(number(2, 4), number(4, 6)) || is_day(number(2, 4), number(0, 2))) {
        reach(6, DAY);
    }
    let whole = (1900..2100).contains(&number(0, 4)) && is_day(number(4, 6), number(6, 8));
    let turned = (1900..2100).contains(&number(4, 8))
        && (is_day(number(2, 4), number(0, 2)) || is_day(number(0, 2), number(2, 4)));
    if digits.len() == 8 && (whole || turned) {
        reach(8, DAY);
    }
}

/// What stands right before, once more or many times.
fn repetitions(text: &[char], from: usize, reach: &mut impl FnMut(usize, f64)) {
    for length in 1..=from.min(AGAIN_CHARACTERS_MAX) {
        let before = text.get(from - length..).unwrap_or_default();
        let rest = text.get(from..).unwrap_or_default();
        // What begins with itself moved by one length goes on as it began.
        let again = before.iter().zip(rest).take_while(|(one, two)| one == two).count();
        for length in (length..=again).step_by(length) {
            reach(length, AGAIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner::from("zhangwei8").with_words(["张伟"]).with_numbers(["11010519491231002X", "13800138000"])
    }

    #[test]
    fn the_thirty_thousand_commonest_are_refused_whatever_makes_them_long_enough() {
        assert!(COMMON.lines().count() >= 10_000);
        let most = crate::limits::PASSWORD_BITS_MIN;
        let nobody = Owner::default();
        let check = |word: &str, way: usize| {
            let long = match way {
                0 => format!("{word}123456789012345"),
                1 => format!("{word}{word}{word}{word}{word}"),
                2 => format!("{}!!!!!!!!!!!!", word.to_uppercase()),
                3 => format!("2026{word}guosuo2026"),
                _ => format!("poiuytrewq{word}"),
            };
            let bits = bits(&long, &nobody);
            assert!(bits < most, "{long}: {bits}");
        };
        for (place, word) in COMMON.lines().enumerate() {
            check(word, place % 5);
            if place < 100 {
                (0..5).for_each(|way| check(word, way));
            }
        }
    }

    #[test]
    fn two_common_words_are_not_enough_and_four_are() {
        let words: Vec<&str> = COMMON.lines().filter(|word| word.chars().all(|c| c.is_ascii_lowercase())).collect();
        let most = crate::limits::PASSWORD_BITS_MIN;
        for two in words.chunks_exact(2) {
            let bits = bits(&two.concat(), &Owner::default());
            assert!(bits < most, "{two:?}: {bits}");
        }
        for four in ["correct horse battery staple", "wisdom-anchor-velvet-thunder"] {
            let bits = bits(four, &owner());
            assert!(bits > most, "{four}: {bits}");
        }
    }

    #[test]
    fn what_belongs_to_the_owner_adds_nothing() {
        let check = |password: &str| {
            let (own, other) = (bits(password, &owner()), bits(password, &Owner::from("")));
            assert!(own < crate::limits::PASSWORD_BITS_MIN && own < other, "{password}: {own} {other}");
        };
        check("11010519491231002x");
        check("zhangwei8-13800138000");
        check("张伟张伟13800138000张伟张伟");
        check("X200132194915010211");
        check("19491231002x-zhangwei8");
    }

    #[test]
    fn a_password_of_whatever_characters_has_its_bits_and_more_of_the_same_adds_none() {
        for c in ["a", "1", "q", "@", "密", "\u{1f600}", "ab", "12", "p@", "\u{0}", "İ"] {
            let bits = bits(&c.repeat(1024), &owner());
            assert!(bits > 0.0 && bits < crate::limits::PASSWORD_BITS_MIN, "{c}: {bits}");
        }
        assert!(bits("", &owner()).abs() < f64::EPSILON);
    }
}
