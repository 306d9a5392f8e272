//! Numbers and names of accounts as people type them.

/// A number or a name without what hands and keyboards add: full-width letters, digits and signs become plain ones, and
/// spaces and characters that nobody sees go, wherever they stand. Only for what has none of these: no name of a person.
pub fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !is_unseen(*c))
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            c => c,
        })
        .collect()
}

/// Marks of width, joining and direction, which come along when something is pasted.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{00ad}')
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
        check("zhаngwei", "zhаngwei");
        check("张伟\0", "张伟\0");
        check("", "");
    }
}
