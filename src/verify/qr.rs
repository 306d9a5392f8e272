//! What our QR codes say, and what is read from a scanner.

use crate::limits::{CODE_DIGITS, SCANNED_CHARACTERS_MAX};

/// The text of a QR code: upper case and digits, the densest alphabet, and only digits where they matter, so that a
/// scanner that types like a keyboard passes them even through a Chinese input method.
pub fn payload(public_url: &str, code: &str) -> String {
    format!("{}/V/{code}", public_url.trim_end_matches('/').to_ascii_uppercase())
}

/// The longest run of decimal digits in a scanned text, the last one when several are as long; nothing when there is
/// none or the text is longer than [`SCANNED_CHARACTERS_MAX`].
///
/// Full-width digits, which an input method makes of a scanner's key strokes, count as digits. Letters and signs
/// around the digits may be anything: they differ with the keyboard layout, the digits do not.
fn longest_digits(text: &str) -> Option<String> {
    let mut best = String::new();
    let mut run = String::new();
    let mut count = 0;
    for c in text.chars() {
        count += 1;
        if count > SCANNED_CHARACTERS_MAX {
            return None;
        }
        if let Some(digit) = ascii_digit(c) {
            run.push(digit);
            if run.len() >= best.len() {
                best.clone_from(&run);
            }
        } else {
            run.clear();
        }
    }
    (!best.is_empty()).then_some(best)
}

/// The digits of a code that a person typed or a scanner read: a run of exactly as many digits as our codes have, or
/// groups of digits that together are as many.
pub fn code_digits(text: &str) -> Option<String> {
    if let Some(run) = longest_digits(text)
        && run.len() == CODE_DIGITS
    {
        return Some(run);
    }
    if text.len() > 4 * CODE_DIGITS * 2 {
        return None;
    }
    let mut digits = String::new();
    for c in text.trim().chars() {
        match ascii_digit(c) {
            Some(digit) => digits.push(digit),
            None if c.is_whitespace() || c == '-' => {}
            None => return None,
        }
    }
    (digits.len() == CODE_DIGITS).then_some(digits)
}

/// The text with full-width letters, digits and stops as an identifier has them.
pub fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '。' => '.',
            '\u{3000}' => ' ',
            _ => c,
        })
        .collect()
}

fn ascii_digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '\u{ff10}'..='\u{ff19}' => char::from_u32(u32::from(c) - 0xff10 + u32::from('0')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base::SeededEntropy;

    use super::*;

    #[test]
    fn a_payload_is_upper_case_with_the_digits_at_its_end() {
        assert_eq!(payload("https://v.example.gov.cn/", "123"), "HTTPS://V.EXAMPLE.GOV.CN/V/123");
        assert_eq!(payload("http://127.0.0.1:8080", "123"), "HTTP://127.0.0.1:8080/V/123");
    }

    #[test]
    fn the_longest_run_is_found_however_the_keyboard_was_set() {
        let check = |text: &str, digits: Option<&str>| assert_eq!(longest_digits(text).as_deref(), digits, "{text}");
        check("HTTPS://V.EXAMPLE.GOV.CN/V/123456789012345678901", Some("123456789012345678901"));
        check("HTTP://127.0.0.1:18080/V/123456789012345678901\r\n", Some("123456789012345678901"));
        check("ｈｔｔｐｓ：／／Ｖ／１２３４５６７８９０１２３４５６７８９０１", Some("123456789012345678901"));
        check("号码：12、345", Some("345"));
        check("12 34", Some("34"));
        check("https://weixin.qq.com/r/abc", None);
        check("١٢٣", None);
        check("", None);
    }

    #[test]
    fn the_longest_text_is_read_and_one_character_more_is_not() {
        assert_eq!(longest_digits(&"1".repeat(SCANNED_CHARACTERS_MAX)).map(|d| d.len()), Some(SCANNED_CHARACTERS_MAX));
        assert_eq!(longest_digits(&"1".repeat(SCANNED_CHARACTERS_MAX + 1)), None);
        assert_eq!(longest_digits(&format!("{}123", "x".repeat(SCANNED_CHARACTERS_MAX - 2))), None);
    }

    #[test]
    fn a_typed_code_may_come_in_groups() {
        let check = |text: &str, code: Option<&str>| assert_eq!(code_digits(text).as_deref(), code, "{text}");
        let code = "123456789012345678901";
        check("1234 5678 9012 3456 7890 1", Some(code));
        check("1234-5678-9012-3456-78901", Some(code));
        check("１２３４ 5678 9012 3456 7890 1", Some(code));
        check("https://other.example/pay/123456789012345678901?x=1", Some(code));
        check("12345678901234567890", None);
        check("1234567890123456789012", None);
        check("1234 5678 9012 3456 7890 1x", None);
        check("", None);
    }

    #[test]
    fn any_text_is_read_without_a_panic() {
        let entropy = SeededEntropy::new(3);
        for _ in 0..5000 {
            let text: String =
                (0..entropy.next() % 60).filter_map(|_| char::from_u32((entropy.next() % 0x1_1000) as u32)).collect();
            if let Some(digits) = longest_digits(&text) {
                assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
            }
            let _ = code_digits(&text);
            let _ = half_width(&text);
        }
    }
}
