//! Numbers that people meet, with their check digits: resident identity number (GB 11643), unified social credit
//! code (GB 32100), licence identifier (GB/T 36904, ISO 7064 MOD 37,36).

mod kind;

use std::fmt;

use thiserror::Error;

pub use kind::NumberKind;

use crate::{country::Country, time::Date};

/// Why a number was refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NumberError {
    /// A wrong length, or a character that cannot stand there.
    #[error("the number is not well formed")]
    Form,
    /// The check digit or character is wrong: most often one digit was mistyped.
    #[error("the check digit is wrong")]
    CheckDigit,
    /// The date of birth inside the number does not exist.
    #[error("the date of birth in the number does not exist")]
    BirthDate,
}

/// The number under which a person is registered: mostly a resident identity number (居民身份证号, GB 11643-1999: 17 digits
/// and a check character), else that of another document. Its form says of which one: see [`NumberKind`].
#[derive(Clone)]
pub struct IdentityNumber {
    text: String,
    /// Of 15 digits, and therefore of one of two centuries.
    is_old: bool,
}

impl PartialEq for IdentityNumber {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for IdentityNumber {}

impl std::hash::Hash for IdentityNumber {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl IdentityNumber {
    /// Reads a number however it was typed, pasted or scanned: [`crate::ungrouped`]. A resident number of 15 digits becomes
    /// the one of 18 that its person has now.
    ///
    /// # Errors
    ///
    /// [`NumberError`] naming what is wrong.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let text = crate::ungrouped(text);
        if !text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
            return Err(NumberError::Form);
        }
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.len() {
            18 => Self::with_check(text),
            15 if is_digits => Self::old(&text, Century::Usual),
            _ if is_other_document(&text) => Ok(Self { text: without_issues(text), is_old: false }),
            _ => Err(NumberError::Form),
        }
    }

    /// Eighteen characters with a date of birth and a check character.
    fn with_check(text: String) -> Result<Self, NumberError> {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let digits: Vec<u32> = text.chars().take(17).filter_map(|c| c.to_digit(10)).collect();
        let check = text.chars().nth(17).filter(|c| c.is_ascii_digit() || *c == 'X').ok_or(NumberError::Form)?;
        if digits.len() != 17 || text.starts_with('0') {
            return Err(NumberError::Form);
        }
        let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
        if "10X98765432".chars().nth((sum % 11) as usize) != Some(check) {
            return Err(NumberError::CheckDigit);
        }
        let number = Self { text, is_old: false };
        if number.birth_date().is_none() {
            return Err(NumberError::BirthDate);
        }
        Ok(number)
    }

    /// A resident number of 15 digits, as they were given until 1999: the year of birth has two, and the last three are 996
    /// to 999 for those born before 1900.
    fn old(text: &str, century: Century) -> Result<Self, NumberError> {
        let (region, rest) = text.split_at_checked(6).ok_or(NumberError::Form)?;
        let is_ancient = century == Century::Usual && rest.ends_with(['6', '7', '8', '9']) && is_of_ancients(rest);
        let found = Self::complete(&format!("{region}{}{rest}", if is_ancient { "18" } else { "19" }));
        found.map(|number| Self { is_old: true, ..number }).map_err(|_| NumberError::BirthDate)
    }

    /// The numbers that can be meant, the likeliest first: one, but for a number of 15 digits that may be of somebody born
    /// before 1900. The register decides.
    pub fn meant(&self) -> Vec<Self> {
        let mut meant = vec![self.clone()];
        if self.is_old && self.text.get(6..8) == Some("18") {
            let old = format!("{}{}", self.text.get(..6).unwrap_or_default(), self.text.get(8..17).unwrap_or_default());
            meant.extend(Self::old(&old, Century::Last));
        }
        meant
    }

    /// Appends the check character to 17 digits: for sample data.
    ///
    /// # Errors
    ///
    /// [`NumberError`] when the 17 digits cannot begin a number.
    pub fn complete(seventeen: &str) -> Result<Self, NumberError> {
        "0123456789X"
            .chars()
            .find_map(|check| Self::with_check(format!("{seventeen}{check}")).ok())
            .ok_or(NumberError::Form)
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which document it is from.
    pub fn kind(&self) -> NumberKind {
        let first = self.text.get(..2).unwrap_or_default();
        match (self.text.len(), first) {
            (18, "81" | "82") => NumberKind::HongKongMacaoResidence,
            (18, "83") => NumberKind::TaiwanResidence,
            (18, _) if first.starts_with('9') => NumberKind::PermanentResidence,
            (18, _) => NumberKind::Resident,
            (15, _) => NumberKind::PermanentResidence,
            (8, _) if first.bytes().all(|byte| byte.is_ascii_digit()) => NumberKind::TaiwanPermit,
            (9, _) if self.text.bytes().skip(1).all(|byte| byte.is_ascii_digit()) => NumberKind::HongKongMacaoPermit,
            _ => NumberKind::Passport,
        }
    }

    /// Whether a check character tells it from anything else that people type.
    pub fn has_check(&self) -> bool {
        self.text.len() == 18
    }

    /// The number with its middle hidden.
    pub fn masked(&self) -> String {
        crate::mask::identity_number(&self.text)
    }

    /// The day in the 7th to 14th digit of eighteen; none in other numbers.
    pub fn birth_date(&self) -> Option<Date> {
        let text = self.text.as_str();
        if !self.has_check() {
            return None;
        }
        Date::parse(&format!("{}-{}-{}", text.get(6..10)?, text.get(10..12)?, text.get(12..14)?)).ok()
    }

    /// Whether the holder is registered as male: the 17th digit of eighteen is odd. None of other numbers.
    pub fn is_male(&self) -> Option<bool> {
        self.text.as_bytes().get(16).filter(|_| self.has_check()).map(|digit| digit % 2 == 1)
    }
}

/// From which century a number of 15 digits is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Century {
    Last,
    /// The one that its last three digits say.
    Usual,
}

fn is_of_ancients(rest: &str) -> bool {
    rest.get(6..).and_then(|last| last.parse::<u16>().ok()).is_some_and(|last| last >= 996)
}

/// A permit, a foreigner's card of before 2023, or a passport with its country in front.
fn is_other_document(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let behind = |place: usize| text.get(place..).unwrap_or_default();
    let country = || text.get(..3).is_some_and(|code| Country::all().any(|known| known.code == code));
    match text.len() {
        8 if digits(text) => true,
        // Of eleven, the last two count how often it was issued.
        9 | 11 if text.starts_with(['H', 'M']) && digits(behind(1)) => true,
        15 => digits(behind(3)) && country(),
        // The number of a passport has up to nine characters (ICAO 9303), and digits among them.
        8..=12 => country() && behind(3).bytes().any(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// What stays the same for life of the number of a permit.
fn without_issues(mut text: String) -> String {
    if text.len() == 11 && text.bytes().skip(1).all(|byte| byte.is_ascii_digit()) {
        text.truncate(9);
    }
    text
}

impl fmt::Debug for IdentityNumber {
    // A number that reaches a log by accident must not be readable there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityNumber(..)")
    }
}

/// A unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters, the last one a check character.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreditCode(String);

impl CreditCode {
    const ALPHABET: &'static str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    /// Reads a code however it was typed, pasted or scanned: [`crate::ungrouped`].
    ///
    /// # Errors
    ///
    /// [`NumberError`] naming what is wrong.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let code = crate::ungrouped(text);
        if code.len() != 18 || !code.chars().skip(2).take(6).all(|c| c.is_ascii_digit()) {
            return Err(NumberError::Form);
        }
        let values = Self::values(&code).ok_or(NumberError::Form)?;
        let (check, body) = values.split_last().ok_or(NumberError::Form)?;
        if Self::check_value(body) != *check {
            return Err(NumberError::CheckDigit);
        }
        Ok(Self(code))
    }

    /// Appends the check character to 17 characters: for sample data.
    ///
    /// # Errors
    ///
    /// [`NumberError::Form`] when a character cannot stand in a code.
    pub fn complete(seventeen: &str) -> Result<Self, NumberError> {
        let values = Self::values(seventeen).ok_or(NumberError::Form)?;
        let check = Self::ALPHABET.chars().nth(Self::check_value(&values) as usize).ok_or(NumberError::Form)?;
        Self::parse(&format!("{seventeen}{check}"))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn values(text: &str) -> Option<Vec<u32>> {
        text.chars().map(|c| Self::ALPHABET.find(c).map(|place| place as u32)).collect()
    }

    fn check_value(body: &[u32]) -> u32 {
        const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
        let sum: u32 = body.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
        (31 - sum % 31) % 31
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A licence identifier (电子证照标识, GB/T 36904-2018):
/// `1.2.156.3005.2.` type `.` issuer `.` serial `.` version `.` check character.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LicenceIdentifier {
    text: String,
    type_end: usize,
    issuer_end: usize,
    serial_end: usize,
}

/// The arc that every licence identifier begins with.
pub const IDENTIFIER_ROOT: &str = "1.2.156.3005.2.";

impl LicenceIdentifier {
    /// Composes an identifier and computes its check character. The version counts from 1.
    ///
    /// # Errors
    ///
    /// [`NumberError::Form`] when a part is empty, too long (32), not `0-9A-Z`, or the version is not 1 to 999.
    pub fn compose(type_code: &str, issuer_code: &str, serial: &str, version: u16) -> Result<Self, NumberError> {
        if version == 0 || version > 999 {
            return Err(NumberError::Form);
        }
        let version = format!("{version:03}");
        let check = mod_37_36(&[type_code, issuer_code, serial, &version]).ok_or(NumberError::Form)?;
        Self::parse(&format!("{IDENTIFIER_ROOT}{type_code}.{issuer_code}.{serial}.{version}.{check}"))
    }

    /// Reads an identifier however it was typed, pasted or scanned ([`crate::dotted`]), and checks its check character.
    ///
    /// # Errors
    ///
    /// [`NumberError`] when the form or the check character is wrong.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let text = crate::dotted(text);
        let rest = text.strip_prefix(IDENTIFIER_ROOT).ok_or(NumberError::Form)?;
        let parts: Vec<&str> = rest.split('.').take(6).collect();
        let [type_code, issuer_code, serial, version, check] = parts.as_slice() else { return Err(NumberError::Form) };
        let well_formed = |part: &str, longest: usize| {
            (1..=longest).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        };
        let version_ok = version.len() == 3 && version.bytes().all(|b| b.is_ascii_digit()) && *version != "000";
        if !(well_formed(type_code, 32)
            && well_formed(issuer_code, 32)
            && well_formed(serial, 32)
            && version_ok
            && check.len() == 1)
        {
            return Err(NumberError::Form);
        }
        let expected = mod_37_36(&[type_code, issuer_code, serial, version]).ok_or(NumberError::Form)?;
        if !check.starts_with(expected) {
            return Err(NumberError::CheckDigit);
        }
        let type_end = IDENTIFIER_ROOT.len() + type_code.len();
        let issuer_end = type_end + 1 + issuer_code.len();
        let serial_end = issuer_end + 1 + serial.len();
        Ok(Self { text, type_end, issuer_end, serial_end })
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The code of the licence type: the code of the authority that defined it and a number.
    pub fn type_code(&self) -> &str {
        self.text.get(IDENTIFIER_ROOT.len()..self.type_end).unwrap_or_default()
    }

    /// The credit code of the issuer.
    pub fn issuer_code(&self) -> &str {
        self.text.get(self.type_end + 1..self.issuer_end).unwrap_or_default()
    }

    /// The issuer's serial.
    pub fn serial(&self) -> &str {
        self.text.get(self.issuer_end + 1..self.serial_end).unwrap_or_default()
    }

    /// The version, from 1.
    pub fn version(&self) -> u16 {
        self.text.get(self.serial_end + 1..self.serial_end + 4).and_then(|v| v.parse().ok()).unwrap_or(1)
    }
}

impl fmt::Display for LicenceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The check character of ISO 7064 MOD 37,36 over the concatenated parts; none if a character is not `0-9A-Z`.
fn mod_37_36(parts: &[&str]) -> Option<char> {
    let mut p = 36;
    for c in parts.iter().flat_map(|part| part.chars()) {
        let value = match c {
            '0'..='9' | 'A'..='Z' => c.to_digit(36)?,
            _ => return None,
        };
        p = (p + value) % 36;
        if p == 0 {
            p = 36;
        }
        p = p * 2 % 37;
    }
    char::from_digit((37 - p) % 36, 36).map(|c| c.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_identifiers_are_accepted() {
        for text in [
            "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
            "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
            "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S",
            "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
            "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
            "1.2.156.3005.2.11100000000013338W087.11370800MB28559184.37080001202411010001.001.3",
        ] {
            let identifier = LicenceIdentifier::parse(text).unwrap();
            let again = LicenceIdentifier::compose(
                identifier.type_code(),
                identifier.issuer_code(),
                identifier.serial(),
                identifier.version(),
            );
            assert_eq!(again.unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_changed_identifier_is_refused() {
        let check = |text, error| assert_eq!(LicenceIdentifier::parse(text), Err(error), "{text}");
        check("1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.G", NumberError::CheckDigit);
        check("1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430598.001.F", NumberError::CheckDigit);
        check("1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.000.F", NumberError::Form);
        check("1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001", NumberError::Form);
        check("1.2.156.3005.2.a_.b.c.001.F", NumberError::Form);
        check("1.2.156.3005.3.11100000000013338W032.11220000013544541J.2430599.001.F", NumberError::Form);
        check("", NumberError::Form);
    }

    #[test]
    fn every_number_is_read_however_it_was_grouped_pasted_or_scanned() {
        let identifier = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F";
        for text in [
            identifier.to_lowercase(),
            identifier.replace('.', "。"),
            identifier.replace('.', "·"),
            identifier.replace("0000000", "000 000\u{200b}0"),
            format!("\u{feff}{identifier}\r\n"),
            identifier.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect(),
        ] {
            assert_eq!(LicenceIdentifier::parse(&text).unwrap().as_str(), identifier, "{text:?}");
        }
        for text in
            ["9135 0100 M000 100Y 43", "91350100m000100y43", "91350100—M000100Y—43", "\u{200e}91350100M000100Y43"]
        {
            assert_eq!(CreditCode::parse(text).unwrap().as_str(), "91350100M000100Y43", "{text:?}");
        }
    }

    #[test]
    fn identity_numbers_are_checked_to_the_last_digit() {
        let check = |text, expected: Result<(), NumberError>| {
            assert_eq!(IdentityNumber::parse(text).map(|_| ()), expected, "{text}");
        };
        check("11010519491231002X", Ok(()));
        check("11010519491231002x", Ok(()));
        check("110105194912310021", Err(NumberError::CheckDigit));
        check("11010519491231002", Err(NumberError::Form));
        check("1101051949123100２ｘ", Ok(()));
        check("110105-19491231 002x", Ok(()));
        check("1101051949123100٢X", Err(NumberError::Form));
        check("", Err(NumberError::Form));
        let no_such_day =
            (0..=9).map(|last| format!("11010519490230{last:03}")).find_map(|s| IdentityNumber::complete(&s).ok());
        assert_eq!(no_such_day, None);
    }

    #[test]
    fn credit_codes_are_checked_to_the_last_character() {
        let check = |text, expected: Result<(), NumberError>| {
            assert_eq!(CreditCode::parse(text).map(|_| ()), expected, "{text}");
        };
        check("91350100M000100Y43", Ok(()));
        check("91350100M000100Y44", Err(NumberError::CheckDigit));
        check("91350100M000100O43", Err(NumberError::Form));
        check("9135010", Err(NumberError::Form));
        assert_eq!(CreditCode::complete("91350100M000100Y4").unwrap().as_str(), "91350100M000100Y43");
    }

    #[test]
    fn an_identity_number_does_not_print_itself() {
        let number = IdentityNumber::parse("11010519491231002X").unwrap();
        assert_eq!(format!("{number:?}"), "IdentityNumber(..)");
        assert_eq!(number.birth_date().unwrap().to_string(), "1949-12-31");
        assert_eq!(number.is_male(), Some(false));
    }

    #[test]
    fn the_form_of_a_number_says_from_which_document_it_is() {
        let check = |text: &str, expected: Option<(NumberKind, &str)>| {
            let read = IdentityNumber::parse(text).ok();
            assert_eq!(read.as_ref().map(|number| (number.kind(), number.as_str())), expected, "{text}");
        };
        let eighteen = |seventeen: &str| IdentityNumber::complete(seventeen).unwrap().as_str().to_owned();
        check("11010519491231002x", Some((NumberKind::Resident, "11010519491231002X")));
        for (begin, kind) in [
            ("81000019900307123", NumberKind::HongKongMacaoResidence),
            ("82000019900307123", NumberKind::HongKongMacaoResidence),
            ("83000019900307123", NumberKind::TaiwanResidence),
            ("91184019900307123", NumberKind::PermanentResidence),
        ] {
            let number = eighteen(begin);
            check(&number, Some((kind, &number)));
            let read = IdentityNumber::parse(&number).unwrap();
            assert_eq!((read.birth_date().unwrap().to_string().as_str(), read.is_male()), ("1990-03-07", Some(true)));
        }
        check("h12345678", Some((NumberKind::HongKongMacaoPermit, "H12345678")));
        check("M1234567802", Some((NumberKind::HongKongMacaoPermit, "M12345678")));
        check("12345678", Some((NumberKind::TaiwanPermit, "12345678")));
        check("１２３４５６７８", Some((NumberKind::TaiwanPermit, "12345678")));
        check("usa123456789", Some((NumberKind::Passport, "USA123456789")));
        check("USA 12345", Some((NumberKind::Passport, "USA12345")));
        check("GBR12345", Some((NumberKind::Passport, "GBR12345")));
        check("DEUC01X00T47", Some((NumberKind::Passport, "DEUC01X00T47")));
        check("CANCCCCC1", Some((NumberKind::Passport, "CANCCCCC1")));
        check("USA110079031234", Some((NumberKind::PermanentResidence, "USA110079031234")));
        for text in [
            "",
            "1234567",
            "123456789",
            "H1234567",
            "H123456789",
            "X12345678",
            "XYZ123456789",
            "USA1234",
            "USA1234567890",
            "CANADIANS",
            "110105491231002A",
            "zhangwei",
            "13800138000",
        ] {
            check(text, None);
        }
        for text in ["H12345678", "12345678", "USA123456789", "USA110079031234"] {
            let read = IdentityNumber::parse(text).unwrap();
            assert_eq!((read.birth_date(), read.is_male(), read.has_check()), (None, None, false), "{text}");
        }
    }

    #[test]
    fn a_number_of_fifteen_digits_becomes_the_one_of_eighteen() {
        let check = |old: &str, expected: &[&str]| {
            let meant = IdentityNumber::parse(old).map(|number| number.meant()).unwrap_or_default();
            assert_eq!(meant.iter().map(IdentityNumber::as_str).collect::<Vec<_>>(), expected, "{old}");
        };
        check("110105491231002", &["11010519491231002X"]);
        // The last three say that it is of somebody born before 1900; the register may know better.
        let ancient = ["11010518981231", "11010519981231"]
            .map(|begin| IdentityNumber::complete(&format!("{begin}997")).unwrap().as_str().to_owned());
        check("110105981231997", &[&ancient[0], &ancient[1]]);
        check("110105981231995", &[IdentityNumber::complete("11010519981231995").unwrap().as_str()]);
        check(&ancient[0], &[&ancient[0]]);
        for wrong in ["110105490230002", "110105491331002", "010105491231002", "11010549123100"] {
            check(wrong, &[]);
        }
    }
}
