//! Nothing that was to be done is left lying.

use std::time::Duration;

use records::Database;
use tests::{city::City, wait::until};

#[tokio::test]
async fn the_queue_is_empty_after_a_day_of_work_and_the_log_is_whole() {
    let mut city = City::start().await;
    let account = city.citizen(0);
    city.signed_in(&account).await;
    let database = Database::open(&city.database()).await.unwrap();
    until("no job waiting and no event without a number", Duration::from_secs(10), async || {
        let mut tx = database.read().await.unwrap();
        let jobs: (i64,) = tx.one("select cast(count(*) as bigint) from job where dead = 0", vec![]).await.unwrap();
        let loose: (i64,) =
            tx.one("select cast(count(*) as bigint) from event where sequence is null", vec![]).await.unwrap();
        (jobs.0 + loose.0 == 0).then_some(())
    })
    .await;
    let mut tx = database.read().await.unwrap();
    let dead: (i64,) = tx.one("select cast(count(*) as bigint) from job where dead <> 0", vec![]).await.unwrap();
    assert_eq!(dead.0, 0, "jobs that were given up");
    drop(tx);
    database.close().await;
    city.close();
}
