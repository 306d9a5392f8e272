//! What is found about one signature, in our form or another.

use crypto::Digest;

use crate::{limits::SIGNER_CHARACTERS_MAX, verdict::SignatureReport};

/// What is wrong with the signature itself, or why that cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Made with something that we do not know.
    Algorithm,
    /// A signed attribute or the signer's certificate is missing or wrong.
    Constraints,
    /// What it covers goes on beyond the end of the file.
    CutOff,
    /// Room was left for a signature, and nobody has signed.
    Empty,
    /// The mathematics does not hold.
    Forged,
    /// The structure is malformed.
    Form,
    /// The document is another one than was signed.
    Hash,
    /// A stranger's, and intact, but bytes that it should cover are left out.
    LeavesOut,
    /// A stranger's, and what it says it covers is not in the file.
    Misplaced,
    /// The signer's certificate did not come along.
    NoCertificate,
    /// A stranger's, of a form that nobody can read, or that says not what it covers.
    Unreadable,
    /// A stranger's, and intact, but made with what can be forged today.
    Weak,
}

/// What is wrong with the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChainTrouble {
    /// No current revocation list.
    ListOld,
    /// Not within its period when it signed.
    OutOfPeriod,
    Revoked,
    /// It does not lead to a root of ours, or breaks the rules on the way.
    Stranger,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) report: SignatureReport,
    pub(super) trouble: Option<Trouble>,
    /// The mathematics holds, whatever the document is.
    pub(super) is_genuine: bool,
    /// Genuine, and what it says it covers is what was signed, whatever stands around that.
    pub(super) intact: bool,
    /// None when there was no certificate to look at.
    pub(super) chain: Option<Result<(), ChainTrouble>>,
    /// A genuine signature by a seal of ours, whatever became of the rest of the file or of the certificate.
    pub(super) trusted: bool,
    /// Of what a genuine signature in the form of ours was made.
    pub(super) sealed: Option<Digest>,
    /// A stranger's, under the name of a seal of ours or of our authority.
    pub(super) imitates: bool,
}

/// The words of EN 319 102-1 §5.1.3 for it: what is wrong has failed, what was not checked is indeterminate. Of ours the
/// form is known, so that another one has failed; what a stranger's form means, somebody else may know.
pub(super) fn indication_of(trouble: Trouble, is_ours: bool) -> (&'static str, Option<&'static str>) {
    let (indication, sub_indication) = match trouble {
        Trouble::Form | Trouble::Empty | Trouble::Misplaced | Trouble::Unreadable if is_ours => {
            ("TOTAL-FAILED", "FORMAT_FAILURE")
        }
        Trouble::Algorithm | Trouble::Weak => ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE"),
        Trouble::Constraints | Trouble::Form | Trouble::LeavesOut => ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
        Trouble::NoCertificate => ("INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND"),
        Trouble::CutOff | Trouble::Empty | Trouble::Misplaced | Trouble::Unreadable => {
            ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
        }
        Trouble::Forged => ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE"),
        Trouble::Hash => ("TOTAL-FAILED", "HASH_FAILURE"),
    };
    (indication, Some(sub_indication))
}

impl Judged {
    /// The report in a file that says it is ours: what cannot be read there has not the form that ours have.
    pub(super) fn held_to_our_form(mut self) -> Self {
        if let Some(trouble) = self.trouble {
            (self.report.indication, self.report.sub_indication) = indication_of(trouble, true);
        }
        self
    }
}

/// A signer's name as it may be shown; none when nothing is left of it.
pub(super) fn shown(name: &str) -> Option<String> {
    Some(base::shown(name, SIGNER_CHARACTERS_MAX)).filter(|name| !name.is_empty())
}
