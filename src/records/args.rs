//! Values bound to a statement.

use base::{Date, Instant};

/// One bound value. Only what both databases store alike: text, 64-bit integers, bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Bytes, or null.
    Bytes(Option<Vec<u8>>),
    /// A 64-bit integer, or null.
    Int(Option<i64>),
    /// Text, or null.
    Text(Option<String>),
}

impl Value {
    /// The value as marks and the log take it; none for null.
    pub(crate) fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Int(number) => number.map(|number| number.to_string().into_bytes()),
            Self::Text(text) => text.map(String::into_bytes),
        }
    }
}

/// Collects the values of a statement: `args![id, at, Some("text")]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::args::Value::from($value)),*]
    };
}

macro_rules! from {
    ($variant:ident: $($from:ty => $convert:expr),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(Some(($convert)(value)))
            }
        }

        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )+};
}

from!(Text:
    &str => str::to_owned,
    String => |text: String| text,
    &String => |text: &String| text.clone(),
    Date => |date: Date| date.to_string(),
);
from!(Int:
    i64 => |number: i64| number,
    i32 => i64::from,
    u32 => i64::from,
    u16 => i64::from,
    bool => i64::from,
    Instant => Instant::as_micros,
);
from!(Bytes:
    Vec<u8> => |bytes: Vec<u8>| bytes,
    &[u8] => <[u8]>::to_vec,
    &Vec<u8> => |bytes: &Vec<u8>| bytes.clone(),
);

macro_rules! from_ids {
    ($($id:ident)+) => {$(
        impl From<&base::id::$id> for Value {
            fn from(id: &base::id::$id) -> Self {
                Self::Text(Some(id.as_str().to_owned()))
            }
        }

        impl From<Option<&base::id::$id>> for Value {
            fn from(id: Option<&base::id::$id>) -> Self {
                Self::Text(id.map(|id| id.as_str().to_owned()))
            }
        }
    )+};
}

from_ids! {
    AccountId ApplicationId CertificateId EventId GrantId JobId KeyId LicenceId LicenceTypeId OrganisationId PersonId
    ProposalId ReceiptId RenamingId RequestId ResetId RevocationId SealId SessionId StaffId
}
