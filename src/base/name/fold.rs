//! What looks alike becomes one and the same.

use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

/// A text in which what looks alike is the same: Unicode's composed form, radicals as the ideographs that they look like,
/// letters and signs of one width, one dot between the parts of a name, one hyphen, one apostrophe, one space.
///
/// ```
/// assert_eq!(base::name::folded("\u{2f4a}\u{2ed4} ｌｉ　‧"), "木门 li·");
/// ```
pub fn folded(text: &str) -> String {
    let plain: String = text.nfc().flat_map(of_one_width).map(plain).collect();
    let composed: Vec<char> = plain.nfc().collect();
    let mut name = String::with_capacity(plain.len());
    for (place, c) in composed.iter().enumerate() {
        let before = name.chars().next_back();
        let after = composed.iter().skip(place + 1).find(|c| **c != ' ').copied();
        if *c == ' ' && !stays(before, after) {
            continue;
        }
        name.push(*c);
    }
    name
}

/// A text of several words in which what looks alike is the same: as [`folded`], but for what only names have, and with
/// the wide punctuation of Chinese.
///
/// ```
/// assert_eq!(base::name::folded_text("李\u{2f4a}路１２号，东　门"), "李木路12号，东 门");
/// ```
pub fn folded_text(text: &str) -> String {
    let plain: String = text.nfc().flat_map(of_one_width_in_text).nfc().collect();
    plain.trim().to_owned()
}

fn of_one_width_in_text(c: char) -> impl Iterator<Item = char> {
    const WIDE: &str = "！（），：；？～";
    let spaced = if is_space(c) { ' ' } else { c };
    let is_kept = WIDE.contains(spaced);
    std::iter::once(spaced).flat_map(move |c| if is_kept { vec![c] } else { of_one_width(c).collect() })
}

fn is_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// The form in which names are compared by a search: folded, without what people leave out.
///
/// ```
/// assert_eq!(base::name::key("阿卜杜拉 买买提"), base::name::key("阿卜杜拉・买买提"));
/// ```
pub fn key(text: &str) -> String {
    styled(&folded(text)).to_lowercase().chars().filter(|c| !matches!(c, ' ' | '·')).collect()
}

/// Brackets and quotation marks as the rest of a folded name wants them: wide beside Chinese, in pairs.
pub(super) fn styled(name: &str) -> String {
    let is_chinese = name.chars().any(is_han);
    let mut is_open = false;
    let mut styled = String::with_capacity(name.len());
    let mut characters = name.chars().peekable();
    while let Some(c) = characters.next() {
        let before = styled.chars().next_back();
        let between_han = before.is_some_and(is_han) && characters.peek().copied().is_some_and(is_han);
        styled.push(match c {
            '"' => {
                is_open = !is_open;
                if is_open { '“' } else { '”' }
            }
            '“' | '”' => {
                is_open = c == '“';
                c
            }
            '.' if between_han => '·',
            ',' if before.is_some_and(is_han) => '，',
            c if is_chinese => style(c),
            c => c,
        });
    }
    styled
}

/// A bracket as it stands in a Chinese text.
fn style(c: char) -> char {
    match c {
        '(' => '（',
        ')' => '）',
        c => c,
    }
}

pub(super) fn is_han(c: char) -> bool {
    c.script() == Script::Han
}

/// The ideograph that a stroke, a radical or a letter of Kana looks like.
pub(super) fn ideograph_alike(c: char) -> Option<char> {
    skeleton(c).filter(|alike| *alike != c && is_han(*alike))
}

/// The Latin letter that a letter of another script looks like.
pub(super) fn latin_alike(c: char) -> Option<char> {
    let alike = skeleton(c)?;
    (alike != c && alike.is_ascii_alphabetic()).then_some(alike)
}

/// The character that Unicode says this one is confused with (UTS #39), if it is one.
fn skeleton(c: char) -> Option<char> {
    let text = c.to_string();
    let mut alike = unicode_security::skeleton(&text);
    let first = alike.next();
    first.filter(|_| alike.next().is_none())
}

/// A character as it is beside others: wide letters and narrow Kana become those of the common width, radicals the
/// ideographs whose shape they have.
fn of_one_width(c: char) -> impl Iterator<Item = char> {
    let radical = match c {
        '\u{2e80}'..='\u{2ef3}' => ideograph_alike(c).unwrap_or(c),
        c => c,
    };
    let is_alike = matches!(radical, '\u{2f00}'..='\u{2fd5}' | '\u{2e9f}' | '\u{2ef3}' | '\u{ff01}'..='\u{ffee}');
    let wide: String =
        if is_alike { std::iter::once(radical).nfkc().collect() } else { std::iter::once(radical).collect() };
    wide.chars().collect::<Vec<_>>().into_iter()
}

fn plain(c: char) -> char {
    match c {
        '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22c5}' | '\u{2981}' | '\u{2e31}' | '\u{2e33}' | '\u{30fb}'
        | '\u{318d}' | '\u{1427}' | '\u{16eb}' | '\u{a78f}' | '\u{10101}' => '·',
        '\u{2024}' | '\u{fe52}' => '.',
        '\u{2010}'..='\u{2013}' | '\u{2043}' | '\u{2212}' | '\u{2d7}' | '\u{fe63}' | '\u{1806}' | '\u{58a}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{2035}' | '\u{2bb}' | '\u{2bc}' | '\u{60}'
        | '\u{b4}' => '\'',
        '\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{301d}' | '\u{301e}' => '"',
        '\u{fe59}' => '(',
        '\u{fe5a}' => ')',
        c if is_space(c) => ' ',
        // The circles that were typed for the zero of Chinese numbers as long as no keyboard had it.
        '\u{25cb}' | '\u{25ef}' => '〇',
        c => c,
    }
}

/// Whether a space stays between two characters: one between words, none between ideographs, beside a dot, before or
/// behind everything.
fn stays(before: Option<char>, after: Option<char>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => {
            before != ' ' && before != '·' && after != '·' && !(is_han(before) && is_han(after))
        }
        _ => false,
    }
}
