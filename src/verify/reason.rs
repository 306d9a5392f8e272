//! Why something is not valid. Each is one thing that is true; "altered" and "not trusted" are never merged.

use base::Text;

use crate::outcome::Outcome;

/// Declares reasons with their code, outcome and sentence.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $outcome:ident, $zh:literal, $en:literal;)+) => {
        /// Why something is not valid.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)+
        }

        impl Reason {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code that is recorded with the receipt.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// What it leads to.
            pub fn outcome(self) -> Outcome {
                match self { $(Self::$name => Outcome::$outcome),+ }
            }

            /// The sentence.
            pub fn text(self) -> Text {
                match self { $(Self::$name => Text::fixed($zh, $en)),+ }
            }
        }
    };
}

reasons! {
    /// The file runs something or carries other files.
    ActiveContent = "active_content", NeedsReview,
        "文件带有可执行内容或附件", "The file runs something or carries other files";
    /// The certificate was used outside of its period, or one on its chain was.
    CertificateOutOfPeriod = "certificate_out_of_period", Invalid,
        "签章证书在签章时不在有效期内", "The signing certificate was not within its period when it signed";
    /// The certificate was revoked.
    CertificateRevoked = "certificate_revoked", Invalid,
        "签章证书已被吊销", "The signing certificate was revoked";
    /// Bytes were added after the signature.
    ChangedAfterSigning = "changed_after_signing", Invalid,
        "签章后文件被追加或修改", "The file was added to or changed after it was signed";
    /// What is signed is not what the file says.
    ContentAltered = "content_altered", Invalid,
        "文件内容已被改动，与签章不符", "The content was altered: it does not match the signature";
    /// Signed by others, who sign on top of each other.
    CoversPart = "covers_part", NeedsReview,
        "签章没有覆盖整个文件，之后有追加内容", "The signature does not cover the whole file: something was added later";
    /// The file looks like a PDF but its structure is broken or cut off.
    FileDamaged = "file_damaged", Unverifiable,
        "文件已损坏或不完整，无法读取", "The file is damaged or incomplete and cannot be read";
    /// The file is encrypted.
    FileEncrypted = "file_encrypted", Unverifiable,
        "文件已加密，无法核验", "The file is encrypted and cannot be verified";
    /// A file of one of our licences that ends too early.
    FileIncomplete = "file_incomplete", Invalid,
        "文件不完整，已被截断，不是签发的原文件", "The file is cut off: it is not the licence as it was issued";
    /// The file is longer than we read.
    FileTooLarge = "file_too_large", Unverifiable,
        "文件过大，无法核验", "The file is too large to be verified";
    /// The file is no PDF.
    FileNotPdf = "file_not_pdf", Unverifiable,
        "不是 PDF 文件", "The file is not a PDF";
    /// Last day passed.
    Expired = "expired", Invalid,
        "证照已过期", "The licence has expired";
    /// Two programs could see two documents.
    HiddenContent = "hidden_content", NeedsReview,
        "文件含有隐藏内容，不同软件可能显示不同", "The file holds hidden content: two programs may show two documents";
    /// The licence is not the one in the records.
    Mistyped = "mistyped", Invalid,
        "号码校验位不符，不是有效的证照号码", "The check character is wrong: this is no licence number";
    /// The text holds no number of ours.
    NotOurCode = "not_our_code", Unverifiable,
        "不是本系统的证照二维码或号码", "This is not a licence code or number of this system";
    /// First day has not come.
    NotYetValid = "not_yet_valid", Invalid,
        "证照尚未生效", "The licence is not yet valid";
    /// Signed by us as it seems, but the records know no such licence: a key may be in other hands.
    NotRecorded = "not_recorded", Invalid,
        "签章无误，但发证记录中没有该证照", "The seal is genuine, but no such licence was ever recorded";
    /// The file names a licence of ours and carries no valid seal of ours.
    NoSealOfOurs = "no_seal_of_ours", Invalid,
        "文件声称是本市证照，但没有发证机关的有效签章",
        "The file claims to be a licence of this city but carries no valid seal of its issuer";
    /// The recorded document is another one.
    RecordDiffers = "record_differs", Invalid,
        "文件与发证记录中的证照不一致", "The file is not the document that was recorded for this licence";
    /// The revocation list at hand is too old.
    RevocationListOld = "revocation_list_old", NeedsReview,
        "证书吊销列表未能更新，不能确认签章证书的状态",
        "The revocation list is out of date: the certificate's state is not certain";
    /// Revoked for good.
    Revoked = "revoked", Invalid,
        "证照已被吊销或注销", "The licence was revoked";
    /// More than one signature where there must be one.
    SeveralSignatures = "several_signatures", Invalid,
        "文件含有多个签章，不是原始证照文件", "The file has more than one signature: it is not the original licence";
    /// The signature dictionary or structure is malformed.
    SignatureBroken = "signature_broken", Invalid,
        "签章结构不合规范或已被破坏", "The signature is malformed or was tampered with";
    /// The signature's mathematics does not hold.
    SignatureForged = "signature_forged", Invalid,
        "签章不是由该证书的密钥生成", "The signature was not made with the certificate's key";
    /// A newer version exists.
    Superseded = "superseded", Invalid,
        "证照已被新版本取代", "A newer version has taken the licence's place";
    /// Suspended for now.
    Suspended = "suspended", Invalid,
        "证照已被暂扣", "The licence is suspended";
    /// Signed by somebody we do not know.
    UnknownIssuer = "unknown_issuer", NeedsReview,
        "由本系统不认识的机构签章，发证机关未确认", "Signed by somebody this system does not know: the issuer is not confirmed";
    /// Nothing like it in the records.
    UnknownNumber = "unknown_number", Invalid,
        "发证记录中没有该号码", "There is no such number in the records";
    /// No signature at all.
    Unsigned = "unsigned", Unverifiable,
        "文件没有电子签章，不能证明来源", "The file carries no signature: nothing proves where it comes from";
    /// Signed by others in a way that we do not check.
    UnsupportedSignature = "unsupported_signature", NeedsReview,
        "签章采用本系统不核验的格式或算法", "The signature has a form or algorithm that this system does not check";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_words_and_a_code_of_its_own() {
        for (place, reason) in Reason::ALL.iter().enumerate() {
            for other in &Reason::ALL[..place] {
                assert_ne!(reason.code(), other.code());
                assert_ne!(reason.text(), other.text());
            }
            assert_ne!(reason.outcome(), Outcome::Valid);
        }
    }
}
