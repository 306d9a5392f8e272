mod attacks;
mod claims;
mod combinations;
mod strangers;

use std::{collections::HashSet, path::Path, sync::LazyLock};

use base::{Date, Instant};
use crypto::{
    Digest, DigestAlgorithm, KeyHandle, Suite,
    cms::sign_detached,
    sign::SigningKey,
    x509::{Certificate, Crl},
};
use documents::{Field, Filling, Fonts, Layout, SealPicture, SealText, Template};
use futures_util::FutureExt;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

use super::*;
use crate::{
    Evidence, Outcome, Subject, Verdict, decide,
    licence::{Likeness, Status, tests::facts},
};

const FOOD: &str = include_str!("../../documents/layouts/food-business.json");
const ISSUER: &str = "11220000013544541J";
/// A department of another city that uses this program.
const ELSEWHERE: &str = "11430000006122244L";
const SEAL: &str = "滨江市市场监督管理局";
const IDENTIFIERS: [&str; 2] = ["2026112300000001", "2026112300000002"];

fn start() -> Instant {
    Date::parse("2026-01-01").unwrap().start()
}

fn now() -> Instant {
    Date::parse("2026-11-23").unwrap().start()
}

fn when(at: Instant) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.as_seconds()).unwrap()
}

fn params(name: &str, authority: bool, usages: Vec<KeyUsagePurpose>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = when(start());
    params.not_after = when(Date::parse("2031-01-01").unwrap().start());
    params.use_authority_key_identifier_extension = true;
    params.key_usages = usages;
    params.is_ca = if authority { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
    params
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

struct Seal {
    key: KeyHandle,
    certificate: Vec<u8>,
    chain: Vec<Vec<u8>>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let params = params(name, true, vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// An authority below this one.
    fn authority(&self, name: &str) -> Self {
        let params = params(name, true, vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]);
        Self(CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &self.0).unwrap())
    }

    fn issue(&self, name: &str, usages: Vec<KeyUsagePurpose>) -> Seal {
        let pair = KeyPair::generate().unwrap();
        let certificate = params(name, false, usages).signed_by(&pair, &self.0).unwrap().der().to_vec();
        let key = SigningKey::from_pkcs8(Suite::Es256, &pair.serialize_der()).unwrap().into();
        Seal { key, certificate, chain: vec![self.0.der().to_vec()] }
    }

    fn seal(&self, name: &str) -> Seal {
        self.issue(name, vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment])
    }

    fn list(&self, revoked: Option<(&Seal, RevocationReason)>, next_update: Instant) -> Crl {
        let entry = |(seal, reason): (&Seal, RevocationReason)| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&Certificate::parse(&seal.certificate).unwrap().serial),
            revocation_time: when(now().plus_seconds(-3600)),
            reason_code: Some(reason),
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: when(now().plus_seconds(-60)),
            next_update: when(next_update),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.map(entry).into_iter().collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Crl::parse(params.signed_by(&self.0).unwrap().der()).unwrap()
    }

    fn trust(&self, revoked: Option<(&Seal, RevocationReason)>) -> Trust {
        Trust {
            roots: vec![Certificate::parse(self.0.der()).unwrap()],
            authorities: vec![],
            lists: vec![self.list(revoked, now().plus_seconds(86_400))],
            seal_names: HashSet::from([folded(SEAL)]),
            issuer_codes: HashSet::from([ISSUER.to_owned()]),
        }
    }
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let fonts = Fonts::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../documents/fonts")).unwrap();
    let text = SealText { ring: SEAL.into(), below: String::new(), number: String::new() };
    let picture = SealPicture::draw(&fonts, &text).unwrap();
    Template::new(&fonts, &Layout::parse(FOOD).unwrap(), &picture, DigestAlgorithm::Sha256).unwrap()
});

fn identifier(which: usize) -> String {
    identifier_of(ISSUER, which)
}

fn identifier_of(issuer: &str, which: usize) -> String {
    base::number::LicenceIdentifier::compose("11100000000013338W032", issuer, IDENTIFIERS[which], 1)
        .unwrap()
        .to_string()
}

/// A licence as we issue it.
fn licence(which: usize, seal: &Seal) -> Vec<u8> {
    sealed(&identifier(which), SEAL, seal)
}

/// A licence with this identifier, as somebody issues it who has this name.
fn sealed(identifier: &str, signer_name: &str, seal: &Seal) -> Vec<u8> {
    let layout = Layout::parse(FOOD).unwrap();
    let content = Filling {
        title: "食品经营许可证".to_owned(),
        identifier: identifier.to_owned(),
        fields: layout.cells.iter().map(|cell| Field::new(cell.key.clone(), "龙福餐饮")).collect(),
        qr_text: "HTTPS://V.EXAMPLE/V/123456789012345678901".to_owned(),
        metadata: vec![],
        signer_name: signer_name.to_owned(),
        at: start(),
    };
    let prepared = TEMPLATE.typeset(&content).unwrap();
    let signature = signature(prepared.digest(), seal);
    prepared.finish(&signature).unwrap().into_bytes()
}

fn signature(digest: Digest, seal: &Seal) -> Vec<u8> {
    sign_detached(digest, &seal.key, &seal.certificate, &seal.chain).now_or_never().unwrap().unwrap()
}

/// What is kept of a licence: the record and the document.
#[derive(Clone)]
struct Kept {
    facts: LicenceFacts,
    document: Vec<u8>,
}

/// The record of a licence whose document is `file`.
fn record(which: usize, file: &[u8]) -> Kept {
    let facts = LicenceFacts { identifier: identifier(which), ..facts(Status::Valid) };
    Kept { facts, document: file.to_vec() }
}

fn verdict(bytes: &[u8], trust: &Trust, record: Option<&Kept>) -> Verdict {
    verdict_among(bytes, trust, record.map_or(&[], std::slice::from_ref))
}

fn verdict_among(bytes: &[u8], trust: &Trust, records: &[Kept]) -> Verdict {
    let examined = examine(bytes);
    // The caller looks up what the file is, and what it says it is; a record of anything else is not found.
    let same = records.iter().filter(|kept| examined.likeness(&kept.document) == Likeness::Same);
    let claimed = |kept: &&Kept| examined.claimed.iter().any(|claimed| claimed.as_str() == kept.facts.identifier);
    let mut found: Vec<&Kept> = same.collect();
    if found.is_empty() {
        found = records.iter().filter(claimed).collect();
    }
    let licence = found.first().map(|kept| {
        let file = Some(examined.likeness(&kept.document));
        LicenceFacts { file, ..kept.facts.clone() }
    });
    let subject = Subject::File { examined: &examined, trust, known: found.len() };
    let verdict = decide(Evidence { subject, licence, at: now() });
    crate::decide::tests::check_that_nothing_contradicts(&verdict, true);
    verdict
}

fn sub_indication(verdict: &Verdict) -> Option<&'static str> {
    verdict.signatures.first().and_then(|report| report.sub_indication)
}

fn place(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).rposition(|part| part == wanted).unwrap()
}

struct City {
    authority: Authority,
    seal: Seal,
    trust: Trust,
    file: Vec<u8>,
    record: Kept,
}

fn city() -> City {
    let authority = Authority::new("滨江市根证书");
    let seal = authority.seal(SEAL);
    let file = licence(0, &seal);
    City { trust: authority.trust(None), record: record(0, &file), authority, seal, file }
}

#[test]
fn a_licence_as_issued_is_valid_to_the_last_byte() {
    let city = city();
    let found = verdict(&city.file, &city.trust, Some(&city.record));
    assert_eq!(found.outcome, Outcome::Valid, "{found:#?}");
    let [report] = found.signatures.as_slice() else { panic!("{found:?}") };
    assert_eq!((report.indication, report.sub_indication, report.covers_whole_file), ("TOTAL-PASSED", None, true));
    assert_eq!(report.signer.as_deref(), Some("滨江市市场监督管理局"));
    assert_eq!(found.sources.len(), 2);
}

#[test]
fn a_genuine_file_of_a_revoked_licence_is_invalid_for_that_reason_alone() {
    let city = city();
    let mut record = city.record.clone();
    record.facts.status = Status::Revoked;
    let found = verdict(&city.file, &city.trust, Some(&record));
    assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::Revoked)));
    assert_eq!(found.signatures[0].indication, "TOTAL-PASSED");
}

#[test]
fn no_changed_byte_leaves_a_valid_file() {
    let city = city();
    let hole = place(&city.file, b"/Contents<");
    let places = (0..city.file.len()).step_by(997).chain((0..60).map(|n| hole + n * 31));
    for at in places.filter(|at| *at < city.file.len()) {
        let mut changed = city.file.clone();
        changed[at] ^= 1;
        let found = verdict(&changed, &city.trust, Some(&city.record));
        assert_ne!(found.outcome, Outcome::Valid, "byte {at}");
        assert_ne!(found.outcome, Outcome::NeedsReview, "byte {at}: {:?}", found.reason());
    }
}

#[test]
fn altered_content_says_altered() {
    let city = city();
    let mut changed = city.file.clone();
    let at = place(&changed, b"endstream") - 20;
    changed[at] ^= 1;
    let found = verdict(&changed, &city.trust, Some(&city.record));
    assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::ContentAltered)), "{found:#?}");
    assert_eq!(sub_indication(&found), Some("HASH_FAILURE"));
    assert_eq!(found.facet(crate::Facet::Issuer).unwrap().result, crate::CheckResult::Passed);
}

#[test]
fn a_bit_in_the_padding_is_noticed() {
    let city = city();
    let mut changed = city.file.clone();
    let end = changed.windows(3).rposition(|part| part == b"00>").unwrap();
    changed[end] = b'1';
    let found = verdict(&changed, &city.trust, Some(&city.record));
    assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::SignatureBroken)));
    assert_eq!(sub_indication(&found), Some("FORMAT_FAILURE"));
}

#[test]
fn what_was_added_after_signing_is_told_as_that() {
    let city = city();
    let text = String::from_utf8_lossy(&city.file[place(&city.file, b"startxref") + 9..]).into_owned();
    let previous: usize = text.split_whitespace().next().unwrap().parse().unwrap();
    let mut revision = city.file.clone();
    let object = revision.len();
    revision.extend_from_slice(b"9999 0 obj\n<</Type/Annot/Contents(changed)>>\nendobj\n");
    let table = revision.len();
    revision.extend_from_slice(format!("xref\n9999 1\n{object:010} 00000 n \n").as_bytes());
    revision.extend_from_slice(
        format!("trailer\n<</Size 10000/Prev {previous}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n").as_bytes(),
    );
    for changed in [revision, [city.file.as_slice(), b"\n% a remark\n"].concat()] {
        let found = verdict(&changed, &city.trust, Some(&city.record));
        assert_eq!(found.outcome, Outcome::Invalid);
        assert!(
            matches!(found.reason(), Some(Reason::ChangedAfterSigning | Reason::SignatureBroken)),
            "{:?}",
            found.reason()
        );
        assert!(found.signatures.iter().all(|report| report.indication != "TOTAL-PASSED"));
    }
}

#[test]
fn a_signature_copied_from_another_licence_does_not_fit() {
    let city = city();
    let other = licence(1, &city.seal);
    let hole = |bytes: &[u8]| {
        let begin = place(bytes, b"/Contents<") + 10;
        (begin, begin + bytes[begin..].iter().position(|byte| *byte == b'>').unwrap())
    };
    let ((begin, end), (from, to)) = (hole(&city.file), hole(&other));
    let mut changed = city.file.clone();
    changed[begin..end].copy_from_slice(&other[from..to]);
    let found = verdict(&changed, &city.trust, Some(&city.record));
    assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::ContentAltered)));
    assert_eq!(sub_indication(&found), Some("HASH_FAILURE"));
}

#[test]
fn a_stranger_is_told_from_a_forger() {
    let city = city();
    let stranger = Authority::new("某某公司根证书").seal("某某公司");
    let theirs = sealed(&identifier_of(ELSEWHERE, 1), "某某公司", &stranger);
    // Neither the licence nor its issuer is ours: somebody else's file.
    let found = verdict(&theirs, &city.trust, Some(&city.record));
    assert_eq!((found.outcome, found.reason()), (Outcome::NeedsReview, Some(Reason::UnknownIssuer)), "{found:#?}");
    assert_eq!(sub_indication(&found), Some("NO_CERTIFICATE_CHAIN_FOUND"));
    let content = found.facet(crate::Facet::Content).unwrap();
    assert_eq!(content.finding, Finding::UnalteredSince("某某公司".to_owned()));
    // It bears the number of a licence of ours, or one that its issuer never gave.
    for which in [0, 1] {
        let forged = sealed(&identifier(which), "某某公司", &stranger);
        let found = verdict(&forged, &city.trust, Some(&city.record));
        assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::NoSealOfOurs)), "{found:#?}");
        assert_eq!(found.facet(crate::Facet::Content).unwrap().result, crate::CheckResult::NotDone);
    }
    // The same of somebody else's file that was altered.
    let mut altered = theirs;
    let at = place(&altered, b"endstream") - 20;
    altered[at] ^= 1;
    let found = verdict(&altered, &city.trust, None);
    assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::ContentAltered)));
    let content = found.facet(crate::Facet::Content).unwrap();
    assert_eq!(content.finding, Finding::AlteredSince("某某公司".to_owned()));
}

#[test]
fn a_genuine_seal_on_what_was_never_recorded_is_an_alarm() {
    let city = city();
    let found = verdict(&licence(1, &city.seal), &city.trust, None);
    assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::NotRecorded)));
    // The same licence sealed a second time is not the recorded document.
    let found = verdict(&licence(0, &city.seal), &city.trust, Some(&city.record));
    assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::RecordDiffers)));
}

#[test]
fn a_certificate_for_something_else_seals_nothing() {
    let city = city();
    let service = city.authority.issue("令牌服务", vec![KeyUsagePurpose::DigitalSignature]);
    let found = verdict(&licence(0, &service), &city.trust, Some(&city.record));
    assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::SealImitated)));
}

#[test]
fn revocation_counts_from_when_and_why() {
    let city = city();
    let check = |reason, expected: Option<Reason>| {
        let trust = city.authority.trust(Some((&city.seal, reason)));
        let found = verdict(&city.file, &trust, Some(&city.record));
        assert_eq!(found.reason(), expected, "{reason:?}");
    };
    // Revoked an hour ago; the record proves that the licence is older.
    check(RevocationReason::Superseded, None);
    check(RevocationReason::KeyCompromise, Some(Reason::CertificateRevoked));
    let stale = Trust { lists: vec![city.authority.list(None, now().plus_seconds(-1))], ..city.trust.clone() };
    let found = verdict(&city.file, &stale, Some(&city.record));
    assert_eq!((found.outcome, found.reason()), (Outcome::NeedsReview, Some(Reason::RevocationListOld)));
    assert_eq!(sub_indication(&found), Some("TRY_LATER"));
}

#[test]
fn a_certificate_counts_within_its_period_only() {
    let city = city();
    let mut record = city.record.clone();
    record.facts.issued_at = start().plus_seconds(-1);
    let found = verdict(&city.file, &city.trust, Some(&record));
    assert_eq!(found.reason(), Some(Reason::CertificateOutOfPeriod));
    assert_eq!(sub_indication(&found), Some("OUT_OF_BOUNDS_NO_POE"));
}

#[test]
fn each_unreadable_file_has_its_own_reason() {
    let city = city();
    let check = |bytes: &[u8], outcome, reason| {
        let found = verdict(bytes, &city.trust, Some(&city.record));
        assert_eq!((found.outcome, found.reason()), (outcome, Some(reason)));
    };
    check(b"GIF89a", Outcome::Unverifiable, Reason::FileNotPdf);
    check(b"", Outcome::Unverifiable, Reason::FileNotPdf);
    check(b"%PDF-1.7\nnothing", Outcome::Unverifiable, Reason::FileCutOff);
    check(b"%PDF-1.7\nstartxref\n0\n%%EOF", Outcome::Unverifiable, Reason::FileDamaged);
    let mut encrypted = city.file.clone();
    let root = place(&encrypted, b"/Root");
    encrypted.splice(root..root, b"/Encrypt 1 0 R ".iter().copied());
    // None of ours is encrypted: somebody did that to it, whatever else.
    check(&encrypted, Outcome::Invalid, Reason::ChangedAfterSigning);
    let stranger = Authority::new("某某公司根证书").seal("某某公司");
    let mut theirs = sealed(&identifier_of(ELSEWHERE, 1), "某某公司", &stranger);
    let root = place(&theirs, b"/Root");
    theirs.splice(root..root, b"/Encrypt 1 0 R ".iter().copied());
    check(&theirs, Outcome::Unverifiable, Reason::FileEncrypted);
    // A file that is cut off and says which licence it was is told from one that somebody altered and cut.
    let cut = city.file[..city.file.len() - 900].to_vec();
    check(&cut, Outcome::Invalid, Reason::FileIncomplete);
    let mut altered = cut.clone();
    altered[2_000] ^= 1;
    check(&altered, Outcome::Invalid, Reason::RecordDiffers);
    // One that only mentions it is any damaged file.
    let mentions = [b"%PDF-1.7\n% ".as_slice(), identifier(0).as_bytes(), b"\n"].concat();
    check(&mentions, Outcome::Unverifiable, Reason::FileCutOff);
    // The facts that stand beside that answer come from the records, and it says so.
    let known = |bytes: &[u8]| {
        let found = verdict(bytes, &city.trust, Some(&city.record));
        let known = found.checks.iter().find(|check| check.code == "licence_known").unwrap().result;
        assert_ne!(found.facet(crate::Facet::Content).unwrap().result, crate::CheckResult::Passed);
        assert_eq!(found.facet(crate::Facet::Status).unwrap().result, crate::CheckResult::NotDone);
        (known, found.licence.is_some())
    };
    assert_eq!(known(&cut), (crate::CheckResult::Passed, true));
    assert_eq!(known(&mentions), (crate::CheckResult::NotDone, false));
    assert_eq!(known(b"GIF89a"), (crate::CheckResult::NotDone, false));
    for length in (0..city.file.len()).step_by(4001) {
        let found = verdict(&city.file[..length], &city.trust, Some(&city.record));
        assert!(matches!(found.outcome, Outcome::Unverifiable | Outcome::Invalid), "cut at {length}");
    }
}

#[test]
fn a_file_without_a_signature_proves_nothing() {
    let city = city();
    let plain = |remark: &str| {
        let body = format!("%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/Remark({remark})>>\nendobj\n");
        let second = body.len();
        let body = format!("{body}2 0 obj\n<</Type/Pages/Count 0/Kids[]>>\nendobj\n");
        let table = body.len();
        format!(
            "{body}xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n{second:010} 00000 n \n\
             trailer\n<</Size 3/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n"
        )
    };
    let check = |bytes: &str, outcome, reason| {
        let found = verdict(bytes.as_bytes(), &city.trust, Some(&city.record));
        assert_eq!((found.outcome, found.reason()), (outcome, Some(reason)));
        assert_eq!(found.signatures, vec![]);
    };
    check(&plain("x"), Outcome::Unverifiable, Reason::Unsigned);
    // Whoever writes of a licence names it, and forges nothing.
    check(&plain(&identifier(0)), Outcome::Unverifiable, Reason::Unsigned);
}
