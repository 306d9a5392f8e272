//! Lists of licences, page by page, beside rows that do not belong to them.

use base::{
    ListPage,
    id::{LicenceId, OrganisationId, PersonId},
};
use records::{Tx, args};

use super::city::{City, city};
use crate::{Holder, Licence, Status, register};

/// Writes so many copies of a licence, each newer than the one before and than all that was issued.
async fn copy(tx: &mut Tx, of: &Licence, count: i64, issuer: &OrganisationId, holder: &Holder, status: Status) {
    let (made,): (i64,) = tx.one("select cast(count(*) as bigint) from licence", args![]).await.unwrap();
    let copied = tx
        .run_text(
            "with recursive n(i) as (select cast($1 as bigint) + 1 union all select i + 1 from n where i < $2)
             insert into licence (licence_id, identifier, code, origin, licence_type_id, issuer_id, issuer_name,
                                  holder_kind, holder_id, holder_shown, status, reason, changed_at, issued_at,
                                  valid_from, valid_until, renews)
             select 'lic_7ZZZZZZZZZZZZZZZ' || substr(cast(10000000000 + i as text), 2), 'identifier' || i, 'code' || i,
                    'origin' || i, l.licence_type_id, $3, l.issuer_name, l.holder_kind, $4, l.holder_shown, $5, l.reason,
                    l.changed_at, l.issued_at, l.valid_from, l.valid_until, l.renews
               from licence l, n
              where l.licence_id = $6",
            args![made, made + count, issuer, holder.id(), status.as_str(), &of.id],
        )
        .await
        .unwrap();
    assert_eq!(copied, count.unsigned_abs());
}

/// Walks a list to its end in pages of seven.
async fn walked(
    mut page_of: impl AsyncFnMut(ListPage<LicenceId>) -> base::PageOf<Licence, LicenceId>,
) -> Vec<LicenceId> {
    let (mut found, mut page) = (Vec::new(), ListPage::first(7));
    loop {
        let read = page_of(page).await;
        assert!(read.items.len() <= 7);
        found.extend(read.items.into_iter().map(|licence| licence.id));
        let Some(next) = read.next else { return found };
        page = ListPage::after(next, 7);
    }
}

/// The identifiers, the newest first, of the rows that meet a condition.
async fn wanted(tx: &mut Tx, admits: impl Fn(&str, &str, &str) -> bool) -> Vec<LicenceId> {
    let rows: Vec<(String, String, String, String)> = tx
        .all("select licence_id, issuer_id, holder_id, status from licence order by licence_id desc", args![])
        .await
        .unwrap();
    let rows = rows.into_iter().filter(|(_, _, _, status)| status != "intent" && status != "void");
    let rows = rows.filter(|(_, issuer, holder, status)| admits(issuer, holder, status));
    rows.map(|(id, _, _, _)| LicenceId::stored(id)).collect()
}

/// Licences of two departments and two holders in every status, in turns.
async fn crowd() -> (City, Licence, OrganisationId, Holder) {
    let city = city().await;
    let licence = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    let other = OrganisationId::stored(format!("org_{:026}", 1));
    let holder = Holder::Person(PersonId::stored(format!("per_{:026}", 1)));
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    for count in [3, 5] {
        for status in [Status::Valid, Status::Void, Status::Revoked, Status::Intent, Status::Suspended] {
            for issuer in [&licence.issuer, &other] {
                for holder in [&licence.holder, &holder] {
                    copy(&mut tx, &licence, count, issuer, holder, status).await;
                }
            }
        }
    }
    tx.commit().await.unwrap();
    (city, licence, other, holder)
}

#[tokio::test]
async fn the_list_of_a_department_is_walked_to_its_end_in_each_status() {
    let (city, licence, other, _) = crowd().await;
    let mut tx = city.fresh.database.read().await.unwrap();
    for issuers in [vec![licence.issuer.clone()], vec![licence.issuer.clone(), other]] {
        for status in [None, Some(Status::Valid), Some(Status::Revoked), Some(Status::Superseded)] {
            let expected = wanted(&mut tx, |issuer, _, stored| {
                issuers.iter().any(|own| own.as_str() == issuer)
                    && status.is_none_or(|status| status.as_str() == stored)
            })
            .await;
            let found = walked(async |page| register::issued_by(&mut tx, &issuers, status, &page).await.unwrap()).await;
            assert_eq!(found, expected, "{status:?}");
            assert_eq!(found.is_empty(), status == Some(Status::Superseded));
        }
    }
}

#[tokio::test]
async fn licences_of_several_holders_are_one_list() {
    let (city, licence, _, holder) = crowd().await;
    let mut tx = city.fresh.database.read().await.unwrap();
    for holders in [vec![licence.holder.clone()], vec![licence.holder.clone(), holder]] {
        let expected = wanted(&mut tx, |_, stored, _| holders.iter().any(|own| own.id() == stored)).await;
        let found = walked(async |page| register::held_by(&mut tx, &holders, &page).await.unwrap()).await;
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn a_department_finds_what_it_issued_behind_hundreds_that_others_issued_to_the_same_holder() {
    let city = city().await;
    let licence = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    let other = OrganisationId::stored(format!("org_{:026}", 1));
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    copy(&mut tx, &licence, 300, &other, &licence.holder, Status::Valid).await;
    let page = ListPage::first(30);
    let held = register::held_by(&mut tx, std::slice::from_ref(&licence.holder), &page).await.unwrap();
    assert!(!held.items.contains(&licence));
    let found = register::issued_to(&mut tx, &licence.issuer, &licence.holder, &page).await.unwrap();
    assert_eq!((found.items, found.next), (vec![licence], None));
}
