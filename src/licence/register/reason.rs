//! Coded reasons.

use records::event::{Detail, Shape, Value};

/// Declares an enum of coded reasons.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal;)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant says what its code says")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// All of them, in the order they are offered.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code that is stored and sent.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Reads a code.
            pub fn parse(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.code() == code)
            }
        }

        impl Detail for $name {
            const SHAPE: Shape = Shape::Text;

            fn json(&self) -> Value {
                self.code().into()
            }

            fn of(value: &Value) -> Option<Self> {
                Self::parse(value.as_str()?)
            }
        }
    )+};
}

reasons! {
    /// Why a licence is suspended (暂扣): reversible.
    SuspensionReason {
        Investigation = "investigation";
        Violation = "violation";
        ConditionsNotMet = "conditions_not_met";
        HolderRequest = "holder_request";
        CourtOrder = "court_order";
    }

    /// Why a licence is revoked: final.
    RevocationReason {
        Penalty = "penalty";
        WronglyGranted = "wrongly_granted";
        Fraud = "fraud";
        HolderCeased = "holder_ceased";
        HolderRequest = "holder_request";
        IssuedInError = "issued_in_error";
    }

    /// Why an application goes back to the clerk.
    ReturnReason {
        Incomplete = "incomplete";
        Mismatch = "mismatch";
        ConditionsNotMet = "conditions_not_met";
        Duplicate = "duplicate";
        WrongType = "wrong_type";
    }

    /// Why a clerk takes an application back.
    WithdrawalReason {
        EnteredInError = "entered_in_error";
        WrongHolder = "wrong_holder";
        Duplicate = "duplicate";
        GivenUp = "given_up";
    }
}

/// Why a licence has the status it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusReason {
    /// It is revoked for this.
    Revocation(RevocationReason),
    /// It is suspended for this.
    Suspension(SuspensionReason),
}

impl StatusReason {
    /// The code that is stored and sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Revocation(reason) => reason.code(),
            Self::Suspension(reason) => reason.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_reads_back_as_its_reason() {
        for reason in RevocationReason::ALL {
            assert_eq!(RevocationReason::parse(reason.code()), Some(*reason));
        }
        for reason in SuspensionReason::ALL {
            assert_eq!(SuspensionReason::parse(reason.code()), Some(*reason));
        }
        assert_eq!(RevocationReason::parse(""), None);
        assert_eq!(ReturnReason::parse("penalty"), None);
    }
}
