//! The words of a verdict. They say no more than was checked.

use base::{Date, Text};
use documents::pdf::findings::Limit;
use licence::reason::{RevocationReason, SuspensionReason};
use verify::{
    Advice, Check, CheckResult, Facet, Finding, Outcome, Reason, Verdict,
    licence::{LicenceFacts, Standing},
};

use super::Worded;

impl Worded for Outcome {
    fn text(&self) -> Text {
        match self {
            Self::Invalid => words::outcome::INVALID,
            Self::NeedsReview => words::outcome::NEEDS_REVIEW,
            Self::Unverifiable => words::outcome::UNVERIFIABLE,
            Self::Valid => words::outcome::VALID,
        }
        .clone()
    }
}

impl Worded for Reason {
    fn text(&self) -> Text {
        match self {
            Self::ActiveContent => words::reason::ACTIVE_CONTENT,
            Self::CertificateOutOfPeriod => words::reason::CERTIFICATE_OUT_OF_PERIOD,
            Self::CertificateRevoked => words::reason::CERTIFICATE_REVOKED,
            Self::ChangedAfterSigning => words::reason::CHANGED_AFTER_SIGNING,
            Self::ContentAltered => words::reason::CONTENT_ALTERED,
            Self::CoversPart => words::reason::COVERS_PART,
            Self::FileCutOff => words::reason::FILE_CUT_OFF,
            Self::FileDamaged => words::reason::FILE_DAMAGED,
            Self::FileEncrypted => words::reason::FILE_ENCRYPTED,
            Self::FileIncomplete => words::reason::FILE_INCOMPLETE,
            Self::FileOverLimit => words::reason::FILE_OVER_LIMIT,
            Self::FileTooLarge => words::reason::FILE_TOO_LARGE,
            Self::FileNotPdf => words::reason::FILE_NOT_PDF,
            Self::Expired => words::reason::EXPIRED,
            Self::HiddenContent => words::reason::HIDDEN_CONTENT,
            Self::HoldsLicences => words::reason::HOLDS_LICENCES,
            Self::Mistyped => words::reason::MISTYPED,
            Self::NotOurCode => words::reason::NOT_OUR_CODE,
            Self::NotYetSigned => words::reason::NOT_YET_SIGNED,
            Self::NotYetValid => words::reason::NOT_YET_VALID,
            Self::NotRecorded => words::reason::NOT_RECORDED,
            Self::NoSealOfOurs => words::reason::NO_SEAL_OF_OURS,
            Self::RecordDamaged => words::reason::RECORD_DAMAGED,
            Self::RecordDiffers => words::reason::RECORD_DIFFERS,
            Self::RevocationListOld => words::reason::REVOCATION_LIST_OLD,
            Self::Revoked => words::reason::REVOKED,
            Self::SealImitated => words::reason::SEAL_IMITATED,
            Self::SeveralSignatures => words::reason::SEVERAL_SIGNATURES,
            Self::SignatureBroken => words::reason::SIGNATURE_BROKEN,
            Self::SignatureForged => words::reason::SIGNATURE_FORGED,
            Self::SignatureLeavesOut => words::reason::SIGNATURE_LEAVES_OUT,
            Self::SignatureMisplaced => words::reason::SIGNATURE_MISPLACED,
            Self::SignatureUnreadable => words::reason::SIGNATURE_UNREADABLE,
            Self::SignerCertificateMissing => words::reason::SIGNER_CERTIFICATE_MISSING,
            Self::Superseded => words::reason::SUPERSEDED,
            Self::Suspended => words::reason::SUSPENDED,
            Self::UnknownIssuer => words::reason::UNKNOWN_ISSUER,
            Self::UnknownNumber => words::reason::UNKNOWN_NUMBER,
            Self::Unsigned => words::reason::UNSIGNED,
            Self::UnsupportedSignature => words::reason::UNSUPPORTED_SIGNATURE,
            Self::WeakSignature => words::reason::WEAK_SIGNATURE,
        }
        .clone()
    }
}

impl Worded for Limit {
    fn text(&self) -> Text {
        match self {
            Self::Depth => words::limit::DEPTH,
            Self::Entries => words::limit::ENTRIES,
            Self::Fields => words::limit::FIELDS,
            Self::Memory => words::limit::MEMORY,
            Self::Metadata => words::limit::METADATA,
            Self::Names => words::limit::NAMES,
            Self::Objects => words::limit::OBJECTS,
            Self::Revisions => words::limit::REVISIONS,
            Self::Signatures => words::limit::SIGNATURES,
            Self::Streams => words::limit::STREAMS,
            Self::Time => words::limit::TIME,
            Self::Work => words::limit::WORK,
        }
        .clone()
    }
}

impl Worded for Finding {
    fn text(&self) -> Text {
        match self {
            Self::AddedAfter(signer) if !signer.is_empty() => return words::finding::added_after(signer),
            Self::AddedAfter(_) => words::reason::COVERS_PART,
            Self::AlteredSince(signer) if !signer.is_empty() => return words::finding::altered_since(signer),
            Self::AlteredSince(_) => words::reason::CONTENT_ALTERED,
            Self::CertificateNotRevoked => words::finding::CERTIFICATE_NOT_REVOKED,
            Self::ExpiredOn(date) => return words::finding::expired_on(date),
            Self::FileMended => words::finding::FILE_MENDED,
            Self::FileReadable => words::finding::FILE_READABLE,
            Self::FileUnreadable => words::finding::FILE_UNREADABLE,
            Self::InForce => words::finding::IN_FORCE,
            Self::IssuedBy(issuer) => return words::finding::issued_by(issuer),
            Self::LicenceKnown => words::finding::LICENCE_KNOWN,
            Self::LicenceNamed => words::finding::LICENCE_NAMED,
            Self::MatchesRecord => words::finding::MATCHES_RECORD,
            Self::NoIssuer => words::finding::NO_ISSUER,
            Self::NoRecord => words::finding::NO_RECORD,
            Self::NotInForce { reason, since, why } => return not_in_force(*reason, *since, *why),
            Self::NotOurs => words::finding::NOT_OURS,
            Self::NotSigned => words::finding::NOT_SIGNED,
            Self::NothingHidden => words::finding::NOTHING_HIDDEN,
            Self::NumberWellFormed => words::finding::NUMBER_WELL_FORMED,
            Self::OneSignature => words::finding::ONE_SIGNATURE,
            Self::OverLimit(limit) => {
                let limit = limit.text();
                return Text::composed(|language| words::finding::over_limit(limit.in_language(language)));
            }
            Self::Reason(reason) => return reason.text(),
            Self::OtherFile => words::finding::OTHER_FILE,
            Self::RecordsNotAsked => words::finding::RECORDS_NOT_ASKED,
            Self::SealedBy(signer) => return words::finding::sealed_by(signer),
            Self::SignatureGenuine => words::finding::SIGNATURE_GENUINE,
            Self::SignatureProvesNothing => words::finding::SIGNATURE_PROVES_NOTHING,
            Self::SignatureUnchecked => words::finding::SIGNATURE_UNCHECKED,
            Self::Signed => words::finding::SIGNED,
            Self::SignedByStrangers(names) => return signed_by_strangers(names),
            Self::StatusOnly => words::finding::STATUS_ONLY,
            Self::UnalteredSince(signer) if !signer.is_empty() => return words::finding::unaltered_since(signer),
            Self::Unaltered | Self::UnalteredSince(_) => words::finding::UNALTERED,
            Self::ValidForGood => words::finding::VALID_FOR_GOOD,
            Self::ValidFrom(date) => return words::finding::valid_from(date),
            Self::ValidUntil(date) => return words::finding::valid_until(date),
        }
        .clone()
    }
}

fn not_in_force(reason: Reason, since: Date, why: Option<&str>) -> Text {
    let why = why.and_then(|code| match reason {
        Reason::Revoked => RevocationReason::parse(code).map(|why| why.text()),
        Reason::Suspended => SuspensionReason::parse(code).map(|why| why.text()),
        _ => None,
    });
    let reason = reason.text();
    Text::composed(|language| {
        let reason = reason.in_language(language);
        match &why {
            Some(why) => words::finding::not_in_force_because(reason, why.in_language(language), since),
            None => words::finding::not_in_force(reason, since),
        }
    })
}

fn signed_by_strangers(names: &[String]) -> Text {
    let quoted: Vec<Text> = names.iter().map(|name| words::answer::quoted(name.as_str())).collect();
    Text::composed(|language| {
        let names: Vec<&str> = quoted.iter().map(|name| name.in_language(language)).collect();
        words::finding::signed_by_strangers(names.join(words::answer::BETWEEN_NAMES.in_language(language)))
    })
}

impl Worded for Advice {
    fn text(&self) -> Text {
        match self {
            Self::GoOn => words::advice::GO_ON,
            Self::ContactIssuer => words::advice::CONTACT_ISSUER,
            Self::Renew => words::advice::RENEW,
            Self::ShowNewest => words::advice::SHOW_NEWEST,
            Self::ScanAgain => words::advice::SCAN_AGAIN,
            Self::ScanLicence => words::advice::SCAN_LICENCE,
            Self::AskSigner => words::advice::ASK_SIGNER,
            Self::OneByOne => words::advice::ONE_BY_ONE,
            Self::BringOriginal => words::advice::BRING_ORIGINAL,
            Self::DownloadAgain => words::advice::DOWNLOAD_AGAIN,
            Self::TryLater => words::advice::TRY_LATER,
            Self::Report => words::advice::REPORT,
        }
        .clone()
    }
}

impl Worded for Facet {
    fn text(&self) -> Text {
        match self {
            Self::Content => words::facet::CONTENT,
            Self::Issuer => words::facet::ISSUER,
            Self::Status => words::facet::STATUS,
            Self::Period => words::facet::PERIOD,
        }
        .clone()
    }
}

impl Worded for Standing {
    fn text(&self) -> Text {
        match self {
            Self::Expired => words::standing::EXPIRED,
            Self::NotYetValid => words::standing::NOT_YET_VALID,
            Self::Revoked => words::standing::REVOKED,
            Self::Superseded => words::standing::SUPERSEDED,
            Self::Suspended => words::standing::SUSPENDED,
            Self::Valid => words::standing::VALID,
        }
        .clone()
    }
}

/// Why a verdict is as it is: what decided, or that nothing was found wrong. A number alone leaves checks open, and
/// the answer does not say more than was checked.
pub fn why(verdict: &Verdict) -> Text {
    verdict.deciding().map_or_else(
        || all_passed(verdict.checks.iter().all(|check| check.result == CheckResult::Passed)),
        |check| check.finding.text(),
    )
}

/// How a licence stands, and that this says nothing of a file that is another one.
pub fn standing(verdict: &Verdict, licence: &LicenceFacts) -> Text {
    let standing = licence.standing(verdict.holds_at).text();
    if !verdict.checks.iter().any(|check| check.finding == Finding::OtherFile) {
        return standing;
    }
    Text::composed(|language| words::answer::of_record(standing.in_language(language)))
}

/// Why something is valid.
pub fn all_passed(every_one: bool) -> Text {
    if every_one { words::answer::ALL_PASSED } else { words::answer::IN_FORCE }.clone()
}

/// How a facet stands, and the sentence behind it.
pub fn facet(check: Option<&Check>) -> (CheckResult, Text) {
    check.map_or_else(
        || (CheckResult::NotDone, words::facet::NOT_CHECKED.clone()),
        |check| (check.result, check.finding.text()),
    )
}
