//! The numbers of a licence: its identifier (GB/T 36904) and the code behind its QR.

use base::{Entropy, Instant, number::LicenceIdentifier};

use crate::error::Error;

/// The decimal code that a QR carries: 20 random digits (66 bits, so nobody finds one by trying) and a check digit
/// (ISO 7064 MOD 11,10).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Code(String);

impl Code {
    /// How many digits a code has.
    const LENGTH: usize = 21;

    /// Draws a code.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut digits = random_digits(20, entropy);
        let check = check_digit(&digits).unwrap_or('0');
        digits.push(check);
        Self(digits)
    }

    /// Reads a code however it was grouped: [`base::ungrouped`].
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let digits = base::ungrouped(text);
        if digits.len() != Self::LENGTH || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotACode::Form);
        }
        let (body, check) = digits.split_at(Self::LENGTH - 1);
        if check_digit(body).is_none_or(|expected| !check.starts_with(expected)) {
            return Err(NotACode::CheckDigit);
        }
        Ok(Self(digits))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits in groups of four, as people read them aloud.
    pub fn grouped(&self) -> String {
        let mut grouped = String::with_capacity(Self::LENGTH + 5);
        for (place, digit) in self.0.chars().enumerate() {
            if place > 0 && place % 4 == 0 && place < 20 {
                grouped.push(' ');
            }
            grouped.push(digit);
        }
        grouped
    }

    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }
}

/// Why a text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotACode {
    /// It has not 21 digits.
    Form,
    /// A digit was mistyped.
    CheckDigit,
}

/// The identifier of the first version of a new licence: the day and ten random digits are the serial, so that
/// issuers draw numbers without waiting for each other. Uniqueness is the database's to refuse.
pub(crate) fn first_identifier(
    type_code: &str,
    issuer_code: &str,
    at: Instant,
    entropy: &dyn Entropy,
) -> Result<LicenceIdentifier, Error> {
    let date = at.date();
    let serial = format!("{:04}{:02}{:02}{}", date.year(), date.month(), date.day(), random_digits(10, entropy));
    LicenceIdentifier::compose(type_code, issuer_code, &serial, 1).map_err(|_| Error::IssuerCode)
}

/// The identifier of the next version of a licence.
pub(crate) fn next_identifier(previous: &LicenceIdentifier) -> Result<LicenceIdentifier, Error> {
    LicenceIdentifier::compose(
        previous.type_code(),
        previous.issuer_code(),
        previous.serial(),
        previous.version().saturating_add(1),
    )
    .map_err(|_| Error::VersionsExhausted)
}

fn random_digits(count: usize, entropy: &dyn Entropy) -> String {
    let mut digits = String::with_capacity(count);
    while digits.len() < count {
        // Bytes of 250 and above are thrown away: keeping them would make small digits likelier.
        let bytes = entropy.bytes::<32>();
        digits.extend(bytes.iter().filter(|byte| **byte < 250).map(|byte| char::from(b'0' + byte % 10)));
    }
    digits.truncate(count);
    digits
}

/// ISO 7064 MOD 11,10.
fn check_digit(digits: &str) -> Option<char> {
    let mut p = 10;
    for digit in digits.chars() {
        p = (p + digit.to_digit(10)?) % 10;
        if p == 0 {
            p = 10;
        }
        p = p * 2 % 11;
    }
    char::from_digit((11 - p) % 10, 10)
}

#[cfg(test)]
mod tests {
    use base::SeededEntropy;

    use super::*;

    #[test]
    fn the_published_example_of_the_check_digit_is_met() {
        // ISO 7064: 0794 has the check digit 5.
        assert_eq!(check_digit("0794"), Some('5'));
    }

    #[test]
    fn one_wrong_digit_is_always_noticed() {
        let code = Code::draw(&SeededEntropy::new(3));
        assert_eq!(Code::parse(code.as_str()), Ok(code.clone()));
        assert_eq!(Code::parse(&code.grouped()), Ok(code.clone()));
        for place in 0..Code::LENGTH {
            for digit in b'0'..=b'9' {
                let mut bytes = code.as_str().as_bytes().to_vec();
                if bytes[place] == digit {
                    continue;
                }
                bytes[place] = digit;
                assert_eq!(Code::parse(std::str::from_utf8(&bytes).unwrap()), Err(NotACode::CheckDigit));
            }
        }
        assert_eq!(Code::parse(&code.as_str()[1..]), Err(NotACode::Form));
        assert_eq!(Code::parse(&format!("{}0", code.as_str())), Err(NotACode::Form));
        assert_eq!(Code::parse("١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩٠١"), Err(NotACode::Form));
    }

    #[test]
    fn a_renewal_keeps_the_serial_and_counts_the_version() {
        let entropy = SeededEntropy::new(5);
        let at = Instant::from_seconds(1_790_000_000);
        let first = first_identifier("11100000000013338W032", "11220000013544541J", at, &entropy).unwrap();
        let second = next_identifier(&first).unwrap();
        assert_eq!((first.version(), second.version()), (1, 2));
        assert_eq!(first.serial(), second.serial());
        assert_eq!(first.serial().len(), 18);
    }
}
