//! Forms and queries.

use web::testing::read_form;

use crate::{
    chance::Chance,
    change::change,
    engine::{Target, run},
};

struct Form;

impl Target for Form {
    const NAME: &'static str = "form";
    const WORDS: &'static [&'static str] = &[
        "&",
        "=",
        "%",
        "%00",
        "%25",
        "%2",
        "+",
        "[]",
        "%F0%A0%AE%B7",
        "%D5%C5",
        "%ED%A0%80",
        "csrf=",
        "\u{feff}",
        "&&",
        "==",
    ];

    fn seeds(&self) -> Vec<Vec<u8>> {
        let many = (0..200).map(|place| format!("f{place}={place}&")).collect::<Vec<_>>().concat();
        let text = "name=%F0%A0%AE%B7+a%2Bb&empty=&x&s[]=1&s[]=2&odd=100%";
        vec![text.into(), many.into(), "csrf=abc&password=%20%00".into(), "a=1&a=2".into()]
    }

    /// Changes one field.
    fn change(&self, input: &[u8], chance: &Chance) -> Option<Vec<u8>> {
        let mut fields: Vec<Vec<u8>> = input.split(|byte| *byte == b'&').map(<[u8]>::to_vec).collect();
        let (place, other) = (chance.below(fields.len()), chance.below(fields.len()));
        match chance.below(3) {
            0 => fields.swap(place, other),
            1 => fields.insert(place, fields[other].clone()),
            _ => fields[place] = change(&fields[place], &fields[other], Self::WORDS, chance),
        }
        Some(fields.join(&b'&'))
    }

    fn read(&self, input: &[u8]) -> String {
        let Ok(fields) = read_form(input) else { return "refused".to_owned() };
        let encoded: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
        assert_eq!(read_form(encoded.join("&").as_bytes()).as_ref(), Ok(&fields), "written, it is another form");
        for (place, (name, value)) in fields.iter().enumerate() {
            assert!(!name.contains('\0') && !value.contains('\0'), "{name}");
            if !name.ends_with("[]") {
                assert!(fields.iter().skip(place + 1).all(|other| other.0 != *name), "{name} stands twice");
            }
        }
        format!("{} {}", fields.len().min(8), fields.iter().any(|(name, _)| name.ends_with("[]")))
    }
}

/// Every byte but letters and digits, encoded.
fn percent(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    encoded.collect::<Vec<_>>().concat()
}

#[test]
fn a_form_is_read_once_and_as_it_was_written() {
    run(&Form);
}
