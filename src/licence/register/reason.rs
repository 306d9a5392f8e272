//! Coded reasons, with the words people read.

use base::Text;

/// Declares an enum of coded reasons.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal, $zh:literal, $en:literal;)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant says what its text says")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// All of them, in the order they are offered.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code that is stored and sent.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The words.
            pub fn text(self) -> Text {
                match self { $(Self::$variant => Text::fixed($zh, $en)),+ }
            }

            /// Reads a code.
            pub fn parse(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.code() == code)
            }
        }
    )+};
}

reasons! {
    /// Why a licence is suspended (暂扣): reversible.
    SuspensionReason {
        Investigation = "investigation", "涉嫌违法正在调查", "an investigation is under way";
        Violation = "violation", "违法行为处理期间", "an offence is being dealt with";
        ConditionsNotMet = "conditions_not_met", "暂不符合许可条件", "the conditions are not met at present";
        HolderRequest = "holder_request", "持证主体申请", "the holder asked for it";
        CourtOrder = "court_order", "司法机关要求", "a court ordered it";
    }

    /// Why a licence is revoked: final.
    RevocationReason {
        Penalty = "penalty", "吊销（行政处罚）", "revoked as a penalty";
        WronglyGranted = "wrongly_granted", "撤销（不应准予许可）", "it should not have been granted";
        Fraud = "fraud", "撤销（以欺骗等不正当手段取得）", "it was obtained by deceit";
        HolderCeased = "holder_ceased", "注销（持证主体终止或死亡）", "the holder ceased to exist or died";
        HolderRequest = "holder_request", "注销（持证主体申请）", "the holder gave it up";
        IssuedInError = "issued_in_error", "更正（签发有误）", "it was issued in error";
    }

    /// Why an application goes back to the clerk.
    ReturnReason {
        Incomplete = "incomplete", "材料不齐", "documents are missing";
        Mismatch = "mismatch", "与登记信息不一致", "it does not agree with the register";
        ConditionsNotMet = "conditions_not_met", "不符合许可条件", "the conditions are not met";
        Duplicate = "duplicate", "重复申请", "it was applied for already";
        WrongType = "wrong_type", "证照类型有误", "the licence type is wrong";
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
