//! What our QR codes say, and the one reader of numbers of licences: of what a scanner read, somebody typed or pasted, and
//! of the address that a browser opened.
//!
//! A code opens an address, so a text with another address in it is not ours, whatever number stands there: who prints
//! our number behind an address of their own wants people to go there.

use base::number::{IDENTIFIER_ROOT, LicenceIdentifier};

use crate::limits::{CODE_DIGITS, SCANNED_CHARACTERS_MAX};

/// The text of a QR code: upper case and digits, the densest alphabet, and only digits where they matter, so that a
/// scanner that types like a keyboard passes them even through a Chinese input method.
pub fn payload(public_url: &str, code: &str) -> String {
    format!("{}{PATH}{code}", public_url.trim_end_matches('/').to_ascii_uppercase())
}

/// What is before the number in the path of an address of ours.
const PATH: &str = "/V/";

/// What a text holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// As many digits as our codes have, and no others.
    Code(String),
    /// What begins as licence identifiers do, with capitals and stops as they have them.
    Identifier(String),
    /// A number, which cannot be one of ours: a digit is missing, or one too many.
    OtherNumber,
    /// No number, more than one, or an address that is not ours.
    Other,
}

/// What a text holds that was scanned, typed or pasted, where ours is the site at `public_url`: a code or an identifier,
/// alone, with words around it, or as the end of an address of ours. Groups, full-width characters, look-alikes of signs
/// and what nobody sees are read as they are meant ([`base::keyed`], [`base::ungrouped`], [`base::dotted`]).
pub fn read(text: &str, public_url: &str) -> Held {
    if text.chars().nth(SCANNED_CHARACTERS_MAX).is_some() {
        return Held::Other;
    }
    let text = base::keyed(text);
    let text = without_symbology(text.trim_matches(|c: char| c.is_whitespace() || c.is_control()));
    match behind_our_address(text, public_url) {
        Some(rest) => at_our_address(rest),
        None if is_elsewhere(text) => Held::Other,
        None => among_words(text),
    }
}

/// What a browser holds that opened an address of ours, by what stands in it behind `/V/`.
pub fn opened(rest: &str, query: Option<&str>) -> Held {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    at_our_address(&base::keyed(&format!("{rest}{query}")))
}

/// What stands behind our address in a text; nothing when the text does not begin with it. The scheme may be missing or
/// the other one, for people leave it out, and the port that goes without saying may be there.
fn behind_our_address<'t>(text: &'t str, public_url: &str) -> Option<&'t str> {
    let (_, site) = public_url.trim_end_matches('/').split_once("://")?;
    let after_scheme = ["https://", "http://"].iter().find_map(|scheme| begins(text, scheme)).unwrap_or(text);
    let after_site = begins(after_scheme, site)?;
    let after_port = if site.contains(':') { after_site } else { without_usual_port(after_site) };
    begins(after_port, PATH)
}

fn without_usual_port(text: &str) -> &str {
    let rest = text.strip_prefix(":443").or_else(|| text.strip_prefix(":80"));
    rest.filter(|rest| rest.starts_with('/')).unwrap_or(text)
}

/// What is left of a text behind its beginning, whatever the case.
fn begins<'t>(text: &'t str, beginning: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(beginning.len())?;
    head.eq_ignore_ascii_case(beginning).then_some(rest)
}

/// Without what a scanner may be set to put in front, to say which kind of code it read: `]Q1` (ISO/IEC 15424).
fn without_symbology(text: &str) -> &str {
    match text.as_bytes() {
        [b']', kind, modifier, ..] if kind.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() => {
            text.get(3..).unwrap_or_default()
        }
        _ => text,
    }
}

/// Nothing but a number may stand there. What sharing an address puts behind it is left alone, unless that could be a
/// number of ours as well: then nobody can tell which one is meant.
fn at_our_address(rest: &str) -> Held {
    let (number, tail) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let may_be_number = |text: &str| {
        let plain = base::dotted(text);
        plain.contains(IDENTIFIER_ROOT)
            || plain.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= CODE_DIGITS)
    };
    let number = number.strip_suffix('/').unwrap_or(number);
    if may_be_number(tail) || number.contains(is_of_addresses) { Held::Other } else { alone(number) }
}

/// Signs that stand in addresses and programs, and in no sentence with a number.
fn is_of_addresses(c: char) -> bool {
    matches!(c, '/' | '\\' | '@' | '?' | '#' | '&' | '=' | '%' | '<' | '>' | '"' | '\'' | '`' | '{' | '}' | '$' | '_')
}

/// Whether a text has something of an address in it: one of its signs, a scheme, a host.
fn is_elsewhere(text: &str) -> bool {
    let without_identifier = text.replace(IDENTIFIER_ROOT, " ");
    let mut before = ' ';
    let mut characters = without_identifier.chars().peekable();
    while let Some(c) = characters.next() {
        let after = characters.peek().copied().unwrap_or(' ');
        let is_scheme = c == ':' && before.is_ascii_alphabetic();
        let is_host = c == '.' && before.is_ascii_alphabetic() && after.is_ascii_alphabetic();
        if is_of_addresses(c) || is_scheme || is_host {
            return true;
        }
        before = c;
    }
    false
}

/// A number, and nothing beside it.
fn alone(text: &str) -> Held {
    let identifier = base::dotted(text);
    let number = base::ungrouped(text);
    if identifier.starts_with(IDENTIFIER_ROOT) {
        Held::Identifier(identifier)
    } else if number.len() == CODE_DIGITS && number.bytes().all(|byte| byte.is_ascii_digit()) {
        Held::Code(number)
    } else if number.bytes().any(|byte| byte.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        Held::OtherNumber
    } else {
        Held::Other
    }
}

/// The one number of a text that may have words around it, as whoever copies a line has them.
fn among_words(text: &str) -> Held {
    let whole = alone(text);
    let is_ours = match &whole {
        Held::Code(_) => true,
        Held::Identifier(identifier) => LicenceIdentifier::parse(identifier).is_ok(),
        Held::OtherNumber | Held::Other => false,
    };
    match numbers_in(text).as_slice() {
        [number] if !is_ours => Some(alone(number)).filter(|held| *held != Held::Other).unwrap_or(whole),
        _ => whole,
    }
}

/// The numbers of a text: words with digits in them, as long as only spaces are between them.
fn numbers_in(text: &str) -> Vec<String> {
    let is_of_numbers =
        |c: char| c.is_ascii_alphanumeric() || c.is_whitespace() || base::is_dot(c) || base::is_hyphen(c);
    let mut numbers: Vec<String> = Vec::new();
    for part in text.split(|c: char| !is_of_numbers(c)) {
        let mut goes_on = false;
        for word in part.split_whitespace() {
            let has_digits = word.contains(|c: char| c.is_ascii_digit());
            match numbers.last_mut().filter(|_| has_digits && goes_on) {
                Some(number) => number.push_str(word),
                None if has_digits => numbers.push(word.to_owned()),
                None => {}
            }
            goes_on = has_digits;
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use base::SeededEntropy;

    use super::*;

    const SITE: &str = "https://v.example.gov.cn";
    const CODE: &str = "123456789012345678901";
    const IDENTIFIER: &str = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F";

    fn code() -> Held {
        Held::Code(CODE.to_owned())
    }

    fn identifier() -> Held {
        Held::Identifier(IDENTIFIER.to_owned())
    }

    fn check(text: &str, expected: &Held) {
        assert_eq!(read(text, SITE), *expected, "{text:?}");
    }

    #[test]
    fn a_payload_is_upper_case_with_the_digits_at_its_end() {
        assert_eq!(payload("https://v.example.gov.cn/", "123"), "HTTPS://V.EXAMPLE.GOV.CN/V/123");
        assert_eq!(payload("http://127.0.0.1:8080", "123"), "HTTP://127.0.0.1:8080/V/123");
        for site in ["https://v.example.gov.cn/", "http://127.0.0.1:8080", "http://localhost", "https://xn--fiqs8s"] {
            assert_eq!(read(&payload(site, CODE), site), code(), "{site}");
        }
    }

    #[test]
    fn a_number_is_read_however_it_was_scanned_typed_or_pasted() {
        for text in [
            "HTTPS://V.EXAMPLE.GOV.CN/V/123456789012345678901",
            "https://v.example.gov.cn/v/123456789012345678901\r\n",
            "v.example.gov.cn/V/123456789012345678901",
            "http://v.example.gov.cn:80/V/123456789012345678901/",
            "HTTPS://V.EXAMPLE.GOV.CN:443/V/123456789012345678901?from=singlemessage&isappinstalled=0",
            "ｈｔｔｐｓ：／／Ｖ．ＥＸＡＭＰＬＥ．ＧＯＶ．ＣＮ／Ｖ／１２３４５６７８９０１２３４５６７８９０１",
            "https：、、v。example。gov。cn、V、123456789012345678901",
            "]Q1HTTPS://V.EXAMPLE.GOV.CN/V/123456789012345678901",
            "\u{2}\u{feff}HTTPS://V.EXAMPLE.GOV.CN/V/123456789012345678901\u{3}\t",
            "123456789012345678901",
            "1234 5678 9012 3456 7890 1",
            "1234-5678-9012-3456-78901",
            "1234‐5678‑9012–3456—7890－1",
            "1234·5678·9012・3456．7890。1",
            "１２３４ 5678\u{a0}9012\u{2009}3456\u{3000}7890 1",
            "12345678\u{200b}9012345678901\u{200e}",
            "核验码：1234 5678 9012 3456 7890 1",
            "核验码1234 5678 9012 3456 7890 1（食品经营许可证）",
            "Code 1234 5678 9012 3456 7890 1 of Longfu",
            "您好。核验码是1234 5678 9012 3456 7890 1。谢谢",
        ] {
            check(text, &code());
        }
        for text in [
            IDENTIFIER,
            &IDENTIFIER.to_lowercase(),
            &format!("证照标识：{IDENTIFIER} "),
            &format!("{IDENTIFIER} VALID"),
            &format!("{}。", IDENTIFIER.replace('.', "。")),
            &IDENTIFIER.replace('.', "·"),
            &IDENTIFIER.replace("0000", "00 00"),
            &IDENTIFIER.replace(".001.", ".001. "),
            &format!("HTTPS://V.EXAMPLE.GOV.CN/V/{IDENTIFIER}"),
        ] {
            let text = text.trim_end_matches('。');
            check(text, &identifier());
        }
    }

    #[test]
    fn a_text_with_an_address_that_is_not_ours_is_not_ours_whatever_number_stands_in_it() {
        for text in [
            "HTTPS://EVIL.EXAMPLE/V/123456789012345678901",
            "https://other.example/pay/123456789012345678901?x=1",
            "https://v.example.gov.cn.evil.example/V/123456789012345678901",
            "https://v.example.gov.cn@evil.example/V/123456789012345678901",
            "https://evil.example/https://v.example.gov.cn/V/123456789012345678901",
            "https://evil.example/?u=HTTPS://V.EXAMPLE.GOV.CN/V/123456789012345678901",
            "https://v.example.gov.cn:8443/V/123456789012345678901",
            "https://v.example.gov.cn\\@evil.example/V/123456789012345678901",
            "https://v.еxample.gov.cn/V/123456789012345678901",
            "https://v.example.gov.cn/login/123456789012345678901",
            "javascript:123456789012345678901",
            "javascript:alert(123456789012345678901)",
            "data:text/html,123456789012345678901",
            "tel:123456789012345678901",
            "weixin://pay/123456789012345678901",
            "evil.example 123456789012345678901",
            "//evil.example/V/123456789012345678901",
            "<b>123456789012345678901</b>",
            "https://evil.example/1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
            "https://weixin.qq.com/r/abc",
        ] {
            check(text, &Held::Other);
        }
    }

    #[test]
    fn a_text_with_two_numbers_names_neither() {
        let other = "987654321098765432109";
        for text in [
            format!("https://v.example.gov.cn/V/{CODE}?x={other}"),
            format!("https://v.example.gov.cn/V/{CODE}#{other}"),
            format!("https://v.example.gov.cn/V/{CODE}?x={IDENTIFIER}"),
            format!("https://v.example.gov.cn/V/{CODE}/{other}"),
            format!("https://v.example.gov.cn/V/{CODE}/1"),
            format!("核验码：{CODE}，{other}"),
            format!("号码 {CODE} 和 {IDENTIFIER}"),
        ] {
            check(&text, &Held::Other);
        }
        check(&format!("{CODE} {other}"), &Held::OtherNumber);
    }

    #[test]
    fn what_a_browser_opened_is_read_as_the_text_that_led_there() {
        let check = |rest: &str, query: Option<&str>, expected: Held| {
            assert_eq!(opened(rest, query), expected, "{rest} {query:?}");
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            assert_eq!(read(&format!("{SITE}/V/{rest}{query}"), SITE), expected, "{rest} {query}");
        };
        check(CODE, None, code());
        check(CODE, Some("from=timeline"), code());
        check(CODE, Some("x=987654321098765432109"), Held::Other);
        check(IDENTIFIER, None, identifier());
        check("1234 5678 9012 3456 7890 1", None, code());
        check(&format!("{CODE}/1"), None, Held::Other);
        check("1", None, Held::OtherNumber);
        check("abc", None, Held::Other);
        check("", None, Held::Other);
    }

    #[test]
    fn a_number_with_a_digit_missing_or_too_many_is_a_number_and_words_are_none() {
        for text in
            ["12345678901234567890", "1234567890123456789012", "1234 5678 9012 3456 7890 1x", "6901234567892", "1"]
        {
            check(text, &Held::OtherNumber);
        }
        for text in ["", " ", "abc", "龙福餐饮", "١٢٣", "\0"] {
            check(text, &Held::Other);
        }
    }

    #[test]
    fn the_longest_text_is_read_and_one_character_more_is_not() {
        check(&format!("{CODE}{}", " ".repeat(SCANNED_CHARACTERS_MAX - CODE_DIGITS)), &code());
        check(&format!("{CODE}{}", " ".repeat(SCANNED_CHARACTERS_MAX - CODE_DIGITS + 1)), &Held::Other);
    }

    #[test]
    fn any_text_is_read_without_a_panic() {
        let entropy = SeededEntropy::new(3);
        for _ in 0..5000 {
            let text: String =
                (0..entropy.next() % 60).filter_map(|_| char::from_u32((entropy.next() % 0x1_1000) as u32)).collect();
            if let Held::Code(digits) = read(&text, SITE) {
                assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
            }
            let _ = opened(&text, Some(&text));
        }
    }
}
