//! What somebody scanned or typed: a code, an identifier, or something else.

use base::{Fault, number::LicenceIdentifier};
use records::Tx;
use verify::{
    Subject,
    qr::{self, Held},
};

use crate::register::{self, licence::Licence, number::Code};

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

/// What a text turned out to be that was scanned, typed or pasted, or that a browser opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Number {
    /// The code behind a QR.
    Code(Code),
    /// A licence identifier 证照标识.
    Identifier(LicenceIdentifier),
    /// A number with a digit that is wrong, missing or too many.
    Mistyped(Method),
    /// No number, or not ours.
    Other,
}

impl Number {
    /// Reads a text: [`qr::read`].
    pub(crate) fn read(text: &str, public_url: &str) -> Self {
        Self::of(qr::read(text, public_url))
    }

    /// Reads what stands behind `/V/` in an address of ours, which somebody opened.
    pub fn opened(rest: &str, query: Option<&str>) -> Self {
        Self::of(qr::opened(rest, query))
    }

    fn of(held: Held) -> Self {
        match held {
            Held::Code(digits) => Code::parse(&digits).map_or(Self::Mistyped(Method::Code), Self::Code),
            Held::Identifier(text) => {
                LicenceIdentifier::parse(&text).map_or(Self::Mistyped(Method::Identifier), Self::Identifier)
            }
            Held::OtherNumber => Self::Mistyped(Method::Code),
            Held::Other => Self::Other,
        }
    }

    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Identifier(_) => Method::Identifier,
            Self::Mistyped(method) => *method,
            Self::Code(_) | Self::Other => Method::Code,
        }
    }

    /// By what it names a licence; nothing when it can name none.
    pub fn named_by(&self) -> Option<Method> {
        matches!(self, Self::Code(_) | Self::Identifier(_)).then(|| self.method())
    }

    pub(crate) fn subject(&self) -> Subject<'static> {
        match self {
            Self::Code(_) | Self::Identifier(_) => Subject::Number,
            Self::Mistyped(_) => Subject::MistypedNumber,
            Self::Other => Subject::OtherText,
        }
    }

    /// The licence that it is of, of any department and in any state.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach.
    pub async fn find(&self, tx: &mut Tx) -> Result<Option<Licence>, Fault> {
        match self {
            Self::Code(code) => register::by_code(tx, code).await,
            Self::Identifier(identifier) => register::by_identifier(tx, identifier).await,
            Self::Mistyped(_) | Self::Other => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use base::SeededEntropy;

    use super::*;

    #[test]
    fn a_text_is_read_as_what_it_is() {
        let check = |text: &str, expected: &str| {
            let read = match Number::read(text, "https://v.example.gov.cn") {
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
        check(&code.as_str()[1..], "mistyped code");
        check(&format!("{}0", code.as_str()), "mistyped code");
        check(&wrong[..wrong.len() - 2], "mistyped identifier");
        check("9121060012345678", "mistyped code");
        check(&format!("HTTPS://EVIL.EXAMPLE/V/{}", code.as_str()), "other");
        check("", "other");
    }
}
