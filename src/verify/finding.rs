//! What a check found, with what it names. Whoever shows it chooses the words.

use base::Date;
use documents::pdf::findings::Limit;

use crate::reason::Reason;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Something was added to the file after this signer had signed.
    AddedAfter(String),
    /// The content is not what this signer signed.
    AlteredSince(String),
    /// The certificate was not revoked when it signed.
    CertificateNotRevoked,
    /// The last day was this one.
    ExpiredOn(Date),
    /// The file can be read once it is put in order, as the programs do that show it.
    FileMended,
    /// The file can be read.
    FileReadable,
    /// Nothing can be said of a file that cannot be read.
    FileUnreadable,
    /// The licence is in force.
    InForce,
    /// Our records name the issuer.
    IssuedBy(String),
    /// The licence is in the records.
    LicenceKnown,
    /// The records know what the file says it is; the file itself cannot be read.
    LicenceNamed,
    /// The file is the recorded document, to the last byte.
    MatchesRecord,
    /// There is no issuer to check.
    NoIssuer,
    /// There is no record to compare with.
    NoRecord,
    /// Suspended, revoked or superseded, as the reason says.
    NotInForce {
        /// Which of them.
        reason: Reason,
        /// Since when.
        since: Date,
        /// The code of the reason that was given for it.
        why: Option<&'static str>,
    },
    /// It is no licence of this city.
    NotOurs,
    /// The file carries no signature.
    NotSigned,
    /// Nothing in the file is hidden, and nothing acts.
    NothingHidden,
    /// The number is well formed and its check character is right.
    NumberWellFormed,
    /// The file has exactly one signature.
    OneSignature,
    /// The file has more of this than we read.
    OverLimit(Limit),
    /// What is wrong, and no more than that.
    Reason(Reason),
    /// The records say how the licence stands that the file names; this file is not it.
    OtherFile,
    /// The records were not asked.
    RecordsNotAsked,
    /// By a seal of this city, which the certificate names.
    SealedBy(String),
    /// The signature was made with the attached certificate's key.
    SignatureGenuine,
    /// It is not genuine, so that the content may be anything.
    SignatureProvesNothing,
    /// The signature could not be checked.
    SignatureUnchecked,
    /// The file carries a signature.
    Signed,
    /// Signed by somebody we do not know, who has these names for themselves.
    SignedByStrangers(Vec<String>),
    /// A number says nothing of what is printed beside it.
    StatusOnly,
    /// Nothing was changed after the signature.
    Unaltered,
    /// Nothing was changed after this signer had signed.
    UnalteredSince(String),
    /// There is no last day.
    ValidForGood,
    /// The first day will be this one.
    ValidFrom(Date),
    /// The last day will be this one.
    ValidUntil(Date),
}
