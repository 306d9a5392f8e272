//! Changes that know nothing of the form: bytes, words, numbers, and parts that come twice or not at all.

use crate::chance::Chance;

/// Numbers at which programs change their mind.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "1",
    "2",
    "16",
    "127",
    "128",
    "255",
    "256",
    "65536",
    "100000",
    "2147483648",
    "4294967296",
    "18446744073709551616",
];

/// Changes an input once. `words` mean something to its reader, `other` is another input.
pub fn change(input: &[u8], other: &[u8], words: &[&str], chance: &Chance) -> Vec<u8> {
    let mut out = input.to_vec();
    let at = chance.range(out.len());
    match chance.below(12) {
        0 | 1 => flip(&mut out, chance),
        2 => {
            out.drain(at);
        }
        3 => {
            let part = out[at.clone()].to_vec();
            out.splice(at.end..at.end, part);
        }
        4 => {
            // Many times over: what is not in proportion to the size shows here.
            let part = &input[at.start..at.end.min(at.start + 256)];
            out.splice(at.end..at.end, part.repeat(1 << chance.below(9)));
        }
        5 => {
            let part = other[chance.range(other.len())].to_vec();
            out.splice(at, part);
        }
        6 => {
            let part = other[chance.range(other.len())].to_vec();
            out.splice(at.start..at.start, part);
        }
        7 => out.truncate(at.start),
        8 => {
            let bytes: Vec<u8> = (0..=chance.below(8)).map(|_| chance.byte()).collect();
            out.splice(at.start..at.start, bytes);
        }
        9 | 10 if !words.is_empty() => {
            let word = chance.pick(words).bytes();
            let end = if chance.one_in(2) { at.start } else { at.end };
            out.splice(at.start..end, word);
        }
        _ => out = number(&out, chance),
    }
    out
}

fn flip(out: &mut [u8], chance: &Chance) {
    if out.is_empty() {
        return;
    }
    let at = chance.below(out.len());
    out[at] = if chance.one_in(2) { out[at] ^ (1 << chance.below(8)) } else { chance.byte() };
}

/// Another number in the place of one that is written in digits.
pub fn number(input: &[u8], chance: &Chance) -> Vec<u8> {
    let places: Vec<usize> = (0..input.len())
        .filter(|at| input[*at].is_ascii_digit() && (*at == 0 || !input[at - 1].is_ascii_digit()))
        .collect();
    if places.is_empty() {
        return input.to_vec();
    }
    let start = places[chance.below(places.len())];
    let length = input[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = std::str::from_utf8(&input[start..start + length]).unwrap_or_default();
    let old: u64 = text.parse().unwrap_or(0);
    let new = match chance.below(4) {
        0 => old.wrapping_add(1).to_string(),
        1 => old.saturating_sub(1).to_string(),
        2 => chance.below(input.len() + 1).to_string(),
        _ => chance.pick(&NUMBERS).to_owned(),
    };
    // Numbers of a fixed width keep it, so that what stands behind them stays where it was.
    let new = if chance.one_in(2) { format!("{new:0>length$}") } else { new };
    let mut out = input.to_vec();
    out.splice(start..start + length, new.into_bytes());
    out
}

/// Where these bytes begin.
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}
