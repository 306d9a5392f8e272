//! Names on English pages. What is registered here has a Chinese name and often no other: it is shown as it is, and marked
//! as Chinese, so that a screen reader says it and a browser sets it as what it is (WCAG 2.2, 3.1.2). It is done in one
//! place, when a page is written, because names stand in every table and sentence.

use std::borrow::Cow;

/// Elements whose text is no place for a mark, or no text for people.
const PLAIN: [&str; 6] = ["option", "script", "style", "svg", "textarea", "title"];

/// An English page with its Chinese marked; any other page as it is.
pub fn marked(page: &str) -> Cow<'_, str> {
    let Some((head, _)) = page.split_once("<body") else { return page.into() };
    if !head.contains("<html lang=\"en\"") {
        return page.into();
    }
    let mut out = String::with_capacity(page.len() + page.len() / 8);
    out.push_str(head);
    let mut rest = page.get(head.len()..).unwrap_or_default();
    while let Some(begin) = rest.find('<') {
        let (text, tag) = rest.split_at(begin);
        mark(text, &mut out);
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        let (tag, behind) = tag.split_at(end);
        out.push_str(tag);
        rest = behind;
        if let Some(closing) = left_alone(tag) {
            let until = behind.find(&closing).unwrap_or(behind.len());
            let (inside, behind) = behind.split_at(until);
            out.push_str(inside);
            rest = behind;
        }
    }
    mark(rest, &mut out);
    out.into()
}

/// The end of an element in which nothing is marked: there is no place for a mark, or its language is said already.
fn left_alone(tag: &str) -> Option<String> {
    let name = tag.trim_start_matches('<').split([' ', '\n', '>', '/']).next().filter(|name| !name.is_empty())?;
    (PLAIN.contains(&name) || tag.contains(" lang=\"")).then(|| format!("</{name}>"))
}

/// A text, in which every stretch of Chinese is marked. What stood together stays one piece: some of what it stands in lays
/// its pieces out beside each other.
fn mark(text: &str, out: &mut String) {
    if !text.chars().any(is_han) {
        return out.push_str(text);
    }
    let words = text.trim();
    let (before, after) = text.split_once(words).unwrap_or_default();
    let is_mixed = !words.chars().all(is_chinese);
    out.push_str(before);
    out.push_str(if is_mixed { "<bdi>" } else { "" });
    let mut rest = words;
    while let Some(begin) = rest.find(is_han) {
        let (other, chinese) = rest.split_at(begin);
        let end = chinese.find(|c| !is_chinese(c)).unwrap_or(chinese.len());
        let (chinese, behind) = chinese.split_at(end);
        out.push_str(other);
        out.push_str("<bdi lang=\"zh-CN\">");
        out.push_str(chinese);
        out.push_str("</bdi>");
        rest = behind;
    }
    out.push_str(rest);
    out.push_str(if is_mixed { "</bdi>" } else { "" });
    out.push_str(after);
}

/// A character of Chinese writing, also one of the rare ones that names have.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// Such a character, or a mark that stands between them.
fn is_chinese(c: char) -> bool {
    is_han(c) || matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}' | '·' | '“' | '”' | '‘' | '’')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &str) {
        let page = |body: &str| format!("<html lang=\"en\"><title>印章</title><body class=\"x\">{body}</body></html>");
        assert_eq!(marked(&page(body)), page(expected));
    }

    #[test]
    fn a_chinese_name_on_an_english_page_is_marked_as_chinese() {
        let zh = |text: &str| format!("<bdi lang=\"zh-CN\">{text}</bdi>");
        check("<h1> 滨江市公安局 </h1>", &format!("<h1> {} </h1>", zh("滨江市公安局")));
        check(
            "<p>Asked by 张三, 龘㐂𠮷.</p>",
            &format!("<p><bdi>Asked by {}, {}.</bdi></p>", zh("张三"), zh("龘㐂𠮷")),
        );
        check(
            "<a class=\"button\">Ask 阿卜杜拉·买买提 now</a>",
            &format!("<a class=\"button\"><bdi>Ask {} now</bdi></a>", zh("阿卜杜拉·买买提")),
        );
        check(
            "<td>滨市监吊销〔2026〕12号</td>",
            &format!("<td><bdi>{}2026{}12{}</bdi></td>", zh("滨市监吊销〔"), "〕", zh("号")),
        );
    }

    #[test]
    fn what_says_its_language_or_is_no_text_for_people_stays_as_it_is() {
        for body in [
            "<p>Nothing here.</p>",
            "<a lang=\"zh-CN\" href=\"/\">中文</a>",
            "<select><option value=\"中\">中</option></select><textarea>中</textarea>",
            "<script>\"中\"</script><svg><text>中</text></svg>",
            "<input value=\"中\">",
        ] {
            check(body, body);
        }
        let chinese = "<html lang=\"zh-CN\"><body><p>中文</p></body></html>";
        assert_eq!(marked(chinese), chinese);
    }
}
