//! Tests on a real database and real key files.

use std::{path::PathBuf, process::Command, sync::Arc};

use base::{Entropy, Fault, Instant, ListPage, Secret, id::KeyId};
use crypto::{
    Custodian, Digest, KeyHandle, PublicKey, Signing, Suite,
    cms::{SignedData, sign_detached},
    jose::{Jws, sign_compact},
    sign::SigningKey,
};
use records::{
    Context, Database,
    testing::{Fresh, context, fresh},
};

use crate::{
    Custody, CustodySettings, Ending, Error, KeyState, Purpose, RevocationReason, SealSubject, authority,
    calendar::{self, Ends},
    certify::{By, certify},
    crl, envelope, limits, root,
    rotation::{self, Wait},
};

const NOW: Instant = Instant::from_seconds(1_795_000_000);

/// A first start in its own folder, which is removed at the end.
struct House {
    fresh: Fresh,
    custody: Custody,
    folder: PathBuf,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

struct System;

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) {
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), bytes).unwrap();
    }
}

fn settings(folder: &std::path::Path, envelope: u8) -> CustodySettings {
    CustodySettings {
        folder: folder.to_owned(),
        root_folder: None,
        envelope: Secret::new([envelope; 32]),
        organisation: "滨江市政务服务".to_owned(),
        crl_url: "http://127.0.0.1:8080/crl/".to_owned(),
        backdate_seconds: 0,
    }
}

fn folder_of(fresh: &Fresh) -> PathBuf {
    let digest = crypto::digest::sha256(fresh.settings.url.expose().as_bytes());
    std::env::temp_dir().join(format!("guosuo_keys_{}", crypto::digest::hex(&digest[..8])))
}

fn at(seconds: i64) -> Context {
    Context { entropy: Arc::new(System), ..context(NOW.plus_seconds(seconds), 1) }
}

async fn house() -> House {
    let fresh = fresh().await.unwrap();
    let folder = folder_of(&fresh);
    let custody = Custody::open(&fresh.database, settings(&folder, 7)).await.unwrap();
    custody.ensure(at(0)).await.unwrap();
    House { fresh, custody, folder }
}

fn subject(name: &str) -> SealSubject {
    SealSubject {
        organisation_name: "滨江市市场监督管理局".to_owned(),
        organisation_code: "11330100002489381H".to_owned(),
        seal_name: name.to_owned(),
    }
}

async fn seal_key(house: &House) -> KeyId {
    let mut work = house.fresh.database.begin(at(1)).await.unwrap();
    let key =
        authority::issue_seal(&mut work, &house.custody, &subject("滨江市市场监督管理局电子证照专用章")).await.unwrap();
    work.commit().await.unwrap();
    key
}

async fn keys(database: &Database) -> Vec<crate::custody::KeySummary> {
    let mut tx = database.read().await.unwrap();
    Custody::list(&mut tx, &ListPage::first(50)).await.unwrap().items
}

#[tokio::test]
async fn the_first_start_makes_every_key_once() {
    let house = house().await;
    for purpose in Purpose::SINGLE {
        let signer = house.custody.current(purpose, NOW).unwrap();
        assert_eq!((signer.purpose, signer.key.suite()), (purpose, purpose.suite()));
        assert_eq!(house.custody.published(purpose, NOW).len(), 1);
    }
    house.custody.ensure(at(5)).await.unwrap();
    assert_eq!(keys(&house.fresh.database).await.len(), Purpose::SINGLE.len());
    assert_eq!(house.custody.roots().len(), 1);
    assert!(house.custody.roots_pem().starts_with("-----BEGIN CERTIFICATE-----"));
}

#[tokio::test]
async fn two_processes_that_start_together_share_one_set_of_keys() {
    let fresh = fresh().await.unwrap();
    let folder = folder_of(&fresh);
    let other = Database::open(&fresh.settings).await.unwrap();
    let one = Custody::open(&fresh.database, settings(&folder, 7)).await.unwrap();
    let two = Custody::open(&other, settings(&folder, 7)).await.unwrap();
    let (a, b) = tokio::join!(one.ensure(at(0)), two.ensure(at(0)));
    a.unwrap();
    b.unwrap();
    let house = House { fresh, custody: one, folder };
    assert_eq!(keys(&house.fresh.database).await.len(), Purpose::SINGLE.len());
    for purpose in Purpose::SINGLE {
        let (a, b) = (house.custody.current(purpose, NOW).unwrap(), two.current(purpose, NOW).unwrap());
        assert_eq!((&a.key_id, &a.chain), (&b.key_id, &b.chain));
    }
    assert_eq!(house.custody.roots_pem(), two.roots_pem());
}

#[tokio::test]
async fn a_key_made_on_one_node_is_seen_by_another() {
    let house = house().await;
    let database = Database::open(&house.fresh.settings).await.unwrap();
    let other = Custody::open(&database, settings(&house.folder, 7)).await.unwrap();
    let next = rotation::pre_publish(&house.custody, at(1), Purpose::AccessToken).await.unwrap();
    assert_eq!(house.custody.published(Purpose::AccessToken, NOW).len(), 2, "here at once");
    assert_eq!(other.published(Purpose::AccessToken, NOW).len(), 1);
    database.refresh_kept().await.unwrap();
    let published: Vec<_> = other.published(Purpose::AccessToken, NOW).iter().map(|s| s.key_id.clone()).collect();
    assert!(published.contains(&next) && published.len() == 2);
}

#[tokio::test]
async fn a_key_of_another_purpose_is_refused() {
    let house = house().await;
    let access = house.custody.current(Purpose::AccessToken, NOW).unwrap();
    let refused = house.custody.signer(Purpose::IdTokenEs256, &access.key_id);
    assert!(matches!(refused, Err(Error::PurposeMismatch { .. })));
    assert!(matches!(access.check_usable(Purpose::Seal, NOW), Err(Error::PurposeMismatch { .. })));
    let mut tx = house.fresh.database.read().await.unwrap();
    let refused = house.custody.seal_signer(&mut tx, &access.key_id).await;
    assert!(matches!(refused, Err(Error::PurposeMismatch { .. })));
    assert!(matches!(house.custody.current(Purpose::Seal, NOW), Err(Error::NoCurrentKey(Purpose::Seal))));
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_after_it_has_signed() {
    let house = house().await;
    let first = house.custody.current(Purpose::IdTokenEs256, NOW).unwrap();
    let next = rotation::pre_publish(&house.custody, at(1), Purpose::IdTokenEs256).await.unwrap();
    let waiting = house.custody.signer(Purpose::IdTokenEs256, &next).unwrap();
    let refused = waiting.check_usable(Purpose::IdTokenEs256, NOW);
    assert!(matches!(refused, Err(Error::KeyUnusable { state: "pre-published", .. })));
    assert_eq!(house.custody.current(Purpose::IdTokenEs256, NOW).unwrap().key_id, first.key_id);

    let mut work = house.fresh.database.begin(at(2)).await.unwrap();
    rotation::activate(&mut work, &next, Wait::Skipped).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(house.custody.current(Purpose::IdTokenEs256, NOW).unwrap().key_id, next);
    let old = house.custody.signer(Purpose::IdTokenEs256, &first.key_id).unwrap();
    let refused = old.check_usable(Purpose::IdTokenEs256, NOW);
    assert!(matches!(refused, Err(Error::KeyUnusable { state: "retired", .. })));
    assert_eq!(house.custody.published(Purpose::IdTokenEs256, NOW).len(), 2);

    let mut work = house.fresh.database.begin(at(3)).await.unwrap();
    let refused = rotation::activate(&mut work, &first.key_id, Wait::Skipped).await;
    assert!(matches!(refused, Err(Error::Transition { from: KeyState::Retired, .. })));
    crl::revoke(&mut work, &house.custody, &old.certificate_id, RevocationReason::KeyCompromise).await.unwrap();
    work.commit().await.unwrap();
    let published = house.custody.published(Purpose::IdTokenEs256, NOW);
    assert_eq!(published.iter().map(|s| s.key_id.clone()).collect::<Vec<_>>(), [next]);
}

#[tokio::test]
async fn a_key_signs_only_within_its_dates() {
    let house = house().await;
    let check = |seconds: i64, usable: bool| {
        let current = house.custody.current(Purpose::AccessToken, NOW.plus_seconds(seconds));
        assert_eq!(current.is_ok(), usable, "{seconds}");
    };
    check(-limits::BACKDATE_SECONDS - 1, false);
    check(-limits::BACKDATE_SECONDS, true);
    check(limits::SERVICE_SECONDS - 1, true);
    check(limits::SERVICE_SECONDS, false);
}

#[tokio::test]
async fn the_wrong_envelope_key_is_named_as_such() {
    let house = house().await;
    let opened = Custody::open(&house.fresh.database, settings(&house.folder, 8)).await;
    assert!(matches!(opened, Err(Error::EnvelopeMismatch)));
}

#[tokio::test]
async fn a_key_file_that_was_changed_or_exchanged_is_refused() {
    let house = house().await;
    let file = |key: &KeyId| house.folder.join(format!("{key}.key"));
    let es = house.custody.current(Purpose::IdTokenEs256, NOW).unwrap().key_id.clone();
    let access = house.custody.current(Purpose::AccessToken, NOW).unwrap().key_id.clone();
    let good = std::fs::read(file(&es)).unwrap();
    let open = || Custody::open(&house.fresh.database, settings(&house.folder, 7));
    let mut long = good.clone();
    long.resize(limits::KEY_FILE_BYTES_MAX as usize + 1, 0);
    let mut flipped = good.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    for bad in [flipped, long, good[..20].to_vec(), vec![], std::fs::read(file(&access)).unwrap()] {
        std::fs::write(file(&es), bad).unwrap();
        assert!(matches!(open().await, Err(Error::KeyFileTampered(key)) if key == es));
    }
    std::fs::remove_file(file(&es)).unwrap();
    assert!(matches!(open().await, Err(Error::KeyFileMissing(key)) if key == es));
    std::fs::write(file(&es), good).unwrap();
    open().await.unwrap();
}

#[tokio::test]
async fn nothing_printed_holds_a_private_key() {
    let house = house().await;
    let signer = house.custody.current(Purpose::AccessToken, NOW).unwrap();
    let printed = format!("{:?} {:?} {:?}", house.custody, signer, keys(&house.fresh.database).await);
    assert!(!printed.contains("pkcs8") && !printed.contains("SealBox") && !printed.contains("07, 07"));
    for entry in std::fs::read_dir(&house.folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let spki = signer.key.public_key().spki_der();
        assert!(!bytes.windows(32).any(|window| window == &spki[spki.len() - 32..]));
    }
}

#[tokio::test]
async fn a_name_that_cannot_stand_in_a_certificate_is_refused() {
    let house = house().await;
    let mut work = house.fresh.database.begin(at(1)).await.unwrap();
    for (name, accepted) in [
        ("章".repeat(limits::NAME_CHARACTERS_MAX), true),
        ("章".repeat(limits::NAME_CHARACTERS_MAX + 1), false),
        (String::new(), false),
        ("印\u{202e}章".to_owned(), false),
        ("印\n章".to_owned(), false),
        ("龘㐂𠮷印章".to_owned(), true),
    ] {
        let made = authority::issue_seal(&mut work, &house.custody, &subject(&name)).await;
        match made {
            Ok(_) => assert!(accepted, "{name:?}"),
            Err(error) => assert!(!accepted && matches!(error, Error::Name), "{name:?} {error:?}"),
        }
    }
}

#[tokio::test]
async fn lists_are_renewed_at_half_their_time_and_numbered_upwards() {
    let house = house().await;
    let first = house.custody.crl(2).unwrap();
    crl::renew_due(&house.custody, at(limits::CRL_SECONDS / 2 - 1)).await.unwrap();
    assert_eq!(house.custody.crl(2), Some(Arc::clone(&first)));
    crl::renew_due(&house.custody, at(limits::CRL_SECONDS / 2)).await.unwrap();
    let second = house.custody.crl(2).unwrap();
    assert_eq!(second.number, first.number + 1);
    assert!(second.this_update < first.next_update);
    assert_eq!(house.custody.crl(1).unwrap().number, 1);
    assert_eq!(house.custody.crl(3), None);
}

/// What an independent implementation says about a certificate.
fn openssl_verify(house: &House, leaf: &[u8], when: Instant) -> (bool, String) {
    let write = |name: &str, text: String| {
        let path = house.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let pem = |label: &str, der: &[u8]| crypto::encoding::pem(label, der);
    let root = write("root.pem", house.custody.roots_pem());
    let issuing: String = house.custody.authorities().iter().map(|der| pem("CERTIFICATE", der)).collect();
    let issuing = write("issuing.pem", issuing);
    let lists: String = house.custody.crls().iter().map(|list| pem("X509 CRL", &list.der)).collect();
    let lists = write("crl.pem", lists);
    let leaf = write("leaf.pem", pem("CERTIFICATE", leaf));
    let output = Command::new("openssl")
        .args(["verify", "-x509_strict", "-crl_check_all", "-attime", &when.as_seconds().to_string()])
        .args(["-CAfile".as_ref(), root.as_os_str(), "-untrusted".as_ref(), issuing.as_os_str()])
        .args(["-CRLfile".as_ref(), lists.as_os_str(), leaf.as_os_str()])
        .output()
        .expect("this test needs the openssl command on the PATH");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

#[tokio::test]
async fn openssl_accepts_the_chain_and_refuses_a_revoked_seal() {
    let house = house().await;
    let key = seal_key(&house).await;
    let mut tx = house.fresh.database.read().await.unwrap();
    let seal = house.custody.seal_signer(&mut tx, &key).await.unwrap();
    drop(tx);
    let when = NOW.plus_seconds(60);
    let (accepted, said) = openssl_verify(&house, &seal.chain[0], when);
    assert!(accepted, "{said}");
    for purpose in [Purpose::AccessToken, Purpose::IdTokenRs256, Purpose::IdTokenEs256] {
        let (accepted, said) = openssl_verify(&house, &house.custody.current(purpose, NOW).unwrap().chain[0], when);
        assert!(accepted, "{purpose}: {said}");
    }
    let text = Command::new("openssl")
        .args(["x509", "-noout", "-text", "-nameopt", "utf8", "-in"])
        .arg(house.folder.join("leaf.pem"))
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&text.stdout).contains("http://127.0.0.1:8080/crl/2.crl"));

    let mut work = house.fresh.database.begin(at(30)).await.unwrap();
    crl::revoke(&mut work, &house.custody, &seal.certificate_id, RevocationReason::KeyCompromise).await.unwrap();
    let again = crl::revoke(&mut work, &house.custody, &seal.certificate_id, RevocationReason::Superseded).await;
    assert!(matches!(again, Err(Error::CertificateUnknown(_))));
    work.commit().await.unwrap();
    assert_eq!(house.custody.crl(2).unwrap().number, 2);
    let (accepted, said) = openssl_verify(&house, &seal.chain[0], when);
    assert!(!accepted && said.contains("certificate revoked"), "{said}");
    let mut tx = house.fresh.database.read().await.unwrap();
    let revoked = house.custody.seal_signer(&mut tx, &key).await.unwrap();
    let refused = revoked.check_usable(Purpose::Seal, when);
    assert!(matches!(refused, Err(Error::KeyUnusable { state: "revoked", .. })));
}

#[tokio::test]
async fn our_own_reader_accepts_the_chain() {
    let house = house().await;
    let key = seal_key(&house).await;
    let mut tx = house.fresh.database.read().await.unwrap();
    let seal = house.custody.seal_signer(&mut tx, &key).await.unwrap();
    assert_eq!(seal.chain.len(), 2);
    assert_eq!(seal.chain[1], house.custody.authorities()[0]);
    let (message, issuing) = (b"message", house.custody.current(Purpose::IssuingAuthority, NOW).unwrap());
    let signature = seal.key.sign_der(message).await.unwrap();
    assert!(seal.key.public_key().verify_der(Suite::Es256, message, &signature));
    assert!(!issuing.key.public_key().verify_der(Suite::Es256, message, &signature));
}

/// A device whose call blocks, as PKCS#11's do: the call has a thread to itself.
struct Device(Arc<SigningKey>);

impl Custodian for Device {
    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a> {
        let (key, message) = (Arc::clone(&self.0), message.to_vec());
        Signing::Later(Box::pin(async move {
            tokio::task::spawn_blocking(move || key.sign_jose(&message)).await.map_err(Fault::broken)?
        }))
    }
}

#[tokio::test]
async fn a_key_in_a_device_signs_tokens_certificates_and_documents_for_the_same_callers() {
    let house = house().await;
    let key = Arc::new(SigningKey::generate(Suite::Es256).unwrap());
    let public: PublicKey = key.public_key().clone();
    let key = KeyHandle::new(Suite::Es256, public.clone(), Arc::new(Device(key)));
    let token = sign_compact(&key, "kid", "JWT", &serde_json::json!({ "sub": "a" })).await.unwrap();
    assert!(Jws::parse(&token).unwrap().verify(Suite::Es256, &public).is_some());

    let work = house.fresh.database.begin(at(1)).await.unwrap();
    let name = "滨江市政务服务根证书".to_owned();
    let profile = house.custody.profile(&work, Purpose::Root, (name.clone(), None), name, None);
    let certificate = certify(&profile, &public, By::Itself { key: &key }).await.unwrap();
    let digest = Digest::of(key.suite().digest(), b"a document");
    let signature = sign_detached(digest, &key, &certificate, &[]).await.unwrap();
    let signature = SignedData::parse(&signature).unwrap();
    assert!(signature.verify_signature() && signature.message_digest == digest);
}

#[tokio::test]
async fn keys_are_kept_in_the_order_in_which_they_were_made_and_replaced() {
    let house = house().await;
    let told = async |expected: &[&str]| {
        assert_eq!(records::testing::last_kinds(&house.fresh.database, expected.len()).await.unwrap(), expected);
    };
    let pair = ["pki.key.created", "pki.certificate.issued"];
    let pairs = pair.repeat(Purpose::SINGLE.len());
    told(&[&["pki.envelope.bound"][..], &pairs, &["pki.crl.signed", "pki.crl.signed"]].concat()).await;
    for seconds in [10, 20, 30, 40] {
        let old = house.custody.current(Purpose::IdTokenEs256, NOW).unwrap();
        let next = rotation::pre_publish(&house.custody, at(seconds), Purpose::IdTokenEs256).await.unwrap();
        let mut work = house.fresh.database.begin(at(seconds + 1)).await.unwrap();
        rotation::activate(&mut work, &next, Wait::Skipped).await.unwrap();
        work.commit().await.unwrap();
        told(&[&pair[..], &["pki.key.activated", "pki.key.retired"]].concat()).await;
        let mut work = house.fresh.database.begin(at(seconds + 2)).await.unwrap();
        crl::revoke(&mut work, &house.custody, &old.certificate_id, RevocationReason::Superseded).await.unwrap();
        work.commit().await.unwrap();
        told(&["pki.certificate.revoked", "pki.key.revoked", "pki.crl.signed"]).await;
    }
}

/// From one key of a purpose to the next.
async fn rotate(house: &House, seconds: i64, purpose: Purpose) -> KeyId {
    let next = rotation::pre_publish(&house.custody, at(seconds), purpose).await.unwrap();
    let mut work = house.fresh.database.begin(at(seconds)).await.unwrap();
    rotation::activate(&mut work, &next, Wait::Skipped).await.unwrap();
    work.commit().await.unwrap();
    next
}

async fn seal_signer(house: &House, key: &KeyId) -> Arc<crate::Signer> {
    house.custody.seal_signer(&mut house.fresh.database.read().await.unwrap(), key).await.unwrap()
}

#[tokio::test]
async fn what_an_authority_issued_stays_good_when_it_is_replaced_and_its_list_goes_on() {
    let house = house().await;
    let old = seal_signer(&house, &seal_key(&house).await).await;
    let first = house.custody.current(Purpose::IssuingAuthority, NOW).unwrap();
    let made = (rotate(&house, 10, Purpose::Root).await, rotate(&house, 20, Purpose::IssuingAuthority).await);
    let second = house.custody.current(Purpose::IssuingAuthority, NOW).unwrap();
    assert_eq!(second.key_id, made.1);
    assert_eq!((house.custody.roots().len(), house.custody.authorities().len(), house.custody.crls().len()), (2, 2, 4));

    let new = seal_signer(&house, &seal_key(&house).await).await;
    assert_eq!((&old.chain[1], &new.chain[1]), (&first.chain[0], &second.chain[0]));
    for seal in [&old, &new] {
        let (accepted, said) = openssl_verify(&house, &seal.chain[0], NOW.plus_seconds(60));
        assert!(accepted, "{said}");
    }

    // The first authority issues no more, and still says what it takes back.
    let mut work = house.fresh.database.begin(at(30)).await.unwrap();
    crl::revoke(&mut work, &house.custody, &old.certificate_id, RevocationReason::KeyCompromise).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!([1, 2, 3, 4].map(|list| house.custody.crl(list).unwrap().number), [1, 2, 1, 1]);
    let (accepted, said) = openssl_verify(&house, &old.chain[0], NOW.plus_seconds(60));
    assert!(!accepted && said.contains("certificate revoked"), "{said}");
    assert!(openssl_verify(&house, &new.chain[0], NOW.plus_seconds(60)).0);

    crl::renew_due(&house.custody, at(limits::CRL_SECONDS)).await.unwrap();
    assert_eq!([1, 2, 3, 4].map(|list| house.custody.crl(list).unwrap().number), [1, 3, 1, 2]);
    crl::renew_due(&house.custody, at(limits::ROOT_CRL_SECONDS)).await.unwrap();
    assert_eq!([1, 2, 3, 4].map(|list| house.custody.crl(list).unwrap().number), [2, 4, 2, 3]);
    // The last lists, and who was taken back is on them although the certificate has long ended.
    for seconds in [limits::AUTHORITY_SECONDS - 60, limits::AUTHORITY_SECONDS + 60] {
        crl::renew_due(&house.custody, at(seconds)).await.unwrap();
        assert_eq!([2, 4].map(|list| house.custody.crl(list).unwrap().number), [5, 4], "no other one follows");
    }
    let serial = crypto::x509::Certificate::parse(&old.chain[0]).unwrap().serial;
    for (list, names_it) in [(2, true), (4, false)] {
        let list = house.custody.crl(list).unwrap();
        assert_eq!(list.next_update, limits::NO_NEXT_UPDATE);
        assert_eq!(crypto::x509::Crl::parse(&list.der).unwrap().find(&serial).is_some(), names_it);
    }
}

#[tokio::test]
async fn what_an_authority_issued_is_judged_by_its_list_after_it_was_revoked_itself() {
    let house = house().await;
    let first = house.custody.current(Purpose::IssuingAuthority, NOW).unwrap();
    rotate(&house, 10, Purpose::IssuingAuthority).await;
    let mut work = house.fresh.database.begin(at(20)).await.unwrap();
    rotation::revoke(&mut work, &house.custody, &first.key_id, RevocationReason::Superseded).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(house.custody.crl(2).unwrap().next_update, limits::NO_NEXT_UPDATE);
    assert_eq!(house.custody.crl(1).unwrap().number, 2, "the root says so");
}

const DAY: i64 = limits::DAY_SECONDS;

/// Which key signs for a purpose after so many days, when the calendar has turned on each of them.
async fn turned(house: &House, days: std::ops::RangeInclusive<i64>, purpose: Purpose) -> Vec<KeyId> {
    let mut keys = Vec::new();
    for day in days {
        calendar::turn(&house.custody, &at(day * DAY)).await.unwrap();
        let key = house.custody.current(purpose, NOW.plus_seconds(day * DAY)).unwrap().key_id.clone();
        if keys.last() != Some(&key) {
            keys.push(key);
        }
    }
    keys
}

#[tokio::test]
async fn a_key_is_published_two_months_before_its_end_and_replaced_one_month_before_it() {
    let house = house().await;
    let purpose = Purpose::AccessToken;
    let end = limits::SERVICE_SECONDS / DAY;
    let published = |day: i64| house.custody.published(purpose, NOW.plus_seconds(day * DAY)).len();
    let first = house.custody.current(purpose, NOW).unwrap().key_id.clone();
    assert_eq!(turned(&house, end - 61..=end - 61, purpose).await, std::slice::from_ref(&first));
    assert_eq!(published(end - 61), 1);
    assert_eq!(turned(&house, end - 60..=end - 31, purpose).await, std::slice::from_ref(&first));
    assert_eq!(published(end - 31), 2);
    let second = turned(&house, end - 30..=end - 30, purpose).await;
    assert!(second.len() == 1 && second[0] != first);
    assert_eq!(turned(&house, end - 29..=end + 1, purpose).await, second, "once, and not again");
    assert_eq!((published(end - 1), published(end)), (2, 1));
}

#[tokio::test]
async fn an_authority_is_replaced_before_what_it_issues_would_outlive_it() {
    let house = house().await;
    let (purpose, years) = (Purpose::IssuingAuthority, limits::SEAL_SECONDS / DAY);
    let last = years - 31;
    let first = house.custody.current(purpose, NOW).unwrap();
    assert_eq!(turned(&house, years - 60..=last, purpose).await, std::slice::from_ref(&first.key_id));
    let mut work = house.fresh.database.begin(at(last * DAY)).await.unwrap();
    let key = authority::issue_seal(&mut work, &house.custody, &subject("印章")).await.unwrap();
    work.commit().await.unwrap();
    assert!(seal_signer(&house, &key).await.not_after <= first.not_after);
    let next = turned(&house, years - 30..=years - 30, purpose).await;
    assert!(!next.contains(&first.key_id));
}

#[tokio::test]
async fn what_an_authority_issues_ends_with_it_and_is_not_made_again_and_again() {
    let house = house().await;
    // Its root's key is kept elsewhere: nobody can make another authority.
    let elsewhere = house.folder.join("elsewhere");
    root::take_out(&house.custody, at(1), &elsewhere).await.unwrap();
    let authority = house.custody.current(Purpose::IssuingAuthority, NOW).unwrap();
    let late = limits::AUTHORITY_SECONDS / DAY - 40;
    turned(&house, late..=late, Purpose::IssuingAuthority).await;
    let token = house.custody.current(Purpose::AccessToken, NOW.plus_seconds(late * DAY)).unwrap();
    assert_eq!(token.not_after, authority.not_after);
    let before = keys(&house.fresh.database).await.len();
    turned(&house, late + 1..=late + 39, Purpose::AccessToken).await;
    assert_eq!(keys(&house.fresh.database).await.len(), before);
    let told = calendar::endings(&house.custody);
    let ending = told.iter().find(|ending| matches!(ending.what, Ends::Key(Purpose::IssuingAuthority, _))).unwrap();
    let at = authority.not_after.plus_seconds(-limits::SEAL_SECONDS);
    assert_eq!((ending.at, ending.replaced_at), (at, None), "somebody has to see to it");
    assert!(ending.is_urgent(NOW.plus_seconds((late + 1) * DAY)));
}

#[tokio::test]
async fn of_two_processes_whose_calendars_turn_at_once_one_makes_the_next_key() {
    let house = house().await;
    let database = Database::open(&house.fresh.settings).await.unwrap();
    let other = Custody::open(&database, settings(&house.folder, 7)).await.unwrap();
    let late = at(limits::SERVICE_SECONDS + DAY);
    let (one, two) = tokio::join!(calendar::turn(&house.custody, &late), calendar::turn(&other, &late));
    one.unwrap();
    two.unwrap();
    assert_eq!(
        keys(&house.fresh.database).await.len(),
        Purpose::SINGLE.len() + 4,
        "one for each kind of token, and for heads"
    );
    for purpose in [Purpose::AccessToken, Purpose::IdTokenEs256, Purpose::IdTokenRs256] {
        let (a, b) = (house.custody.current(purpose, late.at).unwrap(), other.current(purpose, late.at).unwrap());
        assert_eq!(a.key_id, b.key_id);
    }
}

#[tokio::test]
async fn a_root_that_was_taken_away_signs_nothing_until_it_is_within_reach() {
    let house = house().await;
    let elsewhere = house.folder.join("elsewhere");
    let root = house.custody.current(Purpose::Root, NOW).unwrap().key_id.clone();
    let file = format!("{root}.key");
    assert_eq!(root::take_out(&house.custody, at(1), &elsewhere).await.unwrap(), std::slice::from_ref(&root));
    assert!(elsewhere.join(&file).exists() && !house.folder.join(&file).exists());
    let list = house.custody.crl(1).unwrap();
    assert!(list.next_update.seconds_since(NOW) >= 399 * DAY);
    let refused = rotation::pre_publish(&house.custody, at(2), Purpose::IssuingAuthority).await;
    assert!(matches!(refused, Err(Error::KeyAway(ref key)) if *key == root), "{refused:?}");
    let refused = root::sign_lists(&house.custody, at(2)).await;
    assert!(matches!(refused, Err(Error::KeyAway(_))), "{refused:?}");
    // Everything else goes on, also in a process that starts now.
    let open = async |root_folder| {
        let with = CustodySettings { root_folder, ..settings(&house.folder, 7) };
        Custody::open(&house.fresh.database, with).await.unwrap()
    };
    let beside = open(None).await;
    beside.current(Purpose::AccessToken, NOW).unwrap();
    assert_eq!(beside.roots(), house.custody.roots());
    calendar::turn(&beside, &at(200 * DAY)).await.unwrap();
    assert_eq!(beside.crl(1).unwrap().number, list.number);
    let told = calendar::endings(&beside);
    assert!(told.iter().any(|ending| ending.what == Ends::List(root.clone()) && ending.replaced_at.is_none()));
    // The medium is here for a while.
    let with_root = open(Some(elsewhere.clone())).await;
    root::sign_lists(&with_root, at(350 * DAY)).await.unwrap();
    rotation::pre_publish(&with_root, at(350 * DAY), Purpose::IssuingAuthority).await.unwrap();
    assert_eq!(with_root.crl(1).unwrap().number, list.number + 1);
    // Back for good.
    root::bring_back(&beside, at(351 * DAY), &elsewhere).await.unwrap();
    rotation::pre_publish(&beside, at(351 * DAY), Purpose::IssuingAuthority).await.unwrap();
    let again = root::bring_back(&beside, at(352 * DAY), &elsewhere).await;
    assert!(matches!(again, Err(Error::NoCurrentKey(Purpose::Root))));
    let kinds = records::testing::last_kinds(&house.fresh.database, 30).await.unwrap();
    for kind in ["pki.key.taken_out", "pki.key.brought_back"] {
        assert_eq!(kinds.iter().filter(|one| *one == kind).count(), 1, "{kinds:?}");
    }
}

#[tokio::test]
async fn a_clock_that_is_behind_replaces_nothing() {
    let house = house().await;
    let before = keys(&house.fresh.database).await.len();
    for days in [1, 400, 10_000] {
        calendar::turn(&house.custody, &at(-days * DAY)).await.unwrap();
    }
    assert_eq!(keys(&house.fresh.database).await.len(), before);
}

#[tokio::test]
async fn a_root_that_is_kept_elsewhere_is_not_replaced_here_and_signs_its_last_list_once() {
    let house = house().await;
    let elsewhere = house.folder.join("elsewhere");
    let root = house.custody.current(Purpose::Root, NOW).unwrap().key_id.clone();
    root::take_out(&house.custody, at(1), &elsewhere).await.unwrap();
    let open = async |folder: PathBuf| {
        let with = CustodySettings { root_folder: Some(folder), ..settings(&house.folder, 7) };
        Custody::open(&house.fresh.database, with).await.unwrap()
    };
    let late = limits::ROOT_SECONDS - 100 * DAY;
    let here = open(elsewhere.clone()).await;
    root::sign_lists(&here, at(late)).await.unwrap();
    assert_eq!(here.crl(1).unwrap().next_update, limits::NO_NEXT_UPDATE);
    let again = root::sign_lists(&here, at(late + DAY)).await;
    assert!(matches!(again, Err(Error::NoCurrentKey(Purpose::Root))), "{again:?}");
    // It has ended; a medium on which something else lies is one that is not there.
    std::fs::write(elsewhere.join(format!("{root}.key")), "something else").unwrap();
    let away = open(elsewhere).await;
    let _ = calendar::turn(&away, &at(limits::ROOT_SECONDS + DAY)).await;
    let roots = keys(&house.fresh.database).await.into_iter().filter(|key| key.purpose == Purpose::Root);
    assert_eq!(roots.map(|key| key.key_id).collect::<Vec<_>>(), [root]);
}

#[tokio::test]
async fn a_root_key_whose_file_stayed_is_told_and_taken_out_again() {
    let house = house().await;
    let elsewhere = house.folder.join("elsewhere");
    let root = house.custody.current(Purpose::Root, NOW).unwrap().key_id.clone();
    let file = house.folder.join(format!("{root}.key"));
    let content = std::fs::read(&file).unwrap();
    root::take_out(&house.custody, at(1), &elsewhere).await.unwrap();
    assert!(house.custody.left_behind().is_empty());
    std::fs::write(&file, content).unwrap();
    assert_eq!(house.custody.left_behind(), std::slice::from_ref(&root));
    assert_eq!(root::take_out(&house.custody, at(2), &elsewhere).await.unwrap(), [root]);
    assert!(!file.exists() && house.custody.left_behind().is_empty());
}

#[tokio::test]
async fn a_root_key_is_lost_to_nobody_when_it_cannot_be_copied() {
    let house = house().await;
    let root = house.custody.current(Purpose::Root, NOW).unwrap().key_id.clone();
    let no_folder = house.folder.join(format!("{root}.key"));
    for to in [&no_folder, &house.folder, &house.folder.join("../").join(house.folder.file_name().unwrap())] {
        assert!(root::take_out(&house.custody, at(1), to).await.is_err(), "{}", to.display());
    }
    assert!(no_folder.is_file());
    rotation::pre_publish(&house.custody, at(2), Purpose::IssuingAuthority).await.unwrap();
}

#[tokio::test]
async fn every_key_is_sealed_under_another_envelope_key_and_only_that_opens_them() {
    let house = house().await;
    let seal = seal_key(&house).await;
    let before = house.custody.derivation().await.unwrap();
    let open = |envelope: u8| Custody::open(&house.fresh.database, settings(&house.folder, envelope));
    let count = envelope::replace(&house.custody, at(1), &Secret::new([8; 32])).await.unwrap();
    assert_eq!(count, Purpose::SINGLE.len() + 1);
    assert!(matches!(open(7).await, Err(Error::EnvelopeMismatch)));
    let custody = open(8).await.unwrap();
    for purpose in Purpose::SINGLE {
        let (now, then) = (custody.current(purpose, NOW).unwrap(), house.custody.current(purpose, NOW).unwrap());
        assert_eq!(now.key.public_key(), then.key.public_key());
    }
    let mut tx = house.fresh.database.read().await.unwrap();
    custody.seal_signer(&mut tx, &seal).await.unwrap();
    drop(tx);
    assert_eq!(custody.derivation().await.unwrap().expose(), before.expose(), "what was derived stays");
    envelope::replace(&custody, at(2), &Secret::new([9; 32])).await.unwrap();
    let custody = open(9).await.unwrap();
    assert_eq!(custody.derivation().await.unwrap().expose(), before.expose());
    // A process that was forgotten makes nothing that only the old key opens.
    let mut work = house.fresh.database.begin(at(4)).await.unwrap();
    let made = authority::issue_seal(&mut work, &house.custody, &subject("印章")).await;
    assert!(matches!(made, Err(Error::EnvelopeMismatch)), "{made:?}");
    drop(work);
    // Without its file other keys would be derived.
    std::fs::remove_file(house.folder.join("derivation.key")).unwrap();
    assert!(matches!(open(9).await.unwrap().derivation().await, Err(Error::DerivationMismatch)));
    rotation::pre_publish(&custody, at(5), Purpose::IssuingAuthority).await.unwrap();
}

#[tokio::test]
async fn a_replacement_of_the_envelope_key_that_was_cut_off_is_finished_and_one_that_failed_changes_nothing() {
    let house = house().await;
    let open = |envelope: u8| Custody::open(&house.fresh.database, settings(&house.folder, envelope));
    let names = || {
        let names = std::fs::read_dir(&house.folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    };
    let newest = rotation::pre_publish(&house.custody, at(2), Purpose::AccessToken).await.unwrap();
    let before = names();
    // Before the database was told: the last file is damaged.
    let file = house.folder.join(format!("{newest}.key"));
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, &good[..20]).unwrap();
    let refused = envelope::replace(&house.custody, at(3), &Secret::new([8; 32])).await;
    assert!(matches!(refused, Err(Error::KeyFileTampered(ref key)) if *key == newest), "{refused:?}");
    assert!(names().len() > before.len());
    std::fs::write(&file, &good).unwrap();
    // Whoever opens beside it leaves what waits alone: it may be somebody's who is not ready yet.
    let there = names();
    open(7).await.unwrap().current(Purpose::AccessToken, NOW).unwrap();
    assert_eq!(names(), there);
    // After it was told, before the files took their places.
    let old: Vec<_> = before.iter().map(|name| std::fs::read(house.folder.join(name)).unwrap()).collect();
    envelope::replace(&house.custody, at(5), &Secret::new([8; 32])).await.unwrap();
    let check = crate::queries::envelope_check(&mut house.fresh.database.read().await.unwrap()).await.unwrap();
    for (name, old) in before.iter().zip(&old) {
        let path = house.folder.join(name);
        std::fs::rename(&path, house.folder.join(format!("{name}.next-{check}"))).unwrap();
        std::fs::write(&path, old).unwrap();
    }
    open(8).await.unwrap().current(Purpose::AccessToken, NOW).unwrap();
    assert_eq!(names().len(), before.len() + 1, "and what keys are derived from");
    assert!(names().iter().all(|name| !name.contains("next")));
}

#[test]
fn an_end_is_told_90_30_7_and_1_days_before() {
    let key = KeyId::stored("key_1".to_owned());
    let ending = |replaced_at| Ending {
        what: Ends::Seal(key.clone()),
        name: String::new(),
        at: NOW,
        replaced_at,
        is_away: false,
    };
    let days = |days: i64| NOW.plus_seconds(-days * DAY);
    let check = |before: i64, within: Option<i64>, urgent: bool| {
        let by_itself = ending(Some(days(2)));
        assert_eq!(by_itself.within_days(days(before)), within, "{before}");
        assert_eq!(by_itself.is_urgent(days(before)), urgent, "{before}");
        assert_eq!(ending(None).is_urgent(days(before)), within.is_some(), "{before}");
    };
    check(91, None, false);
    check(90, Some(90), false);
    check(31, Some(90), false);
    check(30, Some(30), false);
    check(8, Some(30), false);
    check(7, Some(7), true);
    check(1, Some(1), true);
    check(0, Some(0), true);
    check(-3, Some(0), true);
    assert!(ending(Some(days(50))).is_urgent(days(40)), "it was to be replaced by itself, and was not");
}

#[tokio::test]
async fn every_list_is_in_the_calendar_and_told_when_it_was_not_renewed() {
    let house = house().await;
    for (purpose, life) in [(Purpose::Root, limits::ROOT_CRL_SECONDS), (Purpose::IssuingAuthority, limits::CRL_SECONDS)]
    {
        let key = house.custody.current(purpose, NOW).unwrap().key_id.clone();
        let told = calendar::endings(&house.custody);
        let ending = told.into_iter().find(|ending| ending.what == Ends::List(key.clone())).unwrap();
        let half = ending.replaced_at.unwrap();
        assert_eq!(half.plus_seconds(life / 2), ending.at, "{purpose}");
        assert!(!ending.name.contains("CN=") && ending.name.contains(" · 滨江市政务服务"), "{}", ending.name);
        let is_told = |seconds: i64| {
            let at = half.plus_seconds(seconds);
            (ending.is_overdue(at), ending.is_urgent(at), ending.within_days(at).is_some())
        };
        assert_eq!(is_told(limits::LIST_LATE_SECONDS), (false, false, false), "{purpose}");
        assert_eq!(is_told(limits::LIST_LATE_SECONDS + 1), (true, true, true), "{purpose}, and it counts still");
    }
}

#[tokio::test]
async fn a_key_that_was_published_a_moment_ago_signs_only_when_it_must() {
    let house = house().await;
    let next = rotation::pre_publish(&house.custody, at(1), Purpose::AccessToken).await.unwrap();
    let activate = async |seconds: i64, wait: Wait| {
        let mut work = house.fresh.database.begin(at(seconds)).await.unwrap();
        let activated = rotation::activate(&mut work, &next, wait).await;
        if activated.is_ok() {
            work.commit().await.unwrap();
        }
        activated
    };
    let refused = activate(600, Wait::Over).await;
    assert!(matches!(refused, Err(Error::KeyTooNew { until, .. }) if until == NOW.plus_seconds(601)), "{refused:?}");
    activate(601, Wait::Over).await.unwrap();
}

#[tokio::test]
async fn nothing_is_signed_under_an_authority_that_was_revoked() {
    let house = house().await;
    let key = seal_key(&house).await;
    let first = house.custody.current(Purpose::IssuingAuthority, NOW).unwrap();
    rotate(&house, 10, Purpose::IssuingAuthority).await;
    seal_signer(&house, &key).await.check_usable(Purpose::Seal, NOW).unwrap();
    let mut work = house.fresh.database.begin(at(20)).await.unwrap();
    rotation::revoke(&mut work, &house.custody, &first.key_id, RevocationReason::KeyCompromise).await.unwrap();
    let subject = subject("滨江市市场监督管理局电子证照专用章");
    let renewed = rotation::renew_seal(&mut work, &house.custody, &key, &subject).await.unwrap();
    work.commit().await.unwrap();
    let refused = seal_signer(&house, &key).await.check_usable(Purpose::Seal, NOW);
    assert!(matches!(refused, Err(Error::KeyUnusable { state: "retired" | "revoked", .. })), "{refused:?}");
    assert!(seal_signer(&house, &key).await.revoked_at.is_some());
    seal_signer(&house, &renewed).await.check_usable(Purpose::Seal, NOW).unwrap();
}

#[tokio::test]
async fn a_key_that_signs_now_is_neither_retired_nor_revoked() {
    let house = house().await;
    let seal = seal_key(&house).await;
    let mut work = house.fresh.database.begin(at(1)).await.unwrap();
    for key in Purpose::SINGLE.map(|purpose| house.custody.current(purpose, NOW).unwrap().key_id.clone()) {
        let refused = rotation::retire(&mut work, &key).await;
        assert!(matches!(refused, Err(Error::KeyInUse(ref named)) if *named == key), "{refused:?}");
        let refused = rotation::revoke(&mut work, &house.custody, &key, RevocationReason::Superseded).await;
        assert!(matches!(refused, Err(Error::KeyInUse(ref named)) if *named == key), "{refused:?}");
    }
    assert!(matches!(rotation::retire(&mut work, &seal).await, Err(Error::KeyInUse(_))));
    assert!(matches!(rotation::activate(&mut work, &seal, Wait::Skipped).await, Err(Error::SealKey)));
    drop(work);
    let refused = rotation::pre_publish(&house.custody, at(2), Purpose::Seal).await;
    assert!(matches!(refused, Err(Error::SealKey)));

    let next = rotation::pre_publish(&house.custody, at(3), Purpose::AccessToken).await.unwrap();
    let mut work = house.fresh.database.begin(at(4)).await.unwrap();
    rotation::retire(&mut work, &next).await.unwrap();
    let refused = rotation::activate(&mut work, &next, Wait::Skipped).await;
    assert!(matches!(refused, Err(Error::Transition { from: KeyState::Retired, .. })));
}

/// A key whose suite is not the one that its purpose has today.
#[tokio::test]
async fn a_key_of_another_suite_than_its_purpose_has_now_is_found_again() {
    let house = house().await;
    let new = house.custody.0.folder.make(Suite::Es384, &at(1).entropy).await.unwrap();
    let mut work = house.fresh.database.begin(at(1)).await.unwrap();
    let authority = house.custody.current(Purpose::IssuingAuthority, NOW).unwrap();
    let name = "滨江市市场监督管理局".to_owned();
    let profile = house.custody.profile(&work, Purpose::Seal, (name.clone(), None), name, Some(&authority));
    let place = (Purpose::Seal, KeyState::Active);
    let made = authority::adopt(&mut work, &house.custody, place, new, (profile, Some(&authority))).await.unwrap();
    work.commit().await.unwrap();
    let found = seal_signer(&house, &made.key_id).await;
    assert_eq!((found.key.suite(), found.key.public_key()), (Suite::Es384, made.key.public_key()));
    let (accepted, said) = openssl_verify(&house, &found.chain[0], NOW.plus_seconds(60));
    assert!(accepted, "{said}");
}

/// A house whose rows are marked.
async fn marked_house() -> House {
    static ALL: [&[records::Marked]; 1] = [crate::marked::MARKED];
    let fresh = records::testing::fresh_protected(&ALL).await.unwrap();
    let folder = folder_of(&fresh);
    let custody = Custody::open(&fresh.database, settings(&folder, 7)).await.unwrap();
    custody.ensure(at(0)).await.unwrap();
    House { fresh, custody, folder }
}

async fn past_the_product(house: &House, sql: &'static str) {
    let mut tx = house.fresh.database.housekeeping().await.unwrap();
    assert_ne!(tx.run(sql, vec![]).await.unwrap(), 0, "{sql}");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_key_that_was_put_there_or_changed_past_the_product_is_none_of_ours() {
    let house = marked_house().await;
    let token = house.custody.current(Purpose::AccessToken, NOW).unwrap().key_id.clone();
    let of_token = "key_id = (select key_id from pki_key where purpose = 'access_token')";
    for (sql, back) in [
        ("update pki_key set taken_out_at = 1", "update pki_key set taken_out_at = null"),
        ("update pki_key set not_after = not_after + 1", "update pki_key set not_after = not_after - 1"),
        ("update pki_key set state = 'retired'", "update pki_key set state = 'active'"),
        (
            "update pki_certificate set subject = 'x' || subject",
            "update pki_certificate set subject = substr(subject, 2)",
        ),
    ] {
        let run = async |sql: &str| {
            let mut tx = house.fresh.database.housekeeping().await.unwrap();
            assert_eq!(tx.run_text(&format!("{sql} where {of_token}"), vec![]).await.unwrap(), 1, "{sql}");
            tx.commit().await.unwrap();
            house.fresh.database.reload_kept().await.unwrap();
        };
        run(sql).await;
        assert!(house.custody.signer(Purpose::AccessToken, &token).is_err(), "{sql}");
        run(back).await;
        assert!(house.custody.signer(Purpose::AccessToken, &token).is_ok(), "{sql}");
    }
}

#[tokio::test]
async fn no_list_names_what_was_revoked_past_the_product_and_nothing_is_sealed_with_it() {
    let house = marked_house().await;
    let key = seal_key(&house).await;
    let authority = house.custody.current(Purpose::IssuingAuthority, NOW).unwrap();
    let sign = async || {
        let mut work = house.fresh.database.begin(at(40)).await.unwrap();
        crate::crl::sign_list(&mut work, &authority).await
    };
    sign().await.unwrap();
    past_the_product(
        &house,
        "update pki_certificate set revoked_at = 1, revocation_reason = 'superseded'
          where key_id in (select key_id from pki_key where purpose = 'seal')",
    )
    .await;
    assert!(matches!(sign().await, Err(Error::Fault(_))));
    let mut tx = house.fresh.database.read().await.unwrap();
    assert!(matches!(house.custody.seal_signer(&mut tx, &key).await, Err(Error::Fault(_))));
}
