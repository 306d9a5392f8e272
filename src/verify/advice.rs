//! What the person who asked should do now.

use crate::reason::Reason;

/// The next action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// All is well.
    GoOn,
    /// The issuer alone can tell more.
    ContactIssuer,
    /// A renewal is needed.
    Renew,
    /// There is a newer version.
    ShowNewest,
    /// Perhaps it was misread.
    ScanAgain,
    /// Something else was scanned.
    ScanLicence,
    /// Others signed it: a person must find out who they are.
    AskSigner,
    /// What was shown proves nothing.
    BringOriginal,
    /// Each one by itself.
    OneByOne,
    /// The file did not arrive whole.
    DownloadAgain,
    /// A source was out of reach.
    TryLater,
    /// It may be forged.
    Report,
}

impl Advice {
    /// The next action for a reason, or for none when all is well.
    pub fn on(reason: Option<Reason>) -> Self {
        let Some(reason) = reason else {
            return Self::GoOn;
        };
        match reason {
            Reason::Suspended | Reason::Revoked | Reason::RecordDamaged => Self::ContactIssuer,
            Reason::Expired | Reason::NotYetValid => Self::Renew,
            Reason::Superseded => Self::ShowNewest,
            Reason::UnknownNumber | Reason::Mistyped => Self::ScanAgain,
            Reason::NotOurCode => Self::ScanLicence,
            Reason::ActiveContent
            | Reason::CoversPart
            | Reason::HiddenContent
            | Reason::SignatureLeavesOut
            | Reason::SignatureMisplaced
            | Reason::SignatureUnreadable
            | Reason::SignerCertificateMissing
            | Reason::UnknownIssuer
            | Reason::UnsupportedSignature
            | Reason::WeakSignature => Self::AskSigner,
            Reason::NotYetSigned | Reason::Unsigned => Self::BringOriginal,
            Reason::FileNotPdf
            | Reason::FileCutOff
            | Reason::FileDamaged
            | Reason::FileIncomplete
            | Reason::FileEncrypted
            | Reason::FileOverLimit
            | Reason::FileTooLarge => Self::DownloadAgain,
            Reason::HoldsLicences => Self::OneByOne,
            Reason::RevocationListOld => Self::TryLater,
            Reason::CertificateOutOfPeriod
            | Reason::CertificateRevoked
            | Reason::ChangedAfterSigning
            | Reason::ContentAltered
            | Reason::NotRecorded
            | Reason::NoSealOfOurs
            | Reason::RecordDiffers
            | Reason::SealImitated
            | Reason::SeveralSignatures
            | Reason::SignatureBroken
            | Reason::SignatureForged => Self::Report,
        }
    }
}
