//! Rows that were changed behind the product: nothing is concluded from them, and nothing is done on top of them.

use records::{Value, args};
use verify::{Outcome, Reason, Verdict, pdf};

use super::city::{City, NOW, marked_city};
use crate::{Error, Licence, lifecycle, register::reason::SuspensionReason, verification, verification::Number};

/// Runs a statement as somebody who has the database.
async fn by_hand(city: &City, sql: &'static str, values: Vec<Value>) {
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    assert_eq!(tx.run(sql, values).await.unwrap(), 1, "{sql}");
    tx.commit().await.unwrap();
}

/// The verdicts by identifier, without a receipt, and by file.
async fn verdicts(city: &City, licence: &Licence, document: &[u8]) -> [Verdict; 3] {
    let catalogue = city.library.catalogue.now();
    let mut work = city.work(10).await;
    let by_identifier =
        verification::by_number(&mut work, &catalogue, &city.library.number(&licence.identifier)).await.unwrap();
    let by_file = verification::by_file(&mut work, &city.library, &pdf::examine(document)).await.unwrap();
    let at = NOW.plus_seconds(10);
    let looked = verification::look(&mut work.tx, &catalogue, &Number::Code(licence.code.clone()), at).await.unwrap();
    [by_identifier, looked, by_file]
}

async fn check(city: &City, licence: &Licence, document: &[u8], wanted: (Outcome, Option<Reason>)) {
    for verdict in verdicts(city, licence, document).await {
        assert_eq!((verdict.outcome, verdict.reason()), wanted);
        assert_eq!(verdict.licence.is_some(), wanted.1 != Some(Reason::RecordDamaged));
    }
}

const DAMAGED: (Outcome, Option<Reason>) = (Outcome::Unverifiable, Some(Reason::RecordDamaged));
const VALID: (Outcome, Option<Reason>) = (Outcome::Valid, None);

async fn issued(city: &City, key: &str) -> (Licence, Vec<u8>) {
    let licence = city.issue(city.food_request(key), &city.food, 0).await.unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    let (_, document) = city.library.safe.document(&mut tx, &licence.id).await.unwrap();
    (licence, document)
}

/// Each makes something else of a row, and takes one more back that was valid before.
const CHANGES: &[(&str, &str)] = &[
    (
        "update licence set holder_shown = holder_shown || 'x' where licence_id = $1",
        "update licence set holder_shown = substr(holder_shown, 1, length(holder_shown) - 1) where licence_id = $1",
    ),
    (
        "update licence set issuer_name = issuer_name || 'x' where licence_id = $1",
        "update licence set issuer_name = substr(issuer_name, 1, length(issuer_name) - 1) where licence_id = $1",
    ),
    (
        "update licence set issued_at = issued_at + 1 where licence_id = $1",
        "update licence set issued_at = issued_at - 1 where licence_id = $1",
    ),
    (
        "update licence set holder_id = holder_id || 'x' where licence_id = $1",
        "update licence set holder_id = substr(holder_id, 1, length(holder_id) - 1) where licence_id = $1",
    ),
    (
        "update licence set holder_kind = holder_kind || 'x' where licence_id = $1",
        "update licence set holder_kind = substr(holder_kind, 1, length(holder_kind) - 1) where licence_id = $1",
    ),
    (
        "update licence set licence_type_id = licence_type_id || 'x' where licence_id = $1",
        "update licence set licence_type_id = substr(licence_type_id, 1, length(licence_type_id) - 1)
          where licence_id = $1",
    ),
    (
        "update licence set valid_from = valid_from || 'x' where licence_id = $1",
        "update licence set valid_from = substr(valid_from, 1, 10) where licence_id = $1",
    ),
    (
        "update licence set valid_until = '2099' || substr(valid_until, 5) where licence_id = $1",
        "update licence set valid_until = '2031' || substr(valid_until, 5) where licence_id = $1",
    ),
    (
        "update licence set valid_until = '2020' || substr(valid_until, 5) where licence_id = $1",
        "update licence set valid_until = '2031' || substr(valid_until, 5) where licence_id = $1",
    ),
    (
        "update licence set mark = mark || 'f' where licence_id = $1",
        "update licence set mark = substr(mark, 1, length(mark) - 1) where licence_id = $1",
    ),
    (
        "update licence set marked = marked + 1 where licence_id = $1",
        "update licence set marked = marked - 1 where licence_id = $1",
    ),
];

#[tokio::test]
async fn a_licence_whose_row_was_changed_is_neither_valid_nor_invalid() {
    let city = marked_city().await;
    let (licence, document) = issued(&city, "k").await;
    assert_eq!(licence.valid_until.unwrap().year(), 2031);
    check(&city, &licence, &document, VALID).await;
    for (change, back) in CHANGES {
        by_hand(&city, change, args![&licence.id]).await;
        check(&city, &licence, &document, DAMAGED).await;
        by_hand(&city, back, args![&licence.id]).await;
        check(&city, &licence, &document, VALID).await;
    }
}

#[tokio::test]
async fn a_mark_is_looked_at_without_another_statement() {
    let city = marked_city().await;
    let (licence, _) = issued(&city, "k").await;
    let database = &city.fresh.database;
    let (mut tx, before) = (database.read().await.unwrap(), database.asked());
    let catalogue = city.library.catalogue.now();
    let at = NOW.plus_seconds(1);
    let looked = verification::look(&mut tx, &catalogue, &Number::Code(licence.code.clone()), at).await.unwrap();
    assert_eq!((looked.outcome, database.asked() - before), (Outcome::Valid, 1));
}

#[tokio::test]
async fn a_status_that_was_changed_by_hand_is_damage_and_stays_it() {
    for change in [
        "update licence set status = 'valid', reason = null where licence_id = $1",
        "update licence set status = 'revoked', marked = 0, mark = null where licence_id = $1",
        "update licence set status = 'void' where licence_id = $1",
        "update licence set status = 'valie' where licence_id = $1",
    ] {
        let city = marked_city().await;
        let (licence, document) = issued(&city, "k").await;
        suspend(&city, &licence).await.unwrap();
        check(&city, &licence, &document, (Outcome::Invalid, Some(Reason::Suspended))).await;
        by_hand(&city, change, args![&licence.id]).await;
        check(&city, &licence, &document, DAMAGED).await;
        // Nothing is written over it.
        assert!(matches!(suspend(&city, &licence).await, Err(Error::Fault(_))), "{change}");
    }
}

async fn suspend(city: &City, licence: &Licence) -> Result<(), Error> {
    let mut work = city.work(3).await;
    let issuers = std::slice::from_ref(&city.food.id);
    lifecycle::suspend(&mut work, issuers, &licence.id, SuspensionReason::Investigation).await?;
    Ok(work.commit().await?)
}

#[tokio::test]
async fn a_document_whose_digest_was_exchanged_past_the_product_is_no_document_of_the_other_licence() {
    let city = marked_city().await;
    let (one, document) = issued(&city, "k1").await;
    let (other, _) = issued(&city, "k2").await;
    let by_file = async || {
        let mut work = city.work(10).await;
        let verdict = verification::by_file(&mut work, &city.library, &pdf::examine(&document)).await.unwrap();
        (verdict.outcome, verdict.reason())
    };
    assert_eq!(by_file().await, VALID);
    // The document of the first for the record of the second; nobody else has the digest meanwhile.
    let digest = "update licence_file set sha256 = sha256 || 'x' where licence_id = $1";
    by_hand(&city, digest, args![&one.id]).await;
    let exchanged = "update licence_file
                        set sha256 = (select substr(f.sha256, 1, 64) from licence_file f where f.licence_id = $2)
                      where licence_id = $1";
    by_hand(&city, exchanged, args![&other.id, &one.id]).await;
    assert_eq!(by_file().await, DAMAGED);
}
