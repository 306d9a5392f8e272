//! What the counter is shown, what it says of the person who stands there, and what its receipts keep.

use base::{ListPage, id::ReceiptId};
use identity::organisation::{
    self,
    change::{self, Change, Facts},
};
use records::{Value, args, testing};
use verify::{CheckResult, Facet, Verdict};

use super::city::{City, NOW, city, marked_city};
use crate::{
    Error, Licence, Official, events, lifecycle,
    register::{self, holder::HolderKind, reason::SuspensionReason},
    verification::{
        self,
        counter::{self, Compared, Said},
        receipt::{self, Receipt},
    },
};

/// Verifies as somebody at a counter does, who is shown what to compare.
async fn at_counter(city: &City, who: &Official, text: &str, seconds: i64) -> (Verdict, Option<Compared>) {
    let mut work = city.work_of(who, seconds).await;
    let number = city.library.number(text);
    let verdict = verification::by_number(&mut work, &city.library.catalogue.now(), &number).await.unwrap();
    let compared = counter::compare(&mut work, &city.library, &verdict, None).await.unwrap();
    work.commit().await.unwrap();
    (verdict, compared)
}

async fn say(city: &City, who: &Official, number: &ReceiptId, is_holder: bool, seconds: i64) -> Result<Said, Error> {
    let mut work = city.work_of(who, seconds).await;
    let said = counter::say(&mut work, number, is_holder).await?;
    work.commit().await.unwrap();
    Ok(said)
}

async fn receipt_of(city: &City, number: &ReceiptId) -> Receipt {
    receipt::find(&mut city.fresh.database.read().await.unwrap(), number).await.unwrap().unwrap()
}

/// Runs a statement as somebody who has the database.
async fn by_hand(city: &City, sql: &'static str, values: Vec<Value>) {
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    assert_eq!(tx.run(sql, values).await.unwrap(), 1, "{sql}");
    tx.commit().await.unwrap();
}

async fn suspend(city: &City, licence: &Licence) {
    let mut work = city.work(20).await;
    let (issuers, why) = (std::slice::from_ref(&licence.issuer), SuspensionReason::Investigation);
    lifecycle::suspend(&mut work, issuers, &licence.id, why).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn the_counter_is_shown_what_to_compare_of_a_valid_licence_alone_and_that_is_written_down() {
    let city = city().await;
    let licence = city.issue(city.driving_request("k"), &city.police, 0).await.unwrap();
    let who = &city.food.clerk;
    let (_, compared) = at_counter(&city, who, licence.code.as_str(), 10).await;
    let compared = compared.unwrap();
    let number = city.person.number.expose();
    assert_eq!((compared.kind, compared.name.as_str()), (HolderKind::Person, "龘㐂𠮷"));
    assert_eq!((compared.number.as_str(), compared.number.len()), (&number[14..], 4));
    assert_eq!(compared.birth_date.map(|day| day.to_string()).as_deref(), Some("1990-03-07"));
    let fields: Vec<(&str, &str)> = compared.fields.iter().map(|(key, value)| (&*key.zh, &*value.zh)).collect();
    assert_eq!(fields, [("性别", "男"), ("准驾车型", "C1")], "the address is nothing to compare");
    assert_eq!(compared.name_now, None);
    let looks: Vec<events::LicenceOpened> = testing::told(&city.fresh.database).await.unwrap();
    assert_eq!(looks, [events::LicenceOpened { licence: licence.id.clone(), what: "counter".to_owned() }]);

    suspend(&city, &licence).await;
    let (_, compared) = at_counter(&city, who, licence.code.as_str(), 30).await;
    assert!(compared.is_none(), "nothing is done for whoever shows it");
    assert!(at_counter(&city, who, "123", 31).await.1.is_none());
    let looks: Vec<events::LicenceOpened> = testing::told(&city.fresh.database).await.unwrap();
    assert_eq!(looks.len(), 1);
}

#[tokio::test]
async fn who_checks_licences_of_one_department_is_shown_those_in_full_and_no_others() {
    let city = city().await;
    let food = city.issue(city.food_request("f"), &city.food, 0).await.unwrap();
    let driving = city.issue(city.driving_request("d"), &city.police, 1).await.unwrap();
    let check = async |licence: &Licence, department, seconds, is_shown| {
        let mut work = city.work_of(&city.food.clerk, seconds).await;
        let (catalogue, number) = (city.library.catalogue.now(), city.library.number(licence.code.as_str()));
        let verdict = verification::by_number(&mut work, &catalogue, &number).await.unwrap();
        let shown = counter::compare(&mut work, &city.library, &verdict, Some(department)).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(shown.is_some(), is_shown);
    };
    check(&food, &city.food.id, 10, true).await;
    check(&driving, &city.food.id, 11, false).await;
    check(&driving, &city.police.id, 12, true).await;
}

#[tokio::test]
async fn whether_the_person_is_the_holder_is_said_once_on_the_day_and_by_whoever_verified() {
    let city = city().await;
    let licence = city.issue(city.driving_request("k"), &city.police, 0).await.unwrap();
    let (who, other) = (&city.food.clerk, &city.food.reviewer);
    let receipt = async |seconds| at_counter(&city, who, licence.code.as_str(), seconds).await.0.receipt.unwrap();
    let first = receipt(10).await;
    assert!(matches!(say(&city, other, &first, true, 11).await, Err(Error::NotFound)), "somebody else verified");
    assert_eq!(say(&city, who, &first, false, 12).await.unwrap(), Said::Now);
    assert_eq!(say(&city, who, &first, true, 13).await.unwrap(), Said::Before(false), "it stays");
    let said = receipt_of(&city, &first).await.holder.unwrap();
    assert_eq!((said.is_holder, said.at), (false, NOW.plus_seconds(12)));
    let second = receipt(20).await;
    let tomorrow = 86_400;
    assert!(matches!(say(&city, who, &second, true, tomorrow).await, Err(Error::NotFound)), "the person has gone");
    assert_eq!(receipt_of(&city, &second).await.holder, None);

    suspend(&city, &licence).await;
    let of_none = at_counter(&city, who, licence.code.as_str(), 30).await.0.receipt.unwrap();
    assert!(matches!(say(&city, who, &of_none, true, 31).await, Err(Error::NotFound)), "there was nothing to compare");
    let told: Vec<events::HolderCompared> = testing::told(&city.fresh.database).await.unwrap();
    let about = licence.id.to_string();
    assert_eq!(told, [events::HolderCompared { about, receipt: first, is_holder: false }]);
}

#[tokio::test]
async fn a_receipt_keeps_how_each_of_the_four_things_stood_and_why() {
    let city = city().await;
    let licence = city.issue(city.driving_request("k"), &city.police, 0).await.unwrap();
    suspend(&city, &licence).await;
    let verdict = at_counter(&city, &city.food.clerk, licence.code.as_str(), 30).await.0;
    let receipt = receipt_of(&city, verdict.receipt.as_ref().unwrap()).await;
    let kept: Vec<_> = receipt.facets.iter().map(|kept| (kept.facet, kept.result, kept.reason)).collect();
    assert_eq!(
        kept,
        [
            (Facet::Content, CheckResult::NotDone, None),
            (Facet::Issuer, CheckResult::Passed, None),
            (Facet::Status, CheckResult::Failed, Some(verify::Reason::Suspended)),
            (Facet::Period, CheckResult::Passed, None),
        ]
    );
}

#[tokio::test]
async fn the_receipts_of_today_are_of_whoever_asks_and_of_today_the_newest_first() {
    let city = city().await;
    let (who, other) = (&city.food.clerk, &city.food.reviewer);
    let day = NOW.date();
    let midnight = day.start().seconds_since(NOW);
    let receipt = async |of: &Official, seconds| at_counter(&city, of, "123", seconds).await.0.receipt.unwrap();
    receipt(who, midnight - 1).await;
    let first = receipt(who, midnight).await;
    receipt(other, midnight + 1).await;
    let second = receipt(who, 10).await;
    let list = async |of: &Official, page: ListPage<ReceiptId>| {
        let mut tx = city.fresh.database.read().await.unwrap();
        let found = receipt::of_today(&mut tx, &of.staff_id, NOW.plus_seconds(20), &page).await.unwrap();
        (found.items.into_iter().map(|one| one.id).collect::<Vec<_>>(), found.next)
    };
    assert_eq!(list(who, ListPage::first(10)).await, (vec![second.clone(), first.clone()], None));
    assert_eq!(list(who, ListPage::first(1)).await, (vec![second.clone()], Some(second.clone())));
    assert_eq!(list(who, ListPage::after(second, 1)).await, (vec![first], None));
    assert_eq!(list(other, ListPage::first(10)).await.0.len(), 1);
}

#[tokio::test]
async fn a_companys_name_is_hidden_from_nobody_also_where_a_row_of_before_hides_it() {
    let city = city().await;
    let licence = city.issue(city.food_request("k"), &city.food, 0).await.unwrap();
    assert_eq!(licence.holder_shown, "滨江市龙福餐饮有限公司");
    let hidden = base::mask::organisation_name("滨江市龙福餐饮有限公司");
    let sql = "update licence set holder_shown = $2 where licence_id = $1";
    by_hand(&city, sql, args![&licence.id, &hidden]).await;
    let mut work = city.work(5).await;
    let company = base::id::OrganisationId::stored(city.company.holder.id().to_owned());
    let before = Facts::of(&organisation::find(&mut work.tx, &company).await.unwrap().unwrap());
    let after = Facts { name: "滨江市龙福餐饮集团有限公司".to_owned(), ..before.clone() };
    let why = identity::Reason::parse("registered anew").unwrap();
    change::at_once(&mut work, &company, &Change { before, after }, &why).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(city.find(&licence).await.holder_shown, "滨江市龙福餐饮有限公司", "the name that it was issued to");
    let verdict = at_counter(&city, &city.food.clerk, licence.code.as_str(), 10).await.0;
    assert_eq!(verdict.licence.unwrap().holder_shown, "滨江市龙福餐饮有限公司");
    let driving = city.issue(city.driving_request("d"), &city.police, 11).await.unwrap();
    assert_eq!(driving.holder_shown, "龘*𠮷", "a person's is");
}

#[tokio::test]
async fn a_type_that_was_written_down_before_fields_were_marked_shows_those_of_the_built_in_one() {
    let city = marked_city().await;
    let licence = city.issue(city.driving_request("k"), &city.police, 0).await.unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    let stored = crate::Catalogue::load(&mut tx).await.unwrap().of(&licence).unwrap();
    let marked = |keys: &crate::licence_type::LicenceType| -> Vec<String> {
        let fields = keys.definition.fields.iter();
        fields.filter(|rule| rule.at_counter).map(|rule| rule.key.clone()).collect()
    };
    assert_eq!(marked(&stored), ["sex", "vehicle_class"]);
    assert!(register::by_id(&mut tx, &licence.id).await.unwrap().unwrap().is_intact);
    drop(tx);
    let sql = "update licence_type set definition = replace(definition, '\"at_counter\":true', '\"at_counter\":false')
                where licence_type_id = $1";
    by_hand(&city, sql, args![&licence.licence_type]).await;
    let mut tx = city.fresh.database.read().await.unwrap();
    let stored = crate::Catalogue::load(&mut tx).await.unwrap().of(&licence).unwrap();
    assert_eq!(marked(&stored), ["sex", "vehicle_class"]);
}
