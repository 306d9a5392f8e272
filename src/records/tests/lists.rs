//! Lists: what a page holds, and what is removed when it is over.

use base::{Fault, ListPage, id::RequestId};

use super::{at, happened};
use crate::{
    Context, args, idempotency, jobs,
    limits::{EXAMINED_MAX, REMOVED_AT_ONCE},
    log::{self, Filter},
    testing::{self, Changed, context},
};

fn request(number: u8) -> RequestId {
    RequestId::stored(format!("req_{number:026}"))
}

/// Every object with every request, and of each a kind of its own and another one.
async fn told() -> Result<testing::Fresh, Fault> {
    let fresh = testing::fresh().await?;
    for (place, (object, number)) in (0_i64..).zip([("a", 1), ("a", 2), ("b", 1), ("b", 2), ("a", 1)]) {
        let context = Context { request: Some(request(number)), ..context(at(place), place.unsigned_abs()) };
        let mut work = fresh.database.begin(context).await?;
        work.record(happened(object));
        work.record(Changed { what: object.to_owned() });
        work.commit().await?;
    }
    Ok(fresh)
}

#[tokio::test]
async fn events_are_found_by_one_condition_and_by_several_page_by_page() -> Result<(), Fault> {
    let fresh = told().await?;
    let mut tx = fresh.database.read().await?;
    let all = log::list(&mut tx, &Filter::default(), &ListPage::first(100)).await?.items;
    assert_eq!(all.len(), 10);
    for object in [None, Some("a"), Some("none")] {
        for number in [None, Some(1), Some(9)] {
            for kind in [None, Some("test.changed"), Some("none")] {
                let filter = Filter {
                    object: object.map(str::to_owned),
                    request: number.map(request),
                    kind: kind.map(str::to_owned),
                    actor: None,
                };
                let expected: Vec<_> = all
                    .iter()
                    .filter(|entry| object.is_none_or(|object| entry.object == object))
                    .filter(|entry| kind.is_none_or(|kind| entry.kind == kind))
                    .filter(|entry| {
                        filter.request.is_none()
                            || entry.request_id.as_deref() == filter.request.as_ref().map(RequestId::as_str)
                    })
                    .cloned()
                    .collect();
                let (mut found, mut page) = (Vec::new(), ListPage::first(2));
                loop {
                    let read = log::list(&mut tx, &filter, &page).await?;
                    assert!(read.items.len() <= 2, "{filter:?}");
                    found.extend(read.items);
                    let Some(next) = read.next else { break };
                    page = ListPage::after(next, 2);
                }
                assert_eq!(found, expected, "{filter:?}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_page_of_events_looks_at_so_many_and_goes_on_behind_them() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut work = fresh.database.begin(context(at(0), 1)).await?;
    work.record(Changed { what: "a".to_owned() });
    for _ in 0..=EXAMINED_MAX {
        work.record(happened("a"));
    }
    work.commit().await?;
    let filter = Filter { object: Some("a".to_owned()), kind: Some("test.changed".to_owned()), ..Filter::default() };
    let mut tx = fresh.database.read().await?;
    let first = log::list(&mut tx, &filter, &ListPage::first(10)).await?;
    assert!(first.items.is_empty());
    let second = log::list(&mut tx, &filter, &ListPage::after(first.next.unwrap(), 10)).await?;
    assert_eq!((second.items.len(), second.next), (1, None));
    Ok(())
}

#[tokio::test]
async fn what_is_over_is_removed_so_many_at_a_time() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let mut tx = fresh.database.housekeeping().await?;
    for key in 0..REMOVED_AT_ONCE + 2 {
        idempotency::claim(&mut tx, "caller", &key.to_string(), "digest", at(key)).await?;
    }
    let over = at(24 * 3600 + REMOVED_AT_ONCE);
    assert_eq!(idempotency::expire(&mut tx, over).await?, REMOVED_AT_ONCE.unsigned_abs());
    assert_eq!(idempotency::expire(&mut tx, over).await?, 1);
    assert_eq!(idempotency::expire(&mut tx, over).await?, 0);
    let left: Vec<(String,)> = tx.all("select idempotency_key from idempotency", args![]).await?;
    assert_eq!(left, [((REMOVED_AT_ONCE + 1).to_string(),)], "the one whose day is not over");
    Ok(())
}

#[tokio::test]
async fn of_lanes_that_are_not_full_the_one_that_waited_longest_is_taken_first() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let lanes = ["silent", "silent", "b", "", "c", "a", "b"];
    for (place, lane) in (0_i64..).zip(lanes) {
        let mut work = fresh.database.begin(context(at(place), place.unsigned_abs())).await?;
        jobs::enqueue(&mut work, "test", lane, &()).await?;
        work.record(happened("object"));
        work.commit().await?;
    }
    let full = ["silent".to_owned()];
    let mut taken = Vec::new();
    // One more than there are, and nothing before it is due.
    for _ in 0..5 {
        let claimed = jobs::claim(&fresh.database, at(5), 1, &full).await?;
        taken.extend(claimed.into_iter().map(|job| job.lane));
    }
    assert_eq!(taken, ["b", "", "c", "a"]);
    let claimed = jobs::claim(&fresh.database, at(6), 10, &full).await?;
    assert_eq!(claimed.iter().map(|job| job.lane.as_str()).collect::<Vec<_>>(), ["b"]);
    let claimed = jobs::claim(&fresh.database, at(7), 10, &[]).await?;
    assert_eq!(claimed.len(), 2, "the lane has places again");
    Ok(())
}
