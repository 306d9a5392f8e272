//! Verdicts on what this library issued, and what is written down of them.

use identity::organisation;
use std::sync::Arc;

use records::{Event, testing};
use verify::{Outcome, Reason, Verdict, pdf};

use super::city::{City, NOW, city};
use crate::{
    Licence, Status, events, lifecycle, register::reason::SuspensionReason, verification, verification::Number,
};

async fn by_code(city: &City, text: &str, seconds: i64) -> Verdict {
    let mut work = city.work(seconds).await;
    let number = city.library.number(text);
    let verdict = verification::by_number(&mut work, &city.library.catalogue.now(), &number).await.unwrap();
    work.commit().await.unwrap();
    verdict
}

async fn by_file(city: &City, bytes: &[u8], seconds: i64) -> Verdict {
    let mut work = city.work(seconds).await;
    let examined = pdf::examine(bytes);
    let verdict = verification::by_file(&mut work, &city.library, &examined).await.unwrap();
    work.commit().await.unwrap();
    verdict
}

async fn document(city: &City, licence: &Licence) -> Vec<u8> {
    city.library.safe.document(&mut city.fresh.database.read().await.unwrap(), &licence.id).await.unwrap().1
}

async fn suspend(city: &City, licence: &Licence, seconds: i64) {
    let mut work = city.work(seconds).await;
    lifecycle::suspend(&mut work, std::slice::from_ref(&city.food.id), &licence.id, SuspensionReason::Investigation)
        .await
        .unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn a_look_at_a_code_takes_one_statement_and_a_verification_with_receipt_three() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    let database = &city.fresh.database;
    let before = database.asked();
    let mut tx = database.read().await.unwrap();
    let at = NOW.plus_seconds(1);
    let verdict = verification::look(&mut tx, &city.library.catalogue.now(), &Number::Code(licence.code.clone()), at)
        .await
        .unwrap();
    assert_eq!((verdict.outcome, database.asked() - before), (Outcome::Valid, 1));
    drop(tx);
    let before = database.asked();
    by_code(&city, licence.code.as_str(), 2).await;
    // The licence, the receipt and the event, between the beginning and the end of their transaction.
    assert_eq!(database.asked() - before, 1 + 3 + 1);
}

#[tokio::test]
async fn code_identifier_and_file_of_one_licence_get_one_answer() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    let file = document(&city, &licence).await;
    let check = async |seconds, outcome, reason: Option<Reason>| {
        let payload = format!("HTTP://127.0.0.1:8080/V/{}", licence.code.as_str());
        for verdict in [
            by_code(&city, licence.code.as_str(), seconds).await,
            by_code(&city, &payload, seconds).await,
            by_code(&city, &licence.identifier, seconds).await,
            by_file(&city, &file, seconds).await,
        ] {
            assert_eq!((verdict.outcome, verdict.reason()), (outcome, reason), "{verdict:#?}");
            let shown = verdict.licence.unwrap();
            assert_eq!(shown.identifier, licence.identifier);
            assert_eq!(shown.holder_shown, "滨江市龙福餐饮有限公司", "a company's name is public");
            // The library and the verdict may never disagree about how a licence stands.
            let stored = city.find(&licence).await;
            let at = NOW.plus_seconds(seconds);
            assert_eq!(stored.standing(at).unwrap().as_str(), shown.standing(at).as_str());
        }
    };
    check(1, Outcome::Valid, None).await;
    suspend(&city, &licence, 2).await;
    check(3, Outcome::Invalid, Some(Reason::Suspended)).await;
}

#[tokio::test]
async fn an_expired_licence_says_so_by_whatever_it_is_asked() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    let late = licence.valid_until.unwrap().plus_days(1).start().seconds_since(NOW);
    assert_eq!(by_code(&city, licence.code.as_str(), late - 1).await.outcome, Outcome::Valid);
    assert_eq!(by_code(&city, licence.code.as_str(), late).await.reason(), Some(Reason::Expired));
    let stored = city.find(&licence).await;
    assert_eq!(stored.status, Status::Valid, "nothing has to be written for a licence to expire");
}

#[tokio::test]
async fn an_altered_file_is_invalid_and_still_says_which_licence_it_was() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    let mut file = document(&city, &licence).await;
    let at = file.windows(9).rposition(|part| part == b"endstream").unwrap() - 20;
    file[at] ^= 1;
    let verdict = by_file(&city, &file, 1).await;
    assert_eq!((verdict.outcome, verdict.reason()), (Outcome::Invalid, Some(Reason::ContentAltered)));
    assert_eq!(verdict.licence.unwrap().identifier, licence.identifier);
}

#[tokio::test]
async fn what_is_cut_off_is_told_from_what_was_altered_and_cut() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    let file = document(&city, &licence).await;
    let mut cut = file[..file.len() - 900].to_vec();
    let verdict = by_file(&city, &cut, 1).await;
    assert_eq!((verdict.outcome, verdict.reason()), (Outcome::Invalid, Some(Reason::FileIncomplete)));
    cut[2_000] ^= 1;
    let verdict = by_file(&city, &cut, 2).await;
    assert_eq!((verdict.outcome, verdict.reason()), (Outcome::Invalid, Some(Reason::RecordDiffers)));
}

#[tokio::test]
async fn what_our_seals_are_called_and_whose_they_are_is_known_as_soon_as_they_are_made() {
    let city = city().await;
    let trust = city.library.trust.now().unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    let seals = seal::names(&mut tx).await.unwrap();
    assert!(!seals.is_empty());
    for (name, department) in seals {
        let department = organisation::find(&mut tx, &department).await.unwrap().unwrap();
        let code = department.credit_code.as_str();
        assert!(trust.seal_names.contains(&pdf::folded(&name)) && trust.issuer_codes.contains(code), "{name} {code}");
    }
    assert_eq!(trust.authorities.len(), 1);
}

#[tokio::test]
async fn what_was_numbered_but_not_issued_does_not_exist() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    let verdict = by_code(&city, intent.licence.code.as_str(), 1).await;
    assert_eq!((verdict.outcome, verdict.reason()), (Outcome::Invalid, Some(Reason::UnknownNumber)));
    assert_eq!(verdict.licence, None);
}

#[tokio::test]
async fn a_genuine_seal_without_a_record_raises_an_alarm() {
    let city = city().await;
    let intent = city.intent(city.food_request("k"), &city.food, 0).await;
    // Signed, and the record never came: what a thief of the key would make.
    let signed = intent.sign(&city.library.press, NOW.plus_seconds(1)).await.unwrap();
    let verdict = by_file(&city, &signed.bytes, 2).await;
    assert_eq!((verdict.outcome, verdict.reason()), (Outcome::Invalid, Some(Reason::NotRecorded)));
    assert_eq!(list::<events::VerificationAlarm>(&city).await.len(), 1);
    // A byte behind the end gives another first reason, and hides nothing.
    let verdict = by_file(&city, &[&signed.bytes[..], b"\n"].concat(), 3).await;
    assert_eq!(verdict.outcome, Outcome::Invalid);
    assert_ne!(verdict.reason(), Some(Reason::NotRecorded));
    assert_eq!(list::<events::VerificationAlarm>(&city).await.len(), 2);
}

#[tokio::test]
async fn whom_we_trust_is_read_once_until_keys_or_lists_are_read_again() {
    let city = city().await;
    let first = city.library.trust.now().unwrap();
    assert!(Arc::ptr_eq(&first, &city.library.trust.now().unwrap()));
    let mut work = city.work(1).await;
    records::revision::bump(&mut work.tx, pki::REVISION).await.unwrap();
    work.record(testing::Changed { what: "keys".to_owned() });
    work.commit().await.unwrap();
    let later = city.library.trust.now().unwrap();
    assert!(!Arc::ptr_eq(&first, &later));
    assert_eq!((first.roots.len(), later.roots.len()), (1, 1));
}

#[tokio::test]
async fn every_verification_leaves_a_receipt_and_an_event_without_a_name() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    let first = by_code(&city, licence.code.as_str(), 1).await;
    let second = by_code(&city, "https://elsewhere.example/1", 2).await;
    assert_ne!(first.receipt, second.receipt);
    let mut tx = city.fresh.database.read().await.unwrap();
    let receipt = verification::receipt::find(&mut tx, first.receipt.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!((receipt.outcome.as_str(), receipt.method.as_str()), ("valid", "code"));
    assert_eq!(receipt.licence.as_ref(), Some(&licence.id));
    let receipt = verification::receipt::find(&mut tx, second.receipt.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!((receipt.outcome.as_str(), receipt.reason.as_deref()), ("unverifiable", Some("not_our_code")));
    drop(tx);
    assert_eq!(list::<events::LicenceVerified>(&city).await.len(), 2);
    for entry in testing::last_numbered(&city.fresh.database, 2).await.unwrap() {
        let entry = format!("{entry:?}");
        assert!(!entry.contains("龙福") && !entry.contains(licence.code.as_str()), "{entry}");
    }
}

#[tokio::test]
async fn a_look_leaves_nothing() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    let verdict = verification::look(&mut tx, &city.library.catalogue.now(), &Number::Code(licence.code.clone()), NOW)
        .await
        .unwrap();
    assert_eq!((verdict.outcome, verdict.receipt), (Outcome::Valid, None));
    assert!(
        verification::receipt::find(&mut tx, &base::id::ReceiptId::stored("ver_x".to_owned())).await.unwrap().is_none()
    );
    drop(tx);
    assert_eq!(list::<events::LicenceVerified>(&city).await.len(), 0);
}

async fn list<E: Event>(city: &City) -> Vec<E> {
    testing::told(&city.fresh.database).await.unwrap()
}
