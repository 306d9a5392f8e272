//! What a scanner reads and a person types.

use base::number::{CreditCode, IdentityNumber, LicenceIdentifier};
use verify::qr::{self, Held};

use crate::{
    chance::Chance,
    engine::{Target, run},
};

const CODE: &str = "123456789012345678901";
const SITE: &str = "https://v.example.gov.cn";

struct Qr;

impl Target for Qr {
    const NAME: &'static str = "qr";
    const WORDS: &'static [&'static str] = &[
        "HTTPS://",
        "/V/",
        CODE,
        "１２３４５",
        "1.2.156.3005.2.",
        "。",
        "．",
        "-",
        " ",
        "\u{3000}",
        "\r\n",
        "\0",
        "Ａ",
        "ａ",
        "١",
        "\u{202e}",
        "%31",
        "?",
        "#",
        "@",
        "001",
    ];

    fn seeds(&self) -> Vec<Vec<u8>> {
        let identifier =
            LicenceIdentifier::compose("11100000000013338W032", "11220000013544541J", "2026112300000001", 1);
        [
            qr::payload(SITE, CODE),
            identifier.unwrap().to_string(),
            "1234 5678 9012 3456 7890 1".to_owned(),
            "ｈｔｔｐｓ：／／Ｖ／１２３４５６７８９０１２３４５６７８９０１".to_owned(),
            CreditCode::complete("91330199MA2482118").unwrap().as_str().to_owned(),
            IdentityNumber::complete("11010519491231002").unwrap().as_str().to_owned(),
        ]
        .map(String::into_bytes)
        .to_vec()
    }

    fn change(&self, _: &[u8], _: &Chance) -> Option<Vec<u8>> {
        None
    }

    fn read(&self, input: &[u8]) -> String {
        let Ok(text) = std::str::from_utf8(input) else { return String::new() };
        for clean in [base::keyed, base::plain, base::ungrouped, base::dotted] {
            let once = clean(text);
            assert_eq!(clean(&once), once, "what is clean stays so");
        }
        let held = qr::read(text, SITE);
        if let Held::Code(digits) = &held {
            assert!(digits.len() == CODE.len() && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
            let all: String = base::keyed(text).chars().filter(char::is_ascii_digit).collect();
            assert!(all.contains(digits.as_str()), "{digits} are not in {text}");
            // What we write is read as the code that was meant.
            assert_eq!(qr::read(&qr::payload(SITE, digits), SITE), held);
        }
        let _ = qr::opened(text, Some(text));
        let identifier = LicenceIdentifier::parse(text);
        if let Ok(identifier) = &identifier {
            let parts = (identifier.type_code(), identifier.issuer_code(), identifier.serial(), identifier.version());
            assert_eq!(LicenceIdentifier::compose(parts.0, parts.1, parts.2, parts.3).as_ref(), Ok(identifier));
        }
        let (person, organisation) = (IdentityNumber::parse(text), CreditCode::parse(text));
        if let Ok(person) = &person {
            assert_eq!(IdentityNumber::parse(person.as_str()).as_ref(), Ok(person));
            assert_eq!(person.masked().chars().count(), 18);
        }
        if let Ok(organisation) = &organisation {
            assert_eq!(CreditCode::parse(organisation.as_str()).as_ref(), Ok(organisation));
        }
        let picture = documents::qr::svg(text).map(|picture| picture.starts_with("<svg")).map_err(|_| ());
        let code = matches!(held, Held::Code(_));
        format!("{code} {:?} {:?} {:?} {picture:?}", identifier.err(), person.err(), organisation.err())
    }
}

#[test]
fn digits_and_numbers_are_read_as_they_were_meant() {
    run(&Qr);
}
