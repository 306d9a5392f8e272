//! What somebody scanned or typed: a code, an identifier, or something else.

use base::{
    Fault,
    number::{LicenceIdentifier, NumberError},
};
use records::Tx;
use verify::{Subject, qr};

use crate::register::{
    self,
    licence::Licence,
    number::{Code, NotACode},
};

/// How somebody asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The digits of a QR code.
    Code,
    File,
    /// The licence identifier 证照标识.
    Identifier,
}

impl Method {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::File => "file",
            Self::Identifier => "identifier",
        }
    }
}

/// What a text that somebody scanned or typed turned out to be.
#[derive(Clone, Debug)]
pub(crate) enum Number {
    Code(Code),
    Identifier(LicenceIdentifier),
    Mistyped(Method),
    Other,
}

impl Number {
    /// Reads a text that may be a code, the whole text of a QR, or an identifier, also as an input method writes them.
    pub(crate) fn read(text: &str) -> Self {
        if let Some(identifier) = identifier_in(text) {
            return Self::identifier(&identifier);
        }
        match qr::code_digits(text).map(|digits| Code::parse(&digits)) {
            Some(Ok(code)) => Self::Code(code),
            Some(Err(NotACode::CheckDigit)) => Self::Mistyped(Method::Code),
            Some(Err(NotACode::Form)) | None => Self::Other,
        }
    }

    pub(crate) fn identifier(text: &str) -> Self {
        match LicenceIdentifier::parse(&qr::half_width(text).to_ascii_uppercase()) {
            Ok(identifier) => Self::Identifier(identifier),
            Err(NumberError::CheckDigit) => Self::Mistyped(Method::Identifier),
            Err(_) => Self::Other,
        }
    }

    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Identifier(_) | Self::Mistyped(Method::Identifier) => Method::Identifier,
            _ => Method::Code,
        }
    }

    pub(crate) fn subject(&self) -> Subject<'static> {
        match self {
            Self::Code(_) | Self::Identifier(_) => Subject::Number,
            Self::Mistyped(_) => Subject::MistypedNumber,
            Self::Other => Subject::OtherText,
        }
    }

    pub(crate) async fn find(&self, tx: &mut Tx) -> Result<Option<Licence>, Fault> {
        match self {
            Self::Code(code) => register::by_code(tx, code).await,
            Self::Identifier(identifier) => register::by_identifier(tx, identifier).await,
            Self::Mistyped(_) | Self::Other => Ok(None),
        }
    }
}

/// What stands in a text in the place of a licence identifier, well formed or not.
pub fn identifier_in(text: &str) -> Option<String> {
    let plain = qr::half_width(text);
    let rest = plain.get(plain.find("1.2.156.3005.2.")?..)?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use base::SeededEntropy;

    use super::*;

    #[test]
    fn a_text_is_read_as_what_it_is() {
        let check = |text: &str, expected: &str| {
            let read = match Number::read(text) {
                Number::Code(_) => "code",
                Number::Identifier(_) => "identifier",
                Number::Mistyped(Method::Identifier) => "mistyped identifier",
                Number::Mistyped(_) => "mistyped code",
                Number::Other => "other",
            };
            assert_eq!(read, expected, "{text}");
        };
        let code = Code::draw(&SeededEntropy::new(3));
        check(code.as_str(), "code");
        check(&code.grouped(), "code");
        check(&format!("HTTPS://V.EXAMPLE.GOV.CN/V/{}\r", code.as_str()), "code");
        let identifier = LicenceIdentifier::compose("11100000000013338W032", "11220000013544541J", "20261", 1).unwrap();
        check(identifier.as_str(), "identifier");
        check(&format!("证照标识：{identifier} "), "identifier");
        check(&identifier.as_str().replace('.', "。"), "identifier");
        let last = if identifier.as_str().ends_with('0') { '1' } else { '0' };
        let mut wrong = identifier.as_str().to_owned();
        wrong.pop();
        wrong.push(last);
        check(&wrong, "mistyped identifier");
        let mut digits = code.as_str().to_owned();
        let check_digit = digits.pop().unwrap();
        digits.push(if check_digit == '0' { '1' } else { '0' });
        check(&digits, "mistyped code");
        check("https://weixin.qq.com/r/abc", "other");
        check("9121060012345678", "other");
        check("", "other");
    }
}
