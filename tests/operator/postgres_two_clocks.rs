//! Nodes whose clocks differ, on one database. What another clock is to a program, `libfaketime` makes of this one.

use std::{fs, path::Path, time::Duration};

use reqwest::StatusCode;
use serde_json::Value;
use tests::{
    browser::client,
    city::City,
    clocks::skewed,
    flow::Flow,
    postgres::Postgres,
    process::{Process, own_address},
    wait::{soon, until},
};

/// How long a node may take to look at the clock again, on a machine as busy as they come.
const SEEN_WITHIN: Duration = Duration::from_mins(1);

/// A node whose clock differs by what stands in a file.
struct Other {
    url: String,
    process: Process,
}

impl Other {
    async fn start(city: &City, ahead: &Path) -> Self {
        let address = own_address();
        let process = city.start_node(address, &[], &skewed(ahead), &ahead.with_extension("log"));
        let url = format!("http://{address}");
        until("an answer", Duration::from_mins(1), async || {
            assert!(process.runs(), "{}", fs::read_to_string(ahead.with_extension("log")).unwrap());
            client().get(format!("{url}/livez")).send().await.ok()
        })
        .await;
        Self { url, process }
    }
}

async fn refreshed(flow: &Flow<'_>, node: &str, token: &str) -> (StatusCode, Value) {
    let request = client().post(format!("{node}/token")).basic_auth(&flow.client_id, flow.client_secret.as_deref());
    // As the proxy before all nodes sends it.
    let request = request.header("host", flow.city.issuer.trim_start_matches("http://"));
    let answer = request.form(&[("grant_type", "refresh_token"), ("refresh_token", token)]).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn clocks_that_differ_by_15_seconds_are_no_theft_and_by_more_than_60_are_refused_and_shown() {
    let postgres = Postgres::start();
    let mut city = City::on(Some(postgres.url("x"))).await;
    city.close();
    let first = city.serve().await;
    let ahead = city.folder.join("ahead");
    let set = |text: &str| fs::write(&ahead, text).unwrap();
    let flow = Flow::new(&city).with("scope", "openid offline_access");
    let tokens = flow.tokens(&city.citizen(0)).await;
    let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();
    for skew in ["+15", "-15"] {
        set(skew);
        let other = Other::start(&city, &ahead).await;
        for (node, again) in [(&city.issuer, &other.url), (&other.url, &city.issuer)] {
            let (status, answer) = refreshed(&flow, node, &token).await;
            assert_eq!(status, StatusCode::OK, "{skew} {answer}");
            // The answer was lost, and whoever asks again comes to the other node.
            let (status, repeated) = refreshed(&flow, again, &token).await;
            assert_eq!(status, StatusCode::OK, "{skew} {repeated}");
            assert_eq!(repeated["refresh_token"], answer["refresh_token"], "{skew}");
            answer["refresh_token"].as_str().unwrap().clone_into(&mut token);
        }
        assert_eq!(other.process.stop(), Some(0));
    }
    // Further than that it does not start, and says so; and while it runs, it says so once.
    set("+90");
    let log = city.folder.join("refused.log");
    let refused = city.start_node(own_address(), &[], &skewed(&ahead), &log);
    soon("the end", async || (!refused.runs()).then_some(())).await;
    let said = fs::read_to_string(&log).unwrap();
    assert!(said.contains("seconds ahead of the database's"), "{said}");
    set("+0");
    let other = Other::start(&city, &ahead).await;
    let said = |part: &str| fs::read_to_string(ahead.with_extension("log")).unwrap().matches(part).count();
    for round in 1..=2 {
        set("-100");
        until("to be said", SEEN_WITHIN, async || (said("seconds behind the database's") == round).then_some(())).await;
        let (status, answer) = refreshed(&flow, &other.url, &token).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["refresh_token"].as_str().unwrap().clone_into(&mut token);
        set("+0");
        until("to be over", SEEN_WITHIN, async || (said("agree again") == round).then_some(())).await;
    }
    assert_eq!(other.process.stop(), Some(0));
    assert_eq!(first.stop(), Some(0));
}
