//! Why something is not valid. Each is one thing that is true; "altered" and "not trusted" are never merged.

use crate::outcome::Outcome;

/// Declares reasons with their code and outcome.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $outcome:ident;)+) => {
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
        }
    };
}

reasons! {
    /// The file runs something or carries other files.
    ActiveContent = "active_content", NeedsReview;
    /// The certificate was used outside of its period, or one on its chain was.
    CertificateOutOfPeriod = "certificate_out_of_period", Invalid;
    /// The certificate was revoked.
    CertificateRevoked = "certificate_revoked", Invalid;
    /// Bytes were added after the signature.
    ChangedAfterSigning = "changed_after_signing", Invalid;
    /// What is signed is not what the file says.
    ContentAltered = "content_altered", Invalid;
    /// Signed by others, who sign on top of each other.
    CoversPart = "covers_part", NeedsReview;
    /// A file of strangers that ends too early.
    FileCutOff = "file_cut_off", Unverifiable;
    /// The file looks like a PDF but its structure is broken or cut off.
    FileDamaged = "file_damaged", Unverifiable;
    /// The file is encrypted.
    FileEncrypted = "file_encrypted", Unverifiable;
    /// A file of one of our licences that ends too early.
    FileIncomplete = "file_incomplete", Invalid;
    /// The file has more of something than we read.
    FileOverLimit = "file_over_limit", Unverifiable;
    /// The file is longer than we read.
    FileTooLarge = "file_too_large", Unverifiable;
    /// The file is no PDF.
    FileNotPdf = "file_not_pdf", Unverifiable;
    /// Last day passed.
    Expired = "expired", Invalid;
    /// Several licences in one file, or a licence among other pages.
    HoldsLicences = "holds_licences", Unverifiable;
    /// Two programs could see two documents.
    HiddenContent = "hidden_content", NeedsReview;
    /// A number that is none of ours: a digit is wrong, missing or too many.
    Mistyped = "mistyped", Unverifiable;
    /// The text holds no number of ours, or another address.
    NotOurCode = "not_our_code", Unverifiable;
    /// First day has not come.
    NotYetValid = "not_yet_valid", Invalid;
    /// Room was left for a signature, and nobody has signed.
    NotYetSigned = "not_yet_signed", NeedsReview;
    /// Signed by us as it seems, but the records know no such licence: a key may be in other hands.
    NotRecorded = "not_recorded", Invalid;
    /// The file says it is a licence of ours and carries no valid seal of ours.
    NoSealOfOurs = "no_seal_of_ours", Invalid;
    /// What is recorded is not as it was written: nobody can tell what it was.
    RecordDamaged = "record_damaged", Unverifiable;
    /// The recorded document is another one.
    RecordDiffers = "record_differs", Invalid;
    /// The revocation list at hand is too old.
    RevocationListOld = "revocation_list_old", NeedsReview;
    /// Revoked for good.
    Revoked = "revoked", Invalid;
    /// Signed by a stranger under the name of a seal of ours.
    SealImitated = "seal_imitated", Invalid;
    /// More than one signature where there must be one.
    SeveralSignatures = "several_signatures", Invalid;
    /// The signature dictionary or structure is malformed.
    SignatureBroken = "signature_broken", Invalid;
    /// The signature's mathematics does not hold.
    SignatureForged = "signature_forged", Invalid;
    /// A newer version exists.
    Superseded = "superseded", Invalid;
    /// Signed by others, who left out bytes that a signature has to cover.
    SignatureLeavesOut = "signature_leaves_out", NeedsReview;
    /// Signed by others; what the signature says it covers is not in the file, as when a program saved it anew.
    SignatureMisplaced = "signature_misplaced", NeedsReview;
    /// Signed by others in a form that nobody can read.
    SignatureUnreadable = "signature_unreadable", NeedsReview;
    /// Signed by others, whose certificate is not in the file.
    SignerCertificateMissing = "signer_certificate_missing", NeedsReview;
    /// Suspended for now.
    Suspended = "suspended", Invalid;
    /// Signed by somebody we do not know.
    UnknownIssuer = "unknown_issuer", NeedsReview;
    /// Nothing like it in the records.
    UnknownNumber = "unknown_number", Invalid;
    /// No signature at all.
    Unsigned = "unsigned", Unverifiable;
    /// Signed by others in a way that we do not check.
    UnsupportedSignature = "unsupported_signature", NeedsReview;
    /// Signed by others with what can be forged today; nothing shows an alteration.
    WeakSignature = "weak_signature", NeedsReview;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_code_of_its_own() {
        for (place, reason) in Reason::ALL.iter().enumerate() {
            for other in &Reason::ALL[..place] {
                assert_ne!(reason.code(), other.code());
            }
            assert_ne!(reason.outcome(), Outcome::Valid);
        }
    }
}
