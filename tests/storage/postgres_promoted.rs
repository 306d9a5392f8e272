//! PostgreSQL's primary dies under two nodes, and its synchronous standby is promoted. The servers are the test's own, so
//! this is not run with the tests on SQLite, which need none on the machine (`src/xtask/test.rs`).

use std::time::{Duration, Instant};

use tests::{
    city::City,
    load::{Load, Node},
    postgres::Postgres,
    wait::{soon, until},
};

/// Callers at each node.
const CALLERS_EACH: usize = 2;

/// How many licences are acknowledged before the primary dies.
const BEFORE: usize = 10;

/// How long writes may take to be back after the promotion.
const BACK_WITHIN: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_loses_no_acknowledged_licence_and_doubles_none() {
    let mut primary = Postgres::start();
    let standby = Postgres::standby_of(&primary);
    primary.wait_for_standby().await;
    let hosts = format!("{},{}", primary.address(), standby.address());
    let url = format!("postgres://postgres@{hosts}/postgres?target_session_attrs=read-write");
    let mut city = City::on(Some(url)).await;
    city.close();
    let mut expected = City::licences(&city.database()).await;
    let one = city.serve().await;
    let (two, address) = city.serve_beside().await;
    let nodes = Node::all(&city, &[city.address, address]);
    let load = Load::start(&city, &nodes, CALLERS_EACH, Duration::ZERO);
    soon("licences", async || (load.acknowledged() >= BEFORE).then_some(())).await;
    primary.kill();
    standby.promote();
    let promoted = Instant::now();
    for node in &nodes {
        until("a licence after the promotion", BACK_WITHIN, async || load.first_after(node.place, promoted)).await;
    }
    let told = load.finish().await;
    // Each key was repeated until it was acknowledged, so there is one licence for each and none beside.
    expected.extend(told.licences());
    assert_eq!(City::licences(&city.database()).await, expected);
    assert!(told.refused + told.unknown > 0, "nobody noticed that the primary died");
    assert!(one.runs() && two.runs());
    assert_eq!((one.stop(), two.stop()), (Some(0), Some(0)));
    let audit = city.run(&["audit"]);
    assert!(audit.out.starts_with("sound: "), "{audit:?}");
}
