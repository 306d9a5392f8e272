//! Numbers, names of accounts and lines of text as people type, paste and scan them.

use crate::name;

/// A number or a name without what hands and keyboards add: full-width letters, digits and signs become plain ones, and
/// spaces and characters that nobody sees go, wherever they stand. Only for what has none of these: no name of a person.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !is_unseen(*c)).map(half_width).collect()
}

/// A number as the records have it: like [`plain`], in capitals, and without what separates groups of it, whatever kind of
/// hyphen or dot that is. For a number that has no signs of its own.
pub fn ungrouped(text: &str) -> String {
    characters(text).filter(|c| !is_hyphen(*c) && !is_dot(*c)).collect()
}

/// A number of parts with stops between them as the records have it: like [`ungrouped`], with every kind of dot a stop.
pub fn dotted(text: &str) -> String {
    characters(text).filter(|c| !is_hyphen(*c)).map(|c| if is_dot(c) { '.' } else { c }).collect()
}

/// A text with characters of an input method as a plain keyboard writes them, and without what nobody sees. Spaces stay.
pub fn keyed(text: &str) -> String {
    text.chars()
        .filter(|c| !is_unseen(*c))
        .map(|c| match half_width(c) {
            // What a Chinese input method writes for the keys of `/` and of the stop.
            '、' => '/',
            '。' | '｡' => '.',
            c => c,
        })
        .collect()
}

/// What cannot be seen, or turns what stands around it: marks of width, joining and direction, which come along when
/// something is pasted, and which make a text look like another one.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}'
            | '\u{034f}'
            | '\u{061c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// A name that a stranger gave, fit to be shown: one line, without what turns or hides the words around it, and no longer
/// than so many characters.
pub fn shown(name: &str, characters: usize) -> String {
    let is_line = |c: char| c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}');
    let words: Vec<String> = name
        .split(is_line)
        .map(|word| word.chars().filter(|c| !name::is_unseen(*c)).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// Hyphens, dashes and minus signs.
pub fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// Stops and dots, on the line or at half height.
pub fn is_dot(c: char) -> bool {
    matches!(c, '.' | '。' | '｡' | '．' | '·' | '・' | '･' | '•' | '\u{2024}' | '\u{2027}' | '\u{2219}' | '\u{22c5}')
}

/// The characters of a number, in capitals; a scanner's control characters are none.
fn characters(text: &str) -> impl Iterator<Item = char> {
    let seen = |c: &char| !c.is_whitespace() && !c.is_control() && !is_unseen(*c);
    text.chars().filter(seen).map(|c| match half_width(c) {
        // What stands for the check character X in print.
        'Ⅹ' | 'ⅹ' | '×' => 'X',
        c => c.to_ascii_uppercase(),
    })
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// A text that others read on one line, such as a reason or the number of a decision: without spaces around it. None when
/// nothing is left, when it has more than `max` characters, or one that nobody sees or every machine shows otherwise.
pub fn line(text: &str, max: usize) -> Option<String> {
    let is_shown = |c: char| !name::is_unseen(c) && !name::is_private(c);
    let line = text.trim_matches(' ');
    let shown = line.chars().all(is_shown).then(|| line.trim());
    shown.filter(|line| (1..=max).contains(&line.chars().count())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_wide_characters_go_and_everything_else_stays() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text), expected, "{text:?}");
        check("  zhang wei ", "zhangwei");
        check("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X");
        check("110105 19491231\u{3000}002x", "11010519491231002x");
        check("\u{feff}li\u{200b}na\u{00a0}@example.org", "lina@example.org");
        check("ｌｉｎａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "lina@example.org");
        check("li-na", "li-na");
        check("zhаngwei", "zhаngwei");
        check("张伟\0", "张伟\0");
        check("", "");
    }

    #[test]
    fn a_number_is_the_same_however_it_was_grouped_pasted_or_scanned() {
        let check = |text: &str| assert_eq!(ungrouped(text), "11010519491231002X", "{text:?}");
        check("11010519491231002x");
        check("１１０１０５１９４９１２３１００２ｘ");
        check("110105 1949-1231‐002‑X");
        check("110105–1949—1231−002－X");
        check("110105·1949.1231．002・X");
        check("110105\u{a0}1949\u{2009}1231\u{202f}002\u{3000}X");
        check("\u{feff}\u{200b}110105\u{200d}19491231002\u{2069}X\r\n");
        check("\u{2}11010519491231002X\u{3}\u{1d}\t");
        check("11010519491231002Ⅹ");
        assert_eq!(dotted("1.2。156．3005·2｡ａ-b"), "1.2.156.3005.2.AB");
        assert_eq!(ungrouped("١٢٣"), "١٢٣");
    }

    #[test]
    fn a_strangers_name_is_one_line_and_turns_and_hides_nothing() {
        let check = |name: &str, expected: &str| assert_eq!(shown(name, 8), expected, "{name:?}");
        check("某某公司", "某某公司");
        check("\u{202e}司公某某\u{202c}", "司公某某");
        check("a\u{200b}b\u{2066}c\u{2069}\u{feff}\u{e0041}", "abc");
        check("  某某\r\n公司\u{2028}x\0\u{1b} ", "某某 公司 x");
        check("12345678", "12345678");
        check("123456789", "12345678…");
        check("\u{200f}", "");
    }

    #[test]
    fn what_an_input_method_makes_of_an_address_is_read_as_that_address() {
        assert_eq!(keyed("ｈｔｔｐｓ：、、v。example、V、１２"), "https://v.example/V/12");
        assert_eq!(keyed("证照\u{200b} 1"), "证照 1");
    }

    #[test]
    fn a_line_has_something_to_read_and_nothing_that_cannot_be_seen() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(line(text, 5).as_deref(), expected, "{text:?}");
        check(" 龘㐂 𠮷 ", Some("龘㐂 𠮷"));
        check("《一》、—", Some("《一》、—"));
        check("12345", Some("12345"));
        check("123456", None);
        check("  \u{3000}", None);
        check("一\n二", None);
        check("一\u{202e}二", None);
        check("一\u{e000}", None);
    }
}
