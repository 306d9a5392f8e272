//! Telephone numbers as people write them, and as applications compare them.

/// A number as ITU-T E.164 has it, such as `+8613800138000`: with the country, and digits alone. None for what is no number
/// of the world's network: the short ones of a city, and those with an extension.
///
/// Without a country it is one of China's: a mobile one has 11 digits, another one begins with its area's zero.
///
/// ```
/// assert_eq!(identity::phone::e164("+86 138-0013-8000").as_deref(), Some("+8613800138000"));
/// assert_eq!(identity::phone::e164("0571-8888 8888").as_deref(), Some("+8657188888888"));
/// assert_eq!(identity::phone::e164("12345"), None);
/// ```
pub fn e164(written: &str) -> Option<String> {
    let plain: String = written.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let (international, digits) = match plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")) {
        Some(digits) => (true, digits),
        None => (false, plain.as_str()),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = match digits.as_bytes() {
        [b'1'..=b'9', ..] if international => digits.to_owned(),
        [b'1', b'3'..=b'9', ..] if !international && digits.len() == 11 => format!("86{digits}"),
        [b'0', b'1'..=b'9', ..] if !international && (11..=12).contains(&digits.len()) => {
            format!("86{}", digits.trim_start_matches('0'))
        }
        _ => return None,
    };
    (8..=15).contains(&whole.len()).then(|| format!("+{whole}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_one_number_and_what_is_none_is_left() {
        let check = |written: &str, expected: Option<&str>| assert_eq!(e164(written).as_deref(), expected, "{written}");
        for one in ["+86 138 0013 8000", "+8613800138000", "0086 13800138000", "13800138000", "(138) 0013-8000"] {
            check(one, Some("+8613800138000"));
        }
        check("010-65551234", Some("+861065551234"));
        check("+1 (425) 555-1212", Some("+14255551212"));
        check("+123456789012345", Some("+123456789012345"));
        for none in [
            "",
            "+",
            "12345",
            "110",
            "+0123456789",
            "+1234567890123456",
            "86 13800138000 x",
            "1380013800",
            "22345678901",
        ] {
            check(none, None);
        }
    }
}
